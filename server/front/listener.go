package front

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/wire"
)

const (
	// headerTime and idleTime are the defaults of Config.HeaderTime and Config.IdleTime,
	// maxHeader is how long a header may be.
	headerTime = 5 * time.Second
	idleTime   = 2 * time.Minute
	maxHeader  = 64 << 10
	// refusedTime is how long a client that was refused may take to read why.
	refusedTime = 500 * time.Millisecond
)

// conn is a connection of HTTP/1.1. What net/http cannot read as a request never comes to
// a handler: net/http answers it itself, on the connection and in plain text. conn puts
// an error body in the place of that answer.
type conn struct {
	net.Conn
	server *Server
	taken  atomic.Bool  // a handler has it: what is written is its answer
	got    atomic.Int64 // bytes of the header that is under way
	slow   atomic.Bool  // they did not all come in time, or none did
}

// listener is one of connections without TLS.
type listener struct {
	net.Listener
	server *Server
}

// Accept is part of net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c, server: l.server}, nil
}

type connKey struct{}

func withConn(ctx context.Context, c net.Conn) context.Context {
	if x, ok := bare(c); ok {
		return context.WithValue(ctx, connKey{}, x)
	}
	return ctx
}

// taken notes that a handler has the connection of a request.
func taken(ctx context.Context) {
	if c, ok := ctx.Value(connKey{}).(*conn); ok {
		c.taken.Store(true)
	}
}

// idle notes that the handler's answer is written, and the next request is waited for.
func idle(c net.Conn, state http.ConnState) {
	if x, ok := bare(c); ok && state == http.StateIdle {
		x.got.Store(0)
		x.taken.Store(false)
	}
}

func bare(c net.Conn) (*conn, bool) {
	switch c := c.(type) {
	case *conn:
		return c, true
	case *secureConn:
		return &c.conn, true
	}
	return nil, false
}

// Read is part of net.Conn.
func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if !c.taken.Load() {
		c.got.Add(int64(n))
		if errors.Is(err, os.ErrDeadlineExceeded) {
			c.slow.Store(true)
		}
	}
	return n, err
}

var statusLine = []byte("HTTP/1.1 ")

// Write is part of net.Conn.
func (c *conn) Write(b []byte) (int, error) {
	if c.taken.Load() || !bytes.HasPrefix(b, statusLine) {
		return c.Conn.Write(b)
	}
	line, _, _ := bytes.Cut(b[len(statusLine):], []byte("\r\n"))
	code, why, _ := bytes.Cut(line, []byte(" "))
	e := status.Errorf(status.MalformedRequest, "this is no sound request of HTTP/1.1: %s", clip(string(why), 200))
	to := http.StatusBadRequest
	switch {
	case c.slow.Load():
		e, to = c.tooSlow()
	case string(code) == strconv.Itoa(http.StatusRequestHeaderFieldsTooLarge):
		to = http.StatusRequestHeaderFieldsTooLarge
		e = status.Errorf(status.HeaderLimit, "the request's header has more than %d bytes", maxHeader).
			WithHint("what is long belongs in the body")
	}
	err := c.refuse(e, to)
	if err == nil { // a body that belongs to what was refused is not waited for
		err = c.SetReadDeadline(time.Now().Add(refusedTime))
	}
	if err != nil {
		return 0, err
	}
	return len(b), nil
}

// refuse writes an answer that closes the connection.
func (c *conn) refuse(e *status.Error, code int) error {
	c.taken.Store(true) // nothing more is said
	s := c.server
	s.metrics.errors.WithLabelValues(e.Code.Info().Name).Inc()
	s.metrics.requests.WithLabelValues("other", strconv.Itoa(code)).Inc()
	return writeRefusal(c.Conn, e, code)
}

func writeRefusal(to net.Conn, e *status.Error, code int) error {
	body := append(wire.AppendError(nil, e), '\n')
	head := "HTTP/1.1 " + strconv.Itoa(code) + " " + http.StatusText(code) + "\r\nContent-Type: " + jsonType +
		"\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n"
	if err := to.SetWriteDeadline(time.Now().Add(refusedTime)); err != nil {
		return err
	}
	_, err := to.Write(append([]byte(head), body...))
	return err
}

func (c *conn) tooSlow() (*status.Error, int) {
	return status.Errorf(status.MalformedRequest, "the request's header was too slow to come").
		WithHint("a header has %v", c.server.cfg.HeaderTime), http.StatusRequestTimeout
}

