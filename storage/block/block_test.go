package block_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/internal/planted"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/block"
	"github.com/kadedb/kadedb/value"
)

var sizes = []int{0, 1, 2, 63, 64, 65, 2047, 2048, 2049, 10_000}

// nullsOf returns none, some or all rows.
func nullsOf(rng *rand.Rand, n, how int) column.Bitmap {
	if how == 0 {
		return nil
	}
	b := column.NewBitmap(n)
	for i := range n {
		if how == 3 || rng.IntN(10) < how*4 {
			b.Set(i)
		}
	}
	return b
}

// roundTrip decodes enc whole and vector by vector, and calls check for each row
// that is not null with the vector and its place in it.
func roundTrip(t *testing.T, enc []byte, n int, nulls column.Bitmap, check func(row int, v *column.Vector, at int) bool) block.Header {
	t.Helper()
	slab := memory.NewSlab(1 << 20)
	b, err := block.Decode(enc, slab)
	if err != nil {
		t.Fatal(err)
	}
	r, err := block.NewReader(enc)
	if err != nil {
		t.Fatal(err)
	}
	if b.Header.Count != n || b.Header.Size != len(enc) {
		t.Fatalf("%d rows of %d, %d bytes of %d", b.Header.Count, n, b.Header.Size, len(enc))
	}
	var v, w column.Vector
	for i := range r.Vectors() {
		b.Vector(i, &v)
		if err := r.Vector(i, &w); err != nil {
			t.Fatal(err)
		}
		for at := range min(block.VectorSize, n-i*block.VectorSize) {
			row := i*block.VectorSize + at
			if v.IsNull(at) != nulls.Get(row) || w.IsNull(at) != nulls.Get(row) {
				t.Fatalf("row %d of %d: null %v and %v, want %v", row, n, v.IsNull(at), w.IsNull(at), nulls.Get(row))
			}
			if !nulls.Get(row) && (!check(row, &v, at) || !check(row, &w, at)) {
				t.Fatalf("row %d of %d came back changed (encoding %d)", row, n, b.Header.Encoding)
			}
		}
	}
	h := b.Header
	b.Free()
	if st := slab.Stats(); st.Live != 0 {
		t.Fatalf("%d bytes are not freed", st.Live)
	}
	return h
}

func TestInts(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	shapes := map[string]func(i int) int64{
		"constant":  func(int) int64 { return -7 },
		"small":     func(int) int64 { return rng.Int64N(100) - 50 },
		"wide":      func(int) int64 { return int64(rng.Uint64()) },
		"ascending": func(i int) int64 { return 1_700_000_000_000 + int64(i)*1000 + rng.Int64N(3) },
		"extremes":  func(i int) int64 { return []int64{math.MinInt64, math.MaxInt64, 0}[i%3] },
		"runs":      func(i int) int64 { return int64(i / 100) },
	}
	for name, f := range shapes {
		for _, n := range sizes {
			for how := range 4 {
				vals := make([]int64, n)
				for i := range vals {
					vals[i] = f(i)
				}
				nulls := nullsOf(rng, n, how)
				enc := block.EncodeInts([]byte("before"), vals, nulls)[6:]
				h := roundTrip(t, enc, n, nulls, func(row int, v *column.Vector, at int) bool { return v.Ints[at] == vals[row] })
				if n == 10_000 && how == 0 {
					if h.MinInt != slices.Min(vals) || h.MaxInt != slices.Max(vals) || h.Sorted != slices.IsSorted(vals) {
						t.Fatalf("%s: header %+v", name, h)
					}
					t.Logf("%-9s encoding %d, %.2f bits a value, about %.0f distinct", name, h.Encoding, float64(len(enc)*8)/float64(n), h.Sketch.Estimate())
				}
			}
		}
	}
}

