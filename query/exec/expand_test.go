package exec

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
)

// twoHops is (0)-[1]-(2)-[3]-(4), the second hop unlike the first.
func twoHops(r *rand.Rand) (first, second *plan.Expand) {
	first = &plan.Expand{From: 0, Rel: 1, To: 2, Types: randomTypes(r), Dir: randomDir(r), ToLabels: randomLabels(r)}
	first.Input = scan(0)
	second = &plan.Expand{From: 2, Rel: 3, To: 4, Types: randomTypes(r), Dir: randomDir(r), ToLabels: randomLabels(r), Unique: []plan.Slot{1}}
	second.Input = first
	return first, second
}

// eachTwoHops calls f for what twoHops should find.
func eachTwoHops(g *testGraph, first, second *plan.Expand, f func(a uint32, x, y step)) {
	for _, n := range g.nodes {
		for _, x := range g.hops(n.ref, first.Types, first.Dir) {
			if !g.hasLabels(x.to, first.ToLabels) {
				continue
			}
			for _, y := range g.hops(x.to, second.Types, second.Dir) {
				if y.rel != x.rel && g.hasLabels(y.to, second.ToLabels) {
					f(n.ref, x, y)
				}
			}
		}
	}
}

func TestExpand(t *testing.T) {
	eachGraph(t, 40, func(t *testing.T, g *testGraph, r *rand.Rand) {
		first, second := twoHops(r)
		var want []string
		eachTwoHops(g, first, second, func(a uint32, x, y step) {
			want = append(want, fmt.Sprintf("n%d r%d n%d r%d n%d", a, x.rel, x.to, y.rel, y.to))
		})
		for _, batch := range batchSizes {
			sameRows(t, second.Detail(), runPlan(t, g, second, 5, []plan.Slot{0, 1, 2, 3, 4}, batch), slices.Clone(want))
		}
	})
}

// An expansion whose ends are dead multiplies; rows are written out above it.
func TestExpandMultiplies(t *testing.T) {
	eachGraph(t, 40, func(t *testing.T, g *testGraph, r *rand.Rand) {
		first := &plan.Expand{From: 0, Rel: 1, To: 2, Types: randomTypes(r), Dir: randomDir(r)}
		first.Input = scan(0)
		first.Mult, first.Live = true, []plan.Slot{0}
		second := &plan.Expand{From: 0, Rel: 3, To: 4, Types: randomTypes(r), Dir: randomDir(r)}
		second.Input = first
		second.Mult, second.Live = r.IntN(2) == 0, []plan.Slot{0, 4}
		if second.Mult && r.IntN(2) == 0 {
			second.Live = []plan.Slot{0}
		}
		top := &plan.Sort{Keys: []plan.SortKey{{Slot: 0}}}
		top.Input = second
		project := &plan.Project{}
		project.Input = second
		project.Live = second.Live
		var want []string
		for _, n := range g.nodes {
			for range g.hops(n.ref, first.Types, first.Dir) {
				for range g.hops(n.ref, second.Types, second.Dir) {
					want = append(want, fmt.Sprintf("n%d", n.ref))
				}
			}
		}
		for _, batch := range batchSizes {
			sameRows(t, second.Detail(), runPlan(t, g, project, 5, []plan.Slot{0}, batch), slices.Clone(want))
		}
	})
}

func TestExpandIntoAndRelEnds(t *testing.T) {
	eachGraph(t, 40, func(t *testing.T, g *testGraph, r *rand.Rand) {
		first, second := twoHops(r)
		third := &plan.ExpandInto{From: 4, Rel: 5, To: 0, Types: randomTypes(r), Dir: randomDir(r), Unique: []plan.Slot{1, 3}}
		third.Input = second
		again := &plan.RelEnds{From: 6, Rel: 5, To: 7, Types: randomTypes(r), Dir: randomDir(r)}
		again.Input = third
		if r.IntN(2) == 0 {
			again.From, again.FromBound = 4, true
		}
		var want []string
		eachTwoHops(g, first, second, func(a uint32, x, y step) {
			for _, z := range g.hops(y.to, third.Types, third.Dir) {
				if z.to != a || z.rel == x.rel || z.rel == y.rel {
					continue
				}
				for _, n := range g.nodes {
					for _, w := range g.hops(n.ref, again.Types, again.Dir) {
						if w.rel == z.rel && (!again.FromBound || n.ref == y.to) {
							want = append(want, fmt.Sprintf("n%d r%d r%d n%d n%d", a, x.rel, z.rel, n.ref, w.to))
						}
					}
				}
			}
		})
		cols := []plan.Slot{0, 1, 5, again.From, 7}
		for _, batch := range batchSizes {
			sameRows(t, third.Detail()+again.Detail(), runPlan(t, g, again, 8, cols, batch), slices.Clone(want))
		}
	})
}

