package expr

import (
	"math/rand/v2"
	"testing"

	"github.com/kadedb/kadedb/column"
)

// benchBatch has an int, a float, a dictionary string and a node column.
func benchBatch() *column.Batch {
	r := rand.New(rand.NewPCG(1, 1))
	const n = column.BatchSize
	b := &column.Batch{Len: n, Cols: []*column.Vector{{}, {}, {Type: column.String, Dict: dict, Codes: make([]uint32, n)}, {}}}
	b.Cols[0].Reset(column.Int, n)
	b.Cols[1].Reset(column.Float, n)
	b.Cols[3].Reset(column.Node, n)
	for i := range n {
		b.Cols[0].Ints[i] = r.Int64N(100)
		b.Cols[1].Floats[i] = r.Float64()
		b.Cols[2].Codes[i] = r.Uint32N(uint32(len(dict.Strings)))
		b.Cols[3].Refs[i] = r.Uint32N(10)
	}
	return b
}

func BenchmarkFilter(b *testing.B) {
	gt := func(l, r Expr) Expr { return &Compare{Op: Gt, Left: l, Right: r} }
	for _, c := range []struct {
		name string
		e    Expr
	}{
		{"IntConst", gt(slot(0), lit(50))},
		{"IntAndFloat", &Logic{Op: And, Args: []Expr{gt(slot(0), lit(50)), gt(slot(1), lit(0.5))}}},
		{"IntOrFloat", &Logic{Op: Or, Args: []Expr{gt(slot(0), lit(50)), gt(slot(1), lit(0.5))}}},
		{"IntColumns", gt(slot(0), NewArith(Add, slot(0), lit(1)))},
		{"DictEqual", eq(slot(2), "abc")},
		{"DictContains", &StringOp{Op: Contains, Left: slot(2), Right: lit("b")}},
		{"IntIn", &In{X: slot(0), List: lit([]any{1, 2, 3, 50, 51})}},
		{"NodeNotEqual", &Compare{Op: Ne, Left: slot(3), Right: slot(3)}},
		{"Property", gt(&Property{Base: slot(3), Key: "age"}, lit(50))},
		{"CaseBoxed", eq(&Case{Whens: []When{{gt(slot(0), lit(50)), lit("a")}}, Else: lit(1)}, "a")},
		{"Quantifier", quantify(AnyOf, []any{1, 2, 3}, eq(slot(9), slot(0)))},
	} {
		b.Run(c.name, func(b *testing.B) {
			ctx, batch := newTestContext(), benchBatch()
			b.ReportAllocs()
			rows := 0
			for b.Loop() {
				sel, err := Filter(ctx, c.e, batch)
				if err != nil {
					b.Fatal(err)
				}
				rows += len(sel)
				ctx.Reset()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/column.BatchSize, "ns/row")
		})
	}
}
