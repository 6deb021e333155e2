package rest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/auth"
	"github.com/kadedb/kadedb/server/front"
	"github.com/kadedb/kadedb/server/front/fronttest"
	"github.com/kadedb/kadedb/server/rest"
)

// server is a served store of its own.
type server struct {
	*fronttest.Server
	t testing.TB
}

func start(t testing.TB, change func(*front.Config, *kadedb.Options)) *server {
	t.Helper()
	c, o := front.Config{Auth: true, BodySize: 16 << 20}, kadedb.Options{Memory: 256 << 20}
	if change != nil {
		change(&c, &o)
	}
	return &server{fronttest.Start(t, c, o, rest.Register), t}
}

// call is one request; the zero value of a field is the usual one.
type call struct {
	method, path, body string
	header             map[string]string
	as                 auth.Role
	host               string
}

func (s *server) request(ctx context.Context, c call) *http.Request {
	s.t.Helper()
	if c.method == "" {
		c.method = "POST"
	}
	if c.path == "" {
		c.path = "/v1/query"
	}
	req, err := http.NewRequestWithContext(ctx, c.method, s.URL+c.path, strings.NewReader(c.body))
	if err != nil {
		s.t.Fatal(err)
	}
	if c.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.as != 0 {
		req.Header.Set("Authorization", "Bearer "+s.Token[c.as])
	}
	for k, v := range c.header {
		if v == "" {
			req.Header.Del(k)
		} else {
			req.Header.Set(k, v)
		}
	}
	req.Host = c.host
	return req
}

