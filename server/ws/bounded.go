package ws

import (
	"bufio"
	"errors"
	"net"
	"net/http"
)

// errBound is why a bounded connection reads no more.
var errBound = errors.New("the connection has sent more than it may before it has shown a token")

// bounded is a connection that reads so many bytes and no more, until it is set free. It
// counts what the library does not tell of: heads of frames, empty ones, pings. The one
// goroutine that reads may use it.
type bounded struct {
	net.Conn
	left int64 // -1: it is free
}

// Read is part of net.Conn.
func (c *bounded) Read(b []byte) (int, error) {
	switch {
	case c.left < 0 || len(b) == 0:
		return c.Conn.Read(b)
	case c.left > 0:
		n, err := c.Conn.Read(b[:min(int64(len(b)), c.left)])
		c.left -= int64(n)
		return n, err
	}
	// All of it may have been a message: only one more byte is too much.
	n, err := c.Conn.Read(b[:1])
	if n > 0 {
		return 0, errBound
	}
	return 0, err
}

// CloseWrite ends what is written, where the connection can.
func (c *bounded) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

func (c *bounded) free() { c.left = -1 }

// binder makes the connection that it hands out bounded.
type binder struct {
	http.ResponseWriter
	conn *bounded
}

// Hijack is part of http.Hijacker.
func (w *binder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	raw, buf, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	w.conn = &bounded{Conn: raw, left: initBytes}
	return w.conn, buf, nil
}
