package expr

import (
	"math/bits"
	"strings"

	"github.com/kadedb/kadedb/value"
)

// Types is a set of value kinds: bit k stands for value.Kind(k).
type Types uint32

// Sets by name.
const (
	NullType     Types = 1 << value.KindNull
	BoolType     Types = 1 << value.KindBool
	IntType      Types = 1 << value.KindInt
	FloatType    Types = 1 << value.KindFloat
	StringType   Types = 1 << value.KindString
	ListType     Types = 1 << value.KindList
	MapType      Types = 1 << value.KindMap
	NodeType     Types = 1 << value.KindNode
	RelType      Types = 1 << value.KindRelationship
	PathType     Types = 1 << value.KindPath
	DurationType Types = 1 << value.KindDuration

	NumberType   = IntType | FloatType
	InstantType  = 1<<value.KindDate | 1<<value.KindLocalTime | 1<<value.KindTime | 1<<value.KindLocalDateTime | 1<<value.KindDateTime
	TemporalType = InstantType | DurationType
	AnyType      = 1<<(value.KindDuration+1) - 1
)

// TypesOf returns the set of v's kind alone.
func TypesOf(v value.Value) Types { return 1 << v.Kind() }

// Has reports whether k is in the set.
func (t Types) Has(k value.Kind) bool { return t&(1<<k) != 0 }

// CanBe reports whether a value of this set may be of one of the kinds of want, or
// null, which every operation takes: false is a type error known before a row is read.
func (t Types) CanBe(want Types) bool { return t&(want|NullType) != 0 }

// IsOnly reports whether all kinds of the set are in want.
func (t Types) IsOnly(want Types) bool { return t&^want == 0 }

// String names the kinds as KadeQL does, "INTEGER or NULL".
func (t Types) String() string {
	if t == AnyType {
		return "ANY"
	}
	var names []string
	for k := t; k != 0; k &= k - 1 {
		names = append(names, value.Kind(bits.TrailingZeros32(uint32(k))).String())
	}
	return strings.Join(names, " or ")
}

const boolOrNull = BoolType | NullType

func (e *Const) Type() Types           { return TypesOf(e.Value) }
func (*Param) Type() Types             { return AnyType }
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
