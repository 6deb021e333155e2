package group

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/value"
)

// samples makes values for one key column of each shape.
var samples = map[string]func(r *rand.Rand) value.Value{
	"nodes":  func(r *rand.Rand) value.Value { return value.NodeRef(uint32(r.IntN(50))) },
	"sparse": func(r *rand.Rand) value.Value { return value.NodeRef(uint32(r.IntN(40)) * 90_000_000) },
	"mixed refs": func(r *rand.Rand) value.Value {
		return value.NodeRef([]uint32{3, 70_000, 5_000_000, 4_000_000_000, 12}[r.IntN(5)] + uint32(r.IntN(20)))
	},
	"ints": func(r *rand.Rand) value.Value { return value.Int(r.Int64N(60) - 30) },
	"near ints": func(r *rand.Rand) value.Value {
		if r.IntN(400) == 0 {
			return value.Int(r.Int64N(3) << 40)
		}
		return value.Int(r.Int64N(40)*r.Int64N(40) - 13)
	},
	"floats": func(r *rand.Rand) value.Value {
		return value.Float([]float64{0, math.Copysign(0, -1), 1.5, math.NaN()}[r.IntN(4)])
	},
	"bools":   func(r *rand.Rand) value.Value { return value.Bool(r.IntN(2) == 0) },
	"strings": func(r *rand.Rand) value.Value { return value.String(fmt.Sprint("s", r.IntN(200))) },
	"numbers": func(r *rand.Rand) value.Value {
		if r.IntN(2) == 0 {
			return value.Int(r.Int64N(5))
		}
		return value.Float(float64(r.IntN(5)))
	},
	"lists": func(r *rand.Rand) value.Value { return value.List(value.Int(r.Int64N(3)), value.Null) },
	"nulls": func(*rand.Rand) value.Value { return value.Null },
	"all": func(r *rand.Rand) value.Value {
		return []value.Value{value.Null, value.Int(1), value.Float(1), value.String("1"), value.Bool(true), value.NodeRef(1), value.RelRef(1)}[r.IntN(7)]
	},
}

func column_(vals []value.Value, dict bool) *column.Vector {
	var b column.Builder
	for _, v := range vals {
		b.Append(v)
	}
	v := b.Vector()
	if !dict || v.Type != column.String {
		return v
	}
	d := &column.Dict{}
	codes := map[string]uint32{}
	out := &column.Vector{Type: column.String, Dict: d, Nulls: v.Nulls}
	for i := range vals {
		s := ""
		if !v.IsNull(i) {
			s = v.Str(i)
		}
		if _, ok := codes[s]; !ok {
			codes[s] = uint32(len(d.Strings))
			d.Strings = append(d.Strings, s)
		}
		out.Codes = append(out.Codes, codes[s])
	}
	return out
}

// reference numbers rows by comparing each with all before.
func reference(rows [][]value.Value) []uint32 {
	var firsts []int
	out := make([]uint32, len(rows))
next:
	for i, row := range rows {
		for g, f := range firsts {
			same := true
			for k := range row {
				same = same && value.Equivalent(row[k], rows[f][k])
			}
			if same {
				out[i] = uint32(g)
				continue next
			}
		}
		out[i] = uint32(len(firsts))
		firsts = append(firsts, i)
	}
	return out
}

func TestTableAgreesWithPairwiseComparison(t *testing.T) {
	var names []string
	for n := range samples {
		names = append(names, n)
	}
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 7))
		keys := r.IntN(4)
		label := ""
		rows := make([][]value.Value, 1+r.IntN(700))
		for i := range rows {
			rows[i] = make([]value.Value, keys)
		}
		withNull := r.IntN(2) == 0
		for k := range keys {
			name := names[(int(seed)+k*5)%len(names)]
			label += name + " "
			for i := range rows {
				if rows[i][k] = samples[name](r); withNull && r.IntN(6) == 0 {
					rows[i][k] = value.Null
				}
			}
		}
		want := reference(rows)
		for _, batch := range []int{1, 3, 100, 2048} {
			check(t, fmt.Sprintf("seed %d: %sbatches of %d", seed, label, batch), rows, keys, batch, want, r.IntN(2) == 0)
		}
	}
}

