package tabular_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/transfer/tabular"
)

func input(text string) tabular.Input {
	return tabular.Input{Name: "t.csv", R: strings.NewReader(text), Size: int64(len(text))}
}

// wantAll asks for every column as inferred.
func wantAll(t *tabular.Table) []tabular.Want {
	var wants []tabular.Want
	for i, c := range t.Columns() {
		wants = append(wants, tabular.Want{Column: i, Kind: c.Kind, List: c.List, Fixed: c.Fixed})
	}
	return wants
}

// dump renders rows as text, then the bad ones.
func dump(t *testing.T, tab *tabular.Table, wants []tabular.Want) (string, error) {
	t.Helper()
	var b strings.Builder
	var bad strings.Builder
	err := tab.Read(context.Background(), wants, nil, func(c *tabular.Chunk) error {
		for r := range c.Rows {
			fmt.Fprintf(&b, "%d:", c.Line(r))
			for i := range c.Cols {
				v := c.Cols[i].Value(r)
				fmt.Fprintf(&b, " %s", v)
			}
			b.WriteByte('\n')
		}
		for _, x := range c.Bad {
			fmt.Fprintf(&bad, "bad %d: %s: %s\n", x.Line, x.Code.Info().Name, x.Reason)
		}
		return nil
	})
	return b.String() + bad.String(), err
}

// TestCSV runs testdata/csv/*.txt: options, "--", the file, "--", columns and rows.
// \r, \e (an invalid byte) and \t stand for those bytes.
func TestCSV(t *testing.T) {
	files, err := filepath.Glob("testdata/csv/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			raw, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			parts := strings.SplitN(string(raw), "--\n", 3)
			if len(parts) != 3 {
				t.Fatal("want three parts")
			}
			text := strings.NewReplacer(`\r`, "\r", `\e`, "\xff", `\t`, "\t").Replace(parts[1])
			for _, chunk := range []int{1, 7, 64, 1 << 20} {
				o := tabular.Options{ChunkSize: chunk, LineLimit: 100}
				got := run(t, text, o)
				if got != parts[2] {
					if os.Getenv("REWRITE") != "" {
						if err := os.WriteFile(name, []byte(parts[0]+"--\n"+parts[1]+"--\n"+got), 0o644); err != nil {
							t.Fatal(err)
						}
						parts[2] = got
						continue
					}
					t.Errorf("chunks of %d:\n%s\nwant:\n%s", chunk, got, parts[2])
				}
			}
		})
	}
}

func run(t *testing.T, text string, o tabular.Options) string {
	tab, err := tabular.Open(input(text), o)
	if err != nil {
		return err.Error() + "\n"
	}
	got, err := dump(t, tab, wantAll(tab))
	var m *tabular.Misfit
	if errors.As(err, &m) {
		if _, err := tab.Infer(context.Background()); err != nil {
			return err.Error() + "\n"
		}
		got, err = dump(t, tab, wantAll(tab))
	}
	if err != nil {
		return got + err.Error() + "\n"
	}
	var cols []string
	for _, c := range tab.Columns() {
		cols = append(cols, c.Name+":"+c.Kind.String())
	}
	return strings.Join(cols, " ") + "\n" + got
}

// TestAgainstEncodingCSV reads random tables with both readers.
func TestAgainstEncodingCSV(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 1))
		cells := []string{"", "a", "x,y", `q"uote`, "new\nline", "\r\n", "ü", "0", "12", " pad ", "|;", "longer text of a cell"}
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		w.UseCRLF = seed%3 == 0
		cols := 2 + rng.IntN(4)
		for range 1 + rng.IntN(60) {
			rec := make([]string, cols)
			for i := range rec {
				rec[i] = cells[rng.IntN(len(cells))]
			}
			rec[0] = "k" + rec[0]
			if err := w.Write(rec); err != nil {
				t.Fatal(err)
			}
		}
		w.Flush()
		want, err := csv.NewReader(bytes.NewReader(b.Bytes())).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		// encoding/csv reads CRLF within quotes as LF; here bytes stay as they are.
		r, err := tabular.NewRecords(input(b.String()), tabular.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; ; i++ {
			rec, err := r.Next()
			if err == io.EOF {
				if i != len(want) {
					t.Fatalf("seed %d: %d records, want %d", seed, i, len(want))
				}
				break
			}
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			for j := range rec {
				if strings.ReplaceAll(rec[j], "\r\n", "\n") != strings.ReplaceAll(want[i][j], "\r\n", "\n") {
					t.Fatalf("seed %d: record %d field %d: %q, want %q", seed, i, j, rec[j], want[i][j])
				}
			}
		}
	}
}

