package kadedb_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/status"
)

// TestLargeValuesInLittleMemory stores texts, and lists of a text, of more than the memory
// together: the background checkpoints and the queries must get by, and a value that the
// memory cannot take is refused without harm to the others.
func TestLargeValuesInLittleMemory(t *testing.T) {
	const n = 40
	for _, c := range []struct{ name, expr string }{
		{"lists", "[$t + toString(i)]"},
		{"texts and lists", "CASE i % 2 WHEN 0 THEN $t + toString(i) ELSE [$t + toString(i)] END"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx := context.Background()
			db, err := kadedb.OpenTemporary(&kadedb.Options{Memory: 32 << 20})
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			run := func(text string, params kadedb.Params) {
				t.Helper()
				if _, err := db.Exec(ctx, text, params); err != nil {
					t.Fatalf("%s: %v", text, err)
				}
			}
			text := kadedb.Params{"t": strings.Repeat("x", 1<<20)}
			for i := 0; i < n; i += 4 {
				run(fmt.Sprintf("UNWIND range(%d, %d) AS i CREATE (a:N {id: i, v: %s})-[:R {v: %[3]s}]->(:M)", i, i+3, c.expr), text)
			}
			huge := kadedb.Params{"t": strings.Repeat("x", 9<<20)}
			if _, err := db.Exec(ctx, "MATCH (n:N {id: 7}) SET n.v = $t", huge); status.CodeOf(err) != status.ValueTooLarge {
				t.Errorf("a value that is too large: %v", err)
			}
			if err := db.Checkpoint(ctx); err != nil {
				t.Fatal(err)
			}
			for i := 0; i < n; i += 5 {
				run(fmt.Sprintf("MATCH (n:N {id: %d})-[r:R]->() RETURN n.v, r.v", i), nil)
			}
			run("MATCH (n:N) WHERE n.v IS NOT NULL RETURN count(n.v) AS c", nil)
			run("MATCH (n:N {id: 7}) SET n.v = 1", nil)
			if err := db.Check(ctx, func(p kadedb.Problem) { t.Error(p) }); err != nil {
				t.Fatal(err)
			}
		})
	}
}
