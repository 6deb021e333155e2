package ws_test

import (
	"fmt"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/kadedb/kadedb/auth"
	"github.com/kadedb/kadedb/server/front"
	"github.com/kadedb/kadedb/server/front/fronttest"
	"github.com/kadedb/kadedb/server/ws"
	"github.com/kadedb/kadedb/wire"
)

// idle waits until nothing runs and nothing is held any more.
func (s *server) idle() {
	s.t.Helper()
	watch := s.connect(wire.JSON, auth.Admin)
	fronttest.Eventually(s.t, "what ran has ended", func() bool {
		rows, _ := watch.answer(`{"type":"query","id":1,"query":"SHOW TRANSACTIONS"}`)
		return len(rows) == 1 // this one
	})
	fronttest.Eventually(s.t, "its memory is free", func() bool {
		for _, a := range s.DB.Stats().Accounts {
			if (a.Name == "query" || a.Name == "request" || a.Name == "answer" || a.Name == "transactions") && a.Used > 0 {
				return false
			}
		}
		return true
	})
}

// A client that takes nothing of what is sent is dropped after a while: its statements
// end, and what they held is free.
func TestStuckWrite(t *testing.T) {
	s := start(t, func(c *front.Config, _ *ws.Options) { c.WriteTime = 200 * time.Millisecond })
	l := s.connect(wire.JSON, auth.Writer)
	l.send(`{"type":"begin","id":1}`)
	l.next()
	for i := range 10 {
		l.send(fmt.Sprintf(`{"type":"query","id":%d,"query":"UNWIND range(1, 100000000) AS x RETURN x, 'a text that takes some room' AS s"}`, i))
	}
	fronttest.Eventually(t, "the connection is dropped", func() bool {
		return strings.Contains(s.metrics(), `kadedb_connections_closed_total{code="1006"} 1`)
	})
	s.idle()
	if m := s.metrics(); !strings.Contains(m, "\nkadedb_transactions_open 0\n") || !strings.Contains(m, "\nkadedb_connections 1\n") {
		t.Errorf("after it there are %s", m)
	}
}

// A client that is gone without a word, while rows are on their way to it and while it
// is idle, is dropped once it does not answer pings.
func TestHalfOpen(t *testing.T) {
	s := start(t, func(_ *front.Config, o *ws.Options) { o.Ping = 100 * time.Millisecond })
	for _, text := range []string{"", `{"type":"query","id":1,"query":"UNWIND range(1, 100000000) AS x RETURN x"}`,
		`{"type":"query","id":1,"query":"UNWIND range(1, 100) AS x RETURN x","credit":1}`, `{"type":"query","id":1,"query":"` + endless + `"}`, `{"type":"begin","id":1}`} {
		l := s.connect(wire.JSON, auth.Writer) // nobody reads from here on
		if text != "" {
			l.send(text)
		}
	}
	fronttest.Eventually(t, "all of them are dropped", func() bool { return strings.Contains(s.metrics(), "\nkadedb_connections 0\n") })
	fronttest.Eventually(t, "nothing runs for them", func() bool {
		m := s.metrics()
		return strings.Contains(m, "\nkadedb_transactions_open 0\n") && strings.Contains(m, "\nkadedb_statements_running 0\n")
	})
}

