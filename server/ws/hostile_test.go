package ws_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"slices"
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

// Who may connect at all.
func TestHandshake(t *testing.T) {
	s := start(t, nil)
	host := strings.TrimSuffix(strings.TrimPrefix(s.url(), "ws://"), "/v1/ws")
	for _, c := range []struct {
		name   string
		header http.Header
		none   bool // no subprotocol
		code   int
		want   string
	}{
		{"no origin", nil, false, 101, ""},
		{"own page", http.Header{"Origin": {"http://" + host}}, false, 101, ""},
		{"null origin", http.Header{"Origin": {"null"}}, false, 403, "OriginNotAllowed"},
		{"foreign page", http.Header{"Origin": {"http://evil.example"}}, false, 403, "OriginNotAllowed"},
		{"own name as a prefix", http.Header{"Origin": {"http://" + host + ".evil.example"}}, false, 403, "OriginNotAllowed"},
		{"extension", http.Header{"Origin": {"chrome-extension://abc"}}, false, 403, "OriginNotAllowed"},
		{"empty origin", http.Header{"Origin": {""}}, false, 403, "OriginNotAllowed"},
		{"two origins", http.Header{"Origin": {"http://" + host, "http://evil.example"}}, false, 403, "OriginNotAllowed"},
		{"foreign host", http.Header{"Host": {"evil.example"}}, false, 403, "HostNotAllowed"},
		{"no subprotocol", nil, true, 400, "MalformedRequest"},
		{"unknown subprotocol", http.Header{"Sec-WebSocket-Protocol": {"graphql-transport-ws"}}, true, 400, "MalformedRequest"},
		{"second subprotocol", http.Header{"Sec-WebSocket-Protocol": {"kadeql.v9, kadeql.v1.cbor"}}, true, 101, ""},
	} {
		d := websocket.Dialer{Subprotocols: []string{"kadeql.v1.json"}}
		if c.none {
			d.Subprotocols = nil
		}
		conn, res, err := d.Dial(s.url(), c.header)
		switch {
		case c.code == 101 && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.code == 101:
			conn.Close()
		case err == nil || res == nil:
			t.Errorf("%s: %v", c.name, err)
		default:
			b, err := io.ReadAll(res.Body)
			if err != nil || res.StatusCode != c.code || !strings.Contains(string(b), `"name":"`+c.want+`"`) {
				t.Errorf("%s: %d %s %v", c.name, res.StatusCode, b, err)
			}
		}
	}
	// What is no WebSocket.
	for _, h := range []string{"", "Upgrade: websocket\r\n", "Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: kadeql.v1.json\r\n",
		"Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: kadeql.v1.json\r\nSec-WebSocket-Version: 8\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n",
		"Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: kadeql.v1.json\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n"} {
		conn, err := net.Dial("tcp", host)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "GET /v1/ws HTTP/1.1\r\nHost: %s\r\n%s\r\n", host, h)
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || res.StatusCode != 400 {
			t.Errorf("%q: %v %v", h, res, err)
		}
		conn.Close()
	}
}

// frame makes a masked frame.
func frame(first byte, payload string) []byte {
	b := []byte{first}
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	b = append(b, 1, 2, 3, 4)
	for i := range len(payload) {
		b = append(b, payload[i]^byte(i%4+1))
	}
	return b
}

