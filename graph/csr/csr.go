// Package csr holds pure functions over neighbour lists in compressed sparse row
// form: building, merging, intersecting, prefix sums. It knows no graph.
//
//	off  [0 2 2 5]                  list of node i is nbr[off[i]:off[i+1]]
//	nbr  [4 9 · · 1 1 7]            sorted by neighbour, then relationship
//	rel  [12 3 · · 40 41 8]
package csr

// Changes is a sorted list of edges of one node; Del marks those that are
// removed. A nil Del marks none.
type Changes struct {
	Nbr, Rel []uint32
	Del      []bool
}

// Deleted reports whether entry i removes its edge.
func (c Changes) Deleted(i int) bool { return c.Del != nil && c.Del[i] }

// Less orders edges by neighbour, then relationship.
func Less(nbr1, rel1, nbr2, rel2 uint32) bool {
	return nbr1 < nbr2 || nbr1 == nbr2 && rel1 < rel2
}

// Override appends to dst the union of old and newer; where both have an edge,
// newer's entry stands. dst.Del must be non-nil if either has deletions.
func Override(dst, old, newer Changes) Changes {
	i, j := 0, 0
	for i < len(old.Nbr) || j < len(newer.Nbr) {
		takeOld := j == len(newer.Nbr) || i < len(old.Nbr) && Less(old.Nbr[i], old.Rel[i], newer.Nbr[j], newer.Rel[j])
		if takeOld {
			dst = push(dst, old, i)
			i++
			continue
		}
		if i < len(old.Nbr) && old.Nbr[i] == newer.Nbr[j] && old.Rel[i] == newer.Rel[j] {
			i++
		}
		dst = push(dst, newer, j)
		j++
	}
	return dst
}

func push(dst, from Changes, i int) Changes {
	dst.Nbr = append(dst.Nbr, from.Nbr[i])
	dst.Rel = append(dst.Rel, from.Rel[i])
	if dst.Del != nil {
		dst.Del = append(dst.Del, from.Deleted(i))
	}
	return dst
}

// Merge appends to nbr and rel the list (base) with changes c applied: added
// edges merged in, deleted ones left out.
func Merge(nbr, rel, baseNbr, baseRel []uint32, c Changes) ([]uint32, []uint32) {
	i := 0
	for j := range c.Nbr {
		// Runs of the base between two changes are copied whole.
		k := i + lowerBound(baseNbr[i:], baseRel[i:], c.Nbr[j], c.Rel[j])
		nbr = append(nbr, baseNbr[i:k]...)
		rel = append(rel, baseRel[i:k]...)
		i = k
		if i < len(baseNbr) && baseNbr[i] == c.Nbr[j] && baseRel[i] == c.Rel[j] {
			i++
		}
		if !c.Deleted(j) {
			nbr = append(nbr, c.Nbr[j])
			rel = append(rel, c.Rel[j])
		}
	}
	return append(nbr, baseNbr[i:]...), append(rel, baseRel[i:]...)
}

