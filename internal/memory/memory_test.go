package memory_test

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/status"
)

func TestBudget(t *testing.T) {
	store := memory.NewBudget("store", 100)
	q1, q2 := store.Sub("query", 60), store.Sub("query", 0)
	if err := q1.Reserve(60); err != nil {
		t.Fatal(err)
	}
	if err := q1.Reserve(1); status.CodeOf(err) != status.QueryMemoryLimit {
		t.Fatalf("beyond the query's limit: %v", err)
	}
	if err := q2.Reserve(41); status.CodeOf(err) != status.QueryMemoryLimit {
		t.Fatalf("beyond the store's limit: %v", err)
	}
	if store.Used() != 60 || q2.Used() != 0 {
		t.Fatalf("a refused reservation counts: %d, %d", store.Used(), q2.Used())
	}
	cache := store.Sub("cache", 0)
	cache.Force(40)
	store.OnPressure(func(need int64) int64 { n := min(need, cache.Used()); cache.Release(n); return n })
	if err := q2.Reserve(30); err != nil || cache.Used() != 10 {
		t.Fatalf("under pressure: %v, the cache has %d", err, cache.Used())
	}
	if left := q1.Close(); left != 60 || store.Used() != 40 || store.Peak() != 100 {
		t.Fatalf("after Close: left %d, used %d, peak %d", left, store.Used(), store.Peak())
	}
	q1.Renew(10)
	if q1.Peak() != 0 || q1.Limit() != 10 || q1.TryReserve(11) || !q1.TryReserve(10) || q1.Close() != 10 {
		t.Fatalf("renewed: peak %d, limit %d", q1.Peak(), q1.Limit())
	}
	var none *memory.Budget
	if err := none.Reserve(1 << 60); err != nil {
		t.Fatal(err)
	}
}

func TestBudgetConcurrent(t *testing.T) {
	store := memory.NewBudget("store", 1000)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(i), 1))
			q := store.Sub("query", 400)
			for range 2000 {
				n := rng.Int64N(300)
				if q.Reserve(n) == nil {
					q.Release(n)
				}
			}
			if q.Close() != 0 {
				t.Error("something is left")
			}
		})
	}
	wg.Wait()
	if store.Used() != 0 || store.Peak() > 1000+4*300 {
		t.Fatalf("used %d, peak %d", store.Used(), store.Peak())
	}
}

func TestSlab(t *testing.T) {
	s := memory.NewSlab(1 << 20)
	rng := rand.New(rand.NewPCG(1, 1))
	type held struct {
		b    memory.Buffer
		mark byte
	}
	var live []held
	for i := range 4000 {
		if len(live) > 30 || len(live) > 0 && rng.IntN(2) == 0 {
			k := rng.IntN(len(live))
			h := live[k]
			for _, at := range []int{0, len(h.b.Bytes) / 2, len(h.b.Bytes) - 1} {
				if h.b.Bytes[at] != h.mark {
					t.Fatalf("a buffer of %d bytes was overwritten", len(h.b.Bytes))
				}
			}
			s.Free(h.b)
			live[k] = live[len(live)-1]
			live = live[:len(live)-1]
			continue
		}
		n := 1 + rng.IntN(1<<(3+rng.IntN(20)))
		b := s.Alloc(n)
		if len(b.Bytes) != n || memory.SizeOf(n) < int64(n) || memory.SizeOf(n) > int64(n)*5/4+64<<10 {
			t.Fatalf("%d bytes: got %d, counted as %d", n, len(b.Bytes), memory.SizeOf(n))
		}
		for k := range b.Bytes {
			b.Bytes[k] = byte(i)
		}
		live = append(live, held{b, byte(i)})
	}
	for _, h := range live {
		s.Free(h.b)
	}
	if st := s.Stats(); st.Live != 0 || st.Idle > 1<<20 {
		t.Fatalf("after all was freed: %+v", st)
	}
	if got := memory.Slice[int64](s.Alloc(100_000), 12_500); len(got) != 12_500 {
		t.Fatal(len(got))
	}
}

// What a slab holds outside of the heap is counted while it is, kept buffers too.
func TestSlabCountsOutside(t *testing.T) {
	root := memory.NewBudget("root", 1<<30)
	s := memory.NewSlab(64 << 10)
	s.CountIn(root.Sub("cache", 0))
	at := func(want int64) {
		t.Helper()
		st := s.Stats()
		if got := root.Outside(); got != want || got != st.Live+st.Idle {
			t.Errorf("%d bytes are outside, want %d: %+v", got, want, st)
		}
	}
	if s.Free(s.Alloc(64 << 10)); s.Stats().Mapped == 0 {
		t.Skip("SKIPPED: nothing is mapped on this system")
	}
	a, b, big := s.Alloc(64<<10), s.Alloc(64<<10), s.Alloc(8<<20)
	at(64<<10 + 64<<10 + 8<<20)
	s.Free(a) // kept
	at(64<<10 + 64<<10 + 8<<20)
	s.Free(b) // given back
	s.Free(big)
	at(64 << 10)
	s.Free(s.Alloc(64 << 10)) // the kept one, again
	at(64 << 10)
}
