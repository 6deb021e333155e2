package ordering

import (
	"bytes"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/query/exec/spill"
)

// Top keeps the first k rows of an order. Rows that come after the k-th of those seen
// so far are dropped by their first key alone, in a loop over plain numbers where it has
// such a type. Not safe for several goroutines.
type Top struct {
	k    int
	sort *Sorter

	// bound is the first key of the k-th row so far, once there are k.
	bound *column.Vector
	key   []byte // its byte key

	words []uint64
	rows  []int32
	buf   []byte
}

// NewTop returns a Top of k rows that gives the columns slots.
func NewTop(budget *memory.Budget, slots []int, keys []Key, k int) *Top {
	return &Top{k: k, sort: NewSorter(nil, budget, slots, keys)}
}

// Append takes the selected rows of b.
func (t *Top) Append(b *column.Batch) error {
	if t.k == 0 || b.Rows() == 0 {
		return nil
	}
	view := *b
	if t.bound != nil {
		t.rows = t.within(t.rows[:0], b)
		if len(t.rows) == 0 {
			return nil
		}
		view.Sel = t.rows
	}
	if err := t.sort.Append(&view); err != nil {
		return err
	}
	if t.sort.buf.Len() >= t.k+max(t.k, 2*column.BatchSize) || t.bound == nil && t.sort.buf.Len() >= 2*t.k {
		t.prune()
	}
	return nil
}

// prune drops all but the first k rows and sets the bound.
func (t *Top) prune() {
	s := t.sort
	if s.buf.Len() < t.k {
		return
	}
	order := s.order()
	idx := make([]int32, t.k)
	for i := range idx {
		idx[i] = order[i].row
	}
	// Equal rows must keep their order in later sorts: the kept rows are in the order
	// of the sort, where equal ones are as they came.
	b := column.Batch{Cols: make([]*column.Vector, s.width)}
	s.buf.Gather(&b, idx)
	s.buf = column.NewBuffer(s.kept)
	s.buf.Append(&b)
	s.boxed, s.texts = spill.Boxed(&b, s.kept), 0
	for _, k := range s.keys {
		s.texts += spill.Boxed(&b, []int{k.Slot})
	}
	if len(s.keys) == 0 {
		return
	}
	t.bound = &column.Vector{}
	t.bound.Gather(b.Cols[s.keys[0].Slot], []int32{int32(t.k - 1)})
	t.key = column.AppendSortKey(t.key[:0], t.bound, 0, s.keys[0].Desc)
}

// within appends the rows of b whose first key is not beyond the bound.
func (t *Top) within(dst []int32, b *column.Batch) []int32 {
	key := t.sort.keys[0]
	var v *column.Vector
	if key.Slot < len(b.Cols) {
		v = b.Cols[key.Slot]
	}
	if v == nil {
		return append(dst, b.Selection()...)
	}
	sel := b.Selection()
	var bound [1]uint64
	if v.Type == t.bound.Type && v.Nulls == nil && !v.Const && t.bound.Nulls == nil && column.SortUint64(bound[:], t.bound, []int32{0}, key.Desc) {
		if cap(t.words) < len(sel) {
			t.words = make([]uint64, max(len(sel), column.BatchSize))
		}
		words := t.words[:len(sel)]
		column.SortUint64(words, v, sel, key.Desc)
		for i, w := range words {
			if w <= bound[0] {
				dst = append(dst, sel[i])
			}
		}
		return dst
	}
	for _, r := range sel {
		t.buf = column.AppendSortKey(t.buf[:0], v, int(r), key.Desc)
		if bytes.Compare(t.buf, t.key) <= 0 {
			dst = append(dst, r)
		}
	}
	return dst
}

// Each gives the rows in order, in batches that are valid until f returns.
func (t *Top) Each(f func(b *column.Batch) error) error {
	if t.k == 0 {
		return nil
	}
	left := t.k
	return t.sort.Each(func(b *column.Batch) error {
		if left == 0 {
			return nil
		}
		if b.Len > left {
			b.Sel = b.Selection()[:left]
		}
		left -= b.Rows()
		return f(b)
	})
}

// Drain gives all rows that are held, k of them or more, as they came where equal, to
// a Sorter of the same keys.
func (t *Top) Drain(to *Sorter) error { return spill.EachOf(t.sort.buf, to.Append) }

// Close frees memory.
func (t *Top) Close() { t.sort.account.Close() }
