package ws_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/auth"
	"github.com/kadedb/kadedb/server/front"
	"github.com/kadedb/kadedb/server/front/fronttest"
	"github.com/kadedb/kadedb/server/rest"
	"github.com/kadedb/kadedb/server/ws"
	"github.com/kadedb/kadedb/value"
	"github.com/kadedb/kadedb/wire"
)

// server is a served store of its own.
type server struct {
	*fronttest.Server
	t testing.TB
}

func start(t testing.TB, change func(*front.Config, *ws.Options)) *server {
	t.Helper()
	return startWith(t, 256<<20, change)
}

func startWith(t testing.TB, memory int64, change func(*front.Config, *ws.Options)) *server {
	t.Helper()
	c, o := front.Config{Auth: true, BodySize: 1 << 20}, ws.Options{}
	if change != nil {
		change(&c, &o)
	}
	return &server{fronttest.Start(t, c, kadedb.Options{Memory: memory}, func(f *front.Server) {
		rest.Register(f)
		ws.Register(f, o)
	}), t}
}

// url is where its connections begin.
func (s *server) url() string { return "ws" + strings.TrimPrefix(s.URL, "http") + "/v1/ws" }

// link is a client's end of a connection.
type link struct {
	t    testing.TB
	c    *websocket.Conn
	form wire.Form
}

func (s *server) dial(form wire.Form, header http.Header) (*websocket.Conn, *http.Response, error) {
	d := websocket.Dialer{Subprotocols: []string{map[wire.Form]string{wire.JSON: "kadeql.v1.json", wire.CBOR: "kadeql.v1.cbor"}[form]}}
	return d.Dial(s.url(), header)
}

// raw connects without an init.
func (s *server) raw(form wire.Form) *link {
	s.t.Helper()
	c, _, err := s.dial(form, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if err := c.Close(); err != nil {
			s.t.Log(err)
		}
	})
	return &link{s.t, c, form}
}

// connect connects with a token.
func (s *server) connect(form wire.Form, as auth.Role) *link {
	s.t.Helper()
	l := s.raw(form)
	l.send(fmt.Sprintf(`{"type":"init","token":%q}`, s.Token[as]))
	if ack := l.next(); !strings.Contains(ack, `"type":"ack"`) || !strings.Contains(ack, `"role":"`+as.String()+`"`) {
		s.t.Fatalf("init is answered with %s", ack)
	}
	return l
}

// send sends messages that are written as JSON here in the link's form.
func (l *link) send(messages ...string) {
	l.t.Helper()
	for _, m := range messages {
		kind, b := websocket.TextMessage, []byte(m)
		if l.form == wire.CBOR {
			v, err := wire.Decode(b)
			if err != nil {
				l.t.Fatalf("%s: %v", m, err)
			}
			kind, b = websocket.BinaryMessage, wire.AppendCBOR(nil, v)
		}
		if err := l.c.WriteMessage(kind, b); err != nil {
			l.t.Fatal(err)
		}
	}
}

// receive returns the next message as JSON, whatever the form.
func (l *link) receive() (string, error) {
	if err := l.c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return "", err
	}
	kind, b, err := l.c.ReadMessage()
	if err != nil {
		return "", err
	}
	if want := websocket.TextMessage + int(l.form); kind != want {
		return "", fmt.Errorf("a frame of type %d, want %d", kind, want)
	}
	if l.form == wire.JSON {
		if !json.Valid(b) {
			return "", fmt.Errorf("not JSON: %q", b)
		}
		return string(b), nil
	}
	v, err := wire.DecodeCBORAnswer(b)
	return string(wire.Encoder{}.Append(nil, v)), err
}

func (l *link) next() string {
	l.t.Helper()
	m, err := l.receive()
	if err != nil {
		l.t.Fatal(err)
	}
	return m
}

// closed reads to the end and returns the close code.
func (l *link) closed() int {
	l.t.Helper()
	for {
		_, err := l.receive()
		var end *websocket.CloseError
		switch {
		case err == nil:
		case errors.As(err, &end):
			return end.Code
		default:
			l.t.Fatalf("not closed, but %v", err)
		}
	}
}

