package optimize

import (
	"github.com/kadedb/kadedb/query/plan"
)

// lateProject computes columns after a TopK has cut the rows, where it does not order by
// them.
//
//	TopK age ← Project p.age AS age, p.name AS name   →   Project name ← TopK age ← Project age
//
// Not for columns that may fail or vary: their errors would depend on the order. What
// they are computed from is carried instead, so nothing is gained for the rare column that is
// smaller than its operands.
func lateProject(root plan.Node) plan.Node {
	return plan.Rewrite(root, func(n plan.Node) plan.Node {
		t, ok := n.(*plan.TopK)
		if !ok {
			return n
		}
		var above []*plan.Project
		for {
			p, ok := t.Input.(*plan.Project)
			if !ok {
				break
			}
			var now []plan.Item
			moved := []plan.Item{}
			for _, it := range p.Items {
				if mayRaise(it.Expr) || volatile(it.Expr) || orders(t, it.Slot) {
					now = append(now, it)
				} else {
					moved = append(moved, it)
				}
			}
			if len(now) > 0 && len(moved) == 0 {
				break
			}
			if len(moved) > 0 {
				up := &plan.Project{Items: moved}
				above = append(above, up)
			}
			if len(now) > 0 {
				p.Items = now
				break
			}
			t.Input = p.Input
		}
		out := plan.Node(t)
		for i := len(above) - 1; i >= 0; i-- {
			above[i].Input = out
			out = above[i]
		}
		return out
	})
}

func orders(t *plan.TopK, s plan.Slot) bool {
	for _, k := range t.Keys {
		if k.Slot == s {
			return true
		}
	}
	return false
}
