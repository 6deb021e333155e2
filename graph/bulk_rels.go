package graph

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/graph/csr"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/block"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/value"
)

// BulkRels writes the relationships of one type: in forward order, which gives them
// their numbers, and again in backward order. Both come in chunks of any length,
// so that an import that sorts on disk needs little memory.
type BulkRels struct {
	// First is the number of the first relationship; it is the start of a group.
	First uint32

	b        *Bulk
	typ      catalog.TypeID
	n        uint32
	out, in  listCarry
	src, dst []uint32 // of the group of the relationship table that is being filled
	sum      uint64   // of the edges forward, minus those backward
}

// Rels begins the writing of n new relationships of a type. Only one writer of a
// type may be open.
func (b *Bulk) Rels(typ catalog.TypeID, n uint32) (*BulkRels, error) {
	w := &BulkRels{b: b, typ: typ, n: n}
	b.open++
	if n == 0 {
		return w, nil
	}
	first, err := b.s.relIDs.reserve(uint32(typ), n)
	if err != nil {
		return nil, err
	}
	w.First = first
	w.out = listCarry{l: b.f.listFold(adjKey{typ, Out})}
	// Where the lists are all new, they hold the numbers in order, and say the ends.
	w.out.l.runs = len(w.out.l.old.regions) == 0
	w.in = listCarry{l: b.f.listFold(adjKey{typ, In})}
	return w, nil
}

// listCarry puts lists together that come in chunks.
type listCarry struct {
	l        *listFold
	node     uint32
	some     bool
	nbr, rel []uint32
	total    uint32
}

func (c *listCarry) add(node, nbr, rel uint32) error {
	if c.some && node == c.node {
		if n := len(c.nbr); n > 0 && !csr.Less(c.nbr[n-1], c.rel[n-1], nbr, rel) {
			return status.Errorf(status.Internal, "bulk relationships are not sorted at node %d", node)
		}
	} else {
		if c.some && node < c.node {
			return status.Errorf(status.Internal, "bulk relationships are not sorted at node %d", node)
		}
		c.flush()
		c.node, c.some = node, true
	}
	c.nbr, c.rel = append(c.nbr, nbr), append(c.rel, rel)
	c.total++
	return nil
}

func (c *listCarry) flush() {
	if len(c.nbr) == 0 {
		return
	}
	c.l.add(c.node, csr.Changes{Nbr: c.nbr, Rel: c.rel})
	if len(c.l.pending) > 0 {
		// It is kept until the region is rewritten.
		c.nbr, c.rel = nil, nil
		return
	}
	c.nbr, c.rel = c.nbr[:0], c.rel[:0]
}

// Forward adds relationships from src[i] to dst[i], ascending by both.
func (w *BulkRels) Forward(src, dst []uint32) error {
	for i := range src {
		ref := w.First + w.out.total
		if w.out.total == w.n {
			return status.Errorf(status.Internal, "more than the announced %d relationships", w.n)
		}
		if err := w.out.add(src[i], dst[i], ref); err != nil {
			return err
		}
		w.sum += edgeHash(src[i], dst[i], ref)
		w.src, w.dst = append(w.src, src[i]), append(w.dst, dst[i])
		if len(w.src) == groupSize {
			w.table(ref >> groupBits)
		}
	}
	return w.b.f.err
}

// table writes one group of the relationship table.
func (w *BulkRels) table(group uint32) {
	f := w.b.f
	rows := uint32(len(w.src))
	g := relGroup{rows: rows, types: []setCount{{catalog.LabelSetID(w.typ), rows}}}
	if !w.out.l.runs {
		g.src = f.put(block.EncodeUint32s(nil, w.src, nil))
		g.dst = f.put(block.EncodeUint32s(nil, w.dst, nil))
	}
	f.base.rels = grown(f.base.rels, group)
	f.base.rels[group] = g
	f.m.putRels(group, &g)
	w.src, w.dst = w.src[:0], w.dst[:0]
}

// Backward adds the same relationships again, ascending by dst, src and rel.
func (w *BulkRels) Backward(dst, src, rel []uint32) error {
	for i := range dst {
		if err := w.in.add(dst[i], src[i], rel[i]); err != nil {
			return err
		}
		w.sum -= edgeHash(src[i], dst[i], rel[i])
	}
	return w.b.f.err
}

// Close ends the writing, and fails unless both orders held the same n relationships.
func (w *BulkRels) Close() error {
	b := w.b
	b.open--
	if w.n == 0 {
		return nil
	}
	if w.out.total != w.n || w.in.total != w.n || w.sum != 0 {
		return status.Errorf(status.Internal, "of %d announced relationships %d came forward and %d backward", w.n, w.out.total, w.in.total)
	}
	if len(w.src) > 0 {
		w.table((w.First + w.n - 1) >> groupBits)
	}
	w.out.flush()
	w.out.l.finish()
	w.in.flush()
	w.in.l.finish()
	b.after.relHigh = max(b.after.relHigh, w.First+w.n)
	b.after.relCount += int64(w.n)
	addCount(&b.after.typeCounts, b.own, uint32(w.typ), int64(w.n))
	b.rels = append(b.rels, bulkRange{first: w.First, n: w.n, typ: w.typ})
	return b.f.err
}

// AddRels adds relationships that fit into memory, in any order. src and dst are
// sorted in place; order[i] is the place that relationship first+i had in them.
func (b *Bulk) AddRels(typ catalog.TypeID, src, dst []uint32) (first uint32, order []uint32, err error) {
	w, err := b.Rels(typ, uint32(len(src)))
	if err != nil {
		return 0, nil, err
	}
	order = make([]uint32, len(src))
	for i := range order {
		order[i] = uint32(i)
	}
	csr.SortEdges(src, dst, order)
	if err := w.Forward(src, dst); err != nil {
		return 0, nil, err
	}
	back, from, rel := append([]uint32(nil), dst...), append([]uint32(nil), src...), make([]uint32, len(src))
	for i := range rel {
		rel[i] = w.First + uint32(i)
	}
	csr.SortEdges(back, from, rel)
	if err := w.Backward(back, from, rel); err != nil {
		return 0, nil, err
	}
	return w.First, order, w.Close()
}

// rows boxes a stretch of rows of v, and refuses values that are too large to read.
func (b *Bulk) rows(v *column.Vector, at, rows int) func(int, []value.Value) {
	most := b.s.valueLimit()
	return func(from int, out []value.Value) {
		clear(out)
		for i := range out[:max(min(len(out), rows-from), 0)] {
			out[i] = v.Value(at + from + i)
			if err := fits(out[i], most); err != nil && b.f.err == nil {
				b.f.err = err
			}
		}
	}
}
