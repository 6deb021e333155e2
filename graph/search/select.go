package search

import (
	"context"
	"math"
)

// Select says how many paths are kept for each pair of ends: K paths, or all paths of the K
// least lengths (or costs).
type Select struct {
	K      int
	Groups bool
}

// bestState finds the best paths of a pattern in two searches that take turns.
//
// Forward, Dijkstra's algorithm (or A*) runs over states, a node at a position of the pattern
// each, as if a path might pass anything twice. It notes each chain that it sees at the state
// that the chain leads to:
//
//	start ──▶ ○ ──▶ ● end          dist(S): least cost of a walk from the start to S
//	   └────▶ ○ ─────┘
//
// Where the end is given and only the length counts, a short search backward (near) has told
// before how far from it a state is at least; this makes the search forward A*.
//
// Backward, ways from the end are grown over the chains noted, the one of least dist + own cost
// first. Their order is exact for walks and a lower bound for trails, whose own rules are
// checked chain by chain, so that complete paths come in the order of their costs. A way is
// grown no further than what the forward search is sure of.
type bestState struct {
	states []state
	index  map[uint64]int32
	edges  []noted
	nodes  []uint32 // the chains of edges
	rels   []uint32
	open   queue
	ended  []int32 // settled states in which a path may end

	ways    []way
	grown   queue
	to      uint32
	bound   bool
	from    uint32
	sel     Select
	kept    int     // paths, or groups
	last    float64 // cost of the last group
	stopped bool    // yield wants no more
	steps   []Taken
	near    near
	nearing bool // near is used
	cut     cut
	single  bool                // sole
	taken   map[uint64]struct{} // for it: states and last relationships from which a way was grown
}

// unreachable is the distance of a node from which no path leads to the end.
var unreachable = math.Inf(1)

// state is a node at a position of the pattern.
type state struct {
	dist    float64
	node    uint32
	pos     int32
	in      int32 // last edge that leads here, -1
	ways    int32 // last way that starts here, -1
	settled bool
}

// noted is a chain from one state to another; at -1: the step to the next piece.
type noted struct {
	from, to int32
	next     int32 // edge to the same state
	at       int32
	cost     float64
}

// way is the end of a path, from a state on.
type way struct {
	state  int32
	parent int32 // the rest of it, -1 at the end
	edge   int32 // the chain to its parent
	next   int32 // way from the same state
	cost   float64
}

func (b *bestState) bytes() int64 {
	return int64(cap(b.states))*72 + int64(cap(b.edges)+cap(b.ways))*32 + int64(cap(b.nodes)+cap(b.rels))*4 +
		int64(cap(b.open.items)+cap(b.grown.items))*24 + b.near.bytes() + b.cut.bytes() + int64(len(b.taken))*24
}

// Best passes the best paths from a node, to the node to where bound is set, else to each
// node that paths lead to, until yield returns false.
func (m *Matcher) Best(ctx context.Context, from, to uint32, bound bool, sel Select, yield func(*Match) bool) error {
	m.ctx = ctx
	b := &m.best
	b.states, b.edges, b.nodes, b.rels, b.ended = b.states[:0], b.edges[:0], b.nodes[:0], b.rels[:0], b.ended[:0]
	b.ways = b.ways[:0]
	b.open.reset()
	b.grown.reset()
	if b.index == nil {
		b.index = map[uint64]int32{}
	}
	clear(b.index)
	b.from, b.to, b.bound, b.sel, b.stopped = from, to, bound, sel, false
	b.kept, b.last = 0, math.Inf(-1)
	b.cut.whole = false
	if b.nearing = bound && m.Back != nil && !m.Weighted; b.nearing {
		if err := m.approach(to); err != nil {
			return err
		}
		if b.near.left(from) == unreachable {
			return nil
		}
	}
	b.reach(from, 0, 0, 0)
	if bound {
		return m.between(yield)
	}
	for b.frontier() < math.Inf(1) {
		if err := m.settle(); err != nil {
			return err
		}
	}
	return m.toAll(yield)
}

// toAll passes the best paths to each node in turn, all states being settled.
func (m *Matcher) toAll(yield func(*Match) bool) error {
	b := &m.best
	at := map[uint32][]int32{}
	var order []uint32
	for _, s := range b.ended {
		n := b.states[s].node
		if at[n] == nil {
			order = append(order, n)
		}
		at[n] = append(at[n], s)
	}
	if m.Ends != nil && len(order) > 0 {
		keep, err := m.Ends(order, nil)
		if err != nil {
			return err
		}
		for i, k := range keep {
			order[i] = order[k]
		}
		order = order[:len(keep)]
	}
	for _, n := range order {
		b.to, b.kept, b.last = n, 0, math.Inf(-1)
		for i := range b.ways {
			b.states[b.ways[i].state].ways = -1
		}
		b.ways = b.ways[:0]
		b.grown.reset()
		for _, s := range at[n] {
			b.begin(s)
		}
		if err := m.between(yield); err != nil || b.stopped {
			return err
		}
	}
	return nil
}

