package function

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

func aggregates() []*Def {
	var defs []*Def
	for _, d := range All() {
		if d.Class == Aggregate {
			defs = append(defs, d)
		}
	}
	return defs
}

// vectorOf makes a vector of the narrowest type that holds vals.
func vectorOf(vals []value.Value) *column.Vector {
	t := column.Null
	for _, v := range vals {
		if v.IsNull() {
			continue
		}
		if vt := column.TypeOf(v); t == column.Null {
			t = vt
		} else if t != vt {
			t = column.Any
		}
	}
	out := &column.Vector{}
	out.Reset(t, len(vals))
	for i, v := range vals {
		switch {
		case v.IsNull():
			out.SetNull(i, len(vals))
		case t == column.Int:
			out.Ints[i] = v.AsInt()
		case t == column.Float:
			out.Floats[i] = v.AsFloat()
		case t == column.String:
			out.Strs[i] = v.AsString()
		default:
			out.Anys[i] = v
		}
	}
	return out
}

func args(d *Def, vals []value.Value) []*column.Vector {
	a := []*column.Vector{vectorOf(vals)}
	if len(d.Signatures[0].Args) == 2 {
		a = append(a, column.Const(value.Float(0.5)))
	}
	return a
}

// Whole batches, single rows, multiplicities, merged partial states and states that went through
// a spill file must all give one result.
func TestAggregatesAgree(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	sources := map[string]func() value.Value{
		"integers": func() value.Value { return value.Int(int64(r.IntN(9) - 4)) },
		"floats":   func() value.Value { return value.Float(float64(r.IntN(9)) / 4) },
		"mixed": func() value.Value {
			if r.IntN(2) == 0 {
				return value.Float(float64(r.IntN(5)) / 2)
			}
			return value.Int(int64(r.IntN(5)))
		},
		"durations": func() value.Value {
			return value.Duration(value.Span{Months: int64(r.IntN(3)), Seconds: int64(r.IntN(90))})
		},
		"strings": func() value.Value { return value.String(fmt.Sprint(r.IntN(20))) },
	}
	for _, d := range aggregates() {
		for name, source := range sources {
			if !d.Signatures[0].Args[0].Has(source().Kind()) {
				continue
			}
			t.Run(d.Name+"/"+name, func(t *testing.T) { agree(t, r, d, source) })
		}
	}
}

func agree(t *testing.T, r *rand.Rand, d *Def, source func() value.Value) {
	const rows, groups = 300, 5
	vals := make([]value.Value, rows)
	mult := make([]int64, rows)
	var sel []int32
	var groupOf []uint32
	for i := range vals {
		if r.IntN(6) > 0 {
			vals[i] = source()
		}
		mult[i] = int64(r.IntN(3))
		if r.IntN(4) > 0 {
			sel = append(sel, int32(i))
			groupOf = append(groupOf, uint32(r.IntN(groups-1))) // the last group stays empty
		}
	}
	whole := d.NewState()
	whole.Grow(groups)
	update(t, whole, &Rows{Args: args(d, vals), Len: rows, Sel: sel, Groups: groupOf, Mult: mult})

	single, parts := d.NewState(), []State{d.NewState(), d.NewState()}
	single.Grow(groups)
	parts[0].Grow(groups)
	parts[1].Grow(groups)
	for k, i := range sel {
		for range mult[i] {
			row := &Rows{Args: args(d, vals[i:i+1]), Len: 1, Groups: groupOf[k : k+1]}
			update(t, single, row)
			update(t, parts[2*k/len(sel)], row)
		}
	}
	spilled := d.NewState()
	spilled.Grow(groups)
	for g := range uint32(groups) {
		for _, p := range parts {
			if rest, err := spilled.Add(p.Append(nil, g), g); err != nil || len(rest) != 0 {
				t.Fatalf("Add: %d bytes left, %v", len(rest), err)
			}
		}
	}
	merged := d.NewState()
	merged.Grow(groups)
	for _, p := range parts {
		if err := merged.Merge(p, []uint32{0, 1, 2, 3, 4}); err != nil {
			t.Fatal(err)
		}
	}
	for g := range uint32(groups) {
		want, err := whole.Value(g)
		if err != nil {
			t.Fatal(err)
		}
		for name, s := range map[string]State{"row by row": single, "merged": merged, "spilled": spilled} {
			if got, err := s.Value(g); err != nil || !near(got, want) {
				t.Errorf("group %d %s: %s (%v), whole batch: %s", g, name, got, err, want)
			}
		}
	}
}

func update(t *testing.T, s State, r *Rows) {
	t.Helper()
	if _, err := s.Update(r); err != nil {
		t.Fatal(err)
	}
}

// near allows floats the last bits, which depend on the order of the rows.
func near(a, b value.Value) bool {
	if a.Kind() == value.KindFloat && b.Kind() == value.KindFloat {
		return math.Abs(a.AsFloat()-b.AsFloat()) <= 1e-9*(1+math.Abs(b.AsFloat()))
	}
	return value.Equivalent(a, b)
}

