package optimize

import (
	"slices"

	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
)

// maxLevels bounds the hops of a chain whose ends are searched by levels.
const maxLevels = 10

// distinctEnds searches the distinct ends of a chain level by level where only they are
// read and it makes no difference how often each is reached.
//
//	MATCH (s:User {id: 1})-[:F]->()-[:F]->(n) RETURN count(DISTINCT n.id)
//
// The chain must start at few nodes that are found without it, and what is read above must
// not depend on multiplicity: DISTINCT aggregates, min and max, or DISTINCT rows. The
// operator is exact about trails: an end that only a walk with a repeated relationship
// reaches is not one (see plan.DistinctExpand). Predicates on the inner nodes must not be
// able to fail; those on the end are applied after it. Source: graph engines' frontier
// products, with the correction that they leave out.
func (z *optimizer) distinctEnds(root plan.Node) plan.Node {
	return plan.Rewrite(root, func(n plan.Node) plan.Node {
		if !ignoresMult(n) {
			return n
		}
		m := matchBelow(n.Inputs()[0])
		if m == nil || !m.Pattern.Unique {
			return n
		}
		needed := reads(n)
		for in := n.Inputs()[0]; in != plan.Node(m); in = in.Inputs()[0] {
			needed.addAll(reads(in))
		}
		if top := z.toLevels(m, needed); top != nil {
			replaceBelow(n, m, top)
			countOnce(n, top)
		}
		return n
	})
}

// ignoresMult reports whether n gives the same for a row once as for the row many times.
func ignoresMult(n plan.Node) bool {
	switch n := n.(type) {
	case *plan.Distinct:
		return true
	case *plan.Aggregate:
		for _, a := range n.Aggs {
			if !a.Distinct && a.Def.DistinctChanges || isCountStar(a) {
				return false
			}
		}
		return true
	}
	return false
}

// replaceBelow puts top in the place of m, which is below n.
func replaceBelow(n plan.Node, m *plan.Match, top plan.Node) {
	for n.Inputs()[0] != plan.Node(m) {
		n = n.Inputs()[0]
	}
	n.SetInput(0, top)
}

// countOnce turns count(DISTINCT end) into count(*) where each end comes once.
func countOnce(n, top plan.Node) {
	if f, ok := top.(*plan.Filter); ok {
		top = f.Input
	}
	d := top.(*plan.DistinctExpand)
	a, ok := n.(*plan.Aggregate)
	if !ok || len(a.Keys) > 0 || !d.Global {
		return
	}
	for i := range a.Aggs {
		g := &a.Aggs[i]
		if g.Def.Name != "count" || !g.Distinct || len(g.Args) != 1 {
			continue
		}
		if s, ok := g.Args[0].(*expr.Slot); ok && s.Slot == d.To {
			g.Args, g.Distinct = nil, false
		}
	}
}

// toLevels returns what replaces m, or nil.
func (z *optimizer) toLevels(m *plan.Match, needed slotSet) plan.Node {
	pat := &m.Pattern
	for _, it := range pat.Paths {
		if needed.has(it.Slot) || pathInWhere(pat, it.Slot) {
			return nil
		}
	}
	chain, ok := chainOf(pat)
	if !ok {
		return nil
	}
	first, last := chain[0], chain[len(chain)-1]
	if needed.has(pat.Nodes[first].Slot) && needed.has(pat.Nodes[last].Slot) {
		return nil
	}
	if needed.has(pat.Nodes[first].Slot) {
		slices.Reverse(chain)
		first, last = last, first
	}
	for _, r := range pat.Rels {
		if needed.has(r.Slot) {
			return nil
		}
	}
	for _, i := range chain[1 : len(chain)-1] {
		if needed.has(pat.Nodes[i].Slot) {
			return nil
		}
	}
	return z.levels(m, chain, needed)
}

// chainOf returns the nodes of a pattern that is one chain of two or more nodes from end
// to end, and binds nothing but itself.
func chainOf(pat *plan.Pattern) ([]int, bool) {
	if len(pat.Rels) == 0 || len(pat.Rels) > maxLevels || len(pat.Nodes) != len(pat.Rels)+1 || len(pat.Counted) > 0 {
		return nil, false
	}
	ends := make([][]int, len(pat.Nodes))
	for i, r := range pat.Rels {
		if r.From == r.To || r.Bound || r.Group != pat.Rels[0].Group || r.Mode != plan.Trail {
			return nil, false
		}
		ends[r.From], ends[r.To] = append(ends[r.From], i), append(ends[r.To], i)
	}
	start := -1
	for i, e := range ends {
		if len(e) > 2 || len(e) == 0 {
			return nil, false
		}
		if len(e) == 1 && start < 0 {
			start = i
		}
	}
	if start < 0 {
		return nil, false
	}
	chain, via := []int{start}, -1
	for len(chain) < len(pat.Nodes) {
		at := chain[len(chain)-1]
		next := -1
		for _, i := range ends[at] {
			if i != via {
				next = i
			}
		}
		if next < 0 {
			return nil, false
		}
		via = next
		chain = append(chain, pat.Rels[next].From+pat.Rels[next].To-at)
	}
	return chain, true
}

