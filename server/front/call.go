package front

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/auth"
	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/query"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/wire"
)

// Call is one request that passed every check.
type Call struct {
	Server *Server
	W      http.ResponseWriter
	R      *http.Request
	DB     *kadedb.DB
	Token  auth.Token // zero where no tokens are asked for
	Vars   map[string]string
	Typed  bool // Body was typed JSON

	ctx  context.Context
	end  context.CancelCauseFunc
	mem  *memory.Budget
	room bool // it counts among the requests that run; under calls.mu

	began  time.Time     // when the request was there
	waited time.Duration // from then until its last statement began
	trace  query.Trace   // of that statement
}

// Reserve counts memory that the request holds until it ends.
func (c *Call) Reserve(n int64) error {
	if c.mem == nil {
		c.mem = c.DB.Budget().Sub("request", 0)
	}
	if err := c.mem.Reserve(n); err != nil {
		return status.Errorf(status.QueryMemoryLimit, "there is no memory for the request's body: %w", err).
			WithHint("send less at once, try again, or start the server with more --memory")
	}
	return nil
}

func (c *Call) release() {
	if c.mem != nil {
		c.mem.Close()
	}
}

// Context ends when the client hangs up, its token is revoked or the server stops.
func (c *Call) Context() context.Context { return c.ctx }

// Owner names whose transactions are the caller's.
func (c *Call) Owner() string { return c.Token.ID }

// May reports whether the caller has a role.
func (c *Call) May(role auth.Role) bool { return !c.Server.cfg.Auth || c.Token.Role >= role }

// Cancel ends the call's context: what runs for it stops with why.
func (c *Call) Cancel(why error) { c.end(why) }

// Explain returns err as users see it.
func (c *Call) Explain(err error) *status.Error { return explain(c.Context(), err) }

const (
	// bodyTime is the default of Config.BodyTime, and bodyRate how many bytes buy another
	// second.
	bodyTime = 10 * time.Second
	bodyRate = 64 << 10
)

// Body reads the request's body, which must be JSON or typed JSON: see Typed. It is
// empty where none came.
func (c *Call) Body() ([]byte, error) {
	r := c.R
	if r.ContentLength == 0 && r.Header.Get("Content-Type") == "" {
		return nil, nil
	}
	if err := c.bodyType(r.Header.Get("Content-Type")); err != nil {
		return nil, err
	}
	most := c.Server.cfg.BodySize
	if r.ContentLength > most {
		return nil, tooLong(most)
	}
	in, done, err := c.Unpack(r.Body)
	if err != nil {
		return nil, err
	}
	defer done()
	// A body that is slow to come takes no room from requests that are whole.
	c.Server.calls.pause(c)
	rc := http.NewResponseController(c.W)
	body, err := c.read(rc, io.LimitReader(in, most+1))
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, status.Errorf(status.MalformedRequest, "the body was too slow: %d bytes came in time", len(body)).
			WithHint("a body has %v, and a second for each %d bytes", c.Server.cfg.BodyTime, bodyRate)
	case int64(len(body)) > most:
		return nil, tooLong(most)
	case status.CodeOf(err) == status.QueryMemoryLimit || status.CodeOf(err) == status.BodyLimit || status.CodeOf(err) == status.MalformedRequest:
		return nil, err
	case err != nil:
		return nil, status.Errorf(status.MalformedRequest, "the body ended early: %w", err)
	}
	// Without this the wait for a hang-up would end the request.
	if err := rc.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return nil, status.Errorf(status.MalformedRequest, "the connection is gone: %w", err)
	}
	c.began = time.Now()
	return body, c.Server.calls.resume(c, c.Server.cfg.Requests)
}

func (c *Call) bodyType(header string) error {
	kind := header
	if kind != jsonType && kind != wire.TypedJSON {
		var err error
		if kind, _, err = mime.ParseMediaType(header); err != nil {
			kind = ""
		}
	}
	c.Typed = kind == wire.TypedJSON
	if kind == jsonType || c.Typed {
		return nil
	}
	return status.Errorf(status.ContentTypeRefused, "the body is %.200q", header).
		WithHint("send it with `Content-Type: %s`, or `%s`", jsonType, wire.TypedJSON)
}

const (
	// smallBody is up to where a body is not worth counting.
	smallBody = 64 << 10
	// firstBody is how much is made for a body of which nothing came yet.
	firstBody = 4 << 10
)

// read reads all of in, growing with what comes and not with what was promised.
func (c *Call) read(rc *http.ResponseController, in io.Reader) ([]byte, error) {
	began := time.Now()
	buf := make([]byte, 0, max(512, min(c.R.ContentLength+1, firstBody)))
	for {
		more := time.Duration(len(buf)) * time.Second / bodyRate
		if err := rc.SetReadDeadline(began.Add(c.Server.cfg.BodyTime + more)); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return buf, err
		}
		n, err := in.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case errors.Is(err, io.EOF):
			return buf, nil
		case err != nil:
			return buf, err
		case len(buf) < cap(buf):
			continue
		}
		if size := int64(2 * cap(buf)); size > smallBody {
			if err := c.Reserve(size); err != nil {
				return nil, err
			}
		}
		buf = append(make([]byte, 0, 2*cap(buf)), buf...)
	}
}

