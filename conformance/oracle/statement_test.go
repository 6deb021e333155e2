package oracle

import (
	"fmt"
	"strings"
	"testing"
)

// statement is a query that grows clause by clause; what is in scope is in w.
type statement struct {
	r     *source
	g     *maker
	w     *writer
	text  []string
	more  int // MATCHes that may still come
	known map[string]bool
}

// newStatement makes a query with columns c1, c2 …, whose answer does not depend on the order of rows.
func newStatement(r *source, m *model) string {
	s := &statement{r: r, g: &maker{r: r, limit: 200}, known: map[string]bool{}, more: 1}
	if len(m.nodes) > manyNodes { // in which enumeration takes long, and products are large
		s.more = 0
		s.add("%s", pick(r, "MATCH (n1:A)-[r2:T]->(n3)", "MATCH (n1)<-[r2]-(n3:B) WHERE n1.v < 2", "MATCH (n1:A)-[r2:U]-(n3:C)", "MATCH (n1) WHERE n1.v > 0 MATCH (n1)-[r2:T|V]->(n3)"))
		s.scope([]string{"n1", "n3"}, []string{"r2"}, nil)
		s.g.count = 3
	} else {
		c, _ := s.g.lively(m, []binding{{}})
		s.add("%s", c.text(s.known))
		s.w = &writer{r: r, nodes: s.g.named, rels: s.g.single(s.text[0])}
	}
	for range r.IntN(4) {
		s.clause()
	}
	s.last()
	return strings.Join(s.text, " ")
}

func (s *statement) add(format string, args ...any) {
	s.text = append(s.text, fmt.Sprintf(format, args...))
}

func (s *statement) name(kind string) string {
	s.g.count++
	return fmt.Sprint(kind, s.g.count)
}

// scope replaces what is in scope.
func (s *statement) scope(nodes, rels, numbers []string) {
	s.w = &writer{r: s.r, nodes: nodes, rels: rels, numbers: numbers}
	s.g.named, s.g.rels, s.known = nodes, rels, map[string]bool{}
	for _, n := range nodes {
		s.known[n] = true
	}
}

func (s *statement) clause() {
	n, m := s.w.node(), s.w.node()
	switch s.r.IntN(16) {
	case 0, 1:
		s.add(pick(s.r, "WITH * WHERE %s", "FILTER %s"), s.w.test(2))
	case 2:
		s.let()
	case 3:
		x := s.name("x")
		s.add(pick(s.r, "UNWIND %s AS %s", "FOR %[2]s IN %[1]s"), s.w.list(1), x)
		s.w.numbers = append(s.w.numbers, x)
	case 4:
		a, b, x := s.name("n"), s.name("n"), s.name("x")
		s.add(pick(s.r, "WITH %s AS %s, %s AS %s, %s AS %s", "WITH DISTINCT %s AS %s, %s AS %s, %s AS %s", "RETURN %s AS %s, %s AS %s, %s AS %s NEXT"), n, a, m, b, m+".v", x)
		s.scope([]string{a, b}, nil, []string{x})
	case 5:
		a, x, y := s.name("n"), s.name("x"), s.name("x")
		s.add("WITH %s AS %s, count(*) AS %s, sum(%s.v) AS %s", n, a, x, m, y)
		if s.r.once(2) {
			s.text[len(s.text)-1] += " WHERE " + x + " > 1"
		}
		s.scope([]string{a}, nil, []string{x, y})
	case 6, 7:
		s.optional(n)
	case 8:
		if s.more--; s.more >= 0 {
			c := s.g.clause()
			s.add("%s", c.text(s.known))
			s.w.nodes = s.g.named
		}
	case 9, 10:
		s.call(n)
	case 11:
		s.first()
	case 12:
		a, x := s.name("n"), s.name("x")
		s.add("RETURN %s AS %s NEXT WHEN %s THEN RETURN %s, 1 AS %s WHEN %s THEN { MATCH (%s)-->(y) RETURN %s, y.v AS %s } ELSE RETURN %s, null AS %s NEXT",
			n, a, (&writer{r: s.r, nodes: []string{a}}).test(1), a, x, (&writer{r: s.r, nodes: []string{a}}).test(1), a, a, x, a, x)
		s.scope([]string{a}, nil, []string{x})
	case 14, 15:
		s.path(n)
	case 13:
		s.add("WITH *, %s AS %s", s.w.number(2), s.name("x"))
		s.w.numbers = append(s.w.numbers, fmt.Sprint("x", s.g.count))
	}
}

