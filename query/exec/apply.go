package exec

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
)

// apply runs a sub-plan for each batch of its outer rows, or for each row, and
// joins what it gives to them.
type apply struct {
	plan *plan.Apply
	spread
	inner *sub

	row     int32 // PerRow: the outer row at hand; -1: rows are told by RowID
	open    int   // outer rows that Semi and Anti have not found matches for
	found   []bool
	stopped bool // the consumer wants no more
	one     column.Batch
	sel     [1]int32
	rest    []int32
	ids     []int32
	dense   column.Batch
	nulls   column.Vector
}

func (a *apply) push(b *column.Batch) error {
	a.begin(b)
	a.stopped = false
	if cap(a.found) < b.Len {
		a.found = make([]bool, max(b.Len, column.BatchSize))
	}
	a.found = a.found[:b.Len]
	clear(a.found)
	if err := a.runInner(b); err != nil {
		return err
	}
	if a.stopped {
		return errStop
	}
	switch a.plan.JoinKind {
	case plan.LeftOuter:
		return a.giveRest(b, false)
	case plan.Semi:
		return a.giveRest(b, true)
	case plan.Anti:
		return a.giveRest(b, false)
	}
	return nil
}

func (a *apply) runInner(b *column.Batch) error {
	if !a.plan.PerRow {
		a.row, a.open = -1, b.Rows()
		if a.open == 0 {
			return nil
		}
		return a.inner.run(b)
	}
	share(&a.one, b)
	a.one.Sel = a.sel[:]
	for _, r := range b.Selection() {
		a.row, a.open, a.sel[0] = r, 1, r
		if err := a.w.x.check(); err != nil {
			return err
		}
		if err := a.inner.run(&a.one); err != nil || a.stopped {
			return err
		}
		// In the order of the rows, so that an inner ORDER BY stands.
		if a.plan.JoinKind == plan.LeftOuter && !a.found[r] {
			a.rest = append(a.rest[:0], r)
			a.found[r] = true
			if err := a.giveRows(a.rest, true); err != nil {
				return err
			}
		}
	}
	return nil
}

// giveRest gives the outer rows for which the inner plan found something, or nothing.
func (a *apply) giveRest(b *column.Batch, found bool) error {
	a.rest = a.rest[:0]
	for _, r := range b.Selection() {
		if a.found[r] == found {
			a.rest = append(a.rest, r)
		}
	}
	if len(a.rest) == 0 {
		return nil
	}
	return a.giveRows(a.rest, a.plan.JoinKind == plan.LeftOuter)
}

func (a *apply) giveRows(rows []int32, outer bool) error {
	if outer {
		a.nulls.Type = column.Null
		for _, s := range a.plan.Columns {
			a.setOwn(s, &a.nulls)
		}
	}
	return a.spread.push(len(rows), rows, nil)
}

func (a *apply) finish() error { return a.out.finish() }

// joined is the end of the inner plan.
type joined struct{ a *apply }

func (j joined) push(b *column.Batch) error {
	a := j.a
	if a.stopped {
		return errStop
	}
	if err := a.number(b); err != nil {
		return err
	}
	for _, r := range a.ids {
		if !a.found[r] {
			a.found[r] = true
			a.open--
		}
	}
	if a.plan.JoinKind == plan.Semi || a.plan.JoinKind == plan.Anti {
		if a.open == 0 {
			return errStop
		}
		return nil
	}
	if b.Sel != nil {
		a.dense.Compact(b, a.plan.Columns)
		b = &a.dense
	}
	for _, s := range a.plan.Columns {
		a.setOwn(s, b.Cols[s])
	}
	if len(a.ids) == 0 {
		return nil
	}
	err := a.spread.push(len(a.ids), a.ids, nil)
	if err == errStop {
		a.stopped = true
	}
	return err
}

func (joined) finish() error { return nil }

// number sets ids to the outer row of each selected row of b.
func (a *apply) number(b *column.Batch) error {
	a.ids = a.ids[:0]
	if a.row >= 0 {
		for range b.Rows() {
			a.ids = append(a.ids, a.row)
		}
		return nil
	}
	col := b.Cols[a.plan.RowID]
	if col == nil || col.Type != column.Int {
		return status.Errorf(status.Internal, "the rows of a sub-plan have lost their number")
	}
	if col.Const {
		for range b.Rows() {
			a.ids = append(a.ids, int32(col.Ints[0]))
		}
		return nil
	}
	for _, r := range b.Selection() {
		a.ids = append(a.ids, int32(col.Ints[r]))
	}
	return nil
}

func (b *builder) apply(n *plan.Apply, lanes []lane) (runner, error) {
	if n.Batches != nil {
		return b.batches(n, lanes[0])
	}
	ops := make([]lane, len(lanes))
	for i, l := range lanes {
		own := n.Columns
		if n.JoinKind == plan.Semi || n.JoinKind == plan.Anti {
			own = nil
		}
		a := &apply{plan: n, spread: newSpread(l, n.Live, own...)}
		var err error
		if a.inner, err = b.sub(n.Inner, l.w, joined{a}); err != nil {
			return nil, err
		}
		ops[i] = lane{w: l.w, out: a}
	}
	return b.build(settled(n.Outer, writes(n.Inner)), ops)
}

// settled returns n, or where what follows it writes, n with all of its rows taken
// first: its cursors must not outlive a write.
func settled(n plan.Node, write bool) plan.Node {
	if !write {
		return n
	}
	e := &plan.Eager{}
	e.Op, e.Input = *n.Base(), n
	return e
}

// writes reports whether an operator of n or below it writes.
func writes(n plan.Node) bool {
	found := false
	plan.Walk(n, func(n plan.Node) bool {
		switch t := n.(type) {
		case *plan.Create, *plan.Merge, *plan.Set, *plan.Delete, *plan.Foreach:
			found = true
		case *plan.CallProcedure:
			found = found || t.Writes
		case *plan.Apply:
			found = found || t.Batches != nil
		}
		return !found
	})
	return found
}
