package oracle

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/value"
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
}

func newRoute(r *rand.Rand) route {
	rt := route{mode: pick(r, "", "", "TRAIL", "WALK", "ACYCLIC", "SIMPLE"), selector: pick(r, "", "", "SHORTEST", "GROUPS", "CHEAPEST"), k: 1 + r.IntN(3)}
	n := 1 + r.IntN(3)
	if rt.selector == "CHEAPEST" {
		n = 1
	}
	for range n {
		l := pathLink{min: 1, max: 1, node: pick(r, "", "", "", "A", "B"), below: pick(r, 0, 0, 3)}
		width := 1
		if r.IntN(2) == 0 {
			l.group, width = true, 1+r.IntN(2)
			l.rising, l.label = r.IntN(4) == 0, pick(r, "", "", "A")
		}
		if l.group || r.IntN(2) == 0 {
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
	rt.extra = rt.selector == "" && r.IntN(4) == 0
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

// text writes the query: ends, path, and what is bound inside.
func (rt *route) text(form int, g string) string {
	last := rt.links[len(rt.links)-1].node
	label := func(l string) string {
		if l == "" {
			return ""
		}
		return ":" + l
	}
	left, right, before := "(a"+g+")", "(b"+g+label(last)+")", ""
	switch form {
	case 1:
		before, left, right = "MATCH "+left+", "+right+" ", "(a)", "(b)"
	case 2:
		before, left = "MATCH "+left+" ", "(a)"
	case 3:
		before, right = "MATCH "+right+" ", "(b)"
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
		extra = ", (b)-[q:T]->()"
		names = append(names, "[q.id]")
	}
	return before + "MATCH p = " + selector + path + cost + extra + " RETURN a.id, b.id, [x IN relationships(p) | x.id], " + strings.Join(names, ", ")
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
					text: fmt.Sprint(from, to, append([][]int{w.rels}, bound...))})
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

// check compares the rows of a route with its matches.
func (rt *route) check(all []taken, rows []string) error {
	count := map[string]int{}
	for _, t := range all {
		count[t.text]++
	}
	if rt.selector == "" {
		return same(count, rows)
	}
	by := map[pair][]taken{}
	for _, t := range all {
		by[t.pair] = append(by[t.pair], t)
	}
	want := map[string]int{} // GROUPS: exactly these
	lengths := map[pair][]int{}
	of := map[string]taken{}
	for p, ts := range by {
		slices.SortFunc(ts, func(a, b taken) int { return a.cost - b.cost })
		groups, last := 0, -1
		for i, t := range ts {
			of[t.text] = t
			if t.cost != last {
				groups, last = groups+1, t.cost
			}
			if groups <= rt.k {
				want[t.text]++
			}
			if i < rt.k {
				lengths[p] = append(lengths[p], t.cost)
			}
		}
	}
	if rt.selector == "GROUPS" {
		return same(want, rows)
	}
	got := map[pair][]int{}
	for _, r := range rows {
		if count[r]--; count[r] < 0 {
			return fmt.Errorf("%s is no match, or comes too often", r)
		}
		t := of[r]
		got[t.pair] = append(got[t.pair], t.cost)
	}
	for p, want := range lengths {
		if slices.Sort(got[p]); !slices.Equal(got[p], want) {
			return fmt.Errorf("from %d to %d: lengths or costs %v, want %v", p.from, p.to, got[p], want)
		}
	}
	return nil
}

func same(want map[string]int, rows []string) error {
	for _, r := range rows {
		if want[r]--; want[r] < 0 {
			return fmt.Errorf("%s is no match, or comes too often", r)
		}
	}
	for text, n := range want {
		if n > 0 {
			return fmt.Errorf("%s is missing", text)
		}
	}
	return nil
}

// pathCounts asks for numbers alone, where fewer columns are carried and rows may be multiplied
// instead of written out.
func pathCounts(on asker, text string, rows []string) error {
	before, _, _ := strings.Cut(text, " RETURN ")
	ends := map[string]bool{}
	for _, r := range rows {
		ends[strings.Join(strings.Fields(r)[:2], " ")] = true
	}
	asked := map[string]int{
		before + " RETURN count(*)": len(rows), before + " RETURN count(b)": len(rows), before + " RETURN count(DISTINCT [a.id, b.id])": len(ends),
	}
	if first, path, ok := strings.Cut(before, " MATCH "); ok {
		asked[first+" OPTIONAL MATCH "+path+" RETURN count(p)"] = len(rows)
		if !strings.Contains(first, ",") {
			asked[first+" RETURN coalesce(sum(COUNT { MATCH "+path+" RETURN p }), 0)"] = len(rows)
		}
	}
	for what, want := range asked {
		err := each(on, what, nil, func(row []value.Value) {
			if n := int(row[0].AsInt()); n != want {
				want = -1 - n
			}
		})
		if err != nil || want < 0 {
			return fmt.Errorf("%s is %d, %d rows: %w", what, -1-want, len(rows), err)
		}
	}
	return nil
}

// TestPathsAgainstEnumeration asks path patterns of several parts, with quantified groups, modes
// and selectors, of small graphs, a part of which is not committed.
func TestPathsAgainstEnumeration(t *testing.T) {
	if err := paths(t, seeds(500)); err != nil {
		t.Error(err)
	}
}

func paths(t *testing.T, seeds []uint64) error {
	var db *kadedb.DB
	asked := 0
	for i, seed := range seeds {
		if i%50 == 0 {
			db = openStore(t, kadedb.Options{})
		}
		r := newRand(seed)
		m := newModel(r, 2+r.IntN(6), r.IntN(11))
		g := fmt.Sprintf(":P%d", seed)
		m.commit(t, db, g)
		if i%5 == 0 {
			if err := db.Checkpoint(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		tx := begin(t, db)
		m.change(t, tx, g)
		rt := newRoute(r)
		text := rt.text(r.IntN(4), g)
		all, ok := m.matches(&rt)
		if ok {
			asked++
			var rows []string
			err := each(tx, text, nil, func(row []value.Value) {
				line := fmt.Sprint(row[0].AsInt(), row[1].AsInt(), func() [][]int {
					var lists [][]int
					for _, v := range row[2:] {
						lists = append(lists, ints(v))
					}
					return lists
				}())
				rows = append(rows, line)
			})
			if err == nil {
				err = rt.check(all, rows)
			}
			if err == nil {
				err = pathCounts(tx, text, rows)
			}
			if err != nil {
				rollback(t, tx)
				return fmt.Errorf("seed %d: %s\n%w\n%+v", seed, text, err, m)
			}
		}
		rollback(t, tx)
	}
	if asked < len(seeds)*3/4 {
		return fmt.Errorf("only %d of %d patterns were small enough", asked, len(seeds))
	}
	return nil
}