func (s *statement) let() {
	x := s.name("x")
	switch s.r.IntN(3) {
	case 0:
		s.add("LET %s = %s", x, s.w.number(2))
		s.w.numbers = append(s.w.numbers, x)
	case 1:
		s.add("LET %s = %s", x, s.w.text(2))
		s.w.texts = append(s.w.texts, x)
	case 2:
		s.add("LET %s = %s", x, s.w.list(2))
		s.w.lists = append(s.w.lists, x)
	}
}

func (s *statement) optional(n string) {
	a, e := s.name("n"), s.name("r")
	typ := pick(s.r, ":T", "", ":U|V")
	s.add("OPTIONAL MATCH ("+n+")"+pick(s.r, "-[%[1]s]->", "<-[%[1]s]-", "-[%[1]s]-")+"(%[2]s)", e+typ, a)
	inner := &writer{r: s.r, nodes: append([]string{a}, s.w.nodes...), rels: append([]string{e}, s.w.rels...), numbers: s.w.numbers}
	if s.r.once(2) {
		s.text[len(s.text)-1] += " WHERE " + inner.test(1)
	}
	s.scope(inner.nodes, inner.rels, inner.numbers)
}

func (s *statement) call(n string) {
	a, x := s.name("n"), s.name("x")
	step := s.w.step()
	inner := &writer{r: s.r, nodes: []string{n}}
	switch s.r.IntN(7) {
	case 5:
		s.add("CALL (%s) { CALL (%s) { MATCH (%s)%s(z:A) RETURN z ORDER BY z.id LIMIT 2 } WITH z WHERE %s RETURN sum(z.v) AS %s }", n, n, n, step, (&writer{r: s.r, nodes: []string{"z"}}).test(1), x)
		s.w.numbers = append(s.w.numbers, x)
		return
	case 6:
		s.add("CALL (%s) { MATCH (%s)%s(z) RETURN z.v AS %s UNION ALL UNWIND %s AS y RETURN y AS %s }", n, n, step, x, inner.list(1), x)
		s.w.numbers = append(s.w.numbers, x)
		return
	case 0:
		s.add("CALL (%s) { MATCH (%s)%s(z) WHERE %s RETURN count(*) AS %s }", n, n, step, inner.test(1), x)
		s.w.numbers = append(s.w.numbers, x)
		return
	case 1:
		s.add("CALL (%s) { MATCH (%s)%s(%s) RETURN %s ORDER BY %s.id DESC LIMIT 1 }", n, n, step, a, a, a)
	case 2:
		if s.more < 0 {
			return
		}
		s.add("CALL (*) { MATCH (%s) WHERE %s.v = %s.v RETURN %s, %s.v AS %s }", a, a, n, a, n, x)
		s.w.numbers = append(s.w.numbers, x)
	case 3:
		s.add("OPTIONAL CALL (%s) { MATCH (%s:B)%s(%s) RETURN DISTINCT %s }", n, n, step, a, a)
	case 4:
		s.add("CALL (%s) { RETURN %s AS %s UNION MATCH (%s)-->(%s) RETURN %s }", n, n, a, n, a, a)
	}
	s.w.nodes = append([]string{a}, s.w.nodes...)
	s.g.named, s.known[a] = s.w.nodes, true
}

// path adds a path, and what it is made of.
func (s *statement) path(n string) {
	if s.more--; s.more < 0 {
		return
	}
	p, a, x, l := s.name("p"), s.name("n"), s.name("x"), s.name("x")
	s.add(pick(s.r, "MATCH", "OPTIONAL MATCH")+" %s = (%s)%s(%s)", p, n,
		pick(s.r, "-[:T*1..2]->", "-[*0..2]-", "-->()<--", " ((k)-[e]->(o) WHERE e.w > 0){1,2} ", "<-[:U|V]-{0,2}"), a)
	s.add("LET %s = length(%s), %s = [z IN nodes(%s) | z.v] FILTER "+pick(s.r, "true", "any(z IN nodes(%[4]s) WHERE z.v = 1)", "all(e IN relationships(%[4]s) WHERE e.w < 3)", "%[4]s IS NULL OR nodes(%[4]s)[-1] <> nodes(%[4]s)[0]"),
		x, p, l, p)
	s.w.nodes, s.known[a] = append([]string{a}, s.w.nodes...), true
	s.g.named = s.w.nodes
	s.w.numbers, s.w.lists = append(s.w.numbers, x), append(s.w.lists, l)
}

