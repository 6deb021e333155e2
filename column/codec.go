package column

import (
	"encoding/binary"
	"hash/crc32"
	"math"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// A batch in a spill file. Files live no longer than their query, so that the form
// may change from version to version. Little endian.
//
//	u32 length of what follows the CRC
//	u32 CRC-32C of it
//	u32 rows   u16 columns   u8 1 = multiplicities follow
//	[rows × i64 multiplicity]
//	a column: u32 slot  u8 type  u8 flags (1 constant, 2 nulls)
//	          [⌈entries/64⌉ × u64 nulls]  entries
//	entries:  bool u8 · int, date, float 8 bytes · node, rel u32
//	          string: u32 length, bytes · any: value.Append
const (
	frameHeader = 8
	flagConst   = 1
	flagNulls   = 2
	maxRows     = 1 << 24 // of a frame; more is damage
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// AppendBatch appends the selected rows of b over slots (nil: all that are live) in
// the form that DecodeBatch reads.
func AppendBatch(dst []byte, b *Batch, slots []int) []byte {
	if b.Sel != nil {
		var c Batch
		c.Compact(b, slots)
		b = &c
	}
	if slots == nil {
		for s, c := range b.Cols {
			if c != nil {
				slots = append(slots, s)
			}
		}
	}
	start := len(dst)
	dst = append(dst, make([]byte, frameHeader)...)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(b.Len))
	live := 0
	for _, s := range slots {
		if s < len(b.Cols) && b.Cols[s] != nil {
			live++
		}
	}
	dst = binary.LittleEndian.AppendUint16(dst, uint16(live))
	if b.Mult == nil {
		dst = append(dst, 0)
	} else {
		dst = append(dst, 1)
		for _, m := range b.Mult[:b.Len] {
			dst = binary.LittleEndian.AppendUint64(dst, uint64(m))
		}
	}
	for _, s := range slots {
		if s < len(b.Cols) && b.Cols[s] != nil {
			dst = binary.LittleEndian.AppendUint32(dst, uint32(s))
			dst = appendVector(dst, b.Cols[s], b.Len)
		}
	}
	body := dst[start+frameHeader:]
	binary.LittleEndian.PutUint32(dst[start:], uint32(len(body)))
	binary.LittleEndian.PutUint32(dst[start+4:], crc32.Checksum(body, castagnoli))
	return dst
}

func appendVector(dst []byte, v *Vector, n int) []byte {
	var flags byte
	if v.Const {
		flags |= flagConst
		n = 1
	}
	if v.Nulls != nil && v.Type != Any {
		flags |= flagNulls
	}
	dst = append(dst, byte(v.Type), flags)
	if flags&flagNulls != 0 {
		for _, w := range v.Nulls[:(n+63)/64] {
			dst = binary.LittleEndian.AppendUint64(dst, w)
		}
	}
	switch v.Type {
	case Bool:
		for _, x := range v.Bools[:n] {
			var c byte
			if x {
				c = 1
			}
			dst = append(dst, c)
		}
	case Int, Date:
		for _, x := range v.Ints[:n] {
			dst = binary.LittleEndian.AppendUint64(dst, uint64(x))
		}
	case Float:
		for _, x := range v.Floats[:n] {
			dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(x))
		}
	case String:
		for i := range n {
			s := ""
			if !v.Nulls.Get(i) {
				s = v.Str(i)
			}
			dst = binary.LittleEndian.AppendUint32(dst, uint32(len(s)))
			dst = append(dst, s...)
		}
	case Node, Rel:
		for _, x := range v.Refs[:n] {
			dst = binary.LittleEndian.AppendUint32(dst, x)
		}
	case Any:
		for _, x := range v.Anys[:n] {
			dst = value.Append(dst, x)
		}
	}
	return dst
}

func damaged(what string) error {
	return status.Errorf(status.Corruption, "spill file: %s", what)
}

