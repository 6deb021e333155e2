package value

import (
	"encoding/binary"
	"math"
)

// Sort keys:
//
//	value    rank (1 byte, as Order's), then by kind
//	number   float64 nearest to it, as ordered bits (8) · what an integer lost by that, + 2¹⁵ (2)
//	string   bytes with 00 written as 00 FF · 00 00
//	list     values · 00          (a rank is never 00, so shorter sorts first)
//	map      01 key value … · 00  by key
//	path     numbers of nodes and relationships, 01 before each · 00
//	point    02 (no path goes on so) · number of the system (4) · x, y, z as ordered bits (8 each)
//	date …   fixed width, big-endian, sign flipped
const (
	keyEnd  = 0
	keyMore = 1
	keySpot = 2
)

// AppendKey appends bytes that are equal for equivalent values and only for them
// (1 and 1.0, NaN and NaN, null and null): a key to hash or to look up.
func AppendKey(dst []byte, v Value) []byte { return AppendSortKey(dst, v) }

// AppendSortKey appends bytes whose order under bytes.Compare is that of Order. No key
// is a prefix of another, so keys can be strung together, and sort
// descending when every byte is inverted.
func AppendSortKey(dst []byte, v Value) []byte {
	dst = append(dst, rank(v))
	switch v.kind {
	case KindBool:
		return append(dst, byte(v.n))
	case KindInt:
		return appendIntKey(dst, v.AsInt())
	case KindFloat:
		return appendFloatKey(dst, v.AsFloat())
	case KindString:
		return appendStringKey(dst, v.AsString())
	case KindList:
		for _, e := range v.Elems() {
			dst = AppendSortKey(dst, e)
		}
		return append(dst, keyEnd)
	case KindMap:
		m := v.AsMap()
		for _, i := range sortedKeys(m) {
			dst = appendStringKey(append(dst, keyMore), m.Keys[i])
			dst = AppendSortKey(dst, m.Vals[i])
		}
		return append(dst, keyEnd)
	case KindNode, KindRelationship:
		return binary.BigEndian.AppendUint64(dst, v.n)
	case KindPath:
		p := v.AsPath()
		for i := range p.Nodes {
			dst = binary.BigEndian.AppendUint64(append(dst, keyMore), p.Nodes[i].n)
			if i < len(p.Rels) {
				dst = binary.BigEndian.AppendUint64(append(dst, keyMore), p.Rels[i].n)
			}
		}
		return append(dst, keyEnd)
	case KindPoint:
		p := v.Place()
		dst = binary.BigEndian.AppendUint32(append(dst, keySpot), uint32(p.CRS))
		for _, f := range [...]float64{p.X, p.Y, p.Z} {
			dst = binary.BigEndian.AppendUint64(dst, orderedBits(f))
		}
		return dst
	case KindDate, KindLocalTime:
		return appendOrdered(dst, int64(v.n))
	case KindTime:
		dst = appendOrdered(dst, int64(v.n)-int64(v.aux)*1_000_000_000)
		return appendOrdered(dst, int64(v.aux))
	case KindLocalDateTime, KindDateTime:
		dst = appendOrdered(dst, int64(v.n))
		dst = appendOrdered(dst, int64(v.aux))
		if v.kind == KindDateTime {
			dst = appendOrdered(dst, int64(v.Zone().Offset))
			dst = appendStringKey(dst, v.Zone().Name)
		}
		return dst
	case KindDuration:
		s := v.Span()
		hi, lo := s.average()
		dst = appendOrdered(dst, hi)
		dst = binary.BigEndian.AppendUint64(dst, lo)
		dst = appendOrdered(dst, int64(s.Nanos))
		dst = appendOrdered(dst, s.Months)
		return appendOrdered(dst, s.Days)
	}
	return dst
}

func appendOrdered(dst []byte, i int64) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64(i)^1<<63)
}

func orderedBits(f float64) uint64 {
	b := math.Float64bits(f)
	if b>>63 != 0 {
		return ^b
	}
	return b | 1<<63
}

const lossBias = 1 << 15

func appendFloatKey(dst []byte, f float64) []byte {
	if f != f {
		return dst // the rank says it all
	}
	if f == 0 {
		f = 0 // not -0.0
	}
	dst = binary.BigEndian.AppendUint64(dst, orderedBits(f))
	return binary.BigEndian.AppendUint16(dst, lossBias)
}

func appendIntKey(dst []byte, i int64) []byte {
	f := float64(i)
	var loss int64
	if f == 1<<63 { // one more than any integer
		loss = i + math.MinInt64
	} else {
		loss = i - int64(f)
	}
	dst = binary.BigEndian.AppendUint64(dst, orderedBits(f))
	return binary.BigEndian.AppendUint16(dst, uint16(loss+lossBias))
}

func appendStringKey(dst []byte, s string) []byte {
	for i := range len(s) {
		dst = append(dst, s[i])
		if s[i] == 0 {
			dst = append(dst, 0xff)
		}
	}
	return append(dst, 0, 0)
}
