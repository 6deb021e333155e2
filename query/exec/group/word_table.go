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
}

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
	for i, w := range words {
		mask := uint64(len(t.slots) - 1)
		at := mix(w) * golden >> t.shift
		for {
			s := &t.slots[at&mask]
			if s.number != 0 && s.word == w {
				out[i] = s.number - 1
				break
			}
			if s.number != 0 {
				at++
				continue
			}
			if !add {
				out[i] = None
				break
			}
			t.n++
			*s = wordSlot{w, t.n}
			out[i] = t.n - 1
			added(i)
			if int(t.n)*2 > len(t.slots) {
				t.grow(t.next())
			}
			break
		}
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

func (t *wordTable) bytes() int { return 16 * len(t.slots) }
