package search

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// chainsOf finds chains of a width in a test graph, in one direction or either.
func (g *testGraph) chainsOf(node uint32, width int, c *Chains) {
	c.Reset(width)
	var walk func(at uint32, nodes, rels []uint32, cost float64)
	walk = func(at uint32, nodes, rels []uint32, cost float64) {
		if len(rels) == width {
			c.Nodes, c.Rels, c.Cost = append(c.Nodes, nodes...), append(c.Rels, rels...), append(c.Cost, cost)
			return
		}
		for r, e := range g.edges {
			if e[0] == at {
				walk(e[1], append(slices.Clone(nodes), e[1]), append(slices.Clone(rels), uint32(r)), cost+g.cost[r])
			}
			if g.either && e[1] == at && e[0] != at {
				walk(e[0], append(slices.Clone(nodes), e[0]), append(slices.Clone(rels), uint32(r)), cost+g.cost[r])
			}
		}
	}
	walk(node, nil, nil, 0)
}

func (g *testGraph) pattern(pieces []Piece, mode Mode, weighted bool) Pattern {
	return Pattern{Pieces: pieces, Mode: mode, Weighted: weighted, Expand: func(piece, _ int, node uint32, c *Chains) error {
		g.chainsOf(node, pieces[piece].Width/pieces[piece].steps(), c)
		return nil
	}}
}

// back lists the nodes from which a relationship leads to one.
func (g *testGraph) back(node uint32, to []uint32) ([]uint32, error) {
	for _, e := range g.edges {
		if e[1] == node {
			to = append(to, e[0])
		}
		if g.either && e[0] == node {
			to = append(to, e[1])
		}
	}
	return to, nil
}

type match struct {
	text string
	end  uint32
	cost float64
}

func (m *Match) copied() match {
	var rels [][2]uint32 // piece and relationship: the same whether pieces are split or not
	for _, s := range m.Steps {
		for _, r := range s.Rels {
			rels = append(rels, [2]uint32{uint32(s.Piece), r})
		}
	}
	return match{text: fmt.Sprint(m.Start, rels), end: m.End(), cost: m.Cost}
}

// TestSelectionAgainstEnumeration compares what Best keeps with the best of what Each finds.
func TestSelectionAgainstEnumeration(t *testing.T) {
	for seed := range uint64(1000) {
		r := rand.New(rand.NewPCG(seed, 7))
		g := randomGraph(r)
		var pieces []Piece
		for range 1 + r.IntN(2) {
			lo := r.IntN(3)
			pieces = append(pieces, Piece{Width: 1 + r.IntN(2), Min: lo, Max: max(lo, 1) + r.IntN(2)})
		}
		mode, weighted := Mode(r.IntN(4)), r.IntN(2) == 0
		g.either = r.IntN(2) == 0
		k, groups := 1+r.IntN(3), r.IntN(2) == 0
		if mode != Walk && r.IntN(2) == 0 {
			pieces, k, groups = []Piece{{Width: 1 + r.IntN(3)/2, Min: r.IntN(4), Max: -1}}, 1+r.IntN(2)*r.IntN(3), r.IntN(4) == 0
		}
		from := r.Uint32N(g.nodes)
		m := NewMatcher(g.pattern(pieces, mode, weighted))
		all := map[uint32][]match{}
		err := m.Each(context.Background(), from, 0, false, func(x *Match) bool {
			c := x.copied()
			for _, s := range x.Steps {
				for _, rel := range s.Rels {
					if weighted {
						c.cost += g.cost[rel]
					} else {
						c.cost++
					}
				}
			}
			all[c.end] = append(all[c.end], c)
			return true
		})
		if err != nil {
			t.Fatal(seed, err)
		}
		for i := range pieces {
			pieces[i].Split = r.IntN(2) == 0
		}
		m = NewMatcher(g.pattern(pieces, mode, weighted))
		m.firstCut = []int{firstCut, 1, 2, 5}[r.IntN(4)]
		got := map[uint32][]match{}
		keep := func(x *Match) bool { c := x.copied(); got[c.end] = append(got[c.end], c); return true }
		bound := r.IntN(2) == 0
		if r.IntN(2) == 0 {
			m.Back, m.most = g.back, r.IntN(6)*r.IntN(6)
		}
		if bound {
			for n := range g.nodes {
				if err := m.Best(context.Background(), from, n, true, Select{k, groups}, keep); err != nil {
					t.Fatal(seed, err)
				}
			}
		} else if err := m.Best(context.Background(), from, 0, false, Select{k, groups}, keep); err != nil {
			t.Fatal(seed, err)
		}
		for n := range g.nodes {
			if err := selectedFrom(all[n], got[n], k, groups); err != nil {
				t.Fatalf("seed %d, %v to %d, %d paths (groups %v, mode %d, weighted %v, bound %v): %v", seed, pieces, n, k, groups, mode, weighted, bound, err)
			}
		}
	}
}

