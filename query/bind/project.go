package bind

import (
	"slices"

	"github.com/kadedb/kadedb/parser/ast"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
)

// projected is one column of a WITH or RETURN.
type projected struct {
	name   string
	item   *ast.ProjectionItem // nil: came from *
	v      *variable           // what the column is afterwards
	agg    bool                // holds an aggregate
	hasVar *variable           // the variable that it is a plain name of, if it is
}

func (p *pipeline) with(c *ast.With) error {
	cols, old, err := p.project(c.Projection, false)
	if err != nil {
		return err
	}
	for _, col := range cols {
		if col.item == nil || col.item.Alias != nil {
			continue
		}
		if _, ok := col.item.Expr.(*ast.Variable); !ok {
			return status.Errorf(status.NoExpressionAlias, "an expression in WITH needs a name").At(col.item.Pos).
				WithHint("write %s AS name", col.item.Text)
		}
	}
	if c.Where == nil {
		return nil
	}
	conj, err := p.b.predicatesIn(c.Where, &env{sc: old, pattern: true, subs: columnsAs(cols, c.Projection.Distinct || c.Projection.Grouped || anyGrouped(cols))})
	if err != nil {
		return err
	}
	p.filter(conj)
	return nil
}

func anyGrouped(cols []*projected) bool {
	for _, c := range cols {
		if c.agg {
			return true
		}
	}
	return false
}

// columnsAs lists the columns as substitutes for the expressions that they are.
// Plain names keep their meaning where the old variables are visible.
func columnsAs(cols []*projected, hidden bool) []substitute {
	var subs []substitute
	for _, c := range cols {
		if c.item == nil {
			continue
		}
		if _, ok := c.item.Expr.(*ast.Variable); ok && !hidden {
			continue
		}
		subs = append(subs, substitute{from: c.item.Expr, to: c.v, complex: !c.agg && !simpleKey(c.item.Expr)})
	}
	return subs
}

func (p *pipeline) ret(c *ast.Return) error {
	cols, _, err := p.project(c.Projection, true)
	if err != nil {
		return err
	}
	p.rows.returns = true
	p.rows.columns = []plan.Column{}
	for _, col := range cols {
		p.rows.columns = append(p.rows.columns, plan.Column{Name: col.name, Slot: col.v.slot})
	}
	return nil
}

// project binds what WITH and RETURN share, and opens the new scope. The scope that
// it returns is that of ORDER BY and WHERE: with the old variables too, where they
// still mean something.
func (p *pipeline) project(pr *ast.Projection, isReturn bool) ([]*projected, *scope, error) {
	cols, err := p.columns(pr, isReturn)
	if err != nil {
		return nil, nil, err
	}
	hidden, err := p.groupBy(pr, cols)
	if err != nil {
		return nil, nil, err
	}
	grouped := pr.Grouped || anyGrouped(cols)
	old := p.sc
	if grouped {
		err = p.group(append(hidden, cols...))
	} else {
		err = p.plainColumns(cols)
	}
	if err != nil {
		return nil, nil, err
	}
	next := p.sc.next()
	for _, c := range cols {
		next.add(c.v)
	}
	after := next
	if !grouped && !pr.Distinct {
		after = old.copy()
		for _, c := range cols {
			after.add(c.v)
		}
	}
	if pr.Distinct {
		p.distinct(cols)
	}
	sortable := cols
	if !pr.Distinct {
		sortable = slices.Concat(cols, slices.DeleteFunc(hidden, func(h *projected) bool { return isColumn(h.item.Expr, cols) }))
	}
	if err := p.orderBy(pr, sortable, after, grouped, pr.Distinct); err != nil {
		return nil, nil, err
	}
	if err := p.skipLimit(pr); err != nil {
		return nil, nil, err
	}
	p.sc = next
	return cols, after, nil
}

