package transfer

import (
	"bytes"
	"hash/maphash"
	"slices"
	"strconv"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// ids maps the ids of one space to 32-bit numbers: integers by an open hash table
// that becomes an array where they lie close together, strings by a table over one
// piece of memory that holds their text. Nothing in it has a pointer.
type ids struct {
	n int

	keys []int64 // integers: key of each slot
	nums []uint32
	full []uint64 // bit set: the slot is taken

	dense []uint32 // after freeze: number + 1 of integer least + i
	least int64

	slots []uint64 // strings: upper half of the hash, entry + 1
	text  []byte
	ends  []uint32
	vals  []uint32      // by entry
	ints  column.Bitmap // by entry: the text stands for an integer; may be shorter
}

var seed = maphash.MakeSeed()

func mix(k int64) uint64 {
	h := uint64(k) * 0x9e3779b97f4a7c15
	return h ^ h>>29
}

// putInt adds an integer id; false: it is there.
func (m *ids) putInt(k int64, num uint32) bool {
	if 10*(m.n+1) > 7*len(m.keys) {
		m.growInts()
	}
	mask := uint64(len(m.keys) - 1)
	for i := mix(k) & mask; ; i = (i + 1) & mask {
		if m.full[i>>6]>>(i&63)&1 == 0 {
			m.keys[i], m.nums[i] = k, num
			m.full[i>>6] |= 1 << (i & 63)
			m.n++
			return true
		}
		if m.keys[i] == k {
			return false
		}
	}
}

func (m *ids) growInts() {
	old := *m
	size := max(1024, 2*len(m.keys))
	m.keys, m.nums, m.full = make([]int64, size), make([]uint32, size), make([]uint64, size/64)
	m.n = 0
	for i, k := range old.keys {
		if old.full[i>>6]>>(i&63)&1 != 0 {
			m.putInt(k, old.nums[i])
		}
	}
}

// int looks an integer up.
func (m *ids) int(k int64) (uint32, bool) {
	if m.dense != nil {
		i := uint64(k) - uint64(m.least)
		if i >= uint64(len(m.dense)) {
			return 0, false
		}
		return m.dense[i] - 1, m.dense[i] != 0
	}
	if m.n == 0 {
		return 0, false
	}
	mask := uint64(len(m.keys) - 1)
	for i := mix(k) & mask; m.full[i>>6]>>(i&63)&1 != 0; i = (i + 1) & mask {
		if m.keys[i] == k {
			return m.nums[i], true
		}
	}
	return 0, false
}

// maxText bounds the text of the string ids of a space.
const maxText = 1<<32 - 1

// putString adds a string id; false: it is there.
func (m *ids) putString(s string, num uint32) (bool, error) {
	if 10*(len(m.ends)+1) > 7*len(m.slots) {
		m.growStrings()
	}
	h := maphash.String(seed, s)
	mask := uint64(len(m.slots) - 1)
	for i := h & mask; ; i = (i + 1) & mask {
		e := m.slots[i]
		if e == 0 {
			if len(m.text)+len(s) > maxText {
				return false, status.Errorf(status.StoreFull, "string ids of more than 4 GiB in one import").
					WithHint("Import the nodes in several runs.")
			}
			m.text = append(m.text, s...)
			m.ends = append(m.ends, uint32(len(m.text)))
			m.vals = append(m.vals, num)
			m.slots[i] = h&^(1<<32-1) | uint64(len(m.ends))
			m.n++
			return true, nil
		}
		if e>>32 == h>>32 && string(m.entry(uint32(e)-1)) == s {
			return false, nil
		}
	}
}

func (m *ids) entry(i uint32) []byte {
	from := uint32(0)
	if i > 0 {
		from = m.ends[i-1]
	}
	return m.text[from:m.ends[i]]
}

func (m *ids) growStrings() {
	size := max(1024, 2*len(m.slots))
	m.slots = make([]uint64, size)
	mask := uint64(size - 1)
	for e := range m.ends {
		h := maphash.Bytes(seed, m.entry(uint32(e)))
		i := h & mask
		for m.slots[i] != 0 {
			i = (i + 1) & mask
		}
		m.slots[i] = h&^(1<<32-1) | uint64(e+1)
	}
}

// string looks a string up.
func (m *ids) string(s string) (uint32, bool) {
	if m.n == 0 {
		return 0, false
	}
	h := maphash.String(seed, s)
	mask := uint64(len(m.slots) - 1)
	for i := h & mask; m.slots[i] != 0; i = (i + 1) & mask {
		e := m.slots[i]
		if e>>32 == h>>32 && string(m.entry(uint32(e)-1)) == s {
			return m.vals[uint32(e)-1], true
		}
	}
	return 0, false
}

// put adds row r of an id column; false: the id is there.
func (m *ids) put(v *column.Vector, r int, num uint32) (bool, error) {
	if v.Type == column.Int {
		return m.putInt(v.Ints[r], num), nil
	}
	return m.putString(v.Str(r), num)
}

// get looks row r of a column of ids up.
func (m *ids) get(v *column.Vector, r int) (uint32, bool) {
	if v.Type == column.Int {
		return m.int(v.Ints[r])
	}
	return m.string(v.Str(r))
}

// remap replaces every number.
func (m *ids) remap(f func(uint32) uint32) {
	for i := range m.vals {
		m.vals[i] = f(m.vals[i])
	}
	for i := range m.nums {
		if m.full[i>>6]>>(i&63)&1 != 0 {
			m.nums[i] = f(m.nums[i])
		}
	}
}

// freeze makes lookups of integers quick where they lie close together. Nothing can
// be put in afterwards.
func (m *ids) freeze() {
	if m.n == 0 || m.keys == nil {
		return
	}
	least, most := int64(1<<63-1), int64(-1<<63)
	m.eachInt(func(k int64, _ uint32) { least, most = min(least, k), max(most, k) })
	span := uint64(most) - uint64(least)
	if span >= 3*uint64(len(m.keys)) {
		return
	}
	m.dense, m.least = make([]uint32, span+1), least
	m.eachInt(func(k int64, num uint32) { m.dense[uint64(k)-uint64(least)] = num + 1 })
	m.keys, m.nums, m.full = nil, nil, nil
}

func (m *ids) eachInt(f func(k int64, num uint32)) {
	for i, k := range m.keys {
		if m.full[i>>6]>>(i&63)&1 != 0 {
			f(k, m.nums[i])
		}
	}
	for i, num := range m.dense {
		if num != 0 {
			f(m.least+int64(i), num-1)
		}
	}
}

// each calls f with the numbers of all ids.
func (m *ids) each(f func(num uint32)) {
	m.eachInt(func(_ int64, num uint32) { f(num) })
	for _, num := range m.vals {
		f(num)
	}
}

// sorted calls f with all ids of nodes that want is true of, ascending.
func (m *ids) sorted(want func(num uint32) bool, f func(v value.Value, num uint32) bool) {
	if m.text == nil && m.vals == nil {
		m.sortedInts(want, f)
		return
	}
	var order []uint32
	var ints ids
	for e := range m.ends {
		if !want(m.vals[e]) {
			continue
		}
		if i, ok := m.isInt(uint32(e)); ok {
			ints.putInt(i, m.vals[e])
			continue
		}
		order = append(order, uint32(e))
	}
	slices.SortFunc(order, func(a, b uint32) int { return bytes.Compare(m.entry(a), m.entry(b)) })
	// An index has all strings before the numbers.
	for _, e := range order {
		if !f(value.String(string(m.entry(e))), m.vals[e]) {
			return
		}
	}
	ints.sortedInts(func(uint32) bool { return true }, f)
}

// markInt notes that the string that was put last stands for an integer.
func (m *ids) markInt() {
	e := len(m.ends) - 1
	for len(m.ints)*64 <= e {
		m.ints = append(m.ints, 0)
	}
	m.ints.Set(e)
}

// isInt returns the integer that an entry stands for.
func (m *ids) isInt(e uint32) (int64, bool) {
	if int(e>>6) >= len(m.ints) || !m.ints.Get(int(e)) {
		return 0, false
	}
	i, err := strconv.ParseInt(string(m.entry(e)), 10, 64)
	return i, err == nil
}

// mixedIDs makes texts of ids of several types, as which they are compared.
type mixedIDs struct{ texts column.Vector }

// of returns v where it has one type. Of others it makes texts, valid until the next call;
// what is neither an integer nor a string nor can be made a string is null there, and
// what can is a string in v too.
func (m *mixedIDs) of(v *column.Vector) *column.Vector {
	if v.Type != column.Any {
		return v
	}
	m.texts.Reset(column.String, len(v.Anys))
	for r, x := range v.Anys {
		switch x.Kind() {
		case value.KindInt:
			m.texts.Strs[r] = strconv.FormatInt(x.AsInt(), 10)
		case value.KindString:
			m.texts.Strs[r] = x.AsString()
		case value.KindFloat, value.KindBool:
			m.texts.Strs[r] = x.String()
			v.Anys[r] = value.String(m.texts.Strs[r])
		default:
			m.texts.SetNull(r, len(v.Anys))
		}
	}
	return &m.texts
}

func (m *ids) sortedInts(want func(num uint32) bool, f func(v value.Value, num uint32) bool) {
	type pair struct {
		k   int64
		num uint32
	}
	if m.dense != nil {
		for i, num := range m.dense {
			if num != 0 && want(num-1) && !f(value.Int(m.least+int64(i)), num-1) {
				return
			}
		}
		return
	}
	var all []pair
	m.eachInt(func(k int64, num uint32) {
		if want(num) {
			all = append(all, pair{k, num})
		}
	})
	slices.SortFunc(all, func(a, b pair) int {
		if a.k < b.k {
			return -1
		}
		return 1
	})
	for _, p := range all {
		if !f(value.Int(p.k), p.num) {
			return
		}
	}
}
