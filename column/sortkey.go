package column

import (
	"math"

	"github.com/kadedb/kadedb/value"
)

// SortColumn is one key of an ORDER BY.
type SortColumn struct {
	Col  *Vector
	Desc bool
}

// SortKeys holds byte strings that sort rows as ORDER BY asks: the order of
// bytes.Compare over them is that of value.Order column by column, so that a comparison
// of two rows never looks at types.
type SortKeys struct {
	bytes []byte
	ends  []int // ends[i] is where key i ends
}

// Len returns the number of keys.
func (k *SortKeys) Len() int { return len(k.ends) }

// Key returns key i, valid until the next Append or Reset.
func (k *SortKeys) Key(i int) []byte {
	from := 0
	if i > 0 {
		from = k.ends[i-1]
	}
	return k.bytes[from:k.ends[i]:k.ends[i]]
}

// Bytes returns the memory held.
func (k *SortKeys) Bytes() int { return cap(k.bytes) + 8*cap(k.ends) }

// Reset empties k and keeps its memory.
func (k *SortKeys) Reset() { k.bytes, k.ends = k.bytes[:0], k.ends[:0] }

// Append adds the keys of the given rows.
func (k *SortKeys) Append(cols []SortColumn, rows []int32) {
	for _, r := range rows {
		for _, c := range cols {
			k.bytes = AppendSortKey(k.bytes, c.Col, int(r), c.Desc)
		}
		k.ends = append(k.ends, len(k.bytes))
	}
}

// AppendSortKey appends the order-preserving form of row i of v, inverted where desc.
func AppendSortKey(dst []byte, v *Vector, i int, desc bool) []byte {
	from := len(dst)
	dst = value.AppendSortKey(dst, v.Value(i))
	if desc {
		for j := from; j < len(dst); j++ {
			dst[j] = ^dst[j]
		}
	}
	return dst
}

// SortUint64 sets dst[i] for the i-th row of rows to a number that orders the
// non-null rows of v as ORDER BY does, and reports whether v has such a form: vectors of Bool,
// Int, Float, Date, Node and Rel do. Null rows get undefined numbers: they come
// last (first where desc), and callers set them apart by v.IsNull.
func SortUint64(dst []uint64, v *Vector, rows []int32, desc bool) bool {
	var flip uint64
	if desc {
		flip = math.MaxUint64
	}
	at := func(r int32) int32 {
		if v.Const {
			return 0
		}
		return r
	}
	switch v.Type {
	case Null:
		return true
	case Bool:
		for i, r := range rows {
			var k uint64
			if v.Bools[at(r)] {
				k = 1
			}
			dst[i] = k ^ flip
		}
	case Int, Date:
		for i, r := range rows {
			dst[i] = uint64(v.Ints[at(r)]) ^ 1<<63 ^ flip
		}
	case Float:
		for i, r := range rows {
			dst[i] = sortFloat(v.Floats[at(r)]) ^ flip
		}
	case Node, Rel:
		for i, r := range rows {
			dst[i] = uint64(v.Refs[at(r)]) ^ flip
		}
	default:
		return false
	}
	return true
}

// sortFloat maps floats to numbers in the order of value.Order: -0.0 with 0.0, NaN last.
func sortFloat(f float64) uint64 {
	if f != f {
		return math.MaxUint64
	}
	b := math.Float64bits(f)
	if f == 0 {
		b = 0
	}
	if b>>63 != 0 {
		return ^b
	}
	return b | 1<<63
}
