package block

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/kadedb/kadedb/internal/invariants"
	"github.com/kadedb/kadedb/internal/memory"
)

// Key names a block version in the cache. Versions are never reused.
type Key struct {
	ID      uint64
	Version uint64
}

// Loader appends the encoded bytes of key's block to dst.
type Loader func(dst []byte, key Key) ([]byte, error)

// Cache keeps decoded blocks, and encoded ones longer, within a budget.
//
//	Get ─▶ small queue ─(asked for again)─▶ main queue
//	          └─────────(not)──────────────────┴──▶ encoded bytes only ─▶ its key only
//
// New blocks enter a small first-in-first-out queue, a tenth of the whole, so that a
// scan passes through without displacing what is used often; a block that comes back
// soon after it left enters the main queue (S3-FIFO: J. Yang et al., SOSP 2023).
// Pinned blocks stay whatever happens.
//
// All methods may be called from several goroutines.
type Cache struct {
	budget *memory.Budget
	load   Loader
	slab   *memory.Slab
	bufs   sync.Pool // *[]byte that loaders write to

	mu      sync.Mutex
	entries map[Key]*entry
	small   queue
	main    queue
	encoded queue
	ghosts  ghosts
	left    int64 // evictions so far
	stats   CacheStats

	loadBytes, loadTime atomic.Int64
}

const (
	idleBytes  = 16 << 20 // freed buffers kept for reuse, beyond the budget
	slackBytes = 16 << 20 // by which pinned blocks may exceed the budget
	ghostKeys  = 1 << 16
	maxHeat    = 3
)

// entry is what the cache knows of a key: decoded, encoded, both, or being loaded.
type entry struct {
	handle  Handle
	key     Key
	pins    int
	heat    uint8
	dead    bool          // dropped, to be freed at its last Release
	left    int64         // Cache.left when it was evicted last, 0: never
	loading chan struct{} // closed when the load is over
	enc     memory.Buffer
	encSize int64

	in         *queue // small or main while decoded, encoded while not
	prev, next *entry
}

// Handle pins a block: Block is valid until Release.
type Handle struct {
	Block *Block
	c     *Cache
	e     *entry
}

// NewCache returns a cache that takes its memory from budget and gives it back
// under pressure. load is called for blocks that are not there, by one goroutine
// for each key at a time.
func NewCache(budget *memory.Budget, load Loader) *Cache {
	c := &Cache{load: load, slab: memory.NewSlab(idleBytes), entries: map[Key]*entry{}}
	c.ghosts.keys = map[Key]int64{}
	if budget != nil {
		c.budget = budget.Sub("block cache", 0)
		c.slab.CountIn(budget)
		budget.OnPressure(c.shrink)
	}
	c.bufs.New = func() any { return new([]byte) }
	return c
}

// Get returns the block of key, pinned. Errors are the loader's, Corruption where the
// bytes are no sound block, and QueryMemoryLimit where pinned blocks and queries
// leave no room.
func (c *Cache) Get(key Key) (*Handle, error) {
	c.mu.Lock()
	for {
		e := c.entries[key]
		if e == nil {
			e = &entry{key: key, left: c.ghosts.keys[key]}
			e.handle.c, e.handle.e = c, e
			c.entries[key] = e
		}
		switch {
		case e.handle.Block != nil:
			c.stats.Hits++
			e.heat = min(e.heat+1, maxHeat)
			c.pin(e)
			c.mu.Unlock()
			return &e.handle, nil
		case e.loading != nil:
			wait := e.loading
			c.mu.Unlock()
			<-wait
			c.mu.Lock()
		default:
			return c.miss(e)
		}
	}
}

func (c *Cache) pin(e *entry) {
	if e.pins == 0 {
		c.stats.PinnedBytes += e.handle.Block.size
	}
	e.pins++
}

// miss loads and decodes e's block. It takes over mu, locked, and unlocks it.
func (c *Cache) miss(e *entry) (*Handle, error) {
	c.stats.Misses++
	e.loading = make(chan struct{})
	if e.in != nil {
		e.in.remove(e) // its bytes are in use
	}
	had := e.enc
	c.mu.Unlock()
	loaded := false
	defer func() {
		if !loaded { // the loader panicked: nobody shall wait for it
			c.mu.Lock()
			defer c.mu.Unlock()
			c.abandon(e)
		}
	}()
	b, enc, err := c.read(e.key, had)
	if err == nil {
		if err = c.room(b.size); err != nil {
			b.Free()
		}
	}

	loaded = true
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.slab.Free(enc)
		c.abandon(e)
		return nil, err
	}
	close(e.loading)
	e.loading = nil
	c.stats.Blocks++
	c.stats.Bytes += b.size
	switch {
	case had.Bytes != nil:
		c.stats.EncodedHits++
	default:
		c.stats.Loads++
		c.keepEncoded(e, enc, b.size)
	}
	if e.left > 0 {
		c.stats.Rereads++
		if b.Header.Kind == Adjacency {
			c.stats.AdjacencyRereads++
		}
	}
	e.handle.Block = b
	// Soon: within as many evictions as the cache has blocks. A longer scan that comes
	// round again is still a scan.
	if e.left > 0 && c.left-e.left <= int64(c.small.n+c.main.n) {
		c.main.push(e)
	} else {
		c.small.push(e)
	}
	c.pin(e)
	return &e.handle, nil
}

