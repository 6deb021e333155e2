package value

import (
	"encoding/binary"
	"math"
	"unicode/utf8"

	"github.com/kadedb/kadedb/status"
)

// The binary form of a value, used by the log, blocks and spill files. The first
// byte is the kind; its high bit is true for booleans and "filled in" for
// nodes and relationships. uv = unsigned varint, sv = zigzag varint.
//
//	integer   sv                       list      uv count, values
//	float     8 bytes, little-endian   map       uv count, (uv length, key, value)…
//	string    uv length, bytes         path      uv relationships, node, (rel, node)…
//	node      uv number                filled    uv id, uv labels, (uv length, label)…, map
//	rel       uv number                filled    uv id, uv start, uv end, uv length, type, map
//	date      sv days                  time      sv nanoseconds, sv offset
//	datetime  sv seconds, uv nanoseconds, sv offset, uv length, zone name
//	duration  sv months, sv days, sv seconds, uv nanoseconds
//	point     uv system, its two or three coordinates: 8 bytes each, little-endian
const flagSet = 0x80

// MaxDepth is how deep lists and maps may nest in what Decode accepts.
const MaxDepth = 1000

// Append appends the binary form of v.
func Append(dst []byte, v Value) []byte {
	kind := byte(v.kind)
	switch v.kind {
	case KindNull:
		return append(dst, kind)
	case KindBool:
		if v.AsBool() {
			kind |= flagSet
		}
		return append(dst, kind)
	case KindNode:
		return appendNode(dst, v)
	case KindRelationship:
		return appendRelationship(dst, v)
	}
	dst = append(dst, kind)
	switch v.kind {
	case KindInt, KindDate, KindLocalTime:
		return binary.AppendVarint(dst, int64(v.n))
	case KindFloat:
		return binary.LittleEndian.AppendUint64(dst, v.n)
	case KindString:
		return appendString(dst, v.AsString())
	case KindList:
		dst = binary.AppendUvarint(dst, v.n)
		for _, e := range v.Elems() {
			dst = Append(dst, e)
		}
		return dst
	case KindMap:
		return appendMap(dst, v.AsMap())
	case KindPath:
		p := v.AsPath()
		dst = binary.AppendUvarint(dst, uint64(len(p.Rels)))
		for i, n := range p.Nodes {
			dst = Append(dst, n)
			if i < len(p.Rels) {
				dst = Append(dst, p.Rels[i])
			}
		}
		return dst
	case KindPoint:
		place := v.Place()
		dst = binary.AppendUvarint(dst, uint64(place.CRS))
		for _, f := range []float64{place.X, place.Y, place.Z}[:place.CRS.Dims()] {
			dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(f))
		}
		return dst
	}
	return appendTemporal(dst, v)
}

func appendTemporal(dst []byte, v Value) []byte {
	switch v.kind {
	case KindTime:
		dst = binary.AppendVarint(dst, int64(v.n))
		return binary.AppendVarint(dst, int64(v.aux))
	case KindLocalDateTime, KindDateTime:
		dst = binary.AppendVarint(dst, int64(v.n))
		dst = binary.AppendUvarint(dst, uint64(v.aux))
		if v.kind == KindDateTime {
			dst = binary.AppendVarint(dst, int64(v.Zone().Offset))
			dst = appendString(dst, v.Zone().Name)
		}
		return dst
	}
	s := v.Span()
	dst = binary.AppendVarint(dst, s.Months)
	dst = binary.AppendVarint(dst, s.Days)
	dst = binary.AppendVarint(dst, s.Seconds)
	return binary.AppendUvarint(dst, uint64(s.Nanos))
}

func appendString(dst []byte, s string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(s)))
	return append(dst, s...)
}

func appendMap(dst []byte, m *Map) []byte {
	dst = binary.AppendUvarint(dst, uint64(m.Len()))
	for i := range m.Len() {
		dst = appendString(dst, m.Keys[i])
		dst = Append(dst, m.Vals[i])
	}
	return dst
}