// first keeps the first rows, where their order leaves nothing open: equal rows are the same.
func (s *statement) first() {
	if len(s.w.numbers)+len(s.w.texts)+len(s.w.lists) > 0 {
		return
	}
	var keys []string
	for _, n := range append(append([]string{}, s.w.nodes...), s.w.rels...) {
		keys = append(keys, n+".id"+pick(s.r, "", " DESC"))
	}
	s.add(pick(s.r, "WITH * ORDER BY %s LIMIT %d", "WITH * ORDER BY %s SKIP %d", "LET one = 1 ORDER BY %s LIMIT %d"), strings.Join(keys, ", "), 1+s.r.IntN(5))
}

// last writes the end.
func (s *statement) last() {
	w := s.w
	n, m := w.node(), w.node()
	columns := n + ".id AS c1, " + w.number(1) + " AS c2, " + w.text(1) + " AS c3"
	s.text = append(s.text, pick(s.r,
		"RETURN "+columns,
		"RETURN DISTINCT "+columns,
		"RETURN "+columns+" ORDER BY c1, c2, c3 SKIP 1 LIMIT 5",
		"RETURN "+n+".v AS c1, count(*) AS c2, sum("+m+".v) AS c3, max("+m+".f) AS c4, count(DISTINCT "+m+".s) AS c5",
		"RETURN count(*) AS c1",
		"RETURN count(DISTINCT "+n+") AS c1, min("+m+".d) AS c2, max("+n+".x) AS c3",
		"RETURN "+n+".x AS c1, "+m+".l AS c2 ORDER BY c1, c2 LIMIT 4",
		"RETURN "+n+".id AS c1 UNION MATCH (z:A) RETURN z.id AS c1",
		"RETURN "+n+".id AS c1, COLLECT { MATCH ("+n+")-[e]->(z) RETURN z.id ORDER BY z.id, e.id } AS c2",
		"RETURN "+n+".id AS c1, "+n+" {.v, .s, .d} AS c2, "+w.list(2)+" AS c3",
		"RETURN "+n+".t AS c1, "+n+".u AS c2, "+n+".d + "+m+".u AS c3, duration.between("+n+".d, "+m+".d) AS c4",
		"RETURN "+n+".id AS c1, "+w.test(2)+" AS c2",
		"RETURN DISTINCT "+n+".id AS c1, "+m+".id AS c2 ORDER BY c2 DESC, c1 LIMIT 3",
		"RETURN "+w.number(1)+" AS c1, collect(DISTINCT "+n+".id)[0] IS NULL AS c2, count("+m+".s) AS c3",
	))
}

// manyNodes are more than patterns are enumerated in.
const manyNodes = 100

// manyRows makes a graph of many nodes, of which only a few change: each change is a statement.
func manyRows(r *source) *model {
	m := newModel(r, 2000+r.IntN(2000), 4000+r.IntN(2000)).decorate(r)
	m.laterNodes, m.laterRels = len(m.nodes)-10, len(m.rels)-20
	for i := 40; i < len(m.nodes); i++ {
		m.nodes[i].gone, m.nodes[i].was = false, nil
	}
	for i := range m.rels {
		x := &m.rels[i]
		if i < m.laterRels {
			x.from, x.to = min(x.from, m.laterNodes-1), min(x.to, m.laterNodes-1)
		}
		x.gone = m.nodes[x.from].gone || m.nodes[x.to].gone || x.gone && i < 40
		if i >= 40 {
			x.was = -1
		}
	}
	return m
}

// TestManyRows asks statements of graphs that fill more than one batch, in every setting.
func TestManyRows(t *testing.T) {
	f := family{graph: manyRows, each: 10,
		claims: func(r *source, m *model) []claim {
			return []claim{{name: "statement of many rows", relation: anywhere, texts: []string{newStatement(r, m)}}}
		},
		sets: func(i int) []setting {
			sets, at := append(manners(), places()...), 1+i*7
			return []setting{plain, sets[at%len(sets)], sets[(at+9)%len(sets)], sets[(at+17)%len(sets)]}
		}}
	f.run(t, seeds(1))
}

// TestSettings asks the same statements in every setting.
func TestSettings(t *testing.T) {
	f := family{graph: func(r *source) *model { return newModel(r, 4+r.IntN(10), 4+r.IntN(30)).decorate(r) }, each: 40,
		claims: func(r *source, m *model) []claim {
			return []claim{{name: "statement", relation: anywhere, texts: []string{newStatement(r, m)}}}
		},
		sets: func(int) []setting { return append(manners(), places()...) }}
	f.run(t, seeds(2))
}
