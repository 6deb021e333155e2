package ws_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/kadedb/kadedb/auth"
	"github.com/kadedb/kadedb/wire"
)

// initBytes is what may come before the token.
const initBytes = 64 << 10

// An init that ends with the last byte that may come is answered.
func TestAllBeforeToken(t *testing.T) {
	s := start(t, nil)
	init := fmt.Sprintf(`{"type":"init","token":%q}`, s.Token[auth.Reader])
	for _, more := range []int{0, 1} {
		l := s.raw(wire.JSON)
		pings := bytes.Repeat(frame(0x89, strings.Repeat("x", 100)), 300)
		room := initBytes - len(pings) - 8 // of the head of a frame of this length
		b := append(pings, frame(0x81, init+strings.Repeat(" ", room-len(init)+more))...)
		if len(b) != initBytes+more {
			t.Fatalf("%d bytes", len(b))
		}
		if _, err := l.c.NetConn().Write(b); err != nil {
			t.Fatal(err)
		}
		if more > 0 {
			if code := l.closed(); code != websocket.CloseMessageTooBig {
				t.Errorf("with a byte more it is closed with %d", code)
			}
			continue
		}
		if m := l.next(); field(m, "type") != `"ack"` {
			t.Errorf("init is answered with %s", m)
		}
		// From here on there is no such bound.
		for range 3 {
			if _, m := l.answer(`{"type":"query","id":1,"query":"RETURN 1` + strings.Repeat(" ", initBytes) + `"}`); field(m, "type") != `"done"` {
				t.Errorf("a query is answered with %s", m)
			}
		}
	}
}

// A ping while a long answer waits for its reader does not end the connection, though no
// pong can be sent.
func TestPingDuringAnswer(t *testing.T) {
	s := start(t, nil)
	l := s.connect(wire.JSON, auth.Reader)
	l.send(fmt.Sprintf(`{"type":"query","id":1,"query":"UNWIND range(1, 400) AS x RETURN $p","params":{"p":%q}}`, strings.Repeat("x", 100<<10)))
	for range 3 {
		time.Sleep(700 * time.Millisecond)
		if err := l.c.WriteControl(websocket.PingMessage, []byte("here"), time.Now().Add(10*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(500 * time.Millisecond)
	for rows := 0; ; {
		m := l.next()
		rows += strings.Count(m, `xxx"]`)
		if field(m, "type") == `"done"` {
			if rows != 400 {
				t.Errorf("%d rows came", rows)
			}
			return
		}
	}
}
