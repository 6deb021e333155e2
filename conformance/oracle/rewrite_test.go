package oracle

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kadedb/kadedb/parser"
	"github.com/kadedb/kadedb/parser/ast"
)

// twin is two texts with one answer. Its name begins with the number of the rule:
//
//	R1   a path is turned around
//	R2   a path is split into parts by commas, or by MATCHes
//	R3   labels and properties stand in the pattern, in an element's WHERE or in WHERE
//	R4   undirected is out and in
//	R5   a variable length is its fixed lengths
//	R6   conditions are written in another way
//	R7   clauses that change nothing, subqueries around, other names
//	R8   literals are parameters
//	R9   with one restriction less there are never fewer rows
//	R10  graphs side by side
//
// and the others say which forms of the language they hold together.
func twin(name, left, right string) claim {
	return claim{name: name, relation: same, texts: []string{left, right}}
}

// reversed turns a chain around.
func (ch *chain) reversed() chain {
	names := []string{ch.from}
	for _, h := range ch.hops {
		names = append(names, h.to)
	}
	out := chain{from: names[len(names)-1]}
	for i := len(ch.hops) - 1; i >= 0; i-- {
		h := ch.hops[i]
		h.dir, h.to = -h.dir, names[i]
		out.hops = append(out.hops, h)
	}
	return out
}

// patternTwins rewrites the patterns of a MATCH.
func patternTwins(r *source, m *model) []claim {
	g := &maker{r: r}
	c, _ := g.lively(m, []binding{{}})
	tail := " RETURN " + g.named[0] + ".id AS c1, " + g.named[len(g.named)-1] + ".id AS c2"
	text := func(c clause) string { return c.text(map[string]bool{}) + tail }
	left := text(c)
	back := c
	back.chains = nil
	for i := range c.chains {
		back.chains = append(back.chains, c.chains[i].reversed())
	}
	slices.Reverse(back.chains)
	split := c
	split.chains = nil
	for _, ch := range c.chains {
		from := ch.from
		for _, h := range ch.hops {
			split.chains = append(split.chains, chain{from, []hop{h}})
			from = h.to
		}
		if len(ch.hops) == 0 {
			split.chains = append(split.chains, ch)
		}
	}
	out := []claim{twin("R1 reversed", left, text(back)), twin("R2 split", left, text(split))}
	bare := c
	bare.labels = nil
	var conds []string
	for _, n := range c.names() {
		for _, l := range c.labels[n] {
			if !strings.HasPrefix(n, "_") {
				conds = append(conds, n+":"+l)
			}
		}
	}
	if conds != nil {
		r.shuffle(conds)
		out = append(out, twin("R3 labels in WHERE", left, bare.text(map[string]bool{})+" WHERE "+strings.Join(conds, " AND ")+tail))
	}
	return out
}

