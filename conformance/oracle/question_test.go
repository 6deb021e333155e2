package oracle

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strings"
)

// hop is a relationship of a pattern.
type hop struct {
	name     string // "" where nobody asks for it
	bound    bool   // by an earlier clause
	types    []string
	dir      int
	min, max int // 1, 1 for a single one
	to       string
}

func (h *hop) many() bool { return h.min != 1 || h.max != 1 }

func (h *hop) text() string {
	body := h.name
	if h.types != nil && !h.bound {
		body += ":" + strings.Join(h.types, "|")
	}
	if h.many() {
		body += fmt.Sprintf("*%d..%d", h.min, h.max)
	}
	if body != "" {
		body = "[" + body + "]"
	}
	return [...]string{"<-" + body + "-", "-" + body + "-", "-" + body + "->"}[h.dir+1]
}

// chain is one path of a MATCH.
type chain struct {
	from string
	hops []hop
}

// clause is a MATCH.
type clause struct {
	optional bool
	chains   []chain
	labels   map[string][]string // of the nodes, where they first stand
	where    *condition
}

// condition compares nodes or their values.
type condition struct {
	text string
	test func(m *model, b binding) bool
}

// binding is one row: nodes and relationships by name, -1 for null.
type binding map[string]int

func (b binding) with(name string, x int) binding {
	out := make(binding, len(b)+1)
	for k, v := range b {
		out[k] = v
	}
	out[name] = x
	return out
}

func (c *clause) text(known map[string]bool) string {
	out := "MATCH "
	if c.optional {
		out = "OPTIONAL MATCH "
	}
	out += c.patterns(known)
	if c.where != nil {
		out += " WHERE " + c.where.text
	}
	return out
}

// patterns writes the chains; names in known get no labels.
func (c *clause) patterns(known map[string]bool) string {
	node := func(name string) string {
		if known[name] {
			return "(" + name + ")"
		}
		known[name] = true
		text := name
		for _, l := range c.labels[name] {
			text += ":" + l
		}
		if strings.HasPrefix(name, "_") {
			text = text[len(name):]
		}
		return "(" + text + ")"
	}
	var parts []string
	for _, ch := range c.chains {
		p := node(ch.from)
		for _, h := range ch.hops {
			p += h.text() + node(h.to)
		}
		parts = append(parts, p)
	}
	return strings.Join(parts, ", ")
}

// rows gives the bindings of the clause for one row before it: plain nested loops over
// all relationships.
func (c *clause) rows(m *model, in binding) []binding {
	var out []binding
	var used []int
	var chainAt func(b binding, i int)
	var hopAt func(b binding, at, i, k int)
	chainAt = func(b binding, i int) {
		if i == len(c.chains) {
			if c.where == nil || c.where.test(m, b) {
				out = append(out, b)
			}
			return
		}
		c.nodes(m, b, c.chains[i].from, func(b binding, n int) { hopAt(b, n, i, 0) })
	}
	hopAt = func(b binding, at, i, k int) {
		if k == len(c.chains[i].hops) {
			chainAt(b, i+1)
			return
		}
		h := &c.chains[i].hops[k]
		arrive := func(b binding, n int) {
			c.node(m, b, h.to, n, func(b binding) { hopAt(b, n, i, k+1) })
		}
		var cross func(at, length int)
		cross = func(at, length int) {
			if length >= h.min && h.many() {
				arrive(b, at)
			}
			if length == h.max {
				return
			}
			m.hops(at, h.types, h.dir, func(rel, to int) {
				if slices.Contains(used, rel) || h.bound && b[h.name] != rel {
					return
				}
				used = append(used, rel)
				switch {
				case h.many():
					cross(to, length+1)
				case h.name != "" && !h.bound:
					arrive(b.with(h.name, rel), to)
				default:
					arrive(b, to)
				}
				used = used[:len(used)-1]
			})
		}
		cross(at, 0)
	}
	chainAt(in, 0)
	if out == nil && c.optional {
		row := in
		for _, name := range c.names() {
			if _, ok := row[name]; !ok {
				row = row.with(name, -1)
			}
		}
		return []binding{row}
	}
	return out
}

