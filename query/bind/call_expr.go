package bind

import (
	"strings"

	"github.com/kadedb/kadedb/parser/ast"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/status"
)

func (b *binder) functionCall(e *ast.FunctionCall, en *env) (expr.Expr, error) {
	if strings.EqualFold(e.Name, "exists") && len(e.Args) == 1 {
		return b.existsCall(e, en)
	}
	def, ok := function.Lookup(e.Name)
	if !ok {
		return nil, b.unknownFunction(e)
	}
	if def.Class == function.Aggregate {
		return b.aggregate(def, e.Args, e.Distinct, e.Pos, en)
	}
	if e.Distinct {
		return nil, status.Errorf(status.UnexpectedSyntax, "DISTINCT is for aggregates, and %s() is none", def.Name).At(e.Pos)
	}
	args, err := b.exprs(e.Args, en.value())
	if err != nil {
		return nil, err
	}
	kinds := make([]expr.Types, len(args))
	for i, a := range args {
		kinds[i] = a.Type()
	}
	t, err := b.check(def, kinds, e.Pos)
	if err != nil {
		return nil, err
	}
	return &expr.Call{Def: def, Args: args, T: t, Pos: e.Pos}, nil
}

func (b *binder) unknownFunction(e *ast.FunctionCall) error {
	if b.opts.Procedures != nil {
		if p, ok := b.opts.Procedures.Procedure(e.Name); ok {
			return status.Errorf(status.UnknownFunction, "`%s` is not a function but a procedure", e.Name).At(e.Pos).WithHint("write CALL %s(…)", p.Name)
		}
	}
	near, usage := function.Suggest(e.Name)
	switch {
	case near != "":
		return status.Errorf(status.UnknownFunction, "`%s` is not a function; did you mean `%s`?", e.Name, near).At(e.Pos).WithHint("write %s", usage)
	case usage != "":
		return status.Errorf(status.UnknownFunction, "`%s` is not a function of values", e.Name).At(e.Pos).WithHint("write %s", usage)
	}
	return status.Errorf(status.UnknownFunction, "`%s` is not a function", e.Name).At(e.Pos).WithHint("SHOW FUNCTIONS lists them")
}

func (b *binder) check(def *function.Def, kinds []expr.Types, pos status.Pos) (expr.Types, error) {
	t, err := def.Check(kinds)
	if err != nil {
		return 0, status.From(err).At(pos)
	}
	return t, nil
}

// existsCall binds the old form exists(pattern), exists(n.key).
func (b *binder) existsCall(e *ast.FunctionCall, en *env) (expr.Expr, error) {
	n := *en
	n.pattern = true
	x, err := b.expr(e.Args[0], &n)
	if err != nil {
		return nil, err
	}
	if _, ok := e.Args[0].(*ast.PatternExpr); ok {
		return x, nil
	}
	switch x.(type) {
	case *expr.Property, *expr.Index:
		return &expr.IsNull{X: x, Negated: true}, nil
	}
	return nil, status.Errorf(status.InvalidArgumentType, "exists() takes a property or a pattern").At(e.Pos).
		WithHint("use IS NOT NULL")
}
