// Package value holds one value of KadeQL, boxed: what a parameter, a constant,
// an answer's cell or an element of a list is. Columns of values of one type
// travel unboxed in package column; boxing happens at the edges of the engine.
//
//	v := value.List(value.Int(1), value.String("a"), value.Null)
//	v.Kind()        // KindList
//	v.Elems()[0]    // 1
//
// A Value is 32 bytes, is copied freely and is immutable: whoever builds one from
// a slice or a Map hands that memory over for good.
//
// It is not for arithmetic over many rows, and knows nothing of a graph: a node
// or relationship is a number until the engine fills it in for an answer.
package value

import (
	"math"
	"unsafe"
)

// Kind is the dynamic type of a Value. The numbers are part of the stored
// format of mixed columns: append, never renumber.
type Kind uint8

const (
	KindNull Kind = iota
	KindBool
	KindInt
	KindFloat
	KindString
	KindList
	KindMap
	KindNode
	KindRelationship
	KindPath
	KindDate
	KindLocalTime
	KindTime
	KindLocalDateTime
	KindDateTime
	KindDuration
	KindPoint

	// LastKind is the kind with the highest number.
	LastKind = KindPoint
)

var kindNames = [...]string{"NULL", "BOOLEAN", "INTEGER", "FLOAT", "STRING", "LIST", "MAP", "NODE", "RELATIONSHIP", "PATH",
	"DATE", "LOCAL TIME", "ZONED TIME", "LOCAL DATETIME", "ZONED DATETIME", "DURATION", "POINT"}

// String returns the type's name as KadeQL writes it.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "?"
}

// Value is one value. The zero Value is null.
type Value struct {
	p    unsafe.Pointer // what n does not hold: bytes, elements, *Map, *Node …
	n    uint64         // scalar bits, or a length
	aux  int32          // nanoseconds, offset, or nesting depth and weight
	kind Kind
}

// Null is the null value.
var Null = Value{}

// Kind returns v's dynamic type.
func (v Value) Kind() Kind { return v.kind }

// IsNull reports whether v is null.
func (v Value) IsNull() bool { return v.kind == KindNull }

// Bool returns a boolean.
func Bool(b bool) Value {
	if b {
		return Value{kind: KindBool, n: 1}
	}
	return Value{kind: KindBool}
}

// Int returns an integer.
func Int(i int64) Value { return Value{kind: KindInt, n: uint64(i)} }

// Float returns a float.
func Float(f float64) Value { return Value{kind: KindFloat, n: math.Float64bits(f)} }

// String returns a string; s must be valid UTF-8.
func String(s string) Value {
	return Value{kind: KindString, n: uint64(len(s)), p: unsafe.Pointer(unsafe.StringData(s))}
}

// List returns a list that owns elems.
func List(elems ...Value) Value {
	return Value{kind: KindList, n: uint64(len(elems)), p: unsafe.Pointer(unsafe.SliceData(elems)), aux: shapeOf(elems)}
}

// Depth returns how deep lists and maps nest in v: 0 for a scalar, 1 for a flat list.
// Whoever builds values in a loop keeps it at or below MaxDepth, because walking
// a value recurses.
func (v Value) Depth() int {
	if v.kind == KindList || v.kind == KindMap {
		return int(v.aux >> weightBits)
	}
	return 0
}

// Map is a map value's content: keys in the order of their first mention, each
// once. Small, so that lookups scan.
type Map struct {
	Keys []string
	Vals []Value
}

// Get returns the value of key, and whether it is there.
func (m *Map) Get(key string) (Value, bool) {
	if m == nil {
		return Null, false
	}
	for i, k := range m.Keys {
		if k == key {
			return m.Vals[i], true
		}
	}
	return Null, false
}

// Set adds key or replaces its value. Only for a Map still being built.
func (m *Map) Set(key string, v Value) {
	for i, k := range m.Keys {
		if k == key {
			m.Vals[i] = v
			return
		}
	}
	m.Keys = append(m.Keys, key)
	m.Vals = append(m.Vals, v)
}

// Len returns the number of keys; a nil Map has none.
func (m *Map) Len() int {
	if m == nil {
		return 0
	}
	return len(m.Keys)
}

// FromMap returns a map value that owns m.
func FromMap(m *Map) Value {
	v := Value{kind: KindMap, p: unsafe.Pointer(m), aux: shapeOf(nil)}
	if m != nil {
		v.aux = shapeOf(m.Vals)
	}
	return v
}

// Node is a node filled in for an answer.
type Node struct {
	ID     uint64 // as on the wire: generation · 2³² + number
	Labels []string
	Props  *Map
}

// Relationship is a relationship filled in for an answer.
type Relationship struct {
	ID         uint64
	Type       string
	Start, End uint64
	Props      *Map
}

// Path is an alternating walk: len(Nodes) == len(Rels)+1, of node and
// relationship values (references inside the engine, filled in for an answer).
type Path struct {
	Nodes []Value
	Rels  []Value
}

// NodeRef returns a node by its number inside the engine, not filled in.
func NodeRef(number uint32) Value { return Value{kind: KindNode, n: uint64(number)} }

