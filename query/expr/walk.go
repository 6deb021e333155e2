package expr

import (
	"slices"
)

// Children returns the direct operands of e, in the order of evaluation. A
// Subquery has none: what it reads is in Outer.
func Children(e Expr) []Expr {
	switch e := e.(type) {
	case *Property:
		return []Expr{e.Base}
	case *LabelTest:
		return []Expr{e.Base}
	case *TypeTest:
		return []Expr{e.Base}
	case *Not:
		return []Expr{e.X}
	case *Logic:
		return e.Args
	case *Compare:
		return []Expr{e.Left, e.Right}
	case *Chain:
		return e.Args
	case *Arith:
		return []Expr{e.Left, e.Right}
	case *Neg:
		return []Expr{e.X}
	case *In:
		return []Expr{e.X, e.List}
	case *StringOp:
		return []Expr{e.Left, e.Right}
	case *IsNull:
		return []Expr{e.X}
	case *Call:
		return e.Args
	case *Case:
		return caseChildren(e)
	case *ListLit:
		return e.Elems
	case *MapLit:
		return e.Elems
	case *MapProjection:
		out := []Expr{e.Base}
		for _, it := range e.Items {
			if it.Value != nil {
				out = append(out, it.Value)
			}
		}
		return out
	case *Index:
		return []Expr{e.Base, e.Index}
	case *Slice:
		return notNil(e.Base, e.From, e.To)
	case *ListComprehension:
		return notNil(e.List, e.Where, e.Map)
	case *Quantifier:
		return notNil(e.List, e.Where)
	case *Reduce:
		return []Expr{e.Init, e.List, e.Body}
	case *PathBuild:
		out := []Expr{e.Start}
		for _, s := range e.Steps {
			out = append(out, notNil(s.Rel, s.Node)...)
		}
		return out
	}
	return nil
}

func caseChildren(e *Case) []Expr {
	out := notNil(e.Operand)
	for _, w := range e.Whens {
		out = append(out, w.Cond, w.Then)
	}
	return append(out, notNil(e.Else)...)
}

func notNil(es ...Expr) []Expr {
	return slices.DeleteFunc(es, func(e Expr) bool { return e == nil })
}

// Walk calls f for e and all below it, parents first, until f returns false for a
// node, whose children are then skipped.
func Walk(e Expr, f func(Expr) bool) {
	if e == nil || !f(e) {
		return
	}
	for _, c := range Children(e) {
		Walk(c, f)
	}
}

// Slots appends to dst the slots that e reads of the batch it is evaluated on, each
// once, in no order: local variables bound inside e are not among them.
func Slots(dst []int, e Expr) []int {
	var local []int
	var visit func(Expr)
	add := func(s int) {
		if !slices.Contains(local, s) && !slices.Contains(dst, s) {
			dst = append(dst, s)
		}
	}
	scoped := func(slots []int, inner ...Expr) {
		n := len(local)
		local = append(local, slots...)
		for _, c := range inner {
			if c != nil {
				visit(c)
			}
		}
		local = local[:n]
	}
	visit = func(e Expr) {
		switch e := e.(type) {
		case *Slot:
			add(e.Slot)
		case *Subquery:
			for _, s := range e.Outer {
				add(s)
			}
		case *ListComprehension:
			visit(e.List)
			scoped([]int{e.Local}, e.Where, e.Map)
		case *Quantifier:
			visit(e.List)
			scoped([]int{e.Local}, e.Where)
		case *Reduce:
			visit(e.Init)
			visit(e.List)
			scoped([]int{e.Acc, e.Local}, e.Body)
		default:
			for _, c := range Children(e) {
				visit(c)
			}
		}
	}
	if e != nil {
		visit(e)
	}
	return dst
}
