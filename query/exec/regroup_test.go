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
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/storage/txn"
	"github.com/kadedb/kadedb/value"
)

// crowd makes a store in dir whose lists take more than a few megabytes, decoded.
func crowd(t *testing.T, dir string, nodes, degree int) {
	t.Helper()
	s, err := graph.Open(graph.Options{Options: txn.Options{Dir: dir, Create: true, CheckpointBytes: -1}})
	check(t, err)
	tx, err := s.Begin(context.Background(), false)
	check(t, err)
	label, err := tx.Label("A")
	check(t, err)
	typ, err := tx.Type("R")
	check(t, err)
	refs := make([]uint32, nodes)
	for i := range refs {
		refs[i], err = tx.CreateNode([]catalog.LabelID{label}, nil, nil)
		check(t, err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range nodes * degree {
		_, err := tx.CreateRel(typ, refs[i/degree], refs[r.IntN(nodes)], nil, nil)
		check(t, err)
	}
	_, err = tx.Commit(context.Background(), graph.None)
	check(t, err)
	_, err = s.Checkpoint(context.Background())
	check(t, err)
	check(t, s.Close())
}

// openCrowd opens it with a limit and returns how many blocks f read again.
func openCrowd(t *testing.T, dir string, limit int64, f func(g *testGraph, budget *memory.Budget)) (rereads int64) {
	t.Helper()
	budget := memory.NewBudget("store", limit)
	s, err := graph.Open(graph.Options{Options: txn.Options{Dir: dir, Memory: budget, CheckpointBytes: -1}})
	check(t, err)
	rd, err := s.Snapshot()
	check(t, err)
	query := budget.Sub("query", limit)
	f(&testGraph{reader: rd}, query)
	if n := query.Used(); n != 0 {
		t.Errorf("%d bytes were never given back", n)
	}
	rereads = s.Stats().Cache.AdjacencyRereads
	rd.Close()
	check(t, s.Close())
	return rereads
}

// triangles is (0)-[1]->(2)-[4]->(3)<-[5]-(0).
func triangles() *plan.Intersect {
	hop := &plan.Expand{From: 0, Rel: 1, To: 2, Types: []string{"R"}}
	hop.Input = scan(0)
	x := &plan.Intersect{To: 3, Distinct: true, Unique: []plan.Slot{1}, Lists: []plan.IntersectList{
		{From: 2, Rel: 4, Types: []string{"R"}}, {From: 0, Rel: 5, Types: []string{"R"}},
	}}
	x.Input = hop
	return x
}

// A graph whose blocks do not fit.
func TestIntersectWithLittleMemory(t *testing.T) {
	const nodes, degree, limit = 6000, 25, 5 << 18
	dir := t.TempDir()
	crowd(t, dir, nodes, degree)

	// The rows are those found with room for everything, and a block is not read for
	// every row, whether or not the cache is full when the query begins.
	t.Run("rows", func(t *testing.T) {
		slots := []plan.Slot{0, 1, 2, 3, 4, 5}
		ask := func(limit int64) (rows []string, rereads int64) {
			rereads = openCrowd(t, dir, limit, func(g *testGraph, budget *memory.Budget) {
				var err error
				rows, err = tryPlan(g, triangles(), 6, slots, 256, func(x *Context) { x.Budget = budget })
				check(t, err)
			})
			return rows, rereads
		}
		want, none := ask(1 << 30)
		if none != 0 || len(want) < nodes {
			t.Fatalf("%d rows, %d blocks read again with room for all", len(want), none)
		}
		got, rereads := ask(limit)
		if !slices.Equal(got, want) {
			t.Fatalf("%d rows with little memory, %d with much", len(got), len(want))
		}
		t.Logf("%d rows, %d adjacency blocks read again", len(got), rereads)
		if rereads == 0 || rereads > 2000 {
			t.Errorf("%d adjacency blocks were read again for %d rows of input, twice", rereads, nodes*degree)
		}
	})

	// Where few rows are wanted few are read.
	t.Run("limit", func(t *testing.T) {
		openCrowd(t, dir, limit, func(g *testGraph, budget *memory.Budget) {
			for _, n := range []int64{1, 2000} {
				l := &plan.Limit{Count: &expr.Const{Value: value.Int(n)}}
				l.Input = triangles()
				x := &Context{Reader: g.reader, Budget: budget, BatchSize: 256, Stats: &Stats{}, Profile: true}
				prog, err := Build(planOf(l, 6, []plan.Slot{0, 3}), Options{})
				check(t, err)
				rows := 0
				check(t, prog.Run(x, func(b *column.Batch) error { rows += b.Rows(); return nil }))
				read := x.Stats.Operators[3].Rows // of Expand
				if rows != int(n) || n == 1 && read > 1000 || read >= nodes*degree {
					t.Errorf("LIMIT %d: %d rows, of %d rows of input", n, rows, read)
				}
				if budget.Used() != 0 {
					t.Errorf("LIMIT %d: %d bytes are held", n, budget.Used())
				}
			}
		})
	})

	// A run that was ended stops.
	t.Run("cancel", func(t *testing.T) {
		openCrowd(t, dir, limit, func(g *testGraph, budget *memory.Budget) {
			ctx, cancel := context.WithCancel(context.Background())
			batches := 0
			prog, err := Build(planOf(triangles(), 6, []plan.Slot{0, 3}), Options{})
			check(t, err)
			err = prog.Run(&Context{Ctx: ctx, Reader: g.reader, Budget: budget, BatchSize: 256}, func(*column.Batch) error {
				if batches++; batches == 5 {
					cancel()
				}
				return nil
			})
			if status.CodeOf(err) != status.Cancelled || batches > 6 {
				t.Errorf("cancelled after five batches: %d batches, %v", batches, err)
			}
		})
	})
}

// Other columns go along whatever they hold: nulls, strings, lists, multiplicities.
func TestIntersectCarries(t *testing.T) {
	eachGraph(t, 12, func(t *testing.T, g *testGraph, r *rand.Rand) {
		var elems []value.Value
		for i := range 1 + r.IntN(5) {
			elems = append(elems, []value.Value{value.Null, value.String(fmt.Sprint("s", i)), value.Int(int64(i)),
				value.List(value.Int(1), value.Null), value.String("")}[r.IntN(5)])
		}
		list := &plan.Unwind{List: &expr.Const{Value: value.List(elems...)}, Slot: 6, Index: plan.NoSlot}
		list.Input = scan(0)
		counted := &plan.Expand{From: 0, Rel: plan.NoSlot, To: plan.NoSlot, Dir: plan.Both}
		counted.Input, counted.Mult, counted.Live = list, true, []plan.Slot{0, 6}
		hop := &plan.Expand{From: 0, Rel: 1, To: 2, Types: randomTypes(r), Dir: randomDir(r)}
		hop.Input = counted
		x := &plan.Intersect{To: 3, Distinct: true, Unique: []plan.Slot{1}, Lists: []plan.IntersectList{
			{From: 0, Rel: 4, Dir: plan.Both}, {From: 2, Rel: 5, Dir: plan.Both},
		}}
		x.Input, x.Mult = hop, true
		for _, live := range [][]plan.Slot{{0, 1, 2, 3, 4, 5, 6}, {0, 6}} {
			x.Live = live
			top := &plan.Project{}
			top.Input, top.Live = x, live
			for _, batch := range batchSizes {
				want := runPlan(t, g, top, 7, live, batch)
				got, err := tryPlan(g, top, 7, live, batch, func(x *Context) { x.gather.rows, x.gather.bytes = 1+r.IntN(50), r.Int64N(120) })
				check(t, err)
				sameRows(t, "collected", got, want)
			}
		}
	})
}

// Rows that a sort has put in order stay so.
func TestIntersectKeepsOrder(t *testing.T) {
	eachGraph(t, 10, func(t *testing.T, g *testGraph, r *rand.Rand) {
		hop := &plan.Expand{From: 0, Rel: 1, To: 2}
		hop.Input = scan(0)
		s := &plan.Sort{Keys: []plan.SortKey{{Slot: 2, Descending: true}}}
		s.Input = hop
		x := &plan.Intersect{To: 3, Distinct: true, Lists: []plan.IntersectList{{From: 2, Rel: 4}, {From: 0, Rel: 5}}}
		x.Input = s
		prog, err := Build(planOf(x, 6, []plan.Slot{2}), Options{})
		check(t, err)
		c := &Context{Reader: g.reader}
		c.gather.rows = 1000
		last := uint32(1<<32 - 1)
		check(t, prog.Run(c, func(b *column.Batch) error {
			for _, i := range b.Selection() {
				n := b.Cols[2].Value(int(i)).Ref()
				if n > last {
					t.Errorf("node %d comes after %d", n, last)
				}
				last = n
			}
			return nil
		}))
	})
}
