package tabular_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/transfer/tabular"
)

func pack(t testing.TB, format, text string) []byte {
	var b bytes.Buffer
	switch format {
	case "gzip":
		w := gzip.NewWriter(&b)
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	case "zstd":
		w, err := zstd.NewWriter(&b)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func readText(t *testing.T, raw []byte, o tabular.Options) (string, error) {
	tab, err := tabular.Open(tabular.Input{Name: "t", R: bytes.NewReader(raw), Size: int64(len(raw))}, o)
	if err != nil {
		return "", err
	}
	return dump(t, tab, wantAll(tab))
}

// TestPacked reads the same rows packed and plain, from files that are whole, cut,
// damaged and bombs.
func TestPacked(t *testing.T) {
	for _, head := range []string{"a,b\n", ""} {
		var b strings.Builder
		b.WriteString(head)
		for i := range 50_000 {
			if head == "" {
				fmt.Fprintf(&b, "{\"a\": %d, \"b\": \"x%d\"}\n", i, i*7919%1000)
				continue
			}
			fmt.Fprintf(&b, "%d,x%d\n", i, i*7919%1000)
		}
		text := b.String()
		want, err := readText(t, []byte(text), tabular.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, format := range []string{"gzip", "zstd"} {
			raw := pack(t, format, text)
			if got, err := readText(t, raw, tabular.Options{MaxRatio: 100}); err != nil || got != want {
				t.Errorf("%s: %d bytes of rows, want %d; %v", format, len(got), len(want), err)
			}
			if got, err := readText(t, append(bytes.Clone(raw), raw...), tabular.Options{}); head == "" && (err != nil || len(got) < 2*len(want)) {
				t.Errorf("%s: two members: %d bytes, %v", format, len(got), err)
			}
			if _, err := readText(t, raw[:len(raw)/2], tabular.Options{}); status.CodeOf(err) != status.MalformedFile {
				t.Errorf("%s: cut: %v", format, err)
			}
			bad := bytes.Clone(raw)
			bad[len(bad)/2] ^= 0x55
			if _, err := readText(t, bad, tabular.Options{}); err == nil {
				t.Errorf("%s: damaged: no error", format)
			}
		}
	}
	bomb := "a\n" + strings.Repeat("0\n", 8<<20)
	for _, format := range []string{"gzip", "zstd"} {
		raw := pack(t, format, bomb)
		tab, err := tabular.Open(tabular.Input{Name: "t", R: bytes.NewReader(raw), Size: int64(len(raw))}, tabular.Options{MaxRatio: 100})
		if err == nil {
			rows := 0
			err = tab.Read(context.Background(), wantAll(tab), nil, func(c *tabular.Chunk) error { rows += c.Rows; return nil })
			if rows > 4<<20 {
				t.Errorf("%s: %d rows of a bomb were read", format, rows)
			}
		}
		if status.CodeOf(err) != status.MalformedFile || !strings.Contains(err.Error(), "100 times") {
			t.Errorf("%s: a bomb: %v", format, err)
		}
	}
}

func FuzzJSONLines(f *testing.F) {
	f.Add("{\"a\":1,\"b\":[1,{\"$type\":\"date\",\"value\":\"2026-01-31\"}]}\n{\"a\":\"\\u00e9\\ud83d\\ude00\"}\n")
	f.Add("{\"a\":{\"$float\":\"NaN\"}}\n{}\n{\"a\":1e5,\"c\":null}")
	f.Fuzz(func(t *testing.T, text string) {
		raw := []byte(text)
		tab, err := tabular.Open(tabular.Input{Name: "x", R: bytes.NewReader(raw), Size: int64(len(raw))}, tabular.Options{LineLimit: 1 << 10, Format: tabular.JSONLines})
		if err != nil {
			return
		}
		if _, err := tab.Infer(context.Background()); err != nil {
			return
		}
		rows := 0
		err = tab.Read(context.Background(), wantAll(tab), nil, func(c *tabular.Chunk) error {
			rows += c.Rows + len(c.Bad) + int(c.More)
			for r := range c.Rows {
				for i := range c.Cols {
					_ = c.Cols[i].Value(r).String()
				}
			}
			return nil
		})
		if err != nil {
			t.Fatalf("after Infer: %v", err)
		}
	})
}

func BenchmarkJSONLines(b *testing.B) {
	var text strings.Builder
	for i := range 200_000 {
		fmt.Fprintf(&text, "{\"id\": %d, \"name\": \"person %d\", \"score\": %d.25, \"active\": true, \"city\": \"Gothenburg\"}\n", i, i, i%100)
	}
	raw := text.String()
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		tab, err := tabular.Open(input(raw), tabular.Options{Workers: 1})
		if err != nil {
			b.Fatal(err)
		}
		rows := 0
		err = tab.Read(context.Background(), wantAll(tab), nil, func(c *tabular.Chunk) error { rows += c.Rows; return nil })
		if err != nil || rows != 200_000 {
			b.Fatal(rows, err)
		}
	}
}
