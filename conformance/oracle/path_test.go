package oracle

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// pathHop is a relationship of a path pattern.
type pathHop struct {
	types []string
	dir   int
}

// pathLink is what stands between two nodes of a path pattern.
type pathLink struct {
	hops     []pathHop
	group    bool // parenthesised
	repeated bool
	min, max int // max < 0: none
	below    int // w of the first relationship must be below; 0: no condition
	rising   bool
	label    string // of the group's second node
	node     string // label of the node behind it, "" for any
}

// route is a random path pattern: what is written and what it means.
type route struct {
	links    []pathLink
	mode     string
	selector string // "", SHORTEST, GROUPS, CHEAPEST
	k        int
	extra    bool // a relationship from its end, after a comma
	closed   bool // it ends where it begins, under the same name
}

func newRoute(r *source) route {
	rt := route{mode: pick(r, "", "", "TRAIL", "WALK", "ACYCLIC", "SIMPLE"), selector: pick(r, "", "", "SHORTEST", "GROUPS", "CHEAPEST"), k: 1 + r.IntN(3)}
	n := 1 + r.IntN(3)
	if rt.selector == "CHEAPEST" {
		n = 1
	}
	for range n {
		l := pathLink{min: 1, max: 1, node: pick(r, "", "", "", "A", "B"), below: pick(r, 0, 0, 3)}
		width := 1
		if r.once(2) {
			l.group, width = true, 1+r.IntN(2)
			l.rising, l.label = r.once(4), pick(r, "", "", "A")
		}
		if l.group || r.once(2) {
			l.repeated = true
			l.min = r.IntN(3)
			l.max = pick(r, -1, max(l.min, 1), l.min+1, l.min+2)
			if rt.mode == "WALK" && l.max < 0 {
				l.max = l.min + 1
			}
		}
		for range width {
			l.hops = append(l.hops, pathHop{types: pick(r, nil, []string{"T"}, []string{"T", "U"}, []string{"V"}), dir: r.IntN(3) - 1})
		}
		rt.links = append(rt.links, l)
	}
	rt.extra = rt.selector == "" && r.once(4)
	rt.closed = r.once(4)
	return rt
}

func (h *pathHop) text(name, cond string) string {
	types := ""
	if h.types != nil {
		types = ":" + strings.Join(h.types, "|")
	}
	body := "-[" + name + types + cond + "]-"
	return [...]string{"<" + body, body, body + ">"}[h.dir+1]
}

// text writes a link; names are what it binds, as expressions over ids.
func (l *pathLink) text(i int, names *[]string) string {
	quant := ""
	if l.repeated {
		quant = fmt.Sprintf("{%d,}", l.min)
		switch {
		case l.max == l.min:
			quant = fmt.Sprintf("{%d}", l.min)
		case l.max >= 0:
			quant = fmt.Sprintf("{%d,%d}", l.min, l.max)
		case l.min < 2:
			quant = [...]string{"*", "+"}[l.min]
		}
	}
	bind := func(name string) string {
		if l.repeated {
			*names = append(*names, "[e IN "+name+" | e.id]")
		} else {
			*names = append(*names, "["+name+".id]")
		}
		return name
	}
	r := fmt.Sprintf("r%d_0", i)
	var conds []string
	if l.below > 0 {
		conds = append(conds, fmt.Sprintf("%s.w < %d", r, l.below))
	}
	if !l.group {
		cond := ""
		if len(conds) > 0 {
			cond = " WHERE " + conds[0]
		}
		return l.hops[0].text(bind(r), cond) + quant
	}
	text := "((" + bind(fmt.Sprintf("x%d_0", i)) + ")"
	for j := range l.hops {
		label := ""
		if j == 0 && l.label != "" {
			label = ":" + l.label
		}
		text += l.hops[j].text(bind(fmt.Sprintf("r%d_%d", i, j)), "") + "(" + bind(fmt.Sprintf("x%d_%d", i, j+1)) + label + ")"
	}
	if l.rising {
		conds = append(conds, fmt.Sprintf("x%d_0.v < x%d_%d.v", i, i, len(l.hops)))
	}
	if len(conds) > 0 {
		text += " WHERE " + strings.Join(conds, " AND ")
	}
	return text + ")" + quant
}

