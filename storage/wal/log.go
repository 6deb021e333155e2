package wal

import (
	"errors"
	"sync"
	"time"

	"github.com/kadedb/kadedb/internal/planted"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/vfs"
)

// Log is an open log. Enqueue, Wait and the rest may be called from several
// goroutines; Replay comes first and once.
type Log struct {
	fs  vfs.FS
	dir string
	o   Options

	// token is held by the one who writes: the leader of a batch, or whoever changes
	// segments. Lock order: token, then mu.
	token chan struct{}

	mu       sync.Mutex
	replayed bool
	closed   bool
	poison   error  // for ever
	held     error  // a failed write, until Resume
	next     LSN    // of the next Enqueue
	written  LSN    // all up to here are in the file
	durable  LSN    // all up to here are synced
	pending  *batch // being filled, nil when empty
	segments []*segment
	spare    *segment      // the one after the last, made ahead of time
	making   chan struct{} // closed when spare is there, or could not be made
	index    []Position
	stats    Stats

	// Of whoever holds the token.
	off       int64        // end of the last segment's frames
	dirty     bool         // something was written and not synced
	remains   *extent      // where a failed write may have left something
	owed      LSN          // a ResumeFrom that failed was to remove this record and later ones
	truncates sync.RWMutex // held for reading by Read
}

// extent is a piece of a segment.
type extent struct {
	s        *segment
	off, end int64
}

// batch is what goes to disk in one write.
type batch struct {
	buf    []byte
	first  LSN
	n      int
	group  int  // of durability Group
	sync   bool // someone wants fdatasync
	timed  bool // flush will be called
	done   chan struct{}
	err    error // after done: why records from failed on are not in the log
	failed LSN
}

// Ticket is a record on its way to the disk.
type Ticket struct {
	LSN LSN
	l   *Log
	b   *batch
	d   Durability
	err error // refused at once
}

const (
	defaultSegment = 16 << 20
	defaultAge     = 24 * time.Hour
	defaultKeep    = 1 << 30
	defaultFlush   = 50 * time.Millisecond
	flushAt        = 4 << 20 // pending bytes at which even Enqueue writes
)

// Open opens the log in dir, making the folder where it is missing. It reads
// nothing but names; Replay comes next.
func Open(fs vfs.FS, dir string, o Options) (*Log, error) {
	if o.SegmentSize == 0 {
		o.SegmentSize = defaultSegment
	}
	o.SegmentSize = padded(max(o.SegmentSize, 4<<10))
	if o.KeepAge == 0 {
		o.KeepAge = defaultAge
	}
	if o.KeepBytes == 0 {
		o.KeepBytes = defaultKeep
	}
	if o.FlushEvery == 0 {
		o.FlushEvery = defaultFlush
	}
	l := &Log{fs: fs, dir: dir, o: o, token: make(chan struct{}, 1)}
	if !o.ReadOnly {
		if err := fs.MkdirAll(dir); err != nil {
			return nil, l.roomError(dir, err)
		}
		if err := fs.SyncDir(parent(dir)); err != nil {
			return nil, status.Errorf(status.DiskError, "%s: %w", dir, err)
		}
	}
	numbers, unfinished, err := listSegments(fs, dir)
	if err != nil {
		return nil, status.Errorf(status.DiskError, "%s: %w", dir, err)
	}
	for _, n := range unfinished {
		if o.ReadOnly {
			break
		}
		if err := fs.Remove(dir + "/" + n); err != nil {
			return nil, status.Errorf(status.DiskError, "%s/%s: %w", dir, n, err)
		}
	}
	for _, n := range numbers {
		l.segments = append(l.segments, &segment{number: n})
	}
	return l, nil
}

