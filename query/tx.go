package query

import (
	"context"
	"sync"
	"time"

	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/status"
)

// Tx is an explicit transaction: statements one after the other, then Commit or
// Rollback. Calls from several goroutines wait for each other. An idle or long
// transaction is rolled back by itself (TxLimits).
type Tx struct {
	engine *Engine
	entry  *entry

	mu     sync.Mutex // held while a statement runs
	tx     *graph.Tx
	ended  *status.Error // why nothing more can be done; nil while open
	idle   *time.Timer
	total  *time.Timer
	expire time.Time
}

// TxOptions configure Begin.
type TxOptions struct {
	ReadOnly  bool
	Isolation string // "" and "snapshot"; "serializable" is refused
	Owner     string
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
	t := &Tx{engine: e}
	t.entry = &entry{owner: o.Owner, started: time.Now(), readOnly: o.ReadOnly, tx: t}
	if err := e.registry.add(t.entry, e.opts.Tx.Open); err != nil {
		return nil, err
	}
	gtx, err := e.store.Begin(ctx, o.ReadOnly)
	if err != nil {
		e.registry.remove(t.entry)
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tx = gtx
	if d := e.opts.Tx.Time; d > 0 {
		t.total = time.AfterFunc(d, func() { t.timeout("open", d, "tx-time") })
		t.expire = t.entry.started.Add(d)
	}
	t.touch()
	return t, nil
}

// touch starts the idle timer anew.
func (t *Tx) touch() {
	d := t.engine.opts.Tx.Idle
	if d <= 0 {
		return
	}
	if t.idle == nil {
		t.idle = time.AfterFunc(d, func() { t.timeout("idle", d, "tx-idle") })
		return
	}
	t.idle.Reset(d)
}

func (t *Tx) timeout(what string, d time.Duration, setting string) {
	if what == "idle" && t.entry.text.Load() != nil {
		return // a statement runs; its end starts the timer anew
	}
	t.entry.stop(status.Errorf(status.TransactionTimeout, "the transaction was %s for %v and was rolled back", what, d).
		WithHint("raise `%s`, or send statements sooner", setting))
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
	t.mu.Lock()
	defer t.mu.Unlock()
	d := t.engine.opts.Tx.Idle
	if d <= 0 {
		return t.expire
	}
	idle := time.Now().Add(d)
	if t.expire.IsZero() || idle.Before(t.expire) {
		return idle
	}
	return t.expire
}

// Transaction finds an open explicit transaction of an owner.
func (e *Engine) Transaction(id, owner string) (*Tx, error) {
	x := e.registry.find(id)
	if x == nil || x.tx == nil || x.owner != owner {
		return nil, status.Errorf(status.NoSuchTransaction, "no open transaction %q", id).
			WithHint("it may have ended or timed out; begin a new one")
	}
	return x.tx, nil
}

// lock waits for the statement that runs and refuses an ended transaction.
func (t *Tx) lock() error {
	t.mu.Lock()
	if t.ended == nil {
		if c := t.entry.cause.Load(); c != nil {
			t.finish(c)
		}
	}
	if t.ended != nil {
		err := *t.ended
		t.mu.Unlock()
		return &err
	}
	return nil
}

// finish lets go of everything; t.mu is held.
func (t *Tx) finish(why *status.Error) {
	t.ended = why
	if t.idle != nil {
		t.idle.Stop()
	}
	if t.total != nil {
		t.total.Stop()
	}
	t.tx.Rollback()
	t.engine.registry.remove(t.entry)
}

// abandon rolls back once the running statement has noticed the entry's cause.
func (t *Tx) abandon() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c := t.entry.cause.Load(); t.ended == nil && c != nil {
		t.finish(c)
	}
}

var errEnded = status.Errorf(status.TransactionClosed, "the transaction has ended").WithHint("begin a new one")

// Commit makes the transaction's changes durable and visible, or none of them. It
// ends the transaction either way.
func (t *Tx) Commit(ctx context.Context) error {
	if err := t.lock(); err != nil {
		return err
	}
	defer t.mu.Unlock()
	_, err := t.tx.Commit(ctx, t.engine.opts.Durability)
	t.finish(errEnded)
	return err
}

// Rollback drops the transaction's changes. After the end it does nothing.
func (t *Tx) Rollback() error {
	if err := t.lock(); err != nil {
		return nil
	}
	defer t.mu.Unlock()
	t.finish(errEnded)
	return nil
}

// Engine returns the engine that the transaction belongs to.
func (t *Tx) Engine() *Engine { return t.engine }
