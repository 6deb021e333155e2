package tabular

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/status"
)

// csvFile is a file of separated values: fields in quotes or not, quotes doubled
// within quotes, newlines as LF or CRLF.
type csvFile struct {
	t     *Table
	delim byte
	body  int64 // offset of the first record after the header
	line  int64 // on which it begins
}

var bom = []byte("\xef\xbb\xbf")

// maxColumns bounds what a header may name.
const maxColumns = 10_000

func (t *Table) openCSV() error {
	f := &csvFile{t: t, line: 1}
	t.format = f
	head, err := t.head(lookBytes)
	if err != nil {
		return err
	}
	if bytes.HasPrefix(head, bom) {
		f.body, head = 3, head[3:]
	}
	f.delim = t.o.Delimiter
	if f.delim == 0 {
		f.delim = guessDelimiter(head)
	}
	if t.o.NoHeader {
		return nil
	}
	s := splitter{in: t.in, delim: f.delim, limit: t.o.LineLimit, off: f.body, line: 1}
	data, _, err := s.first()
	if err != nil {
		return err
	}
	if len(data) == 0 {
		return status.Errorf(status.MalformedFile, "%s is empty: it has no header", t.in.Name)
	}
	f.line += int64(bytes.Count(data, newline))
	f.body += int64(len(data))
	if !utf8.Valid(data) {
		return status.Errorf(status.InvalidUTF8, "%s:1: the header is not UTF-8", t.in.Name)
	}
	names, err := splitHeader(string(data), f.delim)
	if err != nil {
		return status.Errorf(status.MalformedFile, "%s:1: %w", t.in.Name, err)
	}
	if len(names) > maxColumns {
		return status.Errorf(status.MalformedFile, "%s: a header of %d columns; at most %d are read", t.in.Name, len(names), maxColumns)
	}
	for _, n := range names {
		t.cols = append(t.cols, Column{Name: n})
	}
	if !slices.ContainsFunc(t.cols, func(c Column) bool { return c.Name != "" }) {
		return status.Errorf(status.MalformedFile, "%s:1: the header names no column", t.in.Name)
	}
	return f.sample()
}

// first reads one record.
func (s *splitter) first() (data []byte, line int64, err error) {
	for size := 4 << 10; ; size *= 2 {
		if err := s.fill(size); err != nil {
			return nil, 0, err
		}
		if end, ok := recordEnd(s.rest, 0, s.delim); ok {
			return s.rest[:end], s.line, nil
		}
		if s.off >= s.in.Size {
			return s.rest, s.line, nil
		}
		if len(s.rest) > s.limit {
			return nil, 0, status.Errorf(status.LineTooLong, "%s:%d: the header is longer than %d bytes", s.in.Name, s.line, s.limit)
		}
	}
}

// guessDelimiter returns the candidate that the first line has most of, outside quotes.
func guessDelimiter(head []byte) byte {
	var count [256]int
	quoted := false
	for _, c := range head {
		if c == '"' {
			quoted = !quoted
		}
		if c == '\n' && !quoted {
			break
		}
		if !quoted {
			count[c]++
		}
	}
	best := byte(',')
	for _, c := range []byte("|\t;") {
		if count[c] > count[best] {
			best = c
		}
	}
	return best
}

// sampleBytes is how much of a file is looked at before types are shown.
const sampleBytes = 256 << 10

// sample infers kinds from the first rows.
func (f *csvFile) sample() error {
	s := f.splitter()
	data, _, err := s.next(nil, sampleBytes, func(int64, status.Code, string, string) {})
	if err != nil {
		return err
	}
	kinds := make([]Kind, len(f.t.cols))
	f.t.o.inferRecords(string(data), f.delim, kinds)
	for i := range kinds {
		f.t.cols[i].Kind = kinds[i]
	}
	return nil
}

func (f *csvFile) splitter() splitter {
	return splitter{in: f.t.in, delim: f.delim, limit: f.t.o.LineLimit, off: f.body, line: f.line}
}

func (f *csvFile) rows() int64 { return -1 }

