package exec

import (
	"math/bits"
	"slices"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/graph/csr"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/value"
)

// intersect binds a node to what several neighbour lists have in common. Lists are
// sorted: the shorter ones lead and the longest is galloped through; a list that
// stays the same from row to row is made a bitmap, and the others are probed.
type intersect struct {
	plan  *plan.Intersect
	lists []interList
	spread
	check    hopCheck
	expr     *expr.Context
	wantTo   bool
	wantRels bool
	countAll bool // only multiply: nothing of what is found is read
	weigh    bool // one row a node, with the number of combinations as its multiplicity

	common, tmp []uint32
	picked      []uint32 // relationships of the combination at hand
	to          []uint32
	weights     []int64
	rels        [][]uint32 // by list
	toVec       column.Vector
	relVecs     []column.Vector
	view        column.Batch
	sel         []int32
}

// interList is one of the lists: that of one type and direction as it lies in
// store, several merged.
type interList struct {
	legs     *legs
	held     *heldLists // what regroup has read before; nil where there is none
	from     refReader
	node     uint32
	valid    bool // nbr, rel are those of node
	nbr, rel []uint32
	own      csrList
	bits     column.Bitmap // of nbr, where built
	hasBits  bool
	same     int // rows in a row with this node
	lo, hi   int
}

// csrList is a sorted list in memory of its own, and the memory of the next.
type csrList struct{ nbr, rel, nbr2, rel2 []uint32 }

// merge takes a sorted list in.
func (o *csrList) merge(nbr, rel []uint32) {
	if len(nbr) == 0 {
		return
	}
	if len(o.nbr) == 0 {
		o.nbr, o.rel = append(o.nbr, nbr...), append(o.rel, rel...)
		return
	}
	o.nbr2, o.rel2 = o.nbr2[:0], o.rel2[:0]
	i := 0
	for j, n := range nbr {
		for i < len(o.nbr) && !csr.Less(n, rel[j], o.nbr[i], o.rel[i]) {
			o.nbr2, o.rel2 = append(o.nbr2, o.nbr[i]), append(o.rel2, o.rel[i])
			i++
		}
		o.nbr2, o.rel2 = append(o.nbr2, n), append(o.rel2, rel[j])
	}
	o.nbr2, o.rel2 = append(o.nbr2, o.nbr[i:]...), append(o.rel2, o.rel[i:]...)
	o.nbr, o.rel, o.nbr2, o.rel2 = o.nbr2, o.rel2, o.nbr, o.rel
}

func (b *builder) intersect(n *plan.Intersect, lanes []lane) (runner, error) {
	own := []plan.Slot{n.To}
	for _, l := range n.Lists {
		own = append(own, l.Rel)
	}
	return b.build(n.Input, each(lanes, func(l lane) operator {
		e := &intersect{
			plan: n, spread: newSpread(l, n.Live, own...), check: b.newHopCheck(l.w, n.ToLabels, n.Unique), expr: l.w.newExpr(),
			wantTo: n.To != plan.NoSlot && n.IsLive(n.To),
			lists:  make([]interList, len(n.Lists)), rels: make([][]uint32, len(n.Lists)), relVecs: make([]column.Vector, len(n.Lists)),
			picked: make([]uint32, len(n.Lists)),
		}
		for i, s := range n.Lists {
			e.lists[i].legs = b.newLegs(l.w, s.Types, s.Dir)
			e.wantRels = e.wantRels || s.Rel != plan.NoSlot && n.IsLive(s.Rel)
		}
		e.check.along = e.lists[0].legs
		e.weigh = n.Mult && !e.wantRels
		e.countAll = e.weigh && !e.wantTo && len(n.ToLabels) == 0 && len(n.Filter) == 0
		b.scope.onReset(func() {
			e.check.forget()
			for i := range e.lists {
				e.lists[i].forget()
			}
		})
		return b.regroup(l, e)
	}))
}

func (e *intersect) push(b *column.Batch) error {
	rows := b.Selection()
	for i := range e.lists {
		l := &e.lists[i]
		l.legs.open()
		if e.w.prog.writes {
			l.forget()
		}
		l.from.read(b.Cols[e.plan.Lists[i].From], b, value.KindNode)
		rows = bothRows(rows, l.from.rows)
	}
	e.begin(b)
	unique, err := e.uniqueCols(b)
	if err != nil {
		return err
	}
	e.clear()
	if e.countAll {
		share(&e.view, b)
		e.mult = slices.Grow(e.mult[:0], b.Len)[:b.Len]
		e.sel = e.sel[:0]
	}
	for _, r := range rows {
		if err := e.load(r); err != nil {
			return err
		}
		if err := e.row(r, unique); err != nil {
			return err
		}
	}
	if e.countAll {
		return e.giveCounts()
	}
	return e.flush()
}

