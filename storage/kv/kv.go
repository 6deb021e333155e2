// Package kv keeps small maps from bytes to bytes in one bbolt file: blocks under
// their keys, and the manifest that says which of them count.
//
//	file ─ bucket "blocks"   key ─▶ one encoded block (CRC inside)
//	     └ bucket "manifest" …
//
//	s, err := kv.Open("store/blocks.db", kv.Options{Create: true})
//	err = s.Update(func(tx *kv.Tx) error { b, err := tx.CreateBucket("blocks"); …; return b.Put(k, v) })
//
// Update is atomic and durable (two fdatasyncs); there is one at a time. View sees
// the state of the last Update and must be short: copy out and leave. bbolt keeps
// an Update's changed pages in memory, so an Update writes some megabytes at most.
//
// bbolt checks only its two meta pages: whoever stores something here puts a
// checksum into it. It is not for single edges or rows.
package kv

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/vfs"
)

// defaultMmap is address space, not memory and not disk: bbolt must never have to
// map anew, because that waits for all readers. On Windows a map is as long as its
// file, so that bbolt maps what it needs there; 32-bit systems have no room.
func defaultMmap() int {
	size := int64(256 << 30)
	if runtime.GOOS == "windows" || int64(int(size)) != size {
		return 0
	}
	return int(size)
}

// allocSize is by how much bbolt grows the file at a time.
const allocSize = 4 << 20

// Options configure a store. The zero value opens an existing file for writing.
type Options struct {
	// Create makes the file where it is missing, all of it or nothing.
	Create bool
	// ReadOnly shares the file with other readers.
	ReadOnly bool
	// MmapSize is the address space to map at once (256 GiB where a map takes no disk).
	MmapSize int
	// LockTimeout is how long to wait for another process (100 ms).
	LockTimeout time.Duration
	// BeforeCommit runs before an Update is committed; its error becomes Update's and
	// nothing is written. AfterCommit runs after the commit's last sync: what the file
	// at path then holds is durable. Fault and crash tests use them.
	BeforeCommit func() error
	AfterCommit  func(path string)
	// OpenFile replaces os.OpenFile.
	OpenFile func(name string, flag int, perm os.FileMode) (*os.File, error)

	grow    int  // by how many bytes the file grows (allocSize)
	preload bool // read the list of free pages though ReadOnly
}

// Store is an open file. Methods may be called from several goroutines.
type Store struct {
	db       *bbolt.DB
	path     string
	o        Options
	poisoned atomic.Bool
	stats    counters
}

type counters struct {
	updates, puts, deletes, gets, read, written atomic.Int64
}

// Stats counts since Open.
type Stats struct {
	Updates, Puts, Deletes, Gets int64
	BytesPut, BytesRead          int64
	FileSize                     int64 // as long as the file is
	FreeBytes                    int64 // of it, in pages that hold nothing
}

// Open opens the file at path. Errors: NotAStore where it is missing or no bbolt
// file, StoreLocked, NewerFormat, Corruption, DiskFull, DiskError.
func Open(path string, o Options) (*Store, error) {
	if o.LockTimeout == 0 {
		o.LockTimeout = 100 * time.Millisecond
	}
	if o.MmapSize == 0 {
		o.MmapSize = defaultMmap()
	}
	if o.OpenFile == nil {
		o.OpenFile = os.OpenFile
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && o.Create && !o.ReadOnly:
		if err := create(path, o); err != nil {
			return nil, err
		}
	case errors.Is(err, fs.ErrNotExist):
		return nil, status.Errorf(status.NotAStore, "%s is missing", path)
	case err != nil:
		return nil, diskError(path, err)
	case info.Size() == 0:
		return nil, status.Errorf(status.NotAStore, "%s is empty", path)
	}
	db, err := openBolt(path, o)
	for ; errors.Is(err, syscall.ENOMEM) && o.MmapSize > 1<<30; db, err = openBolt(path, o) {
		o.MmapSize /= 4 // a limit on address space
	}
	if err != nil {
		return nil, err
	}
	if !o.ReadOnly {
		// What Compact left that did not come to its end, or had just begun; nobody else has the
		// file now.
		if err := errors.Join(remove(path+".tmp"), remove(path+".tmp.tmp")); err != nil {
			return nil, errors.Join(err, db.Close())
		}
	}
	return &Store{db: db, path: path, o: o}, nil
}

