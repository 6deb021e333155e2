package search

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// testGraph is a small multigraph with self-loops and parallel edges.
type testGraph struct {
	nodes uint32
	edges [][2]uint32 // by relationship
	cost  []float64

	either bool // patterns cross relationships either way
}

// lists serves one direction of it.
type lists struct {
	g        *testGraph
	reversed bool
	nbr, rel []uint32
}

func (l *lists) List(node uint32) (nbr, rel []uint32, err error) {
	l.nbr, l.rel = l.nbr[:0], l.rel[:0]
	for r, e := range l.g.edges {
		from, to := e[0], e[1]
		if l.reversed {
			from, to = to, from
		}
		if from == node {
			l.nbr, l.rel = append(l.nbr, to), append(l.rel, uint32(r))
		}
	}
	return l.nbr, l.rel, nil
}

func randomGraph(r *rand.Rand) *testGraph {
	g := &testGraph{nodes: uint32(r.IntN(6) + 1)}
	for range r.IntN(8) {
		g.edges = append(g.edges, [2]uint32{r.Uint32N(g.nodes), r.Uint32N(g.nodes)})
		g.cost = append(g.cost, float64(r.IntN(5)))
	}
	return g
}

func (g *testGraph) graph(undirected, bidirectional bool) Graph {
	out, in := &lists{g: g}, &lists{g: g, reversed: true}
	s := Graph{Forward: []Step{{Lists: out}}, Nodes: g.nodes, Undirected: undirected}
	back := []Step{{Lists: in}}
	if undirected {
		s.Forward = append(s.Forward, Step{Lists: in, SkipLoops: true})
		back = append(back, Step{Lists: out, SkipLoops: true})
	}
	if bidirectional {
		s.Backward = back
	}
	return s
}

// trail is a path by its relationships; the nodes follow from them.
type trail struct {
	nodes, rels []uint32
	cost        float64
}

// allTrails enumerates, by plain recursion, every trail from a node whose hops pass.
func (g *testGraph) allTrails(from uint32, undirected bool, hop func(from, rel, to uint32) bool) []trail {
	var out []trail
	var walk func(t trail)
	walk = func(t trail) {
		out = append(out, trail{slices.Clone(t.nodes), slices.Clone(t.rels), t.cost})
		at := t.nodes[len(t.nodes)-1]
		for r, e := range g.edges {
			rel := uint32(r)
			var ends []uint32
			if e[0] == at {
				ends = append(ends, e[1])
			}
			if undirected && e[1] == at && e[0] != e[1] {
				ends = append(ends, e[0])
			}
			for _, to := range ends {
				if slices.Contains(t.rels, rel) || !hop(at, rel, to) {
					continue
				}
				walk(trail{append(t.nodes, to), append(t.rels, rel), t.cost + g.cost[r]})
			}
		}
	}
	walk(trail{nodes: []uint32{from}})
	return out
}

type config struct {
	undirected, bidirectional, all, filtered bool
	min, max                                 int
}

func randomConfig(r *rand.Rand) config {
	return config{r.IntN(2) == 0, r.IntN(2) == 0, r.IntN(2) == 0, r.IntN(3) == 0,
		[]int{0, 1, 1, 1, 2, 3}[r.IntN(6)], []int{-1, -1, 1, 2, 3, 5}[r.IntN(6)]}
}

func (c config) passes(from, rel, to uint32) bool { return !c.filtered || (3*rel+from+2*to)%4 != 0 }

func (c config) options() Options {
	o := Options{Min: c.min, Max: c.max, All: c.all}
	if c.filtered {
		o.Hop = func(from, rel, to []uint32, keep []int32) ([]int32, error) {
			for i := range rel {
				if c.passes(from[i], rel[i], to[i]) {
					keep = append(keep, int32(i))
				}
			}
			return keep, nil
		}
	}
	return o
}

func (c config) allows(hops int) bool { return hops >= c.min && (c.max < 0 || hops <= c.max) }

// best groups the allowed trails by their ends and keeps those of least length, or cost.
func (c config) best(trails []trail, measure func(trail) float64) map[uint32][]trail {
	out := make(map[uint32][]trail)
	for _, t := range trails {
		if !c.allows(len(t.rels)) {
			continue
		}
		end := t.nodes[len(t.nodes)-1]
		switch have := out[end]; {
		case have == nil || measure(t) < measure(have[0]):
			out[end] = []trail{t}
		case measure(t) == measure(have[0]):
			out[end] = append(have, t)
		}
	}
	return out
}

