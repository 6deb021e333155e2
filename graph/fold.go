package graph

import (
	"context"

	"github.com/kadedb/kadedb/storage/block"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/storage/kv"
	"github.com/kadedb/kadedb/storage/txn"
)

// fold writes an overlay into new blocks: of each touched group, column part,
// region or run of index keys the old block is read, changed and written under a
// new number, and only those.
type fold struct {
	ctx  context.Context
	st   *State
	base *base // the new one
	w    *txn.BlockWriter
	m    manifest
	err  error
	buf  []byte

	runBlocks map[uint64]struct{} // blocks of the old base's runs
	filling   *filling            // nil: no index is filled

	freedNodes, freedRels []freed
}

// folded is a State on its way into the base.
type folded struct {
	from   *State // the state that was folded
	base   *base
	m      manifest
	leaves map[catalog.IndexID]map[*onode]struct{} // of from's index overlays
	after  *State                                  // an import's counts; nil: head's

	released func()
}

// Released gives the numbers of entities that were deleted back.
func (f *folded) Released() {
	if f.released != nil {
		f.released()
	}
}

// Fold writes what root has beyond its base as new blocks.
func (m *model) Fold(ctx context.Context, root *txn.Root, w *txn.BlockWriter) (txn.Folded, error) {
	return m.fold(ctx, root, schemaOf(root), w, nil)
}

// fold is Fold, with an index to fill, if it is not nil.
func (m *model) fold(ctx context.Context, root *txn.Root, schema *catalog.Schema, w *txn.BlockWriter, x *filling) (txn.Folded, error) {
	st := stateOf(root)
	f := &fold{ctx: ctx, st: st, base: st.base.clone(), w: w, m: manifest{}, filling: x}
	if err := f.all(schema); err != nil {
		return nil, err
	}
	f.base.seq = root.Seq
	f.base.seal()
	f.m.putCounts(st)
	f.m["s"] = encodeStatistics(m.stats.Load())
	return &folded{
		from: st, base: f.base, m: f.m, leaves: leavesOf(st),
		released: func() { m.nodeIDs.recycle(f.freedNodes); m.relIDs.recycle(f.freedRels) },
	}, nil
}

// all folds everything that lies over the base.
func (f *fold) all(schema *catalog.Schema) error {
	f.nodes()
	f.rels()
	f.columns(catalog.Nodes, &f.st.nodeCols, f.base.nodeCols)
	f.columns(catalog.Relationships, &f.st.relCols, f.base.relCols)
	f.adjacency()
	f.dropRuns()
	f.indexes(schema)
	return f.err
}

// Manifest writes the changed part of the directory.
func (f *folded) Manifest(tx *kv.Tx) error { return txn.WriteManifest(tx, bucketGraph, f.m) }

// Rebase returns head, which is f.from or came after it, over the new base.
func (f *folded) Rebase(state txn.State) txn.State {
	head := state.(*State)
	next := *head
	next.base = f.base
	o := newOwner()
	next.nodes = head.nodes.since(&f.from.nodes, o, func(_ uint32, _, is *nodePage) *nodePage { return is })
	next.rels = head.rels.since(&f.from.rels, o, func(_ uint32, _, is *relPage) *relPage { return is })
	next.ownNodes = head.ownNodes && !next.nodes.empty()
	next.nodesAgain = head.nodesAgain && !next.nodes.empty()
	next.relsAgain = head.relsAgain && !next.rels.empty()
	next.nodeCols = columnsSince(&head.nodeCols, &f.from.nodeCols, o)
	next.relCols = columnsSince(&head.relCols, &f.from.relCols, o)
	next.adj = head.adj.since(&f.from.adj, o, func(_ uint32, was, is *adjTypes) *adjTypes {
		if was == nil {
			was = &adjTypes{}
		}
		var out adjTypes
		for i := range is.dir {
			for d := range is.dir[i] {
				out.dir[i][d] = is.dir[i][d].since(&was.dir[i][d], o, func(_ uint32, was, is *adjPage) *adjPage {
					rest := is.minus(was)
					if rest != nil {
						o.added(changeBytes * len(rest.pieces[0].nbr))
					}
					return rest
				})
			}
		}
		return &out
	})
	next.indexes = f.indexesSince(head, o)
	next.size = o.kin.grew
	if a := f.after; a != nil {
		next.setCounts, next.typeCounts, next.nodeCount, next.relCount = a.setCounts, a.typeCounts, a.nodeCount, a.relCount
		next.nodeHigh, next.relHigh = a.nodeHigh, a.relHigh
	}
	return &next
}

