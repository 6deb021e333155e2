package optimize

import (
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
)

// callCount replaces a CALL subquery that only counts a pattern by a COUNT expression, which
// is computed for many rows at once.
//
//	CALL (p) { MATCH (p)-[:F]->(q) RETURN count(q) AS n }   →   COUNT { (p)-[:F]->(q) } AS n
//
// The subquery must be one MATCH with count(*) or a count of what it binds, and give one
// row whatever it finds: no keys. What it computes of the count stays a projection, and a
// subquery that is nothing but projections is done without.
func (z *optimizer) callCount(root plan.Node) plan.Node {
	return plan.Rewrite(root, func(n plan.Node) plan.Node {
		call, ok := n.(*plan.Apply)
		if !ok || call.JoinKind > plan.LeftOuter || call.Batches != nil {
			return n
		}
		if top := inlined(call); top != nil {
			return top
		}
		if !call.PerRow {
			return n
		}
		inner := call.Inner
		above, _ := inner.(*plan.Project)
		if above != nil {
			inner = above.Input
		}
		if a, ok := inner.(*plan.Apply); ok && a.PerRow && a.JoinKind == plan.Inner {
			if arg, ok := a.Outer.(*plan.Argument); ok && arg.RowID == plan.NoSlot {
				inner = a.Inner
			}
		}
		agg, ok := inner.(*plan.Aggregate)
		if !ok || len(agg.Keys) > 0 || len(agg.Aggs) != 1 {
			return n
		}
		m, ok := agg.Input.(*plan.Match)
		if !ok || m.Optional || anyVolatile(m.Pattern.Where) {
			return n
		}
		arg, ok := m.Input.(*plan.Argument)
		if !ok {
			return n
		}
		g := agg.Aggs[0]
		if g.Def.Name != "count" || g.Distinct || len(g.Args) > 1 || len(g.Args) == 1 && !z.present(g.Args[0], &m.Pattern) {
			return n
		}
		counted := z.countMatches(m, arg, g)
		counted.Input = call.Outer
		if above == nil {
			return counted
		}
		above.Input = counted
		return above
	})
}

// countMatches gives g, a count of m's rows, as a column.
func (z *optimizer) countMatches(m *plan.Match, arg *plan.Argument, g plan.Agg) *plan.Project {
	arg.RowID = z.newSlot()
	arg.Slots = outerSlots(&m.Pattern)
	sub := &expr.Subquery{Kind: expr.Count, Outer: arg.Slots, Result: plan.NoSlot, Text: m.Detail(),
		Plan: &plan.Plan{Root: m, RowID: arg.RowID}}
	return &plan.Project{Items: []plan.Item{{Slot: g.Slot, Name: g.Name, Expr: sub}}}
}

// inlined returns the projections of a CALL subquery that has nothing else, over the rows
// that it is called for; nil if there is more.
func inlined(call *plan.Apply) plan.Node {
	last, ok := call.Inner.(*plan.Project)
	if !ok {
		return nil
	}
	for {
		switch below := last.Input.(type) {
		case *plan.Project:
			last = below
			continue
		case *plan.Argument:
			last.Input = call.Outer
			return call.Inner
		}
		return nil
	}
}
