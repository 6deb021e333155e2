package exec

import (
	"slices"
	"sync"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/storage/catalog"
)

// nodeFilter tests the nodes that a counted hop leads to, list by list; after many
// of them it evaluates its predicates on whole columns instead and tests bits.
type nodeFilter struct {
	w      *worker
	hop    *plan.CountedHop
	expr   *expr.Context
	labels hopCheck

	bits   column.Bitmap // where built
	tested int
	keep   []int32
	vec    column.Vector
	batch  column.Batch
}

func (b *builder) newNodeFilter(w *worker, hop *plan.CountedHop, along *legs) *nodeFilter {
	f := &nodeFilter{w: w, hop: hop, expr: w.newExpr(), labels: b.newHopCheck(w, hop.Labels, nil)}
	f.labels.along = along
	f.batch.Cols = make([]*column.Vector, w.prog.plan.NumSlots)
	b.scope.onReset(f.forget)
	return f
}

func (f *nodeFilter) forget() {
	f.labels.forget()
	f.bits, f.tested = nil, 0
}

// open makes the filter ready for a batch.
func (f *nodeFilter) open() error {
	if f.w.prog.writes {
		f.bits = nil
	}
	return f.labels.begin(&column.Batch{})
}

// passive reports whether every node passes.
func (f *nodeFilter) passive() bool { return len(f.hop.Filter) == 0 && f.labels.passive() }

// pass returns the places of the nodes that pass, valid until the next call; all of
// them where the second result is true.
func (f *nodeFilter) pass(nodes []uint32) ([]int32, bool, error) {
	if f.passive() {
		return nil, true, nil
	}
	if err := f.consider(len(nodes)); err != nil {
		return nil, false, err
	}
	f.keep = f.keep[:0]
	if f.bits != nil {
		f.keep = slices.Grow(f.keep, len(nodes)+1)
		keep, bits := f.keep[:len(nodes)+1], f.bits
		k := 0
		for i, n := range nodes {
			keep[k] = int32(i)
			k += int(bits[n>>6] >> (n & 63) & 1)
		}
		return keep[:k], false, nil
	}
	for at := 0; at < len(nodes); at += column.BatchSize {
		part := nodes[at:min(at+column.BatchSize, len(nodes))]
		sel, err := f.test(part)
		if err != nil {
			return nil, false, err
		}
		for _, i := range sel {
			f.keep = append(f.keep, int32(at)+i)
		}
	}
	return f.keep, false, nil
}

// count returns how many of the nodes pass.
func (f *nodeFilter) count(nodes []uint32) (int, error) {
	if f.passive() {
		return len(nodes), nil
	}
	if err := f.consider(len(nodes)); err != nil {
		return 0, err
	}
	if f.bits != nil {
		n, bits := uint64(0), f.bits
		for _, v := range nodes {
			n += bits[v>>6] >> (v & 63) & 1
		}
		return int(n), nil
	}
	keep, _, err := f.pass(nodes)
	return len(keep), err
}

// one reports whether a single node passes.
func (f *nodeFilter) one(node uint32) (bool, error) {
	n, err := f.count([]uint32{node})
	return n == 1, err
}

// test evaluates labels and predicates for at most a batch of nodes.
func (f *nodeFilter) test(nodes []uint32) ([]int32, error) {
	sel, err := f.labels.filter(len(nodes), nil, 0, nodes, nil)
	if err != nil {
		return nil, err
	}
	b := &f.batch
	f.vec = column.Vector{Type: column.Node, Refs: nodes}
	b.Len, b.Sel = len(nodes), sel
	if f.hop.Node != plan.NoSlot {
		b.Cols[f.hop.Node] = &f.vec
	}
	f.expr.Reset()
	for _, p := range f.hop.Filter {
		if b.Rows() == 0 {
			break
		}
		if b.Sel, err = expr.Filter(f.expr, p, b); err != nil {
			return nil, err
		}
	}
	return b.Selection(), nil
}

// listCost is what testing a list costs, in nodes, however short it is.
const listCost = 64

// consider builds the bitmap when more was spent on testing lists than it would cost.
func (f *nodeFilter) consider(n int) error {
	r := f.w.reader()
	if f.tested += n + listCost; f.bits != nil || f.w.prog.writes || r.HasDeletes() || f.tested < int(r.NodeHigh())/8 {
		return nil
	}
	var err error
	f.bits, err = f.w.prog.passing.get(f)
	return err
}

// passingSets holds, for one run, the bitmaps of counted hops, which lanes share.
type passingSets struct {
	mu   sync.Mutex
	bits map[*plan.CountedHop]column.Bitmap
}

func (s *passingSets) forget() { s.bits = nil }

func (s *passingSets) get(f *nodeFilter) (column.Bitmap, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b, ok := s.bits[f.hop]; ok {
		return b, nil
	}
	b, err := f.build()
	if err != nil {
		return nil, err
	}
	if s.bits == nil {
		s.bits = map[*plan.CountedHop]column.Bitmap{}
	}
	s.bits[f.hop] = b
	return b, nil
}

// build tests every node that there is.
func (f *nodeFilter) build() (column.Bitmap, error) {
	r := f.w.reader()
	bits := column.NewBitmap(int(r.NodeHigh()))
	buf := make([]uint32, column.BatchSize)
	label := catalog.AnyLabel
	if len(f.labels.ids) > 0 {
		label = f.labels.ids[0]
	}
	for _, m := range r.NodeMorsels(label) {
		for from := m.From; from < m.To; {
			n, next, err := r.ScanNodes(m, label, from, buf)
			if err != nil {
				return nil, err
			}
			from = next
			sel, err := f.test(buf[:n])
			if err != nil {
				return nil, err
			}
			for _, i := range sel {
				bits.Set(int(buf[i]))
			}
		}
	}
	return bits, nil
}