// Whatever a client sends closes its connection with the code of the table.
func TestCloseCodes(t *testing.T) {
	s := start(t, nil)
	long := strings.Repeat(" ", 70<<10)
	for _, c := range []struct {
		name   string
		before bool // the token
		cbor   bool
		bytes  []byte
		code   int
	}{
		{"no JSON", false, false, frame(0x81, `{"type":`), 4400},
		{"an array", false, false, frame(0x81, `[1]`), 4400},
		{"nothing", false, false, frame(0x81, ``), 4400},
		{"no type", false, false, frame(0x81, `{"id":1}`), 4400},
		{"a type that is a number", false, false, frame(0x81, `{"type":1,"id":1}`), 4400},
		{"unknown type", false, false, frame(0x81, `{"type":"subscribe","id":1}`), 4400},
		{"no id", false, false, frame(0x81, `{"type":"query","query":"RETURN 1"}`), 4400},
		{"id that is text", false, false, frame(0x81, `{"type":"query","id":"1","query":"RETURN 1"}`), 4400},
		{"negative id", false, false, frame(0x81, `{"type":"query","id":-1,"query":"RETURN 1"}`), 4400},
		{"long id", false, false, frame(0x81, `{"type":"query","id":9007199254740992,"query":"RETURN 1"}`), 4400},
		{"id 1.0", false, false, frame(0x81, `{"type":"query","id":1.0,"query":"RETURN 1"}`), 4400},
		{"credit without rows", false, false, frame(0x81, `{"type":"credit","id":1}`), 4400},
		{"no credit", false, false, frame(0x81, `{"type":"credit","id":1,"rows":0}`), 4400},
		{"a ping with more", false, false, frame(0x81, `{"type":"ping","rows":1}`), 4400},
		{"credit of more", false, false, frame(0x81, `{"type":"credit","id":1,"rows":1,"bytes":1}`), 4400},
		{"deep", false, false, frame(0x81, strings.Repeat("[", 60_000)), 4400},
		{"init twice", false, false, frame(0x81, `{"type":"init"}`), 4429},
		{"same id", false, false, append(frame(0x81, `{"type":"query","id":1,"query":"UNWIND range(1, 100) AS x RETURN x","credit":1}`), frame(0x81, `{"type":"begin","id":1}`)...), 4409},
		{"binary in JSON", false, false, frame(0x82, `{"type":"ping"}`), 1003},
		{"text in CBOR", false, true, frame(0x81, `{"type":"ping"}`), 1003},
		{"no CBOR", false, true, frame(0x82, "\xff"), 4400},
		{"a long array of CBOR", false, true, frame(0x82, "\x9b\x7f\xff\xff\xff\xff\xff\xff\xff"), 4400},
		{"no UTF-8", false, false, frame(0x81, "{\"type\":\"\xff\"}"), 1007},
		{"too long", false, false, frame(0x81, strings.Repeat(" ", 1<<20)+`{"type":"ping"}`), 1009},
		{"declared too long", false, false, []byte{0x81, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4}, 1009},
		{"declared as long as can be", false, false, []byte{0x81, 0xff, 255, 255, 255, 255, 255, 255, 255, 255, 1, 2, 3, 4}, 1009},
		{"declared as long as can be, in parts", false, false, append(frame(0x01, "{"), 0x80, 0xff, 127, 255, 255, 255, 255, 255, 255, 255, 1, 2, 3, 4), 1009},
		{"declared too long before the token, as long as can be", true, false, []byte{0x81, 0xff, 255, 255, 255, 255, 255, 255, 255, 255, 1, 2, 3, 4}, 1009},
		{"a type twice", false, false, frame(0x81, `{"type":"ping","type":"query"}`), 4400},
		{"an id twice", false, false, frame(0x81, `{"type":"query","id":1,"query":"RETURN 1","id":2}`), 4400},
		{"an id twice, in CBOR", false, true, frame(0x82, "\xa3\x64type\x64ping\x62id\x01\x62id\x01"), 4400},
		{"credit that is no number of ours", false, false, frame(0x81, `{"type":"credit","id":1,"rows":9223372036854775808}`), 4400},
		{"an id that is a node", false, true, frame(0x82, "\xa2\x64type\x64ping\x62id\xd9\xb7\xa2\x83\x01\x80\xa0"), 4400},
		{"a byte string for a message", false, true, frame(0x82, "\x43abc"), 4400},
		{"an indefinite map", false, true, frame(0x82, "\xbf\xff"), 4400},
		{"two messages in one frame", false, false, frame(0x81, `{"type":"ping"}{"type":"ping"}`), 4400},
		{"a token twice", true, false, frame(0x81, `{"type":"init","token":"kdb_x","token":"kdb_y"}`), 4400},
		{"a token of CBOR that cannot be", true, true, frame(0x82, "\xa2\x64type\x64init\x65token\x43abc"), 4400},
		{"too long in parts", false, false, append(frame(0x01, strings.Repeat(" ", 1<<20)), frame(0x80, ` `)...), 1009},
		{"no mask", false, false, []byte{0x81, 0x02, '{', '}'}, 1002},
		{"bad opcode", false, false, frame(0x83, ``), 1002},
		{"reserved bit", false, false, frame(0xc1, `{}`), 1002},
		{"compressed", false, false, frame(0xc1, "\xaa\x56\x4a\x54\x02\x00"), 1002},
		{"long ping", false, false, frame(0x89, strings.Repeat("x", 126)), 1002},
		{"ping in parts", false, false, frame(0x09, "x"), 1002},
		{"continuation of nothing", false, false, frame(0x80, "x"), 1002},
		{"text inside text", false, false, append(frame(0x01, "{"), frame(0x81, "}")...), 1002},
		{"bad close code", false, false, frame(0x88, "\x00\x01"), 1002},
		{"close", false, false, frame(0x88, "\x03\xe8bye"), 1000},
		{"query first", true, false, frame(0x81, `{"type":"query","id":1,"query":"RETURN 1"}`), 4401},
		{"no token", true, false, frame(0x81, `{"type":"init"}`), 4401},
		{"wrong token", true, false, frame(0x81, `{"type":"init","token":"kdb_x"}`), 4401},
		{"token that is a number", true, false, frame(0x81, `{"type":"init","token":1}`), 4400},
		{"unknown field of init", true, false, frame(0x81, `{"type":"init","user":"x"}`), 4400},
		{"too long before the token", true, false, frame(0x81, long+`{"type":"init"}`), 1009},
		{"declared too long before the token", true, false, []byte{0x81, 0xff, 0, 0, 0, 0, 0, 1, 0, 1, 1, 2, 3, 4}, 1009},
		{"many pings before the token", true, false, bytes.Repeat(frame(0x89, strings.Repeat("x", 100)), 2000), 1009},
		{"empty pings before the token", true, false, bytes.Repeat(frame(0x8a, ""), initBytes/6+1), 1009},
		{"empty frames before the token", true, false, append(frame(0x01, ""), bytes.Repeat(frame(0x00, ""), 20_000)...), 1009},
		{"a token after too much", true, false, slices.Concat(bytes.Repeat(frame(0x89, ""), initBytes/6), frame(0x81, `{"type":"init"}`)), 1009},
		{"silence after all that may come", true, false, bytes.Repeat(frame(0x8a, strings.Repeat("x", 122)), initBytes/128), 4408},
		{"silence", true, false, nil, 4408},
		{"half a message", true, false, frame(0x01, `{"type":`), 4408},
		{"half a frame", true, false, []byte{0x81, 0xfe, 0x10}, 4408},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			form := wire.JSON
			if c.cbor {
				form = wire.CBOR
			}
			var l *link
			if c.before {
				l = s.raw(form)
			} else {
				l = s.connect(form, auth.Writer)
			}
			l.t = t
			if _, err := l.c.NetConn().Write(c.bytes); err != nil {
				t.Fatal(err)
			}
			if code := l.closed(); code != c.code {
				t.Errorf("closed with %d, want %d", code, c.code)
			}
		})
	}
}

