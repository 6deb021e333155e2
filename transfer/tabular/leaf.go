package tabular

import (
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/value"
)

func validText(s string) bool { return utf8.ValidString(s) }

// leafReader reads one column of one row group into vectors.
type leafReader struct {
	rd  file.ColumnChunkReader
	max int16 // definition level of a value that is there
	m   *parquetColumn

	def    []int16
	ints   []int64
	int32s []int32
	floats []float64
	f32s   []float32
	bools  []bool
	bytes  []parquet.ByteArray
	i96    []parquet.Int96
}

// batchReader is the part of the column readers that depends on the type.
type batchReader[T any] interface {
	ReadBatch(batchSize int64, values []T, def, rep []int16) (total int64, valuesRead int, err error)
}

// fill reads n rows. vals gets the values that are not null, one after the other.
func fill[T any](l *leafReader, rd batchReader[T], buf *[]T, n int, each func(vals []T) error) error {
	if len(*buf) < n {
		*buf = make([]T, n)
	}
	for at := 0; at < n; {
		total, got, err := rd.ReadBatch(int64(n-at), *buf, l.def[at:n], nil)
		if err != nil {
			return err
		}
		if total <= 0 {
			return fmt.Errorf("column %s ends before its row group", l.rd.Descriptor().Name())
		}
		if l.max == 0 {
			for i := range total {
				l.def[at+int(i)] = 0
			}
		}
		if err := each((*buf)[:got]); err != nil {
			return err
		}
		at += int(total)
	}
	return nil
}

// read makes v the next n rows.
func (l *leafReader) read(n int, v *column.Vector) error {
	if cap(l.def) < n {
		l.def = make([]int16, n)
	}
	l.def = l.def[:n]
	v.Reset(vectorType(Want{Kind: l.m.kind}), n)
	at := 0 // in v, of dense values; they are spread afterwards
	var err error
	switch rd := l.rd.(type) {
	case *file.Int64ColumnChunkReader:
		err = fill(l, rd, &l.ints, n, func(vals []int64) error {
			for _, x := range vals {
				l.put(v, at, x)
				at++
			}
			return nil
		})
	case *file.Int32ColumnChunkReader:
		err = fill(l, rd, &l.int32s, n, func(vals []int32) error {
			for _, x := range vals {
				if l.m.unsigned {
					l.put(v, at, int64(uint32(x)))
				} else {
					l.put(v, at, int64(x))
				}
				at++
			}
			return nil
		})
	case *file.Int96ColumnChunkReader:
		err = fill(l, rd, &l.i96, n, func(vals []parquet.Int96) error {
			for _, x := range vals {
				v.Anys[at] = value.LocalDateTime(x.ToTime().Unix(), int32(x.ToTime().Nanosecond()))
				at++
			}
			return nil
		})
	case *file.Float64ColumnChunkReader:
		err = fill(l, rd, &l.floats, n, func(vals []float64) error {
			at += copy(v.Floats[at:], vals)
			return nil
		})
	case *file.Float32ColumnChunkReader:
		err = fill(l, rd, &l.f32s, n, func(vals []float32) error {
			for _, x := range vals {
				v.Floats[at] = float64(x)
				at++
			}
			return nil
		})
	case *file.BooleanColumnChunkReader:
		err = fill(l, rd, &l.bools, n, func(vals []bool) error {
			at += copy(v.Bools[at:], vals)
			return nil
		})
	case *file.ByteArrayColumnChunkReader:
		err = fill(l, rd, &l.bytes, n, func(vals []parquet.ByteArray) error {
			at += copyStrings(v.Strs[at:], vals)
			return nil
		})
	default:
		err = fmt.Errorf("column %s is of a type that is not read", l.rd.Descriptor().Name())
	}
	if err == nil {
		l.spread(v, n, at)
	}
	return err
}

// put writes an integer as what the column holds.
func (l *leafReader) put(v *column.Vector, at int, x int64) {
	switch l.m.kind {
	case Float:
		v.Floats[at] = float64(x) / math.Pow10(l.m.scale)
	case LocalDateTime, DateTime:
		seconds, rest := x/l.m.unit, x%l.m.unit
		if rest < 0 {
			seconds, rest = seconds-1, rest+l.m.unit
		}
		nanos := int32(rest * (1_000_000_000 / l.m.unit))
		if l.m.kind == DateTime {
			v.Anys[at] = value.DateTime(seconds, nanos, value.UTC)
			return
		}
		v.Anys[at] = value.LocalDateTime(seconds, nanos)
	case LocalTime:
		v.Anys[at] = value.LocalTime(x * (1_000_000_000 / l.m.unit))
	default:
		v.Ints[at] = x
	}
}

// copyStrings copies values into strings that share one piece of memory, and those
// that follow each other and are equal into one string.
func copyStrings(dst []string, vals []parquet.ByteArray) int {
	total := 0
	for i, b := range vals {
		if i == 0 || string(b) != string(vals[i-1]) {
			total += len(b)
		}
	}
	blob := make([]byte, 0, total)
	for i, b := range vals {
		if i == 0 || string(b) != string(vals[i-1]) {
			blob = append(blob, b...)
		}
	}
	text, from := string(blob), 0
	for i, b := range vals {
		if i > 0 && string(b) == string(vals[i-1]) {
			dst[i] = dst[i-1]
			continue
		}
		dst[i] = text[from : from+len(b)]
		from += len(b)
	}
	return len(vals)
}

// spread moves dense values to their rows, and marks the rows that have none.
func (l *leafReader) spread(v *column.Vector, n, dense int) {
	if dense == n {
		return
	}
	nulls := column.NewBitmap(n)
	j := dense - 1
	for i := n - 1; i >= 0; i-- {
		if l.def[i] < l.max || j < 0 {
			nulls.Set(i)
			if v.Type == column.Any {
				v.Anys[i] = value.Null
			}
			continue
		}
		switch v.Type {
		case column.Int, column.Date:
			v.Ints[i] = v.Ints[j]
		case column.Float:
			v.Floats[i] = v.Floats[j]
		case column.Bool:
			v.Bools[i] = v.Bools[j]
		case column.String:
			v.Strs[i] = v.Strs[j]
		case column.Any:
			v.Anys[i] = v.Anys[j]
		}
		j--
	}
	if v.Type != column.Any {
		v.Nulls = nulls
	}
}
