package search

import (
	"context"
	"math"
	"slices"

	"github.com/kadedb/kadedb/status"
)

// Mode says what a path may pass twice.
type Mode uint8

// The modes.
const (
	Trail   Mode = iota // no relationship twice
	Walk                // anything
	Acyclic             // no node twice
	Simple              // no node twice, but the first may be the last
)

// Piece is a part of a path pattern: a chain of Width relationships, taken Min to Max
// times in a row.
type Piece struct {
	Width    int
	Min, Max int // Max -1: no bound
	// Split: its relationships are followed one by one, for each can be decided by itself.
	Split bool
}

// Chains are ways to take a piece once from one node: chain i crosses
// Rels[i*Width:(i+1)*Width] and comes to the Nodes at the same places.
type Chains struct {
	Width       int
	Nodes, Rels []uint32
	Cost        []float64 // of each, where costs are asked for
	Left        []float64 // of each, where estimates are: what is left to pay behind its end
}

// Reset empties c for chains of a width.
func (c *Chains) Reset(width int) {
	c.Width, c.Nodes, c.Rels, c.Cost, c.Left = width, c.Nodes[:0], c.Rels[:0], c.Cost[:0], c.Left[:0]
}

// Len returns how many chains there are.
func (c *Chains) Len() int { return len(c.Rels) / c.Width }

// Pattern is a path pattern of several pieces, one after the other:
//
//	(a)-[:A]->(b) ((x)-[:B]->(y)<-[:C]-(z)){1,3} (c)
//	└ piece 0: width 1, once ┘└ piece 1: width 2, one to three times
//
// A path that matches is a sequence of chains. The functions say which chains there are: types,
// labels and predicates are the caller's.
type Pattern struct {
	Pieces []Piece
	Mode   Mode
	// Expand sets c to the ways to take a piece once from node; where it is split, its
	// relationship hop alone.
	Expand func(piece, hop int, node uint32, c *Chains) error
	// Back appends the nodes from which a relationship of some piece may lead to node, whatever the
	// pattern says of it. It is asked where the end is given and paths are ordered by length; nil: never.
	Back func(node uint32, to []uint32) ([]uint32, error)
	// Pass reports whether a path may pass over from a piece to the next one at node; nil: always.
	Pass func(piece int, node uint32) (bool, error)
	// Accept is asked about whole paths, before they are counted; nil: all are wanted.
	Accept func(p *Match) (bool, error)
	// Ends, Reserve and Rows are as in Options.
	Ends    func(nodes []uint32, keep []int32) ([]int32, error)
	Reserve func(bytes int64) error
	Rows    func(n int) error

	Weighted  bool // paths are ordered by Chains.Cost, not by their length
	Estimated bool // Chains.Left is given: A*

	// MaxLength bounds paths where a piece has no bound; TooLong is the error that a longer
	// one is.
	MaxLength int
	TooLong   func(length int) error
}

// Match is a path found: its chains in order. Valid during the call that passes it.
type Match struct {
	Start uint32
	Steps []Taken
	Cost  float64
}

// Taken is one chain of a path; of a split piece, relationship Hop of it.
type Taken struct {
	Piece, Hop  int
	Nodes, Rels []uint32
}

// End returns the last node of the path.
func (m *Match) End() uint32 {
	if n := len(m.Steps); n > 0 {
		s := m.Steps[n-1]
		return s.Nodes[len(s.Nodes)-1]
	}
	return m.Start
}

// Matcher matches one pattern, from one node at a time. It keeps its memory from call to call,
// and is for one goroutine.
type Matcher struct {
	Pattern
	offset []int32 // by piece: position of "none taken yet"
	piece  []int   // by position
	taken  []int   // by position: how often its piece was taken; past Max, or Min without Max, no more are told apart
	hop    []int   // by position: relationship of a split piece that comes next

	chains   Chains
	found    Match
	each     eachState
	best     bestState
	most     int      // relationships that are looked at from the end
	firstCut int      // ways that are grown before bridges are looked for
	lists    []uint32 // memory of Back
	reserved int64
	ctx      context.Context
	ticks    uint
}

// NewMatcher returns a matcher. Close gives its memory back.
func NewMatcher(p Pattern) *Matcher {
	m := &Matcher{Pattern: p, most: mostNear, firstCut: firstCut}
	for i, pc := range p.Pieces {
		m.offset = append(m.offset, int32(len(m.piece)))
		for n := 0; n <= pc.cap(); n++ {
			for h := range pc.steps() {
				m.piece, m.taken, m.hop = append(m.piece, i), append(m.taken, n), append(m.hop, h)
			}
		}
	}
	return m
}

// cap is the greatest number of repetitions that is told apart.
func (p Piece) cap() int {
	if p.Max >= 0 {
		return p.Max
	}
	return p.Min
}

