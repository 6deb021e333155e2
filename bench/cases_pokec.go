package main

import (
	"github.com/kadedb/kadedb/bench/gen"
	"github.com/kadedb/kadedb/bench/oracle"
)

// pokecQueries start at one user, but for the last two.
var pokecQueries = []builder{
	{"expansion 1", func(k knobs) *testCase { return hops(k, &testCase{aim: 0.006}, 1, nil, distinct) }},
	{"expansion 2", func(k knobs) *testCase { return hops(k, &testCase{aim: 0.05}, 2, nil, distinct) }},
	{"expansion 3", func(k knobs) *testCase { return hops(k, &testCase{aim: 1.5, target: 0.5}, 3, nil, distinct) }},
	{"expansion 3 with filter", func(k knobs) *testCase {
		return hops(k, &testCase{aim: 1.7, target: 0.5}, 3, []oracle.Cond{where("age", ">=", int64(18))}, distinct)
	}},
	{"neighbours 2", func(k knobs) *testCase {
		c := hops(k, &testCase{aim: 0.06}, 2, nil, distinct)
		near := hops(k, &testCase{}, 1, nil, distinct).ask.Patterns[0]
		// The same variables, so that columns mean the same in both.
		near.Vars = []oracle.Var{near.Vars[0], {}, near.Vars[1]}
		near.Edges[0].From, near.Edges[0].To = near.Edges[0].From*2, near.Edges[0].To*2
		near.Vars[2].Where = c.ask.Patterns[0].Vars[2].Where
		c.ask.Patterns = append(c.ask.Patterns, near)
		c.text = repeated(c, k, "1..2")
		return c
	}},
	{"three-hop paths", func(k knobs) *testCase {
		return hops(k, &testCase{aim: 0.4, target: 0.5}, 3, nil, func(int) oracle.Col { return total("n") })
	}},
	{"triangles of one", func(k knobs) *testCase {
		c := &testCase{aim: 0.05}
		label, typ := from(c, k)
		vars := []oracle.Var{node("a", label, param("id", "=", "id")), node("b", label), node("c", label)}
		edges := []oracle.Edge{edge(0, typ, 1), edge(1, typ, 2), edge(2, typ, 0)}
		cols := []oracle.Col{total("n")}
		switch k.v {
		case reversed:
			edges = []oracle.Edge{edge(1, typ, 0), edge(2, typ, 1), edge(0, typ, 2)}
		case filtered:
			vars[1].Where = []oracle.Cond{where("age", ">", k.between(14, 30))}
			cols = append(cols, agg("sum", 2, "age", "s"))
		}
		c.ask = one(vars, edges, cols...)
		return c
	}},
	{"mutual friends", func(k knobs) *testCase {
		c := &testCase{aim: 15, target: 0.5, graph: "pokec", writes: []write{friend}}
		label, typ := "User", "FRIEND"
		if k.v == types {
			c.graph, label, typ, c.writes = "social", "Person", "KNOWS", []write{know}
		}
		vars, cols := []oracle.Var{node("a", label), node("b", label)}, []oracle.Col{total("n")}
		edges := []oracle.Edge{edge(0, typ, 1), edge(1, typ, 0)}
		switch k.v {
		case reversed:
			edges[0], edges[1] = edge(1, typ, 0), edge(0, typ, 1)
			c.text = "MATCH (a:User)<-[:FRIEND]-(b:User)<-[:FRIEND]-(a)\nRETURN count(*) AS n"
		case filtered:
			vars[0].Where = []oracle.Cond{where("age", ">", k.between(15, 30))}
			cols = append(cols, agg("sum", 1, "age", "s"))
			c.writes = append(c.writes, userAges)
		}
		c.ask = one(vars, edges, cols...)
		return c
	}},
	{"group by age", func(k knobs) *testCase {
		c := &testCase{aim: 0.2, graph: "pokec", writes: []write{userAges}}
		n, cols, order := node("n", "User"), []oracle.Col{key(0, "age", "age"), total("c")}, []oracle.Order{down(1), up(0)}
		switch k.v {
		case types:
			c.graph, n.Label, c.writes = "social", "Person", []write{older}
		case reversed:
			order[0] = up(1)
		case filtered:
			n.Where = []oracle.Cond{where("completion", ">", k.between(20, 70))}
			cols = append(cols, agg("avg", 0, "completion", "full"))
		}
		c.ask = sorted(one([]oracle.Var{n}, nil, cols...), 5, order...)
		return c
	}},
}

