package exec

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/exec/ordering"
	"github.com/kadedb/kadedb/query/plan"
)

// sorter is plan.Sort.
type sorter struct {
	w     *worker
	out   operator
	slots []plan.Slot
	keys  []ordering.Key
	rows  *ordering.Sorter // nil before the first row
}

func sortKeys(keys []plan.SortKey) []ordering.Key {
	out := make([]ordering.Key, len(keys))
	for i, k := range keys {
		out[i] = ordering.Key{Slot: k.Slot, Desc: k.Descending}
	}
	return out
}

func (b *builder) sort(n *plan.Sort, lanes []lane) (runner, error) {
	op := &sorter{w: lanes[0].w, out: lanes[0].out, slots: n.Live, keys: sortKeys(n.Keys)}
	b.scope.onReset(op.drop)
	b.scope.onClose(op.drop)
	return b.build(n.Input, []lane{{w: op.w, out: op}})
}

func (s *sorter) drop() {
	if s.rows != nil {
		closeQuietly(s.w.x, s.rows)
		s.rows = nil
	}
}

func (s *sorter) push(b *column.Batch) error {
	if err := s.w.x.check(); err != nil {
		return err
	}
	if s.rows == nil {
		s.rows = ordering.NewSorter(s.w.x.Space, s.w.x.Budget, s.slots, s.keys)
	}
	return s.rows.Append(b)
}

func (s *sorter) finish() error {
	if s.rows == nil {
		return s.out.finish()
	}
	var wide column.Batch
	err := s.rows.Each(func(b *column.Batch) error {
		if err := s.w.x.check(); err != nil {
			return err
		}
		return s.out.push(widened(&wide, b, s.w.prog.plan.NumSlots))
	})
	s.drop()
	return ended(err, s.out)
}

// widened returns b with n columns, in dst where b has fewer.
func widened(dst, b *column.Batch, n int) *column.Batch {
	if len(b.Cols) >= n {
		return b
	}
	share(dst, b)
	for len(dst.Cols) < n {
		dst.Cols = append(dst.Cols, nil)
	}
	return dst
}
