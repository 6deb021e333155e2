package wal

import (
	"context"
	"errors"
	"fmt"

	"github.com/kadedb/kadedb/status"
)

// Replay reads the records from from on and calls fn for each, in order; payload
// is valid until fn returns. Then it cuts a torn tail off, and the log takes
// records. hint is where reading may start, as stored by the checkpoint.
//
// A bad frame, or a missing record, is a torn tail only if no valid frame follows
// that was written when the bad one was already synced. Otherwise Replay fails
// with Corruption, naming file and offset, and changes nothing.
func (l *Log) Replay(from LSN, hint Position, fn func(lsn LSN, payload []byte) error) error {
	l.token <- struct{}{}
	defer func() { <-l.token }()
	if l.replayed {
		return status.Errorf(status.Internal, "the log was replayed before")
	}
	if from == 0 {
		from = 1
	}
	start, err := l.findStart(from, hint)
	if err != nil {
		return err
	}
	end := tail{next: start.Next}
	if start.Segment != 0 {
		if end, err = l.scan(start, from, fn); err != nil {
			return err
		}
	}
	if end.next < from {
		return status.Errorf(status.Corruption, "%s, offset %d: the log ends before record %d, and the checkpoint holds everything before record %d",
			l.path(max(end.segment, 1)), end.off, end.next, from).WithHint("restore the missing part of the log, or a backup")
	}
	if err := l.checkTail(end); err != nil {
		return err
	}
	if !l.o.ReadOnly {
		if err := l.repair(end); err != nil {
			return err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next, l.written, l.durable = end.next, end.next-1, end.next-1
	l.replayed = true
	return nil
}

// tail is where a scan ended.
type tail struct {
	next    LSN    // the record that is not there
	segment uint64 // 0: there is no segment
	index   int    // of segment in l.segments
	off     int64
	dirt    int64 // first byte behind off that is not zero; -1: none
	trimmed bool  // the segment was cut to its end by Close: all of it was synced
}

// findStart finds the place of record from, or one before it.
func (l *Log) findStart(from LSN, hint Position) (Position, error) {
	if len(l.segments) == 0 {
		if from == 1 && hint == (Position{}) {
			return Position{Next: 1}, nil
		}
		return Position{}, status.Errorf(status.Corruption, "%s: no log segment, and the checkpoint needs record %d", l.dir, from).
			WithHint("restore the log folder, or a backup")
	}
	if hint.Segment != 0 && hint.Next <= from && hint.Next > 0 {
		for _, s := range l.segments {
			if s.number == hint.Segment {
				return hint, nil
			}
		}
	}
	for i := len(l.segments) - 1; i >= 0; i-- {
		first, err := l.firstRecord(l.segments[i].number)
		if err != nil {
			return Position{}, err
		}
		if first != 0 && first <= from || first == 0 && from == 1 && l.segments[i].number == 1 {
			return Position{Next: max(first, 1), Segment: l.segments[i].number, Offset: segmentHeader}, nil
		}
	}
	return Position{}, status.Errorf(status.Corruption, "%s: the log begins after record %d, which the checkpoint needs", l.path(l.segments[0].number), from).
		WithHint("restore the missing segments, or a backup")
}

// firstRecord returns the number of a segment's first record, 0 where it has none
// that is sound.
func (l *Log) firstRecord(number uint64) (LSN, error) {
	s, err := l.openSource(number)
	if err != nil {
		return 0, err
	}
	f, ok, err := s.frame(seed(l.o.StoreID, number), segmentHeader)
	var first LSN
	if err == nil && ok {
		first = frameLSN(f)
	}
	return first, errors.Join(err, s.f.Close())
}

// scan reads records until one is not there.
func (l *Log) scan(start Position, from LSN, fn func(LSN, []byte) error) (tail, error) {
	end := tail{next: start.Next, segment: start.Segment, off: start.Offset}
	for i, s := range l.segments {
		if s.number < start.Segment {
			continue
		}
		src, err := l.openSource(s.number)
		if err != nil {
			return end, err
		}
		s.size = src.size
		off := int64(segmentHeader)
		if s.number == start.Segment {
			off = start.Offset
			s.first = start.Next
			if off < segmentHeader || off > src.size {
				return end, errors.Join(status.Errorf(status.Corruption, "%s: %d bytes; the checkpoint was written when there were at least %d", src.name, src.size, off),
					src.f.Close())
			}
		}
		before := end
		end.segment, end.index, end.off, end.trimmed = s.number, i, off, src.size < src.made
		n, err := l.scanSegment(src, s, &end, from, fn)
		cerr := src.f.Close()
		if err == nil && cerr != nil {
			err = status.Errorf(status.DiskError, "%s: %w", src.name, cerr)
		}
		if err != nil {
			return end, err
		}
		if n == 0 && s.number != start.Segment {
			return before, nil // a segment without records: the end is in the one before
		}
		follows := i+1 < len(l.segments) && l.segments[i+1].number == s.number+1
		if end.dirt >= 0 || !follows {
			return end, nil
		}
	}
	return end, nil
}

// scanSegment reads the records of one segment from end.off on.
func (l *Log) scanSegment(src *source, s *segment, end *tail, from LSN, fn func(LSN, []byte) error) (n int, err error) {
	sd := seed(l.o.StoreID, s.number)
	for {
		f, ok, err := src.frame(sd, end.off)
		if err != nil {
			return n, err
		}
		if !ok || frameLSN(f) != end.next {
			end.dirt, err = src.zeroFrom(end.off)
			return n, err
		}
		if s.first == 0 {
			s.first = end.next
		}
		wanted := end.next >= from
		if wanted {
			if err := fn(end.next, f[frameHeader:frameLen(f)]); err != nil {
				return n, err
			}
		}
		l.mu.Lock()
		if wanted {
			l.stats.Replayed++
		}
		l.remember(Position{Next: end.next, Segment: s.number, Offset: end.off})
		l.mu.Unlock()
		n++
		end.next++
		end.off += padded(frameLen(f))
	}
}

// checkTail looks for a frame behind the end that proves that the missing record
// had been synced.
func (l *Log) checkTail(end tail) error {
	if end.segment == 0 {
		return nil
	}
	for i := end.index; i < len(l.segments); i++ {
		number, off := l.segments[i].number, int64(segmentHeader)
		if number == end.segment {
			off = end.off
			if end.dirt < 0 {
				continue
			}
			if end.trimmed {
				return status.Errorf(status.Corruption, "%s, offset %d: record %d is damaged, and no crash did it: the file was cut, or the log had been closed", l.path(number), end.off, end.next).
					WithHint("restore a backup")
			}
		}
		if err := l.checkAfter(number, off, end); err != nil {
			return err
		}
	}
	return nil
}

// maxProbe bounds the bytes that are summed in search of frames in one segment, as
// a multiple of its size: records hold whatever users store, also what looks like
// a million frame headers.
const maxProbe = 32

func (l *Log) checkAfter(number uint64, off int64, end tail) (err error) {
	src, err := l.openSource(number)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, src.f.Close()) }()
	sd := seed(l.o.StoreID, number)
	budget := maxProbe * src.size
	if off, err = src.zeroFrom(off); err != nil || off < 0 {
		return err
	}
	for off &^= align - 1; off+frameHeader <= src.size; off += align {
		h, err := src.at(off, frameHeader)
		if err != nil {
			return err
		}
		// A frame that proves damage says that end.next was durable when it was written.
		if !plausible(h, src.size-off) || frameLSN(h) <= end.next || frameDurable(h) < end.next || frameDurable(h) >= frameLSN(h) {
			continue
		}
		lsn := frameLSN(h)
		budget -= frameLen(h)
		_, ok, err := src.frame(sd, off)
		if err != nil {
			return err
		}
		if ok || budget < 0 {
			return status.Errorf(status.Corruption, "%s, offset %d: record %d is damaged or missing, but record %d follows in %s, offset %d, and was written later",
				l.path(end.segment), end.off, end.next, lsn, src.name, off).
				WithHint("restore a backup")
		}
	}
	return nil
}

