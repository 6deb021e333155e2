package graph

import (
	"slices"

	"github.com/kadedb/kadedb/graph/csr"
	"github.com/kadedb/kadedb/storage/block"
	"github.com/kadedb/kadedb/storage/catalog"
)

// adjacency folds the changed lists of every type and direction.
func (f *fold) adjacency() {
	f.st.adj.each(0, 1<<26, func(i uint32, p *adjTypes) bool {
		for j := range p.dir {
			for d := Out; d <= In; d++ {
				if t := &p.dir[j][d]; !t.empty() && f.err == nil {
					f.lists(adjKey{catalog.TypeID(i<<3 | uint32(j)), d}, t)
				}
			}
		}
		return f.err == nil
	})
}

// nodeChanges are the sorted changes of one node's list.
type nodeChanges struct {
	node uint32
	csr.Changes
}

// lists folds one type and direction.
func (f *fold) lists(key adjKey, t *tree[adjPage, *adjPage]) {
	l := f.listFold(key)
	t.each(0, 1<<26, func(page uint32, p *adjPage) bool {
		pc := p.collapse()
		eachBit(p.has, func(i uint32) { l.add(page<<pageBits|i, pc.list(i)) })
		return f.err == nil
	})
	l.finish()
}

// listFold takes the changed lists of one type and direction, by ascending node,
// and makes the new regions: changes go to the regions that hold their nodes, nodes
// that no region holds make new ones, within their group.
type listFold struct {
	f    *fold
	key  adjKey
	old  *adjDir
	next int      // first old region that is not in out yet
	out  []region // the new regions

	pending []nodeChanges  // for region next, or for the last of out where grow is set
	runs    bool           // every new region is a run of relationships
	grow    bool           // a small region just before the gap takes its nodes
	gap     *regionBuilder // of the gap before region next
}

func (f *fold) listFold(key adjKey) *listFold {
	l := &listFold{f: f, key: key, old: f.base.adj[key]}
	if l.old == nil {
		l.old = &adjDir{}
	}
	return l
}

// add takes the changes of one node's list; they are not kept beyond the next flush.
func (l *listFold) add(node uint32, c csr.Changes) {
	if l.leaves(node) {
		l.flush()
	}
	if len(l.pending) == 0 && l.gap == nil {
		l.enter(node)
	}
	if l.gap != nil {
		nbr, rel := csr.Merge(l.gap.nbr[:0], l.gap.rel[:0], nil, nil, c)
		l.gap.nbr, l.gap.rel = nbr, rel
		l.gap.add(node, nbr, rel)
		return
	}
	l.pending = append(l.pending, nodeChanges{node, c})
}

// enter finds the place of node: a region, or the gap before one.
func (l *listFold) enter(node uint32) {
	for l.next < len(l.old.regions) && l.old.regions[l.next].end <= node {
		l.out = append(l.out, l.old.regions[l.next])
		l.next++
	}
	l.grow = false
	if l.next < len(l.old.regions) && l.old.regions[l.next].first <= node {
		return
	}
	n := len(l.out)
	if n > 0 && l.next > 0 && l.out[n-1] == l.old.regions[l.next-1] && l.out[n-1].takes(node) {
		l.grow = true
		return
	}
	l.gap = &regionBuilder{f: l.f, key: l.key, runs: l.runs}
}

// leaves reports whether node has its place elsewhere than those before it.
func (l *listFold) leaves(node uint32) bool {
	var first uint32
	switch {
	case l.gap != nil:
		first = l.gap.node
	case len(l.pending) > 0:
		first = l.pending[0].node
	default:
		return false
	}
	if l.next < len(l.old.regions) {
		r := &l.old.regions[l.next]
		if r.first <= first {
			return node >= r.end
		}
		if node >= r.first {
			return true
		}
	}
	return first>>groupBits != node>>groupBits
}

