package ast

// MatchMode says how often a MATCH may pass one element.
type MatchMode uint8

// The match modes.
const (
	// MatchDefault is DifferentRelationships, unwritten.
	MatchDefault MatchMode = iota
	// DifferentRelationships: each relationship at most once per MATCH.
	DifferentRelationships
	// RepeatableElements: no limit.
	RepeatableElements
)

// Match is [OPTIONAL] MATCH [mode] patterns [WHERE …].
type Match struct {
	Loc
	Optional bool
	Mode     MatchMode
	Patterns []*PatternPart
	Hints    []*Hint
	Where    Expr
}

// HintKind is what a Hint asks for.
type HintKind uint8

// The hints.
const (
	HintIndex HintKind = iota
	HintIndexSeek
	HintScan
	HintJoin
)

// Hint is USING INDEX [SEEK] var:label(keys), USING SCAN var:label or USING JOIN ON vars.
type Hint struct {
	Loc
	Kind  HintKind
	Index string // RANGE, TEXT or POINT, "" if not said
	Vars  []*Name
	Label *Name // nil for JOIN
	Keys  []*Name
}

// Projection is what WITH and RETURN share.
type Projection struct {
	Loc
	Distinct bool
	Star     bool // * stands first; Items come after it
	Items    []*ProjectionItem
	Grouped  bool // GROUP BY is written
	GroupBy  []Expr
	OrderBy  []*SortItem
	Skip     Expr // SKIP or OFFSET
	Limit    Expr
}

// ProjectionItem is expression [AS alias].
type ProjectionItem struct {
	Loc
	Expr  Expr
	Alias *Name  // nil: none written
	Text  string // the expression exactly as written: the column's name if there is no alias
}

// Column returns the name of the item's column.
func (p *ProjectionItem) Column() string {
	if p.Alias != nil {
		return p.Alias.Text
	}
	return p.Text
}

// SortItem is one key of ORDER BY.
type SortItem struct {
	Loc
	Expr       Expr
	Descending bool
}

// With is WITH projection [WHERE …].
type With struct {
	Loc
	Projection *Projection
	Where      Expr
}

// Return is RETURN projection.
type Return struct {
	Loc
	Projection *Projection
}

// Finish is FINISH: run, return nothing.
type Finish struct {
	Loc
}

// Unwind is UNWIND list AS var.
type Unwind struct {
	Loc
	List Expr
	Var  *Name
}

// For is GQL's FOR var IN list [WITH ORDINALITY|OFFSET counter].
type For struct {
	Loc
	Var     *Name
	List    Expr
	Counter *Name // nil: none
	Offset  bool  // the counter starts at 0 (OFFSET), not at 1 (ORDINALITY)
}

// Let is LET var = expression, ….
type Let struct {
	Loc
	Items []*LetItem
}

// LetItem is var = expression.
type LetItem struct {
	Loc
	Var  *Name
	Expr Expr
}

// Filter is FILTER [WHERE] condition.
type Filter struct {
	Loc
	Where Expr
}

// Page is [ORDER BY …] [SKIP …] [LIMIT …] after a clause that is no projection.
type Page struct {
	Loc
	OrderBy []*SortItem
	Skip    Expr // SKIP or OFFSET
	Limit   Expr
}

// Create is CREATE patterns; INSERT patterns is the same.
type Create struct {
	Loc
	Insert   bool
	Patterns []*PatternPart
}

// Merge is MERGE pattern with its actions.
type Merge struct {
	Loc
	Pattern *PatternPart
	Actions []*MergeAction
}

// MergeAction is ON CREATE SET … or ON MATCH SET ….
type MergeAction struct {
	Loc
	OnMatch bool // false: ON CREATE
	Items   []SetItem
}

// Set is SET items.
type Set struct {
	Loc
	Items []SetItem
}

// SetItem is *SetProperty, *SetProperties or *SetLabels.
type SetItem interface {
	Node
	setItem()
}

// SetProperty is target = value, where target is a *Property or an *Index.
type SetProperty struct {
	Loc
	Target Expr
	Value  Expr
}

// SetProperties is target = map, or target += map.
type SetProperties struct {
	Loc
	Target Expr
	Add    bool // +=
	Value  Expr
}

// SetLabels is target:A:B or target IS A.
type SetLabels struct {
	Loc
	Target Expr
	Labels []LabelExpr // each *LabelName or *LabelDynamic
}