// extraQueries are further rows of the design's aims.
var extraQueries = []builder{
	{"expansion 4", func(k knobs) *testCase { return hops(k, &testCase{aim: 8}, 4, nil, distinct) }},
	{"five-hop trails", func(k knobs) *testCase {
		if k.v == types { // too many to enumerate
			return nil
		}
		c := hops(k, &testCase{aim: 25, few: true}, 5, nil, func(int) oracle.Col { return total("n") })
		c.text = repeated(c, k, "5..5")
		return c
	}},
	{"expand with filter", func(k knobs) *testCase {
		if k.v != base {
			return nil // q11's
		}
		vars := people("a", "b")
		vars[1].Where = []oracle.Cond{param("age", ">", "age")}
		return &testCase{ask: one(vars, []oracle.Edge{edge(0, "FOLLOWS", 1)}, total("n")), writes: []write{older, follow},
			params: func(_ *gen.Graph, i int) map[string]any { return map[string]any{"age": int64(20 + i%40)} }}
	}},
}

// from sets graph, writes and start nodes of what starts at one node.
func from(c *testCase, k knobs) (label, typ string) {
	c.graph, c.writes, label, typ = "pokec", []write{friend}, "User", "FRIEND"
	if k.v == types {
		c.graph, c.writes, label, typ = "social", []write{follow}, "Person", "FOLLOWS"
	}
	var starts []uint32
	c.params = func(g *gen.Graph, i int) map[string]any {
		t := g.Type(typ)
		if starts == nil {
			starts = t.NearTwoHop(max(959*t.From.N/100_000, 10), 16)
		}
		return map[string]any{"id": t.From.Int("id")[starts[i%len(starts)]]}
	}
	return label, typ
}

func distinct(far int) oracle.Col { return agg("count distinct", far, "id", "n") }

// hops is the way of n relationships from one node.
func hops(k knobs, c *testCase, n int, last []oracle.Cond, col func(far int) oracle.Col) *testCase {
	label, typ := from(c, k)
	vars := []oracle.Var{node("s", label, param("id", "=", "id"))}
	var edges []oracle.Edge
	for i := range n {
		vars = append(vars, oracle.Var{})
		if k.v == reversed {
			edges = append(edges, edge(i+1, typ, i))
		} else {
			edges = append(edges, edge(i, typ, i+1))
		}
	}
	vars[n] = node("n", label, last...)
	cols := []oracle.Col{col(n)}
	if k.v == filtered {
		vars[n].Where = []oracle.Cond{where("age", ">", k.between(14, 30))}
		cols = append(cols, agg("max", n, "age", "oldest"))
		c.writes = append(c.writes, userAges)
	}
	c.ask = one(vars, edges, cols...)
	return c
}

// repeated is the text of hops with one relationship of a variable length.
func repeated(c *testCase, k knobs, length string) string {
	p := c.ask.Patterns[0]
	q := one([]oracle.Var{p.Vars[0], p.Vars[len(p.Vars)-1]}, []oracle.Edge{edge(0, p.Edges[0].Type+"*"+length, 1)})
	if k.v == reversed {
		q.Patterns[0].Edges[0].From, q.Patterns[0].Edges[0].To = 1, 0
	}
	for _, col := range c.ask.Cols {
		if col.Prop != "" {
			col.Var = 1
		}
		q.Cols = append(q.Cols, col)
	}
	return render(q, k.v == reversed, nil)
}
