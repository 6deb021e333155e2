package vfs

import (
	"io"
	"io/fs"
	"syscall"
	"time"
)

// memHandle is an open file of a Mem.
type memHandle struct {
	m      *Mem
	f      *memFile
	name   string
	write  bool
	closed bool
}

func (h *memHandle) check(op string, write bool) error {
	switch {
	case h.closed:
		return &fs.PathError{Op: op, Path: h.name, Err: fs.ErrClosed}
	case write && !h.write:
		return &fs.PathError{Op: op, Path: h.name, Err: fs.ErrPermission}
	}
	return nil
}

func (h *memHandle) ReadAt(p []byte, off int64) (int, error) {
	h.m.mu.Lock()
	defer h.m.mu.Unlock()
	if err := h.check("read", false); err != nil {
		return 0, err
	}
	if off < 0 || off >= int64(len(h.f.data)) {
		return 0, io.EOF
	}
	n := copy(p, h.f.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (h *memHandle) WriteAt(p []byte, off int64) (int, error) {
	h.m.mu.Lock()
	defer h.m.mu.Unlock()
	if err := h.check("write", true); err != nil {
		return 0, err
	}
	if grow := off + int64(len(p)) - int64(len(h.f.data)); grow > 0 {
		if err := h.resize("write", off+int64(len(p))); err != nil {
			return 0, err
		}
	}
	copy(h.f.data[off:], p)
	h.touch(off, off+int64(len(p)))
	return len(p), nil
}

func (h *memHandle) touch(from, to int64) {
	for s := from / sector; s*sector < to; s++ {
		h.f.dirty[s] = true
	}
	h.f.mtime = time.Now()
}

func (h *memHandle) resize(op string, size int64) error {
	grow := size - int64(len(h.f.data))
	if h.m.full > 0 && grow > 0 && h.m.used+grow > h.m.full {
		return &fs.PathError{Op: op, Path: h.name, Err: syscall.ENOSPC}
	}
	h.m.used += grow
	if grow <= 0 {
		h.f.data = h.f.data[:size:size]
		return nil
	}
	h.f.data = append(h.f.data, make([]byte, grow)...)
	return nil
}

func (h *memHandle) Sync() error {
	h.m.mu.Lock()
	defer h.m.mu.Unlock()
	if err := h.check("fdatasync", false); err != nil {
		return err
	}
	f := h.f
	switch {
	case len(f.synced) > len(f.data):
		f.synced = f.synced[:len(f.data)]
	case len(f.synced) < len(f.data):
		f.synced = append(f.synced, make([]byte, len(f.data)-len(f.synced))...)
	}
	for s := range f.dirty {
		if from := s * sector; from < int64(len(f.data)) {
			copy(f.synced[from:], f.data[from:min(from+sector, int64(len(f.data)))])
		}
	}
	f.dirty = map[int64]bool{}
	return nil
}

func (h *memHandle) Truncate(size int64) error {
	h.m.mu.Lock()
	defer h.m.mu.Unlock()
	if err := h.check("truncate", true); err != nil {
		return err
	}
	old := int64(len(h.f.data))
	if err := h.resize("truncate", size); err != nil {
		return err
	}
	// What was cut off and comes back is zero, also where the disk has old bytes.
	h.touch(min(old, size), max(old, size))
	return nil
}

func (h *memHandle) Preallocate(size int64) error {
	h.m.mu.Lock()
	defer h.m.mu.Unlock()
	if err := h.check("fallocate", true); err != nil {
		return err
	}
	old := int64(len(h.f.data))
	if size <= old {
		return nil
	}
	if err := h.resize("fallocate", size); err != nil {
		return err
	}
	h.touch(old, size)
	return nil
}

func (h *memHandle) Size() (int64, error) {
	h.m.mu.Lock()
	defer h.m.mu.Unlock()
	if err := h.check("stat", false); err != nil {
		return 0, err
	}
	return int64(len(h.f.data)), nil
}

func (h *memHandle) Close() error {
	h.m.mu.Lock()
	defer h.m.mu.Unlock()
	if err := h.check("close", false); err != nil {
		return err
	}
	h.closed = true
	return nil
}
