package block

import (
	"encoding/binary"
	"math"

	"github.com/kadedb/kadedb/column"
)

// Payloads of float blocks:
//
//	Constant  nothing: the value is the header's least (bit for bit)
//	Plain     8 bytes a value
//	Decimal   u8 e, u8 f, 6 zero; then a directory entry of 24 bytes for each vector:
//	            i64 base   u32 offset of its run   u32 offset of its exceptions
//	            u16 exceptions   u8 width   5 zero
//	          both offsets behind the directory. Value = float(base + packed) · 10^f · 10^-e.
//	          An exception is a value that this does not give back bit for bit:
//	          u16 row × n, 8 bytes of value × n
//
// After ALP (A. Afroozeh, L. Kuffó, P. Boncz, SIGMOD 2023).
const (
	decimalHead  = 8
	decimalEntry = 24
	maxExponent  = 18
)

// Exact powers of ten, and their nearest inverses: products with both give back
// what was encoded, or the value is an exception.
var pow10, inv10 = func() (p, q [maxExponent + 1]float64) {
	for i := range p {
		p[i] = math.Pow10(i)
		q[i] = math.Pow10(-i)
	}
	return p, q
}()

func toDecimal(v float64, e, f int) (int64, bool) {
	x := v * pow10[e] * inv10[f]
	if !(math.Abs(x) < 1<<51) {
		return 0, false
	}
	d := int64(math.RoundToEven(x))
	return d, math.Float64bits(float64(d)*pow10[f]*inv10[e]) == math.Float64bits(v)
}

// EncodeFloats appends a block of floats, each bit kept.
func EncodeFloats(dst []byte, vals []float64, nulls column.Bitmap) []byte {
	checkRows(len(vals), nulls)
	h := Header{Kind: Floats, Encoding: Constant, Count: len(vals), Nulls: countNulls(len(vals), nulls), Sorted: true}
	start := len(dst)
	if h.Nulls == h.Count {
		return finish(appendHeader(dst, &h, nil), start)
	}
	vals = filled(vals, nulls, h.Nulls > 0)
	sketch := new(Sketch)
	constant := true
	for i, v := range vals {
		if i > 0 && math.Float64bits(v) == math.Float64bits(vals[i-1]) {
			continue
		}
		constant = constant && i == 0
		sketch.AddInt(math.Float64bits(v))
		switch {
		case v != v:
			h.HasNaN, h.Sorted = true, false
		case !h.HasRange:
			h.HasRange, h.MinFloat, h.MaxFloat = true, v, v
		default:
			h.MinFloat, h.MaxFloat = min(h.MinFloat, v), max(h.MaxFloat, v)
			h.Sorted = h.Sorted && vals[i-1] <= v
		}
	}
	if constant {
		h.MinFloat, h.MaxFloat = vals[0], vals[0]
		return finish(appendNulls(appendHeader(dst, &h, sketch), &h, nulls), start)
	}
	e, f, size := bestDecimal(vals)
	h.Encoding = Plain
	if size < 0.9*64 {
		h.Encoding = Decimal
	}
	dst = appendNulls(appendHeader(dst, &h, sketch), &h, nulls)
	if h.Encoding == Decimal {
		return finish(appendDecimal(dst, vals, e, f), start)
	}
	for _, v := range vals {
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(v))
	}
	return finish(dst, start)
}

// bestDecimal tries exponents on a sample and returns the best with its bits a value.
func bestDecimal(vals []float64) (e, f int, bits float64) {
	const samples = 256
	step := max(1, len(vals)/samples)
	bits = math.Inf(1)
	for te := 0; te <= 14; te++ {
		for tf := 0; tf <= te; tf++ {
			lo, hi, n, exceptions := int64(math.MaxInt64), int64(math.MinInt64), 0, 0
			for i := 0; i < len(vals); i += step {
				d, ok := toDecimal(vals[i], te, tf)
				n++
				if !ok {
					exceptions++
					continue
				}
				lo, hi = min(lo, d), max(hi, d)
			}
			width := 0.0
			if lo <= hi {
				width = float64(width64(uint64(hi) - uint64(lo)))
			}
			if cost := width + 80*float64(exceptions)/float64(n); cost < bits {
				e, f, bits = te, tf, cost
			}
		}
	}
	return e, f, bits
}