func TestStopsWhenToldTo(t *testing.T) {
	text := "a\n" + strings.Repeat("1\n", 100_000)
	tab, err := tabular.Open(input(text), tabular.Options{ChunkSize: 1000})
	if err != nil {
		t.Fatal(err)
	}
	stop := errors.New("stop")
	chunks := 0
	err = tab.Read(context.Background(), wantAll(tab), nil, func(*tabular.Chunk) error {
		if chunks++; chunks == 3 {
			return stop
		}
		return nil
	})
	if err != stop || chunks != 3 {
		t.Errorf("%v after %d chunks", err, chunks)
	}
	ctx, cancel := context.WithCancel(context.Background())
	err = tab.Read(ctx, wantAll(tab), nil, func(*tabular.Chunk) error { cancel(); return nil })
	if status.CodeOf(err) != status.Cancelled {
		t.Errorf("after cancel: %v", err)
	}
}

// TestWideHeader reads a header of many columns over many empty lines: memory follows
// the bytes that are there.
func TestWideHeader(t *testing.T) {
	text := strings.Repeat("c,", 5000) + "c\n" + strings.Repeat("\n", 1<<20)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	readAll([]byte(text))
	runtime.ReadMemStats(&after)
	if mib := (after.TotalAlloc - before.TotalAlloc) >> 20; mib > 64 {
		t.Errorf("%d MiB were allocated for a file of 1 MiB", mib)
	}
}