// Wrong tokens from one address are refused faster and faster, a right one never is.
func TestGuessing(t *testing.T) {
	s := start(t, nil)
	codes := map[int]int{}
	for range 20 {
		l := s.raw(wire.JSON)
		l.send(`{"type":"init","token":"kdb_guess"}`)
		codes[l.closed()]++
	}
	if codes[4429] == 0 || codes[4401] == 0 || len(codes) != 2 {
		t.Errorf("closed with %v", codes)
	}
	s.connect(wire.JSON, auth.Reader)
}

func TestConnectionLimit(t *testing.T) {
	s := start(t, func(c *front.Config, o *ws.Options) { c.Connections, o.Statements = 2, 3 })
	l := s.connect(wire.JSON, auth.Reader)
	s.raw(wire.JSON)
	if _, res, err := s.dial(wire.JSON, nil); err == nil || res == nil || res.StatusCode != 429 {
		t.Errorf("a third connection: %v %v", res, err)
	}
	for i := range 3 {
		l.send(fmt.Sprintf(`{"type":"query","id":%d,"query":"UNWIND range(1, 10) AS x RETURN x","credit":1}`, i))
		l.next()
	}
	if _, m := l.answer(`{"type":"query","id":4,"query":"RETURN 1"}`); errorName(m) != "SessionLimit" {
		t.Errorf("a fourth request gets %s", m)
	}
	l.send(`{"type":"cancel","id":0}`)
	if m := l.next(); errorName(m) != "Cancelled" {
		t.Errorf("the cancelled one gets %s", m)
	}
	if rows, _ := l.answer(`{"type":"query","id":4,"query":"RETURN 1 AS one"}`); fmt.Sprint(rows) != "[[1]]" {
		t.Errorf("then it gives %v", rows)
	}
}

