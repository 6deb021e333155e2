package bind

import (
	"slices"

	"github.com/kadedb/kadedb/parser/ast"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/status"
)

// bindLabels turns a label expression without computed parts into a bound one.
func bindLabels(l ast.LabelExpr) expr.Label {
	switch l := l.(type) {
	case *ast.LabelName:
		return expr.Label{Op: expr.LabelName, Name: l.Name}
	case *ast.LabelNot:
		return expr.Label{Op: expr.LabelNot, Args: []expr.Label{bindLabels(l.X)}}
	case *ast.LabelAnd:
		return bindLabelList(expr.LabelAnd, l.Items)
	case *ast.LabelOr:
		return bindLabelList(expr.LabelOr, l.Items)
	}
	return expr.Label{Op: expr.LabelAny}
}

func bindLabelList(op expr.LabelOp, items []ast.LabelExpr) expr.Label {
	out := expr.Label{Op: op}
	for _, it := range items {
		out.Args = append(out.Args, bindLabels(it))
	}
	return out
}

// written returns the names that a computed label stands for, where it is written out as
// a text: $('A').
func written(l *ast.LabelDynamic) (string, bool) {
	s, ok := l.Expr.(*ast.StringLit)
	if !ok {
		return "", false
	}
	return s.Value, true
}

// computed reports whether a label expression holds a part that is known only when the
// query runs.
func computed(l ast.LabelExpr) bool {
	switch l := l.(type) {
	case *ast.LabelDynamic:
		return true
	case *ast.LabelNot:
		return computed(l.X)
	case *ast.LabelAnd:
		return slices.ContainsFunc(l.Items, computed)
	case *ast.LabelOr:
		return slices.ContainsFunc(l.Items, computed)
	}
	return false
}

// labelPredicate is the condition that a node has the labels, or a relationship the type,
// that l asks for. Computed parts become conditions on labels() and type().
func (b *binder) labelPredicate(base expr.Expr, l ast.LabelExpr, en *env) (expr.Expr, error) {
	if !computed(l) {
		return &expr.LabelTest{Base: base, Labels: bindLabels(l), Pos: l.Position()}, nil
	}
	switch l := l.(type) {
	case *ast.LabelNot:
		x, err := b.labelPredicate(base, l.X, en)
		return &expr.Not{X: x, Pos: l.Pos}, err
	case *ast.LabelAnd:
		return b.labelLogic(expr.And, base, l.Items, en, l.Pos)
	case *ast.LabelOr:
		return b.labelLogic(expr.Or, base, l.Items, en, l.Pos)
	case *ast.LabelDynamic:
		if name, ok := written(l); ok {
			return &expr.LabelTest{Base: base, Labels: expr.Label{Op: expr.LabelName, Name: name}, Pos: l.Pos}, nil
		}
		x, err := b.computedNames(l, en)
		if err != nil {
			return nil, err
		}
		return b.computedTest(base, x, l.Any, l.Pos)
	}
	return nil, status.Errorf(status.Internal, "a label expression that is not known").At(l.Position())
}

func (b *binder) labelLogic(op expr.LogicOp, base expr.Expr, items []ast.LabelExpr, en *env, pos status.Pos) (expr.Expr, error) {
	out := &expr.Logic{Op: op, Pos: pos}
	for _, it := range items {
		x, err := b.labelPredicate(base, it, en)
		if err != nil {
			return nil, err
		}
		out.Args = append(out.Args, x)
	}
	return out, nil
}

// computedNames binds what computes labels or a type: a text, or a list of texts.
func (b *binder) computedNames(l *ast.LabelDynamic, en *env) (expr.Expr, error) {
	x, err := b.expr(l.Expr, en)
	if err != nil {
		return nil, err
	}
	if !expr.CanBe(x.Type(), expr.StringType|expr.ListType) {
		return nil, status.Errorf(status.InvalidArgumentType, "labels and types are a STRING or a LIST of them, not %s", x.Type()).At(l.Expr.Position())
	}
	return x, nil
}

// computedTest asks whether base has all of the labels in names, or any. A null asks for
// nothing that could be there: the test is null.
func (b *binder) computedTest(base, names expr.Expr, anyOf bool, pos status.Pos) (expr.Expr, error) {
	var list expr.Expr = &expr.Case{Whens: []expr.When{{
		Cond: &expr.TypeTest{Base: names, Kinds: expr.StringType, Name: "STRING NOT NULL"}, Then: &expr.ListLit{Elems: []expr.Expr{names}},
	}}, Else: names, Pos: pos}
	if !expr.CanBe(names.Type(), expr.StringType) {
		list = names
	}
	has, err := b.namesOf(base, pos)
	if err != nil {
		return nil, err
	}
	v := b.newVar("", expr.AnyType, 0)
	kind := expr.All
	if anyOf {
		kind = expr.AnyOf
	}
	return &expr.Quantifier{Kind: kind, Local: v.slot, Name: "label", List: list,
		Where: &expr.In{X: v.ref(), List: has, Pos: pos}, Labels: true, Pos: pos}, nil
}

// namesOf lists the labels of a node, the type of a relationship.
func (b *binder) namesOf(base expr.Expr, pos status.Pos) (expr.Expr, error) {
	call := func(name string) (expr.Expr, error) {
		def, _ := function.Lookup(name)
		t, err := b.check(def, []expr.Types{expr.AnyType}, pos)
		return &expr.Call{Def: def, Args: []expr.Expr{base}, T: t, Pos: pos}, err
	}
	typ, err := call("type")
	if err != nil {
		return nil, err
	}
	labels, err := call("labels")
	if err != nil {
		return nil, err
	}
	one := &expr.ListLit{Elems: []expr.Expr{typ}}
	switch {
	case !expr.CanBe(base.Type(), expr.NodeType):
		return one, nil
	case !expr.CanBe(base.Type(), expr.RelType):
		return labels, nil
	}
	return &expr.Case{Whens: []expr.When{{
		Cond: &expr.TypeTest{Base: base, Kinds: expr.RelType, Name: "RELATIONSHIP NOT NULL"}, Then: one,
	}}, Else: labels, Pos: pos}, nil
}

// bindTypes returns the types that a relationship pattern may follow, where they can be
// listed; tested: they cannot, and labelPredicate has to decide.
func bindTypes(l ast.LabelExpr) (types []string, tested bool) {
	if l == nil {
		return nil, false
	}
	if names, ok := typeNames(nil, l); ok {
		return names, false
	}
	return nil, true
}

func typeNames(dst []string, l ast.LabelExpr) ([]string, bool) {
	add := func(name string) ([]string, bool) {
		if slices.Contains(dst, name) {
			return dst, true
		}
		return append(dst, name), true
	}
	switch l := l.(type) {
	case *ast.LabelName:
		return add(l.Name)
	case *ast.LabelDynamic:
		if name, ok := written(l); ok {
			return add(name)
		}
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
