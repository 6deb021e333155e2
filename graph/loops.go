package graph

import (
	"maps"

	"github.com/kadedb/kadedb/graph/csr"
	"github.com/kadedb/kadedb/storage/catalog"
)

// Loops returns how many self-loops of a type each node has, nodes without any left
// out: counts that multiply degrees are corrected by them. What the blocks hold is looked
// through once for each checkpoint, and what was committed since each time. The caller must
// not write to the map.
func (r *Reader) Loops(typ catalog.TypeID) (map[uint32]int64, error) {
	base, err := r.baseLoops(typ)
	if err != nil {
		return nil, err
	}
	a := r.Adjacency(typ, Out)
	defer a.Close()
	if a.overlay == nil {
		return base, nil
	}
	out := maps.Clone(base)
	if out == nil {
		out = map[uint32]int64{}
	}
	high := r.s.nodeHigh
	a.overlay.each(0, (high+pageMask)>>pageBits, func(page uint32, p *adjPage) bool {
		eachBit(p.has, func(i uint32) {
			if err != nil {
				return
			}
			node := page<<pageBits | i
			var nbr []uint32
			if nbr, _, err = a.List(node); err != nil {
				return
			}
			delete(out, node)
			if lo, hi := csr.Find(nbr, node); hi > lo {
				out[node] = int64(hi - lo)
			}
		})
		return err == nil
	})
	return out, err
}

// baseLoops is Loops of the blocks alone.
func (r *Reader) baseLoops(typ catalog.TypeID) (map[uint32]int64, error) {
	a := &Adjacency{base: r.s.base.adjacency(typ, Out)}
	defer a.Close()
	dir := a.base.dir
	if dir == nil {
		return nil, nil
	}
	if m := dir.loops.Load(); m != nil {
		return *m, nil
	}
	out := map[uint32]int64{}
	for lo, high := a.After(0), r.s.nodeHigh; lo < high; lo = a.After(lo) {
		off, nbr, _, next, err := a.Range(lo, high)
		if err != nil {
			return nil, err
		}
		for i := 0; i+1 < len(off); i++ {
			node := lo + uint32(i)
			if from, to := csr.Find(nbr[off[i]:off[i+1]], node); to > from {
				out[node] = int64(to - from)
			}
		}
		lo = next
	}
	dir.loops.Store(&out)
	return out, nil
}
