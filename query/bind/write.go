package bind

import (
	"cmp"

	"github.com/kadedb/kadedb/parser/ast"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
)

func (p *pipeline) write(c ast.Clause) error {
	p.b.writes = true
	p.rows.perRow = true
	switch c := c.(type) {
	case *ast.Create:
		return p.create(c)
	case *ast.Merge:
		return p.merge(c)
	case *ast.Set:
		items, err := p.b.setItems(c.Items, p.env())
		return p.set(items, err)
	case *ast.Remove:
		items, err := p.b.removeItems(c.Items, p.env())
		return p.set(items, err)
	case *ast.Delete:
		return p.del(c)
	case *ast.Foreach:
		return p.foreach(c)
	}
	return status.Errorf(status.NotYet, "this clause is not run by this version").At(c.Position()).WithHint("write it with CREATE, MERGE, SET, REMOVE, DELETE or FOREACH")
}

func (p *pipeline) create(c *ast.Create) error {
	cr := &creation{b: p.b, sc: p.sc, before: p.env()}
	for _, part := range c.Patterns {
		if err := cr.part(part); err != nil {
			return err
		}
	}
	if last, ok := p.cur.(*plan.Create); ok && cr.joins(&last.Creation) {
		last.Nodes = append(last.Nodes, cr.out.Nodes...)
		last.Rels = append(last.Rels, cr.out.Rels...)
		last.Paths = append(last.Paths, cr.out.Paths...)
		return nil
	}
	out := &plan.Create{Creation: cr.out}
	out.Input = p.cur
	p.cur = out
	return nil
}

// joins reports whether a CREATE directly after another may be done with it, row by row:
// unless it reads what the other one changes, beyond the new entities themselves.
func (cr *creation) joins(last *plan.Creation) bool {
	ok := true
	each := func(es []expr.Expr, made func(plan.Slot) bool) {
		for _, e := range es {
			expr.Walk(e, func(e expr.Expr) bool {
				if _, sub := e.(*expr.Subquery); sub {
					ok = false
				}
				return ok
			})
			for _, s := range expr.Slots(nil, e) {
				ok = ok && !made(s)
			}
		}
	}
	for i := range cr.out.Nodes {
		each(nodeExprs(&cr.out.Nodes[i]), func(s plan.Slot) bool { return createdRel(last.Rels, s) || createdPath(last.Paths, s) })
	}
	for i := range cr.out.Rels {
		each(relExprs(&cr.out.Rels[i]), func(s plan.Slot) bool { return createdPath(last.Paths, s) })
	}
	return ok
}

func createdPath(paths []plan.Item, s plan.Slot) bool {
	for _, p := range paths {
		if p.Slot == s {
			return true
		}
	}
	return false
}

// nodeExprs lists what is computed for a node to be created; entries may be nil.
func nodeExprs(n *plan.NodeSpec) []expr.Expr {
	out := append([]expr.Expr{n.All}, n.Dynamic...)
	for _, p := range n.Props {
		out = append(out, p.Expr)
	}
	return out
}

func relExprs(r *plan.RelSpec) []expr.Expr {
	out := []expr.Expr{r.All, r.Dynamic}
	for _, p := range r.Props {
		out = append(out, p.Expr)
	}
	return out
}

// creation is the pattern of a CREATE or MERGE being bound.
type creation struct {
	b      *binder
	before *env   // what property values may speak of
	sc     *scope // with the new names
	out    plan.Creation
	merge  *plan.Pattern // MERGE: the same pattern, to be looked for
	nodes  map[plan.Slot]int
}

func (cr *creation) part(part *ast.PatternPart) error {
	if part.Selector != ast.SelectNone || part.Mode != ast.PathDefault {
		return status.Errorf(status.UnexpectedSyntax, "a path to be created has no selector").At(part.Pos)
	}
	var path expr.PathBuild
	var prev plan.Slot
	var rel *ast.RelPattern
	for _, el := range part.Elements {
		switch el := el.(type) {
		case *ast.NodePattern:
			s, err := cr.node(el, len(part.Elements) == 1)
			if err != nil {
				return err
			}
			ref := &expr.Slot{Slot: s, Name: el.Var.String(), T: expr.NodeType}
			if rel == nil {
				path.Start = ref
			} else {
				r, err := cr.rel(rel, prev, s)
				if err != nil {
					return err
				}
				path.Steps = append(path.Steps, expr.PathStep{Rel: &expr.Slot{Slot: r, Name: rel.Var.String(), T: expr.RelType}, Node: ref})
			}
			prev, rel = s, nil
		case *ast.RelPattern:
			rel = el
		default:
			return status.Errorf(status.UnexpectedSyntax, "a parenthesised path cannot be created").At(el.Position())
		}
	}
	if part.Var == nil {
		return nil
	}
	v, err := cr.b.declare(cr.sc, part.Var, expr.PathType)
	if err != nil {
		return err
	}
	item := plan.Item{Slot: v.slot, Name: v.name, Expr: &path}
	cr.out.Paths = append(cr.out.Paths, item)
	if cr.merge != nil {
		cr.merge.Paths = append(cr.merge.Paths, item)
	}
	return nil
}