// nodes calls f for what a name may stand for.
func (c *clause) nodes(m *model, b binding, name string, f func(binding, int)) {
	if n, ok := b[name]; ok {
		if n >= 0 {
			f(b, n)
		}
		return
	}
	for i := range m.nodes {
		if !m.nodes[i].gone {
			c.node(m, b, name, i, func(b binding) { f(b, i) })
		}
	}
}

// node calls f if name may stand for node n.
func (c *clause) node(m *model, b binding, name string, n int, f func(binding)) {
	if have, ok := b[name]; ok {
		if have == n {
			f(b)
		}
		return
	}
	for _, l := range c.labels[name] {
		if !m.nodes[n].has(l) {
			return
		}
	}
	f(b.with(name, n))
}

func (c *clause) names() []string {
	var out []string
	for _, ch := range c.chains {
		out = append(out, ch.from)
		for _, h := range ch.hops {
			out = append(out, h.to)
			if h.name != "" && !h.many() {
				out = append(out, h.name)
			}
		}
	}
	return out
}

// question is MATCHes and what is asked of their rows.
type question struct {
	clauses []clause
	shape   string
	first   string // names of nodes
	last    string
	text    string
}

// rows gives all bindings of the clauses.
func (q *question) rows(m *model) []binding {
	rows := []binding{{}}
	for i := range q.clauses {
		var next []binding
		for _, b := range rows {
			next = append(next, q.clauses[i].rows(m, b)...)
		}
		rows = next
	}
	return rows
}

// lively makes a clause that has rows after those given, unless luck is against it.
func (g *maker) lively(m *model, before []binding) (clause, []binding) {
	for try := 0; ; try++ {
		saved := *g
		saved.named, saved.rels = slices.Clone(g.named), slices.Clone(g.rels)
		c := g.clause()
		var rows []binding
		for _, b := range before {
			rows = append(rows, c.rows(m, b)...)
		}
		if len(rows) > 0 && len(rows) < cmp.Or(g.limit, 5000) || try == 6 {
			return c, rows
		}
		*g = saved
	}
}

// newQuestion makes a question with a short answer.
func newQuestion(r *source, m *model) *question {
	q := &question{}
	g := &maker{r: r}
	g.anonymous = r.once(3)
	switch r.IntN(8) {
	case 6, 7:
		q.clauses = append(q.clauses, g.star())
		q.first, q.last = "n1", "n1"
		q.shape = pick(r, "count", "count", "by first", "each count", "exists", "top")
		q.write()
		return q
	}
	c, rows := g.lively(m, []binding{{}})
	q.clauses = append(q.clauses, c)
	if r.once(3) {
		c, _ := g.lively(m, rows)
		c.optional = r.once(3)
		q.clauses = append(q.clauses, c)
	}
	q.first, q.last = g.named[0], g.named[len(g.named)-1]
	if r.once(4) {
		q.clauses[len(q.clauses)-1].where = g.condition()
	}
	q.shape = pick(r, "count", "count", "count", "by first", "by last", "by both", "distinct last", "distinct ends", "top", "exists", "not exists", "each count", "sum")
	if (q.shape == "exists" || q.shape == "not exists" || q.shape == "each count") && len(q.clauses) > 1 {
		q.shape = "count"
	}
	q.write()
	return q
}

// maker names nodes and relationships while clauses are made.
type maker struct {
	r         *source
	named     []string
	rels      []string // single ones, by name
	count     int
	anonymous bool // nodes in the middle have no name
	limit     int  // of rows, 5,000 if 0
}

func (g *maker) node(labels map[string][]string, first bool) string {
	if len(g.named) > 0 && g.r.once(3) {
		return pick(g.r, g.named...)
	}
	g.count++
	name := fmt.Sprintf("n%d", g.count)
	if g.anonymous && !first && g.r.once(2) {
		name = "_" + name
	} else {
		g.named = append(g.named, name)
	}
	labels[name] = pick(g.r, nil, nil, nil, nil, []string{"A"}, []string{"A"}, []string{"B"}, []string{"A", "B"})
	if g.r.once(25) {
		labels[name] = []string{"None"}
	}
	return name
}

