package tabular

import (
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/kadedb/kadedb/column"
)

// arrowWriter writes Arrow's file format.
type arrowWriter struct {
	cols []Out
	b    *array.RecordBuilder
	w    *ipc.FileWriter
	rows int
	cell []byte
}

// recordRows is how many rows one Arrow batch holds.
const recordRows = 8 << 10

// onlyWriter hides that what is written to can be closed.
type onlyWriter struct{ io.Writer }

func newArrowWriter(w io.Writer, cols []Out) (*arrowWriter, error) {
	fields := make([]arrow.Field, len(cols))
	for i := range cols {
		fields[i] = arrow.Field{Name: cols[i].Header(), Type: cols[i].arrowType(), Nullable: true}
	}
	schema := arrow.NewSchema(fields, nil)
	fw, err := ipc.NewFileWriter(onlyWriter{w}, ipc.WithSchema(schema))
	if err != nil {
		return nil, err
	}
	return &arrowWriter{cols: cols, b: array.NewRecordBuilder(memory.DefaultAllocator, schema), w: fw}, nil
}

// arrowType returns the type of the column's values.
func (o *Out) arrowType() arrow.DataType {
	switch {
	case o.Text || o.List:
	case o.Kind == Bool:
		return arrow.FixedWidthTypes.Boolean
	case o.Kind == Int:
		return arrow.PrimitiveTypes.Int64
	case o.Kind == Float:
		return arrow.PrimitiveTypes.Float64
	case o.Kind == Date:
		return arrow.FixedWidthTypes.Date32
	case o.Kind == LocalTime:
		return arrow.FixedWidthTypes.Time64ns
	case o.Kind == LocalDateTime, o.Kind == DateTime:
		t := &arrow.TimestampType{Unit: arrow.Nanosecond}
		if o.Micro {
			t.Unit = arrow.Microsecond
		}
		if o.Kind == DateTime {
			t.TimeZone = "UTC"
		}
		return t
	}
	return arrow.BinaryTypes.String
}

// Write is part of Writer.
func (c *arrowWriter) Write(cols []column.Vector, n int) error {
	for from := 0; from < n; {
		k := min(n-from, recordRows-c.rows)
		for i := range cols {
			c.fill(c.b.Field(i), &cols[i], &c.cols[i], from, from+k)
		}
		from, c.rows = from+k, c.rows+k
		if c.rows == recordRows {
			if err := c.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *arrowWriter) fill(b array.Builder, v *column.Vector, o *Out, from, to int) {
	b.Reserve(to - from)
	for r := from; r < to; r++ {
		if v.IsNull(r) {
			b.AppendNull()
			continue
		}
		switch b := b.(type) {
		case *array.Int64Builder:
			b.UnsafeAppend(v.Ints[r])
		case *array.Float64Builder:
			b.UnsafeAppend(v.Floats[r])
		case *array.BooleanBuilder:
			b.UnsafeAppend(v.Bools[r])
		case *array.Date32Builder:
			b.UnsafeAppend(arrow.Date32(v.Ints[r]))
		case *array.Time64Builder:
			nanos, _ := v.Anys[r].TimeOfDay()
			b.UnsafeAppend(arrow.Time64(nanos))
		case *array.TimestampBuilder:
			seconds, nanos := v.Anys[r].Seconds()
			if o.Micro {
				b.UnsafeAppend(arrow.Timestamp(seconds*1_000_000 + int64(nanos)/1000))
			} else {
				b.UnsafeAppend(arrow.Timestamp(seconds*1_000_000_000 + int64(nanos)))
			}
		case *array.StringBuilder:
			switch {
			case v.Type == column.String:
				b.Append(v.Str(r))
			case o.Kind == Any || o.List:
				c.cell = AppendTyped(c.cell[:0], v.Value(r))
				b.BinaryBuilder.Append(c.cell)
			default:
				c.cell = appendCell(c.cell[:0], v.Value(r))
				b.BinaryBuilder.Append(c.cell)
			}
		}
	}
}

func (c *arrowWriter) flush() error {
	if c.rows == 0 {
		return nil
	}
	rec := c.b.NewRecordBatch()
	defer rec.Release()
	c.rows = 0
	return c.w.Write(rec)
}

// Close is part of Writer.
func (c *arrowWriter) Close() error {
	defer c.b.Release()
	if err := c.flush(); err != nil {
		return err
	}
	return c.w.Close()
}
