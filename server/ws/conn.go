package ws

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/query"
	"github.com/kadedb/kadedb/server/front"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
	"github.com/kadedb/kadedb/wire"
)

// Close codes of this protocol; docs/protocol-ws.md has the table.
const (
	closeMalformed    = 4400
	closeUnauthorized = 4401
	closeTimeout      = 4408
	closeDuplicate    = 4409
	closeTooMany      = 4429
)

// conn is one connection.
type conn struct {
	srv     *Server
	ws      *websocket.Conn
	raw     *bounded // below ws
	session *front.Session
	form    wire.Form
	kind    int // of its frames
	values  wire.Encoder

	write sync.Mutex // one message at a time

	release func() bool // of the wait for the session's end; nil before init

	// For housekeeping.
	ready   atomic.Bool  // a token was shown
	heard   atomic.Int64 // when the last bytes came
	began   atomic.Int64 // when the message that is coming began; 0: none is
	got     atomic.Int64 // its bytes so far
	pinged  atomic.Bool  // since heard
	running atomic.Int32 // requests; grows under mu

	mu         sync.Mutex
	stands     bool // ws is set
	stopping   bool
	code       int // sent or received; 0: none yet
	requests   map[int64]*request
	last       map[string]*request // of each transaction
	own        map[string]*query.Tx
	statements map[int64]*statement
	prepared   int64          // statements so far
	held       *memory.Budget // of statements
	work       sync.WaitGroup
}

// statement is a prepared one.
type statement struct {
	text string
	p    *query.Prepared
}

// closing says with which code a connection ends.
type closing struct {
	code   int
	reason string
}

func (e *closing) Error() string { return e.reason }

func malformed(err error) error { return &closing{closeMalformed, err.Error()} }

func (c *conn) hear() {
	c.heard.Store(c.srv.now())
	c.pinged.Store(false)
}

// serve reads until the connection ends, and then lets go of all that it has.
func (c *conn) serve() {
	c.mu.Lock()
	c.stands = true
	stopping := c.stopping
	c.mu.Unlock()
	if stopping {
		c.drain()
	}
	if err := c.admit(); err != nil {
		c.finish(err)
		return
	}
	c.release = context.AfterFunc(c.session.Context(), c.ended)
	c.listen()
}

// finish lets go of all that the connection has, after err has ended the reading.
func (c *conn) finish(err error) {
	code, reason := codeOf(err)
	if code != 0 {
		c.shut(code, reason)
	}
	if c.release != nil {
		c.release()
	}
	c.session.End(nil)
	c.linger(err)
	if cerr := c.ws.Close(); cerr != nil && !errors.Is(cerr, net.ErrClosed) {
		c.srv.front.Log().Debug("closing a connection", "error", cerr)
	}
	c.work.Wait()
	c.mu.Lock()
	own, held, sent := c.own, c.held, c.code
	c.mu.Unlock()
	for _, t := range own {
		if rerr := t.Rollback(); rerr != nil {
			c.srv.front.Log().Error("rolling back what a connection left open", "error", rerr)
		}
	}
	if held != nil {
		held.Close()
	}
	c.srv.leave(c)
	if sent == 0 {
		sent = websocket.CloseAbnormalClosure
	}
	c.session.Close(sent)
}

// codeOf returns the code to close with for why reading ended; 0 where the client has
// closed, the connection is gone or the library has told it already.
func codeOf(err error) (int, string) {
	var own *closing
	if errors.As(err, &own) {
		return own.code, own.reason
	}
	return 0, ""
}

// linger lets the client read what was sent before the connection goes.
func (c *conn) linger(why error) {
	var closed *websocket.CloseError
	if errors.As(why, &closed) {
		c.mark(closed.Code)
		return // both have said so
	}
	if c.raw.CloseWrite() != nil || c.raw.SetReadDeadline(time.Now().Add(closeTime)) != nil {
		return
	}
	c.raw.free()
	if _, err := io.CopyN(io.Discard, c.raw, 64<<20); err != nil && !errors.Is(err, io.EOF) {
		c.srv.front.Log().Debug("the rest of a closed connection", "error", err)
	}
}

// shut closes the connection: a frame that says so, then whatever the reader finds.
func (c *conn) shut(code int, reason string) {
	c.mu.Lock()
	first := c.code == 0
	if first {
		c.code = code
	}
	c.mu.Unlock()
	if !first {
		return
	}
	until := time.Now().Add(closeTime)
	err := c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, clip(reason, 120)), until)
	if err == nil || errors.Is(err, websocket.ErrCloseSent) {
		err = c.ws.SetReadDeadline(until)
	}
	if err != nil {
		// Nobody reads at the other end, or nobody is there: the reader ends now.
		c.drop()
	}
}

