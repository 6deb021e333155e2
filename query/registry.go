package query

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"sort"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kadedb/kadedb/query/procedure"
	"github.com/kadedb/kadedb/status"
)

// registry knows every running statement and every open transaction: what SHOW
// TRANSACTIONS lists, TERMINATE ends, and a revoked token loses.
type registry struct {
	mu   sync.Mutex
	open map[string]*entry
	next atomic.Uint64
}

// entry is one running statement outside a transaction, or one explicit transaction.
type entry struct {
	id       string
	owner    string
	started  time.Time
	readOnly bool
	tx       *Tx // nil for a statement by itself

	text  atomic.Pointer[string] // the statement now running; nil between statements
	cause atomic.Pointer[status.Error]
}

func (r *registry) init() { r.open = map[string]*entry{} }

// add enters e under a new id; explicit transactions get one that cannot be guessed.
func (r *registry) add(e *entry, most int) error {
	if e.tx != nil {
		var b [16]byte
		if _, err := rand.Read(b[:]); err != nil {
			return status.Errorf(status.Internal, "no random numbers: %w", err)
		}
		e.id = hex.EncodeToString(b[:])
	} else {
		e.id = "q" + strconv.FormatUint(r.next.Add(1), 10)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if e.tx != nil && most > 0 {
		n := 0
		for _, o := range r.open {
			if o.tx != nil {
				n++
			}
		}
		if n >= most {
			return status.Errorf(status.SessionLimit, "%d transactions are open, which is the most", n).
				WithHint("commit or roll back some, or raise `tx-open`")
		}
	}
	r.open[e.id] = e
	return nil
}

func (r *registry) remove(e *entry) {
	r.mu.Lock()
	delete(r.open, e.id)
	r.mu.Unlock()
}

func (r *registry) find(id string) *entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.open[id]
}

// stop makes the entry's running statement fail with cause, and ends its
// transaction, as soon as its statement is out of the way.
func (e *entry) stop(cause *status.Error) {
	e.cause.CompareAndSwap(nil, cause)
	if e.tx != nil {
		go e.tx.abandon()
	}
}

func (r *registry) stopWhere(match func(*entry) bool, cause *status.Error) int {
	r.mu.Lock()
	var hit []*entry
	for _, e := range r.open {
		if match(e) {
			hit = append(hit, e)
		}
	}
	r.mu.Unlock()
	for _, e := range hit {
		e.stop(cause)
	}
	return len(hit)
}

func (r *registry) closeAll() {
	r.stopWhere(func(*entry) bool { return true }, status.Errorf(status.Draining, "the store is closing"))
}

// EndOwner ends every statement and transaction of an owner, because its token was
// revoked, and returns how many there were.
func (e *Engine) EndOwner(owner string) int {
	return e.registry.stopWhere(func(x *entry) bool { return x.owner == owner },
		status.Errorf(status.TransactionTerminated, "the token that opened this was revoked"))
}

// sessions returns what the request may see of others.
func (e *Engine) sessions(r *Request) sessions {
	if r.Everyone {
		return sessions{r: &e.registry}
	}
	return sessions{&e.registry, r.Owner}
}

// sessions is what the procedures about transactions see: those of an owner, or
// all where owner is "".
type sessions struct {
	r     *registry
	owner string
}

// Transactions lists open transactions and running statements, oldest first.
func (s sessions) Transactions() []procedure.Transaction {
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	out := make([]procedure.Transaction, 0, len(s.r.open))
	for _, e := range s.r.open {
		if s.owner != "" && s.owner != e.owner {
			continue
		}
		t := procedure.Transaction{ID: e.id, User: e.owner, Status: "Idle", Started: e.started, ReadOnly: e.readOnly}
		if text := e.text.Load(); text != nil {
			t.Query, t.Status = *text, "Running"
		}
		if e.cause.Load() != nil {
			t.Status = "Terminated"
		}
		out = append(out, t)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Started.Before(out[j].Started) })
	return out
}

// Terminate ends a transaction or statement.
func (s sessions) Terminate(id string) (bool, error) {
	e := s.r.find(id)
	if e == nil || s.owner != "" && s.owner != e.owner {
		return false, nil
	}
	e.stop(status.Errorf(status.TransactionTerminated, "transaction %s was terminated", id))
	return true, nil
}

// runContext is the context of one statement. It needs no timer and no goroutine:
// whoever runs the statement asks Err between batches.
type runContext struct {
	context.Context
	entry    *entry
	deadline time.Time // zero: none
	limit    time.Duration
}

// Deadline returns the earlier of the statement's and the caller's.
func (c *runContext) Deadline() (time.Time, bool) {
	d, ok := c.Context.Deadline()
	if c.deadline.IsZero() || ok && d.Before(c.deadline) {
		return d, ok
	}
	return c.deadline, true
}

// Err returns why the statement must end, as a *status.Error where this package knows.
func (c *runContext) Err() error {
	if e := c.entry.cause.Load(); e != nil {
		return e
	}
	if err := c.Context.Err(); err != nil {
		return err
	}
	if !c.deadline.IsZero() && time.Now().After(c.deadline) {
		return status.Errorf(status.QueryTimeLimit, "the query ran longer than %v", c.limit).
			WithHint("raise `query-time` (or `timeout_ms` in the request), or make the query do less")
	}
	return nil
}
