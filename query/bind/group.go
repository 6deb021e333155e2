package bind

import (
	"github.com/kadedb/kadedb/parser/ast"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
)

// grouping collects the aggregates of one projection.
type grouping struct {
	keys []plan.Item
	aggs []plan.Agg
}

// containsAggregate reports whether e computes an aggregate of the rows of its own
// query.
func containsAggregate(e ast.Expr) bool {
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Subquery:
			return false
		case *ast.CountStar:
			found = true
		case *ast.FunctionCall:
			if def, ok := function.Lookup(n.Name); ok && def.Class == function.Aggregate {
				found = true
			}
		}
		return !found
	})
	return found
}

// simpleKey reports whether e, grouped by, may be used beside aggregates: a variable or
// a chain of properties of one.
func simpleKey(e ast.Expr) bool {
	for {
		switch x := e.(type) {
		case *ast.Variable:
			return true
		case *ast.Property:
			e = x.X
		default:
			return false
		}
	}
}

func simpleBound(e expr.Expr) bool {
	for {
		switch x := e.(type) {
		case *expr.Slot:
			return true
		case *expr.Property:
			e = x.Base
		default:
			return false
		}
	}
}

// group computes columns of which some aggregate: the others are the keys. A key that
// is a plain variable keeps its slot.
func (p *pipeline) group(cols []*projected) error {
	g := &grouping{}
	if err := p.groupKeys(cols, g); err != nil {
		return err
	}
	type pending struct {
		col *projected
		x   expr.Expr
	}
	var above []pending
	for _, c := range cols {
		if !c.agg {
			continue
		}
		x, err := p.b.expr(c.item.Expr, &env{sc: p.sc, agg: g})
		if err != nil {
			return err
		}
		if x, err = p.overGroups(x, g, c.item.Expr); err != nil {
			return err
		}
		above = append(above, pending{c, x})
	}
	a := &plan.Aggregate{Keys: g.keys, Aggs: g.aggs}
	a.Input = p.cur
	p.cur = a
	p.rows.perRow = true
	p.reattach()
	pr := &plan.Project{}
	for _, u := range above {
		if s, ok := u.x.(*expr.Slot); ok {
			u.col.v = &variable{name: u.col.name, slot: s.Slot, t: s.T}
			continue
		}
		u.col.v = p.b.newVar(u.col.name, u.x.Type(), p.b.elemType(u.x))
		pr.Items = append(pr.Items, plan.Item{Slot: u.col.v.slot, Name: u.col.name, Expr: u.x})
	}
	if len(pr.Items) > 0 {
		pr.Input = p.cur
		p.cur = pr
	}
	return nil
}

func (p *pipeline) groupKeys(cols []*projected, g *grouping) error {
	for _, c := range cols {
		if c.agg {
			continue
		}
		var x expr.Expr
		if c.item == nil {
			x = c.hasVar.ref()
		} else {
			var err error
			if x, err = p.b.expr(c.item.Expr, p.env()); err != nil {
				return err
			}
		}
		if s, ok := x.(*expr.Slot); ok {
			c.v = &variable{name: c.name, slot: s.Slot, t: s.T}
		} else {
			c.v = p.b.newVar(c.name, x.Type(), p.b.elemType(x))
		}
		known := false
		for _, k := range g.keys {
			known = known || k.Slot == c.v.slot
		}
		if !known {
			g.keys = append(g.keys, plan.Item{Slot: c.v.slot, Name: c.name, Expr: x})
		}
	}
	return nil
}

// overGroups rewrites an expression with aggregates so that it reads only keys
// and aggregates, and refuses it where it needs more.
func (p *pipeline) overGroups(x expr.Expr, g *grouping, at ast.Expr) (expr.Expr, error) {
	x = expr.Rewrite(x, func(e expr.Expr) expr.Expr {
		for _, k := range g.keys {
			if simpleBound(k.Expr) && expr.Equal(e, k.Expr) {
				return &expr.Slot{Slot: k.Slot, Name: k.Name, T: k.Expr.Type()}
			}
		}
		return e
	})
	for _, s := range expr.Slots(nil, x) {
		if g.has(s) {
			continue
		}
		for _, v := range p.sc.order {
			if v.slot == s {
				return nil, status.Errorf(status.AmbiguousAggregationExpression,
					"`%s` stands beside an aggregate but is not grouped by", v.name).At(at.Position()).
					WithHint("make %s a column of its own in WITH, and aggregate after that", v.name)
			}
		}
	}
	return x, nil
}

func (g *grouping) has(s plan.Slot) bool {
	for _, k := range g.keys {
		if k.Slot == s {
			return true
		}
	}
	for _, a := range g.aggs {
		if a.Slot == s {
			return true
		}
	}
	return false
}

// aggregate binds one call of an aggregate function to a column of the grouping.
// star: it is count(*).
func (b *binder) aggregate(def *function.Def, args []ast.Expr, distinct, star bool, pos status.Pos, en *env) (expr.Expr, error) {
	switch {
	case en.inAgg:
		return nil, status.Errorf(status.NestedAggregation, "%s() stands inside another aggregate", def.Name).At(pos).
			WithHint("compute the inner one in a WITH before")
	case en.agg == nil:
		if len(en.subs) > 0 {
			for _, a := range args {
				if _, err := b.expr(a, &env{sc: en.sc}); err != nil {
					return nil, err
				}
			}
		}
		return nil, status.Errorf(status.InvalidAggregation, "%s() cannot be used here", def.Name).At(pos).
			WithHint("aggregates belong into the columns of WITH and RETURN")
	}
	inner := *en
	inner.agg, inner.inAgg = nil, true
	agg := plan.Agg{Def: def, Distinct: distinct, Pos: pos}
	kinds := make([]expr.Types, len(args))
	for i, a := range args {
		x, err := b.expr(a, &inner)
		if err != nil {
			return nil, err
		}
		if volatile(x) {
			return nil, status.Errorf(status.NonConstantExpression, "%s() cannot aggregate a random value", def.Name).At(a.Position()).
				WithHint("compute it in a WITH before")
		}
		kinds[i] = x.Type()
		agg.Args = append(agg.Args, x)
	}
	t := expr.IntType
	if !star && len(args) == 0 && def.Name == "count" {
		return nil, status.Errorf(status.InvalidNumberOfArguments, "count() does not take 0 arguments").At(pos).WithHint("write count(*)")
	}
	if !star {
		var err error
		if t, err = b.check(def, kinds, pos, args...); err != nil {
			return nil, err
		}
	}
	for _, have := range en.agg.aggs {
		if have.Def == def && have.Distinct == distinct && sameArgs(have.Args, agg.Args) {
			return &expr.Slot{Slot: have.Slot, Name: have.Name, T: t}, nil
		}
	}
	agg.Slot = b.newSlot()
	b.types[agg.Slot] = t
	if t&expr.ListType != 0 && len(agg.Args) == 1 {
		b.elems[agg.Slot] = kinds[0] &^ expr.NullType
	}
	en.agg.aggs = append(en.agg.aggs, agg)
	return &expr.Slot{Slot: agg.Slot, T: t}, nil
}

func sameArgs(a, b []expr.Expr) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !expr.Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

func volatile(x expr.Expr) bool {
	found := false
	expr.Walk(x, func(e expr.Expr) bool {
		if c, ok := e.(*expr.Call); ok && c.Def.Stability == function.Volatile {
			found = true
		}
		return !found
	})
	return found
}