// RelRef returns a relationship by its number inside the engine, not filled in.
func RelRef(number uint32) Value { return Value{kind: KindRelationship, n: uint64(number)} }

// FromNode returns a filled-in node; Ref gives the number part of its id.
func FromNode(n *Node) Value {
	return Value{kind: KindNode, n: n.ID & math.MaxUint32, p: unsafe.Pointer(n)}
}

// FromRelationship returns a filled-in relationship.
func FromRelationship(r *Relationship) Value {
	return Value{kind: KindRelationship, n: r.ID & math.MaxUint32, p: unsafe.Pointer(r)}
}

// FromPath returns a path that owns p.
func FromPath(p *Path) Value { return Value{kind: KindPath, p: unsafe.Pointer(p)} }

// AsBool returns the boolean that v is. Like every As method it must be called
// on its own kind only.
func (v Value) AsBool() bool { return v.n != 0 }

// AsInt returns the integer that v is.
func (v Value) AsInt() int64 { return int64(v.n) }

// AsFloat returns the float that v is.
func (v Value) AsFloat() float64 { return math.Float64frombits(v.n) }

// AsString returns the string that v is.
func (v Value) AsString() string { return unsafe.String((*byte)(v.p), int(v.n)) }

// Elems returns the elements of the list that v is; the caller must not write to them.
func (v Value) Elems() []Value { return unsafe.Slice((*Value)(v.p), int(v.n)) }

// AsMap returns the content of the map that v is; it may be nil and must not be written to.
func (v Value) AsMap() *Map { return (*Map)(v.p) }

// Ref returns the number inside the engine of the node or relationship that v is.
func (v Value) Ref() uint32 { return uint32(v.n) }

// IsVirtual reports whether v is a node or relationship that a procedure made up: its id is negative, and
// no store has it.
func (v Value) IsVirtual() bool {
	if v.p == nil {
		return false
	}
	switch v.kind {
	case KindNode:
		return int64((*Node)(v.p).ID) < 0
	case KindRelationship:
		return int64((*Relationship)(v.p).ID) < 0
	}
	return false
}

// AsNode returns the filled-in node that v is, or nil for a reference.
func (v Value) AsNode() *Node { return (*Node)(v.p) }

// AsRelationship returns the filled-in relationship that v is, or nil for a reference.
func (v Value) AsRelationship() *Relationship { return (*Relationship)(v.p) }

// AsPath returns the path that v is.
func (v Value) AsPath() *Path { return (*Path)(v.p) }

// Zone is where a zoned date-time is: a named zone of the tz database with the
// offset in force, or an offset alone (Name "").
type Zone struct {
	Name   string
	Offset int32 // seconds east of UTC
}

// Span is a duration's four independent parts.
type Span struct {
	Months, Days, Seconds int64
	Nanos                 int32 // 0 … 999,999,999, added to Seconds
}

// Date returns a date by its days since 1970-01-01, proleptic Gregorian.
func Date(days int64) Value { return Value{kind: KindDate, n: uint64(days)} }

// LocalTime returns a time of day in nanoseconds since midnight.
func LocalTime(nanos int64) Value { return Value{kind: KindLocalTime, n: uint64(nanos)} }

// Time returns a local time of day with its offset in seconds east of UTC.
func Time(nanos int64, offset int32) Value {
	return Value{kind: KindTime, n: uint64(nanos), aux: offset}
}

// LocalDateTime returns seconds since 1970-01-01T00:00 on a local clock, and nanoseconds.
func LocalDateTime(seconds int64, nanos int32) Value {
	return Value{kind: KindLocalDateTime, n: uint64(seconds), aux: nanos}
}

// DateTime returns an instant (seconds since the Unix epoch, and nanoseconds) seen in zone.
func DateTime(seconds int64, nanos int32, zone *Zone) Value {
	return Value{kind: KindDateTime, n: uint64(seconds), aux: nanos, p: unsafe.Pointer(zone)}
}

// Duration returns a duration.
func Duration(d Span) Value { return Value{kind: KindDuration, p: unsafe.Pointer(&d)} }

func pointValue(p *Place) Value { return Value{kind: KindPoint, p: unsafe.Pointer(p)} }

// Days returns the days of the date that v is.
func (v Value) Days() int64 { return int64(v.n) }

// TimeOfDay returns nanoseconds since midnight and the offset (0 for a local
// time) of the time that v is.
func (v Value) TimeOfDay() (nanos int64, offset int32) { return int64(v.n), v.aux }

// Seconds returns seconds and nanoseconds of the local or zoned date-time that v is.
func (v Value) Seconds() (seconds int64, nanos int32) { return int64(v.n), v.aux }

// Zone returns the zone of the zoned date-time that v is.
func (v Value) Zone() *Zone { return (*Zone)(v.p) }

// Span returns the duration that v is.
func (v Value) Span() Span { return *(*Span)(v.p) }

// Place returns system and coordinates of the point that v is.
func (v Value) Place() Place { return *(*Place)(v.p) }
