package exec

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/plan"
)

// union is one part of a plan.Union: it renames the part's columns.
type union struct {
	n    *plan.Union
	part int
	w    *worker
	out  operator
	stop *bool // the consumer wants no more
	cols []*column.Vector
	view column.Batch
}

func (b *builder) union(n *plan.Union, lanes []lane) (runner, error) {
	w, stop := lanes[0].w, new(bool)
	runs := make([]runner, len(n.Parts))
	for i, part := range n.Parts {
		op := &union{n: n, part: i, w: w, out: noFinish{lanes[0].out}, stop: stop}
		var err error
		if runs[i], err = b.build(part, []lane{{w: w, out: op}}); err != nil {
			return nil, err
		}
	}
	return func() error {
		*stop = false
		for _, run := range runs {
			if *stop && !b.prog.writes {
				break
			}
			if err := run(); err != nil {
				return err
			}
		}
		return finishAll(lanes, nil)
	}, nil
}

func (u *union) push(b *column.Batch) error {
	if *u.stop {
		return errStop
	}
	u.cols = pick(u.cols, b, u.n.Columns[u.part])
	widen(&u.view, u.w.prog.plan.NumSlots)
	u.view.Len, u.view.Sel, u.view.Mult = b.Len, b.Sel, b.Mult
	for i, s := range u.n.Out {
		u.view.Cols[s] = u.cols[i]
	}
	u.keepArguments(b)
	err := u.out.push(&u.view)
	*u.stop = err == errStop
	return err
}

// keepArguments passes on columns of outer rows that are read above.
func (u *union) keepArguments(b *column.Batch) {
	for _, s := range u.n.Live {
		if u.view.Cols[s] == nil && s < len(b.Cols) {
			u.view.Cols[s] = b.Cols[s]
		}
	}
}

func (u *union) finish() error { return u.out.finish() }