// isColumn reports whether e is a name that a column has.
func isColumn(e ast.Expr, cols []*projected) bool {
	v, ok := e.(*ast.Variable)
	return ok && slices.ContainsFunc(cols, func(c *projected) bool { return c.name == v.Name })
}

// groupBy follows GROUP BY: columns that are no keys are computed from these, and keys that are no columns
// are returned.
func (p *pipeline) groupBy(pr *ast.Projection, cols []*projected) (hidden []*projected, err error) {
	if !pr.Grouped {
		return nil, nil
	}
	keys := map[*projected]bool{}
	for _, g := range pr.GroupBy {
		if containsAggregate(g) {
			return nil, status.Errorf(status.InvalidAggregation, "GROUP BY cannot group by an aggregate").At(g.Position()).
				WithHint("compute it in a WITH before")
		}
		known := false
		for _, c := range cols {
			if keyOf(g, c) {
				keys[c], known = true, true
			}
		}
		if !known {
			hidden = append(hidden, &projected{item: &ast.ProjectionItem{Loc: ast.At(g.Position()), Expr: g}})
		}
	}
	for _, c := range cols {
		if keys[c] {
			continue
		}
		if c.item == nil {
			return nil, status.Errorf(status.AmbiguousAggregationExpression, "`%s` is not grouped by", c.name).At(pr.Pos).
				WithHint("name the columns instead of *, or put %s behind GROUP BY", c.name)
		}
		c.agg = true
	}
	return hidden, nil
}

// keyOf reports whether g, of GROUP BY, is the column c: its name or its expression.
func keyOf(g ast.Expr, c *projected) bool {
	if v, ok := g.(*ast.Variable); ok && v.Name == c.name {
		return !c.agg
	}
	return c.item != nil && !c.agg && sameExpr(g, c.item.Expr)
}

// columns lists the columns, * resolved, and checks their names.
func (p *pipeline) columns(pr *ast.Projection, isReturn bool) ([]*projected, error) {
	var cols []*projected
	seen := map[string]bool{}
	if pr.Star {
		for _, v := range sortedVars(p.sc) {
			cols = append(cols, &projected{name: v.name, v: v, hasVar: v})
			seen[v.name] = true
		}
		if isReturn && len(cols) == 0 && len(pr.Items) == 0 {
			return nil, status.Errorf(status.NoVariablesInScope, "RETURN * with no variable in scope").At(pr.Pos).
				WithHint("give the elements of the pattern names")
		}
	}
	for _, it := range pr.Items {
		name := it.Column()
		if v, ok := it.Expr.(*ast.Variable); ok && it.Alias == nil {
			name = v.Name
		}
		if seen[name] {
			return nil, status.Errorf(status.ColumnNameConflict, "two columns are named `%s`", name).At(it.Pos).
				WithHint("give one of them another name with AS")
		}
		seen[name] = true
		cols = append(cols, &projected{name: name, item: it, agg: containsAggregate(it.Expr)})
	}
	return cols, nil
}

// plainColumns computes columns without aggregates; plain names need no column.
func (p *pipeline) plainColumns(cols []*projected) error {
	pr := &plan.Project{}
	for _, c := range cols {
		if c.item == nil {
			continue
		}
		x, err := p.b.expr(c.item.Expr, p.env())
		if err != nil {
			return err
		}
		if s, ok := x.(*expr.Slot); ok {
			c.v = &variable{name: c.name, slot: s.Slot, t: s.T}
			continue
		}
		c.v = p.b.newVar(c.name, x.Type(), p.b.elemType(x))
		pr.Items = append(pr.Items, plan.Item{Slot: c.v.slot, Name: c.name, Expr: x})
	}
	if len(pr.Items) > 0 {
		pr.Input = p.cur
		p.cur = pr
	}
	return nil
}

func (p *pipeline) distinct(cols []*projected) {
	d := &plan.Distinct{}
	for _, c := range cols {
		d.Keys = append(d.Keys, c.v.slot)
	}
	d.Input = p.cur
	p.cur = d
	p.rows.perRow = true
	p.reattach()
}

