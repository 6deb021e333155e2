package bind

import (
	"github.com/kadedb/kadedb/parser/ast"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/status"
)

// bindLabels turns a label expression of the syntax into a bound one.
func bindLabels(l ast.LabelExpr) (expr.Label, error) {
	switch l := l.(type) {
	case *ast.LabelName:
		return expr.Label{Op: expr.LabelName, Name: l.Name}, nil
	case *ast.LabelWildcard:
		return expr.Label{Op: expr.LabelAny}, nil
	case *ast.LabelNot:
		x, err := bindLabels(l.X)
		return expr.Label{Op: expr.LabelNot, Args: []expr.Label{x}}, err
	case *ast.LabelAnd:
		return bindLabelList(expr.LabelAnd, l.Items)
	case *ast.LabelOr:
		return bindLabelList(expr.LabelOr, l.Items)
	}
	return expr.Label{}, status.Errorf(status.NotYet, "computed labels are not looked for by this version").At(l.Position()).
		WithHint("use labels(n) in WHERE, or SET n:$(label) to write them")
}

func bindLabelList(op expr.LabelOp, items []ast.LabelExpr) (expr.Label, error) {
	out := expr.Label{Op: op}
	for _, it := range items {
		x, err := bindLabels(it)
		if err != nil {
			return out, err
		}
		out.Args = append(out.Args, x)
	}
	return out, nil
}

// labelTests splits a label expression at its ANDs.
func labelTests(ref expr.Expr, l expr.Label, pos status.Pos) []expr.Expr {
	if l.Op != expr.LabelAnd {
		return []expr.Expr{&expr.LabelTest{Base: ref, Labels: l, Pos: pos}}
	}
	var out []expr.Expr
	for _, a := range l.Args {
		out = append(out, labelTests(ref, a, pos)...)
	}
	return out
}

// bindTypes splits the type expression of a relationship pattern into a list of types
// to follow (none: all), and tests for what a list cannot say.
func bindTypes(l ast.LabelExpr) (types []string, tests []expr.Label, err error) {
	if l == nil {
		return nil, nil, nil
	}
	if names, ok := typeNames(nil, l); ok {
		return names, nil, nil
	}
	x, err := bindLabels(l)
	if err != nil {
		return nil, nil, err
	}
	return nil, []expr.Label{x}, nil
}

func typeNames(dst []string, l ast.LabelExpr) ([]string, bool) {
	switch l := l.(type) {
	case *ast.LabelName:
		for _, have := range dst {
			if have == l.Name {
				return dst, true
			}
		}
		return append(dst, l.Name), true
	case *ast.LabelOr:
		ok := true
		for _, it := range l.Items {
			if dst, ok = typeNames(dst, it); !ok {
				return nil, false
			}
		}
		return dst, true
	}
	return nil, false
}
