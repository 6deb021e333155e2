package column

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/kadedb/kadedb/value"
)

var testDict = &Dict{Strings: []string{"", "a", "ab", "b", "Ångström", "a much longer string than sixteen bytes"}}

// randomVector returns a vector of n rows and the boxed values that it stands for.
func randomVector(r *rand.Rand, t Type, n int, form string) (*Vector, []value.Value) {
	v := &Vector{}
	v.Reset(t, n)
	if form == "dict" && t == String {
		v.Dict, v.Codes, v.Strs = testDict, make([]uint32, n), nil
	}
	for i := range n {
		val := randomValue(r, t)
		switch {
		case v.Dict != nil:
			v.Codes[i] = r.Uint32N(uint32(len(testDict.Strings)))
		case t != Null:
			v.set(i, val)
		}
		if form == "nulls" && r.IntN(3) == 0 || form == "allnull" {
			v.SetNull(i, n)
		}
	}
	out := make([]value.Value, n)
	for i := range out {
		out[i] = v.Value(i)
	}
	return v, out
}

func randomValue(r *rand.Rand, t Type) value.Value {
	switch t {
	case Bool:
		return value.Bool(r.IntN(2) == 0)
	case Int:
		return value.Int([]int64{0, 1, -1, 2, math.MaxInt64, math.MinInt64, 1 << 53, 1<<53 + 1}[r.IntN(8)])
	case Float:
		return value.Float([]float64{0, math.Copysign(0, -1), 1, -1, 1.5, math.NaN(), math.Inf(1), math.Inf(-1), 1 << 53}[r.IntN(9)])
	case String:
		return value.String(testDict.Strings[r.IntN(len(testDict.Strings))])
	case Node:
		return value.NodeRef(r.Uint32N(4))
	case Rel:
		return value.RelRef(r.Uint32N(4))
	case Date:
		return value.Date(r.Int64N(5) - 2)
	case Any:
		if r.IntN(4) == 0 {
			return value.List(value.Int(r.Int64N(3)), value.Null)
		}
		if r.IntN(8) == 0 {
			return value.Point(value.Place{CRS: value.WGS84, X: float64(r.IntN(3)), Y: float64(r.IntN(2))})
		}
		return randomValue(r, Type(r.IntN(int(Any))))
	}
	return value.Null
}

var forms = []string{"plain", "nulls", "allnull", "dict"}

// each calls f for every type, form and some sizes.
func each(t *testing.T, f func(t *testing.T, r *rand.Rand, v *Vector, vals []value.Value)) {
	for typ := Null; typ <= Any; typ++ {
		for _, form := range forms {
			for _, n := range []int{1, 63, 64, 65, 1000, BatchSize} {
				t.Run(fmt.Sprintf("%s/%s/%d", typ, form, n), func(t *testing.T) {
					r := rand.New(rand.NewPCG(uint64(typ), uint64(n)))
					v, vals := randomVector(r, typ, n, form)
					f(t, r, v, vals)
				})
			}
		}
	}
}

func same(a, b value.Value) bool {
	return a.Kind() == b.Kind() && bytes.Equal(value.Append(nil, a), value.Append(nil, b))
}

func wantValues(t *testing.T, got *Vector, want []value.Value) {
	t.Helper()
	for i, w := range want {
		if g := got.Value(i); !same(g, w) {
			t.Fatalf("row %d: got %v of %v, want %v of %v", i, g, g.Kind(), w, w.Kind())
		}
		if got.IsNull(i) != want[i].IsNull() {
			t.Fatalf("row %d: IsNull = %v", i, got.IsNull(i))
		}
	}
}

func TestGather(t *testing.T) {
	each(t, func(t *testing.T, r *rand.Rand, v *Vector, vals []value.Value) {
		idx := make([]int32, r.IntN(2*len(vals))+1)
		want := make([]value.Value, len(idx))
		outer := r.IntN(2) == 0
		for i := range idx {
			idx[i] = r.Int32N(int32(len(vals)))
			want[i] = vals[idx[i]]
			if outer && r.IntN(4) == 0 {
				idx[i], want[i] = -1, value.Null
			}
		}
		var got Vector
		got.Reset(Int, 5) // memory of another type, used before
		got.Gather(v, idx)
		wantValues(t, &got, want)
	})
}

func TestSlice(t *testing.T) {
	each(t, func(t *testing.T, r *rand.Rand, v *Vector, vals []value.Value) {
		from := r.IntN(len(vals))
		to := from + r.IntN(len(vals)-from+1)
		var got Vector
		got.Slice(v, from, to)
		wantValues(t, &got, vals[from:to])
	})
}

