package wal

import (
	"errors"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/vfs"
)

// Resume ends the hold after a failed write. When a write fails with DiskFull, all
// records not yet acknowledged fail with it, and so do later ones, because they
// may build upon those. The caller drops whatever it derived from failed records
// and calls Resume, which cuts their remains off and lets the log go on; numbers
// of failed records are used again. Without a failed write it does nothing.
func (l *Log) Resume() error { return l.ResumeFrom(0) }

// ResumeFrom is Resume for a caller to whom several records count only together:
// it removes record from and all later ones too, although they may have been
// written (the records of one batch may be in several writes, and only the last
// of those failed). The caller has told nobody of them. Without a failed write it
// does nothing. from 0 removes none.
func (l *Log) ResumeFrom(from LSN) error {
	l.token <- struct{}{}
	defer func() { <-l.token }()
	l.mu.Lock()
	err, held, written := l.poison, l.held, l.written
	l.mu.Unlock()
	if err != nil || held == nil {
		return err
	}
	// A call that failed half way is still owed its part.
	if l.owed == 0 || from != 0 && from < l.owed {
		l.owed = from
	}
	if x := l.remains; x != nil {
		if err := l.erase(x.s, x.off, x.end); err != nil {
			return err
		}
		l.remains = nil
	}
	if l.owed != 0 && l.owed <= written {
		if err := l.cut(l.owed); err != nil {
			return err
		}
	}
	l.owed = 0
	l.mu.Lock()
	l.held = nil
	l.mu.Unlock()
	return nil
}

// erase zeroes a piece of an open segment and syncs it.
func (l *Log) erase(s *segment, off, end int64) error {
	if err := zero(s.f, off, end); err != nil {
		return l.roomError(l.path(s.number), err)
	}
	if err := s.f.Sync(); err != nil {
		return l.poisonWith(l.path(s.number), err)
	}
	return nil
}

// cut removes record from and those after it, the last one first: whenever a crash
// comes, what is left is the beginning of the log without a gap.
func (l *Log) cut(from LSN) error {
	for i := len(l.segments) - 1; i >= 0; i-- {
		s := l.segments[i]
		if s.f == nil {
			f, err := l.fs.OpenWrite(l.path(s.number))
			if err != nil {
				return l.roomError(l.path(s.number), err)
			}
			s.f = f
		}
		frames, err := l.framesFrom(s, from)
		if err != nil {
			return err
		}
		for k := len(frames) - 1; k >= 0; k-- {
			if err := l.erase(s, frames[k].off, frames[k].end); err != nil {
				return err
			}
		}
		if i == 0 || s.first != 0 && s.first < from {
			l.endAt(i, frames, from)
			return nil
		}
		name := l.path(s.number)
		if err := errors.Join(s.f.Close(), l.fs.Remove(name)); err != nil {
			return status.Errorf(status.DiskError, "%s: %w", name, err)
		}
		if err := l.fs.SyncDir(l.dir); err != nil {
			return l.poisonWith(l.dir, err)
		}
		l.mu.Lock()
		l.segments = l.segments[:i]
		l.mu.Unlock()
	}
	return nil
}

// endAt makes segment i the last one, with its frames gone.
func (l *Log) endAt(i int, gone []extent, from LSN) {
	s := l.segments[i]
	if len(gone) > 0 {
		l.off = gone[0].off
	}
	l.dirty = false
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.first >= from {
		s.first = 0
	}
	for n := len(l.index); n > 0 && l.index[n-1].Next >= from; n-- {
		l.index = l.index[:n-1]
	}
	l.written, l.next = from-1, from
	l.durable = min(l.durable, l.written)
}

// framesFrom returns where the frames of record from and later ones lie in s.
func (l *Log) framesFrom(s *segment, from LSN) (out []extent, err error) {
	src, err := l.openSource(s.number)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, src.f.Close()) }()
	sd := seed(l.o.StoreID, s.number)
	for off := int64(segmentHeader); ; {
		f, ok, err := src.frame(sd, off)
		if err != nil {
			return nil, err
		}
		if !ok {
			l.off = off // of the last segment in the end
			return out, nil
		}
		end := off + padded(frameLen(f))
		if frameLSN(f) >= from {
			out = append(out, extent{s, off, end})
		}
		off = end
	}
}

// zero overwrites a piece of a file with zeros.
func zero(f vfs.File, off, end int64) error {
	var z [64 << 10]byte
	for off < end {
		n, err := f.WriteAt(z[:min(end-off, int64(len(z)))], off)
		if err != nil {
			return err
		}
		off += int64(n)
	}
	return nil
}
