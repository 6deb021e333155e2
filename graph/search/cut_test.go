package search

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestCrossedKeepsWhatPathsCross compares what is kept with all trails of random small graphs:
// nothing that one of them crosses may be missing.
func TestCrossedKeepsWhatPathsCross(t *testing.T) {
	cut := 0
	for seed := range uint64(1000) {
		r := rand.New(rand.NewPCG(seed, 8))
		g := randomGraph(r)
		var ties []tie
		for i, e := range g.edges {
			ties = append(ties, tie{e[0], e[1], uint32(i)}, tie{e[1], e[0], uint32(i)})
		}
		every := func(_, _, _ uint32) bool { return true }
		for from := range g.nodes {
			need := map[string]bool{}
			for _, x := range g.allTrails(from, true, every) {
				to := x.nodes[len(x.nodes)-1]
				simple := distinct(x.nodes[1:]) && distinct(x.nodes[:len(x.nodes)-1])
				for _, rel := range x.rels {
					need[fmt.Sprint(to, false, rel)] = true
					need[fmt.Sprint(to, true, rel)] = need[fmt.Sprint(to, true, rel)] || simple
				}
			}
			for to := range g.nodes {
				for _, simple := range []bool{false, true} {
					only := crossed(ties, from, to, simple)
					for rel := range uint32(len(g.edges)) {
						_, kept := only[rel]
						// All that lies in a block lies on a path, so that nothing more is kept either. Trails
						// to another node are told no better than by bridges.
						if need := need[fmt.Sprint(to, simple, rel)]; need && !kept || kept && !need && (simple || from == to) {
							t.Fatalf("seed %d, %v, %d to %d, simple %v: relationship %d: kept %v", seed, g.edges, from, to, simple, rel, kept)
						}
						if !kept {
							cut++
						}
					}
				}
			}
		}
	}
	if cut < 10000 {
		t.Errorf("only %d relationships were left aside", cut)
	}
}

// lollipop is a clique of 12 with a leaf at node 0.
func lollipop() *testGraph {
	g := &testGraph{nodes: 13, either: true}
	for a := range uint32(12) {
		for b := range a {
			g.edges, g.cost = append(g.edges, [2]uint32{b, a}), append(g.cost, 1)
		}
	}
	g.edges, g.cost = append(g.edges, [2]uint32{12, 0}), append(g.cost, 1)
	return g
}

var errMany = errors.New("too many")

func atMost(most int) func(int) error {
	return func(n int) error {
		if n > most {
			return errMany
		}
		return nil
	}
}

// TestLeavesHaveNoClosedTrail: where walks go out and come back, and no trail does, a search
// ends soon.
func TestLeavesHaveNoClosedTrail(t *testing.T) {
	g := lollipop()
	for _, c := range []struct {
		mode   Mode
		width  int
		min    int
		sel    Select
		to     uint32
		weight bool
		want   int
	}{
		{Trail, 1, 1, Select{K: 1}, 12, true, 0},
		{Trail, 1, 1, Select{K: 2}, 12, false, 0},
		{Trail, 1, 1, Select{K: 2, Groups: true}, 12, false, 0},
		{Trail, 1, 1, Select{K: 2}, 12, true, 0},
		{Trail, 2, 1, Select{K: 1}, 12, false, 0},
		{Trail, 1, 2, Select{K: 1}, 12, false, 0},
		{Simple, 1, 1, Select{K: 1}, 12, false, 0},
		{Simple, 1, 1, Select{K: 2}, 0, false, 2},
		{Simple, 1, 2, Select{K: 2}, 0, false, 2},
		{Acyclic, 1, 1, Select{K: 1}, 12, false, 0},
		{Acyclic, 1, 1, Select{K: 2}, 0, false, 1}, // from the leaf
		{Acyclic, 1, 0, Select{K: 2}, 12, false, 1},
		{Walk, 1, 1, Select{K: 1}, 12, false, 1},
	} {
		from := uint32(12)
		if c.mode == Simple {
			from = c.to
		}
		for _, split := range []bool{false, true} {
			p := g.pattern([]Piece{{Width: c.width, Min: c.min, Max: -1, Split: split}}, c.mode, c.weight)
			p.Rows = atMost(100_000)
			for _, bound := range []bool{true, false} {
				n := 0
				err := NewMatcher(p).Best(context.Background(), from, c.to, bound, c.sel, func(m *Match) bool {
					if m.End() == c.to {
						n++
					}
					return true
				})
				if errors.Is(err, errMany) && !bound {
					continue // another end is too much
				}
				if err != nil || n != c.want {
					t.Errorf("%+v, bound %v, split %v: %d paths, %v", c, bound, split, n, err)
				}
			}
		}
	}
	for _, lo := range []int{2, 3} {
		o := Options{Min: lo, Max: -1, Rows: atMost(100_000), Cost: func(_, rel, _ []uint32, out []float64) error {
			clear(out[:len(rel)])
			return nil
		}}
		s := New(g.graph(true, true), o)
		none := func(Path) bool { t.Error("a closed trail from a leaf"); return false }
		if err := s.Between(context.Background(), 12, 12, none); err != nil {
			t.Error(err)
		}
		if err := s.Cheapest(context.Background(), 12, 12, none); err != nil {
			t.Error(err)
		}
	}
}

// TestCheapestCircle: the way home from a node whose relationships are dear but for one leads
// through a dense graph of cheap ones.
func TestCheapestCircle(t *testing.T) {
	g := lollipop()
	g.edges, g.cost = append(g.edges, [2]uint32{12, 5}), append(g.cost, 100)
	for _, mode := range []Mode{Trail, Simple} {
		p := g.pattern([]Piece{{Width: 1, Min: 1, Max: -1}}, mode, true)
		p.Rows = atMost(100_000)
		var costs []float64
		err := NewMatcher(p).Best(context.Background(), 12, 12, true, Select{K: 1}, func(m *Match) bool { costs = append(costs, m.Cost); return true })
		if err != nil || len(costs) != 1 || costs[0] != 102 {
			t.Errorf("mode %d: costs %v, %v", mode, costs, err)
		}
	}
}
