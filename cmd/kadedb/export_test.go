package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestExport exports a graph and imports it again, by the commands.
func TestExport(t *testing.T) {
	dir := t.TempDir()
	args := writeGraph(t, dir, 50, 300)
	if _, errs, code := (run{args: args}).do(t); code != 0 {
		t.Fatal(errs)
	}
	store := filepath.Join(dir, "store")
	hash := func(store string) string {
		out, errs, code := run{args: []string{"check", store, "--hash"}}.do(t)
		if code != 0 || len(out) != 33 {
			t.Fatalf("hash: %d %q %s", code, out, errs)
		}
		return out
	}
	for _, f := range []string{"csv", "jsonl", "parquet", "arrow", "graphml"} {
		to, again := filepath.Join(dir, "out-"+f), filepath.Join(dir, "again-"+f)
		_, errs, code := run{args: []string{"export", "--data", store, "--to", to, "--format", f}}.do(t)
		if code != 0 || !strings.Contains(errs, "50 nodes, 300 relationships") {
			t.Fatalf("%s: %d %s", f, code, errs)
		}
		if _, errs, code := (run{args: []string{"export", "--data", store, "--to", to, "--format", f}}).do(t); code != exitUsage {
			t.Errorf("%s: into a folder with files: %d %s", f, code, errs)
		}
		_, errs, code = run{args: []string{"import", "--data", again, "--folder", to}}.do(t)
		if code != 0 {
			t.Fatalf("%s: import: %d %s", f, code, errs)
		}
		if hash(again) != hash(store) {
			t.Errorf("%s: another graph came back", f)
		}
	}
	query := []string{"export", "--data", store, "--query", "MATCH (p:Person) RETURN p.id AS id, p.name AS name, [1] AS l ORDER BY id LIMIT $n", "-p", "n=2", "--format"}
	for f, want := range map[string]string{"csv": "id,name,l\n0,person 0,[1]\n1,person 1,[1]\n", "jsonl": "{\"id\":0,\"name\":\"person 0\",\"l\":[1]}\n{\"id\":1,\"name\":\"person 1\",\"l\":[1]}\n"} {
		if out, errs, code := (run{args: append(query, f)}).do(t); out != want || code != 0 {
			t.Errorf("%s: %d %q %s", f, code, out, errs)
		}
	}
	for _, f := range []string{"parquet", "arrow"} {
		file := filepath.Join(dir, "rows."+f)
		if _, errs, code := (run{args: append(query, f, "--output", file)}).do(t); code != 0 {
			t.Fatalf("%s: %d %s", f, code, errs)
		}
		_, errs, code := run{args: []string{"import", "--data", filepath.Join(dir, "rows-"+f), "--nodes", "Row=" + file, "--id", "Row:id"}}.do(t)
		if code != 0 || !strings.Contains(errs, "2 nodes") || !strings.Contains(errs, "integer, id") {
			t.Errorf("%s: import: %d %s", f, code, errs)
		}
	}
	rows := []string{"export", "--data", store, "--query", "MATCH (p:Person) RETURN p.id AS id LIMIT 1", "--output"}
	file, link := filepath.Join(dir, "rows.csv"), filepath.Join(dir, "link.csv")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct {
		args []string
		errs string
		code int
	}{
		{[]string{link}, "link.csv exists", exitUsage}, // and leads nowhere
		{[]string{file}, "1 row\n", exitOK},
		{[]string{file}, "rows.csv exists", exitUsage},
		{[]string{link}, "--force", exitUsage},
		{[]string{file, "--force"}, "1 row\n", exitOK},
		{[]string{os.DevNull}, "1 row\n", exitOK},
		{[]string{dir, "--force"}, "DiskError", exitDisk},
	} {
		_, errs, code := run{args: append(rows, c.args...)}.do(t)
		if code != c.code || !strings.Contains(errs, c.errs) {
			t.Errorf("%d: %d %s", i, code, errs)
		}
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "id\n0\n" {
		t.Errorf("%q, %v", text, err)
	}
	fault := "UNWIND [1, 0] AS x RETURN 1 / x AS y"
	_, errs, code := run{args: []string{"export", "--data", store, "--query", fault, "--output", dir + "/fault.csv"}}.do(t)
	if code != exitInvalid || !strings.Contains(errs, "\n  "+fault+"\n  ") || !strings.Contains(errs, "^") {
		t.Errorf("a query with a fault: %d %s", code, errs)
	}
	if _, err := os.Stat(dir + "/fault.csv"); err == nil {
		t.Error("half a file is left")
	}
	for _, bad := range [][]string{{"export"}, {"export", "--data", store}, {"export", "--data", store, "--to", dir + "/x", "--format", "xls"},
		{"export", "--data", store, "--query", "RETURN 1 AS a", "--format", "graphml"}, {"export", "--data", dir + "/nowhere", "--to", dir + "/x"}} {
		if _, errs, code := (run{args: bad}).do(t); code == 0 {
			t.Errorf("%q: %s", bad, errs)
		}
	}
	for _, where := range [][]string{{"--data", store}, {"--server", "http://127.0.0.1:1"}} {
		if _, errs, code := (run{args: append([]string{"export", "--format", "nope", "--to", dir + "/x"}, where...)}).do(t); code != exitUsage || !strings.Contains(errs, "csv, jsonl") {
			t.Errorf("%q: %d %s", where, code, errs)
		}
	}
	if _, err := os.Stat(dir + "/x"); err == nil {
		t.Error("an export that was refused made its folder")
	}
}

// TestExportServer moves a graph out of one running server into another.
func TestExportServer(t *testing.T) {
	dir := t.TempDir()
	args := writeGraph(t, dir, 50, 300)
	if _, errs, code := (run{args: args}).do(t); code != 0 {
		t.Fatal(errs)
	}
	one := serve(t, "--data", filepath.Join(dir, "store"), "--auth", "off")
	two := serve(t, "--data", filepath.Join(dir, "two"), "--auth", "off")
	to := filepath.Join(dir, "out")
	if _, errs, code := (run{args: []string{"export", "--server", one.url, "--to", to, "--format", "jsonl"}}).do(t); code != 0 || !strings.Contains(errs, "3 files") {
		t.Fatalf("export: %d %s", code, errs)
	}
	if _, errs, code := (run{args: []string{"import", "--server", two.url, "--folder", to}}).do(t); code != 0 || !strings.Contains(errs, "50 nodes, 300 relationships") {
		t.Fatalf("import: %d %s", code, errs)
	}
	out, errs, code := run{args: []string{"export", "--server", two.url, "--query", "MATCH (:Person)-[f:FOLLOWS]->(p) RETURN count(f) AS n"}}.do(t)
	if code != 0 || out != "n\n300\n" {
		t.Errorf("rows: %d %q %s", code, out, errs)
	}
	_, errs, code = run{args: []string{"import", "--server", two.url, "--nodes", "P=-", "--id", "P:id"}, stdin: "id\n1\n1\n"}.do(t)
	if code != exitInvalid || !strings.Contains(errs, "-:3") {
		t.Errorf("bad rows: %d %s", code, errs)
	}
	if _, errs, code := (run{args: []string{"import", "--server", two.url, "--nodes", "P=nowhere.csv", "--id", "P:id"}}).do(t); code == 0 || !strings.Contains(errs, "nowhere.csv") {
		t.Errorf("a file that is not there: %d %s", code, errs)
	}
	var hashes []string
	for _, d := range []*daemon{one, two} {
		d.signal(os.Interrupt)
		if code := d.wait(); code != 0 {
			t.Fatalf("the server ends with %d: %s", code, d.errs)
		}
	}
	for _, name := range []string{"store", "two"} {
		out, errs, code := run{args: []string{"check", filepath.Join(dir, name), "--hash"}}.do(t)
		if code != 0 {
			t.Fatal(errs)
		}
		hashes = append(hashes, out)
	}
	if hashes[0] != hashes[1] {
		t.Error("another graph arrived")
	}
}
