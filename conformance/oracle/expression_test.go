package oracle

import (
	"fmt"
	"strings"
)

// writer writes expressions over what is bound. The first of its choices are the simple ones.
type writer struct {
	r       *source
	nodes   []string
	rels    []string
	numbers []string // variables by type
	texts   []string
	lists   []string // of integers
	bare    bool     // no subqueries and patterns
}

func (w *writer) node() string { return pick(w.r, w.nodes...) }

func (w *writer) variable(list []string, or string) string {
	if len(list) == 0 {
		return or
	}
	return pick(w.r, list...)
}

func (w *writer) number(depth int) string {
	if depth == 0 || w.r.IntN(3) == 0 {
		return pick(w.r, w.node()+".v", w.node()+".f", fmt.Sprint(w.r.IntN(4)), "null", w.weight(), "-1", "1.5", w.variable(w.numbers, w.node()+".v"))
	}
	switch w.r.IntN(13) {
	case 0:
		return "(" + w.number(depth-1) + pick(w.r, " + ", " - ", " * ") + w.number(depth-1) + ")"
	case 1:
		return "size(" + w.text(depth-1) + ")"
	case 2:
		return "coalesce(" + w.number(depth-1) + ", " + w.number(depth-1) + ")"
	case 3:
		return "CASE WHEN " + w.test(depth-1) + " THEN " + w.number(depth-1) + " ELSE " + w.number(depth-1) + " END"
	case 4:
		return fmt.Sprintf("size([e IN %s WHERE e > %d])", w.list(depth-1), w.r.IntN(3))
	case 5:
		return "abs(" + w.node() + ".v)"
	case 6:
		return "CASE " + w.node() + ".v WHEN 1 THEN " + w.number(depth-1) + " WHEN " + w.number(0) + " THEN 7 END"
	case 7:
		return "reduce(s = 0, e IN " + w.list(depth-1) + " | s + e)"
	case 8:
		return w.list(depth-1) + pick(w.r, "[0]", "[-1]", "["+w.node()+".v]")
	case 9:
		return "{a: " + w.number(depth-1) + ", b: 1}" + pick(w.r, ".a", ".b", "['a']", ".c")
	case 10:
		return w.node() + pick(w.r, ".d.year", ".u.days", ".t.hour", ".p.x", ".p.srid", "['v']", ".v % 3", ".v / 2")
	case 11:
		if !w.bare {
			return "COUNT { " + w.inner(depth-1) + " }"
		}
	}
	return pick(w.r, "toInteger(", "sign(", "toFloat(") + w.node() + ".v)"
}

func (w *writer) weight() string {
	if len(w.rels) == 0 {
		return w.node() + ".v"
	}
	return pick(w.r, w.rels...) + ".w"
}

func (w *writer) text(depth int) string {
	if depth == 0 || w.r.IntN(2) == 0 {
		return pick(w.r, w.node()+".s", "'a'", "''", "null", "'ab'", w.variable(w.texts, w.node()+".s"))
	}
	switch w.r.IntN(7) {
	case 0:
		return "(" + w.text(depth-1) + " + " + w.text(depth-1) + ")"
	case 1:
		return pick(w.r, "toUpper(", "toLower(", "trim(", "reverse(") + w.text(depth-1) + ")"
	case 2:
		return "substring(" + w.text(depth-1) + ", 0, 1)"
	case 3:
		return "replace(" + w.text(depth-1) + ", 'a', 'bb')"
	case 4:
		return "split(" + w.text(depth-1) + ", 'b')[0]"
	case 5:
		return "toString(" + pick(w.r, w.node()+".v", w.node()+".b", w.node()+".d", w.node()+".u") + ")"
	}
	return "CASE WHEN " + w.test(depth-1) + " THEN " + w.text(depth-1) + " ELSE 'c' END"
}

// list writes a list of integers, perhaps null.
func (w *writer) list(depth int) string {
	if depth <= 0 || w.r.IntN(2) == 0 {
		return pick(w.r, w.node()+".l", "[1, 2]", "[]", "["+w.node()+".v, 2]", "range(0, 2)", w.variable(w.lists, w.node()+".l"))
	}
	switch w.r.IntN(6) {
	case 0:
		return "(" + w.list(depth-1) + " + " + w.list(depth-1) + ")"
	case 1:
		return "[e IN " + w.list(depth-1) + " WHERE e > 0 | e - 1]"
	case 2:
		return w.list(depth-1) + pick(w.r, "[0..1]", "[1..]", "[-1..]")
	case 3:
		return pick(w.r, "tail(", "reverse(") + w.list(depth-1) + ")"
	case 4:
		if !w.bare {
			return "COLLECT { MATCH (" + w.node() + ")" + w.step() + "(z) RETURN z.v ORDER BY z.v }"
		}
	}
	return "coalesce(" + w.list(depth-1) + ", [])"
}

func (w *writer) step() string {
	return pick(w.r, "-->", "-[:T]->", "<-[:U|V]-", "--", "-[:$('T')]->", "-[:T]->()-->", "-->{1,2}", "-[*0..2]->")
}

// inner writes what stands in EXISTS and COUNT.
func (w *writer) inner(depth int) string {
	n := w.node()
	text := "(" + n + ")" + w.step() + pick(w.r, "()", "(:A)", "(m)", "(m WHERE m.v > 1)", "(:B|C)", "("+w.node()+")")
	if strings.HasSuffix(text, "(m)") && depth > 0 {
		deeper := *w
		deeper.nodes = append([]string{"m"}, w.nodes...)
		text += " WHERE " + deeper.test(depth-1)
	}
	return pick(w.r, text, "MATCH "+text, "MATCH "+text+" RETURN 1 AS one")
}

