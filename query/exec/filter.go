package exec

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
)

// filter narrows the selection.
type filter struct {
	preds []expr.Expr
	expr  *expr.Context
	out   operator
	view  column.Batch
}

func (f *filter) push(b *column.Batch) error {
	f.expr.Reset()
	share(&f.view, b)
	for _, p := range f.preds {
		sel, err := expr.Filter(f.expr, p, &f.view)
		if err != nil {
			return err
		}
		if len(sel) == 0 {
			return nil
		}
		if len(sel) < f.view.Len || f.view.Sel != nil {
			f.view.Sel = sel
		}
	}
	return f.out.push(&f.view)
}

func (f *filter) finish() error { return f.out.finish() }

func (b *builder) filter(n *plan.Filter, lanes []lane) (runner, error) {
	return b.build(n.Input, each(lanes, func(l lane) operator {
		return &filter{preds: n.Predicates, expr: l.w.newExpr(), out: l.out}
	}))
}
