package kadedb_test

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kadedb/kadedb"
)

// A transaction of many times its memory: its own reads, a statement that is
// undone, its commit, its rollback, and a heap that stays small meanwhile.
func TestTransactionSpills(t *testing.T) {
	o := quiet()
	o.TxMemory = 1 << 20
	dir := t.TempDir()
	db, err := kadedb.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	var top atomic.Uint64
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(5 * time.Millisecond):
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				top.Store(max(top.Load(), m.HeapAlloc))
			}
		}
	}()
	change := func(commit bool) {
		t.Helper()
		tx, err := db.Begin(ctx, kadedb.TxOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{
			`UNWIND range(1, 60000) AS i CREATE (:P {i: i})-[:R {w: i}]->(:Q {i: i})`,
			`MATCH (p:P) SET p.j = p.i + 1`,
			`MATCH (p:P)-[r]->() WHERE p.i % 2 = 0 DELETE r`,
			`MATCH (q:Q) WHERE q.i % 2 = 0 DELETE q`,
		} {
			if _, err := tx.Exec(ctx, text, nil); err != nil {
				t.Fatal(text, err)
			}
		}
		if _, err := tx.Exec(ctx, `MATCH (q:Q) WITH q ORDER BY q.i SET q.i = 1 / (q.i - 59999)`, nil); err == nil {
			t.Fatal("a division by zero passes")
		}
		if !commit {
			if err := tx.Rollback(); err != nil {
				t.Fatal(err)
			}
			return
		}
		exec(t, db, `CREATE (:Small)`) // so that the commit comes over another
		if err := tx.Commit(ctx); err != nil {
			t.Fatal(err)
		}
	}
	change(false)
	if n := one(t, db, `MATCH (n) RETURN count(n)`); n != "0" {
		t.Errorf("after the rollback there are %s nodes", n)
	}
	change(true)
	close(done)
	check := func() {
		t.Helper()
		for text, want := range map[string]string{
			`MATCH (p:P) RETURN sum(p.j - p.i)`:                       "60000",
			`MATCH (q:Q) RETURN count(q)`:                             "30000",
			`MATCH (q:Q) RETURN min(q.i)`:                             "1",
			`MATCH (:P)-[r:R]->(q:Q) WHERE r.w = q.i RETURN count(r)`: "30000",
			`MATCH (s:Small) RETURN count(s)`:                         "1",
		} {
			if got := one(t, db, text); got != want {
				t.Errorf("%s gives %s, want %s", text, got, want)
			}
		}
	}
	check()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if db, err = kadedb.Open(dir, o); err != nil {
		t.Fatal(err)
	}
	check()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	t.Logf("the heap was at most %d MiB", top.Load()>>20)
	if top.Load() > 200<<20 {
		t.Errorf("the heap grew to %d MiB", top.Load()>>20)
	}
}
