package plan

import (
	"fmt"
	"strings"

	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/status"
)

// Direction is the direction in which relationships are followed.
type Direction uint8

// The directions. Both follows a self-loop once.
const (
	Out Direction = iota
	In
	Both
)

// Reverse returns the direction seen from the other end.
func (d Direction) Reverse() Direction {
	switch d {
	case Out:
		return In
	case In:
		return Out
	}
	return Both
}

// Expand follows the relationships of each row's node From, and binds Rel and the
// node To at the other end. Where neither is read above and Op.Mult is set, it may
// multiply the row's multiplicity by their number instead. A row whose From is null
// gives none. Types without duplicates; empty: all.
type Expand struct {
	unary
	From, Rel, To             Slot
	FromName, RelName, ToName string
	Types                     []string
	Dir                       Direction
	// ToLabels keeps only ends that have all of these labels. It need not be checked
	// where exact counts show that all ends have them.
	ToLabels []string
	// Unique keeps only relationships that differ from these: slots that hold a
	// relationship or a list of relationships (null: no restriction).
	Unique []Slot
}

// ExpandInto binds Rel to each relationship between two bound nodes, of which To
// lies in direction Dir of From. Both follows a self-loop once.
type ExpandInto struct {
	unary
	From, Rel, To             Slot
	FromName, RelName, ToName string
	Types                     []string
	Dir                       Direction
	Unique                    []Slot
}

// RelEnds starts from relationships that are bound already: it keeps the rows where
// Rel is of one of the types and its ends agree with those of From and To that are
// bound (FromBound, ToBound), and binds the others. Dir as seen from From: In swaps the
// ends, Both gives a row for each direction (one for a self-loop).
type RelEnds struct {
	unary
	From, Rel, To      Slot
	RelName            string
	FromBound, ToBound bool
	Types              []string
	Dir                Direction
	Unique             []Slot
}

// Hop is what predicates on single relationships of a variable-length pattern speak
// of: while a relationship is crossed, its number, the node that it leaves and the node
// it leads to stand in Rel, From and To. A hop is allowed where all of Filter are true.
// Filters may read slots of the row that the search started from.
type Hop struct {
	Rel, From, To Slot // NoSlot where no filter reads it
	Filter        []expr.Expr
}

// VarExpand follows trails of Min to Max relationships from From, and binds Rels to
// the list of relationships (in the order of the pattern as written: Reversed says that the search
// runs from its right end) and To to the end.
type VarExpand struct {
	unary
	From, Rels, To            Slot
	FromName, RelName, ToName string
	Types                     []string
	Dir                       Direction
	Min                       int
	Max                       int  // -1: no bound written
	Into                      bool // To is bound already
	Reversed                  bool
	Hop                       Hop
	Unique                    []Slot // as in Expand
	ToLabels                  []string
	Mode                      PathMode
}

// PathMode restricts what a variable-length path may pass twice.
type PathMode uint8

// The modes; Trail is the default of the language.
const (
	Trail PathMode = iota
	Walks
	Acyclic
	Simple
)

// VarCheck keeps the rows whose Rels (a list of relationships that is bound already)
// is a path from From to To; an end that is not bound yet is bound by it.
type VarCheck struct {
	unary
	From, Rels, To     Slot
	RelName            string
	FromBound, ToBound bool
	Types              []string
	Dir                Direction
	Min, Max           int
	Unique             []Slot
}

// ShortestPath binds Rels to the relationships of one shortest trail (All: of every
// shortest trail) from From to To, of Min to Max relationships, in the order of the
// pattern as written.
type ShortestPath struct {
	unary
	From, Rels, To Slot
	FromName       string
	RelName        string
	ToName         string
	Types          []string
	Dir            Direction
	Min            int
	Max            int // -1: no bound
	All            bool
	ToBound        bool // false: one search finds all ends; To is bound by it
	Reversed       bool
	Hop            Hop
	ToLabels       []string // of an end not bound
}

// CheapestPath binds Rels to the relationships of a path of least total Cost from
// From to To. Cost is evaluated for each relationship crossed, on the slots of Hop and of
// the row; a null, negative or NaN cost is an InvalidCost error.
type CheapestPath struct {
	unary
	From, Rels, To Slot
	FromName       string
	RelName        string
	ToName         string
	Types          []string
	Dir            Direction
	Min            int
	Max            int
	ToBound        bool
	Reversed       bool
	Hop            Hop
	Cost           expr.Expr
	CostPos        status.Pos
	ToLabels       []string
}

// IntersectList is one of the neighbour lists of an Intersect.
type IntersectList struct {
	From     Slot
	FromName string
	Rel      Slot
	Types    []string
	Dir      Direction
}

