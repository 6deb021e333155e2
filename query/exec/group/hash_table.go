package group

import (
	"math/bits"

	"github.com/kadedb/kadedb/column"
)

// hashTable finds the numbers of values that are not words: open addressing on the
// high half of the hash, then comparison with the value that has the number.
type hashTable struct {
	slots []hashSlot
	shift uint8
	n     int

	hashes []uint64
}

type hashSlot struct {
	tag    uint32 // low half of the hash
	number uint32 // plus one; zero: the slot is free
}

// next is the size after this one.
func (h *hashTable) next() int {
	if len(h.slots) >= manySlots {
		return 2 * len(h.slots)
	}
	return 4 * len(h.slots)
}

// growth returns the bytes that so many new values would add at once: the slots, and
// the hashes and numbers of all values so far.
func (h *hashTable) growth(rows int) int {
	if len(h.slots) == 0 || 2*(h.n+rows) <= len(h.slots) {
		return 0
	}
	return 8*h.next() + 12*h.n
}

func (h *hashTable) bytes() int { return 8 * len(h.slots) }

func (h *hashTable) hash(v *column.Vector, rows []int32) []uint64 {
	top := 0
	for _, r := range rows {
		top = max(top, int(r)+1)
	}
	if cap(h.hashes) < top {
		h.hashes = make([]uint64, max(top, column.BatchSize))
	}
	hashes := h.hashes[:top]
	column.HashKeys(hashes, []*column.Vector{v}, rows)
	return hashes
}

// build enters the values 0 … n-1 of v under their numbers; null is the number of null
// plus one, which is not entered.
func (h *hashTable) build(v *column.Vector, null uint32, n int) {
	rows := make([]int32, 0, n)
	for i := range n {
		if uint32(i)+1 != null {
			rows = append(rows, int32(i))
		}
	}
	h.reserve(2*n + 64)
	if len(rows) == 0 {
		return
	}
	hashes := h.hash(v, rows)
	for _, r := range rows {
		h.insert(hashes[r], uint32(r))
	}
	h.hashes = nil // as long as the table, not a batch
}

func (h *hashTable) reserve(atLeast int) {
	size := 64
	for size < atLeast {
		size *= 2
	}
	h.slots = make([]hashSlot, size)
	h.shift = uint8(64 - bits.TrailingZeros(uint(size)))
	h.n = 0
}

func (h *hashTable) insert(hash uint64, number uint32) {
	mask := uint64(len(h.slots) - 1)
	at := hash >> h.shift
	for h.slots[at&mask].number != 0 {
		at++
	}
	h.slots[at&mask] = hashSlot{uint32(hash), number + 1}
	h.n++
}

// assign numbers rows of v, none of them null, against the values of t.
func (h *hashTable) assign(t *keyTable, v *column.Vector, rows []int32, out []uint32, add bool) {
	if len(h.slots) == 0 {
		h.reserve(64)
	}
	hashes := h.hash(v, rows)
	base := t.vals.Len()
	vals := t.vals.Vector()
	t.fresh = t.fresh[:0]
	for i, r := range rows {
		hash := hashes[r]
		mask := uint64(len(h.slots) - 1)
		at := hash >> h.shift
		for {
			s := h.slots[at&mask]
			if s.number == 0 {
				break
			}
			if s.tag == uint32(hash) {
				num := int(s.number) - 1
				if num < base && column.KeyEqual(vals, num, v, int(r)) || num >= base && column.KeyEqual(v, int(t.fresh[num-base]), v, int(r)) {
					break
				}
			}
			at++
		}
		s := &h.slots[at&mask]
		out[i] = s.number - 1
		if s.number != 0 || !add {
			continue
		}
		num := uint32(base + len(t.fresh))
		t.fresh = append(t.fresh, r)
		out[i] = num
		*s = hashSlot{uint32(hash), num + 1}
		h.n++
		if h.n*2 > len(h.slots) {
			h.regrow(t, v, base, hashes)
		}
	}
	t.vals.AppendVector(v, t.fresh)
}

// regrow doubles the table twice; values of this batch are not in t.vals yet.
func (h *hashTable) regrow(t *keyTable, v *column.Vector, base int, hashes []uint64) {
	rows := make([]int32, 0, base)
	for i := range base {
		if uint32(i)+1 != t.null {
			rows = append(rows, int32(i))
		}
	}
	size := h.next()
	h.slots = make([]hashSlot, size)
	h.shift = uint8(64 - bits.TrailingZeros(uint(size)))
	h.n = 0
	if base > 0 {
		old := make([]uint64, base)
		column.HashKeys(old, []*column.Vector{t.vals.Vector()}, rows)
		for _, r := range rows {
			h.insert(old[r], uint32(r))
		}
	}
	for i, r := range t.fresh {
		h.insert(hashes[r], uint32(base+i))
	}
}