// trails calls f for the trails of a variable-length pattern from a node.
func trails(g *testGraph, e *plan.VarExpand, at uint32, f func(path []step)) {
	var walk func(at uint32, nodes []uint32, path []step)
	walk = func(at uint32, nodes []uint32, path []step) {
		if len(path) >= e.Min {
			f(path)
		}
		if len(path) == e.Max || e.Mode == plan.Simple && len(path) > 0 && at == nodes[0] {
			return
		}
		for _, s := range g.hops(at, e.Types, e.Dir) {
			used := slices.ContainsFunc(path, func(p step) bool { return p.rel == s.rel })
			switch e.Mode {
			case plan.Trail:
				if used {
					continue
				}
			case plan.Acyclic:
				if slices.Contains(nodes, s.to) {
					continue
				}
			case plan.Simple:
				if used || slices.Contains(nodes[1:], s.to) {
					continue
				}
			}
			if len(e.Hop.Filter) > 0 && g.node(s.to).age <= 1 {
				continue
			}
			walk(s.to, append(slices.Clone(nodes), s.to), append(slices.Clone(path), s))
		}
	}
	walk(at, []uint32{at}, nil)
}

func pathText(path []step, reversed bool) string {
	s := "["
	for i := range path {
		if i > 0 {
			s += ","
		}
		j := i
		if reversed {
			j = len(path) - 1 - i
		}
		s += fmt.Sprintf("r%d", path[j].rel)
	}
	return s + "]"
}

func TestVarExpand(t *testing.T) {
	eachGraph(t, 60, func(t *testing.T, g *testGraph, r *rand.Rand) {
		e := &plan.VarExpand{From: 0, Rels: 1, To: 2, Types: randomTypes(r), Dir: randomDir(r), Min: r.IntN(3), ToLabels: randomLabels(r)}
		e.Hop = plan.Hop{Rel: plan.NoSlot, From: plan.NoSlot, To: plan.NoSlot}
		e.Max = e.Min + r.IntN(3)
		e.Mode = []plan.PathMode{plan.Trail, plan.Trail, plan.Walks, plan.Acyclic, plan.Simple}[r.IntN(5)]
		e.Reversed = r.IntN(2) == 0
		if r.IntN(3) == 0 {
			e.Hop.To = 3
			e.Hop.Filter = []expr.Expr{older(3, 1)}
		}
		e.Input = scan(0)
		if e.Into = r.IntN(3) == 0; e.Into {
			second := scan(2)
			second.Input = scan(0)
			e.Input = second
		}
		var want []string
		for _, n := range g.nodes {
			trails(g, e, n.ref, func(path []step) {
				end := n.ref
				if len(path) > 0 {
					end = path[len(path)-1].to
				}
				if g.hasLabels(end, e.ToLabels) {
					want = append(want, fmt.Sprintf("n%d %s n%d", n.ref, pathText(path, e.Reversed), end))
				}
			})
		}
		for _, batch := range batchSizes {
			sameRows(t, e.Detail(), runPlan(t, g, e, 4, []plan.Slot{0, 1, 2}, batch), slices.Clone(want))
		}
		// The relationships found must match as a bound list.
		c := &plan.VarCheck{From: 0, Rels: 1, To: 2, FromBound: true, ToBound: true, Types: e.Types, Dir: e.Dir, Min: e.Min, Max: e.Max}
		c.Input = e
		if e.Mode != plan.Walks && !e.Reversed {
			sameRows(t, c.Detail(), runPlan(t, g, c, 4, []plan.Slot{0, 1, 2}, 3), slices.Clone(want))
		}
	})
}