func (cr *creation) node(n *ast.NodePattern, alone bool) (plan.Slot, error) {
	if n.Where != nil {
		return 0, status.Errorf(status.UnexpectedSyntax, "a node to be created has no WHERE").At(n.Where.Position())
	}
	if n.Var != nil {
		if v := cr.sc.lookup(n.Var.Text); v != nil {
			if alone || n.Labels != nil || n.Properties != nil {
				return 0, alreadyBound(n.Var.Text, n.Var.Pos)
			}
			if !expr.CanBe(v.t, expr.NodeType) {
				return 0, conflict(n.Var, v.t, "a node")
			}
			cr.patternNode(v.slot, v.name, true)
			return v.slot, nil
		}
	}
	spec := plan.NodeSpec{Name: n.Var.String(), Pos: n.Pos}
	err := cr.labels(n.Labels, &spec)
	if err != nil {
		return 0, err
	}
	if spec.Props, spec.All, err = cr.properties(n.Properties); err != nil {
		return 0, err
	}
	if err := cr.nodesFirst(spec); err != nil {
		return 0, err
	}
	spec.Slot = cr.newVar(n.Var, expr.NodeType)
	cr.out.Nodes = append(cr.out.Nodes, spec)
	if cr.merge != nil {
		cr.patternNode(spec.Slot, spec.Name, false)
		ref := &expr.Slot{Slot: spec.Slot, Name: spec.Name, T: expr.NodeType}
		for _, l := range spec.Labels {
			cr.merge.Where = append(cr.merge.Where, &expr.LabelTest{Base: ref, Labels: expr.Label{Name: l}, Pos: n.Pos})
		}
		for _, d := range spec.Dynamic {
			test, err := cr.b.computedTest(ref, d, false, n.Pos)
			if err != nil {
				return 0, err
			}
			cr.merge.Where = append(cr.merge.Where, test)
		}
		cr.equalities(ref, spec.Props, n.Pos)
	}
	return spec.Slot, nil
}

// nodesFirst refuses a node whose properties speak of a relationship of the same
// clause: nodes are created before relationships.
func (cr *creation) nodesFirst(spec plan.NodeSpec) error {
	for _, e := range nodeExprs(&spec) {
		for _, s := range expr.Slots(nil, e) {
			if createdRel(cr.out.Rels, s) {
				return status.Errorf(status.NotYet, "a node cannot take a property from a relationship that the same clause creates").At(spec.Pos).
					WithHint("create the node in a clause after it")
			}
		}
	}
	return nil
}

func (cr *creation) newVar(name *ast.Name, t expr.Types) plan.Slot {
	v := cr.b.newVar(name.String(), t, 0)
	if name != nil {
		cr.sc.add(v)
	}
	return v.slot
}

func (cr *creation) patternNode(s plan.Slot, name string, bound bool) {
	if cr.merge == nil {
		return
	}
	if _, ok := cr.nodes[s]; ok {
		return
	}
	cr.nodes[s] = len(cr.merge.Nodes)
	cr.merge.Nodes = append(cr.merge.Nodes, plan.PatternNode{Slot: s, Name: name, Bound: bound})
}

func (cr *creation) equalities(ref *expr.Slot, props []plan.Prop, pos status.Pos) {
	for _, pr := range props {
		cr.merge.Where = append(cr.merge.Where,
			&expr.Compare{Op: expr.Eq, Left: &expr.Property{Base: ref, Key: pr.Key, Pos: pos}, Right: pr.Expr, Pos: pos})
	}
}

