package exec

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// unwind gives a row for each element of a list.
type unwind struct {
	plan *plan.Unwind
	spread
	expr  *expr.Context
	elems column.Builder
	index column.Vector
}

func (u *unwind) push(b *column.Batch) error {
	u.expr.Reset()
	if call, ok := u.plan.List.(*expr.Call); ok && call.Def.Name == "range" {
		return u.ranges(call, b)
	}
	list, err := expr.Eval(u.expr, u.plan.List, b)
	if err != nil {
		return err
	}
	u.begin(b)
	u.clear()
	for _, r := range b.Selection() {
		v := list.Value(int(r))
		switch v.Kind() {
		case value.KindNull:
			continue
		case value.KindList:
			for i, e := range v.Elems() {
				if err := u.add(r, i, e); err != nil {
					return err
				}
			}
		default:
			if err := u.add(r, 0, v); err != nil {
				return err
			}
		}
	}
	return u.flush()
}

// ranges counts where the list is one of numbers: it is never made.
func (u *unwind) ranges(call *expr.Call, b *column.Batch) error {
	cols := make([]*column.Vector, len(call.Args))
	for i, a := range call.Args {
		v, err := expr.Eval(u.expr, a, b)
		if err != nil {
			return err
		}
		cols[i] = v
	}
	u.begin(b)
	u.clear()
	args := make([]value.Value, len(cols))
rows:
	for _, r := range b.Selection() {
		for i, v := range cols {
			if args[i] = v.Value(int(r)); args[i].IsNull() {
				continue rows
			}
		}
		first, step, n, err := function.RangeBounds(args)
		if err != nil {
			return status.From(err).At(call.Pos)
		}
		for i := range n {
			if err := u.add(r, int(i), value.Int(first+i*step)); err != nil {
				return err
			}
		}
	}
	return u.flush()
}

func (u *unwind) clear() {
	u.elems.Reset()
	u.index.Reset(column.Int, 0)
	u.idx = u.idx[:0]
}

func (u *unwind) add(r int32, i int, v value.Value) error {
	u.elems.Append(v)
	u.idx = append(u.idx, r)
	if u.plan.Index != plan.NoSlot {
		u.index.Ints = append(u.index.Ints, int64(i+u.plan.IndexFrom))
	}
	if len(u.idx) < u.w.x.batchSize() {
		return nil
	}
	return u.flush()
}

func (u *unwind) flush() error {
	if len(u.idx) == 0 {
		return nil
	}
	u.setOwn(u.plan.Slot, u.elems.Vector())
	if u.plan.Index != plan.NoSlot {
		u.setOwn(u.plan.Index, &u.index)
	}
	err := u.spread.push(len(u.idx), u.idx, nil)
	u.clear()
	return err
}

func (b *builder) unwind(n *plan.Unwind, lanes []lane) (runner, error) {
	return b.build(n.Input, each(lanes, func(l lane) operator {
		return &unwind{plan: n, spread: newSpread(l, n.Live, n.Slot, n.Index), expr: l.w.newExpr()}
	}))
}
