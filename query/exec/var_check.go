package exec

import (
	"slices"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/value"
)

// varCheck matches a variable-length pattern whose relationships are bound.
type varCheck struct {
	plan *plan.VarCheck
	pairs
	check        hopCheck
	rels         []uint32
	starts, ends []uint32
	typ          []catalog.TypeID
}

func (b *builder) varCheck(n *plan.VarCheck, lanes []lane) (runner, error) {
	return b.build(n.Input, each(lanes, func(l lane) operator {
		return &varCheck{plan: n, pairs: newPairs(l, n.Live, n.From, n.To, n.FromBound, n.ToBound), check: b.newHopCheck(l.w, nil, n.Unique)}
	}))
}

func (e *varCheck) push(b *column.Batch) error {
	list := b.Cols[e.plan.Rels]
	if list == nil {
		return nil
	}
	rows := e.begin(b, b.Selection())
	if err := e.check.begin(b); err != nil {
		return err
	}
	for _, r := range rows {
		ok, err := e.read(r, list.Value(int(r)))
		if err != nil {
			return err
		}
		if ok {
			e.match(r)
		}
	}
	return e.flush()
}

// read takes a row's list apart; false: it cannot match whatever the ends.
func (e *varCheck) read(r int32, v value.Value) (bool, error) {
	if v.Kind() != value.KindList {
		return false, nil
	}
	n := len(v.Elems())
	if n < e.plan.Min || e.plan.Max >= 0 && n > e.plan.Max {
		return false, nil
	}
	e.rels = e.rels[:0]
	for _, el := range v.Elems() {
		if el.Kind() != value.KindRelationship || slices.Contains(e.rels, el.Ref()) {
			return false, nil
		}
		for i := range e.check.cols {
			if e.check.cols[i].uses(r, el.Ref()) {
				return false, nil
			}
		}
		e.rels = append(e.rels, el.Ref())
	}
	e.starts = slices.Grow(e.starts[:0], n)[:n]
	e.ends = slices.Grow(e.ends[:0], n)[:n]
	e.typ = slices.Grow(e.typ[:0], n)[:n]
	rd := e.w.reader()
	if err := rd.RelEnds(e.rels, nil, e.starts, e.ends); err != nil {
		return false, err
	}
	if err := rd.RelType(e.rels, nil, e.typ); err != nil {
		return false, err
	}
	if len(e.plan.Types) > 0 {
		types := knownTypes(rd, e.plan.Types)
		for _, t := range e.typ {
			if !slices.Contains(types, t) {
				return false, nil
			}
		}
	}
	return true, nil
}

// match gives the ways to walk over the row's relationships.
func (e *varCheck) match(r int32) {
	switch {
	case e.plan.FromBound:
		if end, ok := e.walk(e.from.refs[r]); ok {
			e.add(r, e.from.refs[r], end)
		}
	case len(e.rels) == 0:
		if e.plan.ToBound {
			e.add(r, e.to.refs[r], e.to.refs[r])
		}
	default:
		starts := []uint32{e.starts[0], e.ends[0]}
		if e.plan.Dir == plan.In || starts[0] == starts[1] {
			starts = starts[1:]
		} else if e.plan.Dir == plan.Out {
			starts = starts[:1]
		}
		for _, s := range starts {
			if end, ok := e.walk(s); ok {
				e.add(r, s, end)
			}
		}
	}
}

// walk follows the relationships from a node.
func (e *varCheck) walk(at uint32) (end uint32, ok bool) {
	for i := range e.rels {
		s, t := e.starts[i], e.ends[i]
		switch {
		case e.plan.Dir != plan.In && s == at:
			at = t
		case e.plan.Dir != plan.Out && t == at:
			at = s
		default:
			return 0, false
		}
	}
	return at, true
}
