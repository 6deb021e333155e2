package exec

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/kadedb/kadedb/column"
)

// exchange lets the lanes of a pipeline that have nothing left to read take batches from
// those that have too much: the neighbours of a node that has a million of them, or all
// that a seek leads to.
//
//	lane 1   NodeScan ─▶ Expand ─▶ Filter ─▶ Aggregate
//	                        └──── a copy ──┐
//	lane 2   (no pieces left)              ▶ Filter ─▶ Aggregate
//
// A batch is offered only while a lane waits for one, so that there are never more copies
// than lanes. Lanes that a source has no piece for are not started before the first offer:
// a small query stays on one goroutine.
type exchange struct {
	stages [][]lane // by operator that offers: what it pushes to

	quiet  time.Duration
	began  time.Time
	hungry atomic.Int32 // how many batches are welcome

	mu      sync.Mutex
	wake    *sync.Cond
	lanes   []lane // that work in this run
	started int    // of lanes
	awake   int    // lanes that were started and have not left
	waiting int    // of those that are awake
	ended   bool
	jobs    []*parcel
	free    []*parcel
	errs    []error
	helpers sync.WaitGroup
}

// parcel is a copy of a batch on its way from one lane to another.
type parcel struct {
	stage int
	batch column.Batch
	store []column.Vector // by slot
	mult  []int64
}

const (
	// leastOffer is how many rows are worth a copy.
	leastOffer = column.BatchSize / 2
	// quietTime is how long a run lasts before anything is offered: another goroutine would
	// hardly have begun by then.
	quietTime = 100 * time.Microsecond
)

func newExchange() *exchange {
	x := &exchange{quiet: quietTime}
	x.wake = sync.NewCond(&x.mu)
	return x
}

// run calls f for the first started of lanes, one in this goroutine and the others each in one
// of its own, and has all of them work on what is offered. It returns the first error that is
// not errStop; a panic becomes an error.
func (x *exchange) run(lanes []lane, started int, f func(i int) error) error {
	x.began = time.Now()
	x.mu.Lock()
	x.lanes, x.started, x.awake, x.waiting, x.ended = lanes, started, started, 0, false
	x.errs = append(x.errs[:0], make([]error, len(lanes))...)
	x.jobs = x.jobs[:0]
	x.count()
	x.mu.Unlock()
	for i := 1; i < started; i++ {
		x.helpers.Go(func() { x.work(i, f) })
	}
	x.work(0, f)
	x.helpers.Wait()
	for _, err := range x.errs {
		if err != nil && err != errStop {
			return err
		}
	}
	return nil
}

// work is one lane's run.
func (x *exchange) work(i int, f func(i int) error) {
	var err error
	defer func() {
		if p := recover(); p != nil {
			err = panicked(p)
		}
		x.leave(i, err)
	}()
	if f != nil {
		err = f(i)
	}
	for err == nil {
		p := x.take()
		if p == nil {
			return
		}
		l := x.stages[p.stage][i]
		err = l.out.push(&p.batch)
		x.mu.Lock()
		x.free = append(x.free, p)
		x.mu.Unlock()
	}
}

// count sets hungry. mu is held.
func (x *exchange) count() {
	x.hungry.Store(int32(x.waiting + len(x.lanes) - x.started - len(x.jobs)))
}

// take waits for a batch; nil: none will come.
func (x *exchange) take() *parcel {
	x.mu.Lock()
	defer x.mu.Unlock()
	for {
		if n := len(x.jobs); n > 0 && !x.ended {
			p := x.jobs[n-1]
			x.jobs = x.jobs[:n-1]
			x.count()
			return p
		}
		if x.waiting++; x.waiting == x.awake {
			x.end()
		}
		if x.ended {
			return nil
		}
		x.count()
		x.wake.Wait()
		x.waiting--
	}
}

// end lets all lanes go. mu is held.
func (x *exchange) end() {
	x.ended = true
	x.wake.Broadcast()
}

// leave ends lane i.
func (x *exchange) leave(i int, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.errs[i] = err
	x.awake--
	if err != nil && err != errStop || x.waiting == x.awake && len(x.jobs) == 0 {
		x.end()
	}
}

// offer gives a copy of b, which the operators of a stage push, to a lane that waits; false:
// none does any more.
func (x *exchange) offer(stage int, b *column.Batch) bool {
	x.mu.Lock()
	if x.ended || x.waiting+len(x.lanes)-x.started <= len(x.jobs) {
		x.mu.Unlock()
		return false
	}
	var p *parcel
	if n := len(x.free); n > 0 {
		p, x.free = x.free[n-1], x.free[:n-1]
	}
	x.mu.Unlock()
	if p == nil {
		p = &parcel{}
	}
	p.stage = stage
	p.fill(b)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.jobs = append(x.jobs, p)
	if x.waiting < len(x.jobs) && x.started < len(x.lanes) {
		i := x.started
		x.started++
		x.awake++
		x.helpers.Go(func() { x.work(i, nil) })
	} else {
		x.wake.Signal()
	}
	x.count()
	return true
}

// fill copies the selected rows of b.
func (p *parcel) fill(b *column.Batch) {
	sel := b.Selection()
	widen(&p.batch, len(b.Cols))
	p.batch.Len, p.batch.Sel, p.batch.Mult = len(sel), nil, nil
	for len(p.store) < len(b.Cols) {
		p.store = append(p.store, column.Vector{})
	}
	for slot, v := range b.Cols {
		if v == nil {
			continue
		}
		s := &p.store[slot]
		if v.Const {
			*s = column.Vector{} // constants share nothing with what Gather reuses
			s.SetConst(v.Value(0))
		} else {
			s.Gather(v, sel)
		}
		p.batch.Cols[slot] = s
	}
	if b.Mult != nil {
		p.mult = p.mult[:0]
		for _, r := range sel {
			p.mult = append(p.mult, b.Mult[r])
		}
		p.batch.Mult = p.mult
	}
}

// offers is an operator's part of an exchange.
type offers struct {
	x     *exchange // nil: the pipeline has one lane
	stage int
}

// offering registers an operator whose instances push to lanes.
func (b *builder) offering(lanes []lane) offers {
	x := b.exchange
	if x == nil || len(lanes) < 2 {
		return offers{}
	}
	x.stages = append(x.stages, lanes)
	return offers{x: x, stage: len(x.stages) - 1}
}

// taken reports whether another lane took b.
func (o *offers) taken(b *column.Batch) bool {
	if o.x == nil || b.Rows() < leastOffer || o.x.hungry.Load() <= 0 {
		return false
	}
	return time.Since(o.x.began) >= o.x.quiet && o.x.offer(o.stage, b)
}
