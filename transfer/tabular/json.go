package tabular

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// jsonFile is a file of one JSON object a line. Its columns are the keys that were
// seen so far: a sample's, and after Infer all.
type jsonFile struct {
	t    *Table
	body int64
	at   map[string]int // of each column
}

// maxKeys bounds the columns of JSON Lines: every row has each of them, be it as a null.
const maxKeys = 2000

func (t *Table) openJSON() error {
	f := &jsonFile{t: t, at: map[string]int{}}
	t.format = f
	head, err := t.head(int64(len(bom)))
	if err != nil {
		return err
	}
	if bytes.Equal(head, bom) {
		f.body = int64(len(bom))
	}
	s := f.splitter()
	data, _, err := s.next(nil, sampleBytes, func(int64, status.Code, string, string) {})
	if err != nil {
		return err
	}
	shape := newShape()
	shape.look(string(data))
	if err := f.merge(shape); err != nil {
		return err
	}
	if len(t.cols) == 0 {
		return status.Errorf(status.MalformedFile, "%s: none of its first lines is a JSON object with keys", t.in.Name)
	}
	return nil
}

func (f *jsonFile) splitter() splitter {
	return splitter{in: f.t.in, lines: true, limit: f.t.o.LineLimit, off: f.body, line: 1}
}

func (f *jsonFile) rows() int64 { return -1 }

func (f *jsonFile) produce(ctx context.Context, _ []Want, give func(*Chunk) error, fresh func() *Chunk) error {
	s := f.splitter()
	// The shortest line, {}, has a null in every column.
	size := min(f.t.o.ChunkSize, max(4<<10, (12<<20)/max(len(f.t.cols), 1)))
	return s.chunks(ctx, f.t, size, give, fresh)
}

// shape is the keys that some rows have, and the kinds of their values.
type shape struct {
	names []string
	kinds []Kind
	at    map[string]int
}

func newShape() *shape { return &shape{at: map[string]int{}} }

// look adds the rows of text. Those that will be bad do not count.
func (s *shape) look(text string) {
	var keys []int
	var kinds []Kind
	for len(text) > 0 {
		line, rest, _ := strings.Cut(text, "\n")
		text = rest
		sc := scanner{text: line}
		keys, kinds = keys[:0], kinds[:0]
		ok := sc.object(func(key string) bool {
			i, known := s.at[key]
			if !known {
				if i = len(s.names); i > maxKeys {
					return sc.skip(0)
				}
				key = strings.Clone(key)
				s.at[key] = i
				s.names, s.kinds = append(s.names, key), append(s.kinds, Null)
			}
			k, ok := sc.kind()
			keys, kinds = append(keys, i), append(kinds, k)
			return ok
		})
		if !ok {
			continue
		}
		for n, i := range keys {
			s.kinds[i] = joinJSON(s.kinds[i], kinds[n])
		}
	}
}

// joinJSON is Join where each value has a kind of its own.
func joinJSON(a, b Kind) Kind {
	switch {
	case a == b || b == Null:
		return a
	case a == Null:
		return b
	case a == Int && b == Float, a == Float && b == Int:
		return Float
	}
	return Any
}

// merge adds the columns of s, and widens those that are there.
func (f *jsonFile) merge(s *shape) error {
	for i, name := range s.names {
		k, ok := f.at[name]
		if !ok {
			if k = len(f.t.cols); k == maxKeys {
				return status.Errorf(status.MalformedFile, "%s: more than %d different keys", f.t.in.Name, maxKeys)
			}
			f.at[name] = k
			f.t.cols = append(f.t.cols, Column{Name: name})
		}
		f.t.cols[k].Kind = joinJSON(f.t.cols[k].Kind, s.kinds[i])
	}
	return nil
}

func (f *jsonFile) infer(ctx context.Context) error {
	return f.t.Read(ctx, nil, func(c *Chunk) error {
		s := newShape()
		s.look(string(c.data))
		c.Data = s
		return nil
	}, func(c *Chunk) error { return f.merge(c.Data.(*shape)) })
}

// parse makes vectors of a chunk's lines.
func (f *jsonFile) parse(c *Chunk, wants []Want) error {
	if wants == nil {
		return nil
	}
	p := jsonParser{f: f, c: c, wants: wants, of: make([]int32, len(f.t.cols)), set: make([]int32, len(wants)), seen: make([]int32, len(f.t.cols)), nulls: make([]column.Bitmap, len(wants))}
	for i := range p.of {
		p.of[i] = -1
	}
	for i, w := range wants {
		p.of[w.Column] = int32(i)
		p.some = p.some || w.Some
	}
	text := string(c.data)
	p.valid = utf8.ValidString(text)
	p.rows = strings.Count(text, "\n") + 1
	if len(c.Cols) != len(wants) {
		c.Cols = make([]column.Vector, len(wants))
	}
	for i, w := range wants {
		c.Cols[i].Reset(vectorType(w), p.rows)
		p.set[i] = -1
	}
	c.start = make([]uint32, 0, p.rows)
	for at := 0; at < len(text); {
		end := len(text)
		if n := strings.IndexByte(text[at:], '\n'); n >= 0 {
			end = at + n
		}
		if err := p.line(text[at:end], at); err != nil {
			return err
		}
		at = end + 1
	}
	for i := range c.Cols {
		v := &c.Cols[i]
		v.Slice(v, 0, c.Rows)
		if v.Nulls = p.nulls[i]; v.Type == column.Any {
			v.Nulls = nil
		}
	}
	return nil
}

