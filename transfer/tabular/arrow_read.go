package tabular

import (
	"context"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// arrowFile reads Arrow's file format, batch by batch.
type arrowFile struct {
	parquetFile // what becomes of vectors is the same
	r           *ipc.FileReader
	n           int64
}

func (t *Table) openArrow() (err error) {
	defer t.guard(&err)
	if t.in.Size >= 4 {
		head, err := t.head(4)
		if err != nil {
			return err
		}
		if head[0] == 0xff {
			return status.Errorf(status.NotYet, "%s is a stream of Arrow batches", t.in.Name).WithHint("Write it in Arrow's file format, which is also called Feather.")
		}
	}
	r, err := ipc.NewFileReader(io.NewSectionReader(t.in.R, 0, t.in.Size))
	if err != nil {
		return status.Errorf(status.MalformedFile, "%s is no sound Arrow file: %w", t.in.Name, err)
	}
	f := &arrowFile{parquetFile: parquetFile{t: t}, r: r, n: -1}
	t.format = f
	s := r.Schema()
	if s.NumFields() > maxColumns {
		return status.Errorf(status.MalformedFile, "%s: %d columns; at most %d are read", t.in.Name, s.NumFields(), maxColumns)
	}
	for i := range s.NumFields() {
		m := parquetColumn{leaf: i}
		m.kind, m.unit = arrowKind(s.Field(i).Type)
		f.meta = append(f.meta, m)
		t.cols = append(t.cols, Column{Name: s.Field(i).Name, Kind: m.kind, Fixed: true})
	}
	return nil
}

// arrowKind returns the kind of a type's values, and the ticks a second of times; Null:
// it is not read.
func arrowKind(t arrow.DataType) (Kind, int64) {
	switch t := t.(type) {
	case *arrow.BooleanType:
		return Bool, 0
	case *arrow.Int8Type, *arrow.Int16Type, *arrow.Int32Type, *arrow.Int64Type, *arrow.Uint8Type, *arrow.Uint16Type, *arrow.Uint32Type:
		return Int, 0
	case *arrow.Float32Type, *arrow.Float64Type:
		return Float, 0
	case *arrow.StringType, *arrow.LargeStringType:
		return String, 0
	case *arrow.DictionaryType:
		if k, _ := arrowKind(t.ValueType); k == String {
			return String, 0
		}
	case *arrow.Date32Type:
		return Date, 0
	case *arrow.TimestampType:
		unit := int64(1_000_000_000) / int64(t.Unit.Multiplier())
		if t.TimeZone != "" {
			return DateTime, unit
		}
		return LocalDateTime, unit
	case *arrow.Time64Type:
		return LocalTime, int64(1_000_000_000) / int64(t.Unit.Multiplier())
	}
	return Null, 0
}

func (f *arrowFile) rows() int64 { return f.n }

func (f *arrowFile) produce(ctx context.Context, wants []Want, give func(*Chunk) error, fresh func() *Chunk) (err error) {
	defer f.t.guard(&err)
	for _, w := range wants {
		if f.meta[w.Column].kind == Null {
			return status.Errorf(status.NotYet, "%s: column %q is of a type that is not read yet: %s", f.t.in.Name, f.t.cols[w.Column].Name,
				f.r.Schema().Field(w.Column).Type).WithHint("Leave the column out of the file, or write it as text.")
		}
	}
	done, batches := int64(0), f.r.NumRecords()
	for k := range batches {
		rec, err := f.r.RecordBatchAt(k)
		if err != nil {
			return f.malformed(err)
		}
		for from := 0; from < int(rec.NumRows()); from += parquetBatch {
			if err := ctx.Err(); err != nil {
				rec.Release()
				return err
			}
			n := min(parquetBatch, int(rec.NumRows())-from)
			c := fresh()
			if len(c.Cols) != len(wants) {
				c.Cols = make([]column.Vector, len(wants))
			}
			for i, w := range wants {
				f.take(rec.Column(w.Column), &f.meta[w.Column], from, n, &c.Cols[i])
			}
			c.Rows, c.line, done = n, done+1, done+int64(n)
			c.Bytes = int64(float64(k) / float64(batches) * float64(f.t.in.Size))
			if err := give(c); err != nil {
				rec.Release()
				return err
			}
		}
		rec.Release()
	}
	return nil
}

// take copies rows of an array into v.
func (f *arrowFile) take(a arrow.Array, m *parquetColumn, from, n int, v *column.Vector) {
	v.Reset(vectorType(Want{Kind: m.kind}), n)
	l := leafReader{m: m}
	for i := range n {
		r := from + i
		if a.IsNull(r) {
			v.SetNull(i, n)
			continue
		}
		switch a := a.(type) {
		case *array.Boolean:
			v.Bools[i] = a.Value(r)
		case *array.Int8:
			v.Ints[i] = int64(a.Value(r))
		case *array.Int16:
			v.Ints[i] = int64(a.Value(r))
		case *array.Int32:
			v.Ints[i] = int64(a.Value(r))
		case *array.Int64:
			v.Ints[i] = a.Value(r)
		case *array.Uint8:
			v.Ints[i] = int64(a.Value(r))
		case *array.Uint16:
			v.Ints[i] = int64(a.Value(r))
		case *array.Uint32:
			v.Ints[i] = int64(a.Value(r))
		case *array.Float32:
			v.Floats[i] = float64(a.Value(r))
		case *array.Float64:
			v.Floats[i] = a.Value(r)
		case *array.String:
			v.Strs[i] = string([]byte(a.Value(r)))
		case *array.LargeString:
			v.Strs[i] = string([]byte(a.Value(r)))
		case *array.Dictionary:
			v.Strs[i] = string([]byte(a.Dictionary().ValueStr(a.GetValueIndex(r))))
		case *array.Date32:
			v.Ints[i] = int64(a.Value(r))
		case *array.Timestamp:
			l.put(v, i, int64(a.Value(r)))
		case *array.Time64:
			l.put(v, i, int64(a.Value(r)))
		default:
			panic(fmt.Sprintf("an array of %s", a.DataType()))
		}
	}
	if v.Type == column.Any {
		for i := range n {
			if v.IsNull(i) {
				v.Anys[i] = value.Null
			}
		}
		v.Nulls = nil
	}
}
