package render

import (
	"bufio"
	"strings"

	"github.com/kadedb/kadedb/value"
	"github.com/kadedb/kadedb/wire"
)

// separatedPrinter writes CSV (RFC 4180, but lines end with LF), or the same with tabs.
// Null is an empty field and the empty string a quoted one; the import reads them
// apart. Lists, maps and entities are JSON. A row of one null is an empty line.
type separatedPrinter struct {
	w       *bufio.Writer
	columns []string
	delim   byte
	special string // a field with any of these is quoted
	between string
	begun   bool
	buf     []byte
}

func newSeparated(w *bufio.Writer, columns []string, format, between string) *separatedPrinter {
	p := &separatedPrinter{w: w, columns: columns, delim: ',', special: ",\"\r\n", between: between}
	if format == "tsv" {
		p.delim, p.special = '\t', "\t\"\r\n"
	}
	return p
}

func (p *separatedPrinter) begin() error {
	if p.begun {
		return nil
	}
	p.begun = true
	b := []byte(p.between)
	for i, c := range p.columns {
		if i > 0 {
			b = append(b, p.delim)
		}
		b = p.field(b, c)
	}
	_, err := p.w.Write(append(b, '\n'))
	return err
}

func (p *separatedPrinter) row(vals []value.Value) error {
	if err := p.begin(); err != nil {
		return err
	}
	b := p.buf[:0]
	for i, v := range vals {
		if i > 0 {
			b = append(b, p.delim)
		}
		switch v.Kind() {
		case value.KindNull:
		case value.KindList, value.KindMap, value.KindNode, value.KindRelationship, value.KindPath:
			b = p.field(b, string(wire.Encoder{}.Append(nil, v)))
		default:
			b = p.field(b, Cell(v))
		}
	}
	p.buf = append(b, '\n')
	_, err := p.w.Write(p.buf)
	return err
}

func (p *separatedPrinter) end() error { return p.begin() }

// field appends a field, in quotes where it needs them, or for readers that trim.
func (p *separatedPrinter) field(dst []byte, s string) []byte {
	if s != "" && !strings.ContainsAny(s, p.special) && s[0] != ' ' && s[len(s)-1] != ' ' && !strings.HasPrefix(s, "\ufeff") {
		return append(dst, s...)
	}
	dst = append(dst, '"')
	dst = append(dst, strings.ReplaceAll(s, `"`, `""`)...)
	return append(dst, '"')
}
