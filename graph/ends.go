package graph

import "github.com/kadedb/kadedb/storage/catalog"

// endsKey asks whether all relationships of a type lead to nodes with a label.
type endsKey struct {
	typ   catalog.TypeID
	dir   Direction
	label catalog.LabelID
}

// maxEndsChecked is how many changes since the last checkpoint are looked at for an answer.
const maxEndsChecked = 1 << 15

// EndsHave reports that every relationship of a type, followed in direction d, leads to
// a node that has label, so that nobody need look; false where some do not, or
// where it would take long to be sure. Blocks are looked through once for each checkpoint.
func (r *Reader) EndsHave(typ catalog.TypeID, d Direction, label catalog.LabelID) (bool, error) {
	with := r.cat.SetsWith(label)
	has := func(set catalog.LabelSetID) bool { return int(set) < len(with) && with[set] }
	ok, left, err := r.changedEndsHave(typ, d, has)
	if err != nil || !ok || !r.changedNodesKeep(has, left) {
		return false, err
	}
	b := r.s.base
	key := endsKey{typ, d, label}
	if known, ok := b.ends.Load(key); ok {
		return known.(bool), nil
	}
	ok, err = b.endsHave(typ, d, r.s.nodeHigh, has)
	if err == nil {
		b.ends.Store(key, ok)
	}
	return ok, err
}

// changedEndsHave looks at the relationships of the overlay; left is how many more
// changes may be looked at.
func (r *Reader) changedEndsHave(typ catalog.TypeID, d Direction, has func(catalog.LabelSetID) bool) (ok bool, left int, err error) {
	t, left := adjTree(&r.s.adj, typ, d), maxEndsChecked
	if t == nil || t.empty() {
		return true, left, nil
	}
	lk := r.s.labels()
	defer lk.close()
	ok = true
	one := func(node uint32) bool {
		set, live, e := lk.get(node)
		left--
		if e != nil {
			err = e
		}
		return e == nil && left > 0 && (!live || has(set))
	}
	t.each(0, (r.s.nodeHigh+pageMask)>>pageBits, func(_ uint32, p *adjPage) bool {
		for _, pc := range p.pieces {
			for i, n := range pc.nbr {
				if (pc.del == nil || !pc.del[i]) && !one(n) {
					ok = false
					return false
				}
			}
		}
		for _, c := range p.tail {
			if !c.del && !one(c.nbr) {
				ok = false
				return false
			}
		}
		return true
	})
	return ok, left, err
}

// changedNodesKeep reports that no node of the base that had the label has lost it since.
func (r *Reader) changedNodesKeep(has func(catalog.LabelSetID) bool, left int) bool {
	b := r.s.base
	var c groupCursor
	defer c.close()
	ok := true
	r.s.nodes.each(0, (r.s.nodeHigh+pageMask)>>pageBits, func(page uint32, p *nodePage) bool {
		eachBit(p.own&p.live, func(i uint32) {
			if left--; left <= 0 {
				ok = false
			}
			if !ok || has(p.set[i]) {
				return
			}
			was, live, err := b.nodeSet(&c, page<<pageBits|i)
			if err != nil || live && has(was) {
				ok = false
			}
		})
		return ok
	})
	return ok
}

// endsHave looks at every relationship of the blocks.
func (b *base) endsHave(typ catalog.TypeID, d Direction, high uint32, has func(catalog.LabelSetID) bool) (bool, error) {
	a := &Adjacency{base: b.adjacency(typ, d)}
	defer a.Close()
	if a.base.dir == nil {
		return true, nil
	}
	known := make([]bool, high) // nodes that were looked at and have the label
	var c groupCursor
	defer c.close()
	for lo := uint32(0); lo < high; {
		off, nbr, _, next, err := a.Range(lo, high)
		if err != nil {
			return false, err
		}
		for _, n := range nbr[off[0]:off[len(off)-1]] {
			if !known[n] {
				set, live, err := b.nodeSet(&c, n)
				if err != nil {
					return false, err
				}
				if !live || !has(set) {
					return false, nil
				}
				known[n] = true
			}
		}
		lo = next
	}
	return true, nil
}