func (s *server) do(c call) (int, string) {
	s.t.Helper()
	res, err := s.web().Do(s.request(context.Background(), c))
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// query runs a statement as a writer and returns the status and the body.
func (s *server) query(text string, more ...string) (int, string) {
	s.t.Helper()
	return s.do(call{as: auth.Writer, body: queryBody(text, more...)})
}

// queryBody makes a request's body; more are further fields, as JSON.
func queryBody(text string, more ...string) string {
	q, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return `{"query":` + string(q) + strings.Join(append([]string{""}, more...), ",") + `}`
}

var ms = regexp.MustCompile(`"ms":[0-9.]+`)
var ids = regexp.MustCompile(`"(id|start|end)":[0-9]+`)
var stats = regexp.MustCompile(`"stats":\{[^}]*\}`)

// plain cuts what differs from run to run out of an answer.
func plain(body string) string {
	body = ids.ReplaceAllString(body, `"$1":0`)
	return stats.ReplaceAllString(ms.ReplaceAllString(body, `"ms":0`), `"stats":{}`)
}

func errorName(t *testing.T, body string) string {
	t.Helper()
	var e struct{ Code, Name, Message string }
	if err := json.Unmarshal([]byte(body), &e); err != nil || e.Code == "" || e.Message == "" {
		t.Errorf("not an error body: %q", body)
	}
	return e.Name
}

func TestAnswers(t *testing.T) {
	s := start(t, nil)
	for _, c := range []struct {
		text string
		more string
		want string
	}{
		{"RETURN 1 AS i, 1.0 AS f, 'x' AS s, null AS n, [1, {a: true}] AS l, 9223372036854775807 AS max", "",
			`{"columns":["i","f","s","n","l","max"],"rows":[[1,1.0,"x",null,[1,{"a":true}],9223372036854775807]],"stats":{},"notices":[],"statuses":[{"gql_status":"00000","status_description":"note: successful completion"}],"ms":0}`},
		{"RETURN 0.0/0.0 AS nan, 1.0/0.0 AS inf, date('2024-02-29') AS d", "",
			`{"columns":["nan","inf","d"],"rows":[[{"$float":"NaN"},{"$float":"Infinity"},"2024-02-29"]],"stats":{},"notices":[],"statuses":[{"gql_status":"00000","status_description":"note: successful completion"}],"ms":0}`},
		{"RETURN $i + 1 AS i, $f + 1 AS f", `"params":{"i":1,"f":1.0}`,
			`{"columns":["i","f"],"rows":[[2,2.0]],"stats":{},"notices":[],"statuses":[{"gql_status":"00000","status_description":"note: successful completion"}],"ms":0}`},
		{"CREATE (:A {n: 1})-[:R {w: 0.5}]->(:B)", "", `{"columns":[],"rows":[],"stats":{},"notices":[],"statuses":[{"gql_status":"00001","status_description":"note: successful completion - omitted result"}],"ms":0}`},
		{"MATCH (n:Nobody) RETURN n", "", `{"columns":["n"],"rows":[],"stats":{},"notices":[],"statuses":[{"gql_status":"02000","status_description":"note: no data"}],"ms":0}`},
		{"UNWIND [1] AS x CALL (x) { MERGE (:A {n: 1}) } IN 2 CONCURRENT TRANSACTIONS", "", `{"columns":[],"rows":[],"stats":{},"notices":["the transactions of CALL … IN CONCURRENT TRANSACTIONS ran one after the other"],` +
			`"statuses":[{"gql_status":"00001","status_description":"note: successful completion - omitted result"},` +
			`{"gql_status":"01000","status_description":"warn: warning - the transactions of CALL … IN CONCURRENT TRANSACTIONS ran one after the other"}],"ms":0}`},
		{"MATCH p = (a:A)-[r]->(b) RETURN a, r, p", "",
			`{"columns":["a","r","p"],"rows":[[{"id":0,"labels":["A"],"properties":{"n":1}},{"id":0,"type":"R","start":0,"end":0,"properties":{"w":0.5}},` +
				`{"nodes":[{"id":0,"labels":["A"],"properties":{"n":1}},{"id":0,"labels":["B"],"properties":{}}],` +
				`"relationships":[{"id":0,"type":"R","start":0,"end":0,"properties":{"w":0.5}}]}]],"stats":{},"notices":[],"statuses":[{"gql_status":"00000","status_description":"note: successful completion"}],"ms":0}`},
	} {
		var more []string
		if c.more != "" {
			more = append(more, c.more)
		}
		code, body := s.query(c.text, more...)
		if got := strings.TrimSpace(plain(body)); code != 200 || got != c.want {
			t.Errorf("%s gives %d\n%s\nwant\n%s", c.text, code, got, c.want)
		}
	}
	code, body := s.do(call{as: auth.Reader, path: "/v1/query?ints=string", body: queryBody("RETURN 1 AS i, 1.0 AS f")})
	if code != 200 || !strings.Contains(body, `"rows":[["1",1.0]]`) {
		t.Errorf("ints=string gives %d %s", code, body)
	}
	if _, body := s.query("CREATE (:S {a: 1})-[:T]->(:S)"); !strings.Contains(body, `"nodes_created":2`) ||
		!strings.Contains(body, `"relationships_created":1`) || !strings.Contains(body, `"properties_set":1`) {
		t.Errorf("stats are %s", body)
	}
	if _, body := s.do(call{method: "GET", path: "/v1/schema", as: auth.Reader}); !strings.Contains(body, `"labels":["A","B","S"]`) ||
		!strings.Contains(body, `"relationship_types":["R","T"]`) || !json.Valid([]byte(body)) {
		t.Errorf("the schema is %s", body)
	}
	if code, body := s.do(call{method: "GET", path: "/"}); code != 200 || !strings.Contains(body, s.URL+"/v1/query") {
		t.Errorf("GET / gives %d %s", code, body)
	}
}

func TestErrors(t *testing.T) {
	s := start(t, func(c *front.Config, _ *kadedb.Options) { c.BodySize = 4096 })
	long := queryBody("RETURN '" + strings.Repeat("x", 5000) + "'")
	for _, c := range []struct {
		name string
		call call
		code int
		want string
	}{
		{"syntax", call{as: auth.Reader, body: queryBody("RETRUN 1")}, 400, "UnexpectedSyntax"},
		{"division", call{as: auth.Reader, body: queryBody("RETURN 1 / 0")}, 400, "DivisionByZero"},
		{"missing parameter", call{as: auth.Reader, body: queryBody("RETURN $p")}, 400, "MissingParameter"},
		{"no token", call{body: queryBody("RETURN 1")}, 401, "InvalidToken"},
		{"basic", call{body: queryBody("RETURN 1"), header: map[string]string{"Authorization": "Basic eDp5"}}, 401, "InvalidToken"},
		{"wrong token", call{body: queryBody("RETURN 1"), header: map[string]string{"Authorization": "Bearer kdb_x"}}, 401, "InvalidToken"},
		{"empty token", call{body: queryBody("RETURN 1"), header: map[string]string{"Authorization": "Bearer "}}, 401, "InvalidToken"},
		{"reader writes", call{as: auth.Reader, body: queryBody("CREATE (:A)")}, 403, "ReadOnlyTransaction"},
		{"reader changes the schema", call{as: auth.Reader, body: queryBody("CREATE INDEX x FOR (n:A) ON (n.b)")}, 403, "ReadOnlyTransaction"},
		{"reader opens to write", call{as: auth.Reader, path: "/v1/tx", body: `{"read_only":false}`}, 403, "RoleTooLow"},
		{"reader begins to write", call{as: auth.Reader, body: queryBody("BEGIN READ WRITE")}, 403, "ReadOnlyTransaction"},
		{"writer lists tokens", call{as: auth.Writer, method: "GET", path: "/v1/tokens"}, 403, "RoleTooLow"},
		{"no address", call{method: "GET", path: "/v2/query"}, 404, "UnknownEndpoint"},
		{"below an address", call{as: auth.Admin, method: "GET", path: "/v1/query/"}, 404, "UnknownEndpoint"},
		{"GET of a query", call{as: auth.Reader, method: "GET", path: "/v1/query?query=RETURN+1"}, 405, "MethodNotAllowed"},
		{"no such transaction", call{as: auth.Writer, path: "/v1/tx/abc/commit"}, 404, "NoSuchTransaction"},
		{"no such transaction to end", call{as: auth.Writer, method: "DELETE", path: "/v1/tx/abc"}, 404, "NoSuchTransaction"},
		{"no such transaction to use", call{as: auth.Writer, body: queryBody("RETURN 1", `"tx":"abc"`)}, 404, "NoSuchTransaction"},
		{"no such token", call{as: auth.Admin, method: "DELETE", path: "/v1/tokens/abc"}, 404, "NoSuchToken"},
		{"no role", call{as: auth.Admin, path: "/v1/tokens", body: `{"role":"root"}`}, 400, "MalformedRequest"},
		{"too long", call{as: auth.Reader, body: long}, 413, "BodyLimit"},
		{"form", call{as: auth.Reader, body: queryBody("RETURN 1"), header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}}, 400, "ContentTypeRefused"},
		{"text", call{as: auth.Reader, body: queryBody("RETURN 1"), header: map[string]string{"Content-Type": "text/plain"}}, 400, "ContentTypeRefused"},
		{"no type", call{as: auth.Reader, body: queryBody("RETURN 1"), header: map[string]string{"Content-Type": ""}}, 400, "ContentTypeRefused"},
		{"compressed", call{as: auth.Reader, body: queryBody("RETURN 1"), header: map[string]string{"Content-Encoding": "br"}}, 400, "ContentTypeRefused"},
		{"form commits", call{as: auth.Writer, path: "/v1/tx/abc/commit", body: "x=1", header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}}, 400, "ContentTypeRefused"},
		{"no JSON", call{as: auth.Reader, body: `{"query":`}, 400, "MalformedRequest"},
		{"no object", call{as: auth.Reader, body: `"RETURN 1"`}, 400, "MalformedRequest"},
		{"no query", call{as: auth.Reader, body: `{}`}, 400, "MalformedRequest"},
		{"misspelt field", call{as: auth.Reader, body: queryBody("RETURN 1", `"timeout":5`)}, 400, "MalformedRequest"},
		{"wrong ints", call{as: auth.Reader, path: "/v1/query?ints=bigint", body: queryBody("RETURN 1")}, 400, "MalformedRequest"},
		{"an unknown parameter", call{as: auth.Reader, path: "/v1/query?timeout_ms=5", body: queryBody("RETURN 1")}, 400, "MalformedRequest"},
		{"a misspelt parameter", call{as: auth.Reader, path: "/v1/export?fromat=csv", body: queryBody("RETURN 1 AS x")}, 400, "MalformedRequest"},
		{"a parameter where there is none", call{as: auth.Reader, method: "GET", path: "/v1/schema?verbose=1"}, 400, "MalformedRequest"},
		{"a parameter of the address twice", call{as: auth.Reader, path: "/v1/query?ints=string&ints=number", body: queryBody("RETURN 1")}, 400, "MalformedRequest"},
		{"parameters that cannot be read", call{as: auth.Reader, path: "/v1/query?ints=%zz", body: queryBody("RETURN 1")}, 400, "MalformedRequest"},
		{"a transaction with a query", call{as: auth.Writer, path: "/v1/tx", body: queryBody("RETURN 1")}, 400, "MalformedRequest"},
		{"a transaction with a limit", call{as: auth.Writer, path: "/v1/tx", body: `{"timeout_ms":1}`}, 400, "MalformedRequest"},
		{"a commit with fields", call{as: auth.Writer, path: "/v1/tx/x/commit", body: `{"tx":"x"}`}, 400, "MalformedRequest"},
		{"a field twice", call{as: auth.Reader, body: queryBody("RETURN 1", `"query":"RETURN 2"`)}, 400, "MalformedRequest"},
		{"a parameter twice", call{as: auth.Reader, body: queryBody("RETURN $x", `"params":{"x":1,"x":2}`)}, 400, "MalformedRequest"},
		{"a role twice", call{as: auth.Admin, path: "/v1/tokens", body: `{"role":"reader","role":"admin"}`}, 400, "MalformedRequest"},
		{"serializable", call{as: auth.Writer, path: "/v1/tx", body: `{"isolation":"serializable"}`}, 400, "SerializableNotYet"},
		{"serializable query", call{as: auth.Writer, body: queryBody("RETURN 1", `"isolation":"serializable"`)}, 400, "SerializableNotYet"},
		{"COMMIT alone", call{as: auth.Writer, body: queryBody("COMMIT")}, 400, "TransactionStatement"},
		{"ROLLBACK alone", call{as: auth.Writer, body: queryBody("ROLLBACK")}, 400, "TransactionStatement"},
		{"rows", call{as: auth.Reader, body: queryBody("UNWIND range(1, 100) AS x RETURN x", `"max_rows":99`)}, 429, "RowLimit"},
		{"time", call{as: auth.Reader, body: queryBody("UNWIND range(1, 100000) AS x UNWIND range(1, 100000) AS y WITH x, y WHERE x + y < 0 RETURN count(*)", `"timeout_ms":50`)}, 429, "QueryTimeLimit"},
		{"foreign host", call{as: auth.Admin, body: queryBody("RETURN 1"), host: "evil.example"}, 403, "HostNotAllowed"},
		{"foreign page", call{as: auth.Admin, body: queryBody("RETURN 1"), header: map[string]string{"Origin": "http://evil.example"}}, 403, "OriginNotAllowed"},
		{"foreign host before the token", call{body: `{`, host: "evil.example"}, 403, "HostNotAllowed"},
		{"a token before the body", call{body: `{`}, 401, "InvalidToken"},
	} {
		code, body := s.do(c.call)
		if name := errorName(t, body); code != c.code || name != c.want {
			t.Errorf("%s: %d %s, want %d %s\n%s", c.name, code, name, c.code, c.want, body)
		}
	}
	_, body := s.do(call{as: auth.Reader, body: queryBody("RETURN 1\n  + nme")})
	const want = `"name":"UndefinedVariable"`
	if !strings.Contains(body, want) || !strings.Contains(body, `"line":2,"column":5`) || !strings.Contains(body, `"type":"SyntaxError","phase":"compile time","detail":"UndefinedVariable"`) {
		t.Errorf("an error of the language is %s", body)
	}
	if _, body := s.do(call{as: auth.Reader, body: queryBody("RETURN 1 / 0")}); !strings.Contains(body, `"phase":"runtime"`) {
		t.Errorf("an error at run time is %s", body)
	}
}

