package plan

import (
	"strings"

	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/status"
)

// Filter keeps the rows for which every predicate is true. They are evaluated in
// order, each only for rows that passed those before.
type Filter struct {
	unary
	Predicates []expr.Expr
}

// Item is a column to compute.
type Item struct {
	Slot Slot
	Name string // "" for a hidden column
	Expr expr.Expr
}

// Project adds columns. Items may read columns of the input, not of each other.
type Project struct {
	unary
	Items []Item
}

// Unwind gives a row for each element of a list, in order; none for null or an empty
// list. A value that is not a list counts as a list of one.
type Unwind struct {
	unary
	List  expr.Expr
	Slot  Slot
	Name  string
	Index Slot // receives the element's position from IndexFrom; or NoSlot
	// IndexFrom is 0 or 1.
	IndexFrom int
}

// Agg is one aggregate. Args are evaluated on the input's rows; count(*) has none.
type Agg struct {
	Slot     Slot
	Name     string
	Def      *function.Def
	Args     []expr.Expr
	Distinct bool
	Pos      status.Pos
}

// Aggregate groups rows by Keys and computes Aggs for each group. Without keys
// there is one group, even of no rows. Groups come in any order.
type Aggregate struct {
	unary
	Keys []Item
	Aggs []Agg
	// Dependent lists columns of the input that are equal in all rows of a group, and
	// are kept (a node's properties where the node is a key).
	Dependent []Slot
	// Lone: no two rows of the input are of one group, and all Aggs are count(*). The groups
	// then come one by one, before the input has ended.
	Lone bool
}

// Distinct keeps one row of those that are equal in Keys. Other columns are lost.
type Distinct struct {
	unary
	Keys []Slot
}

// SortKey is one key of an order.
type SortKey struct {
	Slot       Slot
	Descending bool
	Name       string
}

// Sort orders all rows, nulls last (first where descending); equal rows keep their order.
type Sort struct {
	unary
	Keys []SortKey
}

// TopK is Sort and then Limit: Skip + Count rows are kept in memory. Its expressions
// are as those of Skip and Limit.
type TopK struct {
	unary
	Keys     []SortKey
	Skip     expr.Expr // nil: 0
	Count    expr.Expr
	SkipPos  status.Pos
	CountPos status.Pos
}

// Skip drops the first rows. Count reads no slot; it must give an integer ≥ 0: a
// negative one is a NegativeIntegerArgument, another value an InvalidArgumentType error.
type Skip struct {
	unary
	Count expr.Expr
	Pos   status.Pos
}

// Limit keeps the first rows and then stops its input, unless that writes.
type Limit struct {
	unary
	Count expr.Expr
	Pos   status.Pos
	// Exhaust: the input writes, and must be run to its end all the same.
	Exhaust bool
}

// JoinKind says which rows a HashJoin or an Apply gives.
type JoinKind uint8

// The kinds.
const (
	// Inner gives each pair that matches (of an Apply: each row of the inner side).
	Inner JoinKind = iota
	// LeftOuter gives also each left row without a match, with nulls for the columns
	// of the right side (Optional, for an Apply).
	LeftOuter
	// Semi gives each left row that has a match, once.
	Semi
	// Anti gives each left row that has none.
	Anti
)

func (k JoinKind) String() string { return [...]string{"inner", "optional", "semi", "anti"}[k] }

// HashJoin joins rows whose key columns are equal (by the language's =: null matches
// nothing). The right side is built into a table. Without keys: every pair.
type HashJoin struct {
	Op
	Left, Right         Node
	JoinKind            JoinKind
	LeftKeys, RightKeys []Slot
	// RightColumns are the columns that a LeftOuter join sets to null.
	RightColumns []Slot
}

// Apply runs Inner for the rows of Outer and joins the results: the inner plan's
// Argument gives the outer rows with their number in RowID, which comes back with each
// inner row. PerRow: the inner plan aggregates, sorts, limits, or writes, and so
// is run for each outer row by itself; its Argument then gives one row and RowID is
// NoSlot.
type Apply struct {
	Op
	Outer, Inner Node
	JoinKind     JoinKind
	PerRow       bool
	RowID        Slot
	// Columns are those that the inner plan binds, nulls where a LeftOuter finds nothing.
	Columns []Slot
	Batches *Batches // CALL … IN TRANSACTIONS; nil: the inner plan runs in the statement's own
}

// Batches say that an Apply takes all its outer rows and then runs for some of them at a
// time, each time in a transaction of its own. Its rows come after the last of these.
type Batches struct {
	Rows        expr.Expr // of a batch; nil: 1,000
	Concurrent  bool      // was asked for
	OnError     OnError
	Retry       bool      // while commits of others come first, as long as RetryFor says
	RetryFor    expr.Expr // seconds; nil: 30
	Concurrency expr.Expr // how many at once; nil: not said. They run one after the other, whatever it is
	Report      Slot      // of a map about the row's transaction, or NoSlot
	ReportName  string
	Pos         status.Pos
}

// OnError says what follows a batch that failed.
type OnError uint8

