package txn

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/status"
)

// overlay counts the memory of what was committed and is not in blocks yet. It
// belongs to the store's budget:
//
//	an eighth of it   a checkpoint begins, however little log there is
//	a quarter         commits wait until one has made room, or their time is over
//
// Caches give way to it, so that what is committed never fails for want of memory.
type overlay struct {
	bytes      atomic.Int64
	held       *memory.Budget // where bytes count
	soft, hard int64          // 0: no limit
	try        atomic.Pointer[attempt]
}

// attempt is a checkpoint of the background, from the end of the one before on.
type attempt struct {
	done chan struct{}
	err  error // once done is closed
}

func (v *overlay) init(o *Options) {
	v.try.Store(&attempt{done: make(chan struct{})})
	v.held = o.Memory.Sub("committed changes", 0)
	if limit := o.Memory.Limit(); limit > 0 && o.CheckpointBytes > 0 && o.Size != nil {
		v.soft, v.hard = limit/8, limit/4
	}
}

func (v *overlay) large() bool { return v.soft > 0 && v.bytes.Load() > v.soft }

func (v *overlay) full() bool { return v.hard > 0 && v.bytes.Load() > v.hard }

// tried wakes those who wait.
func (v *overlay) tried(err error) {
	a := v.try.Swap(&attempt{done: make(chan struct{})})
	a.err = err
	close(a.done)
}

// close wakes those who wait for good.
func (v *overlay) close() {
	a := v.try.Load()
	a.err = errClosed()
	close(a.done)
}

// account counts the newest root in the budget. It runs in a turn of the queue.
func (s *Store) account() {
	if s.opts.Size == nil || s.closed.Load() {
		return
	}
	size := s.opts.Size(s.head.Load())
	more := size - s.overlay.bytes.Swap(size)
	switch m := s.overlay.held; {
	case more < 0:
		m.Release(-more)
	case more > 0 && m.Reserve(more) != nil: // which has asked the caches
		m.Force(more)
	}
}

// release takes the overlay out of the budget: the store closes.
func (v *overlay) release() { v.held.Release(v.bytes.Swap(0)) }

// makeRoom waits while there is no room for what a commit would add.
func (s *Store) makeRoom(ctx context.Context) error {
	var ask *time.Ticker // a statement's own limit has no channel: its context must be asked
	for s.overlay.full() {
		if ask == nil {
			ask = time.NewTicker(20 * time.Millisecond)
			defer ask.Stop()
		}
		a := s.overlay.try.Load()
		poke(s.kick)
		select {
		case <-a.done:
			if a.err != nil {
				return a.err
			}
		case <-ctx.Done():
		case <-ask.C:
		}
		if err := status.Ended(ctx, "the commit's wait for a checkpoint to make room in memory"); err != nil {
			return err
		}
	}
	return nil
}
