package function

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/value"
)

// Rows is a batch of arguments for an aggregate function.
type Rows struct {
	Args   []*column.Vector // one an argument; none for count(*)
	Len    int              // rows that the vectors hold
	Sel    []int32          // the rows that count, ascending; nil = all
	Groups []uint32         // group of the k-th row that counts; nil = all in group 0
	Mult   []int64          // by physical row, for how many equal rows it stands; nil = 1
}

// State holds the accumulators of one aggregate function for many groups, in
// flat slices by group number. Not safe for several goroutines: each worker has
// its own, and Merge joins them.
type State interface {
	// Grow makes room for groups 0 … n-1; new ones are empty.
	Grow(n int)
	// Update adds rows to their groups and returns by how many bytes the state grew
	// beyond Grow's slices. Null arguments are passed over. min, max ignore Mult.
	Update(r *Rows) (grew int, err error)
	// Merge adds group i of other, a state of the same function, to group to[i].
	Merge(other State, to []uint32) error
	// Value returns a group's result.
	Value(group uint32) (value.Value, error)
	// Append writes a group's accumulator, for a spill file.
	Append(dst []byte, group uint32) []byte
	// Add reads what Append wrote at the start of src into group, on top of what
	// it holds, and returns the rest.
	Add(src []byte, group uint32) (rest []byte, err error)
}

// Holder is a State that holds values of rows; Held is what they take in memory, which is
// more than in a spill file.
type Holder interface{ Held() int64 }