// labels binds the labels of a node to be created.
func (cr *creation) labels(l ast.LabelExpr, spec *plan.NodeSpec) error {
	switch l := l.(type) {
	case nil:
		return nil
	case *ast.LabelName:
		spec.Labels = append(spec.Labels, l.Name)
		return nil
	case *ast.LabelAnd:
		for _, it := range l.Items {
			if err := cr.labels(it, spec); err != nil {
				return err
			}
		}
		return nil
	case *ast.LabelDynamic:
		if l.Any {
			break
		}
		if name, ok := written(l); ok {
			spec.Labels = append(spec.Labels, name)
			return nil
		}
		x, err := cr.b.computedNames(l, cr.before)
		spec.Dynamic = append(spec.Dynamic, x)
		return err
	}
	return status.Errorf(status.UnexpectedSyntax, "a node to be created takes labels, A:B or A&B").At(l.Position())
}

// relType binds the type of a relationship to be created.
func (cr *creation) relType(r *ast.RelPattern, spec *plan.RelSpec) error {
	switch l := r.Types.(type) {
	case *ast.LabelName:
		spec.Type = l.Name
		return nil
	case *ast.LabelDynamic:
		if l.Any {
			break
		}
		var err error
		if spec.Type, _ = written(l); spec.Type == "" {
			spec.Dynamic, err = cr.b.computedNames(l, cr.before)
		}
		return err
	}
	return status.Errorf(status.NoSingleRelationshipType, "a relationship to be created needs exactly one type").At(r.Pos).
		WithHint("write -[:TYPE]->")
}

func (cr *creation) properties(e ast.Expr) ([]plan.Prop, expr.Expr, error) {
	switch e := e.(type) {
	case nil:
		return nil, nil, nil
	case *ast.MapLit:
		var out []plan.Prop
		for _, en := range e.Entries {
			x, err := cr.b.expr(en.Value, cr.before)
			if err != nil {
				return nil, nil, err
			}
			out = append(out, plan.Prop{Key: en.Key.Text, Expr: x})
		}
		return out, nil, nil
	}
	if cr.merge != nil {
		return nil, nil, badParameter(e)
	}
	x, err := cr.b.expr(e, cr.before)
	return nil, x, err
}

func (cr *creation) rel(r *ast.RelPattern, left, right plan.Slot) (plan.Slot, error) {
	if r.Var != nil && cr.sc.visible(r.Var.Text) {
		return 0, alreadyBound(r.Var.Text, r.Var.Pos)
	}
	if r.Range != nil || r.Quantifier != nil {
		return 0, status.Errorf(status.CreatingVarLength, "a relationship of variable length cannot be created").At(r.Pos).
			WithHint("write each relationship")
	}
	spec := plan.RelSpec{Name: r.Var.String(), From: left, To: right, Pos: r.Pos}
	err := cr.relType(r, &spec)
	if err != nil {
		return 0, err
	}
	if r.Direction == ast.Undirected && cr.merge == nil {
		return 0, status.Errorf(status.RequiresDirectedRelationship, "a relationship to be created needs a direction").At(r.Pos).
			WithHint("write -[:%s]->", cmp.Or(spec.Type, "TYPE"))
	}
	if r.Direction == ast.Incoming {
		spec.From, spec.To = right, left
	}
	if spec.Props, spec.All, err = cr.properties(r.Properties); err != nil {
		return 0, err
	}
	spec.Slot = cr.newVar(r.Var, expr.RelType)
	cr.out.Rels = append(cr.out.Rels, spec)
	if cr.merge != nil {
		err = cr.mergedRel(r, &spec, cr.nodes[left], cr.nodes[right])
	}
	return spec.Slot, err
}

// mergedRel adds a relationship of a MERGE to the pattern that is looked for.
func (cr *creation) mergedRel(r *ast.RelPattern, spec *plan.RelSpec, from, to int) error {
	ref := &expr.Slot{Slot: spec.Slot, Name: spec.Name, T: expr.RelType}
	out := plan.PatternRel{Slot: spec.Slot, Name: spec.Name, From: from, To: to, Dir: direction(r.Direction), Min: 1, Max: 1,
		Hop: plan.Hop{Rel: plan.NoSlot, From: plan.NoSlot, To: plan.NoSlot}, Pos: r.Pos}
	if spec.Dynamic == nil {
		out.Types = []string{spec.Type}
	} else {
		test, err := cr.b.computedTest(ref, spec.Dynamic, false, r.Pos)
		if err != nil {
			return err
		}
		cr.merge.Where = append(cr.merge.Where, test)
	}
	cr.merge.Rels = append(cr.merge.Rels, out)
	cr.equalities(ref, spec.Props, r.Pos)
	return nil
}

