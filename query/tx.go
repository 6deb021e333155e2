package query

import (
	"context"
	"time"

	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/status"
)

// Tx is an explicit transaction: statements one after the other, then Commit or
// Rollback. Calls from several goroutines wait for each other. A statement whose rows are
// still open when the next call comes is run to its end first, and its rows are set aside. An
// idle or long transaction is rolled back by itself (TxLimits).
type Tx struct {
	engine *Engine
	entry  entry

	gate gate // held while a call works on the transaction
	// All below is under the gate.
	tx      *graph.Tx
	current *Result       // a statement whose rows were not all taken
	ended   *status.Error // why nothing more can be done; nil while open
	idle    *time.Timer
	total   *time.Timer
}

// gate is a lock for which one can wait as long as a context allows.
type gate chan struct{}

func (g gate) lock()   { g <- struct{}{} }
func (g gate) unlock() { <-g }

func (g gate) tryLock() bool {
	select {
	case g <- struct{}{}:
		return true
	default:
		return false
	}
}

func (g gate) lockContext(ctx context.Context) error {
	if g.tryLock() {
		return nil
	}
	select {
	case g <- struct{}{}:
		return nil
	case <-ctx.Done():
		return status.Ended(ctx, "the wait for the transaction's running statement")
	}
}

// TxOptions configure Begin.
type TxOptions struct {
	ReadOnly  bool
	Isolation string // "" and "snapshot"; "serializable" is refused
	Owner     string
	User      string // as SHOW TRANSACTIONS shows it
}

// Begin opens an explicit transaction.
func (e *Engine) Begin(ctx context.Context, o TxOptions) (*Tx, error) {
	switch o.Isolation {
	case "", "snapshot":
	case "serializable":
		return nil, status.Errorf(status.SerializableNotYet, "serializable isolation is not offered yet").
			WithHint("the default, snapshot isolation, prevents lost updates; write skew must be guarded by writing what was read")
	default:
		return nil, status.Errorf(status.MalformedRequest, "unknown isolation %q", o.Isolation).WithHint("`snapshot` is offered")
	}
	t := &Tx{engine: e, gate: make(gate, 1)}
	n := &t.entry
	n.owner, n.user, n.started, n.readOnly, n.tx = o.Owner, o.User, time.Now(), o.ReadOnly, t
	t.gate.lock()
	defer t.unlock()
	if err := e.registry.addTx(t, e.opts.Tx.Open); err != nil {
		t.ended = errEnded()
		return nil, err
	}
	var err error
	if t.tx, err = e.store.Begin(ctx, o.ReadOnly); err != nil {
		t.ended = errEnded()
		e.registry.removeTx(t)
		return nil, err
	}
	if d := e.opts.Tx.Time; d > 0 {
		t.total = time.AfterFunc(d, func() { t.timeout("open", d, "tx-time") })
	}
	t.touch()
	return t, nil
}

// touch starts the idle timer anew.
func (t *Tx) touch() {
	d := t.engine.opts.Tx.Idle
	switch {
	case d <= 0 || t.ended != nil:
	case t.idle == nil:
		t.idle = time.AfterFunc(d, t.idleOver)
	default:
		t.idle.Reset(d)
	}
}

// idleOver ends a transaction that nobody works on. Rows that stand open do not keep it.
func (t *Tx) idleOver() {
	if !t.gate.tryLock() {
		return // a call is under way; its end starts the timer anew
	}
	t.gate.unlock()
	t.timeout("idle", t.engine.opts.Tx.Idle, "tx-idle")
}

func (t *Tx) timeout(what string, d time.Duration, setting string) {
	t.stop(status.Errorf(status.TransactionTimeout, "the transaction was %s for %v and was rolled back", what, d).
		WithHint("raise `%s`, or send statements sooner", setting))
}

// stop makes the running call fail with cause and ends the transaction, at once
// where no call is running.
func (t *Tx) stop(cause *status.Error) {
	t.entry.cause.CompareAndSwap(nil, cause)
	t.notice()
}

// notice ends a transaction that was stopped, unless a call is running, which does
// so when it is over.
func (t *Tx) notice() {
	if t.gate.tryLock() {
		t.endStopped()
		t.gate.unlock()
	}
}

