package main

import (
	"fmt"
	"strings"

	"github.com/kadedb/kadedb/bench/oracle"
)

// render writes a question of one pattern as a statement. flip writes every path from
// its other end; order permutes the relationships, each then a path of its own.
func render(q *oracle.Query, flip bool, order []int) string {
	p := &q.Patterns[0]
	w := writer{p: p, seen: make([]bool, len(p.Vars))}
	var b strings.Builder
	b.WriteString("MATCH ")
	switch {
	case len(p.Edges) == 0:
		b.WriteString(w.node(0))
	case order != nil:
		for i, k := range order {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(w.path(p.Edges[k:k+1], flip))
		}
	default:
		for from := 0; from < len(p.Edges); {
			to := from + 1
			for to < len(p.Edges) && chain(p.Edges[from:to+1]) != nil {
				to++
			}
			if from > 0 {
				b.WriteString(", ")
			}
			b.WriteString(w.path(p.Edges[from:to], flip))
			from = to
		}
	}
	b.WriteString(w.where())
	b.WriteString("\nRETURN " + w.columns(q))
	return b.String()
}

// chain returns the nodes of a path over the edges in their order; nil: they are none.
func chain(edges []oracle.Edge) []int {
	for _, at := range []int{edges[0].From, edges[0].To} {
		nodes := []int{at}
		for _, e := range edges {
			switch at {
			case e.From:
				at = e.To
			case e.To:
				at = e.From
			default:
				at = -1
			}
			nodes = append(nodes, at)
		}
		if at >= 0 {
			return nodes
		}
	}
	return nil
}

type writer struct {
	p    *oracle.Pattern
	seen []bool
}

func (w *writer) name(i int) string {
	if n := w.p.Vars[i].Name; n != "" {
		return n
	}
	return fmt.Sprintf("v%d", i)
}

func (w *writer) node(i int) string {
	v := &w.p.Vars[i]
	if w.seen[i] {
		return "(" + w.name(i) + ")"
	}
	w.seen[i] = true
	label := ""
	if v.Label != "" {
		label = ":" + v.Label
	}
	for _, c := range v.Where {
		if c.Param != "" && c.Op == "=" {
			return "(" + w.name(i) + label + " {" + c.Prop + ": $" + c.Param + "})"
		}
	}
	return "(" + w.name(i) + label + ")"
}

func (w *writer) path(edges []oracle.Edge, flip bool) string {
	nodes, arrows := chain(edges), []string{}
	for i, e := range edges {
		if e.From == nodes[i] && e.To == nodes[i+1] {
			arrows = append(arrows, "-[:"+e.Type+"]->")
		} else {
			arrows = append(arrows, "<-[:"+e.Type+"]-")
		}
	}
	if flip {
		n := len(nodes)
		for i := range n / 2 {
			nodes[i], nodes[n-1-i] = nodes[n-1-i], nodes[i]
		}
		back := make([]string, len(arrows))
		for i, a := range arrows {
			if strings.HasPrefix(a, "<") {
				a = a[1:] + ">"
			} else {
				a = "<" + a[:len(a)-1]
			}
			back[len(arrows)-1-i] = a
		}
		arrows = back
	}
	s := w.node(nodes[0])
	for i, a := range arrows {
		s += a + w.node(nodes[i+1])
	}
	return s
}

func (w *writer) where() string {
	var conds []string
	for i, v := range w.p.Vars {
		for _, c := range v.Where {
			val, prop := literal(c), w.name(i)+"."+c.Prop
			switch {
			case c.Param != "" && c.Op == "=":
				continue
			case c.Op == "lower=":
				conds = append(conds, "lower("+prop+") = lower("+val+")")
			default:
				conds = append(conds, prop+" "+c.Op+" "+val)
			}
		}
	}
	if len(conds) == 0 {
		return ""
	}
	return "\nWHERE " + strings.Join(conds, " AND ")
}

func literal(c oracle.Cond) string {
	if c.Param != "" {
		return "$" + c.Param
	}
	if s, ok := c.Val.(string); ok {
		return "'" + s + "'"
	}
	return fmt.Sprint(c.Val)
}

func (w *writer) columns(q *oracle.Query) string {
	var cols, order []string
	for _, c := range q.Cols {
		arg := "*"
		if c.Prop != "" {
			arg = w.name(c.Var) + "." + c.Prop
		}
		switch c.Agg {
		case "":
		case "count distinct":
			arg = "count(DISTINCT " + arg + ")"
		default:
			arg = c.Agg + "(" + arg + ")"
		}
		cols = append(cols, arg+" AS "+c.As)
	}
	for _, o := range q.Order {
		s := q.Cols[o.Col].As
		if o.Desc {
			s += " DESC"
		}
		order = append(order, s)
	}
	s := strings.Join(cols, ", ")
	if len(order) > 0 {
		s += "\nORDER BY " + strings.Join(order, ", ")
	}
	if q.Limit > 0 {
		s += fmt.Sprintf(" LIMIT %d", q.Limit)
	}
	return s
}
