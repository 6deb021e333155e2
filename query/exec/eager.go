package exec

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/exec/spill"
	"github.com/kadedb/kadedb/query/plan"
)

// eager is plan.Eager: all rows of its input come before it gives any.
type eager struct {
	w     *worker
	out   operator
	slots []plan.Slot
	rows  *spill.Rows // nil before the first row
}

func (b *builder) eager(n *plan.Eager, lanes []lane) (runner, error) {
	op := &eager{w: lanes[0].w, out: lanes[0].out, slots: n.Live}
	b.scope.onReset(op.drop)
	b.scope.onClose(op.drop)
	return b.build(n.Input, []lane{{w: op.w, out: op}})
}

func (e *eager) drop() {
	if e.rows != nil {
		closeQuietly(e.w.x, e.rows)
		e.rows = nil
	}
}

func (e *eager) push(b *column.Batch) error {
	if err := e.w.x.check(); err != nil {
		return err
	}
	if e.rows == nil {
		e.rows = spill.NewRows(e.w.x.Space, e.w.x.Budget, e.slots)
	}
	return e.rows.Append(b)
}

func (e *eager) finish() error {
	if e.rows == nil {
		return e.out.finish()
	}
	var wide column.Batch
	err := e.rows.Each(func(b *column.Batch) error {
		if err := e.w.x.check(); err != nil {
			return err
		}
		return e.out.push(widened(&wide, b, e.w.prog.plan.NumSlots))
	})
	e.drop()
	return ended(err, e.out)
}