func appendDecimal(dst []byte, vals []float64, e, f int) []byte {
	dst = append(dst, byte(e), byte(f), 0, 0, 0, 0, 0, 0)
	dir := len(dst)
	dst = append(dst, make([]byte, vectors(len(vals))*decimalEntry)...)
	data := len(dst)
	tmp := make([]int64, VectorSize)
	for len(vals) > 0 {
		v := vals[:min(len(vals), VectorSize)]
		vals = vals[len(v):]
		d := tmp[:len(v)]
		var rows []uint16
		last := int64(0)
		for i, x := range v {
			n, ok := toDecimal(x, e, f)
			if !ok {
				rows = append(rows, uint16(i))
				n = last // changed below if it is the first
			}
			d[i], last = n, n
		}
		// Exceptions in front take the first sound value.
		if k := len(rows); k > 0 && rows[0] == 0 && k < len(v) {
			i := 0
			for i < k && int(rows[i]) == i {
				i++
			}
			for j := range i {
				d[j] = d[i]
			}
		}
		base, w := span(d)
		at := dst[dir:]
		binary.LittleEndian.PutUint64(at, uint64(base))
		binary.LittleEndian.PutUint32(at[8:], uint32(len(dst)-data))
		binary.LittleEndian.PutUint32(at[12:], uint32(len(dst)-data+packedSize(len(d), w)))
		binary.LittleEndian.PutUint16(at[16:], uint16(len(rows)))
		at[18] = byte(w)
		dir += decimalEntry
		dst = pack(dst, d, base, w)
		for _, r := range rows {
			dst = binary.LittleEndian.AppendUint16(dst, r)
		}
		for _, r := range rows {
			dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(v[r]))
		}
	}
	return dst
}

// readFloats decodes vector i of a float block.
func readFloats(h *Header, payload []byte, i int, dst []float64, tmp []int64) error {
	switch h.Encoding {
	case Constant:
		for k := range dst {
			dst[k] = h.MinFloat
		}
		return nil
	case Plain:
		from := i * VectorSize * 8
		if from+len(dst)*8 > len(payload) {
			return damage("its values are cut")
		}
		for k := range dst {
			dst[k] = math.Float64frombits(binary.LittleEndian.Uint64(payload[from+8*k:]))
		}
		return nil
	case Decimal:
		return readDecimal(h, payload, i, dst, tmp[:len(dst)])
	}
	return damage("floats of encoding %d", h.Encoding)
}

func readDecimal(h *Header, payload []byte, i int, dst []float64, tmp []int64) error {
	dir := decimalHead + vectors(h.Count)*decimalEntry
	if len(payload) < dir || payload[0] > maxExponent || payload[1] > maxExponent {
		return damage("its directory is cut, or exponents are out of range")
	}
	e := payload[decimalHead+i*decimalEntry:]
	w, n := uint(e[18]), int(binary.LittleEndian.Uint16(e[16:]))
	if w > 64 {
		return damage("a width of %d bits", w)
	}
	src, err := run(payload, dir, binary.LittleEndian.Uint32(e[8:]), len(tmp), w)
	if err != nil {
		return err
	}
	unpack64(tmp, src, w, int64(binary.LittleEndian.Uint64(e)))
	up, down := pow10[payload[1]], inv10[payload[0]]
	for k, d := range tmp {
		dst[k] = float64(d) * up * down
	}
	from := int64(dir) + int64(binary.LittleEndian.Uint32(e[12:]))
	if from+int64(n)*10 > int64(len(payload)) {
		return damage("its exceptions are cut")
	}
	rows, values := payload[from:], payload[from+int64(n)*2:]
	for k := range n {
		r := int(binary.LittleEndian.Uint16(rows[2*k:]))
		if r >= len(dst) {
			return damage("an exception for row %d of %d", r, len(dst))
		}
		dst[r] = math.Float64frombits(binary.LittleEndian.Uint64(values[8*k:]))
	}
	return nil
}
