package aggregation_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/query/exec/aggregation"
	"github.com/kadedb/kadedb/query/exec/spill"
	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/storage/vfs"
	"github.com/kadedb/kadedb/value"
)

// row is (key 0, key 1, argument); the dependent column is a text made of the keys.
type row struct {
	key  [2]value.Value
	arg  value.Value
	mult int64
}

func show(v value.Value) string {
	switch v.Kind() {
	case value.KindNull:
		return "null"
	case value.KindInt:
		return fmt.Sprint(v.AsInt())
	case value.KindFloat:
		return fmt.Sprintf("%g", v.AsFloat())
	case value.KindString:
		return v.AsString()
	case value.KindNode:
		return fmt.Sprint("n", v.Ref())
	case value.KindList:
		var parts []string
		for _, e := range v.Elems() {
			parts = append(parts, show(e))
		}
		return "[" + strings.Join(parts, " ") + "]"
	}
	return v.Kind().String()
}

// names are the functions under test; the first letter of those with DISTINCT is upper case.
var names = [][]string{
	{"count*", "count", "sum", "min", "collect"},
	{"Count", "sum", "Collect", "count*"},
	{"count*"},
	{"Count", "Sum"},
}

func reference(rows []row, keys int, funcs []string) []string {
	groups := map[string][]row{}
	var order []string
	for _, r := range rows {
		label := ""
		for k := range keys {
			label += show(r.key[k]) + "|"
		}
		if _, ok := groups[label]; !ok {
			order = append(order, label)
		}
		groups[label] = append(groups[label], r)
	}
	if keys == 0 && len(rows) == 0 {
		order = append(order, "")
	}
	var out []string
	for _, label := range order {
		line := label
		for _, f := range funcs {
			line += " " + f + "=" + compute(groups[label], f)
		}
		out = append(out, line)
	}
	slices.Sort(out)
	return out
}

func compute(rows []row, f string) string {
	var args []value.Value
	star := int64(0)
	distinct := f[0] < 'a'
	for _, r := range rows {
		star += r.mult
		if r.arg.IsNull() {
			continue
		}
		times := r.mult
		if distinct {
			times = 1
			if slices.ContainsFunc(args, func(v value.Value) bool { return value.Equivalent(v, r.arg) }) {
				continue
			}
		}
		for range times {
			args = append(args, r.arg)
		}
	}
	switch strings.ToLower(f) {
	case "count*":
		return fmt.Sprint(star)
	case "count":
		return fmt.Sprint(len(args))
	case "sum":
		sum := int64(0)
		for _, a := range args {
			sum += a.AsInt()
		}
		return fmt.Sprint(sum)
	case "min":
		if len(args) == 0 {
			return "null"
		}
		return show(slices.MinFunc(args, value.Order))
	}
	slices.SortFunc(args, value.Order) // late values come in another order
	return show(value.List(args...))
}

func spec(t *testing.T, keys int, funcs []string) aggregation.Spec {
	t.Helper()
	s := aggregation.Spec{Keys: keys, Dependents: 1}
	for _, f := range funcs {
		name, star := strings.CutSuffix(strings.ToLower(f), "*")
		def, ok := function.Lookup(name)
		if !ok {
			t.Fatalf("no function %s", name)
		}
		fn := aggregation.Func{Def: def, Args: 1, Distinct: f[0] < 'a'}
		if star {
			fn.Args = 0
		}
		s.Funcs = append(s.Funcs, fn)
	}
	return s
}

func feed(a *aggregation.Aggregator, s aggregation.Spec, rows []row, batch int) error {
	for from := 0; from < len(rows); from += batch {
		part := rows[from:min(from+batch, len(rows))]
		var cols [4]column.Builder
		r := &aggregation.Rows{Len: 2 * len(part)}
		for i, row := range part {
			for range 2 { // every other row is not selected
				cols[0].Append(row.key[0])
				cols[1].Append(row.key[1])
				cols[2].Append(row.arg)
				dep := ""
				for k := range s.Keys {
					dep += show(row.key[k]) + "|"
				}
				cols[3].Append(value.String(dep))
				r.Mult = append(r.Mult, row.mult)
			}
			r.Sel = append(r.Sel, int32(2*i))
		}
		for k := range s.Keys {
			r.Keys = append(r.Keys, cols[k].Vector())
		}
		r.Dependents = []*column.Vector{cols[3].Vector()}
		for _, f := range s.Funcs {
			r.Args = append(r.Args, []*column.Vector{cols[2].Vector()}[:f.Args])
		}
		if err := a.Add(r); err != nil {
			return err
		}
	}
	return nil
}

