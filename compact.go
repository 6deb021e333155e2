package kadedb

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/kadedb/kadedb/status"
)

// Size is how many bytes a store takes on the disk.
type Size struct {
	Blocks int64 // the file of blocks
	Log    int64 // the write-ahead log
	Other  int64
}

// Total is all of it.
func (s Size) Total() int64 { return s.Blocks + s.Log + s.Other }

// SizeOf measures the store in dir, which somebody may have open.
func SizeOf(dir string) (Size, error) {
	var s Size
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			if name != dir && errors.Is(err, fs.ErrNotExist) {
				return nil // a file that went meanwhile
			}
			return err
		}
		info, err := d.Info()
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case d.IsDir():
			return nil
		}
		switch {
		case name == filepath.Join(dir, "blocks.db"):
			s.Blocks += info.Size()
		case filepath.Dir(name) == filepath.Join(dir, "wal"):
			s.Log += info.Size()
		default:
			s.Other += info.Size()
		}
		return nil
	})
	if err != nil {
		return s, status.Errorf(status.DiskError, "measuring %s: %w", dir, err)
	}
	return s, nil
}

// CompactSummary says what Compact did.
type CompactSummary struct {
	Before, After Size
	Took          time.Duration
}

// Compact folds the log of the store in dir, which nobody may have open, and rewrites
// its file of blocks without what it no longer needs: pages that hold nothing, and blocks
// that no state names. That takes as much room beside the file as it has when it is done.
// A crash, or ctx's end, leaves the old file or the new one, never a part of one.
func Compact(ctx context.Context, dir string, o *Options) (s CompactSummary, err error) {
	began := time.Now()
	if _, err := os.Stat(filepath.Join(dir, "blocks.db")); err != nil {
		return s, status.Errorf(status.NotAStore, "%s holds no store: %w", dir, err)
	}
	if s.Before, err = SizeOf(dir); err != nil {
		return s, err
	}
	db, err := Open(dir, o)
	if err != nil {
		return s, err
	}
	db.engine.Close()
	db.life.Lock()
	db.closed = true
	db.close = db.store.CloseCompacted(ctx)
	err = db.close
	db.life.Unlock()
	if err != nil {
		if ctx.Err() != nil {
			err = status.Errorf(status.Cancelled, "the store is as it was: %w", err)
		}
		return s, err
	}
	s.Took = time.Since(began)
	s.After, err = SizeOf(dir)
	return s, err
}
