package txn

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/kadedb/kadedb/internal/planted"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/kv"
	"github.com/kadedb/kadedb/storage/wal"
)

// CheckpointInfo describes a checkpoint.
type CheckpointInfo struct {
	Seq     uint64 // commits up to here are in the base now
	Blocks  int64  // written
	Bytes   int64
	Retired int // blocks that are no longer named
	Took    time.Duration
	At      time.Time // when it was done
}

// Checkpoint folds the newest root into the base. Readers and commits go on
// meanwhile; only the exchange of the root takes a place in the queue of commits.
func (s *Store) Checkpoint(ctx context.Context) (CheckpointInfo, error) {
	return s.checkpoint(ctx, &BlockWriter{s: s}, func(root *Root, w *BlockWriter) ([]Folded, error) {
		folded := make([]Folded, len(s.opts.Models))
		for i, m := range s.opts.Models {
			f, err := m.Fold(ctx, root, w)
			if err != nil {
				return nil, err
			}
			folded[i] = f
		}
		return folded, nil
	}, false)
}

// Replace writes blocks and makes them count as Checkpoint does, but of a state
// that write makes up itself, such as an import's. write gets a root that nothing
// changes until it is replaced: commits fail with WriteConflict meanwhile.
func (s *Store) Replace(ctx context.Context, write func(root *Root, w *BlockWriter) ([]Folded, error)) (CheckpointInfo, error) {
	return s.checkpoint(ctx, &BlockWriter{s: s}, write, true)
}

// Extend is Checkpoint with more to write than what lies over the base, such as an
// index of what is in it: write folds root, as models' Fold does. Blocks that w, which
// is NewPrivate's, has written before count with the rest, those that w retires aside. Where
// it fails w is to be dropped.
func (s *Store) Extend(ctx context.Context, w *BlockWriter, write func(root *Root, w *BlockWriter) ([]Folded, error)) (CheckpointInfo, error) {
	return s.checkpoint(ctx, w, write, false)
}

func (s *Store) checkpoint(ctx context.Context, w *BlockWriter, write func(*Root, *BlockWriter) ([]Folded, error), exclusive bool) (CheckpointInfo, error) {
	if s.opts.ReadOnly {
		return CheckpointInfo{}, status.Errorf(status.ReadOnlyStore, "the store was opened for reading")
	}
	s.checkpointMu.Lock()
	defer s.checkpointMu.Unlock()
	s.checkpointRunning.Store(true)
	defer s.checkpointRunning.Store(false)
	start := time.Now()
	mark := s.sinceCheckpoint.Load()
	root := s.acquire()
	defer s.releaseEpoch(root.epoch)
	if err := s.clearPending(); err != nil {
		return CheckpointInfo{}, err
	}
	folded, err := write(root, w)
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return CheckpointInfo{}, err
	}
	if exclusive {
		err = s.swapExclusive(root, w, folded)
	} else if err = s.writeManifest(root, w, folded, adoption{}); err == nil {
		s.enqueue(&request{swap: func(head *Root) *Root { return s.rebased(head, w, folded) }})
	}
	if err != nil {
		return CheckpointInfo{}, err
	}
	s.sinceCheckpoint.Add(-mark)
	if w.private != nil {
		w.private = map[uint64]struct{}{}
	}
	s.checkpoints.Add(1)
	s.blockBytes.Add(w.Bytes)
	s.blockCount.Add(w.Blocks)
	now := time.Now()
	info := CheckpointInfo{Seq: root.Seq, Blocks: w.Blocks, Bytes: w.Bytes, Retired: len(w.retired), Took: now.Sub(start), At: now}
	s.checkpointTime.Add(int64(info.Took))
	s.lastInfo.Store(&info)
	return info, s.afterCheckpoint(root)
}

// afterCheckpoint frees what the checkpoint made superfluous. Log segments stay
// until the next checkpoint after theirs, for repair.
func (s *Store) afterCheckpoint(root *Root) error {
	if err := s.step("truncate"); err != nil {
		return err
	}
	before := s.lastCheckpoint
	s.lastCheckpoint = root.LSN
	if err := s.wal.TruncateBefore(before + 1); err != nil {
		return err
	}
	s.kickReaper()
	return nil
}

// swapExclusive writes the manifest and exchanges the root within one turn of
// the queue, provided that nothing was committed since root.
func (s *Store) swapExclusive(root *Root, w *BlockWriter, folded []Folded) error {
	var err error
	s.enqueue(&request{swap: func(head *Root) *Root {
		if !sameStates(head, root, folded) {
			err = status.Errorf(status.WriteConflict, "the store was written to during the import")
			return head
		}
		if err = s.writeManifest(root, w, folded, adoption{}); err != nil {
			return head
		}
		return s.rebased(head, w, folded)
	}})
	return err
}

