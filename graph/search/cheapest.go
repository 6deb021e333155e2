package search

import (
	"context"
	"math"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/status"
)

// label is a way found to a node, and the end of a chain of labels back to the start.
type label struct {
	cost   float64
	node   uint32
	rel    uint32 // relationship from the parent
	parent int32  // -1 at the start
	hops   int32
}

// labels is the state of a cheapest search: every way found so far, and a heap of those
// not yet settled.
type labels struct {
	all     []label
	heap    []ranked // four children a node: half the levels of two, and they share a cache line
	best    []uint32 // by node: 1 + place of the cheapest label; unused where hops are bounded
	closed  column.Bitmap
	settled table // node → least number of hops among settled labels, where hops are bounded
}

// ranked is a label in the heap: cost plus estimate, ties by the order of discovery, so
// that answers do not vary from run to run.
type ranked struct {
	f  float64
	at int32
}

func (a ranked) before(b ranked) bool { return a.f < b.f || a.f == b.f && a.at < b.at }

// reset empties l; what was touched is cleared, not the arrays' whole length.
func (l *labels) reset() {
	if l.best != nil {
		for i := range l.all {
			l.best[l.all[i].node] = 0
			l.closed.Clear(int(l.all[i].node))
		}
	}
	l.all, l.heap = l.all[:0], l.heap[:0]
	l.settled.reset()
}

func (l *labels) bytes() int64 {
	return int64(cap(l.all))*24 + int64(cap(l.heap))*16 + int64(cap(l.best))*4 + int64(cap(l.closed))*8 + l.settled.bytes()
}

func (l *labels) push(f float64, at int32) {
	h := append(l.heap, ranked{})
	x := ranked{f, at}
	i := len(h) - 1
	for i > 0 {
		up := (i - 1) / 4
		if !x.before(h[up]) {
			break
		}
		h[i] = h[up]
		i = up
	}
	h[i] = x
	l.heap = h
}