func TestStream(t *testing.T) {
	s := start(t, nil)
	lines := func(body string) []string { return strings.Split(strings.TrimSuffix(plain(body), "\n"), "\n") }
	ndjson := map[string]string{"Accept": "application/x-ndjson"}
	code, body := s.do(call{as: auth.Reader, header: ndjson, body: queryBody("UNWIND [1, 2] AS x RETURN x, x * 0.5 AS y")})
	want := []string{`{"columns":["x","y"]}`, `[1,0.5]`, `[2,1.0]`, `{"stats":{},"notices":[],"statuses":[{"gql_status":"00000","status_description":"note: successful completion"}],"ms":0}`}
	if got := lines(body); code != 200 || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("it is %d %q, want %q", code, got, want)
	}
	code, body = s.do(call{as: auth.Reader, header: ndjson, body: queryBody("UNWIND [2, 1, 0] AS x RETURN 2 / x AS y")})
	got := lines(body)
	if last := got[len(got)-1]; code == 200 && (got[0] != `{"columns":["y"]}` || !strings.HasPrefix(last, `{"error":{"code":"KDB-2010","name":"DivisionByZero"`)) {
		t.Errorf("an error among the rows gives %q", got)
	}
	if code, body = s.do(call{as: auth.Reader, header: ndjson, body: queryBody("RETRUN")}); code != 400 || errorName(t, body) != "UnexpectedSyntax" {
		t.Errorf("an error before the rows gives %d %s", code, body)
	}
	// More rows than an unstreamed answer may have.
	_, body = s.do(call{as: auth.Reader, header: ndjson, body: queryBody("UNWIND range(1, 50000) AS x RETURN x", `"max_rows":10`)})
	if got := lines(body); len(got) != 50002 {
		t.Errorf("%d lines", len(got))
	}
}

