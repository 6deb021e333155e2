package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
	"github.com/kadedb/kadedb/wire"
)

// Conn is a WebSocket connection to a server, for many statements at once. It is safe
// for several goroutines. Values keep their types, temporal ones too.
//
//	conn, err := c.Dial(ctx)
//	s, err := conn.Query(ctx, client.StreamRequest{Request: client.Request{Query: "MATCH (n) RETURN n.name"}})
//	for s.Next() {
//		fmt.Println(s.Values()[0])
//	}
//	err = s.Close()
//	err = conn.Close()
type Conn struct {
	ws   *websocket.Conn
	base string
	role string

	write sync.Mutex
	buf   []byte // under write

	mu      sync.Mutex
	next    int64
	open    map[int64]*Stream
	err     *status.Error // why the connection is over
	reading chan struct{} // closed when nobody reads any more
}

// handshakeTime bounds connecting, where the context does not.
const handshakeTime = 10 * time.Second

// Dial opens a WebSocket connection.
func (c *Client) Dial(ctx context.Context) (*Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeTime)
	defer cancel()
	d := websocket.Dialer{Proxy: http.ProxyFromEnvironment, Subprotocols: []string{"kadeql.v1.cbor"}, HandshakeTimeout: handshakeTime, TLSClientConfig: c.tls}
	ws, res, err := d.DialContext(ctx, "ws"+strings.TrimPrefix(c.base, "http")+"/v1/ws", nil)
	if err != nil {
		if res != nil {
			return nil, refused(c.base, res)
		}
		return nil, unreachable(ctx, c.base, err)
	}
	conn := &Conn{ws: ws, base: c.base, open: map[int64]*Stream{}, reading: make(chan struct{})}
	if err := conn.init(ctx, c.token); err != nil {
		if cerr := ws.Close(); cerr != nil {
			err = fmt.Errorf("%w (closing: %v)", err, cerr)
		}
		return nil, err
	}
	go conn.read()
	return conn, nil
}

// refused reads the error of a server that does not take the connection.
func refused(base string, res *http.Response) error {
	defer res.Body.Close()
	if b, err := io.ReadAll(res.Body); err == nil { // the library keeps the first kilobyte
		if v, err := wire.Decode(b); err == nil && v.Kind() == value.KindMap {
			return wire.DecodeError(v.AsMap())
		}
	}
	return status.Errorf(status.Unreachable, "%s answered %s, and speaks no WebSocket", base, res.Status)
}

func (c *Conn) init(ctx context.Context, token string) error {
	m := wire.NewMessage(wire.CBOR, nil)
	m.Type("init")
	if token != "" {
		m.Text("token", token)
	}
	deadline, _ := ctx.Deadline()
	err := errors.Join(c.ws.SetReadDeadline(deadline), c.ws.SetWriteDeadline(deadline))
	if err == nil {
		err = c.ws.WriteMessage(websocket.BinaryMessage, m.End())
	}
	var ack *value.Map
	if err == nil {
		ack, err = c.receive()
	}
	if err != nil {
		return closedBy(c.base, err)
	}
	if text(ack, "type") != "ack" {
		return status.Errorf(status.Unreachable, "%s does not answer as a KadeDB server", c.base)
	}
	c.role = text(ack, "role")
	if err := errors.Join(c.ws.SetReadDeadline(time.Time{}), c.ws.SetWriteDeadline(time.Time{})); err != nil {
		return unreachable(ctx, c.base, err)
	}
	return nil
}

// Role returns what the token may do: reader, writer or admin.
func (c *Conn) Role() string { return c.role }

// closeCodes are the codes of the protocol that stand for errors of the table.
var closeCodes = map[int]status.Code{
	1001: status.Draining, 1009: status.BodyLimit, 1013: status.QueryMemoryLimit, 4400: status.MalformedRequest,
	4401: status.InvalidToken, 4408: status.Unreachable, 4409: status.MalformedRequest, 4429: status.SessionLimit,
}

func closedBy(base string, err error) *status.Error {
	var end *websocket.CloseError
	if errors.As(err, &end) {
		if code, ok := closeCodes[end.Code]; ok {
			return status.Errorf(code, "%s", end.Text)
		}
	}
	var known *status.Error
	if errors.As(err, &known) {
		return known
	}
	return status.Errorf(status.Unreachable, "the connection to %s is gone: %w", base, err)
}

func (c *Conn) receive() (*value.Map, error) {
	_, b, err := c.ws.ReadMessage()
	if err != nil {
		return nil, err
	}
	v, err := wire.DecodeCBORAnswer(b)
	if err != nil {
		return nil, err
	}
	if v.Kind() != value.KindMap {
		return nil, status.Errorf(status.Unreachable, "a message that is no object")
	}
	return v.AsMap(), nil
}

