package graph

import (
	"math"

	"github.com/kadedb/kadedb/storage/catalog"
)

// State is the whole graph at one commit: immutable once published. Copying the
// struct is cheap and is how an editor begins.
type State struct {
	base *base // blocks on disk and their directory; never nil

	nodes    tree[nodePage, *nodePage]
	rels     tree[relPage, *relPage]
	nodeCols columns
	relCols  columns
	adj      adjacencies
	indexes  indexes

	// Exact counts, base included.
	setCounts  counters // nodes by LabelSetID
	typeCounts counters // relationships by TypeID
	nodeCount  int64
	relCount   int64

	size  int64    // about the bytes of the overlay
	spill *spilled // of a transaction that has written blocks: what they do not tell; nil otherwise

	// One more than the highest number in use.
	nodeHigh, relHigh uint32

	// What the overlay's pages may hold, so that they need not be looked at where they do
	// not: nodes that are new, gone or have other labels than in the base, and generations
	// other than 0. Set by the first, and forgotten with the pages.
	ownNodes              bool
	nodesAgain, relsAgain bool
}

func newState() *State { return &State{base: emptyBase} }

// clean reports whether nothing lies over the base.
func (s *State) clean() bool {
	for i := range s.indexes.list {
		if s.indexes.list[i].overlay.n > 0 {
			return false
		}
	}
	return s.nodes.empty() && s.rels.empty() && s.nodeCols.empty() && s.relCols.empty() && s.adj.empty()
}

func (s *State) nodeLive(ref uint32) (bool, error) {
	lk := s.labels()
	defer lk.close()
	_, live, err := lk.get(ref)
	return live, err
}

func (s *State) relLive(ref uint32) (bool, error) {
	lk := s.relTable()
	defer lk.close()
	_, live, err := lk.get(ref)
	return live, err
}

func (s *State) nodeGen(ref uint32) (uint32, error) {
	if p := s.nodes.get(ref >> pageBits); p != nil && p.own>>(ref&pageMask)&1 != 0 {
		return p.gen[ref&pageMask], nil
	}
	return s.base.nodeGen(ref)
}

func (s *State) relGen(ref uint32) (uint32, error) {
	if p := s.rels.get(ref >> pageBits); p != nil && p.own>>(ref&pageMask)&1 != 0 {
		return p.gen[ref&pageMask], nil
	}
	return s.base.relGen(ref)
}

// labelLookup reads label sets of nodes, keeping the last base block pinned.
type labelLookup struct {
	s   *State
	cur groupCursor
}

func (s *State) labels() labelLookup { return labelLookup{s: s} }

func (l *labelLookup) close() { l.cur.close() }

// get returns the label set of a node, and whether it exists.
func (l *labelLookup) get(ref uint32) (catalog.LabelSetID, bool, error) {
	if p := l.s.nodes.get(ref >> pageBits); p != nil {
		bit := uint64(1) << (ref & pageMask)
		if p.own&bit != 0 {
			return p.set[ref&pageMask], p.live&bit != 0, nil
		}
	}
	return l.base(ref)
}

func (l *labelLookup) base(ref uint32) (catalog.LabelSetID, bool, error) {
	return l.s.base.nodeSet(&l.cur, ref)
}

// of returns the label set of a node; 0 for one that does not exist.
func (l *labelLookup) of(ref uint32) (catalog.LabelSetID, error) {
	set, live, err := l.get(ref)
	if !live {
		set = 0
	}
	return set, err
}

// relLookup reads the relationship table, keeping the last base blocks pinned.
type relLookup struct {
	s    *State
	cur  relCursor
	page *relPage // of the numbers that at is the page of; nil: it has none
	at   uint32
}

func (s *State) relTable() relLookup { return relLookup{s: s, at: noPage} }

const noPage = ^uint32(0)

// own returns the page of ref's changes, where ref is one of them.
func (l *relLookup) own(ref uint32) *relPage {
	if at := ref >> pageBits; at != l.at {
		l.at, l.page = at, l.s.rels.get(at)
	}
	if p := l.page; p != nil && p.own>>(ref&pageMask)&1 != 0 {
		return p
	}
	return nil
}

func (l *relLookup) close() { l.cur.close() }

// get returns the type of a relationship, and whether it exists.
func (l *relLookup) get(ref uint32) (catalog.TypeID, bool, error) {
	if p := l.own(ref); p != nil {
		return p.typ[ref&pageMask], p.live>>(ref&pageMask)&1 != 0, nil
	}
	typ, live, err := l.s.base.relType(&l.cur, ref)
	if sp := l.s.spill; !live && err == nil && sp != nil && sp.goneRels.has(ref) {
		typ, _, _, err = sp.gone(ref)
	}
	return typ, live, err
}

