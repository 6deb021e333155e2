package tabular

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// walker goes through records and their fields.
//
//	for w.record() { for w.field() { w.cell } }
type walker struct {
	text  string
	delim byte

	pos    int
	start  int    // of the record
	more   bool   // the record has a field that was not given yet
	cell   string // of the field, unquoted
	quoted bool
	broken bool // the record's last field has no closing quote, or text after it
}

// record steps to the next record that is not an empty line. What is left of the
// present one is passed over.
func (w *walker) record() bool {
	for w.more {
		w.field()
	}
	for w.pos < len(w.text) && (w.text[w.pos] == '\n' || w.text[w.pos] == '\r' && w.pos+1 < len(w.text) && w.text[w.pos+1] == '\n') {
		w.pos++
	}
	w.start, w.more, w.broken = w.pos, w.pos < len(w.text), false
	return w.more
}

// field steps to the next field of the record.
func (w *walker) field() bool {
	if !w.more {
		return false
	}
	text, i, delim := w.text, w.pos, w.delim
	w.quoted = false
	if i < len(text) && text[i] == '"' {
		w.quotedField()
		return true
	}
	for i < len(text) && text[i] != delim && text[i] != '\n' {
		i++
	}
	w.cell = text[w.pos:i]
	w.ended(i)
	return true
}

// ended takes note of what stands after a field, at i.
func (w *walker) ended(i int) {
	if i < len(w.text) && w.text[i] == w.delim {
		w.pos = i + 1
		return
	}
	w.more = false
	w.pos = min(i+1, len(w.text))
	if n := len(w.cell); n > 0 && !w.quoted && w.cell[n-1] == '\r' {
		w.cell = w.cell[:n-1]
	}
}

func (w *walker) quotedField() {
	text, from := w.text, w.pos+1
	w.quoted = true
	i, doubled := from, false
	for {
		n := strings.IndexByte(text[i:], '"')
		if n < 0 {
			// Nobody closes it: the record ends with its first line.
			w.broken, w.more = true, false
			if n = strings.IndexByte(text[from:], '\n'); n < 0 {
				n = len(text) - from - 1
			}
			w.cell, w.pos = text[from:max(from+n, from)], from+n+1
			return
		}
		i += n + 1
		if i < len(text) && text[i] == '"' {
			doubled = true
			i++
			continue
		}
		break
	}
	w.cell = text[from : i-1]
	if doubled {
		w.cell = strings.ReplaceAll(w.cell, `""`, `"`)
	}
	end := i
	for end < len(text) && text[end] != w.delim && text[end] != '\n' {
		end++
	}
	if after := strings.TrimSuffix(text[i:end], "\r"); after != "" {
		w.broken = true
	}
	w.ended(end)
}

// splitHeader returns the names of a header; quoted ones keep spaces around them.
func splitHeader(text string, delim byte) (names []string, err error) {
	w := walker{text: text, delim: delim}
	if !w.record() {
		return nil, nil
	}
	for w.field() {
		if !w.quoted {
			w.cell = strings.TrimSpace(w.cell)
		}
		names = append(names, w.cell)
	}
	if w.broken {
		return names, status.Errorf(status.MalformedRow, "a quoted field is not closed, or text follows its quote")
	}
	return names, nil
}

// parser makes rows of records.
type parser struct {
	f     *csvFile
	c     *Chunk
	wants []Want
	of    []int32 // by column: the want, or -1
	w     walker
	valid bool // all of the text is UTF-8
	nulls []column.Bitmap
}

