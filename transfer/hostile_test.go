package transfer_test

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/cmd/kadedb/syntax"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/transfer"
	"github.com/kadedb/kadedb/value"
)

// hostileNames are legal names of labels, types and keys that files have other uses for.
var hostileNames = []string{
	"plain", "a b", " lead", "trail ", " ", "\ttab", "a;b", ";", "a;;b", "a:b", ":", ":ID", ":LABEL", ":ID(export){stored:false}", ":START_ID(x)", "x:int", "x:string[]", "x:foo", "a,b", ",",
	`q"q`, `"all"`, `"`, "'s'", "b`b", "`all`", "`", "`;`", "new\nline", "\n", "cr\rx", "crlf\r\n", "日本 😀", "\u00a0nbsp", "nbsp\u00a0", "{", "}", "a{b:c}", "{\"a\": 1}", "[1]", "NULL", "NA", "1", "1.5", "-",
	"true", "$type", "value", "a.b", "a/b", "../x", "CON", "id", "MATCH", "\x7f", "\u2028", "\ufeff", "\ufeffbom", "é", "e\u0301", "|", "a|b", "\\", "\\n", "%s", "#", "<&>", "]]>", strings.Repeat("long ", 60),
}

func quoted(name string) string { return string(value.AppendName(nil, name)) }

// hostileGraph has every hostile name as a key of nodes and of relationships, with values of one
// and of several types, and as a type, or, of those
// names that a column of labels has other uses for, as a label, two of one node.
func hostileGraph(t *testing.T, types bool) *kadedb.DB {
	t.Helper()
	db, err := kadedb.OpenTemporary(&kadedb.Options{Memory: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	exec := func(text string) {
		t.Helper()
		if _, err := db.Exec(context.Background(), text, nil); err != nil {
			t.Fatalf("%.300s: %v", text, err)
		}
	}
	var b strings.Builder
	b.WriteString("CREATE (n0:N {i: 0})")
	names := hostileNames
	if !types {
		names = slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !strings.ContainsAny(n, ";`\"\n") && strings.TrimSpace(n) == n })
	}
	for i, name := range names {
		key, label, both, typ := quoted(name), quoted(name), quoted(name)+":"+quoted(names[(i+1)%len(names)]), "T"
		if types {
			label, both, typ = "M", "M:O", key
		}
		v := []string{"1", "'x'", "1.5", "[1, 2]", "['a;b']", "date('2026-01-31')", "true"}[i%7]
		fmt.Fprintf(&b, ",\n(a%d:%s {%s: %s}), (b%d:%s {%s: %d, i: %d}), (a%d)-[:%s {%s: %s}]->(b%d), (b%d)-[:%s {%s: 's%d'}]->(n0), (n0)-[:%s]->(n0), (:%s {%s: %s, s: ' x '})",
			i, label, key, v, i, both, key, i, i, i, typ, key, v, i, i, typ, key, i, typ, label, key, v)
	}
	exec(b.String())
	for i, name := range names {
		of := fmt.Sprintf("(x:%s)", quoted(name))
		if types {
			of = fmt.Sprintf("()-[x:%s]-()", quoted(name))
		}
		switch {
		case i%3 == 0:
			exec(fmt.Sprintf("CREATE INDEX %s FOR %s ON (x.%s)", quoted("ix "+name), of, quoted(name)))
		case i%3 == 1 && !types:
			exec(fmt.Sprintf("CREATE CONSTRAINT %s FOR %s REQUIRE x.%s IS UNIQUE", quoted("c "+name), of, quoted("u"+name)))
		}
	}
	return db
}

// again imports a folder that was exported, with its schema.
func again(t *testing.T, dir string) *kadedb.DB {
	t.Helper()
	db, err := kadedb.OpenTemporary(&kadedb.Options{Memory: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	var spec kadedb.ImportSpec
	schema, err := spec.Folder(dir)
	if err != nil {
		t.Fatal(err)
	}
	sum, err := db.Import(context.Background(), spec)
	if err != nil {
		t.Fatalf("%s: %v %v", dir, err, sum.Bad.First)
	}
	for one := ""; schema != ""; {
		if one, schema, _ = syntax.Cut(schema); syntax.Blank(one) {
			continue
		}
		if _, err := db.Exec(context.Background(), one, nil); err != nil {
			t.Errorf("%s: %q: %v", dir, one, err)
		}
	}
	return db
}

var importable = []transfer.ExportFormat{transfer.ExportCSV, transfer.ExportJSONL, transfer.ExportParquet, transfer.ExportArrow, transfer.ExportGraphML}

// TestHostileNames exports a graph of hostile names and imports it again.
func TestHostileNames(t *testing.T) {
	for _, types := range []bool{false, true} {
		db := hostileGraph(t, types)
		want := stateHash(t, db)
		for _, f := range importable {
			if f == transfer.ExportArrow && !types {
				continue // a column of labels is as in Parquet
			}
			dir := filepath.Join(t.TempDir(), string(f))
			exportTo(t, db, dir, f)
			back := again(t, dir)
			if stateHash(t, back) != want {
				t.Errorf("%s: the graph came back as another", f)
				differ(t, db, back)
			}
		}
	}
}

// TestNoXMLForm: names that XML has no form for are refused before there is a file, values are not.
func TestNoXMLForm(t *testing.T) {
	for _, text := range []string{"CREATE (:`a\x01b`)", "CREATE ()-[:`\x1f`]->()", "CREATE ({`\ufffe`: 1})", "CREATE ()-[:R {`\uffff`: 1}]->()"} {
		db, err := kadedb.OpenTemporary(&kadedb.Options{Memory: 64 << 20})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(context.Background(), text, nil); err != nil {
			t.Fatal(err)
		}
		sum, err := db.Export(context.Background(), kadedb.ExportSpec{Format: transfer.ExportGraphML, Create: func(string) (io.WriteCloser, error) {
			t.Error("a file was begun")
			return nil, io.ErrClosedPipe
		}})
		if status.CodeOf(err) != status.InvalidArgumentValue || status.From(err).Hint == "" || len(sum.Files) > 0 {
			t.Errorf("%q: %v %v", text, err, sum.Files)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	db, err := kadedb.OpenTemporary(&kadedb.Options{Memory: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(context.Background(), "CREATE ({a: $s, b: [$s, 'x'], c: 1}), ({c: $s})", kadedb.Params{"s": "\x00\x01\ufffe\uffff\r\n<&>\"\\ \x7f\u0085"}); err != nil {
		t.Fatal(err)
	}
	for _, f := range importable {
		dir := filepath.Join(t.TempDir(), "out")
		exportTo(t, db, dir, f)
		back := again(t, dir)
		if stateHash(t, back) != stateHash(t, db) {
			t.Errorf("%s: the graph came back as another: %s", f, query(t, back, "MATCH (n) RETURN n"))
		}
	}
}

// TestEmptyGraph exports nothing, and then only a schema.
func TestEmptyGraph(t *testing.T) {
	for _, text := range []string{"", "CREATE INDEX FOR (x:`a;b`) ON (x.v)"} {
		for _, f := range importable {
			db, err := kadedb.OpenTemporary(&kadedb.Options{Memory: 64 << 20})
			if err != nil {
				t.Fatal(err)
			}
			if text != "" {
				if _, err := db.Exec(context.Background(), text, nil); err != nil {
					t.Fatal(err)
				}
			}
			dir := filepath.Join(t.TempDir(), "out")
			exportTo(t, db, dir, f)
			if stateHash(t, again(t, dir)) != stateHash(t, db) {
				t.Errorf("%s: the graph came back as another", f)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}
