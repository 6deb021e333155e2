package function

import (
	"math"
	"strings"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// Add is `a + b`: numbers, strings (a number beside a string is written as text), lists
// (an element beside a list is put at that end), instants and durations. Null with anything is null.
func Add(a, b value.Value) (value.Value, error) {
	ka, kb := a.Kind(), b.Kind()
	switch {
	case ka == value.KindNull || kb == value.KindNull:
		return value.Null, nil
	case ka == value.KindInt && kb == value.KindInt:
		n, ok := value.AddInt(a.AsInt(), b.AsInt())
		if !ok {
			return value.Null, overflow("+")
		}
		return value.Int(n), nil
	case isNumber(a) && isNumber(b):
		return value.Float(toFloat(a) + toFloat(b)), nil
	case ka == value.KindList || kb == value.KindList:
		return concatLists(a, b), nil
	case ka == value.KindString && kb == value.KindString:
		return value.String(a.AsString() + b.AsString()), nil
	case ka == value.KindString && isNumber(b):
		return value.String(a.AsString() + b.String()), nil
	case isNumber(a) && kb == value.KindString:
		return value.String(a.String() + b.AsString()), nil
	case ka == value.KindString && PartsKind.Has(kb), PartsKind.Has(ka) && kb == value.KindString:
		// Dates, times and durations are joined by their texts; truth values and all else are no part of one.
		x, ok := toString(a)
		y, okay := toString(b)
		if !ok || !okay {
			break
		}
		return value.String(x.AsString() + y.AsString()), nil
	case kb == value.KindDuration && InstantKind.Has(ka):
		return addSpan(a, b.Span(), 1)
	case ka == value.KindDuration && InstantKind.Has(kb):
		return addSpan(b, a.Span(), 1)
	case ka == value.KindDuration && kb == value.KindDuration:
		s, ok := a.Span().Add(b.Span())
		if !ok {
			return value.Null, overflow("+")
		}
		return value.Duration(s), nil
	}
	return value.Null, mismatch("+", a, b)
}

func concatLists(a, b value.Value) value.Value {
	elems := func(v value.Value) []value.Value {
		if v.Kind() == value.KindList {
			return v.Elems()
		}
		return []value.Value{v}
	}
	x, y := elems(a), elems(b)
	both := make([]value.Value, 0, len(x)+len(y))
	return value.List(append(append(both, x...), y...)...)
}

// Concat is `a || b`: two strings or two lists.
func Concat(a, b value.Value) (value.Value, error) {
	switch {
	case a.IsNull() || b.IsNull():
		return value.Null, nil
	case a.Kind() == value.KindString && b.Kind() == value.KindString,
		a.Kind() == value.KindList && b.Kind() == value.KindList:
		return Add(a, b)
	}
	return value.Null, mismatch("||", a, b)
}

// Sub is `a - b`: numbers, instants and durations.
func Sub(a, b value.Value) (value.Value, error) {
	ka, kb := a.Kind(), b.Kind()
	switch {
	case ka == value.KindNull || kb == value.KindNull:
		return value.Null, nil
	case ka == value.KindInt && kb == value.KindInt:
		n, ok := value.SubInt(a.AsInt(), b.AsInt())
		if !ok {
			return value.Null, overflow("-")
		}
		return value.Int(n), nil
	case isNumber(a) && isNumber(b):
		return value.Float(toFloat(a) - toFloat(b)), nil
	case kb == value.KindDuration && InstantKind.Has(ka):
		return addSpan(a, b.Span(), -1)
	case ka == value.KindDuration && kb == value.KindDuration:
		neg, ok := b.Span().Negate()
		if ok {
			var s value.Span
			if s, ok = a.Span().Add(neg); ok {
				return value.Duration(s), nil
			}
		}
		return value.Null, overflow("-")
	}
	return value.Null, mismatch("-", a, b)
}

// Mul is `a * b`: numbers, and a duration times a number.
func Mul(a, b value.Value) (value.Value, error) {
	ka, kb := a.Kind(), b.Kind()
	switch {
	case ka == value.KindNull || kb == value.KindNull:
		return value.Null, nil
	case ka == value.KindInt && kb == value.KindInt:
		n, ok := value.MulInt(a.AsInt(), b.AsInt())
		if !ok {
			return value.Null, overflow("*")
		}
		return value.Int(n), nil
	case isNumber(a) && isNumber(b):
		return value.Float(toFloat(a) * toFloat(b)), nil
	case ka == value.KindDuration && isNumber(b):
		return scaleSpan("*", a, toFloat(b), value.Span.Scale)
	case isNumber(a) && kb == value.KindDuration:
		return scaleSpan("*", b, toFloat(a), value.Span.Scale)
	}
	return value.Null, mismatch("*", a, b)
}

func scaleSpan(op string, v value.Value, f float64, scale func(value.Span, float64) (value.Span, bool)) (value.Value, error) {
	s, ok := scale(v.Span(), f)
	if !ok {
		return value.Null, overflow(op)
	}
	return value.Duration(s), nil
}

func divisionByZero() error {
	return status.Errorf(status.DivisionByZero, "an integer is divided by zero")
}

// Div is `a / b`: integers round towards zero; a duration by a number.
func Div(a, b value.Value) (value.Value, error) {
	ka, kb := a.Kind(), b.Kind()
	switch {
	case ka == value.KindNull || kb == value.KindNull:
		return value.Null, nil
	case ka == value.KindInt && kb == value.KindInt:
		switch x, y := a.AsInt(), b.AsInt(); {
		case y == 0:
			return value.Null, divisionByZero()
		case y == -1 && x == math.MinInt64:
			return value.Null, overflow("/")
		default:
			return value.Int(x / y), nil
		}
	case isNumber(a) && isNumber(b):
		return value.Float(toFloat(a) / toFloat(b)), nil
	case ka == value.KindDuration && isNumber(b):
		if toFloat(b) == 0 {
			return value.Null, status.Errorf(status.DivisionByZero, "a duration is divided by zero")
		}
		return scaleSpan("/", a, toFloat(b), value.Span.Divide)
	}
	return value.Null, mismatch("/", a, b)
}

// Mod is `a % b`, with the sign of a.
func Mod(a, b value.Value) (value.Value, error) {
	ka, kb := a.Kind(), b.Kind()
	switch {
	case ka == value.KindNull || kb == value.KindNull:
		return value.Null, nil
	case ka == value.KindInt && kb == value.KindInt:
		switch y := b.AsInt(); y {
		case 0:
			return value.Null, divisionByZero()
		case -1:
			return value.Int(0), nil
		default:
			return value.Int(a.AsInt() % y), nil
		}
	case isNumber(a) && isNumber(b):
		return value.Float(math.Mod(toFloat(a), toFloat(b))), nil
	}
	return value.Null, mismatch("%", a, b)
}

// Pow is `a ^ b`, always a float.
func Pow(a, b value.Value) (value.Value, error) {
	switch {
	case a.IsNull() || b.IsNull():
		return value.Null, nil
	case isNumber(a) && isNumber(b):
		return value.Float(math.Pow(toFloat(a), toFloat(b))), nil
	}
	return value.Null, mismatch("^", a, b)
}

// Neg is `-a`: numbers and durations.
func Neg(a value.Value) (value.Value, error) {
	switch a.Kind() {
	case value.KindNull:
		return value.Null, nil
	case value.KindInt:
		if a.AsInt() == math.MinInt64 {
			return value.Null, overflow("-")
		}
		return value.Int(-a.AsInt()), nil
	case value.KindFloat:
		return value.Float(-a.AsFloat()), nil
	case value.KindDuration:
		if s, ok := a.Span().Negate(); ok {
			return value.Duration(s), nil
		}
		return value.Null, overflow("-")
	}
	return value.Null, status.Errorf(status.RuntimeTypeMismatch, "- cannot be applied to %s", a.Kind())
}

// In is `x IN list`: null when it is not found but could be behind a null.
func In(x, list value.Value) (value.Value, error) {
	switch list.Kind() {
	case value.KindNull:
		return value.Null, nil
	case value.KindList:
	default:
		return value.Null, status.Errorf(status.RuntimeTypeMismatch, "IN wants a LIST, got %s", list.Kind()).
			WithHint("= compares with one value, [x] is a list of one")
	}
	res := value.False
	for _, e := range list.Elems() {
		switch value.Equal(x, e) {
		case value.True:
			return value.Bool(true), nil
		case value.Unknown:
			res = value.Unknown
		}
	}
	return res.Value(), nil
}

func strings2(a, b value.Value) (x, y string, ok bool) {
	if a.Kind() != value.KindString || b.Kind() != value.KindString {
		return "", "", false
	}
	return a.AsString(), b.AsString(), true
}

// StartsWith is `a STARTS WITH b`: null unless both are strings.
func StartsWith(a, b value.Value) value.Value {
	if x, y, ok := strings2(a, b); ok {
		return value.Bool(strings.HasPrefix(x, y))
	}
	return value.Null
}

// EndsWith is `a ENDS WITH b`: null unless both are strings.
func EndsWith(a, b value.Value) value.Value {
	if x, y, ok := strings2(a, b); ok {
		return value.Bool(strings.HasSuffix(x, y))
	}
	return value.Null
}

// Contains is `a CONTAINS b`: null unless both are strings.
func Contains(a, b value.Value) value.Value {
	if x, y, ok := strings2(a, b); ok {
		return value.Bool(strings.Contains(x, y))
	}
	return value.Null
}

// Index is `base[index]`: a list by position (negative from the end; null outside), a
// map, node or relationship by key.
func Index(ctx *Context, base, index value.Value) (value.Value, error) {
	if base.IsNull() || index.IsNull() {
		return value.Null, nil
	}
	switch base.Kind() {
	case value.KindList:
		if index.Kind() != value.KindInt {
			return value.Null, status.Errorf(status.ListElementAccessByNonInteger, "a list is indexed by %s", index.Kind())
		}
		elems, i := base.Elems(), index.AsInt()
		if i < 0 {
			i += int64(len(elems))
		}
		if i < 0 || i >= int64(len(elems)) {
			return value.Null, nil
		}
		return elems[i], nil
	case value.KindMap, value.KindNode, value.KindRelationship:
		if index.Kind() != value.KindString {
			return value.Null, status.Errorf(status.MapElementAccessByNonString, "a %s is indexed by %s", base.Kind(), index.Kind())
		}
		return Property(ctx, base, index.AsString())
	}
	if index.Kind() == value.KindString && PartsKind.Has(base.Kind()) {
		return Component(base, index.AsString())
	}
	return value.Null, status.Errorf(status.RuntimeTypeMismatch, "%s cannot be indexed", base.Kind())
}

// Slice is `list[from..to]`; noFrom and noTo say which ends the text leaves out.
func Slice(list, from, to value.Value, noFrom, noTo bool) (value.Value, error) {
	if list.IsNull() || !noFrom && from.IsNull() || !noTo && to.IsNull() {
		return value.Null, nil
	}
	if list.Kind() != value.KindList {
		return value.Null, status.Errorf(status.RuntimeTypeMismatch, "%s cannot be sliced", list.Kind())
	}
	elems := list.Elems()
	end := func(v value.Value, missing bool, other int) (int, error) {
		if missing {
			return other, nil
		}
		if v.Kind() != value.KindInt {
			return 0, status.Errorf(status.ListElementAccessByNonInteger, "a list is sliced by %s", v.Kind())
		}
		i := v.AsInt()
		if i < 0 {
			i += int64(len(elems))
		}
		return int(min(max(i, 0), int64(len(elems)))), nil
	}
	lo, err := end(from, noFrom, 0)
	if err != nil {
		return value.Null, err
	}
	hi, err := end(to, noTo, len(elems))
	if err != nil {
		return value.Null, err
	}
	if lo >= hi {
		return value.List(), nil
	}
	return value.List(elems[lo:hi:hi]...), nil
}

// Property is `base.key` of a map, node, relationship, temporal value or point.
func Property(ctx *Context, base value.Value, key string) (value.Value, error) {
	switch base.Kind() {
	case value.KindNull:
		return value.Null, nil
	case value.KindMap:
		v, _ := base.AsMap().Get(key)
		return v, nil
	case value.KindNode:
		if n := base.AsNode(); n != nil {
			v, _ := n.Props.Get(key)
			return v, nil
		}
	case value.KindRelationship:
		if r := base.AsRelationship(); r != nil {
			v, _ := r.Props.Get(key)
			return v, nil
		}
	default:
		if PartsKind.Has(base.Kind()) {
			return Component(base, key)
		}
		return value.Null, status.Errorf(status.RuntimeTypeMismatch, "%s has no properties", base.Kind())
	}
	g, err := ctx.graph()
	if err != nil {
		return value.Null, err
	}
	return g.Property(base, key)
}

func isNumber(v value.Value) bool { return v.Kind() == value.KindInt || v.Kind() == value.KindFloat }

// toFloat returns a number as a float.
func toFloat(v value.Value) float64 {
	if v.Kind() == value.KindInt {
		return float64(v.AsInt())
	}
	return v.AsFloat()
}