// between passes the best paths to the end at hand.
func (m *Matcher) between(yield func(*Match) bool) error {
	b := &m.best
	b.cut.begin(m.firstCut)
	if b.single = m.sole(); b.single {
		b.taken = map[uint64]struct{}{}
	}
	for {
		if err := m.tick(b.bytes); err != nil {
			return err
		}
		if len(b.ways) >= b.cut.at && m.Mode != Walk {
			if err := m.shorten(); err != nil {
				return err
			}
		}
		sure := b.frontier()
		if len(b.grown.items) > 0 && b.grown.least() <= sure {
			if done, err := m.grow(b.grown.pop(), yield); err != nil || done {
				return err
			}
			continue
		}
		if math.IsInf(sure, 1) {
			return nil
		}
		if err := m.settle(); err != nil {
			return err
		}
	}
}

// frontier returns what a path through a state not yet settled costs at least.
func (b *bestState) frontier() float64 {
	for len(b.open.items) > 0 && b.states[b.open.items[0].at].settled {
		b.open.pop()
	}
	return b.open.least()
}

// reach offers a way from the start to a state, and returns the state.
func (b *bestState) reach(node uint32, pos int32, dist, left float64) int32 {
	key := uint64(node)<<32 | uint64(uint32(pos))
	at, ok := b.index[key]
	if !ok {
		at = int32(len(b.states))
		b.index[key] = at
		b.states = append(b.states, state{dist: math.Inf(1), node: node, pos: pos, in: -1, ways: -1})
	}
	if s := &b.states[at]; !s.settled && dist < s.dist {
		s.dist = dist
		b.open.push(dist+left, dist, at)
	}
	return at
}

// note records a chain and grows the ways that were waiting for it.
func (m *Matcher) note(e noted) error {
	b := &m.best
	to := &b.states[e.to]
	e.next = to.in
	to.in = int32(len(b.edges))
	b.edges = append(b.edges, e)
	for w := to.ways; w >= 0; w = b.ways[w].next {
		if err := m.extend(w, to.in); err != nil {
			return err
		}
	}
	return nil
}

// settle takes the nearest state and follows the chains from it.
func (m *Matcher) settle() error {
	b := &m.best
	if err := m.tick(b.bytes); err != nil {
		return err
	}
	q := b.open.pop()
	at := q.at
	s := &b.states[at]
	if s.settled {
		return nil
	}
	s.settled = true
	left := max(0, q.f-s.dist)
	node, pos, dist := s.node, s.pos, s.dist
	if m.ended(pos) {
		b.ended = append(b.ended, at)
		if b.bound && node == b.to {
			b.begin(at)
		}
	}
	pass, err := m.passes(pos, node)
	if err != nil {
		return err
	}
	if pass {
		to := b.reach(node, m.offset[m.piece[pos]+1], dist, left)
		if err := m.note(noted{from: at, to: to, at: -1}); err != nil {
			return err
		}
	}
	if !m.more(pos) {
		return nil
	}
	if err := m.Expand(m.piece[pos], m.hop[pos], node, &m.chains); err != nil {
		return err
	}
	w, next := m.width(pos), m.after(pos)
	for i := range m.chains.Len() {
		cost, est := float64(w), 0.0
		if m.Weighted {
			cost = m.chains.Cost[i]
		}
		if m.Estimated {
			est = m.chains.Left[i]
		}
		nodes := m.chains.Nodes[i*w : (i+1)*w]
		if b.nearing {
			if est = b.near.left(nodes[w-1]); est == unreachable {
				continue
			}
		}
		to := b.reach(nodes[w-1], next, dist+cost, est)
		e := noted{from: at, to: to, at: int32(len(b.rels)), cost: cost}
		b.nodes, b.rels = append(b.nodes, nodes...), append(b.rels, m.chains.Rels[i*w:(i+1)*w]...)
		if err := m.note(e); err != nil {
			return err
		}
	}
	return nil
}

// begin starts a way at a state in which a path may end.
func (b *bestState) begin(s int32) {
	b.ways = append(b.ways, way{state: s, parent: -1, edge: -1, next: -1})
	b.grown.push(b.states[s].dist, 0, int32(len(b.ways)-1))
}

// grow takes the most promising way: passes it if it is a whole path, and grows it by a chain.
func (m *Matcher) grow(q queued, yield func(*Match) bool) (done bool, err error) {
	b := &m.best
	at := q.at
	s := &b.states[b.ways[at].state]
	if b.ways[at].state == 0 {
		if done, err := m.complete(at, yield); err != nil || done {
			return true, err
		}
	}
	if b.single && b.needless(at) {
		return false, nil
	}
	b.ways[at].next = s.ways
	s.ways = at
	for e := s.in; e >= 0; e = b.edges[e].next {
		if err := m.extend(at, e); err != nil {
			return true, err
		}
	}
	return false, nil
}

