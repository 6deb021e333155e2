package expr

import (
	"errors"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/value"
)

// Fold computes the parts of e that are constant. A part that raises an error stays
// as it is, so that the error comes when, and only when, a row is evaluated; so do
// parameters and functions whose result may differ from run to run, and what makes
// large lists or strings: a plan is not to hold them.
func Fold(e Expr) Expr {
	ctx := &Context{MaxValue: largeValue}
	refuse := func(bytes int64) error {
		if bytes > 0 {
			return errLarge
		}
		return nil
	}
	return Rewrite(e, func(e Expr) Expr {
		if l, ok := e.(*Logic); ok {
			e = foldLogic(l)
		}
		if !foldable(e) {
			return e
		}
		defer ctx.Reset()
		ctx.Check = refuse
		switch e.(type) {
		case *ListLit, *MapLit: // as long as their text is
			ctx.Check = nil
		}
		v, err := ctx.eval(e, &column.Batch{Len: 1})
		if err != nil {
			return e
		}
		return &Const{Value: v.Value(0)}
	})
}

// largeValue is the weight from which on constants are not folded.
const largeValue = 8 << 20

var errLarge = errors.New("expr: too large to fold")

// foldable reports whether e is computed from constants alone. Comprehensions are not
// folded: their locals are slots.
func foldable(e Expr) bool {
	switch e := e.(type) {
	case *Const, *Param, *Slot, *Subquery, *ListComprehension, *Quantifier, *Reduce, *PathBuild, *LabelTest:
		return false
	case *Call:
		if e.Def.Stability != function.Immutable || e.Def.NeedsGraph || e.Def.Class != function.Scalar {
			return false
		}
	}
	for _, c := range Children(e) {
		if _, ok := c.(*Const); !ok {
			return false
		}
	}
	return true
}

// foldLogic drops what an AND or OR never evaluates, and constants that decide nothing
// from the left end on. What stands left of an operand is kept: it may raise an error.
//
//	false AND x  →  false        true AND x AND y  →  x AND y        x AND false: unchanged
func foldLogic(l *Logic) Expr {
	if l.Op == Xor {
		return l
	}
	decides := l.Op == Or
	args := l.Args
	for len(args) > 1 {
		k, ok := args[0].(*Const)
		if !ok || k.Value.Kind() != value.KindBool {
			break
		}
		if k.Value.AsBool() == decides {
			return k
		}
		if !IsOnly(args[1].Type(), BoolType|NullType) {
			break // the operator still has to check the operand
		}
		args = args[1:]
	}
	switch {
	case len(args) == len(l.Args):
		return l
	case len(args) == 1:
		return args[0]
	}
	return &Logic{l.Op, args, l.Pos}
}

// Deterministic reports whether e gives equal results for equal rows within one
// statement: no volatile function is called anywhere in it. A Subquery counts as
// deterministic only if its caller knows; it is reported as not.
func Deterministic(e Expr) bool {
	ok := true
	Walk(e, func(e Expr) bool {
		switch e := e.(type) {
		case *Call:
			ok = ok && e.Def.Stability != function.Volatile
		case *Subquery:
			ok = false
		}
		return ok
	})
	return ok
}

// CanFail reports whether evaluating e may raise an error: such a predicate must not be
// moved before one that keeps rows away from it. It errs towards true.
func CanFail(e Expr) bool {
	fails := false
	Walk(e, func(e Expr) bool {
		fails = fails || canFailHere(e)
		return !fails
	})
	return fails
}

func canFailHere(e Expr) bool {
	logical := func(es ...Expr) bool {
		for _, e := range es {
			if !IsOnly(e.Type(), BoolType|NullType) {
				return true
			}
		}
		return false
	}
	switch e := e.(type) {
	case *Const, *Slot, *Compare, *Chain, *IsNull, *TypeTest, *ListLit, *MapLit:
		return false
	case *StringOp:
		return e.Op == Matches
	case *In:
		return !IsOnly(e.List.Type(), ListType|NullType)
	case *Property:
		return !IsOnly(e.Base.Type(), NodeType|RelType|MapType|NullType)
	case *LabelTest:
		return !IsOnly(e.Base.Type(), NodeType|RelType|NullType)
	case *Not:
		return logical(e.X)
	case *Logic:
		return logical(e.Args...)
	case *Case:
		if e.Operand != nil {
			return false
		}
		for _, w := range e.Whens {
			if logical(w.Cond) {
				return true
			}
		}
		return false
	}
	return true
}