func TestUint32s(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	for _, n := range sizes {
		for w := range 33 {
			vals := make([]uint32, n)
			for i := range vals {
				vals[i] = rng.Uint32() >> (32 - w) << (w % 3)
			}
			roundTrip(t, block.EncodeUint32s(nil, vals, nil), n, nil, func(row int, v *column.Vector, at int) bool { return v.Refs[at] == vals[row] })
		}
	}
}

func TestFloats(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	odd := []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), 0, math.MaxFloat64, math.SmallestNonzeroFloat64, 0.1}
	shapes := map[string]func(i int) float64{
		"constant": func(int) float64 { return math.NaN() },
		"prices":   func(int) float64 { return float64(rng.IntN(100_000)) / 100 },
		"mostly":   func(i int) float64 { return []float64{1.5, 2.25, 1 / float64(i+3), 4}[rng.IntN(4)] },
		"random":   func(int) float64 { return math.Float64frombits(rng.Uint64()) },
		"odd":      func(i int) float64 { return odd[rng.IntN(len(odd))] },
		"whole":    func(i int) float64 { return float64(i) },
	}
	for name, f := range shapes {
		for _, n := range sizes {
			for how := range 4 {
				vals := make([]float64, n)
				for i := range vals {
					vals[i] = f(i)
				}
				nulls := nullsOf(rng, n, how)
				enc := block.EncodeFloats(nil, vals, nulls)
				h := roundTrip(t, enc, n, nulls, func(row int, v *column.Vector, at int) bool {
					return math.Float64bits(v.Floats[at]) == math.Float64bits(vals[row])
				})
				if n == 10_000 && how == 0 {
					t.Logf("%-9s encoding %d, %.2f bits a value", name, h.Encoding, float64(len(enc)*8)/float64(n))
					if name == "prices" && (h.Encoding != block.Decimal || len(enc) > n*5/2) {
						t.Errorf("prices take %d bytes in encoding %d", len(enc), h.Encoding)
					}
				}
			}
		}
	}
}

func TestStrings(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	shapes := map[string]func(i int) string{
		"constant": func(int) string { return strings.Repeat("long ", 20) },
		"empty":    func(int) string { return "" },
		"few":      func(int) string { return "city" + fmt.Sprint(rng.IntN(50)) },
		"distinct": func(i int) string { return fmt.Sprintf("person-%08d", i) },
		"any":      func(i int) string { return strings.Repeat("ä\x00z", rng.IntN(40)) },
	}
	for name, f := range shapes {
		for _, n := range sizes {
			for how := range 4 {
				vals := make([]string, n)
				for i := range vals {
					vals[i] = f(i)
				}
				nulls := nullsOf(rng, n, how)
				enc := block.EncodeStrings(nil, vals, nulls)
				h := roundTrip(t, enc, n, nulls, func(row int, v *column.Vector, at int) bool { return v.Str(at) == vals[row] })
				if n == 10_000 && how == 0 {
					t.Logf("%-9s encoding %d, %.2f bytes a value, about %.0f distinct", name, h.Encoding, float64(len(enc))/float64(n), h.Sketch.Estimate())
					if lo := slices.Min(vals); !strings.HasPrefix(lo, h.MinStr) || h.Sorted != slices.IsSorted(vals) {
						t.Errorf("%s: header %+v", name, h)
					}
				}
			}
		}
	}
}

func TestBoolsAndAnys(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	for _, n := range sizes {
		for how := range 4 {
			nulls := nullsOf(rng, n, how)
			for _, share := range []int{0, 5, 10} {
				vals := make([]bool, n)
				for i := range vals {
					vals[i] = rng.IntN(10) < share
				}
				roundTrip(t, block.EncodeBools(nil, vals, nulls), n, nulls, func(row int, v *column.Vector, at int) bool { return v.Bools[at] == vals[row] })
			}
			anys := make([]value.Value, n)
			for i := range anys {
				anys[i] = []value.Value{value.Int(int64(i)), value.String("s"), value.List(value.Bool(true), value.Null)}[i%3]
			}
			roundTrip(t, block.EncodeAnys(nil, anys, nulls), n, nulls, func(row int, v *column.Vector, at int) bool {
				return value.Equivalent(v.Anys[at], anys[row])
			})
		}
	}
}

