package graph

import "github.com/kadedb/kadedb/storage/catalog"

// An id outside the engine is generation · 2³² + number; where no number has been
// used twice, which is nearly everywhere, the id is the number.

// NodeID returns the id that node ref has outside the engine.
func (r *Reader) NodeID(ref uint32) uint64 {
	gen, _ := r.s.nodeGen(ref)
	return uint64(gen)<<32 | uint64(ref)
}

// RelID returns the id that relationship ref has outside the engine.
func (r *Reader) RelID(ref uint32) uint64 {
	gen, _ := r.s.relGen(ref)
	return uint64(gen)<<32 | uint64(ref)
}

// NodeIDs sets out[i] to the id of node refs[i].
func (r *Reader) NodeIDs(refs []uint32, sel []int32, out []int64) error {
	if !r.s.nodesAgain && !r.s.base.nodeGens {
		plainIDs(refs, sel, out)
		return nil
	}
	at, page := noPage, (*nodePage)(nil)
	return forRows(len(refs), sel, func(i int) (err error) {
		ref, gen := refs[i], uint32(0)
		if p := ref >> pageBits; p != at {
			at, page = p, r.s.nodes.get(p)
		}
		switch {
		case page != nil && page.own>>(ref&pageMask)&1 != 0:
			gen = page.gen[ref&pageMask]
		case r.s.base.nodeGens:
			gen, err = r.s.base.nodeGen(ref)
		}
		out[i] = int64(uint64(gen)<<32 | uint64(ref))
		return err
	})
}

// RelIDs sets out[i] to the id of relationship refs[i].
func (r *Reader) RelIDs(refs []uint32, sel []int32, out []int64) error {
	if !r.s.relsAgain && !r.s.base.relGens {
		plainIDs(refs, sel, out)
		return nil
	}
	lk := r.s.relTable()
	defer lk.close()
	return forRows(len(refs), sel, func(i int) (err error) {
		ref, gen := refs[i], uint32(0)
		if p := lk.own(ref); p != nil {
			gen = p.gen[ref&pageMask]
		} else if r.s.base.relGens {
			gen, err = r.s.base.relGen(ref)
		}
		out[i] = int64(uint64(gen)<<32 | uint64(ref))
		return err
	})
}

// plainIDs writes refs as they are.
func plainIDs(refs []uint32, sel []int32, out []int64) {
	if sel == nil {
		out = out[:len(refs)]
		for i, ref := range refs {
			out[i] = int64(ref)
		}
		return
	}
	for _, i := range sel {
		out[i] = int64(refs[i])
	}
}

// LabelSets calls f with the label set of each node refs[i].
func (r *Reader) LabelSets(refs []uint32, sel []int32, f func(i int, set catalog.LabelSetID)) error {
	if err := r.refuseDeletedNodes(refs, sel); err != nil {
		return err
	}
	lk := r.s.labels()
	defer lk.close()
	return forRows(len(refs), sel, func(i int) error {
		set, err := lk.of(refs[i])
		if err == nil {
			f(i, set)
		}
		return err
	})
}
