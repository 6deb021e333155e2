package exec

import (
	"slices"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/value"
)

// expandInto finds the relationships between two bound nodes.
type expandInto struct {
	plan *plan.ExpandInto
	spread
	legs, back *legs
	check      hopCheck
	from, to   refReader
	rel        column.Vector
	rels       []uint32

	near [2]nearSet // of the nodes From and To
}

// nearSet is the neighbours of a node that stands in many rows in succession, so that
// most of the other ends are ruled out at one look.
type nearSet struct {
	node  uint32
	same  int // rows in succession
	built bool
	nodes []uint32
	bits  column.Bitmap
}

// nearRows is how many rows in succession must have a node before its set is made.
const nearRows = 8

func (s *nearSet) forget() {
	s.clear()
	s.same = 0
}

func (s *nearSet) clear() {
	for _, n := range s.nodes {
		s.bits[n>>6] = 0
	}
	s.nodes, s.built = s.nodes[:0], false
}

// excludes reports that other is certainly not among the neighbours that l finds at node.
func (s *nearSet) excludes(l *legs, node, other uint32) (bool, error) {
	if s.same == 0 || s.node != node {
		s.clear()
		s.node, s.same = node, 1
		return false, nil
	}
	if s.same++; s.same < nearRows {
		return false, nil
	}
	if !s.built {
		if high := int(l.w.reader().NodeHigh()); len(s.bits)*64 < high {
			s.bits = column.NewBitmap(high)
		}
		for i := range l.list {
			nbr, _, err := l.list[i].adj.List(node)
			if err != nil {
				return false, err
			}
			for _, n := range nbr {
				s.bits.Set(int(n))
			}
			s.nodes = append(s.nodes, nbr...)
		}
		s.built = true
	}
	return !s.bits.Get(int(other)), nil
}

func (b *builder) expandInto(n *plan.ExpandInto, lanes []lane) (runner, error) {
	return b.build(n.Input, each(lanes, func(l lane) operator {
		e := &expandInto{
			plan: n, spread: newSpread(l, n.Live, n.Rel),
			legs: b.newLegs(l.w, n.Types, n.Dir), back: b.newLegs(l.w, n.Types, n.Dir),
			check: b.newHopCheck(l.w, nil, n.Unique),
		}
		b.scope.onReset(func() {
			e.check.forget()
			if l.w.prog.writes {
				e.near[0].forget()
				e.near[1].forget()
			}
		})
		b.scope.onClose(func() {
			e.near[0].forget()
			e.near[1].forget()
		})
		return e
	}))
}

func (e *expandInto) push(b *column.Batch) error {
	e.legs.open()
	e.legs.opposite(e.back)
	e.from.read(b.Cols[e.plan.From], b, value.KindNode)
	e.to.read(b.Cols[e.plan.To], b, value.KindNode)
	e.begin(b)
	if err := e.check.begin(b); err != nil {
		return err
	}
	e.rels = e.rels[:0]
	rows := bothRows(e.from.rows, e.to.rows)
	size := e.w.x.batchSize()
	for _, r := range rows {
		from, to := e.from.refs[r], e.to.refs[r]
		if !e.w.prog.writes {
			out, err := e.near[0].excludes(e.legs, from, to)
			if err == nil && !out {
				out, err = e.near[1].excludes(e.back, to, from)
			}
			if err != nil {
				return err
			}
			if out {
				continue
			}
		}
		err := e.legs.between(e.back, from, to, func(rels []uint32) error {
			for _, rel := range rels {
				e.rels = append(e.rels, rel)
				if e.idx = append(e.idx, r); len(e.idx) == size {
					if err := e.flush(); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return e.flush()
}

func (e *expandInto) flush() error {
	n := len(e.idx)
	if n == 0 {
		return nil
	}
	sel, err := e.check.filter(n, e.idx, 0, nil, e.rels)
	if err != nil {
		return err
	}
	if sel == nil || len(sel) > 0 {
		e.rel = column.Vector{Type: column.Rel, Refs: e.rels}
		e.setOwn(e.plan.Rel, &e.rel)
		err = e.spread.push(n, e.idx, sel)
	}
	e.idx, e.rels = e.idx[:0], e.rels[:0]
	return err
}

// bothRows returns the rows that are in both ascending lists.
func bothRows(a, b []int32) []int32 {
	if slices.Equal(a, b) {
		return a
	}
	var out []int32
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			a = a[1:]
		case a[0] > b[0]:
			b = b[1:]
		default:
			out = append(out, a[0])
			a, b = a[1:], b[1:]
		}
	}
	return out
}