// test writes a condition.
func (w *writer) test(depth int) string {
	if depth > 0 && w.r.once(2) {
		switch w.r.IntN(5) {
		case 0:
			return "NOT (" + w.test(depth-1) + ")"
		case 1:
			return "(" + w.test(depth-1) + " AND " + w.test(depth-1) + ")"
		case 2:
			return "(" + w.test(depth-1) + " OR " + w.test(depth-1) + ")"
		case 3:
			return "(" + w.test(depth-1) + " XOR " + w.test(depth-1) + ")"
		}
		return "CASE WHEN " + w.test(depth-1) + " THEN " + w.test(depth-1) + " ELSE " + w.test(depth-1) + " END"
	}
	n := w.node()
	compare := pick(w.r, " = ", " <> ", " < ", " <= ", " > ", " >= ")
	switch w.r.IntN(20) {
	case 0, 1:
		return w.number(depth) + compare + w.number(depth)
	case 2:
		return w.text(depth) + compare + w.text(depth)
	case 3:
		return w.text(depth) + pick(w.r, " STARTS WITH ", " ENDS WITH ", " CONTAINS ", " =~ ") + w.text(0)
	case 4:
		return n + "." + pick(w.r, "v", "s", "f", "b", "l", "none") + pick(w.r, " IS NULL", " IS NOT NULL")
	case 5:
		return n + pick(w.r, ":A", ":B", ":A&B", ":A|B", ":!A", ":None", ":%", ":$('A')", ":$any(['B', 'C'])", ":$all(['A', 'C'])", ":(A|B)&!C")
	case 6:
		return n + ".v IN " + pick(w.r, "[0, 2]", "[1, null]", "[]", "[3, 1.0, 'a']", w.list(depth))
	case 7:
		return n + ".b"
	case 8:
		return n + pick(w.r, " = ", " <> ") + w.node()
	case 9:
		return n + ".x" + compare + w.node() + "." + pick(w.r, "x", "v", "k")
	case 10:
		return n + ".l" + pick(w.r, " = ", " < ", " >= ") + pick(w.r, "[1, 2]", w.list(depth))
	case 11:
		return pick(w.r, "any", "all", "none", "single") + "(e IN " + w.list(depth) + " WHERE e = " + w.number(0) + ")"
	case 12, 13:
		if !w.bare {
			return pick(w.r, "EXISTS { ", "NOT EXISTS { ") + w.inner(depth) + " }"
		}
	case 14:
		if !w.bare {
			return "size([(" + n + ")" + w.step() + pick(w.r, "(z)", "("+w.node()+")", "(z:A WHERE z.v > 0)") + " | 1]) > " + fmt.Sprint(w.r.IntN(3))
		}
	case 15:
		return n + pick(w.r, ".x IS :: INTEGER", ".x IS NOT :: STRING", ".l IS :: LIST<INTEGER NOT NULL>", ".v IS :: INTEGER NOT NULL", ".x IS :: DATE | BOOLEAN")
	case 16:
		return n + "." + pick(w.r, "d", "t", "u", "p") + pick(w.r, " = ", " <> ", " < ", " >= ") + w.node() + "." + pick(w.r, "d", "t", "u", "p")
	case 17:
		return n + pick(w.r, ".d + duration('P1D') > date('2020-01-01')", ".d < date('2020-01-01')", ".t >= datetime('2020-01-01T00:30Z')", ".d.month = 1",
			".u + duration('P1D') = duration('P2D')", ".p = point({x: 1, y: 2})", ".p.y > 0 AND point.distance("+n+".p, "+w.node()+".p) < 3", ".t - duration('PT1H') < "+w.node()+".t")
	case 18:
		return "{a: " + w.number(0) + ", b: " + w.text(0) + "} = {b: " + w.text(0) + ", a: " + w.number(0) + "}"
	}
	return n + ".f" + compare + w.number(0)
}

// request is MATCHes, with names for what may be asked about.
type request struct {
	match string
	w     *writer
	last  *clause
}

// newRequest makes MATCHes of which all names can be used.
func newRequest(r *source, m *model) *request {
	g := &maker{r: r}
	known := map[string]bool{}
	var parts []string
	c, rows := g.lively(m, []binding{{}})
	parts = append(parts, c.text(known))
	out := &request{last: &c}
	if r.once(3) {
		c, _ := g.lively(m, rows)
		c.optional = r.once(2)
		parts = append(parts, c.text(known))
		out.last = &c
	}
	out.match = strings.Join(parts, " ")
	out.w = &writer{r: r, nodes: g.named, rels: g.single(out.match)}
	return out
}

// single gives the relationships that a text binds alone, not as lists.
func (g *maker) single(text string) []string {
	var out []string
	for _, name := range g.rels {
		if strings.Contains(text, "["+name+"]") || strings.Contains(text, "["+name+":") && !strings.Contains(text, name+"*") {
			out = append(out, name)
		}
	}
	return out
}

// columns writes what to return of each row.
func (q *request) columns() string {
	return q.w.node() + ".id AS c1, " + q.w.number(1) + " AS c2, " + q.w.text(1) + " AS c3"
}
