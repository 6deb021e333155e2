package plan

import (
	"strings"

	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/status"
)

// Match is a MATCH as written, before an order is chosen: logical, never executed.
// The optimizer turns it into scans, expansions and joins.
type Match struct {
	unary
	Pattern  Pattern
	Optional bool
}

// Pattern is the graph of one MATCH: nodes, relationships between them and what
// must hold.
type Pattern struct {
	Nodes []PatternNode
	Rels  []PatternRel
	// Where holds the conjuncts of labels, property maps and WHERE, in the order of the
	// text.
	Where []expr.Expr
	// Unique: relationships (indexes into Rels) must differ pair by pair, unless their
	// types are disjoint.
	Unique bool
	Paths  []Item // named paths, computed when all of their parts are bound
	// Counted are chains of relationships that the optimizer has taken out of the pattern, as
	// only their number matters.
	Counted []CountedArms
}

// CountedArms are chains that start at one node of a pattern.
type CountedArms struct {
	Center int // index into Pattern.Nodes
	Group  int // as of PatternRel
	Arms   [][]CountedHop
}

// PatternNode is a node of a pattern.
type PatternNode struct {
	Slot  Slot
	Name  string // "" if anonymous
	Bound bool   // by an earlier clause
}

// Search is how the relationships of a PatternRel are found.
type Search uint8

// The searches.
const (
	OneHop Search = iota // a single relationship
	Trails               // variable length: Rel holds a list
	Shortest
	AllShortest
	Cheapest
	Whole // Path, of several pieces or with a selection that the others do not know
)

// PatternRel is a relationship, or a variable-length one, between two nodes.
type PatternRel struct {
	Slot     Slot // a relationship; a list of them unless Search is OneHop
	Name     string
	Bound    bool
	From, To int // indexes into Pattern.Nodes, as written from left to right
	Types    []string
	Dir      Direction
	Search   Search
	Min, Max int
	Mode     PathMode
	Hop      Hop
	Path     *PathPattern // of Whole
	Cost     expr.Expr
	CostPos  status.Pos
	Pos      status.Pos
	Group    int // relationships of one group must differ: those written in one MATCH
}

// Trails reports whether every path that matches is wanted, so that its relationships must
// differ from others of the same MATCH.
func (r *PatternRel) Trails() bool {
	return r.Search <= Trails || r.Search == Whole && r.Path.K == nil
}

// Binds lists the slots that the relationship binds: its own, and what is named inside
// its path.
func (r *PatternRel) Binds() []Slot {
	if r.Path == nil {
		return []Slot{r.Slot}
	}
	return append(r.Path.Columns(), r.Slot)
}

// Kind is "Match".
func (*Match) Kind() string { return "Match" }

// Detail is the pattern.
func (m *Match) Detail() string {
	var parts []string
	p := &m.Pattern
	for _, r := range p.Rels {
		length := ""
		if r.Search != OneHop {
			length = lengthText(r.Min, r.Max)
		}
		if r.Path != nil {
			parts = append(parts, r.Path.selectText()+"("+varText(p.Nodes[r.From].Name, p.Nodes[r.From].Slot)+")"+r.Path.text()+
				"("+varText(p.Nodes[r.To].Name, p.Nodes[r.To].Slot)+")"+r.Path.whereText())
			continue
		}
		parts = append(parts, "("+varText(p.Nodes[r.From].Name, p.Nodes[r.From].Slot)+")"+
			relText(r.Name, r.Slot, r.Types, r.Dir, length)+"("+varText(p.Nodes[r.To].Name, p.Nodes[r.To].Slot)+")")
	}
	if len(parts) == 0 {
		for _, n := range p.Nodes {
			parts = append(parts, "("+varText(n.Name, n.Slot)+")")
		}
	}
	s := pick(m.Optional, "optional ", "") + strings.Join(parts, ", ")
	if len(p.Where) > 0 {
		s += " where " + exprsText(p.Where, " AND ")
	}
	return s
}
