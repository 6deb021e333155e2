package exec

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/query/exec/spill"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/value"
)

// writer is what all writing operators have: the transaction, two contexts for
// expressions, and numbers of names that were looked up in this run.
type writer struct {
	w     *worker
	batch *expr.Context // for whole batches: reset with each
	row   *expr.Context // for single rows: reset after each evaluation

	labels map[string]catalog.LabelID
	types  map[string]catalog.TypeID
	keys   map[string]catalog.KeyID

	one column.Batch
	sel [1]int32
	ref [1]uint32
	old column.Vector
}

func newWriter(b *builder, w *worker) *writer {
	wr := &writer{w: w, batch: w.newExpr(), row: w.newExpr(), labels: map[string]catalog.LabelID{},
		types: map[string]catalog.TypeID{}, keys: map[string]catalog.KeyID{}}
	b.scope.onClose(func() {
		clear(wr.labels)
		clear(wr.types)
		clear(wr.keys)
	})
	return wr
}

func (w *writer) tx() (*graph.Tx, error) {
	if w.w.x.Tx == nil {
		return nil, status.Errorf(status.ReadOnlyTransaction, "a write in a query that may only read").
			WithHint("begin a transaction that may write")
	}
	return w.w.x.Tx, nil
}

// effects returns the counters of the run.
func (w *writer) effects() *Effects {
	if w.w.x.Stats == nil {
		w.w.x.Stats = &Stats{}
	}
	return &w.w.x.Stats.Effects
}

func (w *writer) label(tx *graph.Tx, name string) (catalog.LabelID, error) {
	if id, ok := w.labels[name]; ok {
		return id, nil
	}
	id, err := tx.Label(name)
	if err == nil {
		w.labels[name] = id
	}
	return id, err
}

func (w *writer) relType(tx *graph.Tx, name string) (catalog.TypeID, error) {
	if id, ok := w.types[name]; ok {
		return id, nil
	}
	id, err := tx.Type(name)
	if err == nil {
		w.types[name] = id
	}
	return id, err
}

func (w *writer) key(tx *graph.Tx, name string) (catalog.KeyID, error) {
	if id, ok := w.keys[name]; ok {
		return id, nil
	}
	id, err := tx.Key(name)
	if err == nil {
		w.keys[name] = id
	}
	return id, err
}

// value evaluates e for row r of b in the state that the rows before left.
func (w *writer) value(e expr.Expr, b *column.Batch, r int) (value.Value, error) {
	switch e := e.(type) {
	case *expr.Const:
		return e.Value, nil
	case *expr.Slot:
		return columnOf(b, e.Slot).Value(r), nil
	}
	w.sel[0] = int32(r)
	w.one = *b
	w.one.Sel = w.sel[:]
	defer w.row.Reset()
	v, err := expr.Eval(w.row, e, &w.one)
	if err != nil {
		return value.Null, err
	}
	return v.Value(r), nil
}

// barrier is the frame of writing operators: it takes all rows of its input, has work
// change the store batch by batch, and only then gives the rows, so that reading
// clauses above see the state that the whole clause left.
type barrier struct {
	w    *worker
	out  operator
	in   []plan.Slot // columns of the input to keep
	live []plan.Slot // columns to give
	// work treats the rows of a batch in order. It may put columns into b. Where it
	// gives other rows than it got it keeps them itself and reports false.
	work func(b *column.Batch) (keep bool, err error)
	end  func() error // after the last row; or nil

	rows  *spill.Rows     // input; nil before the first row
	done  []*column.Batch // worked on, columns shared with rows
	after *spill.Rows     // worked on, where rows are on disk or others than the input's
}

// build builds the operator's input.
func (a *barrier) build(b *builder, input plan.Node) (runner, error) {
	a.in = input.Base().Live
	b.scope.onReset(a.drop)
	b.scope.onClose(a.drop)
	return b.build(input, []lane{{w: a.w, out: a}})
}

func (a *barrier) drop() {
	if a.rows != nil {
		closeQuietly(a.w.x, a.rows)
	}
	if a.after != nil {
		closeQuietly(a.w.x, a.after)
	}
	a.rows, a.after, a.done = nil, nil, nil
}

func (a *barrier) push(b *column.Batch) error {
	if err := a.w.x.check(); err != nil {
		return err
	}
	if a.rows == nil {
		a.rows = spill.NewRows(a.w.x.Space, a.w.x.Budget, a.in)
	}
	return a.rows.Append(b)
}

// keep stores rows to be given when all are done.
func (a *barrier) keep(b *column.Batch) error {
	if a.after == nil {
		a.after = spill.NewRows(a.w.x.Space, a.w.x.Budget, a.live)
	}
	return a.after.Append(b)
}

func (a *barrier) finish() error {
	if a.rows == nil {
		return a.out.finish()
	}
	width := a.w.prog.plan.NumSlots
	err := a.rows.Each(func(b *column.Batch) error {
		if err := a.w.x.check(); err != nil {
			return err
		}
		wide := &column.Batch{Len: b.Len, Sel: b.Sel, Mult: b.Mult, Cols: make([]*column.Vector, width)}
		copy(wide.Cols, b.Cols)
		keep, err := a.work(wide)
		if err != nil || !keep {
			return err
		}
		if a.rows.Spilled() {
			return a.keep(wide)
		}
		a.done = append(a.done, wide)
		return nil
	})
	if err == nil && a.end != nil {
		err = a.end()
	}
	if err != nil {
		return err
	}
	err = a.give()
	a.drop()
	return ended(err, a.out)
}

func (a *barrier) give() error {
	for _, b := range a.done {
		if err := a.pushOn(b); err != nil {
			return err
		}
	}
	if a.after == nil {
		return nil
	}
	var wide column.Batch
	return a.after.Each(func(b *column.Batch) error { return a.pushOn(widened(&wide, b, a.w.prog.plan.NumSlots)) })
}

func (a *barrier) pushOn(b *column.Batch) error {
	if err := a.w.x.check(); err != nil {
		return err
	}
	return a.out.push(b)
}
