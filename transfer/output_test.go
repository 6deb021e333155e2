package transfer

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/value"
)

// Rows that went through a vector and were put out in runs, or gathered, are those that
// went in, across the ends of groups; groups of nulls alone are left out.
func TestOutput(t *testing.T) {
	const rows = groupRows + 5000
	rng := rand.New(rand.NewPCG(1, 2))
	for _, typ := range []column.Type{column.Int, column.Date, column.Float, column.Bool, column.String, column.Any} {
		for nulls, isNull := range map[string]func(int) bool{
			"no nulls": func(int) bool { return false }, "some nulls": func(i int) bool { return i%3 == 0 },
			"a group of nulls": func(i int) bool { return i < groupRows }, "nulls alone": func(int) bool { return true },
		} {
			var all rowsOf
			for from := 0; from < rows; from += 2000 {
				all.append(typ, from, min(from+2000, rows), isNull)
			}
			idx := make([]uint32, rows)
			for i := range idx {
				idx[i] = uint32(i)
			}
			name := fmt.Sprint(typ, ", ", nulls)
			all.put(t, name+", runs", typ, idx, func(o *output, parts []*vector) error {
				for from := 0; from < rows; from += 7000 {
					if err := o.addRows(parts, from, min(from+7000, rows)); err != nil {
						return err
					}
				}
				return nil
			})
			rng.Shuffle(len(idx), func(i, k int) { idx[i], idx[k] = idx[k], idx[i] })
			all.put(t, name+", gathered", typ, idx, func(o *output, parts []*vector) error { return o.gather(parts, idx) })
			all.put(t, name+", one by one", typ, idx, func(o *output, parts []*vector) error {
				for _, i := range idx {
					if err := o.add(parts, int(i)); err != nil {
						return err
					}
				}
				return nil
			})
		}
	}
}

// rowsOf is a vector, and what it should hold.
type rowsOf struct {
	rows
	want []value.Value
}

// append adds a chunk.
func (r *rowsOf) append(typ column.Type, from, to int, isNull func(int) bool) {
	var src column.Vector
	src.Reset(typ, to-from)
	var sel []int32
	for i := from; i < to; i++ {
		sel = append(sel, int32(i-from))
		if isNull(i) {
			src.SetNull(i-from, to-from)
			r.want = append(r.want, value.Null)
			continue
		}
		switch typ {
		case column.Int, column.Date:
			src.Ints[i-from] = int64(i)
		case column.Float:
			src.Floats[i-from] = float64(i) / 2
		case column.Bool:
			src.Bools[i-from] = i%5 == 0
		case column.String:
			src.Strs[i-from] = strings.Repeat("x", i%9) + fmt.Sprint(i)
		case column.Any:
			src.Anys[i-from] = value.List(value.Int(int64(i)))
		}
		r.want = append(r.want, src.Value(i-from))
	}
	r.expect = 80_000 // of which it never has that many
	r.appendChunk([]columnID{{"k", typ}}, []int{0}, []*column.Vector{&src}, sel)
}

func (r *rowsOf) put(t *testing.T, name string, typ column.Type, idx []uint32, add func(o *output, parts []*vector) error) {
	t.Helper()
	got := slices.Repeat([]value.Value{value.Null}, len(idx))
	o := newOutput([]column.Type{typ}, 100, func(first uint32, v *column.Vector, n int) error {
		some := false
		for i := range n {
			got[int(first)-100+i] = v.Value(i)
			some = some || !v.IsNull(i)
		}
		if !some {
			t.Errorf("%s: a group of nulls", name)
		}
		return nil
	})
	parts := []*vector{&r.cols[0]}
	if !r.cols[0].some {
		parts[0] = nil
	}
	if err := add(o, parts); err != nil {
		t.Fatal(err)
	}
	if err := o.flush(); err != nil {
		t.Fatal(err)
	}
	for k, i := range idx {
		if got[k].String() != r.want[i].String() {
			t.Fatalf("%s: row %d is %s, want %s", name, k, got[k], r.want[i])
		}
	}
}
