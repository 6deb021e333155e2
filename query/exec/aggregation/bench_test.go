package aggregation_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/exec/aggregation"
	"github.com/kadedb/kadedb/query/function"
)

var sink int

// BenchmarkAdd gives the time of a row, grouped by 100,000 nodes or numbers, or by 50
// strings of a dictionary.
func BenchmarkAdd(b *testing.B) {
	const batches = 64
	r := rand.New(rand.NewPCG(1, 2))
	dict := &column.Dict{}
	for i := range 50 {
		dict.Strings = append(dict.Strings, fmt.Sprint("string ", i))
	}
	make := func(kind string) (out []*aggregation.Rows) {
		for range batches {
			nodes := &column.Vector{Type: column.Node}
			ints := &column.Vector{Type: column.Int}
			codes := &column.Vector{Type: column.String, Dict: dict}
			for range column.BatchSize {
				n := r.IntN(100_000)
				nodes.Refs = append(nodes.Refs, uint32(n))
				ints.Ints = append(ints.Ints, int64(n)*1_000_003)
				codes.Codes = append(codes.Codes, uint32(r.IntN(50)))
			}
			key := map[string]*column.Vector{"node": nodes, "int": ints, "dictionary": codes}[kind]
			out = append(out, &aggregation.Rows{Keys: []*column.Vector{key}, Args: [][]*column.Vector{nil, {ints}}, Len: column.BatchSize})
		}
		return out
	}
	count, _ := function.Lookup("count")
	avg, _ := function.Lookup("avg")
	for _, kind := range []string{"node", "int", "dictionary"} {
		for funcs := 1; funcs <= 2; funcs++ {
			b.Run(fmt.Sprint(kind, "/", funcs), func(b *testing.B) {
				rows := make(kind)
				spec := aggregation.Spec{Keys: 1, Funcs: []aggregation.Func{{Def: count}, {Def: avg, Args: 1}}[:funcs]}
				a := aggregation.New(nil, nil, spec)
				i := 0
				b.ReportAllocs()
				for b.Loop() {
					if err := a.Add(rows[i%batches]); err != nil {
						b.Fatal(err)
					}
					i++
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(i*column.BatchSize), "ns/row")
				sink += i
			})
		}
	}
}
