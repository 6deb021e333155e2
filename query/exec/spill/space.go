package spill

import (
	"errors"
	"fmt"
	"io"
	"path"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/vfs"
)

// chunk is how much is written to and read from a file at a time.
const chunk = 64 << 10

// Space is the folder of one query's spill files. Safe for several goroutines.
type Space struct {
	fs     vfs.FS
	dir    string
	prefix string

	bytes atomic.Int64
	busy  atomic.Int64 // nanoseconds in the file system's calls

	mu    sync.Mutex
	made  bool
	next  int
	files map[*File]bool
}

// NewSpace returns a space in folder dir of fs, which is made when it is first
// needed and may be shared: prefix sets its files apart from others there.
func NewSpace(fs vfs.FS, dir, prefix string) *Space {
	return &Space{fs: fs, dir: dir, prefix: prefix, files: map[*File]bool{}}
}

// Bytes returns how many bytes were written since the space was made.
func (s *Space) Bytes() int64 { return s.bytes.Load() }

// Time returns how long files of the space were written and read since it was made.
func (s *Space) Time() time.Duration { return time.Duration(s.busy.Load()) }

// Create makes an empty file.
func (s *Space) Create() (*File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.made {
		if err := s.fs.MkdirAll(s.dir); err != nil {
			return nil, diskError(err, "spill folder "+s.dir)
		}
		s.made = true
	}
	s.next++
	name := path.Join(s.dir, fmt.Sprintf("%s-%d.spill", s.prefix, s.next))
	f, err := s.fs.Create(name)
	if err != nil {
		return nil, diskError(err, "spill file "+name)
	}
	sf := &File{space: s, name: name, file: f}
	s.files[sf] = true
	return sf, nil
}

// diskError gives an error of the file system the code that users see.
func diskError(err error, doing string) error {
	var known *status.Error
	switch {
	case errors.As(err, &known):
		return err
	case vfs.IsFull(err):
		return status.Errorf(status.DiskFull, "%s: %w", doing, err).
			WithHint("the query needs temporary room on the disk: free some, raise --query-memory, or return fewer rows")
	}
	return status.Errorf(status.DiskError, "%s: %w", doing, err)
}

// Close deletes every file that is left.
func (s *Space) Close() error {
	s.mu.Lock()
	left := make([]*File, 0, len(s.files))
	for f := range s.files {
		left = append(left, f)
	}
	s.mu.Unlock()
	var first error
	for _, f := range left {
		if err := f.Close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// File is a sequence of batches, written once and then read from the start, as
// often as wanted. Writing and reading are not safe for several goroutines.
type File struct {
	space *Space
	name  string
	file  vfs.File
	size  int64 // on disk
	rows  int64
	out   []byte
}

// Rows returns how many rows were written.
func (f *File) Rows() int64 { return f.rows }

// Write appends the selected rows of b over slots.
func (f *File) Write(b *column.Batch, slots []int) error {
	if b.Rows() == 0 {
		return nil
	}
	f.out = column.AppendBatch(f.out, b, slots)
	f.rows += int64(b.Rows())
	if len(f.out) < chunk {
		return nil
	}
	return f.flush()
}

func (f *File) flush() error {
	if len(f.out) == 0 {
		return nil
	}
	began := time.Now()
	n, err := f.file.WriteAt(f.out, f.size)
	f.space.busy.Add(int64(time.Since(began)))
	f.size += int64(n)
	f.space.bytes.Add(int64(n))
	if err != nil {
		return diskError(err, "writing "+f.name)
	}
	f.out = f.out[:0]
	return nil
}

// Seal writes what is still in memory and frees that; nothing may be written any more. Files
// that wait to be read are sealed, so that many of them hold nothing.
func (f *File) Seal() error {
	err := f.flush()
	f.out = nil
	return err
}

// Close deletes the file.
func (f *File) Close() error {
	f.space.mu.Lock()
	open := f.space.files[f]
	delete(f.space.files, f)
	f.space.mu.Unlock()
	if !open {
		return nil
	}
	err := f.file.Close()
	if rm := f.space.fs.Remove(f.name); err == nil {
		err = rm
	}
	f.out = nil
	return err
}

// Reader returns a reader at the start of the file; nothing may be written any more.
func (f *File) Reader() (*Reader, error) {
	if err := f.Seal(); err != nil {
		return nil, err
	}
	return &Reader{f: f}, nil
}

// Reader reads the batches of a file in order.
type Reader struct {
	f   *File
	at  int64  // of the file: where fetching goes on
	buf []byte // fetched and not decoded yet
}

// Next returns the next batch, which is the caller's, or nil at the end.
func (r *Reader) Next() (*column.Batch, error) {
	header, err := r.fetch(8)
	if err != nil || header == nil {
		return nil, err
	}
	size, err := column.FrameSize(header)
	if err != nil {
		return nil, err
	}
	frame, err := r.fetch(size)
	if err != nil {
		return nil, err
	}
	if frame == nil {
		return nil, status.Errorf(status.Corruption, "spill file %s is cut short at offset %d", r.f.name, r.at)
	}
	b, rest, err := column.DecodeBatch(r.buf)
	if err != nil {
		return nil, err
	}
	r.buf = rest
	return b, nil
}

// fetch returns the next n bytes without taking them, or nil where fewer are left.
func (r *Reader) fetch(n int) ([]byte, error) {
	if len(r.buf) >= n {
		return r.buf[:n], nil
	}
	want := int64(max(n-len(r.buf), chunk))
	want = min(want, r.f.size-r.at)
	if int64(len(r.buf))+want < int64(n) {
		return nil, nil
	}
	next := make([]byte, len(r.buf)+int(want))
	copy(next, r.buf)
	began := time.Now()
	k, err := r.f.file.ReadAt(next[len(r.buf):], r.at)
	r.f.space.busy.Add(int64(time.Since(began)))
	if err != nil && (err != io.EOF || k < int(want)) {
		return nil, diskError(err, "reading "+r.f.name)
	}
	r.at += want
	r.buf = next
	return r.buf[:n], nil
}
