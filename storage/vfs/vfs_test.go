package vfs_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"syscall"
	"testing"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/vfs"
)

// Every implementation does the same.
func TestFileSystems(t *testing.T) {
	for name, make := range map[string]func() (vfs.FS, string){
		"os":     func() (vfs.FS, string) { return vfs.OS, t.TempDir() },
		"mem":    func() (vfs.FS, string) { return vfs.NewMem(), "base" },
		"faulty": func() (vfs.FS, string) { return vfs.NewFaulty(vfs.NewMem(), nil), "base" },
	} {
		t.Run(name, func(t *testing.T) {
			fsys, base := make()
			testFS(t, fsys, base)
		})
	}
}

func testFS(t *testing.T, f vfs.FS, base string) {
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ok(f.MkdirAll(base + "/a/b"))
	_, err := f.Create(base + "/no/such/folder")
	if !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("creating below a folder that is not there: %v", err)
	}
	w, err := f.Create(base + "/a/b/x")
	ok(err)
	_, err = w.WriteAt([]byte("hello"), 3)
	ok(err)
	ok(w.Preallocate(3000))
	ok(w.Preallocate(10))
	size, err := w.Size()
	ok(err)
	if size != 3000 {
		t.Fatalf("size %d", size)
	}
	ok(w.Sync())
	b := make([]byte, 10)
	n, err := w.ReadAt(b, 0)
	ok(err)
	if !bytes.Equal(b[:n], []byte("\x00\x00\x00hello\x00\x00")) {
		t.Fatalf("%q", b[:n])
	}
	if n, err := w.ReadAt(b, 2995); n != 5 || err != io.EOF {
		t.Fatalf("at the end: %d, %v", n, err)
	}
	ok(w.Truncate(6))
	ok(w.Truncate(8))
	if n, err := w.ReadAt(b, 3); string(b[:n]) != "hel\x00\x00" || err != io.EOF {
		t.Fatalf("after truncating: %q, %v", b[:n], err)
	}
	ok(w.Close())
	r, err := f.Open(base + "/a/b/x")
	ok(err)
	if _, err := r.WriteAt([]byte("x"), 0); err == nil {
		t.Fatal("a file opened for reading was written to")
	}
	ok(r.Close())
	ok(f.Rename(base+"/a/b/x", base+"/a/y"))
	ok(f.SyncDir(base + "/a"))
	names, err := f.List(base + "/a")
	ok(err)
	if fmt.Sprint(names) != "[b y]" {
		t.Fatal(names)
	}
	info, err := f.Stat(base + "/a/y")
	ok(err)
	if info.Size != 8 || info.Dir {
		t.Fatalf("%+v", info)
	}
	ok(f.Remove(base + "/a/y"))
	ok(f.Remove(base + "/a/b"))
	if _, err := f.Stat(base + "/a/b"); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	l, err := f.Lock(base+"/lock", "the server at 127.0.0.1:7480")
	ok(err)
	if _, err := f.Lock(base+"/lock", "me"); status.CodeOf(err) != status.StoreLocked || !bytes.Contains([]byte(err.Error()), []byte("127.0.0.1:7480")) {
		t.Fatalf("a second lock: %v", err)
	}
	ok(l.Close())
	l, err = f.Lock(base+"/lock", "me")
	ok(err)
	ok(l.Close())
}

func write(t *testing.T, f vfs.File, off int64, s string) {
	t.Helper()
	if _, err := f.WriteAt([]byte(s), off); err != nil {
		t.Fatal(err)
	}
}

// What is certain after a crash, and what is not.
func TestMemCrash(t *testing.T) {
	m := vfs.NewMem()
	rng := rand.New(rand.NewPCG(1, 1))
	content := func(m *vfs.Mem, name string) string {
		f, err := m.Open(name)
		if err != nil {
			return "-"
		}
		size, err := f.Size()
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, size)
		if _, err := f.ReadAt(b, 0); err != nil && err != io.EOF {
			t.Fatal(err)
		}
		return string(b)
	}
	if err := m.MkdirAll("d"); err != nil {
		t.Fatal(err)
	}
	f, err := m.Create("d/x")
	if err != nil {
		t.Fatal(err)
	}
	write(t, f, 0, "one")
	steps := []struct {
		do         func() error
		none, both string // what a crash that loses, keeps everything leaves
	}{
		{func() error { return nil }, "-", "one"},
		{f.Sync, "-", "one"},
		{func() error { return m.SyncDir("d") }, "-", "one"},
		{func() error { return m.SyncDir(".") }, "one", "one"},
		{func() error { write(t, f, 0, "two"); return nil }, "one", "two"},
		{f.Close, "one", "two"},
	}
	for i, s := range steps {
		if err := s.do(); err != nil {
			t.Fatal(err)
		}
		if got := content(m.CrashClone(0, rng), "d/x"); got != s.none {
			t.Errorf("step %d: %q, want %q", i, got, s.none)
		}
		if got := content(m.CrashClone(1, rng), "d/x"); got != s.both {
			t.Errorf("step %d, all kept: %q, want %q", i, got, s.both)
		}
	}
	// Sectors survive by themselves.
	g, err := m.OpenWrite("d/x")
	if err != nil {
		t.Fatal(err)
	}
	write(t, g, 0, string(bytes.Repeat([]byte("a"), 4096)))
	if err := g.Sync(); err != nil {
		t.Fatal(err)
	}
	write(t, g, 0, string(bytes.Repeat([]byte("b"), 4096)))
	kept := map[string]int{}
	for range 50 {
		c := content(m.CrashClone(0.5, rng), "d/x")
		for s := 0; s < 4096; s += 512 {
			if piece := c[s : s+512]; piece != string(bytes.Repeat([]byte(piece[:1]), 512)) {
				t.Fatal("a torn sector")
			}
			kept[c[s:s+1]]++
		}
	}
	if kept["a"] < 100 || kept["b"] < 100 {
		t.Fatal(kept)
	}
	m.SetFull(5000)
	if _, err := g.WriteAt(make([]byte, 2000), 4000); !vfs.IsFull(err) {
		t.Fatalf("beyond the bound: %v", err)
	}
}

func TestFaulty(t *testing.T) {
	var seen []string
	f := vfs.NewFaulty(vfs.NewMem(), nil)
	f.SetHook(func(o vfs.Op) error {
		seen = append(seen, fmt.Sprint(o.Index, " ", o.Name, " ", o.Path))
		return vfs.FailAt(2, syscall.EIO, false)(o)
	})
	x, err := f.Create("x")
	if err != nil {
		t.Fatal(err)
	}
	write(t, x, 0, "ab")
	if err := x.Sync(); !errors.Is(err, syscall.EIO) {
		t.Fatal(err)
	}
	if err := x.Sync(); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(seen) != "[0 create x 1 write x 2 sync x 3 sync x]" || f.Ops() != 4 {
		t.Fatal(seen)
	}
	f.SetHook(vfs.FailOn("write", 0, vfs.ErrShort, true))
	if n, err := x.WriteAt([]byte("cdef"), 0); n != 2 || !errors.Is(err, syscall.EIO) {
		t.Fatal(n, err)
	}
}
