package bind

import (
	"slices"

	"github.com/kadedb/kadedb/parser/ast"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
)

// pattern is a pattern being bound. Names are declared first and what speaks of
// them (properties, WHERE) is bound when all are known.
type pattern struct {
	b        *binder
	sc       *scope
	out      plan.Pattern
	nodes    map[plan.Slot]int
	rels     map[plan.Slot]bool // of this pattern
	optional bool
	closed   bool // no new names: a pattern used as a predicate
	later    []func() error
	legacy   map[int]bool // relationships of shortestPath() and allShortestPaths()
	// repeatable: MATCH REPEATABLE ELEMENTS.
	repeatable bool
	groups     int             // relationships that may be used again
	inside     map[string]bool // nodes inside paths that are matched as a whole
}

func (b *binder) newPattern(sc *scope) *pattern {
	return &pattern{b: b, sc: sc, nodes: map[plan.Slot]int{}, rels: map[plan.Slot]bool{}, legacy: map[int]bool{},
		inside: map[string]bool{},
		out:    plan.Pattern{Unique: true}}
}

func (p *pipeline) match(c *ast.Match) error {
	pat := p.b.newPattern(p.sc)
	pat.optional = c.Optional
	if err := pat.bind(c.Patterns, c.Mode, c.Where); err != nil {
		return err
	}
	if err := p.hints(c.Hints); err != nil {
		return err
	}
	m := &plan.Match{Pattern: pat.out, Optional: c.Optional}
	m.Input = p.cur
	p.cur = m
	return nil
}

// hints checks the names in planner hints, and says that they change nothing: the plan is chosen by its cost.
func (p *pipeline) hints(hints []*ast.Hint) error {
	for _, h := range hints {
		for _, n := range h.Vars {
			if p.sc.lookup(n.Text) == nil {
				return p.sc.undefined(n.Text, n.Pos)
			}
		}
	}
	const said = "planner hints (USING …) are read and not followed: the plan is chosen by its cost, see EXPLAIN"
	if len(hints) > 0 && !slices.Contains(p.b.notices, said) {
		p.b.notices = append(p.b.notices, said)
	}
	return nil
}

func (pt *pattern) bind(parts []*ast.PatternPart, mode ast.MatchMode, where ast.Expr) error {
	pt.repeatable = mode == ast.RepeatableElements
	pt.out.Unique = !pt.repeatable
	for _, part := range parts {
		if err := pt.part(part); err != nil {
			return err
		}
	}
	if len(pt.out.Nodes) > maxPatternNodes || len(pt.out.Rels) > maxPatternRels {
		return tooLarge(parts[0].Pos)
	}
	for _, f := range pt.later {
		if err := f(); err != nil {
			return err
		}
	}
	if where == nil {
		return nil
	}
	conj, err := pt.b.predicates(where, pt.sc)
	pt.out.Where = append(pt.out.Where, conj...)
	pt.steer()
	return err
}

// Bounds of one pattern: its order is searched over sets of nodes.
const (
	maxPatternNodes = 60
	maxPatternRels  = 200
)

func tooLarge(pos status.Pos) error {
	return status.Errorf(status.NotYet, "a pattern of more than %d nodes or %d relationships", maxPatternNodes, maxPatternRels).At(pos).
		WithHint("split it into several MATCH clauses")
}

// nullable adds null to the types of what an OPTIONAL MATCH binds.
func (pt *pattern) nullable(t expr.Types) expr.Types {
	if pt.optional {
		return t | expr.NullType
	}
	return t
}

func (pt *pattern) pathVar(part *ast.PatternPart, path *expr.PathBuild) error {
	if part.Var == nil {
		return nil
	}
	if pt.closed {
		return status.Errorf(status.UnexpectedSyntax, "a pattern that is a condition cannot name its path").At(part.Var.Pos)
	}
	v, err := pt.b.declare(pt.sc, part.Var, pt.nullable(expr.PathType))
	if err != nil {
		return err
	}
	pt.out.Paths = append(pt.out.Paths, plan.Item{Slot: v.slot, Name: v.name, Expr: path})
	return nil
}