// steps is the number of chains that a repetition is taken in.
func (p Piece) steps() int {
	if p.Split {
		return p.Width
	}
	return 1
}

// Close gives back what was reserved.
func (m *Matcher) Close() {
	if m.Reserve != nil && m.reserved > 0 {
		// Giving memory back does not fail.
		if err := m.Reserve(-m.reserved); err == nil {
			m.reserved = 0
		}
	}
}

// more reports whether a piece may be taken again at a position.
func (m *Matcher) more(pos int32) bool {
	p := m.Pieces[m.piece[pos]]
	return p.Max < 0 || m.taken[pos] < p.Max || m.hop[pos] > 0
}

// width returns the number of relationships of a chain that starts at a position.
func (m *Matcher) width(pos int32) int {
	p := m.Pieces[m.piece[pos]]
	return p.Width / p.steps()
}

// enough reports whether the piece of a position has been taken often enough.
func (m *Matcher) enough(pos int32) bool {
	return m.hop[pos] == 0 && m.taken[pos] >= m.Pieces[m.piece[pos]].Min
}

// after returns the position behind one more chain.
func (m *Matcher) after(pos int32) int32 {
	p := m.Pieces[m.piece[pos]]
	if m.hop[pos] < p.steps()-1 || m.taken[pos] < p.cap() {
		return pos + 1
	}
	return pos - int32(p.steps()-1)
}

// ended reports whether a path may end at a position.
func (m *Matcher) ended(pos int32) bool { return m.piece[pos] == len(m.Pieces)-1 && m.enough(pos) }

// passes reports whether a path may go over to the next piece.
func (m *Matcher) passes(pos int32, node uint32) (bool, error) {
	if m.piece[pos] == len(m.Pieces)-1 || !m.enough(pos) {
		return false, nil
	}
	if m.Pass == nil {
		return true, nil
	}
	return m.Pass(m.piece[pos], node)
}

func (m *Matcher) tick(bytes func() int64) error {
	if m.ticks++; m.ticks&255 != 0 {
		return nil
	}
	if err := status.Ended(m.ctx, "the search"); err != nil || m.Reserve == nil {
		return err
	}
	if now := bytes(); now > m.reserved {
		if err := m.Reserve(now - m.reserved); err != nil {
			return err
		}
		m.reserved = now
	}
	return nil
}

// eachState is a depth-first search: chains that wait to be taken lie in one arena, frame
// after frame.
type eachState struct {
	frames      []visit
	nodes, rels []uint32 // the arena
	pathNodes   []uint32 // with the start
	pathRels    []uint32
	steps       []Taken
}

// visit is a node on the path at a position of the pattern.
type visit struct {
	pos   int32
	node  uint32
	width int // of the chain that led here; 0: none
	stage uint8
	base  int // where its chains begin in the arena
	next  int // chain to be taken next
	end   int
}

func (e *eachState) bytes() int64 {
	return int64(cap(e.nodes)+cap(e.rels)+cap(e.pathNodes)+cap(e.pathRels))*4 + int64(cap(e.frames)+cap(e.steps))*56
}

// Each passes every path from a node, to the node to where bound is set, until yield returns
// false. One path is passed several times where the pattern matches it in several ways.
func (m *Matcher) Each(ctx context.Context, from, to uint32, bound bool, yield func(*Match) bool) error {
	m.ctx = ctx
	e := &m.each
	e.frames = append(e.frames[:0], visit{node: from})
	e.nodes, e.rels = e.nodes[:0], e.rels[:0]
	e.pathNodes, e.pathRels, e.steps = append(e.pathNodes[:0], from), e.pathRels[:0], e.steps[:0]
	for len(e.frames) > 0 {
		if err := m.tick(e.bytes); err != nil {
			return err
		}
		f := &e.frames[len(e.frames)-1]
		switch f.stage {
		case 0:
			f.stage = 1
			if m.ended(f.pos) && (!bound || f.node == to) {
				if ok, err := m.give(from, yield); err != nil || !ok {
					return err
				}
			}
			pass, err := m.passes(f.pos, f.node)
			if err != nil {
				return err
			}
			if pass {
				e.frames = append(e.frames, visit{pos: m.offset[m.piece[f.pos]+1], node: f.node, base: len(e.rels)})
			}
		case 1:
			f.stage = 2
			if err := m.open(f); err != nil {
				return err
			}
		default:
			m.step()
		}
	}
	return nil
}

// give passes the path as it stands; ok is false where no more are wanted.
func (m *Matcher) give(from uint32, yield func(*Match) bool) (ok bool, err error) {
	m.found = Match{Start: from, Steps: m.each.steps}
	if m.Accept != nil {
		if ok, err := m.Accept(&m.found); err != nil || !ok {
			return true, err
		}
	}
	return yield(&m.found), nil
}