// uniqueCols prepares the check for b and takes from it the relationships that must
// not be used: they are compared as lists are combined.
func (e *intersect) uniqueCols(b *column.Batch) ([]uniqueCol, error) {
	if err := e.check.begin(b); err != nil {
		return nil, err
	}
	cols := e.check.cols
	e.check.cols = nil
	return cols, nil
}

func (e *intersect) clear() {
	e.idx, e.to, e.weights = e.idx[:0], e.to[:0], e.weights[:0]
	for i := range e.rels {
		e.rels[i] = e.rels[i][:0]
	}
}

// load makes the lists those of row r.
func (e *intersect) load(r int32) error {
	for i := range e.lists {
		l := &e.lists[i]
		node := l.from.refs[r]
		if l.valid && l.node == node {
			l.same++
			continue
		}
		if l.hasBits {
			for _, n := range l.nbr {
				l.bits[n>>6] = 0
			}
			l.hasBits = false
		}
		l.node, l.same = node, 0
		if err := l.read(); err != nil {
			return err
		}
	}
	return nil
}

// forget drops the list, whose memory may not be its own.
func (l *interList) forget() {
	if l.hasBits {
		clear(l.bits)
	}
	l.valid, l.hasBits, l.nbr, l.rel = false, false, nil, nil
}

func (l *interList) read() error {
	if nbr, rel, ok := l.held.get(l.node); ok {
		l.nbr, l.rel, l.valid = nbr, rel, true
		return nil
	}
	l.valid = false
	if len(l.legs.list) == 0 {
		l.nbr, l.rel, l.valid = nil, nil, true
		return nil
	}
	if g := &l.legs.list[0]; len(l.legs.list) == 1 && !g.skipLoops {
		var err error
		l.nbr, l.rel, err = g.adj.List(l.node)
		l.valid = err == nil
		return err
	}
	o := &l.own
	o.nbr, o.rel = o.nbr[:0], o.rel[:0]
	for i := range l.legs.list {
		g := &l.legs.list[i]
		nbr, rel, err := g.adj.List(l.node)
		if err != nil {
			return err
		}
		if g.skipLoops {
			lo, hi := csr.Find(nbr, l.node)
			o.merge(nbr[:lo], rel[:lo])
			nbr, rel = nbr[hi:], rel[hi:]
		}
		o.merge(nbr, rel)
	}
	l.nbr, l.rel, l.valid = o.nbr, o.rel, true
	return nil
}

// row finds the common nodes of a row and their combinations of relationships.
func (e *intersect) row(r int32, unique []uniqueCol) error {
	e.find()
	for i := range e.lists {
		e.lists[i].hi = 0
	}
	total := int64(0)
	for _, node := range e.common {
		for i := range e.lists {
			l := &e.lists[i]
			l.lo = csr.Gallop(l.nbr, l.hi, node)
			for l.hi = l.lo; l.hi < len(l.nbr) && l.nbr[l.hi] == node; l.hi++ {
			}
		}
		if !e.weigh {
			if err := e.combine(r, node, 0, unique, nil); err != nil {
				return err
			}
			continue
		}
		n, err := e.combinations(r, node, unique)
		if err != nil {
			return err
		}
		if n == 0 {
			continue
		}
		if e.countAll {
			if total, err = addCount(total, n); err != nil {
				return err
			}
			continue
		}
		e.weights = append(e.weights, n)
		if err := e.add(r, node); err != nil {
			return err
		}
	}
	if total == 0 {
		return nil
	}
	if m := e.src.Mult; m != nil {
		var err error
		if total, err = mulCount(total, m[r]); err != nil {
			return err
		}
	}
	e.mult[r] = total
	e.sel = append(e.sel, r)
	return nil
}

// find sets common to the distinct nodes that are in all lists.
func (e *intersect) find() {
	small, next := 0, -1
	for i := range e.lists {
		if len(e.lists[i].nbr) < len(e.lists[small].nbr) {
			small = i
		}
	}
	e.common = e.common[:0]
	if len(e.lists[small].nbr) == 0 {
		return
	}
	for i := range e.lists {
		if i != small && (next < 0 || len(e.lists[i].nbr) < len(e.lists[next].nbr)) {
			next = i
		}
	}
	e.common = e.pair(e.common, small, next)
	for i := range e.lists {
		if i == small || i == next {
			continue
		}
		e.tmp = csr.Intersect(e.tmp[:0], e.common, e.lists[i].nbr)
		e.common, e.tmp = e.tmp, e.common
	}
}

// bitmapRows is how many rows in succession must have a list before it is made a
// bitmap.
const bitmapRows = 2

