package query

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// planCache keeps compiled statements: first by their exact text, so that the same
// text again costs one map look-up, then by their normalised text with literals
// lifted out, so that texts that differ in literals alone share a plan.
//
// Both maps are bounded, in entries and in bytes of text, and make room by second
// chance. A text whose plan is found by its key enters the first map when it comes
// for the second time, so that a stream of texts that never come again pushes nothing out.
// A plan whose stamp has passed is compiled anew by whoever finds it.
type planCache struct {
	limit int
	exact clockMap[*Prepared]
	keyed clockMap[*compiled]

	seed maphash.Seed
	seen [4096]atomic.Uint32 // hashes of texts that came once, by their low bits

	hits, keyHits, misses atomic.Int64
}

// CacheStats counts since the engine started.
type CacheStats struct {
	Hits    int64 // by exact text
	KeyHits int64 // by normalised text
	Misses  int64
	Plans   int
}

// cachedText is how many bytes of text one of the maps keeps at most.
const cachedText = 16 << 20

func newPlanCache(limit int) *planCache {
	c := &planCache{limit: limit, seed: maphash.MakeSeed()}
	c.exact.init(limit, cachedText)
	c.keyed.init(limit, cachedText)
	return c
}

func (c *planCache) stats() CacheStats {
	return CacheStats{Hits: c.hits.Load(), KeyHits: c.keyHits.Load(), Misses: c.misses.Load(), Plans: c.keyed.len()}
}

// again reports whether text came before, as far as is remembered.
func (c *planCache) again(text string) bool {
	h := maphash.String(c.seed, text)
	mark := uint32(h>>32) | 1
	return c.seen[h%uint64(len(c.seen))].Swap(mark) == mark
}

// clockMap is a bounded map with second-chance eviction. Look-ups take a read lock
// and set a flag.
type clockMap[V any] struct {
	mu    sync.RWMutex
	limit int // entries
	most  int // bytes of keys
	bytes int
	at    map[string]int
	slots []clockSlot[V] // an empty key: free
	hand  int
}

type clockSlot[V any] struct {
	key  string
	val  V
	used *atomic.Bool
}

func (m *clockMap[V]) init(limit, most int) {
	m.limit, m.most, m.at = limit, most, map[string]int{}
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
		v = m.use(i)
	}
	m.mu.RUnlock()
	return v, ok
}

// getBytes is get without making a string.
func (m *clockMap[V]) getBytes(key []byte) (v V, ok bool) {
	m.mu.RLock()
	i, ok := m.at[string(key)]
	if ok {
		v = m.use(i)
	}
	m.mu.RUnlock()
	return v, ok
}

func (m *clockMap[V]) use(i int) V {
	s := &m.slots[i]
	if !s.used.Load() {
		s.used.Store(true)
	}
	return s.val
}

func (m *clockMap[V]) put(key string, v V) {
	// A text that takes much of the room by itself is worth less than what it pushes out.
	if m.limit <= 0 || key == "" || len(key) > m.most/16 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if i, ok := m.at[key]; ok {
		m.slots[i].val = v
		return
	}
	m.bytes += len(key)
	i := len(m.slots)
	if i < m.limit {
		m.slots = append(m.slots, clockSlot[V]{used: new(atomic.Bool)})
	} else {
		i = m.evict()
	}
	for m.bytes > m.most {
		m.evict()
	}
	s := &m.slots[i]
	s.key, s.val = key, v
	m.at[key] = i
}

// evict empties a slot and returns it: one that is empty already, if the hand meets it first.
func (m *clockMap[V]) evict() int {
	for m.slots[m.hand].used.Swap(false) {
		m.step()
	}
	i := m.hand
	m.step()
	s := &m.slots[i]
	if s.key != "" {
		delete(m.at, s.key)
		m.bytes -= len(s.key)
		var none V
		s.key, s.val = "", none
	}
	return i
}

func (m *clockMap[V]) step() { m.hand = (m.hand + 1) % len(m.slots) }