// randomCSR returns both directions of a random graph, relationships numbered in
// forward order, cut into blocks.
func randomCSR(nodes, edges int, zipf bool) (forward, backward []block.CSR) {
	rng := rand.New(rand.NewPCG(5, 5))
	type edge struct{ src, dst, rel uint32 }
	list := make([]edge, edges)
	z := rand.NewZipf(rng, 1.2, 10, uint64(nodes-1))
	for i := range list {
		list[i] = edge{rng.Uint32N(uint32(nodes)), rng.Uint32N(uint32(nodes)), 0}
		if zipf {
			list[i].dst = uint32(z.Uint64())
		}
	}
	build := func() (out []block.CSR) {
		c := block.CSR{Off: []uint32{0}}
		at := 0
		for n := range uint32(nodes) {
			if len(c.Nbr) >= block.TargetEdges || len(c.Off) > block.MaxNodes {
				out = append(out, c)
				c = block.CSR{First: n, Off: []uint32{0}}
			}
			for ; at < len(list) && list[at].src == n; at++ {
				c.Nbr = append(c.Nbr, list[at].dst)
				c.Rel = append(c.Rel, list[at].rel)
				if len(c.Nbr) == block.MaxEdges { // a supernode, cut inside its list
					c.Off = append(c.Off, uint32(len(c.Nbr)))
					out = append(out, c)
					c = block.CSR{First: n, Off: []uint32{0}}
				}
			}
			c.Off = append(c.Off, uint32(len(c.Nbr)))
		}
		return append(out, c)
	}
	order := func(a, b edge) int {
		if a.src != b.src {
			return int(int64(a.src) - int64(b.src))
		}
		if a.dst != b.dst {
			return int(int64(a.dst) - int64(b.dst))
		}
		return int(int64(a.rel) - int64(b.rel))
	}
	slices.SortFunc(list, order)
	for i := range list {
		list[i].rel = uint32(i) + 100
	}
	forward = build()
	for i, e := range list {
		list[i] = edge{e.dst, e.src, e.rel}
	}
	slices.SortFunc(list, order)
	return forward, build()
}

func checkCSR(t *testing.T, c block.CSR, enc []byte) *block.Block {
	t.Helper()
	b, err := block.Decode(enc, nil)
	if err != nil {
		t.Fatal(err)
	}
	if b.CSR.First != c.First || !slices.Equal(b.CSR.Off, c.Off) || !slices.Equal(b.CSR.Nbr, c.Nbr) || !slices.Equal(b.CSR.Rel, c.Rel) {
		t.Fatalf("adjacency of %d edges from node %d came back changed", len(c.Nbr), c.First)
	}
	return b
}

func TestCSRSize(t *testing.T) {
	for _, g := range []struct {
		name         string
		nodes, edges int
		zipf         bool
		limit        float64
	}{{"uniform", 10_000, 230_000, false, 6}, {"skewed", 10_000, 230_000, true, 6}} {
		forward, backward := randomCSR(g.nodes, g.edges, g.zipf)
		bytes := [2]int{}
		for d, cs := range [][]block.CSR{forward, backward} {
			for _, c := range cs {
				enc := block.EncodeCSR(nil, c)
				bytes[d] += len(enc)
				b := checkCSR(t, c, enc)
				if d == 0 && !b.Consecutive {
					t.Fatal("forward relationships are not consecutive")
				}
				if d == 1 || len(c.Nbr) == 0 {
					continue
				}
				for _, step := range []int{1, 97, 5003, len(c.Rel) - 1} {
					near := 0
					for at := range len(c.Rel) {
						i := at * step % len(c.Rel) // onwards, in leaps and back
						k, nbr, ok := b.Ends(c.Rel[i], near)
						if !ok || nbr != c.Nbr[i] || uint32(i) < c.Off[k] || uint32(i) >= c.Off[k+1] {
							t.Fatalf("Ends(%d, %d) = %d, %d, %v", c.Rel[i], near, k, nbr, ok)
						}
						near = k
					}
				}
				if _, _, ok := b.Ends(c.Rel[0]-1, 0); ok {
					t.Fatal("Ends of a relationship that is not here")
				}
			}
		}
		per := float64(bytes[0]+bytes[1]) / float64(g.edges)
		t.Logf("%s: %.2f + %.2f = %.2f bytes an edge", g.name, float64(bytes[0])/float64(g.edges), float64(bytes[1])/float64(g.edges), per)
		if per > g.limit {
			t.Errorf("%s: %.2f bytes an edge", g.name, per)
		}
	}
}

