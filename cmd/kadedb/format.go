package main

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
	"github.com/kadedb/kadedb/wire"
)

// formats are the forms in which rows are printed.
var formats = []string{"table", "csv", "json", "ndjson"}

func checkFormat(f string) error {
	for _, known := range formats {
		if f == known {
			return nil
		}
	}
	return status.Errorf(status.InvalidUsage, "there is no format %q", f).WithHint("formats are %s", strings.Join(formats, ", "))
}

// printer writes rows in one form.
type printer interface {
	row([]value.Value) error
	end() error // all rows were given
}

func newPrinter(format string, w *bufio.Writer, columns []string) printer {
	switch format {
	case "csv":
		return &csvPrinter{w: csv.NewWriter(w), columns: columns}
	case "json":
		return &jsonPrinter{w: w, columns: columns}
	case "ndjson":
		return &jsonPrinter{w: w, columns: columns, lines: true}
	}
	return &tablePrinter{w: w, columns: columns}
}

// printAnswer prints an answer's rows and returns its first error.
func printAnswer(format string, out io.Writer, ans answer) error {
	w := bufio.NewWriterSize(out, 64<<10)
	p := newPrinter(format, w, ans.Columns())
	for ans.Next() {
		if err := p.row(ans.Values()); err != nil {
			return closeAfter(ans, err)
		}
	}
	if err := ans.Close(); err != nil {
		if ferr := w.Flush(); ferr != nil {
			return ferr
		}
		return err
	}
	if err := p.end(); err != nil {
		return err
	}
	return w.Flush()
}

// closeAfter closes ans and returns the error that came before.
func closeAfter(ans answer, err error) error {
	if cerr := ans.Close(); cerr != nil {
		return fmt.Errorf("%w (and then: %v)", err, cerr)
	}
	return err
}

// cell returns a value as a table shows it: strings at the top without quotes.
func cell(v value.Value) string {
	if v.Kind() == value.KindString {
		return v.AsString()
	}
	if k := v.Kind(); k >= value.KindDate {
		return string(value.AppendISO(nil, v))
	}
	return v.String()
}

type csvPrinter struct {
	w       *csv.Writer
	columns []string
	begun   bool
}

func (p *csvPrinter) begin() error {
	if p.begun || len(p.columns) == 0 {
		return nil
	}
	p.begun = true
	return p.w.Write(p.columns)
}

func (p *csvPrinter) row(vals []value.Value) error {
	if err := p.begin(); err != nil {
		return err
	}
	rec := make([]string, len(vals))
	for i, v := range vals {
		switch v.Kind() {
		case value.KindNull:
		case value.KindList, value.KindMap, value.KindNode, value.KindRelationship, value.KindPath:
			rec[i] = string(wire.Encoder{}.Append(nil, v))
		default:
			rec[i] = cell(v)
		}
	}
	return p.w.Write(rec)
}

func (p *csvPrinter) end() error {
	if err := p.begin(); err != nil {
		return err
	}
	p.w.Flush()
	return p.w.Error()
}

// jsonPrinter writes an object a row, in an array or line by line.
type jsonPrinter struct {
	w       *bufio.Writer
	columns []string
	lines   bool
	rows    int
	buf     []byte
}

func (p *jsonPrinter) row(vals []value.Value) error {
	b := p.buf[:0]
	switch {
	case p.lines:
	case p.rows == 0:
		b = append(b, "[\n"...)
	default:
		b = append(b, ",\n"...)
	}
	p.rows++
	b = wire.Encoder{}.Append(b, value.FromMap(&value.Map{Keys: p.columns, Vals: vals}))
	if p.lines {
		b = append(b, '\n')
	}
	p.buf = b
	_, err := p.w.Write(b)
	return err
}

func (p *jsonPrinter) end() error {
	var err error
	switch {
	case p.lines:
	case p.rows == 0:
		_, err = p.w.WriteString("[]\n")
	default:
		_, err = p.w.WriteString("\n]\n")
	}
	return err
}

const (
	// widthRows is how many rows decide the widths of a table's columns.
	widthRows = 500
	maxWidth  = 60
)

// tablePrinter prints rows under a header. Later rows that are wider than the first
// ones are cut with "…".
type tablePrinter struct {
	w       *bufio.Writer
	columns []string
	held    [][]string
	number  []bool // columns of numbers only are put right
	widths  []int  // nil until they are decided
}

