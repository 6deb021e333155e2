package wire

import (
	"math"
	"strconv"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// Media types of typed JSON: one value, and a value a line.
const (
	TypedJSON  = "application/vnd.kadedb.typed+json"
	TypedLines = "application/vnd.kadedb.typed+ndjson"
)

// Keys of an object that stands for a value of another type. A map that has one of
// them itself, where it would be taken for such an object, is written as
// {"$type": "map", "value": {…}}.
const (
	typeKey  = "$type"
	valueKey = "value"
	floatKey = "$float"
)

// typeNames are the values of "$type".
var typeNames = [...]string{
	value.KindBool: "boolean", value.KindInt: "integer", value.KindFloat: "float", value.KindString: "string", value.KindMap: "map",
	value.KindDate: "date", value.KindLocalTime: "localtime", value.KindTime: "time", value.KindLocalDateTime: "localdatetime",
	value.KindDateTime: "datetime", value.KindDuration: "duration", value.KindPoint: "point",
	value.KindNode: "node", value.KindRelationship: "relationship", value.KindPath: "path",
}

func openTyped(dst []byte, k value.Kind) []byte {
	return append(append(append(dst, `{"$type":"`...), typeNames[k]...), `","value":`...)
}

// ambiguous reports whether a map would be read as something else.
func ambiguous(m *value.Map) bool {
	for i := range m.Len() {
		if m.Keys[i] == typeKey || m.Keys[i] == floatKey && m.Len() == 1 {
			return true
		}
	}
	return false
}

// DecodeTyped reads one value of typed JSON, as DecodeRequest and the values of a
// message have them. reserve, where there is one, is asked for the memory that a long
// input's values take.
func DecodeTyped(b []byte, reserve func(int64) error) (value.Value, error) {
	return decode(decoder{b: b, typed: true, reserve: reserve})
}

// DecodeTypedAnswer reads one value of an answer in typed JSON, which may hold nodes,
// relationships and paths.
func DecodeTypedAnswer(b []byte) (value.Value, error) {
	return decode(decoder{b: b, typed: true, entities: true})
}

// literal reports whether the object that is about to be read, of key in m, is a map
// whatever its keys are.
func (d *decoder) literal(m *value.Map, key string) bool {
	return d.typed && key == valueKey && len(m.Keys) == 1 && m.Keys[0] == typeKey &&
		m.Vals[0].Kind() == value.KindString && m.Vals[0].AsString() == typeNames[value.KindMap]
}

// shapeTyped turns an object with a "$type" into what it stands for.
func (d *decoder) shapeTyped(m *value.Map) (value.Value, error) {
	name, ok := m.Get(typeKey)
	if !ok {
		return value.FromMap(m), nil
	}
	v, ok := m.Get(valueKey)
	if !ok || len(m.Keys) != 2 || name.Kind() != value.KindString {
		return d.unfit(d.bad(`an object with "$type" has a name there, a "value" and nothing else`))
	}
	kind := value.KindNull
	for k, n := range typeNames {
		if n == name.AsString() && n != "" {
			kind = value.Kind(k)
		}
	}
	switch kind {
	case value.KindNull:
		return d.unfit(status.Errorf(status.MalformedRequest, "not typed JSON at byte %d: unknown $type %.40q", d.at, name.AsString()).
			WithHint("known are boolean, integer, float, string, map, date, localtime, time, localdatetime, datetime, duration and point; lists are arrays"))
	case value.KindNode, value.KindRelationship, value.KindPath:
		if !d.entities {
			return d.unfit(status.Errorf(status.MalformedRequest, "a %s cannot be sent", name.AsString()).WithHint(sendID))
		}
		if v.Kind() == value.KindMap {
			if e, ok := entity(v.AsMap(), true); ok && e.Kind() == kind {
				return e, nil
			}
		}
	case value.KindMap:
		if v.Kind() == value.KindMap && m.Keys[0] == typeKey {
			return v, nil
		}
	case value.KindPoint:
		if v.Kind() == value.KindMap {
			p, err := value.PointOf(v.AsMap())
			if err != nil {
				return d.unfit(err)
			}
			if p.IsNull() {
				break
			}
			return p, nil
		}
		if x, ok := typedScalar(v, kind); ok {
			return x, nil
		}
	default:
		if x, ok := typedScalar(v, kind); ok {
			return x, nil
		}
	}
	return d.unfit(status.Errorf(status.MalformedRequest, "not typed JSON at byte %d: a value that is no %s", d.at, name.AsString()).
		WithHint(`write for example {"$type": "date", "value": "2026-01-31"}; of a map "$type" stands first`))
}

const sendID = "send its id, and find it in the query"

// typedScalar reads the value of a "$type": text, or what JSON has for it itself.
func typedScalar(v value.Value, kind value.Kind) (value.Value, bool) {
	if v.Kind() == kind {
		switch kind {
		case value.KindBool, value.KindInt, value.KindFloat, value.KindString:
			return v, true
		}
	}
	if kind == value.KindFloat && v.Kind() == value.KindInt {
		return value.Float(float64(v.AsInt())), true
	}
	if v.Kind() != value.KindString {
		return value.Null, false
	}
	text := v.AsString()
	var err error
	switch kind {
	case value.KindBool:
		return value.Bool(text == "true"), text == "true" || text == "false"
	case value.KindInt:
		var i int64
		i, err = strconv.ParseInt(text, 10, 64)
		v = value.Int(i)
	case value.KindFloat:
		var f float64
		f, err = parseFloat(text)
		v = value.Float(f)
	case value.KindDate:
		v, err = value.ParseDate(text)
	case value.KindLocalTime:
		v, err = value.ParseLocalTime(text)
	case value.KindTime:
		v, err = value.ParseTime(text, 0)
	case value.KindLocalDateTime:
		v, err = value.ParseLocalDateTime(text)
	case value.KindDateTime:
		v, err = value.ParseDateTime(text, *value.UTC)
	case value.KindDuration:
		v, err = value.ParseDuration(text)
	case value.KindPoint:
		v, err = value.ParsePoint(text)
	default:
		return value.Null, false
	}
	return v, err == nil
}

func parseFloat(text string) (float64, error) {
	switch text {
	case "NaN":
		return math.NaN(), nil
	case "Infinity":
		return math.Inf(1), nil
	case "-Infinity":
		return math.Inf(-1), nil
	}
	d := decoder{b: []byte(text)}
	if len(text) == 0 || text[0] != '-' && (text[0] < '0' || text[0] > '9') {
		return 0, d.bad("a number was expected")
	}
	v, err := d.number()
	switch {
	case err != nil:
		return 0, err
	case d.misfit != nil:
		return 0, d.misfit
	case d.at < len(text):
		return 0, d.bad("something follows the number")
	case v.Kind() == value.KindInt:
		return float64(v.AsInt()), nil
	}
	return v.AsFloat(), nil
}
