package query

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kadedb/kadedb/query/procedure"
	"github.com/kadedb/kadedb/status"
)

// registry knows every running statement and every open transaction: what SHOW
// TRANSACTIONS lists, TERMINATE ends, a revoked token loses, and Close waits for.
type registry struct {
	next   atomic.Uint64
	open   atomic.Int64
	closed atomic.Bool
	gone   atomic.Bool   // all is out
	idle   chan struct{} // closed once closed is set and open is zero
	once   sync.Once

	shards [registryShards]registryShard // of statements outside transactions

	mu    sync.Mutex
	txs   map[string]*Tx
	ended endings
}

// endings remembers, of the last transactions that ended otherwise than by their owner's
// wish, how they did, so that who comes back for one hears of it.
type endings struct {
	by    map[string]ending
	order []string // a ring of the ids in by
	at    int
}

// mostEndings bounds endings.
const mostEndings = 1024

type ending struct {
	owner string
	why   *status.Error
}

func (n *endings) add(id string, e ending) {
	if n.by == nil {
		n.by = map[string]ending{}
	}
	if len(n.order) < mostEndings {
		n.order = append(n.order, id)
	} else {
		delete(n.by, n.order[n.at])
		n.order[n.at] = id
		n.at = (n.at + 1) % mostEndings
	}
	n.by[id] = e
}

// registryShards keeps short statements of many goroutines out of each other's way.
const registryShards = 16

type registryShard struct {
	mu    sync.Mutex
	first *entry
	_     [48]byte // a cache line for each
}

// entry is one running statement outside a transaction, or one explicit transaction.
type entry struct {
	number   uint64 // of a statement
	id       string // of a transaction
	owner    string
	user     string // what its owner is called
	started  time.Time
	readOnly bool
	tx       *Tx     // nil for a statement by itself
	res      *Result // of a statement by itself

	text  atomic.Pointer[string] // the statement now running; nil between statements
	cause atomic.Pointer[status.Error]

	progress progress

	shard      *registryShard // nil: not listed
	prev, next *entry         // under shard.mu
}

func (r *registry) init() {
	r.txs, r.idle = map[string]*Tx{}, make(chan struct{})
}

func errClosing() *status.Error { return status.Errorf(status.Draining, "the store is closing") }

// refusal is why nothing begins any more.
func (r *registry) refusal() *status.Error {
	if r.gone.Load() {
		return status.Errorf(status.StoreClosed, "the store is closed")
	}
	return errClosing()
}

// add lists a statement. It may be ended from now on.
func (r *registry) add(e *entry) error {
	e.number = r.next.Add(1)
	s := &r.shards[e.number%registryShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.closed.Load() {
		return r.refusal()
	}
	r.open.Add(1)
	e.shard, e.prev, e.next = s, nil, s.first
	if s.first != nil {
		s.first.prev = e
	}
	s.first = e
	return nil
}

// writes makes a listed statement one that is not read-only.
func (e *entry) writes() {
	e.shard.mu.Lock()
	e.readOnly = false
	e.shard.mu.Unlock()
}

// remove takes a statement off the list, if it is there; nobody ends it any more.
func (r *registry) remove(e *entry) {
	s := e.shard
	if s == nil {
		return
	}
	s.mu.Lock()
	if e.prev != nil {
		e.prev.next = e.next
	} else {
		s.first = e.next
	}
	if e.next != nil {
		e.next.prev = e.prev
	}
	e.shard, e.prev, e.next = nil, nil, nil
	s.mu.Unlock()
	r.left()
}

func (r *registry) left() {
	if r.open.Add(-1) == 0 && r.closed.Load() {
		r.once.Do(func() { close(r.idle) })
	}
}

// addTx lists a transaction under an id that cannot be guessed.
func (r *registry) addTx(t *Tx, most int) error {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		return status.Errorf(status.Internal, "no random numbers: %w", err)
	}
	t.entry.id = hex.EncodeToString(b[:])
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.closed.Load():
		return r.refusal()
	case most > 0 && len(r.txs) >= most:
		return status.Errorf(status.SessionLimit, "%d transactions are open, which is the most", len(r.txs)).
			WithHint("commit or roll back some, or raise `tx-open`")
	}
	r.open.Add(1)
	r.txs[t.entry.id] = t
	return nil
}

func (r *registry) removeTx(t *Tx) {
	r.mu.Lock()
	_, ok := r.txs[t.entry.id]
	delete(r.txs, t.entry.id)
	if why := t.ended; ok && why != nil && (why.Code == status.TransactionTimeout || why.Code == status.TransactionTerminated) {
		r.ended.add(t.entry.id, ending{t.entry.owner, why})
	}
	r.mu.Unlock()
	if ok {
		r.left()
	}
}

// findTx returns an open transaction of an owner, or how it ended where that is still known.
func (r *registry) findTx(id, owner string) (*Tx, *status.Error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if t := r.txs[id]; t != nil && t.entry.owner == owner {
		return t, nil
	}
	if e, ok := r.ended.by[id]; ok && e.owner == owner {
		return nil, copyOf(e.why)
	}
	return nil, nil
}

