package bind

import (
	"strings"

	"github.com/kadedb/kadedb/parser/ast"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// steer makes a WHERE part of the search of shortestPath and allShortestPaths: of
//
//	MATCH p = shortestPath((a)-[r*]->(b)) WHERE all(x IN r WHERE x.open) AND none(n IN nodes(p) WHERE n.closed)
//
// the shortest path that fulfils both is wanted, not whether the shortest one does. That
// goes for all() and none() over the path's relationships or nodes, which can be
// decided hop by hop; other conditions choose among the paths found. The GQL forms
// (ANY SHORTEST …) take conditions of a hop inside the pattern and look at
// WHERE afterwards, as does ANY CHEAPEST.
func (pt *pattern) steer() {
	for i := range pt.out.Rels {
		if !pt.legacy[i] {
			continue
		}
		var rest []expr.Expr
		for _, e := range pt.out.Where {
			if !pt.steered(&pt.out.Rels[i], e) {
				rest = append(rest, e)
			}
		}
		pt.out.Where = rest
	}
}

// steered makes e a condition of rel's hops, if it is one, and reports whether
// nothing of it is left to be tested.
func (pt *pattern) steered(rel *plan.PatternRel, e expr.Expr) bool {
	q, ok := e.(*expr.Quantifier)
	if !ok || q.Kind != expr.All && q.Kind != expr.None || !pt.decidable(q) {
		return false
	}
	cond := func(slot *plan.Slot, t expr.Types) expr.Expr {
		if *slot == plan.NoSlot {
			*slot = pt.b.newSlot()
			pt.b.types[*slot] = t
		}
		x := expr.Rewrite(q.Where, func(e expr.Expr) expr.Expr {
			if s, ok := e.(*expr.Slot); ok && s.Slot == q.Local {
				return &expr.Slot{Slot: *slot, Name: s.Name, T: t}
			}
			return e
		})
		if q.Kind == expr.None {
			return &expr.Not{X: x, Pos: q.Pos}
		}
		return x
	}
	switch pt.walked(rel, q.List) {
	case "relationships":
		rel.Hop.Filter = append(rel.Hop.Filter, cond(&rel.Hop.Rel, expr.RelType))
		return true
	case "nodes":
		rel.Hop.Filter = append(rel.Hop.Filter, cond(&rel.Hop.From, expr.NodeType), cond(&rel.Hop.To, expr.NodeType))
		return rel.Min > 0 // a path without a hop has a node too
	}
	return false
}

// decidable reports whether a quantifier's condition can be told from one element and
// what is bound before the search.
func (pt *pattern) decidable(q *expr.Quantifier) bool {
	if !expr.Deterministic(q.Where) {
		return false
	}
	ok := true
	expr.Walk(q.Where, func(e expr.Expr) bool {
		if _, sub := e.(*expr.Subquery); sub {
			ok = false
		}
		return ok
	})
	for _, s := range expr.Slots(nil, q.Where) {
		ok = ok && (s == q.Local || !pt.binds(s))
	}
	return ok
}

// binds reports whether s is bound by this pattern.
func (pt *pattern) binds(s plan.Slot) bool {
	for _, n := range pt.out.Nodes {
		if n.Slot == s && !n.Bound {
			return true
		}
	}
	for _, r := range pt.out.Rels {
		if r.Slot == s {
			return true
		}
	}
	return pt.pathOf(s) != nil
}

func (pt *pattern) pathOf(s plan.Slot) *expr.PathBuild {
	for _, p := range pt.out.Paths {
		if build, ok := p.Expr.(*expr.PathBuild); ok && p.Slot == s {
			return build
		}
	}
	return nil
}

// walked says whether list is rel's list of relationships or its nodes: "" for neither.
func (pt *pattern) walked(rel *plan.PatternRel, list expr.Expr) string {
	if s, ok := list.(*expr.Slot); ok && s.Slot == rel.Slot {
		return "relationships"
	}
	call, ok := list.(*expr.Call)
	if !ok || len(call.Args) != 1 {
		return ""
	}
	s, ok := call.Args[0].(*expr.Slot)
	if !ok {
		return ""
	}
	path := pt.pathOf(s.Slot)
	if path == nil || len(path.Steps) != 1 {
		return ""
	}
	if r, ok := path.Steps[0].Rel.(*expr.Slot); !ok || r.Slot != rel.Slot {
		return ""
	}
	switch name := strings.ToLower(call.Def.Name); name {
	case "nodes", "relationships":
		return name
	}
	return ""
}

// onlyHop declares the variable of a searched path that is one relationship long: it is
// that relationship and not a list.
func (pt *pattern) onlyHop(r *ast.RelPattern, out *plan.PatternRel) error {
	out.Slot = pt.b.newSlot()
	pt.b.types[out.Slot], pt.b.elems[out.Slot] = expr.ListType, expr.RelType
	v, err := pt.b.declare(pt.sc, r.Var, pt.nullable(expr.RelType))
	if err != nil {
		return err
	}
	pt.rels[v.slot] = true
	list := &expr.Slot{Slot: out.Slot, T: pt.nullable(expr.ListType)}
	pt.out.Paths = append(pt.out.Paths, plan.Item{Slot: v.slot, Name: v.name,
		Expr: &expr.Index{Base: list, Index: &expr.Const{Value: value.Int(0)}, Pos: r.Pos}})
	return nil
}

// bothBound demands that the ends of a shortestPath() that is a value are bound before:
// it finds no nodes.
func bothBound(p *plan.Pattern, at status.Pos) error {
	for _, n := range p.Nodes {
		switch {
		case n.Bound:
		case n.Name != "":
			return status.Errorf(status.UndefinedVariable, "variable `%s` is not defined", n.Name).At(at).
				WithHint("shortestPath() as a value goes between two nodes that are bound before it; use MATCH to find them")
		default:
			return status.Errorf(status.InvalidRelationshipPattern, "shortestPath() as a value needs names of nodes at both ends").At(at).
				WithHint("it goes between two nodes that are bound before it; use MATCH to find them")
		}
	}
	return nil
}