// lowerBound returns how many edges are less than (n, r), galloping from the front.
func lowerBound(nbr, rel []uint32, n, r uint32) int {
	step, hi := 1, 0
	for hi < len(nbr) && Less(nbr[hi], rel[hi], n, r) {
		hi += step
		step *= 2
	}
	lo := hi - step/2
	if step == 1 {
		lo = 0
	}
	hi = min(hi, len(nbr))
	lo = max(lo, 0)
	for lo < hi {
		m := int(uint(lo+hi) >> 1)
		if Less(nbr[m], rel[m], n, r) {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return lo
}

// Find returns the half-open range of entries of the ascending list that equal n.
func Find(nbr []uint32, n uint32) (lo, hi int) {
	lo = Search(nbr, n)
	hi = lo
	for hi < len(nbr) && nbr[hi] == n {
		hi++
	}
	return lo, hi
}

// Search returns how many entries of the ascending list are less than n.
func Search(list []uint32, n uint32) int {
	lo, hi := 0, len(list)
	for lo < hi {
		m := int(uint(lo+hi) >> 1)
		if list[m] < n {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return lo
}

// Gallop returns the first index ≥ from whose entry is ≥ n.
func Gallop(list []uint32, from int, n uint32) int {
	step, hi := 1, from
	for hi < len(list) && list[hi] < n {
		from = hi + 1
		hi += step
		step *= 2
	}
	hi = min(hi, len(list))
	for from < hi {
		m := int(uint(from+hi) >> 1)
		if list[m] < n {
			from = m + 1
		} else {
			hi = m
		}
	}
	return from
}

// Intersect appends to dst the distinct values that both ascending lists hold.
// It merges lists of like length and gallops through the longer one otherwise.
func Intersect(dst, a, b []uint32) []uint32 {
	if len(a) > len(b) {
		a, b = b, a
	}
	j, gallop := 0, len(b) > 16*len(a)
	for i := 0; i < len(a); i++ {
		if i > 0 && a[i] == a[i-1] {
			continue
		}
		if gallop {
			j = Gallop(b, j, a[i])
		} else {
			for j < len(b) && b[j] < a[i] {
				j++
			}
		}
		if j == len(b) {
			return dst
		}
		if b[j] == a[i] {
			dst = append(dst, a[i])
		}
	}
	return dst
}

// Prefix replaces counts by where each list starts: out[i] = Σ counts[:i], with
// the sum in the extra last entry. counts must have that entry, of any content.
func Prefix(counts []uint32) {
	sum := uint32(0)
	for i, n := range counts {
		counts[i] = sum
		sum += n
	}
}

// Build sorts edges into CSR form over nodes [first, first+n): src[i] → dst[i]
// with number rel[i]. Lists come out sorted by neighbour, then relationship,
// provided that rel ascends or the edges are given in any order: it sorts fully.
func Build(first uint32, n int, src, dst, rel []uint32) (off, nbr, out []uint32) {
	off = make([]uint32, n+1)
	nbr, out = make([]uint32, len(src)), make([]uint32, len(src))
	SortEdges(src, dst, rel)
	for _, s := range src {
		off[s-first]++
	}
	off[n] = 0
	Prefix(off)
	copy(nbr, dst)
	copy(out, rel)
	return off, nbr, out
}

// digit is how many bits one pass of the radix sort takes.
const digit = 11

// SortEdges sorts the three parallel slices by (a, b, c): a stable radix sort
// from the least significant key on, which skips keys that are in order already
// and digits that never differ.
func SortEdges(a, b, c []uint32) {
	if len(a) < 2 {
		return
	}
	from := 2
	switch {
	case sorted(b, c, nil):
		if sorted(a, b, c) {
			return
		}
		from = 0
	case sorted(c, nil, nil):
		from = 1
	}
	n := len(a)
	ta, tb, tc := make([]uint32, n), make([]uint32, n), make([]uint32, n)
	x, y := [3][]uint32{a, b, c}, [3][]uint32{ta, tb, tc}
	for key := from; key >= 0; key-- {
		var or, and uint32 = 0, ^uint32(0)
		for _, v := range x[key] {
			or |= v
			and &= v
		}
		differ := or ^ and
		for shift := uint(0); shift < 32; shift += digit {
			if differ>>shift&(1<<digit-1) == 0 {
				continue
			}
			radixPass(&x, &y, key, shift)
			x, y = y, x
		}
	}
	if &x[0][0] != &a[0] {
		copy(a, x[0])
		copy(b, x[1])
		copy(c, x[2])
	}
}

func radixPass(x, y *[3][]uint32, key int, shift uint) {
	var at [1 << digit]uint32
	for _, v := range x[key] {
		at[v>>shift&(1<<digit-1)]++
	}
	Prefix(at[:])
	keys := x[key]
	n := len(keys)
	x0, x1, x2 := x[0][:n], x[1][:n], x[2][:n]
	y0, y1, y2 := y[0], y[1], y[2]
	for i, v := range keys {
		d := v >> shift & (1<<digit - 1)
		p := at[d]
		at[d] = p + 1
		y0[p], y1[p], y2[p] = x0[i], x1[i], x2[i]
	}
}

// sorted reports whether the rows ascend by a, then b, then c; nil keys are all equal.
func sorted(a, b, c []uint32) bool {
	for i := 1; i < len(a); i++ {
		switch {
		case a[i] > a[i-1] || b == nil && a[i] == a[i-1]:
		case a[i] < a[i-1] || b[i] < b[i-1]:
			return false
		case b[i] == b[i-1] && c != nil && c[i] < c[i-1]:
			return false
		}
	}
	return true
}

// Put inserts one edge into the sorted changes c, in place of one that is there.
// c.Del must not be nil.
func Put(c Changes, nbr, rel uint32, del bool) Changes {
	i := lowerBound(c.Nbr, c.Rel, nbr, rel)
	if i < len(c.Nbr) && c.Nbr[i] == nbr && c.Rel[i] == rel {
		c.Del[i] = del
		return c
	}
	c.Nbr, c.Rel, c.Del = append(c.Nbr, 0), append(c.Rel, 0), append(c.Del, false)
	copy(c.Nbr[i+1:], c.Nbr[i:])
	copy(c.Rel[i+1:], c.Rel[i:])
	copy(c.Del[i+1:], c.Del[i:])
	c.Nbr[i], c.Rel[i], c.Del[i] = nbr, rel, del
	return c
}
