package kadedb

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"sort"
	"time"
	"unicode/utf8"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// maxParamDepth bounds the nesting of lists and maps in a parameter.
const maxParamDepth = 100

// into adds p's values to vals.
func (p Params) into(vals map[string]value.Value) error {
	for name, x := range p {
		v, err := toValue(x, 0)
		if err != nil {
			var e *status.Error
			if !errors.As(err, &e) {
				return err
			}
			named := *e
			named.Msg = fmt.Sprintf("parameter $%s: %s", name, e.Msg)
			return &named
		}
		vals[name] = v
	}
	return nil
}

// toValue turns a Go value into a value of KadeQL.
func toValue(x any, depth int) (value.Value, error) {
	if depth > maxParamDepth {
		return value.Null, status.Errorf(status.TooDeep, "nested deeper than %d", maxParamDepth)
	}
	switch x := x.(type) {
	case nil:
		return value.Null, nil
	case value.Value:
		return x, nil
	case bool:
		return value.Bool(x), nil
	case int:
		return value.Int(int64(x)), nil
	case int64:
		return value.Int(x), nil
	case float64:
		return value.Float(x), nil
	case string:
		if !utf8.ValidString(x) {
			return value.Null, status.Errorf(status.InvalidUTF8, "a string that is not UTF-8")
		}
		return value.String(x), nil
	case time.Time:
		return dateTime(x)
	case time.Duration:
		// Nanoseconds are never negative: -1 ns is -1 s + 999,999,999 ns.
		seconds, nanos := int64(x/time.Second), int32(x%time.Second)
		if nanos < 0 {
			seconds, nanos = seconds-1, nanos+1e9
		}
		return value.Duration(value.Span{Seconds: seconds, Nanos: nanos}), nil
	case value.Place:
		return value.NewPoint(x)
	case []byte:
		return value.Null, status.Errorf(status.InvalidParameterUse, "bytes are no value of KadeQL").
			WithHint("give a string, or a list of integers as []int")
	case []any:
		elems := make([]value.Value, len(x))
		for i := range x {
			v, err := toValue(x[i], depth+1)
			if err != nil {
				return value.Null, err
			}
			elems[i] = v
		}
		return value.List(elems...), nil
	}
	return reflected(x, depth)
}

// dateTime keeps a zone's name where KadeQL knows it and agrees about its offset.
func dateTime(x time.Time) (value.Value, error) {
	if y := x.Year(); y < value.MinYear || y > value.MaxYear {
		return value.Null, status.Errorf(status.NumberOutOfRange, "year %d is beyond ±%d", y, value.MaxYear)
	}
	_, offset := x.Zone()
	if offset < -18*3600 || offset > 18*3600 {
		return value.Null, status.Errorf(status.NumberOutOfRange, "an offset of %d s from UTC is more than 18 hours", offset)
	}
	zone := value.Zone{Offset: int32(offset)}.AtInstant(x.Unix())
	if loc := x.Location(); loc != time.Local && loc != time.UTC {
		if named, err := value.FindZone(loc.String()); err == nil && named.Name != "" {
			if z := named.AtInstant(x.Unix()); z.Offset == int32(offset) {
				zone = z
			}
		}
	}
	return value.DateTime(x.Unix(), int32(x.Nanosecond()), zone), nil
}

func reflected(x any, depth int) (value.Value, error) {
	v := reflect.ValueOf(x)
	switch v.Kind() {
	case reflect.Bool:
		return value.Bool(v.Bool()), nil
	case reflect.String:
		return toValue(v.String(), depth)
	case reflect.Pointer:
		if v.IsNil() {
			return value.Null, nil
		}
		return toValue(v.Elem().Interface(), depth+1)
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int, reflect.Int64:
		return value.Int(v.Int()), nil
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint, reflect.Uint64:
		if v.Uint() > math.MaxInt64 {
			return value.Null, status.Errorf(status.NumberOutOfRange, "%d does not fit a signed 64-bit integer", v.Uint())
		}
		return value.Int(int64(v.Uint())), nil
	case reflect.Float32, reflect.Float64:
		return value.Float(v.Float()), nil
	case reflect.Slice, reflect.Array:
		elems := make([]value.Value, v.Len())
		for i := range elems {
			e, err := toValue(v.Index(i).Interface(), depth+1)
			if err != nil {
				return value.Null, err
			}
			elems[i] = e
		}
		return value.List(elems...), nil
	case reflect.Map:
		if v.Type().Key().Kind() != reflect.String {
			break
		}
		m := &value.Map{}
		keys := v.MapKeys()
		sort.Slice(keys, func(i, j int) bool { return keys[i].String() < keys[j].String() })
		for _, k := range keys {
			if !utf8.ValidString(k.String()) {
				return value.Null, status.Errorf(status.InvalidUTF8, "a key that is not UTF-8")
			}
			e, err := toValue(v.MapIndex(k).Interface(), depth+1)
			if err != nil {
				return value.Null, err
			}
			m.Keys, m.Vals = append(m.Keys, k.String()), append(m.Vals, e)
		}
		return value.FromMap(m), nil
	}
	return value.Null, status.Errorf(status.InvalidParameterUse, "a Go %T is no value of KadeQL", x).
		WithHint("give nil, bool, numbers, strings, slices, maps by string, time.Time, time.Duration, value.Place or value.Value")
}