// searchOf says how the relationships of a path with a selector are looked for, where that is
// not as a whole.
func searchOf(rt *route) (plan.Search, error) {
	part := rt.part
	var s plan.Search
	switch part.Selector {
	case ast.SelectNone, ast.SelectAll:
		return plan.OneHop, nil
	case ast.AllShortestPaths, ast.AllShortest, ast.ShortestKGroups:
		s = plan.AllShortest
	case ast.AnyCheapest, ast.CheapestK:
		s = plan.Cheapest
		if part.Cost == nil {
			return 0, status.Errorf(status.UnexpectedSyntax, "ANY CHEAPEST needs COST").At(part.Pos).
				WithHint("write COST r.distance after the pattern, where r is its relationship")
		}
	default:
		s = plan.Shortest
	}
	if len(rt.links) != 1 || lone(rt.links[0]) == nil {
		return 0, status.Errorf(status.InvalidRelationshipPattern, "a shortest or cheapest path takes a pattern of one relationship").At(part.Pos).
			WithHint("write (a)-[:TYPE*]->(b)")
	}
	return s, nil
}

func (pt *pattern) node(n *ast.NodePattern) (int, error) {
	node := plan.PatternNode{Name: n.Var.String()}
	if n.Var == nil {
		node.Slot = pt.b.newSlot()
		pt.b.types[node.Slot] = expr.NodeType
	} else if v := pt.sc.lookup(n.Var.Text); v != nil {
		if pt.inside[n.Var.Text] {
			return 0, alreadyBound(n.Var.Text, n.Var.Pos)
		}
		if i, ok := pt.nodes[v.slot]; ok {
			return i, pt.nodeTerms(n, pt.out.Nodes[i])
		}
		if !expr.CanBe(v.t, expr.NodeType) {
			return 0, conflict(n.Var, v.t, "a node")
		}
		node.Slot, node.Bound = v.slot, true
	} else {
		if pt.closed {
			return 0, pt.sc.undefined(n.Var.Text, n.Var.Pos)
		}
		v, err := pt.b.declare(pt.sc, n.Var, pt.nullable(expr.NodeType))
		if err != nil {
			return 0, err
		}
		node.Slot = v.slot
	}
	i := len(pt.out.Nodes)
	pt.out.Nodes = append(pt.out.Nodes, node)
	pt.nodes[node.Slot] = i
	return i, pt.nodeTerms(n, node)
}

func conflict(name *ast.Name, have expr.Types, want string) error {
	return status.Errorf(status.VariableTypeConflict, "`%s` is %s and cannot be %s here", name.Text, have, want).At(name.Pos).
		WithHint("use another name")
}

// nodeTerms leaves the labels, properties and WHERE of a node pattern for later.
func (pt *pattern) nodeTerms(n *ast.NodePattern, node plan.PatternNode) error {
	ref := &expr.Slot{Slot: node.Slot, Name: node.Name, T: expr.NodeType}
	if n.Labels != nil {
		if err := pt.labels(n.Labels, ref); err != nil {
			return err
		}
	}
	if _, ok := n.Properties.(*ast.Parameter); ok {
		return badParameter(n.Properties)
	}
	if n.Properties == nil && n.Where == nil {
		return nil
	}
	pt.later = append(pt.later, func() error {
		if err := pt.properties(n.Properties, ref, &pt.out.Where, pt.sc); err != nil {
			return err
		}
		return pt.inlineWhere(n.Where, &pt.out.Where, pt.sc)
	})
	return nil
}

// labels adds the tests of a node's labels: at once, for the optimizer looks for them
// first, unless they are computed.
func (pt *pattern) labels(l ast.LabelExpr, ref *expr.Slot) error {
	add := func() error {
		x, err := pt.b.labelPredicate(ref, l, &env{sc: pt.sc})
		if err == nil {
			pt.out.Where = conjuncts(pt.out.Where, splitLabels(x))
		}
		return err
	}
	if computed(l) {
		pt.later = append(pt.later, add)
		return nil
	}
	return add()
}

// splitLabels makes a test of A&B two tests.
func splitLabels(x expr.Expr) expr.Expr {
	t, ok := x.(*expr.LabelTest)
	if !ok || t.Labels.Op != expr.LabelAnd {
		return x
	}
	out := &expr.Logic{Op: expr.And, Pos: t.Pos}
	for _, a := range t.Labels.Args {
		out.Args = append(out.Args, splitLabels(&expr.LabelTest{Base: t.Base, Labels: a, Pos: t.Pos}))
	}
	return out
}

