package rest_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"mime/multipart"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/auth"
)

// form builds a form of named parts, in order.
func form(t *testing.T, parts ...string) (body, kind string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i < len(parts); i += 2 {
		p, err := w.CreateFormFile(parts[i], parts[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(p, parts[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), w.FormDataContentType()
}

func packed(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestImportExport uploads files, and downloads what they became.
func TestImportExport(t *testing.T) {
	s := start(t, nil)
	const spec = `{"nodes": ["P=people.csv"], "id": ["P:id"], "relationships": ["K=knows"], "from": ["K:P:a"], "to": ["K:P:b"], "null": ["NA"]}`
	const people, knows = "id,name\n1,Ann\n2,NA\n", "{\"a\": 1, \"b\": 2}\n"
	upload := func(as auth.Role, parts ...string) (int, string) {
		body, kind := form(t, parts...)
		return s.do(call{path: "/v1/import", body: body, as: as, header: map[string]string{"Content-Type": kind}})
	}
	for _, c := range []struct {
		code  int
		want  string
		as    auth.Role
		parts []string
	}{
		{403, "RoleTooLow", auth.Reader, []string{"spec", spec, "people.csv", people, "knows", knows}},
		{400, "spec", auth.Writer, []string{"people.csv", people}},
		{400, "cannot be used", auth.Writer, []string{"spec", `{"noodles": ["P=x"]}`}},
		{400, "not JSON", auth.Writer, []string{"spec", `{`}},
		{0, "no file", auth.Writer, []string{"spec", `{"nodes": ["P=/etc/passwd"]}`, "people.csv", people}},
		{400, "twice", auth.Writer, []string{"spec", spec, "people.csv", people, "people.csv", people}},
		{400, "100 times", auth.Writer, []string{"spec", `{"nodes": ["P=b"]}`, "b", packed(t, "a\n"+strings.Repeat("0\n", 8<<20))}},
		{400, "people.csv:3", auth.Writer, []string{"spec", spec, "people.csv", "id,name\n1,a\n1,b\n", "knows", knows}},
		{200, `"nodes":2,"relationships":1`, auth.Writer, []string{"spec", spec, "people.csv", packed(t, people), "knows", knows}},
	} {
		code, body := upload(c.as, c.parts...)
		if c.code != 0 && code != c.code || !strings.Contains(body, c.want) || c.code == 0 && code < 400 {
			t.Errorf("%q: %d %s", c.parts[0:2], code, body)
		}
	}
	// The whole form may be compressed, but not too much.
	for i, c := range []struct {
		code  int
		parts []string
	}{{200, []string{"spec", `{"nodes": ["Q=q"]}`, "q", "a\n1\n"}}, {413, []string{"spec", `{"nodes": ["Q=q"]}`, "q", "a\n" + strings.Repeat("0\n", 8<<20)}}} {
		for _, name := range []string{"gzip", "zstd"} {
			body, kind := form(t, c.parts...)
			code, got := s.do(call{path: "/v1/import", body: pack(t, name, body), as: auth.Writer, header: map[string]string{"Content-Type": kind, "Content-Encoding": name}})
			if code != c.code {
				t.Errorf("form %d as %s: %d %s", i, name, code, got)
			}
		}
	}
	if left, err := os.ReadDir(filepath.Join(s.DB.Dir(), "tmp")); err != nil || len(left) > 0 {
		t.Errorf("uploads are left: %v %v", left, err)
	}
	if code, body := s.do(call{path: "/v1/import", body: "{}", as: auth.Writer}); code != 400 || !strings.Contains(body, "ContentTypeRefused") {
		t.Errorf("no form: %d %s", code, body)
	}
	want, err := s.DB.StateHash(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []string{"csv", "jsonl", "parquet", "arrow"} {
		code, body := s.do(call{path: "/v1/export?format=" + f, as: auth.Reader})
		if code != 200 {
			t.Fatalf("%s: %d %s", f, code, body)
		}
		z, err := zip.NewReader(strings.NewReader(body), int64(len(body)))
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		if err := os.CopyFS(dir, z); err != nil {
			t.Fatal(err)
		}
		again, err := kadedb.OpenTemporary(nil)
		if err != nil {
			t.Fatal(err)
		}
		var spec kadedb.ImportSpec
		schema, err := spec.Folder(dir)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := again.Import(context.Background(), spec); err != nil {
			t.Fatal(err)
		}
		if _, err := again.Exec(context.Background(), strings.TrimSuffix(schema, ";\n"), nil); err != nil {
			t.Fatal(err)
		}
		if got, err := again.StateHash(context.Background()); err != nil || got != want {
			t.Errorf("%s: another graph came back: %v", f, err)
		}
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ path, body, want string }{
		{"/v1/export?format=csv", `{"query": "MATCH (p:P) RETURN p.id AS id, p.name AS name ORDER BY id"}`, "id,name\n1,Ann\n2,\n"},
		{"/v1/export?format=jsonl", `{"query": "UNWIND $l AS x RETURN x", "params": {"l": [1, 2.5]}}`, "{\"x\":1}\n{\"x\":2.5}\n"},
		{"/v1/export?format=graphml", ``, "<graphml"},
		{"/v1/export?format=parquet", `{"query": "RETURN 1 AS a"}`, "PAR1"},
		{"/v1/export?format=arrow", `{"query": "RETURN 1 AS a"}`, "ARROW1"},
		{"/v1/export?format=xls", ``, "is no format"},
		{"/v1/export?format=graphml", `{"query": "RETURN 1 AS a"}`, "holds a graph"},
		{"/v1/export", `{"query": "CREATE (:X)"}`, "KDB-"},
		{"/v1/export", `{"query": "RETURN"}`, "KDB-"},
	} {
		_, body := s.do(call{path: c.path, body: c.body, as: auth.Reader})
		if !strings.Contains(body, c.want) {
			t.Errorf("%s %s: %.300s", c.path, c.body, body)
		}
	}
	// An error after rows went out never looks like an end.
	req := s.request(context.Background(), call{path: "/v1/export?format=csv", as: auth.Reader,
		body: `{"query": "UNWIND range(1, 100000) AS x RETURN x, 1 / (x - 99000) AS y"}`})
	res, err := s.web().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if _, err := io.ReadAll(res.Body); err == nil {
		t.Error("a failed export ended as if it were whole")
	}
}