// field returns a field of a message, as JSON.
func field(message, name string) string {
	var m map[string]json.RawMessage
	if err := json.Unmarshal([]byte(message), &m); err != nil {
		return err.Error()
	}
	return string(m[name])
}

func errorName(message string) string {
	return strings.Trim(field(field(message, "error"), "name"), `"`)
}

// answer sends one message and reads to its last answer: the rows one after another,
// and the last message.
func (l *link) answer(m string) (rows []string, last string) {
	l.t.Helper()
	l.send(m)
	for {
		got := l.next()
		if field(got, "id") != field(m, "id") {
			l.t.Fatalf("%s is answered with %s", m, got)
		}
		var batch []json.RawMessage
		if r := field(got, "rows"); r != "" && r[0] == '[' {
			if err := json.Unmarshal([]byte(r), &batch); err != nil {
				l.t.Fatal(err)
			}
			for _, row := range batch {
				rows = append(rows, string(row))
			}
		}
		switch field(got, "type") {
		case `"rows"`, `"progress"`:
		default:
			return rows, got
		}
	}
}

func forms(t *testing.T, f func(t *testing.T, form wire.Form)) {
	for form, name := range map[wire.Form]string{wire.JSON: "json", wire.CBOR: "cbor"} {
		t.Run(name, func(t *testing.T) { f(t, form) })
	}
}

func TestAnswers(t *testing.T) {
	forms(t, func(t *testing.T, form wire.Form) {
		s := start(t, nil)
		l := s.connect(form, auth.Writer)
		for _, c := range []struct{ message, rows, last string }{
			{`{"type":"query","id":1,"query":"RETURN 1 AS i, 1.5 AS f, 'x' AS s, null AS n, [1, {a: true}] AS l"}`, `[[1,1.5,"x",null,[1,{"a":true}]]]`, `"columns":["i","f","s","n","l"]`},
			{`{"type":"query","id":0,"query":"RETURN $a + 1 AS b","params":{"a":9007199254740992}}`, `[[9007199254740993]]`, `"stats":{"rows":1`},
			{`{"type":"query","id":2,"query":"CREATE (:A {n: 1})-[:R {w: 0.5}]->(:B)"}`, `[]`, `"nodes_created":2`},
			{`{"type":"query","id":2,"query":"MATCH (a:A)-[r]->(b) RETURN labels(a) AS a, type(r) AS r, b.x AS x"}`, `[[["A"],"R",null]]`, `"type":"done"`},
			{`{"type":"query","id":3,"query":"UNWIND range(1, 5000) AS x RETURN sum(x) AS s"}`, `[[12502500]]`, `"type":"done"`},
			{`{"type":"query","id":9007199254740991,"query":"EXPLAIN RETURN 1"}`, ``, `"plan":"`},
			{`{"type":"query","id":4,"query":"RETURN date('2024-02-29') AS d, duration('P1Y2M') AS p, datetime('2024-02-29T12:00[Europe/Stockholm]') AS z, time('12:00+01:00') AS t, localtime('12:00') AS lt, localdatetime('2024-02-29T12:00') AS ld"}`,
				`[["2024-02-29","P1Y2M","2024-02-29T12:00+01:00[Europe/Stockholm]","12:00+01:00","12:00","2024-02-29T12:00"]]`, `"type":"done"`},
			{`{"type":"query","id":5,"query":"RETRUN 1"}`, `[]`, `"name":"UnexpectedSyntax"`},
			{`{"type":"query","id":5,"query":"RETURN 1 / 0"}`, `[]`, `"name":"DivisionByZero"`},
			{`{"type":"query","id":5,"query":"RETURN $p"}`, `[]`, `"name":"MissingParameter"`},
			{`{"type":"query","id":5}`, `[]`, `"name":"MalformedRequest"`},
			{`{"type":"query","id":5,"query":"RETURN 1","statement":1}`, `[]`, `"name":"MalformedRequest"`},
			{`{"type":"query","id":5,"statement":77}`, `[]`, `"name":"MalformedRequest"`},
			{`{"type":"query","id":5,"query":"RETURN 1","limit":3}`, `[]`, `"name":"MalformedRequest"`},
			{`{"type":"query","id":5,"query":"RETURN 1","max_rows":3}`, `[]`, `"name":"MalformedRequest"`},
			{`{"type":"query","id":5,"query":"RETURN 1","credit":0}`, `[]`, `"name":"MalformedRequest"`},
			{`{"type":"query","id":5,"query":7}`, `[]`, `"name":"MalformedRequest"`},
			{`{"type":"query","id":5,"query":"RETURN 1","tx":"nope"}`, `[]`, `"name":"NoSuchTransaction"`},
			{`{"type":"query","id":5,"query":"RETURN 1","isolation":"snapshot"}`, `[]`, `"name":"MalformedRequest"`},
			{`{"type":"query","id":5,"query":"CREATE (:A)","read_only":true}`, `[]`, `"name":"ReadOnlyTransaction"`},
			{`{"type":"query","id":5,"query":"UNWIND range(1, 100000) AS x UNWIND range(1, 100000) AS y WITH x, y WHERE x + y < 0 RETURN count(*)","timeout_ms":50}`, `[]`, `"name":"QueryTimeLimit"`},
			{`{"type":"commit","id":5}`, `[]`, `"name":"MalformedRequest"`},
			{`{"type":"commit","id":5,"tx":"nope"}`, `[]`, `"name":"NoSuchTransaction"`},
			{`{"type":"begin","id":5,"isolation":"serializable"}`, `[]`, `"name":"SerializableNotYet"`},
			{`{"type":"begin","id":5,"query":"RETURN 1"}`, `[]`, `"name":"MalformedRequest"`},
			{`{"type":"forget","id":5,"statement":1}`, `[]`, `"name":"MalformedRequest"`},
			{`{"type":"prepare","id":5,"query":"RETRUN"}`, `[]`, `"name":"UnexpectedSyntax"`},
		} {
			rows, last := l.answer(c.message)
			if got := "[" + strings.Join(rows, ",") + "]"; c.rows != "" && got != c.rows || !strings.Contains(last, c.last) {
				t.Errorf("%s gives\n%s\n%s", c.message, got, last)
			}
		}
		r := s.connect(form, auth.Reader)
		for _, m := range []string{`{"type":"query","id":1,"query":"CREATE (:A)"}`, `{"type":"begin","id":1,"read_only":false}`} {
			if _, last := r.answer(m); errorName(last) != "ReadOnlyTransaction" && errorName(last) != "RoleTooLow" {
				t.Errorf("a reader's %s gives %s", m, last)
			}
		}
	})
}