// No more rows come than there is credit for, and others are not held back.
func TestCredit(t *testing.T) {
	forms(t, func(t *testing.T, form wire.Form) {
		s := start(t, nil)
		l := s.connect(form, auth.Reader)
		l.send(`{"type":"query","id":1,"query":"UNWIND range(1, 1000000) AS x RETURN x","credit":10,"progress_ms":100}`)
		if m := l.next(); strings.Count(field(m, "rows"), "],[") != 9 {
			t.Fatalf("with a credit of 10 there come %s", m)
		}
		// Others are answered meanwhile.
		for range 50 {
			l.send(`{"type":"query","id":2,"query":"UNWIND range(1, 5000) AS x RETURN x"}`)
			for {
				m := l.next()
				if field(m, "id") == "1" && field(m, "type") != `"progress"` {
					t.Fatalf("without credit there comes %.100s", m)
				}
				if field(m, "id") == "2" && field(m, "type") == `"done"` {
					break
				}
			}
		}
		for {
			if m := l.next(); field(m, "type") == `"progress"` {
				if field(m, "state") != `"waiting"` || field(m, "rows") != "10" || field(m, "id") != "1" {
					t.Errorf("progress is %s", m)
				}
				break
			}
		}
		l.send(`{"type":"credit","id":1,"rows":3}`, `{"type":"credit","id":1,"rows":2}`)
		for rows := 0; rows < 5; {
			m := l.next()
			if r := field(m, "rows"); r[0] == '[' {
				rows += strings.Count(r, "],[") + 1
			}
			if rows > 5 {
				t.Errorf("with a credit of 5 there come %d rows", rows)
			}
		}
		l.send(`{"type":"cancel","id":1}`)
		for {
			if m := l.next(); field(m, "type") != `"progress"` {
				if errorName(m) != "Cancelled" {
					t.Errorf("cancelling gives %s", m)
				}
				break
			}
		}
		// What is over is not steered any more.
		l.send(`{"type":"cancel","id":1}`, `{"type":"credit","id":1,"rows":9223372036854775807}`)
		if rows, _ := l.answer(`{"type":"query","id":3,"query":"RETURN 1 AS one"}`); fmt.Sprint(rows) != "[[1]]" {
			t.Errorf("then it gives %v", rows)
		}
		// Credit of exactly as many rows as there are, and of more than there are numbers.
		for _, credit := range []string{"100", "101", "9223372036854775807"} {
			rows, m := l.answer(`{"type":"query","id":4,"query":"UNWIND range(1, 100) AS x RETURN x","credit":` + credit + `}`)
			if len(rows) != 100 || field(m, "type") != `"done"` {
				t.Errorf("credit of %s: %d rows, %s", credit, len(rows), m)
			}
		}
		l.send(`{"type":"query","id":5,"query":"UNWIND range(1, 100) AS x RETURN x","credit":1,"timeout_ms":100}`)
		l.next()
		if m := l.next(); errorName(m) != "QueryTimeLimit" {
			t.Errorf("without credit for too long: %s", m)
		}
	})
}

