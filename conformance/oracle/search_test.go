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

// search is a random path search: what is written and what it means.
type search struct {
	types    []string // none: all
	dir      int      // 1 out, -1 in, 0 both
	min, max int      // max < 0: none
	below    int      // a hop's w must be below; 0: no condition
	ends     string   // label of the end, "" for any
}

func newSearch(r *rand.Rand) search {
	s := search{dir: r.IntN(3) - 1, min: pick(r, 1, 1, 1, 0, 2), max: pick(r, -1, -1, 3, 2, 4)}
	s.types = pick(r, nil, nil, []string{"T"}, []string{"T", "U"}, []string{"V", "None"})
	s.below, s.ends = pick(r, 0, 0, 0, 3), pick(r, "", "", "A", "B")
	return s
}

// arrow writes the relationship.
func (s *search) arrow() string {
	types := ""
	if s.types != nil {
		types = ":" + strings.Join(s.types, "|")
	}
	length := fmt.Sprintf("*%d..", s.min)
	if s.min == 1 {
		length = "*"
		if s.max >= 0 {
			length = "*.."
		}
	}
	if s.max >= 0 {
		length += fmt.Sprint(s.max)
	}
	cond := ""
	if s.below > 0 {
		cond = fmt.Sprintf(" WHERE r.w < %d", s.below)
	}
	body := "-[r" + types + length + cond + "]-"
	return [...]string{"<" + body, body, body + ">"}[s.dir+1]
}

// hops calls f with what can be crossed from a node.
func (m *model) hops(at int, types []string, dir int, f func(rel, to int)) {
	for i := range m.rels {
		x := &m.rels[i]
		if x.gone || types != nil && !slices.Contains(types, x.typ) {
			continue
		}
		switch {
		case x.from == at && dir >= 0:
			f(i, x.to)
		case x.to == at && dir <= 0:
			f(i, x.from)
		}
	}
}

// trails calls f with every trail of the search from a node, and its end.
func (m *model) trails(s *search, from int, f func(path []int, to int)) {
	var path []int
	var walk func(at int)
	walk = func(at int) {
		if len(path) >= s.min && (s.ends == "" || m.nodes[at].has(s.ends)) {
			f(path, at)
		}
		if len(path) == s.max {
			return
		}
		m.hops(at, s.types, s.dir, func(rel, to int) {
			if slices.Contains(path, rel) || s.below > 0 && m.rels[rel].w >= s.below {
				return
			}
			path = append(path, rel)
			walk(to)
			path = path[:len(path)-1]
		})
	}
	walk(from)
}

// pair names the ends of paths.
type pair struct{ from, to int }

// wanted is what enumeration says of all pairs of ends.
type wanted struct {
	shortest map[pair]int
	paths    map[pair][]string // the shortest ones
	cheapest map[pair]int
}

func (m *model) enumerate(s *search) *wanted {
	w := &wanted{shortest: map[pair]int{}, paths: map[pair][]string{}, cheapest: map[pair]int{}}
	for from := range m.nodes {
		if m.nodes[from].gone {
			continue
		}
		m.trails(s, from, func(path []int, to int) {
			p := pair{from, to}
			cost := m.costOf(path)
			if have, ok := w.cheapest[p]; !ok || cost < have {
				w.cheapest[p] = cost
			}
			have, ok := w.shortest[p]
			switch {
			case !ok || len(path) < have:
				w.shortest[p], w.paths[p] = len(path), []string{fmt.Sprint(path)}
			case len(path) == have:
				w.paths[p] = append(w.paths[p], fmt.Sprint(path))
			}
		})
	}
	return w
}

func (m *model) costOf(path []int) int {
	cost := 0
	for _, i := range path {
		cost += m.rels[i].w
	}
	return cost
}

// found is one row of a search.
type found struct {
	pair
	path []int
}

func ints(v value.Value) []int {
	out := []int{}
	for _, e := range v.Elems() {
		out = append(out, int(e.AsInt()))
	}
	return out
}