// abandon forgets an entry that could not be loaded. The caller holds mu.
func (c *Cache) abandon(e *entry) {
	close(e.loading)
	e.loading = nil
	c.dropEncoded(e)
	if c.entries[e.key] == e {
		delete(c.entries, e.key)
	}
}

// read gets the encoded bytes, from had if they are there, and decodes them. It
// returns a copy of what it loaded, where that is worth keeping.
func (c *Cache) read(key Key, had memory.Buffer) (b *Block, enc memory.Buffer, err error) {
	if had.Bytes != nil {
		b, err = Decode(had.Bytes, c.slab)
		return b, enc, err
	}
	buf := c.bufs.Get().(*[]byte)
	defer c.bufs.Put(buf)
	began := time.Now()
	*buf, err = c.load((*buf)[:0], key)
	c.loadTime.Add(int64(time.Since(began)))
	if err != nil {
		return nil, enc, err
	}
	c.loadBytes.Add(int64(len(*buf)))
	if b, err = Decode(*buf, c.slab); err != nil {
		return nil, enc, err
	}
	if int64(len(*buf))*2 <= b.size {
		enc = c.slab.Alloc(len(*buf))
		copy(enc.Bytes, *buf)
	}
	return b, enc, nil
}

// room takes n bytes from the budget, evicting as needed.
func (c *Cache) room(n int64) error {
	if c.budget.TryReserve(n) {
		return nil
	}
	err := c.budget.Reserve(n) // which calls shrink, and whoever else can give
	if err == nil {
		return nil
	}
	c.mu.Lock()
	over := c.stats.Over
	if over+n <= slackBytes {
		c.stats.Over += n
	}
	c.mu.Unlock()
	if over+n > slackBytes {
		return err
	}
	c.budget.Force(n)
	return nil
}

// keepEncoded keeps the encoded bytes if the budget has room without evicting
// anything that is decoded. The caller holds mu.
func (c *Cache) keepEncoded(e *entry, enc memory.Buffer, decoded int64) {
	if enc.Bytes == nil {
		return
	}
	size := memory.SizeOf(len(enc.Bytes))
	limit := c.encodedLimit()
	for c.stats.EncodedBytes+size > limit && c.encoded.tail != nil {
		c.forget(c.encoded.tail)
	}
	if c.stats.EncodedBytes+size > limit {
		c.slab.Free(enc)
		return
	}
	if !c.budget.TryReserve(size) {
		if c.evict(size) < size || !c.budget.TryReserve(size) {
			c.slab.Free(enc)
			return
		}
	}
	e.enc, e.encSize = enc, size
	c.stats.EncodedBytes += size
	c.stats.Bytes += size
}

// encodedLimit is what encoded bytes may take: a quarter of what there is.
func (c *Cache) encodedLimit() int64 {
	limit := int64(0)
	for b := c.budget; b != nil && limit == 0; b = b.Parent() {
		limit = b.Limit()
	}
	if limit == 0 {
		return 1 << 62
	}
	return limit / 4
}

func (c *Cache) dropEncoded(e *entry) {
	if e.enc.Bytes == nil {
		return
	}
	c.slab.Free(e.enc)
	c.budget.Release(e.encSize)
	c.stats.EncodedBytes -= e.encSize
	c.stats.Bytes -= e.encSize
	e.enc, e.encSize = memory.Buffer{}, 0
}

// forget removes an entry that is neither decoded nor loading.
func (c *Cache) forget(e *entry) {
	if e.in != nil {
		e.in.remove(e)
	}
	c.dropEncoded(e)
	c.ghosts.add(e.key, e.left)
	delete(c.entries, e.key)
}

// shrink evicts until about need bytes are free, decoded blocks first.
func (c *Cache) shrink(need int64) (freed int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	freed = c.evict(need)
	for freed < need && c.encoded.tail != nil {
		freed += c.encoded.tail.encSize
		c.forget(c.encoded.tail)
	}
	return freed
}

