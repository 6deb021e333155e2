package function

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// maxRange bounds the lists that range() builds.
const maxRange = 100_000_000

func listFunctions() []*Def {
	list := func(result Kinds) []Signature { return []Signature{{Args: []Kinds{ListKind}, Result: result}} }
	element := func(name, doc, ex string, result Kinds, f func([]value.Value) value.Value) *Def {
		return &Def{Name: name, Doc: doc, Example: ex, Signatures: list(result),
			Call: func(_ *Context, args []value.Value) (value.Value, error) {
				if args[0].Kind() != value.KindList {
					return value.Null, badValue(name+"()", args[0], "LIST")
				}
				return f(args[0].Elems()), nil
			}}
	}
	return []*Def{
		{Name: "size", Doc: "The number of elements of a list, or of characters of a string.", Example: "size([1, 2]) = 2",
			Signatures: []Signature{{Args: []Kinds{ListKind | StringKind}, Result: IntKind}}, Call: size,
			Vector: textIntKernel(func(s string) int64 { return int64(utf8.RuneCountInString(s)) })},
		element("head", "The first element of a list.", "head([1, 2]) = 1", AnyKind, func(e []value.Value) value.Value {
			if len(e) == 0 {
				return value.Null
			}
			return e[0]
		}),
		element("last", "The last element of a list.", "last([1, 2]) = 2", AnyKind, func(e []value.Value) value.Value {
			if len(e) == 0 {
				return value.Null
			}
			return e[len(e)-1]
		}),
		element("tail", "The list without its first element.", "tail([1, 2]) = [2]", ListKind, func(e []value.Value) value.Value {
			if len(e) == 0 {
				return value.List()
			}
			return value.List(e[1:]...)
		}),
		{Name: "isEmpty", Doc: "Whether a list, map or string is empty.", Example: "isEmpty([])",
			Signatures: []Signature{{Args: []Kinds{ListKind | MapKind | StringKind}, Result: BoolKind}}, Call: isEmpty},
		{Name: "range", Doc: "The integers from the first to the second, both included, by a step.", Example: "range(0, 10, 5) = [0, 5, 10]",
			Signatures: []Signature{{Args: []Kinds{AnyKind, AnyKind, AnyKind}, Optional: 1, Result: ListKind}}, Call: rangeOf, Makes: rangeMakes},
	}
}

func size(_ *Context, args []value.Value) (value.Value, error) {
	switch a := args[0]; a.Kind() {
	case value.KindList:
		return value.Int(int64(len(a.Elems()))), nil
	case value.KindString:
		return value.Int(int64(utf8.RuneCountInString(a.AsString()))), nil
	}
	return value.Null, badValue("size()", args[0], "LIST or STRING")
}

func isEmpty(_ *Context, args []value.Value) (value.Value, error) {
	switch a := args[0]; a.Kind() {
	case value.KindList:
		return value.Bool(len(a.Elems()) == 0), nil
	case value.KindMap:
		return value.Bool(a.AsMap().Len() == 0), nil
	case value.KindString:
		return value.Bool(a.AsString() == ""), nil
	}
	return value.Null, badValue("isEmpty()", args[0], "LIST, MAP or STRING")
}

// RangeBounds checks the arguments of range() and returns them with the number of elements, so
// that UNWIND range(…) can count instead of building the list.
func RangeBounds(args []value.Value) (first, step, n int64, err error) {
	bounds := [3]int64{0, 0, 1}
	for i, a := range args {
		if a.Kind() != value.KindInt {
			return 0, 0, 0, status.Errorf(status.ArgumentTypeMismatch, "range() does not take %s, want INTEGER", describe(a))
		}
		bounds[i] = a.AsInt()
	}
	first, last, step := bounds[0], bounds[1], bounds[2]
	switch {
	case step == 0:
		return 0, 0, 0, outOfRange("the step of range() is 0")
	case step > 0 && first > last, step < 0 && first < last:
		return first, step, 0, nil
	}
	steps := (uint64(last) - uint64(first)) / uint64(step)
	if step < 0 {
		steps = (uint64(first) - uint64(last)) / -uint64(step)
	}
	if steps >= math.MaxInt64 {
		return 0, 0, 0, outOfRange("range() has too many elements")
	}
	return first, step, int64(steps) + 1, nil
}

func rangeOf(_ *Context, args []value.Value) (value.Value, error) {
	first, step, n, err := RangeBounds(args)
	if err != nil {
		return value.Null, err
	}
	if n > maxRange {
		return value.Null, outOfRange("range() would build a list of %d elements, over %d", n, maxRange).(*status.Error).
			WithHint("UNWIND range(…) AS x needs no list")
	}
	elems := make([]value.Value, n)
	for i := range elems {
		elems[i] = value.Int(first + int64(i)*step)
	}
	return value.List(elems...), nil
}

// elementBytes is about what an element of a list takes.
const elementBytes = 32

func rangeMakes(args []value.Value) int64 {
	if _, _, n, err := RangeBounds(args); err == nil && n <= maxRange {
		return n * elementBytes
	}
	return 0 // Call says what is wrong
}

// loadFunctions are null where no LOAD CSV is in reach.
func loadFunctions() []*Def {
	null := func(*Context, []value.Value) (value.Value, error) { return value.Null, nil }
	return []*Def{
		{Name: "linenumber", OfLoad: true, Doc: "The number of the line on which the row that LOAD CSV reads begins, the header counted; null without LOAD CSV.", Example: "linenumber() IS NULL",
			Signatures: []Signature{{Result: IntKind | NullKind}}, Call: null},
		{Name: "file", OfLoad: true, Doc: "What LOAD CSV reads, as FROM names it; null without LOAD CSV.", Example: "file() IS NULL",
			Signatures: []Signature{{Result: StringKind | NullKind}}, Call: null},
	}
}

