package query

import (
	"sync"
	"sync/atomic"
)

// planCache keeps compiled statements: first by their exact text, so that the same
// text again costs one map look-up, then by their normalised text with literals
// lifted out, so that texts that differ in literals alone share a plan.
//
// Both maps hold up to limit entries and make room by second chance. An entry whose
// epoch is not the schema's is compiled anew by whoever finds it.
type planCache struct {
	limit int
	exact clockMap[*Prepared]
	keyed clockMap[*compiled]

	hits, keyHits, misses atomic.Int64
}

// CacheStats counts since the engine started.
type CacheStats struct {
	Hits    int64 // by exact text
	KeyHits int64 // by normalised text
	Misses  int64
	Plans   int
}

func newPlanCache(limit int) *planCache {
	c := &planCache{limit: limit}
	c.exact.init(limit)
	c.keyed.init(limit)
	return c
}

func (c *planCache) stats() CacheStats {
	return CacheStats{Hits: c.hits.Load(), KeyHits: c.keyHits.Load(), Misses: c.misses.Load(), Plans: c.keyed.len()}
}

// clockMap is a bounded map with second-chance eviction. Look-ups take a read lock
// and set a flag.
type clockMap[V any] struct {
	mu    sync.RWMutex
	limit int
	at    map[string]int
	slots []clockSlot[V]
	hand  int
}

type clockSlot[V any] struct {
	key  string
	val  V
	used *atomic.Bool
}

func (m *clockMap[V]) init(limit int) {
	m.limit, m.at = limit, map[string]int{}
}

func (m *clockMap[V]) len() int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return len(m.at)
}

func (m *clockMap[V]) get(key string) (v V, ok bool) {
	m.mu.RLock()
	i, ok := m.at[key]
	if ok {
		s := &m.slots[i]
		v = s.val
		if !s.used.Load() {
			s.used.Store(true)
		}
	}
	m.mu.RUnlock()
	return v, ok
}

func (m *clockMap[V]) put(key string, v V) {
	if m.limit <= 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if i, ok := m.at[key]; ok {
		m.slots[i].val = v
		return
	}
	if len(m.slots) < m.limit {
		m.at[key] = len(m.slots)
		m.slots = append(m.slots, clockSlot[V]{key, v, new(atomic.Bool)})
		return
	}
	for m.slots[m.hand].used.Swap(false) {
		m.hand = (m.hand + 1) % len(m.slots)
	}
	s := &m.slots[m.hand]
	delete(m.at, s.key)
	s.key, s.val = key, v
	m.at[key] = m.hand
	m.hand = (m.hand + 1) % len(m.slots)
}