// sameStates reports whether the states that are folded are still the same. Others
// (and commits that left a state as it was, such as of new names) do not matter:
// their records come after root's and are replayed over the new base.
func sameStates(head, root *Root, folded []Folded) bool {
	for i, f := range folded {
		if f != nil && head.states[i] != root.states[i] {
			return false
		}
	}
	return true
}

// writeManifest makes the checkpoint count.
func (s *Store) writeManifest(root *Root, w *BlockWriter, folded []Folded, a adoption) error {
	if planted.Is(planted.EarlyTruncate) {
		if err := s.wal.TruncateBefore(root.LSN + 1); err != nil {
			return err
		}
	}
	if err := s.step("sync-log"); err != nil {
		return err
	}
	// The base must not be ahead of the durable log: numbers would be used twice.
	if err := s.wal.Sync(); err != nil {
		return err
	}
	if err := s.step("manifest"); err != nil {
		return err
	}
	return s.kv.Update(func(tx *kv.Tx) error {
		for _, f := range folded {
			if f == nil {
				continue
			}
			if err := f.Manifest(tx); err != nil {
				return err
			}
		}
		retired, err := tx.CreateBucket(bucketRetired)
		if err != nil {
			return err
		}
		for _, n := range w.retired {
			if err := retired.Put(blockKey(n), []byte{}); err != nil {
				return err
			}
		}
		if private := tx.Bucket(bucketPrivate); private != nil {
			for n := range w.private {
				if err := private.Delete(blockKey(n)); err != nil {
					return err
				}
			}
		}
		if tx.Bucket(bucketPending) != nil {
			if err := tx.DeleteBucket(bucketPending); err != nil {
				return err
			}
		}
		meta, err := tx.CreateBucket(bucketMeta)
		if err != nil {
			return err
		}
		return meta.Put([]byte("checkpoint"), Seal([]byte("checkpoint"), checkpointRecord{
			Seq: root.Seq, LSN: root.LSN, Next: s.nextBlock.Load(), Position: s.wal.PositionOf(root.LSN + 1),
			Adopted: a,
		}.encode()))
	})
}

// rebased returns head over the new base, in a new epoch. It runs in a turn of
// the queue.
func (s *Store) rebased(head *Root, w *BlockWriter, folded []Folded) *Root {
	next := *head
	next.states = append([]State(nil), head.states...)
	for i, f := range folded {
		if f != nil {
			next.states[i] = f.Rebase(head.states[i])
		}
	}
	return s.exchange(head, head, &next, w.retired, folded)
}

// exchange makes next the newest root, in a new epoch; final stands for head in
// the list of epochs.
func (s *Store) exchange(head, final, next *Root, retired []uint64, folded []Folded) *Root {
	e := &epoch{}
	e.refs.Store(1)
	next.epoch = e
	old := head.epoch
	s.epochMu.Lock()
	old.retired, old.folded, old.final, old.next = retired, folded, final, e
	s.epochMu.Unlock()
	s.head.Store(next)
	s.releaseEpoch(old)
	return next
}

// checkpointRecord says where the base ends and the log goes on.
//
//	uvarints: commit, log record, next block number, then a place in the log from
//	which the records after it can be read: record, segment, offset; then, 0 where
//	there is none, a later commit whose changes are in the base too, and the first
//	and the number of its loose parts in the log
type checkpointRecord struct {
	Seq      uint64
	LSN      wal.LSN
	Next     uint64
	Position wal.Position
	Adopted  adoption
}

func (c checkpointRecord) encode() []byte {
	var b []byte
	for _, v := range []uint64{c.Seq, uint64(c.LSN), c.Next, uint64(c.Position.Next), c.Position.Segment, uint64(c.Position.Offset),
		c.Adopted.seq, uint64(c.Adopted.first), c.Adopted.parts} {
		b = binary.AppendUvarint(b, v)
	}
	return b
}

func decodeCheckpoint(b []byte) (c checkpointRecord, err error) {
	var v [9]uint64
	for i := range v {
		x, n := binary.Uvarint(b)
		if n <= 0 && i == 6 && len(b) == 0 {
			break // written before there were adoptions
		}
		if n <= 0 {
			return c, status.Errorf(status.Corruption, "the checkpoint record is malformed")
		}
		v[i], b = x, b[n:]
	}
	c = checkpointRecord{Seq: v[0], LSN: wal.LSN(v[1]), Next: v[2]}
	c.Position = wal.Position{Next: wal.LSN(v[3]), Segment: v[4], Offset: int64(v[5])}
	c.Adopted = adoption{seq: v[6], first: wal.LSN(v[7]), parts: v[8]}
	return c, nil
}
