package exec

import (
	"slices"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/plan"
)

// countsOnly reports whether nothing is read of the trails that a VarExpand finds, so
// that their number will do: they are searched to the relationship before the last, and
// the last is counted as the degree less the path's own relationships at that node.
func countsOnly(n *plan.VarExpand) bool {
	return n.Mult && n.Max >= 0 && n.Mode == plan.Trail && !n.Into && len(n.ToLabels) == 0 && len(n.Hop.Filter) == 0 &&
		!n.IsLive(n.To) && (n.Rels == plan.NoSlot || !n.IsLive(n.Rels))
}

// degreeVector is the degree of every node under some lists, worked out when so many
// nodes were asked for that most will be.
type degreeVector struct {
	legs  *legs
	all   []int64
	asked int
	held  int64 // reserved for all
}

func (d *degreeVector) of(node uint32) (int64, error) {
	if d.all != nil {
		return d.all[node], nil
	}
	high := int(d.legs.w.reader().NodeHigh())
	if d.asked++; d.asked < high/16 || d.legs.w.prog.writes {
		return d.legs.degree(node)
	}
	if d.held == 0 {
		if d.legs.w.x.Budget.Reserve(int64(8*high)) != nil {
			d.asked = 0 // and later again
			return d.legs.degree(node)
		}
		d.held = int64(8 * high)
	}
	all := make([]int64, high)
	for i := range d.legs.list {
		g := &d.legs.list[i]
		if err := g.adj.Degrees(0, all); err != nil {
			return 0, err
		}
		if !g.skipLoops {
			continue
		}
		loops, err := d.legs.w.loopsOf(g.typ)
		if err != nil {
			return 0, err
		}
		for n, l := range loops {
			all[n] -= l
		}
	}
	d.all = all
	return all[node], nil
}

// forget is called at the start and at the end of each run.
func (d *degreeVector) forget() {
	if d.held > 0 {
		d.legs.w.x.Budget.Release(d.held)
	}
	d.all, d.asked, d.held = nil, 0, 0
}

// count multiplies each row by the number of its trails.
func (e *varExpand) count(b *column.Batch, rows []int32) error {
	if len(rows) == 0 {
		return nil
	}
	share(&e.view, b)
	e.mult = slices.Grow(e.mult[:0], b.Len)[:b.Len]
	e.sel = e.sel[:0]
	if e.grouped != nil {
		e.grouped.begun = false
	}
	for _, r := range rows {
		n, err := e.countRow(r, e.from.refs[r])
		if err != nil {
			return err
		}
		if n > 0 {
			e.mult[r] = n
			e.sel = append(e.sel, r)
		}
	}
	if len(e.sel) == 0 {
		return nil
	}
	e.view.Sel, e.view.Mult = e.sel, e.mult
	return e.out.push(&e.view)
}

// countRow counts the trails from one node, in the way that takes least.
func (e *varExpand) countRow(r int32, start uint32) (int64, error) {
	t := e.grouped
	if t == nil {
		n, _, err := e.countFrom(r, start, nil)
		return n, err
	}
	n, few, err := t.probe(r, start)
	switch {
	case few || err != nil:
		return n, err
	case !t.begin():
		n, _, err = e.countFrom(r, start, nil)
		return n, err
	}
	if err := t.from(r, start); err != nil {
		return 0, err
	}
	if t.total < 0 {
		return 0, negativeTrails(t.total)
	}
	return t.total, nil
}

// countFrom counts the trails from one node. room, where there is one, is the
// relationships that it may look at, of which it takes what it needs; where they are
// not enough few is false.
func (e *varExpand) countFrom(r int32, start uint32, room *int64) (sum int64, few bool, err error) {
	e.nbr, e.rel = e.nbr[:0], e.rel[:0]
	e.frames, e.path = e.frames[:0], e.path[:0]
	e.nodes = append(e.nodes[:0], start)
	for {
		// At the end of a new path: itself, and then its continuations.
		depth := len(e.path)
		if depth >= e.plan.Min {
			sum++
		}
		if room != nil {
			d, err := e.legs.degree(e.nodes[depth])
			if *room -= 1 + d; err != nil || *room < 0 {
				return 0, false, err
			}
		}
		if depth+1 == e.plan.Max {
			n, err := e.lastHop(r)
			if err != nil {
				return 0, false, err
			}
			if sum, err = addCount(sum, n); err != nil {
				return 0, false, err
			}
		} else if depth < e.plan.Max {
			if err := e.openCounted(r); err != nil {
				return 0, false, err
			}
		}
		if !e.follow() {
			return sum, true, nil
		}
	}
}

// openCounted makes a frame of the hops from the path's end.
func (e *varExpand) openCounted(r int32) error {
	if e.steps++; e.steps&1023 == 0 {
		if err := e.w.x.check(); err != nil {
			return err
		}
	}
	at := len(e.nbr)
	if err := e.collect(r, false); err != nil {
		return err
	}
	if int64(len(e.nbr)) > e.w.x.Limits.pathRows() {
		return pathRowsExceeded(e.w.x)
	}
	e.frames = append(e.frames, frame{at, len(e.nbr)})
	return nil
}

// follow goes on to the next hop that waits; false: there is none.
func (e *varExpand) follow() bool {
	for len(e.frames) > 0 {
		k := len(e.frames)
		f := &e.frames[k-1]
		e.path, e.nodes = e.path[:k-1], e.nodes[:k]
		if f.next < f.end {
			e.path, e.nodes = append(e.path, e.rel[f.next]), append(e.nodes, e.nbr[f.next])
			f.next++
			return true
		}
		e.frames = e.frames[:k-1]
		end := 0
		if k > 1 {
			end = e.frames[k-2].end
		}
		e.nbr, e.rel = e.nbr[:end], e.rel[:end]
	}
	return false
}

// lastHop counts the relationships that end the longest paths.
func (e *varExpand) lastHop(r int32) (int64, error) {
	depth := len(e.path)
	node := e.nodes[depth]
	if len(e.check.cols) > 0 {
		at := len(e.nbr)
		err := e.collect(r, false)
		n := len(e.nbr) - at
		e.nbr, e.rel = e.nbr[:at], e.rel[:at]
		return int64(n), err
	}
	n, err := e.degrees.of(node)
	if err != nil || e.plan.Max < max(e.plan.Min, 1) {
		return 0, err
	}
	for i, at := range e.nodes[:depth] {
		if at == node || e.plan.Dir == plan.Both && e.nodes[i+1] == node {
			n--
		}
	}
	return n, nil
}
