package wire

import (
	"encoding/binary"
	"math"
	"unicode/utf8"

	"github.com/kadedb/kadedb/value"
)

// Tags of CBOR (RFC 8949) for values that it has no type for. A date's is of RFC 8943;
// the others are this protocol's own.
//
//	100    date            days since 1970-01-01
//	47001  local time      nanoseconds since midnight
//	47002  time            [nanoseconds since midnight, offset]
//	47003  local date-time [seconds since 1970-01-01T00:00, nanoseconds]
//	47004  date-time       [seconds since the Unix epoch, nanoseconds, offset] or […, offset, zone]
//	47005  duration        [months, days, seconds, nanoseconds]
//	47006  point           [system, x, y] or [system, x, y, z]
//	47010  node            [id, [labels], {properties}]
//	47011  relationship    [id, type, start, end, {properties}]
//	47012  path            [[nodes], [relationships]]
//
// An offset is in seconds east of UTC; a zone's name is text. A point's system is a number as
// in value.CRS, its coordinates are floats.
const (
	tagDate          = 100
	tagLocalTime     = 47001
	tagTime          = 47002
	tagLocalDateTime = 47003
	tagDateTime      = 47004
	tagDuration      = 47005
	tagPoint         = 47006
	tagNode          = 47010
	tagRelationship  = 47011
	tagPath          = 47012
)

// Major types of CBOR, in the upper three bits of an item's first byte.
const (
	majorUint   = 0 << 5
	majorNegint = 1 << 5
	majorBytes  = 2 << 5
	majorText   = 3 << 5
	majorArray  = 4 << 5
	majorMap    = 5 << 5
	majorTag    = 6 << 5
	majorSimple = 7 << 5
)

const (
	cborFalse   = 0xf4
	cborTrue    = 0xf5
	cborNull    = 0xf6
	cborFloat64 = 0xfb
)

// appendHead appends an item's head in the fewest bytes.
func appendHead(dst []byte, major byte, n uint64) []byte {
	switch {
	case n < 24:
		return append(dst, major|byte(n))
	case n <= math.MaxUint8:
		return append(dst, major|24, byte(n))
	case n <= math.MaxUint16:
		return append(dst, major|25, byte(n>>8), byte(n))
	case n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(dst, major|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(dst, major|27), n)
}

func appendCBORInt(dst []byte, i int64) []byte {
	if i < 0 {
		return appendHead(dst, majorNegint, uint64(^i))
	}
	return appendHead(dst, majorUint, uint64(i))
}

// appendCBORText appends text; bytes that are not UTF-8 become U+FFFD.
func appendCBORText(dst []byte, s string) []byte {
	if !utf8.ValidString(s) {
		s = string([]rune(s))
	}
	return append(appendHead(dst, majorText, uint64(len(s))), s...)
}

// AppendCBOR appends v as CBOR.
func AppendCBOR(dst []byte, v value.Value) []byte {
	switch v.Kind() {
	case value.KindNull:
		return append(dst, cborNull)
	case value.KindBool:
		if v.AsBool() {
			return append(dst, cborTrue)
		}
		return append(dst, cborFalse)
	case value.KindInt:
		return appendCBORInt(dst, v.AsInt())
	case value.KindFloat:
		return binary.BigEndian.AppendUint64(append(dst, cborFloat64), math.Float64bits(v.AsFloat()))
	case value.KindString:
		return appendCBORText(dst, v.AsString())
	case value.KindList:
		return AppendCBORRow(dst, v.Elems())
	case value.KindMap:
		return appendCBORMap(dst, v.AsMap())
	case value.KindNode:
		return appendCBORNode(dst, v)
	case value.KindRelationship:
		return appendCBORRelationship(dst, v)
	case value.KindPath:
		p := v.AsPath()
		dst = append(appendHead(dst, majorTag, tagPath), majorArray|2)
		return AppendCBORRow(AppendCBORRow(dst, p.Nodes), p.Rels)
	case value.KindPoint:
		p := v.Place()
		dst = append(appendHead(dst, majorTag, tagPoint), majorArray|byte(1+p.CRS.Dims()))
		dst = appendCBORInt(dst, int64(p.CRS))
		for _, f := range []float64{p.X, p.Y, p.Z}[:p.CRS.Dims()] {
			dst = AppendCBOR(dst, value.Float(f))
		}
		return dst
	}
	return appendCBORTemporal(dst, v)
}

// AppendCBORRow appends values as an array.
func AppendCBORRow(dst []byte, row []value.Value) []byte {
	dst = appendHead(dst, majorArray, uint64(len(row)))
	for i := range row {
		dst = AppendCBOR(dst, row[i])
	}
	return dst
}

func appendCBORMap(dst []byte, m *value.Map) []byte {
	dst = appendHead(dst, majorMap, uint64(m.Len()))
	for i := range m.Len() {
		dst = AppendCBOR(appendCBORText(dst, m.Keys[i]), m.Vals[i])
	}
	return dst
}

func appendCBORNode(dst []byte, v value.Value) []byte {
	n := v.AsNode()
	if n == nil {
		n = &value.Node{ID: uint64(v.Ref())}
	}
	dst = append(appendHead(dst, majorTag, tagNode), majorArray|3)
	dst = appendCBORInt(dst, int64(n.ID))
	dst = appendHead(dst, majorArray, uint64(len(n.Labels)))
	for _, l := range n.Labels {
		dst = appendCBORText(dst, l)
	}
	return appendCBORMap(dst, n.Props)
}

func appendCBORRelationship(dst []byte, v value.Value) []byte {
	r := v.AsRelationship()
	if r == nil {
		r = &value.Relationship{ID: uint64(v.Ref())}
	}
	dst = append(appendHead(dst, majorTag, tagRelationship), majorArray|5)
	dst = appendCBORText(appendCBORInt(dst, int64(r.ID)), r.Type)
	dst = appendCBORInt(appendCBORInt(dst, int64(r.Start)), int64(r.End))
	return appendCBORMap(dst, r.Props)
}

func appendCBORTemporal(dst []byte, v value.Value) []byte {
	numbers := func(tag uint64, n ...int64) {
		dst = append(appendHead(dst, majorTag, tag), majorArray|byte(len(n)))
		for _, i := range n {
			dst = appendCBORInt(dst, i)
		}
	}
	switch v.Kind() {
	case value.KindDate:
		return appendCBORInt(appendHead(dst, majorTag, tagDate), v.Days())
	case value.KindLocalTime:
		nanos, _ := v.TimeOfDay()
		return appendCBORInt(appendHead(dst, majorTag, tagLocalTime), nanos)
	case value.KindTime:
		nanos, offset := v.TimeOfDay()
		numbers(tagTime, nanos, int64(offset))
	case value.KindLocalDateTime:
		seconds, nanos := v.Seconds()
		numbers(tagLocalDateTime, seconds, int64(nanos))
	case value.KindDateTime:
		seconds, nanos := v.Seconds()
		at := len(dst) + 3 // after the tag
		numbers(tagDateTime, seconds, int64(nanos), int64(v.Zone().Offset))
		if name := v.Zone().Name; name != "" {
			dst[at]++
			dst = appendCBORText(dst, name)
		}
	case value.KindDuration:
		s := v.Span()
		numbers(tagDuration, s.Months, s.Days, s.Seconds, int64(s.Nanos))
	}
	return dst
}
