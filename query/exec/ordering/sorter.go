package ordering

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/query/exec/spill"
)

// Key is one column to sort by.
type Key struct {
	Slot int
	Desc bool
}

// Sorter sorts rows. Not safe for several goroutines.
type Sorter struct {
	space   *spill.Space
	account *spill.Account
	keys    []Key
	slots   []int // columns to give
	kept    []int // slots and those of keys
	width   int   // of batches: one more than the largest of kept
	buf     *column.Buffer
	boxed   int64
	texts   int64 // bytes that strings and the like take in byte keys
	runs    []*spill.File
}

// NewSorter returns a sorter that gives the columns slots. A nil space or budget
// keeps everything in memory.
func NewSorter(space *spill.Space, budget *memory.Budget, slots []int, keys []Key) *Sorter {
	s := &Sorter{space: space, account: spill.NewAccount(budget), keys: keys, slots: slots}
	s.kept = append(s.kept, slots...)
	for _, k := range keys {
		if !contains(s.kept, k.Slot) {
			s.kept = append(s.kept, k.Slot)
		}
	}
	for _, slot := range s.kept {
		s.width = max(s.width, slot+1)
	}
	s.buf = column.NewBuffer(s.kept)
	return s
}

func contains(list []int, x int) bool {
	for _, l := range list {
		if l == x {
			return true
		}
	}
	return false
}

// Append copies the selected rows of b.
func (s *Sorter) Append(b *column.Batch) error {
	if b.Rows() == 0 {
		return nil
	}
	s.buf.Append(b)
	s.boxed += spill.Boxed(b, s.kept)
	for _, k := range s.keys {
		s.texts += spill.Boxed(b, []int{k.Slot})
	}
	want := s.bytes()
	if s.account.Hold(want) {
		return nil
	}
	if s.space == nil {
		return s.account.Must(want)
	}
	return s.writeRun()
}

// bytes is what the rows in memory take while they are sorted: byte keys, which are moved
// as they grow, where each ends, and the list of entries.
func (s *Sorter) bytes() int64 {
	const entries, ends, number = 16, 2 * 8, 2 * 10
	row := entries + ends + number*max(len(s.keys), 1)
	return int64(s.buf.Bytes()) + s.boxed + 2*s.texts + int64(s.buf.Len()*row)
}

// keysOf makes the byte keys of rows 0 … n-1 of the buffer.
func (s *Sorter) keysOf() *column.SortKeys {
	cols := make([]column.SortColumn, len(s.keys))
	for i, k := range s.keys {
		for j, slot := range s.kept {
			if slot == k.Slot {
				cols[i] = column.SortColumn{Col: s.buf.Column(j), Desc: k.Desc}
			}
		}
	}
	keys := &column.SortKeys{}
	rows := make([]int32, 0, column.BatchSize)
	for from := 0; from < s.buf.Len(); from += column.BatchSize {
		rows = rows[:0]
		for i := from; i < min(from+column.BatchSize, s.buf.Len()); i++ {
			rows = append(rows, int32(i))
		}
		keys.Append(cols, rows)
	}
	return keys
}

// writeRun sorts what is in memory and moves it to a file, each row with its key.
func (s *Sorter) writeRun() error {
	f, err := s.space.Create()
	if err != nil {
		return err
	}
	s.runs = append(s.runs, f)
	keys := s.keysOf()
	order := sortBytes(keys)
	var idx []int32
	for from := 0; from < len(order); from += runBatch {
		part := order[from:min(from+runBatch, len(order))]
		idx = idx[:0]
		text := &column.Vector{Type: column.String, Strs: make([]string, len(part))}
		for i, e := range part {
			idx = append(idx, e.row)
			text.Strs[i] = string(keys.Key(int(e.row)))
		}
		b := column.Batch{Cols: make([]*column.Vector, s.width+1)}
		s.buf.Gather(&b, idx)
		b.Cols[s.width] = text
		if err := f.Write(&b, append(s.slots[:len(s.slots):len(s.slots)], s.width)); err != nil {
			return err
		}
	}
	s.buf, s.boxed, s.texts = column.NewBuffer(s.kept), 0, 0
	s.account.Hold(0)
	return f.Seal()
}

// Each gives all rows in order, in batches that are valid until f returns.
func (s *Sorter) Each(f func(b *column.Batch) error) error {
	if len(s.runs) > 0 {
		if s.buf.Len() > 0 {
			if err := s.writeRun(); err != nil {
				return err
			}
		}
		return s.merge(f)
	}
	var idx []int32
	b := column.Batch{Cols: make([]*column.Vector, s.width)}
	order := s.order()
	for from := 0; from < len(order); from += column.BatchSize {
		idx = idx[:0]
		for _, e := range order[from:min(from+column.BatchSize, len(order))] {
			idx = append(idx, e.row)
		}
		s.buf.Gather(&b, idx)
		if err := f(&b); err != nil {
			return err
		}
	}
	return nil
}

// order sorts what is in memory.
func (s *Sorter) order() []entry {
	if len(s.keys) == 1 {
		for j, slot := range s.kept {
			if slot != s.keys[0].Slot {
				continue
			}
			if list, ok := sortColumn(s.buf.Column(j), s.buf.Len(), s.keys[0].Desc); ok {
				return list
			}
		}
	}
	return sortBytes(s.keysOf())
}

// Close frees memory and deletes the runs. It may be called twice.
func (s *Sorter) Close() error {
	s.account.Close()
	s.buf = column.NewBuffer(s.kept)
	var first error
	for _, r := range s.runs {
		if err := r.Close(); err != nil && first == nil {
			first = err
		}
	}
	s.runs = nil
	return first
}
