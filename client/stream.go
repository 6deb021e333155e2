package client

import (
	"context"
	"sync"
	"time"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
	"github.com/kadedb/kadedb/wire"
)

// StreamRequest is a statement to run over a Conn.
type StreamRequest struct {
	Request
	// Statement is a prepared statement's number, instead of Query.
	Statement int64
	// Credit is how many rows may be on their way (4,096).
	Credit int64
	// Progress is told now and then how far a long statement is, by Next.
	Progress func(Progress)
}

// Progress is how far a statement is.
type Progress struct {
	Rows    int64 // sent so far
	Elapsed time.Duration
	Waiting bool // for the client to read on
}

const usualCredit = 4096

// Stream is a statement's rows over a Conn, for one goroutine. It must be closed.
type Stream struct {
	conn *Conn
	ctx  context.Context
	id   int64
	wake chan struct{} // has one where queue or ended changed

	mu    sync.Mutex
	queue []*value.Map
	ended *status.Error // by the connection

	progress func(Progress)
	credit   int64 // a full one
	taken    int64 // rows since credit was given last
	columns  []string
	batch    []value.Value
	row      []value.Value
	last     bool // the answer has ended
	report   *Report
	err      error
}

// Query runs a statement. It returns when the beginning of the answer is there.
func (c *Conn) Query(ctx context.Context, r StreamRequest) (*Stream, error) {
	s := &Stream{progress: r.Progress, credit: r.Credit}
	if s.credit <= 0 {
		s.credit = usualCredit
	}
	if err := c.begin(ctx, "query", s, func(m *wire.Message) { fillQuery(m, &r, s.credit) }); err != nil {
		return nil, err
	}
	if s.advance(); s.err != nil {
		return nil, s.Close()
	}
	return s, nil
}

func fillQuery(m *wire.Message, r *StreamRequest, credit int64) {
	number := func(name string, n int64) {
		if n > 0 {
			m.Int(name, n)
		}
	}
	if r.Query != "" {
		m.Text("query", r.Query)
	}
	number("statement", r.Statement)
	if len(r.Params) > 0 {
		params := &value.Map{Keys: make([]string, 0, len(r.Params)), Vals: make([]value.Value, 0, len(r.Params))}
		for k, v := range r.Params {
			params.Keys, params.Vals = append(params.Keys, k), append(params.Vals, v)
		}
		m.Value("params", value.FromMap(params))
	}
	if r.Tx != "" {
		m.Text("tx", r.Tx)
	}
	number("credit", credit)
	number("timeout_ms", r.Timeout.Milliseconds())
	number("memory_bytes", r.MemoryBytes)
	number("max_path_rows", r.MaxPathRows)
	number("max_path_length", r.MaxPathLength)
	if r.ReadOnly != nil {
		m.Bool("read_only", *r.ReadOnly)
	}
	if r.Progress == nil {
		m.Int("progress_ms", 0)
	}
}

// put is called by the connection's reader. What waits is bounded by the credit.
func (s *Stream) put(m *value.Map) {
	s.mu.Lock()
	s.queue = append(s.queue, m)
	s.mu.Unlock()
	s.signal()
}

func (s *Stream) end(why *status.Error) {
	s.mu.Lock()
	s.ended = why
	s.mu.Unlock()
	s.signal()
}

func (s *Stream) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// take returns the next message.
func (s *Stream) take() (*value.Map, error) {
	for {
		s.mu.Lock()
		if len(s.queue) > 0 {
			m := s.queue[0]
			s.queue = s.queue[1:]
			s.mu.Unlock()
			return m, nil
		}
		ended := s.ended
		s.mu.Unlock()
		if ended != nil {
			return nil, ended
		}
		select {
		case <-s.wake:
		case <-s.ctx.Done():
			s.cancel()
			return nil, status.Ended(s.ctx, "the reading of rows")
		}
	}
}

// cancel ends the statement; what still comes of it belongs to nobody.
func (s *Stream) cancel() {
	c := s.conn
	c.mu.Lock()
	_, open := c.open[s.id]
	delete(c.open, s.id)
	c.mu.Unlock()
	if !open {
		return
	}
	if err := c.send("cancel", s.id, nil); err != nil {
		s.end(closedBy(c.base, err))
	}
}

// advance takes messages until there are rows, or the end.
func (s *Stream) advance() {
	for first := s.columns == nil; len(s.batch) == 0 && !s.last && s.err == nil; {
		m, err := s.take()
		if err != nil {
			s.err = err
			return
		}
		s.accept(m)
		if first && s.columns != nil {
			return
		}
	}
}

func (s *Stream) accept(m *value.Map) {
	switch text(m, "type") {
	case "progress":
		if s.progress != nil {
			rows, _ := m.Get("rows")
			ms, _ := m.Get("ms")
			s.progress(Progress{Rows: rows.AsInt(), Elapsed: time.Duration(ms.AsFloat() * float64(time.Millisecond)), Waiting: text(m, "state") == "waiting"})
		}
		return
	case "error":
		s.last = true
		if e, ok := m.Get("error"); ok && e.Kind() == value.KindMap {
			s.err = wire.DecodeError(e.AsMap())
			return
		}
		s.err = status.Errorf(status.Unreachable, "an error without its content")
		return
	case "done":
		s.last = true
		s.report = wire.DecodeReport(m)
	}
	if cols, ok := m.Get("columns"); ok && cols.Kind() == value.KindList && s.columns == nil {
		s.columns = []string{}
		for _, n := range cols.Elems() {
			if n.Kind() == value.KindString {
				s.columns = append(s.columns, n.AsString())
			}
		}
	}
	if rows, ok := m.Get("rows"); ok && rows.Kind() == value.KindList {
		s.batch = rows.Elems()
	}
}

// Columns returns the columns' names.
func (s *Stream) Columns() []string { return s.columns }

// Next moves to the next row and reports whether there is one.
func (s *Stream) Next() bool {
	if len(s.batch) == 0 {
		s.advance()
	}
	if s.err != nil || len(s.batch) == 0 {
		return false
	}
	if s.batch[0].Kind() != value.KindList {
		s.err = status.Errorf(status.Unreachable, "a row that is no list")
		return false
	}
	s.row, s.batch = s.batch[0].Elems(), s.batch[1:]
	if s.taken++; s.taken > s.credit/2 && !s.last {
		if s.err = s.conn.send("credit", s.id, func(m *wire.Message) { m.Int("rows", s.taken) }); s.err != nil {
			return false
		}
		s.taken = 0
	}
	return true
}

// Values returns the present row, which stays valid.
func (s *Stream) Values() []value.Value { return s.row }

// Err returns what ended the rows early.
func (s *Stream) Err() error { return s.err }

// Report returns what the statement did, after Next was false.
func (s *Stream) Report() Report {
	if s.report == nil {
		return Report{}
	}
	return *s.report
}

// Close lets go of the answer, cancelling the statement if it still runs, and returns
// the rows' error.
func (s *Stream) Close() error {
	if !s.last {
		s.cancel()
		s.last = true
	}
	s.batch, s.row = nil, nil
	return s.err
}
