// Package search finds paths: shortest ones by bitmap breadth-first search from
// both ends, cheapest ones by Dijkstra's algorithm or A*.
//
//	s := search.New(search.Graph{Forward: out, Backward: in, Nodes: high}, search.Options{Min: 1, Max: -1})
//	defer s.Close()
//	err := s.Between(ctx, a, b, func(p search.Path) bool { use(p); return true })
//
//	a ─┬─▶ ○ ─┬─▶ ●  ◀─ ○ ◀─┐
//	   └─▶ ○ ─┘   ●  ◀──────┴─ b      levels grow on the smaller side until they
//	  level 1   level 2  level 1      share a node ●, then parents lead to both ends
//
// Paths are trails: no relationship twice. Without a lower bound above 1 a shortest
// or cheapest walk between two nodes is one by itself; the exceptions, a walk back to
// its own start and Min > 1, are treated apart.
//
// A Search keeps flat arrays and one bit a node, reused from call to call; it is for
// one goroutine. It knows relationships by number only: types, properties and
// predicates are the caller's, through Lists, Hop and Cost.
package search

import (
	"context"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/status"
)

// Lists gives the neighbours of nodes over some relationships in one direction.
type Lists interface {
	// List returns the neighbours of node and beside each the relationship that leads
	// to it; both are valid until the next call on any Lists of the search.
	List(node uint32) (nbr, rel []uint32, err error)
}

// Step is one of the adjacencies that a search follows. A relationship that can be
// crossed both ways stands in two of them; SkipLoops is set in one of the two, so that
// a self-loop is crossed once.
type Step struct {
	Lists     Lists
	SkipLoops bool
}

// Graph is what a search runs over.
type Graph struct {
	Forward  []Step // followed from the start of a path
	Backward []Step // the same relationships seen from their other ends; nil: search from the start alone
	Nodes    uint32 // all numbers of nodes are below
	// Undirected says that a relationship may be crossed either way, so that walking
	// back over the last one has to be ruled out on the way to a path's own start.
	Undirected bool
}

// Path is a path found: len(Nodes) == len(Rels)+1. Valid during the call that passes it.
type Path struct {
	Nodes, Rels []uint32
	Cost        float64 // of cheapest searches
}

// Hop appends to keep the places of the hops that a path may take. At most
// column.BatchSize hops are given, as in the path, from before to. It may be called for
// hops that lie on no path.
type Hop func(from, rel, to []uint32, keep []int32) ([]int32, error)

// Options say which paths count.
type Options struct {
	Min int  // least number of relationships
	Max int  // most; -1: no bound
	All bool // shortest: every path of minimal length, not one
	Hop Hop  // nil: every hop
	// Ends appends to keep the places of the nodes that a search with an open end may
	// end at; nil: all.
	Ends func(nodes []uint32, keep []int32) ([]int32, error)
	// Reserve counts memory; an error ends the search. What was reserved is given back
	// by Close, with a negative number.
	Reserve func(bytes int64) error
	// Rows is asked, where not nil, whether so many trails and hops may be held at once. Only
	// searches over trails ask: others hold at most what each node and relationship needs.
	Rows func(n int) error

	// Cost sets out[i] to the cost of a hop; NaN stands for null. Cheapest searches only;
	// called as Hop is.
	Cost func(from, rel, to []uint32, out []float64) error
	// BadCost words the error for a cost that is negative or NaN.
	BadCost func(rel uint32, cost float64) error
	// Estimate, for A*, returns a lower bound of the cost from node to the end, never
	// more than a hop's cost plus the estimate behind it; nil: 0.
	Estimate func(node uint32) float64
}

// Search runs searches over one graph with the same options.
type Search struct {
	g   Graph
	opt Options

	forward, backward side
	banned            uint32 // relationship not to cross
	hasBan            bool
	reopen            bool // the forward side may come back to its start

	labels   labels
	cand     candidates
	path     Path
	costs    []float64
	reserved int64
	ctx      context.Context
	ticks    uint
	firstCut int    // steps of a search over trails before bridges are looked for
	fence    *hedge // of the last such search
}

// New returns a Search. Close gives its memory back.
func New(g Graph, opt Options) *Search {
	s := &Search{g: g, opt: opt, firstCut: firstCut}
	s.forward.steps, s.backward.steps = g.Forward, g.Backward
	s.backward.reversed = true
	return s
}

// Close gives back what was reserved.
func (s *Search) Close() {
	if s.opt.Reserve != nil && s.reserved > 0 {
		// Giving memory back does not fail.
		if err := s.opt.Reserve(-s.reserved); err == nil {
			s.reserved = 0
		}
	}
}

