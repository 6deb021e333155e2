// Package vfs is the one door to the disk.
//
//	          ┌ OS      real files
//	FS ◀──────┼ Mem     in memory, with crashes that lose what was not synced
//	          └ Faulty  another FS with injected errors and crash points
//
// The rules are those of POSIX at its least helpful: a write is certain after
// File.Sync, a name is certain after SyncDir of its folder, Close syncs nothing.
//
// Names are slash-separated paths. It is not a file system for users: no
// permissions, no links.
package vfs

import (
	"io"
	"time"
)

// FS is a file system. Errors satisfy errors.Is with the values of io/fs and
// syscall where those apply. Methods may be called from several goroutines.
type FS interface {
	// Create makes an empty file for reading and writing, replacing one that is there.
	Create(name string) (File, error)
	// Open opens a file for reading.
	Open(name string) (File, error)
	// OpenWrite opens an existing file for reading and writing.
	OpenWrite(name string) (File, error)
	// Rename renames a file, replacing the target.
	Rename(from, to string) error
	// Remove removes a file or an empty folder.
	Remove(name string) error
	// MkdirAll makes a folder and those above it.
	MkdirAll(dir string) error
	// SyncDir makes the names in dir durable: created, renamed and removed ones.
	SyncDir(dir string) error
	// Stat describes a file or folder.
	Stat(name string) (Info, error)
	// List returns the names in a folder, sorted.
	List(dir string) ([]string, error)
	// Lock takes the exclusive lock named name, making the file. While another
	// process or another call holds it, it fails with StoreLocked, which says what
	// holder the other one had given, of several lines the first. Closing the result releases the lock.
	Lock(name, holder string) (io.Closer, error)
}

// File is an open file. Methods may be called from several goroutines.
type File interface {
	io.ReaderAt
	io.WriterAt
	// Sync makes contents (and the size) durable: fdatasync.
	Sync() error
	// Truncate sets the size.
	Truncate(size int64) error
	// Preallocate makes the file at least size bytes long, the new part zero, with
	// room on the disk for all of it, so that later writes inside change no metadata.
	// It does not sync.
	Preallocate(size int64) error
	// Size returns the length in bytes.
	Size() (int64, error)
	// Close closes without syncing.
	Close() error
}

// Info describes a file.
type Info struct {
	Size  int64
	Dir   bool
	Mtime time.Time
}
