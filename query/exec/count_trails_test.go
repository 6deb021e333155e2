package exec

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
)

func randomHop(r *rand.Rand, node plan.Slot) plan.CountedHop {
	h := plan.CountedHop{Types: randomTypes(r), Dir: randomDir(r), Labels: randomLabels(r), Node: plan.NoSlot}
	if r.IntN(3) == 0 {
		h.Node = node
		h.Filter = []expr.Expr{older(node, r.Int64N(4))}
	}
	return h
}

// hopPasses is what a counted hop demands of the node it leads to, by hand.
func hopPasses(g *testGraph, h *plan.CountedHop, to uint32) bool {
	for _, f := range h.Filter {
		if g.node(to).age <= f.(*expr.Compare).Right.(*expr.Const).Value.AsInt() {
			return false
		}
	}
	return g.hasLabels(to, h.Labels)
}

// enumerate counts the matches of arms from a node by trying everything.
func enumerate(g *testGraph, arms [][]plan.CountedHop, center uint32, used []uint32) int {
	if len(arms) == 0 {
		return 1
	}
	var walk func(hops []plan.CountedHop, at uint32, used []uint32) int
	walk = func(hops []plan.CountedHop, at uint32, used []uint32) int {
		if len(hops) == 0 {
			return enumerate(g, arms[1:], center, used)
		}
		n := 0
		for _, s := range g.hops(at, hops[0].Types, hops[0].Dir) {
			if hopPasses(g, &hops[0], s.to) && !slices.Contains(used, s.rel) {
				n += walk(hops[1:], s.to, append(slices.Clone(used), s.rel))
			}
		}
		return n
	}
	return walk(arms[0], center, used)
}

func TestCountTrailsIsEnumeration(t *testing.T) {
	eachGraph(t, 50, func(t *testing.T, g *testGraph, r *rand.Rand) {
		for range 12 {
			arms := make([][]plan.CountedHop, 1+r.IntN(3))
			for i := range arms {
				for range 1 + r.IntN(3) {
					arms[i] = append(arms[i], randomHop(r, 1))
				}
				if len(arms) == 3 {
					arms[i] = arms[i][:1]
				}
			}
			c := &plan.CountTrails{Center: 0, Arms: arms}
			c.Input = scan(0)
			var want []string
			for _, n := range g.nodes {
				for range enumerate(g, arms, n.ref, nil) {
					want = append(want, fmt.Sprintf("n%d", n.ref))
				}
			}
			for _, batch := range batchSizes {
				sameRows(t, c.Detail(), runPlan(t, g, c, 2, []plan.Slot{0}, batch), slices.Clone(want))
			}
		}
	})
}

// Relationships bound before must not be used again.
func TestCountTrailsUnlikeBound(t *testing.T) {
	eachGraph(t, 30, func(t *testing.T, g *testGraph, r *rand.Rand) {
		arms := [][]plan.CountedHop{{randomHop(r, 3), randomHop(r, 3)}}
		if r.IntN(2) == 0 {
			arms = [][]plan.CountedHop{{randomHop(r, 3)}, {randomHop(r, 3)}}
		}
		first := &plan.Expand{From: 1, Rel: 2, To: 0, Dir: randomDir(r)}
		first.Input = scan(1)
		c := &plan.CountTrails{Center: 0, Arms: arms, Unique: []plan.Slot{2}}
		c.Input = first
		var want []string
		for _, n := range g.nodes {
			for _, s := range g.hops(n.ref, nil, first.Dir) {
				for range enumerate(g, arms, s.to, []uint32{s.rel}) {
					want = append(want, fmt.Sprintf("n%d r%d n%d", n.ref, s.rel, s.to))
				}
			}
		}
		sameRows(t, c.Detail(), runPlan(t, g, c, 4, []plan.Slot{1, 2, 0}, 3), want)
	})
}

func TestDistinctExpandIsEnumeration(t *testing.T) {
	eachGraph(t, 50, func(t *testing.T, g *testGraph, r *rand.Rand) {
		for range 12 {
			hops := []plan.CountedHop{randomHop(r, 2)}
			for range r.IntN(4) {
				if r.IntN(3) > 0 {
					hops = append(hops, hops[0])
				} else {
					hops = append(hops, randomHop(r, 2))
				}
			}
			d := &plan.DistinctExpand{From: 0, To: 1, Hops: hops, Min: r.IntN(len(hops) + 1)}
			d.Input = scan(0)
			global := r.IntN(3) == 0
			d.Global = global
			var want []string
			seen := map[string]bool{}
			for _, n := range g.nodes {
				var walk func(depth int, at uint32, used []uint32)
				walk = func(depth int, at uint32, used []uint32) {
					if depth >= d.Min {
						s := fmt.Sprintf("n%d n%d", n.ref, at)
						if global {
							s = fmt.Sprintf("n%d", at)
						}
						if !seen[s] {
							seen[s] = true
							want = append(want, s)
						}
					}
					if depth == len(hops) {
						return
					}
					h := &hops[depth]
					for _, s := range g.hops(at, h.Types, h.Dir) {
						if hopPasses(g, h, s.to) && !slices.Contains(used, s.rel) {
							walk(depth+1, s.to, append(slices.Clone(used), s.rel))
						}
					}
				}
				walk(0, n.ref, nil)
			}
			cols := []plan.Slot{0, 1}
			if global {
				cols = []plan.Slot{1}
			}
			for _, batch := range batchSizes {
				sameRows(t, d.Detail(), runPlan(t, g, d, 3, cols, batch), slices.Clone(want))
			}
		}
	})
}

func TestExactCounters(t *testing.T) {
	eachGraph(t, 15, func(t *testing.T, g *testGraph, r *rand.Rand) {
		for range 8 {
			c := &plan.RelCount{Types: randomTypes(r), Both: r.IntN(2) == 0, Slot: 0}
			c.From, c.To = []string{"", "A", "Nothing"}[r.IntN(3)], []string{"", "B"}[r.IntN(2)]
			dir := plan.Out
			if c.Both {
				dir = plan.Both
			}
			n := 0
			for _, v := range g.nodes {
				for _, s := range g.hops(v.ref, c.Types, dir) {
					if (c.From == "" || g.hasLabels(v.ref, []string{c.From})) && (c.To == "" || g.hasLabels(s.to, []string{c.To})) {
						n++
					}
				}
			}
			sameRows(t, c.Detail(), runPlan(t, g, c, 1, []plan.Slot{0}, 1), []string{fmt.Sprint(n)})
		}
		nodes := 0
		for _, v := range g.nodes {
			if g.hasLabels(v.ref, []string{"A"}) {
				nodes++
			}
		}
		sameRows(t, "nodes", runPlan(t, g, &plan.NodeCount{Label: "A", Slot: 0}, 1, []plan.Slot{0}, 1), []string{fmt.Sprint(nodes)})
	})
}
