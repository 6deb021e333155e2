package graph

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/storage/catalog"
)

// importNodes makes n nodes with label N, and an integer k of each: value's of its place.
func importNodes(t testing.TB, s *Store, n int, value func(i int) int64) (first uint32) {
	t.Helper()
	_, err := s.Import(context.Background(), func(b *Bulk) error {
		l, err := b.Label("N")
		if err != nil {
			return err
		}
		k, err := b.Key("k")
		if err != nil {
			return err
		}
		if first, err = b.Nodes([]catalog.LabelID{l}, uint32(n)); err != nil {
			return err
		}
		v := column.Vector{Type: column.Int, Ints: make([]int64, n)}
		for i := range v.Ints {
			v.Ints[i] = value(i)
		}
		return b.NodeColumn(k, first, &v, n)
	})
	must(t, err)
	return first
}

// overlayPeak watches how many bytes of a store are not in blocks, until done is called.
func overlayPeak(s *Store) (done func() int64) {
	var most atomic.Int64
	var wg sync.WaitGroup
	stop := make(chan struct{})
	wg.Go(func() {
		for {
			most.Store(max(most.Load(), s.Stats().Overlay))
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
			}
		}
	})
	return func() int64 { close(stop); wg.Wait(); return most.Load() }
}

// BenchmarkCreateIndex makes an index over a million nodes whose keys are scattered, with
// a budget of 256 MiB.
func BenchmarkCreateIndex(b *testing.B) {
	const n = 1_000_000
	o := testOptions(b.TempDir())
	o.Memory = memory.NewBudget("store", 256<<20)
	o.CheckpointBytes = 0
	s, err := Open(o)
	must(b, err)
	defer func() { must(b, s.Close()) }()
	importNodes(b, s, n, func(i int) int64 { return int64(i) * 7919 % n })
	var peak int64
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		done := overlayPeak(s)
		_, err := s.CreateIndex(context.Background(), IndexSpec{Name: fmt.Sprint("x", i), Token: "N", Keys: []string{"k"}}, nil)
		must(b, err)
		peak = max(peak, done())
		b.StopTimer()
		_, err = s.DropIndex(fmt.Sprint("x", i), false)
		must(b, err)
		checkpoint(b, s)
		b.StartTimer()
	}
	b.ReportMetric(float64(peak)/(1<<20), "peak-overlay-MiB")
	b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}