func (l *listFold) flush() {
	switch {
	case l.gap != nil:
		l.out = append(l.out, l.gap.finish()...)
		l.gap = nil
	case len(l.pending) == 0:
	case l.grow:
		last := l.out[len(l.out)-1]
		l.out = append(l.out[:len(l.out)-1], l.f.rewrite(l.key, []region{last}, l.pending)...)
	default:
		end := max(l.old.parts(l.next), l.next+1)
		l.out = append(l.out, l.f.rewrite(l.key, l.old.regions[l.next:end], l.pending)...)
		l.next = end
	}
	l.pending = l.pending[:0]
}

func (l *listFold) finish() {
	l.flush()
	if l.f.err == nil {
		l.f.base.adj[l.key] = newAdjDir(append(l.out, l.old.regions[l.next:]...))
	}
}

// takes reports whether nodes after the region, from node on, may be folded into
// it: it is less than half full and lies in their group.
func (r *region) takes(node uint32) bool {
	return !r.part && r.edges < block.TargetEdges/2 && r.first>>groupBits == node>>groupBits
}

// rewrite returns the regions that hold what old's regions (one, or the parts of
// one list) hold after the changes.
func (f *fold) rewrite(key adjKey, old []region, changes []nodeChanges) []region {
	if old[0].part {
		return f.rewriteParts(key, old, changes[0].Changes)
	}
	total := int(old[0].edges)
	for i := range changes {
		total += len(changes[i].Nbr) // at most
	}
	b := regionBuilder{f: f, key: key, goal: cutInto(total), most: block.MaxEdges}
	h, err := f.st.base.store.Block(old[0].block)
	if err != nil {
		f.err = err
		return nil
	}
	defer h.Release()
	c := h.Block.CSR
	f.drop(key, &old[0])
	first, end := min(changes[0].node, old[0].first), max(changes[len(changes)-1].node+1, old[0].end)
	for node := first; node < end && f.err == nil; node++ {
		var nbr, rel []uint32
		if node >= old[0].first && node < old[0].end {
			lo, hi := c.Off[node-old[0].first], c.Off[node-old[0].first+1]
			nbr, rel = c.Nbr[lo:hi], c.Rel[lo:hi]
		}
		if len(changes) > 0 && changes[0].node == node {
			nbr, rel = csr.Merge(nil, nil, nbr, rel, changes[0].Changes)
			changes = changes[1:]
		}
		b.add(node, nbr, rel)
	}
	return b.finish()
}

// rewriteParts changes the parts that changes fall into.
func (f *fold) rewriteParts(key adjKey, old []region, c csr.Changes) []region {
	var out []region
	node := old[0].first
	for i := range old {
		n := len(c.Nbr)
		if i+1 < len(old) {
			n = 0
			for n < len(c.Nbr) && edgeAt(c.Nbr[n], c.Rel[n]) < old[i+1].least {
				n++
			}
		}
		part := csr.Changes{Nbr: c.Nbr[:n], Rel: c.Rel[:n]}
		c.Nbr, c.Rel = c.Nbr[n:], c.Rel[n:]
		if c.Del != nil {
			part.Del, c.Del = c.Del[:n], c.Del[n:]
		}
		if n == 0 {
			out = append(out, old[i])
			continue
		}
		h, err := f.st.base.store.Block(old[i].block)
		if err != nil {
			f.err = err
			return nil
		}
		nbr, rel := csr.Merge(nil, nil, h.Block.CSR.Nbr, h.Block.CSR.Rel, part)
		h.Release()
		f.drop(key, &old[i])
		b := regionBuilder{f: f, key: key}
		b.parts(node, nbr, rel, cutInto(len(nbr)))
		out = append(out, b.out...)
	}
	return out
}

func (f *fold) drop(key adjKey, r *region) {
	f.retireRegion(r)
	f.m[regionKey(key, r)] = nil
}

func edgeAt(nbr, rel uint32) uint64 { return uint64(nbr)<<32 | uint64(rel) }