// each calls f for what is listed, under the lock of its list.
func (r *registry) each(f func(*entry)) {
	for i := range r.shards {
		s := &r.shards[i]
		s.mu.Lock()
		for e := s.first; e != nil; e = e.next {
			f(e)
		}
		s.mu.Unlock()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range r.txs {
		f(&t.entry)
	}
}

// stop ends what matches: a running call finds the cause at its next check, what
// stands still between two calls is let go of here.
func (r *registry) stop(match func(*entry) bool, cause *status.Error) int {
	var txs []*Tx
	var results []*Result
	r.each(func(e *entry) {
		switch {
		case !match(e):
			return
		case e.tx != nil:
			txs = append(txs, e.tx)
		default:
			results = append(results, e.res)
		}
		e.cause.CompareAndSwap(nil, cause)
	})
	for _, t := range txs {
		t.notice()
	}
	for _, res := range results {
		res.notice()
	}
	return len(txs) + len(results)
}

// close ends everything, lets nothing new begin, and returns when all is out.
func (r *registry) close() {
	r.closed.Store(true)
	r.stop(func(*entry) bool { return true }, errClosing())
	if r.open.Load() == 0 {
		r.once.Do(func() { close(r.idle) })
	}
	<-r.idle
	r.gone.Store(true)
}

// EndOwner ends every statement and transaction of an owner, because its token was
// revoked, and returns how many there were.
func (e *Engine) EndOwner(owner string) int {
	return e.registry.stop(func(x *entry) bool { return x.owner == owner },
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

func (s sessions) sees(e *entry) bool { return s.owner == "" || s.owner == e.owner }

// statementID is what a statement outside a transaction is called.
func statementID(number uint64) string { return "q" + strconv.FormatUint(number, 10) }

// Transactions lists open transactions and running statements, oldest first.
func (s sessions) Transactions() []procedure.Transaction {
	out := []procedure.Transaction{}
	s.r.each(func(e *entry) {
		if !s.sees(e) {
			return
		}
		t := procedure.Transaction{ID: e.id, User: e.user, Status: "Idle", Started: e.started, ReadOnly: e.readOnly}
		if e.tx == nil {
			t.ID = statementID(e.number)
		}
		if text := e.text.Load(); text != nil {
			t.Query, t.Status = *text, "Running"
			t.Details = e.progress.String()
		}
		if e.cause.Load() != nil {
			t.Status = "Terminated"
		}
		out = append(out, t)
	})
	sort.SliceStable(out, func(i, j int) bool { return out[i].Started.Before(out[j].Started) })
	return out
}

// Open says what is under way in the engine.
type Open struct {
	Transactions int       // explicit ones
	Statements   int       // outside of those
	Oldest       time.Time // when the first of all these began; zero: nothing is open
}

// Open counts what is under way.
func (e *Engine) Open() Open {
	var o Open
	e.registry.each(func(x *entry) {
		if x.tx != nil {
			o.Transactions++
		} else {
			o.Statements++
		}
		if o.Oldest.IsZero() || x.started.Before(o.Oldest) {
			o.Oldest = x.started
		}
	})
	return o
}

// Terminate ends a transaction or statement.
func (s sessions) Terminate(id string) (bool, error) {
	match := func(e *entry) bool { return e.tx != nil && e.id == id && s.sees(e) }
	if digits, ok := strings.CutPrefix(id, "q"); ok {
		n, err := strconv.ParseUint(digits, 10, 64)
		if err != nil {
			return false, nil
		}
		match = func(e *entry) bool { return e.tx == nil && e.number == n && s.sees(e) }
	}
	n := s.r.stop(match, status.Errorf(status.TransactionTerminated, "transaction %s was terminated", id))
	return n > 0, nil
}

// runContext is the context of one statement. It needs no timer and no goroutine:
// whoever runs the statement asks Err between batches.
type runContext struct {
	context.Context
	entry   *entry
	started time.Time
	limit   time.Duration // 0: none
}

// Deadline returns the earlier of the statement's and the caller's.
func (c *runContext) Deadline() (time.Time, bool) {
	d, ok := c.Context.Deadline()
	if c.limit <= 0 {
		return d, ok
	}
	if own := c.started.Add(c.limit); !ok || own.Before(d) {
		return own, true
	}
	return d, true
}

// Err returns why the statement must end, as a *status.Error where this package knows.
func (c *runContext) Err() error {
	if e := c.entry.cause.Load(); e != nil {
		return copyOf(e)
	}
	if err := c.Context.Err(); err != nil {
		return err
	}
	if c.limit > 0 && time.Since(c.started) > c.limit {
		return status.Errorf(status.QueryTimeLimit, "the query ran longer than %v", c.limit).
			WithHint("raise `query-time` (or `timeout_ms` in the request), or make the query do less")
	}
	return nil
}

// copyOf keeps those who share a cause from writing into it.
func copyOf(e *status.Error) *status.Error {
	c := *e
	return &c
}