func (t *Tx) endStopped() {
	if c := t.entry.cause.Load(); c != nil && t.ended == nil {
		t.finish(c)
	}
}

// ID names the transaction on the wire.
func (t *Tx) ID() string { return t.entry.id }

// Owner returns who opened it.
func (t *Tx) Owner() string { return t.entry.owner }

// ReadOnly reports whether writes are refused.
func (t *Tx) ReadOnly() bool { return t.entry.readOnly }

// Expires returns when the transaction will be rolled back if nothing more is sent,
// or the zero time for never.
func (t *Tx) Expires() time.Time {
	var total time.Time
	if d := t.engine.opts.Tx.Time; d > 0 {
		total = t.entry.started.Add(d)
	}
	d := t.engine.opts.Tx.Idle
	if d <= 0 {
		return total
	}
	idle := time.Now().Add(d)
	if total.IsZero() || idle.Before(total) {
		return idle
	}
	return total
}

// Transaction finds an open explicit transaction of an owner.
func (e *Engine) Transaction(id, owner string) (*Tx, error) {
	t, why := e.registry.findTx(id, owner)
	switch {
	case why != nil:
		return nil, why
	case t == nil:
		return nil, status.Errorf(status.NoSuchTransaction, "no open transaction %.100q", id).WithHint("it may have ended; begin a new one")
	}
	return t, nil
}

// lock waits for the call that runs and refuses an ended transaction.
func (t *Tx) lock(ctx context.Context) error {
	if err := t.gate.lockContext(ctx); err != nil {
		return err
	}
	if t.endStopped(); t.ended != nil {
		err := copyOf(t.ended)
		if err.Code == status.Draining {
			err = t.engine.registry.refusal()
		}
		t.gate.unlock()
		return err
	}
	return nil
}

// unlock lets the next call in. A cause that came meanwhile found the gate shut.
func (t *Tx) unlock() {
	t.gate.unlock()
	if t.entry.cause.Load() != nil {
		t.notice()
	}
}

// settle ends the statement whose rows stand open, and returns its error if it wrote.
func (t *Tx) settle() error {
	r := t.current
	if r == nil {
		return nil
	}
	r.setAside()
	if r.c.writes {
		return r.err
	}
	return nil
}

// finish lets go of everything.
func (t *Tx) finish(why *status.Error) {
	if t.ended != nil {
		return
	}
	if r := t.current; r != nil {
		r.release(copyOf(why))
	}
	t.ended = why
	if t.idle != nil {
		t.idle.Stop()
	}
	if t.total != nil {
		t.total.Stop()
	}
	t.tx.Rollback() // does nothing after a commit
	t.engine.registry.removeTx(t)
}

func errEnded() *status.Error {
	return status.Errorf(status.TransactionClosed, "the transaction has ended").WithHint("begin a new one")
}

func errAbandoned() *status.Error {
	return status.Errorf(status.Cancelled, "the rows were never closed")
}

// Commit makes the transaction's changes durable and visible, or none of them. It
// ends the transaction either way, unless ctx is over before the running call is.
func (t *Tx) Commit(ctx context.Context) error {
	if err := t.lock(ctx); err != nil {
		return err
	}
	defer t.unlock()
	return t.commit(ctx, t.settle())
}

// commit is Commit under the gate; a writing statement that failed while it was
// settled fails it too, since nobody else may hear of that.
func (t *Tx) commit(ctx context.Context, before error) error {
	err := before
	if err == nil {
		_, err = t.tx.Commit(ctx, t.engine.opts.Durability)
	}
	t.finish(errEnded())
	return err
}

// Rollback drops the transaction's changes, and ends a statement that another
// goroutine runs in it. After the end it does nothing.
func (t *Tx) Rollback() error {
	t.stop(status.Errorf(status.TransactionClosed, "the transaction was rolled back").WithHint("begin a new one"))
	t.gate.lock()
	defer t.gate.unlock()
	t.endStopped()
	return nil
}

// Engine returns the engine that the transaction belongs to.
func (t *Tx) Engine() *Engine { return t.engine }
