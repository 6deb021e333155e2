package exec

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// callProcedure calls a procedure for each row.
type callProcedure struct {
	plan *plan.CallProcedure
	spread
	expr *expr.Context
	args []*column.Vector
	cols []column.Builder // by yield
}

func (c *callProcedure) push(b *column.Batch) error {
	c.expr.Reset()
	c.args = c.args[:0]
	for _, e := range c.plan.Args {
		v, err := expr.Eval(c.expr, e, b)
		if err != nil {
			return err
		}
		c.args = append(c.args, v)
	}
	c.begin(b)
	for _, r := range b.Selection() {
		if err := c.call(r); err != nil {
			return err
		}
	}
	return c.flush()
}

func (c *callProcedure) call(r int32) error {
	x := c.w.x
	if x.Call == nil {
		return status.Errorf(status.ProcedureNotFound, "no procedure is named `%s`", c.plan.Procedure).At(c.plan.Pos)
	}
	args := make([]value.Value, len(c.args))
	for i, a := range c.args {
		args[i] = a.Value(int(r))
	}
	rows := 0
	err := x.Call(x.context(), c.plan.Procedure, args, func(row []value.Value) error {
		rows++
		return c.add(r, row)
	})
	switch {
	case err != nil:
		return err
	case c.plan.Void, rows == 0 && c.plan.Optional:
		return c.add(r, nil)
	}
	return nil
}

func (c *callProcedure) add(r int32, row []value.Value) error {
	for i, y := range c.plan.Yields {
		v := value.Null
		if y.Column < len(row) {
			v = row[y.Column]
		}
		c.cols[i].Append(v)
	}
	if c.idx = append(c.idx, r); len(c.idx) < c.w.x.batchSize() {
		return nil
	}
	return c.flush()
}

func (c *callProcedure) flush() error {
	if len(c.idx) == 0 {
		return nil
	}
	for i, y := range c.plan.Yields {
		c.setOwn(y.Slot, c.cols[i].Vector())
	}
	err := c.spread.push(len(c.idx), c.idx, nil)
	c.forget()
	return err
}

func (c *callProcedure) forget() {
	c.idx = c.idx[:0]
	for i := range c.cols {
		c.cols[i].Reset()
	}
}

func (b *builder) callProcedure(n *plan.CallProcedure, lanes []lane) (runner, error) {
	own := make([]plan.Slot, len(n.Yields))
	for i, y := range n.Yields {
		own[i] = y.Slot
	}
	in := n.Input
	if in != nil {
		in = settled(in, n.Writes)
	}
	return b.input(in, each(lanes, func(l lane) operator {
		c := &callProcedure{plan: n, spread: newSpread(l, n.Live, own...), expr: l.w.newExpr(), cols: make([]column.Builder, len(own))}
		b.scope.onReset(c.forget)
		return c
	}))
}
