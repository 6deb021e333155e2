package tabular

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// parquetFile reads a row group's columns side by side, some thousand rows at a
// time: the pages under way are what is in memory.
type parquetFile struct {
	t    *Table
	r    *file.Reader
	meta []parquetColumn
}

// parquetColumn says how a column's physical values become values.
type parquetColumn struct {
	leaf   int // place in the schema
	kind   Kind
	unit   int64 // ticks a second, of times
	scale  int   // of decimals
	nested bool
	// Integers without a sign are stored as if they had one. Those of 64 bits above the
	// greatest integer make their rows bad.
	unsigned bool
}

const parquetBatch = 16 << 10

// maxPage bounds what the header of a page may ask to be allocated.
const maxPage = 64 << 20

// guard turns a panic of the Parquet library, which a damaged file can cause, into an error.
func (t *Table) guard(err *error) {
	if p := recover(); p != nil {
		*err = status.Errorf(status.MalformedFile, "%s is no sound Parquet file: %v", t.in.Name, p)
	}
}

func (t *Table) openParquet() (err error) {
	defer t.guard(&err)
	props := parquet.NewReaderProperties(nil)
	props.BufferedStreamEnabled = true
	props.MaxCompressedPageSize, props.MaxUncompressedPageSize = maxPage, maxPage
	r, err := file.NewParquetReader(io.NewSectionReader(t.in.R, 0, t.in.Size), file.WithReadProps(props))
	if err != nil {
		return status.Errorf(status.MalformedFile, "%s is no sound Parquet file: %w", t.in.Name, err)
	}
	f := &parquetFile{t: t, r: r}
	t.format = f
	s := r.MetaData().Schema
	if s.NumColumns() > maxColumns {
		return status.Errorf(status.MalformedFile, "%s: %d columns; at most %d are read", t.in.Name, s.NumColumns(), maxColumns)
	}
	for i := range s.NumColumns() {
		c := s.Column(i)
		m := describe(c)
		m.leaf = i
		f.meta = append(f.meta, m)
		name := c.Name()
		if m.nested {
			name = c.ColumnPath()[0]
		}
		t.cols = append(t.cols, Column{Name: name, Kind: m.kind, Fixed: true})
	}
	return nil
}

// describe finds the kind of a leaf column; Null: it cannot be read.
func describe(c *schema.Column) parquetColumn {
	m := parquetColumn{nested: c.MaxRepetitionLevel() > 0 || len(c.ColumnPath()) > 1}
	if m.nested {
		return m
	}
	switch l := c.LogicalType().(type) {
	case schema.DateLogicalType:
		m.kind = Date
	case schema.TimestampLogicalType:
		m.kind, m.unit = LocalDateTime, ticks(l.TimeUnit())
		if l.IsAdjustedToUTC() {
			m.kind = DateTime
		}
	case schema.TimeLogicalType:
		m.kind, m.unit = LocalTime, ticks(l.TimeUnit())
	case schema.DecimalLogicalType:
		m.kind, m.scale = Float, int(l.Scale())
	}
	if m.kind != Null {
		if t := c.PhysicalType(); t != parquet.Types.Int64 && t != parquet.Types.Int32 {
			m.kind = Null
		}
		return m
	}
	switch c.PhysicalType() {
	case parquet.Types.Boolean:
		m.kind = Bool
	case parquet.Types.Int32, parquet.Types.Int64:
		m.kind = Int
		l, ok := c.LogicalType().(schema.IntLogicalType)
		m.unsigned = ok && !l.IsSigned()
	case parquet.Types.Float, parquet.Types.Double:
		m.kind = Float
	case parquet.Types.ByteArray:
		m.kind = String
	case parquet.Types.Int96:
		m.kind, m.unit = LocalDateTime, 1e9
	}
	return m
}

func ticks(u schema.TimeUnitType) int64 {
	switch u {
	case schema.TimeUnitMillis:
		return 1e3
	case schema.TimeUnitMicros:
		return 1e6
	}
	return 1e9
}

func (f *parquetFile) rows() int64 { return f.r.NumRows() }

