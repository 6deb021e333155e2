package wal

import (
	"time"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/vfs"
)

// piece is the part of a batch that goes into one segment.
type piece struct {
	s    *segment
	off  int64
	data []byte
}

// write lays a batch out over segments, makes those that are missing, seals the
// frames and writes them. It returns how many records are in the file: on failure
// those of the segments that were filled, which are synced. Remains then says where
// something of the others may lie. The caller holds the token.
func (l *Log) write(b *batch, durable LSN) (done int, err error) {
	pieces, err := l.layOut(b)
	if err != nil {
		return 0, err
	}
	for i, p := range pieces {
		if i > 0 {
			// What was synced is a prefix of the log: the old segment first.
			if err := l.leave(pieces[i-1].s); err != nil {
				return done, err
			}
			l.enter(p.s)
		}
		if len(p.data) == 0 {
			continue
		}
		n := sealAll(seed(l.o.StoreID, p.s.number), p.data, durable)
		l.dirty = true
		if _, err := p.s.f.WriteAt(p.data, p.off); err != nil {
			l.remains = &extent{p.s, p.off, p.off + int64(len(p.data))}
			l.keepSpare(pieces[i+1:])
			if !vfs.IsFull(err) {
				return done, l.poisonWith(l.path(p.s.number), err)
			}
			return done, l.roomError(l.path(p.s.number), err)
		}
		l.off = p.off + int64(len(p.data))
		l.note(b.first+LSN(done), n, p)
		done += n
	}
	if last := pieces[len(pieces)-1].s; !l.o.PrepareInline && l.off > last.size/2 {
		l.prepare(last)
	}
	return done, nil
}

// note books a written piece of n records from first on.
func (l *Log) note(first LSN, n int, p piece) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.written = first + LSN(n) - 1
	if p.s.first == 0 {
		p.s.first = first
	}
	l.remember(Position{Next: first, Segment: p.s.number, Offset: p.off})
	l.stats.Writes++
	l.stats.Records += int64(n)
	l.stats.Bytes += int64(len(p.data))
}

// keepSpare keeps the first of segments that were made and got no frame, and
// closes the others: they are found again, or made again under the same name.
func (l *Log) keepSpare(made []piece) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, p := range made {
		if i == 0 && l.spare == nil {
			l.spare = p.s
			continue
		}
		// Nothing was written through this handle that is not synced.
		if err := p.s.f.Close(); err != nil && l.held == nil {
			l.held = l.roomError(l.path(p.s.number), err)
		}
	}
}

// layOut decides which frames go into which segment; segments beyond the last are
// made first, so that a full disk is usually met before anything is written.
func (l *Log) layOut(b *batch) ([]piece, error) {
	l.mu.Lock()
	var last *segment
	if n := len(l.segments); n > 0 {
		last = l.segments[n-1]
	}
	l.mu.Unlock()
	if last != nil && last.f == nil {
		f, err := l.fs.OpenWrite(l.path(last.number))
		if err != nil {
			return nil, l.roomError(l.path(last.number), err)
		}
		last.f = f
	}
	var pieces []piece
	off, from := l.off, 0
	if last != nil {
		pieces = append(pieces, piece{s: last, off: off})
	}
	old := len(pieces)
	for at := 0; at < len(b.buf); {
		n := padded(frameLen(b.buf[at:]))
		if last == nil || off+n > last.size {
			if last != nil {
				pieces[len(pieces)-1].data = b.buf[from:at]
			}
			s, err := l.another(last, n)
			if err != nil {
				l.keepSpare(pieces[min(old, len(pieces)):])
				return nil, err
			}
			last, off, from = s, segmentHeader, at
			pieces = append(pieces, piece{s: s, off: off})
		}
		off += n
		at += int(n)
	}
	pieces[len(pieces)-1].data = b.buf[from:]
	if l.off == 0 { // the log's first segment
		if l.o.Began != nil {
			if err := l.o.Began(); err != nil {
				l.keepSpare(pieces)
				return nil, err
			}
		}
		l.enter(pieces[0].s)
	}
	return pieces, nil
}

// another returns the segment after last with room for a frame of n bytes. If a
// segment made for a batch that failed is still there, it is that one.
func (l *Log) another(last *segment, n int64) (*segment, error) {
	number, size := uint64(1), min(int64(firstSegment), l.o.SegmentSize)
	if last != nil {
		number, size = last.number+1, min(max(2*last.size, firstSegment), l.o.SegmentSize)
	}
	size = max(size, segmentHeader+n)
	l.mu.Lock()
	making := l.making
	l.mu.Unlock()
	if making != nil {
		<-making
	}
	l.mu.Lock()
	s := l.spare
	if s != nil && s.number == number {
		l.spare = nil
	} else {
		s = nil
	}
	l.mu.Unlock()
	if s == nil {
		return l.makeFitting(number, size, segmentHeader+n)
	}
	if s.size >= segmentHeader+n {
		return s, nil
	}
	// A frame larger than a segment: its segment grows to it.
	if err := s.f.Preallocate(segmentHeader + n); err != nil {
		l.mu.Lock()
		l.spare = s
		l.mu.Unlock()
		return nil, l.roomError(l.path(number), err)
	}
	s.size = segmentHeader + n
	return s, nil
}

