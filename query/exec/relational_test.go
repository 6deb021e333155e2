package exec_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/query/exec"
	"github.com/kadedb/kadedb/query/exec/spill"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/storage/vfs"
	"github.com/kadedb/kadedb/value"
)

// on puts n on top of inputs.
func on[N plan.Node](n N, inputs ...plan.Node) N {
	for i, in := range inputs {
		n.SetInput(i, in)
	}
	return n
}

func slot(s int) expr.Expr { return &expr.Slot{Slot: s, T: expr.AnyType} }

func num(i int64) expr.Expr { return &expr.Const{Value: value.Int(i)} }

// numbers is UNWIND [0, 1 … n-1] AS slot 0, slot 0 % m AS slot 1, and a text in slot 2.
func numbers(n, m int) plan.Node {
	elems := make([]value.Value, n)
	for i := range elems {
		elems[i] = value.Int(int64(i))
	}
	list := &plan.Unwind{List: &expr.Const{Value: value.List(elems...)}, Slot: 0, Index: plan.NoSlot}
	mod := &plan.Project{Items: []plan.Item{{Slot: 1, Expr: expr.NewArith(expr.Mod, slot(0), num(int64(m)))}}}
	label := &plan.Project{Items: []plan.Item{
		{Slot: 2, Expr: expr.NewArith(expr.Add, &expr.Const{Value: value.String("a text that takes some room ")}, &expr.Slot{Slot: 1, T: expr.IntType})},
	}}
	return on(label, plan.Node(on(mod, plan.Node(on(list, &plan.SingleRow{})))))
}

// config is one way to run a plan; every one must give the same rows.
type config struct {
	batch, workers int
	budget         int64
}

func configs() []config {
	var out []config
	for _, batch := range []int{1, 3, 2048} {
		for _, budget := range []int64{0, 1} {
			out = append(out, config{batch, 1, budget})
			if batch > 3 {
				out = append(out, config{batch, 2, budget})
			}
		}
	}
	return out
}

// run runs root, whose columns are cols, and returns its rows as texts.
func run(t *testing.T, c config, slots int, cols []int, mk func() plan.Node) (rows []string, spilled int64) {
	t.Helper()
	root := &plan.Produce{}
	for _, s := range cols {
		root.Columns = append(root.Columns, plan.Column{Name: fmt.Sprint(s), Slot: s})
	}
	on(root, mk())
	live := make([]int, slots)
	for i := range live {
		live[i] = i
	}
	id := 0
	plan.Walk(root, func(n plan.Node) bool {
		n.Base().ID, n.Base().Live, n.Base().Cost = id, live, 1e9
		id++
		return true
	})
	prog, err := exec.Build(&plan.Plan{Root: root, NumSlots: slots, NumOps: id, Columns: root.Columns, RowID: plan.NoSlot}, exec.Options{Workers: c.workers})
	if err != nil {
		t.Fatal(err)
	}
	budget := memory.NewBudget("test", c.budget)
	space := spill.NewSpace(vfs.OS, filepath.ToSlash(t.TempDir()), "q")
	x := &exec.Context{Budget: budget, Space: space, BatchSize: c.batch, Workers: c.workers}
	for range 2 { // a program runs again
		rows = rows[:0]
		err = prog.Run(x, func(b *column.Batch) error {
			for _, r := range b.Selection() {
				var cells []string
				for _, s := range cols {
					cells = append(cells, text(b.Cols[s].Value(int(r))))
				}
				rows = append(rows, strings.Join(cells, " "))
			}
			return nil
		})
		if err != nil {
			t.Fatalf("%+v: %v", c, err)
		}
	}
	if budget.Used() != 0 {
		t.Errorf("%+v: %d bytes still held", c, budget.Used())
	}
	if err := space.Close(); err != nil {
		t.Error(err)
	}
	return rows, space.Bytes()
}

func text(v value.Value) string {
	switch v.Kind() {
	case value.KindNull:
		return "null"
	case value.KindInt:
		return fmt.Sprint(v.AsInt())
	case value.KindString:
		return v.AsString()
	case value.KindBool:
		return fmt.Sprint(v.AsBool())
	case value.KindList:
		return fmt.Sprint("list of ", len(v.Elems()))
	}
	return v.Kind().String()
}

func aggregateFunc(t *testing.T, name string) *function.Def {
	t.Helper()
	def, ok := function.Lookup(name)
	if !ok {
		t.Fatalf("no function %s", name)
	}
	return def
}

