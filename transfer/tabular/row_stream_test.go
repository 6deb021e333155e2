package tabular

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/ipc"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// readStream returns the types and, column by column, the texts of a stream.
func readStream(t *testing.T, b []byte) (types []string, cells [][]string, err error) {
	t.Helper()
	r, err := ipc.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, nil, err
	}
	defer r.Release()
	for _, f := range r.Schema().Fields() {
		types = append(types, f.Name+" "+f.Type.String())
	}
	cells = make([][]string, len(types))
	for r.Next() {
		for i, col := range r.RecordBatch().Columns() {
			for k := range col.Len() {
				cells[i] = append(cells[i], col.ValueStr(k))
			}
		}
	}
	return types, cells, r.Err()
}

func TestRowStream(t *testing.T) {
	stockholm, err := value.FindZone("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"b", "i", "f", "n", "d", "far", "lt", "t", "ldt", "ns", "dt", "zoned", "dur", "s", "l", "mixed", "none"}
	rows := [][]value.Value{
		{value.Bool(true), value.Int(math.MaxInt64), value.Float(0.5), value.Int(1), value.Date(1), value.Date(value.MaxDays), value.LocalTime(1), value.Time(1, 0),
			value.LocalDateTime(1, 1000), value.LocalDateTime(1, 1), value.DateTime(1, 0, value.UTC), value.DateTime(1, 0, stockholm.AtInstant(1)),
			value.Duration(value.Span{Days: 1}), value.String("é"), value.List(value.Int(1)), value.Int(1), value.Null},
		{value.Bool(false), value.Int(-1), value.Float(math.NaN()), value.Float(2.5), value.Date(-1), value.Date(0), value.LocalTime(0), value.Time(0, 3600),
			value.LocalDateTime(-1, 0), value.LocalDateTime(0, 0), value.DateTime(0, 0, value.UTC), value.DateTime(0, 0, value.UTC),
			value.Duration(value.Span{Months: 1}), value.String(""), value.List(), value.String("x"), value.Null},
		make([]value.Value, len(names)),
	}
	var out bytes.Buffer
	s := NewRowStream(&out, names)
	for _, r := range rows {
		if err := s.Append(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	types, cells, err := readStream(t, out.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	const want = "b bool|i int64|f float64|n float64|d date32|far utf8|lt time64[ns]|t utf8|ldt timestamp[us]|ns timestamp[ns]|dt timestamp[us, tz=UTC]|zoned utf8|" +
		"dur utf8|s utf8|l utf8|mixed utf8|none utf8"
	if got := strings.Join(types, "|"); got != want {
		t.Errorf("the types are\n%s\nwant\n%s", got, want)
	}
	for i, want := range []string{"true,false,(null)", "9223372036854775807,-1,(null)", "0.5,NaN,(null)", "1,2.5,(null)", "1970-01-02,1969-12-31,(null)",
		"+999999999-12-31,1970-01-01,(null)", "00:00:00.000000001,00:00:00.000000000,(null)", "00:00:00.000000001Z,00:00+01:00,(null)"} {
		if got := strings.Join(cells[i], ","); got != want {
			t.Errorf("column %s holds %s, want %s", names[i], got, want)
		}
	}
	if got := strings.Join(cells[15], ","); got != `1,"x",(null)` {
		t.Errorf("the mixed column holds %s", got)
	}
	if _, _, err := readStream(t, out.Bytes()[:out.Len()-100]); err == nil {
		t.Error("a stream without its end is read")
	}
}

// Batches, and values that come after the types were chosen.
func TestRowStreamBatches(t *testing.T) {
	var out bytes.Buffer
	s := NewRowStream(&out, []string{"i", "late", "b", "text"})
	const n = 3*recordRows + 5
	for i := range n {
		row := []value.Value{value.Int(int64(i)), value.Null, value.Bool(i%3 == 0), value.String(strings.Repeat("x", i%40))}
		if i >= recordRows {
			row[1] = []value.Value{value.String("a"), value.Int(7), value.List(value.Int(1))}[i%3]
		}
		if i%5 == 0 {
			row[0], row[2] = value.Null, value.Null
		}
		if err := s.Append(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	types, cells, err := readStream(t, out.Bytes())
	if err != nil || len(cells[0]) != n || types[1] != "late utf8" {
		t.Fatalf("%v: %d rows, %v", types, len(cells[0]), err)
	}
	for i := range n {
		want := []string{strconv.Itoa(i), "(null)", strconv.FormatBool(i%3 == 0), strings.Repeat("x", i%40)}
		if i >= recordRows {
			want[1] = []string{"a", "7", "[1]"}[i%3]
		}
		if i%5 == 0 {
			want[0], want[2] = "(null)", "(null)"
		}
		for c := range want {
			if cells[c][i] != want[c] {
				t.Fatalf("row %d of column %d is %q, want %q", i, c, cells[c][i], want[c])
			}
		}
	}
}

func TestRowStreamMisfits(t *testing.T) {
	for _, c := range []struct{ first, later value.Value }{
		{value.Int(1), value.Float(1)}, {value.Int(1), value.String("x")}, {value.String("x"), value.Int(1)}, {value.Bool(true), value.Int(1)},
		{value.Float(1), value.Bool(true)}, {value.Date(0), value.Date(value.MaxDays)}, {value.Date(0), value.LocalDateTime(0, 0)},
		{value.LocalDateTime(0, 0), value.LocalDateTime(0, 1)}, {value.LocalDateTime(0, 1), value.LocalDateTime(1<<40, 0)},
		{value.DateTime(0, 0, value.UTC), value.DateTime(0, 0, &value.Zone{Offset: 3600})}, {value.Duration(value.Span{}), value.Time(0, 0)},
	} {
		s := NewRowStream(io.Discard, []string{"x"})
		var err error
		for range recordRows {
			err = errors.Join(err, s.Append([]value.Value{c.first}))
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Append([]value.Value{c.later}); status.CodeOf(err) != status.MalformedRow {
			t.Errorf("%v after %v gives %v", c.later, c.first, err)
		}
	}
	s := NewRowStream(io.Discard, []string{"x"})
	for i := range 2 * recordRows {
		if err := s.Append([]value.Value{[]value.Value{value.Float(1), value.Int(1), value.Null}[i%3]}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func BenchmarkRowStream(b *testing.B) {
	row := []value.Value{value.Int(7), value.Float(0.5), value.Bool(true), value.String("Seattle"), value.Int(1)}
	b.ReportAllocs()
	s := NewRowStream(io.Discard, []string{"a", "b", "c", "d", "e"})
	for b.Loop() {
		if err := s.Append(row); err != nil {
			b.Fatal(err)
		}
	}
}

// What ReadRowStream reads is what was appended, over several batches.
func TestReadRowStream(t *testing.T) {
	const rows = 2*recordRows + 5
	var out bytes.Buffer
	s := NewRowStream(&out, []string{"i", "s", "d"})
	for i := range rows {
		row := []value.Value{value.Int(int64(i)), value.String(strconv.Itoa(i)), value.Date(int64(i))}
		row[i%3] = value.Null
		if err := s.Append(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	at := 0
	err := ReadRowStream(bytes.NewReader(out.Bytes()), func(cols []column.Vector, n int) error {
		for r := range n {
			want := []string{strconv.Itoa(at), "'" + strconv.Itoa(at) + "'", value.Date(int64(at)).String()}
			want[at%3] = value.Null.String()
			for i := range cols {
				if got := cols[i].Value(r).String(); got != want[i] {
					t.Fatalf("row %d, column %d: %s, want %s", at, i, got, want[i])
				}
			}
			at++
		}
		return nil
	})
	if err != nil || at != rows {
		t.Errorf("%d rows of %d: %v", at, rows, err)
	}
	cut := out.Bytes()[:out.Len()/2]
	if err := ReadRowStream(bytes.NewReader(cut), func([]column.Vector, int) error { return nil }); status.CodeOf(err) != status.MalformedFile {
		t.Errorf("half a stream: %v", err)
	}
}
