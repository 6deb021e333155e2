package ast

// IntLit is an integer literal. A minus directly before a number is part of it.
type IntLit struct {
	Loc
	Value int64
}

// FloatLit is a float literal.
type FloatLit struct {
	Loc
	Value float64
}

// StringLit is a string literal, its escapes resolved.
type StringLit struct {
	Loc
	Value string
}

// BoolLit is true or false.
type BoolLit struct {
	Loc
	Value bool
}

// NullLit is null.
type NullLit struct {
	Loc
}

// ListLit is [a, b, …].
type ListLit struct {
	Loc
	Items []Expr
}

// MapLit is {key: value, …}.
type MapLit struct {
	Loc
	Entries []MapEntry
}

// MapEntry is key: value.
type MapEntry struct {
	Key   Name
	Value Expr
}

// Variable is a name used as a value.
type Variable struct {
	Loc
	Name string
}

// Parameter is $name or $0, or, in a tree made by parser.ParseLifted, a literal
// whose value is given with each execution and whose type is fixed.
type Parameter struct {
	Loc
	Name    string // "" if Literal is set
	Literal Expr   // *IntLit, *FloatLit or *StringLit of the text that was parsed; nil for a real parameter
	Index   int    // if Literal is set: its place in Lifted.Params
}

// UnaryOp is the operator of a Unary.
type UnaryOp uint8

// The unary operators.
const (
	Not UnaryOp = iota + 1
	Negate
	Plus
)

// Unary is op x.
type Unary struct {
	Loc
	Op UnaryOp
	X  Expr
}

// BinaryOp is the operator of a Binary.
type BinaryOp uint8

// The binary operators.
const (
	Or BinaryOp = iota + 1
	Xor
	And
	Add
	Subtract
	Multiply
	Divide
	Modulo
	Power
	Concat // ||
	In
	StartsWith
	EndsWith
	Contains
	RegexMatch // =~
)

// Binary is left op right. Pos is the place of the left operand, OpPos that
// of the operator.
type Binary struct {
	Loc
	Op    BinaryOp
	OpPos Loc
	Left  Expr
	Right Expr
}

// CompareOp is the operator of a comparison.
type CompareOp uint8

// The comparisons.
const (
	Equal CompareOp = iota + 1
	NotEqual
	Less
	LessEqual
	Greater
	GreaterEqual
)

// Comparison is a chain First op X op X …: true if each neighbouring pair
// compares true. A plain comparison is a chain of one link.
type Comparison struct {
	Loc
	First Expr
	Rest  []CompareLink
}

// CompareLink is op x.
type CompareLink struct {
	Op CompareOp
	X  Expr
}

// IsNull is x IS [NOT] NULL.
type IsNull struct {
	Loc
	X   Expr
	Not bool
}

// IsType is x IS [NOT] :: type.
type IsType struct {
	Loc
	X    Expr
	Not  bool
	Type *TypeName
}

// TypeName is a type as written in IS :: and in type constraints.
type TypeName struct {
	Loc
	Name    string      // canonical, upper case: "INTEGER", "ZONED DATETIME", "LIST", "UNION", …
	NotNull bool        // NOT NULL or !
	Element *TypeName   // of LIST<…>
	Union   []*TypeName // Name is "UNION"
}

// IsNormalized is x IS [NOT] [form] NORMALIZED.
type IsNormalized struct {
	Loc
	X    Expr
	Not  bool
	Form string // NFC, NFD, NFKC or NFKD
}

// HasLabels is x:labels or x IS labels; on a relationship it asks for types.
type HasLabels struct {
	Loc
	X      Expr
	Labels LabelExpr
}

// Property is x.key.
type Property struct {
	Loc
	X   Expr
	Key Name
}

// Index is x[i].
type Index struct {
	Loc
	X Expr
	I Expr
}

// Slice is x[from..to]; either end may be nil.
type Slice struct {
	Loc
	X    Expr
	From Expr
	To   Expr
}

// MapProjection is x {items}.
type MapProjection struct {
	Loc
	X     Expr // a *Variable
	Items []*MapProjectionItem
}

// MapProjectionKind tells the forms of a MapProjectionItem apart.
type MapProjectionKind uint8

// The forms.
const (
	ProjectProperty MapProjectionKind = iota + 1 // .key
	ProjectAll                                   // .*
	ProjectEntry                                 // key: expression
	ProjectVariable                              // name: the same as name: name
)

