package rest_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/kadedb/kadedb/server/front"
	"github.com/kadedb/kadedb/server/rest"
	"github.com/kadedb/kadedb/server/ws"
)

// All that the tests send and get is checked against /openapi.json.

// seen are the operations and statuses that were checked.
var seen = struct {
	mu sync.Mutex
	by map[string]int
}{by: map[string]int{}}

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if run := flag.Lookup("test.run"); code == 0 && run.Value.String() == "" && flag.Lookup("test.list").Value.String() == "" && !testing.Short() {
		for _, op := range []string{"welcome 200", "openapi 200", "query 200", "query 400", "export 200", "import 200", "begin 200", "commit 200", "commit 409", "rollback 200",
			"schema 200", "listTokens 200", "createToken 200", "revokeToken 200", "status 200", "metrics 200", "live 200", "ready 200", "ready 503"} {
			if seen.by[op] == 0 {
				fmt.Println("no test met", op)
				code = 1
			}
		}
	}
	os.Exit(code)
}

// description is the document as a client reads it.
var description = sync.OnceValue(func() map[string]any {
	f, err := front.New(front.Config{Listen: "127.0.0.1:0"})
	if err != nil {
		panic(err)
	}
	rest.Register(f)
	ws.Register(f, ws.Options{})
	if err := f.Listen(); err != nil {
		panic(err)
	}
	go f.Serve()
	defer f.Drain(0)
	res, err := http.Get(f.URL() + "/openapi.json")
	if err != nil {
		panic(err)
	}
	defer res.Body.Close()
	var doc map[string]any
	if err := json.NewDecoder(res.Body).Decode(&doc); err != nil {
		panic(err)
	}
	doc["x-routes"] = f.Routes()
	return doc
})

// dig follows keys.
func dig(v any, keys ...string) any {
	for _, k := range keys {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		if v = m[k]; v == nil {
			return nil
		}
	}
	if ref, ok := dig1(v, "$ref").(string); ok {
		return dig(description(), strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
	}
	return v
}

func dig1(v any, key string) any {
	m, _ := v.(map[string]any)
	return m[key]
}

// fits says how v is not what a schema says; "" where it is.
func fits(v any, schema any, at string) string {
	s, ok := dig(map[string]any{"x": schema}, "x").(map[string]any)
	if !ok {
		return at + ": no schema"
	}
	if one, ok := s["oneOf"].([]any); ok {
		var why []string
		for _, x := range one {
			w := fits(v, x, at)
			if w == "" {
				return ""
			}
			why = append(why, w)
		}
		return strings.Join(why, "; ")
	}
	types, _ := s["type"].([]any)
	if t, ok := s["type"].(string); ok {
		types = []any{t}
	}
	if types != nil && !slices.ContainsFunc(types, func(t any) bool { return isA(v, t.(string)) }) {
		return fmt.Sprintf("%s: %v is no %v", at, v, types)
	}
	if enum, ok := s["enum"].([]any); ok && !slices.Contains(enum, v) {
		return fmt.Sprintf("%s: %v is none of %v", at, v, enum)
	}
	switch v := v.(type) {
	case []any:
		for i, e := range v {
			if items := s["items"]; items != nil {
				if why := fits(e, items, fmt.Sprintf("%s[%d]", at, i)); why != "" {
					return why
				}
			}
		}
	case map[string]any:
		return fieldsFit(v, s, at)
	}
	return ""
}

func fieldsFit(v, s map[string]any, at string) string {
	required, _ := s["required"].([]any)
	for _, k := range required {
		if _, ok := v[k.(string)]; !ok {
			return at + " lacks " + k.(string)
		}
	}
	props, _ := s["properties"].(map[string]any)
	for k, e := range v {
		schema, ok := props[k]
		if !ok {
			if schema, ok = s["additionalProperties"].(map[string]any); !ok && props != nil {
				return at + ": the field " + k + " is not described"
			}
		}
		if ok && len(schema.(map[string]any)) > 0 {
			if why := fits(e, schema, at+"."+k); why != "" {
				return why
			}
		}
	}
	return ""
}

func isA(v any, kind string) bool {
	switch v := v.(type) {
	case nil:
		return kind == "null"
	case bool:
		return kind == "boolean"
	case string:
		return kind == "string"
	case float64:
		return kind == "number" || kind == "integer" && v == math.Trunc(v)
	case []any:
		return kind == "array"
	}
	return kind == "object"
}

// web returns a client whose traffic is checked.
func (s *server) web() *http.Client { return &http.Client{Transport: traffic{s.t}} }

type traffic struct{ t testing.TB }

func (c traffic) RoundTrip(r *http.Request) (*http.Response, error) {
	var sent []byte
	if r.GetBody != nil {
		b, err := r.GetBody()
		if err != nil {
			return nil, err
		}
		if sent, err = io.ReadAll(b); err != nil {
			return nil, err
		}
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err == nil {
		res.Body = &recorded{ReadCloser: res.Body, done: func(got []byte) { check(c.t, r, sent, res, got) }}
	}
	return res, err
}

// recorded keeps what is read of an answer, and hands it over when all of it was.
type recorded struct {
	io.ReadCloser
	b    bytes.Buffer
	done func([]byte)
}

func (r *recorded) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	r.b.Write(p[:n])
	if err == io.EOF && r.done != nil {
		r.done(r.b.Bytes())
		r.done = nil
	}
	return n, err
}

// operationOf finds what a request is of in the document.
func operationOf(method, path string) map[string]any {
	paths, _ := dig(description(), "paths").(map[string]any)
	for pattern, p := range paths {
		a, b := strings.Split(pattern, "/"), strings.Split(path, "/")
		if slices.EqualFunc(a, b, func(seg, part string) bool { return seg == part || strings.HasPrefix(seg, "{") && part != "" }) {
			op, _ := dig1(p, strings.ToLower(method)).(map[string]any)
			return op
		}
	}
	return nil
}

func check(t testing.TB, r *http.Request, sent []byte, res *http.Response, got []byte) {
	op := operationOf(r.Method, r.URL.Path)
	if op == nil {
		if res.StatusCode != 404 && res.StatusCode != 405 {
			t.Errorf("%s %s is answered with %d, and not described", r.Method, r.URL.Path, res.StatusCode)
		}
		op = map[string]any{}
	}
	name := fmt.Sprint(op["operationId"], " ", res.StatusCode)
	seen.mu.Lock()
	seen.by[name]++
	seen.mu.Unlock()
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if res.StatusCode == 200 && len(sent) > 0 && r.Header.Get("Content-Encoding") == "" && strings.HasSuffix(kind, "json") && dig(op, "requestBody") != nil {
		var v any
		if err := json.Unmarshal(sent, &v); err != nil {
			t.Errorf("%s: what was sent is no JSON: %v", name, err)
		} else if why := fits(v, dig(op, "requestBody", "content", kind, "schema"), name+" sent"); why != "" {
			t.Error(why)
		}
	}
	media, _, _ := strings.Cut(res.Header.Get("Content-Type"), ";")
	answer := dig(op, "responses", fmt.Sprint(res.StatusCode))
	if answer == nil && res.StatusCode >= 400 {
		answer = dig(description(), "components", "responses", "Error")
	}
	schema := dig(answer, "content", media, "schema")
	if schema == nil {
		t.Errorf("%s: an answer of %q is not described", name, media)
		return
	}
	switch {
	case strings.HasSuffix(media, "ndjson"):
		for line := range bytes.Lines(got) {
			if op["operationId"] == "query" {
				checkJSON(t, line, map[string]any{"$ref": "#/components/schemas/QueryLine"}, name)
			}
		}
	case strings.HasSuffix(media, "json"):
		checkJSON(t, got, schema, name)
	}
}

func checkJSON(t testing.TB, b []byte, schema any, name string) {
	if len(b) > 1<<20 {
		return
	}
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Errorf("%s: the answer is no JSON: %v: %.200s", name, err, b)
	} else if why := fits(v, schema, name); why != "" {
		t.Error(why)
	}
}

