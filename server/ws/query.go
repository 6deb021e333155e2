package ws

import (
	"errors"
	"math"
	"sync"
	"time"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/query"
	"github.com/kadedb/kadedb/server/front"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/wire"
)

// query runs a statement and sends its rows.
func (r *request) query() error {
	p, err := r.statementOf()
	if err != nil {
		return err
	}
	req, err := r.requestOf(p)
	if err != nil {
		return err
	}
	a := &answer{r: r, left: math.MaxInt64, held: r.call.Hold(r.fields.MemoryBytes)}
	if r.more != nil {
		a.left = 0
	}
	var prepared *query.Prepared
	if p != nil {
		prepared = p.p
	}
	err = a.run(prepared, req)
	r.call.Finished(req, time.Since(r.started), a.rows, err)
	return err
}

// statementOf returns the prepared statement that is asked for, or nil for a text.
func (r *request) statementOf() (*statement, error) {
	f := &r.fields
	switch {
	case f.statement == 0 && f.Query == "":
		return nil, missing("query")
	case f.statement == 0:
		return nil, nil
	case f.Query != "":
		return nil, status.Errorf(status.MalformedRequest, "`query` and `statement` exclude each other")
	}
	r.c.mu.Lock()
	s := r.c.statements[f.statement]
	r.c.mu.Unlock()
	if s == nil {
		return nil, noStatement(f.statement)
	}
	return s, nil
}

func (r *request) requestOf(p *statement) (*query.Request, error) {
	f := &r.fields
	req := &query.Request{Text: f.Query, Params: f.Params, Streamed: true, Limits: &kadedb.Limits{Time: f.Timeout,
		Memory: f.MemoryBytes, PathRows: f.MaxPathRows, PathLength: int(min(f.MaxPathLength, 1<<30))}}
	if p != nil {
		req.Text = p.text
	}
	if f.ReadOnly != nil && r.tx != "" {
		return nil, status.Errorf(status.MalformedRequest, "`read_only` belongs to the request that opens the transaction")
	}
	req.ReadOnly = f.ReadOnly != nil && *f.ReadOnly
	if r.tx == "" {
		return req, nil
	}
	var err error
	req.Tx, err = r.call.DB.EngineOf().Transaction(r.tx, r.call.Owner())
	return req, err
}

const (
	// flushBytes and flushTime are after how much, or how long, rows go out.
	flushBytes = 32 << 10
	flushTime  = 100 * time.Millisecond
)

var batches = sync.Pool{New: func() any { b := make([]byte, 0, 1<<10); return &b }}

// maxBatch keeps one long row from being held on to for ever.
const maxBatch = 2 * flushBytes

// answer is the message under way of a statement's rows.
type answer struct {
	r       *request
	buf     *[]byte
	m       wire.Message
	array   wire.Rows
	open    bool // array is
	columns []string
	sent    bool  // a message with the columns was
	left    int64 // credit taken over
	rows    int64
	since   time.Time  // its first row was found
	held    front.Held // of a long message
}

func (a *answer) run(p *query.Prepared, req *query.Request) error {
	a.buf = batches.Get().(*[]byte)
	defer a.release()
	res, err := a.r.call.RunPrepared(p, *req)
	if err != nil {
		return err
	}
	a.columns = res.Columns()
	a.begin()
	for res.Next() {
		if a.left == 0 {
			if err := a.wait(req); err != nil {
				return a.abandon(res, err)
			}
		}
		if !a.open {
			a.array, a.open = a.m.Rows("rows"), true
			a.since = time.Now()
		}
		a.array.Add(res.Values())
		a.left--
		a.rows++
		if n := a.m.Len(); n >= flushBytes || (a.array.N <= 64 || a.array.N%64 == 0) && time.Since(a.since) > flushTime {
			if err := a.held.Grow(a.m.Cap(), "a row", "return less in one row"); err != nil {
				return a.abandon(res, err)
			}
			if !a.flush() {
				return a.abandon(res, front.ErrGone)
			}
		}
	}
	if err := errors.Join(res.Err(), res.Close()); err != nil {
		return err
	}
	return a.finish(res)
}

// begin begins the next message.
func (a *answer) begin() {
	a.m = wire.NewMessage(a.r.c.form, (*a.buf)[:0])
	a.m.Values = a.r.c.values
	a.m.Type("rows")
	a.m.Int("id", a.r.id)
	if !a.sent {
		a.m.Texts("columns", a.columns)
		a.sent = true
	}
	a.open = false
}

// flush sends the rows so far, and reports whether the client is still there.
func (a *answer) flush() bool {
	if a.open {
		a.array.End()
	}
	b := a.m.End()
	if cap(b) <= maxBatch {
		*a.buf = b
	}
	if !a.r.c.send(b) {
		return false
	}
	a.r.rows.Store(a.rows)
	a.r.sentAt.Store(a.r.c.srv.now())
	a.begin()
	return true
}

// wait waits for credit, and gives the request's room to others meanwhile.
func (a *answer) wait(req *query.Request) error {
	r := a.r
	if a.left = r.credit.Swap(0); a.left > 0 {
		return nil
	}
	// What the client has asked for is all there: it must get it now.
	if a.open && !a.flush() {
		return front.ErrGone
	}
	limit := req.Limits.Time
	if limit == 0 {
		limit = r.call.DB.Limits().Time
	}
	over := time.NewTimer(time.Until(r.started.Add(limit)))
	defer over.Stop()
	r.waiting.Store(true)
	r.call.Pause()
	defer func() {
		r.call.Resume()
		r.waiting.Store(false)
	}()
	for {
		select {
		case <-r.more:
			if a.left = r.credit.Swap(0); a.left > 0 {
				return nil
			}
		case <-over.C:
			return status.Errorf(status.QueryTimeLimit, "no credit came within %v of the query's beginning", limit).
				WithHint("send `credit` sooner, or raise `timeout_ms`")
		case <-r.call.Context().Done():
			return r.call.Context().Err()
		}
	}
}

// abandon ends a statement whose answer cannot be given, so that it changes nothing.
func (a *answer) abandon(res *query.Result, err error) error {
	err = a.r.call.Explain(err) // before the context has another cause
	a.r.call.Cancel(err)
	if cerr := res.Close(); cerr != nil && status.CodeOf(cerr) != status.CodeOf(err) {
		return errors.Join(err, cerr)
	}
	return err
}

// finish turns the message under way into the last one.
func (a *answer) finish(res *query.Result) error {
	if a.open {
		a.array.End()
	}
	s := res.Summary()
	m := &a.m
	m.SetType("done")
	m.Counters("stats", front.Counters(&s))
	m.Texts("notices", s.Notices)
	m.Statuses("statuses", s.Status(), s.Notices)
	if s.Plan != "" {
		m.Text("plan", s.Plan)
	}
	if s.Tx != nil {
		a.r.c.adopt(s.Tx)
		txFields(m, s.Tx)
	}
	m.Millis("ms", time.Since(a.r.started).Microseconds())
	b := m.End()
	if cap(b) <= maxBatch {
		*a.buf = b
	}
	a.r.last(b)
	return nil
}

func (a *answer) release() {
	a.held.Close()
	batches.Put(a.buf)
}
