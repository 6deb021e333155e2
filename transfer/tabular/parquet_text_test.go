package tabular

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"

	"github.com/kadedb/kadedb/column"
)

// Columns of texts come back as they were, whatever they come as and however many
// differ, and the file says what their least and greatest are.
func TestParquetTexts(t *testing.T) {
	const batches, size = 70, 2000 // three row groups, of which dictionaries are new
	dicts := []*column.Dict{{Strings: []string{"b", "", "é"}}, {Strings: []string{"z", "b", "unused"}}}
	grown := &column.Dict{}
	for name, c := range map[string]struct {
		text func(row int) (string, bool) // false: null
		dict func(batch int) *column.Dict // nil: texts
		enc  parquet.Encoding             // of the first row group
	}{
		"constant":         {text: func(int) (string, bool) { return "always", true }, enc: parquet.Encodings.PlainDict},
		"few":              {text: func(r int) (string, bool) { return fmt.Sprint(r % 300), r%7 > 0 }, enc: parquet.Encodings.PlainDict},
		"all differ":       {text: func(r int) (string, bool) { return fmt.Sprint(r), true }, enc: parquet.Encodings.Plain},
		"differ in time":   {text: func(r int) (string, bool) { return fmt.Sprint(max(r%65_536, 40_000)), r%5 > 0 }, enc: parquet.Encodings.Plain},
		"long":             {text: func(r int) (string, bool) { return fmt.Sprintf("%300d", r%1000), true }, enc: parquet.Encodings.Plain},
		"null alone":       {text: func(int) (string, bool) { return "", false }},
		"codes":            {text: func(r int) (string, bool) { return dicts[0].Strings[r%3], r%4 > 0 }, dict: func(int) *column.Dict { return dicts[0] }, enc: parquet.Encodings.PlainDict},
		"codes of several": {text: func(r int) (string, bool) { return dicts[r/size%2].Strings[r%2], true }, dict: func(b int) *column.Dict { return dicts[b%2] }, enc: parquet.Encodings.PlainDict},
		"codes and texts": {text: func(r int) (string, bool) { return dicts[0].Strings[r%3], true }, dict: func(b int) *column.Dict {
			if b%3 == 0 {
				return nil
			}
			return dicts[0]
		}, enc: parquet.Encodings.PlainDict},
		"codes that grow": {text: func(r int) (string, bool) { return fmt.Sprint(r / size), true }, dict: func(b int) *column.Dict {
			for len(grown.Strings) <= b {
				grown.Strings = append(grown.Strings, fmt.Sprint(len(grown.Strings)))
			}
			return grown
		}, enc: parquet.Encodings.PlainDict},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			w, err := NewWriter(&out, Parquet, []Out{{Name: "x", Kind: String, Plain: true}}, ',', ';')
			if err != nil {
				t.Fatal(err)
			}
			for b := range batches {
				if err := w.Write([]column.Vector{textVector(c.text, c.dict, b, size)}, size); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			checkTexts(t, out.Bytes(), c.text, batches*size)
			if name != "null alone" {
				checkChunk(t, out.Bytes(), c.text, c.enc)
			}
		})
	}
}

func textVector(text func(int) (string, bool), dict func(int) *column.Dict, batch, n int) column.Vector {
	var v column.Vector
	v.Reset(column.String, n)
	if dict != nil {
		v.Dict = dict(batch)
	}
	if v.Dict != nil {
		v.Codes = make([]uint32, n)
	}
	for r := range n {
		s, ok := text(batch*n + r)
		switch {
		case !ok:
			v.SetNull(r, n)
		case v.Dict != nil:
			for v.Dict.Strings[v.Codes[r]] != s {
				v.Codes[r]++
			}
		default:
			v.Strs[r] = s
		}
	}
	return v
}

func checkTexts(t *testing.T, b []byte, text func(int) (string, bool), rows int) {
	t.Helper()
	table, err := Open(Input{Name: "x", R: bytes.NewReader(b), Size: int64(len(b))}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	at := 0
	err = table.Read(t.Context(), []Want{{Kind: String}}, nil, func(c *Chunk) error {
		for r := range c.Rows {
			want, some := text(at)
			if null := c.Cols[0].IsNull(r); null == some || some && c.Cols[0].Str(r) != want {
				t.Fatalf("row %d: null %v, %q; want %v, %q", at, null, c.Cols[0].Str(r), !some, want)
			}
			at++
		}
		return nil
	})
	if err != nil || at != rows {
		t.Fatalf("%d rows of %d: %v", at, rows, err)
	}
}

// checkChunk compares what the first row group says of itself with its texts.
func checkChunk(t *testing.T, b []byte, text func(int) (string, bool), enc parquet.Encoding) {
	t.Helper()
	r, err := file.NewParquetReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	group := r.MetaData().RowGroup(0)
	chunk, err := group.ColumnChunk(0)
	if err != nil {
		t.Fatal(err)
	}
	s, err := chunk.Statistics()
	if err != nil {
		t.Fatal(err)
	}
	least, most, nulls := "\xff", "", int64(0)
	for i := range int(group.NumRows()) {
		switch x, some := text(i); {
		case !some:
			nulls++
		default:
			least, most = min(least, x), max(most, x)
		}
	}
	got := s.(*metadata.ByteArrayStatistics)
	if string(got.Min()) != least || string(got.Max()) != most || s.NullCount() != nulls || s.NumValues() != group.NumRows()-nulls {
		t.Errorf("%.20q to %.20q, %d nulls, %d values; want %.20q to %.20q, %d nulls of %d", got.Min(), got.Max(), s.NullCount(), s.NumValues(), least, most, nulls, group.NumRows())
	}
	dict := false
	for _, e := range chunk.Encodings() {
		dict = dict || e == parquet.Encodings.PlainDict || e == parquet.Encodings.RLEDict
	}
	if dict != (enc == parquet.Encodings.PlainDict) {
		t.Errorf("encodings %v, want %v", chunk.Encodings(), enc)
	}
}