func TestRelationalOperators(t *testing.T) {
	const n = 3000
	cases := []struct {
		name   string
		slots  int
		cols   []int
		plan   func() plan.Node
		want   func() []string
		sorted bool // rows come in the order of want
		spills bool // with a budget of nothing
	}{
		{
			name: "aggregate by text", slots: 6, cols: []int{3, 4, 5}, spills: true,
			plan: func() plan.Node {
				return on(&plan.Aggregate{
					Keys: []plan.Item{{Slot: 3, Expr: slot(1)}},
					Aggs: []plan.Agg{
						{Slot: 4, Def: aggregateFunc(t, "count")},
						{Slot: 5, Def: aggregateFunc(t, "sum"), Args: []expr.Expr{slot(0)}},
					},
				}, numbers(n, 1700))
			},
			want: func() (out []string) {
				for k := range 1700 {
					count, sum := 0, 0
					for i := k; i < n; i += 1700 {
						count, sum = count+1, sum+i
					}
					out = append(out, fmt.Sprint(k, " ", count, " ", sum))
				}
				return out
			},
		},
		{
			name: "aggregate nothing", slots: 4, cols: []int{3},
			plan: func() plan.Node {
				return on(&plan.Aggregate{Aggs: []plan.Agg{{Slot: 3, Def: aggregateFunc(t, "count")}}}, numbers(0, 1))
			},
			want: func() []string { return []string{"0"} },
		},
		{
			name: "distinct aggregate", slots: 5, cols: []int{3, 4},
			plan: func() plan.Node {
				return on(&plan.Aggregate{
					Keys: []plan.Item{{Slot: 3, Expr: expr.NewArith(expr.Mod, slot(1), num(3))}},
					Aggs: []plan.Agg{{Slot: 4, Def: aggregateFunc(t, "count"), Args: []expr.Expr{slot(2)}, Distinct: true}},
				}, numbers(n, 2900))
			},
			want:   func() []string { return []string{"0 967", "1 967", "2 966"} },
			spills: true,
		},
		{
			name: "distinct", slots: 3, cols: []int{1, 2}, spills: true,
			plan: func() plan.Node { return on(&plan.Distinct{Keys: []int{1, 2}}, numbers(n, 2900)) },
			want: func() (out []string) {
				for k := range 2900 {
					out = append(out, fmt.Sprint(k, " a text that takes some room ", k))
				}
				return out
			},
		},
		{
			name: "sort", slots: 3, cols: []int{1, 0}, sorted: true, spills: true,
			plan: func() plan.Node {
				return on(&plan.Sort{Keys: []plan.SortKey{{Slot: 1, Descending: true}}}, numbers(n, 70))
			},
			want: func() (out []string) {
				for k := 69; k >= 0; k-- {
					for i := k; i < n; i += 70 {
						out = append(out, fmt.Sprint(k, " ", i))
					}
				}
				return out
			},
		},
		{
			name: "top k", slots: 3, cols: []int{1, 0}, sorted: true,
			plan: func() plan.Node {
				return on(&plan.TopK{Keys: []plan.SortKey{{Slot: 1}, {Slot: 0, Descending: true}}, Skip: num(2), Count: num(4)}, numbers(n, 2500))
			},
			want: func() []string { return []string{"1 2501", "1 1", "2 2502", "2 2"} },
		},
		{
			name: "top none", slots: 3, cols: []int{1}, sorted: true,
			plan: func() plan.Node { return on(&plan.TopK{Keys: []plan.SortKey{{Slot: 1}}, Count: num(0)}, numbers(n, 9)) },
			want: func() []string { return nil },
		},
		{
			name: "union", slots: 8, cols: []int{7}, sorted: true,
			plan: func() plan.Node {
				return &plan.Union{Parts: []plan.Node{numbers(3, 3), numbers(2, 2)}, Columns: [][]int{{0}, {2}}, Out: []int{7}}
			},
			want: func() []string {
				return []string{"0", "1", "2", "a text that takes some room 0", "a text that takes some room 1"}
			},
		},
		{
			name: "limit over union", slots: 8, cols: []int{7}, sorted: true,
			plan: func() plan.Node {
				u := &plan.Union{Parts: []plan.Node{numbers(3, 3), numbers(2, 2)}, Columns: [][]int{{0}, {0}}, Out: []int{7}}
				return on(&plan.Limit{Count: num(2)}, plan.Node(u))
			},
			want: func() []string { return []string{"0", "1"} },
		},
		{
			name: "eager", slots: 3, cols: []int{0}, sorted: true, spills: true,
			plan: func() plan.Node { return on(&plan.Eager{}, numbers(n, 9)) },
			want: func() (out []string) {
				for i := range n {
					out = append(out, fmt.Sprint(i))
				}
				return out
			},
		},
		{
			name: "hash join", slots: 8, cols: []int{0, 5}, spills: true,
			plan: func() plan.Node {
				// The right side has its columns in slots 5 and 6.
				right := on(&plan.Project{Items: []plan.Item{{Slot: 5, Expr: slot(0)}, {Slot: 6, Expr: slot(1)}}}, numbers(n, 2500))
				only := on(&plan.Aggregate{Keys: []plan.Item{{Slot: 5, Expr: slot(5)}, {Slot: 6, Expr: slot(6)}}}, plan.Node(right))
				return on(&plan.HashJoin{LeftKeys: []int{0}, RightKeys: []int{6}}, numbers(n, 9), plan.Node(only))
			},
			want: func() (out []string) {
				for i := range n {
					out = append(out, fmt.Sprint(i%2500, " ", i))
				}
				return out
			},
		},
		{
			name: "distinct then limit", slots: 3, cols: []int{1}, sorted: true,
			plan: func() plan.Node {
				return on(&plan.Limit{Count: num(3)}, plan.Node(on(&plan.Distinct{Keys: []int{1}}, numbers(n, 1200))))
			},
			want: func() []string { return []string{"0", "1", "2"} },
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			want := c.want()
			if !c.sorted {
				slices.Sort(want)
			}
			for _, cfg := range configs() {
				got, spilled := run(t, cfg, c.slots, c.cols, c.plan)
				if !c.sorted {
					slices.Sort(got)
				}
				if !slices.Equal(got, want) {
					t.Fatalf("%+v: %d rows, want %d\n got %.400v\nwant %.400v", cfg, len(got), len(want), got, want)
				}
				if c.spills && cfg.budget == 1 && spilled == 0 {
					t.Errorf("%+v: nothing spilled", cfg)
				}
				if cfg.budget == 0 && spilled != 0 {
					t.Errorf("%+v: %d bytes spilled without need", cfg, spilled)
				}
			}
		})
	}
}
