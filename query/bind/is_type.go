package bind

import (
	"strings"

	"github.com/kadedb/kadedb/parser/ast"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

var typeKinds = map[string]expr.Types{
	"ANY": expr.AnyType, "BOOLEAN": expr.BoolType, "BOOL": expr.BoolType, "INTEGER": expr.IntType, "INT": expr.IntType,
	"FLOAT": expr.FloatType, "STRING": expr.StringType, "LIST": expr.ListType, "MAP": expr.MapType, "NODE": expr.NodeType,
	"RELATIONSHIP": expr.RelType, "PATH": expr.PathType, "DURATION": expr.DurationType, "POINT": expr.PointType, "NULL": expr.NullType,
	"NUMBER": expr.NumberType, "NOTHING": 0, "ANY VALUE": expr.AnyType, "PROPERTY VALUE": expr.AnyType &^ (expr.MapType | expr.NodeType | expr.RelType | expr.PathType),
	"DATE": 1 << value.KindDate, "LOCAL TIME": 1 << value.KindLocalTime, "ZONED TIME": 1 << value.KindTime, "TIME": 1 << value.KindTime,
	"LOCAL DATETIME": 1 << value.KindLocalDateTime, "ZONED DATETIME": 1 << value.KindDateTime, "DATETIME": 1 << value.KindDateTime,
}

// isType binds `x IS [NOT] :: type`.
func (b *binder) isType(e *ast.IsType, en *env) (expr.Expr, error) {
	x, err := b.expr(e.X, en)
	if err != nil {
		return nil, err
	}
	out, err := b.typeTest(x, e.Type)
	if err != nil || !e.Not {
		return out, err
	}
	if t, ok := out.(*expr.TypeTest); ok {
		t.Negated = true
		return t, nil
	}
	return &expr.Not{X: out, Pos: e.Pos}, nil
}

// isNormalized binds `x IS [NOT] NFC NORMALIZED`: null for what is no string.
func (b *binder) isNormalized(e *ast.IsNormalized, en *env) (expr.Expr, error) {
	x, err := b.expr(e.X, en)
	if err != nil {
		return nil, err
	}
	def, _ := function.Lookup("normalize")
	form := &expr.Const{Value: value.String(e.Form)}
	op := expr.Eq
	if e.Not {
		op = expr.Ne
	}
	same := &expr.Compare{Op: op, Left: &expr.Call{Def: def, Args: []expr.Expr{x, form}, T: expr.StringType | expr.NullType, Pos: e.Pos}, Right: x, Pos: e.Pos}
	isString := &expr.TypeTest{Base: x, Kinds: expr.StringType, Name: "STRING NOT NULL"}
	return &expr.Case{Whens: []expr.When{{Cond: isString, Then: same}}, Pos: e.Pos}, nil
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

// typeTest asks whether x is of a type: true or false, never null. What a set of kinds
// says is one test; lists in a union, and lists of lists, are made of several.
func (b *binder) typeTest(x expr.Expr, t *ast.TypeName) (expr.Expr, error) {
	if t.Name != "UNION" {
		return b.oneType(x, t)
	}
	plain := &expr.TypeTest{Base: x, Name: typeText(t)}
	or := &expr.Logic{Op: expr.Or, Pos: t.Pos}
	for _, u := range t.Union {
		if u.Element == nil && u.Name != "UNION" {
			kinds, err := kindsOf(u)
			if err != nil {
				return nil, err
			}
			plain.Kinds |= kinds
			continue
		}
		test, err := b.typeTest(x, u)
		if err != nil {
			return nil, err
		}
		or.Args = append(or.Args, test)
	}
	if len(or.Args) == 0 {
		return plain, nil
	}
	or.Args = append([]expr.Expr{plain}, or.Args...)
	return or, nil
}

// kindsOf returns the kinds of a type that is no union.
func kindsOf(t *ast.TypeName) (expr.Types, error) {
	kinds, ok := typeKinds[t.Name]
	if !ok {
		return 0, status.Errorf(status.NotYet, "the type %s is not known to this version", t.Name).At(t.Pos).
			WithHint("BOOLEAN, INTEGER, FLOAT, STRING, MAP, LIST<…>, NODE, RELATIONSHIP, PATH, POINT and temporal types are known")
	}
	if t.NotNull || t.Name == "NOTHING" {
		return kinds &^ expr.NullType, nil
	}
	return kinds | expr.NullType, nil
}

func (b *binder) oneType(x expr.Expr, t *ast.TypeName) (expr.Expr, error) {
	kinds, err := kindsOf(t)
	if err != nil {
		return nil, err
	}
	out := &expr.TypeTest{Base: x, Kinds: kinds, Name: typeText(t)}
	if t.Element == nil {
		return out, nil
	}
	v := b.newVar("", expr.AnyType, 0)
	elem, err := b.typeTest(v.ref(), t.Element)
	if err != nil {
		return nil, err
	}
	if plain, ok := elem.(*expr.TypeTest); ok && plain.Elem == 0 {
		out.Elem = plain.Kinds
		return out, nil
	}
	if !expr.CanBe(x.Type(), expr.ListType) {
		return out, nil
	}
	null := kinds&expr.NullType != 0
	out.Kinds &^= expr.NullType
	all := &expr.Logic{Op: expr.And, Pos: t.Pos, Args: []expr.Expr{out,
		&expr.Quantifier{Kind: expr.All, Local: v.slot, Name: "element", List: x, Where: elem, Pos: t.Pos}}}
	if !null {
		return all, nil
	}
	return &expr.Logic{Op: expr.Or, Pos: t.Pos, Args: []expr.Expr{&expr.IsNull{X: x}, all}}, nil
}
