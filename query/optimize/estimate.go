package optimize

import (
	"math"

	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/value"
)

// estimate fills in rows and costs of n and all below it.
func (e *estimator) estimate(n plan.Node) {
	var rows, cost float64 = 1, 0
	for i, in := range n.Inputs() {
		e.estimate(in)
		cost += in.Base().Cost
		if i == 0 {
			rows = in.Base().Rows
		}
	}
	op := n.Base()
	own := 0.0
	op.Rows, own = e.operator(n, max(rows, 0))
	if known, ok := e.rows[n]; ok {
		own += max(0, known-op.Rows) * costEdge
		op.Rows = known
	}
	op.Cost = cost + own
}

// operator returns the rows of n for so many rows of its first input, and its own cost.
func (e *estimator) operator(n plan.Node, in float64) (rows, cost float64) {
	switch n := n.(type) {
	case *plan.NodeScan:
		rows = in * e.nodes(n.Labels)
		return rows, rows * costScan
	case *plan.NodeByID:
		return in * pick(n.List, 5.0, 1.0), in * costSeek
	case *plan.IndexSeek:
		rows = in
		if !n.Unique {
			rows = in * max(1, e.nodes([]string{n.Label})*guessEqual*0.1)
		}
		return rows, in*costSeek + rows*costSeekRow
	case *plan.RelScan:
		rows = in * e.rels("", n.Types, "") * pick(n.Both, 2.0, 1.0)
		return rows, rows * costRel
	case *plan.Filter:
		share := 1.0
		for _, p := range n.Predicates {
			share *= e.selectivity(p, e.labelsOf)
		}
		return in * share, in * costPredicate * float64(len(n.Predicates))
	case *plan.Project:
		return in, in * costGather * float64(len(n.Items))
	case *plan.Unwind:
		size := 10.0
		if c, ok := n.List.(*expr.Const); ok && c.Value.Kind() == value.KindList {
			size = float64(len(c.Value.Elems()))
		}
		return in * size, in * size * costGather
	case *plan.Aggregate:
		if n.Lone {
			return in, in * costGather
		}
		rows = 1
		if len(n.Keys) > 0 {
			rows = max(1, in*0.1)
		}
		return rows, in * 10 * float64(len(n.Keys)+len(n.Aggs))
	case *plan.Distinct:
		return in * 0.5, in * 20
	case *plan.Sort:
		return in, in * 60
	case *plan.TopK:
		return min(in, limitOf(n.Count)), in * 8
	case *plan.Limit:
		return min(in, limitOf(n.Count)), 0
	case *plan.Skip:
		return max(0, in-limitOf(n.Count)), 0
	}
	return e.search(n, in)
}

func pick[T any](b bool, yes, no T) T {
	if b {
		return yes
	}
	return no
}

func limitOf(e expr.Expr) float64 {
	if c, ok := e.(*expr.Const); ok && c.Value.Kind() == value.KindInt {
		return float64(c.Value.AsInt())
	}
	return 100
}

func (e *estimator) degree(types []string, dir plan.Direction) float64 {
	d := e.rels("", types, "") / max(e.nodes(nil), 1)
	return pick(dir == plan.Both, 2*d, d)
}

func (e *estimator) search(n plan.Node, in float64) (rows, cost float64) {
	switch n := n.(type) {
	case *plan.Expand:
		d := e.degree(n.Types, n.Dir)
		return in * d, in*costExpandRow + in*d*costEdge
	case *plan.ExpandInto:
		return in * min(1, e.degree(n.Types, n.Dir)/max(e.nodes(nil), 1)*2), in * costInto
	case *plan.VarExpand:
		r := trailRows(e.degree(n.Types, n.Dir), n.Min, n.Max)
		if n.Into {
			return in * r / max(e.nodes(nil), 1), in * r * 10 * costEdge
		}
		return in * r, in * r * 10 * costEdge
	case *plan.ShortestPath:
		return in, in * (e.nodes(nil) + e.rels("", n.Types, "")) * 2
	case *plan.CheapestPath:
		return in, in * (e.nodes(nil) + e.rels("", n.Types, "")) * 10
	case *plan.PathMatch:
		return in, in * (e.nodes(nil) + e.rels("", nil, "")) * 10
	case *plan.Intersect:
		least := math.Inf(1)
		for _, l := range n.Lists {
			least = min(least, e.degree(l.Types, l.Dir))
		}
		return in * least * 0.1, in * (costIntersect*float64(len(n.Lists)) + least*4)
	case *plan.CountTrails:
		c := 0.0
		for _, a := range n.Arms {
			c += costExpandRow * float64(len(a))
		}
		return in, in * c
	case *plan.DistinctExpand:
		r := 1.0
		for _, h := range n.Hops {
			r *= e.degree(h.Types, h.Dir)
		}
		r = min(r, e.nodes(nil))
		return in * r, in * r * 5
	case *plan.Apply:
		inner := n.Inner.Base()
		rows = in * max(inner.Rows, 0)
		switch n.JoinKind {
		case plan.LeftOuter:
			rows = max(rows, in)
		case plan.Semi, plan.Anti:
			rows = in * 0.5
		}
		return rows, max(0, in-1) * inner.Cost
	case *plan.HashJoin:
		l, r := n.Left.Base().Rows, n.Right.Base().Rows
		return max(l, r), r*costHashBuild + l*costHashProbe
	case *plan.Union:
		for _, p := range n.Parts {
			rows += p.Base().Rows
		}
		return rows, 0
	case *plan.Create, *plan.Merge, *plan.Set, *plan.Delete, *plan.Foreach:
		return in, in * 1000
	case *plan.CallProcedure:
		return in * 10, in * 1000
	case *plan.LoadCSV, *plan.LoadRows:
		return in * 1000, in * 1e6
	}
	return in, 0
}
