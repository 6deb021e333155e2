package tabular

import (
	"io"
	"math"
	"slices"
	"strings"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// Out is a column to write. Its vectors are of Type.
type Out struct {
	Name  string // of the property
	Kind  Kind
	List  bool
	Plain bool // the name needs no type behind it: the format, or the reader, knows it
	Micro bool // date-times fit microseconds
	Cells bool // of CSV and Kind Any: scalars are plain text, not JSON
	Text  bool // of Parquet and Arrow: values are texts, as the format's type would lose something
}

// Type returns the type of vectors for the column.
func (o *Out) Type() column.Type { return vectorType(Want{Kind: o.Kind, List: o.List}) }

// Header returns the column's name as Open's callers read it: name:type.
func (o *Out) Header() string {
	if o.Plain {
		return o.Name
	}
	name := o.Name + ":" + headerNames[o.Kind]
	if o.List {
		name += "[]"
	}
	return name
}

var headerNames = [...]string{"any", "boolean", "int", "float", "date", "localdatetime", "datetime", "localtime", "time", "duration", "point", "string", "any"}

// Writer writes the rows of a file.
type Writer interface {
	// Write adds the first n rows of cols, which belong to the columns one by one.
	Write(cols []column.Vector, n int) error
	// Close ends the file, not what it is written to.
	Close() error
}

// NewWriter begins a file of a format.
func NewWriter(w io.Writer, f Format, cols []Out, delim, listDelim byte) (Writer, error) {
	switch f {
	case CSV:
		return newCSVWriter(w, cols, delim, listDelim)
	case JSONLines:
		return &jsonWriter{w: w, cols: cols, names: jsonNames(cols)}, nil
	case Parquet:
		return newParquetWriter(w, cols)
	case Arrow:
		return newArrowWriter(w, cols)
	}
	return nil, status.Errorf(status.InvalidArgumentValue, "%s is no format to write", f)
}

// Class is the kind of column that a value goes to. Values of one key may need several.
type Class struct {
	Kind Kind
	List bool
}

// ClassOf returns the class of a value in a format: lists that a cell of CSV, or a
// column, cannot hold as they are go as JSON.
func ClassOf(v value.Value, f Format, listDelim byte) Class {
	if v.Kind() != value.KindList {
		k, ok := kindOf(v)
		if !ok {
			return Class{Kind: Any}
		}
		return Class{Kind: k}
	}
	if f != CSV || len(v.Elems()) == 0 {
		return Class{Kind: Any}
	}
	kind := Null
	for _, e := range v.Elems() {
		k, ok := kindOf(e)
		if !ok || kind != Null && kind != k {
			return Class{Kind: Any}
		}
		kind = k
		if k == String && (strings.IndexByte(e.AsString(), listDelim) >= 0 || len(v.Elems()) == 1 && e.AsString() == "") {
			return Class{Kind: Any}
		}
		if k == Point && strings.IndexByte(e.String(), listDelim) >= 0 {
			return Class{Kind: Any}
		}
		if k == Float && math.IsNaN(e.AsFloat()) {
			return Class{Kind: Any}
		}
	}
	return Class{kind, true}
}

// Native reports whether a format has values of the kind by itself.
func (f Format) Native(k Kind) bool {
	switch f {
	case JSONLines:
		return k == Bool || k == Int || k == Float || k == String || k == Any
	case Parquet, Arrow:
		return k != Any && k != Time && k != Duration && k != Point && k != Null
	}
	return false
}

// Span is what date-times and dates of a column reach, so that a type can be chosen
// that holds them.
type Span struct {
	some     bool
	low, top int64 // seconds, of dates days
	nanos    bool  // some have parts of a microsecond
	zones    bool  // some have a zone
}

// Add notes a value.
func (s *Span) Add(v value.Value) {
	var at int64
	var nanos int32
	switch v.Kind() {
	case value.KindDate:
		at = v.Days()
	case value.KindLocalDateTime, value.KindDateTime:
		at, nanos = v.Seconds()
		s.zones = s.zones || v.Kind() == value.KindDateTime && *v.Zone() != *value.UTC
	default:
		return
	}
	s.AddDays(at)
	s.nanos = s.nanos || nanos%1000 != 0
}

// AddDays notes a date.
func (s *Span) AddDays(at int64) {
	if !s.some {
		s.some, s.low, s.top = true, at, at
	}
	s.low, s.top = min(s.low, at), max(s.top, at)
}

const (
	maxNanoSeconds  = math.MaxInt64/1_000_000_000 - 1
	maxMicroSeconds = math.MaxInt64/1_000_000 - 1
)

// Fit says how a column of a kind that spans s is written to Parquet and Arrow.
func (o *Out) Fit(s *Span) {
	switch o.Kind {
	case Date:
		o.Text = s.low < math.MinInt32 || s.top > math.MaxInt32
	case LocalDateTime, DateTime:
		o.Micro = !s.nanos
		most := int64(maxNanoSeconds)
		if o.Micro {
			most = maxMicroSeconds
		}
		o.Text = s.zones || s.low < -most || s.top > most
	}
}

// AppendTyped appends a value as JSON from which the same value is read: {"$type", "value"}
// where JSON has no such type.
func AppendTyped(dst []byte, v value.Value) []byte {
	switch v.Kind() {
	case value.KindNull:
		return append(dst, "null"...)
	case value.KindBool, value.KindInt:
		return v.AppendText(dst)
	case value.KindFloat:
		switch f := v.AsFloat(); {
		case math.IsNaN(f):
			return append(dst, `{"$float":"NaN"}`...)
		case math.IsInf(f, 1):
			return append(dst, `{"$float":"Infinity"}`...)
		case math.IsInf(f, -1):
			return append(dst, `{"$float":"-Infinity"}`...)
		default:
			return value.AppendFloat(dst, f)
		}
	case value.KindString:
		return appendQuoted(dst, v.AsString())
	case value.KindList:
		dst = append(dst, '[')
		for i, e := range v.Elems() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = AppendTyped(dst, e)
		}
		return append(dst, ']')
	case value.KindMap:
		return appendMap(dst, v.AsMap())
	}
	if k, ok := kindOf(v); ok {
		dst = append(append(append(dst, `{"$type":"`...), kindNames[k]...), `","value":`...)
		return append(appendJSONText(dst, v), '}')
	}
	return appendEntity(dst, v)
}

