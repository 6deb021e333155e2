package bind

import (
	"github.com/kadedb/kadedb/parser/ast"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// route is one path of a pattern taken apart: nodes, and what stands between each two. A link
// is a *ast.RelPattern, or a *ast.GroupPattern that is quantified.
type route struct {
	part  *ast.PatternPart
	nodes []*ast.NodePattern
	links []ast.PatternElement
	where ast.Expr // of the parentheses around the whole path
	mode  plan.PathMode
	plain bool // no relationship twice in the whole MATCH: the language's default
}

// routeOf takes a part of a pattern apart. Where two groups touch, or a group begins or ends the
// path, a node without a name stands between.
func (pt *pattern) routeOf(part *ast.PatternPart) (*route, error) {
	rt := &route{part: part}
	if len(part.Elements) == 1 {
		if g, ok := part.Elements[0].(*ast.GroupPattern); ok && g.Quantifier == nil {
			var err error
			if rt.part, err = unwrapped(part, g); err != nil {
				return nil, err
			}
			rt.where = g.Where
		}
	}
	node := func(at status.Pos) {
		if len(rt.nodes) == len(rt.links) {
			rt.nodes = append(rt.nodes, &ast.NodePattern{Loc: ast.At(at)})
		}
	}
	for _, el := range rt.part.Elements {
		switch el := el.(type) {
		case *ast.NodePattern:
			rt.nodes = append(rt.nodes, el)
		case *ast.RelPattern:
			rt.links = append(rt.links, el)
		case *ast.GroupPattern:
			if el.Quantifier == nil {
				return nil, status.Errorf(status.NotYet, "parentheses around a part of a path, without a quantifier").At(el.Pos).
					WithHint("leave them out, or put them around the whole path")
			}
			node(el.Pos)
			rt.links = append(rt.links, el)
		}
	}
	node(part.Pos)
	return rt, pt.modeOf(rt)
}

// unwrapped is a part without the parentheses around its whole path.
func unwrapped(part *ast.PatternPart, g *ast.GroupPattern) (*ast.PatternPart, error) {
	p := *part
	p.Elements = g.Elements
	if g.Mode != ast.PathDefault {
		if p.Mode != ast.PathDefault && p.Mode != g.Mode {
			return nil, status.Errorf(status.InvalidRelationshipPattern, "a path has two modes").At(g.Pos).WithHint("keep one of them")
		}
		p.Mode = g.Mode
	}
	switch {
	case g.Var == nil:
	case p.Var == nil:
		p.Var = g.Var
	default:
		return nil, status.Errorf(status.NotYet, "a path with two names").At(g.Var.Pos).WithHint("keep one of them")
	}
	return &p, nil
}

func (pt *pattern) modeOf(rt *route) error {
	switch rt.part.Mode {
	case ast.PathDefault:
		rt.plain = !pt.repeatable
		if pt.repeatable {
			rt.mode = plan.Walks
		}
	case ast.ModeTrail:
		rt.plain = !pt.repeatable
	case ast.ModeWalk:
		rt.mode = plan.Walks
	case ast.ModeAcyclic:
		rt.mode = plan.Acyclic
	case ast.ModeSimple:
		rt.mode = plan.Simple
	}
	legacy := rt.part.Selector == ast.ShortestPath || rt.part.Selector == ast.AllShortestPaths
	if legacy && !rt.plain {
		rt.mode, rt.plain = plan.Trail, true
	}
	if rt.mode == plan.Walks && !rt.selected() {
		for _, l := range rt.links {
			if h := hopsOf(l); h != nil && h.Unbounded {
				return status.Errorf(status.InvalidRelationshipPattern, "walks without an upper bound have no end").At(h.Pos).
					WithHint("write an upper bound, as in {1,10}, or a selector such as ANY SHORTEST, or another mode: TRAIL, ACYCLIC, SIMPLE")
			}
		}
	}
	return nil
}

// selected reports whether only some of the paths that match are kept.
func (rt *route) selected() bool {
	return rt.part.Selector != ast.SelectNone && rt.part.Selector != ast.SelectAll
}

// hopsOf returns how often a link is repeated; nil: it is one relationship.
func hopsOf(l ast.PatternElement) *ast.Hops {
	switch l := l.(type) {
	case *ast.RelPattern:
		if l.Quantifier != nil {
			return l.Quantifier
		}
		return l.Range
	case *ast.GroupPattern:
		return l.Quantifier
	}
	return nil
}

// lone returns the one relationship of a link; nil where a group has several.
func lone(l ast.PatternElement) *ast.RelPattern {
	switch l := l.(type) {
	case *ast.RelPattern:
		return l
	case *ast.GroupPattern:
		if len(l.Elements) == 3 && l.Mode == ast.PathDefault && l.Var == nil {
			r, _ := l.Elements[1].(*ast.RelPattern)
			if r != nil && r.Range == nil && r.Quantifier == nil {
				return r
			}
		}
	}
	return nil
}

// whole reports whether the path has to be matched as a whole: where its mode spans several
// relationships, or its selection is none of those that single relationships know.
func (rt *route) whole() bool {
	single := len(rt.links) == 1 && lone(rt.links[0]) != nil
	if !rt.selected() {
		return !rt.plain && rt.mode != plan.Walks && len(rt.links) > 1
	}
	switch rt.part.Selector {
	case ast.ShortestPath, ast.AllShortestPaths:
		return false
	case ast.CheapestK, ast.ShortestK, ast.ShortestKGroups, ast.Any, ast.AnyCheapest:
		k, ok := rt.part.K.(*ast.IntLit)
		if rt.part.K != nil && (!ok || k.Value != 1) || rt.part.Heuristic != nil {
			return true
		}
	}
	return len(rt.links) > 0 && (!single || !rt.plain || rt.where != nil || selfLoop(rt))
}

// selfLoop reports whether a group names the node at both ends of its relationship alike.
func selfLoop(rt *route) bool {
	g, ok := rt.links[0].(*ast.GroupPattern)
	if !ok {
		return false
	}
	a, b := g.Elements[0].(*ast.NodePattern), g.Elements[2].(*ast.NodePattern)
	return a.Var != nil && b.Var != nil && a.Var.Text == b.Var.Text
}

// part binds one path of the pattern.
func (pt *pattern) part(part *ast.PatternPart) error {
	rt, err := pt.routeOf(part)
	if err != nil {
		return err
	}
	if rt.whole() {
		return pt.wholePath(rt)
	}
	search, err := searchOf(rt)
	if err != nil {
		return err
	}
	var path expr.PathBuild
	prev := -1
	for i, n := range rt.nodes {
		at, err := pt.node(n)
		if err != nil {
			return err
		}
		ref := pt.nodeRef(at)
		if i == 0 {
			path.Start = ref
			prev = at
			continue
		}
		r, err := pt.link(rt, rt.links[i-1], prev, at, search)
		if err != nil {
			return err
		}
		step := expr.PathStep{Node: ref}
		if r < 0 {
			return status.Errorf(status.Internal, "a link without a relationship").At(part.Pos)
		}
		bound := &pt.out.Rels[r]
		step.Rel = &expr.Slot{Slot: bound.Slot, Name: bound.Name, T: pt.nullable(expr.RelType)}
		if bound.Search != plan.OneHop {
			step.VarLength = true
			step.Rel = &expr.Slot{Slot: bound.Slot, Name: bound.Name, T: pt.nullable(expr.ListType)}
		}
		path.Steps = append(path.Steps, step)
		prev = at
	}
	if rt.where != nil {
		pt.later = append(pt.later, func() error { return pt.inlineWhere(rt.where, &pt.out.Where, pt.sc) })
	}
	return pt.pathVar(rt.part, &path)
}

func (pt *pattern) nodeRef(at int) *expr.Slot {
	n := pt.out.Nodes[at]
	return &expr.Slot{Slot: n.Slot, Name: n.Name, T: pt.nullable(expr.NodeType)}
}

// link adds what stands between two nodes, and returns its place among the relationships.
func (pt *pattern) link(rt *route, l ast.PatternElement, from, to int, search plan.Search) (int, error) {
	var at int
	var err error
	if r, ok := l.(*ast.RelPattern); ok {
		at, err = pt.rel(r, from, to, search, rt.part)
	} else {
		at, err = pt.group(rt, l.(*ast.GroupPattern), from, to, search)
	}
	if err != nil {
		return 0, err
	}
	rel := &pt.out.Rels[at]
	switch {
	case rt.plain || rt.selected():
	case rel.Search != plan.OneHop && rel.Bound:
		return 0, status.Errorf(status.NotYet, "a path mode for a list of relationships that is bound already").At(rel.Pos).
			WithHint("leave the mode out")
	case rel.Search != plan.OneHop:
		if rel.Mode = rt.mode; rel.Path != nil {
			rel.Path.Mode = rt.mode
		}
	case rt.mode == plan.Acyclic:
		pt.out.Where = append(pt.out.Where, &expr.Compare{Op: expr.Ne, Left: pt.nodeRef(from), Right: pt.nodeRef(to), Pos: rel.Pos})
	}
	if rt.mode == plan.Walks {
		pt.groups++
		rel.Group = pt.groups // like no other: it may be used again
	}
	return at, nil
}

// group adds a quantified group. One with a single relationship is a relationship of variable
// length, whose hops have names for their ends.
func (pt *pattern) group(rt *route, g *ast.GroupPattern, from, to int, search plan.Search) (int, error) {
	if err := checkGroup(g); err != nil {
		return 0, err
	}
	r := lone(g)
	if r == nil || selfLoop(&route{links: []ast.PatternElement{g}}) {
		return pt.groupPath(rt, g, from, to)
	}
	left, right := g.Elements[0].(*ast.NodePattern), g.Elements[2].(*ast.NodePattern)
	one := &ast.RelPattern{Loc: g.Loc, Types: r.Types, Direction: r.Direction, Quantifier: g.Quantifier}
	out := plan.PatternRel{Name: r.Var.String(), From: from, To: to, Dir: direction(r.Direction), Search: search,
		Hop: plan.Hop{Rel: pt.b.newSlot(), From: pt.b.newSlot(), To: pt.b.newSlot()}, Pos: g.Pos}
	pt.b.types[out.Hop.Rel], pt.b.types[out.Hop.From], pt.b.types[out.Hop.To] = expr.RelType, expr.NodeType, expr.NodeType
	if err := pt.length(&out, g.Quantifier); err != nil {
		return 0, err
	}
	var err error
	if out.Slot, err = pt.groupVar(r.Var, expr.RelType); err != nil {
		return 0, err
	}
	types, tested := bindTypes(one.Types)
	out.Types = types
	i := len(pt.out.Rels)
	pt.out.Rels = append(pt.out.Rels, out)
	list := &expr.Slot{Slot: out.Slot, Name: out.Name, T: pt.nullable(expr.ListType)}
	path := &expr.PathBuild{Start: pt.nodeRef(from), Steps: []expr.PathStep{{Rel: list, VarLength: true, Node: pt.nodeRef(to)}}}
	for k, n := range []*ast.NodePattern{left, right} {
		if err := pt.groupNodes(n.Var, path, k == 1, g.Pos); err != nil {
			return 0, err
		}
	}
	sc := newScope(pt.sc)
	pt.inner(sc, left.Var, out.Hop.From, expr.NodeType)
	pt.inner(sc, r.Var, out.Hop.Rel, expr.RelType)
	pt.inner(sc, right.Var, out.Hop.To, expr.NodeType)
	pt.later = append(pt.later, func() error {
		rel := &pt.out.Rels[i]
		t := &terms{pt: pt, sc: sc, own: []plan.Slot{rel.Hop.From, rel.Hop.Rel, rel.Hop.To}, dst: &rel.Hop.Filter}
		if err := t.node(left, rel.Hop.From); err != nil {
			return err
		}
		if err := t.rel(r, rel.Hop.Rel, tested); err != nil {
			return err
		}
		if err := t.node(right, rel.Hop.To); err != nil {
			return err
		}
		if err := t.where(g.Where); err != nil {
			return err
		}
		if rt.part.Cost == nil {
			return nil
		}
		return pt.cost(rt.part.Cost, rel, sc)
	})
	return i, nil
}

// groupVar declares a variable of a group, outside of which it is a list. It returns a new
// slot where there is none.
func (pt *pattern) groupVar(name *ast.Name, elem expr.Types) (plan.Slot, error) {
	if name == nil {
		s := pt.b.newSlot()
		pt.b.types[s], pt.b.elems[s] = expr.ListType, elem
		return s, nil
	}
	if pt.closed {
		return 0, pt.sc.undefined(name.Text, name.Pos)
	}
	v, err := pt.b.declare(pt.sc, name, pt.nullable(expr.ListType))
	if err != nil {
		return 0, err
	}
	pt.b.elems[v.slot] = elem
	return v.slot, nil
}

// groupNodes declares the list of the nodes at one end of a group's relationships: those of
// the path without its last, or its first.
func (pt *pattern) groupNodes(name *ast.Name, path *expr.PathBuild, right bool, pos status.Pos) error {
	if name == nil {
		return nil
	}
	slot, err := pt.groupVar(name, expr.NodeType)
	if err != nil {
		return err
	}
	def, _ := function.Lookup("nodes")
	t, err := pt.b.check(def, []expr.Types{path.Type()}, pos)
	if err != nil {
		return err
	}
	cut := &expr.Slice{Base: &expr.Call{Def: def, Args: []expr.Expr{path}, T: t, Pos: pos}, To: &expr.Const{Value: value.Int(-1)}, Pos: pos}
	if right {
		cut.From, cut.To = &expr.Const{Value: value.Int(1)}, nil
	}
	pt.out.Paths = append(pt.out.Paths, plan.Item{Slot: slot, Name: name.Text, Expr: cut})
	return nil
}

// inner names what a group's variable is inside of it.
func (pt *pattern) inner(sc *scope, name *ast.Name, slot plan.Slot, t expr.Types) {
	if name != nil {
		sc.add(&variable{name: name.Text, slot: slot, t: t})
	}
}

// checkGroup refuses what a quantified group cannot hold.
func checkGroup(g *ast.GroupPattern) error {
	rels := 0
	for _, el := range g.Elements {
		switch el := el.(type) {
		case *ast.GroupPattern:
			return status.Errorf(status.NotYet, "a parenthesised path inside a quantified one").At(el.Pos).
				WithHint("write out the inner one, or use several relationships in one group")
		case *ast.RelPattern:
			if rels++; el.Range != nil || el.Quantifier != nil {
				return status.Errorf(status.NotYet, "a quantifier inside a quantified path").At(el.Pos).
					WithHint("write each relationship of the group, or put the quantifier on the group alone")
			}
		}
	}
	switch {
	case rels == 0:
		return status.Errorf(status.InvalidRelationshipPattern, "a quantified path needs a relationship").At(g.Pos).
			WithHint("write ((a)-[r]->(b)){1,3}")
	case rels > maxGroupRels:
		return tooLarge(g.Pos)
	case g.Var != nil:
		return status.Errorf(status.NotYet, "a name for the path of each repetition").At(g.Var.Pos).WithHint("name the whole path")
	case g.Mode != ast.PathDefault:
		return status.Errorf(status.NotYet, "a path mode inside a quantified path").At(g.Pos).WithHint("write it before the whole path")
	}
	return nil
}

// maxGroupRels bounds the relationships of one repetition.
const maxGroupRels = 50

// terms binds the conditions of a group, or of a node or relationship inside a path that is
// matched as a whole: they may speak of what is bound there and before the MATCH.
type terms struct {
	pt  *pattern
	sc  *scope
	own []plan.Slot
	dst *[]expr.Expr
}

func (t *terms) node(n *ast.NodePattern, slot plan.Slot) error {
	ref := &expr.Slot{Slot: slot, Name: n.Var.String(), T: expr.NodeType}
	if n.Labels != nil {
		x, err := t.pt.b.labelPredicate(ref, n.Labels, &env{sc: t.sc})
		if err != nil {
			return err
		}
		*t.dst = append(*t.dst, x)
	}
	return t.rest(n.Properties, n.Where, ref)
}

func (t *terms) rel(r *ast.RelPattern, slot plan.Slot, tested bool) error {
	ref := &expr.Slot{Slot: slot, Name: r.Var.String(), T: expr.RelType}
	if tested {
		x, err := t.pt.b.labelPredicate(ref, r.Types, &env{sc: t.sc})
		if err != nil {
			return err
		}
		*t.dst = append(*t.dst, x)
	}
	return t.rest(r.Properties, r.Where, ref)
}

func (t *terms) rest(props, where ast.Expr, ref *expr.Slot) error {
	if _, ok := props.(*ast.Parameter); ok {
		return badParameter(props)
	}
	from := len(*t.dst)
	if err := t.pt.properties(props, ref, t.dst, t.sc); err != nil {
		return err
	}
	if props != nil {
		if err := t.check(from, props.Position()); err != nil {
			return err
		}
	}
	return t.where(where)
}

func (t *terms) where(where ast.Expr) error {
	if where == nil {
		return nil
	}
	from := len(*t.dst)
	if err := t.pt.inlineWhere(where, t.dst, t.sc); err != nil {
		return err
	}
	return t.check(from, where.Position())
}

// check refuses conditions that speak of other parts of the same MATCH.
func (t *terms) check(from int, pos status.Pos) error {
	for _, e := range (*t.dst)[from:] {
		if name := t.pt.foreign(e, t.own); name != "" {
			return status.Errorf(status.InvalidRelationshipPattern, "a condition inside a path cannot use `%s`, which the same MATCH binds outside of it", name).
				At(pos).WithHint("bind it in a MATCH before, or move the condition into the WHERE of the MATCH")
		}
	}
	return nil
}

// foreign names a variable of this pattern that e reads and that is not among own.
func (pt *pattern) foreign(e expr.Expr, own []plan.Slot) string {
	for _, s := range expr.Slots(nil, e) {
		if hasSlot(own, s) {
			continue
		}
		for _, n := range pt.out.Nodes {
			if n.Slot == s && !n.Bound {
				return nameOr(n.Name, "a node")
			}
		}
		for i := range pt.out.Rels {
			r := &pt.out.Rels[i]
			if !r.Bound && hasSlot(r.Binds(), s) {
				return nameOr(pt.nameOf(s), "a relationship")
			}
		}
		for _, p := range pt.out.Paths {
			if p.Slot == s {
				return nameOr(p.Name, "a path")
			}
		}
	}
	return ""
}

func (pt *pattern) nameOf(s plan.Slot) string {
	for _, v := range pt.sc.order {
		if v.slot == s {
			return v.name
		}
	}
	return ""
}

func nameOr(name, other string) string {
	if name == "" {
		return other
	}
	return name
}

func hasSlot(xs []plan.Slot, s plan.Slot) bool {
	for _, x := range xs {
		if x == s {
			return true
		}
	}
	return false
}
