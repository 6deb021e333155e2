package tabular

import (
	"io"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/kadedb/kadedb/column"
)

// parquetWriter writes row groups, a batch of rows to each of their columns at a time.
type parquetWriter struct {
	cols   []Out
	w      *file.Writer
	group  file.BufferedRowGroupWriter
	chunks []file.ColumnChunkWriter
	waits  []textColumn // by column; of those that are texts
	rows   int          // of the row group

	def    []int16
	ints   []int64
	days   []int32
	floats []float64
	bools  []bool
	texts  []parquet.ByteArray
	cells  []byte
}

const (
	rowGroupRows  = 64 << 10
	rowGroupBytes = 32 << 20 // or somewhat more: what waits for its page does not count
	parquetPage   = 128 << 10
	dictionaryMax = 128 << 10
)

func newParquetWriter(w io.Writer, cols []Out) (*parquetWriter, error) {
	fields := make(schema.FieldList, len(cols))
	for i := range cols {
		n, err := cols[i].parquetNode()
		if err != nil {
			return nil, err
		}
		fields[i] = n
	}
	root, err := schema.NewGroupNode("schema", parquet.Repetitions.Required, fields, -1)
	if err != nil {
		return nil, err
	}
	o := []parquet.WriterProperty{parquet.WithCompression(compress.Codecs.Snappy), parquet.WithDataPageSize(parquetPage),
		parquet.WithDictionaryPageSizeLimit(dictionaryMax), parquet.WithCreatedBy("kadedb")}
	for i := range cols {
		// Numbers repeat too seldom to be worth the looking up.
		if k := cols[i].Kind; k == Int || k == Float || k == LocalDateTime || k == DateTime {
			o = append(o, parquet.WithDictionaryFor(cols[i].Header(), false))
		}
	}
	props := parquet.NewWriterProperties(o...)
	fw, err := file.NewParquetWriterWithError(onlyWriter{w}, root, file.WithWriterProps(props))
	if err != nil {
		return nil, err
	}
	return &parquetWriter{cols: cols, w: fw, waits: make([]textColumn, len(cols))}, nil
}

// parquetNode describes the column.
func (o *Out) parquetNode() (schema.Node, error) {
	var logical schema.LogicalType = schema.StringLogicalType{}
	physical := parquet.Types.ByteArray
	switch {
	case o.Text || o.List:
	case o.Kind == Bool:
		logical, physical = nil, parquet.Types.Boolean
	case o.Kind == Int:
		logical, physical = nil, parquet.Types.Int64
	case o.Kind == Float:
		logical, physical = nil, parquet.Types.Double
	case o.Kind == Date:
		logical, physical = schema.DateLogicalType{}, parquet.Types.Int32
	case o.Kind == LocalTime:
		logical, physical = schema.NewTimeLogicalType(false, schema.TimeUnitNanos), parquet.Types.Int64
	case o.Kind == LocalDateTime, o.Kind == DateTime:
		unit := schema.TimeUnitNanos
		if o.Micro {
			unit = schema.TimeUnitMicros
		}
		logical, physical = schema.NewTimestampLogicalType(o.Kind == DateTime, unit), parquet.Types.Int64
	}
	if logical == nil {
		return schema.NewPrimitiveNode(o.Header(), parquet.Repetitions.Optional, physical, -1, -1)
	}
	return schema.NewPrimitiveNodeLogical(o.Header(), parquet.Repetitions.Optional, logical, physical, -1, -1)
}

// begin opens a row group.
func (p *parquetWriter) begin() error {
	group, err := p.w.AppendBufferedRowGroupChecked()
	if err != nil {
		return err
	}
	p.group = group
	p.chunks = p.chunks[:0]
	for i := range p.cols {
		c, err := p.group.Column(i)
		if err != nil {
			return err
		}
		p.chunks = append(p.chunks, c)
		p.waits[i].reset()
	}
	return nil
}

// Write is part of Writer.
func (p *parquetWriter) Write(cols []column.Vector, n int) error {
	if n == 0 {
		return nil
	}
	if p.group == nil {
		if err := p.begin(); err != nil {
			return err
		}
	}
	for i := range cols {
		if err := p.column(i, &cols[i], n); err != nil {
			return err
		}
	}
	if p.rows += n; p.rows >= rowGroupRows || p.group.TotalCompressedBytes() >= rowGroupBytes {
		return p.end()
	}
	return nil
}

