package txn_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/kv"
	"github.com/kadedb/kadedb/storage/txn"
	"github.com/kadedb/kadedb/storage/vfs"
	"github.com/kadedb/kadedb/storage/wal"
)

// list is a model whose state is the sections in the order of their commits. A
// section that begins with "no" is refused.
type list struct{ folds atomic.Int64 }

func (m *list) ID() byte      { return 7 }
func (m *list) Logged([]byte) {}

func (m *list) Load(_ *txn.Store, tx *kv.Tx) (txn.State, error) {
	var all []string
	err := txn.ReadManifest(tx, "list", func(k, v []byte) error {
		all = append(all, string(v))
		return nil
	})
	return all, err
}

func (m *list) Apply(next *txn.Root, c *txn.Change) (txn.State, error) {
	if bytes.HasPrefix(c.Section, []byte("no")) {
		return nil, status.New(status.WriteConflict)
	}
	old := next.State(0).([]string)
	return append(old[:len(old):len(old)], string(c.Section)), nil
}

func (m *list) Fold(_ context.Context, root *txn.Root, w *txn.BlockWriter) (txn.Folded, error) {
	m.folds.Add(1)
	return folded(root.State(0).([]string)), nil
}

type folded []string

func (f folded) Manifest(tx *kv.Tx) error {
	all := map[string][]byte{}
	for i, s := range f {
		all[fmt.Sprintf("%08d", i)] = []byte(s)
	}
	return txn.WriteManifest(tx, "list", all)
}

func (f folded) Rebase(head txn.State) txn.State { return head }
func (f folded) Released()                       {}