// A client that leaves ends its statement.
// Typed values come back as parameters, in every form of answer that has them.
func TestTypedJSON(t *testing.T) {
	s := start(t, nil)
	const typed = "application/vnd.kadedb.typed+json"
	const row = `[{"$type":"date","value":"2026-01-31"},{"$type":"duration","value":"P1M"},1,{"$type":"map","value":{"$type":"x"}}]`
	body := `{"query":"RETURN $d + duration({days: 1}) AS d, $p AS p, 1 AS one, $m AS m","params":{"d":{"$type":"date","value":"2026-01-30"},` +
		`"p":{"$type":"duration","value":"P1M"},"m":{"$type":"map","value":{"$type":"x"}}}}`
	for accept, rest := range map[string]string{
		typed:                                 `{"columns":["d","p","one","m"],"rows":[` + row + `],`,
		"application/vnd.kadedb.typed+ndjson": "{\"columns\":[\"d\",\"p\",\"one\",\"m\"]}\n" + row + "\n{\"stats\":",
		"application/json":                    `{"columns":["d","p","one","m"],"rows":[["2026-01-31","P1M",1,{"$type":"x"}]],`,
	} {
		res, err := s.web().Do(s.request(context.Background(), call{as: auth.Reader, body: body,
			header: map[string]string{"Accept": accept, "Content-Type": typed}}))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != 200 || !strings.HasPrefix(string(got), rest) || res.Header.Get("Content-Type") != accept {
			t.Errorf("%s gives %d %s %s, %v", accept, res.StatusCode, res.Header.Get("Content-Type"), got, err)
		}
		res.Body.Close()
	}
	// In plain JSON it is a map.
	if _, got := s.query("RETURN $d AS d", `"params":{"d":{"$type":"date","value":"x"}}`); !strings.Contains(got, `[[{"$type":"date","value":"x"}]]`) {
		t.Errorf("a map with a $type gives %s", got)
	}
	code, got := s.do(call{as: auth.Reader, body: queryBody("RETURN 1", `"params":{"d":{"$type":"day","value":"x"}}`), header: map[string]string{"Content-Type": typed}})
	if code != 400 || errorName(t, got) != "MalformedRequest" {
		t.Errorf("an unknown $type gives %d %s", code, got)
	}
}