func badParameter(e ast.Expr) error {
	return status.Errorf(status.InvalidParameterUse, "a parameter cannot give all properties of a pattern that is looked for").At(e.Position()).
		WithHint("name the properties: {key: $param.key}")
}

// properties adds `ref.key = value` for each entry of a property map.
func (pt *pattern) properties(props ast.Expr, ref *expr.Slot, dst *[]expr.Expr, sc *scope) error {
	m, ok := props.(*ast.MapLit)
	if !ok {
		return nil
	}
	for _, e := range m.Entries {
		x, err := pt.b.expr(e.Value, &env{sc: sc})
		if err != nil {
			return err
		}
		*dst = append(*dst, &expr.Compare{Op: expr.Eq, Left: &expr.Property{Base: ref, Key: e.Key.Text, Pos: e.Key.Pos}, Right: x, Pos: e.Key.Pos})
	}
	return nil
}

func (pt *pattern) inlineWhere(where ast.Expr, dst *[]expr.Expr, sc *scope) error {
	if where == nil {
		return nil
	}
	conj, err := pt.b.predicates(where, sc)
	*dst = append(*dst, conj...)
	return err
}

func direction(d ast.Direction) plan.Direction {
	switch d {
	case ast.Outgoing:
		return plan.Out
	case ast.Incoming:
		return plan.In
	}
	return plan.Both
}

// rel adds a relationship between two nodes of the pattern.
func (pt *pattern) rel(r *ast.RelPattern, from, to int, search plan.Search, part *ast.PatternPart) (int, error) {
	out := plan.PatternRel{Name: r.Var.String(), From: from, To: to, Dir: direction(r.Direction), Search: search, Min: 1, Max: 1,
		Hop: plan.Hop{Rel: plan.NoSlot, From: plan.NoSlot, To: plan.NoSlot}, Pos: r.Pos}
	hops := r.Range
	if r.Quantifier != nil {
		hops = r.Quantifier
	}
	if hops != nil {
		if err := pt.length(&out, hops); err != nil {
			return 0, err
		}
	}
	if err := pt.relVar(r, &out); err != nil {
		return 0, err
	}
	types, tested := bindTypes(r.Types)
	out.Types = types
	if _, ok := r.Properties.(*ast.Parameter); ok {
		return 0, badParameter(r.Properties)
	}
	if out.Search != plan.OneHop && (tested || r.Properties != nil || r.Where != nil || part.Cost != nil) {
		out.Hop.Rel = pt.b.newSlot()
		pt.b.types[out.Hop.Rel] = expr.RelType
	}
	i := len(pt.out.Rels)
	pt.out.Rels = append(pt.out.Rels, out)
	pt.legacy[i] = part.Selector == ast.ShortestPath || part.Selector == ast.AllShortestPaths
	pt.relTerms(r, i, tested, part)
	return i, nil
}

// maxHops bounds the numbers of a variable-length pattern.
const maxHops = 1 << 20

func (pt *pattern) length(out *plan.PatternRel, hops *ast.Hops) error {
	if out.Search == plan.OneHop {
		out.Search = plan.Trails
	}
	if hops.Min > maxHops || !hops.Unbounded && hops.Max > maxHops {
		return status.Errorf(status.InvalidRelationshipPattern, "a path of more than %d relationships", maxHops).At(hops.Pos)
	}
	out.Min, out.Max = int(hops.Min), int(hops.Max)
	if hops.Unbounded {
		out.Max = -1
	}
	return nil
}

