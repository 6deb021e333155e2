package bind

import (
	"strings"

	"github.com/kadedb/kadedb/parser/ast"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

func (b *binder) functionCall(e *ast.FunctionCall, en *env) (expr.Expr, error) {
	if strings.EqualFold(e.Name, "exists") && len(e.Args) == 1 {
		return b.existsCall(e, en)
	}
	def, ok := function.Lookup(e.Name)
	if !ok {
		err := status.Errorf(status.UnknownFunction, "there is no function `%s`", e.Name).At(e.Pos)
		if near := function.Suggest(e.Name); near != "" {
			return nil, err.WithHint("did you mean %s()?", near)
		}
		return nil, err.WithHint("SHOW FUNCTIONS lists them")
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

var typeKinds = map[string]expr.Types{
	"ANY": expr.AnyType, "BOOLEAN": expr.BoolType, "BOOL": expr.BoolType, "INTEGER": expr.IntType, "INT": expr.IntType,
	"FLOAT": expr.FloatType, "STRING": expr.StringType, "LIST": expr.ListType, "MAP": expr.MapType, "NODE": expr.NodeType,
	"RELATIONSHIP": expr.RelType, "PATH": expr.PathType, "DURATION": expr.DurationType, "NULL": expr.NullType,
	"NUMBER": expr.NumberType, "NOTHING": 0, "ANY VALUE": expr.AnyType, "PROPERTY VALUE": expr.AnyType &^ (expr.MapType | expr.NodeType | expr.RelType | expr.PathType),
	"DATE": 1 << value.KindDate, "LOCAL TIME": 1 << value.KindLocalTime, "ZONED TIME": 1 << value.KindTime, "TIME": 1 << value.KindTime,
	"LOCAL DATETIME": 1 << value.KindLocalDateTime, "ZONED DATETIME": 1 << value.KindDateTime, "DATETIME": 1 << value.KindDateTime,
}

func (b *binder) isType(e *ast.IsType, en *env) (expr.Expr, error) {
	x, err := b.expr(e.X, en)
	if err != nil {
		return nil, err
	}
	out := &expr.TypeTest{Base: x, Negated: e.Not, Name: typeText(e.Type)}
	out.Kinds, out.Elem, err = typeSet(e.Type)
	return out, err
}

func typeText(t *ast.TypeName) string {
	s := t.Name
	switch {
	case t.Name == "UNION":
		parts := make([]string, len(t.Union))
		for i, u := range t.Union {
			parts[i] = typeText(u)
		}
		s = strings.Join(parts, " | ")
	case t.Element != nil:
		s += "<" + typeText(t.Element) + ">"
	}
	if t.NotNull {
		s += " NOT NULL"
	}
	return s
}

// typeSet returns the kinds of a type as written; elem is what a list's elements must be.
func typeSet(t *ast.TypeName) (kinds, elem expr.Types, err error) {
	if t.Name == "UNION" {
		for _, u := range t.Union {
			k, el, err := typeSet(u)
			if err != nil {
				return 0, 0, err
			}
			if el != 0 {
				return 0, 0, status.Errorf(status.NotYet, "lists inside a union of types are not tested by this version").At(u.Pos).
					WithHint("test for each type and join the tests with OR")
			}
			kinds |= k
		}
		return kinds, 0, nil
	}
	kinds, ok := typeKinds[t.Name]
	if !ok {
		return 0, 0, status.Errorf(status.NotYet, "the type %s is not known to this version", t.Name).At(t.Pos).
			WithHint("BOOLEAN, INTEGER, FLOAT, STRING, MAP, LIST<…>, NODE, RELATIONSHIP, PATH and temporal types are known")
	}
	if t.Element != nil {
		var inner expr.Types
		if elem, inner, err = typeSet(t.Element); err != nil {
			return 0, 0, err
		}
		if inner != 0 {
			return 0, 0, status.Errorf(status.NotYet, "lists of lists are not tested by this version").At(t.Pos).
				WithHint("test the elements: all(x IN list WHERE x IS :: LIST<INTEGER>)")
		}
	}
	if t.NotNull || t.Name == "NOTHING" {
		kinds &^= expr.NullType
	} else {
		kinds |= expr.NullType
	}
	return kinds, elem, nil
}
