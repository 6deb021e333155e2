package exec

import (
	"sync"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/plan"
)

// gate counts the lanes below a breaker: the last to finish gives the breaker's rows.
type gate struct {
	mu    sync.Mutex
	lanes int
	open  int
}

func (g *gate) reset() { g.open = g.lanes }

// last reports whether the caller is the last lane to finish.
func (g *gate) last() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open--
	return g.open == 0
}

// fanIn builds the input of a breaker: an operator for each worker that the pipeline
// below is split among, or for w alone.
func (b *builder) fanIn(input plan.Node, w *worker, split bool, mk func(i int, w *worker) operator) (*gate, runner, error) {
	workers := []*worker{w}
	if split {
		workers = b.fork(input, w)
	}
	lanes := make([]lane, len(workers))
	for i, lw := range workers {
		lanes[i] = lane{w: lw, out: mk(i, lw)}
	}
	g := &gate{lanes: len(lanes)}
	b.scope.onReset(g.reset)
	defer func(x *exchange) { b.exchange = x }(b.exchange)
	if b.exchange = nil; len(lanes) > 1 {
		b.exchange = newExchange()
	}
	run, err := b.build(input, lanes)
	return g, run, err
}

// width is the number of slots of the program's batches.
func (b *builder) width() int { return b.prog.plan.NumSlots }

// pick returns the columns of b in slots; a column that is not there is null.
func pick(dst []*column.Vector, b *column.Batch, slots []plan.Slot) []*column.Vector {
	dst = dst[:0]
	for _, s := range slots {
		dst = append(dst, columnOf(b, s))
	}
	return dst
}

// columnOf returns column s of b, or a column of nulls.
func columnOf(b *column.Batch, s plan.Slot) *column.Vector {
	if s < len(b.Cols) && b.Cols[s] != nil {
		return b.Cols[s]
	}
	return &column.Vector{Type: column.Null}
}

// closeQuietly closes what holds temporary files, at the end of a run whose result
// is already decided; a file that cannot be deleted is reported as a notice.
func closeQuietly(x *Context, c interface{ Close() error }) {
	if err := c.Close(); err != nil && x != nil {
		x.Notice("a temporary file could not be deleted: " + err.Error())
	}
}
