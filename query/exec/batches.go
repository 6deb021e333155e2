package exec

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/query/exec/spill"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// Transactions opens and commits those of CALL … IN TRANSACTIONS.
type Transactions interface {
	// Begin opens one and names it.
	Begin(ctx context.Context) (tx *graph.Tx, id string, err error)
	// Commit ends it; rows is how many rows it worked on.
	Commit(tx *graph.Tx, rows int64) error
	// Failed notes one that was rolled back for good.
	Failed(rows int64)
	// Renew replaces the statement's own transaction, which has not written, by one that
	// sees what was committed.
	Renew(ctx context.Context) (*graph.Tx, error)
}

const (
	// batchRows is how many rows a transaction works on where the text does not say.
	batchRows = 1000
	// batchTries is how often a batch runs when commits of others come first.
	batchTries = 32
	// batchRetry is how many seconds it runs again and again after ON ERROR RETRY.
	batchRetry = 30
	// batchWait is the longest wait between two tries.
	batchWait = 250 * time.Millisecond
)

// batches is an Apply whose inner plan runs in transactions of its own: rows come in, go
// through apply on another worker, whose context is the transaction's, and wait until
// all transactions are over.
type batches struct {
	plan  *plan.Apply
	w     *worker // of the statement
	out   operator
	expr  *expr.Context
	inner *worker // of the transactions
	apply *apply

	taken []plan.Slot // of outer rows
	slots []plan.Slot // of given rows
	size  int64       // rows of a transaction; 0: not known yet
	retry time.Duration
	rows  *spill.Rows // of the next transaction; nil: none
	done  *spill.Rows // rows to give; nil: none
	fresh *spill.Rows // of the transaction that runs; nil: none
	over  bool        // ON ERROR BREAK: a transaction has failed
	ran   struct {    // of those that are over
		all, failed, skipped int64
		first                error
	}

	part column.Batch // a part of an incoming batch
	wide column.Batch
	null column.Vector
	mark column.Vector
}

func (b *builder) batches(n *plan.Apply, l lane) (runner, error) {
	op := &batches{plan: n, w: l.w, out: l.out, expr: l.w.newExpr(), inner: newWorker(b.prog), taken: n.Outer.Base().Live}
	op.null.Type = column.Null
	for _, s := range n.Live {
		if s != n.Batches.Report {
			op.slots = append(op.slots, s)
		}
	}
	own := append([]plan.Slot{n.Batches.Report}, n.Columns...)
	op.apply = &apply{plan: n, spread: newSpread(lane{w: op.inner, out: sinkFunc(op.collect)}, n.Live, own...)}
	var err error
	if op.apply.inner, err = b.sub(n.Inner, op.inner, joined{op.apply}); err != nil {
		return nil, err
	}
	b.scope.onReset(op.drop)
	b.scope.onClose(op.drop)
	return b.build(settled(n.Outer, true), []lane{{w: l.w, out: op}})
}

// drop forgets the rows of a run.
func (e *batches) drop() {
	for _, r := range []**spill.Rows{&e.rows, &e.done, &e.fresh} {
		if *r != nil {
			closeQuietly(e.w.x, *r)
			*r = nil
		}
	}
	e.size, e.over = 0, false
	e.ran.all, e.ran.failed, e.ran.skipped, e.ran.first = 0, 0, 0, nil
}

// tell gives notice of transactions that failed, where REPORT STATUS does not.
func (e *batches) tell() {
	if e.ran.failed == 0 || e.plan.Batches.Report != plan.NoSlot {
		return
	}
	text := fmt.Sprintf("transactions that failed, and whose changes are undone: %d of %d; the first: %v", e.ran.failed, e.ran.all, e.ran.first)
	if e.ran.skipped > 0 {
		text += fmt.Sprintf("; rows after it that no transaction took: %d", e.ran.skipped)
	}
	e.w.x.Notice(text)
}

func (e *batches) newRows(slots []plan.Slot) *spill.Rows {
	return spill.NewRows(e.w.x.Space, e.w.x.Budget, slots)
}

