package exec

import "github.com/kadedb/kadedb/column"

// unmult writes out rows that stand for several equal ones, for operators that
// take each row once.
type unmult struct {
	w    *worker
	out  operator
	idx  []int32
	view column.Batch
	rows column.Batch
}

func newUnmult(w *worker, out operator) *unmult { return &unmult{w: w, out: out} }

func (u *unmult) push(b *column.Batch) error {
	if b.Mult == nil {
		return u.out.push(b)
	}
	share(&u.view, b)
	u.view.Mult = nil
	size := u.w.x.batchSize()
	u.idx = u.idx[:0]
	for _, r := range b.Selection() {
		for n := b.Mult[r]; n > 0; n-- {
			if u.idx = append(u.idx, r); len(u.idx) == size {
				if err := u.flush(); err != nil {
					return err
				}
			}
		}
	}
	if len(u.idx) == 0 {
		return nil
	}
	return u.flush()
}

func (u *unmult) flush() error {
	if err := u.w.x.check(); err != nil {
		return err
	}
	u.rows.Gather(&u.view, u.idx, nil)
	u.idx = u.idx[:0]
	return u.out.push(&u.rows)
}

func (u *unmult) finish() error { return u.out.finish() }
