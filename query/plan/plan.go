// Package plan holds a query's operators as pure data: what the binder builds,
// the optimizer rewrites and the executor runs.
//
// A tree is read bottom up; every operator takes the rows of its inputs and gives
// rows to the one above:
//
//	MATCH (p:Person)-[:LIVES_IN]->(c) WHERE p.age > 30 RETURN c.name, count(*)
//
//	Produce c.name, count(*)
//	└ Aggregate keys c.name; count(*)
//	  └ Expand (p)-[:LIVES_IN]->(c)
//	    └ Filter p.age > 30
//	      └ NodeScan p:Person
//
// All operators of a statement, those of its sub-plans too, share one space of slots:
// slot s of a batch is column Cols[s]. A slot is written by one operator and means
// the same thing wherever it is read, so a sub-plan finds its outer variables where
// the outer plan has them. Operators add columns; none drops one: Op.Live says which
// are still read above, and the rest need not be carried.
//
// Labels, types and property keys are names, looked up when the operator starts,
// since an earlier clause of the same statement may have created them.
//
// The package holds no algorithms: see query/optimize and query/exec.
package plan

import (
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/status"
)

// Slot numbers a column of a statement's batches.
type Slot = int

// NoSlot stands for a column that nobody reads.
const NoSlot Slot = -1

// Node is an operator.
type Node interface {
	// Base returns what all operators have.
	Base() *Op
	// Inputs returns the operators whose rows this one takes, outer side first.
	// Entries are never nil. Sub-plans that are run row by row are among them.
	Inputs() []Node
	// SetInput replaces Inputs()[i].
	SetInput(i int, n Node)
	// Kind is the operator's name, as EXPLAIN prints it.
	Kind() string
	// Detail describes the operator's arguments for EXPLAIN, on one line.
	Detail() string
}

// Op is what all operators have. The optimizer fills it in last.
type Op struct {
	ID   int     // dense, from 0 at the root, in the order of EXPLAIN: the index into a table of statistics
	Rows float64 // estimated rows out, multiplicity counted
	Cost float64 // estimated cost of this operator and all below, in nanoseconds
	// Live lists, ascending, the slots that operators above read. Other columns may
	// be missing from the batches that this operator gives.
	Live []Slot
	// Mult reports that the operator above takes batches with Batch.Mult, so that
	// this one may give them: see AcceptsMult.
	Mult  bool
	Notes []string // for EXPLAIN: why an index was not used, and the like
}

// Base returns o itself.
func (o *Op) Base() *Op { return o }

// IsLive reports whether slot s is read above the operator.
func (o *Op) IsLive(s Slot) bool {
	for _, l := range o.Live {
		if l == s {
			return true
		}
	}
	return false
}

// Note adds a line for EXPLAIN.
func (o *Op) Note(text string) { o.Notes = append(o.Notes, text) }

// Column is a column of an answer.
type Column struct {
	Name string
	Slot Slot
}

// Plan is a whole plan: of a statement, or of a subquery inside an expression
// (expr.Subquery.Plan).
type Plan struct {
	Root     Node // of a statement: a *Produce
	NumSlots int  // width of batches, for this plan and all plans inside it
	NumOps   int  // operator ids in use, those of sub-plans too
	Columns  []Column
	Writes   bool // some operator writes
	Batched  bool // some write in transactions of their own: Apply.Batches
	// RowID is the slot in which the Argument of a subquery numbers the outer rows;
	// it is live up to the root. NoSlot for a statement.
	RowID Slot
	// PerRow, of a subquery: run it once for each outer row (see Apply).
	PerRow bool
	// Params lists the parameters that the text names, sorted.
	Params []string
	// ParamPos are the places where they stand first.
	ParamPos []status.Pos
	// Notices are what the binder has to say to whoever runs the statement.
	Notices []string
}

// Subplan returns the plan of a subquery inside an expression.
func Subplan(s *expr.Subquery) *Plan {
	p, _ := s.Plan.(*Plan)
	return p
}

// leaf is embedded by operators without inputs.
type leaf struct{ Op }

func (*leaf) Inputs() []Node     { return nil }
func (*leaf) SetInput(int, Node) { panic("plan: an operator without inputs") }

// unary is embedded by operators with exactly one input.
type unary struct {
	Op
	Input Node
}

func (u *unary) Inputs() []Node         { return []Node{u.Input} }
func (u *unary) SetInput(_ int, n Node) { u.Input = n }

// source is embedded by operators that start from rows where they have an input,
// and from a single empty row where Input is nil.
type source struct {
	Op
	Input Node
}

func (s *source) Inputs() []Node {
	if s.Input == nil {
		return nil
	}
	return []Node{s.Input}
}
func (s *source) SetInput(_ int, n Node) { s.Input = n }

// AcceptsMult reports whether an operator takes batches with Mult on its input i.
// Aggregate weighs by it (count, sum, avg, collect …; min, max and DISTINCT ignore it);
// the others pass it on. For all other operators the executor writes the rows out.
func AcceptsMult(n Node, _ int) bool {
	switch n.(type) {
	case *Aggregate, *Distinct, *Filter, *Project, *NodeScan, *Expand, *ExpandInto, *Intersect, *CountTrails, *DistinctExpand:
		return true
	}
	return false
}

// Walk calls f for n and all operators below, parents first, those of plans inside
// expressions not included, until f returns false, whose inputs are then skipped.
func Walk(n Node, f func(Node) bool) {
	if n == nil || !f(n) {
		return
	}
	for _, in := range n.Inputs() {
		Walk(in, f)
	}
}

// Rewrite replaces each operator, inputs first, by what f makes of it.
func Rewrite(n Node, f func(Node) Node) Node {
	for i, in := range n.Inputs() {
		if m := Rewrite(in, f); m != in {
			n.SetInput(i, m)
		}
	}
	return f(n)
}