// The connections that end before they are ones are none of those that are open.
func TestHandshakesThatEnd(t *testing.T) {
	s := start(t, nil)
	for range 20 {
		c, err := net.Dial("tcp", s.Host)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Fprintf(c, "GET /v1/ws HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"+
			"Sec-WebSocket-Protocol: kadeql.v1.json\r\n\r\n", s.Host); err != nil {
			t.Fatal(err)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	fronttest.Eventually(t, "all of them are gone", func() bool { return strings.Contains(s.metrics(), "\nkadedb_connections 0\n") })
}

// Many readers that give little credit cost little, and hold nobody back.
func TestManySlowReaders(t *testing.T) {
	const readers = 100
	s := start(t, func(_ *front.Config, o *ws.Options) { o.Statements = readers + 1 })
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	l := s.connect(wire.JSON, auth.Reader)
	before := heap()
	for i := range readers {
		l.send(fmt.Sprintf(`{"type":"query","id":%d,"query":"UNWIND range(1, 1000000) AS x RETURN x, 'some text ' + x AS t","credit":10,"progress_ms":0}`, i))
	}
	for rows := 0; rows < 10*readers; {
		m := l.next()
		if field(m, "type") != `"rows"` {
			t.Fatal(m)
		}
		rows += 1 + strings.Count(field(m, "rows"), "],[")
	}
	held := heap() - before
	t.Logf("%d readers hold %d KiB", readers, held>>10)
	if held > readers<<20 {
		t.Errorf("%d readers hold %d bytes", readers, held)
	}
	if rows, m := l.answer(fmt.Sprintf(`{"type":"query","id":%d,"query":"UNWIND range(1, 100000) AS x RETURN count(x)"}`, readers)); fmt.Sprint(rows) != "[[100000]]" {
		t.Errorf("another gets %s", m)
	}
	l.send(`{"type":"credit","id":7,"rows":5}`)
	for rows := 0; rows < 5; {
		m := l.next()
		if field(m, "id") != "7" || field(m, "type") != `"rows"` {
			t.Fatalf("with more credit there comes %s", m)
		}
		rows += 1 + strings.Count(field(m, "rows"), "],[")
	}
	for i := range readers {
		l.send(fmt.Sprintf(`{"type":"cancel","id":%d}`, i))
	}
	for range readers {
		if m := l.next(); errorName(m) != "Cancelled" {
			t.Errorf("a cancelled one gets %s", m)
		}
	}
	s.idle()
}

// A value that cannot be sent is an error of its request: others of the connection go on.
func TestMisfits(t *testing.T) {
	s := start(t, nil)
	for _, c := range []struct {
		form  wire.Form
		typed bool
		bytes string // of a message with the id 7
		want  string
	}{
		{wire.JSON, false, `{"type":"query","id":7,"query":"RETURN $x","params":{"x":9223372036854775808}}`, "NumberOutOfRange"},
		{wire.JSON, false, `{"type":"query","query":"RETURN $x","params":{"x":{"a":1,"a":2}},"id":7}`, "MalformedRequest"},
		{wire.JSON, false, `{"type":"query","id":7,"query":"RETURN 1","timeout_ms":1e999}`, "NumberOutOfRange"},
		{wire.JSON, false, `{"type":"commit","id":7,"tx":{"$float":"x"}}`, "MalformedRequest"},
		{wire.JSON, true, `{"type":"query","id":7,"query":"RETURN $x","params":{"x":{"$type":"date","value":"yesterday"}}}`, "MalformedRequest"},
		{wire.JSON, true, `{"type":"query","id":7,"query":"RETURN $x","params":{"x":{"$type":"node","value":{"id":1,"labels":[],"properties":{}}}}}`, "MalformedRequest"},
		{wire.CBOR, false, "\xa4\x64type\x65query\x62id\x07\x65query\x69RETURN $x\x66params\xa1\x61x\xd9\xb7\xa2\x83\x01\x80\xa0", "MalformedRequest"},
		{wire.CBOR, false, "\xa4\x64type\x65query\x62id\x07\x65query\x69RETURN $x\x66params\xa1\x61x\x43abc", "MalformedRequest"},
		{wire.CBOR, false, "\xa4\x64type\x65query\x62id\x07\x65query\x69RETURN $x\x66params\xa2\x61x\x01\x61x\x01", "MalformedRequest"},
		{wire.CBOR, false, "\xa4\x64type\x65query\x62id\x07\x65query\x69RETURN $x\x66params\xa1\x61x\xd8\x64\x63abc", "MalformedRequest"},
	} {
		l := s.raw(c.form)
		l.send(fmt.Sprintf(`{"type":"init","token":%q,"values":%q}`, s.Token[auth.Reader], map[bool]string{false: "plain", true: "typed"}[c.typed]))
		l.next()
		if err := l.c.WriteMessage(websocket.TextMessage+int(c.form), []byte(c.bytes)); err != nil {
			t.Fatal(err)
		}
		if m := l.next(); errorName(m) != c.want || field(m, "id") != "7" {
			t.Errorf("%q is answered with %s", c.bytes, m)
		}
		if _, m := l.answer(`{"type":"query","id":7,"query":"RETURN 1"}`); field(m, "type") != `"done"` {
			t.Errorf("after %q a query gets %s", c.bytes, m)
		}
	}
}

// What a client closes with does not make a number each.
func TestCloseLabels(t *testing.T) {
	s := start(t, nil)
	for code := range 20 {
		l := s.raw(wire.JSON)
		if err := l.c.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(3000+code, "")); err != nil {
			t.Fatal(err)
		}
		l.closed()
	}
	fronttest.Eventually(t, "all are counted as one", func() bool { return strings.Contains(s.metrics(), `kadedb_connections_closed_total{code="other"} 20`) })
}
