package expr

import (
	"math"
	"slices"

	"github.com/kadedb/kadedb/value"
)

// Equal reports whether a and b are the same expression, positions and names of
// slots aside. Constants are equal when they are the same value of the same kind
// (1 and 1.0 differ). Expressions that may give another value each time they are
// evaluated (rand()) are still Equal: callers that merge evaluations ask
// Deterministic too.
func Equal(a, b Expr) bool {
	if a == nil || b == nil {
		return a == b
	}
	if !sameHead(a, b) {
		return false
	}
	return slices.EqualFunc(Children(a), Children(b), Equal)
}

// sameHead compares what is not a child.
func sameHead(a, b Expr) bool {
	switch a := a.(type) {
	case *Const:
		b, ok := b.(*Const)
		return ok && sameConst(a.Value, b.Value)
	case *Param:
		b, ok := b.(*Param)
		return ok && a.Name == b.Name
	case *Slot:
		b, ok := b.(*Slot)
		return ok && a.Slot == b.Slot
	case *Property:
		b, ok := b.(*Property)
		return ok && a.Key == b.Key
	case *LabelTest:
		b, ok := b.(*LabelTest)
		return ok && a.Labels.Equal(b.Labels)
	case *TypeTest:
		b, ok := b.(*TypeTest)
		return ok && a.Kinds == b.Kinds && a.Elem == b.Elem && a.Negated == b.Negated
	case *Not:
		_, ok := b.(*Not)
		return ok
	case *Logic:
		b, ok := b.(*Logic)
		return ok && a.Op == b.Op
	case *Compare:
		b, ok := b.(*Compare)
		return ok && a.Op == b.Op
	case *Chain:
		b, ok := b.(*Chain)
		return ok && slices.Equal(a.Ops, b.Ops)
	case *Arith:
		b, ok := b.(*Arith)
		return ok && a.Op == b.Op
	case *Neg:
		_, ok := b.(*Neg)
		return ok
	case *In:
		_, ok := b.(*In)
		return ok
	case *StringOp:
		b, ok := b.(*StringOp)
		return ok && a.Op == b.Op
	case *IsNull:
		b, ok := b.(*IsNull)
		return ok && a.Negated == b.Negated
	case *Call:
		b, ok := b.(*Call)
		return ok && a.Def == b.Def
	}
	return sameCompoundHead(a, b)
}

func sameCompoundHead(a, b Expr) bool {
	switch a := a.(type) {
	case *Case:
		b, ok := b.(*Case)
		return ok && (a.Operand == nil) == (b.Operand == nil) && len(a.Whens) == len(b.Whens) && (a.Else == nil) == (b.Else == nil)
	case *ListLit:
		_, ok := b.(*ListLit)
		return ok
	case *MapLit:
		b, ok := b.(*MapLit)
		return ok && slices.Equal(a.Keys, b.Keys)
	case *MapProjection:
		b, ok := b.(*MapProjection)
		return ok && slices.EqualFunc(a.Items, b.Items, func(x, y MapItem) bool {
			return x.All == y.All && x.Key == y.Key && (x.Value == nil) == (y.Value == nil)
		})
	case *Index:
		_, ok := b.(*Index)
		return ok
	case *Slice:
		b, ok := b.(*Slice)
		return ok && (a.From == nil) == (b.From == nil) && (a.To == nil) == (b.To == nil)
	case *ListComprehension:
		b, ok := b.(*ListComprehension)
		return ok && a.Local == b.Local && (a.Where == nil) == (b.Where == nil) && (a.Map == nil) == (b.Map == nil)
	case *Quantifier:
		b, ok := b.(*Quantifier)
		return ok && a.Kind == b.Kind && a.Local == b.Local && (a.Where == nil) == (b.Where == nil)
	case *Reduce:
		b, ok := b.(*Reduce)
		return ok && a.Acc == b.Acc && a.Local == b.Local
	case *PathBuild:
		b, ok := b.(*PathBuild)
		return ok && slices.EqualFunc(a.Steps, b.Steps, func(x, y PathStep) bool {
			return x.VarLength == y.VarLength && (x.Node == nil) == (y.Node == nil)
		})
	case *Subquery:
		return a == b
	}
	return false
}

// sameConst reports whether a and b are the same value of the same kind, all the way down.
func sameConst(a, b value.Value) bool {
	if a.Kind() != b.Kind() {
		return false
	}
	switch a.Kind() {
	case value.KindFloat:
		return math.Float64bits(a.AsFloat()) == math.Float64bits(b.AsFloat())
	case value.KindList:
		return slices.EqualFunc(a.Elems(), b.Elems(), sameConst)
	case value.KindMap:
		m, n := a.AsMap(), b.AsMap()
		return m.Len() == n.Len() && (m.Len() == 0 || slices.Equal(m.Keys, n.Keys) && slices.EqualFunc(m.Vals, n.Vals, sameConst))
	}
	return value.Equivalent(a, b)
}