func TestBuilder(t *testing.T) {
	each(t, func(t *testing.T, r *rand.Rand, v *Vector, vals []value.Value) {
		var b Builder
		var want []value.Value
		for range 2 {
			for range 6 {
				if r.IntN(3) == 0 {
					x := randomValue(r, Type(r.IntN(int(Any)+1)))
					b.Append(x)
					want = append(want, x)
					continue
				}
				rows := Identity(len(vals))[:r.IntN(len(vals)+1)]
				b.AppendVector(v, rows)
				want = append(want, vals[:len(rows)]...)
			}
			if b.Len() != len(want) {
				t.Fatalf("Len = %d, want %d", b.Len(), len(want))
			}
			wantValues(t, b.Vector(), want)
			b.Reset()
			want = want[:0]
		}
	})
}

func TestBuilderKeepsType(t *testing.T) {
	var b Builder
	b.Append(value.Null)
	b.Append(value.Int(1))
	if b.Vector().Type != Int {
		t.Fatalf("type %v after null and 1, want int", b.Vector().Type)
	}
	b.Append(value.Float(1))
	if b.Vector().Type != Any {
		t.Fatalf("type %v after 1 and 1.0, want any", b.Vector().Type)
	}
	wantValues(t, b.Vector(), []value.Value{value.Null, value.Int(1), value.Float(1)})
}

// testBatch returns a batch of random columns with a selection and, for odd seeds, multiplicities.
func testBatch(seed uint64, n int) (*Batch, *rand.Rand) {
	r := rand.New(rand.NewPCG(seed, 7))
	b := &Batch{Len: n}
	for typ := Null; typ <= Any; typ++ {
		v, _ := randomVector(r, typ, n, forms[r.IntN(len(forms))])
		b.Cols = append(b.Cols, v, nil)
	}
	b.Cols = append(b.Cols, Const(value.String("k")), Const(value.Null))
	if seed%2 == 1 {
		b.Mult = make([]int64, n)
		for i := range b.Mult {
			b.Mult[i] = r.Int64N(3)
		}
	}
	if seed%3 != 0 {
		b.Sel = []int32{}
		for i := range n {
			if r.IntN(2) == 0 {
				b.Sel = append(b.Sel, int32(i))
			}
		}
	}
	return b, r
}

// sameRows compares the selected rows of a batch with rows 0 … of another.
func sameRows(t *testing.T, want *Batch, got *Batch) {
	t.Helper()
	sel := want.Selection()
	if got.Rows() != len(sel) {
		t.Fatalf("%d rows, want %d", got.Rows(), len(sel))
	}
	for s, c := range want.Cols {
		if c == nil {
			continue
		}
		for i, r := range sel {
			if g, w := got.Cols[s].Value(i), c.Value(int(r)); !same(g, w) {
				t.Fatalf("slot %d row %d: got %v, want %v", s, i, g, w)
			}
		}
	}
	if want.Mult != nil {
		for i, r := range sel {
			if got.Mult[i] != want.Mult[r] {
				t.Fatalf("row %d: multiplicity %d, want %d", i, got.Mult[i], want.Mult[r])
			}
		}
	}
}

func TestBatchCodecAndCompact(t *testing.T) {
	for seed := range uint64(60) {
		b, _ := testBatch(seed, []int{0, 1, 65, 2048}[seed%4])
		var c Batch
		c.Compact(b, nil)
		sameRows(t, b, &c)
		enc := AppendBatch([]byte("x"), b, nil)[1:]
		enc = AppendBatch(enc, b, []int{2, 4})
		got, rest, err := DecodeBatch(enc)
		if err != nil {
			t.Fatal(err)
		}
		sameRows(t, b, got)
		if got, rest, err = DecodeBatch(rest); err != nil || len(rest) != 0 || got.Cols[0] != nil {
			t.Fatalf("second batch: %v, %d bytes left", err, len(rest))
		}
	}
}

func TestDecodeBatchRefusesDamage(t *testing.T) {
	b, r := testBatch(1, 70)
	good := AppendBatch(nil, b, nil)
	for range 2000 {
		bad := slices.Clone(good)
		bad[r.IntN(len(bad))] ^= 1 << r.IntN(8)
		if _, _, err := DecodeBatch(bad); err == nil {
			t.Fatal("a flipped bit was not noticed")
		}
	}
	for n := range good {
		if _, _, err := DecodeBatch(good[:n]); err == nil {
			t.Fatalf("a batch cut at %d was accepted", n)
		}
	}
}

func FuzzDecodeBatch(f *testing.F) {
	b, _ := testBatch(1, 70)
	f.Add(AppendBatch(nil, b, nil))
	f.Fuzz(func(t *testing.T, src []byte) {
		// The body alone, as if its checksum were right.
		d := decoder{src: src}
		d.vector(len(src) % 100)
		if got, _, err := DecodeBatch(src); err == nil && got == nil {
			t.Fatal("no batch and no error")
		}
	})
}