func byLength(t trail) float64 { return float64(len(t.rels)) }
func byCost(t trail) float64   { return t.cost }

func key(rels, nodes []uint32) string { return fmt.Sprint(nodes, rels) }

// checkPaths compares what a search passed with the best trails.
func checkPaths(got []trail, want []trail, all bool) error {
	allowed := make(map[string]bool)
	for _, w := range want {
		allowed[key(w.rels, w.nodes)] = true
	}
	n := min(len(want), 1)
	if all {
		n = len(want)
	}
	if len(got) != n {
		return fmt.Errorf("%d paths, want %d of %v; got %v", len(got), n, want, got)
	}
	for _, p := range got {
		k := key(p.rels, p.nodes)
		if !allowed[k] {
			return fmt.Errorf("path %s is not among %v, or came twice", k, want)
		}
		delete(allowed, k)
	}
	return nil
}

func collect(got *[]trail) func(Path) bool {
	return func(p Path) bool {
		*got = append(*got, trail{slices.Clone(p.Nodes), slices.Clone(p.Rels), p.Cost})
		return true
	}
}

func TestShortestAgainstEnumeration(t *testing.T) {
	ctx := context.Background()
	found := 0
	for seed := range uint64(1500) {
		r := rand.New(rand.NewPCG(seed, 5))
		g, c := randomGraph(r), randomConfig(r)
		s := New(g.graph(c.undirected, c.bidirectional), c.options())
		s.firstCut = 1 + r.IntN(4)*r.IntN(50)
		for from := range g.nodes {
			want := c.best(g.allTrails(from, c.undirected, c.passes), byLength)
			var open []trail
			if err := s.From(ctx, from, collect(&open)); err != nil {
				t.Fatal(err)
			}
			for to := range g.nodes {
				var got, ofOpen []trail
				if err := s.Between(ctx, from, to, collect(&got)); err != nil {
					t.Fatal(err)
				}
				if err := checkPaths(got, want[to], c.all); err != nil {
					t.Fatalf("seed %d %+v edges %v: %d to %d: %v", seed, c, g.edges, from, to, err)
				}
				for _, p := range open {
					if p.nodes[len(p.nodes)-1] == to {
						ofOpen = append(ofOpen, p)
					}
				}
				if err := checkPaths(ofOpen, want[to], c.all); err != nil {
					t.Fatalf("seed %d %+v edges %v: from %d, end %d: %v", seed, c, g.edges, from, to, err)
				}
				found += len(got)
			}
		}
	}
	if found < 5000 {
		t.Errorf("only %d paths were found", found)
	}
}

func TestCheapestAgainstEnumeration(t *testing.T) {
	ctx := context.Background()
	found := 0
	for seed := range uint64(1500) {
		r := rand.New(rand.NewPCG(seed, 6))
		g, c := randomGraph(r), randomConfig(r)
		c.all = false
		o := c.options()
		o.Cost = func(from, rel, to []uint32, out []float64) error {
			for i := range rel {
				out[i] = g.cost[rel[i]]
			}
			return nil
		}
		s := New(g.graph(c.undirected, false), o)
		s.firstCut = 1 + r.IntN(4)*r.IntN(50)
		for from := range g.nodes {
			want := c.best(g.allTrails(from, c.undirected, c.passes), byCost)
			var open []trail
			if err := s.CheapestFrom(ctx, from, collect(&open)); err != nil {
				t.Fatal(err)
			}
			for to := range g.nodes {
				var got []trail
				if err := s.Cheapest(ctx, from, to, collect(&got)); err != nil {
					t.Fatal(err)
				}
				for _, p := range open {
					if p.nodes[len(p.nodes)-1] == to {
						got = append(got, p)
					}
				}
				if len(got) != 2*min(len(want[to]), 1) {
					t.Fatalf("seed %d %+v edges %v: %d to %d: got %v, want one of %v twice", seed, c, g.edges, from, to, got, want[to])
				}
				for _, p := range got {
					if !valid(g, c, p) || p.cost != want[to][0].cost {
						t.Fatalf("seed %d %+v edges %v costs %v: %d to %d: got %v, want cost %v", seed, c, g.edges, g.cost, from, to, p, want[to][0].cost)
					}
					found++
				}
			}
		}
	}
	if found < 5000 {
		t.Errorf("only %d paths were found", found)
	}
}

