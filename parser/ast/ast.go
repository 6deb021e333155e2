// Package ast is the syntax tree of KadeQL: what a text says, before any name
// in it is looked up.
//
// Trees are plain data. The parser builds a tree once and nobody changes it
// afterwards, so one tree may be read by any number of goroutines. A nil field
// means that the part was not written. Every node knows its place in the text
// (the field Pos, from the embedded Loc).
//
// Statements are *Query, *Explain, the schema statements, *Show, *Terminate
// and *Transaction. Inspect and Children visit a tree, Format writes it back as
// KadeQL that parses to an equal tree.
package ast

import "github.com/kadedb/kadedb/status"

// Loc is the place of a node, embedded in each.
type Loc struct {
	Pos status.Pos
}

// At returns the Loc of pos.
func At(pos status.Pos) Loc { return Loc{Pos: pos} }

// Position returns the place of the node's first character.
func (l Loc) Position() status.Pos { return l.Pos }

// Node is any part of a tree that Inspect visits.
type Node interface {
	Position() status.Pos
}

// Statement is one whole request.
type Statement interface {
	Node
	statement()
}

// Clause is one clause of a query.
type Clause interface {
	Node
	clause()
}

// Expr is an expression.
type Expr interface {
	Node
	expr()
}

// Name is a name as it binds or selects something (a variable that is being
// declared, a property key, an alias), without its backticks. Inspect does not
// visit names.
type Name struct {
	Loc
	Text string
}

// String returns the text of n, "" for nil.
func (n *Name) String() string {
	if n == nil {
		return ""
	}
	return n.Text
}

// Query is a list of single queries joined by UNION, possibly followed by
// NEXT and a query that takes its rows.
type Query struct {
	Loc
	Parts []*SingleQuery
	All   []bool // All[i]: Parts[i] and Parts[i+1] are joined by UNION ALL; len(Parts)-1 long
	Next  *Query // after NEXT, or nil
}

// SingleQuery is a sequence of clauses. The order of its clauses is checked
// by the binder, not by the grammar.
type SingleQuery struct {
	Loc
	Use     *Name // the database that USE names; a dotted name has its dots
	Clauses []Clause
}

// Use is USE before a statement that is no query; queries have it in their parts.
type Use struct {
	Loc
	Name      *Name
	Statement Statement
}

// Explain is EXPLAIN or PROFILE before a statement.
type Explain struct {
	Loc
	Profile   bool
	Statement Statement
}

// TransactionKind is what a transaction statement does.
type TransactionKind uint8

// The transaction statements.
const (
	Begin TransactionKind = iota + 1
	Commit
	Rollback
)

// AccessMode is what a BEGIN asks for.
type AccessMode uint8

// The access modes; the zero one is what the session has by default.
const (
	AccessDefault AccessMode = iota
	AccessRead
	AccessWrite
)

// Transaction is BEGIN, START TRANSACTION, COMMIT or ROLLBACK.
type Transaction struct {
	Loc
	Kind   TransactionKind
	Access AccessMode
}

// Yield is YIELD * or YIELD items, with what may follow it.
type Yield struct {
	Loc
	Star    bool
	Items   []*YieldItem
	OrderBy []*SortItem // SHOW only
	Skip    Expr        // SHOW only
	Limit   Expr        // SHOW only
	Where   Expr
}

// YieldItem is field [AS alias].
type YieldItem struct {
	Loc
	Field string
	Alias *Name // nil: the field's own name
}

// Var returns the name that the item binds.
func (y *YieldItem) Var() string {
	if y.Alias != nil {
		return y.Alias.Text
	}
	return y.Field
}

func (*Query) statement()            {}
func (*Explain) statement()          {}
func (*Transaction) statement()      {}
func (*Show) statement()             {}
func (*Terminate) statement()        {}
func (*Use) statement()              {}
func (*CreateIndex) statement()      {}
func (*DropIndex) statement()        {}
func (*CreateConstraint) statement() {}
func (*DropConstraint) statement()   {}
