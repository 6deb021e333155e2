package exec

import (
	"math/bits"
	"slices"

	"github.com/kadedb/kadedb/graph/csr"
	"github.com/kadedb/kadedb/internal/planted"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/storage/catalog"
)

// A star's arms i = 1 … m find sets R(i) of relationships at the center, and a match
// takes a different one from each. Their number is
//
//	Σ over partitions of the arms  Π over blocks B  (-1)^(|B|-1) (|B|-1)! · |∩ R(i), i in B|
//
// by Möbius inversion: for two arms |R1||R2| - |R1 ∩ R2|. With directions Out and In
// the intersection holds self-loops only.

// starTerm is a partition.
type starTerm struct {
	sign   int64
	blocks []*starBlock
}

// starBlock is arms that take one relationship together.
type starBlock struct {
	hops  []*countedHop
	types []catalog.TypeID
	dir   plan.Direction
	loops bool // self-loops only

	node  uint32 // the last one counted
	n     int64
	valid bool
	calls int
	sets  []loopSet

	vec []int64 // by node from the lowest of the batch on
}

// starTerms lists the partitions of the hops; blocks that can have nothing in common
// are left out, and equal blocks of different partitions are one.
func (c *countTrails) starTerms(hops []*countedHop) []starTerm {
	var terms []starTerm
	blocks := map[uint]*starBlock{}
	var rec func(i int, parts []uint)
	rec = func(i int, parts []uint) {
		if i == len(hops) {
			t := starTerm{sign: 1}
			for _, p := range parts {
				bl := blocks[p]
				if bl == nil {
					bl = newStarBlock(hops, p)
					blocks[p] = bl
				}
				if len(bl.types) == 0 {
					return
				}
				for k := 1; k < len(bl.hops); k++ {
					t.sign *= -int64(k)
				}
				t.blocks = append(t.blocks, bl)
			}
			terms = append(terms, t)
			return
		}
		for k := range parts {
			parts[k] |= 1 << i
			rec(i+1, parts)
			parts[k] &^= 1 << i
		}
		rec(i+1, append(slices.Clone(parts), 1<<i))
	}
	rec(0, nil)
	return terms
}

func newStarBlock(hops []*countedHop, members uint) *starBlock {
	b := &starBlock{dir: plan.Both}
	for i, h := range hops {
		if members>>i&1 == 0 {
			continue
		}
		types := typesOf(h.legs)
		if len(b.hops) == 0 {
			b.types = types
		} else {
			b.types = slices.DeleteFunc(slices.Clone(b.types), func(t catalog.TypeID) bool { return !slices.Contains(types, t) })
		}
		switch d := h.hop.Dir; {
		case d == plan.Both:
		case b.dir == plan.Both:
			b.dir = d
		case b.dir != d:
			b.loops = !planted.Is(planted.CountStar)
		}
		b.hops = append(b.hops, h)
	}
	return b
}

func typesOf(l *legs) []catalog.TypeID {
	var out []catalog.TypeID
	for i := range l.list {
		if !slices.Contains(out, l.list[i].typ) {
			out = append(out, l.list[i].typ)
		}
	}
	return out
}

// stars multiplies out[i] by the star's count at from's i-th row. Degrees of a batch
// whose nodes lie close together are read at once.
func (c *countTrails) stars(p *trailPart, out []int64) error {
	lo, hi := c.from.refs[c.from.rows[0]], uint32(0)
	for _, r := range c.from.rows {
		lo, hi = min(lo, c.from.refs[r]), max(hi, c.from.refs[r])
	}
	dense := int(hi-lo) < 4*len(c.from.rows)+256 && len(c.from.rows) > 2 && !c.w.prog.writes
	if dense {
		for _, t := range p.star {
			for _, b := range t.blocks {
				b.vec = b.vec[:0]
			}
		}
		for _, t := range p.star {
			for _, b := range t.blocks {
				if len(b.vec) > 0 {
					continue // of an earlier term
				}
				if err := b.fill(c, lo, int(hi-lo)+1); err != nil {
					return err
				}
			}
		}
	}
	if dense && len(p.hops) == 2 {
		return c.starsOfTwo(p, lo, out)
	}
	for i, r := range c.from.rows {
		if out[i] == 0 {
			continue
		}
		n, err := c.star(p, c.from.refs[r], lo, dense)
		if err != nil {
			return err
		}
		if out[i], err = mulCount(out[i], n); err != nil {
			return err
		}
	}
	return nil
}