func check(t *testing.T, label string, rows [][]value.Value, keys, batch int, want []uint32, dict bool) {
	t.Helper()
	tab := New(keys)
	assign := func(add bool) []uint32 {
		var got []uint32
		for from := 0; from < len(rows); from += batch {
			part := rows[from:min(from+batch, len(rows))]
			cols := make([]*column.Vector, keys)
			for k := range cols {
				vals := make([]value.Value, 0, 2*len(part))
				for _, row := range part { // every other physical row is not selected
					vals = append(vals, row[k], value.Int(-99))
				}
				cols[k] = column_(vals, dict)
			}
			sel := make([]int32, len(part))
			for i := range sel {
				sel[i] = int32(2 * i)
			}
			out := make([]uint32, len(part))
			tab.Assign(cols, sel, out, add)
			got = append(got, out...)
		}
		return got
	}
	for i, n := range assign(false) {
		if n != None {
			t.Fatalf("%s: row %d has group %d in an empty table", label, i, n)
		}
	}
	for pass, got := range [][]uint32{assign(true), assign(false)} {
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("%s: pass %d, row %d %v: group %d, want %d", label, pass, i, rows[i], got[i], want[i])
			}
		}
	}
	first := map[uint32]int{}
	var groups []uint32
	for i, g := range want {
		if _, ok := first[g]; !ok {
			first[g] = i
			groups = append(groups, g)
		}
	}
	if tab.Len() != len(groups) {
		t.Fatalf("%s: %d groups, want %d", label, tab.Len(), len(groups))
	}
	for k := range keys {
		var v column.Vector
		tab.Gather(k, &v, groups)
		for i, g := range groups {
			if got, want := v.Value(i), rows[first[g]][k]; !value.Equivalent(got, want) {
				t.Fatalf("%s: key %d of group %d is %v, want %v", label, k, g, got, want)
			}
		}
	}
}

var sink []uint32

func BenchmarkAssign(b *testing.B) {
	for _, kind := range []string{"nodes", "ints", "strings"} {
		b.Run(kind, func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, 2))
			vals := make([]value.Value, column.BatchSize)
			for i := range vals {
				vals[i] = samples[kind](r)
			}
			cols := []*column.Vector{column_(vals, kind == "strings")}
			out := make([]uint32, len(vals))
			tab := New(1)
			b.ReportAllocs()
			b.SetBytes(int64(len(vals)))
			for b.Loop() {
				tab.Assign(cols, column.Identity(len(vals)), out, true)
			}
			sink = out
		})
	}
}

// Growth tells, before rows come, what tables are made anew for them.
func TestGrowth(t *testing.T) {
	for name, mk := range map[string]func(r *rand.Rand) value.Value{
		"ints":    func(r *rand.Rand) value.Value { return value.Int(r.Int64()) },
		"floats":  func(r *rand.Rand) value.Value { return value.Float(r.Float64()) },
		"strings": func(r *rand.Rand) value.Value { return value.String(fmt.Sprint(r.Int64())) },
		"nodes":   func(r *rand.Rand) value.Value { return value.NodeRef(r.Uint32N(200_000)) },
		"sparse":  func(r *rand.Rand) value.Value { return value.NodeRef(r.Uint32()) },
	} {
		for columns := 1; columns <= 2; columns++ {
			r := rand.New(rand.NewPCG(1, 2))
			table := New(columns)
			remade := 0
			for range 60 {
				const n = 1500
				cols := make([]*column.Vector, columns)
				for i := range cols {
					var b column.Builder
					for range n {
						b.Append(mk(r))
					}
					cols[i] = b.Vector()
				}
				before := table.tables()
				growth := table.Growth(n, cols, column.Identity(n))
				table.Assign(cols, column.Identity(n), make([]uint32, n), true)
				now := table.tables()
				if now == before || before == 0 {
					continue
				}
				remade++
				if growth < now-before {
					t.Errorf("%s, %d columns: %d bytes of tables became %d, %d were told", name, columns, before, now, growth)
				}
			}
			if remade == 0 {
				t.Errorf("%s, %d columns: no table grew", name, columns)
			}
		}
	}
}

// tables is the size of the tables that double.
func (t *Table) tables() int {
	n := 0
	for i := range t.keys {
		n += t.keys[i].words.bytes() + t.keys[i].hashed.bytes() + 4*len(t.keys[i].dense)
	}
	for i := range t.pairs {
		n += t.pairs[i].words.bytes()
	}
	return n
}