// create makes a new file under another name, so that a crash leaves no half of one.
func create(path string, o Options) error {
	tmp := path + ".tmp"
	if err := remove(tmp); err != nil {
		return err
	}
	o.MmapSize = 0
	db, err := openBolt(tmp, o)
	if err != nil {
		return err
	}
	err = db.Sync()
	if cerr := db.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = vfs.OS.Rename(tmp, path)
	}
	if err == nil {
		err = vfs.OS.SyncDir(filepath.Dir(path))
	}
	if err != nil {
		return diskError(path, err)
	}
	return nil
}

// VerifyFree reads the list of free pages, which whoever writes needs and a reader does not.
func (s *Store) VerifyFree() error {
	if !s.o.ReadOnly {
		return nil // it was read at the open
	}
	o := s.o
	o.preload = true
	db, err := openBolt(s.path, o)
	if err != nil {
		return err
	}
	if err := db.Close(); err != nil {
		return diskError(s.path, err)
	}
	return nil
}

func openBolt(path string, o Options) (db *bbolt.DB, err error) {
	defer guard(path, &err)()
	db, err = bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout:         o.LockTimeout,
		ReadOnly:        o.ReadOnly,
		FreelistType:    bbolt.FreelistMapType,
		InitialMmapSize: o.MmapSize,
		OpenFile:        o.OpenFile,
		PreLoadFreelist: o.preload,
	})
	switch {
	case err == nil:
		db.AllocSize = allocSize
		if o.grow > 0 {
			db.AllocSize = o.grow
		}
		return db, nil
	case errors.Is(err, berrors.ErrTimeout), errors.Is(err, syscall.EWOULDBLOCK):
		return nil, status.Errorf(status.StoreLocked, "another process holds %s", path).
			WithHint("stop that process, or send the request to its address")
	case errors.Is(err, berrors.ErrVersionMismatch):
		return nil, status.Errorf(status.NewerFormat, "%s: %w", path, err)
	case errors.Is(err, berrors.ErrInvalid):
		return nil, status.Errorf(status.NotAStore, "%s is not a bbolt file, or both its meta pages are damaged: %w", path, err)
	case errors.Is(err, berrors.ErrChecksum):
		return nil, status.Errorf(status.Corruption, "%s, offset 0: both meta pages are damaged: %w", path, err)
	case errors.Is(err, fs.ErrNotExist):
		return nil, status.Errorf(status.NotAStore, "%s is missing", path)
	case strings.Contains(err.Error(), "file size too small"): // bbolt has no value for this one
		return nil, tooShort(path, err)
	}
	return nil, diskError(path, err)
}

// tooShort says what a file of less than two pages is: the rest of a store where its
// first page begins like one.
func tooShort(path string, err error) error {
	const metaMagic = 0xED0CDAED
	head, rerr := os.ReadFile(path)
	switch {
	case rerr != nil:
		return diskError(path, rerr)
	case len(head) >= 20 && binary.NativeEndian.Uint32(head[16:]) == metaMagic:
		return status.Errorf(status.Corruption, "%s, offset %d: the file ends within its first two pages: %w", path, len(head), err)
	}
	return status.Errorf(status.NotAStore, "%s is not a bbolt file: %w", path, err)
}

func (s *Store) guard(err *error) func() { return guard(s.path, err) }

// guard turns a panic over damaged or vanished pages (bbolt checks pages by
// panicking; a truncated file is a fault in its map) into Corruption.
func guard(path string, err *error) func() {
	old := debug.SetPanicOnFault(true)
	return func() {
		debug.SetPanicOnFault(old)
		r := recover()
		if r == nil {
			return
		}
		_, fault := r.(interface{ Addr() uintptr })
		if !fault && !bytes.Contains(debug.Stack(), []byte("go.etcd.io/bbolt")) {
			panic(r)
		}
		*err = damaged(path, r)
	}
}