func TestCSRShapes(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	for range 300 {
		c := block.CSR{First: rng.Uint32(), Off: []uint32{0}}
		spread := uint32(1) << rng.IntN(32)
		for range rng.IntN(200) {
			var list [][2]uint32
			for range rng.IntN(1 + rng.IntN(60)) {
				list = append(list, [2]uint32{rng.Uint32N(spread), rng.Uint32N(spread)})
			}
			slices.SortFunc(list, func(a, b [2]uint32) int { return slices.Compare(a[:], b[:]) })
			for _, e := range list {
				c.Nbr, c.Rel = append(c.Nbr, e[0]), append(c.Rel, e[1])
			}
			c.Off = append(c.Off, uint32(len(c.Nbr)))
		}
		checkCSR(t, c, block.EncodeCSR(nil, c))
	}
}

// samples returns one block of each kind and encoding.
func samples() (out [][]byte) {
	rng := rand.New(rand.NewPCG(3, 1))
	n := 3000
	ints, floats, strs := make([]int64, n), make([]float64, n), make([]string, n)
	nums, anys := make([]uint32, n), make([]value.Value, n)
	for i := range n {
		ints[i], floats[i], strs[i] = rng.Int64N(1000), float64(rng.IntN(999))/10, fmt.Sprint("word", rng.IntN(30))
		nums[i], anys[i] = uint32(i*3), value.String(strs[i])
	}
	out = append(out, block.EncodeInts(nil, ints, nil), block.EncodeInts(nil, ints, nullsOf(rng, n, 1)),
		block.EncodeUint32s(nil, nums, nil), block.EncodeFloats(nil, floats, nil), block.EncodeStrings(nil, strs, nil),
		block.EncodeAnys(nil, anys[:200], nil), block.EncodeBools(nil, make([]bool, n), nil))
	floats[5], ints[1] = math.Pi, math.MinInt64
	for i := range strs {
		strs[i] = fmt.Sprint(rng.Uint64())
	}
	out = append(out, block.EncodeFloats(nil, floats, nil), block.EncodeInts(nil, ints, nil), block.EncodeStrings(nil, strs[:500], nil))
	f, b := randomCSR(300, 4000, false)
	return append(out, block.EncodeCSR(nil, f[0]), block.EncodeCSR(nil, b[0]))
}

// Any flipped bit and any cut is found by the checksum.
func TestDamage(t *testing.T) {
	if planted.Is(planted.NoCRC) {
		t.Log("planted: no checksums")
	}
	for _, enc := range samples() {
		for at := 0; at < len(enc); at += 1 + len(enc)/400 {
			bad := bytes.Clone(enc)
			bad[at] ^= 1 << (at % 8)
			if _, err := block.Decode(bad, nil); status.CodeOf(err) != status.Corruption {
				t.Fatalf("a flipped bit at %d: %v", at, err)
			}
			if _, err := block.NewReader(bad[:at]); status.CodeOf(err) != status.Corruption {
				t.Fatalf("cut at %d: %v", at, err)
			}
		}
	}
}

