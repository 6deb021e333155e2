package graph

import (
	"github.com/kadedb/kadedb/storage/catalog"
)

// Morsel is a range of numbers, [From, To), that one worker scans.
type Morsel struct {
	From, To uint32
}

// morselSize is how many numbers a morsel spans where nothing is known of them.
const morselSize = 1 << 14

// NodeMorsels cuts the numbers that may belong to nodes with label into morsels,
// ascending; together they hold every such node.
func (r *Reader) NodeMorsels(label catalog.LabelID) []Morsel {
	with := r.cat.SetsWith(label)
	return r.morsels(r.s.nodeHigh, func(group uint32) bool {
		return r.s.base.groupHas(group, with) || r.s.nodes.any(group<<(groupBits-pageBits), (group+1)<<(groupBits-pageBits))
	})
}

// RelMorsels cuts the numbers that may belong to relationships of a type.
func (r *Reader) RelMorsels(typ catalog.TypeID) []Morsel {
	return r.morsels(r.s.relHigh, func(group uint32) bool {
		return r.s.base.relGroupHas(group, typ) || r.s.rels.any(group<<(groupBits-pageBits), (group+1)<<(groupBits-pageBits))
	})
}

func (r *Reader) morsels(high uint32, want func(group uint32) bool) []Morsel {
	var out []Morsel
	for from := uint64(0); from < uint64(high); from += groupSize {
		if !want(uint32(from >> groupBits)) {
			continue
		}
		for lo := from; lo < min(from+groupSize, uint64(high)); lo += morselSize {
			out = append(out, Morsel{uint32(lo), uint32(min(lo+morselSize, uint64(high)))})
		}
	}
	return out
}

// ScanNodes writes to buf the nodes of m with label, ascending, from number from
// on (m.From at first). It returns how many, and where to go on; next ≥ m.To
// means that the morsel is done.
func (r *Reader) ScanNodes(m Morsel, label catalog.LabelID, from uint32, buf []uint32) (n int, next uint32, err error) {
	with := r.cat.SetsWith(label)
	lk := r.s.labels()
	defer lk.close()
	for ref := max(from, m.From); ref < m.To; {
		if n == len(buf) {
			return n, ref, nil
		}
		if n, next, err = lk.scan(m.To, with, ref, buf, n); err != nil {
			return n, ref, err
		}
		ref = next
	}
	return n, m.To, nil
}

// scan writes the nodes from ref on whose label set is in with, up to the end of
// the group or of its stretch without changes, or until buf is full.
func (l *labelLookup) scan(to uint32, with []bool, ref uint32, buf []uint32, n int) (int, uint32, error) {
	first := ref &^ (groupSize - 1)
	end := uint32(min(uint64(first)+groupSize, uint64(to)))
	clean := end
	if l.s.ownNodes {
		l.s.nodes.each(ref>>pageBits, (end-1)>>pageBits+1, func(i uint32, _ *nodePage) bool {
			clean = max(i<<pageBits, ref)
			return false
		})
	}
	if clean > ref {
		return l.scanBase(min(clean, end), with, ref, buf, n)
	}
	p := l.s.nodes.get(ref >> pageBits)
	for end = min(end, ref|pageMask+1); ref < end; ref++ {
		if n == len(buf) {
			return n, ref, nil
		}
		set, live := p.set[ref&pageMask], p.live>>(ref&pageMask)&1 != 0
		if p.own>>(ref&pageMask)&1 == 0 {
			var err error
			if set, live, err = l.base(ref); err != nil {
				return n, ref, err
			}
		}
		if live && int(set) < len(with) && with[set] {
			buf[n] = ref
			n++
		}
	}
	return n, ref, nil
}

// scanBase is scan for nodes of one group that have not changed since the base.
func (l *labelLookup) scanBase(end uint32, with []bool, ref uint32, buf []uint32, n int) (int, uint32, error) {
	group := ref >> groupBits
	if group >= uint32(len(l.s.base.nodes)) {
		return n, end, nil
	}
	g := &l.s.base.nodes[group]
	last := uint32(min(uint64(group)<<groupBits+uint64(g.rows), uint64(end)))
	if g.uniform() {
		if g.rows == 0 || int(g.sets[0].set) >= len(with) || !with[g.sets[0].set] {
			return n, end, nil
		}
		for ; ref < last && n < len(buf); ref++ {
			buf[n] = ref
			n++
		}
	} else {
		sets, err := l.cur.refs(l.s.base.store, g.set)
		if err != nil {
			return n, ref, err
		}
		for ; ref < last && n < len(buf) && int(ref&(groupSize-1)) < len(sets); ref++ {
			if v := sets[ref&(groupSize-1)]; v != 0 && int(v) <= len(with) && with[v-1] {
				buf[n] = ref
				n++
			}
		}
	}
	if n < len(buf) || ref >= last {
		return n, end, nil
	}
	return n, ref, nil
}

// nodeRows returns how many numbers of a group may be those of nodes.
func (s *State) nodeRows(group uint32) uint32 {
	rows := min(s.nodeHigh-min(s.nodeHigh, group<<groupBits), groupSize)
	if s.nodes.any(group<<(groupBits-pageBits), (group+1)<<(groupBits-pageBits)) {
		return rows
	}
	if group >= uint32(len(s.base.nodes)) {
		return 0
	}
	return min(rows, s.base.nodes[group].rows)
}

// ScanRels writes to buf the relationships of m of a type, ascending, as ScanNodes does.
func (r *Reader) ScanRels(m Morsel, typ catalog.TypeID, from uint32, buf []uint32) (n int, next uint32, err error) {
	lk := r.s.relTable()
	defer lk.close()
	for ref := max(from, m.From); ref < m.To; {
		if n == len(buf) {
			return n, ref, nil
		}
		if t, live, end := lk.alike(ref); end > ref {
			end = min(end, m.To)
			if live && (typ == catalog.AnyType || t == typ) {
				for end = min(end, ref+uint32(len(buf)-n)); ref < end; ref++ {
					buf[n] = ref
					n++
				}
			}
			ref = end
			continue
		}
		t, live, err := lk.get(ref)
		if err != nil {
			return n, ref, err
		}
		if live && (typ == catalog.AnyType || t == typ) {
			buf[n] = ref
			n++
		}
		ref++
	}
	return n, m.To, nil
}

// CountNodes returns how many nodes have label, exactly.
func (r *Reader) CountNodes(label catalog.LabelID) int64 {
	if label == catalog.AnyLabel {
		return r.s.nodeCount
	}
	var sum int64
	for set, in := range r.cat.SetsWith(label) {
		if in {
			sum += count(&r.s.setCounts, uint32(set))
		}
	}
	return sum
}

// CountRels returns how many relationships have a type, exactly.
func (r *Reader) CountRels(typ catalog.TypeID) int64 {
	if typ == catalog.AnyType {
		return r.s.relCount
	}
	return count(&r.s.typeCounts, uint32(typ))
}

// Types returns the types that have relationships, ascending.
func (r *Reader) Types() []catalog.TypeID {
	var out []catalog.TypeID
	r.s.typeCounts.each(0, 1<<26, func(page uint32, p *countPage) bool {
		for i, n := range p.n {
			if n > 0 {
				out = append(out, catalog.TypeID(page<<pageBits|uint32(i)))
			}
		}
		return true
	})
	return out
}

// NodeHigh returns one more than the highest number that a node may have: the
// length of an array indexed by node.
func (r *Reader) NodeHigh() uint32 { return r.s.nodeHigh }

// RelHigh returns one more than the highest number that a relationship may have.
func (r *Reader) RelHigh() uint32 { return r.s.relHigh }
