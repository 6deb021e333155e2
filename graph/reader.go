package graph

import (
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/storage/txn"
	"github.com/kadedb/kadedb/value"
)

// Direction is the end of a relationship that a walk starts from.
type Direction uint8

const (
	// Out follows relationships from their start node.
	Out Direction = iota
	// In follows relationships from their end node.
	In
)

// Reverse returns the other direction.
func (d Direction) Reverse() Direction { return d ^ 1 }

// Reader reads one consistent state: that of a snapshot, or of a transaction with
// its own changes so far. It is safe for several goroutines as long as its
// transaction does not write; cursors made from it are for one goroutine each.
//
// refs are numbers of nodes or relationships; sel names the rows that count, nil
// for all. Results are aligned with refs: out[i] belongs to refs[i], entries of
// other rows are undefined. A number that names nothing reads as null or absent;
// one that the reader's own transaction deleted is a status.DeletedEntityAccess
// where properties or labels are read.
type Reader struct {
	s       *State
	cat     catalog.Snapshot
	stats   *catalog.Statistics
	seq     uint64
	deletes int       // entities that the own transaction deleted
	first   uint64    // ver of the own transaction's changes; 0 for a plain snapshot
	of      *Store    // of a snapshot, to end it; nil otherwise
	pinned  *txn.Root // of a snapshot
}

// Close ends the snapshot: block versions that only it needs may go. Cursors must
// be closed before. Closing a transaction's reader does nothing.
func (r *Reader) Close() {
	if s := r.of; s != nil {
		r.of = nil
		s.open.Add(-1)
		s.txn.Unpin(r.pinned)
		r.pinned = nil
	}
}

// Seq is the number of the last commit that the reader sees.
func (r *Reader) Seq() uint64 { return r.seq }

// Catalog returns names, indexes and constraints as the reader sees them.
func (r *Reader) Catalog() catalog.Snapshot { return r.cat }

// Statistics returns the optimizer's estimates; never nil, perhaps empty or old.
func (r *Reader) Statistics() *catalog.Statistics { return r.stats }

// NodeByID returns the node with an id, and whether it exists: an id of an older
// generation does not.
func (r *Reader) NodeByID(id uint64) (ref uint32, ok bool, err error) {
	ref = uint32(id)
	live, err := r.s.nodeLive(ref)
	if err != nil || !live {
		return 0, false, err
	}
	gen, err := r.s.nodeGen(ref)
	return ref, err == nil && gen == uint32(id>>32), err
}

// RelByID returns the relationship with an id, and whether it exists.
func (r *Reader) RelByID(id uint64) (ref uint32, ok bool, err error) {
	ref = uint32(id)
	live, err := r.s.relLive(ref)
	if err != nil || !live {
		return 0, false, err
	}
	gen, err := r.s.relGen(ref)
	return ref, err == nil && gen == uint32(id>>32), err
}

// NodeExists reports whether a node exists.
func (r *Reader) NodeExists(ref uint32) (bool, error) { return r.s.nodeLive(ref) }

// RelExists reports whether a relationship exists.
func (r *Reader) RelExists(ref uint32) (bool, error) { return r.s.relLive(ref) }

// NodeDeleted reports whether the reader's own transaction deleted a node.
func (r *Reader) NodeDeleted(ref uint32) bool {
	if r.deletes == 0 {
		return false
	}
	if sp := r.s.spill; sp != nil && sp.goneNodes.has(ref) {
		return true
	}
	p := r.s.nodes.get(ref >> pageBits)
	bit := uint64(1) << (ref & pageMask)
	return p != nil && p.own&bit != 0 && p.live&bit == 0 && p.ver[ref&pageMask] == r.first
}

// RelDeleted reports whether the reader's own transaction deleted a relationship.
func (r *Reader) RelDeleted(ref uint32) bool {
	if r.deletes == 0 {
		return false
	}
	if sp := r.s.spill; sp != nil && sp.goneRels.has(ref) {
		return true
	}
	p := r.s.rels.get(ref >> pageBits)
	bit := uint64(1) << (ref & pageMask)
	return p != nil && p.own&bit != 0 && p.live&bit == 0 && p.ver[ref&pageMask] == r.first
}

// HasDeletes reports whether the reader's own transaction deleted anything.
func (r *Reader) HasDeletes() bool { return r.deletes > 0 }

func (r *Reader) refuseDeletedNodes(refs []uint32, sel []int32) error {
	if r.deletes == 0 {
		return nil
	}
	return forRows(len(refs), sel, func(i int) error {
		if r.NodeDeleted(refs[i]) {
			return status.Errorf(status.DeletedEntityAccess, "node %d was deleted in this transaction", r.NodeID(refs[i]))
		}
		return nil
	})
}