// jsonParser makes rows of lines.
type jsonParser struct {
	f     *jsonFile
	c     *Chunk
	wants []Want
	of    []int32 // by column: the want, or -1
	set   []int32 // by want: the last row that has a value
	seen  []int32 // by column: the last line, counted here from 1, that has it
	lines int32
	nulls []column.Bitmap
	rows  int
	valid bool // all of the text is UTF-8
	some  bool
	sc    scanner
	next  int // the column that followed the last key in earlier rows
}

func (p *jsonParser) number(at int) int64 {
	return p.c.line + int64(bytes.Count(p.c.data[:at], newline))
}

// line parses one line that begins at byte at of the chunk.
func (p *jsonParser) line(line string, at int) error {
	c, row := p.c, int32(p.c.Rows)
	if (line == "" || line[0] != '{') && strings.TrimLeft(line, " \t\r") == "" {
		return nil
	}
	misfit, unknown, reason := -1, false, ""
	p.next = 0
	p.lines++
	p.sc = scanner{text: line}
	ok := p.sc.object(func(key string) bool {
		col := p.column(key)
		if col < 0 {
			unknown = unknown || !p.some
			return p.sc.skip(0)
		}
		if p.seen[col] == p.lines {
			return p.sc.twice(key)
		}
		p.seen[col] = p.lines
		k := p.of[col]
		if k < 0 || reason != "" || misfit >= 0 {
			return p.sc.skip(0)
		}
		from := p.sc.at
		fits, ok := p.cell(int(k), row)
		if ok && !fits {
			switch {
			case p.wants[k].Kind == Any:
				reason = fmt.Sprintf("%s in %q is nothing that a property can hold", cut(strings.TrimSpace(line[from:p.sc.at])), key)
			case p.wants[k].Fixed:
				reason = fmt.Sprintf("%s in %q is not of type %s", cut(strings.TrimSpace(line[from:p.sc.at])), key, kindName(p.wants[k]))
			default:
				misfit = col
			}
		}
		return ok
	})
	code := status.MalformedRow
	switch {
	case !p.valid && !utf8.ValidString(line):
		code, reason = status.InvalidUTF8, "bytes that are not UTF-8"
	case !ok:
		reason = fmt.Sprintf("not a JSON object: %s at byte %d of the line", p.sc.what(), p.sc.at+1)
	case len(line) > p.f.t.o.LineLimit:
		code, reason = status.LineTooLong, fmt.Sprintf("a line of %d bytes; the limit is %d", len(line), p.f.t.o.LineLimit)
	}
	if reason != "" {
		for k := range p.set {
			if p.set[k] == row {
				p.set[k] = -1
				if p.nulls[k] != nil {
					p.nulls[k].Clear(int(row))
				}
			}
		}
		c.bad(p.number(at), code, reason, line)
		return nil
	}
	if unknown || misfit >= 0 {
		return &Misfit{Column: misfit, Line: p.number(at)}
	}
	for k := range p.set {
		if p.set[k] != row {
			p.null(k, int(row))
		}
	}
	c.start = append(c.start, uint32(at))
	c.Rows++
	return nil
}

// column returns the place of a key, -1 where it is new. Most rows have their keys in
// one order.
func (p *jsonParser) column(key string) int {
	if p.next < len(p.f.t.cols) && p.f.t.cols[p.next].Name == key {
		p.next++
		return p.next - 1
	}
	i, ok := p.f.at[key]
	if !ok {
		return -1
	}
	p.next = i + 1
	return i
}

func (p *jsonParser) null(k, row int) {
	v := &p.c.Cols[k]
	if v.Type == column.Any {
		v.Anys[row] = value.Null
		return
	}
	if p.nulls[k] == nil {
		p.nulls[k] = column.NewBitmap(p.rows)
	}
	p.nulls[k].Set(row)
}

