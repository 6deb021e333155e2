package exec

import (
	"slices"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/plan"
)

// spread writes the output of operators that give several rows for each row of
// their input: columns of their own beside copies of the input's columns that are still read
// above.
type spread struct {
	w     *worker
	out   operator
	carry []plan.Slot

	src   *column.Batch
	batch column.Batch
	store []column.Vector // by position in carry: memory of the copies
	idx   []int32         // input row of each output row
	mult  []int64
	offers
}

// newSpread carries the live slots, those that the operator binds itself (own) excepted.
func newSpread(l lane, live []plan.Slot, own ...plan.Slot) spread {
	s := spread{w: l.w, out: l.out}
	for _, slot := range live {
		if !slices.Contains(own, slot) {
			s.carry = append(s.carry, slot)
		}
	}
	s.store = make([]column.Vector, len(s.carry))
	s.batch.Cols = make([]*column.Vector, l.w.prog.plan.NumSlots)
	return s
}

// begin starts on a batch of input; its columns are valid until the push returns.
func (s *spread) begin(b *column.Batch) {
	s.src, s.idx = b, s.idx[:0]
}

// indexed reports whether the input row of each output row matters.
func (s *spread) indexed() bool { return len(s.carry) > 0 || s.src.Mult != nil }

// setOwn sets a column of the operator's own; NoSlot: nobody reads it.
func (s *spread) setOwn(slot plan.Slot, v *column.Vector) {
	if slot != plan.NoSlot {
		s.batch.Cols[slot] = v
	}
}

// push gives n rows, of which row i continues input row idx[i]. sel names those
// that count, nil: all.
func (s *spread) push(n int, idx, sel []int32) error {
	s.fill(n, idx, sel)
	if s.src.Mult != nil {
		s.mult = slices.Grow(s.mult[:0], n)[:n]
		for i, r := range idx[:n] {
			s.mult[i] = s.src.Mult[r]
		}
		s.batch.Mult = s.mult
	}
	return s.give()
}

// pushWith is push with multiplicities of the operator's own.
func (s *spread) pushWith(n int, idx, sel []int32, mult []int64) error {
	s.fill(n, idx, sel)
	s.batch.Mult = mult
	return s.give()
}

func (s *spread) fill(n int, idx, sel []int32) {
	b := &s.batch
	b.Len, b.Sel, b.Mult = n, sel, nil
	for i, slot := range s.carry {
		src := s.src.Cols[slot]
		switch {
		case src == nil, src.Const:
			b.Cols[slot] = src
		default:
			s.store[i].Gather(src, idx[:n])
			b.Cols[slot] = &s.store[i]
		}
	}
}

// pushFrom gives n rows that all continue input row r: its columns are constant.
func (s *spread) pushFrom(r int32, n int, sel []int32) error {
	b := &s.batch
	b.Len, b.Sel, b.Mult = n, sel, nil
	for i, slot := range s.carry {
		src := s.src.Cols[slot]
		if src == nil || src.Const {
			b.Cols[slot] = src
			continue
		}
		s.store[i] = column.Vector{} // constants share nothing with what Gather reuses
		s.store[i].SetConst(src.Value(int(r)))
		b.Cols[slot] = &s.store[i]
	}
	if s.src.Mult != nil {
		s.mult = slices.Grow(s.mult[:0], n)[:n]
		for i := range s.mult {
			s.mult[i] = s.src.Mult[r]
		}
		b.Mult = s.mult
	}
	return s.give()
}

func (s *spread) give() error {
	if s.batch.Rows() == 0 {
		return nil
	}
	if err := s.w.x.check(); err != nil {
		return err
	}
	if s.taken(&s.batch) {
		return nil
	}
	return s.out.push(&s.batch)
}

func (s *spread) finish() error { return s.out.finish() }