func columnsSince(head, from *columns, o *owner) columns {
	var out columns
	out.tree = head.since(&from.tree, o, func(i uint32, was, is *colPage) *colPage {
		if was == nil {
			was = &colPage{}
		}
		var rest colPage
		some := false
		for j := range is.cols {
			key := catalog.KeyID(i<<3 | uint32(j))
			rest.cols[j] = is.cols[j].since(&was.cols[j], o, func(page uint32, _, is *propPage) *propPage {
				o.added(cap(is.blob))
				out.noteKey(o, key, page)
				some = true
				return is
			})
		}
		if !some {
			return nil
		}
		return &rest
	})
	return out
}

// put writes a block unless the fold has failed.
func (f *fold) put(data []byte) uint64 {
	if f.err != nil {
		return 0
	}
	if f.err = f.ctx.Err(); f.err != nil {
		return 0
	}
	n, err := f.w.Put(data)
	f.err = err
	return n
}

func (f *fold) retire(number uint64) {
	if number != 0 {
		f.w.Retire(number)
	}
}

// refs returns a copy of a Uint32s block, of groupSize rows.
func (f *fold) refs(number uint64) []uint32 {
	out := make([]uint32, groupSize)
	if number == 0 || f.err != nil {
		return out
	}
	var c groupCursor
	defer c.close()
	vals, err := c.refs(f.st.base.store, number)
	if err != nil {
		f.err = err
		return out
	}
	copy(out, vals)
	return out
}

func (f *fold) putRefs(vals []uint32) uint64 {
	for _, v := range vals {
		if v != 0 {
			return f.put(block.EncodeUint32s(nil, vals, nil))
		}
	}
	return 0
}

// touchedGroups returns the groups that a tree has pages of, ascending.
func touchedGroups[P any, PP page[P]](t *tree[P, PP], touched func(p *P) bool) []uint32 {
	var out []uint32
	t.each(0, 1<<26, func(i uint32, p *P) bool {
		g := i >> (groupBits - pageBits)
		if (len(out) == 0 || out[len(out)-1] != g) && touched(p) {
			out = append(out, g)
		}
		return true
	})
	return out
}

// pagesOf calls fn for the pages of one group with the offset of their first entity.
func pagesOf[P any, PP page[P]](t *tree[P, PP], group uint32, fn func(at uint32, p *P)) {
	from := group << (groupBits - pageBits)
	t.each(from, from+groupSize/pageSize, func(i uint32, p *P) bool {
		fn((i-from)<<pageBits, p)
		return true
	})
}

func (f *fold) nodes() {
	for _, group := range touchedGroups(&f.st.nodes, func(p *nodePage) bool { return p.own != 0 }) {
		f.base.nodes = grown(f.base.nodes, group)
		old := f.base.nodes[group]
		sets, gens := f.refs(old.set), f.refs(old.gen)
		if old.uniform() {
			for i := range old.rows {
				sets[i] = uint32(old.sets[0].set) + 1
			}
		}
		pagesOf(&f.st.nodes, group, func(at uint32, p *nodePage) {
			eachBit(p.own, func(i uint32) {
				sets[at+i], gens[at+i] = 0, p.gen[i]
				if p.live>>i&1 != 0 {
					sets[at+i] = uint32(p.set[i]) + 1
				} else if p.ver[i] > f.st.base.seq {
					f.freedNodes = append(f.freedNodes, freed{uint32(p.set[i]), group<<groupBits + at + i, p.gen[i]})
				}
			})
		})
		if f.err != nil {
			return
		}
		g := nodeGroup{gen: f.putRefs(gens)}
		var uniform bool
		g.rows, g.sets, uniform = summary(sets)
		if !uniform {
			g.set = f.putRefs(sets[:g.rows])
		}
		f.retire(old.set)
		f.retire(old.gen)
		f.base.nodes[group] = g
		f.m.putNodes(group, &g)
	}
}

