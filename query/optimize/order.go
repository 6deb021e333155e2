package optimize

import (
	"math"
	"math/bits"
	"slices"

	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
)

// maxExact is the largest pattern whose best order is found exactly: 2^n states.
const maxExact = 10

// Costs in nanoseconds, rough: only their ratios matter.
const (
	costScan      = 1.5
	costPredicate = 3
	costExpandRow = 60
	costEdge      = 2
	costRel       = 5 // of a relationship read from the table, with its ends
	costLabel     = 4 // of testing a label there: after a hop it is mostly known
	costGather    = 4
	costInto      = 80
	costSeek      = 400
	costSeekRow   = 15
	costHashBuild = 40
	costHashProbe = 25
	costIntersect = 60
	costDegree    = 15.0  // of a counted hop from a center: these come in order
	costWalk      = 100.0 // of one further out, a node that it leaves
	costWalkEdge  = 4
	costRow       = 20 // of a row given to what counts it
)

type stepKind uint8

const (
	stepScan      stepKind = iota // bind node k by a scan or a seek
	stepRelScan                   // bind both ends of rel
	stepExpand                    // bind node k over rel
	stepIntersect                 // bind node k over two or more relationships at once
	stepHash                      // bind node k by joining a scan of it on equal values
)

// step adds nodes to those bound.
type step struct {
	kind  stepKind
	node  int
	rel   int
	rels  []int // stepIntersect
	close []int // relationships whose ends are all bound afterwards
	seek  *seek // stepScan by an index or id, stepRelScan by an index
	join  *predicate
}

// state is the best way found to bind a set of nodes.
type state struct {
	known bool
	cost  float64
	prev  uint
	step  step
}

func (g *queryGraph) slotsOf(mask uint) slotSet {
	s := newSet()
	for i, n := range g.nodes {
		if mask&(1<<i) != 0 {
			s.add(n.Slot)
		}
	}
	for _, r := range g.pat.Rels {
		if mask&(1<<r.From) != 0 && mask&(1<<r.To) != 0 {
			for _, b := range r.Binds() {
				s.add(b)
			}
		}
	}
	return s
}

// card estimates the rows with the nodes of mask bound: the same whatever the order.
func (g *queryGraph) card(mask uint) float64 {
	rows := g.base
	for i, n := range g.nodes {
		if mask&(1<<i) != 0 {
			rows *= n.card
		}
	}
	for i := range g.pat.Rels {
		r := &g.pat.Rels[i]
		if mask&(1<<r.From) != 0 && mask&(1<<r.To) != 0 && !r.Bound {
			rows *= g.relShareBound(r)
		}
	}
	slots := g.slotsOf(mask)
	for _, p := range g.preds {
		if len(p.need) > 1 && slots.hasAll(p.need) {
			rows *= p.share
		}
	}
	return max(rows, 1e-6)
}

// relShareBound is relShare, times the size of the ends that earlier clauses bound:
// a bound node stands for one row and not for all nodes.
func (g *queryGraph) relShareBound(r *plan.PatternRel) float64 {
	s := g.relShare(r)
	if g.nodes[r.From].Bound && g.nodes[r.To].Bound || r.Search > plan.Trails {
		return min(s, 1)
	}
	return s
}

func (g *queryGraph) connects(r *plan.PatternRel, mask uint, k int) bool {
	return r.From == k && mask&(1<<r.To) != 0 || r.To == k && mask&(1<<r.From) != 0
}

// ready reports whether what r's own predicates and cost read is bound; what stands for the parts
// of its path is its own.
func (g *queryGraph) ready(r *plan.PatternRel, bound slotSet) bool {
	var own []plan.Slot
	if r.Path != nil {
		own = r.Path.Inner()
	}
	for _, e := range append(r.Hop.Filter[:len(r.Hop.Filter):len(r.Hop.Filter)], costOf(r)...) {
		for _, s := range expr.Slots(nil, e) {
			if g.local.has(s) && !bound.has(s) && !slices.Contains(own, s) {
				return false
			}
		}
	}
	return true
}

// costOf lists what the cost of r's hops reads.
func costOf(r *plan.PatternRel) []expr.Expr {
	all := []expr.Expr{r.Cost}
	if r.Path != nil {
		all = append(all, r.Path.Cost, r.Path.Left)
	}
	return slices.DeleteFunc(all, func(e expr.Expr) bool { return e == nil })
}

// preMatched reports whether r is matched before the first step.
func preMatched(r *plan.PatternRel) bool {
	return r.Bound && (r.Search == plan.OneHop || r.Min > 0)
}

// eligible reports whether r can be matched between bound nodes.
func (g *queryGraph) eligible(r *plan.PatternRel, mask uint, bound slotSet) bool {
	return mask&(1<<r.From) != 0 && mask&(1<<r.To) != 0 && g.ready(r, bound)
}