// text writes the path with its ends, and what is bound inside.
func (rt *route) text(form int) (match, bound string) {
	last := rt.links[len(rt.links)-1].node
	label := func(l string) string {
		if l == "" {
			return ""
		}
		return ":" + l
	}
	left, right, before := "(a)", "(b"+label(last)+")", ""
	switch form {
	case 1:
		before, left, right = "MATCH "+left+", "+right+" ", "(a)", "(b)"
	case 2:
		before, left = "MATCH "+left+" ", "(a)"
	case 3:
		before, right = "MATCH "+right+" ", "(b)"
	}
	end, after := "b", ""
	if rt.closed {
		before, end, right, after = "", "a", "(a"+label(last)+")", " WITH *, a AS b"
		if form > 0 {
			before, right = "MATCH "+right+" ", "(a)"
		}
	}
	var names []string
	path := left
	for i := range rt.links {
		l := &rt.links[i]
		path += " " + l.text(i, &names) + " "
		if i < len(rt.links)-1 {
			n := fmt.Sprintf("n%d", i)
			path += "(" + n + label(l.node) + ")"
			names = append(names, "["+n+".id]")
		}
	}
	path += right
	selector, cost := "", ""
	switch rt.selector {
	case "SHORTEST":
		selector = fmt.Sprintf("SHORTEST %d ", rt.k)
	case "GROUPS":
		selector = fmt.Sprintf("SHORTEST %d GROUPS ", rt.k)
	case "CHEAPEST":
		selector, cost = fmt.Sprintf("CHEAPEST %d ", rt.k), " COST r0_0.w"
		if len(rt.links[0].hops) == 2 {
			cost += " + r0_1.w"
		}
	}
	if rt.mode != "" {
		selector += rt.mode + " "
	}
	extra := ""
	if rt.extra {
		extra = ", (" + end + ")-[q:T]->()"
		names = append(names, "[q.id]")
	}
	return before + "MATCH p = " + selector + path + cost + extra + after, strings.Join(names, ", ")
}

// taken is a path with what is bound along it.
type taken struct {
	pair
	rels []int
	text string // everything that a row holds
	cost int
}

// walker enumerates the matches of a route from one node.
type walker struct {
	m     *model
	rt    *route
	nodes []int
	rels  []int
	steps int // until the graph is too much for enumeration
	give  func(*walker, [][]int)
}

// fits reports whether the path may go on over a relationship.
func (w *walker) fits(rel, to int) bool {
	switch w.rt.mode {
	case "", "TRAIL":
		return !slices.Contains(w.rels, rel)
	case "ACYCLIC":
		return !slices.Contains(w.nodes, to)
	case "SIMPLE":
		closed := len(w.nodes) > 1 && w.nodes[0] == w.nodes[len(w.nodes)-1]
		return !closed && !slices.Contains(w.nodes[1:], to) && !slices.Contains(w.rels, rel)
	}
	return true
}

// link takes link i, of which times repetitions are done; bound holds what it binds, by name.
func (w *walker) link(i, times int, own, before [][]int) {
	if w.steps--; w.steps < 0 {
		return
	}
	l := &w.rt.links[i]
	at := w.nodes[len(w.nodes)-1]
	if times >= l.min && (l.node == "" || w.m.nodes[at].has(l.node)) {
		bound := append(slices.Clone(before), own...)
		if i == len(w.rt.links)-1 {
			w.give(w, bound)
		} else {
			w.link(i+1, 0, w.rt.links[i+1].empty(), append(bound, []int{at}))
		}
	}
	if l.max < 0 || times < l.max {
		w.hop(i, times, 0, []int{at}, nil, own, before)
	}
}

// empty is what a link binds before it is taken: a list for each name.
func (l *pathLink) empty() [][]int {
	if !l.group {
		return make([][]int, 1)
	}
	return make([][]int, 2*len(l.hops)+1)
}

// hop takes relationship j of a repetition of link i.
func (w *walker) hop(i, times, j int, nodes, rels []int, own, before [][]int) {
	l := &w.rt.links[i]
	if j == len(l.hops) {
		if l.rising {
			x, z := w.m.nodes[nodes[0]].v, w.m.nodes[nodes[j]].v
			if x < 0 || z < 0 || x >= z {
				return
			}
		}
		next := make([][]int, len(own))
		for k := range own {
			next[k] = slices.Clone(own[k])
		}
		for k, r := range rels {
			if !l.group {
				next[0] = append(next[0], r)
				continue
			}
			next[2*k] = append(next[2*k], nodes[k])
			next[2*k+1] = append(next[2*k+1], r)
		}
		if l.group {
			next[2*j] = append(next[2*j], nodes[j])
		}
		w.link(i, times+1, next, before)
		return
	}
	w.m.hops(nodes[j], l.hops[j].types, l.hops[j].dir, func(rel, to int) {
		if j == 0 && (l.below > 0 && w.m.rels[rel].w >= l.below || l.label != "" && !w.m.nodes[to].has(l.label)) || !w.fits(rel, to) {
			return
		}
		w.nodes, w.rels = append(w.nodes, to), append(w.rels, rel)
		w.hop(i, times, j+1, append(slices.Clone(nodes), to), append(slices.Clone(rels), rel), own, before)
		w.nodes, w.rels = w.nodes[:len(w.nodes)-1], w.rels[:len(w.rels)-1]
	})
}

