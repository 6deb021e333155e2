package kadedb

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"sync"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/storage/vfs"
)

// While an import runs, a file IMPORT in the store's folder says what the store held when it
// began: commits, nodes and relationships, in decimal. An import that is killed
// leaves nothing of itself but that file, and who opens the store is told; a store that was
// made for it is none to readers.
const importMark = "IMPORT"

// imports counts those under way.
type imports struct {
	mu  sync.Mutex
	n   int
	new bool // the store was made for an import that was killed
}

type held struct {
	commits      uint64
	nodes, edges int64
}

func (db *DB) mark() string { return path.Join(filepath.ToSlash(db.dir), importMark) }

// beginImport leaves the mark. end takes it away, whatever became of the import: nobody
// was killed.
func (db *DB) beginImport() (end func(), err error) {
	if db.temporary {
		return func() {}, nil
	}
	m := &db.imports
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.n == 0 {
		if err := db.writeMark(); err != nil {
			return nil, status.Errorf(status.DiskError, "noting that an import begins: %w", err)
		}
	}
	m.n++
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.n--; m.n > 0 {
			return
		}
		m.new = false
		db.dropMark()
	}, nil
}

func (db *DB) dropMark() {
	if err := db.opts.FS.Remove(db.mark()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		db.opts.Logger.Warn("the note that an import is under way stays", "file", db.mark(), "error", err)
	}
}

func (db *DB) writeMark() (err error) {
	h, err := db.holds()
	if err != nil {
		return err
	}
	switch {
	case db.imports.new && h.nodes+h.edges == 0:
		h.commits = 0
	case len(db.tokens.List()) > 0:
		h.commits = max(h.commits, 1) // somebody has given it out
	}
	f, err := db.opts.FS.Create(db.mark())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := fmt.Fprintf(io.NewOffsetWriter(f, 0), "%d %d %d\n", h.commits, h.nodes, h.edges); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return db.opts.FS.SyncDir(filepath.ToSlash(db.dir))
}

func (db *DB) holds() (held, error) {
	r, err := db.store.Snapshot()
	if err != nil {
		return held{}, err
	}
	defer r.Close()
	return held{r.Seq(), r.CountNodes(catalog.AnyLabel), r.CountRels(catalog.AnyType)}, nil
}

// unfinished looks for the mark of an import that was killed.
func (db *DB) unfinished(readOnly bool) error {
	was, ok := readMark(db.opts.FS, db.mark())
	if !ok {
		return nil
	}
	now, err := db.holds()
	if err != nil {
		return err
	}
	nothing := now.nodes <= was.nodes && now.edges <= was.edges // commits that were not durable may be gone
	if readOnly && nothing && was.commits == 0 {
		return status.Errorf(status.NotAStore, "%s holds no data: the import that made it was cut off", db.dir).
			WithHint("run the import again, or remove the folder")
	}
	if nothing {
		db.opts.Logger.Warn("an import into this store was cut off, and nothing that it had to add is there: run it again", "store", db.dir)
	}
	if !readOnly {
		db.imports.new = nothing && was.commits == 0
		db.dropMark()
	}
	return nil
}

func readMark(files vfs.FS, name string) (h held, ok bool) {
	f, err := files.Open(name)
	if err != nil {
		return h, false
	}
	b := make([]byte, 64)
	n, err := f.ReadAt(b, 0)
	if cerr := f.Close(); cerr != nil || err != nil && !errors.Is(err, io.EOF) {
		return h, false
	}
	// The end of the line shows that it is whole.
	k, err := fmt.Sscanf(string(b[:n]), "%d %d %d\n", &h.commits, &h.nodes, &h.edges)
	return h, err == nil && k == 3 && b[n-1] == '\n'
}
