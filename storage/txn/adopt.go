package txn

import (
	"context"
	"encoding/binary"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/wal"
)

// A transaction that outgrows its memory writes blocks of its own, which no
// manifest names (NewPrivate). Its commit is the exchange of the manifest:
//
//	build     the changes over the newest root, with no checkpoint beside
//	log       the operations, as loose parts that nothing counts on
//	follow    what others committed meanwhile, until little is left
//	turn      the rest; manifest; the log's record of the commit; the new root
//
// A crash before the manifest leaves blocks that Open deletes and parts that
// replay passes over; one after it leaves at most the log's record to be written.

// Committed is a commit that came while an Adopter was at work.
type Committed struct {
	Seq      uint64
	LSN      wal.LSN
	Sections []Section
}

// Adopter is a transaction whose changes lie in blocks. All methods but Settle are
// called beside readers and commits.
type Adopter interface {
	// Build makes the states that the changes make of root. older is what
	// Change.Older is.
	Build(root *Root, older []*Root) error
	// Follow lays a later commit over the states, or says why the two do not go together.
	Follow(c *Committed) error
	// Fold writes all of the states as blocks; at is the last commit in them.
	Fold(at uint64) error
	// Parts calls put with what the log is to hold of the transaction.
	Parts(put func(model byte, part []byte) error) error
	// Settle returns the states to publish, in its turn of the queue.
	Settle(head *Root, seq uint64) (Settled, error)
}

// Settled is what becomes of an adopted transaction.
type Settled struct {
	States  []State  // over the new base, with what was followed since the last Fold
	Folded  []Folded // manifests of what the last Fold wrote; their Rebase is not called
	Retired []uint64 // blocks of the old base that are not in the new one
	Final   *Root    // head, and what is to be known of the transaction's conflicts
}

// adoption names a commit that is in the base, and its parts in the log.
type adoption struct {
	seq   uint64
	first wal.LSN
	parts uint64
}

// record is the log's record of the commit: the first and the number of the loose
// parts, then sections as in other commits.
func (a adoption) record(sections []Section) []byte {
	rec := binary.AppendUvarint(nil, a.seq)
	rec = append(rec, 0, partBlock)
	rec = binary.AppendUvarint(binary.AppendUvarint(rec, uint64(a.first)), a.parts)
	return appendSections(rec, sections)
}

// looseRecord is a part of a transaction that is to be adopted: the first part's
// record (0 in itself), and a section.
func looseRecord(first wal.LSN, part uint64, sec Section) []byte {
	rec := binary.AppendUvarint([]byte{0}, part)
	rec = binary.AppendUvarint(append(rec, partLoose), uint64(first))
	return appendSections(rec, []Section{sec})
}

// NewPrivate returns a writer of blocks that nothing names. They are deleted by
// Drop, or at the next Open.
func (s *Store) NewPrivate() *BlockWriter {
	return &BlockWriter{s: s, private: map[uint64]struct{}{}}
}

// Sweep deletes the private blocks that are not in keep.
func (w *BlockWriter) Sweep(keep map[uint64]struct{}) error {
	var gone []uint64
	for n := range w.private {
		if _, ok := keep[n]; !ok {
			gone = append(gone, n)
			delete(w.private, n)
		}
	}
	return w.s.deleteNumbers(bucketPrivate, gone)
}

// Private reports how many blocks the writer owns.
func (w *BlockWriter) Private() int { return len(w.private) }

// Drop gives all private blocks up. They are deleted in the background.
func (w *BlockWriter) Drop() {
	w.s.epochMu.Lock()
	for n := range w.private {
		w.s.dropped = append(w.s.dropped, n)
	}
	w.s.epochMu.Unlock()
	w.private, w.batch, w.bytes = map[uint64]struct{}{}, nil, 0
	w.s.kickReaper()
}

// Adopt commits a transaction whose changes lie in the private blocks of w. It is
// durable when Adopt returns. sections go into the log's record of the commit.
func (s *Store) Adopt(ctx context.Context, snapshot *Root, w *BlockWriter, sections []Section, a Adopter) (Info, error) {
	s.checkpointMu.Lock()
	defer s.checkpointMu.Unlock()
	if err := s.clearPending(); err != nil {
		return Info{}, err
	}
	mark := s.sinceCheckpoint.Load()
	root, release, err := s.beginTap()
	if err != nil {
		return Info{}, err
	}
	defer release()
	defer s.endTap()
	if err := a.Build(root, snapshot.epoch.since(root.epoch)); err != nil {
		return Info{}, err
	}
	if err := w.Flush(); err != nil {
		return Info{}, err
	}
	as, err := s.logLoose(ctx, a)
	if err != nil {
		return Info{}, err
	}
	at, err := s.follow(ctx, root, w, a)
	if err != nil {
		return Info{}, err
	}
	if err := s.step("adopt"); err != nil {
		return Info{}, err
	}
	var info Info
	s.enqueue(&request{swap: func(head *Root) *Root {
		var next *Root
		if next, err = s.adopt(head, at, w, as, sections, a); err != nil {
			return head
		}
		info = Info{next.Seq, next.LSN}
		return next
	}})
	if err != nil {
		return Info{}, err
	}
	s.sinceCheckpoint.Add(-mark)
	s.commits.Add(1)
	s.blockBytes.Add(w.Bytes)
	s.blockCount.Add(w.Blocks)
	w.private = map[uint64]struct{}{}
	// The commit stands, whatever becomes of old log segments.
	if err := s.afterCheckpoint(at); err != nil {
		s.note(err)
	}
	return info, nil
}

