// Package memory counts and hands out the memory that KadeDB bounds.
//
//	store budget (--memory) ─┬─ block cache      (gives back under pressure)
//	                         ├─ query 1  ≤ 25 %
//	                         └─ query 2  ≤ 25 %
//
// A Budget is a limit with a count; a child's bytes count in all its parents. A
// Slab hands out large pointer-free buffers that do not lie on the garbage
// collected heap, so that what is freed is gone at once.
//
//	b := memory.NewBudget("store", 1<<30)
//	q := b.Sub("query", 256<<20)
//	defer q.Close()
//	if err := q.Reserve(n); err != nil { spill }
//
// It is not for small objects: count those in steps of some kilobytes.
package memory

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/kadedb/kadedb/status"
)

// Budget bounds a number of bytes. All methods may be called from several
// goroutines. A nil *Budget is unlimited and counts nothing.
type Budget struct {
	name   string
	parent *Budget
	limit  int64 // ≤ 0: none of its own
	used   atomic.Int64
	peak   atomic.Int64

	outside atomic.Int64 // held by slabs outside of the Go heap; in a budget without parent

	mu         sync.Mutex
	reclaimers []func(need int64) (freed int64)
	accounts   map[string]*Budget // in a budget without parent: what its children hold, by their name
}

// NewBudget returns a budget without a parent. A limit ≤ 0 is no limit.
func NewBudget(name string, limit int64) *Budget {
	return &Budget{name: name, limit: limit}
}

// Sub returns a child of b: its bytes count in b too. A limit ≤ 0 leaves only b's.
func (b *Budget) Sub(name string, limit int64) *Budget {
	parent := b
	if b != nil && b.parent == nil {
		parent = b.account(name)
	}
	return &Budget{name: name, parent: parent, limit: limit}
}

// account returns the budget between a root and all its children of one name, which
// knows what they hold together.
func (b *Budget) account(name string) *Budget {
	b.mu.Lock()
	defer b.mu.Unlock()
	a := b.accounts[name]
	if a == nil {
		if b.accounts == nil {
			b.accounts = map[string]*Budget{}
		}
		a = &Budget{name: name, parent: b}
		b.accounts[name] = a
	}
	return a
}

// Account is what the children of one name hold together.
type Account struct {
	Name       string
	Used, Peak int64
}

// Accounts returns what the children of a budget without parent hold, by name.
func (b *Budget) Accounts() []Account {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]Account, 0, len(b.accounts))
	for name, a := range b.accounts {
		out = append(out, Account{name, a.Used(), a.Peak()})
	}
	slices.SortFunc(out, func(x, y Account) int { return strings.Compare(x.Name, y.Name) })
	return out
}

// OnPressure registers reclaim, which is called when b, or a descendant within its
// own limit, finds b full. It gives back what it can of need bytes, by Release on
// b or a descendant of b, and says how much. It may be called from any goroutine
// that reserves, so it must not hold a lock under which it reserves itself.
func (b *Budget) OnPressure(reclaim func(need int64) (freed int64)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reclaimers = append(b.reclaimers, reclaim)
}

// Reserve counts n more bytes, or counts none and returns QueryMemoryLimit,
// naming the budget that is full. Reclaimers are asked first.
func (b *Budget) Reserve(n int64) error {
	for ; ; n = max(n, 0) {
		full := b.try(n)
		if full == nil {
			return nil
		}
		if !full.reclaim(n) {
			return full.fullError(n)
		}
	}
}

// TryReserve is Reserve without asking reclaimers and without an error's cost.
func (b *Budget) TryReserve(n int64) bool { return b.try(n) == nil }

// Force counts n more bytes whatever the limit: for memory that already exists.
func (b *Budget) Force(n int64) {
	for ; b != nil; b = b.parent {
		b.raise(b.used.Add(n))
	}
}

// Release gives n bytes back.
func (b *Budget) Release(n int64) {
	for ; b != nil; b = b.parent {
		if b.used.Add(-n) < 0 {
			panic(fmt.Sprintf("memory: budget %s released more than it held", b.name))
		}
	}
}

// Close gives back whatever b still holds, and returns how much that was: zero,
// where everybody released what they had reserved.
func (b *Budget) Close() (left int64) {
	if b == nil {
		return 0
	}
	left = b.used.Load()
	b.Release(left)
	return left
}

// Renew makes an empty budget one that was never used, with another limit.
func (b *Budget) Renew(limit int64) {
	if b.used.Load() != 0 {
		panic("memory: budget " + b.name + " renewed in use")
	}
	b.limit = limit
	b.peak.Store(0)
}

// Used returns the bytes counted now.
func (b *Budget) Used() int64 {
	if b == nil {
		return 0
	}
	return b.used.Load()
}

// Peak returns the most bytes that were counted at once.
func (b *Budget) Peak() int64 {
	if b == nil {
		return 0
	}
	return b.peak.Load()
}

// Limit returns b's own limit, 0 for none.
func (b *Budget) Limit() int64 {
	if b == nil {
		return 0
	}
	return max(b.limit, 0)
}

// Outside returns the bytes that slabs which count in b's root hold outside of the
// Go heap, freed buffers kept for reuse included.
func (b *Budget) Outside() int64 {
	if b == nil {
		return 0
	}
	return b.root().outside.Load()
}

func (b *Budget) root() *Budget {
	for b.parent != nil {
		b = b.parent
	}
	return b
}

// Name returns the name that errors give.
func (b *Budget) Name() string { return b.name }

// try adds n from b upwards; where a limit is met it takes all back and returns
// that budget.
func (b *Budget) try(n int64) (full *Budget) {
	for at := b; at != nil; at = at.parent {
		now := at.used.Add(n)
		if at.limit > 0 && now > at.limit {
			for back := b; ; back = back.parent {
				back.used.Add(-n)
				if back == at {
					return at
				}
			}
		}
	}
	for at := b; at != nil; at = at.parent {
		at.raise(at.used.Load())
	}
	return nil
}

func (b *Budget) raise(now int64) {
	for p := b.peak.Load(); now > p && !b.peak.CompareAndSwap(p, now); p = b.peak.Load() {
	}
}

func (b *Budget) reclaim(n int64) bool {
	b.mu.Lock()
	list := b.reclaimers
	b.mu.Unlock()
	var freed int64
	for _, r := range list {
		if freed >= n {
			break
		}
		freed += r(n - freed)
	}
	return freed > 0
}

func (b *Budget) fullError(n int64) error {
	return status.Errorf(status.QueryMemoryLimit, "%d bytes more do not fit the memory of %s: %d of %d bytes are in use",
		n, b.name, b.used.Load(), b.limit).WithHint("raise --memory or --query-memory, or return fewer rows")
}

// Parent returns the budget that b is a part of, nil for none.
func (b *Budget) Parent() *Budget {
	if b == nil {
		return nil
	}
	return b.parent
}
