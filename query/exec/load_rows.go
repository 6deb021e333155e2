package exec

import (
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/value"
)

// loadRows gives a row for each row of a file of JSON Lines or Parquet.
func (b *builder) loadRows(n *plan.LoadRows, lanes []lane) (runner, error) {
	read := func(x *Context, from string, row func(value.Value, int64) error) (err error) {
		if x.OpenRows == nil {
			return loadRefused(n.Pos)
		}
		file, err := x.OpenRows(x.context(), from, n.JSONLines)
		if err != nil {
			return at(err, n.Pos)
		}
		defer func() { err = closed(file, err) }()
		stopped := false
		err = file.Each(x.context(), func(v value.Value) error {
			err := row(v, 0)
			stopped = err == errStop
			return err
		})
		if stopped { // whatever the file makes of it
			return errStop
		}
		return err
	}
	return b.load(n.Input, loading{"LOAD", n.From, n.Slot, n.Pos, read, plan.NoSlot, plan.NoSlot}, n.Live, lanes)
}