// cell puts the value at the scanner into a row of vector k. fits: it is of the kind;
// ok: it is JSON.
func (p *jsonParser) cell(k int, row int32) (fits, ok bool) {
	sc, w, v := &p.sc, &p.wants[k], &p.c.Cols[k]
	p.set[k] = row
	if p.nulls[k] != nil {
		p.nulls[k].Clear(int(row)) // an earlier line may have failed here
	}
	switch c := sc.peek(); {
	case c == 'n':
		p.null(k, int(row))
		return true, sc.word("null")
	case c == '"' && v.Type == column.String:
		v.Strs[row], ok = sc.string()
		return w.Kind == String, ok
	case v.Type == column.Int && (c == '-' || isDigit(c)):
		text, whole, ok := sc.number()
		switch {
		case !ok:
		case whole:
			v.Ints[row], ok = sc.integer(text)
		default:
			_, ok = sc.float(text, false)
		}
		return whole, ok
	case v.Type == column.Float && (c == '-' || isDigit(c)):
		text, whole, ok := sc.number()
		if ok {
			v.Floats[row], ok = sc.float(text, whole)
		}
		return true, ok
	case v.Type == column.Bool && (c == 't' || c == 'f'):
		v.Bools[row] = c == 't'
		return true, sc.literal()
	}
	x, ok := sc.value(0)
	if !ok {
		return false, false
	}
	return p.convert(v, int(row), x, w), true
}

// convert puts a value of another JSON type than the vector's into it.
func (p *jsonParser) convert(v *column.Vector, row int, x value.Value, w *Want) bool {
	if w.List {
		if x.Kind() != value.KindList {
			return false
		}
		elems := make([]value.Value, len(x.Elems()))
		for i, e := range x.Elems() {
			var ok bool
			if elems[i], ok = as(e, w.Kind); !ok {
				return false
			}
		}
		v.Anys[row] = value.List(elems...)
		return true
	}
	if w.Kind == Any {
		v.Anys[row] = x
		return storable(x, 0)
	}
	if w.Kind == Null {
		return false
	}
	if !w.Fixed && x.Kind() != value.KindMap {
		return w.Kind == String && v.Type == column.String && p.text(v, row, x, w)
	}
	if w.Kind == String {
		return p.text(v, row, x, w)
	}
	x, ok := as(x, w.Kind)
	if !ok {
		return false
	}
	switch v.Type {
	case column.Int:
		v.Ints[row] = x.AsInt()
	case column.Float:
		v.Floats[row] = x.AsFloat()
	case column.Bool:
		v.Bools[row] = x.AsBool()
	case column.Date:
		v.Ints[row] = x.Days()
	default:
		v.Anys[row] = x
	}
	return true
}

// text puts what is not a string into a column of strings: ids that are numbers, and
// lists of labels.
func (p *jsonParser) text(v *column.Vector, row int, x value.Value, w *Want) bool {
	switch x.Kind() {
	case value.KindInt, value.KindFloat, value.KindBool:
		v.Strs[row] = strings.Trim(x.String(), "'")
	case value.KindString:
		v.Strs[row] = x.AsString()
	case value.KindList:
		parts := make([]string, len(x.Elems()))
		for i, e := range x.Elems() {
			if e.Kind() != value.KindString {
				return false
			}
			parts[i] = e.AsString()
		}
		if v.Strs[row] = strings.Join(parts, string(rune(p.f.t.o.ListDelim))); w.Names {
			v.Strs[row] = string(AppendNames(nil, parts, p.f.t.o.ListDelim))
		}
	default:
		return false
	}
	return w.Fixed
}

// as reads a JSON value as one of a declared kind.
func as(x value.Value, k Kind) (value.Value, bool) {
	switch x.Kind() {
	case value.KindString:
		return parseValue(x.AsString(), k)
	case value.KindInt:
		switch k {
		case Float:
			return value.Float(float64(x.AsInt())), true
		case String:
			return value.String(x.String()), true
		}
		return x, k == Int || k == Any
	case value.KindFloat:
		return x, k == Float || k == Any
	case value.KindBool:
		return x, k == Bool || k == Any
	case value.KindMap:
		if k == Point {
			v, err := value.PointOf(x.AsMap())
			return v, err == nil && !v.IsNull()
		}
	}
	got, ok := kindOf(x)
	return x, ok && (got == k || k == Any)
}

// kindOf returns the kind that a scalar has.
func kindOf(v value.Value) (Kind, bool) {
	switch v.Kind() {
	case value.KindBool:
		return Bool, true
	case value.KindInt:
		return Int, true
	case value.KindFloat:
		return Float, true
	case value.KindString:
		return String, true
	case value.KindDate:
		return Date, true
	case value.KindLocalDateTime:
		return LocalDateTime, true
	case value.KindDateTime:
		return DateTime, true
	case value.KindLocalTime:
		return LocalTime, true
	case value.KindTime:
		return Time, true
	case value.KindDuration:
		return Duration, true
	case value.KindPoint:
		return Point, true
	}
	return Null, false
}

// storable reports whether a value can be a property.
func storable(v value.Value, depth int) bool {
	if v.Kind() != value.KindList {
		_, ok := kindOf(v)
		return ok || depth == 0 && v.IsNull()
	}
	for _, e := range v.Elems() {
		if depth > 30 || !storable(e, depth+1) {
			return false
		}
	}
	return true
}