// smallSegment is the least size that is tried on a disk that is nearly full.
const smallSegment = 64 << 10

// makeFitting makes segment number with room for size bytes, or for as many as the disk
// has room for, but no fewer than least.
func (l *Log) makeFitting(number uint64, size, least int64) (*segment, error) {
	least = min(max(least, smallSegment), size)
	for {
		s, err := l.makeSegment(number, size)
		if size == least || status.CodeOf(err) != status.DiskFull {
			return s, err
		}
		size = max(padded(size/2), least)
	}
}

// prepare makes the segment after last in the background.
func (l *Log) prepare(last *segment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.making != nil || l.spare != nil || l.closed || l.poison != nil {
		return
	}
	making := make(chan struct{})
	l.making = making
	go func() {
		// Where this fails, the writer that needs the segment meets the error itself.
		s, err := l.makeSegment(last.number+1, min(max(2*last.size, firstSegment), l.o.SegmentSize))
		l.mu.Lock()
		if err == nil {
			l.spare = s
		}
		l.making = nil
		l.mu.Unlock()
		close(making)
	}()
}

// enter makes s the last segment.
func (l *Log) enter(s *segment) {
	l.mu.Lock()
	l.segments = append(l.segments, s)
	l.mu.Unlock()
	l.off = segmentHeader
	l.dirty = false
}

// leave syncs and closes a segment that gets no more frames.
func (l *Log) leave(s *segment) error {
	if l.dirty {
		if err := l.syncFile(s); err != nil {
			return err
		}
	}
	f := s.f
	l.mu.Lock()
	s.f = nil
	l.mu.Unlock()
	if err := f.Close(); err != nil {
		return l.poisonWith(l.path(s.number), err)
	}
	return nil
}

// sealAll seals the frames of data and returns how many there are.
func sealAll(seed uint32, data []byte, durable LSN) (n int) {
	for ; len(data) > 0; n++ {
		seal(seed, data, durable)
		data = data[padded(frameLen(data)):]
	}
	return n
}

const indexEvery = 64 << 10

// remember adds p to the index, unless one close before it is there. The caller
// holds mu.
func (l *Log) remember(p Position) {
	if n := len(l.index); n > 0 {
		last := l.index[n-1]
		if last.Segment == p.Segment && p.Offset < last.Offset+indexEvery {
			return
		}
	}
	l.index = append(l.index, p)
}

// PositionOf returns a place from which replay of record lsn and later ones can
// start.
func (l *Log) PositionOf(lsn LSN) Position {
	l.mu.Lock()
	defer l.mu.Unlock()
	if lsn > l.written && len(l.segments) > 0 && l.held == nil && l.pending == nil {
		select {
		case l.token <- struct{}{}: // nobody writes, so off is the end
			p := Position{Next: l.written + 1, Segment: l.segments[len(l.segments)-1].number, Offset: l.off}
			<-l.token
			return p
		default:
		}
	}
	for i := len(l.index) - 1; i >= 0; i-- {
		if l.index[i].Next <= lsn {
			return l.index[i]
		}
	}
	return Position{}
}

// TruncateBefore removes segments that hold only records before lsn, as far as
// the keep policy allows. Only call it once a checkpoint that covers them is
// synced.
func (l *Log) TruncateBefore(lsn LSN) error {
	if !l.truncates.TryLock() {
		return nil // someone reads; the next call will do it
	}
	defer l.truncates.Unlock()
	old := l.removable(lsn)
	if len(old) == 0 {
		return nil
	}
	for _, s := range old {
		if err := l.fs.Remove(l.path(s.number)); err != nil {
			return status.Errorf(status.DiskError, "%s: %w", l.path(s.number), err)
		}
		l.mu.Lock()
		l.segments = l.segments[1:]
		l.mu.Unlock()
	}
	last := old[len(old)-1].number
	l.mu.Lock()
	for len(l.index) > 0 && l.index[0].Segment <= last {
		l.index = l.index[1:]
	}
	l.mu.Unlock()
	if err := l.fs.SyncDir(l.dir); err != nil {
		return l.poisonWith(l.dir, err)
	}
	return nil
}

// removable returns the segments, oldest first, that neither recovery nor the keep
// policy needs. The last segment with a record always stays.
func (l *Log) removable(lsn LSN) (old []segment) {
	l.mu.Lock()
	segs := make([]segment, len(l.segments))
	var total int64
	for i, s := range l.segments {
		segs[i] = *s
		total += s.size
	}
	l.mu.Unlock()
	for i := 0; i+1 < len(segs) && allBefore(segs[i+1:], lsn); i++ {
		info, err := l.fs.Stat(l.path(segs[i].number))
		if err != nil {
			break // it is met again when it is to be removed
		}
		if time.Since(info.Mtime) < l.o.KeepAge && total <= l.o.KeepBytes {
			break
		}
		old = append(old, segs[i])
		total -= segs[i].size
	}
	return old
}

// allBefore reports whether all records in front of segs are older than lsn.
func allBefore(segs []segment, lsn LSN) bool {
	for _, s := range segs {
		if s.first != 0 {
			return s.first <= lsn
		}
	}
	return false
}
