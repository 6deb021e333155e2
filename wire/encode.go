package wire

import (
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/kadedb/kadedb/value"
)

// Encoder writes values.
type Encoder struct {
	// IntsAsStrings writes integers and ids as strings, for readers whose numbers
	// are floats.
	IntsAsStrings bool
	// Typed writes what plain JSON cannot tell apart as {"$type", "value"}.
	Typed bool
}

// Append appends v as JSON.
func (e Encoder) Append(dst []byte, v value.Value) []byte {
	switch v.Kind() {
	case value.KindNull:
		return append(dst, "null"...)
	case value.KindBool:
		return strconv.AppendBool(dst, v.AsBool())
	case value.KindInt:
		if e.Typed && e.IntsAsStrings {
			return append(e.appendInt(openTyped(dst, value.KindInt), v.AsInt()), '}')
		}
		return e.appendInt(dst, v.AsInt())
	case value.KindFloat:
		return appendFloat(dst, v.AsFloat())
	case value.KindString:
		return AppendString(dst, v.AsString())
	case value.KindList:
		return e.AppendRow(dst, v.Elems())
	case value.KindMap:
		return e.appendMap(dst, v.AsMap())
	}
	if e.Typed {
		dst = e.appendPlain(openTyped(dst, v.Kind()), v)
		return append(dst, '}')
	}
	return e.appendPlain(dst, v)
}

// appendPlain appends an entity, a point or a temporal value without its type.
func (e Encoder) appendPlain(dst []byte, v value.Value) []byte {
	switch v.Kind() {
	case value.KindNode:
		return e.appendNode(dst, v)
	case value.KindRelationship:
		return e.appendRelationship(dst, v)
	case value.KindPath:
		p := v.AsPath()
		dst = e.AppendRow(append(dst, `{"nodes":`...), p.Nodes)
		dst = e.AppendRow(append(dst, `,"relationships":`...), p.Rels)
		return append(dst, '}')
	case value.KindPoint:
		return appendPoint(dst, v.Place())
	}
	dst = value.AppendISO(append(dst, '"'), v)
	return append(dst, '"')
}

// appendPoint appends {"srid", "crs", "x", "y"} and, of three dimensions, "z".
func appendPoint(dst []byte, p value.Place) []byte {
	dst = strconv.AppendInt(append(dst, `{"srid":`...), int64(p.CRS), 10)
	dst = append(append(append(dst, `,"crs":"`...), p.CRS.String()...), `","x":`...)
	dst = appendFloat(append(appendFloat(dst, p.X), `,"y":`...), p.Y)
	if p.CRS.Dims() == 3 {
		dst = appendFloat(append(dst, `,"z":`...), p.Z)
	}
	return append(dst, '}')
}

// AppendRow appends values as an array.
func (e Encoder) AppendRow(dst []byte, row []value.Value) []byte {
	dst = append(dst, '[')
	for i := range row {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = e.Append(dst, row[i])
	}
	return append(dst, ']')
}

func (e Encoder) appendInt(dst []byte, i int64) []byte {
	if !e.IntsAsStrings {
		return strconv.AppendInt(dst, i, 10)
	}
	return append(strconv.AppendInt(append(dst, '"'), i, 10), '"')
}

func (e Encoder) appendMap(dst []byte, m *value.Map) []byte {
	if e.Typed && ambiguous(m) {
		return append(e.appendObject(openTyped(dst, value.KindMap), m), '}')
	}
	return e.appendObject(dst, m)
}

func (e Encoder) appendObject(dst []byte, m *value.Map) []byte {
	dst = append(dst, '{')
	for i := range m.Len() {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(AppendString(dst, m.Keys[i]), ':')
		dst = e.Append(dst, m.Vals[i])
	}
	return append(dst, '}')
}

func (e Encoder) appendNode(dst []byte, v value.Value) []byte {
	n := v.AsNode()
	if n == nil {
		n = &value.Node{ID: uint64(v.Ref())}
	}
	dst = e.appendInt(append(dst, `{"id":`...), int64(n.ID))
	dst = AppendStrings(append(dst, `,"labels":`...), n.Labels)
	dst = e.appendMap(append(dst, `,"properties":`...), n.Props)
	return append(dst, '}')
}

func (e Encoder) appendRelationship(dst []byte, v value.Value) []byte {
	r := v.AsRelationship()
	if r == nil {
		r = &value.Relationship{ID: uint64(v.Ref())}
	}
	dst = e.appendInt(append(dst, `{"id":`...), int64(r.ID))
	dst = AppendString(append(dst, `,"type":`...), r.Type)
	dst = e.appendInt(append(dst, `,"start":`...), int64(r.Start))
	dst = e.appendInt(append(dst, `,"end":`...), int64(r.End))
	dst = e.appendMap(append(dst, `,"properties":`...), r.Props)
	return append(dst, '}')
}

func appendFloat(dst []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		dst = append(dst, `{"$float":"`...)
		return append(value.AppendFloat(dst, f), `"}`...)
	}
	return value.AppendFloat(dst, f)
}

// AppendStrings appends an array of strings.
func AppendStrings(dst []byte, list []string) []byte {
	dst = append(dst, '[')
	for i, s := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendString(dst, s)
	}
	return append(dst, ']')
}

const hex = "0123456789abcdef"

// AppendString appends a string with its quotes. Bytes that are not UTF-8 become
// U+FFFD, so that the result is JSON whatever s holds.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				dst = append(append(dst, s[from:i]...), `\ufffd`...)
				from = i + 1
			}
			i += size
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' && c != 0x7f {
			i++
			continue
		}
		dst = append(dst, s[from:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\t':
			dst = append(dst, `\t`...)
		default:
			dst = append(append(dst, `\u00`...), hex[c>>4], hex[c&15])
		}
		i++
		from = i
	}
	return append(append(dst, s[from:]...), '"')
}