// valid reports whether p is an allowed trail of g with the cost that it says.
func valid(g *testGraph, c config, p trail) bool {
	cost := 0.0
	for i, rel := range p.rels {
		e := g.edges[rel]
		from, to := p.nodes[i], p.nodes[i+1]
		if e != [2]uint32{from, to} && !(c.undirected && e == [2]uint32{to, from}) {
			return false
		}
		if !c.passes(from, rel, to) || slices.Contains(p.rels[:i], rel) {
			return false
		}
		cost += g.cost[rel]
	}
	return cost == p.cost && c.allows(len(p.rels)) && len(p.nodes) == len(p.rels)+1
}

// TestBottomUp runs a search over a graph that is large enough to switch to asking
// unseen nodes, and compares lengths with a plain queue.
func TestBottomUp(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const n = 6000
	out := newArrays(n)
	in := newArrays(n)
	for e := range uint32(4 * n) {
		a, b := r.Uint32N(n), r.Uint32N(n)
		out.add(a, b, e)
		in.add(b, a, e)
	}
	dist := make([]int, n)
	for i := range dist {
		dist[i] = -1
	}
	queue := []uint32{7}
	dist[7] = 0
	for ; len(queue) > 0; queue = queue[1:] {
		for _, b := range out.nbr[queue[0]] {
			if dist[b] < 0 {
				dist[b] = dist[queue[0]] + 1
				queue = append(queue, b)
			}
		}
	}
	s := New(Graph{Forward: []Step{{Lists: out}}, Backward: []Step{{Lists: in}}, Nodes: n}, Options{Max: -1})
	reached := 0
	err := s.From(context.Background(), 7, func(p Path) bool {
		end := p.Nodes[len(p.Nodes)-1]
		if len(p.Rels) != dist[end] {
			t.Fatalf("node %d: length %d, want %d", end, len(p.Rels), dist[end])
		}
		for i, rel := range p.Rels {
			if !out.has(p.Nodes[i], p.Nodes[i+1], rel) {
				t.Fatalf("node %d: hop %d is not in the graph", end, i)
			}
		}
		reached++
		return true
	})
	want := 0
	for _, d := range dist {
		if d >= 0 {
			want++
		}
	}
	if err != nil || reached != want {
		t.Fatalf("%d nodes, want %d; %v", reached, want, err)
	}
}

// TestSupernode checks that filters and costs are asked about batches of a long list.
func TestSupernode(t *testing.T) {
	const hops = 5000
	g := newArrays(hops + 2)
	for i := range uint32(hops) {
		g.add(0, i+1, i)
		g.add(i+1, hops+1, hops+i)
	}
	only := func(from, rel, to []uint32, keep []int32) ([]int32, error) {
		if len(rel) > 2048 {
			t.Fatalf("a batch of %d hops", len(rel))
		}
		for i, r := range rel {
			if r%hops == 4321 {
				keep = append(keep, int32(i))
			}
		}
		return keep, nil
	}
	opt := Options{Min: 1, Max: -1, Hop: only, Cost: func(from, rel, to []uint32, out []float64) error {
		clear(out)
		return nil
	}}
	for _, find := range []func(*Search, func(Path) bool) error{
		func(s *Search, y func(Path) bool) error { return s.Between(context.Background(), 0, hops+1, y) },
		func(s *Search, y func(Path) bool) error { return s.Cheapest(context.Background(), 0, hops+1, y) },
	} {
		var got []trail
		s := New(Graph{Forward: []Step{{Lists: g}}, Nodes: hops + 2}, opt)
		if err := find(s, collect(&got)); err != nil || len(got) != 1 || got[0].nodes[1] != 4322 {
			t.Errorf("got %v, %v; want the way over node 4322", got, err)
		}
	}
}

type arrays struct{ nbr, rel [][]uint32 }

func newArrays(n int) *arrays { return &arrays{make([][]uint32, n), make([][]uint32, n)} }

func (a *arrays) add(from, to, rel uint32) {
	a.nbr[from], a.rel[from] = append(a.nbr[from], to), append(a.rel[from], rel)
}

func (a *arrays) has(from, to, rel uint32) bool {
	for i, n := range a.nbr[from] {
		if n == to && a.rel[from][i] == rel {
			return true
		}
	}
	return false
}

func (a *arrays) List(node uint32) (nbr, rel []uint32, err error) {
	return a.nbr[node], a.rel[node], nil
}