func (r *Reader) refuseDeletedRels(refs []uint32, sel []int32) error {
	if r.deletes == 0 {
		return nil
	}
	return forRows(len(refs), sel, func(i int) error {
		if r.RelDeleted(refs[i]) {
			return status.Errorf(status.DeletedEntityAccess, "relationship %d was deleted in this transaction", r.RelID(refs[i]))
		}
		return nil
	})
}

// forRows calls f for the rows of sel, or for 0 … n-1.
func forRows(n int, sel []int32, f func(i int) error) error {
	if sel == nil {
		for i := range n {
			if err := f(i); err != nil {
				return err
			}
		}
		return nil
	}
	for _, i := range sel {
		if err := f(int(i)); err != nil {
			return err
		}
	}
	return nil
}

// HasLabel sets out[i] to whether node refs[i] has label.
func (r *Reader) HasLabel(refs []uint32, sel []int32, label catalog.LabelID, out []bool) error {
	if err := r.refuseDeletedNodes(refs, sel); err != nil {
		return err
	}
	with := r.cat.SetsWith(label)
	lk := r.s.labels()
	defer lk.close()
	quiet, groups := !r.s.ownNodes, r.s.base.nodes
	n := len(refs)
	if sel != nil {
		n = len(sel)
	}
	for k := range n {
		i := k
		if sel != nil {
			i = int(sel[k])
		}
		ref := refs[i]
		if g := ref >> groupBits; quiet && g < uint32(len(groups)) && groups[g].uniform() {
			out[i] = ref&(groupSize-1) < groups[g].rows && int(groups[g].sets[0].set) < len(with) && with[groups[g].sets[0].set]
			continue
		}
		set, live, err := lk.get(ref)
		if err != nil {
			return err
		}
		out[i] = live && int(set) < len(with) && with[set]
	}
	return nil
}

// LabelSet returns the set of labels that a node has.
func (r *Reader) LabelSet(ref uint32) (catalog.LabelSetID, error) {
	lk := r.s.labels()
	defer lk.close()
	return lk.of(ref)
}

// Labels appends the labels of a node to buf.
func (r *Reader) Labels(ref uint32, buf []catalog.LabelID) ([]catalog.LabelID, error) {
	if err := r.refuseDeletedNodes([]uint32{ref}, nil); err != nil {
		return buf, err
	}
	set, err := r.LabelSet(ref)
	if err != nil {
		return buf, err
	}
	return append(buf, r.cat.SetOf(set)...), nil
}

// RelEnds sets start[i] and end[i] to the nodes of relationship refs[i]; either
// slice may be nil. A deleted relationship keeps its ends.
func (r *Reader) RelEnds(refs []uint32, sel []int32, start, end []uint32) error {
	lk := r.s.relTable()
	defer lk.close()
	one := func(i int) error {
		src, dst, err := lk.ends(refs[i])
		if start != nil {
			start[i] = src
		}
		if end != nil {
			end[i] = dst
		}
		return err
	}
	if sel != nil {
		return forRows(len(refs), sel, one)
	}
	for i := 0; i < len(refs); {
		n, err := lk.ascending(refs, i, start, end)
		if err == nil && n == 0 {
			n, err = 1, one(i)
		}
		if err != nil {
			return err
		}
		i += n
	}
	return nil
}

// RelType sets out[i] to the type of relationship refs[i]; a deleted one keeps its type.
func (r *Reader) RelType(refs []uint32, sel []int32, out []catalog.TypeID) error {
	lk := r.s.relTable()
	defer lk.close()
	return forRows(len(refs), sel, func(i int) error {
		t, err := lk.typeOf(refs[i])
		out[i] = t
		return err
	})
}

// FillNode returns a node filled in for an answer. A node that its own
// transaction deleted comes without labels and properties.
func (r *Reader) FillNode(ref uint32) (*value.Node, error) {
	n := &value.Node{ID: r.NodeID(ref)}
	if r.NodeDeleted(ref) {
		return n, nil
	}
	set, err := r.LabelSet(ref)
	if err != nil {
		return nil, err
	}
	for _, l := range r.cat.SetOf(set) {
		n.Labels = append(n.Labels, r.cat.LabelName(l))
	}
	n.Props, err = r.NodeProperties(ref)
	return n, err
}

// FillRel returns a relationship filled in for an answer.
func (r *Reader) FillRel(ref uint32) (*value.Relationship, error) {
	lk := r.s.relTable()
	defer lk.close()
	src, dst, err := lk.ends(ref)
	if err != nil {
		return nil, err
	}
	t, err := lk.typeOf(ref)
	if err != nil {
		return nil, err
	}
	rel := &value.Relationship{ID: r.RelID(ref), Type: r.cat.TypeName(t), Start: r.NodeID(src), End: r.NodeID(dst)}
	if r.RelDeleted(ref) {
		return rel, nil
	}
	rel.Props, err = r.RelProperties(ref)
	return rel, err
}
