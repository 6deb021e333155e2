package block

import (
	"encoding/binary"
	"fmt"

	"github.com/kadedb/kadedb/column"
)

// Payloads of integer blocks (Ints and Uint32s):
//
//	Constant  nothing: the value is the header's least
//	Packed    a directory entry of 16 bytes for each vector:
//	            i64 base   u32 offset of its run behind the directory   u8 width   3 zero
//	          then the runs: value i = base + packed i
//	Delta     a directory entry of 24 bytes:
//	            i64 first   i64 least step   u32 offset   u8 width   3 zero
//	          value 0 = first (packed 0 is 0); value i = value i-1 + least step + packed i
//
// All arithmetic is modulo 2⁶⁴. Null rows hold what is cheapest.
const (
	packedEntry = 16
	deltaEntry  = 24
)

func vectors(n int) int { return (n + VectorSize - 1) / VectorSize }

// checkRows panics on blocks that decoders would refuse: cutting is the caller's.
func checkRows(n int, nulls column.Bitmap) {
	if n > MaxRows {
		panic(fmt.Sprintf("block: %d rows; at most %d", n, MaxRows))
	}
	if nulls != nil && len(nulls) < (n+63)/64 {
		panic("block: nulls shorter than the rows")
	}
}

func countNulls(n int, nulls column.Bitmap) int {
	c := 0
	for i := range n {
		if nulls.Get(i) {
			c++
		}
	}
	return c
}

func appendNulls(dst []byte, h *Header, nulls column.Bitmap) []byte {
	if h.Nulls == 0 || h.Nulls == h.Count {
		return dst
	}
	for i := range (h.Count + 63) / 64 {
		w := nulls[i]
		if last := h.Count - i*64; last < 64 {
			w &= 1<<last - 1
		}
		dst = binary.LittleEndian.AppendUint64(dst, w)
	}
	return dst
}

// filled returns vals where null rows have the value of the row before, so that
// they cost neither range nor steps.
func filled[T any](vals []T, nulls column.Bitmap, anyNull bool) []T {
	if !anyNull {
		return vals
	}
	out := make([]T, len(vals))
	first := 0
	for first < len(vals) && nulls.Get(first) {
		first++
	}
	if first == len(vals) {
		return out
	}
	last := vals[first]
	for i, v := range vals {
		if !nulls.Get(i) {
			last = v
		}
		out[i] = last
	}
	return out
}

// EncodeInts, like the other Encode functions, appends a block to dst. nulls has a
// bit for each row, or is nil; the values of null rows do not matter. More than
// MaxRows rows are a bug of the caller.
func EncodeInts(dst []byte, vals []int64, nulls column.Bitmap) []byte {
	return encodeInts(dst, Ints, vals, nulls)
}

// EncodeUint32s appends a block of numbers.
func EncodeUint32s(dst []byte, vals []uint32, nulls column.Bitmap) []byte {
	wide := make([]int64, len(vals))
	for i, v := range vals {
		wide[i] = int64(v)
	}
	return encodeInts(dst, Uint32s, wide, nulls)
}

func encodeInts(dst []byte, kind Kind, vals []int64, nulls column.Bitmap) []byte {
	checkRows(len(vals), nulls)
	h := Header{Kind: kind, Encoding: Constant, Count: len(vals), Nulls: countNulls(len(vals), nulls), Sorted: true}
	var sketch *Sketch
	if h.Nulls < h.Count {
		vals = filled(vals, nulls, h.Nulls > 0)
		sketch = new(Sketch)
		h.HasRange, h.MinInt, h.MaxInt = true, vals[0], vals[0]
		for i, v := range vals {
			if i > 0 && v == vals[i-1] {
				continue
			}
			h.MinInt, h.MaxInt = min(h.MinInt, v), max(h.MaxInt, v)
			sketch.AddInt(uint64(v))
			if i > 0 && v < vals[i-1] {
				h.Sorted = false
			}
		}
	}
	start := len(dst)
	if h.MinInt == h.MaxInt {
		dst = appendHeader(dst, &h, sketch)
		return finish(appendNulls(dst, &h, nulls), start)
	}
	h.Encoding = Packed
	if deltaSize(vals) < forSize(vals) {
		h.Encoding = Delta
	}
	dst = appendHeader(dst, &h, sketch)
	dst = appendNulls(dst, &h, nulls)
	if h.Encoding == Delta {
		dst = appendDelta(dst, vals)
	} else {
		dst = appendPacked(dst, vals)
	}
	return finish(dst, start)
}

func eachVector(vals []int64, f func(v []int64)) {
	for len(vals) > 0 {
		n := min(len(vals), VectorSize)
		f(vals[:n])
		vals = vals[n:]
	}
}

func span(v []int64) (lo int64, width uint) {
	lo, hi := v[0], v[0]
	for _, x := range v {
		lo, hi = min(lo, x), max(hi, x)
	}
	return lo, width64(uint64(hi) - uint64(lo))
}

