package exec

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
)

// project adds columns.
type project struct {
	items []plan.Item
	expr  *expr.Context
	out   operator
	view  column.Batch
}

func (p *project) push(b *column.Batch) error {
	p.expr.Reset()
	share(&p.view, b)
	for _, it := range p.items {
		v, err := expr.Eval(p.expr, it.Expr, b)
		if err != nil {
			return err
		}
		p.view.Cols[it.Slot] = v
	}
	return p.out.push(&p.view)
}

func (p *project) finish() error { return p.out.finish() }

func (b *builder) project(n *plan.Project, lanes []lane) (runner, error) {
	return b.build(n.Input, each(lanes, func(l lane) operator {
		return &project{items: n.Items, expr: l.w.newExpr(), out: l.out}
	}))
}
