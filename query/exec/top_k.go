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
	op := &topK{n: n, w: lanes[0].w, ec: lanes[0].w.newExpr(), out: lanes[0].out, keys: sortKeys(n.Keys)}
	b.scope.onReset(op.drop)
	b.scope.onClose(op.drop)
	return b.build(n.Input, []lane{{w: op.w, out: op}})
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
	if t.skip, err = countOf(t.w, t.ec, t.n.Skip, "SKIP", status.Pos{}); err != nil {
		return err
	}
	if t.count, err = countOf(t.w, t.ec, t.n.Count, "LIMIT", status.Pos{}); err != nil {
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
	if err := t.begin(); err != nil {
		return err
	}
	skip, left := t.skip, t.count
	var wide column.Batch
	give := func(b *column.Batch) error {
		if left == 0 {
			return errStop
		}
		wide := widened(&wide, b, t.w.prog.plan.NumSlots)
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
		cut := *wide
		cut.Sel = sel
		return t.out.push(&cut)
	}
	var err error
	if t.all != nil {
		err = t.all.Each(give)
	} else {
		err = t.top.Each(give)
	}
	t.drop()
	return ended(err, t.out)
}