// summary describes a group's classes (value − 1; 0 = no entity): rows up to the
// last entity, how many of each class, and whether all rows have one class.
func summary(vals []uint32) (rows uint32, counts []setCount, uniform bool) {
	byClass := map[uint32]uint32{}
	live := uint32(0)
	for i, v := range vals {
		if v != 0 {
			byClass[v-1]++
			rows = uint32(i) + 1
			live++
		}
	}
	for class := range byClass {
		counts = append(counts, setCount{catalog.LabelSetID(class), byClass[class]})
	}
	sortCounts(counts)
	return rows, counts, len(counts) == 1 && live == rows
}

func (f *fold) rels() {
	for _, group := range touchedGroups(&f.st.rels, func(p *relPage) bool { return p.own != 0 }) {
		f.base.rels = grown(f.base.rels, group)
		old := f.base.rels[group]
		types, src, dst, gens := f.refs(old.typ), f.refs(old.src), f.refs(old.dst), f.refs(old.gen)
		if old.derived() {
			f.runEnds(group, old.rows, src, dst)
		}
		if old.uniform() {
			for i := range old.rows {
				types[i] = uint32(old.types[0].set) + 1
			}
		}
		pagesOf(&f.st.rels, group, func(at uint32, p *relPage) {
			eachBit(p.own, func(i uint32) {
				gens[at+i] = p.gen[i]
				if p.live>>i&1 == 0 {
					types[at+i], src[at+i], dst[at+i] = 0, 0, 0
					if p.ver[i] > f.st.base.seq {
						f.freedRels = append(f.freedRels, freed{uint32(p.typ[i]), group<<groupBits + at + i, p.gen[i]})
					}
					return
				}
				types[at+i], src[at+i], dst[at+i] = uint32(p.typ[i])+1, p.src[i], p.dst[i]
			})
		})
		if f.err != nil {
			return
		}
		g := relGroup{gen: f.putRefs(gens)}
		var uniform bool
		g.rows, g.types, uniform = summary(types)
		if !uniform {
			g.typ = f.putRefs(types[:g.rows])
		}
		if g.rows > 0 {
			g.src = f.put(block.EncodeUint32s(nil, src[:g.rows], nil))
			g.dst = f.put(block.EncodeUint32s(nil, dst[:g.rows], nil))
		}
		for _, n := range [4]uint64{old.typ, old.src, old.dst, old.gen} {
			f.retire(n)
		}
		f.base.rels[group] = g
		f.m.putRels(group, &g)
	}
}

// runEnds reads the ends of a derived group.
func (f *fold) runEnds(group, rows uint32, src, dst []uint32) {
	var c relCursor
	defer c.close()
	for i := range rows {
		s, d, err := f.st.base.relEnds(&c, group<<groupBits|i)
		if err != nil {
			f.err = err
			return
		}
		src[i], dst[i] = s, d
	}
}

// dropRuns drops the runs that no derived group needs any more, and retires blocks
// that were kept only for them. It comes after rels and adjacency.
func (f *fold) dropRuns() {
	if len(f.base.runs) == 0 || f.err != nil {
		return
	}
	inUse := map[uint64]struct{}{}
	for k, d := range f.base.adj {
		if k.dir == Out {
			for i := range d.regions {
				inUse[d.regions[i].block] = struct{}{}
			}
		}
	}
	kept := f.base.runs[:0]
	for _, r := range f.base.runs {
		needed := false
		for g := r.first >> groupBits; g <= (r.first+r.n-1)>>groupBits; g++ {
			needed = needed || f.base.rels[g].derived()
		}
		if needed {
			kept = append(kept, r)
			continue
		}
		f.m[manifestKey('e', r.first)] = nil
		if _, ok := inUse[r.block]; !ok {
			f.retire(r.block)
		}
	}
	f.base.runs = kept
}

// retireRegion retires a region's block unless it lives on as a run.
func (f *fold) retireRegion(r *region) {
	if f.runBlocks == nil {
		f.runBlocks = map[uint64]struct{}{}
		for _, run := range f.st.base.runs {
			f.runBlocks[run.block] = struct{}{}
		}
	}
	if _, ok := f.runBlocks[r.block]; !ok {
		f.retire(r.block)
	}
}