// A client that reads nothing holds back itself alone, and no more memory than its
// requests may.
func TestSlowReader(t *testing.T) {
	s := start(t, nil)
	slow := s.connect(wire.JSON, auth.Reader)
	for i := range 20 {
		slow.send(fmt.Sprintf(`{"type":"query","id":%d,"query":"UNWIND range(1, 100000000) AS x RETURN x, 'a text that takes some room' AS s"}`, i))
	}
	time.Sleep(300 * time.Millisecond) // until the socket is full
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	l := s.connect(wire.JSON, auth.Reader)
	at := time.Now()
	for range 100 {
		if rows, m := l.answer(`{"type":"query","id":1,"query":"RETURN 1 AS one"}`); fmt.Sprint(rows) != "[[1]]" {
			t.Fatal(m)
		}
	}
	if took := time.Since(at); took > 20*time.Second {
		t.Errorf("100 answers beside a slow reader took %v", took)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 16<<20 {
		t.Errorf("%d bytes more are held", grown)
	}
	// It can still say that it wants none of them.
	for i := range 20 {
		slow.send(fmt.Sprintf(`{"type":"cancel","id":%d}`, i))
	}
	for n := 0; n < 20; {
		if m := slow.next(); field(m, "type") == `"error"` {
			n++
		}
	}
}

const endless = "UNWIND range(1, 100000) AS x UNWIND range(1, 100000) AS y WITH x, y WHERE x + y < 0 RETURN count(*) AS endless"

func (l *link) running(mark string) bool {
	rows, _ := l.answer(`{"type":"query","id":77,"query":"SHOW TRANSACTIONS"}`)
	return strings.Contains(strings.Join(rows, ""), "AS "+mark)
}

func TestCancelAndHangUp(t *testing.T) {
	s := start(t, nil)
	admin := s.connect(wire.JSON, auth.Admin)
	for _, end := range []string{"cancel", "close", "hang up"} {
		l := s.connect(wire.JSON, auth.Writer)
		l.send(`{"type":"query","id":1,"query":"` + endless + `","progress_ms":100}`)
		if m := l.next(); field(m, "type") != `"progress"` || field(m, "state") != `"running"` {
			t.Errorf("a long statement says %s", m)
		}
		if !admin.running("endless") {
			t.Error("the statement does not run")
		}
		var err error
		switch end {
		case "cancel":
			l.send(`{"type":"cancel","id":1}`)
			for m := l.next(); ; m = l.next() {
				if field(m, "type") == `"progress"` {
					continue
				}
				if errorName(m) != "Cancelled" {
					t.Errorf("cancelling gives %s", m)
				}
				break
			}
		case "close":
			err = l.c.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""))
		default:
			err = l.c.NetConn().Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		fronttest.Eventually(t, "the statement is gone after "+end, func() bool { return !admin.running("endless") })
	}
	// A write whose client left before its end has not happened.
	l := s.connect(wire.JSON, auth.Writer)
	l.send(`{"type":"query","id":1,"query":"UNWIND range(1, 300000) AS x CREATE (:Left) RETURN x","credit":1}`)
	l.next()
	if err := l.c.NetConn().Close(); err != nil {
		t.Fatal(err)
	}
	fronttest.Eventually(t, "the write is gone", func() bool { return !admin.running("Left") })
	if rows, _ := admin.answer(`{"type":"query","id":1,"query":"MATCH (n:Left) RETURN count(*) AS c"}`); fmt.Sprint(rows) != "[[0]]" {
		t.Errorf("it left %v", rows)
	}
}