func collect(a *aggregation.Aggregator, funcs []string, rows int) ([]string, error) {
	var got []string
	err := a.Each(func(n int, keys, deps, values []*column.Vector) error {
		for i := range n {
			line := ""
			for _, k := range keys {
				line += show(k.Value(i)) + "|"
			}
			if dep := deps[0].Value(i); rows > 0 && show(dep) != line {
				return fmt.Errorf("dependent column is %s, keys are %s", show(dep), line)
			}
			for j, f := range funcs {
				v := values[j].Value(i)
				if v.Kind() == value.KindList {
					elems := slices.Clone(v.Elems())
					slices.SortFunc(elems, value.Order)
					v = value.List(elems...)
				}
				line += " " + f + "=" + show(v)
			}
			got = append(got, line)
		}
		return nil
	})
	slices.Sort(got)
	return got, err
}

func TestAggregatorAgainstReference(t *testing.T) {
	for seed := range uint64(24) {
		r := rand.New(rand.NewPCG(seed, 5))
		keys := int(seed % 3)
		funcs := names[int(seed/3)%len(names)]
		rows := make([]row, r.IntN(2500))
		if seed < 6 {
			rows = rows[:0]
		}
		groups := []int{3, 50, 2000}[r.IntN(3)]
		for i := range rows {
			rows[i] = row{arg: value.Int(r.Int64N(40)), mult: 1 + r.Int64N(3)}
			g := r.IntN(groups)
			rows[i].key[0] = value.NodeRef(uint32(g))
			if g%7 == 0 {
				rows[i].key[0] = value.Null
			}
			rows[i].key[1] = value.String(fmt.Sprint("text of group ", g%11))
			if r.IntN(10) == 0 {
				rows[i].arg = value.Null
			}
		}
		want := reference(rows, keys, funcs)
		s := spec(t, keys, funcs)
		for _, limit := range []int64{0, 1} {
			if limit == 1 && keys == 0 && slices.Contains(funcs, "collect") {
				continue // one group cannot be cut
			}
			for _, batch := range []int{1, 60, 2048} {
				if limit == 1 && batch == 1 {
					continue // thousands of files
				}
				for lanes := 1; lanes <= 2; lanes++ {
					if lanes == 2 && !s.CanMerge() {
						continue
					}
					label := fmt.Sprintf("seed %d, %d keys, %v, limit %d, batches of %d, %d lanes", seed, keys, funcs, limit, batch, lanes)
					budget := memory.NewBudget("test", limit)
					space := spill.NewSpace(vfs.OS, filepath.ToSlash(t.TempDir()), "a")
					a := aggregation.New(space, budget, s)
					err := feed(a, s, rows[:len(rows)/lanes], batch)
					if err == nil && lanes == 2 {
						b := aggregation.New(space, budget, s)
						if err = feed(b, s, rows[len(rows)/2:], batch); err == nil {
							err = a.Merge(b)
						}
					}
					if err != nil {
						t.Fatalf("%s: %v", label, err)
					}
					got, err := collect(a, funcs, len(rows))
					if err != nil {
						t.Fatalf("%s: %v", label, err)
					}
					if !slices.Equal(got, want) {
						t.Fatalf("%s:\n got %d groups %.300v\nwant %d groups %.300v", label, len(got), got, len(want), want)
					}
					if limit == 1 && batch < 100 && keys > 0 && len(want) > 1000 && space.Bytes() == 0 {
						t.Errorf("%s: nothing spilled for %d groups", label, len(want))
					}
					if err := a.Close(); err != nil || budget.Used() != 0 {
						t.Fatalf("%s: close: %v, %d bytes held", label, err, budget.Used())
					}
				}
			}
		}
	}
}
