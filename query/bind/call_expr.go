package bind

import (
	"strings"

	"github.com/kadedb/kadedb/parser/ast"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

func (b *binder) functionCall(e *ast.FunctionCall, en *env) (expr.Expr, error) {
	if strings.EqualFold(e.Name, "exists") && len(e.Args) == 1 {
		return b.existsCall(e, en)
	}
	def, ok := function.Lookup(e.Name)
	if ok && def.OfLoad && len(e.Args) == 0 && !e.Distinct {
		return b.loadCall(def, e.Pos, en)
	}
	if !ok {
		return nil, b.unknownFunction(e)
	}
	if def.Class == function.Aggregate {
		return b.aggregate(def, e.Args, e.Distinct, false, e.Pos, en)
	}
	if e.Distinct {
		return nil, status.Errorf(status.UnexpectedSyntax, "DISTINCT is for aggregates, and %s() is none", def.Name).At(e.Pos)
	}
	args, err := b.exprs(normalForm(e, en), en.value())
	if err != nil {
		return nil, err
	}
	kinds := make([]expr.Types, len(args))
	for i, a := range args {
		kinds[i] = a.Type()
	}
	t, err := b.check(def, kinds, e.Pos, e.Args...)
	if err != nil {
		return nil, err
	}
	return &expr.Call{Def: def, Args: args, T: t, Pos: e.Pos}, nil
}

// loadCall binds linenumber() and file(): columns of the LOAD CSV in reach, null in a
// statement without one.
func (b *binder) loadCall(def *function.Def, pos status.Pos, en *env) (expr.Expr, error) {
	l, crossed := en.sc.load()
	if l == nil {
		if b.loads {
			return nil, status.Errorf(status.NotYet, "%s() is not known behind the WITH or RETURN that follows LOAD CSV", def.Name).At(pos).
				WithHint("pass it on there: WITH row, %s() AS x", def.Name)
		}
		return &expr.Const{Value: value.Null}, nil
	}
	slot, t := &l.Line, expr.IntType
	if def.Name == "file" {
		slot, t = &l.File, expr.StringType
	}
	if *slot == plan.NoSlot {
		*slot = b.newVar("", t, 0).slot
	}
	for _, im := range crossed {
		im.add(*slot)
	}
	return &expr.Slot{Slot: *slot, Name: def.Name + "()", T: t}, nil
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

// normalForm returns a call's arguments, in which the form in normalize(s, NFD) is a word.
func normalForm(e *ast.FunctionCall, en *env) []ast.Expr {
	if len(e.Args) != 2 || !strings.EqualFold(e.Name, "normalize") {
		return e.Args
	}
	v, ok := e.Args[1].(*ast.Variable)
	if !ok || en.sc.lookup(v.Name) != nil {
		return e.Args
	}
	switch form := strings.ToUpper(v.Name); form {
	case "NFC", "NFD", "NFKC", "NFKD":
		return []ast.Expr{e.Args[0], &ast.StringLit{Loc: v.Loc, Value: form}}
	}
	return e.Args
}

// check returns what a call gives. Where an argument does not fit, the error is at that one of
// args, as far as they are in the text.
func (b *binder) check(def *function.Def, kinds []expr.Types, pos status.Pos, args ...ast.Expr) (expr.Types, error) {
	t, err := def.Check(kinds)
	if err != nil {
		if i := def.Misfit(kinds); i >= 0 && i < len(args) && status.CodeOf(err) == status.InvalidArgumentType {
			pos = args[i].Position()
		}
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
