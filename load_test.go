package kadedb_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/query"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/transfer"
)

func TestLoadCSV(t *testing.T) {
	dir := t.TempDir()
	files := filepath.Join(dir, "import")
	for name, text := range map[string]string{
		"import/a.csv":        "id,name\n1,Ann\n2,\"Bo, b\"\n3,\n",
		"import/sub/b c.csv":  "x|y\r\n\"1\n2\"|\r\n",
		"import/bad.csv":      "id\n\"open\n",
		"import/latin.csv":    "id\n\xe9\n",
		"outside/secret.csv":  "id\n42\n",
		"import/none.csv":     "",
		"import/headonly.csv": "id,name\n",
	} {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(dir, "outside"), filepath.Join(files, "link")); err != nil {
		t.Fatal(err)
	}
	db, err := kadedb.OpenTemporary(&kadedb.Options{Memory: 64 << 20, ImportDir: files})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, c := range []struct {
		text, want string
		code       status.Code
	}{
		{text: `LOAD CSV FROM 'a.csv' AS r RETURN r`, want: "['id', 'name']\n['1', 'Ann']\n['2', 'Bo, b']\n['3', null]"},
		{text: `LOAD CSV WITH HEADERS FROM 'file:///a.csv' AS r RETURN toInteger(r.id), r.name`, want: "1 'Ann'\n2 'Bo, b'\n3 null"},
		{text: `LOAD CSV WITH HEADERS FROM 'file:///sub/b%20c.csv' AS r FIELDTERMINATOR '|' RETURN r.x, r.y`, want: `'1\n2' null`},
		{text: `LOAD CSV WITH HEADERS FROM 'none.csv' AS r RETURN r`, want: ""},
		{text: `LOAD CSV WITH HEADERS FROM 'headonly.csv' AS r RETURN r`, want: ""},
		{text: `UNWIND ['a.csv', 'headonly.csv'] AS f LOAD CSV FROM f AS r RETURN f, count(*)`, want: "'a.csv' 4\n'headonly.csv' 1"},
		{text: `LOAD CSV FROM 'bad.csv' AS r RETURN r`, code: status.MalformedRow},
		{text: `LOAD CSV FROM 'latin.csv' AS r RETURN r`, code: status.InvalidUTF8},
		{text: `LOAD CSV FROM 'nowhere.csv' AS r RETURN r`, code: status.FileNotFound},
		{text: `LOAD CSV FROM 'sub' AS r RETURN r`, code: status.FileNotFound},
		{text: `LOAD CSV FROM '../outside/secret.csv' AS r RETURN r`, code: status.ImportDirRefused},
		{text: `LOAD CSV FROM 'link/secret.csv' AS r RETURN r`, code: status.ImportDirRefused},
		{text: `LOAD CSV FROM 'file:///../outside/secret.csv' AS r RETURN r`, code: status.ImportDirRefused},
		{text: `LOAD CSV FROM '` + filepath.ToSlash(dir) + `/outside/secret.csv' AS r RETURN r`, code: status.ImportDirRefused},
		{text: `LOAD CSV FROM 'https://example.org/a.csv' AS r RETURN r`, code: status.ImportDirRefused},
	} {
		got, err := answer(db, c.text, nil)
		if status.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want code %s", c.text, err, c.code)
			continue
		}
		if err == nil && got != c.want {
			t.Errorf("%s gives\n%s\nwant\n%s", c.text, got, c.want)
		}
	}
	if _, err := answer(db, `LOAD CSV WITH HEADERS FROM 'a.csv' AS r CREATE (:P {id: toInteger(r.id), name: r.name})`, nil); err != nil {
		t.Fatal(err)
	}
	if got, err := answer(db, `MATCH (p:P) RETURN count(*), count(p.name), sum(p.id)`, nil); err != nil || got != "3 2 6" {
		t.Errorf("after loading: %s, %v", got, err)
	}
	err = db.Update(context.Background(), func(tx *kadedb.Tx) error {
		for _, text := range []string{`CREATE (:P {id: 4}), (:P {id: 4})`,
			`LOAD CSV WITH HEADERS FROM 'a.csv' AS r MATCH (p:P) WHERE p.id = toInteger(r.id) + 1 SET p.before = r.name`} {
			rows, err := tx.Query(context.Background(), text, nil)
			if err == nil {
				err = rows.Close()
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := answer(db, `MATCH (p:P) RETURN p.id, p.before ORDER BY p.id`, nil)
	if err != nil || got != "1 null\n2 'Ann'\n3 'Bo, b'\n4 null\n4 null" {
		t.Errorf("beside uncommitted writes: %s, %v", got, err)
	}
	refused, err := kadedb.OpenTemporary(&kadedb.Options{Memory: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer refused.Close()
	_, err = answer(refused, `LOAD CSV FROM 'a.csv' AS r RETURN r`, nil)
	if e := status.From(err); e == nil || e.Code != status.ImportDirRefused || !strings.Contains(e.Hint, "--import-dir") {
		t.Errorf("without an import folder: %v", err)
	}
}

// packed returns text compressed by gzip and by zstd.
func packed(t *testing.T, text string) (gz, zst []byte) {
	t.Helper()
	var b bytes.Buffer
	g := gzip.NewWriter(&b)
	if _, err := g.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), z.EncodeAll([]byte(text), nil)
}

func TestLoadRows(t *testing.T) {
	dir := t.TempDir()
	db, err := kadedb.OpenTemporary(&kadedb.Options{Memory: 64 << 20, ImportDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	const lines = "\xef\xbb\xbf" + `{"id": 1, "name": "Ann", "tags": ["a", {"b": null}]}` + "\r\n\n" +
		`{"id": 2.5, "on": {"$type": "date", "value": "2026-01-31"}}` + "\n[1, 2]"
	gz, zst := packed(t, lines)
	bomb, _ := packed(t, strings.Repeat("{}\n", 8<<20))
	csvGz, csvZst := packed(t, "id\n7\n")
	var parquet bytes.Buffer
	res, err := db.EngineOf().Run(t.Context(), query.Request{Text: `UNWIND range(1, 5000) AS i
		RETURN i, 'n' + toString(i) AS name, CASE WHEN i % 2 = 0 THEN i / 4.0 END AS half, date('2026-01-01') + duration({days: i}) AS day`})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := transfer.WriteRows(&parquet, res, transfer.ExportParquet); err != nil {
		t.Fatal(err)
	}
	if err := res.Close(); err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{"a.jsonl": []byte(lines), "a.jsonl.gz": gz, "a.jsonl.zst": zst, "bomb.gz": bomb,
		"bad.jsonl": []byte("{}\n{\"a\": }\n"), "after.jsonl": []byte("{} {}\n"), "deep.jsonl": []byte(strings.Repeat("[", 100_000)),
		"latin.jsonl": []byte("{\"a\": \"\xe9\"}"), "empty.jsonl": nil, "many.csv": []byte(strings.Repeat("1\n", 10_000)), "a.csv.gz": csvGz, "a.csv.zst": csvZst,
		"a.parquet": parquet.Bytes(), "cut.parquet": parquet.Bytes()[:parquet.Len()/2]} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		text, want string
		code       status.Code
	}{
		{text: `LOAD JSONL FROM 'a.jsonl' AS r RETURN r`, want: "{id: 1, name: 'Ann', tags: ['a', {b: null}]}\n{id: 2.5, on: date('2026-01-31')}\n[1, 2]"},
		{text: `LOAD JSONL FROM 'a.jsonl.gz' AS r RETURN count(*)`, want: "3"},
		{text: `load jsonl FROM 'file:///a.jsonl.zst' AS r WITH r LIMIT 1 RETURN r.id`, want: "1"},
		{text: `LOAD JSONL FROM 'empty.jsonl' AS r RETURN count(*)`, want: "0"},
		{text: `LOAD CSV FROM 'a.csv.gz' AS r RETURN r`, want: "['id']\n['7']"},
		{text: `LOAD CSV WITH HEADERS FROM 'a.csv.zst' AS r RETURN r.id`, want: "'7'"},
		{text: `LOAD PARQUET FROM 'a.parquet' AS r RETURN count(*), sum(r.i), count(r.half), min(r.day), max(r.name)`, want: "5000 12502500 2500 date('2026-01-02') 'n999'"},
		{text: `LOAD PARQUET FROM 'a.parquet' AS r RETURN r.half, keys(r) SKIP 3 LIMIT 1`, want: "1.0 ['i', 'name', 'half', 'day']"},
		{text: `LOAD CSV FROM 'many.csv' AS r RETURN r LIMIT 1`, want: "['1']"},
		{text: `LOAD JSONL FROM 'bad.jsonl' AS r RETURN r`, code: status.MalformedRow},
		{text: `LOAD JSONL FROM 'after.jsonl' AS r RETURN r`, code: status.MalformedRow},
		{text: `LOAD JSONL FROM 'deep.jsonl' AS r RETURN r`, code: status.MalformedRow},
		{text: `LOAD JSONL FROM 'latin.jsonl' AS r RETURN r`, code: status.InvalidUTF8},
		{text: `LOAD JSONL FROM 'bomb.gz' AS r RETURN count(*)`, code: status.MalformedFile},
		{text: `LOAD PARQUET FROM 'cut.parquet' AS r RETURN r`, code: status.MalformedFile},
		{text: `LOAD PARQUET FROM 'a.jsonl' AS r RETURN r`, code: status.MalformedFile},
		{text: `LOAD JSONL FROM '../a.jsonl' AS r RETURN r`, code: status.ImportDirRefused},
		{text: `LOAD PARQUET FROM 'none.parquet' AS r RETURN r`, code: status.FileNotFound},
		{text: `LOAD YAML FROM 'a.yaml' AS r RETURN r`, code: status.UnexpectedSyntax},
		{text: `LOAD JSONL FROM 'a.jsonl' AS r FIELDTERMINATOR ';' RETURN r`, code: status.UnexpectedSyntax},
	} {
		got, err := answer(db, c.text, nil)
		if status.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want code %s", c.text, err, c.code)
			continue
		}
		if err == nil && got != c.want {
			t.Errorf("%s gives\n%s\nwant\n%s", c.text, got, c.want)
		}
	}
	if _, err := answer(db, `LOAD PARQUET FROM 'a.parquet' AS r CREATE (:P {id: r.i, day: r.day})`, nil); err != nil {
		t.Fatal(err)
	}
	if got, err := answer(db, `MATCH (p:P) RETURN count(*), max(p.day)`, nil); err != nil || got != "5000 date('2039-09-10')" {
		t.Errorf("after loading: %s, %v", got, err)
	}
}

// TestLoadPaths: LOAD of every format refuses paths that lead out of the import folder, or go
// by "..", or over a link, wherever that ends.
func TestLoadPaths(t *testing.T) {
	dir := t.TempDir()
	files := filepath.Join(dir, "import")
	for _, name := range []string{"import/a.csv", "import/sub/a.csv", "import/sub/deep/a.csv", "import/..a..csv", "outside/a.csv"} {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte("{}\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{
		"out.csv": "../outside/a.csv", "in.csv": "a.csv", "abs.csv": filepath.Join(files, "a.csv"), "folder": "sub", "up": "..", "sub/back": "deep", "loop": "loop", "dangling": "nothing",
	} {
		if err := os.Symlink(to, filepath.Join(files, link)); err != nil {
			t.Skipf("no links on this machine: %v", err)
		}
	}
	linked := filepath.Join(dir, "linked")
	if err := os.Symlink(files, linked); err != nil {
		t.Fatal(err)
	}
	// The folder itself may be a link: who starts the server chose it.
	db, err := kadedb.OpenTemporary(&kadedb.Options{Memory: 64 << 20, ImportDir: linked})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, format := range []string{"CSV", "JSONL", "PARQUET"} {
		load := func(from string) error {
			_, err := answer(db, "LOAD "+format+" FROM $f AS r RETURN r", kadedb.Params{"f": from})
			return err
		}
		for _, from := range []string{"out.csv", "in.csv", "abs.csv", "folder/a.csv", "folder", "up/import/a.csv", "sub/back/a.csv", "loop", "dangling",
			"sub/../a.csv", "sub/./../a.csv", "./sub/../a.csv", "../import/a.csv", "..", "sub/..", "file:///sub/../a.csv", "file:///sub%2F..%2Fa.csv", "file://localhost/sub/../a.csv",
			"nowhere/../a.csv", files + "/a.csv", "/a.csv", "//a.csv", "file:////a.csv", "file:///" + files + "/a.csv"} {
			if err := load(from); status.CodeOf(err) != status.ImportDirRefused || status.From(err).Hint == "" {
				t.Errorf("LOAD %s of %q: %v, want ImportDirRefused and what to do", format, from, err)
			}
		}
		want := map[string]status.Code{"CSV": 0, "JSONL": 0, "PARQUET": status.MalformedFile}[format]
		for _, from := range []string{"a.csv", "./a.csv", "sub//deep/./a.csv", "..a..csv", "file:///sub/deep/a.csv"} {
			if err := load(from); status.CodeOf(err) != want {
				t.Errorf("LOAD %s of %q: %v, want code %s", format, from, err, want)
			}
		}
	}
}
