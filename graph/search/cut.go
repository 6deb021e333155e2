package search

import (
	"math"
	"slices"
)

// firstCut is how many ways are grown before a search looks where they can lead at all.
const firstCut = 4096

// tie is a relationship between two nodes, whichever way it is crossed.
type tie struct{ a, b, rel uint32 }

// cut leaves aside relationships that no path between two nodes can cross: a walk may go over a
// bridge and come back, a trail never does, and nothing else tells a search that it is lost there.
//
//	end ●───○ ─┐     from ● to itself: the bridge beside it is no part of any trail,
//	        │  ○     and neither is what lies behind it
//	        └──┘
//
// The work is in proportion to that of the search: it is begun after firstCut ways, gives up where
// the graph is much larger than that, and is tried again when there are four times as many.
type cut struct {
	at   int // ways at which it is tried
	done bool
	only map[uint32]struct{} // once done: the relationships that paths may cross

	ties  []tie // all relationships that the start leads to
	whole bool  // ties is complete
	seen  map[uint64]struct{}
	queue []uint64
}

// begin makes c ready for one pair of ends.
func (c *cut) begin(at int) { c.at, c.done, c.only = at, false, nil }

func (c *cut) bytes() int64 {
	// With what bridges needs for a while.
	return int64(cap(c.ties))*96 + int64(len(c.only)+len(c.seen))*24 + int64(cap(c.queue))*8
}

// excludes reports whether a path may not cross the relationships.
func (c *cut) excludes(rels []uint32) bool {
	if !c.done {
		return false
	}
	for _, r := range rels {
		if _, ok := c.only[r]; !ok {
			return true
		}
	}
	return false
}

// shorten tries to cut, and drops the ways that are lost.
func (m *Matcher) shorten() error {
	b := &m.best
	c := &b.cut
	if !c.whole {
		if err := m.explore(4 * len(b.ways)); err != nil {
			return err
		}
	}
	if !c.whole {
		c.at = 4 * len(b.ways)
		return nil
	}
	c.at, c.done = math.MaxInt, true
	if m.Mode == Acyclic && b.from == b.to {
		c.only = nil
	} else {
		c.only = crossed(c.ties, b.from, b.to, m.Mode != Trail)
	}
	lost := make([]bool, len(b.ways))
	for i := range b.ways {
		if w := &b.ways[i]; w.parent >= 0 {
			e := &b.edges[w.edge]
			lost[i] = lost[w.parent] || e.at >= 0 && c.excludes(b.rels[e.at:e.at+m.length(e)])
		}
	}
	b.grown.items = slices.DeleteFunc(b.grown.items, func(q queued) bool { return lost[q.at] })
	slices.SortFunc(b.grown.items, func(x, y queued) int { // sorted, it is a heap
		if x.before(y) {
			return -1
		}
		return 1
	})
	for i := range b.states {
		for p := &b.states[i].ways; *p >= 0; {
			if lost[*p] {
				*p = b.ways[*p].next
			} else {
				p = &b.ways[*p].next
			}
		}
	}
	return nil
}

// explore lists the relationships that the pattern can cross from the start, unless there are
// more than most.
func (m *Matcher) explore(most int) error {
	b := &m.best
	c := &b.cut
	c.ties, c.queue, c.seen = c.ties[:0], c.queue[:0], map[uint64]struct{}{}
	visit := func(node uint32, pos int32) {
		key := uint64(node)<<32 | uint64(uint32(pos))
		if _, ok := c.seen[key]; !ok {
			c.seen[key] = struct{}{}
			c.queue = append(c.queue, key)
		}
	}
	visit(b.from, 0)
	for at := 0; at < len(c.queue); at++ {
		if err := m.tick(b.bytes); err != nil {
			return err
		}
		node, pos := uint32(c.queue[at]>>32), int32(uint32(c.queue[at]))
		pass, err := m.passes(pos, node)
		if err != nil {
			return err
		}
		if pass {
			visit(node, m.offset[m.piece[pos]+1])
		}
		if !m.more(pos) {
			continue
		}
		if err := m.Expand(m.piece[pos], m.hop[pos], node, &m.chains); err != nil {
			return err
		}
		w := m.width(pos)
		if len(c.ties)+m.chains.Len()*w > most {
			return nil
		}
		for i := range m.chains.Len() {
			from := node
			for j := i * w; j < (i+1)*w; j++ {
				c.ties = append(c.ties, tie{from, m.chains.Nodes[j], m.chains.Rels[j]})
				from = m.chains.Nodes[j]
			}
			visit(from, m.after(pos))
		}
	}
	c.whole, c.seen, c.queue = true, nil, nil
	return nil
}

// sole reports whether only one path to the node that it starts from is wanted, of relationships
// that are taken one by one.
func (m *Matcher) sole() bool {
	b := &m.best
	p := m.Pieces[0]
	return b.from == b.to && b.sel == Select{K: 1} && m.Accept == nil && len(m.Pieces) == 1 &&
		p.Width == 1 && p.Min <= 1 && p.Max < 0 && (m.Mode == Trail || m.Mode == Simple)
}

// needless reports whether a way need not be grown where the path is sole: the best of them are
// circles, which pass no node twice but the end; of the ways from a node that cross the
// same relationship last, one of least cost will do, and they come in that order.
func (b *bestState) needless(w int32) bool {
	at := b.ways[w].state
	if b.ways[w].parent < 0 {
		return false
	}
	if b.states[at].node == b.to {
		return true
	}
	for b.ways[b.ways[w].parent].parent >= 0 {
		w = b.ways[w].parent
	}
	key := uint64(at)<<32 | uint64(b.rels[b.edges[b.ways[w].edge].at])
	if _, ok := b.taken[key]; ok {
		return true
	}
	b.taken[key] = struct{}{}
	return false
}

// hedge is a cut for searches over trails hop by hop.
type hedge struct {
	cut
	from, to uint32
	work     int
}

func (s *Search) newHedge(from, to uint32) *hedge {
	h := &hedge{from: from, to: to}
	h.begin(s.firstCut)
	s.fence = h
	return h
}

// worked counts a step of the search.
func (s *Search) worked(h *hedge) error {
	if h.work++; h.work < h.at {
		return nil
	}
	if err := s.explore(h); err != nil {
		return err
	}
	if !h.whole {
		h.at = 4 * h.work
		return nil
	}
	h.at, h.done, h.only = math.MaxInt, true, crossed(h.ties, h.from, h.to, false)
	h.ties = nil
	return nil
}

// explore lists the relationships that the start leads to, unless they are too many.
func (s *Search) explore(h *hedge) error {
	h.ties = h.ties[:0]
	seen, queue := map[uint32]struct{}{h.from: {}}, []uint32{h.from}
	for at := 0; at < len(queue); at++ {
		if err := s.tick(); err != nil {
			return err
		}
		hops, err := s.firstHops(queue[at])
		if err != nil {
			return err
		}
		if len(h.ties)+len(hops) > 4*h.work {
			return nil
		}
		for _, x := range hops {
			h.ties = append(h.ties, tie{queue[at], x.to, x.rel})
			if _, ok := seen[x.to]; !ok {
				seen[x.to] = struct{}{}
				queue = append(queue, x.to)
			}
		}
	}
	h.whole = true
	return nil
}

// lost reports whether a trail may not cross a relationship.
func (h *hedge) lost(rel uint32) bool {
	if h == nil || !h.done {
		return false
	}
	_, ok := h.only[rel]
	return !ok
}
