package rest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/auth"
	"github.com/kadedb/kadedb/server/front"
)

// upload sends a form of an import as a writer.
func (s *server) upload(accept string, parts ...string) (int, string) {
	s.t.Helper()
	body, kind := form(s.t.(*testing.T), parts...)
	return s.do(call{path: "/v1/import", body: body, as: auth.Writer, header: map[string]string{"Content-Type": kind, "Accept": accept}})
}

func TestImportSpec(t *testing.T) {
	s := start(t, nil)
	const people = "id;tags\n1;a|b\n2;long enough\n"
	for _, c := range []struct {
		spec string
		code int
		want string
	}{
		{`{"nodes": ["A=f"], "id": ["A:id"], "delimiter": ";", "dry_run": true}`, 200, `"plan":[{"file":"f","of":"nodes","name":"A","rows":null,"bytes":28,"columns":[{"column":"id","property":"id","type":"integer","role":"id"},{"column":"tags","property":"tags","type":"string"}]}]`},
		{`{"nodes": ["B=f"], "delimiter": ";"}`, 200, `"nodes":2`},
		{`{"nodes": ["C=f"], "delimiter": ",", "array_delimiter": "|"}`, 200, `"nodes":2`},
		{`{"nodes": ["D=f"], "line_limit": 10}`, 400, "f:3: a record of"},
		{`{"nodes": ["D=f"], "line_limit": 10, "skip_bad": true}`, 200, `"nodes":1`},
		{`{"nodes": ["E=f"], "line_limit": 67108865}`, 400, "at most 67108864"},
		{`{"nodes": ["E=f"], "line_limit": 0}`, 400, "cannot be used"},
		{`{"nodes": ["E=f"], "delimiter": "ab"}`, 400, "one ASCII character"},
		{`{"nodes": ["E=f"], "delimiter": "\""}`, 400, "one ASCII character"},
		{`{"nodes": ["E=f"], "delimiter": true}`, 400, "cannot be used"},
		{`{"nodes": ["E=f"], "dry_run": "no"}`, 400, "cannot be used"},
	} {
		if code, body := s.upload("", "spec", c.spec, "f", people); code != c.code || !strings.Contains(body, c.want) {
			t.Errorf("%s: %d %s", c.spec, code, body)
		}
	}
	_, body := s.query("MATCH (n) RETURN labels(n)[0] AS l, count(*) AS c ORDER BY l")
	if !strings.Contains(body, `[["B",2],["C",2],["D",1]]`) {
		t.Errorf("afterwards there is %s", body)
	}
	if code, body := s.upload("text/csv", "spec", `{"nodes": ["A=f"]}`, "f", people); code != http.StatusNotAcceptable {
		t.Errorf("as CSV: %d %s", code, body)
	}
}

// What happens comes as it does, a line each, and the result last.
func TestImportInLines(t *testing.T) {
	s := start(t, nil)
	const spec = `{"nodes": ["P=some/people.csv"], "id": ["P:id"], "skip_bad": true}`
	code, body := s.upload("application/x-ndjson", "spec", spec, "some/people.csv", "id,n\n1,a\n1,\"b,\"\n2\n3,c\n4,d,e\n")
	var keys []string
	var rows []string
	for line := range strings.SplitSeq(strings.TrimSuffix(body, "\n"), "\n") {
		var m map[string]json.RawMessage
		if err := json.Unmarshal([]byte(line), &m); err != nil || len(m) != 1 {
			t.Fatalf("%v in %s", err, line)
		}
		for k, v := range m {
			if keys = append(keys, k); k == "bad_row" {
				var r struct {
					File, Code, Row string
					Line            int
				}
				if err := json.Unmarshal(v, &r); err != nil {
					t.Fatal(err)
				}
				rows = append(rows, strings.Join([]string{r.File, r.Code, r.Row}, "|"))
			}
		}
	}
	if got := strings.Join(keys, " "); code != 200 || got != "plan notice bad_row bad_row result" && got != "plan bad_row bad_row notice result" {
		t.Errorf("%d: %s\n%s", code, got, body)
	}
	if got := strings.Join(rows, "\n"); got != "some/people.csv|DuplicateID|1,\"b,\"\nsome/people.csv|MalformedRow|4,d,e" {
		t.Errorf("the bad rows are %s", got)
	}
	if !strings.Contains(body, `{"result":{"nodes":3,"relationships":0,"updated":0,`) {
		t.Errorf("the result is not told: %s", body)
	}
	// Without skip_bad nothing is imported, and the last line says why.
	code, body = s.upload("application/x-ndjson", "spec", `{"nodes": ["Q=f"], "id": ["Q:id"]}`, "f", "id\n1\n1\n")
	if code != 200 || !strings.Contains(body, `"bad":1,"bad_rows":[{"file":"f","line":3,"code":"DuplicateID"`) || !strings.Contains(body, `"error":{"code":"KDB-6009"`) || strings.Contains(body, "bad_row\":{") {
		t.Errorf("%d %s", code, body)
	}
	// An error before the plan is one of the request.
	if code, body = s.upload("application/x-ndjson", "spec", `{"nodes": ["Q=g"]}`, "f", "id\n1\n"); code < 400 || !strings.Contains(body, "FileNotFound") {
		t.Errorf("%d %s", code, body)
	}
	if _, body := s.query("MATCH (n) RETURN labels(n)[0] AS l, count(*) AS c"); !strings.Contains(body, `[["P",3]]`) {
		t.Errorf("afterwards there is %s", body)
	}
}

func TestImportSize(t *testing.T) {
	s := start(t, func(c *front.Config, _ *kadedb.Options) { c.ImportSize = 100 })
	small, large := "id\n"+strings.Repeat("1\n", 20), "id\n"+strings.Repeat("1\n", 60)
	const spec = `{"nodes": ["P=a", "P=b"]}`
	if code, body := s.upload("", "spec", spec, "a", small, "b", small); code != 200 {
		t.Errorf("86 bytes: %d %s", code, body)
	}
	for _, parts := range [][]string{{"a", large, "b", small}, {"a", small, "b", large}} {
		if code, body := s.upload("", append([]string{"spec", spec}, parts...)...); code != http.StatusRequestEntityTooLarge || !strings.Contains(body, "--import-size") {
			t.Errorf("too many bytes: %d %s", code, body)
		}
	}
}

// A client that hangs up while its import runs ends it.
func TestImportHangUp(t *testing.T) {
	s := start(t, nil)
	var b bytes.Buffer
	b.WriteString("id,n\n")
	for i := range 400_000 {
		b.WriteString(strings.Repeat("7", 1+i%9) + ",bad,row\n")
	}
	body, kind := form(t, "spec", `{"nodes": ["P=f"], "skip_bad": true}`, "f", b.String())
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	res, err := s.web().Do(s.request(ctx, call{path: "/v1/import", body: body, as: auth.Writer,
		header: map[string]string{"Content-Type": kind, "Accept": "application/x-ndjson"}}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := res.Body.Read(make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	cancel()
	res.Body.Close()
	// The store is free for the next one.
	if code, body := s.upload("", "spec", `{"nodes": ["Q=f"]}`, "f", "id\n1\n"); code != 200 {
		t.Errorf("the next import: %d %s", code, body)
	}
	if _, body := s.query("MATCH (n:P) RETURN count(*) AS n"); !strings.Contains(body, "[[0]]") {
		t.Errorf("it went on: %s", body)
	}
}
