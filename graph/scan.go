package graph

import (
	"math/bits"

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
		// One page at a time: its overlay is looked up once.
		end := min(ref|pageMask, m.To-1)
		p := r.s.nodes.get(ref >> pageBits)
		if p == nil {
			n, ref, err = r.s.scanBase(&lk, with, buf, n, ref, end)
			if err != nil || n == len(buf) || ref == 0 {
				return n, ref, err
			}
			continue
		}
		for ; ref <= end; ref++ {
			if n == len(buf) {
				return n, ref, nil
			}
			bit := uint64(1) << (ref & pageMask)
			var set catalog.LabelSetID
			if p != nil && p.own&bit != 0 {
				if p.live&bit == 0 {
					continue
				}
				set = p.set[ref&pageMask]
			} else {
				var live bool
				if set, live, err = lk.base(ref); err != nil {
					return n, ref, err
				} else if !live {
					continue
				}
			}
			if int(set) < len(with) && with[set] {
				buf[n] = ref
				n++
			}
			if ref == 1<<32-1 {
				return n, ref, nil
			}
		}
	}
	return n, m.To, nil
}

// scanBase is ScanNodes for nodes ref … end, of one page, that no overlay touches.
func (s *State) scanBase(lk *labelLookup, with []bool, buf []uint32, n int, ref, end uint32) (int, uint32, error) {
	if set, stop, ok := s.base.uniformNodes(ref); ok {
		if int(set) >= len(with) || !with[set] {
			return n, min(end+1, stop), nil
		}
		k := min(uint32(len(buf)-n), min(end, stop-1)-ref+1)
		for i := range buf[n : n+int(k)] {
			buf[n+i] = ref + uint32(i)
		}
		return n + int(k), ref + k, nil
	}
	sets, err := s.base.sets(&lk.cur, ref, end)
	if err != nil {
		return n, ref, err
	}
	for i, v := range sets {
		if n == len(buf) {
			return n, ref + uint32(i), nil
		}
		buf[n] = ref + uint32(i)
		if v != 0 && int(v-1) < len(with) && with[v-1] {
			n++
		}
	}
	return n, end + 1, nil
}

// ScanRels writes to buf the relationships of m of a type, ascending, as ScanNodes does.
func (r *Reader) ScanRels(m Morsel, typ catalog.TypeID, from uint32, buf []uint32) (n int, next uint32, err error) {
	lk := r.s.relTable()
	defer lk.close()
	for ref := max(from, m.From); ref < m.To; ref++ {
		if n == len(buf) {
			return n, ref, nil
		}
		t, live, err := lk.get(ref)
		if err != nil {
			return n, ref, err
		}
		if live && (typ == catalog.AnyType || t == typ) {
			buf[n] = ref
			n++
		}
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

func popcount(w uint64) int { return bits.OnesCount64(w) }
