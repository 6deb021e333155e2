package exec

import (
	"math/bits"
	"slices"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/graph/csr"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/value"
)

// distinctExpand finds the distinct ends of trails level by level: level j holds the
// nodes that some walk of j hops ends at. A walk is not always a trail, so an end is taken at
// once only where a trail to it is certain:
//
//	hops of disjoint types      every walk is a trail
//	equal hops                  a walk to a node by way of one whose distance from the
//	                            start is the walk's length less one: a shortest path
//	                            passes no node twice, and the last relationship leaves
//	                            a node that it had not reached before
//
// and any other is looked for by a search backward through the levels, which
// nearly always succeeds at its first try.
type distinctExpand struct {
	plan *plan.DistinctExpand
	spread
	hops  []*levelHop
	from  refReader
	equal bool // all hops are the same
	free  bool // no two hops can use the same relationship

	levels []level // 0 … len(hops)
	dist   []int8  // by node: level at which it was first met, plus one
	met    []uint32
	taken  column.Bitmap // ends given for the row; Global: for all rows
	sure   column.Bitmap // ends of level j by a certain trail
	ends   []uint32
	path   []uint32
	vec    column.Vector
	ready  bool
	held   int64 // reserved
	steps  int
}

// levelHop is one hop, with the lists to walk it forward and backward.
type levelHop struct {
	hop        *plan.CountedHop
	legs, back *legs
	filter     *nodeFilter
}

// level is a set of nodes, as a list and as bits.
type level struct {
	nodes []uint32
	bits  column.Bitmap
}

func (b *builder) distinctExpand(n *plan.DistinctExpand, lanes []lane) (runner, error) {
	return b.build(n.Input, each(lanes, func(l lane) operator {
		e := &distinctExpand{plan: n, spread: newSpread(l, n.Live, n.To)}
		if n.Global {
			e.carry = nil
		}
		for i := range n.Hops {
			h := &n.Hops[i]
			legs := b.newLegs(l.w, h.Types, h.Dir)
			e.hops = append(e.hops, &levelHop{hop: h, legs: legs, back: b.newLegs(l.w, h.Types, h.Dir), filter: b.newNodeFilter(l.w, h, legs)})
		}
		e.levels = make([]level, len(n.Hops)+1)
		b.scope.onReset(func() { e.ready = false })
		b.scope.onClose(func() {
			if l.w.x != nil {
				l.w.x.Budget.Release(e.held)
			}
			e.held = 0
		})
		return e
	}))
}

func (e *distinctExpand) push(b *column.Batch) error {
	for _, h := range e.hops {
		h.legs.open()
		h.legs.opposite(h.back)
		if err := h.filter.open(); err != nil {
			return err
		}
	}
	if err := e.prepare(); err != nil {
		return err
	}
	e.from.read(b.Cols[e.plan.From], b, value.KindNode)
	e.view(b)
	for _, r := range e.from.rows {
		if err := e.row(r, e.from.refs[r]); err != nil {
			return err
		}
	}
	return nil
}

// view begins on b without its multiplicities: each row counts once.
func (e *distinctExpand) view(b *column.Batch) {
	e.begin(b)
	if b.Mult != nil {
		plain := *b
		plain.Mult = nil
		e.src = &plain
	}
}

// prepare makes room for all nodes and looks at how the hops are related.
func (e *distinctExpand) prepare() error {
	if e.ready && !e.w.prog.writes {
		return nil
	}
	high := int(e.w.reader().NodeHigh())
	if need := int64(high) * int64(8+2+len(e.levels)) / 8; need > e.held {
		if err := e.w.x.Budget.Reserve(need - e.held); err != nil {
			return err
		}
		e.held = need
	}
	if len(e.dist) < high {
		e.dist = make([]int8, high)
		e.sure = column.NewBitmap(high)
		for i := range e.levels {
			e.levels[i] = level{bits: column.NewBitmap(high)}
		}
	}
	if !e.ready || len(e.taken)*64 < high {
		taken := column.NewBitmap(high)
		if e.ready {
			copy(taken, e.taken)
		}
		e.taken = taken
	}
	e.ready = true
	e.equal, e.free = true, true
	for i, h := range e.hops {
		e.equal = e.equal && h.same(e.hops[0])
		for _, o := range e.hops[:i] {
			for _, g := range h.legs.list {
				e.free = e.free && !slices.ContainsFunc(o.legs.list, func(l leg) bool { return l.typ == g.typ })
			}
		}
	}
	return nil
}

// same reports whether two hops find the same relationships from every node.
func (h *levelHop) same(o *levelHop) bool {
	if h.hop.Dir != o.hop.Dir || len(h.legs.list) != len(o.legs.list) || len(h.hop.Filter)+len(o.hop.Filter) > 0 ||
		!slices.Equal(h.hop.Labels, o.hop.Labels) {
		return false
	}
	for i := range h.legs.list {
		if h.legs.list[i].typ != o.legs.list[i].typ {
			return false
		}
	}
	return true
}

// row finds and gives the ends of one row.
func (e *distinctExpand) row(r int32, start uint32) error {
	e.ends = e.ends[:0]
	e.reach(start, 0)
	e.put(0, start)
	if e.plan.Min == 0 {
		e.take(start)
	}
	var err error
	for j := 1; j <= len(e.hops) && err == nil; j++ {
		err = e.advance(j, start)
	}
	if err == nil {
		err = e.giveEnds(r)
	}
	e.clean()
	return err
}

