package front

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/auth"
	"github.com/kadedb/kadedb/status"
)

// Session is a connection on which one caller sends many statements, such as a
// WebSocket. It outlives the request that opened it, belongs to nobody until
// Authenticate, and must be closed.
type Session struct {
	server *Server
	db     *kadedb.DB
	from   netip.Addr
	ctx    context.Context
	end    context.CancelCauseFunc
	stop   func()

	token auth.Token // written under sessions.mu, once
}

// OpenSession registers a connection that the call's request becomes. stop is called
// when the server begins to stop, and must return at once: what runs may end, nothing
// new begins. When the token is revoked or time is up the session's context ends.
func (c *Call) OpenSession(stop func()) (*Session, error) {
	s := c.Server
	x := &Session{server: s, db: c.DB, from: clientAddress(c.R), stop: stop}
	x.ctx, x.end = context.WithCancelCause(context.Background())
	if err := s.sessions.enter(x, s.cfg.Connections); err != nil {
		x.end(nil)
		return nil, err
	}
	s.metrics.connections.Inc()
	return x, nil
}

// Context ends, with the cause, when nothing more may be done for the session.
func (x *Session) Context() context.Context { return x.ctx }

// DB returns the store.
func (x *Session) DB() *kadedb.DB { return x.db }

// Token returns whose the session is; zero where no tokens are asked for.
func (x *Session) Token() auth.Token { return x.token }

// Authenticate makes the session the caller's whose secret it is.
func (x *Session) Authenticate(secret string, given bool) error {
	s := x.server
	if !s.cfg.Auth {
		return nil
	}
	t, err := s.tokenOf(secret, given, x.from, x.db.Tokens())
	if err != nil {
		return err
	}
	s.sessions.mu.Lock()
	x.token = t
	s.sessions.mu.Unlock()
	if !x.db.Tokens().Valid(t.ID) { // revoked before it was seen here
		return status.Errorf(status.InvalidToken, "the token was revoked")
	}
	return nil
}

// Call registers one statement of the session among the requests that run. Leave ends it.
func (x *Session) Call() (*Call, error) {
	c := &Call{Server: x.server, DB: x.db, Token: x.token, began: time.Now()}
	if err := x.server.admit(x.token, x.from); err != nil {
		return nil, err
	}
	c.ctx, c.end = context.WithCancelCause(x.ctx)
	if err := x.server.calls.enter(c, x.server.cfg.Requests); err != nil {
		c.end(nil)
		return nil, err
	}
	return c, nil
}

// Leave ends a call of a session.
func (c *Call) Leave() {
	c.Server.calls.leave(c)
	c.release()
	c.end(nil)
}

// Fail explains a call's error and counts it.
func (c *Call) Fail(err error) *status.Error {
	s := c.Server
	e := c.Explain(err)
	s.metrics.errors.WithLabelValues(e.Code.Info().Name).Inc()
	switch {
	case e.Code == status.StorePoisoned:
		s.checkStore(c.DB)
	case StatusOf(e) == http.StatusInternalServerError:
		s.log.Error("request failed", "code", e.Code, "error", err)
	}
	return e
}

// BodySize is how long a request may be.
func (s *Server) BodySize() int64 { return s.cfg.BodySize }

// importSize is the default of Config.ImportSize.
const importSize = 64 << 30

// pieceTime is the default of Config.PieceTime.
const pieceTime = 30 * time.Second

// PieceTime is how long the next piece of an upload may take to come.
func (s *Server) PieceTime() time.Duration { return s.cfg.PieceTime }

// ImportSize is how many bytes the files of an import may have: they wait on the disk.
func (s *Server) ImportSize() int64 { return s.cfg.ImportSize }

// Log returns the server's log.
func (s *Server) Log() *slog.Logger { return s.log }

// Pause gives the call's room among the running requests to others, while it waits
// for its client.
func (c *Call) Pause() { c.Server.calls.pause(c) }

// Resume takes it back, also where that is one more than the most.
func (c *Call) Resume() { c.Server.calls.retake(c) }

// End ends the session's context.
func (x *Session) End(why error) { x.end(why) }

// Close lets go of the session, whose connection was closed with that code.
func (x *Session) Close(code int) {
	x.end(nil)
	x.server.sessions.leave(x)
	x.server.metrics.closed.WithLabelValues(closeLabel(code)).Inc()
}

// closeLabel is a close code as a label. A client may close with any of thousands.
func closeLabel(code int) string {
	if code >= 1000 && code <= 1015 || slices.Contains([]int{4400, 4401, 4408, 4409, 4429}, code) {
		return strconv.Itoa(code)
	}
	return "other"
}

// sessions are the open ones.
type sessions struct {
	mu     sync.Mutex
	all    map[*Session]struct{}
	closed bool
	empty  chan struct{} // made by wait
}

func (l *sessions) enter(x *Session, most int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return errDraining()
	case most > 0 && len(l.all) >= most:
		return status.Errorf(status.SessionLimit, "%d connections are open, which is the most", len(l.all)).
			WithHint("close some, or start the server with more --ws-connections")
	}
	if l.all == nil {
		l.all = map[*Session]struct{}{}
	}
	l.all[x] = struct{}{}
	return nil
}

func (l *sessions) leave(x *Session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.all, x)
	if len(l.all) == 0 && l.empty != nil {
		close(l.empty)
		l.empty = nil
	}
}

func (l *sessions) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.all)
}

// shut lets no more sessions in and tells those that are.
func (l *sessions) shut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for x := range l.all {
		x.stop()
	}
}

func (l *sessions) endAll(match func(*Session) bool, why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for x := range l.all {
		if match(x) {
			x.end(why)
		}
	}
}

// wait waits until the last session has left, at most for d.
func (l *sessions) wait(d time.Duration) {
	l.mu.Lock()
	if len(l.all) == 0 {
		l.mu.Unlock()
		return
	}
	if l.empty == nil {
		l.empty = make(chan struct{})
	}
	empty := l.empty
	l.mu.Unlock()
	select {
	case <-empty:
	case <-time.After(d):
	}
}
