package kadedb_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/status"
)

func TestCompact(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	o := &kadedb.Options{Memory: 128 << 20, LogKeepBytes: -1, LogKeepAge: -1}
	db, err := kadedb.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	exec := func(text string) {
		t.Helper()
		if _, err := db.Exec(t.Context(), text, nil); err != nil {
			t.Fatal(err)
		}
	}
	exec("CREATE INDEX FOR (n:N) ON (n.i)")
	exec("UNWIND range(1, 20000) AS i CREATE (:N {i: i, text: 'a text that is not the same ' + toString(i * 7919 % 10007)})-[:R]->(:M)")
	if err := db.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	exec("MATCH (n:N) WHERE n.i > 1000 DETACH DELETE n")
	if err := db.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	exec("CREATE (:Late {in: 'the log alone'})")
	if _, err := kadedb.Compact(t.Context(), dir, o); status.CodeOf(err) != status.StoreLocked {
		t.Fatalf("of an open store: %v", err)
	}
	want, err := db.StateHash(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := kadedb.Compact(ended, dir, o); status.CodeOf(err) != status.Cancelled {
		t.Fatalf("cancelled: %v", err)
	}
	s, err := kadedb.Compact(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	if s.After.Blocks*2 > s.Before.Blocks {
		t.Errorf("compacted %+v", s)
	}
	if db, err = kadedb.Open(dir, o); err != nil {
		t.Fatal(err)
	}
	got, err := db.StateHash(t.Context())
	if err != nil || got != want {
		t.Errorf("the graph is %s, was %s (%v)", got, want, err)
	}
	if err := db.Check(t.Context(), func(p kadedb.Problem) { t.Error(p) }); err != nil {
		t.Error(err)
	}
	exec("MATCH (l:Late) SET l.more = true")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := kadedb.Compact(t.Context(), t.TempDir(), o); status.CodeOf(err) != status.NotAStore {
		t.Errorf("of an empty folder: %v", err)
	}
}