// open lists the chains that may follow the path.
func (m *Matcher) open(f *visit) error {
	e := &m.each
	f.base = len(e.rels)
	closed := m.Mode == Simple && len(e.pathRels) > 0 && f.node == e.pathNodes[0]
	if !m.more(f.pos) || closed {
		return nil
	}
	piece, w := m.piece[f.pos], m.width(f.pos)
	if err := m.Expand(piece, m.hop[f.pos], f.node, &m.chains); err != nil {
		return err
	}
	for i := range m.chains.Len() {
		nodes, rels := m.chains.Nodes[i*w:(i+1)*w], m.chains.Rels[i*w:(i+1)*w]
		if m.fits(nodes, rels) {
			e.nodes, e.rels = append(e.nodes, nodes...), append(e.rels, rels...)
		}
	}
	f.end = (len(e.rels) - f.base) / w
	if f.end > 0 && m.Pieces[piece].Max < 0 && m.TooLong != nil && len(e.pathRels)+w > m.MaxLength {
		return m.TooLong(m.MaxLength)
	}
	if m.Rows != nil {
		return m.Rows(len(e.rels))
	}
	return nil
}

// fits reports whether the path may go on over a chain.
func (m *Matcher) fits(nodes, rels []uint32) bool {
	e := &m.each
	switch m.Mode {
	case Trail:
		for i, r := range rels {
			if slices.Contains(e.pathRels, r) || slices.Contains(rels[:i], r) {
				return false
			}
		}
	case Acyclic:
		for i, n := range nodes {
			if slices.Contains(e.pathNodes, n) || slices.Contains(nodes[:i], n) {
				return false
			}
		}
	case Simple:
		for i, n := range nodes {
			if i == len(nodes)-1 && n == e.pathNodes[0] {
				// Home again; over the same relationship it came by no path is simple.
				return !slices.Contains(e.pathRels, rels[i]) && !slices.Contains(rels[:i], rels[i])
			}
			if slices.Contains(e.pathNodes, n) || slices.Contains(nodes[:i], n) {
				return false
			}
		}
	}
	return true
}

// step takes the next chain of the last frame, or the frame away.
func (m *Matcher) step() {
	e := &m.each
	f := &e.frames[len(e.frames)-1]
	if f.next < f.end {
		piece, w := m.piece[f.pos], m.width(f.pos)
		at := f.base + f.next*w
		f.next++
		e.pathNodes, e.pathRels = append(e.pathNodes, e.nodes[at:at+w]...), append(e.pathRels, e.rels[at:at+w]...)
		n, r := len(e.pathNodes), len(e.pathRels)
		e.steps = append(e.steps, Taken{Piece: piece, Hop: m.hop[f.pos], Nodes: e.pathNodes[n-w : n : n], Rels: e.pathRels[r-w : r : r]})
		e.frames = append(e.frames, visit{pos: m.after(f.pos), node: e.pathNodes[n-1], width: w, base: len(e.rels)})
		return
	}
	e.nodes, e.rels = e.nodes[:f.base], e.rels[:f.base]
	if f.width > 0 {
		e.steps = e.steps[:len(e.steps)-1]
		e.pathNodes, e.pathRels = e.pathNodes[:len(e.pathNodes)-f.width], e.pathRels[:len(e.pathRels)-f.width]
	}
	e.frames = e.frames[:len(e.frames)-1]
}

// queue is a heap of places: the least f first, of equal ones that with the greatest g, then in
// the order in which they came.
type queue struct {
	items []queued
	n     int32
}

type queued struct {
	f, g float64
	seq  int32
	at   int32
}

func (a queued) before(b queued) bool {
	switch {
	case a.f != b.f:
		return a.f < b.f
	case a.g != b.g:
		return a.g > b.g
	}
	return a.seq < b.seq
}

func (q *queue) reset() { q.items, q.n = q.items[:0], 0 }

func (q *queue) push(f, g float64, at int32) {
	x := queued{f, g, q.n, at}
	q.n++
	q.items = append(q.items, x)
	h := q.items
	i := len(h) - 1
	for i > 0 && x.before(h[(i-1)/2]) {
		h[i] = h[(i-1)/2]
		i = (i - 1) / 2
	}
	h[i] = x
}

// least returns the least f, infinity where the queue is empty.
func (q *queue) least() float64 {
	if len(q.items) == 0 {
		return math.Inf(1)
	}
	return q.items[0].f
}

func (q *queue) pop() queued {
	h := q.items
	top, last := h[0], len(h)-1
	x := h[last]
	h = h[:last]
	i := 0
	for 2*i+1 < last {
		c := 2*i + 1
		if c+1 < last && h[c+1].before(h[c]) {
			c++
		}
		if !h[c].before(x) {
			break
		}
		h[i] = h[c]
		i = c
	}
	if last > 0 {
		h[i] = x
	}
	q.items = h
	return top
}
