package kv

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/kadedb/kadedb/storage/vfs"
)

// compactBytes is how much Compact writes in one transaction.
const compactBytes = 8 << 20

// Compact rewrites the file at path without its free pages: into another file beside
// it, which takes the name when it is complete and on the disk. Whatever happens before
// leaves the old one as it was. The store must be closed, and stay so: the caller holds
// what keeps others from opening it.
func Compact(ctx context.Context, path string) (err error) {
	src, err := Open(path, Options{ReadOnly: true})
	if err != nil {
		return err
	}
	tmp := path + ".tmp"
	if err = remove(tmp); err == nil {
		err = copyAll(ctx, src, tmp)
	}
	if cerr := src.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		if err = vfs.OS.Rename(tmp, path); err == nil {
			err = vfs.OS.SyncDir(filepath.Dir(path))
		}
		if err != nil {
			err = diskError(path, err)
		}
	}
	if err != nil {
		err = errors.Join(err, remove(tmp))
	}
	return err
}

func remove(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return diskError(name, err)
	}
	return nil
}

// copyAll writes what src holds to a new file.
func copyAll(ctx context.Context, src *Store, to string) (err error) {
	dst, err := Open(to, Options{Create: true, LockTimeout: src.o.LockTimeout, grow: 64 << 10})
	if err != nil {
		return err
	}
	defer func() {
		if cerr := dst.Close(); err == nil {
			err = cerr
		}
	}()
	return src.View(func(tx *Tx) error {
		for _, name := range tx.Buckets() {
			c := copier{ctx: ctx, dst: dst, bucket: name}
			err := tx.Bucket(name).Scan(nil, nil, c.add)
			if err == nil {
				err = c.flush() // also makes an empty bucket
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// copier writes one bucket in bounded transactions.
type copier struct {
	ctx    context.Context
	dst    *Store
	bucket string
	pairs  [][2][]byte
	bytes  int
}

func (c *copier) add(k, v []byte) error {
	c.pairs = append(c.pairs, [2][]byte{k, v})
	if c.bytes += len(k) + len(v); c.bytes < compactBytes {
		return nil
	}
	return c.flush()
}

func (c *copier) flush() error {
	if err := c.ctx.Err(); err != nil {
		return err
	}
	err := c.dst.Update(func(tx *Tx) error {
		b, err := tx.CreateBucket(c.bucket)
		if err != nil {
			return err
		}
		for _, p := range c.pairs {
			if err := b.Put(p[0], p[1]); err != nil {
				return err
			}
		}
		return nil
	})
	c.pairs, c.bytes = c.pairs[:0], 0
	return err
}

// freeBytes reads how many pages of the file hold nothing.
func (s *Store) freeBytes() int64 {
	if s.o.ReadOnly {
		return 0 // readers do not load the list of free pages
	}
	st := s.db.Stats()
	return int64(st.FreePageN+st.PendingPageN) * int64(s.db.Info().PageSize)
}
