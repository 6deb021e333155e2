package plan

import (
	"fmt"
	"strings"

	"github.com/kadedb/kadedb/query/expr"
)

// CountedHop is one relationship of a pattern whose rows are counted and not written.
type CountedHop struct {
	Types  []string // empty: all
	Dir    Direction
	Labels []string // that the node it leads to must have
	// Filter must hold for the node it leads to, which stands in slot Node. It reads no
	// other slot and raises no error that a row would not raise.
	Filter []expr.Expr
	Node   Slot
}

// CountTrails multiplies each row's multiplicity by the number of ways to match all
// Arms, chains of hops that start at the row's node Center, with no relationship
// used twice where the hops' types overlap. Rows with none are dropped. A product beyond 64 bits
// is a CountOverflow error.
//
// One arm is a path, two arms the degree product of a two-hop pattern around its
// middle, more a star.
type CountTrails struct {
	unary
	Center Slot
	Name   string
	Arms   [][]CountedHop
	// Unique: no hop may use the relationships in these slots, as in Expand.
	Unique []Slot
}

// DistinctExpand gives each row once for each distinct node To that ends some trail of
// Min to len(Hops) hops from the row's node From: a search by levels instead
// of an enumeration. The rows count once (multiplicity is not kept).
type DistinctExpand struct {
	unary
	From, To         Slot
	FromName, ToName string
	Hops             []CountedHop
	Min              int
	// Global: each To once over all rows; only To is read above.
	Global bool
}

// NodeCount gives one row with the number of nodes, or of those with a label, from
// the snapshot's exact counters.
type NodeCount struct {
	leaf
	Label string // "": all
	Slot  Slot
}

// RelCount gives one row with the number of relationships of the types, all where
// empty, from the snapshot's exact counters; with the ends' labels where given.
type RelCount struct {
	leaf
	From, To string // labels, or ""
	Types    []string
	// Both counts each relationship from both ends, a self-loop once.
	Both bool
	Slot Slot
}

func (*CountTrails) Kind() string    { return "CountTrails" }
func (*DistinctExpand) Kind() string { return "DistinctExpand" }
func (*NodeCount) Kind() string      { return "NodeCount" }
func (*RelCount) Kind() string       { return "RelCount" }

func chainText(hops []CountedHop) string {
	var b strings.Builder
	for _, h := range hops {
		b.WriteString(relText("", NoSlot, h.Types, h.Dir, "") + "(")
		for _, l := range h.Labels {
			b.WriteString(":" + l)
		}
		if len(h.Filter) > 0 {
			b.WriteString(" WHERE " + exprsText(h.Filter, " AND "))
		}
		b.WriteString(")")
	}
	return b.String()
}

// Detail is the arms.
func (c *CountTrails) Detail() string {
	parts := make([]string, len(c.Arms))
	for i, a := range c.Arms {
		parts[i] = "(" + varText(c.Name, c.Center) + ")" + chainText(a)
	}
	s := strings.Join(parts, ", ")
	if len(c.Unique) > 0 {
		s += " unlike " + slotsText(c.Unique)
	}
	return s
}

// Detail is the chain.
func (d *DistinctExpand) Detail() string {
	s := "(" + varText(d.FromName, d.From) + ")" + chainText(d.Hops) + " to " + varText(d.ToName, d.To)
	if d.Min != len(d.Hops) {
		s += fmt.Sprintf(", %d to %d hops", d.Min, len(d.Hops))
	}
	return s
}

// Detail is the label.
func (c *NodeCount) Detail() string { return pick(c.Label == "", "all", ":"+c.Label) }

// Detail is the pattern.
func (c *RelCount) Detail() string {
	end := func(l string) string { return "(" + pick(l == "", "", ":"+l) + ")" }
	return end(c.From) + relText("", NoSlot, c.Types, pick(c.Both, Both, Out), "") + end(c.To)
}
