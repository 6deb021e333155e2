package graph

import (
	"bytes"
	"cmp"
	"container/heap"
	"context"
	"encoding/binary"
	"slices"

	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/txn"
)

// keySorter sorts the keys of an index that come in any order, within bounded memory:
//
//	add ─▶ blob ─ full ─▶ run of blocks ┐
//	                      run of blocks ┼─ merge ─▶ run    several at once, until one is left
//	                      …             ┘
//
// Blocks of runs are those of an index, so that the last run can be one. Keys that come
// in order make one run, which is not merged. Close gives the memory back; blocks are
// the writer's to delete or the caller's to keep or retire.
type keySorter struct {
	ctx    context.Context
	store  *txn.Store
	w      *txn.BlockWriter
	budget *memory.Budget
	limit  int // bytes of keys and places

	blob   []byte
	places []keyPlace
	sorted bool // places ascend
	runs   []*indexBase
	last   []byte // the last key of the last run
}

// keyPlace is where a key lies in blob, and how it begins.
type keyPlace struct {
	head     uint64
	from, to uint32
}

const keyPlaceBytes = 16

// Bounds of what is sorted at once.
const (
	sortLeast = 1 << 20
	sortMost  = 64 << 20
)

func (s *Store) newKeySorter(ctx context.Context, w *txn.BlockWriter) *keySorter {
	limit := int64(sortMost)
	if l := s.opts.Memory.Limit(); l > 0 {
		limit = min(max(l/32, sortLeast), sortMost)
	}
	if s.sortLimit > 0 {
		limit = s.sortLimit
	}
	if s.opts.Memory.Reserve(limit) != nil {
		limit = min(limit, sortLeast)
		s.opts.Memory.Force(limit)
	}
	return &keySorter{ctx: ctx, store: s.txn, w: w, budget: s.opts.Memory, limit: int(limit), sorted: true}
}

func (s *keySorter) close() {
	s.budget.Release(int64(s.limit))
	*s = keySorter{}
}

// add takes a key, which it copies.
func (s *keySorter) add(key []byte) error {
	// Slices grow by doubling.
	if n := len(s.blob) + len(key) + keyPlaceBytes*(len(s.places)+1); n > s.limit/2 && len(s.places) > 0 {
		if err := s.spill(); err != nil {
			return err
		}
	}
	from := len(s.blob)
	s.blob = append(s.blob, key...)
	p := keyPlace{headOf(key), uint32(from), uint32(len(s.blob))}
	s.sorted = s.sorted && (len(s.places) == 0 || s.compare(s.places[len(s.places)-1], p) < 0)
	s.places = append(s.places, p)
	return nil
}

// headOf returns the first eight bytes of a key as a number that orders like them.
func headOf(key []byte) uint64 {
	if len(key) >= 8 {
		return binary.BigEndian.Uint64(key)
	}
	var b [8]byte
	copy(b[:], key)
	return binary.BigEndian.Uint64(b[:])
}

func (s *keySorter) compare(x, y keyPlace) int {
	if x.head != y.head {
		return cmp.Compare(x.head, y.head)
	}
	return bytes.Compare(s.blob[x.from:x.to], s.blob[y.from:y.to])
}

// spill writes what was added as a run, or at the end of the last one.
func (s *keySorter) spill() error {
	if len(s.places) == 0 {
		return nil
	}
	if err := status.Ended(s.ctx, "the sorting of an index"); err != nil {
		return err
	}
	if !s.sorted {
		slices.SortFunc(s.places, s.compare)
	}
	key := func(i int) []byte { return s.blob[s.places[i].from:s.places[i].to] }
	run := &indexBase{}
	if n := len(s.runs); n > 0 && bytes.Compare(s.last, key(0)) < 0 {
		run = s.runs[n-1]
	} else {
		s.runs = append(s.runs, run)
	}
	s.last = append(s.last[:0], key(len(s.places)-1)...)
	w := s.writer()
	for i := range s.places {
		w.add(string(key(i)))
	}
	if err := s.end(w, run); err != nil {
		return err
	}
	s.blob, s.places, s.sorted = s.blob[:0], s.places[:0], true
	return nil
}

func (s *keySorter) writer() *keyWriter {
	w := &keyWriter{}
	w.put = func(data []byte) uint64 {
		n, err := s.w.Put(data)
		w.err = cmp.Or(w.err, err)
		return n
	}
	return w
}

// end adds what w wrote to a run.
func (s *keySorter) end(w *keyWriter, run *indexBase) error {
	w.cut()
	run.blocks = append(run.blocks, w.blocks...)
	return w.err
}

// finish returns all keys as one run, which can be read.
func (s *keySorter) finish() (*indexBase, error) {
	if err := s.spill(); err != nil {
		return nil, err
	}
	// The memory of keys is free for blocks of runs now, one of each.
	s.blob, s.places = nil, nil
	width := min(max(s.limit/(2*indexBlockBytes), 4), 64)
	for len(s.runs) > 1 {
		if err := s.w.Flush(); err != nil {
			return nil, err
		}
		n := min(width, len(s.runs))
		run, err := s.merge(s.runs[:n])
		if err != nil {
			return nil, err
		}
		s.runs = append(s.runs[n:], run)
	}
	if err := s.w.Flush(); err != nil {
		return nil, err
	}
	if len(s.runs) == 0 {
		return &indexBase{}, nil
	}
	return s.runs[0], nil
}

// merge makes one run of several, whose blocks nobody needs then.
func (s *keySorter) merge(runs []*indexBase) (*indexBase, error) {
	h := make(runHeap, 0, len(runs))
	defer func() {
		for _, c := range h {
			c.close()
		}
	}()
	for _, run := range runs {
		c := &runCursor{indexBaseCursor: indexBaseCursor{store: s.store, x: run}}
		h = append(h, c)
		if err := c.load(); err != nil {
			return nil, err
		}
		if err := c.read(); err != nil {
			return nil, err
		}
	}
	heap.Init(&h)
	w, blocks := s.writer(), 0
	for len(h) > 0 && w.err == nil {
		c := h[0]
		w.add(string(c.now))
		c.next()
		if err := c.read(); err != nil {
			return nil, err
		}
		if c.now == nil {
			heap.Pop(&h)
			c.close()
		} else {
			heap.Fix(&h, 0)
		}
		if len(w.blocks) > blocks {
			blocks = len(w.blocks)
			if err := status.Ended(s.ctx, "the sorting of an index"); err != nil {
				return nil, err
			}
		}
	}
	out := &indexBase{}
	if err := s.end(w, out); err != nil {
		return nil, err
	}
	for _, run := range runs {
		for i := range run.blocks {
			s.w.Retire(run.blocks[i].block)
		}
	}
	return out, nil
}

// runCursor walks a run.
type runCursor struct {
	indexBaseCursor
	now  []byte // nil at the end
	head uint64
}

func (c *runCursor) read() (err error) {
	if c.now, err = c.key(); c.now != nil {
		c.head = headOf(c.now)
	}
	return err
}

// runHeap orders cursors by their keys.
type runHeap []*runCursor

func (h runHeap) Len() int { return len(h) }
func (h runHeap) Less(i, j int) bool {
	if h[i].head != h[j].head {
		return h[i].head < h[j].head
	}
	return bytes.Compare(h[i].now, h[j].now) < 0
}
func (h runHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *runHeap) Push(x any)   { *h = append(*h, x.(*runCursor)) }
func (h *runHeap) Pop() any {
	old := *h
	c := old[len(old)-1]
	*h = old[:len(old)-1]
	return c
}