// starsOfTwo is stars for two arms: the product of what they find, less what they have in
// common.
func (c *countTrails) starsOfTwo(p *trailPart, lo uint32, out []int64) error {
	n := len(p.star[0].blocks[0].vec)
	c.part = slices.Grow(c.part[:0], n)[:n]
	for _, t := range p.star {
		if t.sign < 0 {
			continue
		}
		copy(c.part, t.blocks[0].vec)
		for _, b := range t.blocks[1:] {
			if err := mulCounts(c.part, b.vec); err != nil {
				return err
			}
		}
	}
	for _, t := range p.star {
		if t.sign < 0 {
			for k, common := range t.blocks[0].vec {
				c.part[k] -= common
			}
		}
	}
	over := uint64(0)
	for i, r := range c.from.rows {
		hi, low := bits.Mul64(uint64(out[i]), uint64(c.part[c.from.refs[r]-lo]))
		out[i] = int64(low)
		over |= hi | low>>63
	}
	if over != 0 {
		return overflowed()
	}
	return nil
}

// star adds up the terms at one node; dense: from the blocks' vectors, which start at lo.
func (c *countTrails) star(p *trailPart, node, lo uint32, dense bool) (int64, error) {
	sum := int64(0)
	for i := range p.star {
		t := &p.star[i]
		n := int64(1)
		for _, b := range t.blocks {
			var k int64
			var err error
			if dense {
				k = b.vec[node-lo]
			} else if k, err = b.count(c, node); err != nil {
				return 0, err
			}
			if k == 0 {
				n = 0
				break
			}
			if n, err = mulCount(n, k); err != nil {
				return 0, err
			}
		}
		if t.sign < 0 {
			n = -n
		}
		if t.sign != 1 && t.sign != -1 && n != 0 {
			m, err := mulCount(max(n, -n), max(t.sign, -t.sign))
			if err != nil {
				return 0, err
			}
			if n = m; t.sign < 0 {
				n = -m
			}
		}
		sum += n // signs alternate, and no partial sum is beyond the largest product by much
		if n > 0 && sum < 0 {
			return 0, overflowed()
		}
	}
	return sum, nil
}

// fill sets vec to the counts of nodes lo … lo+n-1, as far as they are rows.
func (b *starBlock) fill(c *countTrails, lo uint32, n int) error {
	b.vec = slices.Grow(b.vec, n)[:n]
	clear(b.vec)
	if b.loops && (b.sets != nil || len(c.from.rows) > manyLoops) {
		return b.fillLoops(c, lo, n)
	}
	if b.loops || !b.passive() {
		for _, r := range c.from.rows {
			node := c.from.refs[r]
			k, err := b.count(c, node)
			if err != nil {
				return err
			}
			b.vec[node-lo] = k
		}
		return nil
	}
	l := b.widest()
	for i := range l.list {
		g := &l.list[i]
		if !b.reads(g) {
			continue
		}
		if err := g.adj.Degrees(lo, b.vec); err != nil {
			return err
		}
		if !g.skipLoops || b.dir != plan.Both || planted.Is(planted.CountLoops) {
			continue
		}
		loops, err := c.w.loopsOf(g.typ)
		if err != nil {
			return err
		}
		for node, k := range loops {
			if i := int(node) - int(lo); i >= 0 && i < n {
				b.vec[i] -= k
			}
		}
	}
	return nil
}

// count returns how many relationships at node all of the block's hops could take.
func (b *starBlock) count(c *countTrails, node uint32) (int64, error) {
	if b.valid && b.node == node && !c.w.prog.writes {
		return b.n, nil
	}
	var n int64
	var err error
	switch {
	case b.loops:
		n, err = b.countLoops(c, node)
	case len(b.hops) == 1:
		h := b.hops[0]
		if h.filter.passive() {
			n, err = h.legs.degree(node)
		} else {
			n, err = h.filtered(node)
		}
	default:
		n, err = b.countCommon(node)
	}
	b.node, b.n, b.valid = node, n, err == nil
	return n, err
}

// filtered is the number of a node's hops to nodes that pass.
func (h *countedHop) filtered(node uint32) (int64, error) {
	n := int64(0)
	for j := range h.legs.list {
		g := &h.legs.list[j]
		nbr, _, err := g.adj.List(node)
		if err != nil {
			return 0, err
		}
		k, err := h.filter.count(nbr)
		if err != nil {
			return 0, err
		}
		if g.skipLoops && k > 0 && !planted.Is(planted.CountLoops) {
			lo, hi := csr.Find(nbr, node)
			loops, err := h.filter.count(nbr[lo:hi])
			if err != nil {
				return 0, err
			}
			k -= loops
		}
		n += int64(k)
	}
	return n, nil
}