func TestBuffer(t *testing.T) {
	for seed := range uint64(30) {
		b, r := testBatch(seed, 200)
		slots := []int{0, 2, 6, 8, 9, 16, 18}
		buf := NewBuffer(slots)
		buf.Append(b)
		b2, _ := testBatch(seed+1, 100)
		buf.Append(b2)
		if buf.Len() != b.Rows()+b2.Rows() {
			t.Fatalf("%d rows, want %d", buf.Len(), b.Rows()+b2.Rows())
		}
		var view Batch
		buf.View(&view, 0, b.Rows())
		cut := func(b *Batch) *Batch {
			c := *b
			c.Cols = make([]*Vector, len(b.Cols))
			for _, s := range slots {
				c.Cols[s] = b.Cols[s]
			}
			return &c
		}
		if view.Cols[9].Type != Null {
			t.Fatalf("a column that is not live came as %v", view.Cols[9].Type)
		}
		want := cut(b)
		sameRows(t, want, &view)
		buf.View(&view, b.Rows(), buf.Len())
		sameRows(t, cut(b2), &view)
		idx := []int32{int32(r.IntN(buf.Len())), -1}
		var got Batch
		buf.Gather(&got, idx)
		if !got.Cols[2].IsNull(1) || !same(got.Cols[4+2].Value(0), buf.Column(2).Value(int(idx[0]))) {
			t.Fatal("Gather gave other values")
		}
	}
}

func TestHashAndKeyEqual(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	var cols []*Vector
	for typ := Null; typ <= Any; typ++ {
		for _, form := range forms {
			v, _ := randomVector(r, typ, 60, form)
			cols = append(cols, v)
		}
	}
	cols = append(cols, Const(value.Int(1)), Const(value.Null), Const(value.String("ab")))
	rows := Identity(60)
	equal := 0
	for _, a := range cols {
		ha := make([]uint64, 60)
		HashKeys(ha, []*Vector{a, a}, rows)
		for _, b := range cols {
			hb := make([]uint64, 60)
			HashKeys(hb, []*Vector{b, b}, rows)
			for i := range 60 {
				j := r.IntN(60)
				want := value.Equivalent(a.Value(i), b.Value(j))
				if got := KeysEqual([]*Vector{a, a}, i, []*Vector{b, b}, j); got != want {
					t.Fatalf("%v and %v: KeyEqual %v", a.Value(i), b.Value(j), got)
				}
				if want && ha[i] != hb[j] {
					t.Fatalf("%v and %v are equivalent but hash differently", a.Value(i), b.Value(j))
				}
				if want {
					equal++
				}
			}
		}
	}
	if equal < 1000 {
		t.Fatalf("only %d equal pairs were tried", equal)
	}
}

func TestSortKeys(t *testing.T) {
	each(t, func(t *testing.T, r *rand.Rand, v *Vector, vals []value.Value) {
		n := min(len(vals), 100)
		for _, desc := range []bool{false, true} {
			var k SortKeys
			k.Append([]SortColumn{{v, desc}}, Identity(n))
			nums := make([]uint64, n)
			hasNums := SortUint64(nums, v, Identity(n), desc)
			for range 200 {
				i, j := r.IntN(n), r.IntN(n)
				want := value.Order(vals[i], vals[j])
				if desc {
					want = -want
				}
				if got := bytes.Compare(k.Key(i), k.Key(j)); got != want {
					t.Fatalf("desc %v: %v and %v: bytes say %d, want %d", desc, vals[i], vals[j], got, want)
				}
				if !hasNums || v.IsNull(i) || v.IsNull(j) {
					continue
				}
				got := 0
				if nums[i] < nums[j] {
					got = -1
				} else if nums[i] > nums[j] {
					got = 1
				}
				if got != want {
					t.Fatalf("desc %v: %v and %v: numbers say %d, want %d", desc, vals[i], vals[j], got, want)
				}
			}
		}
	})
}

func TestBitmap(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		n := r.IntN(300) + 1
		b, c := NewBitmap(n), NewBitmap(n)
		want := 0
		for i := range n {
			if r.IntN(2) == 0 {
				b.Set(i)
				want++
			}
			if r.IntN(2) == 0 {
				c.Set(i)
			}
		}
		if got := b.Count(n); got != want {
			t.Fatalf("Count = %d, want %d", got, want)
		}
		u := Union(nil, b, c, n)
		for i := range n {
			if u.Get(i) != (b.Get(i) || c.Get(i)) {
				t.Fatalf("Union differs at %d", i)
			}
		}
	}
}
