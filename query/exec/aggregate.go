package exec

import (
	"sync"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/exec/aggregation"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
)

// aggregate is plan.Aggregate in one lane. Lanes aggregate apart and are merged by the last
// to finish; with DISTINCT they share one table.
type aggregate struct {
	n     *plan.Aggregate
	w     *worker
	ec    *expr.Context
	out   operator
	gate  *gate
	lanes []*aggregate // all lanes, this one included
	spec  aggregation.Spec
	table *aggregation.Aggregator // this lane's; nil before its first row
	mu    *sync.Mutex             // held to add rows where the first lane's table is shared

	keys, deps []*column.Vector
	args       [][]*column.Vector
	view       column.Batch
}

func (b *builder) aggregate(n *plan.Aggregate, lanes []lane) (runner, error) {
	if n.Lone {
		return b.loneGroups(n, lanes)
	}
	spec := aggregation.Spec{Keys: len(n.Keys), Dependents: len(n.Dependent)}
	for _, a := range n.Aggs {
		spec.Funcs = append(spec.Funcs, aggregation.Func{Def: a.Def, Args: len(a.Args), Distinct: a.Distinct && a.Def.DistinctChanges, Pos: a.Pos})
	}
	var all []*aggregate
	mu := &sync.Mutex{}
	gate, run, err := b.fanIn(n.Input, lanes[0].w, true, func(_ int, w *worker) operator {
		op := &aggregate{n: n, w: w, ec: w.newExpr(), out: lanes[0].out, spec: spec, mu: mu,
			keys: make([]*column.Vector, len(n.Keys)), deps: make([]*column.Vector, len(n.Dependent)), args: make([][]*column.Vector, len(n.Aggs))}
		for i, a := range n.Aggs {
			op.args[i] = make([]*column.Vector, len(a.Args))
		}
		all = append(all, op)
		return op
	})
	for _, op := range all {
		op.gate, op.lanes = gate, all
		b.scope.onReset(op.drop)
		b.scope.onClose(op.drop)
	}
	return run, err
}

func (a *aggregate) drop() {
	if a.table != nil {
		closeQuietly(a.w.x, a.table)
		a.table = nil
	}
}

// target returns the table that this lane's rows go to.
func (a *aggregate) target() *aggregate {
	t := a
	if !a.spec.CanMerge() {
		t = a.lanes[0]
	}
	if t.table == nil {
		t.table = aggregation.New(a.w.x.Space, a.w.x.Budget, a.spec)
	}
	return t
}

func (a *aggregate) push(b *column.Batch) error {
	if err := a.w.x.check(); err != nil {
		return err
	}
	a.ec.Reset()
	var err error
	for i := range a.n.Keys {
		if a.keys[i], err = expr.Eval(a.ec, a.n.Keys[i].Expr, b); err != nil {
			return err
		}
	}
	for i, agg := range a.n.Aggs {
		for j, e := range agg.Args {
			if a.args[i][j], err = expr.Eval(a.ec, e, b); err != nil {
				return err
			}
		}
	}
	a.deps = pick(a.deps, b, a.n.Dependent)
	if !a.spec.CanMerge() {
		a.mu.Lock()
		defer a.mu.Unlock()
	}
	return a.target().table.Add(&aggregation.Rows{Keys: a.keys, Dependents: a.deps, Args: a.args, Len: b.Len, Sel: b.Sel, Mult: b.Mult})
}

func (a *aggregate) finish() error {
	if !a.gate.last() {
		return nil
	}
	first := a.lanes[0]
	first.target()
	for _, l := range a.lanes[1:] {
		if l.table == nil {
			continue
		}
		t := l.table
		l.table = nil
		if err := first.table.Merge(t); err != nil {
			return err
		}
	}
	err := first.table.Each(func(n int, keys, deps, values []*column.Vector) error {
		if err := a.w.x.check(); err != nil {
			return err
		}
		widen(&a.view, a.w.prog.plan.NumSlots)
		a.view.Len, a.view.Sel, a.view.Mult = n, nil, nil
		for i, k := range a.n.Keys {
			a.view.Cols[k.Slot] = keys[i]
		}
		for i, s := range a.n.Dependent {
			a.view.Cols[s] = deps[i]
		}
		for i, g := range a.n.Aggs {
			a.view.Cols[g.Slot] = values[i]
		}
		return a.out.push(&a.view)
	})
	first.drop()
	return ended(err, a.out)
}
