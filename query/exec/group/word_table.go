package group

import "math/bits"

// None is the number of a row that has no group: its key is not in a frozen table.
const None = ^uint32(0)

// wordTable numbers distinct 64-bit words in the order of their arrival: open
// addressing, a table of at most half full, the word beside its number so that a hit
// costs one cache miss.
type wordTable struct {
	slots []wordSlot // length is a power of two, or none
	shift uint8      // 64 - log2(len(slots))
	n     uint32

	// near holds the numbers plus one of the words from low on, where words are few and close
	// together: nothing is hashed for those. nil: not tried, or words are not like that.
	near  []uint32
	low   uint64
	tried bool
}

// nearWords is how many words near covers at most.
const nearWords = 4096

type wordSlot struct {
	word   uint64
	number uint32 // plus one; zero: the slot is free
}

const golden = 0x9E3779B97F4A7C15

func mix(w uint64) uint64 {
	w ^= w >> 32
	w *= golden
	return w ^ w>>29
}

// assign sets out[i] to the number of words[i]. A word that is not there yet gets the
// next number and calls added(i) if add is set, else None.
func (t *wordTable) assign(words []uint64, out []uint32, add bool, added func(i int)) {
	if len(t.slots) == 0 {
		t.grow(64)
	}
	if !t.tried && add {
		t.coverNear(words)
	}
	if len(t.near) == 0 {
		t.assignHashed(words, out, add, added)
		return
	}
	for i, w := range words {
		at := w - t.low
		if at < uint64(len(t.near)) && t.near[at] != 0 {
			out[i] = t.near[at] - 1
			continue
		}
		out[i] = t.find(w, i, add, added)
		if at < uint64(len(t.near)) {
			t.near[at] = out[i] + 1 // None + 1 is 0
		}
	}
}

// assignHashed is assign without near: a word that is there is found without a call.
func (t *wordTable) assignHashed(words []uint64, out []uint32, add bool, added func(i int)) {
	slots, shift := t.slots, t.shift
	for i, w := range words {
		for at := mix(w) * golden >> shift; ; at++ {
			s := &slots[at&uint64(len(slots)-1)]
			if s.number != 0 && s.word == w {
				out[i] = s.number - 1
				break
			}
			if s.number == 0 {
				out[i] = t.find(w, i, add, added)
				slots, shift = t.slots, t.shift // it may have grown
				break
			}
		}
	}
}

// coverNear sets near up around the first words, if they lie close together.
func (t *wordTable) coverNear(words []uint64) {
	t.tried = true
	if len(words) < 64 {
		return
	}
	least, most := int64(words[0]), int64(words[0])
	for _, w := range words {
		least, most = min(least, int64(w)), max(most, int64(w))
	}
	if reach := uint64(most) - uint64(least); reach < nearWords/2 {
		size := min(nearWords, uint64(1)<<bits.Len64(2*reach+32)) // as much again for what comes later
		t.low = uint64(least) - (size-reach)/2                    // around zero, too: differences wrap
		t.near = make([]uint32, size)
	}
}

// find is assign for one word, words[i].
func (t *wordTable) find(w uint64, i int, add bool, added func(i int)) uint32 {
	mask := uint64(len(t.slots) - 1)
	for at := mix(w) * golden >> t.shift; ; at++ {
		s := &t.slots[at&mask]
		switch {
		case s.number != 0 && s.word == w:
			return s.number - 1
		case s.number != 0:
			continue
		case !add:
			return None
		}
		t.n++
		*s = wordSlot{w, t.n}
		number := t.n - 1
		added(i)
		if int(t.n)*2 > len(t.slots) {
			t.grow(t.next())
		}
		return number
	}
}

func (t *wordTable) grow(size int) {
	old := t.slots
	t.slots = make([]wordSlot, size)
	t.shift = uint8(64 - bits.TrailingZeros(uint(size)))
	mask := uint64(size - 1)
	for _, s := range old {
		if s.number == 0 {
			continue
		}
		at := mix(s.word) * golden >> t.shift
		for t.slots[at&mask].number != 0 {
			at++
		}
		t.slots[at&mask] = s
	}
}

// next is the size after this one: fourfold while that is little memory.
func (t *wordTable) next() int {
	if len(t.slots) >= manySlots {
		return 2 * len(t.slots)
	}
	return 4 * len(t.slots)
}

// manySlots is the size from which tables only double.
const manySlots = 1 << 18

// growth returns the bytes that so many new words would add at once.
func (t *wordTable) growth(rows int) int {
	if len(t.slots) == 0 || 2*(int(t.n)+rows) <= len(t.slots) {
		return 0
	}
	return 16 * t.next()
}

func (t *wordTable) bytes() int { return 16*len(t.slots) + 4*len(t.near) }
