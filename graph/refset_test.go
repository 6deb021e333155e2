package graph

import (
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestRefSet: unions of random runs equal plain maps.
func TestRefSet(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 9))
	var s refSet
	want := map[uint32]bool{}
	for range 40 {
		var refs []uint32
		for base, step := uint32(r.IntN(4))<<groupBits-100, uint32(1+r.IntN(3)); len(refs) < 3000; base += step {
			refs = append(refs, base)
			want[base] = true
		}
		slices.Sort(refs)
		var more spans
		for _, ref := range refs {
			more = more.extend(span{ref, ref})
		}
		before, n := s, s.count()
		s = s.with(more)
		if before.count() != n {
			t.Fatal("the old set has changed")
		}
	}
	s = s.with(spans{{1 << 20, 1<<20 + 200_000}})
	for i := range uint32(200_001) {
		want[1<<20+i] = true
	}
	if s.count() != len(want) {
		t.Errorf("%d numbers, want %d", s.count(), len(want))
	}
	for ref := range want {
		if !s.has(ref) {
			t.Fatalf("%d is missing", ref)
		}
	}
	for range 10_000 {
		if ref := r.Uint32N(1 << 21); s.has(ref) != want[ref] {
			t.Fatalf("%d: got %v", ref, s.has(ref))
		}
	}
}

// count returns how many numbers there are.
func (s refSet) count() (n int) {
	for i := range s {
		for _, x := range s[i].spans {
			n += int(x.hi-x.lo) + 1
		}
		if s[i].bits != nil {
			for _, w := range s[i].bits {
				n += bits.OnesCount64(w)
			}
		}
	}
	return n
}