// inferRecords joins the kinds of all cells into kinds. Rows that will be bad do
// not count.
func (o *Options) inferRecords(text string, delim byte, kinds []Kind) {
	w := walker{text: text, delim: delim}
	valid := utf8.ValidString(text)
	row := make([]Kind, len(kinds))
	for w.record() {
		i := 0
		for ; w.field(); i++ {
			switch {
			case i >= len(kinds):
			case kinds[i] == String || w.quoted && w.cell == "":
				row[i] = String
			case w.quoted:
				row[i] = classify(w.cell)
			default:
				if row[i] = Null; !o.isNull(w.cell) {
					row[i] = classify(trimSpaces(w.cell))
				}
			}
		}
		for o.mayLack(i, len(kinds)) {
			row[i] = Null
			i++
		}
		if i != len(kinds) || w.broken || !valid && !utf8.ValidString(text[w.start:w.pos]) {
			continue
		}
		for i, k := range row {
			if k != kinds[i] {
				kinds[i] = Join(kinds[i], k)
			}
		}
	}
}

// mayLack reports whether a row of n fields, of which the header names more, is one
// whose last fields are null. One with less than half of them is something else.
func (o *Options) mayLack(n, columns int) bool { return !o.Strict && n < columns && 2*n >= columns }

// isNull reports whether an unquoted cell of CSV is declared to be null.
func (o *Options) isNull(s string) bool {
	return len(o.Nulls) > 0 && slices.Contains(o.Nulls, trimSpaces(s))
}

// trimSpaces takes away what is around a cell's value.
func trimSpaces(s string) string { return strings.Trim(s, " \t") }

// infer finds kinds by all rows.
func (f *csvFile) infer(ctx context.Context) error {
	t := f.t
	var mu sync.Mutex
	kinds := make([]Kind, len(t.cols))
	err := t.Read(ctx, nil, func(c *Chunk) error {
		mine := make([]Kind, len(kinds))
		t.o.inferRecords(string(c.data), f.delim, mine)
		mu.Lock()
		defer mu.Unlock()
		for i, k := range mine {
			kinds[i] = Join(kinds[i], k)
		}
		return nil
	}, nil)
	if err != nil {
		return err
	}
	for i, k := range kinds {
		t.cols[i].Kind = k
	}
	return nil
}

func (f *csvFile) produce(ctx context.Context, _ []Want, give func(*Chunk) error, fresh func() *Chunk) error {
	s := f.splitter()
	return s.chunks(ctx, f.t, f.t.o.ChunkSize, give, fresh)
}

// chunks gives runs of about size bytes of records until the end.
func (s *splitter) chunks(ctx context.Context, t *Table, size int, give func(*Chunk) error, fresh func() *Chunk) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		c := fresh()
		data, line, err := s.next(c.data[:0], size, c.bad)
		if err != nil {
			return err
		}
		c.data, c.line, c.Bytes = data, line, s.off-int64(len(s.rest))
		if t.packed != nil {
			c.Bytes = t.packed.far.Load()
		}
		if len(data) == 0 && len(c.Bad) == 0 {
			return nil
		}
		if err := give(c); err != nil || len(data) == 0 {
			return err
		}
	}
}

// parse makes vectors of a chunk's records.
func (f *csvFile) parse(c *Chunk, wants []Want) error {
	if wants == nil {
		return nil
	}
	p := parser{f: f, c: c, wants: wants, of: make([]int32, len(f.t.cols))}
	for i := range p.of {
		p.of[i] = -1
	}
	for i, w := range wants {
		p.of[w.Column] = int32(i)
	}
	text := string(c.data)
	p.valid = utf8.ValidString(text)
	// A row that is kept has a delimiter or newline for every other column: without that bound a
	// wide header over many empty lines would ask for all memory.
	rows := min(bytes.Count(c.data, newline), 2*len(c.data)/max(len(f.t.cols), 1)) + 2
	if len(c.Cols) != len(wants) {
		c.Cols = make([]column.Vector, len(wants))
	}
	for i, w := range wants {
		c.Cols[i].Reset(vectorType(w), rows)
	}
	p.nulls = make([]column.Bitmap, len(wants))
	c.start, c.delim = make([]uint32, 0, rows), f.delim
	p.w = walker{text: text, delim: f.delim}
	for p.w.record() {
		if err := p.row(rows); err != nil {
			return err
		}
	}
	for i := range c.Cols {
		v := &c.Cols[i]
		v.Slice(v, 0, c.Rows)
		v.Nulls = p.nulls[i]
		if v.Type == column.Any {
			v.Nulls = nil
		}
	}
	return nil
}

// vectorType returns the type of the vector that holds a column.
func vectorType(w Want) column.Type {
	if w.List {
		return column.Any
	}
	switch w.Kind {
	case Bool:
		return column.Bool
	case Int:
		return column.Int
	case Float:
		return column.Float
	case Date:
		return column.Date
	case String, Null:
		return column.String
	}
	return column.Any
}

// Type returns the vector type of what w asks for.
func (w Want) Type() column.Type { return vectorType(w) }
