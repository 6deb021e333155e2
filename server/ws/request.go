package ws

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/kadedb/kadedb/auth"
	"github.com/kadedb/kadedb/query"
	"github.com/kadedb/kadedb/server/front"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
	"github.com/kadedb/kadedb/wire"
)

// soon is how long a request may keep the goroutine that reads the connection's messages.
const soon = 200 * time.Microsecond

// listen takes messages until the connection ends, and finishes it, or until another
// goroutine does in its place. A request that is alone runs on the goroutine that has read
// it: handing it to another one costs more than a point read. One that takes longer than
// soon goes on there, and the rest of the connection moves to a new goroutine.
func (c *conn) listen() {
	for {
		msg, err := c.read()
		var r *request
		if err == nil {
			r, err = c.take(msg)
		}
		switch {
		case err != nil:
			c.finish(err)
			return
		case r == nil:
			continue
		case c.running.Load() > 1:
			go r.work()
			continue
		}
		move := time.AfterFunc(soon, c.listen)
		r.work()
		if !move.Stop() {
			return
		}
	}
}

// take acts on one message: the short ones here, of the others it returns the request
// that is to be worked on.
func (c *conn) take(msg *message) (*request, error) {
	switch msg.typ {
	case "init":
		msg.release()
		return nil, &closing{closeTooMany, "`init` a second time"}
	case "ping":
		msg.release()
		if msg.misfit != nil {
			return nil, malformed(msg.misfit)
		}
		for _, k := range msg.m.Keys {
			if k != "type" && k != "id" {
				return nil, noField(k, msg.typ)
			}
		}
		m := wire.NewMessage(c.form, nil)
		m.Type("pong")
		if msg.id >= 0 {
			m.Int("id", msg.id)
		}
		c.send(m.End())
		return nil, nil
	}
	if msg.id < 0 {
		msg.release()
		return nil, &closing{closeMalformed, "a message of type `" + clip(msg.typ, 20) + "` has an `id`"}
	}
	var run func(*request) error
	switch msg.typ {
	case "credit", "cancel":
		defer msg.release()
		return nil, c.steer(msg)
	case "query":
		run = (*request).query
	case "prepare":
		run = (*request).prepare
	case "forget":
		run = (*request).forget
	case "begin":
		run = (*request).begin
	case "commit":
		run = (*request).commit
	case "rollback":
		run = (*request).rollback
	default:
		msg.release()
		return nil, &closing{closeMalformed, "there is no message of type `" + clip(msg.typ, 20) + "`"}
	}
	return c.start(msg, run)
}

func noField(name, typ string) error {
	return &closing{closeMalformed, fmt.Sprintf("`%s` cannot be used in a message of type `%s`", clip(name, 20), typ)}
}

// steer acts on a request that is under way, and does nothing where it is not any more.
func (c *conn) steer(msg *message) error {
	if msg.misfit != nil {
		return malformed(msg.misfit)
	}
	rows := int64(0)
	for i, k := range msg.m.Keys {
		v := msg.m.Vals[i]
		switch {
		case k == "type" || k == "id":
		case k == "rows" && msg.typ == "credit" && v.Kind() == value.KindInt && v.AsInt() > 0:
			rows = v.AsInt()
		default:
			return noField(k, msg.typ)
		}
	}
	c.mu.Lock()
	r := c.requests[msg.id]
	c.mu.Unlock()
	switch {
	case msg.typ == "credit" && rows == 0:
		return &closing{closeMalformed, "`credit` has `rows`, how many more may be sent"}
	case r == nil || r.call == nil: // it has ended, or was refused and is about to leave
	case msg.typ == "credit":
		r.give(rows)
	default:
		r.call.Cancel(status.Errorf(status.Cancelled, "cancelled by the client"))
	}
	return nil
}

// request is one that is under way.
type request struct {
	c       *conn
	run     func(*request) error
	call    *front.Call
	msg     *message
	id      int64
	started time.Time
	done    chan struct{} // closed at its end; nil outside transactions

	before *request // of the same transaction; nil
	tx     string
	fields fields
	bad    error // of fields

	credit atomic.Int64  // rows given and not yet taken over
	more   chan struct{} // has one where credit was given

	// For progress.
	every   time.Duration
	sentAt  atomic.Int64 // srv.now of the last message
	rows    atomic.Int64 // sent
	waiting atomic.Bool
	over    bool // its last message was sent; under conn.write
}

// start begins a request, or answers with why it cannot.
func (c *conn) start(msg *message, run func(*request) error) (*request, error) {
	r := &request{c: c, run: run, msg: msg, id: msg.id, started: time.Now(), every: progressTime}
	if r.bad = r.fields.read(msg); msg.misfit != nil {
		r.bad = msg.misfit
	}
	r.tx = r.fields.Tx
	r.ready()
	if err := r.enter(); err != nil {
		msg.release()
		var own *closing
		if errors.As(err, &own) {
			return nil, own
		}
		c.fail(r.id, status.From(err))
		return nil, nil
	}
	c.work.Add(1)
	var err error
	if r.call, err = c.session.Call(); err != nil {
		msg.release()
		r.last(c.errorMessage(r.id, status.From(err)))
		go func() {
			defer c.work.Done()
			r.leave()
		}()
		return nil, nil
	}
	return r, nil
}