// closers lists the relationships that become decidable when mask grows to next,
// except those in used; single ones first.
func (g *queryGraph) closers(mask, next uint, used ...int) []int {
	before, after := g.slotsOf(mask), g.slotsOf(next)
	var out []int
	for pass := range 2 {
		for i := range g.pat.Rels {
			r := &g.pat.Rels[i]
			if preMatched(r) || contains(used, i) || (r.Search != plan.OneHop) != (pass == 1) {
				continue
			}
			if g.eligible(r, next, after) && !g.eligible(r, mask, before) {
				out = append(out, i)
			}
		}
	}
	return out
}

func contains(xs []int, x int) bool {
	for _, y := range xs {
		if x == y {
			return true
		}
	}
	return false
}

// steps lists the ways to grow mask by node k.
func (g *queryGraph) steps(mask uint, k int) []step {
	next := mask | 1<<k
	bound := g.slotsOf(mask)
	var out []step
	var oneHop []int
	groups := false // of several MATCHes, whose relationships may be the same
	for i := range g.pat.Rels {
		r := &g.pat.Rels[i]
		if preMatched(r) || r.From == r.To || !g.connects(r, mask, k) {
			continue
		}
		if r.Search == plan.OneHop {
			oneHop = append(oneHop, i)
			groups = groups || r.Group != g.pat.Rels[oneHop[0]].Group
		}
		if g.ready(r, bound) {
			out = append(out, step{kind: stepExpand, node: k, rel: i, close: g.closers(mask, next, i)})
		}
	}
	if len(oneHop) >= 2 && !groups && g.z.on(Intersection) {
		out = append(out, step{kind: stepIntersect, node: k, rels: oneHop, close: g.closers(mask, next, oneHop...)})
	}
	closing := g.closers(mask, next)
	if len(out) == 0 || g.z.on(UseIndex) {
		sk := g.seek(k, bound)
		if sk != nil || len(out) == 0 {
			out = append(out, step{kind: stepScan, node: k, close: closing, seek: sk})
		}
	}
	if len(oneHop) == 0 && bits.OnesCount(mask) > 0 && g.z.on(Hash) {
		if p := g.joinable(k, bound); p != nil {
			out = append(out, step{kind: stepHash, node: k, close: closing, join: p})
		}
	}
	return out
}

// joinable finds an equality between node k and what is bound already.
func (g *queryGraph) joinable(k int, bound slotSet) *predicate {
	slot := g.nodes[k].Slot
	for _, p := range g.preds {
		c, ok := p.e.(*expr.Compare)
		if !ok || c.Op != expr.Eq || len(p.need) != 2 || mayRaise(c) {
			continue
		}
		l, r := expr.Slots(nil, c.Left), expr.Slots(nil, c.Right)
		if len(l) != 1 || len(r) != 1 {
			continue
		}
		if l[0] == slot && bound.has(r[0]) || r[0] == slot && bound.has(l[0]) {
			return p
		}
	}
	return nil
}

// cost prices a step from mask.
func (g *queryGraph) cost(mask uint, s step) float64 {
	c, _ := g.price(mask, s)
	return c
}

// price returns the cost of a step from mask, and the rows that its first operator gives.
func (g *queryGraph) price(mask uint, s step) (cost, first float64) {
	rows := g.card(mask)
	if mask == 0 {
		rows = g.base
	}
	c, out := g.growth(mask, s, rows)
	c += out * g.predicateCost(s, mask)
	for i, n := range g.nodes {
		if g.bits(s)&(1<<i) != 0 {
			c += min(out, g.card(mask|g.bits(s))/max(min(1, n.arms), 1e-9)) * n.walk
		}
	}
	for _, i := range s.close {
		c += out * g.closing(&g.pat.Rels[i])
	}
	return c, out
}

// growth prices the operator that binds a step's nodes for so many rows, and estimates
// the rows that it gives.
func (g *queryGraph) growth(mask uint, s step, rows float64) (c, out float64) {
	switch s.kind {
	case stepScan:
		if s.seek != nil {
			out = rows * s.seek.rows
			return rows*costSeek + out*costSeekRow, out
		}
		out = rows * g.nodes[s.node].count
		return out * costScan, out
	case stepRelScan:
		r := &g.pat.Rels[s.rel]
		if s.seek != nil {
			out = rows * s.seek.rows
			return rows*costSeek + out*costSeekRow, out
		}
		out = rows * g.z.stats.rels("", r.Types, "")
		return out * (costRel + costLabel*float64(len(g.nodes[r.From].labels)+len(g.nodes[r.To].labels))), out
	case stepExpand:
		r := &g.pat.Rels[s.rel]
		d := g.degree(r, r.To == s.node)
		switch r.Search {
		case plan.OneHop:
			out = rows * d
			return rows*costExpandRow + out*costEdge, out
		case plan.Trails:
			out = rows * trailRows(d, r.Min, r.Max)
			return rows*4*costExpandRow + out*10*costEdge, out
		}
		return rows * (g.z.stats.nodes(nil) + g.z.stats.rels("", r.Types, "")) * 5, rows * g.nodes[s.node].count
	case stepIntersect:
		least := math.Inf(1)
		for _, i := range s.rels {
			r := &g.pat.Rels[i]
			least = min(least, g.degree(r, r.To == s.node))
		}
		return rows * (costIntersect*float64(len(s.rels)) + least*4), g.card(mask | 1<<s.node)
	}
	n := g.nodes[s.node] // stepHash
	return n.count*(costScan+costPredicate) + n.card*costHashBuild + rows*costHashProbe, g.card(mask | 1<<s.node)
}