// star makes arms of one or two hops from a node to nodes that nobody asks for: what is
// counted without being enumerated.
func (g *maker) star() clause {
	c := clause{labels: map[string][]string{"n1": pick(g.r, nil, nil, []string{"A"})}}
	g.named = append(g.named, "n1")
	for range pick(g.r, 1, 1, 2, 2, 3) {
		ch := chain{from: "n1"}
		for range pick(g.r, 1, 1, 1, 2) {
			g.count++
			h := hop{dir: g.r.IntN(3) - 1, min: 1, max: 1, to: fmt.Sprintf("_%d", g.count)}
			h.types = pick(g.r, nil, []string{"T"}, []string{"T"}, []string{"T", "U"}, []string{"V"})
			if g.r.once(4) {
				c.labels[h.to] = []string{"A"}
			}
			ch.hops = append(ch.hops, h)
		}
		c.chains = append(c.chains, ch)
	}
	return c
}

func (g *maker) clause() clause {
	c := clause{labels: map[string][]string{}}
	var here []string // relationships of this clause
	length := 0
	for range pick(g.r, 1, 1, 1, 2, 3) {
		ch := chain{from: g.node(c.labels, true)}
		for range pick(g.r, 0, 1, 1, 2, 2, 3) {
			if length++; length > 4 {
				break
			}
			h := hop{dir: g.r.IntN(3) - 1, min: 1, max: 1}
			h.types = pick(g.r, nil, []string{"T"}, []string{"T"}, []string{"U"}, []string{"T", "U"}, []string{"V", "T"}, []string{"T", "T"})
			if g.r.once(25) {
				h.types = []string{"None"}
			}
			switch g.r.IntN(8) {
			case 7:
				h.min, h.max = g.r.IntN(2), 1+g.r.IntN(2)
			case 6:
				g.count++
				h.name = fmt.Sprintf("r%d", g.count)
				here = append(here, h.name)
			case 5:
				if len(g.rels) > 0 {
					h.name, h.bound = pick(g.r, g.rels...), true
					g.rels = slices.DeleteFunc(g.rels, func(s string) bool { return s == h.name })
					h.types = nil
				}
			}
			h.to = g.node(c.labels, false)
			ch.hops = append(ch.hops, h)
		}
		c.chains = append(c.chains, ch)
	}
	g.rels = append(g.rels, here...)
	return c
}

func (g *maker) condition() *condition {
	a, b := pick(g.r, g.named...), pick(g.r, g.named...)
	value := func(m *model, b binding, name string) int {
		if b[name] < 0 {
			return -1
		}
		return m.nodes[b[name]].v
	}
	switch g.r.IntN(4) {
	case 0:
		return &condition{a + " <> " + b, func(_ *model, row binding) bool { return row[a] >= 0 && row[b] >= 0 && row[a] != row[b] }}
	case 1:
		return &condition{a + ".v = " + b + ".v", func(m *model, row binding) bool {
			return value(m, row, a) >= 0 && value(m, row, a) == value(m, row, b)
		}}
	case 2:
		k := g.r.IntN(4)
		return &condition{fmt.Sprintf("%s.v > %d", a, k), func(m *model, row binding) bool { return value(m, row, a) > k }}
	}
	return &condition{"NOT (" + a + ":B)", func(m *model, row binding) bool { return row[a] >= 0 && !m.nodes[row[a]].has("B") }}
}

// write gives the question its text.
func (q *question) write() {
	known := map[string]bool{}
	f, l := q.first, q.last
	switch q.shape {
	case "exists", "not exists", "each count":
		c := &q.clauses[0]
		head := clause{chains: []chain{{from: f}}, labels: c.labels}
		q.text = head.text(known)
		inner := "{ " + c.patterns(known)
		if c.where != nil {
			inner += " WHERE " + c.where.text
		}
		inner += " }"
		switch q.shape {
		case "exists":
			q.text += " WHERE EXISTS " + inner + " RETURN " + f + ".id"
		case "not exists":
			q.text += " WHERE NOT EXISTS " + inner + " RETURN count(*)"
		default:
			q.text += " RETURN " + f + ".id, COUNT " + inner
		}
		return
	}
	var parts []string
	for i := range q.clauses {
		parts = append(parts, q.clauses[i].text(known))
	}
	tail := map[string]string{
		"count":         "count(*)",
		"by first":      f + ".id, count(*)",
		"by last":       l + ".id, count(" + l + ")",
		"by both":       f + ".id AS x, " + l + ".id AS y, count(*)",
		"distinct last": "DISTINCT " + l + ".id",
		"distinct ends": "count(DISTINCT " + l + ") AS x, count(DISTINCT " + f + ") AS y",
		"top":           f + ".id AS k, count(*) AS c ORDER BY c DESC, k LIMIT 3",
		"sum":           "sum(" + l + ".v), min(" + f + ".v), count(" + l + ".v)",
	}[q.shape]
	q.text = strings.Join(append(parts, "RETURN "+tail), " ")
}

