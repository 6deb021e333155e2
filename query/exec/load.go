package exec

import (
	"io"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// load gives a row for each row of the file that each row of its input names.
type load struct {
	loading
	spread
	expr *expr.Context
	recs column.Builder

	lines, files column.Builder // of each record, where somebody asks
}

// loading is what LOAD of one format is.
type loading struct {
	clause string // its words, for errors
	from   expr.Expr
	slot   plan.Slot
	pos    status.Pos
	// read passes the rows of a file until row fails, and returns that error then.
	read func(x *Context, from string, row func(rec value.Value, line int64) error) error

	line, file plan.Slot // of the number of each record's line, and of its file; NoSlot: nobody asks
}

func (c *load) push(b *column.Batch) error {
	c.expr.Reset()
	from, err := expr.Eval(c.expr, c.from, b)
	if err != nil {
		return err
	}
	c.begin(b)
	for _, r := range b.Selection() {
		v := from.Value(int(r))
		if v.Kind() != value.KindString {
			return status.Errorf(status.RuntimeTypeMismatch, "%s FROM takes a string, not a value of type %s", c.clause, v.Kind()).At(c.pos)
		}
		if err := c.read(c.w.x, v.AsString(), func(rec value.Value, line int64) error {
			if c.line != plan.NoSlot {
				c.lines.Append(value.Int(line))
			}
			if c.file != plan.NoSlot {
				c.files.Append(v)
			}
			return c.add(r, rec)
		}); err != nil {
			return err
		}
	}
	return c.flush()
}

func (c *load) add(r int32, rec value.Value) error {
	c.recs.Append(rec)
	if c.idx = append(c.idx, r); len(c.idx) < c.w.x.batchSize() {
		return nil
	}
	return c.flush()
}

func (c *load) flush() error {
	if len(c.idx) == 0 {
		return nil
	}
	c.setOwn(c.slot, c.recs.Vector())
	c.setOwn(c.line, c.lines.Vector())
	c.setOwn(c.file, c.files.Vector())
	err := c.spread.push(len(c.idx), c.idx, nil)
	c.idx = c.idx[:0]
	c.reset()
	return err
}

func (c *load) reset() {
	c.recs.Reset()
	c.lines.Reset()
	c.files.Reset()
}

func (b *builder) load(n plan.Node, l loading, live []plan.Slot, lanes []lane) (runner, error) {
	return b.input(n, each(lanes, func(at lane) operator {
		c := &load{loading: l, spread: newSpread(at, live, l.slot, l.line, l.file), expr: at.w.newExpr()}
		b.scope.onReset(c.reset)
		return c
	}))
}

// closed closes a file that was read, with err so far. That the statement wants no more rows
// does not hide that closing failed.
func closed(f io.Closer, err error) error {
	if cerr := f.Close(); cerr != nil && (err == nil || err == errStop) {
		return cerr
	}
	return err
}

func loadRefused(pos status.Pos) *status.Error {
	return status.Errorf(status.ImportDirRefused, "LOAD is not allowed here").
		WithHint("start the server with --import-dir, the folder that LOAD may read").At(pos)
}
