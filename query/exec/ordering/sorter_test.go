package ordering_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/query/exec/ordering"
	"github.com/kadedb/kadedb/query/exec/spill"
	"github.com/kadedb/kadedb/storage/vfs"
	"github.com/kadedb/kadedb/value"
)

var kinds = []func(r *rand.Rand) value.Value{
	func(r *rand.Rand) value.Value { return value.Int(r.Int64N(40) - 20) },
	func(r *rand.Rand) value.Value { return value.Int(int64(r.Uint64())) },
	func(r *rand.Rand) value.Value {
		return value.Float([]float64{-1.5, 0, math.Inf(1), math.NaN(), 7}[r.IntN(5)])
	},
	func(r *rand.Rand) value.Value {
		return value.String([]string{"", "a", "ab", "longer than eight", "longer than eighty"}[r.IntN(5)])
	},
	func(r *rand.Rand) value.Value { return value.NodeRef(uint32(r.IntN(30))) },
	func(r *rand.Rand) value.Value {
		return []value.Value{value.Int(3), value.Float(3), value.String("x"), value.Bool(false), value.List(value.Int(1))}[r.IntN(5)]
	},
}

func TestSorterAgainstStableSort(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 3))
		rows := make([][]value.Value, r.IntN(6000))
		keys := make([]ordering.Key, 1+r.IntN(3))
		gens := make([]func(*rand.Rand) value.Value, len(keys))
		for k := range keys {
			keys[k] = ordering.Key{Slot: k, Desc: r.IntN(2) == 0}
			gens[k] = kinds[r.IntN(len(kinds))]
		}
		for i := range rows {
			rows[i] = make([]value.Value, 4)
			for k := range keys {
				if rows[i][k] = gens[k](r); r.IntN(8) == 0 {
					rows[i][k] = value.Null
				}
			}
			rows[i][3] = value.Int(int64(i))
		}
		want := slices.Clone(rows)
		slices.SortStableFunc(want, func(a, b []value.Value) int {
			for _, k := range keys {
				c := value.Order(a[k.Slot], b[k.Slot])
				if k.Desc {
					c = -c
				}
				if c != 0 {
					return c
				}
			}
			return 0
		})
		for _, limit := range []int64{0, 1, 200_000} {
			for _, batch := range []int{1, 37, 2048} {
				if batch == 1 && len(rows) > 1500 {
					continue
				}
				check(t, fmt.Sprintf("seed %d, limit %d, batches of %d, keys %v", seed, limit, batch, keys), rows, want, keys, limit, batch)
			}
		}
	}
}

func check(t *testing.T, label string, rows, want [][]value.Value, keys []ordering.Key, limit int64, batch int) {
	t.Helper()
	budget := memory.NewBudget("test", limit)
	space := spill.NewSpace(vfs.OS, filepath.ToSlash(t.TempDir()), "s")
	slots := []int{3}
	if batch == 37 {
		slots = []int{0, 3}
	}
	s := ordering.NewSorter(space, budget, slots, keys)
	for from := 0; from < len(rows); from += batch {
		part := rows[from:min(from+batch, len(rows))]
		b := &column.Batch{Len: len(part)}
		for c := range 4 {
			var col column.Builder
			for _, row := range part {
				col.Append(row[c])
			}
			b.Cols = append(b.Cols, col.Vector())
		}
		if err := s.Append(b); err != nil {
			t.Fatalf("%s: %v", label, err)
		}
	}
	at := 0
	err := s.Each(func(b *column.Batch) error {
		for _, r := range b.Selection() {
			if got := b.Cols[3].Value(int(r)); got.AsInt() != want[at][3].AsInt() {
				return fmt.Errorf("row %d is number %d, want %d", at, got.AsInt(), want[at][3].AsInt())
			}
			at++
		}
		return nil
	})
	if err != nil || at != len(rows) {
		t.Fatalf("%s: %d of %d rows, %v", label, at, len(rows), err)
	}
	if err := s.Close(); err != nil || budget.Used() != 0 {
		t.Fatalf("%s: close: %v, %d bytes held", label, err, budget.Used())
	}
	if limit == 1 && len(rows) > 4000 && space.Bytes() == 0 {
		t.Errorf("%s: nothing spilled", label)
	}
}

func TestManyRunsMergeInLevels(t *testing.T) {
	budget := memory.NewBudget("test", 1)
	space := spill.NewSpace(vfs.OS, filepath.ToSlash(t.TempDir()), "s")
	s := ordering.NewSorter(space, budget, []int{0, 1}, []ordering.Key{{Slot: 0}})
	const n = 60_000
	for from := 0; from < n; from += 1000 {
		var k, v column.Builder
		for i := from; i < from+1000; i++ {
			k.Append(value.Int(int64(i * 7919 % 1000)))
			v.Append(value.Int(int64(i)))
		}
		if err := s.Append(&column.Batch{Len: 1000, Cols: []*column.Vector{k.Vector(), v.Vector()}}); err != nil {
			t.Fatal(err)
		}
	}
	at, lastK, lastV := 0, int64(-1), int64(-1)
	err := s.Each(func(b *column.Batch) error {
		for _, r := range b.Selection() {
			k, v := b.Cols[0].Ints[r], b.Cols[1].Ints[r]
			if k < lastK || k == lastK && v < lastV || k != v*7919%1000 {
				return fmt.Errorf("row %d: (%d, %d) after (%d, %d)", at, k, v, lastK, lastV)
			}
			at, lastK, lastV = at+1, k, v
		}
		return nil
	})
	if err != nil || at != n {
		t.Fatalf("%d rows, %v", at, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
