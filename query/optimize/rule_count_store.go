package optimize

import (
	"github.com/kadedb/kadedb/query/plan"
)

// countStore answers count(*) over all nodes, all nodes of a label, or all relationships of
// some types from the counters that the store keeps.
//
//	MATCH (n:Person) RETURN count(*)   →   NodeCount :Person
//	MATCH ()-[:KNOWS]->() RETURN count(*)   →   RelCount [:KNOWS]
//
// Only with no predicate, no other variable and no earlier rows. Undirected patterns are
// left alone: they count a self-loop once. The counters are the snapshot's, uncommitted
// changes included; statistics are never used for an answer.
func (z *optimizer) countStore(root plan.Node) plan.Node {
	return plan.Rewrite(root, func(n plan.Node) plan.Node {
		a, ok := n.(*plan.Aggregate)
		if !ok || len(a.Keys) > 0 || len(a.Aggs) != 1 || !isCountStar(a.Aggs[0]) || a.Aggs[0].Distinct {
			return n
		}
		m, ok := a.Input.(*plan.Match)
		if !ok || m.Optional {
			return n
		}
		if _, ok := m.Input.(*plan.SingleRow); !ok {
			return n
		}
		pat := &m.Pattern
		var labels []string
		for _, e := range pat.Where {
			l := labelTest(e)
			if l == "" {
				return n
			}
			labels = append(labels, l)
		}
		switch {
		case len(pat.Nodes) == 1 && len(pat.Rels) == 0 && len(labels) <= 1 && len(pat.Counted) == 0:
			out := &plan.NodeCount{Slot: a.Aggs[0].Slot}
			if len(labels) == 1 {
				out.Label = labels[0]
			}
			return out
		case len(pat.Nodes) == 2 && len(pat.Rels) == 1 && len(labels) == 0 && len(pat.Counted) == 0:
			r := pat.Rels[0]
			if r.Search == plan.OneHop && r.Dir != plan.Both && r.From != r.To {
				return &plan.RelCount{Types: r.Types, Slot: a.Aggs[0].Slot}
			}
		}
		return n
	})
}
