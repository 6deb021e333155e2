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
}

func (b *builder) expandInto(n *plan.ExpandInto, lanes []lane) (runner, error) {
	return b.build(n.Input, each(lanes, func(l lane) operator {
		e := &expandInto{
			plan: n, spread: newSpread(l, n.Live, n.Rel),
			legs: b.newLegs(l.w, n.Types, n.Dir), back: b.newLegs(l.w, n.Types, n.Dir),
			check: b.newHopCheck(l.w, nil, n.Unique),
		}
		b.scope.onReset(e.check.forget)
		return e
	}))
}

func (e *expandInto) push(b *column.Batch) error {
	e.legs.open()
	e.legs.opposite(e.back)
	e.from.read(b.Cols[e.plan.From], b, value.KindNode)
	e.to.read(b.Cols[e.plan.To], b, value.KindNode)
	e.begin(b)
	e.check.begin(b)
	e.rels = e.rels[:0]
	rows := bothRows(e.from.rows, e.to.rows)
	size := e.w.x.batchSize()
	for _, r := range rows {
		err := e.legs.between(e.back, e.from.refs[r], e.to.refs[r], func(rels []uint32) error {
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