// closing prices matching a relationship between two nodes that are bound, a row.
func (g *queryGraph) closing(r *plan.PatternRel) float64 {
	switch r.Search {
	case plan.OneHop:
		return costInto
	case plan.Trails:
		// As many trails as when the far end is not known, less those that end elsewhere
		// by their last relationship.
		hops := r.Max
		if hops > 0 {
			hops--
		}
		least := r.Min
		if hops >= 0 {
			least = min(least, hops)
		}
		return 4*costExpandRow + trailRows(g.degree(r, true), least, hops)*10*costEdge
	}
	return costInto * 50
}

// predicateCost prices the predicates that become decidable by a step, a row.
func (g *queryGraph) predicateCost(s step, mask uint) float64 {
	var c float64
	before, after := g.slotsOf(mask), g.slotsOf(mask|g.bits(s))
	for _, p := range g.preds {
		if p.label == "" && after.hasAll(p.need) && !before.hasAll(p.need) {
			c += costPredicate
		}
	}
	return c
}

// bits returns the nodes that a step binds.
func (g *queryGraph) bits(s step) uint {
	if s.kind == stepRelScan {
		return 1<<g.pat.Rels[s.rel].From | 1<<g.pat.Rels[s.rel].To
	}
	return 1 << s.node
}

// relScans lists relationships that can be scanned to bind both ends.
func (g *queryGraph) relScans(mask uint) []step {
	var out []step
	for i := range g.pat.Rels {
		r := &g.pat.Rels[i]
		if r.Search != plan.OneHop || r.Bound || r.From == r.To || mask&(1<<r.From) != 0 || mask&(1<<r.To) != 0 ||
			g.nodes[r.From].Bound || g.nodes[r.To].Bound || r.Dir == plan.Both {
			continue
		}
		next := mask | 1<<r.From | 1<<r.To
		out = append(out, step{kind: stepRelScan, rel: i, close: g.closers(mask, next, i), seek: g.seekRel(r, g.slotsOf(mask))})
	}
	return out
}

// order returns the steps that bind all nodes, from those of start on.
func (g *queryGraph) order(start uint) []step {
	n := len(g.nodes)
	full := uint(1)<<n - 1
	switch {
	case start == full:
		return nil
	case !g.z.on(Reorder):
		return g.asWritten(start, full)
	case n > maxExact:
		return g.greedy(start, full)
	}
	best := make([]state, full+1)
	best[start].known = true
	for mask := start; mask < full; mask++ {
		if !best[mask].known {
			continue
		}
		try := func(s step) {
			next := mask | g.bits(s)
			if cost := best[mask].cost + g.cost(mask, s); !best[next].known || cost < best[next].cost {
				best[next] = state{known: true, cost: cost, prev: mask, step: s}
			}
		}
		for k := range n {
			if mask&(1<<k) == 0 {
				for _, s := range g.steps(mask, k) {
					try(s)
				}
			}
		}
		for _, s := range g.relScans(mask) {
			try(s)
		}
	}
	var out []step
	for m := full; m != start; m = best[m].prev {
		out = append(out, best[m].step)
	}
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return out
}

// greedy takes the cheapest step each time; the rows that it leaves count as its cost
// too.
func (g *queryGraph) greedy(mask, full uint) []step {
	var out []step
	for mask != full {
		best, at := step{}, math.Inf(1)
		consider := func(s step) {
			if c := g.cost(mask, s) + g.card(mask|g.bits(s))*costExpandRow; c < at {
				best, at = s, c
			}
		}
		for k := range g.nodes {
			if mask&(1<<k) == 0 {
				for _, s := range g.steps(mask, k) {
					consider(s)
				}
			}
		}
		out = append(out, best)
		mask |= g.bits(best)
	}
	return out
}

// total prices the whole pattern: matching it, and handing its rows on.
func (g *queryGraph) total() float64 {
	var mask uint
	cost := 0.0
	for i, n := range g.nodes {
		if n.Bound {
			mask |= 1 << i
			cost += g.base * n.walk
		}
	}
	for i := range g.pat.Rels {
		if r := &g.pat.Rels[i]; preMatched(r) {
			mask |= 1<<r.From | 1<<r.To
		}
	}
	for _, s := range g.order(mask) {
		cost += g.cost(mask, s)
		mask |= g.bits(s)
	}
	return cost + g.card(mask)*costRow
}

// asWritten binds the nodes in the order of the text.
func (g *queryGraph) asWritten(mask, full uint) []step {
	var out []step
	for k := 0; mask != full; k++ {
		if mask&(1<<k) != 0 {
			continue
		}
		s := g.steps(mask, k)[0]
		out = append(out, s)
		mask |= g.bits(s)
	}
	return out
}
