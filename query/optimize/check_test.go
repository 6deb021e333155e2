package optimize_test

import (
	"fmt"

	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
)

// checkPlan says what is wrong with a plan: an operator that is only logical, or one
// whose expressions read a column that its input does not carry.
func checkPlan(p *plan.Plan) string {
	return checkNode(p.Root, p)
}

func checkNode(n plan.Node, p *plan.Plan) string {
	if _, ok := n.(*plan.Match); ok {
		return "a Match was left in the plan"
	}
	carried := map[plan.Slot]bool{}
	switch n := n.(type) {
	case *plan.Merge, *plan.Foreach, *plan.Apply, *plan.Union, *plan.HashJoin:
		return checkInputs(n, p)
	default:
		for _, in := range n.Inputs() {
			for _, s := range in.Base().Live {
				carried[s] = true
			}
		}
	}
	own := ownSlots(n)
	for _, e := range plan.Exprs(n) {
		for _, s := range expr.Slots(nil, e) {
			if !carried[s] && !own[s] {
				return fmt.Sprintf("%s reads column #%d, which its input does not carry, in\n%s", n.Kind(), s, p.Explain(nil))
			}
		}
	}
	if m := checkInputs(n, p); m != "" {
		return m
	}
	for _, s := range plan.Subqueries(n) {
		if sub := plan.Subplan(s); sub != nil {
			if m := checkNode(sub.Root, p); m != "" {
				return m
			}
		}
	}
	return ""
}

func checkInputs(n plan.Node, p *plan.Plan) string {
	for _, in := range n.Inputs() {
		if m := checkNode(in, p); m != "" {
			return m
		}
	}
	return ""
}

// ownSlots are those that n fills before it evaluates its own expressions.
func ownSlots(n plan.Node) map[plan.Slot]bool {
	own := map[plan.Slot]bool{}
	hop := func(h plan.Hop) { own[h.Rel], own[h.From], own[h.To] = true, true, true }
	switch n := n.(type) {
	case *plan.VarExpand:
		hop(n.Hop)
	case *plan.ShortestPath:
		hop(n.Hop)
	case *plan.CheapestPath:
		hop(n.Hop)
		own[n.To] = true
	case *plan.Intersect:
		own[n.To] = true
	case *plan.CountTrails:
		for _, a := range n.Arms {
			for _, h := range a {
				own[h.Node] = true
			}
		}
	case *plan.DistinctExpand:
		for _, h := range n.Hops {
			own[h.Node] = true
		}
	case *plan.Create:
		for _, x := range n.Nodes {
			own[x.Slot] = true
		}
		for _, x := range n.Rels {
			own[x.Slot] = true
		}
	}
	return own
}
