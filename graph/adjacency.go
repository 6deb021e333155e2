package graph

import (
	"github.com/kadedb/kadedb/graph/csr"
	"github.com/kadedb/kadedb/storage/catalog"
)

// Adjacency reads the neighbour lists of one type and direction. It belongs to one
// goroutine; Close it to unpin its blocks.
type Adjacency struct {
	overlay *tree[adjPage, *adjPage] // nil: nothing of this type and direction changed
	base    adjCursor

	// Scratch: merged lists, and the changes that go into them.
	nbr, rel []uint32
	ch, ch2  csr.Changes

	rangeOff, rangeNbr, rangeRel []uint32
}

// Adjacency returns a cursor over the relationships of a type, seen from the end
// that d names. AnyType is for the caller to spell out: see Types.
func (r *Reader) Adjacency(typ catalog.TypeID, d Direction) *Adjacency {
	a := &Adjacency{base: r.s.base.adjacency(typ, d)}
	if t := adjTree(&r.s.adj, typ, d); t != nil && !t.empty() {
		a.overlay = t
	}
	return a
}

// Close unpins what the cursor read; its last lists become invalid.
func (a *Adjacency) Close() { a.base.close() }

// Clean reports whether every list comes straight from decoded blocks.
func (a *Adjacency) Clean() bool { return a.overlay == nil }

// List returns the neighbours of a node, ascending, and beside each the
// relationship that leads to it, ascending among parallel ones. The slices must
// not be written to and are valid until the cursor's next call.
func (a *Adjacency) List(node uint32) (nbr, rel []uint32, err error) {
	if a.overlay == nil {
		return a.base.list(node)
	}
	p := a.overlay.get(node >> pageBits)
	if p == nil || p.has>>(node&pageMask)&1 == 0 {
		return a.base.list(node)
	}
	nbr, rel, err = a.base.list(node)
	if err != nil {
		return nil, nil, err
	}
	i := node & pageMask
	if len(nbr) == 0 && len(p.tail) == 0 && len(p.pieces) == 1 && p.pieces[0].del == nil {
		c := p.pieces[0].list(i)
		return c.Nbr, c.Rel, nil
	}
	a.nbr, a.rel = csr.Merge(a.nbr[:0], a.rel[:0], nbr, rel, a.changes(p, i))
	return a.nbr, a.rel, nil
}

// changes collects those of one node, oldest first, into one sorted list.
func (a *Adjacency) changes(p *adjPage, i uint32) csr.Changes {
	acc := csr.Changes{Nbr: a.ch.Nbr[:0], Rel: a.ch.Rel[:0], Del: a.ch.Del[:0]}
	if acc.Del == nil {
		acc.Del = []bool{}
	}
	next := csr.Changes{Nbr: a.ch2.Nbr[:0], Rel: a.ch2.Rel[:0], Del: a.ch2.Del[:0]}
	if next.Del == nil {
		next.Del = []bool{}
	}
	for _, pc := range p.pieces {
		c := pc.list(i)
		if len(c.Nbr) == 0 {
			continue
		}
		next = csr.Override(csr.Changes{Nbr: next.Nbr[:0], Rel: next.Rel[:0], Del: next.Del[:0]}, acc, c)
		acc, next = next, acc
	}
	for _, t := range p.tail {
		if uint32(t.node) == i {
			acc = csr.Put(acc, t.nbr, t.rel, t.del)
		}
	}
	a.ch, a.ch2 = acc, next
	return acc
}

// Degree returns how many relationships List would give, without decoding lists.
func (a *Adjacency) Degree(node uint32) (int, error) {
	n, err := a.base.degree(node)
	if a.overlay != nil && err == nil {
		if p := a.overlay.get(node >> pageBits); p != nil {
			n += int(p.net[node&pageMask])
		}
	}
	return n, err
}

// Degrees adds the degree of each node first, first+1 … to out.
func (a *Adjacency) Degrees(first uint32, out []int64) error {
	if err := a.base.degrees(first, out); err != nil {
		return err
	}
	if a.overlay == nil || len(out) == 0 {
		return nil
	}
	last := first + uint32(len(out)-1)
	a.overlay.each(first>>pageBits, last>>pageBits+1, func(page uint32, p *adjPage) bool {
		eachBit(p.has, func(i uint32) {
			if node := page<<pageBits | i; node >= first && node <= last {
				out[node-first] += int64(p.net[i])
			}
		})
		return true
	})
	return nil
}

// Range returns lists of consecutive nodes at once, from lo on: the list of lo+i
// is nbr[off[i]:off[i+1]]. It covers as many nodes, at least one and none from hi
// on, as one block or piece of scratch holds; next is where to go on. The
// slices are valid until the cursor's next call.
func (a *Adjacency) Range(lo, hi uint32) (off, nbr, rel []uint32, next uint32, err error) {
	if a.overlay == nil {
		return a.base.rng(lo, hi)
	}
	// Up to the next page with changes the base's lists will do.
	dirty := uint64(1 << 32)
	a.overlay.each(lo>>pageBits, (hi-1)>>pageBits+1, func(i uint32, _ *adjPage) bool {
		dirty = uint64(i) << pageBits
		return false
	})
	if dirty > uint64(lo) {
		return a.base.rng(lo, uint32(min(uint64(hi), dirty)))
	}
	return a.mergedRange(lo, hi)
}

// After returns the first node from node on that may have a list: no node before it
// has one. It is math.MaxUint32 where no more follow.
func (a *Adjacency) After(node uint32) uint32 {
	next := a.base.after(node)
	if a.overlay != nil && next > node {
		a.overlay.each(node>>pageBits, 1<<(32-pageBits), func(i uint32, _ *adjPage) bool {
			next = min(next, max(i<<pageBits, node))
			return false
		})
	}
	return next
}

// rangeEdges is where a merged range stops growing.
const rangeEdges = 1 << 14

// mergedRange gives the lists of one page with changes, and of those after it as
// long as they have changes too.
func (a *Adjacency) mergedRange(lo, hi uint32) (off, nbr, rel []uint32, next uint32, err error) {
	a.rangeOff, a.rangeNbr, a.rangeRel = append(a.rangeOff[:0], 0), a.rangeNbr[:0], a.rangeRel[:0]
	for next = lo; next < hi && len(a.rangeNbr) < rangeEdges; next++ {
		if next&pageMask == 0 && a.overlay.get(next>>pageBits) == nil {
			break
		}
		n, r, err := a.List(next)
		if err != nil {
			return nil, nil, nil, lo, err
		}
		a.rangeNbr, a.rangeRel = append(a.rangeNbr, n...), append(a.rangeRel, r...)
		a.rangeOff = append(a.rangeOff, uint32(len(a.rangeNbr)))
	}
	return a.rangeOff, a.rangeNbr, a.rangeRel, next, nil
}

// Between returns the relationships from node to other, ascending.
func (a *Adjacency) Between(node, other uint32) ([]uint32, error) {
	nbr, rel, err := a.List(node)
	if err != nil {
		return nil, err
	}
	lo, hi := csr.Find(nbr, other)
	return rel[lo:hi], nil
}

// Edges returns how many relationships the cursor's type has in all, those of
// the base only: an estimate for splitting work.
func (a *Adjacency) Edges() int64 { return a.base.edges() }
