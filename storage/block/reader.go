package block

import (
	"encoding/binary"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/value"
)

// Reader decodes single vectors of a column block: for a point read, or a scan that
// skips, without decoding the rest. It keeps src.
type Reader struct {
	h       Header
	nulls   []byte
	payload []byte
	tmp     [VectorSize]int64

	words []string
	dict  *column.Dict
	codes []byte
	width uint
	ends  []byte
	data  string
	anys  []value.Value
}

// NewReader checks the block, once for all vectors.
func NewReader(src []byte) (*Reader, error) {
	h, nulls, payload, err := parse(src)
	if err != nil {
		return nil, err
	}
	r := &Reader{h: h, nulls: nulls, payload: payload}
	if h.Nulls == h.Count {
		return r, nil
	}
	switch {
	case h.Kind < Bools || h.Kind > Anys:
		return nil, damage("of kind %d, not a column", h.Kind)
	case h.Kind == Strings && h.Encoding == Dictionary:
		r.words, r.codes, r.width, err = dictParts(&h, payload)
		r.dict = &column.Dict{Strings: r.words}
	case h.Kind == Strings && h.Encoding == Constant:
		r.dict = &column.Dict{Strings: []string{string(payload)}}
	case h.Kind == Strings:
		var data []byte
		r.ends, data, err = plainParts(&h, payload)
		r.data = string(data)
	case h.Kind == Anys:
		all := column.NewBitmap(h.Count)
		if h.Nulls > 0 {
			err = readNulls(&h, nulls, all)
		}
		if err == nil {
			r.anys = make([]value.Value, h.Count)
			err = readAnys(&h, payload, all, r.anys)
		}
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// Header returns the block's header.
func (r *Reader) Header() *Header { return &r.h }

// Vectors returns how many vectors the block has.
func (r *Reader) Vectors() int { return vectors(r.h.Count) }

// Vector decodes vector i into v, whose memory is used again.
func (r *Reader) Vector(i int, v *column.Vector) error {
	from, to := i*VectorSize, min((i+1)*VectorSize, r.h.Count)
	n := to - from
	v.Const, v.Dict, v.Nulls = false, nil, v.Nulls[:0]
	if r.h.Nulls == r.h.Count {
		v.Type = column.Null
		return nil
	}
	if r.h.Nulls > 0 {
		if r.nulls == nil {
			return damage("%d nulls, and it does not say which", r.h.Nulls)
		}
		for w := from / 64; w < (to+63)/64; w++ {
			v.Nulls = append(v.Nulls, binary.LittleEndian.Uint64(r.nulls[8*w:]))
		}
	} else {
		v.Nulls = nil
	}
	switch r.h.Kind {
	case Bools:
		v.Type, v.Bools = column.Bool, grow(v.Bools, n)
		return readBools(&r.h, r.payload, from, v.Bools)
	case Ints:
		v.Type, v.Ints = column.Int, grow(v.Ints, n)
		return readInts(&r.h, r.payload, i, v.Ints)
	case Uint32s:
		v.Type, v.Refs = column.Node, grow(v.Refs, n)
		return readUint32s(&r.h, r.payload, i, v.Refs, r.tmp[:])
	case Floats:
		v.Type, v.Floats = column.Float, grow(v.Floats, n)
		return readFloats(&r.h, r.payload, i, v.Floats, r.tmp[:])
	case Anys:
		v.Type, v.Anys = column.Any, r.anys[from:to]
		return nil
	}
	v.Type = column.String
	if r.dict == nil {
		v.Strs = grow(v.Strs, n)
		at := uint32(0)
		if from > 0 {
			at = binary.LittleEndian.Uint32(r.ends[4*(from-1):])
		}
		for k := range n {
			end := binary.LittleEndian.Uint32(r.ends[4*(from+k):])
			v.Strs[k], at = r.data[at:end], end
		}
		return nil
	}
	v.Dict, v.Codes = r.dict, grow(v.Codes, n)
	if r.codes == nil {
		clear(v.Codes)
		return nil
	}
	unpack32(v.Codes, r.codes[uint(from)*r.width/8:], r.width, 0)
	for _, c := range v.Codes {
		if int(c) >= len(r.words) {
			return damage("string %d of a dictionary of %d", c, len(r.words))
		}
	}
	return nil
}

func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