func TestBadCostNamesRelationship(t *testing.T) {
	for _, bad := range []float64{-1, math.NaN(), math.Inf(-1)} {
		g := &testGraph{nodes: 3, edges: [][2]uint32{{0, 1}, {1, 2}}, cost: []float64{1, bad}}
		want := errors.New("bad")
		s := New(g.graph(false, false), Options{Min: 1, Max: -1,
			Cost: func(_, rel, _ []uint32, out []float64) error {
				for i := range rel {
					out[i] = g.cost[rel[i]]
				}
				return nil
			},
			BadCost: func(rel uint32, cost float64) error {
				if rel != 1 {
					t.Errorf("relationship %d, want 1", rel)
				}
				return want
			}})
		if err := s.Cheapest(context.Background(), 0, 2, func(Path) bool { return true }); err != want {
			t.Errorf("cost %v: error %v", bad, err)
		}
	}
}

func TestMemoryAndCancellation(t *testing.T) {
	g := &testGraph{nodes: 2, edges: [][2]uint32{{0, 1}}}
	full := errors.New("full")
	s := New(g.graph(false, true), Options{Min: 1, Max: -1, Reserve: func(n int64) error { return full }})
	if err := s.Between(context.Background(), 0, 1, func(Path) bool { return true }); err != full {
		t.Errorf("without memory: %v", err)
	}
	var used int64
	s = New(g.graph(false, true), Options{Min: 1, Max: -1, Reserve: func(n int64) error { used += n; return nil }})
	if err := s.Between(context.Background(), 0, 1, func(Path) bool { return true }); err != nil || used <= 0 {
		t.Errorf("used %d, %v", used, err)
	}
	s.Close()
	if used != 0 {
		t.Errorf("%d bytes left after Close", used)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(full)
	s = New(g.graph(false, true), Options{Min: 1, Max: -1})
	if err := s.Between(ctx, 0, 1, func(Path) bool { return true }); !errors.Is(err, full) && !errors.Is(err, context.Canceled) {
		t.Errorf("after cancelling: %v", err)
	}
}

// TestEstimate checks that A* gives Dijkstra's answer on a grid and settles fewer nodes.
func TestEstimate(t *testing.T) {
	const side = 30
	g := newArrays(side * side)
	var weights []float64
	r := rand.New(rand.NewPCG(9, 9))
	add := func(a, b uint32) {
		g.add(a, b, uint32(len(weights)))
		weights = append(weights, 1+r.Float64()/4)
	}
	for y := range uint32(side) {
		for x := range uint32(side) {
			at := y*side + x
			if x+1 < side {
				add(at, at+1)
				add(at+1, at)
			}
			if y+1 < side {
				add(at, at+side)
				add(at+side, at)
			}
		}
	}
	goal := uint32(side*side - 1)
	asked := 0
	opt := Options{Min: 1, Max: -1, Cost: func(_, rel, _ []uint32, out []float64) error {
		asked++
		for i := range rel {
			out[i] = weights[rel[i]]
		}
		return nil
	}}
	run := func() (cost float64, n int) {
		asked = 0
		s := New(Graph{Forward: []Step{{Lists: g}}, Nodes: side * side}, opt)
		err := s.Cheapest(context.Background(), side/2*side+side/2, goal, func(p Path) bool { cost = p.Cost; return true })
		if err != nil {
			t.Fatal(err)
		}
		return cost, asked
	}
	plain, n := run()
	opt.Estimate = func(node uint32) float64 {
		return float64(side - 1 - node%side + side - 1 - node/side)
	}
	star, m := run()
	if math.Abs(plain-star) > 1e-9 || m >= n {
		t.Errorf("A* cost %v with %d expansions, Dijkstra %v with %d", star, m, plain, n)
	}
}

func TestTable(t *testing.T) {
	var tab table
	r := rand.New(rand.NewPCG(4, 4))
	for range 5 {
		want := make(map[uint32]int32)
		for range 3000 {
			k := r.Uint32N(2000) * 1024
			want[k] = r.Int32N(1000)
			tab.put(k, want[k])
		}
		for k := range uint32(2100) {
			v, ok := tab.get(k * 1024)
			w, wok := want[k*1024]
			if ok != wok || ok && v != w {
				t.Fatalf("key %d: %d %v, want %d %v", k*1024, v, ok, w, wok)
			}
		}
		tab.reset()
	}
	if tab.n != 0 {
		t.Fatal("not empty after reset")
	}
}
