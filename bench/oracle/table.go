package oracle

import (
	"slices"

	"github.com/kadedb/kadedb/bench/gen"
)

const maxKeys = 4

// table groups matches.
type table struct {
	q      *Query
	keys   []int // columns that are grouped by
	aggs   []int
	cols   []*gen.Column // by column of q, of the pattern at hand
	byNode map[[maxKeys]uint32]*group
	byKey  map[[maxKeys]any]*group
	whole  *group // where nothing is grouped by
}

type group struct {
	key   [maxKeys]any
	accum []accumulator
}

type accumulator struct {
	n, sum, low, high int64
	nodes             map[uint32]bool // seen by count distinct
	values            map[any]bool
}

func newTable(q *Query) *table {
	t := &table{q: q, byNode: map[[maxKeys]uint32]*group{}, byKey: map[[maxKeys]any]*group{}, cols: make([]*gen.Column, len(q.Cols))}
	for i, c := range q.Cols {
		switch {
		case c.Const != nil:
		case c.Agg == "":
			t.keys = append(t.keys, i)
		default:
			t.aggs = append(t.aggs, i)
		}
	}
	if len(t.keys) > maxKeys {
		panic("oracle: too many columns to group by")
	}
	if len(t.keys) == 0 && len(t.aggs) > 0 {
		t.whole = t.group([maxKeys]any{})
	}
	return t
}

// bind looks up the columns for the matches of m.
func (t *table) bind(m *matcher) {
	for i, c := range t.q.Cols {
		if c.Prop != "" {
			t.cols[i] = m.label[c.Var].Column(c.Prop)
		}
	}
	clear(t.byNode)
}

func (t *table) group(key [maxKeys]any) *group {
	g := t.byKey[key]
	if g == nil {
		g = &group{key: key, accum: make([]accumulator, len(t.aggs))}
		t.byKey[key] = g
	}
	return g
}

func valueOf(c *gen.Column, node uint32) any {
	if c.Kind == gen.Int {
		return c.Ints[node]
	}
	return c.Strs[node]
}

func (t *table) find(at []uint32) *group {
	if t.whole != nil {
		return t.whole
	}
	var nodes [maxKeys]uint32
	for i, k := range t.keys {
		nodes[i] = at[t.q.Cols[k].Var]
	}
	g := t.byNode[nodes]
	if g == nil {
		var key [maxKeys]any
		for i, k := range t.keys {
			key[i] = valueOf(t.cols[k], nodes[i])
		}
		g = t.group(key)
		t.byNode[nodes] = g
	}
	return g
}

func (t *table) add(at []uint32) {
	g := t.find(at)
	for i, k := range t.aggs {
		c, a := &t.q.Cols[k], &g.accum[i]
		a.n++
		switch c.Agg {
		case "count":
		case "count distinct":
			a.distinct(t.cols[k], at[c.Var])
		default:
			v := t.cols[k].Ints[at[c.Var]]
			a.sum += v
			if a.n == 1 || v < a.low {
				a.low = v
			}
			if a.n == 1 || v > a.high {
				a.high = v
			}
		}
	}
}

func (a *accumulator) distinct(c *gen.Column, node uint32) {
	if a.nodes == nil {
		a.nodes, a.values = map[uint32]bool{}, map[any]bool{}
	}
	if !a.nodes[node] {
		a.nodes[node] = true
		a.values[valueOf(c, node)] = true
	}
}

func (a *accumulator) result(agg string) any {
	switch agg {
	case "count":
		return a.n
	case "count distinct":
		return int64(len(a.values))
	case "sum":
		return a.sum
	case "avg":
		return float64(a.sum) / float64(a.n)
	case "min":
		return a.low
	case "max":
		return a.high
	}
	panic("oracle: no aggregate " + agg)
}

func (t *table) rows() [][]any {
	var rows [][]any
	for _, g := range t.byKey {
		row := make([]any, len(t.q.Cols))
		for i, k := range t.keys {
			row[k] = g.key[i]
		}
		for i, k := range t.aggs {
			row[k] = g.accum[i].result(t.q.Cols[k].Agg)
		}
		for i, c := range t.q.Cols {
			if c.Const != nil {
				row[i] = c.Const
			}
		}
		rows = append(rows, row)
	}
	slices.SortFunc(rows, t.q.compareRows)
	if t.q.Limit > 0 && len(rows) > t.q.Limit {
		rows = rows[:t.q.Limit]
	}
	return rows
}
