package join_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/query/exec/join"
	"github.com/kadedb/kadedb/query/exec/spill"
	"github.com/kadedb/kadedb/storage/vfs"
	"github.com/kadedb/kadedb/value"
)

func key(r *rand.Rand, kind int) value.Value {
	if r.IntN(10) == 0 {
		return value.Null
	}
	switch kind {
	case 0:
		return value.NodeRef(uint32(r.IntN(300)))
	case 1:
		return value.Int(r.Int64N(400))
	case 2:
		return []value.Value{value.Float(float64(r.IntN(50))), value.Float(math.NaN()), value.Int(r.Int64N(50))}[r.IntN(3)]
	}
	return []value.Value{value.String(fmt.Sprint(r.IntN(50))), value.List(value.Int(1), value.Null), value.List(value.Int(r.Int64N(9)))}[r.IntN(3)]
}

// Left rows are (0: key, 1: key, 2: number), right rows (3: key, 4: key, 5: number).
func TestJoinAgainstNestedLoops(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 11))
		keys := r.IntN(3)
		sizes := []int{r.IntN(900), r.IntN(900)}
		if keys == 0 {
			sizes = []int{r.IntN(30), r.IntN(100)}
		}
		var sides [2][][]value.Value
		kinds := [2]int{r.IntN(4), r.IntN(4)}
		for s := range sides {
			for i := range sizes[s] {
				sides[s] = append(sides[s], []value.Value{key(r, kinds[0]), key(r, kinds[1]), value.Int(int64(i))})
			}
		}
		for kind := join.Inner; kind <= join.Anti; kind++ {
			want := nested(sides[0], sides[1], keys, kind)
			for _, limit := range []int64{0, 1} {
				for _, batch := range []int{1, 50, 2048} {
					label := fmt.Sprintf("seed %d, kind %d, %d keys, limit %d, batches of %d", seed, kind, keys, limit, batch)
					got := run(t, label, sides, keys, kind, limit, batch)
					if limit == 0 && !slices.Equal(got, want) {
						t.Fatalf("%s: order or rows differ: %d rows, want %d", label, len(got), len(want))
					}
					slices.Sort(got)
					sorted := slices.Clone(want)
					if slices.Sort(sorted); !slices.Equal(got, sorted) {
						t.Fatalf("%s: %d rows, want %d", label, len(got), len(sorted))
					}
				}
			}
		}
	}
}

func nested(left, right [][]value.Value, keys int, kind join.Kind) []string {
	var out []string
	for _, l := range left {
		found := false
		for _, r := range right {
			same := true
			for k := range keys {
				same = same && value.Equal(l[k], r[k]) == value.True
			}
			if found = found || same; same && (kind == join.Inner || kind == join.LeftOuter) {
				out = append(out, fmt.Sprint(l[2].AsInt(), " ", r[2].AsInt()))
			}
		}
		switch {
		case kind == join.LeftOuter && !found:
			out = append(out, fmt.Sprint(l[2].AsInt(), " null"))
		case kind == join.Semi && found, kind == join.Anti && !found:
			out = append(out, fmt.Sprint(l[2].AsInt()))
		}
	}
	return out
}

func each(rows [][]value.Value, at, batch int, f func(*column.Batch) error) error {
	for from := 0; from < len(rows); from += batch {
		part := rows[from:min(from+batch, len(rows))]
		b := &column.Batch{Len: len(part), Cols: make([]*column.Vector, at+3)}
		for c := range 3 {
			var col column.Builder
			for _, row := range part {
				col.Append(row[c])
			}
			b.Cols[at+c] = col.Vector()
		}
		if err := f(b); err != nil {
			return err
		}
	}
	return nil
}

func run(t *testing.T, label string, sides [2][][]value.Value, keys int, kind join.Kind, limit int64, batch int) []string {
	t.Helper()
	budget := memory.NewBudget("test", limit)
	if keys == 0 {
		budget = nil
	}
	space := spill.NewSpace(vfs.OS, filepath.ToSlash(t.TempDir()), "j")
	j := join.New(space, budget, join.Spec{
		Kind: kind, LeftKeys: []int{0, 1}[:keys], RightKeys: []int{3, 4}[:keys],
		LeftSlots: []int{2}, RightSlots: []int{5}, Width: 6, MaxRows: batch,
	})
	var got []string
	out := func(b *column.Batch) error {
		for _, r := range b.Selection() {
			line := fmt.Sprint(b.Cols[2].Value(int(r)).AsInt())
			if kind == join.Inner || kind == join.LeftOuter {
				if v := b.Cols[5].Value(int(r)); v.IsNull() {
					line += " null"
				} else {
					line += fmt.Sprint(" ", v.AsInt())
				}
			}
			got = append(got, line)
		}
		return nil
	}
	err := each(sides[1], 3, batch, j.Build)
	if err == nil {
		err = each(sides[0], 0, batch, func(b *column.Batch) error { return j.Probe(b, out) })
	}
	if err == nil {
		err = j.Finish(out)
	}
	if err != nil {
		t.Fatalf("%s: %v", label, err)
	}
	if limit == 1 && keys > 0 && len(sides[1]) > 800 && !j.Spilled() {
		t.Errorf("%s: nothing spilled", label)
	}
	if err := j.Close(); err != nil || budget.Used() != 0 {
		t.Fatalf("%s: close: %v, %d bytes held", label, err, budget.Used())
	}
	return got
}