func TestRevocation(t *testing.T) {
	s := start(t, nil)
	idle, busy, waiting := s.connect(wire.JSON, auth.Writer), s.connect(wire.CBOR, auth.Writer), s.connect(wire.JSON, auth.Writer)
	other := s.connect(wire.JSON, auth.Admin)
	busy.send(`{"type":"query","id":1,"query":"` + endless + `"}`)
	// The transaction is opened first: messages of a running statement may come at any time.
	_, m := waiting.answer(`{"type":"begin","id":2}`)
	waiting.send(`{"type":"query","id":1,"query":"UNWIND range(1, 1000) AS x RETURN x AS endless","credit":1}`)
	waiting.next()
	fronttest.Eventually(t, "the statement runs", func() bool { return other.running("endless") })
	at := time.Now()
	if err := s.Front.Revoke(s.DB, s.ID[auth.Writer]); err != nil {
		t.Fatal(err)
	}
	for _, l := range []*link{idle, busy, waiting} {
		if code := l.closed(); code != 4401 {
			t.Errorf("closed with %d", code)
		}
	}
	fronttest.Eventually(t, "nothing of it runs", func() bool { return !other.running("endless") })
	if took := time.Since(at); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
	if _, err := s.DB.EngineOf().Transaction(strings.Trim(field(m, "tx"), `"`), s.ID[auth.Writer]); err == nil {
		t.Error("its transaction is open")
	}
	l := s.raw(wire.JSON)
	l.send(fmt.Sprintf(`{"type":"init","token":%q}`, s.Token[auth.Writer]))
	if code := l.closed(); code != 4401 {
		t.Errorf("a revoked token is closed with %d", code)
	}
}

func TestDrain(t *testing.T) {
	s := start(t, nil)
	idle, busy, fresh := s.connect(wire.JSON, auth.Reader), s.connect(wire.JSON, auth.Reader), s.raw(wire.JSON)
	busy.send(`{"type":"query","id":1,"query":"` + endless + `","progress_ms":0}`)
	admin := s.connect(wire.JSON, auth.Admin)
	fronttest.Eventually(t, "the statement runs", func() bool { return admin.running("endless") })
	at := time.Now()
	drained := make(chan error, 1)
	go func() { drained <- s.Front.Drain(6 * time.Second) }()
	if m := busy.next(); field(m, "type") != `"notice"` || field(m, "name") != `"Draining"` {
		t.Errorf("the busy one is told %s", m)
	}
	if code := idle.closed(); code != 1001 || time.Since(at) > 2500*time.Millisecond {
		t.Errorf("the idle one is closed with %d after %v", code, time.Since(at))
	}
	if _, m := busy.answer(`{"type":"query","id":2,"query":"RETURN 1"}`); errorName(m) != "Draining" {
		t.Errorf("a further request gets %s", m)
	}
	if m := busy.next(); field(m, "id") != "1" || errorName(m) != "Draining" {
		t.Errorf("the statement ends with %s", m)
	}
	if code := busy.closed(); code != 1001 {
		t.Errorf("the busy one is closed with %d", code)
	}
	if err := <-drained; err != nil {
		t.Error(err)
	}
	if took := time.Since(at); took < 2700*time.Millisecond || took > 20*time.Second {
		t.Errorf("draining took %v", took)
	}
	if code := fresh.closed(); code != 1001 {
		t.Errorf("the one without a token is closed with %d", code)
	}
}

// Connections that answer no ping are dropped, others stay.
func TestPings(t *testing.T) {
	s := start(t, func(_ *front.Config, o *ws.Options) { o.Ping = time.Second })
	alive, dead := s.connect(wire.JSON, auth.Reader), s.connect(wire.JSON, auth.Reader)
	pings := 0
	alive.c.SetPingHandler(func(data string) error {
		pings++
		return alive.c.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(time.Second))
	})
	at := time.Now()
	over := make(chan error, 1)
	go func() {
		if err := alive.c.SetReadDeadline(time.Now().Add(3500 * time.Millisecond)); err != nil {
			over <- err
			return
		}
		_, _, err := alive.c.ReadMessage()
		over <- err
	}()
	dead.c.SetPingHandler(func(string) error { return nil })
	if code := dead.closed(); code != 4408 || time.Since(at) < 1500*time.Millisecond {
		t.Errorf("the dead one is closed with %d after %v", code, time.Since(at))
	}
	var timeout net.Error
	if err := <-over; !errors.As(err, &timeout) || !timeout.Timeout() || pings < 2 {
		t.Errorf("the one that answers ends with %v after %d pings", err, pings)
	}
	l := s.connect(wire.JSON, auth.Reader)
	l.send(`{"type":"ping"}`, `{"type":"ping","id":7}`)
	if a, b := l.next(), l.next(); a != `{"type":"pong"}` || b != `{"type":"pong","id":7}` {
		t.Errorf("pings are answered with %s %s", a, b)
	}
}

