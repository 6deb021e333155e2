package column

import (
	"slices"

	"github.com/kadedb/kadedb/value"
)

// Builder grows a vector by values or by runs of other vectors. It starts as Null,
// takes the type of what comes first, and turns into Any when something of another
// type follows. The zero Builder is ready.
type Builder struct {
	v Vector
	n int
}

// Len returns the number of entries.
func (b *Builder) Len() int { return b.n }

// Vector returns what was built, valid until the next call of Append or Reset.
func (b *Builder) Vector() *Vector { return &b.v }

// Bytes returns the memory held, boxed content excluded.
func (b *Builder) Bytes() int { return b.v.Bytes() }

// Reset empties b and keeps its memory.
func (b *Builder) Reset() {
	b.n = 0
	b.v.Reset(Null, 0)
	clear(b.v.Strs)
	clear(b.v.Anys)
}

// Append adds one value.
func (b *Builder) Append(val value.Value) {
	if val.IsNull() {
		b.grow(1)
		b.v.SetNull(b.n-1, max(b.n, 64))
		return
	}
	b.become(TypeOf(val))
	b.plain()
	b.grow(1)
	b.v.set(b.n-1, val)
}

// AppendVector adds the rows of src, in that order.
func (b *Builder) AppendVector(src *Vector, rows []int32) {
	if len(rows) == 0 {
		return
	}
	if src.Const || src.Type == Null {
		val := src.Value(0)
		for range rows {
			b.Append(val)
		}
		return
	}
	b.become(src.Type)
	at := b.n
	if b.v.Type != src.Type { // Any takes everything boxed
		b.grow(len(rows))
		for i, r := range rows {
			b.v.Anys[at+i] = src.Value(int(r))
		}
		return
	}
	if src.Type == String {
		b.appendStrings(src, rows)
	} else {
		b.grow(len(rows))
		b.copyRows(src, rows, at)
	}
	if src.Nulls != nil {
		b.appendNulls(src.Nulls, rows, at)
	}
}

func (b *Builder) copyRows(src *Vector, rows []int32, at int) {
	switch src.Type {
	case Bool:
		gather(b.v.Bools[at:], src.Bools, rows)
	case Int, Date:
		gather(b.v.Ints[at:], src.Ints, rows)
	case Float:
		gather(b.v.Floats[at:], src.Floats, rows)
	case Node, Rel:
		gather(b.v.Refs[at:], src.Refs, rows)
	case Any:
		gather(b.v.Anys[at:], src.Anys, rows)
	}
}

func (b *Builder) appendStrings(src *Vector, rows []int32) {
	at := b.n
	if src.Dict != nil && (b.n == 0 || b.v.Dict == src.Dict) {
		if b.n == 0 {
			b.v.Codes = b.v.Codes[:0]
		}
		b.v.Dict = src.Dict
		b.grow(len(rows))
		gather(b.v.Codes[at:], src.Codes, rows)
		return
	}
	b.plain()
	b.grow(len(rows))
	if src.Dict == nil {
		gather(b.v.Strs[at:], src.Strs, rows)
		return
	}
	for i, r := range rows {
		if !src.Nulls.Get(int(r)) {
			b.v.Strs[at+i] = src.Str(int(r))
		}
	}
}

func (b *Builder) appendNulls(nulls Bitmap, rows []int32, at int) {
	for i, r := range rows {
		if nulls.Get(int(r)) {
			b.v.SetNull(at+i, b.n)
		}
	}
}

// grow adds n entries of undefined content that are not null.
func (b *Builder) grow(n int) {
	b.n += n
	v := &b.v
	switch v.Type {
	case Bool:
		v.Bools = extend(v.Bools, b.n)
	case Int, Date:
		v.Ints = extend(v.Ints, b.n)
	case Float:
		v.Floats = extend(v.Floats, b.n)
	case String:
		if v.Dict != nil {
			v.Codes = extend(v.Codes, b.n)
		} else {
			v.Strs = extend(v.Strs, b.n)
		}
	case Node, Rel:
		v.Refs = extend(v.Refs, b.n)
	case Any:
		v.Anys = extend(v.Anys, b.n)
	}
	if v.Nulls != nil {
		for len(v.Nulls)*64 < b.n {
			v.Nulls = append(v.Nulls, 0)
		}
	}
}

func extend[T any](s []T, n int) []T {
	return slices.Grow(s, n-len(s))[:n]
}

