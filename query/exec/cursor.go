package exec

import (
	"errors"
	"iter"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/exec/spill"
	"github.com/kadedb/kadedb/query/plan"
)

// Cursor gives a run's batches on demand: the run stands still between calls, unless it
// is so short that it is over at once. It is for one goroutine at a time and must
// be closed; no other run of its program may start before.
type Cursor struct {
	next func() (*column.Batch, error, bool)
	stop func()
	done bool

	// A short run.
	prog  *Program
	err   error
	given bool // the first batch was
}

// A run expected to be shorter than this many nanoseconds and rows is not worth a
// stack of its own: it runs to its end when it is opened, into memory.
const (
	shortCost = 20_000
	shortRows = 512
)

// early keeps the rows of a short run. Its memory is the program's.
type early struct {
	cursor Cursor
	slots  []plan.Slot
	rows   *column.Buffer
	more   *spill.Rows // what an estimate far too low brought beyond a batch
	x      *Context
	batch  column.Batch
	sink   func(*column.Batch) error // keep, bound once
}

func isShort(p *plan.Plan) bool {
	op := p.Root.Base()
	return op.Cost > 0 && op.Cost <= shortCost && op.Rows <= shortRows
}

// Open starts a run whose batches are fetched with Next.
func (p *Program) Open(x *Context) *Cursor {
	if isShort(p.plan) {
		c := &p.early.cursor
		*c = Cursor{prog: p}
		c.err = p.early.run(p, x)
		if c.err != errLonger {
			return c
		}
		// The estimate was far too low. Nothing was given yet and nothing written: the
		// run starts again, standing still between batches.
		if x.Stats != nil {
			*x.Stats = Stats{}
		}
	}
	next, stop := iter.Pull2(func(yield func(*column.Batch, error) bool) {
		err := p.Run(x, func(b *column.Batch) error {
			if !yield(b, nil) {
				return errClosed
			}
			return nil
		})
		if err != nil && err != errClosed {
			yield(nil, err)
		}
	})
	return &Cursor{next: next, stop: stop}
}

var (
	errClosed = errors.New("exec: cursor closed")
	errLonger = errors.New("exec: a run is longer than was estimated")
)

// run runs the program to its end and keeps its rows.
func (e *early) run(p *Program, x *Context) error {
	if e.rows == nil {
		for _, c := range p.plan.Columns {
			e.slots = append(e.slots, c.Slot)
		}
		e.rows, e.sink = column.NewBuffer(e.slots), e.keep
		e.batch.Cols = make([]*column.Vector, p.plan.NumSlots)
	}
	e.rows.Reset()
	e.x = x
	defer func() { e.x = nil }()
	return p.Run(x, e.sink)
}

// keep copies a batch.
func (e *early) keep(b *column.Batch) error {
	if e.more == nil && e.rows.Len()+b.Rows() <= column.BatchSize {
		e.rows.Append(b)
		return nil
	}
	if !e.cursor.prog.writes {
		return errLonger
	}
	if e.more == nil {
		e.more = spill.NewRows(e.x.Space, e.x.Budget, e.slots)
	}
	return e.more.Append(b)
}

// Next returns the next batch, valid until the next call, or nil at the end.
func (c *Cursor) Next() (*column.Batch, error) {
	if c.done {
		return nil, nil
	}
	if c.prog != nil {
		return c.nextEarly()
	}
	b, err, ok := c.next()
	if !ok || err != nil {
		c.done = true
	}
	return b, err
}

// nextEarly gives what a short run kept: its first batch, then the rest.
func (c *Cursor) nextEarly() (*column.Batch, error) {
	if c.err != nil {
		c.done = true
		return nil, c.err
	}
	e := &c.prog.early
	if c.next != nil {
		b, err, ok := c.next()
		if !ok || err != nil {
			c.done = true
		}
		return b, err
	}
	if n := e.rows.Len(); n > 0 && !c.given {
		for i, s := range e.slots {
			e.batch.Cols[s] = e.rows.Column(i)
		}
		e.batch.Len, c.given = n, true
		return &e.batch, nil
	}
	if e.more == nil {
		c.done = true
		return nil, nil
	}
	wide := &column.Batch{}
	c.next, c.stop = iter.Pull2(func(yield func(*column.Batch, error) bool) {
		err := e.more.Each(func(b *column.Batch) error {
			if !yield(widened(wide, b, c.prog.plan.NumSlots), nil) {
				return errClosed
			}
			return nil
		})
		if err != nil && err != errClosed {
			yield(nil, err)
		}
	})
	return c.nextEarly()
}

// Close ends the run early if it has not ended.
func (c *Cursor) Close() {
	c.done = true
	if c.stop != nil {
		c.stop()
	}
	if c.prog == nil {
		return
	}
	if e := &c.prog.early; e.more != nil {
		c.err = errors.Join(c.err, e.more.Close())
		e.more = nil
	}
}
