package bind

import (
	"github.com/kadedb/kadedb/parser/ast"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/value"
)

func (b *binder) caseExpr(e *ast.Case, en *env) (expr.Expr, error) {
	operand, err := b.optional(e.Operand, en.value())
	if err != nil {
		return nil, err
	}
	if !tests(e) {
		return b.branches(e, operand, false, en)
	}
	if cheap(operand) {
		return b.branches(e, operand, true, en)
	}
	// The operand is computed once: reduce(operand = …, _ IN [null] | CASE …).
	v, once := b.newVar("", operand.Type(), b.elemType(operand)), b.newVar("", expr.NullType, 0)
	body, err := b.branches(e, v.ref(), true, en)
	return b.named(v, once, operand, body, e), err
}

// named is body with v standing for x.
func (b *binder) named(v, once *variable, x, body expr.Expr, at ast.Expr) expr.Expr {
	return &expr.Reduce{Acc: v.slot, Local: once.slot, Init: x, List: &expr.ListLit{Elems: []expr.Expr{&expr.Const{Value: value.Null}}}, Body: body,
		Pos: at.Position()}
}

// cheap reports whether x may as well be computed several times.
func cheap(x expr.Expr) bool {
	switch x := x.(type) {
	case *expr.Slot, *expr.Const, *expr.Param:
		return true
	case *expr.Property:
		return cheap(x.Base)
	}
	return false
}

// tests reports whether a WHEN of e tests its operand, as WHEN < 5 does.
func tests(e *ast.Case) bool {
	for _, w := range e.Whens {
		for _, v := range w.Values {
			if testsOperand(v) {
				return true
			}
		}
	}
	return false
}

// testsOperand reports whether v is a test of the operand of the CASE that it is a value of.
func testsOperand(v ast.Expr) bool {
	found := false
	ast.Inspect(v, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CaseOperand:
			found = true
		case *ast.Case:
			// Its tests are of its own operand.
			found = found || n.Operand != nil && testsOperand(n.Operand)
			return false
		}
		return !found
	})
	return found
}

// branches binds the rest of a CASE; split makes conditions of its values.
func (b *binder) branches(e *ast.Case, operand expr.Expr, split bool, en *env) (expr.Expr, error) {
	out := &expr.Case{Pos: e.Pos}
	val := en.value()
	cen := val
	switch {
	case split:
		n := *val
		n.operand = operand
		cen = &n
	case operand == nil:
		cen = en.condition()
	default:
		out.Operand = operand
	}
	for _, w := range e.Whens {
		then, err := b.expr(w.Then, val)
		if err != nil {
			return nil, err
		}
		for _, c := range w.Values {
			cond, err := b.expr(c, cen)
			if err != nil {
				return nil, err
			}
			if split && !testsOperand(c) {
				cond = &expr.Compare{Op: expr.Eq, Left: operand, Right: cond, Pos: c.Position()}
			}
			if out.Operand == nil {
				if err := want(cond, expr.BoolType, "WHEN", c); err != nil {
					return nil, err
				}
			}
			out.Whens = append(out.Whens, expr.When{Cond: cond, Then: then})
		}
	}
	var err error
	out.Else, err = b.optional(e.Else, val)
	return out, err
}

// allReduce binds allReduce(acc = init, x IN list | expression, predicate) as a reduce of [acc, so far true];
// once the predicate was false, no more is computed.
func (b *binder) allReduce(e *ast.AllReduce, en *env) (expr.Expr, error) {
	start, err := b.expr(e.Init, en)
	if err != nil {
		return nil, err
	}
	list, err := b.list(e.List, en, "allReduce()")
	if err != nil {
		return nil, err
	}
	state, v := b.newVar("", expr.ListType, expr.AnyType), b.newVar(e.Var.Text, b.elemType(list), 0)
	before, after := b.newVar(e.Acc.Text, expr.AnyType, 0), b.newVar(e.Acc.Text, expr.AnyType, 0)
	step, err := b.expr(e.Expr, en.with(before, v))
	if err != nil {
		return nil, err
	}
	inner := en.with(after, v)
	inner.pattern = true
	pred, err := b.condition(e.Pred, inner)
	if err != nil {
		return nil, err
	}
	part := func(i int64) expr.Expr {
		return &expr.Index{Base: state.ref(), Index: &expr.Const{Value: value.Int(i)}, Pos: e.Pos}
	}
	so := &expr.Logic{Op: expr.And, Args: []expr.Expr{part(1), pred}, Pos: e.Pos}
	next := b.named(after, b.newVar("", expr.NullType, 0), step, &expr.ListLit{Elems: []expr.Expr{after.ref(), so}}, e)
	next = b.named(before, b.newVar("", expr.NullType, 0), part(0), next, e)
	over := &expr.Compare{Op: expr.Eq, Left: part(1), Right: &expr.Const{Value: value.Bool(false)}, Pos: e.Pos}
	all := &expr.Reduce{Acc: state.slot, Local: v.slot, LocalName: v.name, List: list, Pos: e.Pos,
		Init: &expr.ListLit{Elems: []expr.Expr{start, &expr.Const{Value: value.Bool(true)}}},
		Body: &expr.Case{Whens: []expr.When{{Cond: over, Then: state.ref()}}, Else: next, Pos: e.Pos}}
	return &expr.Index{Base: all, Index: &expr.Const{Value: value.Int(1)}, Pos: e.Pos}, nil
}
