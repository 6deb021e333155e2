package bind

import (
	"math"
	"strconv"
	"strings"

	"github.com/kadedb/kadedb/parser/ast"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// env says what an expression may use where it stands.
type env struct {
	sc      *scope
	agg     *grouping // nil: no aggregates
	inAgg   bool      // inside the argument of an aggregate
	pattern bool      // a pattern may stand as a condition
	operand expr.Expr // of the CASE around
	subs    []substitute
}

// substitute replaces an expression by the column that holds it already.
type substitute struct {
	from    ast.Expr
	to      *variable
	complex bool // not an aggregate and not a plain variable or property
}

// with returns a copy of en for a part in which local variables are visible and
// aggregates are not.
func (en *env) with(vs ...*variable) *env {
	n := *en
	n.agg = nil
	n.sc = newScope(en.sc)
	for _, v := range vs {
		n.sc.add(v)
	}
	return &n
}

// value returns a copy of en for a part that is not a condition.
func (en *env) value() *env {
	if !en.pattern {
		return en
	}
	n := *en
	n.pattern = false
	return &n
}

// condition returns a copy of en for a part that is a truth value, where a pattern may stand.
func (en *env) condition() *env {
	if en.pattern {
		return en
	}
	n := *en
	n.pattern = true
	return &n
}

// expr binds an expression. Its depth is bounded by the parser.
func (b *binder) expr(e ast.Expr, en *env) (expr.Expr, error) {
	for _, s := range en.subs {
		if sameExpr(s.from, e) {
			return s.to.ref(), nil
		}
	}
	switch e := e.(type) {
	case *ast.IntLit:
		return &expr.Const{Value: value.Int(e.Value)}, nil
	case *ast.FloatLit:
		return &expr.Const{Value: value.Float(e.Value)}, nil
	case *ast.StringLit:
		return &expr.Const{Value: value.String(e.Value)}, nil
	case *ast.BoolLit:
		return &expr.Const{Value: value.Bool(e.Value)}, nil
	case *ast.NullLit:
		return &expr.Const{Value: value.Null}, nil
	case *ast.Parameter:
		return b.parameter(e)
	case *ast.Variable:
		v := en.sc.lookup(e.Name)
		if v != nil {
			return v.ref(), nil
		}
		if f, ok := floatNames[strings.ToUpper(e.Name)]; ok {
			return &expr.Const{Value: value.Float(f)}, nil
		}
		return nil, en.sc.undefined(e.Name, e.Pos)
	case *ast.ListLit:
		xs, err := b.exprs(e.Items, en.value())
		return &expr.ListLit{Elems: xs}, err
	case *ast.MapLit:
		return b.mapLit(e, en.value())
	case *ast.Unary:
		return b.unary(e, en)
	case *ast.Binary:
		return b.binary(e, en)
	case *ast.Comparison:
		return b.comparison(e, en.value())
	}
	return b.postfix(e, en)
}

// floatNames are floats without a literal of their own; a variable of the name comes first.
var floatNames = map[string]float64{"INF": math.Inf(1), "INFINITY": math.Inf(1), "NAN": math.NaN()}

// LiftedName is the name under which the value of lifted literal i is given with
// each execution: no parameter of a text can have it.
func LiftedName(i int) string { return "\x00" + strconv.Itoa(i) }

func (b *binder) parameter(e *ast.Parameter) (expr.Expr, error) {
	if e.Literal == nil {
		b.param(e.Name, e.Pos)
		return &expr.Param{Name: e.Name, Pos: e.Pos}, nil
	}
	lit, err := b.expr(e.Literal, &env{})
	if err != nil {
		return nil, err
	}
	return &expr.Param{Name: LiftedName(e.Index), T: lit.Type(), Pos: e.Pos}, nil
}

// param notes that the parameter name is used at pos.
func (b *binder) param(name string, pos status.Pos) {
	if at, ok := b.params[name]; !ok || pos.Offset < at.Offset {
		b.params[name] = pos
	}
}

func (b *binder) exprs(es []ast.Expr, en *env) ([]expr.Expr, error) {
	out := make([]expr.Expr, 0, len(es))
	for _, e := range es {
		x, err := b.expr(e, en)
		if err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, nil
}

// optional binds an expression that may be missing.
func (b *binder) optional(e ast.Expr, en *env) (expr.Expr, error) {
	if e == nil {
		return nil, nil
	}
	return b.expr(e, en)
}

func (b *binder) mapLit(e *ast.MapLit, en *env) (expr.Expr, error) {
	out := &expr.MapLit{}
	at := map[string]int{}
	for _, entry := range e.Entries {
		x, err := b.expr(entry.Value, en)
		if err != nil {
			return nil, err
		}
		if i, ok := at[entry.Key.Text]; ok {
			out.Elems[i] = x
			continue
		}
		at[entry.Key.Text] = len(out.Keys)
		out.Keys = append(out.Keys, entry.Key.Text)
		out.Elems = append(out.Elems, x)
	}
	return out, nil
}

// want refuses an operand that can never be of the kinds wanted.
func want(x expr.Expr, kinds expr.Types, what string, at ast.Expr) error {
	if expr.CanBe(x.Type(), kinds) {
		return nil
	}
	return status.Errorf(status.InvalidArgumentType, "%s takes %s, not %s", what, kinds, x.Type()).At(at.Position())
}

func (b *binder) unary(e *ast.Unary, en *env) (expr.Expr, error) {
	if e.Op == ast.Not {
		x, err := b.expr(e.X, en.condition())
		if err != nil {
			return nil, err
		}
		return &expr.Not{X: x, Pos: e.Pos}, want(x, expr.BoolType, "NOT", e.X)
	}
	x, err := b.expr(e.X, en.value())
	if err != nil {
		return nil, err
	}
	if e.Op == ast.Plus {
		return x, want(x, expr.NumberType|expr.DurationType, "+", e.X)
	}
	return &expr.Neg{X: x, Pos: e.Pos}, want(x, expr.NumberType|expr.DurationType, "-", e.X)
}

var logicOps = map[ast.BinaryOp]expr.LogicOp{ast.And: expr.And, ast.Or: expr.Or, ast.Xor: expr.Xor}

var arithOps = map[ast.BinaryOp]expr.ArithOp{ast.Add: expr.Add, ast.Subtract: expr.Sub, ast.Multiply: expr.Mul,
	ast.Divide: expr.Div, ast.Modulo: expr.Mod, ast.Power: expr.Pow, ast.Concat: expr.Concat}

var stringOps = map[ast.BinaryOp]expr.StringTest{ast.StartsWith: expr.StartsWith, ast.EndsWith: expr.EndsWith,
	ast.Contains: expr.Contains, ast.RegexMatch: expr.Matches}

func (b *binder) binary(e *ast.Binary, en *env) (expr.Expr, error) {
	if op, ok := logicOps[e.Op]; ok {
		return b.logic(e, op, en)
	}
	en = en.value()
	l, err := b.expr(e.Left, en)
	if err != nil {
		return nil, err
	}
	r, err := b.expr(e.Right, en)
	if err != nil {
		return nil, err
	}
	if op, ok := arithOps[e.Op]; ok {
		if err := checkArith(op, l, r, e); err != nil {
			return nil, err
		}
		x := expr.NewArith(op, l, r)
		x.Pos = e.OpPos.Pos
		return x, nil
	}
	if op, ok := stringOps[e.Op]; ok {
		return &expr.StringOp{Op: op, Left: l, Right: r, Pos: e.OpPos.Pos}, nil
	}
	return &expr.In{X: l, List: r, Pos: e.OpPos.Pos}, want(r, expr.ListType, "IN", e.Right)
}

func checkArith(op expr.ArithOp, l, r expr.Expr, e *ast.Binary) error {
	var kinds expr.Types
	switch op {
	case expr.Sub:
		kinds = expr.NumberType | expr.TemporalType
	case expr.Mul, expr.Div:
		kinds = expr.NumberType | expr.DurationType
	case expr.Mod, expr.Pow:
		kinds = expr.NumberType
	default:
		return nil
	}
	if err := want(l, kinds, op.String(), e.Left); err != nil {
		return err
	}
	return want(r, kinds, op.String(), e.Right)
}

// logic binds AND, OR and XOR; chains of one operator become one node.
func (b *binder) logic(e *ast.Binary, op expr.LogicOp, en *env) (expr.Expr, error) {
	out := &expr.Logic{Op: op, Pos: e.OpPos.Pos}
	en = en.condition()
	for _, side := range []ast.Expr{e.Left, e.Right} {
		x, err := b.expr(side, en)
		if err != nil {
			return nil, err
		}
		if err := want(x, expr.BoolType, op.String(), side); err != nil {
			return nil, err
		}
		if l, ok := x.(*expr.Logic); ok && l.Op == op && op != expr.Xor {
			out.Args = append(out.Args, l.Args...)
		} else {
			out.Args = append(out.Args, x)
		}
	}
	return out, nil
}

func compareOp(op ast.CompareOp) expr.CompareOp {
	return [...]expr.CompareOp{ast.Equal: expr.Eq, ast.NotEqual: expr.Ne, ast.Less: expr.Lt, ast.LessEqual: expr.Le,
		ast.Greater: expr.Gt, ast.GreaterEqual: expr.Ge}[op]
}

func (b *binder) comparison(e *ast.Comparison, en *env) (expr.Expr, error) {
	first, err := b.expr(e.First, en)
	if err != nil {
		return nil, err
	}
	chain := &expr.Chain{Args: []expr.Expr{first}, Pos: e.Pos}
	for _, link := range e.Rest {
		x, err := b.expr(link.X, en)
		if err != nil {
			return nil, err
		}
		chain.Ops = append(chain.Ops, compareOp(link.Op))
		chain.Args = append(chain.Args, x)
	}
	if len(chain.Ops) == 1 {
		return &expr.Compare{Op: chain.Ops[0], Left: first, Right: chain.Args[1], Pos: e.Pos}, nil
	}
	return chain, nil
}

func (b *binder) postfix(e ast.Expr, en *env) (expr.Expr, error) {
	switch e := e.(type) {
	case *ast.IsNull:
		x, err := b.expr(e.X, en.value())
		return &expr.IsNull{X: x, Negated: e.Not}, err
	case *ast.IsType:
		return b.isType(e, en.value())
	case *ast.IsNormalized:
		return b.isNormalized(e, en.value())
	case *ast.HasLabels:
		return b.hasLabels(e, en.value())
	case *ast.Property:
		return b.property(e, en.value())
	case *ast.Index:
		return b.index(e, en.value())
	case *ast.Slice:
		return b.slice(e, en.value())
	case *ast.MapProjection:
		return b.mapProjection(e, en.value())
	case *ast.Case:
		return b.caseExpr(e, en)
	case *ast.FunctionCall:
		return b.functionCall(e, en)
	case *ast.CountStar:
		def, _ := function.Lookup("count")
		return b.aggregate(def, nil, false, true, e.Pos, en)
	}
	return b.scoped(e, en)
}

// scoped binds expressions with variables or rows of their own.
func (b *binder) scoped(e ast.Expr, en *env) (expr.Expr, error) {
	switch e := e.(type) {
	case *ast.ListComprehension:
		return b.listComprehension(e, en.value())
	case *ast.Quantifier:
		return b.quantifier(e, en.value())
	case *ast.Reduce:
		return b.reduce(e, en.value())
	case *ast.AllReduce:
		return b.allReduce(e, en.value())
	case *ast.CaseOperand:
		return en.operand, nil
	case *ast.PatternComprehension:
		if containsAggregate(e.Projection) {
			return nil, status.Errorf(status.InvalidAggregation, "a pattern comprehension cannot aggregate").At(e.Projection.Position())
		}
		return b.patternComprehension(e, en)
	case *ast.PatternExpr:
		return b.patternExpr(e, en)
	case *ast.Subquery:
		return b.subqueryExpr(e, en)
	}
	return nil, status.Errorf(status.NotYet, "this expression is not run by this version").At(e.Position()).WithHint("it is planned for a later version")
}

func (b *binder) hasLabels(e *ast.HasLabels, en *env) (expr.Expr, error) {
	x, err := b.expr(e.X, en)
	if err != nil {
		return nil, err
	}
	if err := want(x, expr.NodeType|expr.RelType, "a label test", e.X); err != nil {
		return nil, err
	}
	test, err := b.labelPredicate(x, e.Labels, en)
	if l, ok := test.(*expr.LabelTest); ok {
		l.Pos = e.Pos
	}
	return test, err
}

func (b *binder) property(e *ast.Property, en *env) (expr.Expr, error) {
	x, err := b.expr(e.X, en)
	if err != nil {
		return nil, err
	}
	if !expr.CanBe(x.Type(), expr.NodeType|expr.RelType|expr.MapType|expr.TemporalType) {
		code := status.RuntimeTypeMismatch
		if expr.IsOnly(x.Type(), expr.PathType|expr.NullType) {
			code = status.InvalidArgumentType
		}
		return nil, status.Errorf(code, "%s has no properties", x.Type()).In(status.CompileTime).At(e.Pos)
	}
	return &expr.Property{Base: x, Key: e.Key.Text, Pos: e.Key.Pos}, nil
}

func (b *binder) index(e *ast.Index, en *env) (expr.Expr, error) {
	x, err := b.expr(e.X, en)
	if err != nil {
		return nil, err
	}
	i, err := b.expr(e.I, en)
	if err != nil {
		return nil, err
	}
	if !expr.CanBe(x.Type(), expr.NodeType|expr.RelType|expr.MapType|expr.ListType) {
		return nil, status.Errorf(status.RuntimeTypeMismatch, "%s has no elements", x.Type()).In(status.CompileTime).At(e.Pos)
	}
	if x.Type()&^expr.NullType == expr.ListType && !expr.CanBe(i.Type(), expr.IntType) {
		return nil, status.Errorf(status.RuntimeTypeMismatch, "the place of a list's element is an INTEGER, not %s", i.Type()).
			In(status.CompileTime).At(e.I.Position())
	}
	return &expr.Index{Base: x, Index: i, Pos: e.Pos}, nil
}

func (b *binder) slice(e *ast.Slice, en *env) (expr.Expr, error) {
	x, err := b.expr(e.X, en)
	if err != nil {
		return nil, err
	}
	from, err := b.optional(e.From, en)
	if err != nil {
		return nil, err
	}
	to, err := b.optional(e.To, en)
	if err != nil {
		return nil, err
	}
	return &expr.Slice{Base: x, From: from, To: to, Pos: e.Pos}, want(x, expr.ListType, "a slice", e.X)
}

func (b *binder) mapProjection(e *ast.MapProjection, en *env) (expr.Expr, error) {
	x, err := b.expr(e.X, en)
	if err != nil {
		return nil, err
	}
	if err := want(x, expr.NodeType|expr.RelType|expr.MapType, "a map projection", e.X); err != nil {
		return nil, err
	}
	out := &expr.MapProjection{Base: x, Pos: e.Pos}
	for _, it := range e.Items {
		item := expr.MapItem{Key: it.Key}
		switch it.Kind {
		case ast.ProjectAll:
			item.All = true
		case ast.ProjectProperty:
			item.Value = &expr.Property{Base: x, Key: it.Key, Pos: it.Pos}
		default:
			if item.Value, err = b.expr(it.Expr, en); err != nil {
				return nil, err
			}
		}
		out.Items = append(out.Items, item)
	}
	return out, nil
}

func (b *binder) listComprehension(e *ast.ListComprehension, en *env) (expr.Expr, error) {
	list, err := b.list(e.List, en, "a list comprehension")
	if err != nil {
		return nil, err
	}
	v := b.newVar(e.Var.Text, b.elemType(list), 0)
	inner := en.with(v)
	out := &expr.ListComprehension{Local: v.slot, Name: v.name, List: list, Pos: e.Pos}
	if e.Where != nil {
		inner.pattern = true
		if out.Where, err = b.condition(e.Where, inner); err != nil {
			return nil, err
		}
	}
	out.Map, err = b.optional(e.Projection, inner.value())
	return out, err
}

func (b *binder) list(e ast.Expr, en *env, what string) (expr.Expr, error) {
	x, err := b.expr(e, en)
	if err != nil {
		return nil, err
	}
	return x, want(x, expr.ListType, what, e)
}

func (b *binder) quantifier(e *ast.Quantifier, en *env) (expr.Expr, error) {
	kind := [...]expr.QuantifierKind{ast.AllOf: expr.All, ast.AnyOf: expr.AnyOf, ast.NoneOf: expr.None, ast.SingleOf: expr.Single}[e.Kind]
	list, err := b.list(e.List, en, kind.String()+"()")
	if err != nil {
		return nil, err
	}
	v := b.newVar(e.Var.Text, b.elemType(list), 0)
	inner := en.with(v)
	inner.pattern = true
	out := &expr.Quantifier{Kind: kind, Local: v.slot, Name: v.name, List: list, Pos: e.Pos}
	if e.Where == nil {
		out.Where = v.ref()
		return out, want(out.Where, expr.BoolType, kind.String()+"() without WHERE", e.List)
	}
	out.Where, err = b.condition(e.Where, inner)
	return out, err
}

func (b *binder) reduce(e *ast.Reduce, en *env) (expr.Expr, error) {
	start, err := b.expr(e.Init, en)
	if err != nil {
		return nil, err
	}
	list, err := b.list(e.List, en, "reduce()")
	if err != nil {
		return nil, err
	}
	acc := b.newVar(e.Acc.Text, expr.AnyType, 0)
	v := b.newVar(e.Var.Text, b.elemType(list), 0)
	body, err := b.expr(e.Expr, en.with(acc, v))
	return &expr.Reduce{Acc: acc.slot, Local: v.slot, AccName: acc.name, LocalName: v.name, Init: start, List: list, Body: body, Pos: e.Pos}, err
}

// elemType returns the kinds that the elements of a list can be, as far as the text
// says.
func (b *binder) elemType(x expr.Expr) expr.Types {
	switch x := x.(type) {
	case *expr.ListLit:
		var t expr.Types
		for _, e := range x.Elems {
			t |= e.Type()
		}
		if t != 0 {
			return t
		}
	case *expr.Slot:
		if t, ok := b.elems[x.Slot]; ok && t != 0 {
			return t
		}
		if x.T&^expr.NullType != expr.ListType && x.T&expr.ListType == 0 {
			return x.T // UNWIND of something that is not a list gives it as it is
		}
	case *expr.Slice:
		return b.elemType(x.Base)
	case *expr.ListComprehension:
		if x.Map != nil {
			return x.Map.Type()
		}
		return b.elemType(x.List)
	case *expr.Subquery:
		if t := b.elems[plan.Slot(x.Result+subqueryElems)]; t != 0 && x.Result != plan.NoSlot {
			return t
		}
	case *expr.Call:
		switch x.Def.Name {
		case "range":
			return expr.IntType
		case "nodes":
			return expr.NodeType
		case "relationships":
			return expr.RelType
		case "keys", "labels", "split":
			return expr.StringType | expr.NullType
		}
	}
	return expr.AnyType
}