// evict frees decoded blocks until need bytes are free or all are pinned.
func (c *Cache) evict(need int64) (freed int64) {
	// Each entry is looked at maxHeat+2 times at most.
	for tries := (c.small.n + c.main.n) * (maxHeat + 2); freed < need && tries > 0; tries-- {
		q := &c.main
		if c.main.tail == nil || c.small.bytes*10 > c.small.bytes+c.main.bytes && c.small.tail != nil {
			q = &c.small
		}
		e := q.tail
		if e == nil {
			break
		}
		q.remove(e)
		switch {
		case e.pins > 0:
			c.main.push(e)
		case q == &c.small && e.heat > 0:
			e.heat = 0
			c.main.push(e)
		case q == &c.main && e.heat > 0:
			e.heat--
			c.main.push(e)
		default:
			freed += e.handle.Block.size
			c.demote(e)
		}
	}
	return freed
}

func (c *Cache) freeBlock(e *entry) {
	size := e.handle.Block.size
	e.handle.Block.Free()
	e.handle.Block = nil
	c.budget.Release(size)
	c.stats.Over = max(0, c.stats.Over-size)
	c.stats.Blocks--
	c.stats.Bytes -= size
}

// Release unpins the block. The handle must not be used again.
func (h *Handle) Release() {
	c, e := h.c, h.e
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.pins <= 0 {
		panic("block: a handle was released twice")
	}
	if e.pins--; e.pins > 0 {
		return
	}
	c.stats.PinnedBytes -= e.handle.Block.size
	if e.dead || c.stats.Over > 0 {
		c.discard(e)
	}
}

// discard frees an unpinned entry altogether.
func (c *Cache) discard(e *entry) {
	if e.in != nil {
		e.in.remove(e)
	}
	if e.dead {
		c.freeBlock(e)
		c.dropEncoded(e)
		return
	}
	c.demote(e)
}

// demote frees the decoded block of an entry that is in no queue. Its encoded bytes
// stay, or its key.
func (c *Cache) demote(e *entry) {
	c.freeBlock(e)
	c.stats.Evictions++
	c.left++
	e.left = c.left
	if e.enc.Bytes != nil {
		c.encoded.push(e)
	} else {
		c.forget(e)
	}
}

// Drop forgets key, whose version no root names any more. Pins stay valid.
func (c *Cache) Drop(key Key) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entries[key]
	if e == nil {
		return
	}
	delete(c.entries, key)
	e.dead = true
	switch {
	case e.loading != nil, e.pins > 0: // freed at Release
	case e.handle.Block != nil:
		c.discard(e)
	default:
		if e.in != nil {
			e.in.remove(e)
		}
		c.dropEncoded(e)
	}
}

// CacheStats counts since NewCache.
type CacheStats struct {
	Hits, Misses     int64 // of decoded blocks
	EncodedHits      int64 // misses that found the encoded bytes
	Loads            int64 // misses that called the Loader
	LoadBytes        int64 // that it gave
	LoadTime         time.Duration
	Evictions        int64 // of decoded blocks
	Rereads          int64 // misses of a block that had been decoded and evicted before
	AdjacencyRereads int64 // of those, adjacency blocks
	Blocks           int64 // decoded now
	Bytes            int64 // decoded and encoded, now
	EncodedBytes     int64 // of those
	PinnedBytes      int64 // of decoded blocks
	Over             int64 // beyond the budget, because everything else was pinned
}

// Stats returns counts.
func (c *Cache) Stats() CacheStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.stats
	s.LoadBytes, s.LoadTime = c.loadBytes.Load(), c.LoadTime()
	return s
}

// LoadTime returns how long the Loader worked altogether.
func (c *Cache) LoadTime() time.Duration { return time.Duration(c.loadTime.Load()) }

// Close frees all blocks and returns how many were still pinned; those are not
// freed. Nothing may be got afterwards.
func (c *Cache) Close() (pinned int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.entries {
		switch {
		case e.pins > 0 || e.loading != nil:
			e.dead = true
			pinned++
			continue
		case e.handle.Block != nil:
			if e.in != nil {
				e.in.remove(e)
			}
			c.freeBlock(e)
		case e.in != nil:
			e.in.remove(e)
		}
		c.dropEncoded(e)
	}
	c.entries = map[Key]*entry{}
	if invariants.Enabled && pinned == 0 {
		invariants.Assert(c.stats.Bytes == 0 && c.budget.Used() == 0, "a closed cache holds %d bytes, and %d of its budget", c.stats.Bytes, c.budget.Used())
	}
	return pinned
}
