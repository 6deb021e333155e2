package column

import (
	"math/bits"
	"slices"

	"github.com/kadedb/kadedb/value"
)

// resize returns s with length n and undefined content, reusing its memory. It
// grows to whole batches, so that scratch vectors settle at once.
func resize[T any](s []T, n int) []T {
	if cap(s) >= n {
		return s[:n]
	}
	return make([]T, n, max(n, min(2*cap(s), BatchSize)))
}

// Reset makes v a vector of type t with n entries of undefined content and no
// nulls. It keeps v's memory for reuse, so v must own it: never Reset a vector whose slices
// belong to someone else.
func (v *Vector) Reset(t Type, n int) {
	v.Type, v.Const, v.Nulls, v.Dict = t, false, nil, nil
	switch t {
	case Bool:
		v.Bools = resize(v.Bools, n)
	case Int, Date:
		v.Ints = resize(v.Ints, n)
	case Float:
		v.Floats = resize(v.Floats, n)
	case String:
		v.Strs = resize(v.Strs, n)
	case Node, Rel:
		v.Refs = resize(v.Refs, n)
	case Any:
		v.Anys = resize(v.Anys, n)
	}
}

// Const returns a vector whose one entry stands for every row.
func Const(val value.Value) *Vector {
	v := &Vector{}
	v.SetConst(val)
	return v
}

// SetConst makes v the constant vector of val.
func (v *Vector) SetConst(val value.Value) {
	v.Reset(TypeOf(val), 1)
	v.Const = true
	v.set(0, val)
}

// TypeOf returns the narrowest vector type that holds val.
func TypeOf(val value.Value) Type {
	switch val.Kind() {
	case value.KindNull:
		return Null
	case value.KindBool:
		return Bool
	case value.KindInt:
		return Int
	case value.KindFloat:
		return Float
	case value.KindString:
		return String
	case value.KindDate:
		return Date
	case value.KindNode:
		if val.AsNode() == nil {
			return Node
		}
	case value.KindRelationship:
		if val.AsRelationship() == nil {
			return Rel
		}
	}
	return Any
}

// set writes a value of v's own type, or any value into an Any vector.
func (v *Vector) set(i int, val value.Value) {
	switch v.Type {
	case Bool:
		v.Bools[i] = val.AsBool()
	case Int:
		v.Ints[i] = val.AsInt()
	case Float:
		v.Floats[i] = val.AsFloat()
	case String:
		v.Strs[i] = val.AsString()
	case Node, Rel:
		v.Refs[i] = val.Ref()
	case Date:
		v.Ints[i] = val.Days()
	case Any:
		v.Anys[i] = val
	}
}

// SetNull marks row i of a vector of n rows as null.
func (v *Vector) SetNull(i, n int) {
	switch v.Type {
	case Null:
		return
	case Any:
		v.Anys[i] = value.Null
		return
	}
	if v.Nulls == nil {
		v.Nulls = NewBitmap(n)
	}
	v.Nulls.Set(i)
}

// Len returns how many entries v holds: 1 for a constant, 0 for type Null, whose
// length only the batch knows.
func (v *Vector) Len() int {
	switch v.Type {
	case Bool:
		return len(v.Bools)
	case Int, Date:
		return len(v.Ints)
	case Float:
		return len(v.Floats)
	case String:
		if v.Dict != nil {
			return len(v.Codes)
		}
		return len(v.Strs)
	case Node, Rel:
		return len(v.Refs)
	case Any:
		return len(v.Anys)
	}
	return 0
}

// HasNulls reports whether a null may be among v's entries; it may err towards true.
func (v *Vector) HasNulls() bool {
	return v.Type == Null || v.Type == Any || v.Nulls != nil
}

// Slice makes v a view of rows from ≤ i < to of src. The null bitmap is shared where
// from is a multiple of 64 and copied otherwise; values are shared.
func (v *Vector) Slice(src *Vector, from, to int) {
	*v = *src
	if src.Const || src.Type == Null {
		return
	}
	switch src.Type {
	case Bool:
		v.Bools = src.Bools[from:to]
	case Int, Date:
		v.Ints = src.Ints[from:to]
	case Float:
		v.Floats = src.Floats[from:to]
	case String:
		if src.Dict != nil {
			v.Codes = src.Codes[from:to]
		} else {
			v.Strs = src.Strs[from:to]
		}
	case Node, Rel:
		v.Refs = src.Refs[from:to]
	case Any:
		v.Anys = src.Anys[from:to]
	}
	if src.Nulls != nil {
		v.Nulls = src.Nulls.Slice(from, to)
	}
}

// Bytes returns the memory that v's entries hold, boxed content excluded.
func (v *Vector) Bytes() int {
	return cap(v.Bools) + 8*(cap(v.Ints)+cap(v.Floats)+cap(v.Nulls)) + 16*cap(v.Strs) +
		4*(cap(v.Codes)+cap(v.Refs)) + 32*cap(v.Anys)
}

// Slice returns bits from ≤ i < to as a bitmap that starts at 0, shared with b where
// from is a multiple of 64.
func (b Bitmap) Slice(from, to int) Bitmap {
	if b == nil {
		return nil
	}
	if from&63 == 0 {
		return b[from>>6 : (to+63)>>6]
	}
	out := NewBitmap(to - from)
	shift := uint(from & 63)
	for i := range out {
		w := b[from>>6+i] >> shift
		if next := from>>6 + i + 1; next < len(b) {
			w |= b[next] << (64 - shift)
		}
		out[i] = w
	}
	return out
}

// Count returns how many of the first n bits are set.
func (b Bitmap) Count(n int) int {
	c := 0
	for i := 0; i < n>>6 && i < len(b); i++ {
		c += bits.OnesCount64(b[i])
	}
	if r := uint(n & 63); r != 0 && n>>6 < len(b) {
		c += bits.OnesCount64(b[n>>6] & (1<<r - 1))
	}
	return c
}

// Union returns the bits set in b or c, of n rows: one of the two itself where the other is
// nil, else a new bitmap in dst's memory. dst may be nil and may be b or c.
func Union(dst, b, c Bitmap, n int) Bitmap {
	switch {
	case b == nil:
		return c
	case c == nil:
		return b
	}
	words := (n + 63) / 64
	dst = slices.Grow(dst[:0], words)[:words]
	for i := range dst {
		dst[i] = b[i] | c[i]
	}
	return dst
}

// Identity returns 0 … n-1 (n ≤ BatchSize); callers must not write to it.
func Identity(n int) []int32 { return identity[:n:n] }

var identity = func() []int32 {
	s := make([]int32, BatchSize)
	for i := range s {
		s[i] = int32(i)
	}
	return s
}()

// Selection returns the rows that count as a list: b.Sel, or all of them.
func (b *Batch) Selection() []int32 {
	if b.Sel != nil {
		return b.Sel
	}
	if b.Len <= BatchSize {
		return Identity(b.Len)
	}
	s := make([]int32, b.Len)
	for i := range s {
		s[i] = int32(i)
	}
	return s
}

// IsConstNull reports whether every row of v is null by its type or constant.
func (v *Vector) IsConstNull() bool {
	return v.Type == Null || v.Const && v.IsNull(0)
}