// What CBOR keeps apart and JSON does not.
func TestCBORValues(t *testing.T) {
	s := start(t, nil)
	l := s.connect(wire.CBOR, auth.Writer)
	params := &value.Map{}
	for name, text := range map[string]string{"d": "2024-02-29"} {
		v, err := value.ParseDate(text)
		if err != nil {
			t.Fatal(err)
		}
		params.Set(name, v)
	}
	params.Set("f", value.Float(1))
	m := &value.Map{}
	m.Set("type", value.String("query"))
	m.Set("id", value.Int(1))
	m.Set("query", value.String("CREATE p = (a:A {d: $d})-[:R]->(:B) RETURN p, a.d + duration('P1D') AS d, $f AS f"))
	m.Set("params", value.FromMap(params))
	if err := l.c.WriteMessage(websocket.BinaryMessage, wire.AppendCBOR(nil, value.FromMap(m))); err != nil {
		t.Fatal(err)
	}
	_, b, err := l.c.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	v, err := wire.DecodeCBORAnswer(b)
	if err != nil {
		t.Fatal(err)
	}
	rows, _ := v.AsMap().Get("rows")
	row := rows.Elems()[0].Elems()
	if row[0].Kind() != value.KindPath || row[1].Kind() != value.KindDate || row[1].String() != "date('2024-03-01')" && !strings.Contains(row[1].String(), "2024-03-01") || row[2].Kind() != value.KindFloat {
		t.Errorf("the row is %v", row)
	}
}

func TestIntsAsStrings(t *testing.T) {
	s := start(t, nil)
	l := s.raw(wire.JSON)
	l.send(fmt.Sprintf(`{"type":"init","token":%q,"ints":"string"}`, s.Token[auth.Reader]))
	l.next()
	if rows, _ := l.answer(`{"type":"query","id":1,"query":"RETURN 9223372036854775807 AS i, 1.5 AS f"}`); fmt.Sprint(rows) != `[["9223372036854775807",1.5]]` {
		t.Errorf("the rows are %v", rows)
	}
}

