package vfs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/kadedb/kadedb/status"
)

// OS is the file system of the machine.
var OS FS = osFS{}

type osFS struct{}

type osFile struct{ f *os.File }

func open(name string, flag int) (File, error) {
	f, err := os.OpenFile(filepath.FromSlash(name), flag, 0o600)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (osFS) Create(name string) (File, error) {
	return open(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
}
func (osFS) Open(name string) (File, error)      { return open(name, os.O_RDONLY) }
func (osFS) OpenWrite(name string) (File, error) { return open(name, os.O_RDWR) }

func (osFS) Rename(from, to string) error {
	return os.Rename(filepath.FromSlash(from), filepath.FromSlash(to))
}
func (osFS) Remove(name string) error  { return os.Remove(filepath.FromSlash(name)) }
func (osFS) MkdirAll(dir string) error { return os.MkdirAll(filepath.FromSlash(dir), 0o700) }

func (osFS) SyncDir(dir string) error {
	f, err := os.Open(filepath.FromSlash(dir))
	if err != nil {
		return err
	}
	err = syncDir(f)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

func (osFS) Stat(name string) (Info, error) {
	i, err := os.Stat(filepath.FromSlash(name))
	if err != nil {
		return Info{}, err
	}
	return Info{Size: i.Size(), Dir: i.IsDir(), Mtime: i.ModTime()}, nil
}

func (osFS) List(dir string) ([]string, error) {
	entries, err := os.ReadDir(filepath.FromSlash(dir))
	if err != nil {
		return nil, err
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, nil
}

// Lock uses a lock of the operating system, which ends with the process; the file
// stays and says who was last.
func (osFS) Lock(name, holder string) (io.Closer, error) {
	f, err := os.OpenFile(filepath.FromSlash(name), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := lockFile(f); err != nil {
		defer f.Close()
		if !errors.Is(err, errLocked) {
			return nil, &fs.PathError{Op: "lock", Path: name, Err: err}
		}
		who, rerr := io.ReadAll(io.LimitReader(f, 1<<10))
		who, _, _ = bytes.Cut(who, []byte("\n"))
		if rerr != nil || len(who) == 0 {
			who = []byte("another process")
		}
		return nil, status.Errorf(status.StoreLocked, "%s is held by %s", name, who).
			WithHint("stop it, or send the request to its address")
	}
	if err = f.Truncate(0); err == nil {
		_, err = f.WriteAt([]byte(holder), 0)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("writing the holder of %s: %w", name, err)
	}
	return osLock{f}, nil
}

type osLock struct{ f *os.File }

func (l osLock) Close() error {
	err := l.f.Truncate(0)
	if cerr := l.f.Close(); err == nil {
		err = cerr
	}
	return err
}

func (f osFile) ReadAt(p []byte, off int64) (int, error)  { return f.f.ReadAt(p, off) }
func (f osFile) WriteAt(p []byte, off int64) (int, error) { return f.f.WriteAt(p, off) }
func (f osFile) Sync() error                              { return fdatasync(f.f) }
func (f osFile) Truncate(size int64) error                { return f.f.Truncate(size) }
func (f osFile) Close() error                             { return f.f.Close() }

func (f osFile) Size() (int64, error) {
	i, err := f.f.Stat()
	if err != nil {
		return 0, err
	}
	return i.Size(), nil
}

var zeros [1 << 20]byte

// Preallocate writes zeros: space that is only reserved would make the first
// write to each part of it a change of metadata, and its sync three times as slow.
func (f osFile) Preallocate(size int64) error {
	at, err := f.Size()
	if err != nil {
		return err
	}
	if at >= size {
		return nil
	}
	if err := reserve(f.f, at, size-at); err != nil {
		return err
	}
	for at < size {
		n, err := f.f.WriteAt(zeros[:min(size-at, int64(len(zeros)))], at)
		if err != nil {
			return err
		}
		at += int64(n)
	}
	return nil
}
