package tabular_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/parquet/file"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/transfer/tabular"
)

// BenchmarkWrite writes rows of five columns; bytes are those of the values.
func BenchmarkWrite(b *testing.B) {
	cols := []tabular.Out{{Name: "id", Kind: tabular.Int, Plain: true}, {Name: "score", Kind: tabular.Float, Plain: true},
		{Name: "name", Kind: tabular.String, Plain: true}, {Name: "city", Kind: tabular.String, Plain: true}, {Name: "active", Kind: tabular.Bool, Plain: true}}
	const n, batches = column.BatchSize, 100
	vecs, size := make([]column.Vector, len(cols)), 0
	for i := range cols {
		vecs[i].Reset(cols[i].Type(), n)
	}
	for r := range n {
		vecs[0].Ints[r], vecs[1].Floats[r], vecs[4].Bools[r] = int64(r*7919), float64(r)*1.25, r%3 == 0
		vecs[2].Strs[r], vecs[3].Strs[r] = fmt.Sprintf("person number %d", r), []string{"Gothenburg", "Oslo", "Turku"}[r%3]
		size += 8 + 8 + 1 + len(vecs[2].Strs[r]) + len(vecs[3].Strs[r])
	}
	for _, f := range []tabular.Format{tabular.CSV, tabular.JSONLines, tabular.Parquet, tabular.Arrow} {
		b.Run(f.String(), func(b *testing.B) {
			b.SetBytes(int64(size) * batches)
			b.ReportAllocs()
			for b.Loop() {
				w, err := tabular.NewWriter(io.Discard, f, cols, ',', ';')
				if err != nil {
					b.Fatal(err)
				}
				for range batches {
					if err := w.Write(vecs, n); err != nil {
						b.Fatal(err)
					}
				}
				if err := w.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestNames writes names into a cell and reads them again.
func TestNames(t *testing.T) {
	for _, names := range [][]string{nil, {"A"}, {"A", "B"}, {"a;b", "C"}, {";"}, {" lead", "trail "}, {"`"}, {"`a`", "a`b", "`;"}, {""}, {"", ""}, {"a b", "\n"}, {"``"}} {
		cell := string(tabular.AppendNames(nil, names, ';'))
		if got := tabular.SplitNames(nil, cell, ';'); !slices.Equal(got, names) {
			t.Errorf("%q became %q, which reads %q", names, cell, got)
		}
	}
	for cell, want := range map[string][]string{" A ; B;": {"A", "B"}, "`a": {"`a"}, "`a`b;c": {"`a`b", "c"}, " `a;` ; `b` ": {"a;", "b"}, ";;": nil, " ": nil, "a`;`b": {"a`", "`b"}} {
		if got := tabular.SplitNames(nil, cell, ';'); !slices.Equal(got, want) {
			t.Errorf("%q reads %q, want %q", cell, got, want)
		}
	}
}

// TestParquetLongTexts: a row group ends where it holds much, however few its rows are.
func TestParquetLongTexts(t *testing.T) {
	var out bytes.Buffer
	cols := []tabular.Out{{Name: "s", Kind: tabular.String, Plain: true}}
	w, err := tabular.NewWriter(&out, tabular.Parquet, cols, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	const n, batches = 64, 20
	vecs := make([]column.Vector, 1)
	text := make([]byte, 64<<10)
	rng := rand.NewChaCha8([32]byte{})
	for range batches {
		vecs[0].Reset(column.String, n)
		for i := range n {
			rng.Read(text)
			vecs[0].Strs[i] = hex.EncodeToString(text[:32<<10])
		}
		if err := w.Write(vecs, n); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := file.NewParquetReader(bytes.NewReader(out.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if groups := r.NumRowGroups(); groups < 2 || groups > 5 || r.NumRows() != n*batches {
		t.Errorf("%d bytes in %d row groups, %d rows", out.Len(), groups, r.NumRows())
	}
}
