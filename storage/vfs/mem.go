package vfs

import (
	"io"
	"io/fs"
	"math/rand/v2"
	"path"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/kadedb/kadedb/status"
)

const sector = 512

// Mem is a file system in memory that can lose power. It keeps, beside what
// programs see, what is certain: contents as of each file's last Sync, names as of
// each folder's last SyncDir.
//
// After a crash every sector written since its file's last Sync, every change of a
// file's size, and every change of a name since its folder's SyncDir, is there or
// not by itself: torn and in any order.
type Mem struct {
	mu    sync.Mutex
	dirs  map[string]*memDir
	locks map[string]string
	// Full bounds the bytes of all files; beyond it writes fail with ENOSPC. 0: no bound.
	full int64
	used int64
}

type memDir struct {
	now    map[string]*memFile // what programs see
	synced map[string]*memFile // what is certain
	subNow map[string]bool
	sub    map[string]bool // folders whose names are certain
}

// memFile is a file's contents; names point to it.
type memFile struct {
	data   []byte
	synced []byte
	dirty  map[int64]bool // sectors written since the last Sync
	mtime  time.Time
}

// NewMem returns an empty file system with the folder ".".
func NewMem() *Mem {
	m := &Mem{dirs: map[string]*memDir{}, locks: map[string]string{}}
	m.dirs["."] = newMemDir()
	return m
}

func newMemDir() *memDir {
	return &memDir{now: map[string]*memFile{}, synced: map[string]*memFile{}, subNow: map[string]bool{}, sub: map[string]bool{}}
}

// SetFull bounds the bytes of all files together; 0 is no bound.
func (m *Mem) SetFull(bytes int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.full = bytes
}

// Used returns the bytes of all files.
func (m *Mem) Used() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.used
}

// CrashClone returns the file system as it may be found after a power cut now:
// each change that is not synced survives with probability keep. m stays as it is,
// and nothing is locked in the clone.
func (m *Mem) CrashClone(keep float64, rng *rand.Rand) *Mem {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := &Mem{dirs: map[string]*memDir{}, locks: map[string]string{}, full: m.full}
	// In sorted order, so that a seed gives one result.
	files := map[*memFile]*memFile{}
	copyOf := func(f *memFile) *memFile {
		if g := files[f]; g != nil {
			return g
		}
		g := f.crash(keep, rng)
		files[f] = g
		return g
	}
	for _, name := range sortedKeys(m.dirs) {
		d := m.dirs[name]
		if name != "." && !c.reachable(name) {
			continue
		}
		n := newMemDir()
		c.dirs[name] = n
		names := map[string]bool{}
		for k := range d.now {
			names[k] = true
		}
		for k := range d.synced {
			names[k] = true
		}
		for _, k := range sortedKeys(names) {
			f := d.synced[k]
			if d.now[k] != f && rng.Float64() < keep {
				f = d.now[k]
			}
			if f != nil {
				n.now[k] = copyOf(f)
				n.synced[k] = n.now[k]
				c.used += int64(len(n.now[k].data))
			}
		}
		for _, k := range sortedKeys(d.subNow) {
			if d.sub[k] || rng.Float64() < keep {
				n.subNow[k], n.sub[k] = true, true
			}
		}
	}
	return c
}

// reachable reports whether the folder's name survived in the one above.
func (m *Mem) reachable(dir string) bool {
	up := m.dirs[path.Dir(dir)]
	return up != nil && up.subNow[path.Base(dir)]
}

func (f *memFile) crash(keep float64, rng *rand.Rand) *memFile {
	size := len(f.synced)
	if len(f.data) != size && rng.Float64() < keep {
		size = len(f.data)
	}
	data := make([]byte, size)
	copy(data, f.synced)
	for _, s := range sortedKeys(f.dirty) {
		if rng.Float64() >= keep {
			continue
		}
		from := s * sector
		to := min(from+sector, int64(len(f.data)))
		if from < int64(size) && from < to {
			copy(data[from:], f.data[from:to])
		}
	}
	return &memFile{data: data, synced: append([]byte(nil), data...), dirty: map[int64]bool{}, mtime: f.mtime}
}

func sortedKeys[K string | int64, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Slice(keys, func(i, j int) bool { return keys[i] < keys[j] })
	return keys
}