func TestAccept(t *testing.T) {
	s := start(t, nil)
	for accept, want := range map[string]string{
		"": "application/json", "*/*": "application/json", "application/*;q=0.5": "application/json", ", ,": "application/json",
		"application/json;q=0.5, application/x-ndjson": "application/x-ndjson", "application/x-ndjson;q=0.1, */*;q=0.2": "application/json",
		"text/html, application/json;charset=utf-8": "application/json", "application/x-ndjson;q=0, application/json;q=0.1": "application/json",
		"text/html": "", "application/json;q=0": "", "x": "", "application/json;q=2": "", "application/json;q=NaN": "",
	} {
		res, err := s.web().Do(s.request(context.Background(), call{as: auth.Reader, body: queryBody("RETURN 1"), header: map[string]string{"Accept": accept}}))
		if err != nil {
			t.Fatal(err)
		}
		if res.Body.Close(); want == "" && res.StatusCode != 406 || want != "" && res.Header.Get("Content-Type") != want {
			t.Errorf("%q gives %d %s, want %s", accept, res.StatusCode, res.Header.Get("Content-Type"), want)
		}
	}
}

// A client that hangs up ends its statement, in every form of answer, whether it waits
// for the first row or does not read what comes.
func TestHangUpCancels(t *testing.T) {
	s, _, _, pool := secure(t)
	running := func() bool {
		req := s.request(context.Background(), call{as: auth.Admin, body: queryBody("SHOW TRANSACTIONS")})
		res, err := s.trusting(pool, false).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Contains(string(b), "AS hang")
	}
	for _, text := range []string{"UNWIND range(1, 100000) AS x UNWIND range(1, 100000) AS y WITH x, y WHERE x + y < 0 RETURN count(*) AS hang",
		"UNWIND range(1, 10000) AS x UNWIND range(1, 10000) AS y RETURN x, y, 'some text' AS hang"} {
		for _, accept := range []string{"application/json", "application/x-ndjson", "text/csv", arrowType} {
			if accept == "application/json" && strings.Contains(text, "some text") {
				continue // it would run into the limit of rows
			}
			for _, two := range []bool{false, true} {
				ctx, cancel := context.WithCancel(context.Background())
				gone := make(chan struct{})
				req := s.request(ctx, call{as: auth.Reader, body: queryBody(text), header: map[string]string{"Accept": accept}})
				go func() {
					defer close(gone)
					res, err := s.trusting(pool, two).Do(req)
					if err != nil {
						return
					}
					<-ctx.Done()
					res.Body.Close()
				}()
				fronttest.Eventually(t, accept+": the statement runs", running)
				cancel()
				<-gone
				fronttest.Eventually(t, accept+": the statement is gone", func() bool { return !running() })
			}
		}
	}
}