func damaged(path string, r any) error {
	const hint = "restore a backup"
	if _, ours := r.(runtime.Error); ours { // what bbolt stumbled over says nothing to anybody
		return status.Errorf(status.Corruption, "%s: its pages are damaged, or the file was cut", path).WithHint(hint)
	}
	return status.Errorf(status.Corruption, "%s: its pages are damaged: %v", path, r).WithHint(hint)
}

// Update runs f in a read-write transaction and commits it unless f fails. After a
// failed sync every Update fails with StorePoisoned.
func (s *Store) Update(f func(tx *Tx) error) (err error) {
	if s.o.ReadOnly {
		return status.Errorf(status.ReadOnlyStore, "%s was opened for reading", s.path)
	}
	if s.poisoned.Load() {
		return status.Errorf(status.StorePoisoned, "a sync of %s failed earlier", s.path)
	}
	defer s.guard(&err)()
	tx, err := s.db.Begin(true)
	if err != nil {
		return s.mapError(err)
	}
	committed := false
	defer func() {
		if !committed {
			if rerr := tx.Rollback(); rerr != nil && !errors.Is(rerr, berrors.ErrTxClosed) && err == nil {
				err = s.mapError(rerr)
			}
		}
	}()
	if err := f(&Tx{s: s, tx: tx}); err != nil {
		return err
	}
	if s.o.BeforeCommit != nil {
		if err := s.o.BeforeCommit(); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return s.commitError(err)
	}
	committed = true
	s.stats.updates.Add(1)
	if s.o.AfterCommit != nil {
		s.o.AfterCommit(s.path)
	}
	return nil
}

// commitError decides what a failed commit means. A write that found no room has
// changed only pages that hold nothing; anything else may be a failed sync, after
// which no one knows what the file holds.
func (s *Store) commitError(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) && pe.Op == "write" && vfs.IsFull(err) {
		return status.Errorf(status.DiskFull, "%s: %w", s.path, err).WithHint("free some room on the disk")
	}
	s.poisoned.Store(true)
	return status.Errorf(status.StorePoisoned, "committing %s: %w", s.path, err).
		WithHint("restart: the log holds everything that was acknowledged")
}

// View runs f in a read-only transaction.
func (s *Store) View(f func(tx *Tx) error) (err error) {
	defer s.guard(&err)()
	tx, err := s.db.Begin(false)
	if err != nil {
		return s.mapError(err)
	}
	defer func() {
		if rerr := tx.Rollback(); rerr != nil && err == nil {
			err = s.mapError(rerr)
		}
	}()
	return f(&Tx{s: s, tx: tx})
}

func (s *Store) mapError(err error) error {
	if errors.Is(err, berrors.ErrDatabaseNotOpen) {
		return status.Errorf(status.StoreClosed, "%s is closed", s.path)
	}
	return diskError(s.path, err)
}

// Path returns the file's path.
func (s *Store) Path() string { return s.path }

// Stats returns counts.
func (s *Store) Stats() Stats {
	st := Stats{
		Updates: s.stats.updates.Load(), Puts: s.stats.puts.Load(), Deletes: s.stats.deletes.Load(),
		Gets: s.stats.gets.Load(), BytesPut: s.stats.written.Load(), BytesRead: s.stats.read.Load(),
	}
	if info, err := os.Stat(s.path); err == nil {
		st.FileSize = info.Size()
	}
	st.FreeBytes = s.freeBytes()
	return st
}

// Close waits for transactions and closes the file.
func (s *Store) Close() error {
	if err := s.db.Close(); err != nil {
		return diskError(s.path, err)
	}
	return nil
}

func diskError(path string, err error) error {
	if vfs.IsFull(err) {
		return status.Errorf(status.DiskFull, "%s: %w", path, err).WithHint("free some room on the disk")
	}
	e := status.Errorf(status.DiskError, "%s: %w", path, err)
	if errors.Is(err, fs.ErrPermission) {
		return e.WithHint("give this user the right to read the file, and to write it where the store is to change")
	}
	return e
}