// repair removes what is behind the end, so that no later record is followed by
// old ones, and makes sure that what was read is on the disk.
func (l *Log) repair(end tail) error {
	if end.segment == 0 {
		return nil
	}
	// From the last one down: a crash in between leaves no gap.
	for i := len(l.segments) - 1; i > end.index; i-- {
		name := l.path(l.segments[i].number)
		if err := l.fs.Remove(name); err != nil {
			return status.Errorf(status.DiskError, "%s: %w", name, err)
		}
		if err := l.fs.SyncDir(l.dir); err != nil {
			return l.poisonWith(l.dir, err)
		}
	}
	l.mu.Lock()
	l.segments = l.segments[:end.index+1]
	l.mu.Unlock()
	s := l.segments[end.index]
	l.off = end.off
	name := l.path(s.number)
	f, err := l.fs.OpenWrite(name)
	if err != nil {
		return l.roomError(name, err)
	}
	if end.dirt >= 0 {
		l.stats.TornBytes += s.size - end.dirt
		if err := zero(f, end.dirt, s.size); err != nil {
			return l.roomError(name, errors.Join(err, f.Close()))
		}
	}
	if err := f.Sync(); err != nil {
		return l.poisonWith(name, errors.Join(err, f.Close()))
	}
	s.f = f
	return nil
}

