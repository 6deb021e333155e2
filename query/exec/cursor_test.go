package exec

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
)

// manyPairs is all pairs of nodes and all pairs of those, with an estimate of cost nanoseconds.
func manyPairs(t *testing.T, cost float64) (*testGraph, *Program) {
	t.Helper()
	g := newTestGraph(t, rand.New(rand.NewPCG(5, 5)), 9, 20)
	var in plan.Node
	for s := range 4 {
		n := scan(s)
		n.Input = in
		in = n
	}
	pl := planOf(in, 4, []plan.Slot{0, 3})
	pl.Root.Base().Cost = cost
	prog, err := Build(pl, Options{})
	check(t, err)
	return g, prog
}

// A run opened early gives the same rows as one that is fetched, however wrong the estimate.
func TestCursor(t *testing.T) {
	for _, cost := range []float64{1, 1e9} {
		g, prog := manyPairs(t, cost)
		x := &Context{Ctx: context.Background(), Reader: g.reader, BatchSize: 7}
		for _, want := range []int{9 * 9 * 9 * 9, 100, 9 * 9 * 9 * 9} {
			c := prog.Open(x)
			rows, sum := 0, uint32(0)
			for rows < want {
				b, err := c.Next()
				check(t, err)
				if b == nil {
					break
				}
				for _, i := range b.Selection() {
					if rows++; rows <= want {
						sum += b.Cols[0].Value(int(i)).Ref() + 1
					}
				}
			}
			if rows < want || sum == 0 {
				t.Fatalf("cost %v: %d rows with sum %d, want %d", cost, rows, sum, want)
			}
			if want > 100 {
				if b, err := c.Next(); b != nil || err != nil {
					t.Fatalf("after the end: %v, %v", b, err)
				}
			}
			c.Close()
			if b, err := c.Next(); b != nil || err != nil {
				t.Fatalf("after Close: %v, %v", b, err)
			}
		}
	}
}

func TestCursorError(t *testing.T) {
	for _, cost := range []float64{1, 1e9} {
		g, prog := manyPairs(t, cost)
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		c := prog.Open(&Context{Ctx: ctx, Reader: g.reader})
		if _, err := c.Next(); !errors.Is(err, status.New(status.Cancelled)) {
			t.Errorf("cost %v: got %v, want Cancelled", cost, err)
		}
		c.Close()
	}
}