// matches enumerates a route; ok is false where there is too much of it.
func (m *model) matches(rt *route) (all []taken, ok bool) {
	w := &walker{m: m, rt: rt, steps: 50_000}
	for from := range m.nodes {
		if m.nodes[from].gone {
			continue
		}
		w.nodes, w.rels = []int{from}, nil
		w.give = func(w *walker, bound [][]int) {
			to := w.nodes[len(w.nodes)-1]
			cost := len(w.rels)
			if rt.selector == "CHEAPEST" {
				cost = m.costOf(w.rels)
			}
			add := func(bound [][]int) {
				all = append(all, taken{pair: pair{from, to}, rels: slices.Clone(w.rels), cost: cost,
					text: fmt.Sprintf("%d | %d | %s", from, to, listsText(append([][]int{w.rels}, bound...)))})
			}
			if !rt.extra {
				add(bound)
				return
			}
			m.hops(to, []string{"T"}, 1, func(rel, _ int) {
				if rt.mode == "WALK" || !slices.Contains(w.rels, rel) {
					add(append(slices.Clone(bound), []int{rel}))
				}
			})
		}
		w.link(0, 0, rt.links[0].empty(), nil)
	}
	return all, w.steps >= 0
}

func listsText(lists [][]int) string {
	parts := make([]string, len(lists))
	for i, l := range lists {
		parts[i] = listText(l)
	}
	return strings.Join(parts, " | ")
}

// chosen gives the matches that a selector may keep, and the measures of those that it keeps,
// with their ends.
func (rt *route) chosen(m *model) (may, measures []string) {
	all, _ := m.matches(rt)
	by := map[pair][]taken{}
	for _, t := range all {
		by[t.pair] = append(by[t.pair], t)
	}
	for p, ts := range by {
		if rt.closed && p.from != p.to {
			continue
		}
		slices.SortFunc(ts, func(a, b taken) int { return a.cost - b.cost })
		groups, last := 0, -1
		for i, t := range ts {
			if t.cost != last {
				groups, last = groups+1, t.cost
			}
			switch {
			case rt.selector == "GROUPS" && groups > rt.k, rt.selector != "" && rt.selector != "GROUPS" && t.cost > ts[min(rt.k, len(ts))-1].cost:
				continue
			}
			may = append(may, t.text)
			if rt.selector == "" || rt.selector == "GROUPS" || i < rt.k {
				measures = append(measures, fmt.Sprintf("%d | %d | %d", p.from, p.to, t.cost))
			}
		}
	}
	return may, measures
}

// routeClaims asks path patterns of several parts, with quantified groups, modes and selectors.
func routeClaims(r *source, m *model) []claim {
	rt, form := newRoute(r), r.IntN(4)
	if _, ok := m.matches(&rt); !ok {
		return nil
	}
	match, bound := rt.text(form)
	may := func(m *model) []string { out, _ := rt.chosen(m); return out }
	measures := func(m *model) []string { _, out := rt.chosen(m); return out }
	kept := rows
	if rt.selector == "SHORTEST" || rt.selector == "CHEAPEST" {
		kept = among
	}
	measure := "length(p)"
	if rt.selector == "CHEAPEST" {
		measure = "reduce(c = 0, e IN relationships(p) | c + e.w)"
	}
	number := func(f func(rows []string) int) func(*model) []string {
		return func(m *model) []string { return []string{fmt.Sprint(f(measures(m)))} }
	}
	count := number(func(rows []string) int { return len(rows) })
	ends := number(func(rows []string) int {
		seen := map[string]bool{}
		for _, r := range rows {
			seen[r[:strings.LastIndex(r, "|")]] = true
		}
		return len(seen)
	})
	ask := func(name string, rel relation, text string, want func(*model) []string) claim {
		return claim{name: name, relation: rel, texts: []string{text}, want: want}
	}
	out := []claim{
		ask("paths", kept, match+" RETURN a.id, b.id, [x IN relationships(p) | x.id], "+bound, may),
		ask("measures of paths", rows, match+" RETURN a.id, b.id, "+measure, measures),
		ask("count of paths", rows, match+" RETURN count(*)", count),
		ask("count of ends", rows, match+" RETURN count(b)", count),
		ask("distinct ends of paths", rows, match+" RETURN count(DISTINCT [a.id, b.id])", ends),
	}
	if first, path, ok := strings.Cut(match, " MATCH "); ok {
		out = append(out, ask("optional paths", rows, first+" OPTIONAL MATCH "+path+" RETURN count(p)", count))
		if !strings.Contains(first, ",") {
			out = append(out, ask("nested paths", rows, first+" RETURN coalesce(sum(COUNT { MATCH "+path+" RETURN p }), 0)", count))
		}
	}
	return out
}

var routes = family{graph: smallGraph, claims: routeClaims, each: 1, sets: rotating()}

func TestPathsAgainstEnumeration(t *testing.T) { routes.run(t, seeds(150)) }