// enter makes the request one of those that are under way.
func (r *request) enter() error {
	c := r.c
	c.mu.Lock()
	defer c.mu.Unlock()
	switch _, ok := c.requests[r.id]; {
	case ok:
		return &closing{closeDuplicate, fmt.Sprintf("request %d is under way already", r.id)}
	case c.stopping:
		return status.Errorf(status.Draining, "the server is stopping")
	case len(c.requests) >= c.srv.opts.Statements:
		return status.Errorf(status.SessionLimit, "%d requests of this connection are under way, which is the most", len(c.requests)).
			WithHint("wait for some to end, or start the server with more --ws-statements")
	}
	if c.requests == nil {
		c.requests = map[int64]*request{}
	}
	c.requests[r.id] = r
	c.running.Add(1)
	if r.tx != "" {
		if c.last == nil {
			c.last = map[string]*request{}
		}
		r.done = make(chan struct{})
		r.before, c.last[r.tx] = c.last[r.tx], r
	}
	return nil
}

// ready sets what messages about the request and reports of its progress find, before it
// is one of those under way.
func (r *request) ready() {
	f := &r.fields
	if f.credit > 0 {
		r.more = make(chan struct{}, 1)
		r.credit.Store(f.credit)
	}
	if f.progress >= 0 {
		r.every = f.progress
	}
	r.sentAt.Store(r.c.srv.now())
}

// work runs a request from its turn to its last message.
func (r *request) work() {
	defer r.c.work.Done()
	err := r.turn()
	if err == nil {
		err = r.guarded()
	}
	if err != nil {
		r.last(r.c.errorMessage(r.id, r.call.Fail(err)))
	}
	r.call.Leave()
	r.msg.release()
	r.leave()
}

// turn waits until the request before it in its transaction has ended.
func (r *request) turn() error {
	if r.bad != nil || r.before == nil {
		return r.bad
	}
	r.call.Pause()
	defer r.call.Resume()
	select {
	case <-r.before.done:
		return nil
	case <-r.call.Context().Done():
		return r.call.Context().Err()
	}
}

// leave is the opposite of enter.
func (r *request) leave() {
	c := r.c
	if r.before != nil {
		// Where this one ended before its turn, those after it still wait for that.
		<-r.before.done
		r.before = nil
	}
	c.mu.Lock()
	if c.requests[r.id] == r {
		delete(c.requests, r.id)
	}
	if r.tx != "" {
		if c.last[r.tx] == r {
			delete(c.last, r.tx)
		}
		if c.own[r.tx] != nil && c.hasEnded(r.tx) {
			delete(c.own, r.tx)
		}
		close(r.done)
	}
	idle := c.running.Add(-1) == 0 && c.stopping
	c.mu.Unlock()
	if idle {
		c.drain()
	}
}

// guarded keeps a panic from ending the process.
func (r *request) guarded() (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = status.Errorf(status.Internal, "a fault while answering; the log has it")
			r.c.srv.front.Log().Error("panic", "panic", p, "stack", stack())
		}
	}()
	return r.run(r)
}

// last sends the request's last message.
func (r *request) last(b []byte) bool {
	c := r.c
	// From here on another request may have the id: its client has read the end.
	c.mu.Lock()
	if c.requests[r.id] == r {
		delete(c.requests, r.id)
	}
	c.mu.Unlock()
	c.write.Lock()
	defer c.write.Unlock()
	r.over = true
	return c.sendLocked(b)
}

func (c *conn) errorMessage(id int64, e *status.Error) []byte {
	m := wire.NewMessage(c.form, nil)
	m.Type("error")
	m.Int("id", id)
	m.Error("error", e)
	return m.End()
}

func (c *conn) fail(id int64, e *status.Error) { c.send(c.errorMessage(id, e)) }

// give adds credit.
func (r *request) give(rows int64) {
	if r.more == nil {
		return // it sends as it can
	}
	r.credit.Add(min(rows, maxCredit))
	select {
	case r.more <- struct{}{}:
	default:
	}
}

// maxCredit is more than any answer has rows, and keeps sums far from overflow.
const maxCredit = 1 << 40

const (
	// progressTime is how long a request is silent before it says that it still runs.
	progressTime    = time.Second
	minProgressTime = 100 * time.Millisecond
)

// report tells clients of requests that were silent for long.
func (c *conn) report(now int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.requests {
		if at := r.sentAt.Load(); r.every > 0 && now-at >= int64(r.every) && r.sentAt.CompareAndSwap(at, now) {
			go r.progress()
		}
	}
}

