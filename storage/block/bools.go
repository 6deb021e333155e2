package block

import (
	"encoding/binary"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/value"
)

// Payloads:
//
//	Bools  Constant  nothing: the header's least, 0 or 1
//	       Packed    one bit a row
//	Anys   Plain     u32 end of each row's value, ascending; then the values as
//	                 value.Append writes them; null rows have none

// EncodeBools appends a block of booleans.
func EncodeBools(dst []byte, vals []bool, nulls column.Bitmap) []byte {
	checkRows(len(vals), nulls)
	h := Header{Kind: Bools, Encoding: Constant, Count: len(vals), Nulls: countNulls(len(vals), nulls)}
	start := len(dst)
	if h.Nulls == h.Count {
		return finish(appendHeader(dst, &h, nil), start)
	}
	vals = filled(vals, nulls, h.Nulls > 0)
	ones, sorted := 0, true
	bits := make([]uint32, len(vals))
	for i, v := range vals {
		if v {
			bits[i] = 1
			ones++
		} else if i > 0 && vals[i-1] {
			sorted = false
		}
	}
	h.HasRange, h.Sorted = true, sorted
	if ones > 0 {
		h.MaxInt = 1
	}
	if ones == len(vals) {
		h.MinInt = 1
	}
	if h.MinInt != h.MaxInt {
		h.Encoding = Packed
	}
	dst = appendNulls(appendHeader(dst, &h, nil), &h, nulls)
	if h.Encoding == Packed {
		dst = pack(dst, bits, 0, 1)
	}
	return finish(dst, start)
}

func readBools(h *Header, payload []byte, from int, dst []bool) error {
	switch h.Encoding {
	case Constant:
		for k := range dst {
			dst[k] = h.MinInt != 0
		}
		return nil
	case Packed:
		if len(payload) < packedSize(h.Count, 1) {
			return damage("its values are cut")
		}
		for k := range dst {
			dst[k] = payload[(from+k)>>3]>>(uint(from+k)&7)&1 != 0
		}
		return nil
	}
	return damage("booleans of encoding %d", h.Encoding)
}

// EncodeAnys appends a block of boxed values. Nulls among them count as null rows,
// whatever nulls says.
func EncodeAnys(dst []byte, vals []value.Value, nulls column.Bitmap) []byte {
	checkRows(len(vals), nulls)
	all := column.NewBitmap(len(vals))
	for i, v := range vals {
		if nulls.Get(i) || v.IsNull() {
			all.Set(i)
		}
	}
	h := Header{Kind: Anys, Encoding: Plain, Count: len(vals), Nulls: countNulls(len(vals), all)}
	start := len(dst)
	if h.Nulls == h.Count {
		h.Encoding = Constant
		return finish(appendHeader(dst, &h, nil), start)
	}
	dst = appendNulls(appendHeader(dst, &h, nil), &h, all)
	var data []byte
	for i, v := range vals {
		if !all.Get(i) {
			data = value.Append(data, v)
		}
		dst = binary.LittleEndian.AppendUint32(dst, uint32(len(data)))
	}
	return finish(append(dst, data...), start)
}

func readAnys(h *Header, payload []byte, nulls column.Bitmap, dst []value.Value) error {
	if h.Encoding != Plain || len(payload) < h.Count*4 {
		return damage("mixed values of encoding %d, %d bytes", h.Encoding, len(payload))
	}
	end, data, _, err := ends(payload, h.Count, uint32(len(payload)-h.Count*4))
	if err != nil {
		return err
	}
	from := uint32(0)
	for i := range dst {
		to := binary.LittleEndian.Uint32(end[4*i:])
		piece := data[from:to]
		from = to
		if nulls.Get(i) {
			continue
		}
		v, rest, err := value.Decode(piece)
		if err != nil {
			return damage("row %d: %w", i, err)
		}
		if len(rest) > 0 {
			return damage("row %d: %d bytes too many", i, len(rest))
		}
		dst[i] = v
	}
	return nil
}