func (p *tablePrinter) row(vals []value.Value) error {
	if p.number == nil {
		p.number = make([]bool, len(p.columns))
		for i := range p.number {
			p.number[i] = true
		}
	}
	rec := make([]string, len(vals))
	for i, v := range vals {
		rec[i] = printable(strings.ReplaceAll(cell(v), "\n", `\n`))
		if k := v.Kind(); p.widths == nil && k != value.KindInt && k != value.KindFloat && k != value.KindNull {
			p.number[i] = false
		}
	}
	if p.widths != nil {
		return p.line(rec)
	}
	if p.held = append(p.held, rec); len(p.held) < widthRows {
		return nil
	}
	return p.flush()
}

func (p *tablePrinter) end() error {
	if p.widths != nil {
		return nil
	}
	return p.flush()
}

func (p *tablePrinter) flush() error {
	p.widths = make([]int, len(p.columns))
	if len(p.columns) == 0 {
		return nil
	}
	if p.number == nil {
		p.number = make([]bool, len(p.columns))
	}
	for i, c := range p.columns {
		p.widths[i] = utf8.RuneCountInString(printable(c))
	}
	for _, rec := range p.held {
		for i, s := range rec {
			p.widths[i] = max(p.widths[i], min(utf8.RuneCountInString(s), maxWidth))
		}
	}
	header := make([]string, len(p.columns))
	rule := make([]string, len(p.columns))
	for i, c := range p.columns {
		header[i] = printable(c)
		rule[i] = strings.Repeat("─", p.widths[i])
	}
	if err := p.line(header); err != nil {
		return err
	}
	if _, err := p.w.WriteString(strings.Join(rule, "─┼─") + "\n"); err != nil {
		return err
	}
	for _, rec := range p.held {
		if err := p.line(rec); err != nil {
			return err
		}
	}
	p.held = nil
	return nil
}

func (p *tablePrinter) line(rec []string) error {
	var b strings.Builder
	for i, s := range rec {
		if i > 0 {
			b.WriteString(" │ ")
		}
		n := utf8.RuneCountInString(s)
		if n > p.widths[i] {
			s = string([]rune(s)[:p.widths[i]-1]) + "…"
			n = p.widths[i]
		}
		pad := strings.Repeat(" ", p.widths[i]-n)
		switch {
		case p.number[i]:
			b.WriteString(pad + s)
		case i == len(rec)-1:
			b.WriteString(s)
		default:
			b.WriteString(s + pad)
		}
	}
	b.WriteByte('\n')
	_, err := p.w.WriteString(b.String())
	return err
}

// printable replaces control characters, which could steer a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' {
			return '�'
		}
		return r
	}, s)
}

func effects(s *kadedb.Summary) []wire.Counter {
	return []wire.Counter{
		{Name: "nodes_created", N: s.NodesCreated}, {Name: "nodes_deleted", N: s.NodesDeleted},
		{Name: "relationships_created", N: s.RelationshipsCreated}, {Name: "relationships_deleted", N: s.RelationshipsDeleted},
		{Name: "properties_set", N: s.PropertiesSet}, {Name: "labels_added", N: s.LabelsAdded}, {Name: "labels_removed", N: s.LabelsRemoved},
		{Name: "indexes_added", N: s.IndexesAdded}, {Name: "indexes_removed", N: s.IndexesRemoved},
		{Name: "constraints_added", N: s.ConstraintsAdded}, {Name: "constraints_removed", N: s.ConstraintsRemoved},
		{Name: "spilled_bytes", N: s.Spilled},
	}
}

// sayReport tells what a statement did.
func (a *app) sayReport(rows int64, r wire.Report) {
	if r.Plan != "" {
		a.say("%s", strings.TrimRight(printable(r.Plan), "\n"))
	}
	for _, n := range r.Notices {
		a.say("note: %s", printable(n))
	}
	var parts []string
	if word := "rows"; rows != 1 {
		parts = append(parts, fmt.Sprintf("%d %s", rows, word))
	} else {
		parts = append(parts, "1 row")
	}
	for _, c := range r.Counters {
		if c.N != 0 && c.Name != "rows" && c.Name != "peak_memory_bytes" {
			parts = append(parts, fmt.Sprintf("%s %d", strings.ReplaceAll(c.Name, "_", " "), c.N))
		}
	}
	a.say("%s (%.1f ms)", strings.Join(parts, ", "), float64(r.Elapsed.Microseconds())/1000)
}
