package block_test

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/storage/block"
	"github.com/kadedb/kadedb/value"
)

var rewrite = flag.Bool("rewrite", false, "write the fixtures of the newest format")

func fixtures() map[string][]byte {
	nulls := column.Bitmap{0b100}
	_, backward := randomCSR(40, 400, false)
	return map[string][]byte{
		"ints-packed":   block.EncodeInts(nil, []int64{5, -3, 0, 900}, nulls),
		"ints-delta":    block.EncodeInts(nil, ascending(100), nil),
		"ints-constant": block.EncodeInts(nil, []int64{7, 7, 7}, nil),
		"uint32s":       block.EncodeUint32s(nil, []uint32{9, 8, 1 << 31}, nil),
		"floats-plain":  block.EncodeFloats(nil, []float64{math.Pi, math.E, math.Inf(1)}, nil),
		"floats-alp":    block.EncodeFloats(nil, []float64{0.1, 2.25, 100, 33.3, 0.5, 0.25, 12.75}, nil),
		"strings-dict":  block.EncodeStrings(nil, strings.Split(strings.Repeat("Oslo,Rome,", 20), ","), nil),
		"strings-plain": block.EncodeStrings(nil, []string{"Jette", "", "Ærø"}, nil),
		"bools":         block.EncodeBools(nil, []bool{true, false, true}, nulls),
		"anys":          block.EncodeAnys(nil, []value.Value{value.Int(1), value.Null, value.String("a"), value.List(value.Float(0.5))}, nil),
		"csr-forward":   block.EncodeCSR(nil, block.CSR{First: 3, Off: []uint32{0, 2, 2, 4}, Nbr: []uint32{4, 9, 1, 1}, Rel: []uint32{10, 11, 12, 13}}),
		"csr-steps":     block.EncodeCSR(nil, block.CSR{First: 0, Off: []uint32{0, 1, 3}, Nbr: []uint32{5, 3, 4}, Rel: []uint32{77, 10, 12}}),
		"csr-backward":  block.EncodeCSR(nil, backward[0]),
	}
}

func ascending(n int) []int64 {
	out := make([]int64, n)
	for i := range out {
		out[i] = int64(i)*1000 + int64(i%3)
	}
	return out
}

func describe(t *testing.T, name string, enc []byte) string {
	t.Helper()
	b, err := block.Decode(enc, nil)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	h := b.Header
	var s strings.Builder
	fmt.Fprintf(&s, "%s: kind %d encoding %d rows %d nulls %d sorted %v", name, h.Kind, h.Encoding, h.Count, h.Nulls, h.Sorted)
	if h.HasRange {
		fmt.Fprintf(&s, " range %d…%d %v…%v %q…%q", h.MinInt, h.MaxInt, h.MinFloat, h.MaxFloat, h.MinStr, h.MaxStr)
	}
	if h.Kind == block.Adjacency {
		fmt.Fprintf(&s, "\n  %+v", b.CSR)
	} else {
		var v column.Vector
		b.Vector(0, &v)
		for i := range h.Count {
			fmt.Fprintf(&s, "%s%v", map[bool]string{true: "\n  ", false: " "}[i%20 == 0], v.Value(i))
		}
	}
	return s.String() + "\n"
}

// Blocks of every released format open for ever, with the same content.
func TestFixtures(t *testing.T) {
	const dir, want = "testdata/v1/", "testdata/v1/content.txt"
	names := []string{"ints-packed", "ints-delta", "ints-constant", "uint32s", "floats-plain", "floats-alp",
		"strings-dict", "strings-plain", "bools", "anys", "csr-forward", "csr-steps", "csr-backward"}
	if *rewrite {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for name, enc := range fixtures() {
			if err := os.WriteFile(dir+name+".block", enc, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	var got bytes.Buffer
	for _, name := range names {
		enc, err := os.ReadFile(dir + name + ".block")
		if err != nil {
			t.Fatal(err)
		}
		got.WriteString(describe(t, name, enc))
	}
	if *rewrite {
		if err := os.WriteFile(want, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	content, err := os.ReadFile(want)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(content, got.Bytes()) {
		t.Errorf("the fixtures read as\n%s\nwant\n%s", got.Bytes(), content)
	}
}
