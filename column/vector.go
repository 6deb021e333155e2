// Package column is how rows move through the engine: a Batch of up to 2,048
// rows, one typed Vector a slot, with a selection of the rows that still count.
//
//	           slot 0 (Node)   slot 1 (Int)   slot 2
//	row 0          17              30           nil: the slot is dead here
//	row 1          18             null
//	row 2          44              25
//	Sel = [0 2]: row 1 was filtered away and is never looked at again
//
// A batch belongs to the operator that made it and is valid until that operator's
// push returns: whoever keeps rows copies them (Vector.Gather, Batch.Append).
// Values are boxed (package value) only in vectors of type Any and at RETURN.
//
// It is not a storage format: see storage/block.
package column

import "github.com/kadedb/kadedb/value"

// BatchSize is the most rows that operators put in one batch.
const BatchSize = 2048

// Type is a vector's physical type.
type Type uint8

const (
	// Null vectors hold nothing: every row is null.
	Null Type = iota
	Bool
	Int
	Float
	String // strings, plain (Strs) or by dictionary (Codes into Dict)
	Node   // numbers of nodes (Refs)
	Rel    // numbers of relationships (Refs)
	Date   // days since 1970-01-01 (Ints)
	// Any holds boxed values of whatever kind, row by row.
	Any
)

var typeNames = [...]string{"null", "bool", "int", "float", "string", "node", "rel", "date", "any"}

func (t Type) String() string { return typeNames[t] }

// Vector is one column of a batch. Exactly the slice that Type names is used,
// and has one entry a row; a constant vector (Const) has one entry that stands
// for every row. Entries of null rows, and of rows not selected, are undefined.
type Vector struct {
	Type  Type
	Const bool
	Nulls Bitmap // set bit = null; nil = no row is null. Any: also where the value is Null.

	Bools  []bool
	Ints   []int64
	Floats []float64
	Strs   []string
	Codes  []uint32 // with Dict: row i is Dict.Strings[Codes[i]]
	Dict   *Dict
	Refs   []uint32
	Anys   []value.Value
}

// Dict is a dictionary of distinct strings that many vectors share; two vectors
// with the same *Dict may be compared by code.
type Dict struct {
	Strings []string
}

// Bitmap holds one bit a row, 64 rows a word.
type Bitmap []uint64

// NewBitmap returns a bitmap of n clear bits.
func NewBitmap(n int) Bitmap { return make(Bitmap, (n+63)/64) }

// Get reports bit i; a nil bitmap has none set.
func (b Bitmap) Get(i int) bool {
	return b != nil && b[i>>6]&(1<<(uint(i)&63)) != 0
}

// Set sets bit i.
func (b Bitmap) Set(i int) { b[i>>6] |= 1 << (uint(i) & 63) }

// Clear clears bit i.
func (b Bitmap) Clear(i int) { b[i>>6] &^= 1 << (uint(i) & 63) }

// IsNull reports whether row i is null.
func (v *Vector) IsNull(i int) bool {
	if v.Const {
		i = 0
	}
	switch v.Type {
	case Null:
		return true
	case Any:
		return v.Anys[i].IsNull()
	}
	return v.Nulls.Get(i)
}

// Value boxes row i. Nodes and relationships come as references.
func (v *Vector) Value(i int) value.Value {
	if v.Const {
		i = 0
	}
	if v.Type != Any && v.Nulls.Get(i) {
		return value.Null
	}
	switch v.Type {
	case Bool:
		return value.Bool(v.Bools[i])
	case Int:
		return value.Int(v.Ints[i])
	case Float:
		return value.Float(v.Floats[i])
	case String:
		return value.String(v.Str(i))
	case Node:
		return value.NodeRef(v.Refs[i])
	case Rel:
		return value.RelRef(v.Refs[i])
	case Date:
		return value.Date(v.Ints[i])
	case Any:
		return v.Anys[i]
	}
	return value.Null
}

// Str returns the string of row i of a String vector.
func (v *Vector) Str(i int) string {
	if v.Const {
		i = 0
	}
	if v.Dict != nil {
		return v.Dict.Strings[v.Codes[i]]
	}
	return v.Strs[i]
}

// Batch is a run of rows over the slots of a plan.
type Batch struct {
	Len  int       // rows that the vectors hold
	Sel  []int32   // the rows that count, ascending; nil = all of 0 … Len-1
	Cols []*Vector // by slot; nil = not live here

	// Mult, where not nil, says for how many equal rows each row stands
	// (≥ 0, by row): an expansion whose ends nobody reads multiplies it by the degree
	// instead of writing rows. Only operators that declare so receive it.
	Mult []int64
}

// Rows returns how many rows count, Mult aside.
func (b *Batch) Rows() int {
	if b.Sel != nil {
		return len(b.Sel)
	}
	return b.Len
}
