package exec

import (
	"slices"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/graph/csr"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// varExpand enumerates trails by depth-first search. Hops that wait to be followed lie
// in one arena, frame after frame:
//
//	path    a ─r1─▶ b ─r2─▶ c
//	frames  [hops of a | hops of b | hops of c]
//	         done ▲ to do
//
// so that nothing is allocated a hop, and recursion depth is data.
type varExpand struct {
	plan *plan.VarExpand
	spread
	legs     *legs
	check    hopCheck // of ends and unique relationships
	hop      *hopEval // nil: no predicates
	from, to refReader
	wantRels bool

	nbr, rel []uint32 // the arena
	frames   []frame
	path     []uint32 // relationships
	nodes    []uint32 // len(path)+1
	fromBuf  []uint32
	keep     []int32
	ends     []uint32
	lists    []value.Value
	toCol    column.Vector
	relsCol  column.Vector
	target   uint32 // Into
	steps    int

	counting bool       // see countsOnly
	grouped  *trailEnds // see groupsEnds; nil: trails are enumerated
	times    []int64    // of grouped ends
	degrees  degreeVector
	view     column.Batch
	sel      []int32
}

// frame is the hops from one node of the path: next … end are to be followed.
type frame struct{ next, end int }

func (b *builder) varExpand(n *plan.VarExpand, lanes []lane) (runner, error) {
	offers := b.offering(lanes)
	return b.build(n.Input, each(lanes, func(l lane) operator {
		e := &varExpand{
			plan: n, legs: b.newLegs(l.w, n.Types, n.Dir), check: b.newHopCheck(l.w, n.ToLabels, n.Unique),
			wantRels: n.Rels != plan.NoSlot && n.IsLive(n.Rels), counting: countsOnly(n),
		}
		e.degrees.legs = e.legs
		if n.Min > 0 {
			e.check.along = e.legs
		}
		if n.Into {
			e.spread = newSpread(l, n.Live, n.Rels)
		} else {
			e.spread = newSpread(l, n.Live, n.Rels, n.To)
		}
		e.offers = offers
		if len(n.Hop.Filter) > 0 {
			e.hop = newHopEval(l.w, n.Hop)
		}
		if groupsEnds(n) {
			e.grouped = &trailEnds{e: e, back: b.newLegs(l.w, n.Types, n.Dir), both: n.Dir == plan.Both, byEnd: !e.counting}
		}
		b.scope.onReset(func() {
			e.check.forget()
			e.degrees.forget()
			if e.grouped != nil {
				e.grouped.reset()
			}
		})
		b.scope.onClose(e.degrees.forget)
		if e.grouped != nil {
			b.scope.onClose(e.grouped.close)
		}
		return e
	}))
}

func (e *varExpand) push(b *column.Batch) error {
	e.legs.open()
	e.from.read(b.Cols[e.plan.From], b, value.KindNode)
	rows := e.from.rows
	if e.plan.Into {
		e.to.read(b.Cols[e.plan.To], b, value.KindNode)
		rows = bothRows(rows, e.to.rows)
	}
	e.begin(b)
	if err := e.check.begin(b); err != nil {
		return err
	}
	e.ends, e.lists = e.ends[:0], e.lists[:0]
	if e.counting {
		return e.count(b, rows)
	}
	if e.grouped != nil {
		e.grouped.begun = false
		return e.group(rows)
	}
	for _, r := range rows {
		if e.plan.Into {
			e.target = e.to.refs[r]
		}
		if e.hop != nil {
			e.hop.row(b, r)
		}
		if err := e.search(r, e.from.refs[r]); err != nil {
			return err
		}
	}
	return e.flush()
}

// search gives the trails from one node.
func (e *varExpand) search(r int32, start uint32) error {
	e.nbr, e.rel = e.nbr[:0], e.rel[:0]
	e.frames, e.path = e.frames[:0], e.path[:0]
	e.nodes = append(e.nodes[:0], start)
	if e.plan.Min == 0 {
		if err := e.emit(r, start); err != nil {
			return err
		}
	}
	if e.plan.Max == 0 {
		return nil
	}
	if err := e.open(r); err != nil {
		return err
	}
	for len(e.frames) > 0 {
		f := &e.frames[len(e.frames)-1]
		if f.next == f.end {
			e.frames = e.frames[:len(e.frames)-1]
			start := 0
			if k := len(e.frames); k > 0 {
				start = e.frames[k-1].end
				e.path, e.nodes = e.path[:k-1], e.nodes[:k]
			}
			e.nbr, e.rel = e.nbr[:start], e.rel[:start]
			continue
		}
		node, rel := e.nbr[f.next], e.rel[f.next]
		f.next++
		e.path, e.nodes = append(e.path, rel), append(e.nodes, node)
		if len(e.path) >= e.plan.Min {
			if err := e.emit(r, node); err != nil {
				return err
			}
		}
		if e.plan.Mode == plan.Simple && node == start {
			e.path, e.nodes = e.path[:len(e.path)-1], e.nodes[:len(e.nodes)-1]
			continue
		}
		if err := e.open(r); err != nil {
			return err
		}
	}
	return nil
}

// open makes a frame of the hops from the path's end; the last hops of the longest
// paths are given at once instead.
func (e *varExpand) open(r int32) error {
	if e.steps++; e.steps&1023 == 0 {
		if err := e.w.x.check(); err != nil {
			return err
		}
	}
	depth := len(e.path)
	last := depth+1 == e.plan.Max
	at := len(e.nbr)
	if err := e.collect(r, last && e.plan.Into); err != nil {
		return err
	}
	if e.plan.Max < 0 && depth == e.w.x.Limits.pathLength() && len(e.nbr) > at {
		return status.Errorf(status.PathLengthLimit, "a path longer than %d relationships exists, and the pattern has no upper bound", depth).
			WithHint("write an upper bound, as in `*..%d`, or raise `path-length`", depth+10)
	}
	if int64(len(e.nbr)) > e.w.x.Limits.pathRows() {
		return pathRowsExceeded(e.w.x)
	}
	if !last {
		e.frames = append(e.frames, frame{at, len(e.nbr)})
		return nil
	}
	if depth+1 >= e.plan.Min {
		for i := at; i < len(e.nbr); i++ {
			e.path = append(e.path[:depth], e.rel[i])
			if err := e.emit(r, e.nbr[i]); err != nil {
				return err
			}
		}
		e.path = e.path[:depth]
	}
	e.nbr, e.rel = e.nbr[:at], e.rel[:at]
	// A frame without hops, which the loop takes away with the path's last step.
	e.frames = append(e.frames, frame{at, at})
	return nil
}

func pathRowsExceeded(x *Context) error {
	return status.Errorf(status.PathRowLimit, "a path search holds more than %d rows at once", x.Limits.pathRows()).
		WithHint("make the pattern more selective, or raise `path-rows` (in a request `max_path_rows`)")
}

// collect appends to the arena the hops that may follow the path: those to the
// target only, if toTarget.
func (e *varExpand) collect(r int32, toTarget bool) error {
	at, node := len(e.nbr), e.nodes[len(e.nodes)-1]
	for i := range e.legs.list {
		g := &e.legs.list[i]
		nbr, rel, err := g.adj.List(node)
		if err != nil {
			return err
		}
		if toTarget {
			lo, hi := csr.Find(nbr, e.target)
			nbr, rel = nbr[lo:hi], rel[lo:hi]
		}
		for j, to := range nbr {
			if g.skipLoops && to == node || !e.allowed(r, rel[j], to) {
				continue
			}
			e.nbr, e.rel = append(e.nbr, to), append(e.rel, rel[j])
		}
	}
	if e.hop == nil || len(e.nbr) == at {
		return nil
	}
	n := len(e.nbr) - at
	e.fromBuf = e.fromBuf[:0]
	for range n {
		e.fromBuf = append(e.fromBuf, node)
	}
	var err error
	if e.keep, err = e.hop.filter(e.fromBuf, e.rel[at:], e.nbr[at:], e.keep[:0]); err != nil {
		return err
	}
	for i, k := range e.keep {
		e.nbr[at+i], e.rel[at+i] = e.nbr[at+int(k)], e.rel[at+int(k)]
	}
	e.nbr, e.rel = e.nbr[:at+len(e.keep)], e.rel[:at+len(e.keep)]
	return nil
}

// allowed reports whether the path may go on over rel to a node.
func (e *varExpand) allowed(r int32, rel, to uint32) bool {
	switch e.plan.Mode {
	case plan.Trail:
		if slices.Contains(e.path, rel) {
			return false
		}
	case plan.Acyclic:
		if slices.Contains(e.nodes, to) {
			return false
		}
	case plan.Simple:
		if slices.Contains(e.nodes[1:], to) || slices.Contains(e.path, rel) {
			return false
		}
	}
	for i := range e.check.cols {
		if e.check.cols[i].uses(r, rel) {
			return false
		}
	}
	return true
}

// emit gives the path as it is, if it ends where it may.
func (e *varExpand) emit(r int32, end uint32) error {
	if e.plan.Into && end != e.target {
		return nil
	}
	e.ends = append(e.ends, end)
	if e.wantRels {
		e.lists = append(e.lists, relList(e.path, e.plan.Reversed))
	}
	if e.grouped != nil {
		e.times = append(e.times, 1)
	}
	if e.idx = append(e.idx, r); len(e.idx) == e.w.x.batchSize() {
		return e.flush()
	}
	return nil
}

// relList boxes a path's relationships.
func relList(rels []uint32, reversed bool) value.Value {
	elems := make([]value.Value, len(rels))
	for i, r := range rels {
		if reversed {
			i = len(rels) - 1 - i
		}
		elems[i] = value.RelRef(r)
	}
	return value.List(elems...)
}

func (e *varExpand) flush() error {
	n := len(e.idx)
	if n == 0 {
		return nil
	}
	sel, err := e.check.labelsOnly(n, e.ends)
	if err != nil {
		return err
	}
	if sel == nil || len(sel) > 0 {
		if !e.plan.Into {
			e.toCol = column.Vector{Type: column.Node, Refs: e.ends}
			e.setOwn(e.plan.To, &e.toCol)
		}
		if e.wantRels {
			e.relsCol = column.Vector{Type: column.Any, Anys: e.lists}
			e.setOwn(e.plan.Rels, &e.relsCol)
		}
		if len(e.times) > 0 {
			err = e.pushWith(n, e.idx, sel, e.times)
		} else {
			err = e.spread.push(n, e.idx, sel)
		}
	} else if err = e.w.x.check(); err != nil {
		return err
	}
	e.idx, e.ends, e.lists, e.times = e.idx[:0], e.ends[:0], e.lists[:0], e.times[:0]
	return err
}
