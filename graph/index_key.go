package graph

import (
	"encoding/binary"
	"math"

	"github.com/kadedb/kadedb/value"
)

// An index key is the values' order-preserving forms one after the other, then
// the entity's number, big endian. Each form is a tag for the type group, in the
// order in which groups sort, and bytes that compare as the values do; two forms
// are equal exactly if the values are (1 and 1.0 are, NaN and NaN too).
//
//	list      10 form form … 00
//	date-time 20 seconds nanoseconds offset zone      21 local, 22 date, 23 time, 24 local time
//	duration  25 average length, then months, days, seconds, nanoseconds
//	string    30 bytes, 00 written as 00 FF, closed by 00 01
//	boolean   40 00 or 01
//	number    50 float64, order-preserving, then how much an integer exceeds it
const (
	tagList          = 0x10
	tagDateTime      = 0x20
	tagLocalDateTime = 0x21
	tagDate          = 0x22
	tagTime          = 0x23
	tagLocalTime     = 0x24
	tagDuration      = 0x25
	tagString        = 0x30
	tagBool          = 0x40
	tagNumber        = 0x50
)

// appendKey appends the form of v. Null, maps and entities have none: ok is false.
func appendKey(dst []byte, v value.Value) (_ []byte, ok bool) {
	switch v.Kind() {
	case value.KindBool:
		if v.AsBool() {
			return append(dst, tagBool, 1), true
		}
		return append(dst, tagBool, 0), true
	case value.KindInt:
		f := float64(v.AsInt())
		return appendNumber(dst, f, intExcess(v.AsInt(), f)), true
	case value.KindFloat:
		return appendNumber(dst, v.AsFloat(), 0), true
	case value.KindString:
		return appendKeyString(append(dst, tagString), v.AsString()), true
	case value.KindDate:
		return appendOrdered(append(dst, tagDate), v.Days()), true
	case value.KindLocalTime:
		n, _ := v.TimeOfDay()
		return appendOrdered(append(dst, tagLocalTime), n), true
	case value.KindTime:
		n, off := v.TimeOfDay()
		return appendOrdered(appendOrdered(append(dst, tagTime), n-int64(off)*1e9), int64(off)), true
	case value.KindLocalDateTime:
		s, n := v.Seconds()
		return appendOrdered(appendOrdered(append(dst, tagLocalDateTime), s), int64(n)), true
	case value.KindDateTime:
		s, n := v.Seconds()
		dst = appendOrdered(appendOrdered(append(dst, tagDateTime), s), int64(n))
		var zone value.Zone
		if z := v.Zone(); z != nil {
			zone = *z
		}
		return appendKeyString(appendOrdered(dst, int64(zone.Offset)), zone.Name), true
	case value.KindDuration:
		d := v.Span()
		average := float64(d.Months)*2629746 + float64(d.Days)*86400 + float64(d.Seconds) + float64(d.Nanos)/1e9
		dst = appendFloat(append(dst, tagDuration), average)
		dst = appendOrdered(appendOrdered(dst, d.Months), d.Days)
		return appendOrdered(appendOrdered(dst, d.Seconds), int64(d.Nanos)), true
	case value.KindList:
		dst = append(dst, tagList)
		for _, e := range v.Elems() {
			if dst, ok = appendKey(dst, e); !ok {
				return dst, false
			}
		}
		return append(dst, 0), true
	}
	return dst, false
}

// intExcess returns i - f for the float64 nearest to i.
func intExcess(i int64, f float64) int {
	if f >= 1<<63 {
		return int(i - math.MaxInt64 - 1)
	}
	return int(i - int64(f))
}

func appendNumber(dst []byte, f float64, excess int) []byte {
	dst = appendFloat(append(dst, tagNumber), f)
	return binary.BigEndian.AppendUint16(dst, uint16(excess+0x8000))
}

// appendFloat orders NaN above everything and knows one zero.
func appendFloat(dst []byte, f float64) []byte {
	if f != f {
		return binary.BigEndian.AppendUint64(dst, math.MaxUint64)
	}
	b := math.Float64bits(f)
	if f == 0 {
		b = 0
	}
	if b>>63 != 0 {
		b = ^b
	} else {
		b |= 1 << 63
	}
	return binary.BigEndian.AppendUint64(dst, b)
}

func appendOrdered(dst []byte, i int64) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64(i)^1<<63)
}

func appendKeyString(dst []byte, s string) []byte {
	return append(appendEscaped(dst, s), 0, 1)
}

func appendEscaped(dst []byte, s string) []byte {
	for i := range len(s) {
		dst = append(dst, s[i])
		if s[i] == 0 {
			dst = append(dst, 0xff)
		}
	}
	return dst
}

func appendRef(dst []byte, ref uint32) []byte { return binary.BigEndian.AppendUint32(dst, ref) }

func refOf(key []byte) uint32 { return binary.BigEndian.Uint32(key[len(key)-4:]) }
