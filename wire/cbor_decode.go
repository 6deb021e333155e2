package wire

import (
	"encoding/binary"
	"math"
	"unicode/utf8"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// DecodeCBOR reads one value of a request, and fails on anything after it and on a key
// that stands twice in a map. reserve,
// where there is one, is asked for the memory that a long input's values take.
//
// It is stricter than CBOR: lengths are definite, keys are text, byte strings and tags
// other than those of temporal values and points are refused.
func DecodeCBOR(b []byte, reserve func(int64) error) (value.Value, error) {
	return decodeCBOR(cborDecoder{decoder{b: b, reserve: reserve}})
}

// DecodeCBORAnswer reads one value of an answer, which may hold nodes, relationships
// and paths.
func DecodeCBORAnswer(b []byte) (value.Value, error) {
	return decodeCBOR(cborDecoder{decoder{b: b, entities: true}})
}

func decodeCBOR(d cborDecoder) (value.Value, error) {
	v, err := d.all()
	if err == nil {
		err = d.misfit
	}
	if err != nil {
		return value.Null, err
	}
	return v, nil
}

// cborDecoder shares the counting of memory with JSON's.
type cborDecoder struct{ decoder }

func (d *cborDecoder) bad(what string) error {
	return status.Errorf(status.MalformedRequest, "not CBOR as this protocol has it, at byte %d: %s", d.at, what)
}

// all reads the one value that there is.
func (d *cborDecoder) all() (value.Value, error) {
	v, err := d.value(0)
	if err == nil && d.at < len(d.b) {
		err = d.bad("something follows the value")
	}
	return v, err
}

// head reads an item's head: its major type, its low five bits and its number.
func (d *cborDecoder) head() (major, low byte, n uint64, err error) {
	if d.at >= len(d.b) {
		return 0, 0, 0, d.bad("it ends early")
	}
	first := d.b[d.at]
	major, low = first&0xe0, first&0x1f
	if low < 24 {
		d.at++
		return major, low, uint64(low), nil
	}
	if low > 27 {
		if low == 31 {
			return 0, 0, 0, d.bad("a length that is not definite")
		}
		return 0, 0, 0, d.bad("a reserved length")
	}
	size := 1 << (low - 24)
	if len(d.b)-d.at <= size {
		return 0, 0, 0, d.bad("it ends early")
	}
	b := d.b[d.at+1 : d.at+1+size]
	switch size {
	case 1:
		n = uint64(b[0])
	case 2:
		n = uint64(binary.BigEndian.Uint16(b))
	case 4:
		n = uint64(binary.BigEndian.Uint32(b))
	default:
		n = binary.BigEndian.Uint64(b)
	}
	d.at += 1 + size
	return major, low, n, nil
}

func (d *cborDecoder) value(depth int) (value.Value, error) {
	major, low, n, err := d.head()
	if err != nil {
		return value.Null, err
	}
	if depth >= maxDepth && (major == majorArray || major == majorMap) {
		return value.Null, status.Errorf(status.MalformedRequest, "CBOR nested deeper than %d before byte %d", maxDepth, d.at)
	}
	switch major {
	case majorUint, majorNegint:
		if n > math.MaxInt64 {
			return d.unfit(status.Errorf(status.NumberOutOfRange, "the number before byte %d does not fit a 64-bit integer", d.at).
				WithHint("send a float"))
		}
		if major == majorNegint {
			return value.Int(^int64(n)), nil
		}
		return value.Int(int64(n)), nil
	case majorText:
		s, err := d.text(n)
		return value.String(s), err
	case majorArray:
		return d.array(n, depth)
	case majorMap:
		return d.object(n, depth)
	case majorTag:
		return d.tagged(n, depth)
	case majorSimple:
		return d.simple(low, n)
	}
	if err := d.fits(n, 1); err != nil {
		return value.Null, err
	}
	d.at += int(n)
	return d.unfit(d.bad("a byte string, which is no value of KadeQL"))
}

func (d *cborDecoder) simple(low byte, n uint64) (value.Value, error) {
	switch low {
	case cborFalse & 31, cborTrue & 31:
		return value.Bool(low == cborTrue&31), nil
	case cborNull & 31, 23: // undefined is null too
		return value.Null, nil
	case 25:
		return value.Float(half(uint16(n))), nil
	case 26:
		return value.Float(float64(math.Float32frombits(uint32(n)))), nil
	case 27:
		return value.Float(math.Float64frombits(n)), nil
	}
	return d.unfit(d.bad("an unknown simple value"))
}

// half returns a float of 16 bits.
func half(h uint16) float64 {
	exp, frac := int(h>>10&0x1f), float64(h&0x3ff)
	f := math.Ldexp(frac+1024, exp-25)
	switch exp {
	case 0:
		f = math.Ldexp(frac, -24)
	case 31:
		f = math.Inf(1)
		if frac != 0 {
			f = math.NaN()
		}
	}
	if h&0x8000 != 0 {
		return -f
	}
	return f
}

// fits refuses a length that the rest of the input cannot hold, each item taking at
// least least bytes.
func (d *cborDecoder) fits(n, least uint64) error {
	if left := uint64(len(d.b) - d.at); n > left/least {
		return d.bad("a length beyond the end")
	}
	return nil
}

func (d *cborDecoder) text(n uint64) (string, error) {
	if err := d.fits(n, 1); err != nil {
		return "", err
	}
	s := d.b[d.at : d.at+int(n)]
	if !utf8.Valid(s) {
		return "", d.bad("text that is not UTF-8")
	}
	d.at += int(n)
	return string(s), d.charge(len(s))
}

func (d *cborDecoder) array(n uint64, depth int) (value.Value, error) {
	if err := d.fits(n, 1); err != nil {
		return value.Null, err
	}
	var elems []value.Value
	for range n {
		v, err := d.value(depth + 1)
		if err == nil {
			err = d.charge(elemBytes)
		}
		if err != nil {
			return value.Null, err
		}
		elems = append(elems, v)
	}
	return value.List(elems...), nil
}

func (d *cborDecoder) object(n uint64, depth int) (value.Value, error) {
	if err := d.fits(n, 2); err != nil {
		return value.Null, err
	}
	m := &value.Map{}
	var index map[string]int
	for range n {
		major, _, size, err := d.head()
		if err != nil {
			return value.Null, err
		}
		if major != majorText {
			return value.Null, d.bad("a key that is not text")
		}
		key, err := d.text(size)
		if err != nil {
			return value.Null, err
		}
		v, err := d.value(depth + 1)
		if err == nil {
			err = d.charge(keyBytes)
		}
		if err != nil {
			return value.Null, err
		}
		var fresh bool
		if index, fresh = setKey(m, index, key, v); !fresh {
			if depth == 0 {
				return value.Null, d.twice(key)
			}
			d.note(d.twice(key))
		}
	}
	return value.FromMap(m), nil
}

// tagged reads what a tag stands for. A tag is no level of its own, and so there may be
// any number of them in a row, none of which makes sense.
func (d *cborDecoder) tagged(tag uint64, depth int) (value.Value, error) {
	double := false
	for d.at < len(d.b) && d.b[d.at]&0xe0 == majorTag {
		if _, _, _, err := d.head(); err != nil {
			return value.Null, err
		}
		double = true
	}
	v, err := d.value(depth)
	if err != nil {
		return value.Null, err
	}
	var out value.Value
	ok := false
	switch {
	case double: // not ok
	case tag == tagNode || tag == tagRelationship || tag == tagPath:
		if !d.entities {
			return d.unfit(status.Errorf(status.MalformedRequest, "a node, relationship or path cannot be sent, before byte %d", d.at).WithHint(sendID))
		}
		out, ok = taggedEntity(tag, v)
	case tag == tagDate && v.Kind() == value.KindInt:
		out, ok = value.Date(v.AsInt()), within(v.AsInt(), value.MinDays, value.MaxDays)
	case tag == tagLocalTime && v.Kind() == value.KindInt:
		out, ok = value.LocalTime(v.AsInt()), within(v.AsInt(), 0, maxNanosOfDay)
	case tag == tagDateTime:
		out, ok = d.dateTime(v)
	case tag == tagPoint:
		out, ok = taggedPoint(v)
	default:
		out, ok = taggedNumbers(tag, v)
	}
	if !ok {
		return d.unfit(status.Errorf(status.MalformedRequest, "tag %d does not stand before such a value, before byte %d", tag, d.at))
	}
	return out, nil
}

const (
	maxNanosOfDay = 24*60*60*1e9 - 1
	maxNanos      = 999_999_999
	maxOffset     = 18 * 60 * 60
)

func within(n, least, most int64) bool { return least <= n && n <= most }

func taggedNumbers(tag uint64, v value.Value) (value.Value, bool) {
	if v.Kind() != value.KindList || !allOf(v.Elems(), value.KindInt) {
		return value.Null, false
	}
	n := v.Elems()
	at := func(i int) int64 { return n[i].AsInt() }
	switch {
	case tag == tagTime && len(n) == 2:
		return value.Time(at(0), int32(at(1))), within(at(0), 0, maxNanosOfDay) && within(at(1), -maxOffset, maxOffset)
	case tag == tagLocalDateTime && len(n) == 2:
		return value.LocalDateTime(at(0), int32(at(1))), within(at(0), value.MinSeconds, value.MaxSeconds) && within(at(1), 0, maxNanos)
	case tag == tagDuration && len(n) == 4:
		return value.Duration(value.Span{Months: at(0), Days: at(1), Seconds: at(2), Nanos: int32(at(3))}), within(at(3), 0, maxNanos)
	}
	return value.Null, false
}

// taggedPoint takes integers for coordinates too.
func taggedPoint(v value.Value) (value.Value, bool) {
	if v.Kind() != value.KindList || len(v.Elems()) < 3 || len(v.Elems()) > 4 {
		return value.Null, false
	}
	m := &value.Map{Keys: []string{"srid", "x", "y", "z"}[:len(v.Elems())], Vals: v.Elems()}
	p, err := value.PointOf(m)
	return p, err == nil && !p.IsNull()
}

// dateTime reads a date-time. The offset of a named zone is the zone's own.
func (d *cborDecoder) dateTime(v value.Value) (value.Value, bool) {
	if v.Kind() != value.KindList || len(v.Elems()) < 3 || len(v.Elems()) > 4 || !allOf(v.Elems()[:3], value.KindInt) {
		return value.Null, false
	}
	e := v.Elems()
	seconds, nanos, offset := e[0].AsInt(), e[1].AsInt(), e[2].AsInt()
	if !within(nanos, 0, maxNanos) || !within(offset, -maxOffset, maxOffset) || !within(seconds, value.MinSeconds-maxOffset, value.MaxSeconds+maxOffset) {
		return value.Null, false
	}
	zone := &value.Zone{Offset: int32(offset)}
	if len(e) == 4 {
		if e[3].Kind() != value.KindString {
			return value.Null, false
		}
		z, err := value.FindZone(e[3].AsString())
		switch {
		case err == nil:
			zone = &z
		case d.entities: // of a server with a newer list of zones
			zone.Name = e[3].AsString()
		default:
			return value.Null, false
		}
	}
	zone = zone.AtInstant(seconds)
	return value.DateTime(seconds, int32(nanos), zone), within(seconds+int64(zone.Offset), value.MinSeconds, value.MaxSeconds)
}

func taggedEntity(tag uint64, v value.Value) (value.Value, bool) {
	if v.Kind() != value.KindList {
		return value.Null, false
	}
	keys := map[uint64][]string{tagNode: {"id", "labels", "properties"},
		tagRelationship: {"id", "type", "start", "end", "properties"}, tagPath: {"nodes", "relationships"}}[tag]
	if len(keys) != len(v.Elems()) {
		return value.Null, false
	}
	return entity(&value.Map{Keys: keys, Vals: v.Elems()}, false)
}