// MapProjectionItem is one item of a map projection.
type MapProjectionItem struct {
	Loc
	Kind MapProjectionKind
	Key  string // empty for .*
	Expr Expr   // of ProjectEntry and ProjectVariable
}

// ListComprehension is [var IN list WHERE … | projection].
type ListComprehension struct {
	Loc
	Var        *Name
	List       Expr
	Where      Expr
	Projection Expr // nil: the variable itself
}

// PatternComprehension is [[var =] pattern WHERE … | projection].
type PatternComprehension struct {
	Loc
	Pattern    *PatternPart // its Var is the path's variable
	Where      Expr
	Projection Expr
}

// PatternExpr is a pattern that stands as a value: a predicate, or
// shortestPath(…) and allShortestPaths(…).
type PatternExpr struct {
	Loc
	Pattern *PatternPart
}

// QuantifierKind is what a Quantifier asks.
type QuantifierKind uint8

// The quantifiers.
const (
	AllOf QuantifierKind = iota + 1
	AnyOf
	NoneOf
	SingleOf
)

// Quantifier is all|any|none|single(var IN list WHERE …).
type Quantifier struct {
	Loc
	Kind  QuantifierKind
	Var   *Name
	List  Expr
	Where Expr // nil: the variable itself
}

// Reduce is reduce(acc = init, var IN list | expression).
type Reduce struct {
	Loc
	Acc  *Name
	Init Expr
	Var  *Name
	List Expr
	Expr Expr
}

// AllReduce is allReduce(acc = init, var IN list | expression, predicate): whether the predicate
// is true for every value that acc takes on the way.
type AllReduce struct {
	Loc
	Acc  *Name
	Init Expr
	Var  *Name
	List Expr
	Expr Expr
	Pred Expr
}

// Case is CASE [operand] WHEN … THEN … [ELSE …] END.
type Case struct {
	Loc
	Operand Expr // nil: searched
	Whens   []CaseWhen
	Else    Expr
}

// CaseOperand stands for the operand of the CASE around it in a value of WHEN that tests it:
// WHEN < 5 is the comparison CaseOperand < 5.
type CaseOperand struct {
	Loc
}

// CaseWhen is WHEN a, b THEN result. Only a simple CASE has several values.
type CaseWhen struct {
	Values []Expr
	Then   Expr
}

// FunctionCall is name([DISTINCT] args).
type FunctionCall struct {
	Loc
	Name     string // as written, with dots: "duration.between"
	Distinct bool
	Args     []Expr
}

// CountStar is count(*).
type CountStar struct {
	Loc
}

// SubqueryKind is what a Subquery makes of its rows.
type SubqueryKind uint8

// The subquery expressions.
const (
	ExistsSubquery SubqueryKind = iota + 1
	CountSubquery
	CollectSubquery
)

// Subquery is EXISTS|COUNT|COLLECT { … }. Either Query is set, or Patterns
// (the short form) with an optional Where.
type Subquery struct {
	Loc
	Kind     SubqueryKind
	Mode     MatchMode
	Patterns []*PatternPart
	Where    Expr
	Query    *Query
}

func (*IntLit) expr()               {}
func (*FloatLit) expr()             {}
func (*StringLit) expr()            {}
func (*BoolLit) expr()              {}
func (*NullLit) expr()              {}
func (*ListLit) expr()              {}
func (*MapLit) expr()               {}
func (*Variable) expr()             {}
func (*Parameter) expr()            {}
func (*Unary) expr()                {}
func (*Binary) expr()               {}
func (*Comparison) expr()           {}
func (*IsNull) expr()               {}
func (*IsType) expr()               {}
func (*IsNormalized) expr()         {}
func (*CaseOperand) expr()          {}
func (*AllReduce) expr()            {}
func (*HasLabels) expr()            {}
func (*Property) expr()             {}
func (*Index) expr()                {}
func (*Slice) expr()                {}
func (*MapProjection) expr()        {}
func (*ListComprehension) expr()    {}
func (*PatternComprehension) expr() {}
func (*PatternExpr) expr()          {}
func (*Quantifier) expr()           {}
func (*Reduce) expr()               {}
func (*Case) expr()                 {}
func (*FunctionCall) expr()         {}
func (*CountStar) expr()            {}
func (*Subquery) expr()             {}
