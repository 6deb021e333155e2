package kv

import (
	"bytes"
	"errors"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/kadedb/kadedb/status"
)

// Tx is a transaction, valid until the function that got it returns.
type Tx struct {
	s  *Store
	tx *bbolt.Tx
}

// Bucket is a sorted map of its own, valid as long as its transaction. A nil
// *Bucket is empty for readers.
type Bucket struct {
	s *Store
	b *bbolt.Bucket
}

// Bucket returns the bucket named name, nil where there is none.
func (t *Tx) Bucket(name string) *Bucket {
	b := t.tx.Bucket([]byte(name))
	if b == nil {
		return nil
	}
	return &Bucket{t.s, b}
}

// CreateBucket returns the bucket named name, making it where there is none.
func (t *Tx) CreateBucket(name string) (*Bucket, error) {
	b, err := t.tx.CreateBucketIfNotExists([]byte(name))
	if err != nil {
		return nil, t.s.mapError(err)
	}
	b.FillPercent = 0.9 // blocks come in key order, and their pages are not split again
	return &Bucket{t.s, b}, nil
}

// DeleteBucket removes a bucket with all it holds.
func (t *Tx) DeleteBucket(name string) error {
	err := t.tx.DeleteBucket([]byte(name))
	if err != nil && !errors.Is(err, berrors.ErrBucketNotFound) {
		return t.s.mapError(err)
	}
	return nil
}

// Buckets returns the names of all buckets, sorted.
func (t *Tx) Buckets() []string {
	var names []string
	c := t.tx.Cursor()
	for k, _ := c.First(); k != nil; k, _ = c.Next() {
		names = append(names, string(k))
	}
	return names
}

// A value beyond large has a bucket of its own, with one key. bbolt rewrites a leaf
// whole when anything in it changes, and leaves of large values still hold up to
// four: deleting one block would write three others again.
const large = 2 << 10

var inside = []byte{0}

// find returns the value of key, nil where there is none, valid in the transaction.
func (b *Bucket) find(key []byte) []byte {
	if b == nil {
		return nil
	}
	if v := b.b.Get(key); v != nil {
		return v
	}
	if own := b.b.Bucket(key); own != nil {
		return own.Get(inside)
	}
	return nil
}

// Get appends the value of key to dst, and reports whether there is one.
func (b *Bucket) Get(dst, key []byte) ([]byte, bool) {
	v := b.find(key)
	if v == nil {
		return dst, false
	}
	b.s.stats.gets.Add(1)
	b.s.stats.read.Add(int64(len(v)))
	return append(dst, v...), true
}

// Size returns the length of key's value, -1 where there is none.
func (b *Bucket) Size(key []byte) int {
	if v := b.find(key); v != nil {
		return len(v)
	}
	return -1
}

// Put sets the value of key. Neither slice may change before the transaction ends.
func (b *Bucket) Put(key, val []byte) error {
	if err := b.put(key, val); err != nil {
		return b.s.keyError(key, err)
	}
	b.s.stats.puts.Add(1)
	b.s.stats.written.Add(int64(len(val)))
	return nil
}

func (b *Bucket) put(key, val []byte) error {
	if !b.b.Writable() {
		return berrors.ErrTxNotWritable
	}
	own := b.b.Bucket(key)
	switch {
	case own == nil && len(val) <= large:
		return b.b.Put(key, val)
	case own == nil:
		if err := b.b.Delete(key); err != nil {
			return err
		}
		var err error
		if own, err = b.b.CreateBucket(key); err != nil {
			return err
		}
	case len(val) <= large:
		if err := b.b.DeleteBucket(key); err != nil {
			return err
		}
		return b.b.Put(key, val)
	}
	return own.Put(inside, val)
}

// Delete removes key, if it is there.
func (b *Bucket) Delete(key []byte) error {
	err := b.b.Delete(key)
	if errors.Is(err, berrors.ErrIncompatibleValue) {
		err = b.b.DeleteBucket(key)
	}
	if err != nil {
		return b.s.keyError(key, err)
	}
	b.s.stats.deletes.Add(1)
	return nil
}

// Scan calls f for the keys that start with prefix and are ≥ from, in order, until
// it returns an error (ErrStop ends the scan without one). k and v are valid only
// during the call, and f must not change the bucket.
func (b *Bucket) Scan(prefix, from []byte, f func(k, v []byte) error) error {
	if b == nil {
		return nil
	}
	start := prefix
	if bytes.Compare(from, prefix) > 0 {
		start = from
	}
	c := b.b.Cursor()
	var last []byte
	for k, v := c.Seek(start); k != nil && bytes.HasPrefix(k, prefix); k, v = c.Next() {
		// Damaged pages can lead back to where they were reached from.
		if last != nil && bytes.Compare(k, last) <= 0 {
			return damaged(b.s.path, "keys that do not ascend")
		}
		last = k
		if v == nil {
			v = b.find(k)
		}
		b.s.stats.read.Add(int64(len(k) + len(v)))
		if err := f(k, v); errors.Is(err, ErrStop) {
			return nil
		} else if err != nil {
			return err
		}
	}
	return nil
}

// ErrStop ends a Scan.
var ErrStop = errors.New("stop")

func (s *Store) keyError(key []byte, err error) error {
	if errors.Is(err, berrors.ErrTxNotWritable) {
		return status.Errorf(status.ReadOnlyStore, "%s: a write in a read transaction", s.path)
	}
	return status.Errorf(status.Internal, "%s: key %x: %w", s.path, key, err)
}