func TestVarExpandCounts(t *testing.T) {
	eachGraph(t, 40, func(t *testing.T, g *testGraph, r *rand.Rand) {
		first := &plan.Expand{From: 0, Rel: 1, To: 2, Types: randomTypes(r), Dir: randomDir(r)}
		first.Input = scan(0)
		e := &plan.VarExpand{From: 2, Rels: 3, To: 4, Types: randomTypes(r), Dir: randomDir(r), Min: r.IntN(3)}
		e.Max = e.Min + r.IntN(3)
		e.Mult, e.Live = true, []plan.Slot{0, 2}
		if r.IntN(3) == 0 {
			e.Unique = []plan.Slot{1}
		}
		e.Input = first
		top := &plan.Project{}
		top.Input, top.Live = e, e.Live
		var want []string
		for _, n := range g.nodes {
			for _, x := range g.hops(n.ref, first.Types, first.Dir) {
				trails(g, e, x.to, func(path []step) {
					if len(e.Unique) == 0 || !slices.ContainsFunc(path, func(s step) bool { return s.rel == x.rel }) {
						want = append(want, fmt.Sprintf("n%d n%d", n.ref, x.to))
					}
				})
			}
		}
		for _, batch := range batchSizes {
			sameRows(t, e.Detail(), runPlan(t, g, top, 5, []plan.Slot{0, 2}, batch), slices.Clone(want))
		}
	})
}

// Without an upper bound a longer trail than the limit is an error, and none below it is.
func TestPathLengthLimit(t *testing.T) {
	eachGraph(t, 20, func(t *testing.T, g *testGraph, r *rand.Rand) {
		e := &plan.VarExpand{From: 0, Rels: 1, To: 2, Types: []string{"R"}, Dir: plan.Out, Min: 1, Max: -1}
		e.Input = scan(0)
		longest := 0
		bounded := *e
		bounded.Max = 6
		for _, n := range g.nodes {
			trails(g, &bounded, n.ref, func(path []step) { longest = max(longest, len(path)) })
		}
		_, err := tryPlan(g, e, 3, []plan.Slot{0}, 2048, func(x *Context) { x.Limits.PathLength = 5 })
		if tooLong := longest > 5; tooLong != errors.Is(err, status.New(status.PathLengthLimit)) || !tooLong && err != nil {
			t.Fatalf("longest trail %d, limit 5: got %v", longest, err)
		}
	})
}

func TestIntersect(t *testing.T) {
	eachGraph(t, 60, func(t *testing.T, g *testGraph, r *rand.Rand) {
		first := &plan.Expand{From: 0, Rel: 1, To: 2, Types: randomTypes(r), Dir: randomDir(r)}
		first.Input = scan(0)
		x := &plan.Intersect{To: 3, ToLabels: randomLabels(r), Distinct: r.IntN(2) == 0, Lists: []plan.IntersectList{
			{From: 0, Rel: 4, Types: randomTypes(r), Dir: randomDir(r)}, {From: 2, Rel: 5, Types: randomTypes(r), Dir: randomDir(r)},
		}}
		if r.IntN(2) == 0 {
			x.Lists = append(x.Lists, plan.IntersectList{From: 0, Rel: 6, Dir: plan.Both})
		}
		if r.IntN(2) == 0 {
			x.Unique = []plan.Slot{1}
		}
		if r.IntN(3) == 0 {
			x.Filter = []expr.Expr{older(3, 1)}
		}
		x.Input = first
		var full, ends []string
		for _, n := range g.nodes {
			for _, f := range g.hops(n.ref, first.Types, first.Dir) {
				var choose func(i int, to uint32, rels []uint32)
				choose = func(i int, to uint32, rels []uint32) {
					if i == len(x.Lists) {
						if !g.hasLabels(to, x.ToLabels) || len(x.Filter) > 0 && g.node(to).age <= 1 {
							return
						}
						s := fmt.Sprintf("n%d r%d n%d n%d r%d r%d", n.ref, f.rel, f.to, to, rels[0], rels[1])
						full = append(full, s)
						ends = append(ends, fmt.Sprintf("n%d n%d", n.ref, f.to))
						return
					}
					from := n.ref
					if x.Lists[i].From == 2 {
						from = f.to
					}
					for _, h := range g.hops(from, x.Lists[i].Types, x.Lists[i].Dir) {
						if i > 0 && h.to != to || x.Distinct && slices.Contains(rels, h.rel) || len(x.Unique) > 0 && h.rel == f.rel {
							continue
						}
						choose(i+1, h.to, append(slices.Clone(rels), h.rel))
					}
				}
				choose(0, 0, nil)
			}
		}
		counted := *x
		counted.Mult, counted.Live = true, []plan.Slot{0, 2}
		top := &plan.Project{}
		top.Input, top.Live = &counted, []plan.Slot{0, 2}
		for _, batch := range batchSizes {
			sameRows(t, x.Detail(), runPlan(t, g, x, 7, []plan.Slot{0, 1, 2, 3, 4, 5}, batch), slices.Clone(full))
			sameRows(t, "counted "+x.Detail(), runPlan(t, g, top, 7, []plan.Slot{0, 2}, batch), slices.Clone(ends))
			gather := func(x *Context) { x.gather.rows, x.gather.bytes = 1+r.IntN(20), r.Int64N(120) }
			rows, err := tryPlan(g, x, 7, []plan.Slot{0, 1, 2, 3, 4, 5}, batch, gather)
			check(t, err)
			sameRows(t, "collected "+x.Detail(), rows, slices.Clone(full))
			rows, err = tryPlan(g, top, 7, []plan.Slot{0, 2}, batch, gather)
			check(t, err)
			sameRows(t, "counted, collected "+x.Detail(), rows, slices.Clone(ends))
		}
	})
}

