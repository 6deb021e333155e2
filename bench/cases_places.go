package main

import "github.com/kadedb/kadedb/bench/oracle"

// placeQueries are over where people live and what they like. Their reversed variants
// say the same from the other end: a city is in no person.
var placeQueries = []builder{
	{"q3 youngest cities", func(k knobs) *testCase {
		c := &testCase{aim: 1.5, writes: []write{older, moveIn}}
		vars, edges := places("Country")
		vars[3].Where = []oracle.Cond{where("country", "=", "United States")}
		cols := []oracle.Col{key(1, "id", "id"), agg("avg", 0, "age", "a")}
		switch k.v {
		case types:
			vars, edges = []oracle.Var{node("p", "Person"), node("i", "Interest")}, []oracle.Edge{edge(0, "HAS_INTEREST", 1)}
			c.writes = []write{older, like}
		case filtered:
			vars[0].Where = []oracle.Cond{where("gender", "=", "female"), where("age", ">", k.between(14, 30))}
			cols = append(cols, key(1, "city", "city"))
		}
		c.ask = sorted(one(vars, edges, cols...), 5, up(1), up(0))
		return c.flipped(k)
	}},
	{"q4 people aged 30-40 a country", func(k knobs) *testCase {
		c := &testCase{aim: 1.5, writes: []write{older, moveIn}}
		vars, edges := places("Country")
		low, high := int64(30), int64(40)
		cols := []oracle.Col{key(3, "country", "country"), total("n")}
		switch k.v {
		case types:
			vars, edges = places("State")
			cols[0] = key(2, "state", "state")
		case filtered:
			low = k.between(15, 35)
			high = low + k.between(3, 12)
			cols = append(cols, agg("avg", 0, "age", "a"))
		}
		vars[0].Where = []oracle.Cond{where("age", ">=", low), where("age", "<=", high)}
		order := []oracle.Order{down(1)}
		if k.v != base {
			order = append(order, up(0))
		}
		c.ask = sorted(one(vars, edges, cols...), 3, order...)
		return c.flipped(k)
	}},
	{"q5 men in London liking fine dining", func(k knobs) *testCase {
		c := &testCase{aim: 0.5, writes: []write{like, moveIn}}
		vars := []oracle.Var{node("p", "Person", where("gender", "lower=", "male")), node("i", "Interest", where("interest", "lower=", "fine dining")),
			node("c", "City", where("city", "=", "London"), where("country", "=", "United Kingdom"))}
		edges := []oracle.Edge{edge(0, "HAS_INTEREST", 1), edge(0, "LIVES_IN", 2)}
		cols := []oracle.Col{agg("count", 0, "id", "n")}
		switch k.v {
		case types:
			vars[2] = node("c", "City")
			vars = append(vars, node("s", "State", where("country", "=", "Canada")))
			edges = append(edges, edge(2, "CITY_IN", 3))
		case filtered:
			vars[0].Where = []oracle.Cond{where("age", ">", k.between(15, 40))}
			cols = append(cols, agg("sum", 0, "age", "s"))
			c.writes = append(c.writes, older)
		}
		c.ask = one(vars, edges, cols...)
		return c.flipped(k)
	}},
	{"q6 women liking tennis by city", func(k knobs) *testCase {
		c := &testCase{aim: 0.7, writes: []write{like, moveIn}}
		vars := []oracle.Var{node("p", "Person", where("gender", "lower=", "female")), node("i", "Interest", where("interest", "lower=", "tennis")), node("c", "City")}
		edges := []oracle.Edge{edge(0, "HAS_INTEREST", 1), edge(0, "LIVES_IN", 2)}
		cols := []oracle.Col{agg("count", 0, "id", "n"), key(2, "id", "id")}
		switch k.v {
		case types:
			vars, edges = append(vars, node("s", "State")), append(edges, edge(2, "CITY_IN", 3))
			cols[1] = key(3, "id", "id")
		case filtered:
			vars[0].Where = []oracle.Cond{where("age", "<", k.between(20, 50))}
			cols = append(cols, key(2, "city", "city"))
			c.writes = append(c.writes, older)
		}
		c.ask = sorted(one(vars, edges, cols...), 5, down(0), up(1))
		return c.flipped(k)
	}},
	{"q7 photographers by state", func(k knobs) *testCase {
		c := &testCase{aim: 1, writes: []write{older, like, moveIn}}
		low, high := int64(23), int64(30)
		if k.v != base {
			low = k.between(15, 40)
			high = low + 7
		}
		vars, edges := places("State")
		vars[0].Where = []oracle.Cond{where("age", ">=", low), where("age", "<=", high)}
		vars[2].Where = []oracle.Cond{where("country", "=", "United States")}
		vars, edges = append(vars, node("i", "Interest", where("interest", "lower=", "photography"))), append(edges, edge(0, "HAS_INTEREST", 3))
		cols := []oracle.Col{agg("count", 0, "id", "n"), key(2, "state", "state")}
		switch k.v {
		case types:
			cols[1] = key(1, "city", "city")
		case filtered:
			vars[0].Where = append(vars[0].Where, where("gender", "=", "female"))
			cols = append(cols, agg("max", 0, "age", "oldest"))
		}
		c.ask = sorted(one(vars, edges, cols...), 1, down(0), up(1))
		return c.flipped(k)
	}},
}

// places is the way from a person to a state or country.
func places(to string) ([]oracle.Var, []oracle.Edge) {
	vars := []oracle.Var{node("p", "Person"), node("c", "City"), node("s", "State"), node("co", "Country")}
	edges := []oracle.Edge{edge(0, "LIVES_IN", 1), edge(1, "CITY_IN", 2), edge(2, "STATE_IN", 3)}
	if to == "State" {
		return vars[:3], edges[:2]
	}
	return vars, edges
}

func (c *testCase) flipped(k knobs) *testCase {
	if k.v == reversed {
		c.text = render(c.ask, true, nil)
	}
	return c
}
