package exec

import (
	"slices"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
)

// hopEval evaluates predicates and costs of single hops of a path search: batches of
// hops, with the columns of the row that the search started from as constants.
type hopEval struct {
	hop  plan.Hop
	expr *expr.Context
	read []plan.Slot // columns of the row that the expressions read

	batch         column.Batch
	consts        []column.Vector
	from, rel, to column.Vector
}

func newHopEval(w *worker, hop plan.Hop, more ...expr.Expr) *hopEval {
	h := &hopEval{hop: hop, expr: w.newExpr()}
	for _, e := range append(slices.Clone(hop.Filter), more...) {
		h.read = expr.Slots(h.read, e)
	}
	own := []plan.Slot{hop.From, hop.Rel, hop.To}
	h.read = slices.DeleteFunc(h.read, func(s plan.Slot) bool { return slices.Contains(own, s) })
	h.consts = make([]column.Vector, len(h.read))
	h.batch.Cols = make([]*column.Vector, w.prog.plan.NumSlots)
	return h
}

// row makes the hops to come those of a search from row r of src.
func (h *hopEval) row(src *column.Batch, r int32) {
	for i, s := range h.read {
		v := src.Cols[s]
		if v == nil || v.Const {
			h.batch.Cols[s] = v
			continue
		}
		h.consts[i] = column.Vector{}
		h.consts[i].SetConst(v.Value(int(r)))
		h.batch.Cols[s] = &h.consts[i]
	}
}

func (h *hopEval) set(from, rel, to []uint32) *column.Batch {
	h.from = column.Vector{Type: column.Node, Refs: from}
	h.rel = column.Vector{Type: column.Rel, Refs: rel}
	h.to = column.Vector{Type: column.Node, Refs: to}
	h.batch.Len, h.batch.Sel = len(rel), nil
	for _, c := range []struct {
		slot plan.Slot
		v    *column.Vector
	}{{h.hop.From, &h.from}, {h.hop.Rel, &h.rel}, {h.hop.To, &h.to}} {
		if c.slot != plan.NoSlot {
			h.batch.Cols[c.slot] = c.v
		}
	}
	return &h.batch
}

// filter appends to keep the places of the hops for which every predicate is true.
func (h *hopEval) filter(from, rel, to []uint32, keep []int32) ([]int32, error) {
	for at := 0; at < len(rel); at += column.BatchSize {
		end := min(at+column.BatchSize, len(rel))
		b := h.set(from[at:end], rel[at:end], to[at:end])
		h.expr.Reset()
		for _, p := range h.hop.Filter {
			sel, err := expr.Filter(h.expr, p, b)
			if err != nil {
				return nil, err
			}
			b.Sel = sel
			if len(sel) == 0 {
				break
			}
		}
		for _, i := range b.Selection() {
			keep = append(keep, int32(at)+i)
		}
	}
	return keep, nil
}
