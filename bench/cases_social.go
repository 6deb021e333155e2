package main

import (
	"fmt"

	"github.com/kadedb/kadedb/bench/gen"
	"github.com/kadedb/kadedb/bench/oracle"
)

var (
	follow   = write{typ: "FOLLOWS"}
	know     = write{typ: "KNOWS"}
	older    = write{label: "Person", prop: "age"}
	like     = write{typ: "HAS_INTEREST"}
	moveIn   = write{typ: "LIVES_IN"}
	userAges = write{label: "User", prop: "age"}
	friend   = write{typ: "FRIEND"}
)

// socialQueries are over who follows whom.
var socialQueries = []builder{
	{"q1 most followed", func(k knobs) *testCase {
		c := &testCase{aim: 1, target: 0.5, writes: []write{follow}}
		f, p, e := node("f", "Person"), node("p", "Person"), edge(0, "FOLLOWS", 1)
		cols := []oracle.Col{key(1, "id", "id"), key(1, "name", "name"), agg("count", 0, "id", "n")}
		switch k.v {
		case types:
			p.Label, e.Type, cols[1], c.writes = "Interest", "HAS_INTEREST", key(1, "interest", "name"), []write{like}
		case reversed:
			e = edge(1, "FOLLOWS", 0)
		case filtered:
			f.Where = append(f.Where, where("age", ">", k.between(20, 40)))
			cols = append(cols, key(1, "gender", "gender"))
			c.writes = []write{follow, older}
		}
		c.ask = sorted(one([]oracle.Var{f, p}, []oracle.Edge{e}, cols...), 3, down(2), up(0))
		return c
	}},
	{"q2 city of the most followed", cityOfMost},
	{"q8 two-hop paths", func(k knobs) *testCase {
		c := &testCase{aim: 0.5, target: 0.5, writes: []write{follow}}
		c.ask = one(people("a", "b", "c"), twoHops(k), total("n"))
		switch k.v {
		case types:
			c.writes = []write{know, follow}
		case filtered:
			vars := c.ask.Patterns[0].Vars
			vars[0].Where = []oracle.Cond{where("age", "<", k.between(25, 40))}
			c.ask.Cols = append(c.ask.Cols, agg("sum", 2, "age", "s"))
			c.writes = []write{follow, older}
		}
		return c
	}},
	{"q9 two-hop paths, filtered", func(k knobs) *testCase {
		c := &testCase{aim: 6, writes: []write{follow, older}}
		b, far := int64(50), int64(25)
		if k.v != base {
			b, far = k.between(30, 60), k.between(20, 40)
		}
		c.ask = one([]oracle.Var{node("a", "Person"), node("b", "Person", where("age", "<", b)), node("c", "Person", where("age", ">", far))},
			twoHops(k), total("n"))
		if k.v == filtered {
			c.ask.Patterns[0].Vars[0].Where = []oracle.Cond{where("gender", "=", "female")}
			c.ask.Cols = append(c.ask.Cols, agg("sum", 0, "age", "s"))
		}
		return c
	}},
	{"q10 triangles", func(k knobs) *testCase {
		c := &testCase{aim: 60, writes: []write{follow, older}}
		closing := choose(k, [variants]oracle.Edge{edge(0, "FOLLOWS", 2), edge(0, "KNOWS", 2), edge(2, "FOLLOWS", 0), edge(0, "FOLLOWS", 2)})
		vars := people("a", "b", "c")
		vars[0].Where = []oracle.Cond{where("age", "<", int64(25))}
		cols := []oracle.Col{total("n")}
		switch k.v {
		case types:
			c.writes = []write{know, follow, older}
		case filtered:
			vars[0].Where = []oracle.Cond{where("age", "<", k.between(20, 30))}
			vars[2].Where = []oracle.Cond{where("gender", "=", "male")}
			cols = append(cols, agg("sum", 1, "age", "s"))
		}
		c.ask = one(vars, []oracle.Edge{edge(0, "FOLLOWS", 1), edge(1, "FOLLOWS", 2), closing}, cols...)
		return c
	}},
	{"q11 one hop, property of the far end", func(k knobs) *testCase {
		c := &testCase{aim: 4, writes: []write{follow, older}}
		e := choose(k, [variants]oracle.Edge{edge(0, "FOLLOWS", 1), edge(0, "KNOWS", 1), edge(1, "FOLLOWS", 0), edge(0, "FOLLOWS", 1)})
		vars, cols := people("a", "b"), []oracle.Col{total("n"), agg("sum", 0, "age", "s")}
		vars[1].Where = []oracle.Cond{where("age", ">", int64(40))}
		switch k.v {
		case types:
			c.writes = []write{know, older}
		case filtered:
			vars[1].Where = []oracle.Cond{where("age", ">", k.between(20, 50))}
			vars[0].Where = []oracle.Cond{where("gender", "=", "male")}
			cols = append(cols, agg("max", 1, "age", "m"))
		}
		c.ask = one(vars, []oracle.Edge{e}, cols...)
		return c
	}},
	{"q12 group people by age and gender", func(k knobs) *testCase {
		c := &testCase{aim: 0.6, writes: []write{older}}
		p := node("p", "Person")
		cols := []oracle.Col{key(0, "age", "age"), key(0, "gender", "gender"), total("n")}
		order := []oracle.Order{down(2), up(0), up(1)}
		switch k.v {
		case types:
			p.Label, c.writes = "City", []write{moveIn}
			cols = []oracle.Col{key(0, "country", "country"), key(0, "state", "state"), total("n")}
		case reversed:
			order[0] = up(2)
		case filtered:
			p.Where = []oracle.Cond{where("age", ">", k.between(15, 40))}
			cols = append(cols, agg("max", 0, "id", "last"))
		}
		c.ask = sorted(one([]oracle.Var{p}, nil, cols...), 5, order...)
		return c
	}},
	{"q13 point read", func(k knobs) *testCase {
		c := &testCase{aim: 0.003, writes: []write{older}, inText: k.v == base}
		label := choose(k, [variants]string{"Person", "City", "Person", "Person"})
		c.params = func(g *gen.Graph, i int) map[string]any {
			return map[string]any{"id": int64((4711+7919*i)%g.Label(label).N + 1)}
		}
		cols := []oracle.Col{key(0, "name", "name"), key(0, "age", "age")}
		conds := []oracle.Cond{param("id", "=", "id")}
		switch k.v {
		case types:
			cols = []oracle.Col{key(0, "city", "city"), key(0, "state", "state")}
		case reversed:
			cols[0], cols[1] = cols[1], cols[0]
		case filtered:
			conds = append(conds, where("age", ">", int64(5)))
			cols = append(cols, key(0, "gender", "gender"))
		}
		c.ask = one([]oracle.Var{node("p", label, conds...)}, nil, cols...)
		return c
	}},
}

