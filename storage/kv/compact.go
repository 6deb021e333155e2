package kv

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"

	"github.com/kadedb/kadedb/storage/vfs"
)

// Compact rewrites the file at path without its free pages: into another file,
// which takes the name when it is complete. The store must be closed.
func Compact(path string) (err error) {
	src, err := Open(path, Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() {
		if cerr := src.Close(); err == nil {
			err = cerr
		}
	}()
	defer src.guard(&err)()
	tmp := path + ".tmp"
	if err := os.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return diskError(tmp, err)
	}
	dst, err := openBolt(tmp, Options{OpenFile: os.OpenFile, LockTimeout: src.o.LockTimeout})
	if err != nil {
		return err
	}
	const txSize = 8 << 20
	err = bbolt.Compact(dst, src.db, txSize)
	if err == nil {
		err = dst.Sync()
	}
	if cerr := dst.Close(); err == nil {
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

// freeBytes reads how many pages of the file hold nothing.
func (s *Store) freeBytes() int64 {
	if s.o.ReadOnly {
		return 0 // readers do not load the list of free pages
	}
	st := s.db.Stats()
	return int64(st.FreePageN+st.PendingPageN) * int64(s.db.Info().PageSize)
}
