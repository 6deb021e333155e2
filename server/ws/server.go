package ws

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/kadedb/kadedb/server/front"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/wire"
)

// Options configure the interface. A zero field is its default.
type Options struct {
	Statements int           // requests of one connection under way at once (100)
	Message    time.Duration // a message may take to come, beside what its length buys (10 s)
	Ping       time.Duration // silence after which a connection is pinged, and again after which it is closed (30 s)
}

// Subprotocols, by the form of their messages.
const (
	subprotocolJSON = "kadeql.v1.json"
	subprotocolCBOR = "kadeql.v1.cbor"
)

const (
	// initTime and initBytes bound what a connection may do before it has shown a token:
	// the bytes are all that come, in whatever frames.
	initTime  = 2 * time.Second
	initBytes = 64 << 10
	// closeTime is how long a connection that is closed may take to say so too.
	closeTime = time.Second
	// readBuffer and writeBuffer are small: most connections are idle. Longer
	// messages are read and written past them.
	readBuffer  = 512
	writeBuffer = 4 << 10
)

// Server is the interface's state: its connections.
type Server struct {
	opts     Options
	front    *front.Server
	upgrader websocket.Upgrader
	started  time.Time

	mu    sync.Mutex
	conns map[*conn]struct{}
	busy  bool // housekeeping runs
}

// Register adds the interface's route to f.
func Register(f *front.Server, o Options) {
	if o.Statements <= 0 {
		o.Statements = 100
	}
	if o.Message <= 0 {
		o.Message = 10 * time.Second
	}
	if o.Ping <= 0 {
		o.Ping = 30 * time.Second
	}
	s := &Server{opts: o, front: f, started: time.Now(), conns: map[*conn]struct{}{}}
	s.upgrader = websocket.Upgrader{
		HandshakeTimeout: initTime, ReadBufferSize: readBuffer, WriteBufferSize: writeBuffer, WriteBufferPool: &sync.Pool{},
		CheckOrigin: func(*http.Request) bool { return true }, // front has checked it
		Error:       func(http.ResponseWriter, *http.Request, int, error) {},
	}
	f.Handle(http.MethodGet, "/v1/ws", front.ForSessions, s.upgrade)
}

// now is a clock that fits an atomic: nanoseconds since the start, never 0.
func (s *Server) now() int64 { return int64(time.Since(s.started)) + 1 }

// chosen returns the first subprotocol of the client's that is one of ours.
func chosen(r *http.Request) (name string, form wire.Form, err error) {
	offered := websocket.Subprotocols(r)
	for _, p := range offered {
		switch p {
		case subprotocolJSON:
			return p, wire.JSON, nil
		case subprotocolCBOR:
			return p, wire.CBOR, nil
		}
	}
	return "", 0, status.Errorf(status.MalformedRequest, "none of the subprotocols %.200q is spoken here", strings.Join(offered, ", ")).
		WithHint("send `Sec-WebSocket-Protocol: %s` or `%s`", subprotocolJSON, subprotocolCBOR)
}

// upgrade turns a request into a connection, which outlives it.
func (s *Server) upgrade(call *front.Call) error {
	if !websocket.IsWebSocketUpgrade(call.R) {
		return status.Errorf(status.MalformedRequest, "this address speaks WebSocket alone").
			WithHint("POST /v1/query runs a statement over HTTP")
	}
	name, form, err := chosen(call.R)
	if err != nil {
		return err
	}
	c := &conn{srv: s, form: form, kind: websocket.TextMessage}
	if form == wire.CBOR {
		c.kind = websocket.BinaryMessage
	}
	if c.session, err = call.OpenSession(c.stop); err != nil {
		return err
	}
	w := &binder{ResponseWriter: call.W}
	c.ws, err = s.upgrader.Upgrade(w, call.R, http.Header{"Sec-Websocket-Protocol": {name}})
	if err != nil {
		c.session.Close(websocket.CloseAbnormalClosure)
		if _, ok := err.(websocket.HandshakeError); ok { //nolint:errorlint // it comes bare
			return status.Errorf(status.MalformedRequest, "%w", err)
		}
		return front.ErrGone
	}
	c.raw = w.conn
	s.enter(c)
	go c.serve()
	return nil
}

func (s *Server) enter(c *conn) {
	c.hear()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[c] = struct{}{}
	if !s.busy {
		s.busy = true
		go s.housekeeping()
	}
}

func (s *Server) leave(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

// slowRate is how many bytes of a message buy another second for it to come.
const slowRate = 64 << 10

// housekeeping looks after all connections, and ends when there is none. What takes
// time, because it writes, is done elsewhere.
func (s *Server) housekeeping() {
	tick := time.NewTicker(min(s.opts.Ping/4, 100*time.Millisecond))
	defer tick.Stop()
	for range tick.C {
		s.mu.Lock()
		if len(s.conns) == 0 {
			s.busy = false
			s.mu.Unlock()
			return
		}
		now := s.now()
		for c := range s.conns {
			s.look(c, now)
		}
		s.mu.Unlock()
	}
}

func (s *Server) look(c *conn, now int64) {
	if !c.ready.Load() {
		return // it has a deadline
	}
	if began := c.began.Load(); began != 0 && now-began > int64(s.opts.Message)+c.got.Load()*int64(time.Second)/slowRate {
		go c.shut(closeTimeout, "a message was too slow to come")
		return
	}
	switch silent := time.Duration(now - c.heard.Load()); {
	case silent > 2*s.opts.Ping:
		go c.shut(closeTimeout, "no answer to a ping")
	case silent > s.opts.Ping && c.pinged.CompareAndSwap(false, true):
		go c.ping()
	}
	if c.running.Load() > 0 {
		c.report(now)
	}
}

// reasonOf returns the close code for why a session ended.
func reasonOf(ctx context.Context) (int, string) {
	cause := context.Cause(ctx)
	switch status.CodeOf(cause) {
	case status.Draining:
		return websocket.CloseGoingAway, "the server is stopping"
	case status.InvalidToken:
		return closeUnauthorized, "the token was revoked"
	}
	return websocket.CloseInternalServerErr, "the connection was ended"
}