func people(names ...string) []oracle.Var {
	var out []oracle.Var
	for _, n := range names {
		out = append(out, node(n, "Person"))
	}
	return out
}

// twoHops is a-b-c; reversed, b is who follows both.
func twoHops(k knobs) []oracle.Edge {
	first := choose(k, [variants]oracle.Edge{edge(0, "FOLLOWS", 1), edge(0, "KNOWS", 1), edge(1, "FOLLOWS", 0), edge(0, "FOLLOWS", 1)})
	return []oracle.Edge{first, edge(1, "FOLLOWS", 2)}
}

// cityOfMost takes two steps: who it is, and where they live.
func cityOfMost(k knobs) *testCase {
	c := &testCase{aim: 1, target: 0.5, writes: []write{follow, moveIn}}
	first := one(people("f", "p"), []oracle.Edge{edge(0, "FOLLOWS", 1)}, key(1, "id", "id"), agg("count", 0, "id", "n"))
	arrow, cond, extra := "-[:FOLLOWS]->", "", ""
	cols := []oracle.Col{key(0, "name", "name"), {As: "n"}, key(1, "city", "city"), key(1, "state", "state"), key(1, "country", "country")}
	switch k.v {
	case types:
		first.Patterns[0].Edges[0].Type, arrow = "KNOWS", "-[:KNOWS]->"
		c.writes = []write{know, moveIn}
	case reversed:
		first.Patterns[0].Edges[0], arrow = edge(1, "FOLLOWS", 0), "<-[:FOLLOWS]-"
	case filtered:
		age := k.between(30, 50)
		first.Patterns[0].Vars[0].Where = []oracle.Cond{where("age", "<", age)}
		cond, extra = fmt.Sprintf(" WHERE f.age < %d", age), ", c.id AS city_id"
		cols = append(cols, key(1, "id", "city_id"))
		cols[3] = oracle.Col{As: "fixed", Const: int64(7)} // at most four columns to group by
	}
	first = sorted(first, 1, down(1), up(0))
	c.ask = first
	state := "c.state AS state"
	if k.v == filtered {
		state = "7 AS fixed"
	}
	c.text = "MATCH (f:Person)" + arrow + "(p:Person)" + cond +
		"\nWITH p, count(f.id) AS n ORDER BY n DESC, p.id LIMIT 1\nMATCH (p)-[:LIVES_IN]->(c:City)\nRETURN p.name AS name, n, c.city AS city, " +
		state + ", c.country AS country" + extra
	c.answer = func(g *gen.Graph, q *oracle.Query, walks bool) [][]any {
		most := q.Rows(g, walks)[0]
		vars := []oracle.Var{node("p", "Person", where("id", "=", most[0])), node("c", "City")}
		cols[1].Const = most[1]
		return one(vars, []oracle.Edge{edge(0, "LIVES_IN", 1)}, cols...).Rows(g, walks)
	}
	return c
}
