package oracle

import "testing"

// filled makes a graph of all kinds of properties.
func filled(r *source) *model { return newModel(r, 4+r.IntN(8), 4+r.IntN(20)).decorate(r) }

// parting is what is asked of a query and of its three parts, and how the parts make the whole.
type parting struct {
	name     string
	relation relation
	whole    string
	part     string // "": as the whole
	folds    []string
}

func (q *request) parting(r *source) parting {
	n, m := q.w.node(), q.w.node()
	key, e := pick(r, n+".v", n+".s", n+".id", n+".v, "+n+".b"), q.w.number(1)
	keys := []string{"key"}
	if key == n+".v, "+n+".b" {
		keys = append(keys, "key")
	}
	return pick(r,
		parting{name: "rows", relation: parts, whole: q.columns()},
		parting{name: "rows", relation: parts, whole: q.columns()},
		parting{name: "rows", relation: parts, whole: q.columns() + ", " + q.w.list(1) + " AS c4, {a: " + e + "} AS c5"},
		parting{name: "distinct", relation: distinct, whole: "DISTINCT " + n + ".id AS c1"},
		parting{name: "distinct", relation: distinct, whole: "DISTINCT " + n + ".v AS c1, " + m + ".l AS c2"},
		parting{name: "count and sum", relation: fold, whole: "count(*), count(" + m + ".v), sum(" + m + ".v), sum(" + m + ".f)", folds: []string{"+", "+", "+", "~"}},
		parting{name: "min and max", relation: fold, whole: "min(" + m + ".x), max(" + m + ".x), min(" + e + "), max(" + m + ".s), max(" + m + ".f)",
			folds: []string{"min", "max", "min", "max", "max"}},
		parting{name: "collect", relation: fold, whole: "collect(" + m + ".x), collect(DISTINCT " + n + ".v), collect(DISTINCT " + m + ".l)", folds: []string{"bag", "set", "set"}},
		parting{name: "avg", relation: fold, whole: "avg(" + m + ".v)", part: "[sum(" + m + ".v), count(" + m + ".v)]", folds: []string{"avg"}},
		parting{name: "groups", relation: fold, whole: key + ", count(*), sum(" + m + ".v), min(" + m + ".x), collect(" + m + ".id), count(" + m + ".s)",
			folds: append(keys, "+", "+", "min", "bag", "+")},
		parting{name: "groups with avg", relation: fold, whole: n + ".id, avg(" + m + ".v)", part: n + ".id, [sum(" + m + ".v), count(" + m + ".v)]", folds: []string{"key", "avg"}},
	)
}

// partitions: for every condition p, the rows of a query are those with p, those with NOT p
// and those with p IS NULL, and so are its aggregates.
func partitions(r *source, m *model) []claim {
	q := newRequest(r, m)
	p, ask := q.w.test(3), q.parting(r)
	where := " WITH * WHERE " // after an OPTIONAL MATCH, p would belong to the optional part
	if !q.last.optional {
		where = pick(r, " WHERE ", where, " FILTER ")
	}
	part := ask.part
	if part == "" {
		part = ask.whole
	}
	with := func(cond string) string { return q.match + where + cond + " RETURN " + part }
	return []claim{{name: ask.name, relation: ask.relation, folds: ask.folds,
		texts: []string{q.match + " RETURN " + ask.whole, with(p), with("NOT (" + p + ")"), with("(" + p + ") IS NULL")}}}
}

// TestPartitions asks queries and their parts, each graph's in another setting.
func TestPartitions(t *testing.T) {
	f := family{graph: filled, claims: partitions, each: 100, sets: rotating()}
	f.run(t, seeds(10))
}
