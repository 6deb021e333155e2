package wal_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/kadedb/kadedb/storage/vfs"
	"github.com/kadedb/kadedb/storage/wal"
)

var rewrite = flag.Bool("rewrite", false, "write the fixture of the newest format")

// A log of every released format is read for ever.
func TestFixture(t *testing.T) {
	const dir, name = "testdata/v1", "0000000000000001.log"
	o := wal.Options{StoreID: [16]byte{'f', 'i', 'x', 't', 'u', 'r', 'e'}}
	if *rewrite {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		l, err := wal.Open(vfs.OS, dir, o)
		if err == nil {
			err = l.Replay(1, wal.Position{}, nil)
		}
		for i := 0; err == nil && i < 3; i++ {
			_, err = l.Append(fmt.Appendf(nil, "record %d", i), wal.Group)
		}
		if err == nil {
			err = l.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	work := t.TempDir()
	if err := os.WriteFile(filepath.Join(work, name), b, 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := wal.Open(vfs.OS, filepath.ToSlash(work), o)
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	err = l.Replay(1, wal.Position{}, func(n wal.LSN, p []byte) error { got += fmt.Sprintf("%d %s\n", n, p); return nil })
	if err != nil || got != "1 record 0\n2 record 1\n3 record 2\n" {
		t.Fatalf("%q, %v", got, err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}
