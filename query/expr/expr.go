// Package expr holds bound expressions and evaluates them over column batches.
//
// A tree is pure data: the binder builds it with names resolved to slots, the
// optimizer reads and rewrites it, and workers evaluate it side by side, each with
// a Context of its own:
//
//	WHERE p.age > 30 AND p.name STARTS WITH 'A'
//
//	And ─┬─ Compare(>) ── Property(age) ── Slot 0     typed kernel, all selected rows
//	     └─ StringOp(STARTS WITH) ── …                only rows that the left side leaves undecided
//
//	sel, err := expr.Filter(ctx, where, batch)
//
// Columns of one type run through typed kernels; whatever has no kernel goes row by
// row through the boxed operators of query/function, which define the semantics: the
// two must agree on every value. Errors are raised only for rows that are evaluated.
//
// The package knows no storage (see Graph) and runs no operators (see
// Context.Subquery).
package expr

import (
	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// Expr is a node of a bound tree. Trees are immutable once bound: rewrites copy.
type Expr interface {
	// Type is the set of kinds that the value can have, null included where possible.
	Type() Types
	expr()
}

// Const is a literal, or a constant part already folded.
type Const struct {
	Value value.Value
}

// Param is a parameter of the query.
type Param struct {
	Name string
	T    Types // 0: not known
	Pos  status.Pos
}

// Slot reads a column of the batch: a variable, a projected or hidden column, or
// the local variable of a comprehension.
type Slot struct {
	Slot int
	Name string // as in the text, for EXPLAIN; "" for hidden ones
	T    Types
}

// Property reads a key of a node, relationship, map or temporal value.
type Property struct {
	Base Expr
	Key  string
	Pos  status.Pos
}

// LabelTest is `base:Labels` or `base IS Labels`: of a node its labels, of a
// relationship its type.
type LabelTest struct {
	Base   Expr
	Labels Label
	Pos    status.Pos
}

// LabelOp is the operator of a Label.
type LabelOp uint8

const (
	LabelName LabelOp = iota // has the label Name
	LabelAny                 // `%`: has some label
	LabelNot                 // not Args[0]
	LabelAnd                 // all Args
	LabelOr                  // some of Args
)

// Label is a label expression such as `A&!(B|C)`.
type Label struct {
	Op   LabelOp
	Name string
	Args []Label
}

// TypeTest is `base IS [NOT] :: type`.
type TypeTest struct {
	Base    Expr
	Kinds   Types // kinds that pass; with NullKind where null passes
	Elem    Types // for lists, where not 0: kinds that every element must have
	Negated bool
	Name    string // the type as written, for EXPLAIN
}

// Not is three-valued negation.
type Not struct {
	X   Expr
	Pos status.Pos
}

// LogicOp is the operator of a Logic.
type LogicOp uint8

const (
	And LogicOp = iota
	Or
	Xor
)

func (op LogicOp) String() string { return [...]string{"AND", "OR", "XOR"}[op] }

// Logic is three-valued AND, OR or XOR of two or more operands. Operands are
// evaluated left to right, each only for the rows that those before leave open.
type Logic struct {
	Op   LogicOp
	Args []Expr
	Pos  status.Pos
}

// CompareOp is the operator of a Compare.
type CompareOp uint8

const (
	Eq CompareOp = iota
	Ne
	Lt
	Le
	Gt
	Ge
)

func (op CompareOp) String() string { return [...]string{"=", "<>", "<", "<=", ">", ">="}[op] }

// Compare is one comparison.
type Compare struct {
	Op          CompareOp
	Left, Right Expr
	Pos         status.Pos
}

// Chain is `a < b <= c …`: the AND of its pairs, each operand evaluated at most
// once a row. len(Ops) == len(Args)-1 ≥ 2.
type Chain struct {
	Ops  []CompareOp
	Args []Expr
	Pos  status.Pos
}

// ArithOp is the operator of an Arith.
type ArithOp uint8

const (
	Add ArithOp = iota // numbers, strings, lists, temporals
	Sub
	Mul
	Div
	Mod
	Pow
	Concat // `||`: strings and lists
)

func (op ArithOp) String() string { return [...]string{"+", "-", "*", "/", "%", "^", "||"}[op] }

// Arith is a binary arithmetic operator. Build it with NewArith.
type Arith struct {
	Op          ArithOp
	Left, Right Expr
	T           Types
	Pos         status.Pos
}

// Neg is unary minus.
type Neg struct {
	X   Expr
	Pos status.Pos
}

// In is `x IN list`.
type In struct {
	X, List Expr
	Pos     status.Pos
}

// StringTest is the operator of a StringOp.
type StringTest uint8

const (
	StartsWith StringTest = iota
	EndsWith
	Contains
	Matches // `=~`, anchored at both ends
)

func (op StringTest) String() string {
	return [...]string{"STARTS WITH", "ENDS WITH", "CONTAINS", "=~"}[op]
}

// StringOp is a test of two strings; null unless both are strings.
type StringOp struct {
	Op          StringTest
	Left, Right Expr
	Pos         status.Pos
}

// IsNull is `x IS [NOT] NULL`.
type IsNull struct {
	X       Expr
	Negated bool
}

// Call is a scalar function. coalesce evaluates its arguments lazily; all others
// get them as vectors. T is what the binder found for these arguments.
type Call struct {
	Def  *function.Def
	Args []Expr
	T    Types
	Pos  status.Pos
}

// Case is CASE [operand] WHEN … THEN … ELSE … END. Each branch is evaluated only
// for its own rows.
type Case struct {
	Operand Expr // nil: the Whens are conditions
	Whens   []When
	Else    Expr // nil: null
	Pos     status.Pos
}

// When is a branch of a Case.
type When struct {
	Cond, Then Expr
}

// ListLit is `[a, b, …]`.
type ListLit struct {
	Elems []Expr
}

// MapLit is `{k: a, …}`. No key stands twice.
type MapLit struct {
	Keys  []string
	Elems []Expr
}

// MapProjection is `base {.key, .*, key: expr, var}` over a node, relationship or
// map; items apply in order.
type MapProjection struct {
	Base  Expr
	Items []MapItem
	Pos   status.Pos
}

// MapItem is one item of a MapProjection: All takes every property of the base,
// else Key gets Value (`.key` is bound as a Property of the base).
type MapItem struct {
	All   bool
	Key   string
	Value Expr
}

// Index is `base[index]`: of a list by position, of a map or entity by key.
type Index struct {
	Base, Index Expr
	Pos         status.Pos
}

// Slice is `base[from..to]`; either end may be nil.
type Slice struct {
	Base, From, To Expr
	Pos            status.Pos
}

// ListComprehension is `[local IN list WHERE where | map]`.
type ListComprehension struct {
	Local int // slot of the element
	Name  string
	List  Expr
	Where Expr // nil: all elements
	Map   Expr // nil: the elements themselves
	Pos   status.Pos
}

// QuantifierKind is the word of a Quantifier.
type QuantifierKind uint8

const (
	All QuantifierKind = iota
	AnyOf
	None
	Single
)

func (k QuantifierKind) String() string { return [...]string{"all", "any", "none", "single"}[k] }

// Quantifier is `all|any|none|single(local IN list WHERE where)`.
type Quantifier struct {
	Kind  QuantifierKind
	Local int
	Name  string
	List  Expr
	Where Expr
	// Labels tells that the query says $(…), and names no quantifier.
	Labels bool
	Pos    status.Pos
}

// Reduce is `reduce(acc = init, local IN list | body)`.
type Reduce struct {
	Acc, Local         int
	AccName, LocalName string
	Init, List, Body   Expr
	Pos                status.Pos
}

// PathBuild makes a path value of a pattern's slots. It is null where any part is.
type PathBuild struct {
	Start Expr // the first node
	Steps []PathStep
}

// PathStep is one hop of a PathBuild. Where VarLength is set Rel is a list of
// relationships, and the nodes between come from their ends.
type PathStep struct {
	Rel       Expr
	VarLength bool
	Node      Expr // nil with VarLength: the node that the last relationship leads to
}

// SubqueryKind says what a Subquery makes of its plan's rows.
type SubqueryKind uint8

const (
	Exists  SubqueryKind = iota // true when there is a row
	Count                       // number of rows
	Collect                     // list of the rows' column Result; pattern comprehensions too
)

// Subquery is a correlated query inside an expression. The executor runs it for a
// whole batch through Context.Subquery.
type Subquery struct {
	Kind   SubqueryKind
	Plan   any   // a *plan.Plan, or what the optimizer made of it; expr never looks inside
	Outer  []int // slots of the outer scope that the plan reads
	Result int   // Collect: the plan's slot to collect
	Text   string
	Pos    status.Pos
}

func (*Const) expr()             {}
func (*Param) expr()             {}
func (*Slot) expr()              {}
func (*Property) expr()          {}
func (*LabelTest) expr()         {}
func (*TypeTest) expr()          {}
func (*Not) expr()               {}
func (*Logic) expr()             {}
func (*Compare) expr()           {}
func (*Chain) expr()             {}
func (*Arith) expr()             {}
func (*Neg) expr()               {}
func (*In) expr()                {}
func (*StringOp) expr()          {}
func (*IsNull) expr()            {}
func (*Call) expr()              {}
func (*Case) expr()              {}
func (*ListLit) expr()           {}
func (*MapLit) expr()            {}
func (*MapProjection) expr()     {}
func (*Index) expr()             {}
func (*Slice) expr()             {}
func (*ListComprehension) expr() {}
func (*Quantifier) expr()        {}
func (*Reduce) expr()            {}
func (*PathBuild) expr()         {}
func (*Subquery) expr()          {}