func generalFunctions() []*Def {
	return []*Def{
		{Name: "coalesce", Doc: "The first argument that is not null.", Example: "coalesce(null, 1) = 1", SeesNull: true,
			Signatures: []Signature{{Args: []Kinds{AnyKind}, Variadic: true, Result: AnyKind}},
			Call: func(_ *Context, args []value.Value) (value.Value, error) {
				for _, a := range args {
					if !a.IsNull() {
						return a, nil
					}
				}
				return value.Null, nil
			}},
		{Name: "nullIf", Doc: "Null when both arguments are equal, else the first.", Example: "nullIf(1, 1) IS NULL", SeesNull: true,
			Signatures: []Signature{{Args: []Kinds{AnyKind, AnyKind}, Result: AnyKind}},
			Call: func(_ *Context, args []value.Value) (value.Value, error) {
				if value.Equal(args[0], args[1]) == value.True {
					return value.Null, nil
				}
				return args[0], nil
			}},
		{Name: "exists", Doc: "Whether a value, mostly a property, is not null.", Example: "exists({a: 1}.a)", SeesNull: true,
			Signatures: []Signature{{Args: []Kinds{AnyKind}, Result: BoolKind}},
			Call: func(_ *Context, args []value.Value) (value.Value, error) {
				return value.Bool(!args[0].IsNull()), nil
			}},
		{Name: "valueType", Doc: "The most exact type that a value is of, as IS :: takes it.", Example: "valueType([1, 'a']) = 'LIST<STRING NOT NULL | INTEGER NOT NULL> NOT NULL'", SeesNull: true,
			Signatures: []Signature{{Args: []Kinds{AnyKind}, Result: StringKind}},
			Call: func(_ *Context, args []value.Value) (value.Value, error) {
				return value.String(typeName(args[0], 0)), nil
			}},
		{Name: "timestamp", Doc: "Milliseconds since 1970-01-01 by the statement's clock.", Example: "timestamp() = timestamp()", Stability: PerStatement,
			Signatures: []Signature{{Result: IntKind}},
			Call: func(ctx *Context, _ []value.Value) (value.Value, error) {
				if ctx.Statement.IsZero() {
					return value.Int(0), nil
				}
				return value.Int(ctx.Statement.UnixMilli()), nil
			}},
		{Name: "randomUUID", Doc: "A random UUID, version 4.", Example: "size(randomUUID()) = 36", Stability: Volatile,
			Signatures: []Signature{{Result: StringKind}}, Call: randomUUID},
	}
}

// typeOrder is the order of types in a union.
var typeOrder = [...]value.Kind{value.KindBool, value.KindString, value.KindInt, value.KindFloat, value.KindDate, value.KindLocalTime, value.KindTime,
	value.KindLocalDateTime, value.KindDateTime, value.KindDuration, value.KindPoint, value.KindNode, value.KindRelationship, value.KindMap, value.KindList, value.KindPath}

// maxTypeDepth is how deep the types of lists in lists are told apart.
const maxTypeDepth = 20

// typeName names a value's type: NULL, INTEGER NOT NULL, LIST<INTEGER> NOT NULL.
func typeName(v value.Value, depth int) string {
	switch {
	case v.IsNull():
		return "NULL"
	case v.Kind() != value.KindList:
		return v.Kind().String() + " NOT NULL"
	case len(v.Elems()) == 0:
		return "LIST<NOTHING> NOT NULL"
	case depth == maxTypeDepth:
		return "LIST<ANY> NOT NULL"
	}
	kinds := Kinds(0)
	lists := map[string]bool{}
	for _, e := range v.Elems() {
		kinds |= KindsOf(e)
		if e.Kind() == value.KindList {
			lists[strings.TrimSuffix(typeName(e, depth+1), " NOT NULL")] = true
		}
	}
	if kinds == NullKind {
		return "LIST<NULL> NOT NULL"
	}
	notNull := " NOT NULL"
	if kinds&NullKind != 0 {
		notNull = ""
	}
	var names []string
	for _, k := range typeOrder {
		switch {
		case !kinds.Has(k):
		case k == value.KindList:
			for _, l := range slices.Sorted(maps.Keys(lists)) {
				names = append(names, l+notNull)
			}
		default:
			names = append(names, k.String()+notNull)
		}
	}
	return "LIST<" + strings.Join(names, " | ") + "> NOT NULL"
}

func randomUUID(ctx *Context, _ []value.Value) (value.Value, error) {
	var b [16]byte
	if ctx != nil && ctx.Rand != nil {
		binary.LittleEndian.PutUint64(b[:8], ctx.Rand.Uint64())
		binary.LittleEndian.PutUint64(b[8:], ctx.Rand.Uint64())
	} else if _, err := rand.Read(b[:]); err != nil {
		return value.Null, status.Errorf(status.Internal, "randomUUID(): %w", err)
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	text := make([]byte, 36)
	hex.Encode(text, b[:4])
	for i, at := range [...]int{8, 13, 18, 23} {
		text[at] = '-'
		from := 4 + 2*i
		to := from + 2
		if i == 3 {
			to = 16
		}
		hex.Encode(text[at+1:], b[from:to])
	}
	return value.String(string(text)), nil
}
