package transfer_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/cmd/kadedb/syntax"
	"github.com/kadedb/kadedb/transfer"
	"github.com/kadedb/kadedb/value"
)

// hostileNames are legal names of labels, types and keys that files have other uses for.
var hostileNames = []string{
	"plain", "a b", " lead", "trail ", " ", "\ttab", "a;b", ";", "a;;b", "a:b", ":", ":ID", ":LABEL", ":ID(export){stored:false}", ":START_ID(x)", "x:int", "x:string[]", "x:foo", "a,b", ",",
	`q"q`, `"all"`, `"`, "'s'", "b`b", "`all`", "`", "`;`", "new\nline", "\n", "cr\rx", "crlf\r\n", "日本 😀", "\u00a0nbsp", "nbsp\u00a0", "{", "}", "a{b:c}", "{\"a\": 1}", "[1]", "NULL", "NA", "1", "1.5", "-",
	"true", "$type", "value", "a.b", "a/b", "../x", "CON", "id", "MATCH", "\x01", "\u2028", "\ufeff", "\ufeffbom", "é", "e\u0301", "|", "a|b", "\\", "\\n", "%s", "#", "<&>", "]]>", strings.Repeat("long ", 60),
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

var importable = []transfer.ExportFormat{transfer.ExportCSV, transfer.ExportJSONL, transfer.ExportParquet, transfer.ExportArrow}

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
		exportTo(t, db, filepath.Join(t.TempDir(), "xml"), transfer.ExportGraphML)
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