func (l *relLookup) typeOf(ref uint32) (catalog.TypeID, error) {
	t, _, err := l.get(ref)
	return t, err
}

func (l *relLookup) ends(ref uint32) (src, dst uint32, err error) {
	if p := l.own(ref); p != nil {
		return p.src[ref&pageMask], p.dst[ref&pageMask], nil
	}
	if sp := l.s.spill; sp != nil && sp.goneRels.has(ref) {
		_, src, dst, err = sp.gone(ref)
		return src, dst, err
	}
	return l.s.base.relEnds(&l.cur, ref)
}

// alike returns the type of the relationships from ref on, or that there are none, and where
// they end as far as one look tells; ref itself where it does not tell.
func (l *relLookup) alike(ref uint32) (typ catalog.TypeID, live bool, end uint32) {
	if l.own(ref); l.page != nil || ref|pageMask == math.MaxUint32 {
		return 0, false, ref
	}
	end = (ref | pageMask) + 1
	group, i := ref>>groupBits, ref&(groupSize-1)
	if group >= uint32(len(l.s.base.rels)) || i >= l.s.base.rels[group].rows {
		return 0, false, end
	}
	g := &l.s.base.rels[group]
	if !g.uniform() {
		return 0, false, ref
	}
	return catalog.TypeID(g.types[0].set), true, min(end, ref-i+g.rows)
}

// ascending reads the ends of refs[i], refs[i+1] … as long as they ascend within one page
// without changes and one block of lists; it returns how many it read.
func (l *relLookup) ascending(refs []uint32, i int, start, end []uint32) (n int, err error) {
	first := refs[i]
	if l.own(first); l.page != nil || l.s.spill != nil {
		return 0, nil
	}
	b := l.s.base
	if g := first >> groupBits; g >= uint32(len(b.rels)) || first&(groupSize-1) >= b.rels[g].rows || !b.rels[g].derived() {
		return 0, nil
	}
	if _, _, err := b.runEnds(&l.cur, first); err != nil {
		return 0, err
	}
	blk, err := l.cur.src.pins.get(b.store, l.cur.run.block)
	if err != nil {
		return 0, err
	}
	hi := min((first|pageMask)-blk.RelBase, l.cur.run.first+l.cur.run.n-1-blk.RelBase)
	list, off, nbr := l.cur.list, blk.CSR.Off, blk.CSR.Nbr
	for last := uint32(0); i+n < len(refs); n++ {
		at := refs[i+n] - blk.RelBase
		if at > hi || at < last {
			break
		}
		last = at
		for off[list+1] <= at {
			list++
		}
		if start != nil {
			start[i+n] = blk.CSR.First + uint32(list)
		}
		if end != nil {
			end[i+n] = nbr[at]
		}
	}
	l.cur.list = list
	return n, nil
}

// groupUses returns how far the base's groups are filled: of each class the last
// group that holds nothing else, and the last one that is shared, if they have room.
func (s *State) groupUses() (nodes, rels []groupUse) {
	nodes = roomy(len(s.base.nodes), func(i uint32) groupUse {
		g := &s.base.nodes[i]
		u := useOf(i, g.rows, g.uniform(), g.sets)
		pagesOf(&s.nodes, i, func(at uint32, p *nodePage) {
			eachBit(p.own, func(k uint32) { u.take(at+k, uint32(p.set[k])) })
		})
		return u
	})
	rels = roomy(len(s.base.rels), func(i uint32) groupUse {
		g := &s.base.rels[i]
		u := useOf(i, g.rows, g.uniform(), g.types)
		pagesOf(&s.rels, i, func(at uint32, p *relPage) {
			eachBit(p.own, func(k uint32) { u.take(at+k, uint32(p.typ[k])) })
		})
		return u
	})
	return nodes, rels
}

func useOf(group, rows uint32, uniform bool, classes []setCount) groupUse {
	u := groupUse{group: group, class: shared, used: rows}
	if uniform && rows > 0 {
		u.class = uint32(classes[0].set)
	}
	return u
}

func (u *groupUse) take(at, class uint32) {
	u.used = max(u.used, at+1)
	if class != u.class {
		u.class = shared
	}
}

func roomy(groups int, use func(i uint32) groupUse) []groupUse {
	last := map[uint32]groupUse{}
	for i := range uint32(groups) {
		if u := use(i); u.used > 0 && u.used < groupSize-pageSize {
			last[u.class] = u
		}
	}
	var out []groupUse
	for _, u := range last {
		out = append(out, u)
	}
	return out
}
