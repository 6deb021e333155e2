package exec

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/exec/ordering"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
)

// topK is plan.TopK: it keeps no more than a multiple of the rows wanted, and drops
// rows beyond the last of them unseen. Too many rows for that are sorted whole.
type topK struct {
	n     *plan.TopK
	w     *worker
	ec    *expr.Context
	out   operator
	gate  *gate
	lanes []*topK // all lanes, this one included
	keys  []ordering.Key
	ready bool
	skip  int64
	count int64
	top   *ordering.Top
	all   *ordering.Sorter
}

// maxTop is the largest number of rows kept in memory for an order.
const maxTop = 1 << 16

func (b *builder) topK(n *plan.TopK, lanes []lane) (runner, error) {
	var all []*topK
	gate, run, err := b.fanIn(n.Input, lanes[0].w, anyOrder(n.Input), func(_ int, w *worker) operator {
		op := &topK{n: n, w: w, ec: w.newExpr(), out: lanes[0].out, keys: sortKeys(n.Keys)}
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

// anyOrder reports whether n gives its rows in no order that means anything, as groups
// come: rows that a sort finds equal may then stand in any order.
func anyOrder(n plan.Node) bool {
	for {
		switch t := n.(type) {
		case *plan.Project, *plan.Filter:
			n = n.Inputs()[0]
		case *plan.Aggregate:
			return t.Lone
		default:
			return false
		}
	}
}

func (t *topK) drop() {
	if t.all != nil {
		closeQuietly(t.w.x, t.all)
	}
	if t.top != nil {
		t.top.Close()
	}
	t.top, t.all, t.ready = nil, nil, false
}

func (t *topK) begin() error {
	if t.ready {
		return nil
	}
	var err error
	if t.skip, err = countOf(t.w, t.ec, t.n.Skip, "SKIP", t.n.SkipPos); err != nil {
		return err
	}
	if t.count, err = countOf(t.w, t.ec, t.n.Count, "LIMIT", t.n.CountPos); err != nil {
		return err
	}
	t.ready = true
	if t.count > maxTop || t.skip > maxTop-t.count {
		t.all = ordering.NewSorter(t.w.x.Space, t.w.x.Budget, t.n.Live, t.keys)
	} else {
		t.top = ordering.NewTop(t.w.x.Budget, t.n.Live, t.keys, int(t.skip+t.count))
	}
	return nil
}

func (t *topK) push(b *column.Batch) error {
	if err := t.w.x.check(); err != nil {
		return err
	}
	if err := t.begin(); err != nil {
		return err
	}
	if t.all != nil {
		return t.all.Append(b)
	}
	err := t.top.Append(b)
	if status.CodeOf(err) != status.QueryMemoryLimit || t.w.x.Space == nil {
		return err
	}
	// The batch is among the rows held already.
	t.all = ordering.NewSorter(t.w.x.Space, t.w.x.Budget, t.n.Live, t.keys)
	err = t.top.Drain(t.all)
	t.top.Close()
	t.top = nil
	return err
}

func (t *topK) finish() error {
	if !t.gate.last() {
		return nil
	}
	first := t.lanes[0]
	if err := first.begin(); err != nil {
		return err
	}
	for _, l := range t.lanes[1:] {
		if !l.ready {
			continue
		}
		if err := l.each(first.push); err != nil {
			return err
		}
		l.drop()
	}
	return first.give()
}

// each calls f with the rows that are kept, in order.
func (t *topK) each(f func(b *column.Batch) error) error {
	var wide column.Batch
	widening := func(b *column.Batch) error { return f(widened(&wide, b, t.w.prog.plan.NumSlots)) }
	if t.all != nil {
		return t.all.Each(widening)
	}
	return t.top.Each(widening)
}

// give gives the rows after the first skip ones.
func (t *topK) give() error {
	skip, left := t.skip, t.count
	err := t.each(func(b *column.Batch) error {
		if left == 0 {
			return errStop
		}
		sel := b.Selection()
		if skip >= int64(len(sel)) {
			skip -= int64(len(sel))
			return nil
		}
		sel = sel[skip:]
		skip = 0
		if int64(len(sel)) > left {
			sel = sel[:left]
		}
		left -= int64(len(sel))
		cut := *b
		cut.Sel = sel
		return t.out.push(&cut)
	})
	t.drop()
	return ended(err, t.out)
}
