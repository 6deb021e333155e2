package graph

import (
	"encoding/binary"
	"math"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// maxValueDepth bounds lists within lists of a stored property.
const maxValueDepth = 64

// appendValue appends the form in which a property stands in the log and in overlay pages.
func appendValue(dst []byte, v value.Value) []byte { return value.Append(dst, v) }

func appendString(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

var errShort = status.Errorf(status.Corruption, "a record ends too early or is malformed")

// reader takes fields from the front of b; after the first that does not fit,
// err is set and every field is zero.
type reader struct {
	b   []byte
	err error
}

func (r *reader) fail() { r.b, r.err = nil, errShort }

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
	v, rest, err := value.Decode(r.b)
	r.b, r.err = rest, err
	return v
}

// Storable reports whether v may be a property: a boolean, number, string,
// temporal value, duration or point, or a list of such without nulls.
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

// valueLimit is how large a property may be: one that a query can still read.
func (s *Store) valueLimit() int {
	if limit := s.opts.Memory.Limit(); limit > 0 {
		return int(min(max(limit/4, leastLargest), math.MaxUint32))
	}
	return math.MaxUint32
}

// leastLargest is the size of a property that every store takes.
const leastLargest = 1 << 20

// fits refuses a value of more than most bytes.
func fits(v value.Value, most int) error {
	switch v.Kind() {
	case value.KindString, value.KindList:
	default:
		return nil
	}
	if n := value.Size(v); n > most {
		return status.Errorf(status.ValueTooLarge, "a property of %d bytes is larger than the %d that the memory of this store takes", n, most).
			WithHint("Give the store more memory (--memory): a value may take a quarter of it. Or store the value in pieces.")
	}
	return nil
}
