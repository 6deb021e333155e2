package bind

import (
	"github.com/kadedb/kadedb/parser/ast"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// next binds what follows NEXT: a query over the rows that the one before it returned.
//
// A single query goes on with those rows as they come. Each part of a UNION wants all of
// them, so they are collected into one list that every part unwinds again.
func (b *binder) next(before *result, q *ast.Query, sc *scope, src leafSource, pos position) (*result, error) {
	if !before.returns {
		return nil, status.Errorf(status.InvalidClauseComposition, "the query before NEXT must end in RETURN").At(q.Pos)
	}
	if len(q.Parts) == 1 {
		done := before.root
		res, err := b.query(q, before.scope, leafSource{arg: func() plan.Node { return done }, outer: src.attach()}, pos)
		if err != nil {
			return nil, err
		}
		res.perRow = res.perRow || before.perRow
		return res, nil
	}
	after := q.Next
	res, err := b.unionOver(before, q, sc, src, pos)
	if err != nil || after == nil {
		return res, err
	}
	return b.next(res, after, sc, src, pos)
}

// unionOver binds a UNION whose every part reads all rows of the query before it.
func (b *binder) unionOver(before *result, q *ast.Query, sc *scope, src leafSource, pos position) (*result, error) {
	table := b.newVar("", expr.ListType, expr.ListType)
	row := &expr.ListLit{}
	for _, c := range before.columns {
		row.Elems = append(row.Elems, &expr.Slot{Slot: c.Slot, Name: c.Name, T: b.types[c.Slot]})
	}
	collect, _ := function.Lookup("collect")
	agg := &plan.Aggregate{Aggs: []plan.Agg{{Slot: table.slot, Def: collect, Args: []expr.Expr{row}, Pos: q.Pos}}}
	agg.Input = before.root
	if err := sameUnions(q); err != nil {
		return nil, err
	}
	var all plan.Node = agg
	if attach := src.attach(); attach != nil && sc.outer != nil {
		// Inside a subquery the outer variables stay in reach of every part.
		all = &plan.Apply{Outer: attach(), Inner: agg, PerRow: true, RowID: plan.NoSlot}
	}
	outer := sc.next()
	outer.add(table)
	sub, inner, err := b.begin(outer, q.Pos)
	if err != nil {
		return nil, err
	}
	defer func() { b.depth-- }()
	sub.imports.add(table.slot)
	var parts []*result
	for _, part := range q.Parts {
		mine := inner.copy()
		src := leafSource{outer: sub.source().arg, arg: func() plan.Node { return b.unwound(before, table, mine, sub.source().node()) }}
		res, err := b.single(part, mine, src, position{readOnly: pos.readOnly, mayLackEnd: pos.mayLackEnd, needReturn: pos.needReturn})
		if err != nil {
			return nil, err
		}
		parts = append(parts, res)
	}
	out, err := b.joined(parts, q, !q.All[0], sc)
	if err != nil {
		return nil, err
	}
	sub.result = out
	sub.fix(true)
	a := &plan.Apply{Outer: all, Inner: out.root, PerRow: true, RowID: plan.NoSlot}
	for _, c := range out.columns {
		a.Columns = append(a.Columns, c.Slot)
	}
	return &result{root: a, columns: out.columns, scope: out.scope, returns: out.returns, perRow: true}, nil
}

// unwound gives the rows of a table again, under variables that it adds to sc.
func (b *binder) unwound(before *result, table *variable, sc *scope, arg plan.Node) plan.Node {
	row := b.newVar("", expr.ListType, 0)
	u := &plan.Unwind{List: table.ref(), Slot: row.slot, Index: plan.NoSlot}
	u.Input = arg
	pr := &plan.Project{}
	pr.Input = u
	for i, c := range before.columns {
		v := b.newVar(c.Name, b.types[c.Slot], b.elems[c.Slot])
		pr.Items = append(pr.Items, plan.Item{Slot: v.slot, Name: v.name,
			Expr: &expr.Index{Base: row.ref(), Index: &expr.Const{Value: value.Int(int64(i))}}})
		sc.add(v)
	}
	return pr
}

// when binds WHEN … THEN … ELSE: for each row the first branch whose condition is true
// runs, as a subquery that sees the row's variables. The branches are the parts of a
// union, each behind a filter on the number of the branch to take.
func (p *pipeline) when(c *ast.When) error {
	pick := &expr.Case{Pos: c.Pos, Else: &expr.Const{Value: value.Int(int64(len(c.Branches)))}}
	queries := []*ast.Query{}
	for i, br := range c.Branches {
		cond, err := p.b.condition(br.Cond, &env{sc: p.sc, pattern: true})
		if err != nil {
			return err
		}
		pick.Whens = append(pick.Whens, expr.When{Cond: cond, Then: &expr.Const{Value: value.Int(int64(i))}})
		queries = append(queries, br.Query)
	}
	if c.Else != nil {
		queries = append(queries, c.Else)
	}
	taken := p.b.newVar("", expr.IntType, 0)
	pr := &plan.Project{Items: []plan.Item{{Slot: taken.slot, Expr: pick}}}
	pr.Input = p.cur
	sub, inner, err := p.b.begin(p.sc, c.Pos)
	if err != nil {
		return err
	}
	defer func() { p.b.depth-- }()
	sub.imports.add(taken.slot)
	var parts []*result
	for i, q := range queries {
		src := leafSource{arg: func() plan.Node {
			f := &plan.Filter{Predicates: []expr.Expr{&expr.Compare{Op: expr.Eq, Left: taken.ref(), Right: &expr.Const{Value: value.Int(int64(i))}, Pos: c.Pos}}}
			f.Input = sub.source().node()
			return f
		}}
		res, err := p.b.query(q, inner.copy(), src, position{readOnly: p.pos.readOnly, mayLackEnd: p.pos.mayLackEnd, needReturn: p.pos.needReturn})
		if err != nil {
			return err
		}
		parts = append(parts, res)
	}
	at := &ast.Query{Loc: c.Loc}
	for _, q := range queries {
		at.Parts = append(at.Parts, &ast.SingleQuery{Loc: q.Loc})
	}
	out, err := p.b.joined(parts, at, false, p.sc)
	if err != nil {
		return err
	}
	sub.result = out
	sub.fix(true)
	a := &plan.Apply{Outer: pr, Inner: out.root, PerRow: true, RowID: plan.NoSlot}
	p.rows.columns = nil
	for _, col := range out.columns {
		a.Columns = append(a.Columns, col.Slot)
	}
	if out.returns {
		p.rows.columns = append([]plan.Column{}, out.columns...)
	}
	p.rows.returns, p.rows.perRow = out.returns, true
	p.cur, p.sc = a, out.scope
	return nil
}
