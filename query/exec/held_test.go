//go:build !race

package exec

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/query/exec/aggregation"
	"github.com/kadedb/kadedb/query/exec/join"
	"github.com/kadedb/kadedb/query/exec/ordering"
	"github.com/kadedb/kadedb/query/exec/spill"
	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/vfs"
	"github.com/kadedb/kadedb/value"
)

// peakLive returns the most bytes that were alive at once on the heap while f ran, beyond
// those before, as the collector found them.
func peakLive(f func()) int64 {
	defer debug.SetGCPercent(debug.SetGCPercent(5))
	live := func() int64 {
		s := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(s)
		return int64(s[0].Value.Uint64())
	}
	runtime.GC()
	runtime.GC()
	base := live()
	stop, done := make(chan struct{}), make(chan int64)
	go func() {
		most := int64(0)
		for {
			most = max(most, live()-base)
			select {
			case <-stop:
				done <- most
				return
			case <-time.After(100 * time.Microsecond):
			}
		}
	}()
	f()
	close(stop)
	return <-done
}

// feed gives n rows: a number of some thousands, one of all, a text, a node.
func feed(t testing.TB, n int, f func(b *column.Batch) error) {
	r := rand.New(rand.NewPCG(3, 4))
	for from := 0; from < n; from += column.BatchSize {
		size := min(column.BatchSize, n-from)
		few, many, node := make([]int64, size), make([]int64, size), make([]uint32, size)
		text := make([]string, size)
		for i := range size {
			few[i], many[i], node[i] = r.Int64N(5000), r.Int64N(1<<40), r.Uint32N(uint32(n))
			text[i] = fmt.Sprintf("a text of some length %d", many[i])
		}
		check(t, f(&column.Batch{Len: size, Cols: []*column.Vector{
			{Type: column.Int, Ints: few}, {Type: column.Int, Ints: many}, {Type: column.String, Strs: text}, {Type: column.Node, Refs: node},
		}}))
	}
}