// Close is part of net.Conn. net/http says nothing to whose header does not come.
func (c *conn) Close() error {
	if c.got.Load() > 0 && c.slow.Load() && !c.taken.Load() {
		if err := c.refuse(c.tooSlow()); err != nil {
			c.server.log.Debug("refusing a slow header", "error", err)
		}
	}
	return c.Conn.Close()
}

// CloseWrite ends what is sent.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// secureConn is a conn over TLS.
type secureConn struct {
	conn
	tls *tls.Conn
}

// ConnectionState tells net/http that the connection is one of TLS.
func (c *secureConn) ConnectionState() tls.ConnectionState { return c.tls.ConnectionState() }

// handshakes is a listener whose connections have shown that they speak TLS: those of
// HTTP/2 are net/http's, the others conns.
type handshakes struct {
	net.Listener
	server *Server
	ready  chan net.Conn
	closed chan struct{}
	once   sync.Once
	err    error // of Accept; before closed
}

func shakeHands(ln net.Listener, s *Server) *handshakes {
	l := &handshakes{Listener: ln, server: s, ready: make(chan net.Conn), closed: make(chan struct{})}
	go l.loop()
	return l
}

func (l *handshakes) loop() {
	for wait := time.Duration(0); ; {
		c, err := l.Listener.Accept()
		switch {
		case err == nil:
			wait = 0
			go l.begin(c)
		case errors.Is(err, net.ErrClosed):
			l.end(err)
			return
		default: // too many open files, of which some will be closed
			wait = min(max(2*wait, 5*time.Millisecond), time.Second)
			l.server.log.Warn("a connection cannot be taken", "error", err, "again_in", wait)
			time.Sleep(wait)
		}
	}
}

func (l *handshakes) end(err error) {
	l.once.Do(func() {
		l.err = err
		close(l.closed)
	})
}

// begin hands a connection over once its handshake is done.
func (l *handshakes) begin(raw net.Conn) {
	c := tls.Server(raw, l.server.http.TLSConfig)
	ctx, cancel := context.WithTimeout(context.Background(), l.server.cfg.HeaderTime)
	defer cancel()
	if err := c.HandshakeContext(ctx); err != nil {
		l.server.log.Debug("a handshake", "from", raw.RemoteAddr(), "error", err)
		var other tls.RecordHeaderError
		if errors.As(err, &other) && other.Conn != nil && looksLikeHTTP(other.RecordHeader[:]) {
			l.plain(other.Conn)
		}
		l.drop(raw)
		return
	}
	var out net.Conn = c
	if c.ConnectionState().NegotiatedProtocol != "h2" {
		out = &secureConn{conn: conn{Conn: c, server: l.server}, tls: c}
	}
	select {
	case l.ready <- out:
	case <-l.closed:
		l.drop(raw)
	}
}

func (l *handshakes) drop(c net.Conn) {
	if err := c.Close(); err != nil {
		l.server.log.Debug("closing a connection", "error", err)
	}
}

func looksLikeHTTP(head []byte) bool {
	for _, method := range []string{"GET /", "HEAD ", "POST ", "PUT /", "DELET", "OPTIO", "PATCH", "PRI *"} {
		if string(head) == method {
			return true
		}
	}
	return false
}

// plain answers who speaks HTTP without TLS, and lets him read it.
func (l *handshakes) plain(raw net.Conn) {
	c := &conn{Conn: raw, server: l.server}
	e := status.Errorf(status.MalformedRequest, "this server speaks TLS alone").WithHint("ask for https://")
	err := c.refuse(e, StatusOf(e))
	if err == nil {
		err = errors.Join(c.CloseWrite(), raw.SetReadDeadline(time.Now().Add(refusedTime)))
	}
	if err == nil {
		_, err = io.CopyN(io.Discard, raw, 1<<20)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		l.server.log.Debug("refusing a request without TLS", "error", err)
	}
}

// Accept is part of net.Listener.
func (l *handshakes) Accept() (net.Conn, error) {
	select {
	case c := <-l.ready:
		return c, nil
	case <-l.closed:
		return nil, l.err
	}
}

// Close is part of net.Listener.
func (l *handshakes) Close() error {
	err := l.Listener.Close()
	l.end(net.ErrClosed)
	return err
}