func TestParquetFlights(t *testing.T) {
	const name = "../../../shared/data/flights/flights-3m.parquet"
	f, err := os.Open(name)
	if err != nil {
		t.Skipf("SKIPPED, the shared data is not there: %v", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	tab, err := tabular.Open(tabular.Input{Name: name, R: f, Size: info.Size()}, tabular.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if tab.Rows() != 3_000_000 {
		t.Errorf("%d rows by the footer", tab.Rows())
	}
	var wants []tabular.Want
	for i, c := range tab.Columns() {
		if c.Name == "distance" || c.Name == "origin" {
			wants = append(wants, tabular.Want{Column: i, Kind: c.Kind, Fixed: true})
		}
	}
	rows, sum, origins := 0, int64(0), map[string]int{}
	err = tab.Read(context.Background(), wants, nil, func(c *tabular.Chunk) error {
		rows += c.Rows
		for r := range c.Rows {
			if !c.Cols[0].IsNull(r) {
				sum += c.Cols[0].Ints[r]
			}
			origins[c.Cols[1].Str(r)]++
		}
		return nil
	})
	if err != nil || rows != 3_000_000 || len(origins) != 229 {
		t.Errorf("%d rows, %d origins, %v", rows, len(origins), err)
	}
	// A cut or damaged file is an error, never a panic.
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(7, 7))
	for range 20 {
		bad := append([]byte(nil), raw[:1<<20]...)
		bad = append(bad, raw[len(raw)-20_000:]...)
		for range 50 {
			bad[len(bad)-1-rng.IntN(20_000)] ^= byte(1 << rng.IntN(8))
		}
		readAll(bad)
	}
}

// Integers without a sign are what they are, or make their row bad.
func TestParquetUnsigned(t *testing.T) {
	var buf bytes.Buffer
	col := func(name string, bits int8, p parquet.Type) schema.Node {
		n, err := schema.NewPrimitiveNodeLogical(name, parquet.Repetitions.Required, schema.NewIntLogicalType(bits, false), p, 0, -1)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	root, err := schema.NewGroupNode("root", parquet.Repetitions.Required, schema.FieldList{
		col("small", 32, parquet.Types.Int32), col("great", 64, parquet.Types.Int64)}, -1)
	if err != nil {
		t.Fatal(err)
	}
	w := file.NewParquetWriter(&buf, root)
	group, err := w.AppendRowGroupChecked()
	if err != nil {
		t.Fatal(err)
	}
	next := func() file.ColumnChunkWriter {
		c, err := group.NextColumn()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	_, err = next().(*file.Int32ColumnChunkWriter).WriteBatch([]int32{7, -1, 8}, nil, nil)
	_, err2 := next().(*file.Int64ColumnChunkWriter).WriteBatch([]int64{math.MaxInt64, 1, math.MinInt64}, nil, nil)
	if err := errors.Join(err, err2, w.Close()); err != nil {
		t.Fatal(err)
	}
	tab, err := tabular.Open(tabular.Input{Name: "x.parquet", R: bytes.NewReader(buf.Bytes()), Size: int64(buf.Len())}, tabular.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var small, great []int64
	var bad []tabular.Bad
	err = tab.Read(context.Background(), wantAll(tab), nil, func(c *tabular.Chunk) error {
		small, great = append(small, c.Cols[0].Ints[:c.Rows]...), append(great, c.Cols[1].Ints[:c.Rows]...)
		bad = append(bad, c.Bad...)
		return nil
	})
	if err != nil || !slices.Equal(small, []int64{7, math.MaxUint32}) || !slices.Equal(great, []int64{math.MaxInt64, 1}) {
		t.Errorf("%d %d %v", small, great, err)
	}
	if len(bad) != 1 || bad[0].Line != 3 || !strings.Contains(bad[0].Reason, "9223372036854775808") {
		t.Errorf("%+v", bad)
	}
}

func readAll(raw []byte) {
	tab, err := tabular.Open(tabular.Input{Name: "x", R: bytes.NewReader(raw), Size: int64(len(raw))}, tabular.Options{LineLimit: 1 << 10})
	if err != nil {
		return
	}
	var wants []tabular.Want
	for i, c := range tab.Columns() {
		wants = append(wants, tabular.Want{Column: i, Kind: c.Kind, Fixed: true})
	}
	sum := 0
	_ = tab.Read(context.Background(), wants, nil, func(c *tabular.Chunk) error { sum += c.Rows; return nil })
}

func FuzzCSV(f *testing.F) {
	f.Add("a,b\n1,\"x\"\"y\"\n")
	f.Add("a|b\n\"open\n1|2\n")
	f.Add("\xef\xbb\xbfa;b\r\n;\r\n")
	f.Fuzz(func(t *testing.T, text string) { readAll([]byte(text)) })
}

func BenchmarkCSVInts(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	var text strings.Builder
	text.WriteString("src,dst\n")
	for range 1_000_000 {
		fmt.Fprintf(&text, "%d,%d\n", rng.IntN(100_000), rng.IntN(100_000))
	}
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		tab, err := tabular.Open(input(text.String()), tabular.Options{})
		if err != nil {
			b.Fatal(err)
		}
		rows := 0
		err = tab.Read(context.Background(), wantAll(tab), nil, func(c *tabular.Chunk) error {
			if c.Cols[0].Type != column.Int {
				b.Fatal("not read as integers")
			}
			rows += c.Rows
			return nil
		})
		if err != nil || rows != 1_000_000 {
			b.Fatal(rows, err)
		}
	}
}

func utf16Text(s string, big bool) string {
	var order binary.AppendByteOrder = binary.LittleEndian
	if big {
		order = binary.BigEndian
	}
	var b []byte
	for _, c := range utf16.Encode([]rune(s)) {
		b = order.AppendUint16(b, c)
	}
	return string(b)
}

// TestUTF16 reads texts of UTF-16 that say so at their beginning, and refuses others.
func TestUTF16(t *testing.T) {
	long := strings.Repeat("x😀é\n", 3000)
	for _, big := range []bool{false, true} {
		got := run(t, utf16Text("\ufeffid,näme\r\n1,日本😀\r\n2,\"a\nb\"\n", big), tabular.Options{ChunkSize: 7})
		if want := "id:integer näme:string\n2: 1 '日本😀'\n3: 2 'a\\nb'\n"; got != want {
			t.Errorf("big %v:\n%s\nwant\n%s", big, got, want)
		}
		got = run(t, utf16Text("\ufeffs\n"+long, big), tabular.Options{})
		if strings.Count(got, ": 'x😀é'\n") != 3000 {
			t.Errorf("big %v: a long text reads %.200s", big, got)
		}
		// Half a pair, and half a unit.
		bad := utf16Text("\ufeffs\nb\n", big) + map[bool]string{false: "\x00\xd8", true: "\xd8\x00"}[big] + utf16Text("x\nc", big) + "z"
		if got, want := run(t, bad, tabular.Options{}), "s:string\n2: 'b'\nbad 3: InvalidUTF8: bytes that are not UTF-8\nbad 4: InvalidUTF8: bytes that are not UTF-8\n"; got != want {
			t.Errorf("big %v: a malformed text reads\n%s\nwant\n%s", big, got, want)
		}
		name := map[bool]string{false: "UTF-16LE", true: "UTF-16BE"}[big]
		if got, want := run(t, utf16Text("id,name\n1,a\n", big), tabular.Options{}), "InvalidUTF8: t.csv is a text of "+name+", not of UTF-8\n"; got != want {
			t.Errorf("without a mark: %s, want %s", got, want)
		}
	}
	if got, want := run(t, "\xff\xfe\x00\x00i\x00\x00\x00d\x00\x00\x00\n\x00\x00\x00", tabular.Options{}), "InvalidUTF8: t.csv is a text of UTF-32LE, not of UTF-8\n"; got != want {
		t.Errorf("UTF-32: %s, want %s", got, want)
	}
}

// TestNoTable names files that are not tables.
func TestNoTable(t *testing.T) {
	for text, want := range map[string]string{
		"PK\x03\x04\x14\x00":                    "a ZIP file or workbook",
		"BZh91AY&SY":                            "bzip2",
		"[{\"a\": 1}, {\"a\": 2}]":              "an array of JSON",
		"\xef\xbb\xbf [\n  {\n    \"a\": 1}\n]": "an array of JSON",
	} {
		_, err := tabular.Open(input(text), tabular.Options{})
		if e := status.From(err); status.CodeOf(err) != status.MalformedFile || !strings.Contains(e.Error(), want) || e.Hint == "" {
			t.Errorf("%q: %v", text, err)
		}
	}
}
