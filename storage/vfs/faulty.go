package vfs

import (
	"io"
	"sync"
	"syscall"
)

// Op is a call of a Faulty file system or of one of its files.
type Op struct {
	Index int64  // 0, 1, 2 … in the order of the calls
	Name  string // "create", "open", "openwrite", "rename", "remove", "mkdir", "syncdir", "stat", "list", "lock", "read", "write", "sync", "truncate", "preallocate"
	Path  string
}

// Writes reports whether the call changes something or makes something durable.
func (o Op) Writes() bool {
	switch o.Name {
	case "open", "openwrite", "stat", "list", "lock", "read":
		return false
	}
	return true
}

// Faulty passes calls on to another file system, counts them, and lets a hook look
// at each before it happens.
type Faulty struct {
	fs FS

	mu   sync.Mutex
	next int64
	hook func(Op) error
}

// NewFaulty wraps fs. hook, if not nil, is called before every operation: an error
// makes the operation fail with it and do nothing. Size and Close are not counted.
func NewFaulty(fs FS, hook func(Op) error) *Faulty { return &Faulty{fs: fs, hook: hook} }

// SetHook replaces the hook.
func (f *Faulty) SetHook(hook func(Op) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hook = hook
}

// Ops returns how many operations were called.
func (f *Faulty) Ops() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.next
}

// ErrShort, from a hook before a write, makes the write put down half of its bytes
// and then fail with EIO.
var ErrShort error = shortError{}

type shortError struct{}

func (shortError) Error() string { return "short write" }
func (shortError) Unwrap() error { return syscall.EIO }

// FailAt returns a hook that fails operation i with err, once, or from then on.
func FailAt(i int64, err error, sticky bool) func(Op) error {
	return func(o Op) error {
		if o.Index == i || sticky && o.Index > i {
			return err
		}
		return nil
	}
}

// FailOn returns a hook that fails operations named name with err: those for which
// n counts down to zero, or all later ones too.
func FailOn(name string, n int, err error, sticky bool) func(Op) error {
	var mu sync.Mutex
	return func(o Op) error {
		if o.Name != name {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		n--
		if n == -1 || sticky && n < -1 {
			return err
		}
		return nil
	}
}

func (f *Faulty) before(name, path string) error {
	f.mu.Lock()
	op := Op{Index: f.next, Name: name, Path: path}
	f.next++
	hook := f.hook
	f.mu.Unlock()
	if hook == nil {
		return nil
	}
	return hook(op)
}

func (f *Faulty) file(op, name string, open func(string) (File, error)) (File, error) {
	if err := f.before(op, name); err != nil {
		return nil, err
	}
	g, err := open(name)
	if err != nil {
		return nil, err
	}
	return &faultyFile{f, g, name}, nil
}

// Create implements FS.
func (f *Faulty) Create(name string) (File, error) { return f.file("create", name, f.fs.Create) }

// Open implements FS.
func (f *Faulty) Open(name string) (File, error) { return f.file("open", name, f.fs.Open) }

// OpenWrite implements FS.
func (f *Faulty) OpenWrite(name string) (File, error) {
	return f.file("openwrite", name, f.fs.OpenWrite)
}

// Rename implements FS.
func (f *Faulty) Rename(from, to string) error {
	if err := f.before("rename", from); err != nil {
		return err
	}
	return f.fs.Rename(from, to)
}

// Remove implements FS.
func (f *Faulty) Remove(name string) error {
	if err := f.before("remove", name); err != nil {
		return err
	}
	return f.fs.Remove(name)
}

// MkdirAll implements FS.
func (f *Faulty) MkdirAll(dir string) error {
	if err := f.before("mkdir", dir); err != nil {
		return err
	}
	return f.fs.MkdirAll(dir)
}

// SyncDir implements FS.
func (f *Faulty) SyncDir(dir string) error {
	if err := f.before("syncdir", dir); err != nil {
		return err
	}
	return f.fs.SyncDir(dir)
}

// Stat implements FS.
func (f *Faulty) Stat(name string) (Info, error) {
	if err := f.before("stat", name); err != nil {
		return Info{}, err
	}
	return f.fs.Stat(name)
}

// List implements FS.
func (f *Faulty) List(dir string) ([]string, error) {
	if err := f.before("list", dir); err != nil {
		return nil, err
	}
	return f.fs.List(dir)
}

// Lock implements FS.
func (f *Faulty) Lock(name, holder string) (io.Closer, error) {
	if err := f.before("lock", name); err != nil {
		return nil, err
	}
	return f.fs.Lock(name, holder)
}

type faultyFile struct {
	fs   *Faulty
	f    File
	name string
}

func (f *faultyFile) ReadAt(p []byte, off int64) (int, error) {
	if err := f.fs.before("read", f.name); err != nil {
		return 0, err
	}
	return f.f.ReadAt(p, off)
}

func (f *faultyFile) WriteAt(p []byte, off int64) (int, error) {
	err := f.fs.before("write", f.name)
	if err == ErrShort {
		n, werr := f.f.WriteAt(p[:len(p)/2], off)
		if werr != nil {
			return n, werr
		}
		return n, err
	}
	if err != nil {
		return 0, err
	}
	return f.f.WriteAt(p, off)
}

func (f *faultyFile) Sync() error {
	if err := f.fs.before("sync", f.name); err != nil {
		return err
	}
	return f.f.Sync()
}

func (f *faultyFile) Truncate(size int64) error {
	if err := f.fs.before("truncate", f.name); err != nil {
		return err
	}
	return f.f.Truncate(size)
}

func (f *faultyFile) Preallocate(size int64) error {
	if err := f.fs.before("preallocate", f.name); err != nil {
		return err
	}
	return f.f.Preallocate(size)
}

func (f *faultyFile) Size() (int64, error) { return f.f.Size() }
func (f *faultyFile) Close() error         { return f.f.Close() }
