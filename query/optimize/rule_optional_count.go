package optimize

import (
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/query/plan"
)

// optionalCount replaces an OPTIONAL MATCH of which only its matches are counted by a
// COUNT subquery, whose rows need not be written.
//
//	MATCH (p) OPTIONAL MATCH (p)-[:F]->(x) RETURN p, count(x)
//	→  MATCH (p) WITH p, COUNT { (p)-[:F]->(x) } AS c RETURN p, sum(c)
//
// Only where all aggregates are plain counts of what that pattern binds, which is null
// in the row that stands for no match and never otherwise, and nothing else above reads
// the pattern. count(*) counts that row too, so it is left alone; so are DISTINCT counts.
func (z *optimizer) optionalCount(root plan.Node) plan.Node {
	return plan.Rewrite(root, func(n plan.Node) plan.Node {
		a, ok := n.(*plan.Aggregate)
		if !ok || len(a.Aggs) == 0 {
			return n
		}
		above, m := optionalBelow(a)
		if m == nil {
			return n
		}
		own := patternSlots(&m.Pattern)
		for _, g := range a.Aggs {
			if g.Def.Name != "count" || g.Distinct || len(g.Args) != 1 {
				return n
			}
			s, ok := g.Args[0].(*expr.Slot)
			if !ok || !z.bindsAlways(s.Slot, &m.Pattern) {
				return n
			}
		}
		for _, k := range a.Keys {
			if readsOf(k.Expr, own) {
				return n
			}
		}
		for in := a.Input; in != plan.Node(m); in = in.Inputs()[0] {
			for _, e := range plan.Exprs(in) {
				if readsOf(e, own) {
					return n
				}
			}
		}
		sum, ok := function.Lookup("sum")
		if !ok {
			return n
		}
		c := z.countColumn(m)
		above.SetInput(0, c)
		for i := range a.Aggs {
			a.Aggs[i].Def = sum
			a.Aggs[i].Args = []expr.Expr{&expr.Slot{Slot: c.Items[0].Slot, T: expr.IntType}}
		}
		return n
	})
}

// optionalBelow finds the OPTIONAL MATCH below a, through filters and projections, and the
// operator directly above it.
func optionalBelow(a *plan.Aggregate) (above plan.Node, m *plan.Match) {
	above = a
	for {
		n := above.Inputs()[0]
		if anyVolatile(plan.Exprs(n)) {
			return nil, nil
		}
		switch x := n.(type) {
		case *plan.Filter, *plan.Project:
			above = n
		case *plan.Match:
			if !x.Optional {
				return nil, nil
			}
			return above, x
		default:
			return nil, nil
		}
	}
}

// patternSlots returns what a pattern binds itself.
func patternSlots(p *plan.Pattern) slotSet {
	own := newSet()
	for _, n := range p.Nodes {
		if !n.Bound {
			own.add(n.Slot)
		}
	}
	for _, r := range p.Rels {
		if !r.Bound {
			for _, s := range r.Binds() {
				own.add(s)
			}
		}
	}
	for _, it := range p.Paths {
		own.add(it.Slot)
	}
	return own
}

// bindsAlways reports whether p binds slot s itself in each match.
func (z *optimizer) bindsAlways(s plan.Slot, p *plan.Pattern) bool {
	return patternSlots(p).has(s) && z.present(&expr.Slot{Slot: s}, p)
}

func readsOf(e expr.Expr, own slotSet) bool {
	for _, s := range expr.Slots(nil, e) {
		if own.has(s) {
			return true
		}
	}
	return false
}

// countColumn makes of an OPTIONAL MATCH a projection of the number of its matches.
func (z *optimizer) countColumn(m *plan.Match) *plan.Project {
	outer := outerSlots(&m.Pattern)
	arg := &plan.Argument{Slots: outer, RowID: z.newSlot()}
	inner := &plan.Match{Pattern: m.Pattern}
	inner.Input = arg
	sub := &expr.Subquery{Kind: expr.Count, Outer: outer, Result: plan.NoSlot, Text: m.Detail(),
		Plan: &plan.Plan{Root: inner, RowID: arg.RowID}}
	p := &plan.Project{Items: []plan.Item{{Slot: z.newSlot(), Expr: sub}}}
	p.Input = m.Input
	return p
}