// A message that comes a byte at a time is not waited for without end, though its
// bytes keep the connection from being silent.
func TestSlowMessage(t *testing.T) {
	s := start(t, func(_ *front.Config, o *ws.Options) { o.Message = 300 * time.Millisecond })
	l := s.connect(wire.JSON, auth.Reader)
	b := frame(0x81, `{"type":"query","id":1,"query":"RETURN 1"}`+strings.Repeat(" ", 1000))
	at := time.Now()
	go func() {
		for i := range b {
			if _, err := l.c.NetConn().Write(b[i : i+1]); err != nil {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	}()
	if code := l.closed(); code != 4408 || time.Since(at) > 15*time.Second {
		t.Errorf("closed with %d after %v", code, time.Since(at))
	}
}

// A message whose values do not fit the memory closes its connection alone.
func TestMessageMemory(t *testing.T) {
	s := startWith(t, 16<<20, nil)
	l, other := s.connect(wire.JSON, auth.Reader), s.connect(wire.JSON, auth.Reader)
	l.send(`{"type":"query","id":1,"query":"RETURN size($l)","params":{"l":[` + strings.Repeat("1,", 500_000) + `1]}}`)
	if code := l.closed(); code != 1013 {
		t.Errorf("closed with %d", code)
	}
	if rows, m := other.answer(`{"type":"query","id":1,"query":"RETURN 1 AS one"}`); fmt.Sprint(rows) != "[[1]]" {
		t.Errorf("another connection gets %s", m)
	}
	if used := s.DB.Stats().Memory.Used; used > 4<<20 {
		t.Errorf("%d bytes are still reserved", used)
	}
}

// metrics returns what /metrics answers.
func (s *server) metrics() string {
	s.t.Helper()
	req, err := http.NewRequest("GET", s.URL+"/metrics", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.Token[auth.Reader])
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(b)
}

func TestMetrics(t *testing.T) {
	s := start(t, nil)
	s.connect(wire.JSON, auth.Reader)
	l := s.raw(wire.JSON)
	l.send(`{"type":"init","token":"kdb_x"}`)
	l.closed()
	fronttest.Eventually(t, "metrics tell", func() bool {
		text := s.metrics()
		return strings.Contains(text, "kadedb_connections 1\n") && strings.Contains(text, "kadedb_connections_total 2\n") &&
			strings.Contains(text, `kadedb_connections_closed_total{code="4401"} 1`)
	})
}

// Random bytes after a good beginning never take the server down.
func FuzzMessages(f *testing.F) {
	s := start(f, nil)
	for _, m := range []string{`{"type":"query","id":1,"query":"RETURN $a","params":{"a":[1,{"b":2.5}]}}`, `{"type":"credit","id":1,"rows":1}`,
		`{"type":"begin","id":1,"read_only":true}`, `{"type":"prepare","id":1,"query":"RETURN 1"}`, "\xa2dtypedping\x62id\x01"} {
		f.Add(true, []byte(m))
		f.Add(false, []byte(m))
		f.Add(true, frame(0x81, m))
	}
	f.Fuzz(func(t *testing.T, framed bool, b []byte) {
		if len(b) > 4096 {
			return
		}
		s := &server{s.Server, t}
		for form := range map[wire.Form]bool{wire.JSON: true, wire.CBOR: true} {
			l := s.connect(form, auth.Reader)
			if framed {
				b = frame(0x81+byte(form), string(b))
			}
			if _, err := l.c.NetConn().Write(b); err != nil {
				t.Fatal(err)
			}
			if err := l.c.NetConn().(*net.TCPConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
		}
		l := s.connect(wire.JSON, auth.Reader)
		if rows, _ := l.answer(`{"type":"query","id":1,"query":"RETURN 1 AS one"}`); fmt.Sprint(rows) != "[[1]]" {
			t.Fatal("the server does not answer")
		}
	})
}