// forms are the ways to bind the ends: in the pattern, before it, only the left
// or only the right one before.
func (s *search) text(form int, g, selector string) string {
	end := "(b" + g + ")"
	if s.ends != "" {
		end = "(b" + g + ":" + s.ends + ")"
	}
	cost := ""
	if selector == "ANY CHEAPEST" {
		cost = " COST r.w"
	}
	left, right, before := "(a"+g+")", end, ""
	switch form {
	case 1:
		before, left, right = "MATCH (a"+g+"), "+end+" ", "(a)", "(b)"
	case 2:
		before, left = "MATCH (a"+g+") ", "(a)"
	case 3:
		before, right = "MATCH "+end+" ", "(b)"
	}
	path := left + s.arrow() + right
	if strings.HasSuffix(selector, "(") {
		path += ")"
	} else {
		selector += " "
	}
	return before + "MATCH p = " + selector + path + cost + " RETURN a.id, b.id, [x IN relationships(p) | x.id]"
}

func (m *model) ask(t *testing.T, on asker, text string) []found {
	var out []found
	err := each(on, text, nil, func(row []value.Value) {
		out = append(out, found{pair{int(row[0].AsInt()), int(row[1].AsInt())}, ints(row[2])})
	})
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	return out
}

// isTrail reports whether a path that was found is one of the search's.
func (m *model) isTrail(s *search, f found) bool {
	ok := false
	m.trails(s, f.from, func(path []int, to int) { ok = ok || to == f.to && slices.Equal(path, f.path) })
	return ok
}

// TestSearchesAgainstEnumeration asks shortestPath, allShortestPaths and ANY CHEAPEST
// between all pairs of nodes of small graphs, a part of which is not committed.
func TestSearchesAgainstEnumeration(t *testing.T) {
	if err := searches(t, seeds(1000)); err != nil {
		t.Error(err)
	}
}

func searches(t *testing.T, seeds []uint64) error {
	var db *kadedb.DB
	for i, seed := range seeds {
		if i%50 == 0 {
			db = openStore(t, kadedb.Options{})
		}
		r := newRand(seed)
		m := newModel(r, 2+r.IntN(6), r.IntN(11))
		g := fmt.Sprintf(":G%d", seed)
		m.commit(t, db, g)
		if i%5 == 0 {
			if err := db.Checkpoint(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		tx := begin(t, db)
		m.change(t, tx, g)
		s := newSearch(r)
		err := m.compare(t, seed, tx, &s, g, r.IntN(4))
		rollback(t, tx)
		if err != nil {
			return err
		}
	}
	return nil
}

func (m *model) compare(t *testing.T, seed uint64, on asker, s *search, g string, form int) error {
	w := m.enumerate(s)
	fail := func(text, format string, args ...any) error {
		return fmt.Errorf("seed %d: %s\n%s\n%+v", seed, text, fmt.Sprintf(format, args...), m)
	}
	text := s.text(form, g, "allShortestPaths(")
	all := map[pair][]string{}
	for _, f := range m.ask(t, on, text) {
		all[f.pair] = append(all[f.pair], fmt.Sprint(f.path))
	}
	for p, want := range w.paths {
		slices.Sort(want)
		if slices.Sort(all[p]); !slices.Equal(all[p], want) {
			return fail(text, "from %d to %d: %v, want %v", p.from, p.to, all[p], want)
		}
		delete(all, p)
	}
	if len(all) > 0 {
		return fail(text, "not paths: %v", all)
	}
	text = s.text(form, g, pick(newRand(seed), "shortestPath(", "ANY SHORTEST"))
	one := map[pair]bool{}
	for _, f := range m.ask(t, on, text) {
		if one[f.pair] || !slices.Contains(w.paths[f.pair], fmt.Sprint(f.path)) {
			return fail(text, "%v, want one of %v", f, w.paths[f.pair])
		}
		one[f.pair] = true
	}
	if len(one) != len(w.paths) {
		return fail(text, "%d pairs, want %d", len(one), len(w.paths))
	}
	text = s.text(form, g, "ANY CHEAPEST")
	cheap := map[pair]bool{}
	for _, f := range m.ask(t, on, text) {
		want, ok := w.cheapest[f.pair]
		if cheap[f.pair] || !ok || m.costOf(f.path) != want || !m.isTrail(s, f) {
			return fail(text, "%v of cost %d, want %d", f, m.costOf(f.path), want)
		}
		cheap[f.pair] = true
	}
	if len(cheap) != len(w.cheapest) {
		return fail(text, "%d pairs, want %d", len(cheap), len(w.cheapest))
	}
	return nil
}