// Every route is described, and nothing else is.
func TestOpenAPI(t *testing.T) {
	s := start(t, nil)
	code, body := s.do(call{method: "GET", path: "/openapi.json"})
	if code != 200 || !strings.HasPrefix(body, `{"components":`) || !strings.Contains(body, `"openapi":"3.1.0"`) {
		t.Errorf("it is answered with %d %.200s", code, body)
	}
	var described []string
	for path, p := range dig(description(), "paths").(map[string]any) {
		for method := range p.(map[string]any) {
			described = append(described, strings.ToUpper(method)+" "+path)
		}
	}
	slices.Sort(described)
	if routes := description()["x-routes"].([]string); !slices.Equal(described, routes) {
		t.Errorf("described are\n%s\nroutes are\n%s", strings.Join(described, "\n"), strings.Join(routes, "\n"))
	}
	for name := range maps.Keys(dig(description(), "components", "schemas").(map[string]any)) {
		if !strings.Contains(body, "#/components/schemas/"+name) && name != "QueryLine" {
			t.Errorf("nothing names the schema %s", name)
		}
	}
	// The check can fail.
	for _, c := range []struct{ body, schema string }{{`{"committed":1}`, "CommittedAnswer"}, {`{}`, "CommittedAnswer"}, {`{"committed":true,"x":1}`, "CommittedAnswer"},
		{`{"columns":[1]}`, "QueryLine"}, {`{"query":"RETURN 1","timeout":5}`, "Request"}, {`{"role":"king"}`, "TokenRequest"}} {
		var v any
		if err := json.Unmarshal([]byte(c.body), &v); err != nil {
			t.Fatal(err)
		}
		if fits(v, map[string]any{"$ref": "#/components/schemas/" + c.schema}, c.schema) == "" {
			t.Errorf("%s is taken for a %s", c.body, c.schema)
		}
	}
	if s.do(call{method: "GET", path: "/v1/status", as: 1}); t.Failed() {
		t.Log(body)
	}
}