func (s *server) begin(as auth.Role) string {
	s.t.Helper()
	code, body := s.do(call{as: as, path: "/v1/tx"})
	var a struct {
		Tx        string
		ExpiresAt time.Time `json:"expires_at"`
	}
	if err := json.Unmarshal([]byte(body), &a); err != nil || code != 200 || a.Tx == "" || time.Until(a.ExpiresAt) < 30*time.Second {
		s.t.Fatalf("opening gives %d %s", code, body)
	}
	return a.Tx
}

func (s *server) in(as auth.Role, tx, text string) (int, string) {
	s.t.Helper()
	return s.do(call{as: as, body: queryBody(text, `"tx":"`+tx+`"`)})
}

func TestTransactions(t *testing.T) {
	s := start(t, nil)
	s.query("CREATE (:N {k: 1, v: 0}), (:N {k: 2, v: 0})")
	count := func(text string) string {
		_, body := s.query(text)
		return body[strings.Index(body, `"rows":`)+7 : strings.Index(body, `,"stats"`)]
	}
	a, b := s.begin(auth.Writer), s.begin(auth.Writer)
	s.in(auth.Writer, a, "MATCH (n:N {k: 1}) SET n.v = 1")
	s.in(auth.Writer, b, "MATCH (n:N {k: 2}) SET n.v = 2")
	if got := count("MATCH (n:N) RETURN sum(n.v) AS s"); got != "[[0]]" {
		t.Errorf("uncommitted changes are seen: %s", got)
	}
	for _, tx := range []string{a, b} {
		if code, body := s.do(call{as: auth.Writer, path: "/v1/tx/" + tx + "/commit"}); code != 200 || body != "{\"committed\":true}\n" {
			t.Errorf("different nodes: %d %s", code, body)
		}
	}
	if got := count("MATCH (n:N) RETURN sum(n.v) AS s"); got != "[[3]]" {
		t.Errorf("after both commits: %s", got)
	}
	a, b = s.begin(auth.Writer), s.begin(auth.Writer)
	s.in(auth.Writer, a, "MATCH (n:N {k: 1}) SET n.v = 10")
	s.in(auth.Writer, b, "MATCH (n:N {k: 1}) SET n.v = 20")
	if code, body := s.do(call{as: auth.Writer, path: "/v1/tx/" + a + "/commit"}); code != 200 {
		t.Errorf("the first to commit gets %d %s", code, body)
	}
	code, body := s.do(call{as: auth.Writer, path: "/v1/tx/" + b + "/commit"})
	if code != 409 || errorName(t, body) != "WriteConflict" {
		t.Errorf("the second to commit gets %d %s", code, body)
	}
	a = s.begin(auth.Writer)
	s.in(auth.Writer, a, "CREATE (:Gone)")
	if code, body := s.do(call{as: auth.Writer, method: "DELETE", path: "/v1/tx/" + a}); code != 200 || body != "{\"rolled_back\":true}\n" {
		t.Errorf("rolling back gives %d %s", code, body)
	}
	if got := count("MATCH (n:Gone) RETURN count(*) AS c"); got != "[[0]]" {
		t.Errorf("after the rollback: %s", got)
	}
	if code, _ := s.in(auth.Writer, a, "RETURN 1"); code != 404 {
		t.Errorf("an ended transaction gives %d", code)
	}
	// Another token's transaction is not to be found, whatever its role.
	a = s.begin(auth.Writer)
	if code, _ := s.in(auth.Admin, a, "RETURN 1"); code != 404 {
		t.Errorf("another's transaction gives %d", code)
	}
	a = s.begin(auth.Reader)
	if code, body := s.in(auth.Reader, a, "CREATE (:A)"); code != 403 {
		t.Errorf("a write in a reader's transaction gives %d %s", code, body)
	}
}

