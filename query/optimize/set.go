package optimize

import (
	"iter"
	"math/bits"

	"github.com/kadedb/kadedb/query/plan"
)

// slotSet is a set of slots that its holders share.
type slotSet = *bitset

// bitset has one bit a slot.
type bitset struct {
	words []uint64
}

func newSet() slotSet { return &bitset{} }

func (s *bitset) add(x plan.Slot) {
	if x == plan.NoSlot {
		return
	}
	for x>>6 >= len(s.words) {
		s.words = append(s.words, 0)
	}
	s.words[x>>6] |= 1 << (x & 63)
}

func (s *bitset) remove(x plan.Slot) {
	if x >= 0 && x>>6 < len(s.words) {
		s.words[x>>6] &^= 1 << (x & 63)
	}
}

func (s *bitset) has(x plan.Slot) bool {
	return x >= 0 && x>>6 < len(s.words) && s.words[x>>6]&(1<<(x&63)) != 0
}

func (s *bitset) addAll(o slotSet) {
	for len(s.words) < len(o.words) {
		s.words = append(s.words, 0)
	}
	for i, w := range o.words {
		s.words[i] |= w
	}
}

func (s *bitset) hasAll(xs []plan.Slot) bool {
	for _, x := range xs {
		if !s.has(x) {
			return false
		}
	}
	return true
}

func (s *bitset) clone() slotSet {
	return &bitset{words: append([]uint64(nil), s.words...)}
}

// all gives the members, ascending.
func (s *bitset) all() iter.Seq[plan.Slot] {
	return func(yield func(plan.Slot) bool) {
		for i, w := range s.words {
			for ; w != 0; w &= w - 1 {
				if !yield(i<<6 | bits.TrailingZeros64(w)) {
					return
				}
			}
		}
	}
}