// What operators that keep rows hold is what they have reserved, but for what a few
// batches and files in work take: while rows come, while they are sorted, indexed and
// merged, and when they are on disk.
func TestOperatorsHoldWhatTheyReserve(t *testing.T) {
	// Where the collector works beside the program it takes what is made meanwhile for alive.
	const stop = "gcstoptheworld=1"
	if os.Getenv("GODEBUG") != stop {
		cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		cmd.Env = append(os.Environ(), "GODEBUG="+stop)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	kinds := keptInOrder(t)
	maps.Copy(kinds, keptByKey(t))
	const limit, beside = 6 << 20, 5 << 19
	for name, run := range kinds {
		t.Run(name, func(t *testing.T) {
			space := spill.NewSpace(vfs.OS, filepath.ToSlash(t.TempDir()), "q")
			budget := memory.NewBudget("test", limit)
			live := peakLive(func() { run(space, budget) })
			t.Logf("%.1f MB alive, %.1f reserved, %.1f MB spilled", float64(live)/1e6, float64(budget.Peak())/1e6, float64(space.Bytes())/1e6)
			most := budget.Peak() + beside
			if name == "a list of all" {
				most += 2 * beside // the one group goes to disk in one piece
			}
			if live > most {
				t.Errorf("%d bytes were alive, %d reserved", live, budget.Peak())
			}
			if budget.Used() != 0 {
				t.Errorf("%d bytes were never given back", budget.Used())
			}
			check(t, space.Close())
		})
	}
}

const heldRows = 200_000

func drop(*column.Batch) error { return nil }

// keptInOrder is work that keeps rows, sorts them, and drops equal ones.
func keptInOrder(t *testing.T) map[string]func(space *spill.Space, budget *memory.Budget) {
	const rows = heldRows
	return map[string]func(space *spill.Space, budget *memory.Budget){
		"rows": func(space *spill.Space, budget *memory.Budget) {
			rs := spill.NewRows(space, budget, []int{0, 1, 2, 3})
			feed(t, rows, rs.Append)
			check(t, rs.Each(drop))
			check(t, rs.Close())
		},
		"sort by a number, in memory": func(_ *spill.Space, budget *memory.Budget) {
			s := ordering.NewSorter(nil, budget, []int{1}, []ordering.Key{{Slot: 1}})
			feed(t, 70_000, s.Append)
			check(t, s.Each(drop))
			check(t, s.Close())
		},
		"sort by two, in memory": func(_ *spill.Space, budget *memory.Budget) {
			s := ordering.NewSorter(nil, budget, []int{1}, []ordering.Key{{Slot: 0}, {Slot: 1}})
			feed(t, 60_000, s.Append)
			check(t, s.Each(drop))
			check(t, s.Close())
		},
		"sort by a text": func(space *spill.Space, budget *memory.Budget) {
			s := ordering.NewSorter(space, budget, []int{0, 1, 3}, []ordering.Key{{Slot: 2, Desc: true}, {Slot: 0}})
			feed(t, rows, s.Append)
			check(t, s.Each(drop))
			check(t, s.Close())
		},
		"sort by numbers": func(space *spill.Space, budget *memory.Budget) {
			s := ordering.NewSorter(space, budget, []int{0, 1, 3}, []ordering.Key{{Slot: 0}, {Slot: 1}})
			feed(t, 2*rows, s.Append)
			check(t, s.Each(drop))
			check(t, s.Close())
		},
		"top": func(_ *spill.Space, budget *memory.Budget) {
			s := ordering.NewTop(budget, []int{1, 3}, []ordering.Key{{Slot: 1}}, 30_000)
			feed(t, rows, s.Append)
			check(t, s.Each(drop))
			s.Close()
		},
		"distinct": func(space *spill.Space, budget *memory.Budget) {
			x := &Context{Space: space, Budget: budget}
			d := newDistinctTable(x, []plan.Slot{0, 1}, 4, 0)
			feed(t, rows, func(b *column.Batch) error { return d.add(b, drop) })
			check(t, d.rest(drop))
			check(t, d.Close())
		},
	}
}

// keptByKey is work that groups and joins.
func keptByKey(t *testing.T) map[string]func(space *spill.Space, budget *memory.Budget) {
	const rows = heldRows
	def := func(name string) *function.Def {
		d, ok := function.Lookup(name)
		if !ok {
			t.Fatal(name)
		}
		return d
	}
	aggregate := func(space *spill.Space, budget *memory.Budget, keys []int, funcs ...aggregation.Func) (*aggregation.Aggregator, func(*column.Batch) error) {
		a := aggregation.New(space, budget, aggregation.Spec{Keys: len(keys), Funcs: funcs})
		return a, func(b *column.Batch) error {
			r := &aggregation.Rows{Len: b.Len, Keys: pick(nil, b, keys)}
			for _, f := range funcs {
				r.Args = append(r.Args, []*column.Vector{b.Cols[1]}[:f.Args])
			}
			return a.Add(r)
		}
	}
	groups := func(int, []*column.Vector, []*column.Vector, []*column.Vector) error { return nil }
	count, sum := aggregation.Func{Def: def("count"), Args: 1}, aggregation.Func{Def: def("sum"), Args: 1}
	kinds := map[string]func(space *spill.Space, budget *memory.Budget){}
	for name, keys := range map[string][]int{"a number": {1}, "a text": {2}, "a node and a number": {3, 0}} {
		kinds["groups by "+name] = func(space *spill.Space, budget *memory.Budget) {
			a, add := aggregate(space, budget, keys, count, sum)
			feed(t, rows, add)
			check(t, a.Each(groups))
			check(t, a.Close())
		}
		kinds["groups merged, by "+name] = func(space *spill.Space, budget *memory.Budget) {
			a, add := aggregate(space, budget, keys, count)
			feed(t, 25_000, add)
			b, add := aggregate(space, budget, keys, count)
			feed(t, 25_000, add)
			check(t, a.Merge(b))
			check(t, a.Each(groups))
			check(t, a.Close())
		}
		kinds["join by "+name] = func(space *spill.Space, budget *memory.Budget) {
			j := join.New(space, budget, join.Spec{LeftKeys: keys, RightKeys: keys, RightSlots: []int{1}, Width: 4})
			feed(t, rows, j.Build)
			feed(t, 10_000, func(b *column.Batch) error { return j.Probe(b, drop) })
			check(t, j.Finish(drop))
			check(t, j.Close())
		}
		kinds["join in memory by "+name] = func(_ *spill.Space, budget *memory.Budget) {
			j := join.New(nil, budget, join.Spec{LeftKeys: keys, RightKeys: keys, RightSlots: []int{1}, Width: 4})
			feed(t, 20_000, j.Build)
			feed(t, 10_000, func(b *column.Batch) error { return j.Probe(b, drop) })
			check(t, j.Close())
		}
	}
	kinds["distinct values of groups"] = func(space *spill.Space, budget *memory.Budget) {
		a, add := aggregate(space, budget, []int{0}, aggregation.Func{Def: def("count"), Args: 1, Distinct: true}, sum)
		feed(t, rows, add)
		check(t, a.Each(groups))
		check(t, a.Close())
	}
	kinds["lists of groups"] = func(space *spill.Space, budget *memory.Budget) {
		a, add := aggregate(space, budget, []int{0}, aggregation.Func{Def: def("collect"), Args: 1})
		feed(t, rows, add)
		check(t, a.Each(groups))
		check(t, a.Close())
	}
	// What one group holds cannot be cut: it is refused, not held uncounted.
	kinds["a list of all"] = func(space *spill.Space, budget *memory.Budget) {
		a, add := aggregate(space, budget, []int{4}, aggregation.Func{Def: def("collect"), Args: 1})
		feed(t, rows, func(b *column.Batch) error {
			b.Cols = append(b.Cols, column.Const(value.Int(1)))
			return add(b)
		})
		if err := a.Each(groups); status.CodeOf(err) != status.QueryMemoryLimit {
			t.Errorf("%d values in one list: %v", rows, err)
		}
		check(t, a.Close())
	}
	return kinds
}
