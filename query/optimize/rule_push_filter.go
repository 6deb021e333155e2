package optimize

import (
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
)

// pushFilters moves the predicates of a Filter into the MATCH below it, through
// projections that do not matter to them.
//
//	Filter n.age > 30 ← Project n.name AS x ← Match (n)   →   Project … ← Match (n) WHERE n.age > 30
//
// A predicate on a projected column reads the column's expression instead. Not moved: a
// volatile predicate, one below which a projection could fail (the filter may be its
// guard), anything into OPTIONAL MATCH (it would filter the matches and not the rows), and
// nothing passes an aggregation, DISTINCT, a limit or a write.
func (z *optimizer) pushFilters(root plan.Node) plan.Node {
	return plan.Rewrite(root, func(n plan.Node) plan.Node {
		f, ok := n.(*plan.Filter)
		if !ok || anyVolatile(f.Predicates) {
			return n
		}
		preds := f.Predicates
		below := f.Input
		for {
			p, ok := below.(*plan.Project)
			if !ok || !pure(p) || inSubquery(preds, p) {
				break
			}
			preds = through(preds, p)
			below = p.Input
		}
		m, ok := below.(*plan.Match)
		if !ok || m.Optional {
			return n
		}
		m.Pattern.Where = append(m.Pattern.Where, preds...)
		return f.Input
	})
}

// pure reports whether computing p's items can neither fail nor vary.
func pure(p *plan.Project) bool {
	for _, it := range p.Items {
		if volatile(it.Expr) || mayRaise(it.Expr) {
			return false
		}
	}
	return true
}

// inSubquery reports whether a subquery in preds reads a column of p: what it reads cannot
// be replaced by an expression.
func inSubquery(preds []expr.Expr, p *plan.Project) bool {
	found := false
	for _, e := range preds {
		expr.Walk(e, func(e expr.Expr) bool {
			if s, ok := e.(*expr.Subquery); ok {
				for _, it := range p.Items {
					found = found || hasSlot(s.Outer, it.Slot)
				}
			}
			return !found
		})
	}
	return found
}

// through rewrites predicates to read what p's items are computed from.
func through(preds []expr.Expr, p *plan.Project) []expr.Expr {
	out := make([]expr.Expr, len(preds))
	for i, e := range preds {
		out[i] = expr.Rewrite(e, func(e expr.Expr) expr.Expr {
			if s, ok := e.(*expr.Slot); ok {
				for _, it := range p.Items {
					if it.Slot == s.Slot {
						return it.Expr
					}
				}
			}
			return e
		})
	}
	return out
}
