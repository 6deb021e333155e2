package column

import "github.com/kadedb/kadedb/value"

func gather[T any](dst, src []T, idx []int32) []T {
	dst = resize(dst, len(idx))
	for i, j := range idx {
		dst[i] = src[j]
	}
	return dst
}

// Gather makes v the rows idx of src, in that order, with memory of its own (a
// dictionary is shared). Rows repeat freely; an index of -1 gives null. v must not be src.
func (v *Vector) Gather(src *Vector, idx []int32) {
	if hasNegative(idx) {
		v.gatherOuter(src, idx)
		return
	}
	if src.Const || src.Type == Null {
		v.repeat(src, len(idx))
		return
	}
	v.Type, v.Const, v.Nulls, v.Dict = src.Type, false, nil, nil
	switch src.Type {
	case Bool:
		v.Bools = gather(v.Bools, src.Bools, idx)
	case Int, Date:
		v.Ints = gather(v.Ints, src.Ints, idx)
	case Float:
		v.Floats = gather(v.Floats, src.Floats, idx)
	case String:
		if src.Dict != nil {
			v.Codes, v.Dict = gather(v.Codes, src.Codes, idx), src.Dict
		} else {
			v.Strs = gather(v.Strs, src.Strs, idx)
		}
	case Node, Rel:
		v.Refs = gather(v.Refs, src.Refs, idx)
	case Any:
		v.Anys = gather(v.Anys, src.Anys, idx)
	}
	if src.Nulls != nil {
		v.Nulls = gatherBits(src.Nulls, idx)
	}
}

func hasNegative(idx []int32) bool {
	var or int32
	for _, i := range idx {
		or |= i
	}
	return or < 0
}

func gatherBits(src Bitmap, idx []int32) Bitmap {
	var out Bitmap
	for i, j := range idx {
		if src.Get(int(j)) {
			if out == nil {
				out = NewBitmap(len(idx))
			}
			out.Set(i)
		}
	}
	return out
}

// gatherOuter is Gather with rows that have no source.
func (v *Vector) gatherOuter(src *Vector, idx []int32) {
	if src.Const || src.Type == Null {
		n := len(idx)
		v.repeat(src, n)
		for i, j := range idx {
			if j < 0 {
				v.SetNull(i, n)
			}
		}
		return
	}
	safe := make([]int32, len(idx))
	for i, j := range idx {
		safe[i] = max(j, 0)
	}
	if src.Len() == 0 {
		v.Reset(Null, len(idx))
		return
	}
	v.Gather(src, safe)
	for i, j := range idx {
		if j < 0 {
			v.SetNull(i, len(idx))
		}
	}
}

// repeat makes v n rows of the constant (or Null) vector src.
func (v *Vector) repeat(src *Vector, n int) {
	switch {
	case src.Type == Null:
		v.Reset(Null, n)
		return
	case src.Nulls.Get(0):
		v.Reset(Null, n)
		return
	}
	val := src.Value(0)
	v.Reset(src.Type, n)
	for i := range n {
		v.set(i, val)
	}
}

// Flatten makes v a copy of rows 0 … n-1 of src that is not constant.
func (v *Vector) Flatten(src *Vector, n int) {
	if src.Const || src.Type == Null {
		v.repeat(src, n)
		return
	}
	v.Gather(src, (&Batch{Len: n}).Selection())
}

// Compact makes dst the selected rows of b, without a selection. slots says which
// columns to take (nil: all that are live). dst's own memory is reused.
func (dst *Batch) Compact(b *Batch, slots []int) {
	dst.Gather(b, b.Selection(), slots)
}

// Gather makes dst the rows idx of b over the slots named (nil: all that are live);
// constant columns stay constant. An index of -1 gives a row of nulls with multiplicity 1.
func (dst *Batch) Gather(b *Batch, idx []int32, slots []int) {
	dst.Len, dst.Sel = len(idx), nil
	for len(dst.Cols) < len(b.Cols) {
		dst.Cols = append(dst.Cols, nil)
	}
	outer := hasNegative(idx)
	one := func(s int, src *Vector) {
		d := dst.Cols[s]
		if d == nil {
			d = &Vector{}
			dst.Cols[s] = d
		}
		if src.Const && !outer {
			d.SetConst(src.Value(0))
			return
		}
		d.Gather(src, idx)
	}
	if slots == nil {
		for s, src := range b.Cols {
			if src == nil {
				dst.Cols[s] = nil
				continue
			}
			one(s, src)
		}
	}
	for _, s := range slots {
		if s < len(b.Cols) && b.Cols[s] != nil {
			one(s, b.Cols[s])
		}
	}
	if b.Mult == nil {
		dst.Mult = nil
		return
	}
	dst.Mult = resize(dst.Mult, len(idx))
	for i, j := range idx {
		dst.Mult[i] = 1
		if j >= 0 {
			dst.Mult[i] = b.Mult[j]
		}
	}
}

// Row boxes the columns slots of row i, appending to dst.
func (b *Batch) Row(dst []value.Value, i int, slots []int) []value.Value {
	for _, s := range slots {
		if c := b.Cols[s]; c != nil {
			dst = append(dst, c.Value(i))
		} else {
			dst = append(dst, value.Null)
		}
	}
	return dst
}