func (e *batches) prepare() error {
	x, p := e.w.x, e.plan.Batches
	if x.Transactions == nil {
		return status.Errorf(status.Internal, "CALL … IN TRANSACTIONS without transactions")
	}
	if p.Concurrent {
		if p.Concurrency != nil {
			n, err := countOf(e.w, e.expr, p.Concurrency, "CONCURRENT", p.Pos)
			if err == nil && n == 0 {
				err = status.Errorf(status.InvalidArgumentValue, "0 concurrent transactions").WithHint("IN 1 CONCURRENT TRANSACTIONS is the least").At(p.Pos)
			}
			if err != nil {
				return err
			}
		}
		x.Notice("the transactions of CALL … IN CONCURRENT TRANSACTIONS ran one after the other")
	}
	e.retry = batchRetry * time.Second
	if p.RetryFor != nil {
		seconds, err := countOf(e.w, e.expr, p.RetryFor, "RETRY FOR", p.Pos)
		if err != nil {
			return err
		}
		e.retry = time.Duration(min(seconds, 1<<30)) * time.Second
	}
	if e.size = batchRows; p.Rows == nil {
		return nil
	}
	var err error
	if e.size, err = countOf(e.w, e.expr, p.Rows, "OF … ROWS", p.Pos); err == nil && e.size == 0 {
		err = status.Errorf(status.InvalidArgumentValue, "a transaction of 0 rows").WithHint("OF takes 1 or more").At(p.Pos)
	}
	return err
}

// push gathers the rows of a transaction, and runs it when they are there.
func (e *batches) push(b *column.Batch) error {
	if e.size == 0 {
		if err := e.prepare(); err != nil {
			return err
		}
	}
	for rows := b.Selection(); len(rows) > 0; {
		if e.rows == nil {
			e.rows = e.newRows(e.taken)
		}
		n := int(min(int64(len(rows)), e.size-e.rows.Len()))
		share(&e.part, b)
		e.part.Sel = rows[:n]
		rows = rows[n:]
		if err := e.rows.Append(&e.part); err != nil {
			return err
		}
		if e.rows.Len() < e.size {
			continue
		}
		if err := e.run(); err != nil {
			return err
		}
	}
	return nil
}

func (e *batches) finish() error {
	if e.rows != nil && e.rows.Len() > 0 {
		if err := e.run(); err != nil {
			return err
		}
	}
	x := e.w.x
	e.tell()
	if e.done == nil {
		return e.out.finish()
	}
	tx, err := x.Transactions.Renew(x.context())
	if err != nil {
		return err
	}
	e.w.graph.close()
	x.Tx, x.Reader = tx, tx.Reader
	err = e.done.Each(func(b *column.Batch) error {
		if err := x.check(); err != nil {
			return err
		}
		return e.out.push(widened(&e.wide, b, e.w.prog.plan.NumSlots))
	})
	e.drop()
	return ended(err, e.out)
}

// run runs the gathered rows' transaction and keeps what it gives.
func (e *batches) run() error {
	x := e.w.x
	if e.over {
		e.ran.skipped += e.rows.Len()
		return e.settle(false, nil, "")
	}
	var id string
	var err error
	begun := time.Now()
	for try := 1; ; try++ {
		if err = x.check(); err != nil {
			return err
		}
		id, err = e.attempt()
		if status.CodeOf(err) != status.WriteConflict || !e.again(try, time.Since(begun)) {
			break
		}
	}
	e.ran.all++
	if err == nil {
		return e.settle(true, nil, id)
	}
	if cerr := x.check(); cerr != nil {
		return cerr
	}
	if e.plan.Batches.OnError == plan.OnErrorFail || ends(err) {
		return err
	}
	e.over = e.plan.Batches.OnError == plan.OnErrorBreak
	x.Transactions.Failed(e.rows.Len())
	if e.ran.failed++; e.ran.first == nil {
		e.ran.first = err
	}
	return e.settle(true, err, id)
}

// again waits where that helps, and reports whether a batch that came too late may try once more.
func (e *batches) again(try int, spent time.Duration) bool {
	if !e.plan.Batches.Retry {
		return try < batchTries
	}
	if spent >= e.retry {
		return false
	}
	wait := time.NewTimer(min(time.Duration(try)*time.Millisecond, batchWait, e.retry-spent))
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-e.w.x.context().Done():
	}
	return true
}