// orderBy sorts. after is the scope of its keys; an expression that is also a column
// stands for that column.
func (p *pipeline) orderBy(pr *ast.Projection, cols []*projected, after *scope, grouped, distinct bool) error {
	if len(pr.OrderBy) == 0 {
		return nil
	}
	subs := columnsAs(cols, distinct || grouped)
	p.rows.perRow = true
	s := &plan.Sort{}
	hidden := &plan.Project{}
	for _, it := range pr.OrderBy {
		x, err := p.sortKey(it.Expr, subs, after, grouped)
		if err != nil {
			return err
		}
		key := plan.SortKey{Descending: it.Descending}
		if slot, ok := x.(*expr.Slot); ok {
			key.Slot, key.Name = slot.Slot, slot.Name
		} else {
			key.Slot, key.Name = p.b.newSlot(), expr.String(x)
			p.b.types[key.Slot] = x.Type()
			hidden.Items = append(hidden.Items, plan.Item{Slot: key.Slot, Expr: x})
		}
		s.Keys = append(s.Keys, key)
	}
	if len(hidden.Items) > 0 {
		hidden.Input = p.cur
		p.cur = hidden
	}
	s.Input = p.cur
	p.cur = s
	return nil
}

// page binds ORDER BY, SKIP and LIMIT that stand by themselves.
func (p *pipeline) page(c *ast.Page) error {
	pr := &ast.Projection{Loc: c.Loc, OrderBy: c.OrderBy, Skip: c.Skip, Limit: c.Limit}
	if err := p.orderBy(pr, nil, p.sc, false, false); err != nil {
		return err
	}
	return p.skipLimit(pr)
}

func (p *pipeline) sortKey(e ast.Expr, subs []substitute, after *scope, grouped bool) (expr.Expr, error) {
	if containsAggregate(e) {
		if !grouped {
			return nil, status.Errorf(status.InvalidAggregation, "ORDER BY cannot aggregate where the projection does not").At(e.Position()).
				WithHint("put the aggregate into WITH or RETURN")
		}
		for _, s := range subs {
			if s.complex && !sameExpr(s.from, e) && mentions(e, s.from) {
				return nil, status.Errorf(status.AmbiguousAggregationExpression,
					"an expression with an aggregate may use only variables and properties that are grouped by").At(e.Position()).
					WithHint("give the expression a name with AS, and sort by it")
			}
		}
	}
	return p.b.expr(e, &env{sc: after, subs: subs, pattern: true})
}

// mentions reports whether part stands somewhere in e.
func mentions(e, part ast.Expr) bool {
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		if x, ok := n.(ast.Expr); ok && sameExpr(x, part) {
			found = true
		}
		return !found
	})
	return found
}

func (p *pipeline) skipLimit(pr *ast.Projection) error {
	if pr.Skip != nil {
		x, err := p.b.rowCount(pr.Skip, "SKIP")
		if err != nil {
			return err
		}
		s := &plan.Skip{Count: x, Pos: pr.Skip.Position()}
		s.Input = p.cur
		p.cur = s
		p.rows.perRow = true
	}
	if pr.Limit != nil {
		x, err := p.b.rowCount(pr.Limit, "LIMIT")
		if err != nil {
			return err
		}
		l := &plan.Limit{Count: x, Pos: pr.Limit.Position(), Exhaust: p.b.writes}
		l.Input = p.cur
		p.cur = l
		p.rows.perRow = true
	}
	return nil
}

// reattach gives the rows of a subquery their outer variables back, which an
// aggregation or DISTINCT has dropped.
func (p *pipeline) reattach() {
	outer := p.src.attach()
	if outer == nil || p.sc.outer == nil {
		return
	}
	a := &plan.Apply{Outer: outer(), Inner: p.cur, PerRow: true, RowID: plan.NoSlot}
	p.cur = a
}
