package expr

import (
	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/value"
)

// Types is a set of value kinds, the one that signatures of functions use.
type Types = function.Kinds

// Sets by name.
const (
	NullType     = function.NullKind
	BoolType     = function.BoolKind
	IntType      = function.IntKind
	FloatType    = function.FloatKind
	StringType   = function.StringKind
	ListType     = function.ListKind
	MapType      = function.MapKind
	NodeType     = function.NodeKind
	RelType      = function.RelKind
	PathType     = function.PathKind
	DurationType = function.DurationKind
	PointType    = function.PointKind
	NumberType   = function.NumberKind
	InstantType  = function.InstantKind
	TemporalType = function.InstantKind | function.DurationKind
	AnyType      = function.AnyKind
)

// TypesOf returns the set of v's kind alone.
func TypesOf(v value.Value) Types { return function.KindsOf(v) }

// CanBe reports whether a value of the kinds t may be of one of the kinds of want, or
// null, which every operation takes: false is a type error known before a row is read.
func CanBe(t, want Types) bool { return t&(want|NullType) != 0 }

// IsOnly reports whether all kinds of t are in want.
func IsOnly(t, want Types) bool { return t&^want == 0 }

// Type of a parameter is known where it stands for a literal of the text.
func (e *Param) Type() Types {
	if e.T != 0 {
		return e.T
	}
	return AnyType
}

const boolOrNull = BoolType | NullType

func (e *Const) Type() Types           { return TypesOf(e.Value) }
func (e *Slot) Type() Types            { return e.T }
func (*LabelTest) Type() Types         { return boolOrNull }
func (*TypeTest) Type() Types          { return BoolType }
func (*Not) Type() Types               { return boolOrNull }
func (*Logic) Type() Types             { return boolOrNull }
func (*Compare) Type() Types           { return boolOrNull }
func (*Chain) Type() Types             { return boolOrNull }
func (*In) Type() Types                { return boolOrNull }
func (*StringOp) Type() Types          { return boolOrNull }
func (*IsNull) Type() Types            { return BoolType }
func (e *Arith) Type() Types           { return e.T }
func (e *Call) Type() Types            { return e.T }
func (*ListLit) Type() Types           { return ListType }
func (*MapLit) Type() Types            { return MapType }
func (*Index) Type() Types             { return AnyType }
func (*Slice) Type() Types             { return ListType | NullType }
func (*Quantifier) Type() Types        { return boolOrNull }
func (*Reduce) Type() Types            { return AnyType }
func (*PathBuild) Type() Types         { return PathType | NullType }
func (*ListComprehension) Type() Types { return ListType | NullType }
func (*MapProjection) Type() Types     { return MapType | NullType }

// Type of a property: maps, nodes and relationships hold anything that can be stored.
func (*Property) Type() Types { return AnyType }

// Type of a negation is that of its operand, as far as it can be negated.
func (e *Neg) Type() Types {
	t := e.X.Type() & (NumberType | DurationType | NullType)
	if t == 0 {
		return AnyType
	}
	return t
}

// Type of a Case is the union of its branches.
func (e *Case) Type() Types {
	t := NullType
	if e.Else != nil {
		t = e.Else.Type()
	}
	for _, w := range e.Whens {
		t |= w.Then.Type()
	}
	return t
}

func (e *Subquery) Type() Types {
	switch e.Kind {
	case Exists:
		return BoolType
	case Count:
		return IntType
	}
	return ListType
}

// NewArith returns `left op right` with its type worked out.
func NewArith(op ArithOp, left, right Expr) *Arith {
	return &Arith{Op: op, Left: left, Right: right, T: arithType(op, left.Type(), right.Type())}
}

func arithType(op ArithOp, l, r Types) Types {
	t := (l | r) & NullType
	if l&NumberType != 0 && r&NumberType != 0 && op != Concat {
		switch {
		case op == Pow:
			t |= FloatType
		default:
			if l&r&IntType != 0 {
				t |= IntType
			}
			if (l|r)&FloatType != 0 {
				t |= FloatType
			}
		}
	}
	switch op {
	case Add, Concat:
		if (l|r)&StringType != 0 {
			t |= StringType
		}
		if (l|r)&ListType != 0 {
			t |= ListType
		}
		if l&DurationType != 0 {
			t |= r & TemporalType
		}
		if r&DurationType != 0 {
			t |= l & TemporalType
		}
	case Sub:
		if r&DurationType != 0 {
			t |= l & TemporalType
		}
	case Mul, Div:
		if (l|r)&DurationType != 0 {
			t |= DurationType
		}
	}
	if t&^NullType == 0 && (l != NullType && r != NullType) {
		return AnyType
	}
	return t
}