// ends reports whether what went wrong will go wrong with everything else too.
func ends(err error) bool {
	var panicked *panicError
	if errors.As(err, &panicked) {
		return true
	}
	switch status.CodeOf(err) {
	case status.Internal, status.StorePoisoned, status.StoreClosed, status.Draining, status.Cancelled, status.QueryTimeLimit,
		status.TransactionTerminated, status.Corruption:
		return true
	}
	return false
}

// attempt runs the rows in a transaction and commits it; fresh is what it gave.
func (e *batches) attempt() (id string, err error) {
	x := e.w.x
	if e.fresh != nil {
		closeQuietly(x, e.fresh)
	}
	e.fresh = e.newRows(e.slots)
	tx, id, err := x.Transactions.Begin(x.context())
	if err != nil {
		return id, err
	}
	own := *x
	own.Tx, own.Reader, own.Stats = tx, tx.Reader, &Stats{}
	committed := false
	defer func() {
		tx.Rollback() // does nothing after a commit
		if x.Stats != nil {
			x.Stats.merge(own.Stats, committed)
		}
	}()
	if err := e.work(&own); err != nil {
		return id, err
	}
	err = x.Transactions.Commit(tx, e.rows.Len())
	committed = err == nil
	return id, err
}

func (e *batches) work(own *Context) error {
	e.inner.bind(own)
	defer e.inner.release()
	return e.rows.Each(func(b *column.Batch) error {
		return e.apply.push(widened(&e.wide, b, e.w.prog.plan.NumSlots))
	})
}

func (e *batches) collect(b *column.Batch) error { return e.fresh.Append(b) }

// settle keeps the rows of a transaction that is over: those that it gave, or where it
// failed, or was never begun, those that it was to work on.
func (e *batches) settle(began bool, failed error, id string) error {
	if e.done == nil {
		e.done = e.newRows(e.plan.Live)
	}
	committed := began && failed == nil
	from := e.rows
	if committed {
		from = e.fresh
	}
	e.mark = column.Vector{}
	e.mark.SetConst(batchStatus(began, committed, failed, id))
	err := from.Each(func(b *column.Batch) error {
		b = widened(&e.wide, b, e.w.prog.plan.NumSlots)
		if !committed {
			for _, s := range e.plan.Columns {
				b.Cols[s] = &e.null
			}
		}
		if s := e.plan.Batches.Report; s != plan.NoSlot {
			b.Cols[s] = &e.mark
		}
		return e.done.Append(b)
	})
	for _, r := range []**spill.Rows{&e.rows, &e.fresh} {
		if *r != nil {
			err = errors.Join(err, (*r).Close())
			*r = nil
		}
	}
	return err
}

// batchStatus is what REPORT STATUS gives.
func batchStatus(began, committed bool, failed error, id string) value.Value {
	m := &value.Map{Keys: []string{"started", "committed", "transactionId", "errorMessage"},
		Vals: []value.Value{value.Bool(began), value.Bool(committed), value.Null, value.Null}}
	if began {
		m.Vals[2] = value.String(id)
	}
	if failed != nil {
		m.Vals[3] = value.String(failed.Error())
	}
	return value.FromMap(m)
}

// merge adds what a transaction of the statement did; its changes count once committed.
func (s *Stats) merge(t *Stats, committed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if committed {
		e := &s.Effects
		e.NodesCreated += t.NodesCreated
		e.NodesDeleted += t.NodesDeleted
		e.RelationshipsCreated += t.RelationshipsCreated
		e.RelationshipsDeleted += t.RelationshipsDeleted
		e.PropertiesSet += t.PropertiesSet
		e.LabelsAdded += t.LabelsAdded
		e.LabelsRemoved += t.LabelsRemoved
	}
	for len(s.Operators) < len(t.Operators) {
		s.Operators = append(s.Operators, plan.Actual{})
	}
	for i, o := range t.Operators {
		s.Operators[i].Rows += o.Rows
		s.Operators[i].Time += o.Time
		s.Operators[i].Calls += o.Calls
	}
	for _, n := range t.Notices {
		if len(s.Notices) < 100 {
			s.Notices = append(s.Notices, n)
		}
	}
}