// conditionTwins rewrites a WHERE.
func conditionTwins(r *source, m *model) []claim {
	q := newRequest(r, m)
	p, p2, p3 := q.w.test(2), q.w.test(2), q.w.test(1)
	tail := " RETURN " + q.columns()
	a, b, k, l := q.w.number(1), q.w.number(1), r.IntN(4), r.IntN(4)
	with := func(cond string) string { return q.match + " WITH * WHERE " + cond + tail }
	n := q.w.nodes[0]
	out := []claim{
		twin("R6 NOT NOT", with(p), with("NOT (NOT ("+p+"))")),
		twin("R6 AND true", with(p), with("("+p+") AND true")),
		twin("R6 OR false", with(p), with("false OR ("+p+")")),
		twin("R6 De Morgan", with("("+p+") AND ("+p2+")"), with("NOT (NOT ("+p+") OR NOT ("+p2+"))")),
		twin("R6 De Morgan OR", with("("+p+") OR ("+p2+")"), with("NOT (NOT ("+p+") AND NOT ("+p2+"))")),
		twin("R6 swapped", with("("+p+") OR ("+p2+")"), with("("+p2+") OR ("+p+")")),
		twin("R6 distributed", with("("+p+") AND (("+p2+") OR ("+p3+"))"), with("("+p+") AND ("+p2+") OR ("+p+") AND ("+p3+")")),
		twin("R6 CASE", with(p), with("CASE WHEN "+p+" THEN true ELSE false END")),
		twin("R6 list", with(p), with("true IN ["+p+"]")),
		twin("R6 XOR", with("("+p+") XOR ("+p2+")"), with("("+p+") <> ("+p2+")")),
		twin("R6 IN", with(fmt.Sprintf("%s IN [%d, %d]", a, k, l)), with(fmt.Sprintf("(%s = %d OR %s = %d)", a, k, a, l))),
		twin("R6 comparison swapped", with(a+" < "+b), with(b+" > "+a)),
		twin("R6 no comparison", with("NOT ("+a+" = "+b+")"), with(a+" <> "+b)),
		twin("R7 WITH *", q.match+tail, q.match+" WITH *"+tail),
		twin("R7 UNWIND", with(p), q.match+" UNWIND [0] AS zero WITH * WHERE "+p+tail),
		twin("R7 CALL", with(p), q.match+" CALL (*) { WITH * WHERE "+p+" RETURN 1 AS one }"+tail),
		twin("R7 conjuncts", with("("+p+") AND ("+p2+") AND ("+p3+")"), q.match+" WITH * WHERE "+p3+" WITH * WHERE "+p+" WITH * WHERE "+p2+tail),
		twin("R7 DISTINCT ids", q.match+" RETURN DISTINCT "+n+".id AS c", q.match+" WITH "+n+".id AS c, count(*) AS n RETURN c"),
		twin("R7 sorted", with(p), q.match+" WITH * WHERE "+p+" WITH * ORDER BY "+n+".v, "+n+".f DESC"+tail),
		twin("R7 dead UNION", with(p), with(p)+" UNION ALL "+with("false AND ("+p+")")),
		twin("FILTER", with(p), q.match+" FILTER "+p+tail),
		twin("LET", with(p), q.match+" LET yes = ("+p+") FILTER yes"+tail),
		twin("EXISTS of a row", with(p), with("EXISTS { UNWIND [0] AS zero WITH * WHERE "+p+" RETURN zero }")),
		twin("COUNT of a row", with(p), with("COUNT { UNWIND [0, 1] AS zero WITH * WHERE "+p+" RETURN zero } = 2")),
		twin("COLLECT of a value", with(p+" OR true"), q.match+" WITH *, COLLECT { RETURN ("+p+") AS x } AS xs WHERE size(xs) = 1"+tail),
		twin("WHEN", q.match+" RETURN "+n+".id AS i, CASE WHEN "+p+" THEN 1 WHEN "+p2+" THEN 2 ELSE 3 END AS x",
			q.match+" RETURN * NEXT WHEN "+p+" THEN RETURN "+n+".id AS i, 1 AS x WHEN "+p2+" THEN RETURN "+n+".id AS i, 2 AS x ELSE RETURN "+n+".id AS i, 3 AS x"),
	}
	if !q.last.optional {
		out = append(out, twin("R7 WITH * before WHERE", q.match+" WHERE "+p+tail, with(p)))
	}
	return out
}

// wholeTwins writes any statement in another way.
func wholeTwins(r *source, m *model) []claim {
	text := newStatement(r, m)
	out := []claim{
		twin("R7 CALL around", text, "CALL () { "+text+" } RETURN *"),
		twin("R7 NEXT", text, text+" NEXT RETURN *"),
		twin("R7 nothing beside", text, "CALL () { "+text+" UNION ALL CALL () { "+text+" } FILTER false RETURN * } RETURN *"),
		twin("R7 renamed", text, names.ReplaceAllString(text, "other_$0")),
	}
	if st, err := parser.Parse(text); err == nil {
		out = append(out, twin("printed", text, ast.Format(st)))
	}
	if l, ok := parser.Lift(text); ok && len(l.Params) > 0 {
		c := twin("R8 parameters", text, "")
		c.params = map[string]string{}
		at := 0
		for i, offset := range l.Offsets {
			name := fmt.Sprintf("p%d", i)
			c.texts[1] += text[at:offset] + "$" + name
			at = int(offset) + literalEnd(text[offset:])
			c.params[name] = l.Params[i].String()
		}
		c.texts[1] += text[at:]
		out = append(out, c)
	}
	for i := range out {
		out[i].relation = alike
	}
	return out
}

// literalEnd gives the length of the number or text that s begins with.
func literalEnd(s string) int {
	if s[0] == '\'' {
		for i := 1; ; i++ {
			switch s[i] {
			case '\\':
				i++
			case '\'':
				return i + 1
			}
		}
	}
	i := 0
	for i < len(s) && (s[i] >= '0' && s[i] <= '9' || s[i] == '.' && i+1 < len(s) && s[i+1] >= '0' && s[i+1] <= '9') {
		i++
	}
	return i
}