func appendNode(dst []byte, v Value) []byte {
	n := v.AsNode()
	if n == nil {
		return binary.AppendUvarint(append(dst, byte(KindNode)), v.n)
	}
	dst = binary.AppendUvarint(append(dst, byte(KindNode)|flagSet), n.ID)
	dst = binary.AppendUvarint(dst, uint64(len(n.Labels)))
	for _, l := range n.Labels {
		dst = appendString(dst, l)
	}
	return appendMap(dst, n.Props)
}

func appendRelationship(dst []byte, v Value) []byte {
	r := v.AsRelationship()
	if r == nil {
		return binary.AppendUvarint(append(dst, byte(KindRelationship)), v.n)
	}
	dst = binary.AppendUvarint(append(dst, byte(KindRelationship)|flagSet), r.ID)
	dst = binary.AppendUvarint(dst, r.Start)
	dst = binary.AppendUvarint(dst, r.End)
	return appendMap(appendString(dst, r.Type), r.Props)
}

// Decode reads one value from the start of src and returns the rest. Nothing of the
// value points into src. Bytes that Append cannot have written give a Corruption error.
func Decode(src []byte) (v Value, rest []byte, err error) {
	d := decoder{src: src}
	v = d.value(MaxDepth)
	if d.bad != "" {
		return Null, src, status.Errorf(status.Corruption, "encoded value: %s", d.bad)
	}
	return v, d.src, nil
}

type decoder struct {
	src []byte
	bad string // the first thing wrong; all reads after it give zeros
}

func (d *decoder) fail(what string) {
	if d.bad == "" {
		d.bad = what
	}
	d.src = nil
}

func (d *decoder) uvarint() uint64 {
	u, n := binary.Uvarint(d.src)
	if n <= 0 {
		d.fail("bad number")
		return 0
	}
	d.src = d.src[n:]
	return u
}