func (p *pipeline) merge(c *ast.Merge) error {
	cr := &creation{b: p.b, before: p.env(), sc: p.sc, merge: &plan.Pattern{Unique: true}, nodes: map[plan.Slot]int{}}
	if err := cr.part(c.Pattern); err != nil {
		return err
	}
	if len(cr.merge.Nodes) > maxPatternNodes || len(cr.merge.Rels) > maxPatternRels {
		return tooLarge(c.Pattern.Pos)
	}
	if err := cr.readsItself(); err != nil {
		return err
	}
	arg := &plan.Argument{RowID: plan.NoSlot}
	im := &imports{}
	for _, n := range cr.merge.Nodes {
		if n.Bound {
			im.add(n.Slot)
		}
	}
	for _, w := range cr.merge.Where {
		for _, s := range expr.Slots(nil, w) {
			if _, ok := cr.nodes[s]; !ok && !createdRel(cr.out.Rels, s) {
				im.add(s)
			}
		}
	}
	arg.Slots = im.slots
	m := &plan.Match{Pattern: *cr.merge}
	m.Input = arg
	out := &plan.Merge{Input: p.cur, Match: m, Creation: cr.out, Pos: c.Pos}
	for _, n := range cr.out.Nodes {
		out.Columns = append(out.Columns, n.Slot)
	}
	for _, r := range cr.out.Rels {
		out.Columns = append(out.Columns, r.Slot)
	}
	for _, pa := range cr.out.Paths {
		out.Columns = append(out.Columns, pa.Slot)
	}
	for _, a := range c.Actions {
		items, err := p.b.setItems(a.Items, p.env())
		if err != nil {
			return err
		}
		if a.OnMatch {
			out.OnMatch = append(out.OnMatch, items...)
		} else {
			out.OnCreate = append(out.OnCreate, items...)
		}
	}
	p.cur = out
	return nil
}

// readsItself refuses a MERGE whose properties speak of what it may create.
func (cr *creation) readsItself() error {
	own := map[plan.Slot]string{}
	for _, n := range cr.out.Nodes {
		own[n.Slot] = n.Name
	}
	for _, r := range cr.out.Rels {
		own[r.Slot] = r.Name
	}
	bad := func(es []expr.Expr, pos status.Pos) error {
		for _, e := range es {
			for _, s := range expr.Slots(nil, e) {
				if name, ok := own[s]; ok {
					return status.Errorf(status.UndefinedVariable, "variable `%s` cannot be used in the MERGE that binds it", name).At(pos).
						WithHint("set the property with ON CREATE SET")
				}
			}
		}
		return nil
	}
	for i := range cr.out.Nodes {
		n := &cr.out.Nodes[i]
		if err := bad(nodeExprs(n), n.Pos); err != nil {
			return err
		}
	}
	for i := range cr.out.Rels {
		r := &cr.out.Rels[i]
		if err := bad(relExprs(r), r.Pos); err != nil {
			return err
		}
	}
	return nil
}

func createdRel(rels []plan.RelSpec, s plan.Slot) bool {
	for _, r := range rels {
		if r.Slot == s {
			return true
		}
	}
	return false
}

func (p *pipeline) set(items []plan.SetItem, err error) error {
	if err != nil {
		return err
	}
	s := &plan.Set{Items: items}
	s.Input = p.cur
	p.cur = s
	return nil
}

// entity binds the target of SET, REMOVE: something that can be a node or relationship.
func (b *binder) entity(e ast.Expr, en *env, want expr.Types) (expr.Expr, error) {
	x, err := b.expr(e, en)
	if err != nil {
		return nil, err
	}
	if !expr.CanBe(x.Type(), want) {
		return nil, status.Errorf(status.InvalidArgumentType, "only nodes and relationships can be changed, not %s", x.Type()).At(e.Position())
	}
	return x, nil
}

func (b *binder) setItems(items []ast.SetItem, en *env) ([]plan.SetItem, error) {
	const any = expr.NodeType | expr.RelType
	var out []plan.SetItem
	for _, it := range items {
		switch it := it.(type) {
		case *ast.SetProperty:
			s, err := b.propertyTarget(it.Target, en)
			if err != nil {
				return nil, err
			}
			if s.Value, err = b.expr(it.Value, en); err != nil {
				return nil, err
			}
			out = append(out, s)
		case *ast.SetProperties:
			x, err := b.entity(it.Target, en, any)
			if err != nil {
				return nil, err
			}
			v, err := b.expr(it.Value, en)
			if err != nil {
				return nil, err
			}
			if !expr.CanBe(v.Type(), any|expr.MapType) {
				return nil, status.Errorf(status.InvalidArgumentType, "properties come from a MAP, a node or a relationship, not from %s", v.Type()).
					At(it.Value.Position())
			}
			out = append(out, &plan.SetAll{Entity: x, Value: v, Add: it.Add, Pos: it.Pos})
		case *ast.SetLabels:
			l, err := b.labelTarget(it.Target, it.Labels, en)
			if err != nil {
				return nil, err
			}
			out = append(out, l)
		}
	}
	return out, nil
}