func open(t *testing.T, fs vfs.FS, dir string) *txn.Store {
	t.Helper()
	s, err := txn.Open(txn.Options{
		FS: fs, Dir: dir, File: filepath.Join(t.TempDir(), "blocks.db"), Create: true, Models: []txn.Model{&list{}}, CheckpointBytes: -1,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func commit(s *txn.Store, section string) error {
	root, release, err := s.Acquire()
	if err != nil {
		return err
	}
	defer release()
	_, err = s.Commit(txn.Request{Snapshot: root, Sections: []txn.Section{{Model: 7, Bytes: []byte(section)}}, Durability: wal.Group})
	return err
}

func state(t *testing.T, s *txn.Store) []string {
	t.Helper()
	root, release, err := s.Acquire()
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	return root.State(0).([]string)
}

// TestBatches: commits that wait together share a sync, and a refused one does not
// take others with it.
func TestBatches(t *testing.T) {
	s := open(t, vfs.OS, t.TempDir())
	var wg sync.WaitGroup
	var refused atomic.Int64
	const clients, each = 12, 50
	for c := range clients {
		wg.Go(func() {
			for i := range each {
				section := fmt.Sprint(c, "/", i)
				if i%10 == 9 {
					section = "no " + section
				}
				switch err := commit(s, section); status.CodeOf(err) {
				case 0:
				case status.WriteConflict:
					refused.Add(1)
				default:
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := len(state(t, s)); n != clients*each*9/10 || refused.Load() != clients*each/10 {
		t.Errorf("%d commits, %d refused", n, refused.Load())
	}
	st := s.Stats()
	t.Logf("%.1f commits a sync", float64(st.Commits)/float64(st.WAL.Syncs))
	if st.WAL.Syncs >= st.Commits {
		t.Errorf("%d syncs for %d commits", st.WAL.Syncs, st.Commits)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := commit(s, "late"); status.CodeOf(err) != status.StoreClosed {
		t.Errorf("a commit after Close gives %v", err)
	}
}

// TestParts: a transaction larger than a record comes back whole, and one whose last
// part is missing not at all.
func TestParts(t *testing.T) {
	mem := vfs.NewMem()
	file := filepath.Join(t.TempDir(), "blocks.db")
	o := txn.Options{FS: mem, Dir: "s", File: file, Create: true, CheckpointBytes: -1}
	reopen := func() *txn.Store {
		o.Models = []txn.Model{&list{}}
		s, err := txn.Open(o)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := reopen()
	big := string(bytes.Repeat([]byte("0123456789abcdef"), 40<<20/16))
	for _, section := range []string{"before", big, "after"} {
		if err := commit(s, section); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Abandon(); err != nil {
		t.Fatal(err)
	}
	s = reopen()
	if got := state(t, s); len(got) != 3 || got[1] != big || got[2] != "after" {
		t.Errorf("%d commits came back", len(got))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = reopen()
	if got := state(t, s); len(got) != 3 || s.Stats().WAL.Replayed != 0 {
		t.Errorf("after a checkpoint %d commits came back, %d records were replayed", len(got), s.Stats().WAL.Replayed)
	}
	if err := s.Abandon(); err != nil {
		t.Fatal(err)
	}
}

// TestPoison: after a failed sync nothing more is written, and what was
// acknowledged stays readable.
func TestPoison(t *testing.T) {
	fs := vfs.NewFaulty(vfs.NewMem(), nil)
	s := open(t, fs, "s")
	if err := commit(s, "a"); err != nil {
		t.Fatal(err)
	}
	fs.SetHook(func(o vfs.Op) error {
		if o.Name == "sync" {
			return syscall.EIO
		}
		return nil
	})
	for range 2 {
		if err := commit(s, "b"); status.CodeOf(err) != status.StorePoisoned {
			t.Errorf("a commit after a failed sync gives %v", err)
		}
		fs.SetHook(nil)
	}
	if got := state(t, s); len(got) != 1 || got[0] != "a" {
		t.Errorf("the state is %v", got)
	}
	if _, err := s.Checkpoint(context.Background()); err == nil {
		t.Error("a poisoned store makes a checkpoint")
	}
	if err := s.Abandon(); err != nil && status.CodeOf(err) != status.StorePoisoned {
		t.Fatal(err)
	}
}

// TestManifest: damage to any byte of a manifest, and a record that vanished, are found.
func TestManifest(t *testing.T) {
	s, err := kv.Open(filepath.Join(t.TempDir(), "m.db"), kv.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	write := func() {
		t.Helper()
		err := s.Update(func(tx *kv.Tx) error {
			return txn.WriteManifest(tx, "m", map[string][]byte{"a": []byte("one"), "b": []byte("two"), "c": nil})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	read := func() (n int, err error) {
		err = s.View(func(tx *kv.Tx) error {
			return txn.ReadManifest(tx, "m", func(k, v []byte) error { n++; return nil })
		})
		return n, err
	}
	if n, err := read(); n != 0 || err != nil {
		t.Fatalf("a missing manifest gives %d, %v", n, err)
	}
	write()
	if n, err := read(); n != 2 || err != nil {
		t.Fatalf("got %d, %v", n, err)
	}
	for _, key := range []string{"a", "b", "\xff"} {
		for at := 0; ; at++ {
			write()
			var n int
			err := s.Update(func(tx *kv.Tx) error {
				b := tx.Bucket("m")
				v, _ := b.Get(nil, []byte(key))
				if n = len(v); at == n {
					return b.Delete([]byte(key))
				}
				v[at] ^= 4
				return b.Put([]byte(key), v)
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := read(); status.CodeOf(err) != status.Corruption {
				t.Errorf("damage to byte %d of %q gives %v", at, key, err)
			}
			if at == n {
				break
			}
		}
	}
}

// A log without its file of blocks is the rest of a store, and not a place for a new one.
func TestLogWithoutBlocks(t *testing.T) {
	dir := t.TempDir()
	o := txn.Options{Dir: dir, Create: true, Models: []txn.Model{&list{}}, CheckpointBytes: -1}
	s, err := txn.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if logs, err := filepath.Glob(filepath.Join(dir, "wal", "*.log")); err != nil {
		t.Fatal(err)
	} else if len(logs) == 0 {
		if err := os.WriteFile(filepath.Join(dir, "wal", "0000000000000001.log"), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(dir, "blocks.db")); err != nil {
		t.Fatal(err)
	}
	for _, how := range []struct{ create, readOnly bool }{{true, false}, {false, false}, {false, true}} {
		o.Create, o.ReadOnly = how.create, how.readOnly
		s, err = txn.Open(o)
		if status.CodeOf(err) != status.Corruption {
			t.Errorf("%+v: got %v, want Corruption", how, err)
		}
		if s != nil {
			s.Abandon()
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "blocks.db")); !os.IsNotExist(err) {
		t.Errorf("a new file of blocks was made: %v", err)
	}
}

// A store whose log is gone is damaged, also before its first checkpoint; one that was never
// written has none, and one that was made before logs were noted is noted when it is opened.
func TestLostLog(t *testing.T) {
	dir := t.TempDir()
	o := txn.Options{Dir: dir, Create: true, Models: []txn.Model{&list{}}, CheckpointBytes: -1}
	reopen := func() *txn.Store {
		t.Helper()
		s, err := txn.Open(o)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for range 2 {
		if err := reopen().Abandon(); err != nil {
			t.Fatal(err)
		}
	}
	s := reopen()
	if err := commit(s, "a"); err != nil {
		t.Fatal(err)
	}
	if err := s.Abandon(); err != nil {
		t.Fatal(err)
	}
	forget := func(f func(*kv.Bucket) error) {
		t.Helper()
		k, err := kv.Open(filepath.Join(dir, "blocks.db"), kv.Options{})
		if err == nil {
			err = errors.Join(k.Update(func(tx *kv.Tx) error { return f(tx.Bucket("meta")) }), k.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	forget(func(b *kv.Bucket) error { return b.Delete([]byte("log")) })
	var done, most int64
	o.Progress = func(_, bytes, atMost int64) { done, most = bytes, atMost }
	s = reopen()
	if got := state(t, s); len(got) != 1 {
		t.Errorf("got %q", got)
	}
	if done == 0 || most < done {
		t.Errorf("%d bytes of at most %d were replayed", done, most)
	}
	if err := s.Abandon(); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "wal")); err != nil {
		t.Fatal(err)
	}
	for _, how := range []struct{ create, readOnly bool }{{true, false}, {false, false}, {false, true}} {
		o.Create, o.ReadOnly = how.create, how.readOnly
		s, err := txn.Open(o)
		if status.CodeOf(err) != status.Corruption {
			t.Errorf("%+v: got %v, want Corruption", how, err)
		}
		if s != nil {
			s.Abandon()
		}
	}
}

// noLock is a folder that this user may not write.
type noLock struct{ vfs.FS }

func (noLock) Lock(name, _ string) (io.Closer, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
}

func TestFolderThatMayNotBeWritten(t *testing.T) {
	_, err := txn.Open(txn.Options{FS: noLock{vfs.OS}, Dir: t.TempDir(), Create: true, Models: []txn.Model{&list{}}})
	if status.CodeOf(err) != status.DiskError {
		t.Errorf("got %v, want DiskError", err)
	}
}