func (d *decoder) varint() int64 {
	u := d.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

// count reads a number of things of at least one byte each.
func (d *decoder) count() int {
	n := d.uvarint()
	if n > uint64(len(d.src)) {
		d.fail("count beyond the end")
		return 0
	}
	return int(n)
}

func (d *decoder) string() string {
	n := d.count()
	b := d.src[:n]
	d.src = d.src[n:]
	if !utf8.Valid(b) {
		d.fail("string is not UTF-8")
		return ""
	}
	return string(b)
}

func (d *decoder) between(i, lo, hi int64, what string) int64 {
	if i < lo || i > hi {
		d.fail(what + " out of range")
		return lo
	}
	return i
}

func (d *decoder) value(depth int) Value {
	if depth == 0 {
		d.fail("nested too deep")
	}
	if len(d.src) == 0 {
		d.fail("cut short")
		return Null
	}
	tag := d.src[0]
	d.src = d.src[1:]
	set := tag&flagSet != 0
	kind := Kind(tag &^ flagSet)
	if set && kind != KindBool && kind != KindNode && kind != KindRelationship {
		d.fail("bad kind")
	}
	switch kind {
	case KindNull:
		return Null
	case KindBool:
		return Bool(set)
	case KindInt:
		return Int(d.varint())
	case KindFloat:
		return Float(d.float())
	case KindString:
		return String(d.string())
	case KindList:
		return d.list(depth)
	case KindMap:
		return FromMap(d.mapping(depth))
	case KindNode:
		return d.node(set, depth)
	case KindRelationship:
		return d.relationship(set, depth)
	case KindPath:
		return d.path(depth)
	case KindPoint:
		return d.point()
	}
	return d.temporal(kind)
}

func (d *decoder) float() float64 {
	if len(d.src) < 8 {
		d.fail("cut short")
		return 0
	}
	bits := binary.LittleEndian.Uint64(d.src)
	d.src = d.src[8:]
	return math.Float64frombits(bits)
}

func (d *decoder) point() Value {
	p := Place{CRS: CRS(d.between(int64(d.uvarint()), 0, math.MaxInt32, "coordinate reference system"))}
	p.X, p.Y = d.float(), d.float()
	if p.CRS.Dims() == 3 {
		p.Z = d.float()
	}
	v, err := NewPoint(p)
	if err != nil || v.Place() != p {
		d.fail("bad point")
		return Null
	}
	return v
}

func (d *decoder) list(depth int) Value {
	n := d.count()
	elems := make([]Value, 0, min(n, 64))
	for range n {
		elems = append(elems, d.value(depth-1))
		if d.bad != "" {
			return Null
		}
	}
	return List(elems...)
}

func (d *decoder) mapping(depth int) *Map {
	m := &Map{}
	for range d.count() {
		m.Keys = append(m.Keys, d.string())
		m.Vals = append(m.Vals, d.value(depth-1))
		if d.bad != "" {
			break
		}
	}
	return m
}

func (d *decoder) number() uint32 {
	u := d.uvarint()
	if u > math.MaxUint32 {
		d.fail("entity number out of range")
	}
	return uint32(u)
}

func (d *decoder) node(filled bool, depth int) Value {
	if !filled {
		return NodeRef(d.number())
	}
	n := &Node{ID: d.uvarint()}
	for range d.count() {
		n.Labels = append(n.Labels, d.string())
	}
	n.Props = d.mapping(depth)
	return FromNode(n)
}

func (d *decoder) relationship(filled bool, depth int) Value {
	if !filled {
		return RelRef(d.number())
	}
	r := &Relationship{ID: d.uvarint(), Start: d.uvarint(), End: d.uvarint()}
	r.Type = d.string()
	r.Props = d.mapping(depth)
	return FromRelationship(r)
}

func (d *decoder) path(depth int) Value {
	n := d.count()
	p := &Path{Nodes: []Value{d.value(depth - 1)}}
	for range n {
		p.Rels = append(p.Rels, d.value(depth-1))
		p.Nodes = append(p.Nodes, d.value(depth-1))
		if d.bad != "" {
			return Null
		}
	}
	for i, v := range p.Nodes {
		if v.kind != KindNode || i < n && p.Rels[i].kind != KindRelationship {
			d.fail("path of other things than nodes and relationships")
			return Null
		}
	}
	return FromPath(p)
}

func (d *decoder) temporal(kind Kind) Value {
	switch kind {
	case KindDate:
		return Date(d.between(d.varint(), MinDays, MaxDays, "date"))
	case KindLocalTime:
		return LocalTime(d.between(d.varint(), 0, nanosPerDay-1, "time"))
	case KindTime:
		nanos := d.between(d.varint(), 0, nanosPerDay-1, "time")
		return Time(nanos, d.offset())
	case KindLocalDateTime, KindDateTime:
		seconds := d.between(d.varint(), MinSeconds-maxOffset, MaxSeconds+maxOffset, "date-time")
		nanos := d.nanos()
		if kind == KindLocalDateTime {
			return LocalDateTime(seconds, nanos)
		}
		offset := d.offset()
		name := d.string()
		zone, ok := intern(name, offset)
		if !ok {
			zone = &Zone{Name: name, Offset: offset} // of a newer list of zones
		}
		return DateTime(seconds, nanos, zone)
	case KindDuration:
		return Duration(Span{Months: d.varint(), Days: d.varint(), Seconds: d.varint(), Nanos: d.nanos()})
	}
	d.fail("bad kind")
	return Null
}

func (d *decoder) nanos() int32 {
	u := d.uvarint()
	if u > 999_999_999 {
		d.fail("nanoseconds out of range")
		return 0
	}
	return int32(u)
}

func (d *decoder) offset() int32 {
	return int32(d.between(d.varint(), -maxOffset, maxOffset, "offset"))
}
