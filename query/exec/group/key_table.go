package group

import (
	"math"

	"github.com/kadedb/kadedb/column"
)

// keyTable numbers the distinct values of one column.
type keyTable struct {
	vals column.Builder // by number
	null uint32         // number of null plus one; 0 while there was none

	// kind is the vector type whose values stand in words as they are, Null before the first
	// value, Any once values of several types or of a type without words came.
	kind  column.Type
	words wordTable
	toNum []uint32 // words' numbers → numbers here (null takes one between)
	dense []uint32 // Node, Rel: number plus one by reference; covers references < len(dense)
	refs  []uint32 // Node, Rel: reference by words' number

	hashed hashTable

	dict *column.Dict // the memo's dictionary
	memo []uint32     // number plus one by code

	scratch []uint64
	nums    []uint32
	rows    []int32
	fresh   []int32
}

func (t *keyTable) len() int { return t.vals.Len() }

func (t *keyTable) bytes() int {
	return t.vals.Bytes() + t.words.bytes() + 4*(cap(t.toNum)+cap(t.dense)+cap(t.refs)+cap(t.memo)) + t.hashed.bytes()
}

// assign sets out[i] to the number of row rows[i] of v.
func (t *keyTable) assign(v *column.Vector, rows []int32, out []uint32, add bool) {
	if len(rows) == 0 {
		return
	}
	if v.Const || v.Type == column.Null {
		t.assignConst(v, rows, out, add)
		return
	}
	if v.Nulls == nil && v.Type != column.Any {
		t.assignValues(v, rows, out, add)
		return
	}
	// Nulls apart: the rest keeps its order, so that numbers do not depend on batches.
	t.rows = t.rows[:0]
	n := 0
	for i := 0; i < len(rows); i++ {
		if v.IsNull(int(rows[i])) {
			if t.null == 0 && len(t.rows) > 0 { // values before the first null are numbered first
				n = t.spread(v, rows, out, n, i, add)
			}
			out[i] = t.nullNumber(add)
			continue
		}
		t.rows = append(t.rows, rows[i])
	}
	t.spread(v, rows, out, n, len(rows), add)
}

// spread numbers the gathered rows, which are those of rows[from:to] that are not
// null, and writes the numbers to their places.
func (t *keyTable) spread(v *column.Vector, rows []int32, out []uint32, from, to int, add bool) int {
	if len(t.rows) > 0 {
		if cap(t.nums) < len(t.rows) {
			t.nums = make([]uint32, max(len(t.rows), column.BatchSize))
		}
		nums := t.nums[:len(t.rows)]
		t.assignValues(v, t.rows, nums, add)
		k := 0
		for i := from; i < to; i++ {
			if !v.IsNull(int(rows[i])) {
				out[i] = nums[k]
				k++
			}
		}
	}
	t.rows = t.rows[:0]
	return to
}

func (t *keyTable) assignConst(v *column.Vector, rows []int32, out []uint32, add bool) {
	var num uint32
	if v.IsNull(0) {
		num = t.nullNumber(add)
	} else {
		one := [1]uint32{}
		flat := column.Vector{}
		flat.Gather(v, []int32{0})
		t.assignValues(&flat, []int32{0}, one[:], add)
		num = one[0]
	}
	for i := range rows {
		out[i] = num
	}
}

func (t *keyTable) nullNumber(add bool) uint32 {
	if t.null == 0 {
		if !add {
			return None
		}
		null := column.Vector{Type: column.Null}
		t.vals.AppendVector(&null, []int32{0})
		t.null = uint32(t.vals.Len())
	}
	return t.null - 1
}

// assignValues is assign for rows that are not null.
func (t *keyTable) assignValues(v *column.Vector, rows []int32, out []uint32, add bool) {
	if t.kind == column.Null && add {
		t.kind = kindOf(v.Type)
	}
	switch {
	case t.kind == v.Type && (v.Type == column.Node || v.Type == column.Rel):
		t.assignRefs(v, rows, out, add)
	case t.kind == v.Type && t.kind != column.Any:
		t.assignWords(wordsOf(t.words64(len(rows)), v, rows), v, rows, out, add)
	case v.Type == column.String && v.Dict != nil && t.kind == column.Any:
		t.assignCodes(v, rows, out, add)
	default:
		if t.kind != column.Any {
			t.hashed.build(t.vals.Vector(), t.null, t.vals.Len())
			t.kind, t.words, t.toNum, t.dense, t.refs = column.Any, wordTable{}, nil, nil, nil
		}
		t.hashed.assign(t, v, rows, out, add)
	}
}

// kindOf returns t where values of type t are words, else Any.
func kindOf(t column.Type) column.Type {
	switch t {
	case column.Bool, column.Int, column.Float, column.Date, column.Node, column.Rel:
		return t
	}
	return column.Any
}

func (t *keyTable) words64(n int) []uint64 {
	if cap(t.scratch) < n {
		t.scratch = make([]uint64, max(n, column.BatchSize))
	}
	return t.scratch[:n]
}

