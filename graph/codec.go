package graph

import (
	"encoding/binary"
	"math"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// maxValueDepth bounds lists within lists of a stored property.
const maxValueDepth = 64

// appendValue appends the self-describing form of a property value: one byte of
// value.Kind, then
//
//	BOOLEAN         one byte
//	INTEGER, DATE   varint
//	FLOAT           8 bytes, little endian
//	STRING          uvarint length, bytes
//	LIST            uvarint count, elements
//	times           varints of nanoseconds or seconds, nanoseconds, offset; zone name as STRING
//	DURATION        varints of months, days, seconds, nanoseconds
//
// The same bytes stand in the log, in overlay pages and in mixed columns.
func appendValue(dst []byte, v value.Value) []byte {
	dst = append(dst, byte(v.Kind()))
	switch v.Kind() {
	case value.KindBool:
		if v.AsBool() {
			return append(dst, 1)
		}
		return append(dst, 0)
	case value.KindInt:
		return binary.AppendVarint(dst, v.AsInt())
	case value.KindFloat:
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(v.AsFloat()))
	case value.KindString:
		return appendString(dst, v.AsString())
	case value.KindList:
		dst = binary.AppendUvarint(dst, uint64(len(v.Elems())))
		for _, e := range v.Elems() {
			dst = appendValue(dst, e)
		}
		return dst
	case value.KindDate:
		return binary.AppendVarint(dst, v.Days())
	case value.KindLocalTime, value.KindTime:
		n, off := v.TimeOfDay()
		return binary.AppendVarint(binary.AppendVarint(dst, n), int64(off))
	case value.KindLocalDateTime:
		s, n := v.Seconds()
		return binary.AppendVarint(binary.AppendVarint(dst, s), int64(n))
	case value.KindDateTime:
		s, n := v.Seconds()
		dst = binary.AppendVarint(binary.AppendVarint(dst, s), int64(n))
		zone := value.Zone{}
		if z := v.Zone(); z != nil {
			zone = *z
		}
		return appendString(binary.AppendVarint(dst, int64(zone.Offset)), zone.Name)
	case value.KindDuration:
		d := v.Span()
		dst = binary.AppendVarint(binary.AppendVarint(dst, d.Months), d.Days)
		return binary.AppendVarint(binary.AppendVarint(dst, d.Seconds), int64(d.Nanos))
	}
	return dst
}

func appendString(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

var errShortValue = status.Errorf(status.Corruption, "a stored value ends too early or is malformed")

// decodeValue reads one value from the front of src and returns what follows it.
// Strings are copied.
func decodeValue(src []byte, depth int) (value.Value, []byte, error) {
	if len(src) == 0 || depth > maxValueDepth {
		return value.Null, nil, errShortValue
	}
	k := value.Kind(src[0])
	d := reader{b: src[1:]}
	var v value.Value
	switch k {
	case value.KindNull:
	case value.KindBool:
		v = value.Bool(d.byte() != 0)
	case value.KindInt:
		v = value.Int(d.varint())
	case value.KindFloat:
		v = value.Float(math.Float64frombits(d.fixed64()))
	case value.KindString:
		v = value.String(d.str())
	case value.KindList:
		n := d.uvarint()
		var elems []value.Value
		for i := uint64(0); i < n && d.err == nil; i++ {
			var e value.Value
			if e, d.b, d.err = decodeValue(d.b, depth+1); d.err == nil {
				elems = append(elems, e)
			}
		}
		v = value.List(elems...)
	case value.KindDate:
		v = value.Date(d.varint())
	case value.KindLocalTime:
		n := d.varint()
		d.varint()
		v = value.LocalTime(n)
	case value.KindTime:
		n := d.varint()
		v = value.Time(n, int32(d.varint()))
	case value.KindLocalDateTime:
		s := d.varint()
		v = value.LocalDateTime(s, int32(d.varint()))
	case value.KindDateTime:
		s, n := d.varint(), d.varint()
		off := d.varint()
		v = value.DateTime(s, int32(n), &value.Zone{Name: d.str(), Offset: int32(off)})
	case value.KindDuration:
		m, days := d.varint(), d.varint()
		s := d.varint()
		v = value.Duration(value.Span{Months: m, Days: days, Seconds: s, Nanos: int32(d.varint())})
	default:
		return value.Null, nil, errShortValue
	}
	return v, d.b, d.err
}

// reader takes fields from the front of b; after the first that does not fit,
// err is set and every field is zero.
type reader struct {
	b   []byte
	err error
}

func (r *reader) fail() { r.b, r.err = nil, errShortValue }

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.fail()
		return 0
	}
	c := r.b[0]
	r.b = r.b[1:]
	return c
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) u32() uint32 {
	v := r.uvarint()
	if v > math.MaxUint32 {
		r.fail()
		return 0
	}
	return uint32(v)
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) fixed64() uint64 {
	if len(r.b) < 8 {
		r.fail()
		return 0
	}
	v := binary.LittleEndian.Uint64(r.b)
	r.b = r.b[8:]
	return v
}

func (r *reader) bytes() []byte {
	n := r.uvarint()
	if n > uint64(len(r.b)) {
		r.fail()
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *reader) str() string { return string(r.bytes()) }

func (r *reader) value() value.Value {
	if r.err != nil {
		return value.Null
	}
	v, rest, err := decodeValue(r.b, 0)
	r.b, r.err = rest, err
	return v
}

// Storable reports whether v may be a property: a boolean, number, string,
// temporal value or duration, or a list of such without nulls.
func Storable(v value.Value) error { return storable(v, 0) }

func storable(v value.Value, depth int) error {
	switch v.Kind() {
	case value.KindNull:
		if depth == 0 {
			return nil
		}
		return status.Errorf(status.InvalidPropertyType, "a list with null in it cannot be stored as a property")
	case value.KindMap, value.KindNode, value.KindRelationship, value.KindPath:
		return status.Errorf(status.InvalidPropertyType, "a %s cannot be stored as a property", v.Kind())
	case value.KindList:
		if depth >= maxValueDepth {
			return status.Errorf(status.InvalidPropertyType, "a list nested %d deep cannot be stored as a property", depth)
		}
		for _, e := range v.Elems() {
			if err := storable(e, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}
