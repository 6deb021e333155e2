package kadedb_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/transfer"
)

// TestKilledImport looks at what a process leaves that is killed in the middle of an import: the
// store as it was, and the news of it.
func TestKilledImport(t *testing.T) {
	ctx := context.Background()
	file := filepath.Join(t.TempDir(), "people.csv")
	if err := os.WriteFile(file, []byte("id,name\n1,a\n2,b\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, before string
		nodes        string
		readers      status.Code
	}{
		{"new", "", "0", status.NotAStore},
		{"not new", "CREATE (:Old)", "1", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, left := filepath.Join(t.TempDir(), "store"), filepath.Join(t.TempDir(), "left")
			o := quiet()
			o.Durability = kadedb.DurableGroup
			db, err := kadedb.Open(dir, o)
			if err != nil {
				t.Fatal(err)
			}
			if c.before != "" {
				exec(t, db, c.before)
			}
			spec := kadedb.ImportSpec{Nodes: []transfer.File{{Name: "P", Path: file}}, IDs: []transfer.ID{{Label: "P", Column: "id"}}}
			spec.Planned = func(*transfer.Plan) error { return os.CopyFS(left, os.DirFS(dir)) }
			if _, err := db.Import(ctx, spec); err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			spec.Planned = nil
			open := func(open func(string, *kadedb.Options) (*kadedb.DB, error), dir string) (db *kadedb.DB, warned bool, err error) {
				var log bytes.Buffer
				db, err = open(dir, &kadedb.Options{Memory: quiet().Memory, Logger: slog.New(slog.NewTextHandler(&log, nil))})
				return db, strings.Contains(log.String(), "cut off"), err
			}
			closed := func(db *kadedb.DB) {
				t.Helper()
				if err := db.Close(); err != nil {
					t.Fatal(err)
				}
			}
			db, warned, err := open(kadedb.OpenReadOnly, dir)
			if err != nil || warned {
				t.Fatalf("after an import that came to its end: warned %v, %v", warned, err)
			}
			closed(db)
			for range 2 {
				db, warned, err := open(kadedb.OpenReadOnly, left)
				if status.CodeOf(err) != c.readers || err == nil && !warned {
					t.Fatalf("a reader: warned %v, %v", warned, err)
				}
				if err == nil {
					closed(db)
				}
			}
			if db, warned, err = open(kadedb.Open, left); err != nil || !warned {
				t.Fatalf("a writer: warned %v, %v", warned, err)
			}
			if got := one(t, db, `MATCH (n) RETURN count(n)`); got != c.nodes {
				t.Errorf("%s nodes, want %s", got, c.nodes)
			}
			again := left + "-again"
			spec.Planned = func(*transfer.Plan) error { return os.CopyFS(again, os.DirFS(left)) }
			if _, err := db.Import(ctx, spec); err != nil {
				t.Fatal(err)
			}
			if got := one(t, db, `MATCH (n:P) RETURN count(n)`); got != "2" {
				t.Errorf("%s nodes were imported, want 2", got)
			}
			closed(db)
			// Killed twice.
			if db, _, err = open(kadedb.OpenReadOnly, again); status.CodeOf(err) != c.readers {
				t.Fatalf("a reader after the second time: %v", err)
			} else if err == nil {
				closed(db)
			}
			// Killed between the end of the import and that of the mark.
			if err := os.WriteFile(filepath.Join(left, "IMPORT"), []byte("0 0 0\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if db, warned, err = open(kadedb.OpenReadOnly, left); err != nil || warned {
				t.Fatalf("what was imported: warned %v, %v", warned, err)
			}
			closed(db)
		})
	}
}
