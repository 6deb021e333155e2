package exec_test

import (
	"context"
	"slices"
	"syscall"
	"testing"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/vfs"
)

const spillingGraph = `
UNWIND range(0, 3999) AS i
CREATE (p:Person {id: i, since: i % 1700, group: i % 1300, name: 'a name that takes room ' + toString(i % 1500)})`

var spillingEdges = []string{
	"CREATE INDEX person_id FOR (p:Person) ON (p.id)",
	"MATCH (a:Person) MATCH (b:Person {id: (a.id * 7) % 4000}) CREATE (a)-[:KNOWS {since: a.id % 17}]->(b)",
	"MATCH (a:Person) MATCH (b:Person {id: (a.id * 13 + 1) % 4000}) CREATE (a)-[:KNOWS]->(b)",
}

// spillingQueries hold operators that keep rows; each must go to disk where the query's
// memory is small, and give the same rows.
var spillingQueries = []struct {
	text    string
	ordered bool
}{
	{"MATCH (p:Person) RETURN p.id, p.name ORDER BY p.name DESC, p.id", true},
	{"MATCH (p:Person) RETURN p.name, p.id ORDER BY p.group, p.id DESC SKIP 10 LIMIT 3900", true},
	{"MATCH (p:Person) RETURN DISTINCT p.name, p.group", false},
	{"MATCH (p:Person) RETURN p.name, count(*), sum(p.id), avg(p.id), min(p.id), max(p.name)", false},
	{"MATCH (p:Person)-[:KNOWS]->(q) RETURN q.name, collect(p.id), count(DISTINCT p.group)", false},
	{"MATCH (p:Person)-[:KNOWS]->(q) RETURN p, count(q), stDev(q.id)", false},
	{"MATCH (p:Person) RETURN count(DISTINCT p.name), count(DISTINCT p.id), sum(DISTINCT p.group)", false},
	{"MATCH (a:Person), (b:Person) WHERE a.group = b.since RETURN a.id, b.name", false},
	{"MATCH (p:Person) WITH p.group AS g, p.name AS n RETURN g, n UNION MATCH (q:Person) RETURN q.id AS g, q.name AS n", false},
}

func TestSpillingGivesTheSameRows(t *testing.T) {
	plain := openStore(t, kadedb.Engine{}, 0)
	small := openStore(t, kadedb.Engine{}, 40_000)
	lanes := openStore(t, kadedb.Engine{Workers: 2, BatchSize: 100}, 40_000)
	for _, db := range []*kadedb.DB{plain, small, lanes} {
		for _, text := range append([]string{spillingGraph}, spillingEdges...) {
			if _, err := db.Exec(context.Background(), text, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, q := range spillingQueries {
		want, spilled := answer(t, plain, q.text, q.ordered)
		if spilled != 0 {
			t.Errorf("%s\nspills %d bytes without a limit", q.text, spilled)
		}
		for name, db := range map[string]*kadedb.DB{"small": small, "lanes": lanes} {
			got, spilled := answer(t, db, q.text, q.ordered)
			if !slices.Equal(got, want) {
				t.Errorf("%s\n%s: %d rows, want %d", q.text, name, len(got), len(want))
			}
			if spilled == 0 {
				t.Errorf("%s\n%s: nothing spilled", q.text, name)
			}
		}
	}
}

// answer returns a query's rows; values of lists are sorted, as groups on disk come back
// in another order of rows only where workers share them.
func answer(t *testing.T, db *kadedb.DB, text string, ordered bool) (rows []string, spilled int64) {
	t.Helper()
	r, err := db.Query(context.Background(), text, nil)
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	for r.Next() {
		line := ""
		for _, v := range r.Values() {
			line += sortedLiteral(v) + " | "
		}
		rows = append(rows, line)
	}
	if err := r.Close(); err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	if !ordered {
		slices.Sort(rows)
	}
	return rows, r.Summary().Spilled
}

// fullFS has no room for spill files.
type fullFS struct{ vfs.FS }

type fullFile struct{ vfs.File }

func (fullFile) WriteAt([]byte, int64) (int, error) { return 0, syscall.ENOSPC }

func (f fullFS) Create(name string) (vfs.File, error) {
	file, err := f.FS.Create(name)
	if err == nil && len(name) > 6 && name[len(name)-6:] == ".spill" {
		file = fullFile{file}
	}
	return file, err
}

func TestQueriesFailOnAFullDiskAndTheStoreGoesOn(t *testing.T) {
	db, err := kadedb.OpenTemporary(&kadedb.Options{FS: fullFS{vfs.OS}, Limits: kadedb.Limits{Memory: 40_000}, CheckpointBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	_, err = db.Exec(context.Background(), spillingQueries[0].text, nil)
	if err != nil {
		t.Fatalf("an empty store: %v", err)
	}
	if _, err := db.Exec(context.Background(), "UNWIND range(0, 400) AS i CREATE (:Person {id: i})", nil); err != nil {
		t.Fatalf("a write that fits: %v", err)
	}
	_, err = db.Exec(context.Background(), "UNWIND range(0, 40000) AS i RETURN i ORDER BY toString(i)", nil)
	if status.CodeOf(err) != status.DiskFull {
		t.Fatalf("a sort that needs room: %v, want DiskFull", err)
	}
	if _, err := db.Exec(context.Background(), "MATCH (p:Person) SET p.id = p.id + 1", nil); err != nil {
		t.Fatalf("a write after it: %v", err)
	}
}

func TestWhatCannotSpillIsRefused(t *testing.T) {
	db := openStore(t, kadedb.Engine{}, 40_000)
	_, err := db.Exec(context.Background(), "UNWIND range(0, 40000) AS i RETURN collect(toString(i))", nil)
	if status.CodeOf(err) != status.QueryMemoryLimit {
		t.Fatalf("got %v, want QueryMemoryLimit", err)
	}
}
