package value

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// Ternary is a truth value of three-valued logic. The zero value is False.
type Ternary uint8

const (
	False Ternary = iota
	True
	Unknown
)

// Truth returns the Ternary of a boolean.
func Truth(b bool) Ternary {
	if b {
		return True
	}
	return False
}

// Value returns true, false or null.
func (t Ternary) Value() Value {
	if t == Unknown {
		return Null
	}
	return Bool(t == True)
}

// Not negates t; the unknown stays unknown.
func (t Ternary) Not() Ternary {
	switch t {
	case True:
		return False
	case False:
		return True
	}
	return Unknown
}

// Relation is what Compare finds.
type Relation int8

const (
	Less    Relation = -1
	Same    Relation = 0
	Greater Relation = 1
	// Unordered values (NaN and a number) make <, <=, > and >= all false.
	Unordered Relation = 2
	// Incomparable values (null, other types) make all four null.
	Incomparable Relation = 3
)

func relation(c int) Relation { return Relation(cmp.Compare(c, 0)) }

// Equal is KadeQL's `=`: unknown where a null, however deep, leaves it open; values
// of different types are not equal; integers and floats compare exactly.
func Equal(a, b Value) Ternary {
	if a.kind == KindNull || b.kind == KindNull {
		return Unknown
	}
	if a.kind != b.kind {
		if a.isNumber() && b.isNumber() {
			return Truth(compareNumbers(a, b) == Same)
		}
		return False
	}
	switch a.kind {
	case KindBool, KindInt, KindNode, KindRelationship, KindDate, KindLocalTime:
		return Truth(a.n == b.n)
	case KindFloat:
		return Truth(a.AsFloat() == b.AsFloat())
	case KindString:
		return Truth(a.AsString() == b.AsString())
	case KindList:
		return equalAll(a.Elems(), b.Elems())
	case KindMap:
		return equalMaps(a.AsMap(), b.AsMap())
	case KindPath:
		p, q := a.AsPath(), b.AsPath()
		if t := equalAll(p.Rels, q.Rels); t != True {
			return t
		}
		return equalAll(p.Nodes, q.Nodes)
	case KindPoint:
		return Truth(a.Place() == b.Place())
	}
	return Truth(compareTemporal(a, b) == 0)
}

func equalAll(a, b []Value) Ternary {
	if len(a) != len(b) {
		return False
	}
	res := True
	for i := range a {
		switch Equal(a[i], b[i]) {
		case False:
			return False
		case Unknown:
			res = Unknown
		}
	}
	return res
}

func equalMaps(a, b *Map) Ternary {
	if a.Len() != b.Len() {
		return False
	}
	const few = 8
	if a.Len() > few {
		return equalSorted(a, b)
	}
	res := True
	for i := range a.Len() {
		other, ok := b.Get(a.Keys[i])
		if !ok {
			return False
		}
		switch Equal(a.Vals[i], other) {
		case False:
			return False
		case Unknown:
			res = Unknown
		}
	}
	return res
}

// equalSorted keeps maps of many keys from taking quadratic time.
func equalSorted(a, b *Map) Ternary {
	res := True
	ka, kb := sortedKeys(a), sortedKeys(b)
	for i := range ka {
		if a.Keys[ka[i]] != b.Keys[kb[i]] {
			return False
		}
		switch Equal(a.Vals[ka[i]], b.Vals[kb[i]]) {
		case False:
			return False
		case Unknown:
			res = Unknown
		}
	}
	return res
}

// Compare serves <, <=, > and >=: numbers, strings, booleans, lists (element by
// element) and instants of one type can be compared; all else cannot.
func Compare(a, b Value) Relation {
	if a.isNumber() && b.isNumber() {
		return compareNumbers(a, b)
	}
	if a.kind != b.kind {
		return Incomparable
	}
	switch a.kind {
	case KindString:
		return relation(strings.Compare(a.AsString(), b.AsString()))
	case KindBool:
		return relation(cmp.Compare(a.n, b.n))
	case KindList:
		return compareLists(a.Elems(), b.Elems())
	case KindDate, KindLocalTime, KindTime, KindLocalDateTime, KindDateTime:
		return relation(compareTemporal(a, b))
	}
	return Incomparable
}

func compareLists(a, b []Value) Relation {
	for i := range min(len(a), len(b)) {
		if r := Compare(a[i], b[i]); r != Same {
			return r
		}
	}
	return relation(cmp.Compare(len(a), len(b)))
}

func (v Value) isNumber() bool { return v.kind == KindInt || v.kind == KindFloat }

func compareNumbers(a, b Value) Relation {
	switch {
	case a.kind == KindInt && b.kind == KindInt:
		return relation(cmp.Compare(a.AsInt(), b.AsInt()))
	case a.kind == KindInt:
		if r := CompareFloatInt(b.AsFloat(), a.AsInt()); r != Unordered {
			return -r
		}
		return Unordered
	case b.kind == KindInt:
		return CompareFloatInt(a.AsFloat(), b.AsInt())
	}
	x, y := a.AsFloat(), b.AsFloat()
	switch {
	case x < y:
		return Less
	case x > y:
		return Greater
	case x == y:
		return Same
	}
	return Unordered
}

// CompareFloatInt compares f with i exactly, without rounding i to a float.
func CompareFloatInt(f float64, i int64) Relation {
	switch {
	case f != f:
		return Unordered
	case f >= 1<<63:
		return Greater
	case f < -1<<63:
		return Less
	}
	whole := math.Trunc(f)
	if c := cmp.Compare(int64(whole), i); c != 0 {
		return relation(c)
	}
	return relation(cmp.Compare(f, whole))
}