func (b *binder) removeItems(items []ast.RemoveItem, en *env) ([]plan.SetItem, error) {
	var out []plan.SetItem
	for _, it := range items {
		switch it := it.(type) {
		case *ast.RemoveProperty:
			s, err := b.propertyTarget(it.Target, en)
			if err != nil {
				return nil, err
			}
			s.Remove = true
			out = append(out, s)
		case *ast.RemoveLabels:
			l, err := b.labelTarget(it.Target, it.Labels, en)
			if err != nil {
				return nil, err
			}
			l.Remove = true
			out = append(out, l)
		}
	}
	return out, nil
}

func (b *binder) propertyTarget(e ast.Expr, en *env) (*plan.SetProperty, error) {
	const any = expr.NodeType | expr.RelType
	out := &plan.SetProperty{Pos: e.Position()}
	var err error
	switch t := e.(type) {
	case *ast.Property:
		out.Key = t.Key.Text
		out.Entity, err = b.entity(t.X, en, any)
	case *ast.Index:
		if out.Entity, err = b.entity(t.X, en, any); err == nil {
			out.KeyOf, err = b.expr(t.I, en)
		}
	default:
		err = status.Errorf(status.UnexpectedSyntax, "only a property can be set").At(e.Position())
	}
	return out, err
}

func (b *binder) labelTarget(e ast.Expr, labels []ast.LabelExpr, en *env) (*plan.SetLabels, error) {
	x, err := b.entity(e, en, expr.NodeType)
	if err != nil {
		return nil, err
	}
	out := &plan.SetLabels{Entity: x, Pos: e.Position()}
	for _, l := range labels {
		switch l := l.(type) {
		case *ast.LabelName:
			out.Labels = append(out.Labels, l.Name)
		case *ast.LabelDynamic:
			d, err := b.expr(l.Expr, en)
			if err != nil {
				return nil, err
			}
			out.Dynamic = append(out.Dynamic, d)
		default:
			return nil, status.Errorf(status.UnexpectedSyntax, "only plain labels can be set").At(l.Position())
		}
	}
	return out, nil
}

func (p *pipeline) del(c *ast.Delete) error {
	d := &plan.Delete{Detach: c.Detach, Pos: c.Pos}
	for _, e := range c.Exprs {
		if _, ok := e.(*ast.HasLabels); ok {
			return status.Errorf(status.InvalidDelete, "labels and types cannot be deleted").At(e.Position()).
				WithHint("REMOVE n:Label takes a label away")
		}
		x, err := p.b.expr(e, p.env())
		if err != nil {
			return err
		}
		if !expr.CanBe(x.Type(), expr.NodeType|expr.RelType|expr.PathType) {
			return status.Errorf(status.InvalidArgumentType, "only nodes, relationships and paths can be deleted, not %s", x.Type()).At(e.Position())
		}
		d.Exprs = append(d.Exprs, x)
	}
	d.Input = p.cur
	p.cur = d
	return nil
}

func (p *pipeline) foreach(c *ast.Foreach) error {
	list, err := p.b.expr(c.List, p.env())
	if err != nil {
		return err
	}
	if !expr.CanBe(list.Type(), expr.ListType) {
		return status.Errorf(status.InvalidArgumentType, "FOREACH takes a LIST, not %s", list.Type()).At(c.List.Position())
	}
	inner := newScope(p.sc)
	inner.imports = &imports{}
	v := p.b.newVar(c.Var.Text, p.b.elemType(list), 0)
	inner.add(v)
	arg := &plan.Argument{RowID: plan.NoSlot}
	body := &pipeline{b: p.b, sc: inner, cur: arg, src: leafSource{}, rows: &result{}}
	for _, cl := range c.Clauses {
		if err := body.write(cl); err != nil {
			return err
		}
	}
	arg.Slots = append(inner.imports.slots, v.slot)
	p.cur = &plan.Foreach{Input: p.cur, Body: body.cur, List: list, Slot: v.slot, Name: v.name}
	return nil
}