// Values say their types both ways where the client asks for it.
func TestTypedValues(t *testing.T) {
	s := start(t, nil)
	for values, want := range map[string]string{"typed": `[[{"$type":"date","value":"2026-02-01"}]]`, "plain": `[["2026-02-01"]]`} {
		l := s.raw(wire.JSON)
		l.send(fmt.Sprintf(`{"type":"init","token":%q,"values":%q}`, s.Token[auth.Reader], values))
		l.next()
		text, param := "RETURN $d + duration({days: 1}) AS d", `{"$type":"date","value":"2026-01-31"}`
		if values == "plain" {
			text = "RETURN date($d.value) + duration({days: 1}) AS d"
		}
		if rows, _ := l.answer(fmt.Sprintf(`{"type":"query","id":1,"query":%q,"params":{"d":%s}}`, text, param)); fmt.Sprint(rows) != want {
			t.Errorf("%s: the rows are %v", values, rows)
		}
	}
}

// The statements of one token are counted; one too many is refused, and the connection goes on.
func TestTokenRate(t *testing.T) {
	s := start(t, func(c *front.Config, _ *ws.Options) { c.TokenRate = 3 })
	l := s.connect(wire.JSON, auth.Reader)
	began, done, refused := time.Now(), 0, 0
	for i := range 12 {
		l.send(fmt.Sprintf(`{"type":"query","id":%d,"query":"RETURN 1"}`, i))
		switch m := l.next(); {
		case strings.Contains(m, `"type":"done"`):
			done++
		case strings.Contains(m, `"name":"RateLimit"`):
			refused++
		default:
			t.Errorf("it is answered with %s", m)
		}
	}
	if most := 3 + int(3*time.Since(began).Seconds()) + 1; done < 3 || done > most || done+refused != 12 {
		t.Errorf("%d were answered and %d refused, of at most %d", done, refused, most)
	}
}

// Many statements at once, whose answers are told apart by their ids.
func TestManyAtOnce(t *testing.T) {
	forms(t, func(t *testing.T, form wire.Form) {
		s := start(t, nil)
		l := s.connect(form, auth.Reader)
		const n = 60
		for i := range n {
			l.send(fmt.Sprintf(`{"type":"query","id":%d,"query":"UNWIND range(1, 3000) AS x RETURN %d AS q, x"}`, i, i))
		}
		next := map[string]int{}
		for done := 0; done < n; {
			m := l.next()
			id := field(m, "id")
			var rows [][2]int
			if r := field(m, "rows"); r != "" && field(m, "type") != `"progress"` {
				if err := json.Unmarshal([]byte(r), &rows); err != nil {
					t.Fatal(err)
				}
			}
			for _, row := range rows {
				next[id]++
				if fmt.Sprint(row[0]) != id || row[1] != next[id] {
					t.Fatalf("request %s has the row %v after %d", id, row, next[id]-1)
				}
			}
			if field(m, "type") == `"done"` {
				done++
				if next[id] != 3000 {
					t.Errorf("request %s has %d rows", id, next[id])
				}
			}
		}
	})
}

func TestPrepared(t *testing.T) {
	s := start(t, nil)
	l := s.connect(wire.JSON, auth.Writer)
	_, m := l.answer(`{"type":"prepare","id":1,"query":"RETURN $a AS a"}`)
	if field(m, "type") != `"prepared"` || field(m, "columns") != `["a"]` || field(m, "writes") != "false" {
		t.Fatalf("preparing gives %s", m)
	}
	n := field(m, "statement")
	for i := range 3 {
		rows, _ := l.answer(fmt.Sprintf(`{"type":"query","id":2,"statement":%s,"params":{"a":%d}}`, n, i))
		if fmt.Sprint(rows) != fmt.Sprintf("[[%d]]", i) {
			t.Errorf("run %d gives %v", i, rows)
		}
	}
	if _, m := s.connect(wire.JSON, auth.Writer).answer(`{"type":"query","id":1,"statement":` + n + `,"params":{"a":1}}`); errorName(m) != "MalformedRequest" {
		t.Errorf("another connection's statement gives %s", m)
	}
	if _, m := l.answer(`{"type":"forget","id":3,"statement":` + n + `}`); field(m, "type") != `"done"` {
		t.Errorf("forgetting gives %s", m)
	}
	if _, m := l.answer(`{"type":"query","id":2,"statement":` + n + `,"params":{"a":1}}`); errorName(m) != "MalformedRequest" {
		t.Errorf("a forgotten statement gives %s", m)
	}
	for i := 0; ; i++ {
		if _, m = l.answer(`{"type":"prepare","id":1,"query":"RETURN $a AS a"}`); field(m, "type") != `"prepared"` {
			if i != 256 || errorName(m) != "SessionLimit" {
				t.Errorf("statement %d gives %s", i, m)
			}
			break
		}
	}
}

