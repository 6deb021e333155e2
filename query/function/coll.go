package function

import (
	"slices"

	"github.com/kadedb/kadedb/value"
)

// collFunctions are those of lists that other engines have below coll.
func collFunctions() []*Def {
	defs := []*Def{
		collFunction("coll.distinct", "The list with each value once, where it is first.", "coll.distinct([1, 2, 1.0]) = [1, 2]", nil, ListKind, collDistinct),
		collFunction("coll.flatten", "The list with the lists in it replaced by their elements, to a depth (default 1).", "coll.flatten([1, [2, [3]]]) = [1, 2, [3]]", []Kinds{IntKind}, ListKind, collFlatten),
		collFunction("coll.indexOf", "The first place of a value in a list, counted from 0; -1 where it is not there.", "coll.indexOf(['a', 'b'], 'b') = 1", []Kinds{AnyKind}, IntKind, collIndexOf),
		collFunction("coll.insert", "The list with a value put in at a place.", "coll.insert([1, 3], 1, 2) = [1, 2, 3]", []Kinds{IntKind, AnyKind}, ListKind, collInsert),
		collFunction("coll.max", "The last of the values that are not null, in the order of ORDER BY; null of none.", "coll.max([1, null, 3, 2]) = 3", nil, AnyKind, collExtreme(1)),
		collFunction("coll.min", "The first of the values that are not null, in the order of ORDER BY; null of none.", "coll.min([2, null, 1, 3]) = 1", nil, AnyKind, collExtreme(-1)),
		collFunction("coll.remove", "The list without the value at a place.", "coll.remove([1, 2, 3], 1) = [1, 3]", []Kinds{IntKind}, ListKind, collRemove),
		collFunction("coll.sort", "The list in the order of ORDER BY.", "coll.sort([3, 1, 'a', 2]) = ['a', 1, 2, 3]", nil, ListKind, collSort),
	}
	for _, d := range defs {
		switch d.Name {
		case "coll.flatten":
			d.Signatures[0].Optional, d.Makes = 1, flattenMakes
		case "coll.insert":
			d.SeesNull = true // the value may be null
		}
	}
	return defs
}

type collKernel func(elems []value.Value, more []value.Value) (value.Value, error)

func collFunction(name, doc, example string, more []Kinds, result Kinds, f collKernel) *Def {
	return &Def{Name: name, Doc: doc, Example: example, Signatures: []Signature{{Args: append([]Kinds{ListKind}, more...), Result: result | NullKind}},
		Call: func(_ *Context, args []value.Value) (value.Value, error) {
			switch {
			case args[0].IsNull():
				return value.Null, nil
			case args[0].Kind() != value.KindList:
				return value.Null, badValue(name+"()", args[0], "LIST")
			case len(args) == 1 || more[0] != IntKind:
			case args[1].IsNull():
				return value.Null, nil
			case args[1].Kind() != value.KindInt:
				return value.Null, badValue(name+"()", args[1], "INTEGER")
			}
			return f(args[0].Elems(), args[1:])
		}}
}

func collDistinct(elems, _ []value.Value) (value.Value, error) {
	seen := make(map[string]bool, min(len(elems), 64))
	var out []value.Value
	var key []byte
	for _, e := range elems {
		key = value.AppendKey(key[:0], e)
		if !seen[string(key)] {
			seen[string(key)] = true
			out = append(out, e)
		}
	}
	return value.List(out...), nil
}

// flattenDepth reads the depth that coll.flatten goes to.
func flattenDepth(more []value.Value) int64 {
	if len(more) == 0 || more[0].Kind() != value.KindInt {
		return 1
	}
	return more[0].AsInt()
}

func flattenMakes(args []value.Value) int64 {
	if args[0].Kind() != value.KindList {
		return 0
	}
	return int64(flatLen(args[0].Elems(), flattenDepth(args[1:]))) * elementBytes
}

func flatLen(elems []value.Value, depth int64) int {
	n := 0
	for _, e := range elems {
		if e.Kind() == value.KindList && depth > 0 {
			n += flatLen(e.Elems(), depth-1)
		} else {
			n++
		}
	}
	return n
}

func collFlatten(elems, more []value.Value) (value.Value, error) {
	depth := flattenDepth(more)
	if depth < 0 {
		return value.Null, outOfRange("coll.flatten() does not take the negative depth %d", depth)
	}
	return value.List(appendFlat(nil, elems, depth)...), nil
}

func appendFlat(dst, elems []value.Value, depth int64) []value.Value {
	for _, e := range elems {
		if e.Kind() == value.KindList && depth > 0 {
			dst = appendFlat(dst, e.Elems(), depth-1)
		} else {
			dst = append(dst, e)
		}
	}
	return dst
}

func collIndexOf(elems, more []value.Value) (value.Value, error) {
	for i, e := range elems {
		if value.Equal(e, more[0]) == value.True {
			return value.Int(int64(i)), nil
		}
	}
	return value.Int(-1), nil
}

func collInsert(elems, more []value.Value) (value.Value, error) {
	at := more[0].AsInt()
	if at < 0 || at > int64(len(elems)) {
		return value.Null, outOfRange("coll.insert(): %d is no place in a list of %d", at, len(elems))
	}
	return value.List(slices.Insert(slices.Clone(elems), int(at), more[1])...), nil
}

func collRemove(elems, more []value.Value) (value.Value, error) {
	at := more[0].AsInt()
	if at < 0 || at >= int64(len(elems)) {
		return value.Null, outOfRange("coll.remove(): %d is no place in a list of %d", at, len(elems))
	}
	return value.List(slices.Delete(slices.Clone(elems), int(at), int(at)+1)...), nil
}

func collExtreme(sign int) collKernel {
	return func(elems, _ []value.Value) (value.Value, error) {
		best := value.Null
		for _, e := range elems {
			if !e.IsNull() && (best.IsNull() || value.Order(e, best)*sign > 0) {
				best = e
			}
		}
		return best, nil
	}
}

func collSort(elems, _ []value.Value) (value.Value, error) {
	out := slices.Clone(elems)
	slices.SortStableFunc(out, value.Order)
	return value.List(out...), nil
}
