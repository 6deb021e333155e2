package exec

import (
	"math"
	"slices"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/graph/csr"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// expand follows the relationships of each row's node. Lists longer than what fits
// are passed as slices of the stored ones, runs of consecutive nodes as whole ranges of
// them; shorter lists are put together in a batch.
type expand struct {
	plan *plan.Expand
	spread
	legs   *legs
	check  hopCheck
	from   refReader
	degree bool // only multiply

	wantTo, wantRel bool
	to, rel         column.Vector
	toBuf, relBuf   []uint32
	n               int
	view            column.Batch
	sel             []int32
	degrees         []int64
}

func (b *builder) expand(n *plan.Expand, lanes []lane) (runner, error) {
	offers := b.offering(lanes)
	return b.build(n.Input, each(lanes, func(l lane) operator {
		e := &expand{
			plan: n, spread: newSpread(l, n.Live, n.Rel, n.To),
			legs: b.newLegs(l.w, n.Types, n.Dir), check: b.newHopCheck(l.w, n.ToLabels, n.Unique),
		}
		e.check.along, e.offers = e.legs, offers
		e.wantTo = n.To != plan.NoSlot && n.IsLive(n.To)
		e.wantRel = n.Rel != plan.NoSlot && n.IsLive(n.Rel)
		e.degree = n.Mult && !e.wantTo && !e.wantRel && e.check.none()
		b.scope.onReset(e.check.forget)
		return e
	}))
}

func (e *expand) push(b *column.Batch) error {
	e.legs.open()
	e.from.read(b.Cols[e.plan.From], b, value.KindNode)
	if len(e.from.rows) == 0 || len(e.legs.list) == 0 {
		return nil
	}
	if e.degree {
		return e.multiply(b)
	}
	e.begin(b)
	if err := e.check.begin(b); err != nil {
		return err
	}
	if e.toBuf == nil {
		e.toBuf, e.relBuf = make([]uint32, column.BatchSize), make([]uint32, column.BatchSize)
		e.idx = make([]int32, column.BatchSize)
	}
	e.idx, e.n = e.idx[:column.BatchSize], 0
	if e.from.seq && len(e.legs.list) == 1 && !e.legs.list[0].skipLoops {
		return e.ranges(b)
	}
	for _, r := range e.from.rows {
		node := e.from.refs[r]
		for i := range e.legs.list {
			g := &e.legs.list[i]
			nbr, rel, err := g.adj.List(node)
			if err != nil {
				return err
			}
			if g.skipLoops {
				if lo, hi := csr.Find(nbr, node); hi > lo {
					if err := e.add(r, nbr[:lo], rel[:lo]); err != nil {
						return err
					}
					nbr, rel = nbr[hi:], rel[hi:]
				}
			}
			if err := e.add(r, nbr, rel); err != nil {
				return err
			}
		}
	}
	return e.flush()
}

// add puts a list of row r's into the batch at hand.
func (e *expand) add(r int32, nbr, rel []uint32) error {
	size := e.w.x.batchSize()
	if len(nbr) >= size {
		if err := e.flush(); err != nil {
			return err
		}
		for len(nbr) >= size {
			if err := e.give(size, nil, r, nbr[:size], rel[:size]); err != nil {
				return err
			}
			nbr, rel = nbr[size:], rel[size:]
		}
	}
	for len(nbr) > 0 {
		k := min(size-e.n, len(nbr))
		copy(e.toBuf[e.n:], nbr[:k])
		copy(e.relBuf[e.n:], rel[:k])
		idx := e.idx[e.n : e.n+k]
		for i := range idx {
			idx[i] = r
		}
		e.n += k
		nbr, rel = nbr[k:], rel[k:]
		if e.n == size {
			if err := e.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *expand) flush() error {
	n := e.n
	if e.n = 0; n == 0 {
		return nil
	}
	return e.give(n, e.idx[:n], 0, e.toBuf[:n], e.relBuf[:n])
}

// give passes n hops on; idx is nil where all start from row r.
func (e *expand) give(n int, idx []int32, r int32, to, rel []uint32) error {
	sel, err := e.check.filter(n, idx, r, to, rel)
	if err != nil {
		return err
	}
	if sel != nil && len(sel) == 0 {
		return nil
	}
	if e.wantTo {
		e.to = column.Vector{Type: column.Node, Refs: to}
		e.setOwn(e.plan.To, &e.to)
	}
	if e.wantRel {
		e.rel = column.Vector{Type: column.Rel, Refs: rel}
		e.setOwn(e.plan.Rel, &e.rel)
	}
	if idx == nil {
		return e.pushFrom(r, n, sel)
	}
	return e.spread.push(n, idx, sel)
}

// ranges reads the lists of consecutive nodes as they lie in store.
func (e *expand) ranges(b *column.Batch) error {
	adj, size := e.legs.list[0].adj, e.w.x.batchSize()
	first := e.from.refs[0]
	last := first + uint32(b.Len)
	for lo := first; lo < last; {
		off, nbr, rel, next, err := adj.Range(lo, last)
		if err != nil {
			return err
		}
		row := 0 // of the list that the next hop belongs to
		for at := int(off[0]); at < int(off[len(off)-1]); {
			n := min(size, int(off[len(off)-1])-at)
			idx := e.idx[:n]
			if e.indexed() || len(e.check.cols) > 0 {
				row = rowsOf(idx, off, at, row, int32(lo-first))
			}
			if err := e.give(n, idx, 0, nbr[at:at+n], rel[at:at+n]); err != nil {
				return err
			}
			at += n
		}
		lo = next
	}
	return nil
}

// rowsOf sets idx[i] to the number of the list that hop at+i belongs to, plus base, and
// returns where the hop after them is to be sought.
func rowsOf(idx []int32, off []uint32, at, row int, base int32) int {
	end := at + len(idx)
	for at < end {
		for int(off[row+1]) <= at {
			row++
		}
		stop := min(int(off[row+1]), end)
		part := idx[:stop-at]
		idx = idx[stop-at:]
		r := base + int32(row)
		for i := range part {
			part[i] = r
		}
		at = stop
	}
	return row
}

// multiply counts hops instead of following them.
func (e *expand) multiply(b *column.Batch) error {
	share(&e.view, b)
	e.mult = slices.Grow(e.mult[:0], b.Len)[:b.Len]
	if cap(e.sel) < b.Len {
		e.sel = make([]int32, 0, max(b.Len, column.BatchSize))
	}
	e.degrees = slices.Grow(e.degrees[:0], len(e.from.rows))[:len(e.from.rows)]
	if err := e.legs.degrees(&e.from, e.degrees); err != nil {
		return err
	}
	sel := e.sel[:0]
	for i, r := range e.from.rows {
		d := e.degrees[i]
		if d == 0 {
			continue
		}
		if b.Mult != nil {
			var err error
			if d, err = mulCount(d, b.Mult[r]); err != nil {
				return err
			}
		}
		e.mult[r] = d
		sel = append(sel, r)
	}
	if len(sel) == 0 {
		return nil
	}
	e.view.Sel, e.view.Mult = sel, e.mult
	if len(sel) == b.Len {
		e.view.Sel = nil
	}
	return e.out.push(&e.view)
}

// mulCount multiplies two counts ≥ 0.
func mulCount(a, b int64) (int64, error) {
	if a != 0 && b > math.MaxInt64/a {
		return 0, overflowed()
	}
	return a * b, nil
}

func addCount(a, b int64) (int64, error) {
	if a > math.MaxInt64-b {
		return 0, overflowed()
	}
	return a + b, nil
}

func overflowed() error {
	return status.Errorf(status.CountOverflow, "the number of matches exceeds %d", int64(math.MaxInt64))
}