func TestTransactions(t *testing.T) {
	s := start(t, nil)
	l := s.connect(wire.JSON, auth.Writer)
	count := func() string {
		rows, _ := s.connect(wire.JSON, auth.Reader).answer(`{"type":"query","id":1,"query":"MATCH (n) RETURN count(*) AS c"}`)
		return fmt.Sprint(rows)
	}
	begin := func(m string) string {
		_, got := l.answer(m)
		if field(got, "tx") == "" || field(got, "expires_at") == "" {
			t.Fatalf("%s gives %s", m, got)
		}
		return field(got, "tx")
	}
	tx := begin(`{"type":"begin","id":1}`)
	// All of a transaction's requests may be sent at once.
	for i := range 20 {
		l.send(fmt.Sprintf(`{"type":"query","id":%d,"tx":%s,"query":"MATCH (n) WITH count(n) AS c CREATE (:N {k: c})"}`, 10+i, tx))
	}
	l.send(`{"type":"commit","id":99,"tx":` + tx + `}`)
	for i := range 20 {
		if m := l.next(); field(m, "id") != fmt.Sprint(10+i) || field(m, "type") != `"done"` {
			t.Fatalf("request %d gives %s", 10+i, m)
		}
	}
	if m := l.next(); field(m, "id") != "99" || field(m, "type") != `"done"` {
		t.Errorf("committing gives %s", m)
	}
	if got := count(); got != "[[20]]" {
		t.Errorf("after the commit there are %s", got)
	}
	if rows, _ := l.answer(`{"type":"query","id":1,"query":"MATCH (n:N) RETURN count(DISTINCT n.k) AS k, max(n.k) AS m"}`); fmt.Sprint(rows) != "[[20,19]]" {
		t.Errorf("they ran in the order %v", rows)
	}
	tx = begin(`{"type":"query","id":1,"query":"BEGIN"}`)
	l.answer(`{"type":"query","id":2,"tx":` + tx + `,"query":"CREATE (:X)"}`)
	if _, m := l.answer(`{"type":"rollback","id":3,"tx":` + tx + `}`); field(m, "type") != `"done"` {
		t.Errorf("rolling back gives %s", m)
	}
	tx = begin(`{"type":"query","id":1,"query":"START TRANSACTION READ ONLY"}`)
	if _, m := l.answer(`{"type":"query","id":2,"tx":` + tx + `,"query":"CREATE (:X)"}`); errorName(m) != "ReadOnlyTransaction" {
		t.Errorf("writing where only reading is allowed gives %s", m)
	}
	if _, m := l.answer(`{"type":"query","id":3,"tx":` + tx + `,"query":"COMMIT"}`); field(m, "type") != `"done"` {
		t.Errorf("committing gives %s", m)
	}
	// A connection's transactions end with it.
	tx = begin(`{"type":"begin","id":1}`)
	l.answer(`{"type":"query","id":2,"tx":` + tx + `,"query":"CREATE (:Y)"}`)
	if err := l.c.Close(); err != nil {
		t.Fatal(err)
	}
	other := s.connect(wire.JSON, auth.Writer)
	fronttest.Eventually(t, "the transaction is rolled back", func() bool {
		_, m := other.answer(`{"type":"query","id":2,"tx":` + tx + `,"query":"RETURN 1"}`)
		return errorName(m) == "NoSuchTransaction" || errorName(m) == "TransactionClosed"
	})
	if got := count(); got != "[[20]]" {
		t.Errorf("at the end there are %s", got)
	}
}