// extend puts a chain before a way, if the path may pass it.
func (m *Matcher) extend(w, e int32) error {
	b := &m.best
	ed := &b.edges[e]
	if ed.at >= 0 && (b.cut.excludes(b.rels[ed.at:ed.at+m.length(ed)]) || !m.fitsBefore(w, ed)) {
		return nil
	}
	if m.Rows != nil {
		if err := m.Rows(len(b.ways)); err != nil {
			return err
		}
	}
	cost := b.ways[w].cost + ed.cost
	b.ways = append(b.ways, way{state: ed.from, parent: w, edge: e, next: -1, cost: cost})
	b.grown.push(b.states[ed.from].dist+cost, cost, int32(len(b.ways)-1))
	return nil
}

// length returns how many relationships a chain has.
func (m *Matcher) length(e *noted) int32 { return int32(m.width(m.best.states[e.from].pos)) }

// fitsBefore reports whether the chain e may stand before way w.
func (m *Matcher) fitsBefore(w int32, e *noted) bool {
	if m.Mode == Walk {
		return true
	}
	b := &m.best
	n := m.length(e)
	rels := b.rels[e.at : e.at+n]
	if m.Mode == Trail {
		return distinct(rels) && !m.crosses(w, rels)
	}
	start := b.states[e.from].node
	inner := b.nodes[e.at : e.at+n-1]
	end := b.states[e.to].node
	if m.Mode == Simple {
		switch {
		case end == b.to && b.ways[w].parent >= 0 && m.long(w):
			return false // that way is home already
		case start == b.to:
			// Home: nothing but the end itself may be met again, and not over the same relationship.
			return !m.meets(w, inner, true) && distinct(inner) && !contains(inner, b.to) &&
				(start != end || !m.long(w)) && distinct(rels) && !m.crosses(w, rels)
		}
	}
	return !m.meets(w, append(inner[:len(inner):len(inner)], start), false) && distinct(inner) && !contains(inner, start)
}

func distinct(list []uint32) bool {
	for i, x := range list {
		if contains(list[:i], x) {
			return false
		}
	}
	return true
}

// long reports whether a way has a relationship.
func (m *Matcher) long(w int32) bool {
	b := &m.best
	for ; b.ways[w].parent >= 0; w = b.ways[w].parent {
		if b.edges[b.ways[w].edge].at >= 0 {
			return true
		}
	}
	return false
}

// crosses reports whether a way has one of the relationships.
func (m *Matcher) crosses(w int32, rels []uint32) bool {
	b := &m.best
	for ; b.ways[w].parent >= 0; w = b.ways[w].parent {
		e := &b.edges[b.ways[w].edge]
		if e.at < 0 {
			continue
		}
		for _, r := range b.rels[e.at : e.at+m.length(e)] {
			if contains(rels, r) {
				return true
			}
		}
	}
	return false
}

// meets reports whether a way passes one of the nodes; butEnd: its last node aside.
func (m *Matcher) meets(w int32, nodes []uint32, butEnd bool) bool {
	b := &m.best
	if !butEnd && contains(nodes, b.to) {
		return true
	}
	for ; b.ways[w].parent >= 0; w = b.ways[w].parent {
		e := &b.edges[b.ways[w].edge]
		if e.at < 0 {
			continue
		}
		if contains(nodes, b.states[e.from].node) {
			return true
		}
		for _, n := range b.nodes[e.at : e.at+m.length(e)-1] {
			if contains(nodes, n) {
				return true
			}
		}
	}
	return false
}

// complete passes a whole path and reports whether enough have been.
func (m *Matcher) complete(w int32, yield func(*Match) bool) (bool, error) {
	b := &m.best
	cost := b.ways[w].cost
	if b.sel.Groups && b.kept == b.sel.K && cost > b.last {
		return true, nil
	}
	b.steps = b.steps[:0]
	for at := w; b.ways[at].parent >= 0; at = b.ways[at].parent {
		e := &b.edges[b.ways[at].edge]
		if e.at < 0 {
			continue
		}
		n, pos := m.length(e), b.states[e.from].pos
		b.steps = append(b.steps, Taken{Piece: m.piece[pos], Hop: m.hop[pos], Nodes: b.nodes[e.at : e.at+n], Rels: b.rels[e.at : e.at+n]})
	}
	m.found = Match{Start: b.from, Steps: b.steps, Cost: cost}
	if m.Accept != nil {
		if ok, err := m.Accept(&m.found); err != nil || !ok {
			return false, err
		}
	}
	switch {
	case !b.sel.Groups:
		b.kept++
	case cost > b.last:
		b.kept, b.last = b.kept+1, cost
	}
	b.stopped = !yield(&m.found)
	return b.stopped || !b.sel.Groups && b.kept == b.sel.K, nil
}
