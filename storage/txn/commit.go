package txn

import (
	"context"
	"encoding/binary"

	"github.com/kadedb/kadedb/internal/planted"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/wal"
)

// Section is a model's part of a transaction.
type Section struct {
	Model byte
	Bytes []byte
}

// Request is a transaction to commit.
type Request struct {
	Snapshot   *Root // what the transaction saw; acquired until Commit returns
	Sections   []Section
	Durability wal.Durability
	// Wait, if not nil, is how long the commit may wait for room in memory; without it
	// it does not wait.
	Wait context.Context
	// Adopt, if not nil, is the snapshot with the changes already applied: it becomes
	// the new root if no commit came between.
	Adopt *Root
}

// Info describes a commit.
type Info struct {
	Seq uint64
	LSN wal.LSN
}

// request is a Request in the queue.
type request struct {
	Request
	swap func(head *Root) *Root // a checkpoint's turn, instead of a transaction
	info Info
	err  error
	wake chan bool // true: you lead the next batch; false: done
}

// Commit checks the transaction against everything committed before, makes it
// durable and publishes it. Commits that wait at the same time share a batch.
func (s *Store) Commit(r Request) (Info, error) {
	if s.opts.ReadOnly {
		return Info{}, status.Errorf(status.ReadOnlyStore, "the store was opened for reading")
	}
	if r.Wait != nil {
		if err := s.makeRoom(r.Wait); err != nil {
			return Info{}, err
		}
	}
	q := &request{Request: r}
	s.enqueue(q)
	return q.info, q.err
}

// enqueue puts q in line and returns when its batch is done: led by this
// goroutine or by another.
func (s *Store) enqueue(q *request) {
	q.wake = make(chan bool, 1)
	s.queueMu.Lock()
	s.queue = append(s.queue, q)
	lead := !s.leading
	s.leading = true
	s.queueMu.Unlock()
	if lead || <-q.wake {
		s.lead()
	}
}

// lead commits what is in the queue as one batch, and hands over to the first of
// those who came meanwhile.
func (s *Store) lead() {
	s.queueMu.Lock()
	batch := s.queue
	s.queue = nil
	s.queueMu.Unlock()

	s.commitBatch(batch)

	s.queueMu.Lock()
	if len(s.queue) > 0 {
		s.queue[0].wake <- true
	} else {
		s.leading = false
	}
	s.queueMu.Unlock()
	// The first of the batch is the leader itself.
	for _, q := range batch[1:] {
		q.wake <- false
	}
}

func (s *Store) commitBatch(batch []*request) {
	head := s.head.Load()
	next := head
	var tickets []*wal.Ticket
	var logged []*request
	if t := s.payDebt(); t != nil {
		tickets = append(tickets, t)
	}
	for _, q := range batch {
		if s.closed.Load() && q.swap == nil {
			q.err = errClosed()
			continue
		}
		if q.swap != nil {
			continue
		}
		after, err := s.applyRequest(next, q)
		if err != nil {
			q.err = err
			continue
		}
		ts := s.log(after.Seq, q)
		tickets = append(tickets, ts...)
		after.LSN = ts[len(ts)-1].LSN
		q.info = Info{after.Seq, after.LSN}
		for _, sec := range q.Sections {
			s.byID[sec.Model].Logged(sec.Bytes)
		}
		next = after
		logged = append(logged, q)
	}
	err := waitAll(tickets)
	if err == nil && len(tickets) > 0 {
		s.owed = nil
	}
	if err != nil {
		// Nothing of the batch is published; what was derived from it is dropped.
		for _, q := range logged {
			q.err, q.info = err, Info{}
		}
		// Also records of the batch that were written before one failed: they go.
		if rerr := s.wal.ResumeFrom(tickets[0].LSN); rerr != nil {
			s.note(rerr)
		}
		next = head
		logged = nil
	}
	s.publish(next, logged)
	for _, q := range batch {
		if q.swap != nil {
			s.head.Store(q.swap(s.head.Load()))
		}
	}
	s.account()
	if len(logged) > 0 {
		s.kickCheckpoint()
	}
}

func (s *Store) publish(next *Root, logged []*request) {
	s.head.Store(next)
	s.commits.Add(int64(len(logged)))
	if len(logged) > 0 {
		s.tell(logged)
		s.batches.Add(1)
	}
}

func waitAll(tickets []*wal.Ticket) error {
	var first error
	// The last ones are synced with or after the others, so most of these return at once.
	for _, t := range tickets {
		if err := t.Wait(); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// applyRequest returns the root after q on top of head.
func (s *Store) applyRequest(head *Root, q *request) (*Root, error) {
	next := *head
	next.Seq++
	if q.Adopt != nil && q.Snapshot == head {
		next.states = q.Adopt.states
		return &next, nil
	}
	c := Change{Seq: next.Seq, Snapshot: q.Snapshot.Seq, Older: q.Snapshot.epoch.since(head.epoch)}
	if planted.Is(planted.LostConflict) {
		c.Snapshot, c.Older = head.Seq, nil
	}
	next.states = append([]State(nil), head.states...)
	for i, m := range s.opts.Models {
		for _, sec := range q.Sections {
			if sec.Model != m.ID() {
				continue
			}
			c.Section = sec.Bytes
			st, err := m.Apply(&next, &c)
			if err != nil {
				return nil, err
			}
			next.states[i] = st
		}
	}
	return &next, nil
}

// A record of the log is the commit's number, the number of the part (uvarints), a
// byte of what follows, and a part of the transaction's sections: uvarint length,
// model and bytes each. Parts of a commit follow each other, but loose ones may come
// between.
const (
	partMore  = iota // the commit goes on
	partLast         // the commit is whole
	partLoose        // commit 0: a part of a transaction whose changes are in blocks, see looseRecord
	partBlock        // the commit's changes are in blocks, its parts loose ones: see adoptRecord
)

// maxPart bounds one record's share of a transaction.
const maxPart = 16 << 20

// log enqueues a transaction's records.
func (s *Store) log(seq uint64, q *request) []*wal.Ticket {
	var body []byte
	body = appendSections(body, q.Sections)
	s.sinceCheckpoint.Add(int64(len(body)))
	var out []*wal.Ticket
	var rec []byte
	for part := uint64(0); ; part++ {
		n := min(len(body), maxPart)
		last := byte(partMore)
		if n == len(body) {
			last = partLast
		}
		rec = binary.AppendUvarint(binary.AppendUvarint(rec[:0], seq), part)
		rec = append(append(rec, last), body[:n]...)
		out = append(out, s.wal.Enqueue(rec, q.Durability))
		body = body[n:]
		if last == partLast {
			return out
		}
	}
}

func appendSections(body []byte, sections []Section) []byte {
	for _, sec := range sections {
		body = append(body, sec.Model)
		body = binary.AppendUvarint(body, uint64(len(sec.Bytes)))
		body = append(body, sec.Bytes...)
	}
	return body
}