// names are the variables of generated statements.
var names = regexp.MustCompile(`\b[nrxp][0-9]+\b`)

func rewrites(r *source, m *model) []claim {
	return slices.Concat(patternTwins(r, m), fixedTwins(r), pathTwins(r), conditionTwins(r, m), wholeTwins(r, m))
}

// TestRewrites asks one question in two ways, each graph's in another setting.
func TestRewrites(t *testing.T) {
	f := family{graph: filled, claims: rewrites, each: 8, sets: rotating()}
	f.run(t, seeds(10))
}

// parameters gives numbers as literals and as parameters (R8), where an index may serve them.
var parameters = family{graph: filled, each: 20, sets: func(int) []setting { return []setting{indexedByTwo} },
	claims: func(r *source, _ *model) []claim {
		k, list := fmt.Sprint(r.IntN(5)), fmt.Sprintf("[%d, %d]", r.IntN(3), r.IntN(5))
		form := pick(r, "MATCH (a:A {v: %s}) RETURN a.id AS i, a.v IN %s AS x", "MATCH (a) WHERE a.v <> %s RETURN a.id AS i, a.v IN %s AS x",
			"MATCH (a {v: %s})--(b) WHERE b.v IN %s RETURN count(*)", "MATCH (a)-[r]->(b) WHERE a.v < %s AND r.w IN %s RETURN a.id AS a, b.id AS b")
		// A label expression keeps the index out of it.
		plain := strings.ReplaceAll(form, "(a:A {", "(a:A|A {")
		return []claim{{name: "R8 parameters", relation: same, params: map[string]string{"k": k, "list": list},
			texts: []string{fmt.Sprintf(form, "$k", "$list"), fmt.Sprintf(plain, k, list)}}}
	}}

func TestParameters(t *testing.T) { parameters.run(t, seeds(10)) }

// subsets (R9): without a label, a direction or a type there are never fewer rows.
func subsets(r *source, _ *model) []claim {
	g := &maker{r: r}
	c := g.clause()
	text := func() string { return c.text(map[string]bool{}) + " RETURN count(*)" }
	before := text()
	name := pick(r, "R9 without labels", "R9 without directions", "R9 without types")
	for i := range c.chains {
		for k := range c.chains[i].hops {
			switch h := &c.chains[i].hops[k]; name {
			case "R9 without directions":
				h.dir = 0
			case "R9 without types":
				h.types = nil
			}
		}
	}
	if name == "R9 without labels" {
		c.labels = nil
	}
	return []claim{{name: name, relation: most, texts: []string{before, text()}}}
}

func TestSubsets(t *testing.T) {
	f := family{graph: filled, claims: subsets, each: 20, sets: rotating()}
	f.run(t, seeds(10))
}

// sideBySide makes two graphs of which each node's label says which it is in.
func sideBySide(r *source) *model {
	m, other := newModel(r, 1+r.IntN(5), r.IntN(10)), newModel(r, 1+r.IntN(7), r.IntN(12))
	out := &model{stage: m.stage}
	n := 0
	for i, part := range []*model{m, other} {
		for _, x := range part.nodes {
			x.labels = append(slices.Clone(x.labels), fmt.Sprintf("Part%d", i))
			x.was, x.gone = nil, false
			out.nodes = append(out.nodes, x)
		}
		for _, x := range part.rels {
			x.from, x.to, x.gone = x.from+n, x.to+n, false
			out.rels = append(out.rels, x)
		}
		n = len(out.nodes)
	}
	out.laterNodes, out.laterRels = len(m.nodes), len(m.rels)
	return out
}

// disjoint (R10): a connected pattern has as many rows in two graphs side by side as in
// both alone.
func disjoint(r *source, _ *model) []claim {
	g := &maker{r: r}
	c := g.clause()
	c.chains = c.chains[:1]
	text := func(label string) string {
		part := c
		part.labels = map[string][]string{}
		for _, n := range c.names() {
			part.labels[n] = append(slices.Clone(c.labels[n]), strings.Fields(label)...)
		}
		return part.text(map[string]bool{}) + " RETURN count(*)"
	}
	return []claim{{name: "R10 side by side", relation: fold, folds: []string{"+"}, texts: []string{text(""), text("Part0"), text("Part1")}}}
}

func TestDisjointGraphs(t *testing.T) {
	f := family{graph: sideBySide, claims: disjoint, each: 20, sets: rotating()}
	f.run(t, seeds(10))
}
