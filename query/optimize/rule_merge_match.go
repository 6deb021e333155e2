package optimize

import (
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
)

// mergeMatches makes one pattern of a MATCH and the one below it, with the filter that
// stands between them, so that their order is chosen together.
//
//	MATCH (p)-[:A]->(i) WHERE … WITH p, i MATCH (p)-[:B]->(c)   →   (i)<-[:A]-(p)-[:B]->(c)
//
// Relationships must still differ only within the MATCH that they were written in: each
// keeps its group. Not made for OPTIONAL MATCH, for a relationship of the lower MATCH that
// the upper one uses again, where one may repeat elements, or when the pattern gets too
// large to be ordered exactly.
func (z *optimizer) mergeMatches(root plan.Node) plan.Node {
	return plan.Rewrite(root, func(n plan.Node) plan.Node {
		up, ok := n.(*plan.Match)
		if !ok || up.Optional || !up.Pattern.Unique {
			return n
		}
		below := up.Input
		var between []expr.Expr
		if f, ok := below.(*plan.Filter); ok && !anyVolatile(f.Predicates) {
			between, below = f.Predicates, f.Input
		}
		low, ok := below.(*plan.Match)
		if !ok || low.Optional || !low.Pattern.Unique || len(low.Pattern.Nodes)+len(up.Pattern.Nodes) > maxExact || reuses(up, low) ||
			anyVolatile(low.Pattern.Where) || anyVolatile(up.Pattern.Where) {
			return n
		}
		low.Pattern = merged(&low.Pattern, &up.Pattern, between)
		return low
	})
}

func anyVolatile(es []expr.Expr) bool {
	for _, e := range es {
		if volatile(e) {
			return true
		}
	}
	return false
}

// reuses reports whether up stands on a relationship or path of low, or searches in a way
// that must come after it.
func reuses(up, low *plan.Match) bool {
	for _, r := range up.Pattern.Rels {
		if r.Bound || r.Search > plan.Trails {
			return true
		}
	}
	for _, r := range low.Pattern.Rels {
		if r.Search > plan.Trails {
			return true
		}
	}
	return false
}

func merged(low, up *plan.Pattern, between []expr.Expr) plan.Pattern {
	out := plan.Pattern{Nodes: low.Nodes, Rels: low.Rels, Unique: true, Paths: append(low.Paths, up.Paths...)}
	at := map[plan.Slot]int{}
	group := 0
	for i, n := range out.Nodes {
		at[n.Slot] = i
	}
	for _, r := range low.Rels {
		group = max(group, r.Group+1)
	}
	index := make([]int, len(up.Nodes))
	for i, n := range up.Nodes {
		j, ok := at[n.Slot]
		if !ok {
			j = len(out.Nodes)
			at[n.Slot] = j
			out.Nodes = append(out.Nodes, n)
		}
		index[i] = j
	}
	for _, r := range up.Rels {
		r.From, r.To, r.Group = index[r.From], index[r.To], r.Group+group
		out.Rels = append(out.Rels, r)
	}
	out.Where = append(append(append(out.Where, low.Where...), between...), up.Where...)
	return out
}