func tooLong(most int64) error {
	return status.Errorf(status.BodyLimit, "the body has more than %d bytes", most).
		WithHint("send less at once, or start the server with a larger --body-size")
}

// Reply answers with a JSON body.
func (c *Call) Reply(body []byte) { c.ReplyAs(jsonType, body) }

// ReplyAs answers with a body of a media type.
func (c *Call) ReplyAs(kind string, body []byte) {
	body, done := c.packedReply(body)
	defer done()
	c.Server.reply(c.W, c.R, http.StatusOK, kind, body)
}

// Begin opens a transaction that is the caller's.
func (c *Call) Begin(o query.TxOptions) (*query.Tx, error) {
	o.Owner, o.User = c.Owner(), c.Token.Name
	t, err := c.DB.EngineOf().Begin(c.Context(), o)
	if err != nil {
		return nil, err
	}
	return t, c.keep(t)
}

// keep gives a transaction back that was opened while its token was revoked.
func (c *Call) keep(t *query.Tx) error {
	if t == nil || c.Context().Err() == nil {
		return nil
	}
	if err := t.Rollback(); err != nil {
		return err
	}
	return c.Context().Err()
}

// Run starts a statement as the caller.
func (c *Call) Run(req query.Request) (*query.Result, error) { return c.RunPrepared(nil, req) }

// RunPrepared is Run of a prepared text; where p is nil, of req.Text.
func (c *Call) RunPrepared(p *query.Prepared, req query.Request) (*query.Result, error) {
	req.Owner, req.Everyone, req.User = c.Owner(), c.May(auth.Admin), c.Token.Name
	if req.Owner != "" {
		req.Role = c.Token.Role.String()
	}
	if !c.May(auth.Writer) {
		req.ReadOnly, req.NotWriter = true, true
	}
	c.trace, c.waited = query.Trace{}, time.Since(c.began)
	req.Trace = &c.trace
	res, err := c.DB.EngineOf().RunPrepared(c.Context(), p, req)
	if err != nil {
		return nil, err
	}
	if t := res.Summary().Tx; t != nil {
		if err := c.keep(t); err != nil {
			return nil, errors.Join(err, res.Close())
		}
	}
	return res, nil
}

// calls are the requests under way.
type calls struct {
	mu     sync.Mutex
	all    map[*Call]struct{}
	rooms  int // taken: all but those whose bodies are coming
	closed bool
	empty  chan struct{} // made by wait; closed when no room is taken
}

func errDraining() *status.Error { return status.Errorf(status.Draining, "the server is stopping") }

// enter registers a call, if there is room.
func (l *calls) enter(c *Call, most int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.take(c, most); err != nil {
		return err
	}
	if l.all == nil {
		l.all = map[*Call]struct{}{}
	}
	l.all[c] = struct{}{}
	return nil
}

func (l *calls) take(c *Call, most int) error {
	switch {
	case l.closed:
		return errDraining()
	case most > 0 && l.rooms >= most:
		return status.Errorf(status.SessionLimit, "%d requests are running, which is the most", l.rooms).
			WithHint("try again, or start the server with more --requests")
	}
	c.room = true
	l.rooms++
	return nil
}

func (l *calls) giveBack(c *Call) {
	if !c.room {
		return
	}
	c.room = false
	if l.rooms--; l.rooms == 0 && l.empty != nil {
		close(l.empty)
		l.empty = nil
	}
}

// pause gives a call's room to others, until resume.
func (l *calls) pause(c *Call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.giveBack(c)
}

func (l *calls) resume(c *Call, most int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.take(c, most)
}

// retake is resume without a limit, also while the server is stopping.
func (l *calls) retake(c *Call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !c.room {
		c.room = true
		l.rooms++
	}
}

func (l *calls) leave(c *Call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.all, c)
	l.giveBack(c)
}

func (l *calls) running() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rooms
}

// close lets no more calls in.
func (l *calls) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
}

// wait waits until no call runs, once none is let in, and returns how many do at the end.
func (l *calls) wait(until time.Time) int {
	l.mu.Lock()
	if l.rooms == 0 {
		l.mu.Unlock()
		return 0
	}
	if l.empty == nil {
		l.empty = make(chan struct{})
	}
	empty := l.empty
	l.mu.Unlock()
	select {
	case <-empty:
	case <-time.After(time.Until(until)):
	}
	return l.running()
}

// end cancels the calls that match.
func (l *calls) end(match func(*Call) bool, why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.all {
		if match(c) {
			c.end(why)
		}
	}
}

// Revoke ends a token, and at once what it runs and has open.
func (s *Server) Revoke(db *kadedb.DB, id string) error {
	if err := db.Tokens().Revoke(id); err != nil {
		return err
	}
	s.calls.end(func(c *Call) bool { return c.Token.ID == id },
		status.Errorf(status.TransactionTerminated, "the token was revoked"))
	s.sessions.endAll(func(x *Session) bool { return x.token.ID == id }, status.Errorf(status.InvalidToken, "the token was revoked"))
	db.EngineOf().EndOwner(id)
	return nil
}