// Remove is REMOVE items.
type Remove struct {
	Loc
	Items []RemoveItem
}

// RemoveItem is *RemoveProperty or *RemoveLabels.
type RemoveItem interface {
	Node
	removeItem()
}

// RemoveProperty is REMOVE target, where target is a *Property or an *Index.
type RemoveProperty struct {
	Loc
	Target Expr
}

// RemoveLabels is REMOVE target:A:B.
type RemoveLabels struct {
	Loc
	Target Expr
	Labels []LabelExpr // each *LabelName or *LabelDynamic
}

// Delete is [DETACH] DELETE expressions.
type Delete struct {
	Loc
	Detach bool
	Exprs  []Expr
}

// Foreach is FOREACH (var IN list | clauses).
type Foreach struct {
	Loc
	Var     *Name
	List    Expr
	Clauses []Clause // Create, Merge, Set, Remove, Delete, Foreach
}

// Call is [OPTIONAL] CALL name[(args)] [YIELD …].
type Call struct {
	Loc
	Optional bool
	Name     []string // a.b.c
	Implicit bool     // no parentheses: arguments come from parameters
	Args     []Expr
	Yield    *Yield
}

// CallSubquery is [OPTIONAL] CALL [(scope)] { query } [IN TRANSACTIONS …].
type CallSubquery struct {
	Loc
	Optional       bool
	Scoped         bool // a scope list was written, even if empty
	ScopeAll       bool // CALL (*)
	Scope          []*Name
	Query          *Query
	InTransactions *InTransactions
}

// OnError says what CALL … IN TRANSACTIONS does after a failed batch.
type OnError uint8

// The reactions; the zero one is fail.
const (
	OnErrorDefault OnError = iota
	OnErrorFail
	OnErrorContinue
	OnErrorBreak
)

// InTransactions is IN [n CONCURRENT] TRANSACTIONS [OF n ROWS] [ON ERROR [RETRY [FOR n SECONDS] THEN] …]
// [REPORT STATUS AS v].
type InTransactions struct {
	Loc
	Concurrent  bool
	Concurrency Expr // nil: not said
	Rows        Expr // nil: not said
	OnError     OnError
	Retry       bool
	RetryFor    Expr // seconds; nil: not said
	Report      *Name
}

// LoadFormat is the format of the file that LOAD reads.
type LoadFormat uint8

// The formats.
const (
	LoadCSV LoadFormat = iota
	LoadJSONLines
	LoadParquet
)

// LoadFormats are the words of the formats.
var LoadFormats = [...]string{LoadCSV: "CSV", LoadJSONLines: "JSONL", LoadParquet: "PARQUET"}

func (f LoadFormat) String() string { return LoadFormats[f] }

// Load is LOAD CSV [WITH HEADERS] FROM url AS var [FIELDTERMINATOR 'c'], or LOAD JSONL or
// LOAD PARQUET FROM url AS var.
type Load struct {
	Loc
	Format          LoadFormat
	WithHeaders     bool
	From            Expr
	Var             *Name
	FieldTerminator *StringLit
}

// When is WHEN condition THEN query … [ELSE query]; it is the only clause of
// its single query.
type When struct {
	Loc
	Branches []*WhenBranch
	Else     *Query
}

// WhenBranch is WHEN condition THEN query.
type WhenBranch struct {
	Loc
	Cond  Expr
	Query *Query
}

func (*Match) clause()        {}
func (*With) clause()         {}
func (*Return) clause()       {}
func (*Finish) clause()       {}
func (*Unwind) clause()       {}
func (*For) clause()          {}
func (*Let) clause()          {}
func (*Filter) clause()       {}
func (*Page) clause()         {}
func (*Create) clause()       {}
func (*Merge) clause()        {}
func (*Set) clause()          {}
func (*Remove) clause()       {}
func (*Delete) clause()       {}
func (*Foreach) clause()      {}
func (*Call) clause()         {}
func (*CallSubquery) clause() {}
func (*Load) clause()         {}
func (*When) clause()         {}

func (*SetProperty) setItem()       {}
func (*SetProperties) setItem()     {}
func (*SetLabels) setItem()         {}
func (*RemoveProperty) removeItem() {}
func (*RemoveLabels) removeItem()   {}
