package bind

import (
	"strings"

	"github.com/kadedb/kadedb/parser/ast"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
)

func (b *binder) procedure(name string, pos status.Pos) (*Procedure, error) {
	if b.opts.Procedures != nil {
		if p, ok := b.opts.Procedures.Procedure(name); ok {
			return p, nil
		}
	}
	err := status.Errorf(status.ProcedureNotFound, "there is no procedure `%s`", name).At(pos)
	if b.opts.Procedures != nil {
		if near := b.opts.Procedures.Suggest(name); near != "" {
			return nil, err.WithHint("did you mean `%s`?", near)
		}
	}
	if def, ok := function.Lookup(name); ok {
		return nil, err.WithHint("%s() is a function: write RETURN %[1]s(…)", def.Name)
	}
	return nil, err.WithHint("SHOW PROCEDURES lists them")
}

func (p *pipeline) call(c *ast.Call, only bool) error {
	proc, err := p.b.procedure(strings.Join(c.Name, "."), c.Pos)
	if err != nil {
		return err
	}
	if proc.Writes {
		if p.pos.readOnly {
			return status.Errorf(status.InvalidClauseComposition, "a subquery inside an expression cannot write").At(c.Pos)
		}
		p.b.writes, p.rows.perRow = true, true
	}
	standalone := p.pos.standalone && only
	out := &plan.CallProcedure{Procedure: proc.Name, Void: len(proc.Results) == 0, Optional: c.Optional, Writes: proc.Writes, Pos: c.Pos}
	if out.Args, err = p.callArgs(c, proc, standalone); err != nil {
		return err
	}
	out.Input = p.cur
	p.cur = out
	return p.yield(c.Yield, proc, out, standalone)
}

func (p *pipeline) callArgs(c *ast.Call, proc *Procedure, standalone bool) ([]expr.Expr, error) {
	var out []expr.Expr
	if c.Implicit {
		if !standalone {
			return nil, status.Errorf(status.InvalidArgumentPassingMode, "inside a query a procedure's arguments must be written").At(c.Pos).
				WithHint("write %s(…)", proc.Name)
		}
		for _, a := range proc.Args {
			p.b.param(a.Name, c.Pos)
			out = append(out, &expr.Param{Name: a.Name, Pos: c.Pos})
		}
		return out, nil
	}
	least := len(proc.Args)
	for least > 0 && proc.Args[least-1].Default != nil {
		least--
	}
	if len(c.Args) < least || len(c.Args) > len(proc.Args) {
		return nil, status.Errorf(status.InvalidNumberOfArguments, "%s takes %d arguments, not %d", proc.Name, len(proc.Args), len(c.Args)).At(c.Pos)
	}
	for i, a := range c.Args {
		x, err := p.b.expr(a, p.env())
		if err != nil {
			return nil, err
		}
		want := proc.Args[i].Type
		if want&expr.FloatType != 0 {
			want |= expr.IntType
		}
		if !expr.CanBe(x.Type(), want) {
			return nil, status.Errorf(status.InvalidArgumentType, "argument `%s` of %s takes %s, not %s", proc.Args[i].Name, proc.Name, want, x.Type()).
				At(a.Position())
		}
		out = append(out, x)
	}
	for _, a := range proc.Args[len(c.Args):] {
		out = append(out, &expr.Const{Value: *a.Default})
	}
	return out, nil
}

// yield binds the columns of a call. Standing alone, a call returns them.
func (p *pipeline) yield(y *ast.Yield, proc *Procedure, out *plan.CallProcedure, standalone bool) error {
	type field struct {
		column int
		name   *ast.Name
	}
	var fields []field
	switch {
	case y == nil && !standalone:
	case y == nil || y.Star:
		if y != nil && !standalone {
			return status.Errorf(status.UnexpectedSyntax, "YIELD * is only for a call that stands alone").At(y.Pos).
				WithHint("name the columns")
		}
		for i, r := range proc.Results {
			fields = append(fields, field{i, &ast.Name{Loc: ast.At(out.Pos), Text: r.Name}})
		}
	default:
		for _, it := range y.Items {
			col := -1
			for i, r := range proc.Results {
				if r.Name == it.Field {
					col = i
				}
			}
			if col < 0 {
				return noColumn(it, proc)
			}
			fields = append(fields, field{col, &ast.Name{Loc: it.Loc, Text: it.Var()}})
		}
	}
	for _, f := range fields {
		v, err := p.b.declare(p.sc, f.name, proc.Results[f.column].Type)
		if err != nil {
			return err
		}
		out.Yields = append(out.Yields, plan.Yield{Column: f.column, Slot: v.slot, Name: v.name})
		if standalone {
			p.rows.columns = append(p.rows.columns, plan.Column{Name: v.name, Slot: v.slot})
		}
	}
	p.rows.returns = standalone && len(proc.Results) > 0
	if y != nil && y.Where != nil {
		return p.where(y.Where, p.sc)
	}
	return nil
}