// Enqueue puts a record at the end of the log, copying payload, and returns at
// once. Errors come from Ticket.Wait.
func (l *Log) Enqueue(payload []byte, d Durability) *Ticket {
	l.mu.Lock()
	t := &Ticket{l: l, d: d, err: l.refusal(len(payload))}
	if t.err != nil {
		l.mu.Unlock()
		return t
	}
	t.LSN = l.next
	l.next++
	if l.pending == nil {
		l.pending = &batch{first: t.LSN, done: make(chan struct{})}
	}
	b := l.pending
	if d == None && !b.timed {
		b.timed = true
		time.AfterFunc(l.o.FlushEvery, l.flush)
	}
	b.buf = appendFrame(b.buf, t.LSN, payload)
	b.n++
	if d == Group {
		b.group++
		b.sync = true
	}
	t.b = b
	crowded := d == None && len(b.buf) > flushAt
	l.mu.Unlock()
	if crowded {
		l.flush()
	}
	return t
}

// refusal says why a record cannot be taken; nil if it can.
func (l *Log) refusal(n int) error {
	switch {
	case l.poison != nil:
		return l.poison
	case l.closed:
		return status.Errorf(status.StoreClosed, "the log is closed")
	case l.o.ReadOnly:
		return status.Errorf(status.ReadOnlyStore, "the log was opened for reading")
	case !l.replayed:
		return status.Errorf(status.Internal, "a record before the log was replayed")
	case l.held != nil:
		return l.held
	case n > MaxPayload:
		return status.Errorf(status.TransactionLimit, "a log record of %d bytes; at most %d", n, MaxPayload)
	}
	return nil
}

// Wait returns when the record is as durable as was asked for, or says why it is
// not in the log: DiskFull (nothing of it is there; see Resume), StorePoisoned,
// StoreClosed, DiskError.
func (t *Ticket) Wait() error {
	if t.err != nil || t.d == None {
		return t.err
	}
	if planted.Is(planted.EarlyAck) {
		return nil
	}
	for {
		select {
		case <-t.b.done:
			if t.b.err != nil && t.LSN >= t.b.failed {
				return t.b.err
			}
			return nil
		case t.l.token <- struct{}{}:
			t.l.lead()
			<-t.l.token
		}
	}
}

// Append is Enqueue and Wait.
func (l *Log) Append(payload []byte, d Durability) (LSN, error) {
	t := l.Enqueue(payload, d)
	return t.LSN, t.Wait()
}

// flush writes what is pending, synced or not as its records ask.
func (l *Log) flush() {
	l.token <- struct{}{}
	l.lead()
	<-l.token
}

// Sync makes everything enqueued so far durable.
func (l *Log) Sync() error {
	l.token <- struct{}{}
	defer func() { <-l.token }()
	return l.syncAll()
}

func (l *Log) syncAll() error {
	l.mu.Lock()
	if l.pending != nil {
		l.pending.sync = true
	}
	l.mu.Unlock()
	l.lead()
	l.mu.Lock()
	err := l.poison
	if err == nil {
		err = l.held
	}
	behind := l.durable < l.written
	l.mu.Unlock()
	if err != nil || !behind {
		return err
	}
	return l.syncLast()
}

