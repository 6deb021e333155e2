package graph

import (
	"encoding/binary"

	"github.com/kadedb/kadedb/value"
)

// An index key is the values' sort keys (package value) one after the other, then
// the entity's number, big endian. A sort key begins with its type group's rank,
// and two are equal exactly if the values are (1 and 1.0 are).

// appendKey appends the sort key of a property. Null, which is in no index, gives
// ok = false, as do values that cannot be properties.
func appendKey(dst []byte, v value.Value) (_ []byte, ok bool) {
	switch v.Kind() {
	case value.KindNull, value.KindMap, value.KindNode, value.KindRelationship, value.KindPath:
		return dst, false
	}
	return value.AppendSortKey(dst, v), true
}

// appendStringStart appends what the sort keys of all strings that begin with s
// begin with.
func appendStringStart(dst []byte, s string) []byte {
	dst = value.AppendSortKey(dst, value.String(s))
	return dst[:len(dst)-2] // without the two bytes that close a string
}

func appendRef(dst []byte, ref uint32) []byte { return binary.BigEndian.AppendUint32(dst, ref) }

func refOf(key []byte) uint32 { return binary.BigEndian.Uint32(key[len(key)-4:]) }