// row parses the record that the walker stands at. A row that is bad is told and
// its number used again.
func (p *parser) row(rows int) error {
	c, row := p.c, p.c.Rows
	i, misfit := 0, -1
	reason := ""
	for p.w.field() {
		if i < len(p.of) {
			if k := p.of[i]; k >= 0 && reason == "" && misfit < 0 {
				if !p.cell(int(k), row, rows) {
					if !p.wants[k].Fixed {
						misfit = i
						i++
						continue
					}
					reason = fmt.Sprintf("%q in column %q is not of type %s", cut(p.w.cell), p.f.t.cols[i].Name, kindName(p.wants[k]))
				}
			}
		}
		i++
	}
	code := status.MalformedRow
	if !p.w.broken && p.f.t.o.mayLack(i, len(p.of)) {
		c.Short++
		for ; i < len(p.of); i++ {
			if k := p.of[i]; k >= 0 {
				p.null(int(k), row, rows)
			}
		}
	}
	switch {
	case p.w.broken:
		reason = "a quoted field is not closed, or text follows its quote"
	case i != len(p.of):
		reason = fmt.Sprintf("%d fields, where the header names %d", i, len(p.of))
		if i == 1 {
			reason = fmt.Sprintf("1 field, where the header names %d", len(p.of))
		}
	case p.w.pos-p.w.start > p.f.t.o.LineLimit:
		code, reason = status.LineTooLong, fmt.Sprintf("a record of %d bytes; the limit is %d", p.w.pos-p.w.start, p.f.t.o.LineLimit)
	case !p.valid && !utf8.ValidString(p.w.text[p.w.start:p.w.pos]):
		code, reason = status.InvalidUTF8, "bytes that are not UTF-8"
	}
	if reason != "" {
		for k := range p.nulls {
			if p.nulls[k] != nil {
				p.nulls[k].Clear(row)
			}
		}
		c.bad(p.line(), code, reason, p.w.text[p.w.start:p.w.pos])
		return nil
	}
	if misfit >= 0 {
		return &Misfit{Column: misfit, Line: p.line()}
	}
	c.start = append(c.start, uint32(p.w.start))
	c.Rows++
	return nil
}

func cut(s string) string {
	if len(s) > 60 {
		return s[:60] + "…"
	}
	return s
}

func kindName(w Want) string {
	if w.List {
		return "list of " + w.Kind.String()
	}
	return w.Kind.String()
}

func (p *parser) line() int64 {
	return p.c.line + int64(strings.Count(p.w.text[:p.w.start], "\n"))
}

// cell puts the walker's cell into row of vector k; false: it is not of the kind. Spaces
// around what is not quoted belong to texts only.
func (p *parser) cell(k, row, rows int) bool {
	s := p.w.cell
	if s == "" && !(p.w.quoted && p.c.Cols[k].Type == column.String) || !p.w.quoted && p.f.t.o.isNull(s) {
		p.null(k, row, rows)
		return true
	}
	if p.put(k, row, s) {
		return true
	}
	trimmed := trimSpaces(s)
	if p.w.quoted || trimmed == s {
		return false
	}
	if trimmed == "" {
		p.null(k, row, rows)
		return true
	}
	return p.put(k, row, trimmed)
}

// put puts s, which is not null, into row of vector k.
func (p *parser) put(k, row int, s string) (ok bool) {
	v, w := &p.c.Cols[k], &p.wants[k]
	switch v.Type {
	case column.Int:
		if v.Ints[row], ok = parseInt(s); !ok && w.Fixed {
			v.Ints[row], ok = looseInt(s)
		}
	case column.Float:
		v.Floats[row], ok = parseFloat(s)
	case column.String:
		v.Strs[row], ok = s, true
		if w.Kind == Null && !w.Fixed {
			return false
		}
	case column.Bool:
		v.Bools[row], ok = parseBool(s)
	case column.Date:
		if v.Ints[row], ok = parseDate(s); !ok && w.Fixed {
			d, err := value.ParseDate(s)
			v.Ints[row], ok = d.Days(), err == nil
		}
	case column.Any:
		v.Anys[row], ok = p.boxed(s, w)
	}
	return ok
}

// null makes row of vector k null.
func (p *parser) null(k, row, rows int) {
	v := &p.c.Cols[k]
	if v.Type == column.Any {
		v.Anys[row] = value.Null
		return
	}
	if p.nulls[k] == nil {
		p.nulls[k] = column.NewBitmap(rows)
	}
	p.nulls[k].Set(row)
}

func (p *parser) boxed(s string, w *Want) (value.Value, bool) {
	if !w.List {
		return parseValue(s, w.Kind)
	}
	parts := strings.Split(s, string(rune(p.f.t.o.ListDelim)))
	vals := make([]value.Value, len(parts))
	for i, part := range parts {
		var ok bool
		if w.Kind != String {
			part = trimSpaces(part)
		}
		if vals[i], ok = parseValue(part, w.Kind); !ok {
			return value.Null, false
		}
	}
	return value.List(vals...), true
}