// plain gives up the dictionary of a String vector.
func (b *Builder) plain() {
	v := &b.v
	if v.Dict == nil {
		return
	}
	strs := make([]string, b.n, max(b.n+b.n/2, 16))
	for i := range strs {
		if !v.Nulls.Get(i) {
			strs[i] = v.Dict.Strings[v.Codes[i]]
		}
	}
	v.Strs, v.Dict = strs, nil
}

// become makes the vector able to take entries of type t.
func (b *Builder) become(t Type) {
	v := &b.v
	if v.Type == t || v.Type == Any {
		return
	}
	n := b.n
	if v.Type == Null {
		v.Reset(t, n)
		for i := range n {
			v.SetNull(i, n)
		}
		return
	}
	anys := resize(v.Anys, n)
	for i := range anys {
		anys[i] = v.Value(i)
	}
	v.Anys = anys
	v.Reset(Any, n)
}

// Buffer holds rows of some slots with memory of its own: what an operator keeps
// of the batches that it is given.
type Buffer struct {
	slots []int
	cols  []Builder
	mult  []int64 // nil while every row counts once
	n     int
}

// NewBuffer returns an empty buffer for the columns slots.
func NewBuffer(slots []int) *Buffer {
	return &Buffer{slots: slots, cols: make([]Builder, len(slots))}
}

// Len returns the number of rows.
func (b *Buffer) Len() int { return b.n }

// Slots returns the slots that b keeps.
func (b *Buffer) Slots() []int { return b.slots }

// Bytes returns the memory held, boxed content excluded.
func (b *Buffer) Bytes() int {
	n := 8 * cap(b.mult)
	for i := range b.cols {
		n += b.cols[i].Bytes()
	}
	return n
}

// Append copies the selected rows of src.
func (b *Buffer) Append(src *Batch) { b.AppendRows(src, src.Selection()) }

// AppendRows copies the given rows of src. A column that is not live is null.
func (b *Buffer) AppendRows(src *Batch, rows []int32) {
	for i, s := range b.slots {
		var col *Vector
		if s < len(src.Cols) {
			col = src.Cols[s]
		}
		if col == nil {
			col = &allNull
		}
		b.cols[i].AppendVector(col, rows)
	}
	if src.Mult != nil && b.mult == nil {
		b.mult = make([]int64, b.n, b.n+len(rows))
		for i := range b.mult {
			b.mult[i] = 1
		}
	}
	b.n += len(rows)
	if b.mult != nil {
		for _, r := range rows {
			m := int64(1)
			if src.Mult != nil {
				m = src.Mult[r]
			}
			b.mult = append(b.mult, m)
		}
	}
}

var allNull = Vector{Type: Null}

// Column returns the i-th of the buffer's slots as one vector over all its rows,
// valid until the next Append.
func (b *Buffer) Column(i int) *Vector { return b.cols[i].Vector() }

// Mult returns the rows' multiplicities, or nil where each is 1.
func (b *Buffer) Mult() []int64 { return b.mult }

// View makes dst a view of rows from ≤ i < to, valid until the next Append. dst's columns
// must not be written to; those of other slots stay as they are.
func (b *Buffer) View(dst *Batch, from, to int) {
	dst.Len, dst.Sel, dst.Mult = to-from, nil, nil
	for i, s := range b.slots {
		for len(dst.Cols) <= s {
			dst.Cols = append(dst.Cols, nil)
		}
		v := &Vector{}
		v.Slice(b.cols[i].Vector(), from, to)
		dst.Cols[s] = v
	}
	if b.mult != nil {
		dst.Mult = b.mult[from:to]
	}
}

// Gather makes dst a copy of the rows idx, in that order; -1 gives nulls.
func (b *Buffer) Gather(dst *Batch, idx []int32) {
	dst.Len, dst.Sel = len(idx), nil
	for i, s := range b.slots {
		for len(dst.Cols) <= s {
			dst.Cols = append(dst.Cols, nil)
		}
		if dst.Cols[s] == nil {
			dst.Cols[s] = &Vector{}
		}
		dst.Cols[s].Gather(b.cols[i].Vector(), idx)
	}
	if b.mult == nil {
		dst.Mult = nil
		return
	}
	dst.Mult = resize(dst.Mult, len(idx))
	for i, j := range idx {
		dst.Mult[i] = 1
		if j >= 0 {
			dst.Mult[i] = b.mult[j]
		}
	}
}

// Reset empties b and keeps its memory.
func (b *Buffer) Reset() {
	for i := range b.cols {
		b.cols[i].Reset()
	}
	b.mult, b.n = nil, 0
}
