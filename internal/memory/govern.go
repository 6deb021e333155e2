package memory

import (
	"context"
	"os"
	"runtime/debug"
	"time"
)

const (
	// allowance is what a process may hold beside its budget before the collector is asked
	// to work harder: half of the 64 MiB that are promised, the rest being for what the
	// collector finds too late and for what Go does not count.
	allowance   = 32 << 20
	leastHeap   = 24 << 20 // below this the collector would run all the time
	governStep  = 1 << 20
	governEvery = 10 * time.Millisecond
)

// Govern sets the runtime's soft memory limit to what b leaves to the Go heap: its limit
// and an allowance, less the buffers that a Slab holds outside of the heap, which the runtime
// does not know of. It follows them until ctx is done, and then restores what was set
// before. It is for a process of KadeDB's own: a library must not change its host's
// runtime. Where GOMEMLIMIT is set, or b has no limit, it does nothing.
func Govern(ctx context.Context, b *Budget) {
	if b.Limit() <= 0 || b.Limit() > 1<<50 || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	heap := func() int64 { return max(b.Limit()+allowance-b.Outside(), leastHeap) }
	last := heap()
	before := debug.SetMemoryLimit(last)
	go func() {
		tick := time.NewTicker(governEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				debug.SetMemoryLimit(before)
				return
			case <-tick.C:
			}
			// Setting the limit stops the world for some microseconds.
			if now := heap(); now < last-governStep || now > last+governStep {
				debug.SetMemoryLimit(now)
				last = now
			}
		}
	}()
}
