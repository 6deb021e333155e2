package block

import (
	"encoding/binary"
	"math"
	"unsafe"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/internal/invariants"
	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/value"
)

// overhead is about what a Block takes beside its slices.
const overhead = 1024

// Decode checks and decodes a whole block into memory of slab (nil: the Go heap).
// It keeps nothing of src.
func Decode(src []byte, slab *memory.Slab) (*Block, error) {
	h, nulls, payload, err := parse(src)
	if err != nil {
		return nil, err
	}
	b := &Block{Header: h, slab: slab, size: overhead}
	if err := b.decode(nulls, payload); err != nil {
		b.Free()
		return nil, err
	}
	return b, nil
}

func (b *Block) decode(nulls, payload []byte) error {
	h := &b.Header
	if h.Kind == Adjacency {
		return b.decodeCSR(payload)
	}
	if h.Nulls > 0 {
		b.Nulls = newSlice[uint64](b, (h.Count+63)/64)
		if err := readNulls(h, nulls, b.Nulls); err != nil {
			return err
		}
	}
	if h.Nulls == h.Count {
		return b.decodeNothing()
	}
	tmp := make([]int64, min(h.Count, VectorSize))
	var read func(i, from, to int) error
	switch h.Kind {
	case Bools:
		b.Bools = newSlice[bool](b, h.Count)
		return readBools(h, payload, 0, b.Bools)
	case Ints:
		b.Ints = newSlice[int64](b, h.Count)
		read = func(i, from, to int) error { return readInts(h, payload, i, b.Ints[from:to]) }
	case Uint32s:
		b.Refs = newSlice[uint32](b, h.Count)
		read = func(i, from, to int) error { return readUint32s(h, payload, i, b.Refs[from:to], tmp) }
	case Floats:
		b.Floats = newSlice[float64](b, h.Count)
		read = func(i, from, to int) error { return readFloats(h, payload, i, b.Floats[from:to], tmp) }
	case Strings:
		return b.decodeStrings(payload)
	case Anys:
		b.Anys = make([]value.Value, h.Count)
		err := readAnys(h, payload, b.Nulls, b.Anys)
		for _, v := range b.Anys {
			b.size += int64(value.Size(v))
		}
		return err
	default:
		return damage("of kind %d", h.Kind)
	}
	for i := range vectors(h.Count) {
		if err := read(i, i*VectorSize, min(h.Count, (i+1)*VectorSize)); err != nil {
			return err
		}
	}
	return nil
}

// decodeNothing gives a block of nulls, or of no rows, slices of the right length.
func (b *Block) decodeNothing() error {
	n := b.Header.Count
	switch b.Header.Kind {
	case Bools:
		b.Bools = newSlice[bool](b, n)
		clear(b.Bools)
	case Ints:
		b.Ints = newSlice[int64](b, n)
		clear(b.Ints)
	case Uint32s:
		b.Refs = newSlice[uint32](b, n)
		clear(b.Refs)
	case Floats:
		b.Floats = newSlice[float64](b, n)
		clear(b.Floats)
	case Strings:
		b.Dict = &column.Dict{Strings: []string{""}}
		b.Codes = newSlice[uint32](b, n)
		clear(b.Codes)
	case Anys:
	default:
		return damage("of kind %d", b.Header.Kind)
	}
	return nil
}

func readNulls(h *Header, src []byte, dst column.Bitmap) error {
	if src == nil { // all
		for i := range dst {
			dst[i] = math.MaxUint64
		}
		if h.Count%64 != 0 {
			dst[len(dst)-1] = 1<<(h.Count%64) - 1
		}
		if h.Nulls != h.Count {
			return damage("%d nulls, and it does not say which", h.Nulls)
		}
		return nil
	}
	for i := range dst {
		dst[i] = binary.LittleEndian.Uint64(src[8*i:])
	}
	if n := countNulls(h.Count, dst); n != h.Nulls {
		return damage("%d rows are null, %d by its header", n, h.Nulls)
	}
	return nil
}