func (c *conn) drop() {
	if err := c.ws.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		c.srv.front.Log().Debug("dropping a connection", "error", err)
	}
}

// clip cuts s to at most n bytes of UTF-8.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// ended is called when the session's context ends.
func (c *conn) ended() { c.shut(reasonOf(c.session.Context())) }

// stop is called when the server begins to stop.
func (c *conn) stop() { go c.drain() }

func (c *conn) drain() {
	c.mu.Lock()
	c.stopping = true
	idle, stands := c.running.Load() == 0, c.stands
	c.mu.Unlock()
	switch {
	case !stands: // serve looks at stopping
	case idle: // also one that has shown no token yet
		c.shut(websocket.CloseGoingAway, "the server is stopping")
	default:
		m := wire.NewMessage(c.form, nil)
		m.Type("notice")
		m.Text("name", status.Draining.Info().Name)
		m.Text("message", "the server is stopping: what runs may end, nothing new begins")
		c.send(m.End())
	}
}

func (c *conn) ping() {
	if err := c.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(closeTime)); err != nil {
		c.srv.front.Log().Debug("a ping", "error", err)
	}
}

// send writes one message. Where that fails the connection is over: the reader finds out.
func (c *conn) send(b []byte) bool {
	c.write.Lock()
	defer c.write.Unlock()
	return c.sendLocked(b)
}

func (c *conn) sendLocked(b []byte) bool {
	most := c.srv.front.WriteTime() * time.Duration(1+len(b)>>20)
	err := c.ws.SetWriteDeadline(time.Now().Add(most))
	if err == nil {
		err = c.ws.WriteMessage(c.kind, b)
	}
	if err == nil {
		return true
	}
	if !errors.Is(err, websocket.ErrCloseSent) {
		c.drop()
	}
	return false
}

// message is what one frame brought.
type message struct {
	typ string
	id  int64 // -1: none
	m   *value.Map
	mem *memory.Budget // of a long one; nil
	// misfit is why a value inside cannot be used; nil
	misfit error
}

func (m *message) release() {
	if m.mem != nil {
		m.mem.Close()
	}
}

var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 4<<10); return &b }}

// maxPooled keeps one large message from being held on to for ever.
const maxPooled = 64 << 10

// read reads one message. What is wrong with it closes the connection.
func (c *conn) read() (_ *message, err error) {
	kind, r, err := c.ws.NextReader()
	if err != nil {
		return nil, c.readError(err)
	}
	c.hear()
	c.got.Store(0)
	c.began.Store(c.srv.now())
	defer c.began.Store(0)
	if kind != c.kind {
		return nil, &closing{websocket.CloseUnsupportedData, "a frame of the other kind: the subprotocol is " + c.ws.Subprotocol()}
	}
	msg := &message{id: -1}
	defer func() {
		if err != nil {
			msg.release()
		}
	}()
	buf := buffers.Get().(*[]byte)
	b, err := c.readAll(r, (*buf)[:0], msg)
	if err == nil {
		err = c.decode(b, msg)
	}
	if cap(b) <= maxPooled {
		*buf = b
	}
	buffers.Put(buf)
	return msg, err
}

// readAll reads a message's bytes, growing with what comes.
func (c *conn) readAll(r io.Reader, b []byte, msg *message) ([]byte, error) {
	for {
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case errors.Is(err, io.EOF):
			return b, nil
		case err != nil:
			return b, c.readError(err)
		}
		c.got.Store(int64(len(b)))
		c.hear()
		if len(b) < cap(b) {
			continue
		}
		if size := int64(2 * cap(b)); size > maxPooled {
			if err := c.reserve(msg, size); err != nil {
				return b, err
			}
		}
		b = append(make([]byte, 0, 2*cap(b)), b...)
	}
}

// reserve counts memory that a message holds until its request ends.
func (c *conn) reserve(msg *message, n int64) error {
	if msg.mem == nil {
		msg.mem = c.session.DB().Budget().Sub("request", 0)
	}
	if err := msg.mem.Reserve(n); err != nil {
		return &closing{websocket.CloseTryAgainLater, "there is no memory for a message"}
	}
	return nil
}

// readError turns an error of the library into what closes the connection. It has
// told the client itself where a frame was malformed, and mostly where a message is too
// long: of a length beyond 2^63 it says nothing.
func (c *conn) readError(err error) error {
	var timeout net.Error
	var closed *websocket.CloseError
	switch {
	case errors.Is(err, errBound):
		return &closing{websocket.CloseMessageTooBig, "more than 64 KiB came before the end of `init`"}
	case errors.Is(err, websocket.ErrReadLimit):
		return &closing{websocket.CloseMessageTooBig, "a message is too long"}
	case errors.As(err, &timeout) && timeout.Timeout() && !c.ready.Load():
		return &closing{closeTimeout, "no `init` came in time"}
	case !errors.As(err, &timeout) && !errors.As(err, &closed):
		c.mark(websocket.CloseProtocolError)
	}
	return err
}

