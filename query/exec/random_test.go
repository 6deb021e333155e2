package exec

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/storage/txn"
	"github.com/kadedb/kadedb/value"
)

// testGraph is a random graph in a store, and the same in plain slices.
type testGraph struct {
	reader *graph.Reader
	nodes  []testNode
	rels   []testRel
}

type testNode struct {
	ref    uint32
	labels []string
	age    int64
}

type testRel struct {
	ref        uint32
	typ        string
	start, end uint32
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newTestGraph makes a graph with self-loops and parallel relationships, a part of
// which is committed and perhaps in blocks, another only in the transaction that the reader belongs to.
func newTestGraph(t testing.TB, r *rand.Rand, nodes, rels int) *testGraph {
	t.Helper()
	s, err := graph.Open(graph.Options{Options: txn.Options{Dir: t.TempDir(), Create: true, CheckpointBytes: -1}})
	check(t, err)
	t.Cleanup(func() { check(t, s.Abandon()) })
	g := &testGraph{}
	cut := rels / 2
	tx, err := s.Begin(context.Background(), false)
	check(t, err)
	for range nodes {
		g.addNode(t, tx, r)
	}
	for range cut {
		g.addRel(t, tx, r)
	}
	_, err = tx.Commit(context.Background(), graph.None)
	check(t, err)
	if r.IntN(2) == 0 {
		_, err = s.Checkpoint(context.Background())
		check(t, err)
	}
	tx, err = s.Begin(context.Background(), false)
	check(t, err)
	t.Cleanup(tx.Rollback)
	for range rels - cut {
		g.addRel(t, tx, r)
	}
	for range rels / 8 {
		i := r.IntN(len(g.rels))
		_, err := tx.DeleteRel(g.rels[i].ref)
		check(t, err)
		g.rels = slices.Delete(g.rels, i, i+1)
	}
	g.reader = tx.Reader
	return g
}

func (g *testGraph) addNode(t testing.TB, tx *graph.Tx, r *rand.Rand) {
	n := testNode{age: r.Int64N(5)}
	var ids []catalog.LabelID
	for _, l := range []string{"A", "B"} {
		if r.IntN(2) == 0 {
			id, err := tx.Label(l)
			check(t, err)
			ids, n.labels = append(ids, id), append(n.labels, l)
		}
	}
	key, err := tx.Key("age")
	check(t, err)
	n.ref, err = tx.CreateNode(ids, []catalog.KeyID{key}, []value.Value{value.Int(n.age)})
	check(t, err)
	g.nodes = append(g.nodes, n)
}

func (g *testGraph) addRel(t testing.TB, tx *graph.Tx, r *rand.Rand) {
	names := []string{"R", "S", "T"}
	x := testRel{typ: names[min(r.IntN(4), 2)], start: g.nodes[r.IntN(len(g.nodes))].ref, end: g.nodes[r.IntN(len(g.nodes))].ref}
	if r.IntN(6) == 0 {
		x.end = x.start
	}
	typ, err := tx.Type(x.typ)
	check(t, err)
	key, err := tx.Key("w")
	check(t, err)
	x.ref, err = tx.CreateRel(typ, x.start, x.end, []catalog.KeyID{key}, []value.Value{value.Int(r.Int64N(4))})
	check(t, err)
	g.rels = append(g.rels, x)
}

func (g *testGraph) node(ref uint32) *testNode {
	for i := range g.nodes {
		if g.nodes[i].ref == ref {
			return &g.nodes[i]
		}
	}
	return nil
}

// step is a hop that a test follows by hand.
type step struct {
	rel uint32
	to  uint32
}

// hops returns what a hop finds at a node, by looking at every relationship.
func (g *testGraph) hops(at uint32, types []string, dir plan.Direction) []step {
	var out []step
	for _, x := range g.rels {
		if len(types) > 0 && !slices.Contains(types, x.typ) {
			continue
		}
		if dir != plan.In && x.start == at {
			out = append(out, step{x.ref, x.end})
		}
		if dir != plan.Out && x.end == at && !(dir == plan.Both && x.start == at) {
			out = append(out, step{x.ref, x.start})
		}
	}
	return out
}

func (g *testGraph) hasLabels(ref uint32, labels []string) bool {
	n := g.node(ref)
	for _, l := range labels {
		if !slices.Contains(n.labels, l) {
			return false
		}
	}
	return true
}

func randomTypes(r *rand.Rand) []string {
	return [][]string{nil, {"R"}, {"R"}, {"S"}, {"R", "S"}, {"S", "T"}, {"T"}, {"Nothing"}}[r.IntN(8)]
}

func randomDir(r *rand.Rand) plan.Direction { return plan.Direction(r.IntN(3)) }

func randomLabels(r *rand.Rand) []string {
	return [][]string{nil, nil, nil, nil, nil, {"A"}, {"B"}, {"A"}, {"B"}, {"A", "B"}, {"A", "B"}, {"Nothing"}}[r.IntN(12)]
}

// runPlan runs a plan, every slot of which is live unless an operator has Live set, and
// returns its rows as text, sorted.
func runPlan(t testing.TB, g *testGraph, root plan.Node, slots int, cols []plan.Slot, batch int) []string {
	t.Helper()
	rows, err := tryPlan(g, root, slots, cols, batch, nil)
	check(t, err)
	return rows
}

func planOf(root plan.Node, slots int, cols []plan.Slot) *plan.Plan {
	p := &plan.Produce{}
	p.Input = root
	for _, c := range cols {
		p.Columns = append(p.Columns, plan.Column{Name: fmt.Sprint(c), Slot: c})
	}
	pl := &plan.Plan{Root: p, NumSlots: slots, Columns: p.Columns, RowID: plan.NoSlot}
	pl.Number()
	all := make([]plan.Slot, slots)
	for i := range all {
		all[i] = i
	}
	plan.Walk(p, func(n plan.Node) bool {
		if n.Base().Live == nil {
			n.Base().Live = all
		}
		return true
	})
	return pl
}

func tryPlan(g *testGraph, root plan.Node, slots int, cols []plan.Slot, batch int, change func(*Context)) ([]string, error) {
	pl := planOf(root, slots, cols)
	prog, err := Build(pl, Options{})
	if err != nil {
		return nil, err
	}
	x := &Context{Ctx: context.Background(), Reader: g.reader, BatchSize: batch, Stats: &Stats{}, Profile: true}
	if change != nil {
		change(x)
	}
	var rows []string
	for range 2 { // a program runs again
		rows = nil
		err = prog.Run(x, func(b *column.Batch) error {
			for _, i := range b.Selection() {
				var cells []string
				for _, c := range cols {
					v := value.Null
					if b.Cols[c] != nil {
						v = b.Cols[c].Value(int(i))
					}
					cells = append(cells, cell(v))
				}
				rows = append(rows, strings.Join(cells, " "))
			}
			return nil
		})
	}
	slices.Sort(rows)
	return rows, err
}

func cell(v value.Value) string {
	switch v.Kind() {
	case value.KindNode:
		return fmt.Sprintf("n%d", v.Ref())
	case value.KindRelationship:
		return fmt.Sprintf("r%d", v.Ref())
	case value.KindList:
		var parts []string
		for _, e := range v.Elems() {
			parts = append(parts, cell(e))
		}
		return "[" + strings.Join(parts, ",") + "]"
	case value.KindInt:
		return fmt.Sprint(v.AsInt())
	case value.KindNull:
		return "null"
	case value.KindBool:
		return fmt.Sprint(v.AsBool())
	case value.KindString:
		return fmt.Sprintf("%q", v.AsString())
	case value.KindFloat:
		return fmt.Sprint(v.AsFloat())
	}
	return v.Kind().String()
}

func sameRows(t testing.TB, what string, got, want []string) {
	t.Helper()
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("%s:\n got %d rows %s\nwant %d rows %s", what, len(got), few(got), len(want), few(want))
	}
}

func few(rows []string) string { return strings.Join(rows[:min(len(rows), 30)], " | ") }

func scan(slot plan.Slot) *plan.NodeScan { return &plan.NodeScan{Node: slot} }

// older is `node.age > min`.
func older(slot plan.Slot, least int64) expr.Expr {
	return &expr.Compare{Op: expr.Gt, Left: &expr.Property{Base: &expr.Slot{Slot: slot, T: expr.NodeType}, Key: "age"},
		Right: &expr.Const{Value: value.Int(least)}}
}

var batchSizes = []int{1, 3, column.BatchSize}

// eachGraph runs a test on random graphs, with a generator of its own each.
func eachGraph(t *testing.T, n int, f func(t *testing.T, g *testGraph, r *rand.Rand)) {
	for seed := range uint64(n) {
		t.Run(fmt.Sprintf("seed%d", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 77))
			f(t, newTestGraph(t, r, 2+r.IntN(9), r.IntN(26)), r)
		})
	}
}
