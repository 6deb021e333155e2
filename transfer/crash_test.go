package transfer_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/storage/txn"
	"github.com/kadedb/kadedb/storage/vfs"
	"github.com/kadedb/kadedb/transfer"
	"github.com/kadedb/kadedb/value"
)

func openGraph(t *testing.T, dir string, step func(name string) error) *graph.Store {
	t.Helper()
	s, err := graph.Open(graph.Options{Options: txn.Options{FS: vfs.OS, Dir: dir, Create: true,
		Memory: memory.NewBudget("test", 64<<20), CheckpointBytes: -1, Step: step}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// imported describes a store: nodes, relationships, constraints.
func imported(t *testing.T, s *graph.Store) string {
	t.Helper()
	r, err := s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	err = s.Check(context.Background(), func(p graph.Problem) { t.Errorf("check: %s", p) })
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d nodes, %d relationships, %d constraints", r.CountNodes(catalog.AnyLabel), r.CountRels(catalog.AnyType), len(r.Catalog().Constraints))
}

// TestImportSteps makes a copy of the store, as a crash would leave it, before every
// step that writes blocks or makes them count, and lets that step fail: each copy
// holds all or nothing, and so does the store that goes on.
func TestImportSteps(t *testing.T) {
	dir := t.TempDir()
	spec := people(t, dir, 3000, 60_000, 11)
	spec.Memory = 300 << 10
	spec.TempDir = dir
	const before, after = "1 nodes, 0 relationships, 0 constraints", "3001 nodes, 60000 relationships, 1 constraints"
	fault := errors.New("a fault")
	for at := 0; ; at++ {
		store := filepath.Join(dir, fmt.Sprint("store", at))
		n, checkpoints, armed, name, copied := 0, 0, false, "", ""
		s := openGraph(t, store, func(step string) error {
			if !armed {
				return nil
			}
			if step == "truncate" {
				checkpoints++
			}
			if n++; n-1 != at {
				return nil
			}
			name, copied = step, copyStore(t, store)
			return fault
		})
		tx, err := s.Begin(context.Background(), false)
		if err != nil {
			t.Fatal(err)
		}
		key, err := tx.Key("x")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.CreateNode(nil, []catalog.KeyID{key}, []value.Value{value.Int(1)}); err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Commit(context.Background(), graph.Group); err != nil {
			t.Fatal(err)
		}
		armed = true
		_, err = transfer.Import(context.Background(), s, spec)
		armed = false
		if copied == "" {
			if err != nil {
				t.Fatal(err)
			}
			if got := imported(t, s); got != after {
				t.Errorf("without a fault: %s", got)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if at < 5 {
				t.Errorf("an import of %d steps", at)
			}
			return
		}
		// The first checkpoint is of what the store had, the second is the import, the third
		// of statistics.
		want := before
		if checkpoints >= 2 {
			want = after
		}
		if err == nil || strings.Contains(err.Error(), "everything was imported") != (want == after) {
			t.Errorf("step %d, %s: %v", at, name, err)
		}
		if got := imported(t, s); got != want {
			t.Errorf("step %d, %s: %s, want %s", at, name, got, want)
		}
		old := openGraph(t, copied, nil)
		if got := imported(t, old); got != want {
			t.Errorf("a crash before step %d, %s: %s", at, name, got)
		}
		if want == before {
			if _, err := transfer.Import(context.Background(), old, spec); err != nil {
				t.Errorf("again after a crash before step %d, %s: %v", at, name, err)
			}
			if got := imported(t, old); got != after {
				t.Errorf("again after a crash before step %d, %s: %s", at, name, got)
			}
		}
		if err := errors.Join(old.Close(), s.Abandon()); err != nil && status.CodeOf(err) != status.Internal {
			t.Fatal(err)
		}
	}
}