// reseal makes the checksum right again, as somebody who wants to do harm would.
func reseal(b []byte) []byte {
	if len(b) < 56 {
		return b
	}
	b = bytes.Clone(b)
	copy(b, "KDBk\x01")
	binary.LittleEndian.PutUint32(b[16:], uint32(len(b)))
	table := crc32.MakeTable(crc32.Castagnoli)
	binary.LittleEndian.PutUint32(b[20:], crc32.Update(crc32.Update(0, table, b[:20]), table, b[24:]))
	return b
}

// decodeHostile decodes bytes whose checksum is right. It must end with a typed
// error or a block, and take little memory.
func decodeHostile(t *testing.T, b []byte) {
	d, err := block.Decode(b, nil)
	if err == nil {
		if limit := int64(64*len(b) + 1<<20 + 4096); d.Size() > limit {
			t.Fatalf("%d bytes decode to %d", len(b), d.Size())
		}
	} else if c := status.CodeOf(err); c != status.Corruption && c != status.NewerFormat {
		t.Fatalf("untyped error %v", err)
	}
	r, err := block.NewReader(b)
	if err != nil {
		return
	}
	var v column.Vector
	for i := range r.Vectors() {
		if err := r.Vector(i, &v); err != nil {
			return
		}
	}
}

func TestHostile(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 1))
	for _, enc := range samples() {
		for range 400 {
			bad := bytes.Clone(enc)
			for range 1 + rng.IntN(4) {
				at := rng.IntN(len(bad))
				if rng.IntN(2) == 0 {
					at = rng.IntN(min(len(bad), 120))
				}
				bad[at] = byte(rng.Uint32())
			}
			if rng.IntN(4) == 0 {
				bad = bad[:rng.IntN(len(bad))]
			}
			decodeHostile(t, reseal(bad))
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, enc := range samples() {
		if len(enc) < 4000 {
			f.Add(enc)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		decodeHostile(t, b)
		decodeHostile(t, reseal(b))
	})
}

func TestPlantedNoCRC(t *testing.T) {
	if !planted.Enabled {
		t.Log("built without the tag `planted`: nothing to find")
		return
	}
	t.Setenv("KADEDB_PLANTED", planted.NoCRC)
	enc := block.EncodeInts(nil, []int64{1, 2, 3, 4}, nil)
	enc[24] ^= 1
	if _, err := block.Decode(enc, nil); err != nil {
		t.Fatalf("the bug is not planted: %v", err)
	}
}

func TestSketch(t *testing.T) {
	for _, n := range []int{1, 10, 100, 1000, 100_000} {
		var a, b block.Sketch
		for i := range n {
			a.AddInt(uint64(i))
			b.AddInt(uint64(i + n/2))
		}
		a.Merge(&b)
		want := float64(n + n/2)
		if e := a.Estimate(); math.Abs(e-want) > 0.25*want+1 {
			t.Errorf("%.0f distinct values: estimate %.0f", want, e)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	rng := rand.New(rand.NewPCG(3, 1))
	ints, floats := make([]int64, 65536), make([]float64, 65536)
	for i := range ints {
		ints[i], floats[i] = rng.Int64N(100_000), float64(rng.IntN(100_000))/100
	}
	f, back := randomCSR(10_000, 230_000, false)
	slab := memory.NewSlab(16 << 20)
	for _, c := range []struct {
		name string
		enc  []byte
		n    int
	}{
		{"ints", block.EncodeInts(nil, ints, nil), len(ints)}, {"floats", block.EncodeFloats(nil, floats, nil), len(floats)},
		{"forward", block.EncodeCSR(nil, f[0]), len(f[0].Nbr)}, {"backward", block.EncodeCSR(nil, back[0]), len(back[0].Nbr)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				d, err := block.Decode(c.enc, slab)
				if err != nil {
					b.Fatal(err)
				}
				d.Free()
			}
			b.ReportMetric(float64(b.N)*float64(c.n)/b.Elapsed().Seconds()/1e6, "Mvalues/s")
		})
	}
}
