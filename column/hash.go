package column

import (
	"math"
	"math/bits"

	"github.com/kadedb/kadedb/value"
)

// Hashes and equality of key columns follow Cypher's equivalence, which groups
// null with null, NaN with NaN, 1 with 1.0 and 0.0 with -0.0. Hashes are the same in every
// process, so that partitions of a spill file stay where they are.

const (
	hashNull  = 0x9e3779b97f4a7c15
	hashTrue  = 0xbf58476d1ce4e5b9
	hashFalse = 0x94d049bb133111eb
	seedFloat = 0xd6e8feb86659fd93
	seedNode  = 0xa0761d6478bd642f
	seedRel   = 0xe7037ed1a0b428db
	seedDate  = 0x8ebc6af09c88c6e3
	seedBytes = 0x589965cc75374cc3
)

func mix(x uint64) uint64 {
	x ^= x >> 32
	x *= 0xd6e8feb86659fd93
	x ^= x >> 32
	x *= 0xd6e8feb86659fd93
	return x ^ x>>32
}

func combine(h, k uint64) uint64 {
	hi, lo := bits.Mul64(h^0x2d358dccaa6c78a5, k|1)
	return hi ^ lo ^ k
}

// HashKeys sets dst[r], for every row r of rows, to the hash of that row of the key
// columns. dst is indexed by row.
func HashKeys(dst []uint64, cols []*Vector, rows []int32) {
	if len(cols) == 0 {
		for _, r := range rows {
			dst[r] = hashNull
		}
		return
	}
	for i, c := range cols {
		hashColumn(dst, c, rows, i > 0)
	}
}

// put is how hashColumn stores a hash: the first column sets, others combine.
func put(dst []uint64, r int32, h uint64, more bool) {
	if more {
		h = combine(dst[r], h)
	}
	dst[r] = h
}

func hashColumn(dst []uint64, v *Vector, rows []int32, more bool) {
	if v.Const || v.Type == Null {
		h := hashValue(v.Value(0))
		for _, r := range rows {
			put(dst, r, h, more)
		}
		return
	}
	if v.Nulls != nil {
		hashNullable(dst, v, rows, more)
		return
	}
	switch v.Type {
	case Int:
		for _, r := range rows {
			put(dst, r, mix(uint64(v.Ints[r])), more)
		}
	case Node:
		for _, r := range rows {
			put(dst, r, mix(uint64(v.Refs[r])^seedNode), more)
		}
	case Rel:
		for _, r := range rows {
			put(dst, r, mix(uint64(v.Refs[r])^seedRel), more)
		}
	default:
		for _, r := range rows {
			put(dst, r, v.hashAt(int(r)), more)
		}
	}
}

func hashNullable(dst []uint64, v *Vector, rows []int32, more bool) {
	for _, r := range rows {
		h := uint64(hashNull)
		if !v.Nulls.Get(int(r)) {
			h = v.hashAt(int(r))
		}
		put(dst, r, h, more)
	}
}

// hashAt hashes row i, which is not null by the bitmap.
func (v *Vector) hashAt(i int) uint64 {
	switch v.Type {
	case Bool:
		return hashBool(v.Bools[i])
	case Int:
		return mix(uint64(v.Ints[i]))
	case Float:
		return hashFloat(v.Floats[i])
	case Date:
		return mix(uint64(v.Ints[i]) ^ seedDate)
	case String:
		return hashString(v.Str(i))
	case Node:
		return mix(uint64(v.Refs[i]) ^ seedNode)
	case Rel:
		return mix(uint64(v.Refs[i]) ^ seedRel)
	case Any:
		return hashValue(v.Anys[i])
	}
	return hashNull
}

func hashBool(b bool) uint64 {
	if b {
		return hashTrue
	}
	return hashFalse
}

func hashFloat(f float64) uint64 {
	if i := int64(f); float64(i) == f && f < 1<<63 {
		return mix(uint64(i))
	}
	if f != f {
		f = math.NaN()
	}
	return mix(math.Float64bits(f) ^ seedFloat)
}

func hashValue(val value.Value) uint64 {
	switch val.Kind() {
	case value.KindNull:
		return hashNull
	case value.KindBool:
		return hashBool(val.AsBool())
	case value.KindInt:
		return mix(uint64(val.AsInt()))
	case value.KindFloat:
		return hashFloat(val.AsFloat())
	case value.KindString:
		return hashString(val.AsString())
	case value.KindNode:
		return mix(uint64(val.Ref()) ^ seedNode)
	case value.KindRelationship:
		return mix(uint64(val.Ref()) ^ seedRel)
	case value.KindDate:
		return mix(uint64(val.Days()) ^ seedDate)
	}
	var buf [64]byte
	return hashString(string(value.AppendKey(buf[:0], val)))
}

// hashString mixes 16 bytes a step by one wide multiplication.
func hashString(s string) uint64 {
	h := uint64(len(s)) ^ seedBytes
	for len(s) >= 16 {
		a, b := load64(s), load64(s[8:])
		hi, lo := bits.Mul64(a^seedNode, b^h)
		h = hi ^ lo
		s = s[16:]
	}
	var a, b uint64
	if len(s) >= 8 {
		a, s = load64(s), s[8:]
		b = tail64(s)
	} else {
		a = tail64(s)
	}
	hi, lo := bits.Mul64(a^seedRel, b^h)
	return mix(hi ^ lo)
}

// tail64 reads fewer than 8 bytes.
func tail64(s string) (x uint64) {
	for i := range len(s) {
		x |= uint64(s[i]) << (8 * i)
	}
	return x
}

// load64 reads the first 8 bytes; the compiler makes one load of it.
func load64(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// KeyEqual reports whether row i of a and row j of b are equivalent as grouping keys.
func KeyEqual(a *Vector, i int, b *Vector, j int) bool {
	if a.Const {
		i = 0
	}
	if b.Const {
		j = 0
	}
	if a.Type != b.Type || a.Type == Any {
		return value.Equivalent(a.Value(i), b.Value(j))
	}
	if an, bn := a.Nulls.Get(i), b.Nulls.Get(j); an || bn {
		return an && bn
	}
	switch a.Type {
	case Bool:
		return a.Bools[i] == b.Bools[j]
	case Int, Date:
		return a.Ints[i] == b.Ints[j]
	case Float:
		x, y := a.Floats[i], b.Floats[j]
		return x == y || (x != x && y != y)
	case String:
		if a.Dict != nil && a.Dict == b.Dict {
			return a.Codes[i] == b.Codes[j]
		}
		return a.Str(i) == b.Str(j)
	case Node, Rel:
		return a.Refs[i] == b.Refs[j]
	}
	return true
}

// KeysEqual reports whether row i of the columns a and row j of the columns b are
// equivalent, column by column.
func KeysEqual(a []*Vector, i int, b []*Vector, j int) bool {
	for c := range a {
		if !KeyEqual(a[c], i, b[c], j) {
			return false
		}
	}
	return true
}

// AnyNull reports whether a column is null at row i: a join key with a null equals nothing.
func AnyNull(cols []*Vector, i int) bool {
	for _, c := range cols {
		if c.IsNull(i) {
			return true
		}
	}
	return false
}
