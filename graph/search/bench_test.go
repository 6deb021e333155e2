package search

import (
	"context"
	"math/rand/v2"
	"testing"
)

// flatLists is an adjacency in three arrays, as the engine's clean regions are.
type flatLists struct{ off, nbr, rel []uint32 }

func (f *flatLists) List(n uint32) (nbr, rel []uint32, err error) {
	return f.nbr[f.off[n]:f.off[n+1]], f.rel[f.off[n]:f.off[n+1]], nil
}

func flatten(nodes uint32, edges [][2]uint32, end int) *flatLists {
	f := &flatLists{off: make([]uint32, nodes+1), nbr: make([]uint32, len(edges)), rel: make([]uint32, len(edges))}
	for _, e := range edges {
		f.off[e[end]+1]++
	}
	for i := range nodes {
		f.off[i+1] += f.off[i]
	}
	at := append([]uint32(nil), f.off...)
	for r, e := range edges {
		i := at[e[end]]
		at[e[end]]++
		f.nbr[i], f.rel[i] = e[1-end], uint32(r)
	}
	return f
}

func benchGraph() Graph {
	const nodes = 100_000
	r := rand.New(rand.NewPCG(1, 1))
	edges := make([][2]uint32, 900_000)
	for i := range edges {
		edges[i] = [2]uint32{r.Uint32N(nodes), r.Uint32N(nodes)}
	}
	return Graph{Forward: []Step{{Lists: flatten(nodes, edges, 0)}}, Backward: []Step{{Lists: flatten(nodes, edges, 1)}}, Nodes: nodes}
}

func BenchmarkShortest(b *testing.B) {
	g := benchGraph()
	ctx := context.Background()
	for _, c := range []struct {
		name string
		opt  Options
	}{{"One", Options{Min: 1, Max: -1}}, {"All", Options{Min: 1, Max: -1, All: true}}} {
		b.Run(c.name, func(b *testing.B) {
			s, r := New(g, c.opt), rand.New(rand.NewPCG(2, 2))
			b.ReportAllocs()
			for b.Loop() {
				if err := s.Between(ctx, r.Uint32N(g.Nodes), r.Uint32N(g.Nodes), func(Path) bool { return true }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("From", func(b *testing.B) {
		s, r := New(g, Options{Min: 1, Max: -1, Ends: func([]uint32, []int32) ([]int32, error) { return nil, nil }}), rand.New(rand.NewPCG(2, 2))
		b.ReportAllocs()
		for b.Loop() {
			if err := s.From(ctx, r.Uint32N(g.Nodes), func(Path) bool { return true }); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkCheapest(b *testing.B) {
	g := benchGraph()
	weights := make([]float64, 900_000)
	r := rand.New(rand.NewPCG(3, 3))
	for i := range weights {
		weights[i] = r.Float64()
	}
	s := New(g, Options{Min: 1, Max: -1, Cost: func(_, rel, _ []uint32, out []float64) error {
		for i, r := range rel {
			out[i] = weights[r]
		}
		return nil
	}})
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Cheapest(context.Background(), r.Uint32N(g.Nodes), r.Uint32N(g.Nodes), func(Path) bool { return true }); err != nil {
			b.Fatal(err)
		}
	}
}