// Intersect binds To to each node that is in all of the lists, with one row for each
// combination of relationships; where nothing of it is read above and Op.Mult is set,
// it may multiply the row's multiplicity instead.
type Intersect struct {
	unary
	To       Slot
	ToName   string
	Lists    []IntersectList // two or more
	ToLabels []string
	// Filter speaks of To alone: evaluated on whole columns where that is cheaper.
	Filter []expr.Expr
	// Distinct: the lists' relationships must differ from each other.
	Distinct bool
	// Unique: they must differ from those in these slots, as in Expand.
	Unique []Slot
}

func (*Expand) Kind() string       { return "Expand" }
func (*ExpandInto) Kind() string   { return "ExpandInto" }
func (*RelEnds) Kind() string      { return "RelEnds" }
func (*VarExpand) Kind() string    { return "VarExpand" }
func (*VarCheck) Kind() string     { return "VarCheck" }
func (*ShortestPath) Kind() string { return "ShortestPath" }
func (*CheapestPath) Kind() string { return "CheapestPath" }
func (*Intersect) Kind() string    { return "Intersect" }

func hopText(from string, f Slot, rel string, r Slot, types []string, d Direction, length, to string, t Slot, labels []string, unique []Slot) string {
	var b strings.Builder
	b.WriteString("(" + varText(from, f) + ")" + relText(rel, r, types, d, length) + "(" + varText(to, t))
	for _, l := range labels {
		b.WriteString(":" + l)
	}
	b.WriteString(")")
	if len(unique) > 0 {
		b.WriteString(" unlike " + slotsText(unique))
	}
	return b.String()
}

func (h Hop) text() string {
	if len(h.Filter) == 0 {
		return ""
	}
	return " where each " + exprsText(h.Filter, " AND ")
}

func lengthText(lo, hi int) string {
	if hi < 0 {
		return fmt.Sprintf("*%d..", lo)
	}
	return fmt.Sprintf("*%d..%d", lo, hi)
}

// Detail is the pattern.
func (e *Expand) Detail() string {
	return hopText(e.FromName, e.From, e.RelName, e.Rel, e.Types, e.Dir, "", e.ToName, e.To, e.ToLabels, e.Unique)
}

// Detail is the pattern.
func (e *ExpandInto) Detail() string {
	return hopText(e.FromName, e.From, e.RelName, e.Rel, e.Types, e.Dir, "", e.ToName, e.To, nil, e.Unique)
}

// Detail is the pattern.
func (e *RelEnds) Detail() string {
	return hopText("", e.From, e.RelName, e.Rel, e.Types, e.Dir, "", "", e.To, nil, e.Unique)
}

// Detail is the pattern.
func (e *VarExpand) Detail() string {
	return hopText(e.FromName, e.From, e.RelName, e.Rels, e.Types, e.Dir, lengthText(e.Min, e.Max), e.ToName, e.To, e.ToLabels, e.Unique) +
		pick(e.Into, " into", "") + e.Hop.text()
}

// Detail is the pattern.
func (e *VarCheck) Detail() string {
	return hopText("", e.From, e.RelName, e.Rels, e.Types, e.Dir, lengthText(e.Min, e.Max), "", e.To, nil, e.Unique)
}

// Detail is the pattern.
func (e *ShortestPath) Detail() string {
	return pick(e.All, "all ", "one ") +
		hopText(e.FromName, e.From, e.RelName, e.Rels, e.Types, e.Dir, lengthText(e.Min, e.Max), e.ToName, e.To, e.ToLabels, nil) + e.Hop.text()
}

// Detail is the pattern and the cost.
func (e *CheapestPath) Detail() string {
	return hopText(e.FromName, e.From, e.RelName, e.Rels, e.Types, e.Dir, lengthText(e.Min, e.Max), e.ToName, e.To, e.ToLabels, nil) +
		" cost " + expr.String(e.Cost) + e.Hop.text()
}

// Detail lists the neighbour lists.
func (e *Intersect) Detail() string {
	var parts []string
	for _, l := range e.Lists {
		parts = append(parts, "("+varText(l.FromName, l.From)+")"+relText("", l.Rel, l.Types, l.Dir, ""))
	}
	s := strings.Join(parts, " & ") + "(" + strings.Join(append([]string{varText(e.ToName, e.To)}, e.ToLabels...), ":") + ")"
	if e.Distinct {
		s += " distinct relationships"
	}
	if len(e.Unique) > 0 {
		s += " unlike " + slotsText(e.Unique)
	}
	if len(e.Filter) > 0 {
		s += " where " + exprsText(e.Filter, " AND ")
	}
	return s
}
