package optimize

import (
	"slices"

	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/storage/catalog"
)

// groupByKey groups by a node instead of by its key property, and computes what
// depends on the node alone after that, once a group.
//
//	RETURN p.id, p.name, count(*)   →   group by p; p.id, p.name of each p
//
// Only where a key constraint makes the property present and unique among the nodes of a
// label that the MATCH below asks for: a node then stands for its values. A transaction
// that has broken the constraint, and so can never commit, may see two groups for one value.
// Source: functional dependencies, as in SQL's GROUP BY of a primary key.
func (z *optimizer) groupByKey(root plan.Node) plan.Node {
	return plan.Rewrite(root, func(n plan.Node) plan.Node {
		a, ok := n.(*plan.Aggregate)
		if !ok || len(a.Keys) == 0 {
			return n
		}
		m := matchBelow(a.Input)
		if m == nil {
			return n
		}
		late := &plan.Project{}
		for _, node := range m.Pattern.Nodes {
			if z.hasKey(a, node.Slot, patternLabels(&m.Pattern, node.Slot)) {
				late.Items = append(late.Items, dependOn(a, node)...)
			}
		}
		if len(late.Items) == 0 {
			return n
		}
		late.Input = a
		return late
	})
}

// hasKey reports whether a groups by a key property of the node in slot s.
func (z *optimizer) hasKey(a *plan.Aggregate, s plan.Slot, labels []string) bool {
	cat := z.stats.cat
	for _, c := range cat.Constraints {
		if c.Entity != catalog.Nodes || c.Kind != catalog.NodeKey || !slices.Contains(labels, cat.LabelName(catalog.LabelID(c.Token))) {
			continue
		}
		all := true
		for _, k := range c.Keys {
			found := false
			for _, it := range a.Keys {
				found = found || propertyOf(it.Expr, s, cat.KeyName(k))
			}
			all = all && found
		}
		if all {
			return true
		}
	}
	return false
}

// dependOn takes the keys that read the node alone from a, which then groups by the
// node, and returns them.
func dependOn(a *plan.Aggregate, node plan.PatternNode) []plan.Item {
	var keys, late []plan.Item
	for _, it := range a.Keys {
		slots := expr.Slots(nil, it.Expr)
		if _, plain := it.Expr.(*expr.Slot); !plain && len(slots) == 1 && slots[0] == node.Slot && !mayRaise(it.Expr) && !volatile(it.Expr) {
			late = append(late, it)
		} else {
			keys = append(keys, it)
		}
	}
	have := false
	for _, it := range keys {
		have = have || it.Slot == node.Slot
	}
	if !have {
		keys = append(keys, plan.Item{Slot: node.Slot, Name: node.Name, Expr: &expr.Slot{Slot: node.Slot, Name: node.Name, T: expr.NodeType}})
	}
	a.Keys = keys
	return late
}