// maxLength returns the greatest number of hops that a path may have.
func (s *Search) maxLength() int {
	if s.opt.Max < 0 {
		return int(^uint(0) >> 1)
	}
	return s.opt.Max
}

// tick looks at the context now and then, and counts memory.
func (s *Search) tick() error {
	s.ticks++
	if s.ticks&255 != 0 {
		return nil
	}
	return s.account()
}

func (s *Search) account() error {
	if err := status.Ended(s.ctx, "the search"); err != nil {
		return err
	}
	if s.opt.Reserve == nil {
		return nil
	}
	now := s.forward.bytes() + s.backward.bytes() + s.cand.bytes() + s.labels.bytes()
	if s.fence != nil {
		now += s.fence.bytes()
	}
	if now > s.reserved {
		if err := s.opt.Reserve(now - s.reserved); err != nil {
			return err
		}
		s.reserved = now
	}
	return nil
}

// begin readies s for a search and refuses it when its bitmaps do not fit.
func (s *Search) begin(ctx context.Context) error {
	s.ctx = ctx
	need := int64(0)
	for _, d := range []*side{&s.forward, &s.backward} {
		if d.seen == nil {
			need += int64(s.g.Nodes+7) / 8
		}
	}
	if s.opt.Reserve != nil && need > 0 {
		if err := s.opt.Reserve(need); err != nil {
			return err
		}
		s.reserved += need
	}
	return ctx.Err()
}

// candidates are hops that a filter or cost is asked about together.
type candidates struct {
	at            []int32 // place of the node in its side that the hop was found from
	from, rel, to []uint32
	keep          []int32
}

func (c *candidates) reset() {
	c.at, c.from, c.rel, c.to = c.at[:0], c.from[:0], c.rel[:0], c.to[:0]
}

func (c *candidates) bytes() int64 {
	return int64(cap(c.at)+cap(c.from)+cap(c.rel)+cap(c.to)+cap(c.keep)) * 4
}

// side is a breadth-first search from one end. Nodes lie in the order in which they
// were found; edges are linked lists of what led to each.
type side struct {
	steps    []Step
	reversed bool // hops run against the path

	seen   column.Bitmap // nodes in levels, the one being built included
	nodes  []uint32
	head   []int32 // by place: first edge that led there, -1 at the start
	edges  []edge
	levels []int32 // where each level starts in nodes
	index  table   // places of the last level's nodes, where all paths are wanted

	place1, edge1 []int32 // scratch of walk, by depth
}

type edge struct {
	parent, next int32 // places in nodes and edges
	rel          uint32
}

func (d *side) bytes() int64 {
	return int64(len(d.seen))*8 + int64(cap(d.nodes)+cap(d.head)+cap(d.levels))*4 + int64(cap(d.edges))*12 + d.index.bytes()
}

// start empties d but for one node. Only bits that were set are cleared: a search
// that saw ten nodes of a large graph costs ten steps.
func (d *side) start(node, nodes uint32) {
	if d.seen == nil {
		d.seen = column.NewBitmap(int(nodes))
	}
	for _, n := range d.nodes {
		d.seen.Clear(int(n))
	}
	d.nodes, d.head, d.edges, d.levels = d.nodes[:0], d.head[:0], d.edges[:0], d.levels[:0]
	d.levels = append(d.levels, 0)
	d.nodes, d.head = append(d.nodes, node), append(d.head, -1)
	d.seen.Set(int(node))
	d.index.reset()
	d.index.put(node, 0)
}

// depth is the number of the last level.
func (d *side) depth() int { return len(d.levels) - 1 }

// frontier returns the nodes of the last level.
func (d *side) frontier() []uint32 { return d.nodes[d.levels[len(d.levels)-1]:] }

// place finds a node of the last level.
func (d *side) place(node uint32, all bool) int32 {
	if all {
		at, _ := d.index.get(node)
		return at
	}
	from := d.levels[len(d.levels)-1]
	for i, n := range d.nodes[from:] {
		if n == node {
			return from + int32(i)
		}
	}
	return -1
}

// reach adds a hop to node from the place parent.
func (d *side) reach(parent int32, rel, node uint32, all bool) {
	if d.seen.Get(int(node)) {
		if !all {
			return
		}
		at, ok := d.index.get(node)
		if !ok {
			return // of an earlier level
		}
		d.edges = append(d.edges, edge{parent, d.head[at], rel})
		d.head[at] = int32(len(d.edges) - 1)
		return
	}
	d.seen.Set(int(node))
	if all {
		d.index.put(node, int32(len(d.nodes)))
	}
	d.edges = append(d.edges, edge{parent, -1, rel})
	d.nodes, d.head = append(d.nodes, node), append(d.head, int32(len(d.edges)-1))
}

