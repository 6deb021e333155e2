package spill_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/query/exec/spill"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/vfs"
	"github.com/kadedb/kadedb/value"
)

func batchOf(from, n int) *column.Batch {
	var ints, texts column.Builder
	for i := from; i < from+n; i++ {
		ints.Append(value.Int(int64(i)))
		texts.Append(value.String(fmt.Sprint("row ", i)))
	}
	return &column.Batch{Len: n, Cols: []*column.Vector{ints.Vector(), nil, texts.Vector()}}
}

func TestRowsKeepOrderInMemoryAndOnDisk(t *testing.T) {
	for _, limit := range []int64{0, 1, 50_000, 1 << 30} {
		dir := t.TempDir()
		space := spill.NewSpace(vfs.OS, filepath.ToSlash(dir)+"/spill", "q1")
		budget := memory.NewBudget("test", limit)
		rows := spill.NewRows(space, budget, []int{0, 2})
		const n = 9000
		for from := 0; from < n; {
			size := min(1+from%3000, n-from)
			b := batchOf(from, size)
			if err := rows.Append(b); err != nil {
				t.Fatal(err)
			}
			from += size
		}
		if wantSpill := limit > 0 && limit < 1<<20; rows.Spilled() != wantSpill || (space.Bytes() > 0) != wantSpill {
			t.Errorf("limit %d: spilled = %v, %d bytes", limit, rows.Spilled(), space.Bytes())
		}
		for range 2 {
			at := 0
			err := rows.Each(func(b *column.Batch) error {
				for _, r := range b.Selection() {
					if b.Cols[0].Ints[r] != int64(at) || b.Cols[2].Str(int(r)) != fmt.Sprint("row ", at) {
						return fmt.Errorf("row %d is %v %v", at, b.Cols[0].Value(int(r)), b.Cols[2].Value(int(r)))
					}
					at++
				}
				return nil
			})
			if err != nil || at != n {
				t.Fatalf("limit %d: %d rows, %v", limit, at, err)
			}
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
		if budget.Used() != 0 {
			t.Errorf("limit %d: %d bytes still held", limit, budget.Used())
		}
		checkEmpty(t, dir+"/spill")
	}
}

func checkEmpty(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	for _, f := range left {
		t.Errorf("%s is left", f.Name())
	}
}

func TestSpaceCloseDeletesFiles(t *testing.T) {
	dir := t.TempDir()
	space := spill.NewSpace(vfs.OS, filepath.ToSlash(dir), "q1")
	for range 3 {
		f, err := space.Create()
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Write(batchOf(0, 100), nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := space.Close(); err != nil {
		t.Fatal(err)
	}
	checkEmpty(t, dir)
}

// damagedFS gives files whose writes or bytes are wrong.
type damagedFS struct {
	vfs.FS
	full bool
	flip bool
}

type damagedFile struct {
	vfs.File
	fs *damagedFS
}

func (d *damagedFS) Create(name string) (vfs.File, error) {
	f, err := d.FS.Create(name)
	return damagedFile{f, d}, err
}

func (f damagedFile) WriteAt(p []byte, off int64) (int, error) {
	if f.fs.full {
		return 0, syscall.ENOSPC
	}
	return f.File.WriteAt(p, off)
}

func (f damagedFile) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.File.ReadAt(p, off)
	if f.fs.flip && n > 30 {
		p[30] ^= 4
	}
	if err == io.EOF && n == len(p) {
		err = nil
	}
	return n, err
}

func TestDiskFullAndDamageAreTyped(t *testing.T) {
	for _, c := range []struct {
		fs   damagedFS
		want status.Code
	}{
		{damagedFS{FS: vfs.OS, full: true}, status.DiskFull},
		{damagedFS{FS: vfs.OS, flip: true}, status.Corruption},
		{damagedFS{FS: vfs.OS}, 0},
	} {
		rows := spill.NewRows(spill.NewSpace(&c.fs, filepath.ToSlash(t.TempDir()), "q"), memory.NewBudget("test", 1), []int{0, 2})
		var err error
		for i := 0; i < 10 && err == nil; i++ {
			err = rows.Append(batchOf(i*2000, 2000))
		}
		if err == nil {
			err = rows.Each(func(*column.Batch) error { return nil })
		}
		if got := status.CodeOf(err); err != nil && got != c.want || err == nil && c.want != 0 {
			t.Errorf("%+v: %v, want code %v", c.fs, err, c.want)
		}
	}
}

func TestWithoutSpaceTheBudgetFails(t *testing.T) {
	rows := spill.NewRows(nil, memory.NewBudget("test", 1000), []int{0, 2})
	var err error
	for i := 0; i < 10 && err == nil; i++ {
		err = rows.Append(batchOf(0, 2000))
	}
	if status.CodeOf(err) != status.QueryMemoryLimit {
		t.Fatalf("got %v", err)
	}
}
