// Package oracle answers questions about generated graphs by plain enumeration: nested
// loops over the arrays of package gen, one loop a relationship, and nothing of the
// engine. It is slow and obvious on purpose.
//
//	q := &oracle.Query{
//		Patterns: []oracle.Pattern{{
//			Vars:  []oracle.Var{{Name: "a", Label: "Person"}, {Name: "b", Label: "Person"}},
//			Edges: []oracle.Edge{{From: 0, To: 1, Type: "FOLLOWS"}},
//		}},
//		Cols: []oracle.Col{{As: "n", Agg: "count"}},
//	}
//	rows := q.Rows(g, false)
package oracle

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/kadedb/kadedb/bench/gen"
)

// Query is a question: what the patterns match, grouped by those columns that do not
// aggregate.
type Query struct {
	Patterns []Pattern // their matches together; variables of one number mean the same
	Cols     []Col
	Order    []Order
	Limit    int // 0: none
}

// Pattern is one MATCH. Each edge but the first touches a variable of an earlier one.
type Pattern struct {
	Vars  []Var
	Edges []Edge
}

// Var is a node variable.
type Var struct {
	Name  string // "": not named
	Label string // "": not said
	Where []Cond
}

// Cond compares a property with a value.
type Cond struct {
	Prop  string
	Op    string // = < <= > >=; lower= compares lower case
	Val   any    // int64 or string
	Param string // the parameter that holds Val; "": a literal
}

// Edge is one relationship.
type Edge struct {
	From, To int // indexes of Vars
	Type     string
}

// Col is a column: a property to group by or an aggregate.
type Col struct {
	As   string
	Agg  string // "", count, count distinct, sum, avg, min, max
	Var  int
	Prop string // "" of count: every match counts
	// Const is the value of the column where not nil.
	Const any
}

// Order sorts by a column.
type Order struct {
	Col  int
	Desc bool
}

// Rows enumerates. With walks, a relationship may be used twice in one match.
func (q *Query) Rows(g *gen.Graph, walks bool) [][]any {
	t := newTable(q)
	for i := range q.Patterns {
		m := newMatcher(&q.Patterns[i], g, walks)
		m.emit = func() { t.add(m.at) }
		t.bind(m)
		m.run()
	}
	return t.rows()
}

// matcher runs the loops of one pattern.
type matcher struct {
	p     *Pattern
	walks bool
	label []*gen.Label
	masks [][]bool // nil: any node
	steps []step
	at    []uint32 // the node of each variable
	rels  []uint32 // the relationship of each edge
	emit  func()
}

type step struct {
	typ        *gen.Type
	from, to   int
	fromKnown  bool
	toKnown    bool
	sameBefore []int // earlier edges of the same type
}

func newMatcher(p *Pattern, g *gen.Graph, walks bool) *matcher {
	m := &matcher{p: p, walks: walks, at: make([]uint32, len(p.Vars)), rels: make([]uint32, len(p.Edges)),
		label: make([]*gen.Label, len(p.Vars)), masks: make([][]bool, len(p.Vars))}
	for i, v := range p.Vars {
		if v.Label != "" {
			m.label[i] = g.Label(v.Label)
		}
	}
	known := make([]bool, len(p.Vars))
	if len(p.Edges) > 0 {
		known[m.first()] = true
	}
	for i, e := range p.Edges {
		s := step{typ: g.Type(e.Type), from: e.From, to: e.To, fromKnown: known[e.From], toKnown: known[e.To]}
		for j := range i {
			if p.Edges[j].Type == e.Type {
				s.sameBefore = append(s.sameBefore, j)
			}
		}
		known[e.From], known[e.To] = true, true
		m.label[e.From], m.label[e.To] = s.typ.From, s.typ.To
		m.steps = append(m.steps, s)
	}
	for i, v := range p.Vars {
		m.masks[i] = mask(m.label[i], v.Where)
	}
	return m
}

// first is the variable of the outermost loop: of the first edge's ends the one with
// conditions.
func (m *matcher) first() int {
	if len(m.p.Edges) == 0 {
		return 0
	}
	e := m.p.Edges[0]
	if len(m.p.Vars[e.From].Where) == 0 && len(m.p.Vars[e.To].Where) > 0 {
		return e.To
	}
	return e.From
}

func mask(l *gen.Label, conds []Cond) []bool {
	if len(conds) == 0 {
		return nil
	}
	out := make([]bool, l.N)
	for i := range out {
		out[i] = true
		for _, c := range conds {
			out[i] = out[i] && c.holds(l.Column(c.Prop), i)
		}
	}
	return out
}

func (c *Cond) holds(col *gen.Column, i int) bool {
	var order int
	switch v := c.Val.(type) {
	case int64:
		order = cmp.Compare(col.Ints[i], v)
	case string:
		s := col.Strs[i]
		if c.Op == "lower=" {
			s, v = strings.ToLower(s), strings.ToLower(v)
		}
		order = cmp.Compare(s, v)
	default:
		panic(fmt.Sprintf("oracle: a condition on a %T", c.Val))
	}
	switch c.Op {
	case "=", "lower=":
		return order == 0
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	case ">=":
		return order >= 0
	}
	panic("oracle: no comparison " + c.Op)
}

func (m *matcher) run() {
	first := m.first()
	for v := range m.label[first].N {
		if mask := m.masks[first]; mask == nil || mask[v] {
			m.at[first] = uint32(v)
			m.loop(0)
		}
	}
}

// loop runs over the relationships of edge i and within it over those of the later.
func (m *matcher) loop(i int) {
	if i == len(m.steps) {
		m.emit()
		return
	}
	s := &m.steps[i]
	near, far, list := s.from, s.to, [][]gen.Half(nil)
	if s.fromKnown {
		list = s.typ.Out
	} else {
		near, far, list = s.to, s.from, s.typ.In
	}
	both, want, ok := s.fromKnown && s.toKnown, m.at[far], m.masks[far]
	for _, h := range list[m.at[near]] {
		if both && h.Node != want || ok != nil && !ok[h.Node] || m.used(s, h.Rel) {
			continue
		}
		m.at[far], m.rels[i] = h.Node, h.Rel
		m.loop(i + 1)
	}
}

func (m *matcher) used(s *step, rel uint32) bool {
	if m.walks {
		return false
	}
	for _, j := range s.sameBefore {
		if m.rels[j] == rel {
			return true
		}
	}
	return false
}

// compareRows sorts by the order of q, then by all columns.
func (q *Query) compareRows(a, b []any) int {
	for _, o := range q.Order {
		c := compareValues(a[o.Col], b[o.Col])
		if o.Desc {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return slices.CompareFunc(a, b, compareValues)
}

func compareValues(a, b any) int {
	switch a := a.(type) {
	case int64:
		return cmp.Compare(a, b.(int64))
	case float64:
		return cmp.Compare(a, b.(float64))
	case string:
		return cmp.Compare(a, b.(string))
	}
	panic(fmt.Sprintf("oracle: a %T cannot be sorted", a))
}