// cutInto returns how many edges each region gets of a region, or of a part of a
// list, that a change has made edges long. It is cut once it does not fit into a block any
// more, and evenly then: one that was full before would otherwise lose a
// remnant to a block of its own in every checkpoint.
func cutInto(edges int) int {
	if edges <= block.MaxEdges {
		return block.MaxEdges
	}
	pieces := (edges + block.TargetEdges - 1) / block.TargetEdges
	return (edges + pieces - 1) / pieces
}

// regionBuilder cuts lists of ascending nodes into regions and writes them.
type regionBuilder struct {
	f     *fold
	key   adjKey
	goal  int // edges after which a region ends; 0: none
	most  int // edges of a region; 0: block.TargetEdges, of parts too
	first uint32
	c     block.CSR
	out   []region
	runs  bool // see listFold

	node     uint32 // the last one added
	nbr, rel []uint32
}

func (b *regionBuilder) limit() int {
	if b.most == 0 {
		return block.TargetEdges
	}
	return b.most
}

// add appends a node's list; nodes between calls have none.
func (b *regionBuilder) add(node uint32, nbr, rel []uint32) {
	b.node = node
	if len(nbr) == 0 && len(b.c.Off) == 0 {
		return
	}
	full := len(b.c.Nbr) > 0 && (len(b.c.Nbr)+len(nbr) > b.limit() || b.goal > 0 && len(b.c.Nbr) >= b.goal)
	if len(b.c.Off) > 0 && (full || node>>groupBits != b.first>>groupBits) {
		b.cut()
	}
	if len(nbr) > b.limit() {
		most := block.TargetEdges
		if b.most > 0 {
			most = cutInto(len(nbr))
		}
		b.parts(node, nbr, rel, most)
		return
	}
	if len(b.c.Off) == 0 {
		if len(nbr) == 0 {
			return
		}
		b.first, b.c.First = node, node
		b.c.Off = append(b.c.Off, 0)
	}
	for b.first+uint32(len(b.c.Off))-1 < node {
		b.c.Off = append(b.c.Off, uint32(len(b.c.Nbr)))
	}
	b.c.Nbr, b.c.Rel = append(b.c.Nbr, nbr...), append(b.c.Rel, rel...)
	b.c.Off = append(b.c.Off, uint32(len(b.c.Nbr)))
}

// cut writes the region that was begun.
func (b *regionBuilder) cut() {
	if len(b.c.Off) == 0 {
		return
	}
	// Empty lists at the end belong to no region.
	for len(b.c.Off) > 1 && b.c.Off[len(b.c.Off)-1] == b.c.Off[len(b.c.Off)-2] {
		b.c.Off = b.c.Off[:len(b.c.Off)-1]
	}
	if len(b.c.Nbr) > 0 {
		r := region{first: b.first, end: b.first + uint32(len(b.c.Off)) - 1, edges: uint32(len(b.c.Nbr))}
		b.put(r, b.c)
	}
	b.c.Off, b.c.Nbr, b.c.Rel = b.c.Off[:0], b.c.Nbr[:0], b.c.Rel[:0]
}

// parts writes one list as parts of most edges.
func (b *regionBuilder) parts(node uint32, nbr, rel []uint32, most int) {
	for len(nbr) > 0 {
		n := min(len(nbr), most)
		r := region{first: node, end: node + 1, edges: uint32(n), part: true, least: edgeAt(nbr[0], rel[0])}
		b.put(r, block.CSR{First: node, Off: []uint32{0, uint32(n)}, Nbr: nbr[:n], Rel: rel[:n]})
		nbr, rel = nbr[n:], rel[n:]
	}
}

func (b *regionBuilder) put(r region, c block.CSR) {
	r.block = b.f.put(block.EncodeCSR(nil, c))
	b.f.m.putRegion(b.key, &r)
	b.out = append(b.out, r)
	if b.runs {
		run := relRun{first: c.Rel[0], n: r.edges, block: r.block}
		b.f.base.runs = append(b.f.base.runs, run)
		b.f.m.putRun(run)
	}
}

func (b *regionBuilder) finish() []region {
	b.cut()
	return slices.Clone(b.out)
}
