package block_test

import (
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/block"
)

// shelf is a loader of blocks that know their own key.
type shelf struct {
	loads atomic.Int64
	rows  int
	delay time.Duration
	fail  atomic.Bool
}

var errShelf = errors.New("the shelf is empty")

func (s *shelf) load(dst []byte, k block.Key) ([]byte, error) {
	s.loads.Add(1)
	time.Sleep(s.delay)
	if s.fail.Load() {
		return nil, errShelf
	}
	rng := rand.New(rand.NewPCG(k.ID, k.Version))
	vals := make([]int64, s.rows)
	for i := range vals {
		vals[i] = int64(rng.Uint64() >> 4) // too wide to keep its bytes
	}
	vals[0], vals[s.rows-1] = int64(k.ID), int64(k.Version)
	return block.EncodeInts(dst, vals, nil), nil
}

func mustGet(t *testing.T, c *block.Cache, id uint64) *block.Handle {
	t.Helper()
	h, err := c.Get(block.Key{ID: id, Version: id + 1})
	if err != nil {
		t.Fatal(err)
	}
	if v := h.Block.Ints; v[0] != int64(id) || v[len(v)-1] != int64(id+1) {
		t.Fatalf("block %d holds %d and %d", id, v[0], v[len(v)-1])
	}
	return h
}

func TestCacheSingleFlight(t *testing.T) {
	s := &shelf{rows: 5000, delay: 5 * time.Millisecond}
	c := block.NewCache(memory.NewBudget("store", 1<<20), s.load)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			h, err := c.Get(block.Key{ID: 1, Version: 2})
			if err != nil {
				t.Error(err)
				return
			}
			h.Release()
		})
	}
	wg.Wait()
	if st := c.Stats(); s.loads.Load() != 1 || st.Hits != 7 || st.Misses != 1 || st.PinnedBytes != 0 {
		t.Fatalf("%d loads, %+v", s.loads.Load(), st)
	}
	if n := c.Close(); n != 0 {
		t.Fatalf("%d pinned", n)
	}
}

func TestCacheErrors(t *testing.T) {
	s := &shelf{rows: 100}
	s.fail.Store(true)
	budget := memory.NewBudget("store", 1<<20)
	c := block.NewCache(budget, s.load)
	if _, err := c.Get(block.Key{ID: 1}); !errors.Is(err, errShelf) {
		t.Fatal(err)
	}
	s.fail.Store(false)
	mustGet(t, c, 1).Release() // an error is not remembered
	boom := block.NewCache(budget, func([]byte, block.Key) ([]byte, error) { panic("boom") })
	for range 2 {
		func() {
			defer func() {
				if r := recover(); r != "boom" {
					t.Errorf("recovered %v", r)
				}
			}()
			_, err := boom.Get(block.Key{})
			t.Error("no panic", err)
		}()
	}
	bad := block.NewCache(budget, func(dst []byte, k block.Key) ([]byte, error) { return append(dst, "garbage"...), nil })
	if _, err := bad.Get(block.Key{}); status.CodeOf(err) != status.Corruption {
		t.Fatal(err)
	}
	if c.Close() != 0 || bad.Close() != 0 || boom.Close() != 0 || budget.Used() != 0 {
		t.Fatalf("%d bytes are left", budget.Used())
	}
}

// Many goroutines over four times the budget: what a handle shows is its block, the
// budget holds, and in the end everything is given back.
func TestCacheRandom(t *testing.T) {
	const blocks, limit = 64, 16 * 40_960
	s := &shelf{rows: 5000} // 40 KB decoded
	budget := memory.NewBudget("store", limit)
	c := block.NewCache(budget, s.load)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(g), 4))
			var held []*block.Handle
			for range 400 {
				if len(held) == 3 {
					h := held[0]
					h.Release()
					held = held[1:]
				}
				id := rng.Uint64N(blocks)
				h, err := c.Get(block.Key{ID: id, Version: id + 1})
				if err != nil {
					t.Error(err)
					return
				}
				held = append(held, h)
				for _, h := range held {
					if v := h.Block.Ints; v[len(v)-1] != v[0]+1 {
						t.Error("a pinned block changed")
						return
					}
				}
				if rng.IntN(50) == 0 {
					c.Drop(block.Key{ID: id, Version: id + 1})
				}
			}
			for _, h := range held {
				h.Release()
			}
		})
	}
	wg.Wait()
	st := c.Stats()
	if st.Evictions == 0 || st.Rereads == 0 || st.Over != 0 || budget.Peak() > limit+4*50_000 || st.Bytes > limit {
		t.Fatalf("peak %d of %d, %+v", budget.Peak(), limit, st)
	}
	if st.PinnedBytes != 0 || c.Close() != 0 || budget.Used() != 0 {
		t.Fatalf("%d pinned, %d bytes left", st.PinnedBytes, budget.Used())
	}
}