func (pt *pattern) relVar(r *ast.RelPattern, out *plan.PatternRel) error {
	t, what := expr.RelType, "a relationship"
	if out.Search != plan.OneHop {
		t, what = expr.ListType, "a list of relationships"
	}
	if r.Var == nil {
		out.Slot = pt.b.newSlot()
		pt.b.types[out.Slot] = t
		return nil
	}
	v := pt.sc.lookup(r.Var.Text)
	if v == nil {
		if pt.closed {
			return pt.sc.undefined(r.Var.Text, r.Var.Pos)
		}
		if out.Search > plan.Trails && r.Range == nil && r.Quantifier == nil {
			return pt.onlyHop(r, out)
		}
		v, err := pt.b.declare(pt.sc, r.Var, pt.nullable(t))
		if err != nil {
			return err
		}
		if t == expr.ListType {
			pt.b.elems[v.slot] = expr.RelType
		}
		out.Slot = v.slot
		pt.rels[v.slot] = true
		return nil
	}
	if !expr.CanBe(v.t, t) {
		return conflict(r.Var, v.t, what)
	}
	if elem, ok := pt.b.elems[v.slot]; ok && t == expr.ListType && !expr.CanBe(elem, expr.RelType) {
		return conflict(r.Var, v.t, what)
	}
	if pt.rels[v.slot] {
		return status.Errorf(status.RelationshipUniquenessViolation, "`%s` stands for two relationships of one pattern", r.Var.Text).At(r.Var.Pos).
			WithHint("a MATCH uses each relationship once; give the other one a name of its own")
	}
	if out.Search > plan.Trails {
		return alreadyBound(r.Var.Text, r.Var.Pos)
	}
	out.Slot, out.Bound = v.slot, true
	pt.rels[v.slot] = true
	return nil
}

// relTerms leaves the predicates and the cost of a relationship for later. In a
// variable-length one its variable stands for a single relationship there.
func (pt *pattern) relTerms(r *ast.RelPattern, i int, tested bool, part *ast.PatternPart) {
	pt.later = append(pt.later, func() error {
		rel := &pt.out.Rels[i]
		ref := &expr.Slot{Slot: rel.Slot, Name: rel.Name, T: expr.RelType}
		dst, sc := &pt.out.Where, pt.sc
		if rel.Search != plan.OneHop {
			ref = &expr.Slot{Slot: rel.Hop.Rel, Name: rel.Name, T: expr.RelType}
			dst = &rel.Hop.Filter
			if r.Var != nil {
				sc = newScope(pt.sc)
				sc.add(&variable{name: r.Var.Text, slot: rel.Hop.Rel, t: expr.RelType})
			}
		}
		if tested {
			x, err := pt.b.labelPredicate(ref, r.Types, &env{sc: sc})
			if err != nil {
				return err
			}
			*dst = append(*dst, x)
		}
		if err := pt.properties(r.Properties, ref, dst, sc); err != nil {
			return err
		}
		if err := pt.inlineWhere(r.Where, dst, sc); err != nil {
			return err
		}
		if part.Cost == nil {
			return nil
		}
		return pt.cost(part.Cost, rel, sc)
	})
}

// cost binds COST, which may speak of the relationship being crossed and of what is
// bound before the search.
func (pt *pattern) cost(e ast.Expr, rel *plan.PatternRel, sc *scope) error {
	x, err := pt.number(e, "COST", rel, sc, nil)
	rel.Cost, rel.CostPos = x, e.Position()
	return err
}

// number binds COST or HEURISTIC. own are slots that stand for what is being crossed.
func (pt *pattern) number(e ast.Expr, word string, rel *plan.PatternRel, sc *scope, own []plan.Slot) (expr.Expr, error) {
	var bad ast.Expr
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Subquery:
			bad = n
		case *ast.PatternComprehension:
			bad = n
		case *ast.PatternExpr:
			bad = n
		}
		return bad == nil
	})
	if bad == nil && containsAggregate(e) {
		bad = e
	}
	if bad != nil {
		return nil, status.Errorf(status.CostNotAllowed, "%s cannot hold an aggregate or a subquery", word).At(bad.Position()).
			WithHint("it is computed for each relationship: COST r.distance")
	}
	x, err := pt.b.expr(e, &env{sc: sc})
	if err != nil {
		return nil, err
	}
	if !expr.CanBe(x.Type(), expr.NumberType) || expr.IsOnly(x.Type(), expr.NullType) {
		return nil, status.Errorf(status.InvalidArgumentType, "%s must be a number, not %s", word, x.Type()).At(e.Position())
	}
	ends := append(own[:len(own):len(own)], pt.out.Nodes[rel.From].Slot, pt.out.Nodes[rel.To].Slot)
	if later := pt.foreign(x, ends); later != "" {
		return nil, status.Errorf(status.CostNotAllowed, "%s cannot use `%s`, which is bound by the same MATCH", word, later).At(e.Position()).
			WithHint("bind it in a MATCH before")
	}
	return x, nil
}
