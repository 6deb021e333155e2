package txn

import (
	"errors"
	"io/fs"
	"path"
	"strings"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/kv"
	"github.com/kadedb/kadedb/storage/wal"
)

// keyLog is in the meta bucket once the log has begun. A new store has no segment, and
// the first one is there before it is noted and noted before any record is acknowledged:
// a log that has begun and has no segment was lost.
var keyLog = []byte("log")

// openLog opens the log, and refuses a store whose log is missing. A checkpoint says
// for itself what it needs of the log.
func (s *Store) openLog(id [16]byte) error {
	var began bool
	err := s.kv.View(func(tx *kv.Tx) error {
		raw, ok := tx.Bucket(bucketMeta).Get(nil, keyLog)
		if ok {
			_, err := Unseal(keyLog, raw)
			began = err == nil
			return err
		}
		return nil
	})
	if err != nil {
		return err
	}
	dir := path.Join(s.opts.Dir, "wal")
	segments, err := s.logSegments(dir)
	if err != nil {
		return err
	}
	if began && segments == 0 {
		return status.Errorf(status.Corruption, "%s holds no log segment, and the log of this store had begun", dir).
			WithHint("restore the log folder, or a backup")
	}
	o := s.opts.WAL
	o.StoreID, o.ReadOnly = id, s.opts.ReadOnly
	if !began && !o.ReadOnly {
		if segments > 0 {
			// Made by an earlier version, or a crash came before the note.
			if err := s.noteLog(); err != nil {
				return err
			}
		} else {
			o.Began = s.noteLog
		}
	}
	s.wal, err = wal.Open(s.opts.FS, dir, o)
	return err
}

func (s *Store) noteLog() error {
	return s.kv.Update(func(tx *kv.Tx) error {
		return tx.Bucket(bucketMeta).Put(keyLog, Seal(keyLog, []byte{1}))
	})
}

// logSegments counts the log's files.
func (s *Store) logSegments(dir string) (n int, err error) {
	names, err := s.opts.FS.List(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, status.Errorf(status.DiskError, "%s: %w", dir, err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, ".log") {
			n++
		}
	}
	return n, nil
}
