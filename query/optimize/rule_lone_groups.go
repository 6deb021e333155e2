package optimize

import (
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
)

// loneGroups marks aggregations that only count, by a node that no two rows share: each row
// is a group, and its multiplicity the count.
//
//	NodeScan p, CountTrails from p, Aggregate by p: count(*)   →   nothing to look up
//
// The node must come from a scan without input, through operators that give each row at most
// once. Not where the statement writes: an aggregation also keeps what is read below it
// apart from what is written above.
func (z *optimizer) loneGroups(root plan.Node) {
	plan.Walk(root, func(n plan.Node) bool {
		a, ok := n.(*plan.Aggregate)
		if !ok {
			return true
		}
		for _, g := range a.Aggs {
			if !isCountStar(g) || g.Distinct {
				return true
			}
		}
		scan := scanBelow(a.Input)
		if scan == nil {
			return true
		}
		for _, k := range a.Keys {
			if s, ok := k.Expr.(*expr.Slot); ok && s.Slot == scan.Node {
				a.Lone = true
			}
		}
		return true
	})
}

// scanBelow returns the scan whose nodes reach n at most once each; nil: there is none.
func scanBelow(n plan.Node) *plan.NodeScan {
	for {
		switch t := n.(type) {
		case *plan.NodeScan:
			if t.Input != nil {
				return nil
			}
			return t
		case *plan.Filter, *plan.Project, *plan.CountTrails:
			n = n.Inputs()[0]
		default:
			return nil
		}
	}
}
