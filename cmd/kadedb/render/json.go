package render

import (
	"bufio"

	"github.com/kadedb/kadedb/value"
	"github.com/kadedb/kadedb/wire"
)

// jsonPrinter writes an array with an object a row.
type jsonPrinter struct {
	w              *bufio.Writer
	columns        []string
	prefix, suffix string // of the array
	rows           int
	buf            []byte
}

func (p *jsonPrinter) row(vals []value.Value) error {
	b := p.buf[:0]
	if p.rows == 0 {
		b = append(append(b, p.prefix...), "[\n"...)
	} else {
		b = append(b, ",\n"...)
	}
	p.rows++
	p.buf = wire.Encoder{}.Append(b, value.FromMap(&value.Map{Keys: p.columns, Vals: vals}))
	_, err := p.w.Write(p.buf)
	return err
}

func (p *jsonPrinter) end() error {
	end := "\n" + p.suffix
	if p.rows == 0 {
		end = p.prefix + "[" + p.suffix
	}
	_, err := p.w.WriteString(end)
	return err
}

// ndjsonPrinter writes an object a line.
type ndjsonPrinter struct {
	w       *bufio.Writer
	columns []string
	buf     []byte
}

func (p *ndjsonPrinter) row(vals []value.Value) error {
	p.buf = append(wire.Encoder{}.Append(p.buf[:0], value.FromMap(&value.Map{Keys: p.columns, Vals: vals})), '\n')
	_, err := p.w.Write(p.buf)
	return err
}

func (p *ndjsonPrinter) end() error { return nil }