// appendJSONText appends a temporal value as a JSON string, and a point as the object of its
// system and coordinates.
func appendJSONText(dst []byte, v value.Value) []byte {
	if v.Kind() == value.KindPoint {
		return appendMap(dst, v.Place().Map())
	}
	return append(value.AppendISO(append(dst, '"'), v), '"')
}

func appendMap(dst []byte, m *value.Map) []byte {
	dst = append(dst, '{')
	for i := range m.Len() {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendQuoted(dst, m.Keys[i]), ':')
		dst = AppendTyped(dst, m.Vals[i])
	}
	return append(dst, '}')
}

func props(m *value.Map) value.Value {
	if m == nil {
		m = &value.Map{}
	}
	return value.FromMap(m)
}

// appendEntity appends nodes, relationships and paths, which the rows of a query may hold.
func appendEntity(dst []byte, v value.Value) []byte {
	m := &value.Map{}
	switch v.Kind() {
	case value.KindNode:
		n := v.AsNode()
		labels := make([]value.Value, len(n.Labels))
		for i, l := range n.Labels {
			labels[i] = value.String(l)
		}
		m.Set("id", value.Int(int64(n.ID)))
		m.Set("labels", value.List(labels...))
		m.Set("properties", props(n.Props))
	case value.KindRelationship:
		r := v.AsRelationship()
		m.Set("id", value.Int(int64(r.ID)))
		m.Set("type", value.String(r.Type))
		m.Set("start", value.Int(int64(r.Start)))
		m.Set("end", value.Int(int64(r.End)))
		m.Set("properties", props(r.Props))
	case value.KindPath:
		m.Set("nodes", value.List(slices.Clone(v.AsPath().Nodes)...))
		m.Set("relationships", value.List(slices.Clone(v.AsPath().Rels)...))
	}
	return appendMap(dst, m)
}

const hexDigits = "0123456789abcdef"

// appendQuoted appends a JSON string.
func appendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\t':
			dst = append(dst, '\\', 't')
		case '\r':
			dst = append(dst, '\\', 'r')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return append(append(dst, s[from:]...), '"')
}

// appendCell appends the text of a scalar.
func appendCell(dst []byte, v value.Value) []byte {
	switch v.Kind() {
	case value.KindString:
		return append(dst, v.AsString()...)
	case value.KindFloat:
		return value.AppendFloat(dst, v.AsFloat())
	case value.KindBool, value.KindInt:
		return v.AppendText(dst)
	}
	return value.AppendISO(dst, v)
}