// wordsOf writes each row's value as a word: equal words, equal values.
func wordsOf(dst []uint64, v *column.Vector, rows []int32) []uint64 {
	switch v.Type {
	case column.Int, column.Date:
		for i, r := range rows {
			dst[i] = uint64(v.Ints[r])
		}
	case column.Node, column.Rel:
		for i, r := range rows {
			dst[i] = uint64(v.Refs[r])
		}
	case column.Bool:
		for i, r := range rows {
			dst[i] = 0
			if v.Bools[r] {
				dst[i] = 1
			}
		}
	case column.Float:
		for i, r := range rows {
			dst[i] = floatWord(v.Floats[r])
		}
	}
	return dst
}

func floatWord(f float64) uint64 {
	switch {
	case f == 0:
		return 0
	case f != f:
		return math.Float64bits(math.NaN())
	}
	return math.Float64bits(f)
}

func (t *keyTable) assignWords(words []uint64, v *column.Vector, rows []int32, out []uint32, add bool) {
	t.fresh = t.fresh[:0]
	base := uint32(t.vals.Len())
	t.words.assign(words, out, add, func(i int) {
		t.toNum = append(t.toNum, base+uint32(len(t.fresh)))
		t.fresh = append(t.fresh, rows[i])
	})
	t.vals.AppendVector(v, t.fresh)
	if t.null == 0 {
		return // words' numbers are numbers
	}
	for i, w := range out {
		if w != None {
			out[i] = t.toNum[w]
		}
	}
}

// top returns the largest reference of rows.
func top(v *column.Vector, rows []int32) uint32 {
	n := uint32(0)
	for _, r := range rows {
		n = max(n, v.Refs[r])
	}
	return n
}

// covered is how long the dense array becomes for reference top: as it is, unless that
// wastes little.
func (t *keyTable) covered(top uint32, rows int) int {
	if int(top) < len(t.dense) || int(top) >= 16*(t.vals.Len()+rows) {
		return len(t.dense)
	}
	return max(int(top)+1, 2*len(t.dense))
}

// reach returns the bytes of the dense array that rows of v would have made anew.
func (t *keyTable) reach(v *column.Vector, rows []int32) int {
	if v.Const || v.Type != column.Node && v.Type != column.Rel || t.kind != v.Type {
		return 0
	}
	if n := t.covered(top(v, rows), len(rows)); n > len(t.dense) {
		return 4 * n
	}
	return 0
}

// assignRefs looks references up in the dense array as far as it reaches.
func (t *keyTable) assignRefs(v *column.Vector, rows []int32, out []uint32, add bool) {
	top := top(v, rows)
	if add && int(top) >= len(t.dense) {
		t.cover(top, len(rows))
	}
	if int(top) >= len(t.dense) {
		t.assignSparse(v, rows, out, add)
		return
	}
	t.fresh = t.fresh[:0]
	next := uint32(t.vals.Len())
	for i, r := range rows {
		ref := v.Refs[r]
		num := t.dense[ref]
		if num == 0 && add {
			next++
			num = next
			t.dense[ref] = num
			t.fresh = append(t.fresh, r)
		}
		out[i] = num - 1 // 0 - 1 is None
	}
	t.vals.AppendVector(v, t.fresh)
}

// cover grows the dense array over reference top where that wastes little.
func (t *keyTable) cover(top uint32, rows int) {
	n := t.covered(top, rows)
	if n == len(t.dense) {
		return
	}
	grown := make([]uint32, n)
	copy(grown, t.dense)
	for w, ref := range t.refs { // numbered by words until now
		if int(ref) < len(grown) {
			grown[ref] = t.toNum[w] + 1
		}
	}
	t.dense = grown
}

// assignSparse is assignRefs for references beyond the dense array: those within go there.
func (t *keyTable) assignSparse(v *column.Vector, rows []int32, out []uint32, add bool) {
	one := [1]uint64{}
	for i, r := range rows {
		ref := v.Refs[r]
		if int(ref) < len(t.dense) {
			if t.dense[ref] == 0 && add {
				t.vals.AppendVector(v, rows[i:i+1])
				t.dense[ref] = uint32(t.vals.Len())
			}
			out[i] = t.dense[ref] - 1
			continue
		}
		one[0] = uint64(ref)
		t.words.assign(one[:], out[i:i+1], add, func(int) {
			t.toNum = append(t.toNum, uint32(t.vals.Len()))
			t.refs = append(t.refs, ref)
			t.vals.AppendVector(v, rows[i:i+1])
		})
		if out[i] != None {
			out[i] = t.toNum[out[i]]
		}
	}
}

// assignCodes numbers a dictionary's strings once each.
func (t *keyTable) assignCodes(v *column.Vector, rows []int32, out []uint32, add bool) {
	if t.dict != v.Dict || len(t.memo) < len(v.Dict.Strings) {
		if len(v.Dict.Strings) > 16*(len(rows)+t.vals.Len()) { // a memo would cost more than it saves
			t.hashed.assign(t, v, rows, out, add)
			return
		}
		if t.dict != v.Dict {
			t.memo = t.memo[:0]
		}
		t.dict = v.Dict
		for len(t.memo) < len(v.Dict.Strings) {
			t.memo = append(t.memo, 0)
		}
	}
	for i, r := range rows {
		code := v.Codes[r]
		if t.memo[code] == 0 {
			t.hashed.assign(t, v, rows[i:i+1], out[i:i+1], add)
			t.memo[code] = out[i] + 1 // None + 1 is 0
			continue
		}
		out[i] = t.memo[code] - 1
	}
}