// How a transaction ended that its owner did not end is told to who comes back for it.
func TestEndedTransactions(t *testing.T) {
	s := start(t, func(_ *front.Config, o *kadedb.Options) { o.TxLimits.Idle = 50 * time.Millisecond })
	_, opened := s.query("BEGIN")
	var answer struct{ Tx string }
	if err := json.Unmarshal([]byte(opened), &answer); err != nil || answer.Tx == "" {
		t.Fatalf("BEGIN gives %s", opened)
	}
	a := answer.Tx
	fronttest.Eventually(t, "the idle transaction ends", func() bool {
		_, body := s.do(call{as: auth.Admin, body: queryBody("SHOW TRANSACTIONS")})
		return !strings.Contains(body, a)
	})
	for range 2 {
		if code, body := s.in(auth.Writer, a, "RETURN 1"); code != 429 || errorName(t, body) != "TransactionTimeout" {
			t.Errorf("it gives %d %s", code, body)
		}
	}
	if code, body := s.do(call{as: auth.Writer, path: "/v1/tx/" + a + "/commit"}); code != 429 || errorName(t, body) != "TransactionTimeout" {
		t.Errorf("committing it gives %d %s", code, body)
	}
}

// TERMINATE TRANSACTION takes the ids that SHOW TRANSACTIONS lists, of transactions
// and of statements by themselves.
func TestTerminateListed(t *testing.T) {
	s := start(t, nil)
	a := s.begin(auth.Writer)
	ended := make(chan string, 1)
	go func() {
		_, body := s.query("UNWIND range(1, 100000) AS x UNWIND range(1, 100000) AS y WITH x, y WHERE x + y < 0 RETURN count(*) AS slow")
		ended <- body
	}()
	var ids []string
	fronttest.Eventually(t, "both are listed", func() bool {
		_, body := s.do(call{as: auth.Admin, body: queryBody("SHOW TRANSACTIONS YIELD transactionId AS id, username AS u WHERE u = $u RETURN id",
			`"params":{"u":"`+auth.Writer.String()+`"}`)})
		var answer struct{ Rows [][]string }
		if err := json.Unmarshal([]byte(body), &answer); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		ids = nil
		for _, r := range answer.Rows {
			ids = append(ids, r[0])
		}
		return len(ids) == 2
	})
	for _, id := range ids {
		if code, body := s.do(call{as: auth.Admin, body: queryBody("TERMINATE TRANSACTION '" + id + "'")}); code != 200 || !strings.Contains(body, "Transaction terminated.") {
			t.Errorf("%s: %d %s", id, code, body)
		}
	}
	if body := <-ended; errorName(t, body) != "TransactionTerminated" {
		t.Errorf("the statement ends with %s", body)
	}
	if code, body := s.in(auth.Writer, a, "RETURN 1"); code != 400 || errorName(t, body) != "TransactionTerminated" {
		t.Errorf("the transaction gives %d %s", code, body)
	}
}