// Pinned blocks are never evicted; when all are pinned, the cache goes a little over
// the budget, and comes back when they are released.
func TestCacheAllPinned(t *testing.T) {
	s := &shelf{rows: 5000}
	budget := memory.NewBudget("store", 3*45_000)
	c := block.NewCache(budget, s.load)
	var held []*block.Handle
	for id := range uint64(6) {
		held = append(held, mustGet(t, c, id))
	}
	if c.Stats().Over == 0 || c.Stats().Evictions != 0 {
		t.Fatalf("%+v", c.Stats())
	}
	for id, h := range held {
		if h.Block.Ints[0] != int64(id) {
			t.Fatalf("pinned block %d changed", id)
		}
		h.Release()
	}
	if st := c.Stats(); st.Over != 0 || budget.Used() > budget.Limit() {
		t.Fatalf("after release: %d bytes, %+v", budget.Used(), st)
	}
	c.Close()
}

// A scan of everything does not drive out what is used all the time.
func TestCacheScan(t *testing.T) {
	s := &shelf{rows: 5000}
	c := block.NewCache(memory.NewBudget("store", 20*45_000), s.load)
	hot := func() (missed int64) {
		before := c.Stats().Misses
		for id := range uint64(8) {
			mustGet(t, c, id).Release()
		}
		return c.Stats().Misses - before
	}
	hot()
	hot()
	for round := range 5 {
		for id := range uint64(100) {
			mustGet(t, c, 1000+id).Release()
			if id%25 == 0 {
				hot()
			}
		}
		if n := hot(); n > 1 {
			t.Fatalf("round %d: %d of 8 hot blocks were driven out", round, n)
		}
	}
	c.Close()
}

// What queries reserve the cache gives up.
func TestCachePressure(t *testing.T) {
	s := &shelf{rows: 5000}
	budget := memory.NewBudget("store", 20*45_000)
	c := block.NewCache(budget, s.load)
	for id := range uint64(30) {
		mustGet(t, c, id).Release()
	}
	query := budget.Sub("query", 0)
	if err := query.Reserve(15 * 45_000); err != nil {
		t.Fatal(err)
	}
	if st := c.Stats(); st.Bytes > 5*45_000 {
		t.Fatalf("the cache still holds %d bytes", st.Bytes)
	}
	query.Close()
	c.Close()
}

// Encoded bytes stay when the decoded block goes, and are not loaded again.
func TestCacheEncodedTier(t *testing.T) {
	var loads int
	budget := memory.NewBudget("store", 600_000)
	c := block.NewCache(budget, func(dst []byte, k block.Key) ([]byte, error) {
		loads++
		f, _ := randomCSR(100, 8000, false)
		return block.EncodeCSR(dst, f[0]), nil
	})
	for range 3 {
		for id := range uint64(12) {
			h, err := c.Get(block.Key{ID: id})
			if err != nil {
				t.Fatal(err)
			}
			h.Release()
		}
	}
	st := c.Stats()
	if loads != 12 || st.EncodedHits == 0 || st.AdjacencyRereads != st.EncodedHits || st.EncodedBytes > 600_000/4 {
		t.Fatalf("%d loads, %+v", loads, st)
	}
	c.Close()
	if budget.Used() != 0 {
		t.Fatalf("%d bytes are left", budget.Used())
	}
}

func TestCacheDropWhilePinned(t *testing.T) {
	s := &shelf{rows: 5000}
	budget := memory.NewBudget("store", 1<<20)
	c := block.NewCache(budget, s.load)
	h := mustGet(t, c, 1)
	c.Drop(block.Key{ID: 1, Version: 2})
	again := mustGet(t, c, 1)
	if s.loads.Load() != 2 || h.Block.Ints[0] != 1 {
		t.Fatal("a dropped block is pinned, and gone for others")
	}
	h.Release()
	again.Release()
	if st := c.Stats(); st.Blocks != 1 {
		t.Fatalf("%+v", st)
	}
	if c.Close() != 0 || budget.Used() != 0 {
		t.Fatalf("%d bytes are left", budget.Used())
	}
}

func BenchmarkCacheHit(b *testing.B) {
	s := &shelf{rows: 5000}
	c := block.NewCache(memory.NewBudget("store", 1<<30), s.load)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			h, err := c.Get(block.Key{ID: 3})
			if err != nil {
				b.Error(err)
				return
			}
			h.Release()
		}
	})
	c.Close()
}
