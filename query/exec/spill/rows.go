package spill

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/internal/memory"
)

// Rows keeps rows in the order of their arrival, in memory as far as the budget
// goes, the rest in a file. Not safe for several goroutines.
type Rows struct {
	space   *Space
	account *Account
	slots   []int
	buf     *column.Buffer
	boxed   int64
	file    *File
	n       int64
}

// NewRows returns an empty store for the columns slots. A nil space or budget keeps
// everything in memory.
func NewRows(space *Space, budget *memory.Budget, slots []int) *Rows {
	return &Rows{space: space, account: NewAccount(budget), slots: slots, buf: column.NewBuffer(slots)}
}

// Len returns the number of rows, each counted once whatever its multiplicity.
func (r *Rows) Len() int64 { return r.n }

// Slots returns the columns that are kept.
func (r *Rows) Slots() []int { return r.slots }

// Spilled reports whether rows are on disk.
func (r *Rows) Spilled() bool { return r.file != nil }

// Append copies the selected rows of b.
func (r *Rows) Append(b *column.Batch) error {
	if b.Rows() == 0 {
		return nil
	}
	r.buf.Append(b)
	r.boxed += Boxed(b, r.slots)
	r.n += int64(b.Rows())
	if r.account.Hold(int64(r.buf.Bytes()) + r.boxed) {
		return nil
	}
	if r.space == nil {
		return r.account.Must(int64(r.buf.Bytes()) + r.boxed)
	}
	return r.flush()
}

// flush moves what is in memory to the file.
func (r *Rows) flush() error {
	if r.file == nil {
		f, err := r.space.Create()
		if err != nil {
			return err
		}
		r.file = f
	}
	if err := EachOf(r.buf, func(b *column.Batch) error { return r.file.Write(b, r.slots) }); err != nil {
		return err
	}
	r.buf, r.boxed = column.NewBuffer(r.slots), 0
	r.account.Hold(0)
	return nil
}

// EachOf gives the rows of a buffer as batches that are valid until f returns.
func EachOf(buf *column.Buffer, f func(b *column.Batch) error) error {
	for from := 0; from < buf.Len(); from += column.BatchSize {
		var b column.Batch
		buf.View(&b, from, min(from+column.BatchSize, buf.Len()))
		if err := f(&b); err != nil {
			return err
		}
	}
	return nil
}

// Each gives all rows in order, in batches that are valid until f returns. It may be
// called again, but not while it runs, and Append not after it.
func (r *Rows) Each(f func(b *column.Batch) error) error {
	if r.file != nil {
		rd, err := r.file.Reader()
		if err != nil {
			return err
		}
		for {
			b, err := rd.Next()
			if err != nil {
				return err
			}
			if b == nil {
				break
			}
			if err := f(b); err != nil {
				return err
			}
		}
	}
	return EachOf(r.buf, f)
}

// Close frees memory and deletes the file. It may be called twice.
func (r *Rows) Close() error {
	r.account.Close()
	r.buf, r.boxed, r.n = column.NewBuffer(r.slots), 0, 0
	if r.file == nil {
		return nil
	}
	f := r.file
	r.file = nil
	return f.Close()
}