// pair intersects two lists.
func (e *intersect) pair(dst []uint32, small, large int) []uint32 {
	a, b := &e.lists[small], &e.lists[large]
	probe, fixed := a, b
	if !b.hasBits && b.same < bitmapRows {
		probe, fixed = b, a
	}
	if fixed.same < bitmapRows && !fixed.hasBits {
		return csr.Intersect(dst, a.nbr, b.nbr)
	}
	// Probing costs one step an entry, galloping some for each entry of the shorter list.
	if len(probe.nbr) > len(a.nbr)*2*bits.Len(uint(len(b.nbr)/max(len(a.nbr), 1))+1) {
		return csr.Intersect(dst, a.nbr, b.nbr)
	}
	fixed.build(e.w.reader().NodeHigh())
	set := fixed.bits
	dst = slices.Grow(dst, len(probe.nbr)+1)
	k := len(dst)
	dst = dst[:k+len(probe.nbr)+1]
	last := uint32(0)
	first := true
	for _, n := range probe.nbr {
		dst[k] = n
		hit := int(set[n>>6] >> (n & 63) & 1)
		if n == last && !first {
			hit = 0
		}
		k += hit
		last, first = n, false
	}
	return dst[:k]
}

func (l *interList) build(high uint32) {
	if l.hasBits {
		return
	}
	if len(l.bits)*64 < int(high) {
		l.bits = column.NewBitmap(int(high))
	}
	for _, n := range l.nbr {
		l.bits.Set(int(n))
	}
	l.hasBits = true
}

// combinations counts the choices of one relationship from each list to node.
func (e *intersect) combinations(r int32, node uint32, unique []uniqueCol) (int64, error) {
	if !e.plan.Distinct && len(unique) == 0 {
		n := int64(1)
		var err error
		for i := range e.lists {
			if n, err = mulCount(n, int64(e.lists[i].hi-e.lists[i].lo)); err != nil {
				return 0, err
			}
		}
		return n, nil
	}
	n := int64(0)
	err := e.combine(r, node, 0, unique, &n)
	return n, err
}

// combine chooses a relationship from list i and those after it; each full choice is
// counted in n, or given.
func (e *intersect) combine(r int32, node uint32, i int, unique []uniqueCol, n *int64) error {
	if i == len(e.lists) {
		if n != nil {
			*n++
			return nil
		}
		for j, rel := range e.picked {
			e.rels[j] = append(e.rels[j], rel)
		}
		return e.add(r, node)
	}
	l := &e.lists[i]
choices:
	for _, rel := range l.rel[l.lo:l.hi] {
		if e.plan.Distinct && slices.Contains(e.picked[:i], rel) {
			continue
		}
		for j := range unique {
			if unique[j].uses(r, rel) {
				continue choices
			}
		}
		e.picked[i] = rel
		if err := e.combine(r, node, i+1, unique, n); err != nil {
			return err
		}
	}
	return nil
}

func (e *intersect) add(r int32, node uint32) error {
	e.to = append(e.to, node)
	if e.idx = append(e.idx, r); len(e.idx) == e.w.x.batchSize() {
		return e.flush()
	}
	return nil
}

func (e *intersect) flush() error {
	n := len(e.idx)
	if n == 0 {
		return nil
	}
	defer e.clear()
	e.toVec = column.Vector{Type: column.Node, Refs: e.to}
	sel, err := e.ends(n)
	if err != nil || sel != nil && len(sel) == 0 {
		return err
	}
	e.setOwn(e.plan.To, &e.toVec)
	for i, l := range e.plan.Lists {
		if l.Rel != plan.NoSlot && !e.weigh {
			e.relVecs[i] = column.Vector{Type: column.Rel, Refs: e.rels[i]}
			e.setOwn(l.Rel, &e.relVecs[i])
		}
	}
	if !e.weigh {
		return e.spread.push(n, e.idx, sel)
	}
	return e.pushWeighed(n, sel)
}

// pushWeighed gives a row for each node with its combinations as multiplicity.
func (e *intersect) pushWeighed(n int, sel []int32) error {
	if m := e.src.Mult; m != nil {
		for i, r := range e.idx {
			w, err := mulCount(e.weights[i], m[r])
			if err != nil {
				return err
			}
			e.weights[i] = w
		}
	}
	return e.pushWith(n, e.idx, sel, e.weights)
}

// ends returns which of the nodes found have the labels and pass the filter; nil: all.
func (e *intersect) ends(n int) ([]int32, error) {
	sel, err := e.check.filter(n, e.idx, 0, e.to, nil)
	if err != nil || len(e.plan.Filter) == 0 {
		return sel, err
	}
	b := column.Batch{Len: n, Sel: sel, Cols: make([]*column.Vector, len(e.batch.Cols))}
	b.Cols[e.plan.To] = &e.toVec
	e.expr.Reset()
	for _, p := range e.plan.Filter {
		if b.Sel, err = expr.Filter(e.expr, p, &b); err != nil || len(b.Sel) == 0 {
			return []int32{}, err
		}
	}
	return b.Sel, nil
}

// giveCounts passes the rows on, multiplied.
func (e *intersect) giveCounts() error {
	if len(e.sel) == 0 {
		return nil
	}
	e.view.Sel, e.view.Mult = e.sel, e.mult
	return e.out.push(&e.view)
}
