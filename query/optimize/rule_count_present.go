package optimize

import (
	"slices"

	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/storage/catalog"
)

// countPresent replaces count(x) by count(*) where x cannot be null: a variable that a
// MATCH binds, or a property that a key or existence constraint demands of its label.
// What is counted need then not be read.
//
//	MATCH (f:Person)-[:FOLLOWS]->(p) RETURN p, count(f.id)   →   count(*)
//
// Without keys any other count(x), alone in its aggregation, becomes count(*) over the rows
// where x IS NOT NULL; with keys it must not, as groups that count nothing would be lost.
// count(DISTINCT n.key) counts the nodes themselves where a constraint makes the property
// their key. Not made for variables of an OPTIONAL MATCH.
func (z *optimizer) countPresent(root plan.Node) plan.Node {
	return plan.Rewrite(root, func(n plan.Node) plan.Node {
		a, ok := n.(*plan.Aggregate)
		if !ok {
			return n
		}
		m := matchBelow(a.Input)
		if m == nil {
			return n
		}
		for i := range a.Aggs {
			g := &a.Aggs[i]
			if g.Def.Name != "count" || len(g.Args) != 1 {
				continue
			}
			if g.Distinct {
				g.Args[0] = z.identity(g.Args[0], &m.Pattern)
				continue
			}
			switch {
			case z.present(g.Args[0], &m.Pattern):
				g.Args = nil
			case len(a.Keys) == 0 && len(a.Aggs) == 1 && !mayRaise(g.Args[0]) && !volatile(g.Args[0]):
				f := &plan.Filter{Predicates: []expr.Expr{&expr.IsNull{X: g.Args[0], Negated: true}}}
				f.Input, g.Args = a.Input, nil
				a.Input = f
			}
		}
		return n
	})
}

// matchBelow finds the MATCH whose rows reach n through filters and projections only, and
// not where a value that varies is computed for each of them.
func matchBelow(n plan.Node) *plan.Match {
	for {
		if anyVolatile(plan.Exprs(n)) {
			return nil
		}
		switch x := n.(type) {
		case *plan.Filter:
			n = x.Input
		case *plan.Project:
			n = x.Input
		case *plan.Match:
			if x.Optional {
				return nil
			}
			return x
		default:
			return nil
		}
	}
}

// present reports whether e is never null in rows of pat.
func (z *optimizer) present(e expr.Expr, pat *plan.Pattern) bool {
	switch e := e.(type) {
	case *expr.Const:
		return !e.Value.IsNull()
	case *expr.Slot:
		for _, n := range pat.Nodes {
			if n.Slot == e.Slot {
				return true
			}
		}
		for _, r := range pat.Rels {
			if r.Slot == e.Slot {
				return true
			}
		}
	case *expr.Property:
		s, ok := e.Base.(*expr.Slot)
		return ok && z.demanded(patternLabels(pat, s.Slot), e.Key)
	}
	return false
}

// identity returns the node of which e is the key property, e itself if it is none.
func (z *optimizer) identity(e expr.Expr, pat *plan.Pattern) expr.Expr {
	p, ok := e.(*expr.Property)
	if !ok {
		return e
	}
	s, ok := p.Base.(*expr.Slot)
	if !ok {
		return e
	}
	cat := z.stats.cat
	k, ok := cat.Key(p.Key)
	if !ok {
		return e
	}
	labels := patternLabels(pat, s.Slot)
	for _, c := range cat.Constraints {
		if c.Entity == catalog.Nodes && c.Kind == catalog.NodeKey && len(c.Keys) == 1 && c.Keys[0] == k &&
			slices.Contains(labels, cat.LabelName(catalog.LabelID(c.Token))) {
			return s
		}
	}
	return e
}

// patternLabels lists the labels that pat asks of a node.
func patternLabels(pat *plan.Pattern, s plan.Slot) []string {
	var out []string
	for _, e := range pat.Where {
		if l := labelTest(e); l != "" && e.(*expr.LabelTest).Base.(*expr.Slot).Slot == s {
			out = append(out, l)
		}
	}
	return out
}

// demanded reports whether a constraint says that nodes with one of the labels have key.
func (z *optimizer) demanded(labels []string, key string) bool {
	cat := z.stats.cat
	k, ok := cat.Key(key)
	if !ok {
		return false
	}
	for _, c := range cat.Constraints {
		if c.Entity == catalog.Nodes && (c.Kind == catalog.NodeKey || c.Kind == catalog.Exists) && slices.Contains(c.Keys, k) &&
			slices.Contains(labels, cat.LabelName(catalog.LabelID(c.Token))) {
			return true
		}
	}
	return false
}

// isCountStar reports whether g is count(*).
func isCountStar(g plan.Agg) bool {
	return g.Def.Name == "count" && g.Def.Class == function.Aggregate && len(g.Args) == 0
}