// Types in the order of Order, from MAP to null. Points come right after paths: their
// rank, like all of them a part of the keys that indexes store, is the same.
var orderRank = [...]uint8{
	KindMap: 2, KindNode: 3, KindRelationship: 4, KindList: 5, KindPath: 6, KindPoint: 6,
	KindDateTime: 7, KindLocalDateTime: 8, KindDate: 9, KindTime: 10, KindLocalTime: 11, KindDuration: 12,
	KindString: 13, KindBool: 14, KindInt: 15, KindFloat: 15, KindNull: 17,
}

const rankNaN = 16

func rank(v Value) uint8 {
	if v.kind == KindFloat && v.AsFloat() != v.AsFloat() {
		return rankNaN
	}
	return orderRank[v.kind]
}

// Order is the total order of ORDER BY, min and max: MAP, NODE, RELATIONSHIP,
// LIST, PATH, POINT, ZONED DATETIME, LOCAL DATETIME, DATE, ZONED TIME, LOCAL TIME, DURATION,
// STRING, BOOLEAN, numbers, NaN, null. Equivalent values, and only they, give 0.
func Order(a, b Value) int {
	ra, rb := rank(a), rank(b)
	if ra != rb {
		return cmp.Compare(ra, rb)
	}
	switch a.kind {
	case KindNull:
		return 0
	case KindPoint:
		if b.kind == KindPath {
			return 1
		}
		return comparePlaces(a.Place(), b.Place())
	case KindInt, KindFloat:
		if ra == rankNaN {
			return 0
		}
		return int(compareNumbers(a, b))
	case KindString:
		return strings.Compare(a.AsString(), b.AsString())
	case KindBool, KindNode, KindRelationship:
		return cmp.Compare(a.n, b.n)
	case KindList:
		return orderAll(a.Elems(), b.Elems())
	case KindMap:
		return orderMaps(a.AsMap(), b.AsMap())
	case KindPath:
		if b.kind == KindPoint {
			return -1
		}
		return orderPaths(a.AsPath(), b.AsPath())
	}
	return compareTemporal(a, b)
}

func orderAll(a, b []Value) int {
	for i := range min(len(a), len(b)) {
		if c := Order(a[i], b[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

func orderMaps(a, b *Map) int {
	ka, kb := sortedKeys(a), sortedKeys(b)
	for i := range min(len(ka), len(kb)) {
		if c := strings.Compare(a.Keys[ka[i]], b.Keys[kb[i]]); c != 0 {
			return c
		}
		if c := Order(a.Vals[ka[i]], b.Vals[kb[i]]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(ka), len(kb))
}

// sortedKeys returns the places of m's keys in the order of the keys.
func sortedKeys(m *Map) []int {
	idx := make([]int, m.Len())
	for i := range idx {
		idx[i] = i
	}
	slices.SortFunc(idx, func(i, j int) int { return strings.Compare(m.Keys[i], m.Keys[j]) })
	return idx
}

func orderPaths(a, b *Path) int {
	for i := range min(len(a.Nodes), len(b.Nodes)) {
		if c := cmp.Compare(a.Nodes[i].n, b.Nodes[i].n); c != 0 {
			return c
		}
		if i < min(len(a.Rels), len(b.Rels)) {
			if c := cmp.Compare(a.Rels[i].n, b.Rels[i].n); c != 0 {
				return c
			}
		}
	}
	return cmp.Compare(len(a.Nodes), len(b.Nodes))
}

// Equivalent is the equality of DISTINCT and grouping: as Equal, but null is
// equivalent to null and NaN to NaN. Equivalent values have the same AppendKey.
func Equivalent(a, b Value) bool {
	if a.kind == b.kind {
		switch a.kind {
		case KindInt:
			return a.n == b.n
		case KindString:
			return a.AsString() == b.AsString()
		}
	}
	return Order(a, b) == 0
}

const (
	avgSecondsPerMonth = 2629746 // 365.2425 days / 12
	secondsPerDay      = 86400
	nanosPerDay        = secondsPerDay * 1_000_000_000
)

// compareTemporal orders two values of one temporal kind. Zoned values compare by
// instant, then by offset, then by zone name; durations by their average length.
func compareTemporal(a, b Value) int {
	switch a.kind {
	case KindTime:
		ia := int64(a.n) - int64(a.aux)*1_000_000_000
		ib := int64(b.n) - int64(b.aux)*1_000_000_000
		if c := cmp.Compare(ia, ib); c != 0 {
			return c
		}
		return cmp.Compare(a.aux, b.aux)
	case KindLocalDateTime, KindDateTime:
		if c := cmp.Compare(int64(a.n), int64(b.n)); c != 0 {
			return c
		}
		if c := cmp.Compare(a.aux, b.aux); c != 0 || a.kind == KindLocalDateTime {
			return c
		}
		za, zb := a.Zone(), b.Zone()
		if c := cmp.Compare(za.Offset, zb.Offset); c != 0 {
			return c
		}
		return strings.Compare(za.Name, zb.Name)
	case KindDuration:
		return compareSpans(a.Span(), b.Span())
	}
	return cmp.Compare(int64(a.n), int64(b.n)) // dates and local times
}

func compareSpans(a, b Span) int {
	ah, al := a.average()
	bh, bl := b.average()
	if c := cmp.Compare(ah, bh); c != 0 {
		return c
	}
	if c := cmp.Compare(al, bl); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Nanos, b.Nanos); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Months, b.Months); c != 0 {
		return c
	}
	return cmp.Compare(a.Days, b.Days)
}