// steps returns the least difference between neighbours and the width of what
// differences have beyond it.
func steps(v []int64) (least int64, width uint) {
	if len(v) == 1 {
		return 0, 0
	}
	lo, hi := v[1]-v[0], v[1]-v[0]
	for i := 2; i < len(v); i++ {
		d := v[i] - v[i-1]
		lo, hi = min(lo, d), max(hi, d)
	}
	return lo, width64(uint64(hi) - uint64(lo))
}

func forSize(vals []int64) (size int) {
	eachVector(vals, func(v []int64) {
		_, w := span(v)
		size += packedEntry + packedSize(len(v), w)
	})
	return size
}

func deltaSize(vals []int64) (size int) {
	eachVector(vals, func(v []int64) {
		_, w := steps(v)
		size += deltaEntry + packedSize(len(v), w)
	})
	return size
}

func appendPacked(dst []byte, vals []int64) []byte {
	dir := len(dst)
	dst = append(dst, make([]byte, vectors(len(vals))*packedEntry)...)
	data := len(dst)
	eachVector(vals, func(v []int64) {
		lo, w := span(v)
		binary.LittleEndian.PutUint64(dst[dir:], uint64(lo))
		binary.LittleEndian.PutUint32(dst[dir+8:], uint32(len(dst)-data))
		dst[dir+12] = byte(w)
		dir += packedEntry
		dst = pack(dst, v, lo, w)
	})
	return dst
}

func appendDelta(dst []byte, vals []int64) []byte {
	dir := len(dst)
	dst = append(dst, make([]byte, vectors(len(vals))*deltaEntry)...)
	data := len(dst)
	tmp := make([]int64, VectorSize)
	eachVector(vals, func(v []int64) {
		least, w := steps(v)
		d := tmp[:len(v)]
		d[0] = least
		for i := 1; i < len(v); i++ {
			d[i] = v[i] - v[i-1]
		}
		binary.LittleEndian.PutUint64(dst[dir:], uint64(v[0]))
		binary.LittleEndian.PutUint64(dst[dir+8:], uint64(least))
		binary.LittleEndian.PutUint32(dst[dir+16:], uint32(len(dst)-data))
		dst[dir+20] = byte(w)
		dir += deltaEntry
		dst = pack(dst, d, least, w)
	})
	return dst
}

// run returns the bytes of vector i's run of n values at width w, with pad behind.
// payload must be followed by pad bytes in memory.
func run(payload []byte, dirSize int, off uint32, n int, w uint) ([]byte, error) {
	size := packedSize(n, w)
	if int64(dirSize)+int64(off)+int64(size) > int64(len(payload)) {
		return nil, damage("a run of %d values of %d bits lies outside of it", n, w)
	}
	from := dirSize + int(off)
	return payload[from : from+size+pad : from+size+pad], nil
}

// readInts decodes vector i of an integer block of n rows.
func readInts(h *Header, payload []byte, i int, dst []int64) error {
	switch h.Encoding {
	case Constant:
		for k := range dst {
			dst[k] = h.MinInt
		}
		return nil
	case Packed:
		return readPacked(payload, h.Count, i, dst)
	case Delta:
		return readDelta(payload, h.Count, i, dst)
	}
	return damage("integers of encoding %d", h.Encoding)
}

func readPacked(payload []byte, count, i int, dst []int64) error {
	base, src, w, err := packedRun(payload, count, i, len(dst))
	if err != nil {
		return err
	}
	unpack64(dst, src, w, base)
	return nil
}

func packedRun(payload []byte, count, i, n int) (base int64, src []byte, w uint, err error) {
	dir := vectors(count) * packedEntry
	if len(payload) < dir {
		return 0, nil, 0, damage("its directory is cut")
	}
	e := payload[i*packedEntry:]
	base, w = int64(binary.LittleEndian.Uint64(e)), uint(e[12])
	if w > 64 {
		return 0, nil, 0, damage("a width of %d bits", w)
	}
	src, err = run(payload, dir, binary.LittleEndian.Uint32(e[8:]), n, w)
	return base, src, w, err
}

func readDelta(payload []byte, count, i int, dst []int64) error {
	dir := vectors(count) * deltaEntry
	if len(payload) < dir {
		return damage("its directory is cut")
	}
	e := payload[i*deltaEntry:]
	first, least, w := int64(binary.LittleEndian.Uint64(e)), int64(binary.LittleEndian.Uint64(e[8:])), uint(e[20])
	if w > 64 {
		return damage("a width of %d bits", w)
	}
	src, err := run(payload, dir, binary.LittleEndian.Uint32(e[16:]), len(dst), w)
	if err != nil {
		return err
	}
	unpack64(dst, src, w, least)
	at := first - dst[0]
	for k, d := range dst {
		at += d
		dst[k] = at
	}
	return nil
}

// readUint32s decodes vector i of a block of numbers.
func readUint32s(h *Header, payload []byte, i int, dst []uint32, tmp []int64) error {
	if h.Encoding == Packed {
		base, src, w, err := packedRun(payload, h.Count, i, len(dst))
		if err == nil && w <= 32 {
			unpack32(dst, src, w, uint32(base))
			return nil
		}
	}
	if err := readInts(h, payload, i, tmp[:len(dst)]); err != nil {
		return err
	}
	for k := range dst {
		dst[k] = uint32(tmp[k])
	}
	return nil
}