// beginTap returns the newest root, and from then on every commit is told.
func (s *Store) beginTap() (root *Root, release func(), err error) {
	if s.closed.Load() {
		return nil, nil, errClosed()
	}
	s.enqueue(&request{swap: func(head *Root) *Root {
		root = s.acquire()
		s.tapMu.Lock()
		s.tap = new([]Committed)
		s.tapMu.Unlock()
		return head
	}})
	return root, func() { s.releaseEpoch(root.epoch) }, nil
}

func (s *Store) endTap() {
	s.tapMu.Lock()
	s.tap = nil
	s.tapMu.Unlock()
}

// tell notes commits for the transaction that is being adopted.
func (s *Store) tell(logged []*request) {
	s.tapMu.Lock()
	defer s.tapMu.Unlock()
	if s.tap == nil {
		return
	}
	for _, q := range logged {
		*s.tap = append(*s.tap, Committed{q.info.Seq, q.info.LSN, q.Sections})
	}
}

func (s *Store) told() []Committed {
	s.tapMu.Lock()
	defer s.tapMu.Unlock()
	out := *s.tap
	*s.tap = nil
	return out
}

// looseBytes is how much of a transaction one turn of the queue writes to the log.
const looseBytes = 1 << 20

// logLoose writes the parts of the transaction to the log, each in a turn of its
// own, so that a batch that fails takes nothing but itself out of the log.
func (s *Store) logLoose(ctx context.Context, a Adopter) (adoption, error) {
	var as adoption
	err := a.Parts(func(model byte, part []byte) (err error) {
		for len(part) > 0 && err == nil {
			if err := status.Ended(ctx, "the commit"); err != nil {
				return err
			}
			n := min(len(part), looseBytes)
			s.enqueue(&request{swap: func(head *Root) *Root {
				t := s.wal.Enqueue(looseRecord(as.first, as.parts, Section{model, part[:n]}), wal.OS)
				if err = s.settle(t); err == nil && as.parts == 0 {
					as.first = t.LSN
				}
				return head
			}})
			as.parts++
			part = part[n:]
		}
		return err
	})
	return as, err
}

// settle waits for a record that is written in a turn by itself.
func (s *Store) settle(t *wal.Ticket) error {
	err := t.Wait()
	if err != nil {
		if rerr := s.wal.ResumeFrom(t.LSN); rerr != nil {
			s.note(rerr)
		}
	}
	return err
}

// followRounds is how often what was committed meanwhile is folded at most;
// followFew is how many commits are left for the turn otherwise.
const (
	followRounds = 20
	followFew    = 64
)

// follow lays what others commit over the transaction until little is left. It
// returns the last commit that is in blocks.
func (s *Store) follow(ctx context.Context, root *Root, w *BlockWriter, a Adopter) (at *Root, err error) {
	at = root
	for round := 0; ; round++ {
		all := s.told()
		for i := range all {
			if err := a.Follow(&all[i]); err != nil {
				return nil, err
			}
			at = &Root{Seq: all[i].Seq, LSN: all[i].LSN}
		}
		if err := status.Ended(ctx, "the commit"); err != nil {
			return nil, err
		}
		if err := a.Fold(at.Seq); err != nil {
			return nil, err
		}
		if err := w.Flush(); err != nil {
			return nil, err
		}
		s.tapMu.Lock()
		left := len(*s.tap)
		s.tapMu.Unlock()
		if left <= followFew || round == followRounds {
			return at, nil
		}
	}
}

// adopt is the turn in which the transaction is committed.
func (s *Store) adopt(head, at *Root, w *BlockWriter, as adoption, sections []Section, a Adopter) (*Root, error) {
	if s.closed.Load() {
		return nil, errClosed()
	}
	rest := s.told()
	for i := range rest {
		if err := a.Follow(&rest[i]); err != nil {
			return nil, err
		}
	}
	as.seq = head.Seq + 1
	done, err := a.Settle(head, as.seq)
	if err != nil {
		return nil, err
	}
	w.retired = done.Retired
	if err := s.writeManifest(at, w, done.Folded, as); err != nil {
		return nil, err
	}
	// From here on the transaction is committed.
	next := &Root{Seq: as.seq, LSN: head.LSN, states: done.States}
	rec := as.record(sections)
	t := s.wal.Enqueue(rec, wal.Group)
	if err := s.settle(t); err != nil {
		s.owed = rec
		s.note(err)
	} else {
		next.LSN = t.LSN
	}
	for _, sec := range sections {
		s.byID[sec.Model].Logged(sec.Bytes)
	}
	return s.exchange(head, done.Final, next, done.Retired, done.Folded), nil
}

// payDebt enqueues the record that the log lacks.
func (s *Store) payDebt() *wal.Ticket {
	if s.owed == nil || s.opts.ReadOnly {
		return nil
	}
	return s.wal.Enqueue(s.owed, wal.Group)
}