// manyLoops is how many rows make it worth while to find all self-loops of a type.
const manyLoops = 256

// fillLoops is fill for self-loops, of which there are few.
func (b *starBlock) fillLoops(c *countTrails, lo uint32, n int) error {
	if err := b.findLoops(c); err != nil {
		return err
	}
	for _, s := range b.sets {
		if len(s) > n {
			for i := range b.vec {
				b.vec[i] += s[lo+uint32(i)]
			}
			continue
		}
		for node, k := range s {
			if i := int(node) - int(lo); i >= 0 && i < n {
				b.vec[i] += k
			}
		}
	}
	for i, k := range b.vec {
		if k == 0 {
			continue
		}
		for _, h := range b.hops {
			ok, err := h.filter.one(lo + uint32(i))
			if err != nil {
				return err
			}
			if !ok {
				b.vec[i] = 0
			}
		}
	}
	return nil
}

// findLoops makes sets those of the block's types that are not empty.
func (b *starBlock) findLoops(c *countTrails) error {
	if b.sets != nil {
		return nil
	}
	b.sets = []loopSet{}
	for _, t := range b.types {
		s, err := c.w.prog.loops.get(c.w.x, t)
		if err != nil {
			return err
		}
		if len(s) > 0 {
			b.sets = append(b.sets, s)
		}
	}
	return nil
}

// countLoops counts self-loops, which most types have none of.
func (b *starBlock) countLoops(c *countTrails, node uint32) (int64, error) {
	b.calls++
	if b.sets == nil && !c.w.prog.writes && b.calls > int(c.w.reader().NodeHigh())/64 {
		if err := b.findLoops(c); err != nil {
			return 0, err
		}
	}
	n := int64(0)
	if b.sets != nil {
		for _, s := range b.sets {
			n += s[node]
		}
	} else {
		l := b.hops[0].legs
		for i := range l.list {
			g := &l.list[i]
			if g.skipLoops || !slices.Contains(b.types, g.typ) {
				continue
			}
			k, err := g.loops(node)
			if err != nil {
				return 0, err
			}
			n += int64(k)
		}
	}
	if n == 0 {
		return 0, nil
	}
	for _, h := range b.hops {
		if ok, err := h.filter.one(node); !ok || err != nil {
			return 0, err
		}
	}
	return n, nil
}

// countCommon counts the relationships in the block's direction whose other ends
// pass every hop's filter.
func (b *starBlock) countCommon(node uint32) (int64, error) {
	n := int64(0)
	l := b.widest()
	for i := range l.list {
		g := &l.list[i]
		if !b.reads(g) {
			continue
		}
		nbr, _, err := g.adj.List(node)
		if err != nil {
			return 0, err
		}
		skip := g.skipLoops && b.dir == plan.Both
		if skip {
			lo, hi := csr.Find(nbr, node)
			k, err := b.passing(nbr[lo:hi])
			if err != nil {
				return 0, err
			}
			n -= k
		}
		k, err := b.passing(nbr)
		if err != nil {
			return 0, err
		}
		n += k
	}
	return n, nil
}

// reads reports whether a list of the widest hop is one that all hops follow.
func (b *starBlock) reads(g *leg) bool {
	return slices.Contains(b.types, g.typ) && !(b.dir == plan.Out && g.in || b.dir == plan.In && !g.in)
}

// passive reports whether every node passes the filters of all hops.
func (b *starBlock) passive() bool {
	for _, h := range b.hops {
		if !h.filter.passive() {
			return false
		}
	}
	return true
}

// widest returns the lists of a hop that has the block's direction.
func (b *starBlock) widest() *legs {
	for _, h := range b.hops {
		if h.hop.Dir == b.dir {
			return h.legs
		}
	}
	return b.hops[0].legs
}

// passing counts the nodes that pass every filter.
func (b *starBlock) passing(nodes []uint32) (int64, error) {
	for i, h := range b.hops {
		if len(nodes) == 0 {
			return 0, nil
		}
		if i == len(b.hops)-1 {
			n, err := h.filter.count(nodes)
			return int64(n), err
		}
		keep, all, err := h.filter.pass(nodes)
		if err != nil {
			return 0, err
		}
		if !all {
			part := make([]uint32, len(keep))
			for j, k := range keep {
				part[j] = nodes[k]
			}
			nodes = part
		}
	}
	return 0, nil
}