func noColumn(it *ast.YieldItem, proc *Procedure) error {
	names := make([]string, len(proc.Results))
	for i, r := range proc.Results {
		names[i] = r.Name
	}
	err := status.Errorf(status.UndefinedVariable, "%s has no column `%s`", proc.Name, it.Field).At(it.Pos)
	if near := status.Nearest(it.Field, names...); near != "" {
		return err.WithHint("did you mean `%s`?", near)
	}
	return err.WithHint("its columns are %s", strings.Join(names, ", "))
}

// callSubquery binds CALL (scope) { query }.
func (p *pipeline) callSubquery(c *ast.CallSubquery) (err error) {
	batches, err := p.batches(c.InTransactions)
	if err != nil {
		return err
	}
	visible, err := p.importScope(c)
	if err != nil {
		return err
	}
	hadWrites := p.b.writes
	p.b.writes = false
	sub, err := p.b.subquery(c.Query, visible, position{readOnly: p.pos.readOnly}, c.Pos)
	if err != nil {
		return err
	}
	writes := p.b.writes
	p.b.writes = writes || hadWrites
	a := &plan.Apply{Outer: p.cur, Inner: sub.root, RowID: sub.rowID, PerRow: sub.perRow, Batches: batches}
	if batches != nil {
		p.b.writes, p.b.batched = hadWrites, true // its writes are no part of the statement's transaction
		defer func() {
			if err == nil {
				err = p.report(c.InTransactions, batches)
			}
		}()
	}
	if c.Optional {
		a.JoinKind = plan.LeftOuter
	}
	p.rows.perRow = p.rows.perRow || writes
	if !sub.returns {
		return p.unitSubquery(a, sub)
	}
	pr := &plan.Project{}
	for _, col := range sub.columns {
		if p.sc.visible(col.Name) {
			return alreadyBound(col.Name, c.Pos)
		}
		t := p.b.types[col.Slot]
		if c.Optional || batches != nil && batches.OnError != plan.OnErrorFail {
			t |= expr.NullType
		}
		v := &variable{name: col.Name, slot: col.Slot, t: t}
		if sub.imported(col.Slot) {
			v = p.b.newVar(col.Name, t, p.b.elems[col.Slot])
			pr.Items = append(pr.Items, plan.Item{Slot: v.slot, Name: v.name, Expr: &expr.Slot{Slot: col.Slot, Name: col.Name, T: t}})
		}
		p.sc.add(v)
		a.Columns = append(a.Columns, v.slot)
	}
	if len(pr.Items) > 0 {
		pr.Input = a.Inner
		a.Inner = pr
	}
	p.cur = a
	return nil
}

// unitSubquery finishes a CALL without RETURN: it runs for its effects, and the outer
// rows pass as they are.
func (p *pipeline) unitSubquery(a *plan.Apply, sub *bound) error {
	agg := &plan.Aggregate{}
	agg.Input = a.Inner
	a.Inner = agg
	a.PerRow, a.RowID = true, plan.NoSlot
	sub.fix(true)
	p.cur = a
	return nil
}

// importScope returns what a CALL subquery may see of the scope around it.
func (p *pipeline) importScope(c *ast.CallSubquery) (*scope, error) {
	vis := newScope(nil)
	switch {
	case c.ScopeAll:
		for _, name := range p.sc.names() {
			if v := p.sc.lookup(name); v != nil && !vis.visible(name) {
				vis.add(v)
			}
		}
	case c.Scoped:
		for _, n := range c.Scope {
			v := p.sc.lookup(n.Text)
			if v == nil {
				return nil, p.sc.undefined(n.Text, n.Pos)
			}
			vis.add(v)
		}
	default:
		w := firstWith(c)
		if w == nil {
			return vis, nil
		}
		if w.Projection.Star {
			for _, v := range p.sc.order {
				vis.add(v)
			}
		}
		for _, it := range w.Projection.Items {
			if x, ok := it.Expr.(*ast.Variable); ok {
				v := p.sc.lookup(x.Name)
				if v == nil {
					return nil, p.sc.undefined(x.Name, x.Pos)
				}
				vis.add(v)
			}
		}
	}
	return vis, nil
}

// firstWith returns the WITH that a CALL { } without a scope list imports by.
func firstWith(c *ast.CallSubquery) *ast.With {
	if c.Scoped || c.ScopeAll || len(c.Query.Parts) == 0 || len(c.Query.Parts[0].Clauses) == 0 {
		return nil
	}
	w, _ := c.Query.Parts[0].Clauses[0].(*ast.With)
	return w
}
