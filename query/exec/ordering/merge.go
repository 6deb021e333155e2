package ordering

import (
	"container/heap"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/exec/spill"
)

const (
	runBatch = 256 // rows of a run's batch: each run that is merged holds one in memory
	fanIn    = 32  // runs merged at once, where there is memory for it
	leastFan = 4

	// runBytes is what a run that is merged holds: what was fetched, a batch and its keys.
	runBytes = 128 << 10
)

// run is a sorted file being read.
type run struct {
	rd    *spill.Reader
	order int // equal keys come from earlier runs first
	batch *column.Batch
	keys  []string
	at    int
}

// load fetches the next batch; false at the end.
func (r *run) load(keySlot int) (bool, error) {
	b, err := r.rd.Next()
	if err != nil || b == nil {
		return false, err
	}
	r.batch, r.at, r.keys = b, 0, b.Cols[keySlot].Strs
	return true, nil
}

// runs is a heap by key.
type runs []*run

func (h runs) Len() int { return len(h) }
func (h runs) Less(i, j int) bool {
	a, b := h[i].keys[h[i].at], h[j].keys[h[j].at]
	return a < b || a == b && h[i].order < h[j].order
}
func (h runs) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *runs) Push(x any)   { *h = append(*h, x.(*run)) }
func (h *runs) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

// merge gives the rows of all runs in order.
func (s *Sorter) merge(f func(b *column.Batch) error) error {
	fan := fanIn
	for fan > leastFan && !s.account.Hold(int64(min(fan, len(s.runs)))*runBytes) {
		fan /= 2
	}
	for len(s.runs) > fan {
		if err := s.mergeSome(fan); err != nil {
			return err
		}
	}
	return s.mergeRuns(s.runs, s.slots, f)
}

// mergeSome replaces each fan neighbouring runs by one.
func (s *Sorter) mergeSome(fan int) error {
	var next []*spill.File
	withKey := append(s.slots[:len(s.slots):len(s.slots)], s.width)
	for from := 0; from < len(s.runs); from += fan {
		some := s.runs[from:min(from+fan, len(s.runs))]
		out, err := s.space.Create()
		if err != nil {
			return err
		}
		next = append(next, out)
		err = s.mergeRuns(some, withKey, func(b *column.Batch) error { return out.Write(b, withKey) })
		if err != nil {
			return err
		}
		if err := out.Seal(); err != nil {
			return err
		}
		for _, r := range some {
			if err := r.Close(); err != nil {
				return err
			}
		}
	}
	s.runs = next
	return nil
}

func (s *Sorter) mergeRuns(files []*spill.File, slots []int, f func(b *column.Batch) error) error {
	var h runs
	for i, file := range files {
		rd, err := file.Reader()
		if err != nil {
			return err
		}
		r := &run{rd: rd, order: i}
		ok, err := r.load(s.width)
		if err != nil {
			return err
		}
		if ok {
			h = append(h, r)
		}
	}
	heap.Init(&h)
	out := column.NewBuffer(slots)
	limit := column.BatchSize
	if len(slots) > len(s.slots) {
		limit = runBatch
	}
	emit := func() error {
		err := spill.EachOf(out, f)
		out.Reset()
		return err
	}
	var take []int32
	for len(h) > 0 {
		r := h[0]
		take = append(take[:0], int32(r.at))
		r.at++
		more := true
		for r.at < len(r.keys) && out.Len()+len(take) < limit && stillFirst(h) {
			take = append(take, int32(r.at))
			r.at++
		}
		out.AppendRows(r.batch, take)
		if r.at == len(r.keys) {
			var err error
			if more, err = r.load(s.width); err != nil {
				return err
			}
		}
		if more {
			heap.Fix(&h, 0)
		} else {
			heap.Pop(&h)
		}
		if out.Len() >= limit {
			if err := emit(); err != nil {
				return err
			}
		}
	}
	return emit()
}

// stillFirst reports whether the run at the top has moved and still comes first.
func stillFirst(h runs) bool {
	return (len(h) < 2 || h.Less(0, 1)) && (len(h) < 3 || h.Less(0, 2))
}