// levels gives the chain as its first node and a search.
func (z *optimizer) levels(m *plan.Match, chain []int, needed slotSet) plan.Node {
	pat := &m.Pattern
	first, last := pat.Nodes[chain[0]], pat.Nodes[chain[len(chain)-1]]
	if last.Bound {
		return nil
	}
	hops, least, where, ok := levelHops(pat, chain)
	if !ok {
		return nil
	}
	start := plan.Pattern{Nodes: []plan.PatternNode{first}, Unique: true}
	var after []expr.Expr
	for _, e := range where {
		if hasSlot(expr.Slots(nil, e), last.Slot) {
			after = append(after, e)
		} else {
			start.Where = append(start.Where, e)
		}
	}
	g := z.graph(&start, 1)
	rows := g.nodes[0].card
	if s := g.seek(0, newSet()); s != nil {
		rows = min(rows, s.rows)
	}
	const few = 64
	if !first.Bound && rows > few {
		return nil
	}
	low := &plan.Match{Pattern: start}
	low.Input = m.Input
	d := &plan.DistinctExpand{From: first.Slot, To: last.Slot, FromName: first.Name, ToName: last.Name, Hops: hops, Min: least}
	d.Input = low
	d.Global = onlyReads(needed, after, last.Slot)
	var top plan.Node = d
	if len(after) > 0 {
		f := &plan.Filter{Predicates: after}
		f.Input = d
		top = f
	}
	return top
}

// onlyReads reports whether needed and predicates read slot s and nothing else.
func onlyReads(needed slotSet, preds []expr.Expr, s plan.Slot) bool {
	for x := range needed.all() {
		if x != s {
			return false
		}
	}
	for _, e := range preds {
		for _, x := range expr.Slots(nil, e) {
			if x != s {
				return false
			}
		}
	}
	return true
}

// levelHops lists the hops of a chain, and the predicates that stay: those on its ends.
func levelHops(pat *plan.Pattern, chain []int) (hops []plan.CountedHop, least int, where []expr.Expr, ok bool) {
	inner := map[plan.Slot]int{}
	for k, i := range chain[1 : len(chain)-1] {
		if pat.Nodes[i].Bound {
			return nil, 0, nil, false
		}
		inner[pat.Nodes[i].Slot] = k
	}
	for k := 1; k < len(chain); k++ {
		r := relBetween(pat, chain[k-1], chain[k])
		dir := r.Dir
		if r.To == chain[k-1] {
			dir = dir.Reverse()
		}
		hop := plan.CountedHop{Types: r.Types, Dir: dir, Node: pat.Nodes[chain[k]].Slot}
		switch {
		case r.Search == plan.OneHop:
			hops = append(hops, hop)
			least++
		case r.Search == plan.Trails && len(pat.Rels) == 1 && len(r.Hop.Filter) == 0 && r.Max > 0 && r.Max <= maxLevels && r.Min >= 1:
			for range r.Max {
				hops = append(hops, hop)
			}
			least = r.Min
		default:
			return nil, 0, nil, false
		}
	}
	for _, e := range pat.Where {
		slots := expr.Slots(nil, e)
		for _, r := range pat.Rels {
			if hasSlot(slots, r.Slot) {
				return nil, 0, nil, false
			}
		}
		k, isInner := -1, false
		for _, s := range slots {
			if at, ok := inner[s]; ok {
				k, isInner = at, true
			}
		}
		switch {
		case !isInner:
			where = append(where, e)
		case len(slots) > 1 || mayRaise(e) || volatile(e):
			return nil, 0, nil, false
		case labelTest(e) != "":
			hops[k].Labels = append(hops[k].Labels, labelTest(e))
		default:
			hops[k].Filter = append(hops[k].Filter, e)
		}
	}
	return hops, least, where, true
}

func relBetween(pat *plan.Pattern, a, b int) *plan.PatternRel {
	for i := range pat.Rels {
		if r := &pat.Rels[i]; r.From == a && r.To == b || r.From == b && r.To == a {
			return r
		}
	}
	return nil
}
