package txn

import (
	"sync/atomic"

	"github.com/kadedb/kadedb/storage/wal"
)

// State is a model's immutable state.
type State any

// Root is the whole store at one commit. It is immutable once published.
type Root struct {
	Seq    uint64  // number of the last commit in it
	LSN    wal.LSN // the last log record in it
	states []State // by place of the model in Options.Models
	epoch  *epoch
}

// State returns the state of the model at place i of Options.Models.
func (r *Root) State(i int) State { return r.states[i] }

// WithStates returns a copy of r with other states: what a transaction that
// saw r would make of it.
func (r *Root) WithStates(states ...State) *Root {
	next := *r
	next.states = states
	return &next
}

// epoch is the time between two checkpoints: roots of one epoch lie over the same
// base. refs counts its readers, and one more while it is the present epoch.
type epoch struct {
	refs    atomic.Int64
	retired []uint64 // blocks that only roots of this epoch and earlier ones name
	final   *Root    // the last root, once the epoch is over
	folded  []Folded // of the checkpoint that ended the epoch
	next    *epoch
}

// acquire pins the newest root's epoch.
func (s *Store) acquire() *Root {
	for {
		r := s.head.Load()
		for n := r.epoch.refs.Load(); n > 0; n = r.epoch.refs.Load() {
			if r.epoch.refs.CompareAndSwap(n, n+1) {
				return r
			}
		}
	}
}

// Pin is Acquire for callers that keep the root themselves: Unpin must be called
// with it exactly once.
func (s *Store) Pin() (*Root, error) {
	if s.closed.Load() {
		return nil, errClosed()
	}
	return s.acquire(), nil
}

// Unpin gives up a root that Pin returned.
func (s *Store) Unpin(r *Root) { s.releaseEpoch(r.epoch) }

// Acquire returns the newest root. Blocks that it needs stay until release, which
// must be called exactly once.
func (s *Store) Acquire() (r *Root, release func(), err error) {
	if s.closed.Load() {
		return nil, nil, errClosed()
	}
	r = s.acquire()
	return r, func() { s.releaseEpoch(r.epoch) }, nil
}

func (s *Store) releaseEpoch(e *epoch) {
	if e.refs.Add(-1) == 0 {
		s.kickReaper()
	}
}

// since returns the last roots of the epochs from e on that are over: what
// versions of entities the checkpoints since took out of the overlay.
func (e *epoch) since(now *epoch) []*Root {
	var out []*Root
	for ; e != nil && e != now; e = e.next {
		out = append(out, e.final)
	}
	return out
}
