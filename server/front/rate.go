package front

import (
	"net/netip"
	"sync"
	"time"

	"github.com/kadedb/kadedb/auth"
	"github.com/kadedb/kadedb/status"
)

// rates count what each of many asks for: so many a second, and a few more at once.
type rates[K comparable] struct {
	mu sync.Mutex
	by map[K]bucket
}

// bucket is a token bucket: what is left of it, as of when.
type bucket struct {
	left float64
	at   time.Time
}

// maxBuckets bounds how many are remembered.
const maxBuckets = 10_000

// allow takes one of what who has left, if there is one.
func (f *rates[K]) allow(who K, now time.Time, rate, burst float64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.by == nil || len(f.by) >= maxBuckets {
		f.prune(now, rate, burst)
	}
	b, ok := f.by[who]
	if !ok {
		b = bucket{burst, now}
	}
	b.left = min(burst, b.left+now.Sub(b.at).Seconds()*rate)
	b.at = now
	fine := b.left >= 1
	if fine {
		b.left--
	}
	f.by[who] = b
	return fine
}

// prune forgets those that are quiet, and all where none is.
func (f *rates[K]) prune(now time.Time, rate, burst float64) {
	for k, b := range f.by {
		if now.Sub(b.at).Seconds()*rate > burst {
			delete(f.by, k)
		}
	}
	if f.by == nil || len(f.by) >= maxBuckets {
		f.by = map[K]bucket{}
	}
}

// caller is whose requests are counted together: a token's, or where no tokens are asked
// for an address's.
type caller struct {
	token string
	from  netip.Addr
}

// admit refuses a request of a caller who sends more than Config.TokenRate a second.
func (s *Server) admit(t auth.Token, from netip.Addr) error {
	rate := float64(s.cfg.TokenRate)
	if rate <= 0 {
		return nil
	}
	who := caller{token: t.ID}
	if !s.cfg.Auth {
		who.from = from
	}
	if s.callers.allow(who, time.Now(), rate, rate) {
		return nil
	}
	return status.Errorf(status.RateLimit, "more than %d requests a second", s.cfg.TokenRate).
		WithHint("wait a second, or start the server with a larger --token-rate")
}