// lead writes the pending batch and tells those who wait. The caller holds the token.
func (l *Log) lead() {
	l.mu.Lock()
	b, durable, poison := l.pending, l.durable, l.poison
	l.pending = nil
	l.mu.Unlock()
	if b == nil {
		return
	}
	if poison != nil {
		l.mu.Lock()
		l.fail(b, b.first, poison)
		l.mu.Unlock()
		return
	}
	done, err := l.write(b, durable)
	failed := b.first + LSN(done)
	if err == nil && b.sync {
		if err = l.syncLast(); err != nil {
			failed = b.first
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.fail(b, failed, err)
		return
	}
	l.stats.Commits += int64(b.group)
	close(b.done)
}

// fail ends b from record failed on, and everything enqueued behind it: later
// records may build upon failed ones. The caller holds mu.
func (l *Log) fail(b *batch, failed LSN, err error) {
	if l.poison == nil {
		l.held = err
	}
	for _, x := range []*batch{b, l.pending} {
		if x != nil {
			x.err, x.failed = err, failed
			close(x.done)
		}
		if b == l.pending {
			break
		}
	}
	l.pending = nil
	l.next = failed
	l.written = failed - 1
}

// poisonWith stops all writes for good: after a failed sync nobody knows what is on
// the disk, and a second sync would say that all is well.
func (l *Log) poisonWith(name string, cause error) error {
	err := status.Errorf(status.StorePoisoned, "%s: %w", name, cause).
		WithHint("restart: everything acknowledged is in the log")
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.poison == nil {
		l.poison = err
	}
	return l.poison
}

func (l *Log) syncLast() error {
	l.mu.Lock()
	written := l.written
	var s *segment
	if len(l.segments) > 0 {
		s = l.segments[len(l.segments)-1]
	}
	l.mu.Unlock()
	if s != nil && s.f != nil && l.dirty {
		if err := l.syncFile(s); err != nil {
			return err
		}
	}
	l.dirty = false
	l.mu.Lock()
	l.durable = max(l.durable, written)
	l.mu.Unlock()
	return nil
}

func (l *Log) syncFile(s *segment) error {
	if planted.Is(planted.SkipFsync) {
		return nil
	}
	start := time.Now()
	if err := s.f.Sync(); err != nil {
		return l.poisonWith(l.path(s.number), err)
	}
	took := time.Since(start)
	l.mu.Lock()
	l.stats.Syncs++
	l.stats.SyncTime += took
	l.mu.Unlock()
	return nil
}

// Next returns the number that the next record gets.
func (l *Log) Next() LSN {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.next
}

// Durable returns the last record that is synced, with all before it.
func (l *Log) Durable() LSN {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.durable
}

// Stats returns counts.
func (l *Log) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stats
	s.Segments = len(l.segments)
	for _, x := range l.segments {
		s.DiskBytes += x.size
		if s.First == 0 {
			s.First = x.first
		}
	}
	s.Next, s.Durable = l.next, l.durable
	s.Poisoned, s.FailedHold = l.poison != nil, l.held != nil
	return s
}

// BytesFrom returns how many bytes there are at most to replay from p on; the zero
// Position is the beginning of the log.
func (l *Log) BytesFrom(p Position) (n int64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.segments {
		if s.number < p.Segment {
			continue
		}
		info, err := l.fs.Stat(l.path(s.number))
		if err != nil {
			return 0, status.Errorf(status.DiskError, "%s: %w", l.path(s.number), err)
		}
		n += info.Size
		if s.number == p.Segment {
			n -= p.Offset
		}
	}
	return max(n, 0), nil
}

// Close writes and syncs what is pending, cuts unused room off, and closes the log.
func (l *Log) Close() error {
	l.token <- struct{}{}
	defer func() { <-l.token }()
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil
	}
	usable := l.replayed && !l.o.ReadOnly
	l.mu.Unlock()
	var err error
	if usable {
		err = l.syncAll()
	}
	l.mu.Lock()
	l.closed = true
	if l.pending != nil {
		l.fail(l.pending, l.pending.first, status.Errorf(status.StoreClosed, "the log is closed"))
	}
	making := l.making
	l.mu.Unlock()
	if making != nil {
		<-making
	}
	if usable && err == nil {
		err = l.trim()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range append(l.segments, l.spare) {
		if s != nil && s.f != nil {
			err = errors.Join(err, s.f.Close())
			s.f = nil
		}
	}
	l.spare = nil
	return err
}

// trim cuts unused room off, so that the next start has no zeros to look at.
func (l *Log) trim() error {
	l.mu.Lock()
	spare := l.spare
	var last *segment
	if len(l.segments) > 0 {
		last = l.segments[len(l.segments)-1]
	}
	l.mu.Unlock()
	if spare != nil {
		err := l.fs.Remove(l.path(spare.number))
		if err == nil {
			err = l.fs.SyncDir(l.dir)
		}
		if err != nil {
			return status.Errorf(status.DiskError, "%s: %w", l.path(spare.number), err)
		}
	}
	if last == nil || last.f == nil || l.off >= last.size {
		return nil
	}
	err := last.f.Truncate(l.off)
	if err == nil {
		err = last.f.Sync()
	}
	if err != nil {
		return l.poisonWith(l.path(last.number), err)
	}
	return nil
}

func parent(dir string) string {
	for i := len(dir) - 1; i > 0; i-- {
		if dir[i] == '/' {
			return dir[:i]
		}
	}
	if dir != "" && dir[0] == '/' {
		return "/"
	}
	return "."
}
