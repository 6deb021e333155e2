package oracle

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// search is a random path search: what is written and what it means.
type search struct {
	types    []string // none: all
	dir      int      // 1 out, -1 in, 0 both
	min, max int      // max < 0: none
	below    int      // a hop's w must be below; 0: no condition
	ends     string   // label of the end, "" for any
}

func newSearch(r *source) search {
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

// trail is a path that was enumerated.
type trail struct {
	pair
	rels []int
	cost int
}

// row writes what a query returns of a trail.
func (t *trail) row() string { return fmt.Sprintf("%d | %d | %s", t.from, t.to, listText(t.rels)) }

func listText(ids []int) string {
	parts := make([]string, len(ids))
	for i, id := range ids {
		parts[i] = fmt.Sprint(id)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// best gives the trails of a search that are the least by a measure, and a row with that
// measure for each pair of ends.
func (m *model) best(s *search, measure func(*trail) int) (trails, measures []string) {
	by := map[pair][]trail{}
	for from := range m.nodes {
		if m.nodes[from].gone {
			continue
		}
		m.trails(s, from, func(path []int, to int) {
			t := trail{pair{from, to}, slices.Clone(path), m.costOf(path)}
			have := by[t.pair]
			switch {
			case have == nil || measure(&t) < measure(&have[0]):
				by[t.pair] = []trail{t}
			case measure(&t) == measure(&have[0]):
				by[t.pair] = append(have, t)
			}
		})
	}
	for p, ts := range by {
		for i := range ts {
			trails = append(trails, ts[i].row())
		}
		measures = append(measures, fmt.Sprintf("%d | %d | %d", p.from, p.to, measure(&ts[0])))
	}
	return trails, measures
}

func (m *model) costOf(path []int) int {
	cost := 0
	for _, i := range path {
		cost += m.rels[i].w
	}
	return cost
}

// forms are the ways to bind the ends: in the pattern, before it, only the left
// or only the right one before.
func (s *search) text(form int, selector, tail string) string {
	end := "(b)"
	if s.ends != "" {
		end = "(b:" + s.ends + ")"
	}
	cost := ""
	if selector == "ANY CHEAPEST" {
		cost = " COST r.w"
	}
	left, right, before := "(a)", end, ""
	switch form {
	case 1:
		before, left, right = "MATCH (a), "+end+" ", "(a)", "(b)"
	case 2:
		before, left = "MATCH (a) ", "(a)"
	case 3:
		before, right = "MATCH "+end+" ", "(b)"
	}
	path := left + s.arrow() + right
	if strings.HasSuffix(selector, "(") {
		path += ")"
	} else {
		selector += " "
	}
	return before + "MATCH p = " + selector + path + cost + " RETURN a.id, b.id, " + tail
}

// searchClaims asks shortestPath, allShortestPaths and ANY CHEAPEST between all pairs of nodes.
func searchClaims(r *source, _ *model) []claim {
	s, form := newSearch(r), r.IntN(4)
	one := pick(r, "ANY SHORTEST", "shortestPath(")
	const ids = "[x IN relationships(p) | x.id]"
	length, cost := func(t *trail) int { return len(t.rels) }, func(t *trail) int { return t.cost }
	paths := func(measure func(*trail) int) func(*model) []string {
		return func(m *model) []string { p, _ := m.best(&s, measure); return p }
	}
	measures := func(measure func(*trail) int) func(*model) []string {
		return func(m *model) []string { _, n := m.best(&s, measure); return n }
	}
	return []claim{
		{name: "all shortest", relation: rows, texts: []string{s.text(form, "allShortestPaths(", ids)}, want: paths(length)},
		{name: "a shortest", relation: among, texts: []string{s.text(form, one, ids)}, want: paths(length)},
		{name: "how short", relation: rows, texts: []string{s.text(form, one, "length(p)")}, want: measures(length)},
		{name: "a cheapest", relation: among, texts: []string{s.text(form, "ANY CHEAPEST", ids)}, want: paths(cost)},
		{name: "how cheap", relation: rows, texts: []string{s.text(form, "ANY CHEAPEST", "reduce(c = 0, x IN relationships(p) | c + x.w)")}, want: measures(cost)},
	}
}

var searches = family{graph: smallGraph, claims: searchClaims, each: 1, sets: rotating()}

func smallGraph(r *source) *model { return newModel(r, 2+r.IntN(6), r.IntN(11)) }

func TestSearchesAgainstEnumeration(t *testing.T) { searches.run(t, seeds(150)) }