func (l *labels) pop() int32 {
	h := l.heap
	top := h[0].at
	last := len(h) - 1
	x := h[last]
	h = h[:last]
	i := 0
	for 4*i+1 < last {
		c := 4*i + 1
		for k := c + 1; k < min(4*i+5, last); k++ {
			if h[k].before(h[c]) {
				c = k
			}
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
	l.heap = h
	return top
}

// Cheapest passes the cheapest trail from one node to another, by the sum of
// Options.Cost over its hops, to yield; of several one. See Between for trails back to their
// own start. A cost that is negative or NaN ends the search with BadCost's error where the
// search meets it, whether or not an answer would use it.
func (s *Search) Cheapest(ctx context.Context, from, to uint32, yield func(Path) bool) error {
	if from >= s.g.Nodes || to >= s.g.Nodes {
		return nil
	}
	s.ctx = ctx
	if err := status.Ended(ctx, "the search"); err != nil {
		return err
	}
	if from == to && s.opt.Min == 0 {
		yield(Path{Nodes: []uint32{from}})
		return nil
	}
	c := cheapest{s: s, to: to, bound: true, yield: yield}
	if from == to || s.opt.Min > 1 {
		return c.trails(from)
	}
	return c.run(from)
}

// CheapestFrom passes the cheapest trail to every node that can be reached, in the order of
// their costs.
func (s *Search) CheapestFrom(ctx context.Context, from uint32, yield func(Path) bool) error {
	if from >= s.g.Nodes {
		return nil
	}
	s.ctx = ctx
	if err := status.Ended(ctx, "the search"); err != nil {
		return err
	}
	c := cheapest{s: s, yield: yield}
	if s.opt.Min > 1 {
		return c.trails(from)
	}
	if err := c.run(from); err != nil || c.stopped || s.opt.Min == 0 {
		return err
	}
	keep, err := s.ends([]uint32{from})
	if err != nil || len(keep) == 0 {
		return err
	}
	back := cheapest{s: s, to: from, bound: true, yield: yield}
	return back.trails(from)
}

// cheapest is one search.
type cheapest struct {
	s       *Search
	to      uint32
	bound   bool // to is the only end
	yield   func(Path) bool
	stopped bool
}

// run is Dijkstra's algorithm: with costs of at least 0 a cheapest walk to another node
// repeats none, so it is a trail.
func (c *cheapest) run(from uint32) error {
	s, l := c.s, &c.s.labels
	l.reset()
	if s.opt.Max >= 0 {
		return c.runBounded(from)
	}
	if l.best == nil {
		l.best, l.closed = make([]uint32, s.g.Nodes), column.NewBitmap(int(s.g.Nodes))
		if err := s.account(); err != nil {
			return err
		}
	}
	l.all = append(l.all, label{node: from, parent: -1})
	l.push(c.estimate(from), 0)
	for len(l.heap) > 0 && !c.stopped {
		if err := s.tick(); err != nil {
			return err
		}
		at := l.pop()
		now := l.all[at]
		if l.closed.Get(int(now.node)) {
			continue
		}
		l.closed.Set(int(now.node))
		if err := c.settle(at, now); err != nil || c.stopped {
			return err
		}
		if err := c.expand(at, now); err != nil {
			return err
		}
		for i, to := range s.cand.to {
			cost := now.cost + s.costs[i]
			if prev := l.best[to]; l.closed.Get(int(to)) || prev > 0 && l.all[prev-1].cost <= cost {
				continue
			}
			l.all = append(l.all, label{cost, to, s.cand.rel[i], at, now.hops + 1})
			l.best[to] = uint32(len(l.all))
			l.push(cost+c.estimate(to), int32(len(l.all)-1))
		}
	}
	return nil
}

// runBounded is run with at most Max hops: a node is settled again whenever a label has
// fewer hops than all that were cheaper.
func (c *cheapest) runBounded(from uint32) error {
	s, l := c.s, &c.s.labels
	l.all = append(l.all, label{node: from, parent: -1})
	l.push(c.estimate(from), 0)
	for len(l.heap) > 0 && !c.stopped {
		if err := s.tick(); err != nil {
			return err
		}
		at := l.pop()
		now := l.all[at]
		hops, seen := l.settled.get(now.node)
		if seen && hops <= now.hops {
			continue
		}
		l.settled.put(now.node, now.hops)
		if !seen {
			if err := c.settle(at, now); err != nil {
				return err
			}
		}
		if c.stopped || int(now.hops) >= s.opt.Max {
			continue
		}
		if err := c.expand(at, now); err != nil {
			return err
		}
		for i, to := range s.cand.to {
			if hops, ok := l.settled.get(to); ok && hops <= now.hops+1 {
				continue
			}
			cost := now.cost + s.costs[i]
			l.all = append(l.all, label{cost, to, s.cand.rel[i], at, now.hops + 1})
			l.push(cost+c.estimate(to), int32(len(l.all)-1))
		}
	}
	return nil
}

func (c *cheapest) estimate(node uint32) float64 {
	if c.s.opt.Estimate == nil || !c.bound {
		return 0
	}
	return c.s.opt.Estimate(node)
}

// settle passes the path to a node reached at its least cost.
func (c *cheapest) settle(at int32, now label) error {
	switch {
	case c.bound && now.node != c.to:
		return nil
	case now.parent < 0 && c.s.opt.Min > 0:
		return nil
	case !c.bound && c.s.opt.Ends != nil:
		keep, err := c.s.opt.Ends([]uint32{now.node}, nil)
		if err != nil || len(keep) == 0 {
			return err
		}
	}
	c.emit(at)
	return nil
}

func (c *cheapest) emit(at int32) {
	l, p := &c.s.labels, &c.s.path
	end := l.all[at]
	p.resize(int(end.hops))
	p.Cost = end.cost
	for i := int(end.hops); at >= 0; i-- {
		p.Nodes[i] = l.all[at].node
		if i > 0 {
			p.Rels[i-1] = l.all[at].rel
		}
		at = l.all[at].parent
	}
	c.stopped = !c.yield(*p) || c.bound
}

// expand leaves the hops from a node in s.cand and their costs in s.costs.
func (c *cheapest) expand(at int32, now label) error {
	s := c.s
	s.cand.reset()
	for _, st := range s.g.Forward {
		nbr, rel, err := st.Lists.List(now.node)
		if err != nil {
			return err
		}
		for i, n := range nbr {
			if !st.SkipLoops || n != now.node {
				s.cand.add(&s.forward, at, now.node, rel[i], n)
			}
		}
	}
	if err := s.keepHops(); err != nil {
		return err
	}
	n := len(s.cand.to)
	if cap(s.costs) < n {
		s.costs = make([]float64, 2*n)
	}
	s.costs = s.costs[:n]
	if n == 0 {
		return nil
	}
	for lo := 0; lo < n; lo += column.BatchSize {
		hi := min(lo+column.BatchSize, n)
		if err := s.opt.Cost(s.cand.from[lo:hi], s.cand.rel[lo:hi], s.cand.to[lo:hi], s.costs[lo:hi]); err != nil {
			return err
		}
	}
	for i, cost := range s.costs {
		if !(cost >= 0) {
			return s.opt.BadCost(s.cand.rel[i], cost)
		}
	}
	return nil
}

// keepHops drops the candidates that the filter refuses.
func (s *Search) keepHops() error {
	c := &s.cand
	if s.opt.Hop == nil || len(c.at) == 0 {
		return nil
	}
	keep, err := s.passing(c.keep[:0])
	if err != nil {
		return err
	}
	c.keep = keep
	for i, k := range keep {
		c.at[i], c.from[i], c.rel[i], c.to[i] = c.at[k], c.from[k], c.rel[k], c.to[k]
	}
	n := len(keep)
	c.at, c.from, c.rel, c.to = c.at[:n], c.from[:n], c.rel[:n], c.to[:n]
	return nil
}

// trails serves the cases in which a cheapest walk may cross a relationship twice:
// back to the start, and Min above 1. It grows trails in the order of their costs, each
// checked against its own relationships, until the end is met or no trail is left.
//
// Where Min allows a single hop, one trail to each node and first relationship is
// enough: after its first hop a cheapest way back to the start repeats no node.
func (c *cheapest) trails(from uint32) error {
	s, l := c.s, &c.s.labels
	l.reset()
	prune := s.opt.Min <= 1 && s.opt.Max < 0
	done := make(map[uint32]bool)
	type way struct{ node, first uint32 }
	settled := make(map[way]bool)
	firsts := []uint32{0} // by label: its first relationship
	var fence *hedge
	if c.bound && !prune {
		fence = s.newHedge(from, c.to)
	}
	l.all = append(l.all, label{node: from, parent: -1})
	l.push(0, 0)
	for len(l.heap) > 0 && !c.stopped {
		if err := s.tick(); err != nil {
			return err
		}
		if fence != nil {
			if err := s.worked(fence); err != nil {
				return err
			}
		}
		at := l.pop()
		now := l.all[at]
		if now.parent >= 0 && int(now.hops) >= s.opt.Min && !done[now.node] {
			if !c.bound {
				done[now.node] = true
			}
			if err := c.settle(at, now); err != nil || c.stopped {
				return err
			}
		}
		if prune && now.parent >= 0 {
			w := way{now.node, firsts[at]}
			if settled[w] || now.node == from {
				continue
			}
			settled[w] = true
		}
		if s.opt.Max >= 0 && int(now.hops) >= s.opt.Max {
			continue
		}
		if err := c.expand(at, now); err != nil {
			return err
		}
		for i, to := range s.cand.to {
			rel := s.cand.rel[i]
			if fence.lost(rel) || l.crossed(at, rel) {
				continue
			}
			first := rel
			if now.parent >= 0 {
				first = firsts[at]
			}
			if prune && settled[way{to, first}] {
				continue
			}
			if !prune && s.opt.Rows != nil {
				if err := s.opt.Rows(len(l.all)); err != nil {
					return err
				}
			}
			firsts = append(firsts, first)
			l.all = append(l.all, label{now.cost + s.costs[i], to, rel, at, now.hops + 1})
			l.push(now.cost+s.costs[i], int32(len(l.all)-1))
		}
	}
	return nil
}

// crossed reports whether the trail that ends in a label has a relationship.
func (l *labels) crossed(at int32, rel uint32) bool {
	for ; l.all[at].parent >= 0; at = l.all[at].parent {
		if l.all[at].rel == rel {
			return true
		}
	}
	return false
}

// NullCost returns what Options.Cost writes for a null.
func NullCost() float64 { return math.NaN() }