// The reactions.
const (
	// OnErrorFail ends the statement with the batch's error.
	OnErrorFail OnError = iota
	// OnErrorContinue gives the batch's rows with nulls and goes on.
	OnErrorContinue
	// OnErrorBreak gives its rows, and all after them, with nulls.
	OnErrorBreak
)

func (o OnError) String() string { return [...]string{"fail", "continue", "break"}[o] }

// Union gives the rows of all inputs, one input after the other, with the columns
// Columns[i] of input i under the slots Out.
type Union struct {
	Op
	Parts   []Node
	Columns [][]Slot
	Out     []Slot
}

// Produce is the root: it gives Columns to the client. Without columns it runs its
// input to the end and gives nothing.
type Produce struct {
	unary
	Columns []Column
}

func (*Filter) Kind() string    { return "Filter" }
func (*Project) Kind() string   { return "Project" }
func (*Unwind) Kind() string    { return "Unwind" }
func (*Aggregate) Kind() string { return "Aggregate" }
func (*Distinct) Kind() string  { return "Distinct" }
func (*Sort) Kind() string      { return "Sort" }
func (*TopK) Kind() string      { return "TopK" }
func (*Skip) Kind() string      { return "Skip" }
func (*Limit) Kind() string     { return "Limit" }
func (*HashJoin) Kind() string  { return "HashJoin" }
func (*Apply) Kind() string     { return "Apply" }
func (*Union) Kind() string     { return "Union" }
func (*Produce) Kind() string   { return "Produce" }

// Inputs returns both sides, the left one first.
func (j *HashJoin) Inputs() []Node { return []Node{j.Left, j.Right} }

// SetInput replaces a side.
func (j *HashJoin) SetInput(i int, n Node) {
	if i == 0 {
		j.Left = n
	} else {
		j.Right = n
	}
}

// Inputs returns both sides, the outer one first.
func (a *Apply) Inputs() []Node { return []Node{a.Outer, a.Inner} }

// SetInput replaces a side.
func (a *Apply) SetInput(i int, n Node) {
	if i == 0 {
		a.Outer = n
	} else {
		a.Inner = n
	}
}

// Inputs returns the parts.
func (u *Union) Inputs() []Node { return append([]Node(nil), u.Parts...) }

// SetInput replaces a part.
func (u *Union) SetInput(i int, n Node) { u.Parts[i] = n }

// Detail lists the predicates.
func (f *Filter) Detail() string { return exprsText(f.Predicates, " AND ") }

// Detail lists the items.
func (p *Project) Detail() string { return itemsText(p.Items) }

// Detail is `list AS name`.
func (u *Unwind) Detail() string { return expr.String(u.List) + " AS " + varText(u.Name, u.Slot) }

// Detail lists keys and aggregates.
func (a *Aggregate) Detail() string {
	var parts []string
	for _, g := range a.Aggs {
		arg := exprsText(g.Args, ", ")
		if g.Distinct {
			arg = "DISTINCT " + arg
		}
		if len(g.Args) == 0 {
			arg = "*"
		}
		parts = append(parts, g.Def.Name+"("+arg+") AS "+varText(g.Name, g.Slot))
	}
	s := strings.Join(parts, ", ")
	if len(a.Keys) > 0 {
		s = pick(a.Lone, "each ", "by ") + itemsText(a.Keys) + pick(s == "", "", ": ") + s
	}
	return s
}

// Detail lists the keys.
func (d *Distinct) Detail() string { return slotsText(d.Keys) }

// Detail lists the keys.
func (s *Sort) Detail() string { return sortText(s.Keys) }

// Detail lists the keys and the limit.
func (t *TopK) Detail() string {
	s := sortText(t.Keys)
	if t.Skip != nil {
		s += " skip " + expr.String(t.Skip)
	}
	return s + " limit " + expr.String(t.Count)
}

// Detail is the count.
func (s *Skip) Detail() string { return expr.String(s.Count) }

// Detail is the count.
func (l *Limit) Detail() string { return expr.String(l.Count) }

// Detail is the kind and the keys.
func (j *HashJoin) Detail() string {
	if len(j.LeftKeys) == 0 {
		return j.JoinKind.String() + ", every pair"
	}
	return j.JoinKind.String() + " on " + slotsText(j.LeftKeys) + " = " + slotsText(j.RightKeys)
}

// Detail is the kind.
func (a *Apply) Detail() string {
	s := a.JoinKind.String() + pick(a.PerRow, ", row by row", "")
	if b := a.Batches; b != nil {
		rows := "1000"
		if b.Rows != nil {
			rows = expr.String(b.Rows)
		}
		s += ", in transactions of " + rows + " rows, on error " + b.OnError.String()
		if b.Report != NoSlot {
			s += ", status in " + varText(b.ReportName, b.Report)
		}
	}
	return s
}

// Detail lists the columns.
func (u *Union) Detail() string { return slotsText(u.Out) }

// Detail lists the columns.
func (p *Produce) Detail() string {
	names := make([]string, len(p.Columns))
	for i, c := range p.Columns {
		names[i] = c.Name
	}
	return strings.Join(names, ", ")
}