func (f *parquetFile) produce(ctx context.Context, wants []Want, give func(*Chunk) error, fresh func() *Chunk) (err error) {
	defer f.t.guard(&err)
	for _, w := range wants {
		if m := f.meta[w.Column]; m.kind == Null {
			c := f.t.cols[w.Column]
			return status.Errorf(status.NotYet, "%s: column %q is nested or of a type that is not read yet: %s", f.t.in.Name, c.Name,
				f.r.MetaData().Schema.Column(m.leaf).PhysicalType()).WithHint("Leave the column out of the file, or write it as CSV.")
		}
	}
	done, total := int64(0), max(f.r.NumRows(), 1)
	for g := range f.r.NumRowGroups() {
		rg := f.r.RowGroup(g)
		readers := make([]leafReader, len(wants))
		for i, w := range wants {
			rd, err := rg.Column(f.meta[w.Column].leaf)
			if err != nil {
				return f.malformed(err)
			}
			readers[i] = leafReader{rd: rd, max: rd.Descriptor().MaxDefinitionLevel(), m: &f.meta[w.Column]}
		}
		for left := rg.NumRows(); left > 0; {
			if err := ctx.Err(); err != nil {
				return err
			}
			n := int(min(left, parquetBatch))
			c := fresh()
			if len(c.Cols) != len(wants) {
				c.Cols = make([]column.Vector, len(wants))
			}
			for i := range readers {
				if err := readers[i].read(n, &c.Cols[i]); err != nil {
					return f.malformed(err)
				}
			}
			left -= int64(n)
			c.Rows, c.line, done = n, done+1, done+int64(n)
			c.Bytes = int64(float64(done) / float64(total) * float64(f.t.in.Size))
			if err := give(c); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *parquetFile) malformed(err error) error {
	return status.Errorf(status.MalformedFile, "%s: %w", f.t.in.Name, err)
}

// parse brings vectors to the kinds that are wanted.
func (f *parquetFile) parse(c *Chunk, wants []Want) error {
	var badRows map[int]string
	for i, w := range wants {
		v := &c.Cols[i]
		if v.Type == column.String {
			for r := range c.Rows {
				if !v.Nulls.Get(r) && !validText(v.Str(r)) {
					badRows = setBad(badRows, r, "bytes that are not UTF-8")
				}
			}
		}
		if f.meta[w.Column].unsigned {
			for r := range c.Rows {
				if !v.Nulls.Get(r) && v.Ints[r] < 0 {
					badRows = setBad(badRows, r, fmt.Sprintf("column %q has %d, an integer beyond 64 bits with a sign", f.t.cols[w.Column].Name, uint64(v.Ints[r])))
				}
			}
		}
		if f.meta[w.Column].kind == w.Kind && !w.List {
			continue
		}
		if w.Kind == Any && !w.List && v.Type != column.String {
			boxAll(v, c.Rows)
			continue
		}
		out := column.Vector{}
		out.Reset(vectorType(w), c.Rows)
		for r := range c.Rows {
			if v.IsNull(r) {
				out.SetNull(r, c.Rows)
				continue
			}
			if !convert(v, r, &out, w) {
				badRows = setBad(badRows, r, fmt.Sprintf("column %q has a value that is not of type %s", f.t.cols[w.Column].Name, kindName(w)))
			}
		}
		*v = out
	}
	if badRows == nil {
		return nil
	}
	keep := make([]int32, 0, c.Rows)
	for r := range c.Rows {
		if reason, bad := badRows[r]; bad {
			code := status.MalformedRow
			if strings.HasPrefix(reason, "bytes") {
				code = status.InvalidUTF8
			}
			c.bad(c.line+int64(r), code, reason, "")
			continue
		}
		keep = append(keep, int32(r))
	}
	for i := range c.Cols {
		var out column.Vector
		out.Gather(&c.Cols[i], keep)
		c.Cols[i] = out
	}
	// Lines are those of the rows kept.
	c.kept = keep
	c.Rows = len(keep)
	return nil
}

// boxAll makes a vector one of boxed values.
func boxAll(v *column.Vector, n int) {
	var out column.Vector
	out.Reset(column.Any, n)
	for r := range n {
		out.Anys[r] = v.Value(r)
	}
	*v = out
}

// listOf reads a JSON array of values of a kind.
func listOf(text string, k Kind) (value.Value, bool) {
	v, ok := parseTyped(text)
	if !ok || v.Kind() != value.KindList {
		return value.Null, false
	}
	elems := make([]value.Value, len(v.Elems()))
	for i, e := range v.Elems() {
		if elems[i], ok = as(e, k); !ok {
			return value.Null, false
		}
	}
	return value.List(elems...), true
}

func setBad(m map[int]string, r int, reason string) map[int]string {
	if m == nil {
		m = map[int]string{}
	}
	m[r] = reason
	return m
}

// convert writes row r of v into out in out's type.
func convert(v *column.Vector, r int, out *column.Vector, w Want) bool {
	var text string
	switch v.Type {
	case column.String:
		text = v.Str(r)
	case column.Int:
		if out.Type == column.Float {
			out.Floats[r] = float64(v.Ints[r])
			return true
		}
		text = fmt.Sprint(v.Ints[r])
	case column.Float:
		text = fmt.Sprint(v.Floats[r])
	default:
		text = v.Value(r).String()
	}
	var ok bool
	switch out.Type {
	case column.String:
		out.Strs[r], ok = text, true
	case column.Int:
		out.Ints[r], ok = parseInt(text)
	case column.Float:
		out.Floats[r], ok = parseFloat(text)
	case column.Bool:
		out.Bools[r], ok = parseBool(text)
	case column.Date:
		if out.Ints[r], ok = parseDate(text); !ok {
			d, err := value.ParseDate(text)
			if ok = err == nil; ok {
				out.Ints[r] = d.Days()
			}
		}
	case column.Any:
		if !w.List {
			out.Anys[r], ok = parseValue(text, w.Kind)
		} else if v.Type == column.String {
			out.Anys[r], ok = listOf(text, w.Kind)
		}
	}
	return ok
}
