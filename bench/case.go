package main

import (
	"math/rand/v2"
	"slices"

	"github.com/kadedb/kadedb/bench/gen"
	"github.com/kadedb/kadedb/bench/oracle"
	"github.com/kadedb/kadedb/bench/queries"
)

// testCase is one statement to time and to check.
type testCase struct {
	name    string
	variant string // "" for the text of a person
	graph   string
	text    string
	ask     *oracle.Query
	// answer replaces the enumeration of ask, for what takes two steps.
	answer func(g *gen.Graph, q *oracle.Query, walks bool) [][]any
	// params gives the parameters of run i; without it a write commits before each run.
	params func(g *gen.Graph, i int) map[string]any
	writes []write // what touches the pattern
	// inText puts parameters into the text, as one who prepares nothing does.
	inText bool
	few    bool    // so slow to enumerate that three runs must do
	aim    float64 // ms; 0: none
	// target is the most that ours may take of the peer's time; 0: 1.
	target float64
}

// walks reports whether a relationship could be used twice in a match, so that the
// peer answers something else.
func (c *testCase) walks() bool {
	for _, p := range c.ask.Patterns {
		for i, e := range p.Edges {
			for _, f := range p.Edges[:i] {
				if e.Type == f.Type {
					return true
				}
			}
		}
	}
	return false
}

// with returns ask with the parameters' values in it.
func (c *testCase) with(params map[string]any) *oracle.Query {
	q := *c.ask
	q.Patterns = slices.Clone(q.Patterns)
	for i := range q.Patterns {
		p := &q.Patterns[i]
		p.Vars = slices.Clone(p.Vars)
		for j := range p.Vars {
			p.Vars[j].Where = slices.Clone(p.Vars[j].Where)
			for k := range p.Vars[j].Where {
				if c := &p.Vars[j].Where[k]; c.Param != "" {
					c.Val = params[c.Param]
				}
			}
		}
	}
	return &q
}

func (c *testCase) rows(g *gen.Graph, params map[string]any, walks bool) [][]any {
	q := c.with(params)
	if c.answer != nil {
		return c.answer(g, q, walks)
	}
	return q.Rows(g, walks)
}

// write is a kind of change: a relationship of a type more, or an integer property
// that changes.
type write struct {
	typ         string
	label, prop string
}

// The variants of a query.
const (
	base     = iota
	types    // other labels and types
	reversed // the other direction
	filtered // another filter and a column more
	variants
)

var variantNames = [variants]string{"", "types", "reversed", "filtered"}

// knobs say which variant to build, and give its seeded values.
type knobs struct {
	v int
	r *rand.Rand
}

// choose returns what belongs to the variant.
func choose[T any](k knobs, of [variants]T) T { return of[k.v] }

// between returns a seeded number.
func (k knobs) between(low, high int) int64 { return int64(low + k.r.IntN(high-low+1)) }

type builder struct {
	name  string
	build func(k knobs) *testCase
}

// catalogue returns every query with its variants.
func catalogue(seed uint64) ([]*testCase, error) {
	var out []*testCase
	for i, b := range slices.Concat(socialQueries, placeQueries, pokecQueries, extraQueries) {
		for v := range variants {
			c := b.build(knobs{v, rand.New(rand.NewPCG(seed, uint64(i*variants+v)))})
			if c == nil {
				continue
			}
			c.name, c.variant = b.name, variantNames[v]
			if v != base {
				c.aim = 0 // aims are for the texts of a person
			}
			if v == base {
				text, err := queries.Text(b.name)
				if err != nil {
					return nil, err
				}
				c.text = text
			} else if c.text == "" {
				c.text = render(c.ask, false, nil)
			}
			if c.graph == "" {
				c.graph = "social"
			}
			out = append(out, c)
		}
	}
	return out, nil
}

// The words of questions.

func node(name, label string, where ...oracle.Cond) oracle.Var {
	return oracle.Var{Name: name, Label: label, Where: where}
}

func edge(from int, typ string, to int) oracle.Edge {
	return oracle.Edge{From: from, To: to, Type: typ}
}

func where(prop, op string, val any) oracle.Cond { return oracle.Cond{Prop: prop, Op: op, Val: val} }

func param(prop, op, name string) oracle.Cond { return oracle.Cond{Prop: prop, Op: op, Param: name} }

func key(v int, prop, as string) oracle.Col { return oracle.Col{Var: v, Prop: prop, As: as} }

func agg(f string, v int, prop, as string) oracle.Col {
	return oracle.Col{Agg: f, Var: v, Prop: prop, As: as}
}

func total(as string) oracle.Col { return oracle.Col{Agg: "count", As: as} }

func up(col int) oracle.Order { return oracle.Order{Col: col} }

func down(col int) oracle.Order { return oracle.Order{Col: col, Desc: true} }

func one(vars []oracle.Var, edges []oracle.Edge, cols ...oracle.Col) *oracle.Query {
	return &oracle.Query{Patterns: []oracle.Pattern{{Vars: vars, Edges: edges}}, Cols: cols}
}

func sorted(q *oracle.Query, limit int, order ...oracle.Order) *oracle.Query {
	q.Limit, q.Order = limit, order
	return q
}
