package spill

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/value"
)

// floor is what an operator may hold without asking, so that each of many in one
// query can work when the others have taken the whole budget.
const floor = 32 << 10

// Account is one operator's part of a query's memory. The zero Account of a nil
// budget is without limit. Not safe for several goroutines.
type Account struct {
	budget *memory.Budget
	held   int64 // reserved in budget
}

// NewAccount returns an account that reserves in budget; nil: without limit.
func NewAccount(budget *memory.Budget) *Account { return &Account{budget: budget} }

// Hold makes the account's holding total bytes, and reports whether the budget allows
// it; where it does not, the holding stays as it was.
func (a *Account) Hold(total int64) bool { return a.Must(total) == nil }

// Must is Hold with the budget's error, for what cannot spill.
func (a *Account) Must(total int64) error {
	if a.budget == nil {
		return nil
	}
	want := max(total-floor, 0)
	switch {
	case want > a.held:
		// By eighths, so that not every batch asks.
		if ahead := want + want/8; a.budget.TryReserve(ahead - a.held) {
			a.held = ahead
			return nil
		}
		if err := a.budget.Reserve(want - a.held); err != nil {
			return err
		}
		a.held = want
	case want < a.held/2:
		a.budget.Release(a.held - want)
		a.held = want
	}
	return nil
}

// Close gives everything back.
func (a *Account) Close() {
	if a.budget != nil && a.held > 0 {
		a.budget.Release(a.held)
		a.held = 0
	}
}

// Boxed returns the memory that the selected rows of slots hold outside of their
// vectors: the bytes of strings and the content of boxed values.
func Boxed(b *column.Batch, slots []int) int64 {
	var n int64
	for _, s := range slots {
		if s < len(b.Cols) && b.Cols[s] != nil {
			n += boxed(b.Cols[s], b.Selection())
		}
	}
	return n
}

// allocated is what bytes of their own take on the heap.
func allocated(n int) int64 {
	if n < 16 {
		return int64(n)
	}
	return int64(n+15) &^ 15
}

func boxed(v *column.Vector, rows []int32) int64 {
	var n int64
	switch {
	case v.Const || v.Type == column.String && v.Dict != nil:
	case v.Type == column.String:
		for _, r := range rows {
			if !v.Nulls.Get(int(r)) {
				n += allocated(len(v.Strs[r]))
			}
		}
	case v.Type == column.Any:
		for _, r := range rows {
			n += int64(value.Size(v.Anys[r]))
		}
	}
	return n
}
