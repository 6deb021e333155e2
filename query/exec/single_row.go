package exec

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
)

func (b *builder) singleRow(_ *plan.SingleRow, lanes []lane) (runner, error) {
	batch := &column.Batch{Len: 1}
	slots := b.prog.plan.NumSlots
	return func() error {
		batch.Len, batch.Sel, batch.Mult = 1, nil, nil
		widen(batch, slots)
		return finishAll(lanes, lanes[0].out.push(batch))
	}, nil
}

// input builds what a source takes its rows from: a single row where it has no input.
func (b *builder) input(n plan.Node, lanes []lane) (runner, error) {
	if n == nil && b.exchange != nil {
		sources := make([]source, len(lanes))
		for i, l := range lanes {
			s := &whole{op: l.out}
			widen(&s.row, b.prog.plan.NumSlots)
			sources[i] = s
		}
		return b.deal(b.above, lanes, sources), nil
	}
	if n == nil {
		return b.singleRow(nil, lanes)
	}
	return b.build(n, lanes)
}

// argument gives the rows that the sub-plan was run for.
func (b *builder) argument(n *plan.Argument, lanes []lane) (runner, error) {
	batch, rowID := &column.Batch{}, &column.Vector{Type: column.Int}
	scope, slots := b.scope, b.prog.plan.NumSlots
	return func() error {
		outer := scope.outer
		if outer == nil {
			return status.Errorf(status.Internal, "an Argument outside of a sub-plan")
		}
		widen(batch, slots)
		batch.Len, batch.Sel = outer.Len, outer.Sel
		for _, s := range n.Slots {
			batch.Cols[s] = outer.Cols[s]
		}
		if n.RowID != plan.NoSlot {
			rowID.Ints = rowNumbers(rowID.Ints, outer.Len)
			batch.Cols[n.RowID] = rowID
		}
		return finishAll(lanes, lanes[0].out.push(batch))
	}, nil
}

// rowNumbers returns 0 … n-1 or more, in ints' memory.
func rowNumbers(ints []int64, n int) []int64 {
	for len(ints) < n {
		ints = append(ints, int64(len(ints)))
	}
	return ints
}