// read gives messages to whom they belong, until the connection ends.
func (c *Conn) read() {
	defer close(c.reading)
	for {
		m, err := c.receive()
		if err != nil {
			c.over(closedBy(c.base, err))
			return
		}
		id, ok := m.Get("id")
		if !ok || id.Kind() != value.KindInt {
			continue // a notice, a pong
		}
		last := false
		switch text(m, "type") {
		case "rows", "progress":
		default:
			last = true
		}
		c.mu.Lock()
		s := c.open[id.AsInt()]
		if last {
			delete(c.open, id.AsInt())
		}
		c.mu.Unlock()
		if s != nil {
			s.put(m)
		}
	}
}

// over ends the connection and all that waits for it.
func (c *Conn) over(why *status.Error) {
	c.mu.Lock()
	if c.err == nil {
		c.err = why
	}
	streams := c.open
	c.open = map[int64]*Stream{}
	c.mu.Unlock()
	for _, s := range streams {
		s.end(why)
	}
}

// Close ends the connection, with all that is open on it.
func (c *Conn) Close() error {
	c.over(status.Errorf(status.Cancelled, "the connection was closed"))
	bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	if c.ws.WriteControl(websocket.CloseMessage, bye, time.Now().Add(time.Second)) == nil {
		select {
		case <-c.reading: // the server has closed too
		case <-time.After(time.Second):
		}
	}
	if err := c.ws.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return unreachable(context.Background(), c.base, err)
	}
	return nil
}

// send writes a message whose fields fill adds.
func (c *Conn) send(typ string, id int64, fill func(*wire.Message)) error {
	c.write.Lock()
	defer c.write.Unlock()
	m := wire.NewMessage(wire.CBOR, c.buf[:0])
	m.Type(typ)
	m.Int("id", id)
	if fill != nil {
		fill(&m)
	}
	c.buf = m.End()
	err := c.ws.WriteMessage(websocket.BinaryMessage, c.buf)
	if cap(c.buf) > 64<<10 {
		c.buf = nil
	}
	if err != nil {
		return closedBy(c.base, err)
	}
	return nil
}

// begin sends a request, whose answers the stream gets.
func (c *Conn) begin(ctx context.Context, typ string, s *Stream, fill func(*wire.Message)) error {
	s.conn, s.ctx, s.wake = c, ctx, make(chan struct{}, 1)
	c.mu.Lock()
	if c.err != nil {
		c.mu.Unlock()
		return c.err
	}
	c.next++
	s.id = c.next
	c.open[s.id] = s
	c.mu.Unlock()
	if err := c.send(typ, s.id, fill); err != nil {
		c.mu.Lock()
		delete(c.open, s.id)
		c.mu.Unlock()
		return err
	}
	return nil
}

// ask sends a request that has one answer.
func (c *Conn) ask(ctx context.Context, typ string, fill func(*wire.Message)) (*value.Map, error) {
	s := &Stream{}
	if err := c.begin(ctx, typ, s, fill); err != nil {
		return nil, err
	}
	for {
		m, err := s.take()
		if err != nil {
			return nil, err
		}
		if e, ok := m.Get("error"); ok && e.Kind() == value.KindMap {
			return nil, wire.DecodeError(e.AsMap())
		}
		if text(m, "type") != "progress" {
			return m, nil
		}
	}
}

// Begin opens a transaction, which ends with the connection, and returns its id, to be
// given as Request.Tx. Its requests run in the order in which they are sent.
func (c *Conn) Begin(ctx context.Context, readOnly bool) (string, error) {
	m, err := c.ask(ctx, "begin", func(m *wire.Message) {
		if readOnly {
			m.Bool("read_only", true)
		}
	})
	if err != nil {
		return "", err
	}
	return text(m, "tx"), nil
}

// Commit commits a transaction.
func (c *Conn) Commit(ctx context.Context, tx string) error {
	_, err := c.ask(ctx, "commit", func(m *wire.Message) { m.Text("tx", tx) })
	return err
}

// Rollback rolls a transaction back.
func (c *Conn) Rollback(ctx context.Context, tx string) error {
	_, err := c.ask(ctx, "rollback", func(m *wire.Message) { m.Text("tx", tx) })
	return err
}

// Prepare compiles a statement for many runs on this connection, and returns its
// number, to be given as StreamRequest.Statement until Forget.
func (c *Conn) Prepare(ctx context.Context, query string) (int64, error) {
	m, err := c.ask(ctx, "prepare", func(m *wire.Message) { m.Text("query", query) })
	if err != nil {
		return 0, err
	}
	n, ok := m.Get("statement")
	if !ok || n.Kind() != value.KindInt {
		return 0, status.Errorf(status.Unreachable, "%s does not answer as a KadeDB server", c.base)
	}
	return n.AsInt(), nil
}

// Forget lets go of a prepared statement.
func (c *Conn) Forget(ctx context.Context, statement int64) error {
	_, err := c.ask(ctx, "forget", func(m *wire.Message) { m.Int("statement", statement) })
	return err
}

// Exec runs a statement to its end and drops its rows.
func (c *Conn) Exec(ctx context.Context, r StreamRequest) (Report, error) {
	s, err := c.Query(ctx, r)
	if err != nil {
		return Report{}, err
	}
	for s.Next() {
	}
	err = s.Close()
	return s.Report(), err
}