func TestAggregateResults(t *testing.T) {
	ints := []value.Value{value.Int(10), value.Int(20), value.Int(30), value.Null}
	mixed := []value.Value{value.Int(1), value.String("a"), value.Null, value.List(value.Int(1), value.Int(2)), value.Float(0.2), value.String("b")}
	big := []value.Value{value.Int(math.MaxInt64), value.Int(1)}
	cases := []struct {
		fn   string
		vals []value.Value
		want string
	}{
		{"count", ints, "3"}, {"sum", ints, "60"}, {"avg", ints, "20.0"}, {"min", ints, "10"}, {"max", ints, "30"},
		{"collect", ints, "[10, 20, 30]"}, {"stDev", ints, "10.0"}, {"stDevP", ints, "8.16496580927726"},
		{"percentileCont", ints, "20.0"}, {"percentileDisc", ints, "20"},
		{"count", nil, "0"}, {"sum", nil, "0"}, {"avg", nil, "null"}, {"min", nil, "null"}, {"collect", nil, "[]"},
		{"stDev", nil, "0.0"}, {"percentileCont", nil, "null"},
		{"min", mixed, "[1, 2]"}, {"max", mixed, "1"},
		{"sum", big, "ArithmeticOverflow"}, {"avg", big, "4611686018427388000.0"},
		{"sum", append([]value.Value{value.Int(-1)}, big...), "9223372036854775807"},
		{"sum", mixed, "InvalidArgumentValue"}, {"avg", []value.Value{value.Duration(value.Span{Days: 1}), value.Duration(value.Span{Days: 2})}, "duration('P1DT12H')"},
		{"sum", []value.Value{value.Duration(value.Span{Days: 1}), value.Int(1)}, "InvalidArgumentValue"},
	}
	for _, c := range cases {
		d, _ := Lookup(c.fn)
		s := d.NewState()
		s.Grow(1)
		_, err := s.Update(&Rows{Args: args(d, c.vals), Len: len(c.vals)})
		var v value.Value
		if err == nil {
			v, err = s.Value(0)
		}
		got := v.String()
		if err != nil {
			got = status.From(err).Code.Info().Name
		}
		if got != c.want {
			t.Errorf("%s(%v) = %s, want %s", c.fn, c.vals, got, c.want)
		}
	}
}

func TestPercentileOutOfRange(t *testing.T) {
	for _, name := range []string{"percentileCont", "percentileDisc"} {
		d, _ := Lookup(name)
		s := d.NewState()
		s.Grow(1)
		_, err := s.Update(&Rows{Args: []*column.Vector{column.Const(value.Int(1)), column.Const(value.Float(1.5))}, Len: 1})
		if !errors.Is(err, status.New(status.NumberOutOfRange)) {
			t.Errorf("%s(1, 1.5): %v", name, err)
		}
	}
}

// Vector kernels must do what the boxed code does, for all selections and nulls.
func TestVectorKernels(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	columns := map[string]*column.Vector{}
	var ints, floats, texts []value.Value
	for range 100 {
		ints = append(ints, value.Int(int64(r.IntN(200)-100)))
		floats = append(floats, value.Float(r.NormFloat64()*10))
		texts = append(texts, value.String([]string{" aÅ ", "B", "", "ß", "b"}[r.IntN(5)]))
		for _, c := range []*[]value.Value{&ints, &floats, &texts} {
			if r.IntN(5) == 0 {
				(*c)[len(*c)-1] = value.Null
			}
		}
	}
	columns["ints"], columns["floats"], columns["texts"] = vectorOf(ints), vectorOf(floats), vectorOf(texts)
	dict := &column.Vector{Type: column.String, Dict: &column.Dict{Strings: []string{"A", "a", "Bc", "unused"}}, Nulls: column.NewBitmap(100)}
	for i := range 100 {
		dict.Codes = append(dict.Codes, uint32(r.IntN(3)))
		if r.IntN(5) == 0 {
			dict.Nulls.Set(i)
		}
	}
	columns["dictionary"] = dict
	ran := 0
	for _, d := range All() {
		if d.Vector == nil {
			continue
		}
		for name, in := range columns {
			for _, sel := range [][]int32{nil, {3, 17, 18, 19, 80}} {
				out := &column.Vector{}
				ok, err := d.Vector(&Context{}, []*column.Vector{in}, sel, 100, out)
				if err != nil {
					t.Errorf("%s over %s: %v", d.Name, name, err)
				}
				if !ok {
					continue
				}
				ran++
				compareRows(t, d, name, in, out, sel)
			}
		}
	}
	if ran < 50 {
		t.Errorf("only %d kernels ran", ran)
	}
}

func compareRows(t *testing.T, d *Def, name string, in, out *column.Vector, sel []int32) {
	t.Helper()
	if sel == nil {
		sel = column.Identity(100)
	}
	for _, i := range sel {
		want, err := d.Apply(&Context{}, []value.Value{in.Value(int(i))})
		if err != nil {
			t.Fatal(err)
		}
		if got := out.Value(int(i)); !value.Equivalent(got, want) || got.Kind() != want.Kind() {
			t.Fatalf("%s over %s: row %d (%s) = %s, want %s", d.Name, name, i, in.Value(int(i)), got, want)
		}
	}
}
