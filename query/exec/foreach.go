package exec

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// foreach is plan.Foreach. A body of one clause gets many elements at once, since a
// writing clause takes its rows in order anyway: those of one row, or of many where no list
// depends on the graph. A body of several clauses runs for each element by itself, so
// that its last clause is done before the next element.
type foreach struct {
	*writer
	n      *plan.Foreach
	body   *sub
	single bool // the body is one clause
	across bool // elements of several rows may be taken together

	rows  []int32
	elems column.Builder
	view  column.Batch
}

func (b *builder) foreach(n *plan.Foreach, lanes []lane) (runner, error) {
	w := lanes[0].w
	f := &foreach{writer: newWriter(b, w), n: n, single: isSingle(n.Body), across: !readsGraph(n.List)}
	op := &barrier{w: w, out: lanes[0].out, live: n.Live, work: f.work}
	var err error
	if f.body, err = b.sub(n.Body, w, sinkFunc(func(*column.Batch) error { return nil })); err != nil {
		return nil, err
	}
	return op.build(b, n.Input)
}

// readsGraph reports whether the value of e may depend on the graph.
func readsGraph(e expr.Expr) bool {
	found := false
	expr.Walk(e, func(e expr.Expr) bool {
		switch e := e.(type) {
		case *expr.Call:
			found = found || e.Def.NeedsGraph
		case *expr.Property, *expr.LabelTest, *expr.Subquery, *expr.MapProjection, *expr.Index:
			found = true
		}
		return !found
	})
	return found
}

// isSingle reports whether a body is one writing operator over the rows themselves.
func isSingle(body plan.Node) bool {
	switch body.(type) {
	case *plan.Create, *plan.Merge, *plan.Set:
		_, arg := body.Inputs()[0].(*plan.Argument)
		return arg
	}
	return false
}

func (f *foreach) work(b *column.Batch) (bool, error) {
	f.rows = f.rows[:0]
	f.elems = column.Builder{}
	for r := range b.Len {
		list, err := f.value(f.n.List, b, r)
		if err != nil {
			return false, err
		}
		switch list.Kind() {
		case value.KindNull:
			continue
		case value.KindList:
		default:
			return false, status.Errorf(status.RuntimeTypeMismatch, "FOREACH takes a LIST, not %s", list.Kind())
		}
		for _, e := range list.Elems() {
			f.rows = append(f.rows, int32(r))
			f.elems.Append(e)
			if !f.single || len(f.rows) == column.BatchSize {
				if err := f.run(b); err != nil {
					return false, err
				}
			}
		}
		if !f.across && len(f.rows) > 0 {
			if err := f.run(b); err != nil {
				return false, err
			}
		}
	}
	if len(f.rows) == 0 {
		return true, nil
	}
	return true, f.run(b)
}

// run runs the body for the elements gathered.
func (f *foreach) run(b *column.Batch) error {
	if err := f.w.x.check(); err != nil {
		return err
	}
	f.view = column.Batch{Cols: make([]*column.Vector, len(b.Cols))}
	f.view.Gather(b, f.rows, nil)
	f.view.Cols[f.n.Slot] = f.elems.Vector()
	err := f.body.run(&f.view)
	f.rows = f.rows[:0]
	f.elems = column.Builder{}
	return err
}