// Read calls fn for the records from from on that are in the log and durable, for
// the change feed. It may run beside appends. Where the keep policy has
// removed record from, the error is FileNotFound.
func (l *Log) Read(from LSN, fn func(lsn LSN, payload []byte) error) error {
	l.truncates.RLock()
	defer l.truncates.RUnlock()
	l.mu.Lock()
	until := l.durable
	segs := make([]segment, len(l.segments))
	for i, s := range l.segments {
		segs[i] = *s
	}
	l.mu.Unlock()
	if from > until {
		return nil
	}
	var last LSN
	for i, s := range segs {
		if i+1 < len(segs) && allBefore(segs[i+1:], from) {
			continue
		}
		done, err := l.readSegment(s.number, &last, from, until, fn)
		if err != nil || done {
			return err
		}
	}
	return nil
}

func (l *Log) readSegment(number uint64, last *LSN, from, until LSN, fn func(LSN, []byte) error) (done bool, err error) {
	src, err := l.openSource(number)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, src.f.Close()) }()
	sd := seed(l.o.StoreID, number)
	for off := int64(segmentHeader); ; {
		f, ok, err := src.frame(sd, off)
		if err != nil {
			return false, err
		}
		if !ok {
			return false, nil
		}
		lsn := frameLSN(f)
		switch {
		case lsn > until:
			return true, nil
		case *last == 0 && lsn > from:
			return true, status.Errorf(status.FileNotFound, "%s: records from %d to %d are not kept any more", src.name, from, lsn-1).
				WithHint("raise --log-keep-age and --log-keep-size")
		case *last != 0 && lsn != *last+1:
			return true, status.Errorf(status.Corruption, "%s, offset %d: record %d follows record %d", src.name, off, lsn, *last)
		case lsn >= from:
			if err := fn(lsn, f[frameHeader:frameLen(f)]); err != nil {
				return true, err
			}
		}
		*last = lsn
		off += padded(frameLen(f))
	}
}

// Verify reads the whole log, kept segments from before the checkpoint too, and
// returns the first thing that is wrong with it: for `check`, on a log that was
// replayed. It may run beside appends: what they add meanwhile is not looked at.
func (l *Log) Verify(ctx context.Context) error {
	l.truncates.RLock()
	defer l.truncates.RUnlock()
	l.mu.Lock()
	segs, written, durable := append([]*segment(nil), l.segments...), l.written, l.durable
	l.mu.Unlock()
	// Segments before a gap are what a removal that was cut short left: recovery, which
	// needs none of them, begins behind it.
	for i := len(segs) - 1; i > 0; i-- {
		if segs[i].number != segs[i-1].number+1 {
			segs = segs[i:]
			break
		}
	}
	next := LSN(0)
	for i, s := range segs {
		if err := ctx.Err(); err != nil {
			return err
		}
		src, err := l.openSource(s.number)
		if err != nil {
			return err
		}
		next, err = l.verifySegment(src, s.number, next, written)
		if cerr := src.f.Close(); cerr != nil {
			return errors.Join(err, cerr)
		}
		if status.CodeOf(err) == status.Corruption && i+1 < len(segs) && next != 0 {
			// The rest of a record that a power cut tore: recovery went on in the next segment.
			first, ferr := l.firstRecord(segs[i+1].number)
			if ferr != nil {
				return ferr
			}
			if first == next {
				err = nil
			}
		}
		if err != nil {
			return err
		}
	}
	if next != 0 && next <= durable {
		return status.Errorf(status.Corruption, "%s: the log ends before record %d", l.dir, next)
	}
	return nil
}

// verifySegment reads the records of a segment and returns the number of the one that
// follows. What stands where records after written go is of no interest.
func (l *Log) verifySegment(src *source, number uint64, next, written LSN) (LSN, error) {
	sd := seed(l.o.StoreID, number)
	for off := int64(segmentHeader); ; {
		f, ok, err := src.frame(sd, off)
		if err != nil {
			return next, err
		}
		if !ok || next != 0 && frameLSN(f) != next {
			if next > written || written == 0 {
				return next, nil
			}
			dirt, err := src.zeroFrom(off)
			if err == nil && dirt >= 0 {
				err = status.Errorf(status.Corruption, "%s, offset %d: the frame of record %s does not match its checksum", src.name, off, orUnknown(next))
			}
			return next, err
		}
		next = frameLSN(f) + 1
		off += padded(frameLen(f))
	}
}

func orUnknown(n LSN) string {
	if n == 0 {
		return "?"
	}
	return fmt.Sprint(uint64(n))
}
