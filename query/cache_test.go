package query

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
)

// TestClockMap plays random puts and gets against a plain map: what is found is
// right, bounds hold, and what is used often stays.
func TestClockMap(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var m clockMap[int]
	const limit, most = 32, 16 << 10
	m.init(limit, most)
	model := map[string]int{}
	hot := 0
	for i := range 20000 {
		if v, ok := m.get("hot"); ok && v == 7 {
			hot++
		} else {
			m.put("hot", 7)
		}
		key := fmt.Sprint(r.IntN(400), strings.Repeat("x", r.IntN(most/16-8)))
		model[key] = i
		m.put(key, i)
		if v, ok := m.getBytes([]byte(key)); !ok || v != i {
			t.Fatalf("put %d, got %d, %v", i, v, ok)
		}
		bytes := 0
		for key, at := range m.at {
			s := m.slots[at]
			bytes += len(key)
			if s.key != key || key != "hot" && s.val != model[key] {
				t.Fatalf("slot %d holds %.20q, is listed as %.20q", at, s.key, key)
			}
		}
		if bytes != m.bytes || bytes > most || m.len() > limit || len(m.slots) > limit {
			t.Fatalf("%d bytes (counted %d), %d entries, %d slots", bytes, m.bytes, m.len(), len(m.slots))
		}
	}
	if hot < 19990 {
		t.Errorf("the entry in use was pushed out %d times", 20000-hot)
	}
	m.put(strings.Repeat("y", most/16+1), 1)
	m.put("", 1)
	if _, ok := m.get(""); ok {
		t.Error("the empty text is kept")
	}
	var none clockMap[int]
	none.init(0, most)
	none.put("a", 1)
	if none.len() != 0 {
		t.Error("a map of no room keeps something")
	}
}

func TestClockMapOfSeveralGoroutines(t *testing.T) {
	var m clockMap[string]
	m.init(8, 1<<10)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(3, uint64(g)))
			for range 3000 {
				key := fmt.Sprint(r.IntN(20))
				if v, ok := m.get(key); ok && v != key {
					t.Errorf("%s is %s", key, v)
				}
				m.put(key, key)
			}
		})
	}
	wg.Wait()
}

func TestSecondSight(t *testing.T) {
	c := newPlanCache(4)
	if c.again("a") || !c.again("a") || !c.again("a") || c.again("b") {
		t.Error("a text counts from its second time on")
	}
}

// A plan does not go stale where the size crosses a power of two, but where it quadruples.
func TestStamp(t *testing.T) {
	s := stamp{schema: 3, stats: 9, size: 10}
	for _, c := range []struct {
		now  stamp
		good bool
	}{
		{s, true}, {stamp{3, 9, 11}, true}, {stamp{3, 9, 9}, true}, {stamp{3, 9, 12}, false}, {stamp{3, 9, 8}, false},
		{stamp{4, 9, 10}, false}, {stamp{2, 9, 10}, false}, {stamp{3, 10, 10}, false},
	} {
		if s.serves(c.now) != c.good {
			t.Errorf("%+v serves %+v: want %v", s, c.now, c.good)
		}
	}
}
