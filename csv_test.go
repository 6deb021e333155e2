package kadedb_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/status"
)

func csvAnswer(db *kadedb.DB, text string) (string, error) {
	rows, err := db.Query(context.Background(), text, nil)
	if err != nil {
		return "", err
	}
	var out []string
	for rows.Next() {
		var cells []string
		for _, v := range rows.Values() {
			cells = append(cells, v.String())
		}
		out = append(out, strings.Join(cells, " "))
	}
	return strings.Join(out, "\n"), rows.Close()
}

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
		got, err := csvAnswer(db, c.text)
		if status.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want code %s", c.text, err, c.code)
			continue
		}
		if err == nil && got != c.want {
			t.Errorf("%s gives\n%s\nwant\n%s", c.text, got, c.want)
		}
	}
	if _, err := csvAnswer(db, `LOAD CSV WITH HEADERS FROM 'a.csv' AS r CREATE (:P {id: toInteger(r.id), name: r.name})`); err != nil {
		t.Fatal(err)
	}
	if got, err := csvAnswer(db, `MATCH (p:P) RETURN count(*), count(p.name), sum(p.id)`); err != nil || got != "3 2 6" {
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
	got, err := csvAnswer(db, `MATCH (p:P) RETURN p.id, p.before ORDER BY p.id`)
	if err != nil || got != "1 null\n2 'Ann'\n3 'Bo, b'\n4 null\n4 null" {
		t.Errorf("beside uncommitted writes: %s, %v", got, err)
	}
	refused, err := kadedb.OpenTemporary(&kadedb.Options{Memory: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer refused.Close()
	_, err = csvAnswer(refused, `LOAD CSV FROM 'a.csv' AS r RETURN r`)
	if e := status.From(err); e == nil || e.Code != status.ImportDirRefused || !strings.Contains(e.Hint, "--import-dir") {
		t.Errorf("without an import folder: %v", err)
	}
}
