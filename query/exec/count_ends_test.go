package exec

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/storage/txn"
	"github.com/kadedb/kadedb/value"
)

// Trails counted by end, and in all, are what enumeration finds.
func TestTrailEndsIsEnumeration(t *testing.T) {
	for seed := range uint64(120) {
		t.Run(fmt.Sprintf("seed%d", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 701))
			g := newTestGraph(t, r, 3+r.IntN(6), 6+r.IntN(9))
			for range 6 {
				e := &plan.VarExpand{From: 0, Rels: 1, To: 2, Types: randomTypes(r), Dir: randomDir(r), Max: 3 + r.IntN(3)}
				e.Min = r.IntN(e.Max + 1)
				e.Hop = plan.Hop{Rel: plan.NoSlot, From: plan.NoSlot, To: plan.NoSlot}
				byEnd := r.IntN(3) > 0
				cols := []plan.Slot{0}
				if byEnd {
					cols, e.ToLabels = []plan.Slot{0, 2}, randomLabels(r)
				}
				e.Mult, e.Live = true, cols
				if !groupsEnds(e) || countsOnly(e) == byEnd {
					t.Fatal("not counted as meant")
				}
				// The same start may come in several rows.
				first := &plan.Expand{From: 0, Rel: 3, To: 4, Dir: plan.Out}
				first.Input, first.Live = scan(0), []plan.Slot{0}
				e.Input = first
				var want []string
				for _, n := range g.nodes {
					times := len(g.hops(n.ref, nil, plan.Out))
					trails(g, e, n.ref, func(path []step) {
						end := n.ref
						if len(path) > 0 {
							end = path[len(path)-1].to
						}
						row := fmt.Sprintf("n%d", n.ref)
						if byEnd {
							if !g.hasLabels(end, e.ToLabels) {
								return
							}
							row += fmt.Sprintf(" n%d", end)
						}
						for range times {
							want = append(want, row)
						}
					})
				}
				if len(want) > 50_000 {
					continue
				}
				top := &plan.Project{}
				top.Input, top.Live = e, cols
				for _, batch := range []int{2, column.BatchSize} {
					// Without a look at whether trails are few, with one that gives up midway, and
					// with one that finds so.
					for _, probe := range []int{-1, 6, 0} {
						got, err := tryPlan(g, top, 5, cols, batch, func(x *Context) { x.trailProbe = probe })
						check(t, err)
						sameRows(t, e.Detail(), got, slices.Clone(want))
					}
				}
			}
		})
	}
}

// Where very many hops lead to a node of the trail, they are looked up instead of marked.
func TestTrailEndsThroughHub(t *testing.T) {
	s, err := graph.Open(graph.Options{Options: txn.Options{Dir: t.TempDir(), Create: true, CheckpointBytes: -1}})
	check(t, err)
	t.Cleanup(func() { check(t, s.Abandon()) })
	tx, err := s.Begin(context.Background(), false)
	check(t, err)
	t.Cleanup(tx.Rollback)
	g := &testGraph{}
	typ, err := tx.Type("R")
	check(t, err)
	for range 1200 {
		n, err := tx.CreateNode(nil, nil, nil)
		check(t, err)
		g.nodes = append(g.nodes, testNode{ref: n})
	}
	rel := func(from, to int) {
		x := testRel{typ: "R", start: g.nodes[from].ref, end: g.nodes[to].ref}
		x.ref, err = tx.CreateRel(typ, x.start, x.end, nil, nil)
		check(t, err)
		g.rels = append(g.rels, x)
	}
	for i := range 1199 {
		rel(i+1, 0)
	}
	for _, x := range [][2]int{{0, 1}, {0, 1}, {0, 2}, {0, 0}, {1, 2}, {2, 1}, {1, 0}} {
		rel(x[0], x[1])
	}
	g.reader = tx.Reader
	e := &plan.VarExpand{From: 0, Rels: 1, To: 2, Types: []string{"R"}, Dir: plan.Out, Min: 2, Max: 5}
	e.Mult, e.Live = true, []plan.Slot{2}
	e.Input = &plan.NodeByID{Node: 0, ID: &expr.Const{Value: value.Int(int64(g.nodes[0].ref))}}
	top := &plan.Project{}
	top.Input, top.Live = e, e.Live
	var want []string
	trails(g, e, g.nodes[0].ref, func(path []step) { want = append(want, fmt.Sprintf("n%d", path[len(path)-1].to)) })
	got, err := tryPlan(g, top, 3, []plan.Slot{2}, column.BatchSize, func(x *Context) { x.trailProbe = -1 })
	check(t, err)
	sameRows(t, e.Detail(), got, want)
}

// With memory for the vectors, or for some of what they need, or for none, trails are
// the same, and what was reserved is given back after each run.
func TestTrailsWithLittleMemory(t *testing.T) {
	s, err := graph.Open(graph.Options{Options: txn.Options{Dir: t.TempDir(), Create: true, CheckpointBytes: -1}})
	check(t, err)
	t.Cleanup(func() { check(t, s.Abandon()) })
	tx, err := s.Begin(context.Background(), false)
	check(t, err)
	t.Cleanup(tx.Rollback)
	typ, err := tx.Type("R")
	check(t, err)
	r := rand.New(rand.NewPCG(7, 8))
	const nodes = 400
	var refs []uint32
	for range nodes {
		n, err := tx.CreateNode(nil, nil, nil)
		check(t, err)
		refs = append(refs, n)
	}
	for range 3 * nodes {
		_, err := tx.CreateRel(typ, refs[r.IntN(nodes)], refs[r.IntN(nodes)], nil, nil)
		check(t, err)
	}
	g := &testGraph{reader: tx.Reader}
	high := int64(tx.NodeHigh())
	for _, cols := range [][]plan.Slot{{0}, {0, 2}} {
		e := &plan.VarExpand{From: 0, Rels: 1, To: 2, Types: []string{"R"}, Min: 1, Max: 4}
		e.Hop = plan.Hop{Rel: plan.NoSlot, From: plan.NoSlot, To: plan.NoSlot}
		e.Input, e.Mult, e.Live = scan(0), true, cols
		if !groupsEnds(e) {
			t.Fatal("not counted by end")
		}
		top := &plan.Project{}
		top.Input, top.Live = e, cols
		star := &plan.CountTrails{Center: 0, Arms: [][]plan.CountedHop{{{Types: []string{"R"}}, {Types: []string{"R"}}, {Types: []string{"R"}}}}}
		star.Input = scan(0)
		for what, n := range map[string]plan.Node{"VarExpand": top, "CountTrails": star} {
			ask := func(probe int, limit int64) []string {
				budget := memory.NewBudget("query", limit)
				rows, err := tryPlan(g, n, 3, cols[:1], 0, func(x *Context) { x.trailProbe, x.Budget = probe, budget })
				check(t, err)
				if budget.Used() != 0 {
					t.Errorf("%s, limit %d: %d bytes are still held", what, limit, budget.Used())
				}
				if limit > 100*high && budget.Peak() == 0 {
					t.Errorf("%s, limit %d: nothing was reserved", what, limit)
				}
				return rows
			}
			want := ask(0, 1)
			if len(want) == 0 {
				t.Fatal("nothing is found")
			}
			for _, limit := range []int64{8 * high, 20 * high, 40 * high, 48 * high, 1 << 30} {
				sameRows(t, fmt.Sprintf("%s, limit %d", what, limit), ask(-1, limit), slices.Clone(want))
			}
		}
	}
}