func (b *Block) decodeStrings(payload []byte) error {
	h := &b.Header
	switch h.Encoding {
	case Constant:
		b.Dict = &column.Dict{Strings: []string{string(payload)}}
		b.size += int64(len(payload))
		b.Codes = newSlice[uint32](b, h.Count)
		clear(b.Codes)
		return nil
	case Dictionary:
		words, codes, width, err := dictParts(h, payload)
		if err != nil {
			return err
		}
		b.size += int64(len(payload)) + 16*int64(len(words))
		b.Dict = &column.Dict{Strings: words}
		b.Codes = newSlice[uint32](b, h.Count)
		unpack32(b.Codes, codes, width, 0)
		for _, c := range b.Codes {
			if int(c) >= len(words) {
				return damage("string %d of a dictionary of %d", c, len(words))
			}
		}
		return nil
	case Plain:
		end, data, err := plainParts(h, payload)
		if err != nil {
			return err
		}
		b.StrEnds = newSlice[uint32](b, h.Count)
		for i := range b.StrEnds {
			b.StrEnds[i] = binary.LittleEndian.Uint32(end[4*i:])
		}
		b.StrData = string(data)
		b.size += int64(len(data))
		return nil
	}
	return damage("strings of encoding %d", h.Encoding)
}

// newSlice takes memory for n elements.
func newSlice[T memory.Element](b *Block, n int) []T {
	var t T
	bytes := n * int(unsafe.Sizeof(t))
	buf := b.slab.Alloc(bytes)
	b.mem = append(b.mem, buf)
	b.size += memory.SizeOf(bytes)
	return memory.Slice[T](buf, n)
}

// Str returns the string of row i.
func (b *Block) Str(i int) string {
	if b.Dict != nil {
		return b.Dict.Strings[b.Codes[i]]
	}
	from := uint32(0)
	if i > 0 {
		from = b.StrEnds[i-1]
	}
	return b.StrData[from:b.StrEnds[i]]
}

// Vector makes v rows i·VectorSize … of a column block: a vector that points into
// the block, and is valid as long. Only the strings of encoding Plain are written
// out, into v.Strs, whose memory is used again.
func (b *Block) Vector(i int, v *column.Vector) {
	from, to := i*VectorSize, min((i+1)*VectorSize, b.Header.Count)
	strs := v.Strs
	*v = column.Vector{}
	if b.Nulls != nil {
		v.Nulls = b.Nulls[from/64 : (to+63)/64]
	}
	switch b.Header.Kind {
	case Bools:
		v.Type, v.Bools = column.Bool, b.Bools[from:to]
	case Ints:
		v.Type, v.Ints = column.Int, b.Ints[from:to]
	case Floats:
		v.Type, v.Floats = column.Float, b.Floats[from:to]
	case Uint32s:
		v.Type, v.Refs = column.Node, b.Refs[from:to]
	case Anys:
		if v.Type = column.Any; b.Anys == nil {
			v.Type = column.Null
			return
		}
		v.Anys = b.Anys[from:to]
	case Strings:
		v.Type = column.String
		if b.Dict != nil {
			v.Dict, v.Codes = b.Dict, b.Codes[from:to]
			return
		}
		for strs = strs[:0]; from < to; from++ {
			strs = append(strs, b.Str(from))
		}
		v.Strs = strs
	}
}

// Size returns the bytes that the decoded block holds.
func (b *Block) Size() int64 { return b.size }

// Free gives the memory back. Only for blocks that no cache owns.
func (b *Block) Free() {
	for _, m := range b.mem {
		if invariants.Enabled {
			for i := range m.Bytes {
				m.Bytes[i] = 0xdb // who still reads it shall notice
			}
		}
		b.slab.Free(m)
	}
	*b = Block{}
}
