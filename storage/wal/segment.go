package wal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"
	"strings"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/vfs"
)

const (
	suffix       = ".log"
	tmpSuffix    = ".tmp"
	firstSegment = 1 << 20 // bytes; each next one is twice as long, up to SegmentSize
)

// segment is one file of the log.
type segment struct {
	number uint64
	size   int64
	// first is the number of its first record, or more where the log was opened past
	// that one; 0 while there is none or it was not looked at.
	first LSN
	f     vfs.File // open for writing, nil otherwise
}

func (l *Log) path(number uint64) string {
	return l.dir + "/" + fmt.Sprintf("%016x", number) + suffix
}

// listSegments returns the numbers of segment files, ascending, and the names of
// unfinished ones.
func listSegments(fs vfs.FS, dir string) (numbers []uint64, unfinished []string, err error) {
	names, err := fs.List(dir)
	if err != nil {
		return nil, nil, err
	}
	for _, n := range names {
		if strings.HasSuffix(n, suffix+tmpSuffix) {
			unfinished = append(unfinished, n)
			continue
		}
		hex, ok := strings.CutSuffix(n, suffix)
		if !ok || len(hex) != 16 {
			continue
		}
		number, err := strconv.ParseUint(hex, 16, 64)
		if err == nil && number > 0 {
			numbers = append(numbers, number)
		}
	}
	return numbers, unfinished, nil
}

// makeSegment makes segment number with room for size bytes. The file has its name
// only when all of it is on the disk.
func (l *Log) makeSegment(number uint64, size int64) (*segment, error) {
	name := l.path(number)
	f, err := l.fs.Create(name + tmpSuffix)
	if err != nil {
		return nil, l.roomError(name, err)
	}
	s := &segment{number: number, size: size, f: f}
	err = f.Preallocate(size)
	if err == nil {
		_, err = f.WriteAt(segmentHead(l.o.StoreID, number, size), 0)
	}
	if err != nil {
		err = l.roomError(name, errors.Join(err, f.Close()))
		if rerr := l.fs.Remove(name + tmpSuffix); rerr != nil {
			err = fmt.Errorf("%w; and its beginning could not be removed: %v", err, rerr)
		}
		return nil, err
	}
	if err = f.Sync(); err == nil {
		if err = l.fs.Rename(name+tmpSuffix, name); err == nil {
			err = l.fs.SyncDir(l.dir)
		}
	}
	if err != nil {
		return nil, l.poisonWith(name, errors.Join(err, f.Close()))
	}
	return s, nil
}

// roomError is a failure that leaves the log as it was.
func (l *Log) roomError(name string, err error) error {
	if vfs.IsFull(err) {
		return status.Errorf(status.DiskFull, "%s: %w", name, err).
			WithHint("free some room on the disk; writes go on when there is some")
	}
	return status.Errorf(status.DiskError, "%s: %w", name, err)
}

// source reads a segment front to back through a window.
type source struct {
	name string
	f    vfs.File
	size int64
	made int64 // size when the segment was made
	buf  []byte
	off  int64 // of buf in the file
	read int64 // bytes read so far
}

const window = 256 << 10

func (l *Log) openSource(number uint64) (*source, error) {
	name := l.path(number)
	f, err := l.fs.Open(name)
	if err != nil {
		return nil, status.Errorf(status.DiskError, "%s: %w", name, err)
	}
	s := &source{name: name, f: f}
	if s.size, err = f.Size(); err == nil {
		err = s.checkHeader(l.o.StoreID, number)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return s, nil
}

// checkHeader accepts only what makeSegment writes: the name appears when the
// header is synced, so that there is no torn one.
func (s *source) checkHeader(store [16]byte, number uint64) error {
	h, err := s.at(0, min(segmentHeader, s.size))
	if err != nil {
		return err
	}
	switch {
	case len(h) < segmentHeader || !bytes.Equal(h[:7], magic[:7]):
		return status.Errorf(status.Corruption, "%s, offset 0: not a log segment", s.name)
	case h[7] > version:
		return status.Errorf(status.NewerFormat, "%s has log format %d; this program knows %d", s.name, h[7], version)
	case binary.LittleEndian.Uint32(h[60:]) != crc32.Checksum(h[:60], castagnoli):
		return status.Errorf(status.Corruption, "%s, offset 0: the segment header does not match its checksum", s.name)
	case [16]byte(h[8:24]) != store:
		return status.Errorf(status.Corruption, "%s, offset 8: the segment belongs to another store", s.name)
	case binary.LittleEndian.Uint64(h[24:]) != number:
		return status.Errorf(status.Corruption, "%s, offset 24: the segment was number %d", s.name, binary.LittleEndian.Uint64(h[24:]))
	}
	s.made = int64(binary.LittleEndian.Uint64(h[32:]))
	return nil
}

// at returns n bytes at off, fewer at the end of the file, valid until the next call.
func (s *source) at(off, n int64) ([]byte, error) {
	n = min(n, s.size-off)
	if n <= 0 {
		return nil, nil
	}
	if off >= s.off && off+n <= s.off+int64(len(s.buf)) {
		return s.buf[off-s.off:][:n], nil
	}
	want := min(max(n, window), s.size-off)
	if int64(cap(s.buf)) < want {
		s.buf = make([]byte, want)
	}
	s.buf = s.buf[:want]
	got, err := s.f.ReadAt(s.buf, off)
	s.off, s.buf = off, s.buf[:got]
	s.read += int64(got)
	if int64(got) < n {
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, status.Errorf(status.DiskError, "%s, offset %d: %w", s.name, off, err)
	}
	return s.buf[:n], nil
}

// frame returns the frame at off if it is a sound one.
func (s *source) frame(seed uint32, off int64) (f []byte, ok bool, err error) {
	h, err := s.at(off, frameHeader)
	if err != nil || len(h) < frameHeader || !plausible(h, s.size-off) {
		return nil, false, err
	}
	n := frameLen(h)
	f, err = s.at(off, n)
	if err != nil || int64(len(f)) < n {
		return nil, false, err
	}
	return f, sound(seed, f), nil
}

// zeroFrom reports where the first byte that is not zero lies at or after off; -1
// for nowhere.
func (s *source) zeroFrom(off int64) (int64, error) {
	for off < s.size {
		b, err := s.at(off, min(window, s.size-off))
		if err != nil {
			return 0, err
		}
		if trimmed := bytes.TrimLeft(b, "\x00"); len(trimmed) > 0 {
			return off + int64(len(b)-len(trimmed)), nil
		}
		off += int64(len(b))
	}
	return -1, nil
}
