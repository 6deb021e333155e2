package txn

import (
	"encoding/binary"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/wal"
)

// replayer puts the parts of transactions together and applies them.
type replayer struct {
	s    *Store
	root *Root
	// checkpoint is where the base ends.
	checkpoint checkpointRecord

	seq  uint64
	part uint64
	body []byte
}

// record takes one record of the log. Parts of a transaction whose last part
// never came are dropped: it was never acknowledged.
func (p *replayer) record(lsn wal.LSN, payload []byte) error {
	seq, n := binary.Uvarint(payload)
	if n <= 0 {
		return corruptRecord(lsn)
	}
	payload = payload[n:]
	part, n := binary.Uvarint(payload)
	if n <= 0 || len(payload) == n {
		return corruptRecord(lsn)
	}
	last, body := payload[n], payload[n+1:]
	switch last {
	case partLoose:
		return nil // counts only with blocks, which have it already
	case partBlock:
		return p.adopted(lsn, seq)
	}
	if part == 0 {
		p.seq, p.part, p.body = seq, 0, p.body[:0]
	} else if seq != p.seq || part != p.part+1 {
		return corruptRecord(lsn)
	}
	p.part = part
	if last == partMore {
		p.body = append(p.body, body...)
		return nil
	}
	if part > 0 {
		body = append(p.body, body...)
		p.body = nil
	}
	return p.apply(lsn, seq, body)
}

// adopted takes the record of a commit whose changes are in the base.
func (p *replayer) adopted(lsn wal.LSN, seq uint64) error {
	switch {
	case seq <= p.checkpoint.Seq:
		return nil // an owed record, written late
	case seq != p.checkpoint.Adopted.seq || seq <= p.root.Seq:
		return status.Errorf(status.Corruption, "log record %d: commit %d is not in the blocks", lsn, seq)
	}
	next := *p.root
	next.Seq, next.LSN = seq, lsn
	p.root = &next
	return nil
}

// finish makes up for the record of a commit that is in the base: it is the last
// thing that is written, and a crash may have come before.
func (p *replayer) finish() {
	if a := p.checkpoint.Adopted; a.seq > p.root.Seq {
		next := *p.root
		next.Seq = a.seq
		p.root = &next
		p.s.owed = a.record(nil)
	}
}

func (p *replayer) apply(lsn wal.LSN, seq uint64, body []byte) error {
	if seq <= p.root.Seq {
		return status.Errorf(status.Corruption, "log record %d: commit %d comes after commit %d", lsn, seq, p.root.Seq)
	}
	next := *p.root
	next.Seq, next.LSN = seq, lsn
	next.states = append([]State(nil), p.root.states...)
	sections, err := splitSections(body)
	if err != nil {
		return corruptRecord(lsn)
	}
	c := Change{Seq: seq, Replay: true, Snapshot: p.root.Seq}
	for i, m := range p.s.opts.Models {
		for _, sec := range sections {
			if sec.Model != m.ID() {
				continue
			}
			c.Section = sec.Bytes
			st, err := m.Apply(&next, &c)
			if err != nil {
				return status.Errorf(status.Corruption, "log record %d cannot be replayed: %w", lsn, err)
			}
			next.states[i] = st
			m.Logged(sec.Bytes)
		}
	}
	p.root = &next
	p.s.sinceCheckpoint.Add(int64(len(body)))
	return nil
}

func corruptRecord(lsn wal.LSN) error {
	return status.Errorf(status.Corruption, "log record %d is malformed though its checksum is right", lsn)
}

func splitSections(body []byte) ([]Section, error) {
	var out []Section
	for len(body) > 0 {
		id := body[0]
		size, n := binary.Uvarint(body[1:])
		if n <= 0 || size > uint64(len(body)-1-n) {
			return nil, status.New(status.Corruption)
		}
		out = append(out, Section{id, body[1+n : 1+n+int(size)]})
		body = body[1+n+int(size):]
	}
	return out, nil
}