func (r *request) progress() {
	m := wire.NewMessage(r.c.form, nil)
	m.Type("progress")
	m.Int("id", r.id)
	state := "running"
	if r.waiting.Load() {
		state = "waiting"
	}
	m.Text("state", state)
	m.Int("rows", r.rows.Load())
	m.Millis("ms", time.Since(r.started).Microseconds())
	r.c.write.Lock()
	defer r.c.write.Unlock()
	if !r.over {
		r.c.sendLocked(m.End())
	}
}

// prepare compiles a statement for many runs on this connection.
func (r *request) prepare() error {
	c, text := r.c, r.fields.Query
	if text == "" {
		return missing("query")
	}
	p, err := r.call.DB.EngineOf().Prepare(text)
	if err != nil {
		return err
	}
	c.mu.Lock()
	if c.held == nil {
		c.held = c.session.DB().Budget().Sub("prepared statements", maxStatementBytes)
		c.statements = map[int64]*statement{}
	}
	if len(c.statements) >= maxStatements {
		err = status.Errorf(status.SessionLimit, "%d statements are prepared on this connection, which is the most", maxStatements)
	} else if err = c.held.Reserve(statementBytes(text)); err != nil {
		err = status.Errorf(status.QueryMemoryLimit, "there is no memory for another prepared statement: %w", err)
	}
	if err != nil {
		c.mu.Unlock()
		return status.From(err).WithHint("send `forget` for some")
	}
	c.prepared++
	n := c.prepared
	c.statements[n] = &statement{text, p}
	c.mu.Unlock()
	m := wire.NewMessage(c.form, nil)
	m.Type("prepared")
	m.Int("id", r.id)
	m.Int("statement", n)
	m.Texts("columns", p.Columns())
	m.Bool("writes", p.Writes())
	r.last(m.End())
	return nil
}

const (
	maxStatements     = 256
	maxStatementBytes = 64 << 20
)

// statementBytes is about what a prepared statement holds.
func statementBytes(text string) int64 { return 4<<10 + 16*int64(len(text)) }

func (r *request) forget() error {
	c := r.c
	c.mu.Lock()
	s, ok := c.statements[r.fields.statement]
	if ok {
		delete(c.statements, r.fields.statement)
		c.held.Release(statementBytes(s.text))
	}
	c.mu.Unlock()
	if !ok {
		return noStatement(r.fields.statement)
	}
	return r.end()
}

func noStatement(n int64) error {
	return status.Errorf(status.MalformedRequest, "no statement %d is prepared on this connection", n).
		WithHint("send `prepare` on this connection first")
}

// end sends a `done` that says no more.
func (r *request) end() error {
	m := wire.NewMessage(r.c.form, nil)
	m.Type("done")
	m.Int("id", r.id)
	m.Millis("ms", time.Since(r.started).Microseconds())
	r.last(m.End())
	return nil
}

func (r *request) begin() error {
	readOnly := !r.call.May(auth.Writer)
	if asked := r.fields.ReadOnly; asked != nil {
		if readOnly && !*asked {
			return status.Errorf(status.RoleTooLow, "a token of role %s cannot open a transaction that writes", r.call.Token.Role)
		}
		readOnly = *asked
	}
	t, err := r.call.Begin(query.TxOptions{ReadOnly: readOnly, Isolation: r.fields.Isolation})
	if err != nil {
		return err
	}
	r.c.adopt(t)
	m := wire.NewMessage(r.c.form, nil)
	m.Type("begun")
	m.Int("id", r.id)
	txFields(&m, t)
	m.Bool("read_only", readOnly)
	r.last(m.End())
	return nil
}

func txFields(m *wire.Message, t *query.Tx) {
	m.Text("tx", t.ID())
	if at := t.Expires(); !at.IsZero() {
		m.Text("expires_at", at.UTC().Format(time.RFC3339Nano))
	}
}

// adopt makes a transaction end with the connection.
func (c *conn) adopt(t *query.Tx) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.own == nil {
		c.own = map[string]*query.Tx{}
	}
	if len(c.own) >= manyOwn {
		for id := range c.own {
			if c.hasEnded(id) {
				delete(c.own, id)
			}
		}
	}
	c.own[t.ID()] = t
}

// manyOwn is from where on transactions that ended by themselves are looked for.
const manyOwn = 16

func (c *conn) hasEnded(tx string) bool {
	_, err := c.session.DB().EngineOf().Transaction(tx, c.session.Token().ID)
	return err != nil
}

func (r *request) transaction() (*query.Tx, error) {
	if r.tx == "" {
		return nil, missing("tx")
	}
	return r.call.DB.EngineOf().Transaction(r.tx, r.call.Owner())
}

func (r *request) commit() error {
	t, err := r.transaction()
	if err == nil {
		err = t.Commit(r.call.Context())
	}
	if err != nil {
		return err
	}
	return r.end()
}

func (r *request) rollback() error {
	t, err := r.transaction()
	if err == nil {
		err = t.Rollback()
	}
	if err != nil {
		return err
	}
	return r.end()
}