func TestReadOnly(t *testing.T) {
	s := start(t, nil)
	if code, body := s.do(call{as: auth.Reader, body: queryBody("EXPLAIN CREATE (:A)")}); code != 200 || !strings.Contains(body, "Create") {
		t.Errorf("EXPLAIN as a reader gives %d %s", code, body)
	}
	if code, body := s.query("CREATE (:A)", `"read_only":true`); code != 403 || !strings.Contains(body, "leave `read_only` out") {
		t.Errorf("a write that may only read gives %d %s", code, body)
	}
	if code, body := s.do(call{as: auth.Reader, body: queryBody("CREATE (:A)")}); code != 403 || !strings.Contains(body, "a token of role writer") {
		t.Errorf("a reader's write gives %d %s", code, body)
	}
}

func TestTransactionStatements(t *testing.T) {
	s := start(t, nil)
	for _, end := range []string{"COMMIT", "ROLLBACK"} {
		code, body := s.query("BEGIN")
		var a struct {
			Tx        string
			ExpiresAt string `json:"expires_at"`
		}
		if err := json.Unmarshal([]byte(body), &a); err != nil || code != 200 || a.Tx == "" || a.ExpiresAt == "" {
			t.Fatalf("BEGIN gives %d %s", code, body)
		}
		s.in(auth.Writer, a.Tx, "CREATE (:"+end+")")
		if code, body := s.in(auth.Writer, a.Tx, "BEGIN"); code != 400 || errorName(t, body) != "TransactionStatement" {
			t.Errorf("BEGIN twice gives %d %s", code, body)
		}
		if code, body := s.in(auth.Writer, a.Tx, end); code != 200 {
			t.Errorf("%s gives %d %s", end, code, body)
		}
	}
	if _, body := s.query("MATCH (n) RETURN labels(n) AS l"); !strings.Contains(body, `"rows":[[["COMMIT"]]]`) {
		t.Errorf("what is there: %s", body)
	}
}

// A row that is too long for the memory of a query ends a streamed answer, with the reason.
func TestLongRow(t *testing.T) {
	s := start(t, nil)
	text := "UNWIND range(1, 3) AS x RETURN CASE x WHEN 3 THEN [i IN range(1, 600000) | 'some text of a row'] END AS l, x"
	code, body := s.do(call{as: auth.Reader, body: queryBody(text, `"memory_bytes":60000000`), header: map[string]string{"Accept": "application/x-ndjson"}})
	if code != 200 || !strings.HasSuffix(body, "}\n") {
		t.Errorf("a row that fits gives %d …%s", code, body[max(0, len(body)-200):])
	}
	code, body = s.do(call{as: auth.Reader, body: queryBody(text, `"memory_bytes":20000000`), header: map[string]string{"Accept": "application/x-ndjson"}})
	if !strings.Contains(body, "QueryMemoryLimit") {
		t.Errorf("a row that does not fit gives %d, %d bytes …%s", code, len(body), body[max(0, len(body)-200):])
	}
}
