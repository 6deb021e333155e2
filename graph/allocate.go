package graph

import (
	"sync"

	"github.com/kadedb/kadedb/status"
)

// allocator hands out numbers of nodes by label set, or of relationships by type,
// so that entities of one class lie together: a class starts with runs of one page
// in groups that it shares, and gets groups of its own once it has grown. Numbers
// that were freed since the store was opened are used first.
type allocator struct {
	mu      sync.Mutex
	what    string
	high    uint64 // first number that no run holds
	mixed   run    // where small classes take their pages from
	classes map[uint32]*class
}

// class is a label set or type; taken counts what it was given in shared groups.
type class struct {
	run   run
	taken int
	free  []uint64 // ids whose generation is one above that of a deleted entity
}

// freed is the number of a deleted entity that nobody can see any more.
type freed struct {
	class, ref, gen uint32
}

// run is numbers that are reserved and not used yet.
type run struct{ next, end uint64 }

// ownGroupAt is how many entities a class has before it gets groups of its own.
const ownGroupAt = 4096

func newAllocator(what string) *allocator {
	return &allocator{what: what, classes: map[uint32]*class{}}
}

// shared is the class of a group that holds several.
const shared = 1<<32 - 1

// groupUse says how far a group is filled, and of which class all its entities are.
type groupUse struct {
	group, class, used uint32
}

// reset makes numbers from high on free, and the rest of the groups in uses.
func (a *allocator) reset(high uint64, uses []groupUse) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.high = (high + groupSize - 1) &^ (groupSize - 1)
	// The last group may be in the overlay only.
	a.mixed = run{(high + pageMask) &^ pageMask, a.high}
	a.classes = map[uint32]*class{}
	for _, u := range uses {
		start := uint64(u.group) << groupBits
		rest := run{start + uint64(u.used), start + groupSize}
		switch {
		case u.class == shared:
			// Pages begun belong to some class.
			rest.next = (rest.next + pageMask) &^ pageMask
			a.mixed = rest
		default:
			a.classes[u.class] = &class{taken: ownGroupAt, run: rest}
			if rest.end == a.mixed.end {
				a.mixed = run{}
			}
		}
	}
}

// take returns the id of a new entity of a class.
func (a *allocator) take(of uint32) (uint64, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	c := a.classes[of]
	if c == nil {
		c = &class{}
		a.classes[of] = c
	}
	if n := len(c.free); n > 0 {
		id := c.free[n-1]
		c.free = c.free[:n-1]
		return id, nil
	}
	if c.run.next == c.run.end {
		if err := a.refill(c); err != nil {
			return 0, err
		}
	}
	n := c.run.next
	c.run.next++
	return n, nil
}

func (a *allocator) refill(c *class) error {
	if c.taken >= ownGroupAt {
		r, err := a.group()
		c.run = r
		return err
	}
	if a.mixed.next == a.mixed.end {
		r, err := a.group()
		if err != nil {
			return err
		}
		a.mixed = r
	}
	c.run = run{a.mixed.next, a.mixed.next + pageSize}
	a.mixed.next += pageSize
	c.taken += pageSize
	return nil
}

func (a *allocator) group() (run, error) {
	if a.high+groupSize >= 1<<32 {
		return run{}, status.Errorf(status.StoreFull, "the store has handed out all 4,294,967,296 numbers of %s", a.what)
	}
	r := run{a.high, a.high + groupSize}
	a.high += groupSize
	return r, nil
}

// reserve returns the first of n numbers in groups of their own; what is left of
// the last group goes to the class.
func (a *allocator) reserve(of, n uint32) (uint32, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	first := a.high
	groups := (uint64(n) + groupSize - 1) / groupSize
	if first+groups*groupSize >= 1<<32 {
		return 0, status.Errorf(status.StoreFull, "the store has no %d numbers of %s left", n, a.what)
	}
	a.high += groups * groupSize
	c := a.classes[of]
	if c == nil {
		c = &class{}
		a.classes[of] = c
	}
	c.taken = max(c.taken, ownGroupAt)
	if c.run.next == c.run.end {
		c.run = run{first + uint64(n), a.high}
	}
	return uint32(first), nil
}

// recycle takes numbers back, for entities of the same class and the next
// generation. A number whose generations are used up is not.
func (a *allocator) recycle(numbers []freed) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, f := range numbers {
		if f.gen == 1<<32-1 {
			continue
		}
		c := a.classes[f.class]
		if c == nil {
			c = &class{}
			a.classes[f.class] = c
		}
		c.free = append(c.free, uint64(f.gen+1)<<32|uint64(f.ref))
	}
}
