package exec

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/value"
)

// giveCount makes an operator of a count: one row.
func (b *builder) giveCount(slot plan.Slot, lanes []lane, count func(w *worker) (int64, error)) (runner, error) {
	batch := &column.Batch{Cols: make([]*column.Vector, b.prog.plan.NumSlots)}
	return func() error {
		n, err := count(lanes[0].w)
		if err != nil {
			return err
		}
		batch.Len, batch.Sel = 1, nil
		if slot != plan.NoSlot {
			batch.Cols[slot] = column.Const(value.Int(n))
		}
		return finishAll(lanes, lanes[0].out.push(batch))
	}, nil
}

func (b *builder) nodeCount(n *plan.NodeCount, lanes []lane) (runner, error) {
	return b.giveCount(n.Slot, lanes, func(w *worker) (int64, error) {
		if n.Label == "" {
			return w.reader().CountNodes(catalog.AnyLabel), nil
		}
		id, ok := w.reader().Catalog().Label(n.Label)
		if !ok {
			return 0, nil
		}
		return w.reader().CountNodes(id), nil
	})
}

func (b *builder) relCount(n *plan.RelCount, lanes []lane) (runner, error) {
	return b.giveCount(n.Slot, lanes, func(w *worker) (int64, error) {
		r := w.reader()
		types := knownTypes(r, n.Types)
		if len(n.Types) == 0 {
			types = r.Types()
		}
		from, ok := knownLabel(r, n.From)
		to, ok2 := knownLabel(r, n.To)
		if !ok || !ok2 {
			return 0, nil
		}
		sum := int64(0)
		for _, t := range types {
			from, to := from, to
			if !n.Both {
				var err error
				if from, err = unlessAlways(w, t, graph.In, from); err == nil {
					to, err = unlessAlways(w, t, graph.Out, to)
				}
				if err != nil {
					return 0, err
				}
			}
			c, err := countRels(w, t, from, to, n.Both)
			if err != nil {
				return 0, err
			}
			sum += c
		}
		return sum, nil
	})
}

// knownLabel returns a label's number; AnyLabel for "" and for a label that every
// node has.
func knownLabel(r *graph.Reader, name string) (catalog.LabelID, bool) {
	if name == "" {
		return catalog.AnyLabel, true
	}
	id, ok := r.Catalog().Label(name)
	if ok && r.CountNodes(id) == r.CountNodes(catalog.AnyLabel) {
		id = catalog.AnyLabel
	}
	return id, ok
}

// unlessAlways returns AnyLabel where all relationships of a type lead to nodes with
// the label anyway.
func unlessAlways(w *worker, t catalog.TypeID, d graph.Direction, label catalog.LabelID) (catalog.LabelID, error) {
	if label == catalog.AnyLabel || w.prog.writes {
		return label, nil
	}
	ok, err := w.reader().EndsHave(t, d, label)
	if ok {
		label = catalog.AnyLabel
	}
	return label, err
}

func countRels(w *worker, t catalog.TypeID, from, to catalog.LabelID, both bool) (int64, error) {
	r := w.reader()
	if from == catalog.AnyLabel && to == catalog.AnyLabel {
		n := r.CountRels(t)
		if !both {
			return n, nil
		}
		loops, err := w.loopsOf(t)
		if err != nil {
			return 0, err
		}
		n *= 2
		for _, l := range loops {
			n -= l
		}
		return n, nil
	}
	n, err := countBetween(w, t, graph.Out, from, to, false)
	if err != nil || !both {
		return n, err
	}
	m, err := countBetween(w, t, graph.In, from, to, true)
	return n + m, err
}

// loopsOf returns the self-loops of a type.
func (w *worker) loopsOf(t catalog.TypeID) (loopSet, error) {
	if w.prog.writes {
		return w.reader().Loops(t)
	}
	return w.prog.loops.get(w.x, t)
}

// countBetween counts the relationships seen in direction d from nodes of one label
// to nodes of another.
func countBetween(w *worker, t catalog.TypeID, d graph.Direction, from, to catalog.LabelID, skipLoops bool) (int64, error) {
	r := w.reader()
	if from == catalog.AnyLabel && !skipLoops {
		return countBetween(w, t, d.Reverse(), to, from, false)
	}
	var bits column.Bitmap
	var err error
	if to != catalog.AnyLabel {
		if bits, err = labelBits(r, to); err != nil {
			return 0, err
		}
	}
	adj := r.Adjacency(t, d)
	defer adj.Close()
	sum := int64(0)
	buf := make([]uint32, column.BatchSize)
	for _, m := range r.NodeMorsels(from) {
		if err := w.x.check(); err != nil {
			return 0, err
		}
		for at := m.From; at < m.To; {
			n, next, err := r.ScanNodes(m, from, at, buf)
			if err != nil {
				return 0, err
			}
			at = next
			for _, node := range buf[:n] {
				c, err := countList(adj, node, bits, skipLoops)
				if err != nil {
					return 0, err
				}
				sum += c
			}
		}
	}
	return sum, nil
}

func countList(adj *graph.Adjacency, node uint32, bits column.Bitmap, skipLoops bool) (int64, error) {
	if bits == nil && !skipLoops {
		d, err := adj.Degree(node)
		return int64(d), err
	}
	nbr, _, err := adj.List(node)
	n := int64(0)
	for _, v := range nbr {
		if (bits == nil || bits.Get(int(v))) && !(skipLoops && v == node) {
			n++
		}
	}
	return n, err
}
