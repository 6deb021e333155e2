package bind

import (
	"github.com/kadedb/kadedb/parser/ast"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// wholePath binds a path that is matched as a whole, between its first and its last node.
func (pt *pattern) wholePath(rt *route) error {
	first, err := pt.node(rt.nodes[0])
	if err != nil {
		return err
	}
	w := &whole{pt: pt, rt: rt, pat: &plan.PathPattern{Mode: rt.mode}, left: pt.out.Nodes[first].Slot}
	if err := w.selection(); err != nil {
		return err
	}
	last := first
	for i, l := range rt.links {
		n := rt.nodes[i+1]
		if i == len(rt.links)-1 {
			if last, err = pt.node(n); err != nil {
				return err
			}
			w.right = pt.out.Nodes[last].Slot
		} else if err := w.between(n); err != nil {
			return err
		}
		if err := w.piece(l); err != nil {
			return err
		}
		w.left = w.right
	}
	out := plan.PatternRel{Slot: pt.b.newSlot(), From: first, To: last, Dir: w.pat.Pieces[0].Rels[0].Dir, Search: plan.Whole,
		Hop: plan.Hop{Rel: plan.NoSlot, From: plan.NoSlot, To: plan.NoSlot}, Path: w.pat, Pos: rt.part.Pos}
	pt.b.types[out.Slot], pt.b.elems[out.Slot] = expr.ListType, expr.RelType
	out.Types, out.Min, out.Max = w.extent()
	at := len(pt.out.Rels)
	pt.out.Rels = append(pt.out.Rels, out)
	pt.later = append(pt.later, w.later...)
	pt.later = append(pt.later, func() error { return w.finish(at) })
	path := &expr.PathBuild{Start: pt.nodeRef(first), Steps: []expr.PathStep{{
		Rel: &expr.Slot{Slot: out.Slot, T: pt.nullable(expr.ListType)}, VarLength: true, Node: pt.nodeRef(last)}}}
	return pt.pathVar(rt.part, path)
}

// groupPath binds a quantified group of several relationships that stands between two nodes
// of an ordinary path.
func (pt *pattern) groupPath(rt *route, g *ast.GroupPattern, from, to int) (int, error) {
	w := &whole{pt: pt, rt: rt, pat: &plan.PathPattern{}, left: pt.out.Nodes[from].Slot, right: pt.out.Nodes[to].Slot}
	if err := w.group(g); err != nil {
		return 0, err
	}
	out := plan.PatternRel{Slot: pt.b.newSlot(), From: from, To: to, Dir: w.pat.Pieces[0].Rels[0].Dir, Search: plan.Whole,
		Hop: plan.Hop{Rel: plan.NoSlot, From: plan.NoSlot, To: plan.NoSlot}, Path: w.pat, Pos: g.Pos}
	pt.b.types[out.Slot], pt.b.elems[out.Slot] = expr.ListType, expr.RelType
	out.Types, out.Min, out.Max = w.extent()
	at := len(pt.out.Rels)
	pt.out.Rels = append(pt.out.Rels, out)
	pt.later = append(pt.later, w.later...)
	return at, nil
}

// whole is a path pattern being bound.
type whole struct {
	pt          *pattern
	rt          *route
	pat         *plan.PathPattern
	left, right plan.Slot // of the piece at hand
	later       []func() error
	repeated    int      // bounds of the pieces so far
	scopes      []*scope // by piece: where its names are single
	owns        [][]plan.Slot
}

// selection binds how many paths are kept.
func (w *whole) selection() error {
	part := w.rt.part
	if !w.rt.selected() {
		return nil
	}
	switch part.Selector {
	case ast.AllShortest, ast.ShortestKGroups:
		w.pat.Groups = true
	case ast.AnyCheapest, ast.CheapestK:
		if part.Cost == nil {
			return status.Errorf(status.UnexpectedSyntax, "a CHEAPEST path needs COST").At(part.Pos).
				WithHint("write COST r.distance after the pattern, where r is its relationship")
		}
		if len(w.rt.links) != 1 {
			return status.Errorf(status.InvalidRelationshipPattern, "a cheapest path takes a pattern of one relationship or one group").At(part.Pos).
				WithHint("write (a)-[r:TYPE]->+(b), or (a) ((x)-[r:A]->(y)-[s:B]->(z))+ (b)")
		}
	}
	w.pat.K = &expr.Const{Value: value.Int(1)}
	if part.K == nil {
		return nil
	}
	if k, ok := part.K.(*ast.IntLit); ok && k.Value < 1 {
		return status.Errorf(status.InvalidArgumentType, "the number of paths is an INTEGER of 1 or more").At(k.Pos)
	}
	var err error
	w.pat.K, err = w.pt.b.expr(part.K, &env{sc: newScope(nil)})
	w.pat.KPos = part.K.Position()
	return err
}

// between adds a node inside the path.
func (w *whole) between(n *ast.NodePattern) error {
	node := plan.PathNode{Slot: w.pt.b.newSlot(), Name: n.Var.String()}
	w.pt.b.types[node.Slot] = expr.NodeType
	if n.Var != nil {
		if w.pt.sc.visible(n.Var.Text) {
			return status.Errorf(status.VariableAlreadyBound, "`%s` is a node inside a path that is matched as a whole, and already defined", n.Var.Text).
				At(n.Var.Pos).WithHint("use another name, and compare the two in WHERE")
		}
		if w.pt.closed {
			return w.pt.sc.undefined(n.Var.Text, n.Var.Pos)
		}
		w.pt.sc.add(&variable{name: n.Var.Text, slot: node.Slot, t: w.pt.nullable(expr.NodeType)})
		w.pt.inside[n.Var.Text] = true
	}
	w.right = node.Slot
	i := len(w.pat.Between)
	w.pat.Between = append(w.pat.Between, node)
	w.later = append(w.later, func() error {
		t := &terms{pt: w.pt, sc: w.pt.sc, own: []plan.Slot{node.Slot}, dst: &w.pat.Between[i].Filter}
		return t.node(n, node.Slot)
	})
	return nil
}

// piece adds what stands between two nodes.
func (w *whole) piece(l ast.PatternElement) error {
	r, ok := l.(*ast.RelPattern)
	if !ok {
		g := l.(*ast.GroupPattern)
		if err := checkGroup(g); err != nil {
			return err
		}
		return w.group(g)
	}
	if len(w.pat.Pieces) >= maxPatternRels {
		return tooLarge(r.Pos)
	}
	types, tested := bindTypes(r.Types)
	rel := plan.PathRel{Slot: w.pt.b.newSlot(), Types: types, Dir: direction(r.Direction)}
	w.pt.b.types[rel.Slot] = expr.RelType
	pc := plan.PathPiece{Rels: []plan.PathRel{rel}, Min: 1, Max: 1, Single: true}
	hops := hopsOf(r)
	if hops == nil {
		pc.Nodes = []plan.Slot{w.left, w.right}
	} else {
		pc.Nodes = []plan.Slot{w.newNode(), w.newNode()}
		pc.Single = false
		if err := w.times(&pc, hops); err != nil {
			return err
		}
	}
	sc := newScope(w.pt.sc)
	if r.Var != nil {
		if w.pt.sc.visible(r.Var.Text) {
			return alreadyBound(r.Var.Text, r.Var.Pos)
		}
		if pc.Single {
			if w.pt.closed {
				return w.pt.sc.undefined(r.Var.Text, r.Var.Pos)
			}
			w.pt.sc.add(&variable{name: r.Var.Text, slot: rel.Slot, t: w.pt.nullable(expr.RelType)})
		} else {
			list, err := w.pt.groupVar(r.Var, expr.RelType)
			if err != nil {
				return err
			}
			pc.Lists = append(pc.Lists, plan.PathList{Slot: list, Name: r.Var.Text, Of: rel.Slot})
		}
		w.pt.inner(sc, r.Var, rel.Slot, expr.RelType)
	}
	i := w.add(pc, sc)
	w.later = append(w.later, func() error {
		t := &terms{pt: w.pt, sc: sc, own: []plan.Slot{rel.Slot}, dst: &w.pat.Pieces[i].Where}
		return t.rel(r, rel.Slot, tested)
	})
	return nil
}

func (w *whole) add(pc plan.PathPiece, sc *scope) int {
	own := append([]plan.Slot(nil), pc.Nodes...)
	for _, r := range pc.Rels {
		own = append(own, r.Slot)
	}
	w.pat.Pieces = append(w.pat.Pieces, pc)
	w.scopes, w.owns = append(w.scopes, sc), append(w.owns, own)
	return len(w.pat.Pieces) - 1
}

func (w *whole) newNode() plan.Slot {
	s := w.pt.b.newSlot()
	w.pt.b.types[s] = expr.NodeType
	return s
}

func (w *whole) times(pc *plan.PathPiece, hops *ast.Hops) error {
	// A state is kept for each number of repetitions up to the bound.
	const most = 10_000
	if hops.Min > most || !hops.Unbounded && hops.Max > most {
		return status.Errorf(status.InvalidRelationshipPattern, "more than %d repetitions of a part of a path", most).At(hops.Pos).
			WithHint("leave the upper bound out")
	}
	pc.Min, pc.Max = int(hops.Min), int(hops.Max)
	if hops.Unbounded {
		pc.Max = -1
	}
	if w.repeated += max(pc.Min, pc.Max); w.repeated > most || len(w.pat.Pieces) >= maxPatternRels {
		return tooLarge(hops.Pos)
	}
	return nil
}

// group adds a quantified group.
func (w *whole) group(g *ast.GroupPattern) error {
	pc := plan.PathPiece{}
	if err := w.times(&pc, g.Quantifier); err != nil {
		return err
	}
	sc := newScope(w.pt.sc)
	var equal []expr.Expr
	var later []func(t *terms) error
	for _, el := range g.Elements {
		switch el := el.(type) {
		case *ast.NodePattern:
			slot := w.newNode()
			pc.Nodes = append(pc.Nodes, slot)
			if el.Var != nil && sc.vars[el.Var.Text] != nil {
				same := sc.vars[el.Var.Text]
				if same.t != expr.NodeType {
					return conflict(el.Var, same.t, "a node")
				}
				equal = append(equal, &expr.Compare{Op: expr.Eq, Left: same.ref(), Right: &expr.Slot{Slot: slot, T: expr.NodeType}, Pos: el.Pos})
			} else if err := w.named(&pc, sc, el.Var, slot, expr.NodeType); err != nil {
				return err
			}
			later = append(later, func(t *terms) error { return t.node(el, slot) })
		case *ast.RelPattern:
			types, tested := bindTypes(el.Types)
			rel := plan.PathRel{Slot: w.pt.b.newSlot(), Types: types, Dir: direction(el.Direction)}
			w.pt.b.types[rel.Slot] = expr.RelType
			pc.Rels = append(pc.Rels, rel)
			if el.Var != nil && sc.vars[el.Var.Text] != nil {
				return status.Errorf(status.RelationshipUniquenessViolation, "`%s` stands for two relationships of one pattern", el.Var.Text).At(el.Var.Pos).
					WithHint("give the other one a name of its own")
			}
			if err := w.named(&pc, sc, el.Var, rel.Slot, expr.RelType); err != nil {
				return err
			}
			later = append(later, func(t *terms) error { return t.rel(el, rel.Slot, tested) })
		}
	}
	pc.Where = equal
	i := w.add(pc, sc)
	w.later = append(w.later, func() error {
		t := &terms{pt: w.pt, sc: sc, own: w.owns[i], dst: &w.pat.Pieces[i].Where}
		for _, f := range later {
			if err := f(t); err != nil {
				return err
			}
		}
		return t.where(g.Where)
	})
	return nil
}

// named declares a variable of a group: inside one element, outside a list.
func (w *whole) named(pc *plan.PathPiece, sc *scope, name *ast.Name, slot plan.Slot, t expr.Types) error {
	if name == nil {
		return nil
	}
	list, err := w.pt.groupVar(name, t)
	if err != nil {
		return err
	}
	pc.Lists = append(pc.Lists, plan.PathList{Slot: list, Name: name.Text, Of: slot})
	w.pt.inner(sc, name, slot, t)
	return nil
}

// extent returns the types that the path can cross (nil: any) and its least and greatest length.
func (w *whole) extent() (types []string, lo, hi int) {
	all := false
	for i := range w.pat.Pieces {
		pc := &w.pat.Pieces[i]
		lo += pc.Min * len(pc.Rels)
		if pc.Max < 0 {
			hi = -1
		} else if hi >= 0 {
			hi += pc.Max * len(pc.Rels)
		}
		for _, r := range pc.Rels {
			all = all || len(r.Types) == 0
			types = append(types, r.Types...)
		}
	}
	if all {
		types = nil
	}
	return types, lo, hi
}

// finish binds what speaks of the whole path: its WHERE, and the cost.
func (w *whole) finish(at int) error {
	if err := w.conditions(at); err != nil {
		return err
	}
	part := w.rt.part
	if part.Cost == nil {
		return nil
	}
	rel := &w.pt.out.Rels[at]
	var err error
	if w.pat.Cost, err = w.pt.number(part.Cost, "COST", rel, w.scopes[0], w.owns[0]); err != nil {
		return err
	}
	w.pat.CostPos = part.Cost.Position()
	if part.Heuristic == nil {
		return nil
	}
	w.pat.Left, err = w.pt.number(part.Heuristic, "HEURISTIC", rel, w.scopes[0], w.owns[0])
	w.pat.LeftPos = part.Heuristic.Position()
	return err
}

// conditions binds the WHERE inside the parentheses around the path. What speaks of its ends
// alone may be tested anywhere, for paths are chosen for each pair of ends.
func (w *whole) conditions(at int) error {
	if w.rt.where == nil {
		return nil
	}
	pt := w.pt
	conj, err := pt.b.predicates(w.rt.where, pt.sc)
	if err != nil {
		return err
	}
	rel := &pt.out.Rels[at]
	ends := []plan.Slot{pt.out.Nodes[rel.From].Slot, pt.out.Nodes[rel.To].Slot}
	inner := append(rel.Binds(), ends...)
	for _, e := range conj {
		e = expr.Rewrite(e, func(x expr.Expr) expr.Expr {
			s, ok := x.(*expr.Slot)
			if !ok {
				return x
			}
			for _, p := range pt.out.Paths {
				if p.Slot == s.Slot {
					return p.Expr
				}
			}
			return x
		})
		reads := false
		for _, s := range expr.Slots(nil, e) {
			reads = reads || hasSlot(inner, s) && !hasSlot(ends, s)
		}
		if !reads {
			pt.out.Where = append(pt.out.Where, e)
			continue
		}
		if name := pt.foreign(e, inner); name != "" {
			return status.Errorf(status.InvalidRelationshipPattern, "a condition inside a path cannot use `%s`, which the same MATCH binds outside of it", name).
				At(w.rt.where.Position()).WithHint("bind it in a MATCH before, or move the condition into the WHERE of the MATCH")
		}
		w.pat.Filter = append(w.pat.Filter, e)
	}
	return nil
}