// FrameSize returns the size of the whole frame that starts with header (8 bytes), so
// that a reader knows how much to fetch.
func FrameSize(header []byte) (int, error) {
	if len(header) < frameHeader {
		return 0, damaged("short header")
	}
	return frameHeader + int(binary.LittleEndian.Uint32(header)), nil
}

// DecodeBatch reads one batch from the start of src and returns what follows it. The
// batch owns its memory.
func DecodeBatch(src []byte) (*Batch, []byte, error) {
	size, err := FrameSize(src)
	if err != nil {
		return nil, nil, err
	}
	if size > len(src) {
		return nil, nil, damaged("frame is cut short")
	}
	body, rest := src[frameHeader:size], src[size:]
	if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(src[4:]) {
		return nil, nil, damaged("checksum differs")
	}
	d := decoder{src: body}
	rows, cols, withMult := int(d.u32()), int(d.u16()), d.u8()
	if d.bad || rows > maxRows {
		return nil, nil, damaged("bad batch header")
	}
	b := &Batch{Len: rows}
	if withMult != 0 {
		if raw := d.take(8 * rows); raw != nil {
			b.Mult = make([]int64, rows)
			for i := range b.Mult {
				b.Mult[i] = int64(binary.LittleEndian.Uint64(raw[8*i:]))
			}
		}
	}
	for range cols {
		slot := int(d.u32())
		v := d.vector(rows)
		if d.bad || slot > math.MaxUint16 {
			return nil, nil, damaged("bad column")
		}
		for len(b.Cols) <= slot {
			b.Cols = append(b.Cols, nil)
		}
		b.Cols[slot] = v
	}
	if d.bad || len(d.src) != 0 {
		return nil, nil, damaged("bad batch")
	}
	return b, rest, nil
}

// decoder reads from src and remembers when it ran out.
type decoder struct {
	src []byte
	bad bool
}

// take returns the next n bytes, or nil where fewer are left.
func (d *decoder) take(n int) []byte {
	if n < 0 || n > len(d.src) {
		d.bad = true
		return nil
	}
	out := d.src[:n:n]
	d.src = d.src[n:]
	return out
}

func (d *decoder) u8() byte {
	if b := d.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (d *decoder) u16() uint16 {
	if b := d.take(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (d *decoder) u32() uint32 {
	if b := d.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (d *decoder) vector(rows int) *Vector {
	v := &Vector{Type: Type(d.u8())}
	flags := d.u8()
	n := rows
	if flags&flagConst != 0 {
		v.Const, n = true, 1
	}
	if flags&flagNulls != 0 {
		raw := d.take((n + 63) / 64 * 8)
		for i := 0; i < len(raw); i += 8 {
			v.Nulls = append(v.Nulls, binary.LittleEndian.Uint64(raw[i:]))
		}
	}
	switch v.Type {
	case Null:
	case Bool:
		for _, c := range d.take(n) {
			v.Bools = append(v.Bools, c != 0)
		}
	case Int, Date:
		for raw := d.take(8 * n); len(raw) > 0; raw = raw[8:] {
			v.Ints = append(v.Ints, int64(binary.LittleEndian.Uint64(raw)))
		}
	case Float:
		for raw := d.take(8 * n); len(raw) > 0; raw = raw[8:] {
			v.Floats = append(v.Floats, math.Float64frombits(binary.LittleEndian.Uint64(raw)))
		}
	case Node, Rel:
		for raw := d.take(4 * n); len(raw) > 0; raw = raw[4:] {
			v.Refs = append(v.Refs, binary.LittleEndian.Uint32(raw))
		}
	case String:
		for i := 0; i < n && !d.bad; i++ {
			v.Strs = append(v.Strs, string(d.take(int(d.u32()))))
		}
	case Any:
		for i := 0; i < n && !d.bad; i++ {
			val, rest, err := value.Decode(d.src)
			if err != nil {
				d.bad = true
				break
			}
			d.src = rest
			v.Anys = append(v.Anys, val)
		}
	default:
		d.bad = true
	}
	return v
}
