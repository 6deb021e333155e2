package exec

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// loadRows gives a row for each row of a file of JSON Lines or Parquet.
type loadRows struct {
	plan *plan.LoadRows
	spread
	expr *expr.Context
	recs column.Builder
}

func (c *loadRows) push(b *column.Batch) error {
	c.expr.Reset()
	from, err := expr.Eval(c.expr, c.plan.From, b)
	if err != nil {
		return err
	}
	c.begin(b)
	for _, r := range b.Selection() {
		v := from.Value(int(r))
		if v.Kind() != value.KindString {
			return status.Errorf(status.RuntimeTypeMismatch, "LOAD FROM takes a string, not a value of type %s", v.Kind()).At(c.plan.Pos)
		}
		if err := c.load(r, v.AsString()); err != nil {
			return err
		}
	}
	return c.flush()
}

func (c *loadRows) load(r int32, from string) (err error) {
	x := c.w.x
	if x.OpenRows == nil {
		return loadRefused().At(c.plan.Pos)
	}
	file, err := x.OpenRows(x.context(), from, c.plan.JSONLines)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := file.Close(); cerr != nil && (err == nil || err == errStop) {
			err = cerr
		}
	}()
	stopped := false
	err = file.Each(x.context(), func(v value.Value) error {
		c.recs.Append(v)
		if c.idx = append(c.idx, r); len(c.idx) < c.w.x.batchSize() {
			return nil
		}
		err := c.flush()
		stopped = err == errStop
		return err
	})
	if stopped { // whatever the file makes of it
		return errStop
	}
	return err
}

func (c *loadRows) flush() error {
	if len(c.idx) == 0 {
		return nil
	}
	c.setOwn(c.plan.Slot, c.recs.Vector())
	err := c.spread.push(len(c.idx), c.idx, nil)
	c.idx = c.idx[:0]
	c.recs.Reset()
	return err
}

func (b *builder) loadRows(n *plan.LoadRows, lanes []lane) (runner, error) {
	return b.input(n.Input, each(lanes, func(l lane) operator {
		c := &loadRows{plan: n, spread: newSpread(l, n.Live, n.Slot), expr: l.w.newExpr()}
		b.scope.onReset(c.recs.Reset)
		return c
	}))
}

func loadRefused() *status.Error {
	return status.Errorf(status.ImportDirRefused, "LOAD is not allowed here").
		WithHint("start the server with --import-dir, the folder that LOAD may read")
}
