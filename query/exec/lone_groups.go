package exec

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
)

// loneGroups is an aggregation whose rows are groups of their own: it passes each on
// with its multiplicity as the count.
type loneGroups struct {
	n     *plan.Aggregate
	ec    *expr.Context
	out   operator
	view  column.Batch
	count column.Vector
	sel   []int32
}

func (b *builder) loneGroups(n *plan.Aggregate, lanes []lane) (runner, error) {
	return b.build(n.Input, each(lanes, func(l lane) operator {
		return &loneGroups{n: n, ec: l.w.newExpr(), out: l.out}
	}))
}

func (g *loneGroups) push(b *column.Batch) error {
	g.ec.Reset()
	share(&g.view, b)
	g.view.Mult = nil
	g.count = column.Vector{Type: column.Int, Ints: b.Mult}
	if b.Mult == nil {
		g.count = column.Vector{Type: column.Int, Const: true, Ints: []int64{1}}
	} else if rows := b.Selection(); hasZero(b.Mult, rows) {
		g.sel = g.sel[:0]
		for _, r := range rows {
			if b.Mult[r] > 0 {
				g.sel = append(g.sel, r)
			}
		}
		g.view.Sel = g.sel
	}
	for _, k := range g.n.Keys {
		v, err := expr.Eval(g.ec, k.Expr, b)
		if err != nil {
			return err
		}
		g.view.Cols[k.Slot] = v
	}
	for _, a := range g.n.Aggs {
		g.view.Cols[a.Slot] = &g.count
	}
	if g.view.Rows() == 0 {
		return nil
	}
	return g.out.push(&g.view)
}

// hasZero reports whether one of the rows stands for none.
func hasZero(mult []int64, rows []int32) bool {
	for _, r := range rows {
		if mult[r] == 0 {
			return true
		}
	}
	return false
}

func (g *loneGroups) finish() error { return g.out.finish() }