// want gives the answer, sorted.
func (q *question) want(m *model) []string {
	switch q.shape {
	case "exists", "not exists", "each count":
		return q.wantNested(m)
	}
	rows := q.rows(m)
	var out []string
	switch q.shape {
	case "count":
		out = append(out, fmt.Sprint(len(rows)))
	case "by first":
		out = grouped(rows, func(b binding) (string, bool) { return id(b[q.first]), true })
	case "by last":
		out = grouped(rows, func(b binding) (string, bool) { return id(b[q.last]), b[q.last] >= 0 })
	case "by both":
		out = grouped(rows, func(b binding) (string, bool) { return id(b[q.first]) + " | " + id(b[q.last]), true })
	case "distinct last":
		for _, k := range unique(rows, q.last) {
			out = append(out, id(k))
		}
	case "distinct ends":
		n := func(name string) int {
			return len(slices.DeleteFunc(unique(rows, name), func(k int) bool { return k < 0 }))
		}
		out = append(out, fmt.Sprintf("%d | %d", n(q.last), n(q.first)))
	case "top":
		out = q.top(rows)
	case "sum":
		sum, count, least := 0, 0, -1
		for _, b := range rows {
			if n := b[q.last]; n >= 0 && m.nodes[n].v >= 0 {
				sum, count = sum+m.nodes[n].v, count+1
			}
			if n := b[q.first]; n >= 0 && m.nodes[n].v >= 0 && (least < 0 || m.nodes[n].v < least) {
				least = m.nodes[n].v
			}
		}
		out = append(out, fmt.Sprintf("%d | %s | %d", sum, id(least), count))
	}
	slices.Sort(out)
	return out
}

func (q *question) wantNested(m *model) []string {
	head := clause{chains: []chain{{from: q.first}}, labels: q.clauses[0].labels}
	var out []string
	missing := 0
	for _, b := range head.rows(m, binding{}) {
		n := len(q.clauses[0].rows(m, b))
		switch {
		case q.shape == "each count":
			out = append(out, fmt.Sprintf("%s | %d", id(b[q.first]), n))
		case q.shape == "exists" && n > 0:
			out = append(out, id(b[q.first]))
		case n == 0:
			missing++
		}
	}
	if q.shape == "not exists" {
		out = []string{fmt.Sprint(missing)}
	}
	slices.Sort(out)
	return out
}

func id(n int) string {
	if n < 0 {
		return "null"
	}
	return fmt.Sprint(n)
}

// grouped counts rows by key; the count leaves out rows that are not to be counted.
func grouped(rows []binding, key func(binding) (string, bool)) []string {
	counts := map[string]int{}
	for _, b := range rows {
		k, count := key(b)
		if counts[k] += 0; count {
			counts[k]++
		}
	}
	var out []string
	for k, n := range counts {
		out = append(out, fmt.Sprintf("%s | %d", k, n))
	}
	return out
}

func unique(rows []binding, name string) []int {
	seen := map[int]bool{}
	var out []int
	for _, b := range rows {
		if !seen[b[name]] {
			seen[b[name]] = true
			out = append(out, b[name])
		}
	}
	return out
}

func (q *question) top(rows []binding) []string {
	counts := map[int]int{}
	for _, b := range rows {
		counts[b[q.first]]++
	}
	keys := unique(rows, q.first)
	sort.Slice(keys, func(i, j int) bool {
		a, b := keys[i], keys[j]
		if counts[a] != counts[b] {
			return counts[a] > counts[b]
		}
		return b < 0 || a >= 0 && a < b // null is last
	})
	var out []string
	for _, k := range keys[:min(3, len(keys))] {
		out = append(out, fmt.Sprintf("%s | %d", id(k), counts[k]))
	}
	return out
}
