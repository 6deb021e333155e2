package oracle_test

import (
	"testing"

	"github.com/kadedb/kadedb/bench/gen"
	"github.com/kadedb/kadedb/bench/oracle"
)

// tiny is 0→1 twice, 1→0, 1→2 and a loop at 2.
func tiny() *gen.Graph {
	l := &gen.Label{Name: "N", N: 3, Columns: []*gen.Column{{Name: "id", Kind: gen.Int, Ints: []int64{10, 11, 12}}}}
	t := &gen.Type{Name: "R", From: l, To: l, Out: make([][]gen.Half, 3), In: make([][]gen.Half, 3)}
	for _, p := range [][2]uint32{{0, 1}, {0, 1}, {1, 0}, {1, 2}, {2, 2}} {
		t.Add(p[0], p[1])
	}
	return &gen.Graph{Labels: []*gen.Label{l}, Types: []*gen.Type{t}}
}

func count(n int, close bool, where ...oracle.Cond) *oracle.Query {
	p := oracle.Pattern{Vars: []oracle.Var{{Label: "N", Where: where}}}
	for i := range n {
		to := i + 1
		if close && i == n-1 {
			to = 0
		} else {
			p.Vars = append(p.Vars, oracle.Var{Label: "N"})
		}
		p.Edges = append(p.Edges, oracle.Edge{From: i, To: to, Type: "R"})
	}
	return &oracle.Query{Patterns: []oracle.Pattern{p}, Cols: []oracle.Col{{As: "n", Agg: "count"}}}
}

func TestCountedByHand(t *testing.T) {
	ten := oracle.Cond{Prop: "id", Op: "=", Val: int64(10)}
	for _, c := range []struct {
		name          string
		q             *oracle.Query
		trails, walks int64
	}{
		{"relationships", count(1, false), 5, 5},
		// 0→1→0 and 0→1→2 twice each, 1→0→1 twice, 1→2→2; the loop after itself walks.
		{"two hops", count(2, false), 7, 8},
		{"two hops back", count(2, true), 4, 5},
		{"three hops from 0", count(3, false, ten), 4, 6},
		{"greater than all", count(1, false, oracle.Cond{Prop: "id", Op: ">", Val: int64(12)}), 0, 0},
	} {
		for _, walks := range []bool{false, true} {
			want := c.trails
			if walks {
				want = c.walks
			}
			if got := c.q.Rows(tiny(), walks)[0][0]; got != want {
				t.Errorf("%s, walks %v: %v, want %d", c.name, walks, got, want)
			}
		}
	}
}

func TestGroupsAndOrder(t *testing.T) {
	q := count(1, false)
	q.Cols = []oracle.Col{{As: "id", Var: 1, Prop: "id"}, {As: "n", Agg: "count"}, {As: "s", Agg: "sum", Var: 0, Prop: "id"},
		{As: "d", Agg: "count distinct", Var: 0, Prop: "id"}, {As: "a", Agg: "avg", Var: 0, Prop: "id"}, {As: "m", Agg: "max", Var: 0, Prop: "id"}}
	q.Order, q.Limit = []oracle.Order{{Col: 1, Desc: true}, {Col: 0, Desc: true}}, 2
	got := q.Rows(tiny(), false)
	want := [][]any{{int64(12), int64(2), int64(23), int64(2), 11.5, int64(12)}, {int64(11), int64(2), int64(20), int64(1), 10.0, int64(10)}}
	for i := range want {
		for j := range want[i] {
			if got[i][j] != want[i][j] {
				t.Errorf("row %d, column %d: %v, want %v", i, j, got[i][j], want[i][j])
			}
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d rows, want %d", len(got), len(want))
	}
}
