package group

import "github.com/kadedb/kadedb/column"

// Table numbers the distinct keys of rows, a key being one value of each of its
// columns. Without columns every row is of group 0. It is not safe for several goroutines.
type Table struct {
	keys  []keyTable
	pairs []pairTable // pairs[i] numbers (number before, number of keys[i+1])
	n     uint32      // without key columns: 1 once there was a row

	part []uint32
}

// pairTable numbers pairs of numbers.
type pairTable struct {
	words       wordTable
	left, right []uint32 // by number
	scratch     []uint64

	// near holds numbers plus one by left<<nearBits|right, of right numbers below
	// 1<<nearBits and left ones below maxNear.
	near []uint32
}

const (
	nearBits = 4
	maxNear  = 1 << 12
)

// New returns an empty table for keys of so many columns.
func New(columns int) *Table {
	t := &Table{keys: make([]keyTable, columns)}
	if columns > 1 {
		t.pairs = make([]pairTable, columns-1)
	}
	return t
}

// Len returns the number of groups.
func (t *Table) Len() int {
	switch len(t.keys) {
	case 0:
		return int(t.n)
	case 1:
		return t.keys[0].len()
	}
	return len(t.pairs[len(t.pairs)-1].left)
}

// Bytes returns the memory held, boxed content and scratch of one batch excluded.
func (t *Table) Bytes() int {
	n := 0
	for i := range t.keys {
		n += t.keys[i].bytes()
	}
	for i := range t.pairs {
		p := &t.pairs[i]
		n += p.words.bytes() + 4*(cap(p.left)+cap(p.right)+cap(p.near))
	}
	return n
}

// Growth returns what the table would need, beside Bytes, at the moment when it takes
// so many rows more: the tables that it has to make anew stand beside the old ones. cols are
// the rows' keys, nil where they are not known yet.
func (t *Table) Growth(n int, cols []*column.Vector, rows []int32) int {
	sum := 0
	for i := range t.keys {
		k := &t.keys[i]
		sum += k.words.growth(n) + k.hashed.growth(n)
		if cols != nil {
			sum += k.reach(cols[i], rows)
		}
	}
	for i := range t.pairs {
		sum += t.pairs[i].words.growth(n)
	}
	return sum
}

// Assign sets out[i] to the group of row rows[i] of cols. A key that is not there yet
// gets the next number where add is set, else None. Numbers go up in the order of
// first arrival, however rows are cut into batches.
func (t *Table) Assign(cols []*column.Vector, rows []int32, out []uint32, add bool) {
	if len(t.keys) == 0 {
		num := uint32(0)
		if t.n == 0 && add && len(rows) > 0 {
			t.n = 1
		}
		if t.n == 0 {
			num = None
		}
		for i := range rows {
			out[i] = num
		}
		return
	}
	t.keys[0].assign(cols[0], rows, out, add)
	for k := 1; k < len(t.keys); k++ {
		if cap(t.part) < len(rows) {
			t.part = make([]uint32, max(len(rows), column.BatchSize))
		}
		part := t.part[:len(rows)]
		t.keys[k].assign(cols[k], rows, part, add)
		t.pairs[k-1].assign(out[:len(rows)], part, add)
	}
}

// assign replaces each left number by that of the pair.
func (p *pairTable) assign(left, right []uint32, add bool) {
	if p.assignNear(left, right, add) {
		return
	}
	if cap(p.scratch) < len(left) {
		p.scratch = make([]uint64, max(len(left), column.BatchSize))
	}
	words := p.scratch[:len(left)]
	missing := false
	for i, l := range left {
		words[i] = uint64(l)<<32 | uint64(right[i])
		missing = missing || l == None || right[i] == None
	}
	if !missing {
		p.words.assign(words, left, add, func(i int) {
			p.left = append(p.left, uint32(words[i]>>32))
			p.right = append(p.right, uint32(words[i]))
		})
		return
	}
	// Only where add is not set: a pair with a part that is not there is not there.
	p.words.assign(words, left, false, nil)
}

// assignNear is assign where all numbers are small; else it reports false and has done
// nothing.
func (p *pairTable) assignNear(left, right []uint32, add bool) bool {
	mostLeft, mostRight := uint32(0), uint32(0)
	for i, l := range left {
		mostLeft, mostRight = max(mostLeft, l), max(mostRight, right[i])
	}
	if mostLeft >= maxNear || mostRight >= 1<<nearBits || len(left) == 0 {
		return false
	}
	if need := int(mostLeft+1) << nearBits; need > len(p.near) {
		p.near = append(p.near, make([]uint32, max(need, 2*len(p.near))-len(p.near))...)
	}
	one, word := [1]uint32{}, [1]uint64{}
	for i, l := range left {
		r := right[i]
		near := &p.near[l<<nearBits|r]
		if *near == 0 {
			word[0] = uint64(l)<<32 | uint64(r)
			p.words.assign(word[:], one[:], add, func(int) { p.left, p.right = append(p.left, l), append(p.right, r) })
			*near = one[0] + 1 // None + 1 is 0
		}
		left[i] = *near - 1
	}
	return true
}

// Gather makes dst the values of key column k of the groups named.
func (t *Table) Gather(k int, dst *column.Vector, groups []uint32) {
	idx := make([]int32, len(groups))
	for i, g := range groups {
		for p := len(t.pairs) - 1; p >= 0 && p >= k-1; p-- {
			if p == k-1 {
				g = t.pairs[p].right[g]
			} else {
				g = t.pairs[p].left[g]
			}
		}
		idx[i] = int32(g)
	}
	dst.Gather(t.keys[k].vals.Vector(), idx)
}