func TestShortestPath(t *testing.T) {
	eachGraph(t, 60, func(t *testing.T, g *testGraph, r *rand.Rand) {
		s := &plan.ShortestPath{From: 0, Rels: 1, To: 2, Types: randomTypes(r), Dir: randomDir(r), Min: r.IntN(2), Max: 1 + r.IntN(4), All: true, ToBound: true}
		s.Hop = plan.Hop{Rel: plan.NoSlot, From: plan.NoSlot, To: plan.NoSlot}
		s.Reversed = r.IntN(2) == 0
		second := scan(2)
		second.Input = scan(0)
		s.Input = second
		if r.IntN(3) == 0 {
			s.Hop.To = 3
			s.Hop.Filter = []expr.Expr{older(3, 1)}
		}
		v := &plan.VarExpand{Types: s.Types, Dir: s.Dir, Min: s.Min, Max: s.Max, Hop: s.Hop}
		type pair struct{ a, b uint32 }
		best := map[pair]int{}
		for _, n := range g.nodes {
			trails(g, v, n.ref, func(path []step) {
				p := pair{n.ref, n.ref}
				if len(path) > 0 {
					p.b = path[len(path)-1].to
				}
				if l, ok := best[p]; !ok || len(path) < l {
					best[p] = len(path)
				}
			})
		}
		var want []string
		for _, n := range g.nodes {
			trails(g, v, n.ref, func(path []step) {
				p := pair{n.ref, n.ref}
				if len(path) > 0 {
					p.b = path[len(path)-1].to
				}
				if best[p] == len(path) {
					want = append(want, fmt.Sprintf("n%d %s n%d", p.a, pathText(path, s.Reversed), p.b))
				}
			})
		}
		for _, batch := range batchSizes {
			sameRows(t, s.Detail(), runPlan(t, g, s, 4, []plan.Slot{0, 1, 2}, batch), slices.Clone(want))
		}
	})
}

// A query that is cancelled ends with its error.
func TestCancel(t *testing.T) {
	g := newTestGraph(t, rand.New(rand.NewPCG(1, 1)), 9, 60)
	e := &plan.VarExpand{From: 0, Rels: 1, To: 2, Dir: plan.Both, Min: 1, Max: 1000}
	e.Input = scan(0)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := tryPlan(g, e, 3, []plan.Slot{0}, 2048, func(x *Context) { x.Ctx = ctx })
	if !errors.Is(err, status.New(status.Cancelled)) {
		t.Fatalf("got %v, want Cancelled", err)
	}
}