// grow builds the next level and reports whether it has a node.
func (s *Search) grow(d *side) (bool, error) {
	from, to := d.levels[len(d.levels)-1], int32(len(d.nodes))
	d.index.reset()
	d.levels = append(d.levels, to)
	if s.bottomUpPays(d, int(to-from)) {
		if err := s.growBottomUp(d, from, to); err != nil {
			return false, err
		}
		return len(d.nodes) > int(to), s.account()
	}
	s.cand.reset()
	for at := from; at < to; at++ {
		if err := s.tick(); err != nil {
			return false, err
		}
		for _, st := range d.steps {
			nbr, rel, err := st.Lists.List(d.nodes[at])
			if err != nil {
				return false, err
			}
			if err := s.growList(d, at, nbr, rel, st.SkipLoops); err != nil {
				return false, err
			}
		}
	}
	err := s.filterHops(d)
	return len(d.nodes) > int(to), err
}

// growList takes the hops of one list.
func (s *Search) growList(d *side, at int32, nbr, rel []uint32, skipLoops bool) error {
	node := d.nodes[at]
	for i, n := range nbr {
		if !s.opt.All && d.seen.Get(int(n)) {
			continue
		}
		if (skipLoops && n == node) || (s.hasBan && rel[i] == s.banned) {
			continue
		}
		if s.opt.Hop == nil {
			d.reach(at, rel[i], n, s.opt.All)
			continue
		}
		s.cand.add(d, at, node, rel[i], n)
		if len(s.cand.at) == column.BatchSize {
			if err := s.filterHops(d); err != nil {
				return err
			}
		}
	}
	return nil
}

// add notes the hop from node to n, or in a reversed side from n to node.
func (c *candidates) add(d *side, at int32, node, rel, n uint32) {
	c.at, c.rel = append(c.at, at), append(c.rel, rel)
	if d.reversed {
		node, n = n, node
	}
	c.from, c.to = append(c.from, node), append(c.to, n)
}

// filterHops asks about the candidates and takes those that pass.
func (s *Search) filterHops(d *side) error {
	c := &s.cand
	if len(c.at) == 0 {
		return nil
	}
	keep, err := s.passing(c.keep[:0])
	if err != nil {
		return err
	}
	c.keep = keep
	for _, i := range keep {
		n := c.to[i]
		if d.reversed {
			n = c.from[i]
		}
		d.reach(c.at[i], c.rel[i], n, s.opt.All)
	}
	c.reset()
	return nil
}

// passing appends the places of the candidates that the filter lets through, asking
// about a batch at a time.
func (s *Search) passing(keep []int32) ([]int32, error) {
	c := &s.cand
	for lo := 0; lo < len(c.rel); lo += column.BatchSize {
		hi := min(lo+column.BatchSize, len(c.rel))
		from := len(keep)
		var err error
		if keep, err = s.opt.Hop(c.from[lo:hi], c.rel[lo:hi], c.to[lo:hi], keep); err != nil {
			return nil, err
		}
		for i := from; i < len(keep); i++ {
			keep[i] += int32(lo)
		}
	}
	return keep, nil
}

// bottomUpPays reports whether asking every node not yet seen for a neighbour in the
// frontier reads less than following the frontier's lists: past an eighth of
// all nodes most lists lead to nodes already seen.
func (s *Search) bottomUpPays(d *side, frontier int) bool {
	return !s.opt.All && s.opt.Hop == nil && !s.hasBan && s.g.Backward != nil &&
		frontier > int(s.g.Nodes/8) && s.g.Nodes > 4096
}

func (s *Search) growBottomUp(d *side, from, to int32) error {
	level := column.NewBitmap(int(s.g.Nodes))
	for i, n := range d.nodes[from:to] {
		level.Set(int(n))
		d.index.put(n, from+int32(i))
	}
	steps := s.g.Backward
	if d.reversed {
		steps = s.g.Forward
	}
	for n := uint32(0); n < s.g.Nodes; n++ {
		if d.seen.Get(int(n)) {
			continue
		}
		if err := s.tick(); err != nil {
			return err
		}
		nbr, rel, ok, err := firstIn(steps, n, level)
		if err != nil {
			return err
		}
		if ok {
			parent, _ := d.index.get(nbr)
			d.reach(parent, rel, n, false)
		}
	}
	d.index.reset()
	return nil
}

// firstIn returns the first neighbour of node in the set, and the relationship to it.
func firstIn(steps []Step, node uint32, set column.Bitmap) (nbr, rel uint32, ok bool, err error) {
	for _, st := range steps {
		ns, rs, err := st.Lists.List(node)
		if err != nil {
			return 0, 0, false, err
		}
		for i, n := range ns {
			if set.Get(int(n)) {
				return n, rs[i], true, nil
			}
		}
	}
	return 0, 0, false, nil
}