func (m *Mem) locate(name string) (d *memDir, base string, err error) {
	name = path.Clean(name)
	d = m.dirs[path.Dir(name)]
	if d == nil {
		return nil, "", &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return d, path.Base(name), nil
}

// Create makes an empty file.
func (m *Mem) Create(name string) (File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, base, err := m.locate(name)
	if err != nil {
		return nil, err
	}
	if d.subNow[base] {
		return nil, &fs.PathError{Op: "create", Path: name, Err: fs.ErrExist}
	}
	f := d.now[base]
	if f == nil {
		f = &memFile{dirty: map[int64]bool{}}
		d.now[base] = f
	} else {
		m.used -= int64(len(f.data))
		f.data = nil
	}
	f.mtime = time.Now()
	return &memHandle{m: m, f: f, name: name, write: true}, nil
}

func (m *Mem) open(name string, write bool) (File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, base, err := m.locate(name)
	if err != nil {
		return nil, err
	}
	f := d.now[base]
	if f == nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &memHandle{m: m, f: f, name: name, write: write}, nil
}

// Open opens a file for reading.
func (m *Mem) Open(name string) (File, error) { return m.open(name, false) }

// OpenWrite opens a file for reading and writing.
func (m *Mem) OpenWrite(name string) (File, error) { return m.open(name, true) }

// Rename renames a file.
func (m *Mem) Rename(from, to string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, base, err := m.locate(from)
	if err != nil {
		return err
	}
	e, target, err := m.locate(to)
	if err != nil {
		return err
	}
	f := d.now[base]
	if f == nil {
		return &fs.PathError{Op: "rename", Path: from, Err: fs.ErrNotExist}
	}
	if old := e.now[target]; old != nil && old != f {
		m.used -= int64(len(old.data))
	}
	delete(d.now, base)
	e.now[target] = f
	return nil
}

// Remove removes a file or an empty folder.
func (m *Mem) Remove(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, base, err := m.locate(name)
	if err != nil {
		return err
	}
	if f := d.now[base]; f != nil {
		m.used -= int64(len(f.data))
		delete(d.now, base)
		return nil
	}
	sub := m.dirs[path.Clean(name)]
	if sub == nil {
		return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrNotExist}
	}
	if len(sub.now)+len(sub.subNow) > 0 {
		return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrExist}
	}
	delete(d.subNow, base)
	delete(m.dirs, path.Clean(name))
	return nil
}

// MkdirAll makes a folder and those above it.
func (m *Mem) MkdirAll(dir string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.mkdirAll(path.Clean(dir))
}

func (m *Mem) mkdirAll(dir string) error {
	if m.dirs[dir] != nil {
		return nil
	}
	up := path.Dir(dir)
	if up == dir {
		m.dirs[dir] = newMemDir()
		return nil
	}
	if err := m.mkdirAll(up); err != nil {
		return err
	}
	if m.dirs[up].now[path.Base(dir)] != nil {
		return &fs.PathError{Op: "mkdir", Path: dir, Err: fs.ErrExist}
	}
	m.dirs[up].subNow[path.Base(dir)] = true
	m.dirs[dir] = newMemDir()
	return nil
}

// SyncDir makes the names in dir certain.
func (m *Mem) SyncDir(dir string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	d := m.dirs[path.Clean(dir)]
	if d == nil {
		return &fs.PathError{Op: "sync", Path: dir, Err: fs.ErrNotExist}
	}
	d.synced = map[string]*memFile{}
	for k, f := range d.now {
		d.synced[k] = f
	}
	d.sub = map[string]bool{}
	for k := range d.subNow {
		d.sub[k] = true
	}
	return nil
}

// Stat describes a file or folder.
func (m *Mem) Stat(name string) (Info, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dirs[path.Clean(name)] != nil {
		return Info{Dir: true}, nil
	}
	d, base, err := m.locate(name)
	if err != nil {
		return Info{}, err
	}
	f := d.now[base]
	if f == nil {
		return Info{}, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
	}
	return Info{Size: int64(len(f.data)), Mtime: f.mtime}, nil
}

// List returns the names in a folder, sorted.
func (m *Mem) List(dir string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d := m.dirs[path.Clean(dir)]
	if d == nil {
		return nil, &fs.PathError{Op: "list", Path: dir, Err: fs.ErrNotExist}
	}
	names := append(sortedKeys(d.now), sortedKeys(d.subNow)...)
	sort.Strings(names)
	return names, nil
}

// Lock takes a lock that lives as long as m.
func (m *Mem) Lock(name, holder string) (io.Closer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if who, held := m.locks[name]; held {
		who, _, _ = strings.Cut(who, "\n")
		if strings.TrimSpace(who) == "" {
			who = "another process"
		}
		return nil, status.Errorf(status.StoreLocked, "%s is held by %s", name, who).
			WithHint("stop it, or send the request to its address")
	}
	m.locks[name] = holder
	return &memLock{m: m, name: name}, nil
}

type memLock struct {
	m    *Mem
	name string
	once sync.Once
}

func (l *memLock) Close() error {
	l.once.Do(func() {
		l.m.mu.Lock()
		defer l.m.mu.Unlock()
		delete(l.m.locks, l.name)
	})
	return nil
}
