package value

import (
	"math"
	"strconv"
	"strings"
	"unicode"
)

// String returns v as KadeQL text: 1, 1.0, 'it\'s', [1, 2], {a: 1},
// date('2015-07-21'), (:A:B {x: 1}), [:T {x: 1}], <(:A)-[:T]->(:B)>. For all
// but nodes, relationships and paths this is a literal or constructor that gives v again.
func (v Value) String() string { return string(v.AppendText(nil)) }

// AppendText appends v as String writes it.
func (v Value) AppendText(dst []byte) []byte {
	switch v.kind {
	case KindNull:
		return append(dst, "null"...)
	case KindBool:
		return strconv.AppendBool(dst, v.AsBool())
	case KindInt:
		return strconv.AppendInt(dst, v.AsInt(), 10)
	case KindFloat:
		return AppendFloat(dst, v.AsFloat())
	case KindString:
		return appendQuoted(dst, v.AsString())
	case KindList:
		dst = append(dst, '[')
		for i, e := range v.Elems() {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = e.AppendText(dst)
		}
		return append(dst, ']')
	case KindMap:
		return appendMapText(dst, v.AsMap())
	case KindNode:
		return appendNodeText(dst, v)
	case KindRelationship:
		return appendRelText(dst, v)
	case KindPath:
		return appendPathText(dst, v.AsPath())
	case KindPoint:
		return appendPoint(dst, v.Place())
	}
	dst = append(append(dst, constructors[v.kind]...), "('"...)
	return append(AppendISO(dst, v), "')"...)
}

var constructors = [...]string{KindDate: "date", KindLocalTime: "localtime", KindTime: "time",
	KindLocalDateTime: "localdatetime", KindDateTime: "datetime", KindDuration: "duration"}

// AppendFloat appends f with a point or an exponent, so that it reads as a float
// again: 1.0, 0.1, 1.0E21, NaN, Infinity.
func AppendFloat(dst []byte, f float64) []byte {
	switch {
	case f != f:
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	}
	from := len(dst)
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
		return plainExponent(strconv.AppendFloat(dst, f, 'E', -1, 64), from)
	}
	dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
	if !strings.Contains(string(dst[from:]), ".") {
		dst = append(dst, ".0"...)
	}
	return dst
}

// plainExponent makes of 1E+21 and 1.5E-07, from from on, 1.0E21 and 1.5E-7.
func plainExponent(dst []byte, from int) []byte {
	mantissa, exponent, _ := strings.Cut(string(dst[from:]), "E")
	dst = append(dst[:from], mantissa...)
	if !strings.Contains(mantissa, ".") {
		dst = append(dst, ".0"...)
	}
	dst = append(dst, 'E')
	if exponent[0] == '-' {
		dst = append(dst, '-')
	}
	return append(dst, strings.TrimLeft(exponent[1:], "0")...)
}

func quote(s string) string { return string(appendQuoted(nil, s)) }

func appendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '\'')
	for _, r := range s {
		switch r {
		case '\'', '\\':
			dst = append(dst, '\\', byte(r))
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\t':
			dst = append(dst, `\t`...)
		default:
			if unicode.IsControl(r) {
				dst = append(dst, `\u00`...)
				dst = append(dst, "0123456789abcdef"[r>>4&15], "0123456789abcdef"[r&15])
				continue
			}
			dst = append(dst, string(r)...)
		}
	}
	return append(dst, '\'')
}

// AppendName appends a variable, key, label or type, in backquotes where it needs them.
func AppendName(dst []byte, name string) []byte {
	for i, r := range name {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			name = "`" + strings.ReplaceAll(name, "`", "``") + "`"
			break
		}
	}
	if name == "" {
		name = "``"
	}
	return append(dst, name...)
}

func appendMapText(dst []byte, m *Map) []byte {
	dst = append(dst, '{')
	for i := range m.Len() {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(AppendName(dst, m.Keys[i]), ": "...)
		dst = m.Vals[i].AppendText(dst)
	}
	return append(dst, '}')
}

func appendNodeText(dst []byte, v Value) []byte {
	dst = append(dst, '(')
	if n := v.AsNode(); n == nil {
		dst = strconv.AppendUint(append(dst, '#'), v.n, 10)
	} else {
		for _, l := range n.Labels {
			dst = AppendName(append(dst, ':'), l)
		}
		if n.Props.Len() > 0 {
			if len(n.Labels) > 0 {
				dst = append(dst, ' ')
			}
			dst = appendMapText(dst, n.Props)
		}
	}
	return append(dst, ')')
}

func appendRelText(dst []byte, v Value) []byte {
	dst = append(dst, '[')
	if r := v.AsRelationship(); r == nil {
		dst = strconv.AppendUint(append(dst, '#'), v.n, 10)
	} else {
		dst = AppendName(append(dst, ':'), r.Type)
		if r.Props.Len() > 0 {
			dst = appendMapText(append(dst, ' '), r.Props)
		}
	}
	return append(dst, ']')
}

func appendPathText(dst []byte, p *Path) []byte {
	dst = append(dst, '<')
	for i, n := range p.Nodes {
		dst = appendNodeText(dst, n)
		if i == len(p.Rels) {
			break
		}
		back := false
		if r, from := p.Rels[i].AsRelationship(), n.AsNode(); r != nil && from != nil {
			back = r.Start != from.ID
		}
		if back {
			dst = append(appendRelText(append(dst, "<-"...), p.Rels[i]), '-')
		} else {
			dst = append(appendRelText(append(dst, '-'), p.Rels[i]), "->"...)
		}
	}
	return append(dst, '>')
}