// mark notes the code that the connection ends with.
func (c *conn) mark(code int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.code == 0 {
		c.code = code
	}
}

func (c *conn) decode(b []byte, msg *message) error {
	if c.form == wire.JSON && !utf8.Valid(b) {
		return &closing{websocket.CloseInvalidFramePayloadData, "text that is not UTF-8"}
	}
	v, misfit, err := c.form.DecodeMessage(b, c.values.Typed, func(n int64) error { return c.reserve(msg, n) })
	var own *closing
	switch {
	case errors.As(err, &own):
		return own
	case err != nil:
		return malformed(err)
	case v.Kind() != value.KindMap:
		return &closing{closeMalformed, "a message is an object"}
	}
	msg.m, msg.misfit = v.AsMap(), misfit
	typ, ok := msg.m.Get("type")
	if !ok || typ.Kind() != value.KindString {
		return &closing{closeMalformed, "a message has a `type`"}
	}
	msg.typ = typ.AsString()
	if id, ok := msg.m.Get("id"); ok && !id.IsNull() {
		if id.Kind() != value.KindInt || id.AsInt() < 0 || id.AsInt() > maxID {
			return &closing{closeMalformed, "an `id` is an integer from 0 to 2^53 - 1"}
		}
		msg.id = id.AsInt()
	}
	return nil
}

// maxID is the largest integer that every reader of JSON keeps.
const maxID = 1<<53 - 1

// admit waits for the first message, which shows a token.
func (c *conn) admit() error {
	c.ws.SetReadLimit(initBytes)
	c.ws.SetPingHandler(c.onPing)
	c.ws.SetPongHandler(func(string) error { c.hear(); return nil })
	if err := c.ws.SetReadDeadline(time.Now().Add(initTime)); err != nil {
		return err
	}
	msg, err := c.read()
	if err != nil {
		return err
	}
	defer msg.release()
	if msg.typ != "init" {
		return &closing{closeUnauthorized, "the first message is `init`"}
	}
	if msg.misfit != nil {
		return malformed(msg.misfit)
	}
	token, given := "", false
	for i, k := range msg.m.Keys {
		v := msg.m.Vals[i]
		switch {
		case k == "type" || v.IsNull():
		case k == "token" && v.Kind() == value.KindString:
			token, given = v.AsString(), true
		case k == "ints" && v.Kind() == value.KindString && (v.AsString() == "number" || v.AsString() == "string"):
			c.values.IntsAsStrings = v.AsString() == "string"
		case k == "values" && v.Kind() == value.KindString && (v.AsString() == "plain" || v.AsString() == "typed"):
			c.values.Typed = v.AsString() == "typed"
		default:
			return &closing{closeMalformed, "`init` takes `token`, a text, `ints`, \"number\" or \"string\", and `values`, \"plain\" or \"typed\""}
		}
	}
	if err := c.session.Authenticate(token, given); err != nil {
		if status.CodeOf(err) == status.TooManyFailures {
			return &closing{closeTooMany, err.Error()}
		}
		return &closing{closeUnauthorized, err.Error()}
	}
	c.ws.SetReadLimit(c.srv.front.BodySize())
	c.raw.free()
	if err := c.ws.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	c.ready.Store(true)
	c.mu.Lock()
	stopping := c.stopping
	c.mu.Unlock()
	if stopping {
		return &closing{websocket.CloseGoingAway, "the server is stopping"}
	}
	role := "admin"
	if c.srv.front.AuthOn() {
		role = c.session.Token().Role.String()
	}
	m := wire.NewMessage(c.form, nil)
	m.Type("ack")
	m.Text("server", "KadeDB/"+kadedb.Version)
	m.Text("role", role)
	m.Int("message_bytes", c.srv.front.BodySize())
	m.Int("requests", int64(c.srv.opts.Statements))
	m.Int("ping_ms", c.srv.opts.Ping.Milliseconds())
	c.send(m.End())
	return nil
}

// onPing answers a ping. A client that sends them without reading is not waited for long:
// where a message is being sent for all that time the ping stays without an answer, and
// where there is no room for the pong itself the connection ends.
func (c *conn) onPing(data string) error {
	c.hear()
	err := c.ws.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(closeTime))
	var timeout net.Error
	var write *net.OpError
	if errors.Is(err, websocket.ErrCloseSent) || errors.As(err, &timeout) && timeout.Timeout() && !errors.As(err, &write) {
		return nil
	}
	return err
}
