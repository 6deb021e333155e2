package oracle

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/value"
)

// decorate gives nodes more properties: of every kind, with collisions, and a fifth missing.
func (m *model) decorate(t testing.TB, r *rand.Rand, on asker) {
	var rows []any
	for i := range m.nodes {
		props := map[string]any{}
		set := func(key string, v any) {
			if r.IntN(5) > 0 {
				props[key] = v
			}
		}
		set("s", pick(r, "", "a", "ab", "b", "é", "a'b"))
		set("f", pick(r, 0.0, math.Copysign(0, -1), 1.0, 1.5, math.NaN(), math.Inf(1), -2.25))
		set("b", r.IntN(2) == 0)
		set("k", pick[int64](r, 0, -1, 1, math.MaxInt64, math.MinInt64, 1<<53+1))
		set("l", pick(r, []any{}, []any{1, 2}, []any{2, 1}, []any{1}))
		set("x", pick[any](r, 1, 1.0, "a", true, []any{1}, value.Date(18000)))
		rows = append(rows, map[string]any{"id": i, "props": props})
	}
	do(t, on, "UNWIND $rows AS row MATCH (n {id: row.id}) SET n += row.props", kadedb.Params{"rows": rows})
}

// writer writes expressions over what is bound.
type writer struct {
	r     *rand.Rand
	nodes []string
	rels  []string
}

func (w *writer) node() string { return pick(w.r, w.nodes...) }

func (w *writer) number(depth int) string {
	if depth == 0 || w.r.IntN(3) == 0 {
		return pick(w.r, w.node()+".v", w.node()+".v", w.node()+".f", fmt.Sprint(w.r.IntN(4)), "null", w.weight(), "-1", "1.5")
	}
	switch w.r.IntN(6) {
	case 0:
		return "(" + w.number(depth-1) + pick(w.r, " + ", " - ", " * ") + w.number(depth-1) + ")"
	case 1:
		return "size(" + w.text(depth-1) + ")"
	case 2:
		return "coalesce(" + w.number(depth-1) + ", " + w.number(depth-1) + ")"
	case 3:
		return "CASE WHEN " + w.test(depth-1) + " THEN " + w.number(depth-1) + " ELSE " + w.number(depth-1) + " END"
	case 4:
		return "size([e IN coalesce(" + w.node() + ".l, []) WHERE e > " + fmt.Sprint(w.r.IntN(3)) + "])"
	}
	return "abs(" + w.node() + ".v)"
}

func (w *writer) weight() string {
	if len(w.rels) == 0 {
		return w.node() + ".v"
	}
	return pick(w.r, w.rels...) + ".w"
}

func (w *writer) text(depth int) string {
	if depth == 0 || w.r.IntN(2) == 0 {
		return pick(w.r, w.node()+".s", w.node()+".s", "'a'", "''", "null", "'ab'")
	}
	switch w.r.IntN(3) {
	case 0:
		return "(" + w.text(depth-1) + " + " + w.text(depth-1) + ")"
	case 1:
		return "toUpper(" + w.text(depth-1) + ")"
	}
	return "substring(" + w.text(depth-1) + ", 0, 1)"
}

// test writes a condition.
func (w *writer) test(depth int) string {
	if depth > 0 && w.r.IntN(2) == 0 {
		switch w.r.IntN(5) {
		case 0:
			return "(" + w.test(depth-1) + " AND " + w.test(depth-1) + ")"
		case 1:
			return "(" + w.test(depth-1) + " OR " + w.test(depth-1) + ")"
		case 2:
			return "(" + w.test(depth-1) + " XOR " + w.test(depth-1) + ")"
		case 3:
			return "NOT (" + w.test(depth-1) + ")"
		}
		return "CASE WHEN " + w.test(depth-1) + " THEN " + w.test(depth-1) + " ELSE " + w.test(depth-1) + " END"
	}
	n := w.node()
	compare := pick(w.r, " = ", " <> ", " < ", " <= ", " > ", " >= ")
	switch w.r.IntN(14) {
	case 0, 1:
		return w.number(depth) + compare + w.number(depth)
	case 2:
		return w.text(depth) + compare + w.text(depth)
	case 3:
		return w.text(depth) + pick(w.r, " STARTS WITH ", " ENDS WITH ", " CONTAINS ") + w.text(0)
	case 4:
		return n + "." + pick(w.r, "v", "s", "f", "b", "l", "none") + pick(w.r, " IS NULL", " IS NOT NULL")
	case 5:
		return n + pick(w.r, ":A", ":B", ":A&B", ":A|B", ":!A", ":None", ":%")
	case 6:
		return n + ".v IN " + pick(w.r, "[0, 2]", "[1, null]", "[]", "[3, 1.0, 'a']", w.node()+".l")
	case 7:
		return n + ".b"
	case 8:
		return n + pick(w.r, " = ", " <> ") + w.node()
	case 9:
		return n + ".x" + compare + w.node() + "." + pick(w.r, "x", "v", "k")
	case 10:
		return n + ".l" + pick(w.r, " = ", " < ") + pick(w.r, "[1, 2]", w.node()+".l")
	case 11:
		return pick(w.r, "any", "all", "none", "single") + "(e IN " + n + ".l WHERE e = " + w.number(0) + ")"
	case 12:
		return pick(w.r, "EXISTS { (", "NOT EXISTS { (") + n + ")" + pick(w.r, "-->()", "-[:T]->(:A)", "<-[:U|V]-()", "--(:B)", "-[e]->(m) WHERE e.w > 1") + " }"
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
func newRequest(r *rand.Rand, m *model) *request {
	g := &maker{r: r}
	known := map[string]bool{}
	var parts []string
	c, rows := g.lively(m, []binding{{}})
	parts = append(parts, c.text(known))
	out := &request{last: &c}
	if r.IntN(3) == 0 {
		c, _ := g.lively(m, rows)
		c.optional = r.IntN(2) == 0
		parts = append(parts, c.text(known))
		out.last = &c
	}
	out.match = strings.Join(parts, " ")
	out.w = &writer{r: r, nodes: g.named}
	for _, name := range g.rels {
		if strings.Contains(out.match, "["+name+"]") || strings.Contains(out.match, "["+name+":") && !strings.Contains(out.match, name+"*") {
			out.w.rels = append(out.w.rels, name)
		}
	}
	return out
}

// columns writes what to return of each row.
func (q *request) columns() string {
	return q.w.node() + ".id AS c1, " + q.w.number(1) + " AS c2, " + q.w.text(1) + " AS c3"
}
