package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/status"
)

// PathPattern is a path pattern that is matched as a whole: pieces one after the other, the
// last node of each being the first of the next.
//
//	(a)-[r:A]->(b) ((x)-[s:B]->(y)<-[t:C]-(z) WHERE x.k = z.k){1,3} (c)
//
//	Pieces[0]  Nodes a b    Rels r     once
//	Pieces[1]  Nodes x y z  Rels s t   1 to 3 times; lists of x, s, y, t, z
//
// The first and the last node are those of the PatternRel, or of the PathMatch.
type PathPattern struct {
	Pieces []PathPiece
	// Between holds what must be true of the node between pieces i and i+1: a slot of its own,
	// and conditions on that slot.
	Between []PathNode
	Mode    PathMode
	// K paths are kept for each pair of ends, those of least length or cost; nil: all. Groups: all
	// paths of the K least lengths. It is an integer of 1 or more.
	K      expr.Expr
	KPos   status.Pos
	Groups bool
	// Filter holds conditions on whole paths: only those that fulfil them are counted.
	Filter []expr.Expr
	// Cost of one repetition, and Left: an estimate of the cost behind it. nil: paths are ordered
	// by their length.
	Cost, Left       expr.Expr
	CostPos, LeftPos status.Pos
}

// PathPiece is a chain of relationships that is repeated.
type PathPiece struct {
	Nodes []Slot // one more than Rels: what stands for the nodes while a repetition is matched
	Rels  []PathRel
	Where []expr.Expr // of a repetition, over Nodes and Rels and the row's own slots
	Min   int
	Max   int // -1: no bound
	Lists []PathList
	// Single: the piece stands for itself once, and the slots of Rels are columns.
	Single bool
}

// PathRel is a relationship of a piece.
type PathRel struct {
	Slot  Slot
	Types []string
	Dir   Direction
}

// PathList is a group variable: the list of what Of is in each repetition.
type PathList struct {
	Slot Slot
	Name string
	Of   Slot
}

// PathNode is the node between two pieces.
type PathNode struct {
	Slot   Slot
	Name   string
	Filter []expr.Expr
}

// Columns lists the slots that a match binds, the ends and the list of all
// relationships aside.
func (p *PathPattern) Columns() []Slot {
	var out []Slot
	for _, n := range p.Between {
		out = append(out, n.Slot)
	}
	for i := range p.Pieces {
		pc := &p.Pieces[i]
		for _, l := range pc.Lists {
			out = append(out, l.Slot)
		}
		if pc.Single {
			for _, r := range pc.Rels {
				out = append(out, r.Slot)
			}
		}
	}
	return out
}

// Inner lists the slots that mean something only while the path is matched, and those of
// Columns.
func (p *PathPattern) Inner() []Slot {
	out := p.Columns()
	for i := range p.Pieces {
		if !p.Pieces[i].Single { // else they are ends, or between pieces
			out = append(out, p.Pieces[i].Nodes...)
		}
		for _, r := range p.Pieces[i].Rels {
			out = append(out, r.Slot)
		}
	}
	return out
}

// Reverse returns the pattern seen from its other end. Conditions are the same.
func (p *PathPattern) Reverse() *PathPattern {
	q := *p
	q.Between = slices.Clone(p.Between)
	slices.Reverse(q.Between)
	q.Pieces = slices.Clone(p.Pieces)
	slices.Reverse(q.Pieces)
	for i := range q.Pieces {
		pc := &q.Pieces[i]
		pc.Nodes, pc.Rels = slices.Clone(pc.Nodes), slices.Clone(pc.Rels)
		slices.Reverse(pc.Nodes)
		slices.Reverse(pc.Rels)
		for j := range pc.Rels {
			pc.Rels[j].Dir = pc.Rels[j].Dir.Reverse()
		}
	}
	return &q
}

func (p *PathPattern) mapExprs(f func(expr.Expr) expr.Expr) {
	list := func(es []expr.Expr) {
		for i := range es {
			es[i] = f(es[i])
		}
	}
	for i := range p.Pieces {
		list(p.Pieces[i].Where)
	}
	for i := range p.Between {
		list(p.Between[i].Filter)
	}
	list(p.Filter)
	for _, e := range []*expr.Expr{&p.K, &p.Cost, &p.Left} {
		if *e != nil {
			*e = f(*e)
		}
	}
}

// PathMatch binds Rels to the relationships of each path from From to To that matches Path,
// in the order of the pattern as written, and the pattern's Columns. Without K
// every match is given, also where several are over the same path.
type PathMatch struct {
	unary
	From, Rels, To Slot
	FromName       string
	ToName         string
	Path           *PathPattern
	ToBound        bool
	Reversed       bool // From is the pattern's right end
	ToLabels       []string
	Unique         []Slot // as in Expand; without K
}

// Kind is "PathMatch".
func (*PathMatch) Kind() string { return "PathMatch" }

// Detail is the pattern.
func (m *PathMatch) Detail() string {
	to := strings.Join(append([]string{varText(m.ToName, m.To)}, m.ToLabels...), ":")
	s := "(" + varText(m.FromName, m.From) + ")" + m.Path.text() + "(" + to + ")"
	if m.Reversed {
		s = "(" + to + ")" + m.Path.text() + "(" + varText(m.FromName, m.From) + ") from its right end"
	}
	if m.ToBound {
		s += " into"
	}
	if len(m.Unique) > 0 {
		s += " unlike " + slotsText(m.Unique)
	}
	return m.Path.selectText() + s + m.Path.whereText()
}

func (p *PathPattern) selectText() string {
	s := ""
	if p.K != nil {
		s = pick(p.Cost != nil, "cheapest ", "shortest ") + expr.String(p.K) + pick(p.Groups, " groups ", " ")
	}
	return s + [...]string{Trail: "", Walks: "walk ", Acyclic: "acyclic ", Simple: "simple "}[p.Mode]
}

func (p *PathPattern) text() string {
	var b strings.Builder
	for i := range p.Pieces {
		pc := &p.Pieces[i]
		if i > 0 {
			b.WriteString("(" + varText(p.Between[i-1].Name, p.Between[i-1].Slot) + ")")
		}
		if !pc.Single {
			b.WriteString("((" + slotText(pc.Nodes[0]) + ")")
		}
		for j, r := range pc.Rels {
			if j > 0 {
				b.WriteString("(" + slotText(pc.Nodes[j]) + ")")
			}
			b.WriteString(relText("", r.Slot, r.Types, r.Dir, ""))
		}
		if pc.Single {
			continue
		}
		b.WriteString("(" + slotText(pc.Nodes[len(pc.Rels)]) + "))")
		if pc.Max < 0 {
			fmt.Fprintf(&b, "{%d,}", pc.Min)
		} else {
			fmt.Fprintf(&b, "{%d,%d}", pc.Min, pc.Max)
		}
	}
	return b.String()
}

func (p *PathPattern) whereText() string {
	var each []expr.Expr
	for i := range p.Pieces {
		each = append(each, p.Pieces[i].Where...)
	}
	for i := range p.Between {
		each = append(each, p.Between[i].Filter...)
	}
	s := ""
	if len(each) > 0 {
		s += " where each " + exprsText(each, " AND ")
	}
	if len(p.Filter) > 0 {
		s += " where " + exprsText(p.Filter, " AND ")
	}
	if p.Cost != nil {
		s += " cost " + expr.String(p.Cost)
	}
	if p.Left != nil {
		s += " left " + expr.String(p.Left)
	}
	return s
}
