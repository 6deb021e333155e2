package plan

import (
	"fmt"
	"strings"

	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/status"
)

// SingleRow gives one row without columns.
type SingleRow struct{ leaf }

// Argument gives the rows of the outer side of the Apply (or Merge, Foreach,
// subquery) that it belongs to: the slots in Slots, and in RowID the number of the
// outer row within the batch, as integers.
type Argument struct {
	leaf
	Slots []Slot
	RowID Slot // NoSlot where the sub-plan runs for one row at a time
}

// NodeScan binds Node to every node, or to every one with all of Labels, for each
// row of its input.
type NodeScan struct {
	source
	Node   Slot
	Name   string
	Labels []string // empty: all nodes
}

// NodeByID binds Node to the nodes with the given wire ids: an integer or a list
// of integers. Other ids, and unknown ones, find nothing.
type NodeByID struct {
	source
	Node Slot
	Name string
	ID   expr.Expr
	List bool       // ID is a list
	Pos  status.Pos // of IN, where List
}

// Bound is one end of a range of index keys.
type Bound struct {
	Value     expr.Expr // nil: open
	Inclusive bool
}

// IndexSeek binds a node or relationship to the entries of an index whose first
// properties equal Equal, and whose next lies in the range or starts with Prefix.
// A null or NaN operand finds nothing, a value of another type group than the stored
// ones neither. Entities come in ascending order of their number, each once.
type IndexSeek struct {
	source
	Index      string // the index's name
	Label      string // or the relationship type
	Properties []string
	Unique     bool // at most one entry, since a constraint says so and all properties are given

	Node Slot // NoSlot for an index on relationships
	Name string
	Rel  Slot // of an index on relationships, with its ends in From and To (NoSlot: not wanted)
	From Slot
	To   Slot

	Equal  []expr.Expr // for the first len(Equal) properties
	In     expr.Expr   // instead of the last of Equal: a list of values, duplicates and nulls ignored
	InPos  status.Pos
	Low    Bound
	High   Bound
	Prefix expr.Expr // STARTS WITH
}

// RelScan binds Rel, From and To to every relationship of the types. Both: also with
// the ends swapped, unless they are equal.
type RelScan struct {
	source
	Rel, From, To Slot
	Name          string
	Types         []string // empty: all
	Both          bool
}

func (*SingleRow) Kind() string { return "SingleRow" }
func (*Argument) Kind() string  { return "Argument" }
func (*NodeScan) Kind() string  { return "NodeScan" }
func (*NodeByID) Kind() string  { return "NodeByID" }
func (*IndexSeek) Kind() string { return "IndexSeek" }
func (*RelScan) Kind() string   { return "RelScan" }

// Detail is empty.
func (*SingleRow) Detail() string { return "" }

// Detail lists the slots.
func (a *Argument) Detail() string { return slotsText(a.Slots) }

// Detail is `name:Label`.
func (s *NodeScan) Detail() string {
	return strings.Join(append([]string{varText(s.Name, s.Node)}, s.Labels...), ":")
}

// Detail is `id(name) = …`.
func (s *NodeByID) Detail() string {
	op := " = "
	if s.List {
		op = " IN "
	}
	return "id(" + varText(s.Name, s.Node) + ")" + op + expr.String(s.ID)
}

// Detail is `name:Label(property = …) using index`.
func (s *IndexSeek) Detail() string {
	var parts []string
	i := 0
	for ; i < len(s.Equal); i++ {
		parts = append(parts, s.Properties[i]+" = "+expr.String(s.Equal[i]))
	}
	if s.In != nil {
		parts = append(parts, s.Properties[i]+" IN "+expr.String(s.In))
		i++
	}
	if s.Low.Value != nil {
		parts = append(parts, s.Properties[i]+pick(s.Low.Inclusive, " >= ", " > ")+expr.String(s.Low.Value))
	}
	if s.High.Value != nil {
		parts = append(parts, s.Properties[i]+pick(s.High.Inclusive, " <= ", " < ")+expr.String(s.High.Value))
	}
	if s.Prefix != nil {
		parts = append(parts, s.Properties[i]+" STARTS WITH "+expr.String(s.Prefix))
	}
	v := s.Node
	if v == NoSlot {
		v = s.Rel
	}
	return fmt.Sprintf("%s:%s(%s) by %s", varText(s.Name, v), s.Label, strings.Join(parts, ", "), s.Index)
}

// Detail is a relationship pattern.
func (s *RelScan) Detail() string {
	return fmt.Sprintf("(%s)%s(%s)", slotText(s.From), relText(s.Name, s.Rel, s.Types, pick(s.Both, Both, Out), ""), slotText(s.To))
}

func pick[T any](b bool, yes, no T) T {
	if b {
		return yes
	}
	return no
}