func (p *parquetWriter) end() error {
	if p.group == nil {
		return nil
	}
	for i, c := range p.chunks {
		if w, ok := c.(*file.ByteArrayColumnChunkWriter); ok {
			if err := p.codes(w, &p.waits[i]); err != nil {
				return err
			}
		}
	}
	err := p.group.Close()
	p.group, p.rows = nil, 0
	return err
}

// levels notes which rows have a value, and returns how many do.
func (p *parquetWriter) levels(v *column.Vector, n int) int {
	p.def = p.def[:0]
	some := 0
	if v.Nulls == nil && v.Type != column.Any && v.Type != column.Null {
		for range n {
			p.def = append(p.def, 1)
		}
		return n
	}
	for r := range n {
		d := int16(1)
		if v.IsNull(r) {
			d = 0
		}
		some += int(d)
		p.def = append(p.def, d)
	}
	return some
}

func (p *parquetWriter) column(i int, v *column.Vector, n int) (err error) {
	o := &p.cols[i]
	all := p.levels(v, n) == n
	switch w := p.chunks[i].(type) {
	case *file.Int64ColumnChunkWriter:
		if v.Type == column.Int && all {
			_, err = w.WriteBatch(v.Ints[:n], p.def, nil)
			break
		}
		p.ints = p.ints[:0]
		p.each(n, func(r int) { p.ints = append(p.ints, ticksOf(v, r, o)) })
		_, err = w.WriteBatch(p.ints, p.def, nil)
	case *file.Int32ColumnChunkWriter:
		p.days = p.days[:0]
		p.each(n, func(r int) { p.days = append(p.days, int32(v.Ints[r])) })
		_, err = w.WriteBatch(p.days, p.def, nil)
	case *file.Float64ColumnChunkWriter:
		if all {
			_, err = w.WriteBatch(v.Floats[:n], p.def, nil)
			break
		}
		p.floats = p.floats[:0]
		p.each(n, func(r int) { p.floats = append(p.floats, v.Floats[r]) })
		_, err = w.WriteBatch(p.floats, p.def, nil)
	case *file.BooleanColumnChunkWriter:
		p.bools = p.bools[:0]
		p.each(n, func(r int) { p.bools = append(p.bools, v.Bools[r]) })
		_, err = w.WriteBatch(p.bools, p.def, nil)
	case *file.ByteArrayColumnChunkWriter:
		err = p.text(w, &p.waits[i], v, o, n)
	}
	return err
}

// each calls f with the rows that have a value.
func (p *parquetWriter) each(n int, f func(r int)) {
	for r := range n {
		if p.def[r] != 0 {
			f(r)
		}
	}
}

// ticksOf returns the number that stands for a value.
func ticksOf(v *column.Vector, r int, o *Out) int64 {
	switch o.Kind {
	case LocalTime:
		nanos, _ := v.Anys[r].TimeOfDay()
		return nanos
	case LocalDateTime, DateTime:
		seconds, nanos := v.Anys[r].Seconds()
		if o.Micro {
			return seconds*1_000_000 + int64(nanos)/1000
		}
		return seconds*1_000_000_000 + int64(nanos)
	}
	return v.Ints[r]
}

// strings gathers the texts of a column.
func (p *parquetWriter) strings(v *column.Vector, o *Out, n int) {
	p.cells, p.texts = p.cells[:0], p.texts[:0]
	var ends []int
	if v.Type == column.String {
		p.each(n, func(r int) { p.texts = append(p.texts, bytesOf(v.Str(r))) })
		return
	}
	p.each(n, func(r int) {
		switch {
		case o.Kind == Any || o.List:
			p.cells = AppendTyped(p.cells, v.Value(r))
		default:
			p.cells = appendCell(p.cells, v.Value(r))
		}
		ends = append(ends, len(p.cells))
	})
	from := 0
	for _, end := range ends {
		p.texts = append(p.texts, parquet.ByteArray(p.cells[from:end]))
		from = end
	}
}

// Close is part of Writer.
func (p *parquetWriter) Close() error {
	if err := p.end(); err != nil {
		return err
	}
	return p.w.Close()
}