func (e *distinctExpand) clean() {
	for i := range e.levels {
		l := &e.levels[i]
		for _, n := range l.nodes {
			l.bits[n>>6] = 0
		}
		l.nodes = l.nodes[:0]
	}
	for _, n := range e.met {
		e.dist[n] = 0
	}
	e.met = e.met[:0]
	if !e.plan.Global {
		for _, n := range e.ends {
			e.taken[n>>6] = 0
		}
	}
}

func (e *distinctExpand) reach(n uint32, dist int) {
	if e.dist[n] == 0 {
		e.dist[n] = int8(min(dist+1, 127))
		e.met = append(e.met, n)
	}
}

func (e *distinctExpand) put(j int, n uint32) {
	if l := &e.levels[j]; !l.bits.Get(int(n)) {
		l.bits.Set(int(n))
		l.nodes = append(l.nodes, n)
	}
}

func (e *distinctExpand) take(n uint32) {
	if !e.taken.Get(int(n)) {
		e.taken.Set(int(n))
		e.ends = append(e.ends, n)
	}
}

// maxLevels bounds distances, which are kept in a byte.
const maxLevels = 120

// advance makes level j of level j-1 and takes its ends.
func (e *distinctExpand) advance(j int, start uint32) error {
	h := e.hops[j-1]
	want := j >= e.plan.Min
	for _, u := range e.levels[j-1].nodes {
		if e.steps++; e.steps&1023 == 0 {
			if err := e.w.x.check(); err != nil {
				return err
			}
		}
		// Whether a walk of j-1 hops to u that is a shortest path exists.
		shortest := e.equal && int(e.dist[u]) == j && j < maxLevels
		err := h.each(u, func(nbr []uint32, keep []int32, all bool) {
			if all {
				for _, n := range nbr {
					e.meet(j, n, want, shortest)
				}
				return
			}
			for _, k := range keep {
				e.meet(j, nbr[k], want, shortest)
			}
		})
		if err != nil {
			return err
		}
	}
	if want {
		for _, n := range e.levels[j].nodes {
			if e.taken.Get(int(n)) || e.sure.Get(int(n)) {
				continue
			}
			found := e.free
			if !found {
				var err error
				e.path = e.path[:0]
				if found, err = e.trail(j, n, start); err != nil {
					return err
				}
			}
			if found {
				e.take(n)
			}
		}
	}
	for _, n := range e.levels[j].nodes {
		if e.sure.Get(int(n)) {
			e.take(n)
		}
	}
	for _, n := range e.levels[j].nodes {
		e.sure[n>>6] = 0
		e.reach(n, j)
	}
	return nil
}

// meet puts a node on level j; it is a sure end where the walk to it is a trail.
func (e *distinctExpand) meet(j int, n uint32, want, shortest bool) {
	e.put(j, n)
	if want && shortest {
		// Followed both ways, the last relationship may be the one that led to the node
		// before, back to the level before that.
		if e.hops[0].hop.Dir != plan.Both || e.dist[n] == 0 || int(e.dist[n]) != j-1 {
			e.sure.Set(int(n))
		}
	}
}

// each calls f with the neighbours of a node and the places of those that pass the
// hop's filter, where not all do.
func (h *levelHop) each(node uint32, f func(nbr []uint32, keep []int32, all bool)) error {
	for i := range h.legs.list {
		g := &h.legs.list[i]
		nbr, _, err := g.adj.List(node)
		if err != nil {
			return err
		}
		parts := [2][]uint32{nbr, nil}
		if g.skipLoops {
			lo, hi := csr.Find(nbr, node)
			parts = [2][]uint32{nbr[:lo], nbr[hi:]}
		}
		for _, p := range parts {
			if len(p) == 0 {
				continue
			}
			keep, all, err := h.filter.pass(p)
			if err != nil {
				return err
			}
			f(p, keep, all)
		}
	}
	return nil
}

// trail reports whether a trail of j hops from start ends at n and uses none of the
// relationships of the path behind it: backward through the levels.
func (e *distinctExpand) trail(j int, n, start uint32) (bool, error) {
	if j == 0 {
		return n == start, nil
	}
	if e.steps++; e.steps&1023 == 0 {
		if err := e.w.x.check(); err != nil {
			return false, err
		}
	}
	h, before := e.hops[j-1], &e.levels[j-1]
	for i := range h.back.list {
		g := &h.back.list[i]
		nbr, rel, err := g.adj.List(n)
		if err != nil {
			return false, err
		}
		for k := 0; k < len(nbr); k++ {
			u, by := nbr[k], rel[k]
			if !before.bits.Get(int(u)) || g.skipLoops && u == n || slices.Contains(e.path, by) {
				continue
			}
			e.path = append(e.path, by)
			found, err := e.trail(j-1, u, start)
			e.path = e.path[:len(e.path)-1]
			if found || err != nil {
				return found, err
			}
		}
	}
	return false, nil
}

// order sorts ends: many of them by the bits of sure, which are all clear between levels.
func (e *distinctExpand) order() {
	if len(e.ends) < len(e.sure)/8 {
		slices.Sort(e.ends)
		return
	}
	for _, n := range e.ends {
		e.sure.Set(int(n))
	}
	e.ends = e.ends[:0]
	for w, word := range e.sure {
		for ; word != 0; word &= word - 1 {
			e.ends = append(e.ends, uint32(w<<6|bits.TrailingZeros64(word)))
		}
		e.sure[w] = 0
	}
}

func (e *distinctExpand) giveEnds(r int32) error {
	e.order()
	return pushRefs(&e.spread, r, e.ends, func(part []uint32) error {
		e.vec = column.Vector{Type: column.Node, Refs: part}
		e.setOwn(e.plan.To, &e.vec)
		return nil
	})
}