func selectedFrom(all, got []match, k int, groups bool) error {
	slices.SortStableFunc(all, func(a, b match) int { return int(a.cost - b.cost) })
	count := map[string]int{}
	for _, m := range all {
		count[m.text]++
	}
	var want []float64
	distinct := 0
	for i, m := range all {
		if i == 0 || m.cost != all[i-1].cost {
			distinct++
		}
		if groups && distinct <= k || !groups && i < k {
			want = append(want, m.cost)
		}
	}
	var costs []float64
	for _, m := range got {
		if count[m.text]--; count[m.text] < 0 {
			return fmt.Errorf("%s is no match, or comes twice", m.text)
		}
		costs = append(costs, m.cost)
	}
	if !slices.Equal(costs, want) {
		return fmt.Errorf("costs %v, want %v", costs, want)
	}
	return nil
}

// TestSelectionEnds: a search over a graph without an end stops when it has what it was asked
// for, when its memory is refused, when too many paths are held, and when it is cancelled.
func TestSelectionEnds(t *testing.T) {
	// A clique: walks without number.
	g := &testGraph{nodes: 8}
	for a := range g.nodes {
		for b := range g.nodes {
			g.edges, g.cost = append(g.edges, [2]uint32{a, b}), append(g.cost, 0)
		}
	}
	star := []Piece{{Width: 1, Min: 1, Max: -1}}
	none := func(*Match) bool { return true }

	n := 0
	m := NewMatcher(g.pattern(star, Walk, true))
	if err := m.Best(context.Background(), 0, 7, true, Select{K: 50}, func(*Match) bool { n++; return true }); err != nil || n != 50 {
		t.Fatalf("%d walks: %v", n, err)
	}
	n = 0
	if err := m.Best(context.Background(), 0, 7, true, Select{K: 50}, func(*Match) bool { n++; return n < 3 }); err != nil || n != 3 {
		t.Fatalf("%d walks: %v", n, err)
	}

	wrong := errors.New("too much")
	p := g.pattern(star, Trail, false)
	p.Rows = func(n int) error {
		if n > 1000 {
			return wrong
		}
		return nil
	}
	if err := NewMatcher(p).Best(context.Background(), 0, 7, true, Select{K: 1 << 30}, none); !errors.Is(err, wrong) {
		t.Fatalf("rows: %v", err)
	}

	held := int64(0)
	p = g.pattern(star, Trail, false)
	p.Reserve = func(n int64) error {
		if held += n; held > 1<<20 {
			held -= n
			return wrong
		}
		return nil
	}
	m = NewMatcher(p)
	if err := m.Best(context.Background(), 0, 7, true, Select{K: 1 << 30}, none); !errors.Is(err, wrong) {
		t.Fatalf("memory: %v", err)
	}
	if m.Close(); held != 0 {
		t.Fatalf("%d bytes are still held", held)
	}

	ctx, cancel := context.WithCancel(context.Background())
	p = g.pattern(star, Trail, false)
	found := 0
	p.Accept = func(*Match) (bool, error) {
		if found++; found == 100 {
			cancel()
		}
		return false, nil
	}
	for _, f := range []func() error{
		func() error { return NewMatcher(p).Best(ctx, 0, 7, true, Select{K: 1}, none) },
		func() error { return NewMatcher(p).Each(ctx, 0, 7, true, none) },
	} {
		if err := f(); err == nil {
			t.Fatal("cancelled, and yet it ended by itself")
		}
	}
}

// TestAcceptChoosesBeforeSelection: refused paths do not count.
func TestAcceptChoosesBeforeSelection(t *testing.T) {
	g := &testGraph{nodes: 4, edges: [][2]uint32{{0, 3}, {0, 1}, {1, 3}, {1, 2}, {2, 3}}, cost: make([]float64, 5)}
	p := g.pattern([]Piece{{Width: 1, Min: 1, Max: -1}}, Trail, false)
	p.Accept = func(m *Match) (bool, error) { return len(m.Steps) > 1, nil }
	var lengths []int
	for _, bound := range []bool{true, false} {
		err := NewMatcher(p).Best(context.Background(), 0, 3, bound, Select{K: 1}, func(m *Match) bool {
			if m.End() == 3 {
				lengths = append(lengths, len(m.Steps))
			}
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(lengths, []int{2, 2}) {
		t.Fatalf("lengths %v", lengths)
	}
}
