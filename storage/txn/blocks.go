package txn

import (
	"encoding/binary"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/block"
	"github.com/kadedb/kadedb/storage/kv"
)

// The file's buckets.
//
//	blocks    number (8 bytes, big endian) ─▶ encoded block
//	pending   numbers of blocks that a checkpoint in progress has written
//	private   numbers of blocks that transactions in progress have written
//	retired   numbers of blocks that no checkpoint names any more
//	meta      "store" ─▶ identity and format; "checkpoint" ─▶ see checkpointRecord
//
// Models keep their manifests in buckets of their own. A block's number is given
// once and never again, so that a block is never overwritten.
const (
	bucketBlocks  = "blocks"
	bucketPending = "pending"
	bucketPrivate = "private"
	bucketRetired = "retired"
	bucketMeta    = "meta"
)

// updateBytes bounds what one update of the file holds in memory.
const updateBytes = 4 << 20

// BlockWriter writes new blocks in bounded updates. They count once the
// checkpoint's manifest names them.
type BlockWriter struct {
	s       *Store
	batch   []pendingBlock
	bytes   int
	retired []uint64
	private map[uint64]struct{} // of a transaction: the blocks that it owns; nil in a checkpoint
	// Blocks and Bytes count what was written.
	Blocks, Bytes int64
}

type pendingBlock struct {
	number uint64
	data   []byte
}

// Put stores an encoded block, which it keeps a reference to, and returns its number.
func (w *BlockWriter) Put(data []byte) (uint64, error) {
	n := w.s.nextBlock.Add(1)
	if w.private != nil {
		w.private[n] = struct{}{}
	}
	w.batch = append(w.batch, pendingBlock{n, data})
	w.bytes += len(data)
	w.Blocks++
	w.Bytes += int64(len(data))
	if w.bytes >= updateBytes {
		return n, w.Flush()
	}
	return n, nil
}

// Retire says that the checkpoint's manifest no longer names a block.
func (w *BlockWriter) Retire(number uint64) { w.retired = append(w.retired, number) }

// Flush writes what Put has not written yet; blocks can be read from then on.
func (w *BlockWriter) Flush() error {
	if len(w.batch) == 0 {
		return nil
	}
	bucket, step := bucketPending, "blocks"
	if w.private != nil {
		bucket, step = bucketPrivate, "spill"
	}
	if err := w.s.step(step); err != nil {
		return err
	}
	err := w.s.kv.Update(func(tx *kv.Tx) error {
		blocks, err := tx.CreateBucket(bucketBlocks)
		if err != nil {
			return err
		}
		list, err := tx.CreateBucket(bucket)
		if err != nil {
			return err
		}
		for _, b := range w.batch {
			key := blockKey(b.number)
			if err := blocks.Put(key, b.data); err != nil {
				return err
			}
			if err := list.Put(key, []byte{}); err != nil {
				return err
			}
		}
		return nil
	})
	w.batch, w.bytes = nil, 0
	return err
}

func blockKey(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// Block returns a block, decoded and pinned.
func (s *Store) Block(number uint64) (*block.Handle, error) {
	h, err := s.cache.Get(block.Key{ID: number})
	if err != nil {
		return nil, status.Errorf(status.From(err).Code, "block %d of %s: %w", number, s.kv.Path(), err)
	}
	return h, nil
}

// PinLimit returns how many blocks one cursor may keep pinned: few enough that the
// cursors of a query on several workers do not fill a small cache.
func (s *Store) PinLimit() int {
	limit := s.opts.Memory.Limit()
	if limit <= 0 {
		return 64
	}
	return int(min(max(limit>>24, 2), 64))
}

// Raw appends a block's encoded bytes to dst.
func (s *Store) Raw(dst []byte, number uint64) ([]byte, error) {
	return s.loadBlock(dst, block.Key{ID: number})
}

func (s *Store) loadBlock(dst []byte, key block.Key) ([]byte, error) {
	err := s.kv.View(func(tx *kv.Tx) error {
		out, ok := tx.Bucket(bucketBlocks).Get(dst, blockKey(key.ID))
		if !ok {
			return status.Errorf(status.Corruption, "block %d is missing in %s", key.ID, s.kv.Path())
		}
		dst = out
		return nil
	})
	return dst, err
}

// clearPending deletes what a checkpoint that never finished has left.
func (s *Store) clearPending() error {
	return s.deleteBlocks(bucketPending)
}

// deleteBlocks deletes the blocks that a bucket lists, in bounded updates.
func (s *Store) deleteBlocks(bucket string) error {
	for {
		var keys [][]byte
		err := s.kv.View(func(tx *kv.Tx) error {
			return tx.Bucket(bucket).Scan(nil, nil, func(k, _ []byte) error {
				keys = append(keys, append([]byte(nil), k...))
				if len(keys) == 1000 {
					return kv.ErrStop
				}
				return nil
			})
		})
		if err != nil || len(keys) == 0 {
			return err
		}
		if err := s.deleteKeys(bucket, keys); err != nil {
			return err
		}
	}
}

func (s *Store) deleteKeys(bucket string, keys [][]byte) error {
	err := s.kv.Update(func(tx *kv.Tx) error {
		blocks, list := tx.Bucket(bucketBlocks), tx.Bucket(bucket)
		for _, k := range keys {
			if blocks != nil {
				if err := blocks.Delete(k); err != nil {
					return err
				}
			}
			if list != nil {
				if err := list.Delete(k); err != nil {
					return err
				}
			}
		}
		return nil
	})
	for _, k := range keys {
		s.cache.Drop(block.Key{ID: binary.BigEndian.Uint64(k)})
	}
	return err
}

// reap deletes the blocks of epochs that nobody reads any more, oldest first.
func (s *Store) reap() error {
	for {
		s.epochMu.Lock()
		dropped := s.dropped
		s.dropped = nil
		s.epochMu.Unlock()
		if err := s.deleteNumbers(bucketPrivate, dropped); err != nil {
			return err
		}
		s.epochMu.Lock()
		e := s.oldest
		if e.next == nil || e.refs.Load() > 0 {
			s.epochMu.Unlock()
			return nil
		}
		s.oldest = e.next
		s.epochMu.Unlock()
		for _, f := range e.folded {
			if f != nil {
				f.Released()
			}
		}
		if err := s.deleteNumbers(bucketRetired, e.retired); err != nil {
			return err
		}
	}
}

// deleteNumbers deletes blocks that a bucket lists, in bounded updates.
func (s *Store) deleteNumbers(bucket string, numbers []uint64) error {
	for len(numbers) > 0 {
		n := min(len(numbers), 1000)
		var keys [][]byte
		for _, number := range numbers[:n] {
			keys = append(keys, blockKey(number))
		}
		if err := s.deleteKeys(bucket, keys); err != nil {
			return err
		}
		numbers = numbers[n:]
	}
	return nil
}

// step lets a test stop a checkpoint before one of its steps.
func (s *Store) step(name string) error {
	if s.opts.Step == nil {
		return nil
	}
	return s.opts.Step(name)
}
