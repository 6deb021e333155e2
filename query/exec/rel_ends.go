package exec

import (
	"slices"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/value"
)

// relEnds matches a hop whose relationship is bound.
type relEnds struct {
	plan *plan.RelEnds
	pairs
	check        hopCheck
	rel          refReader
	types        []catalog.TypeID
	starts, ends []uint32
	typ          []catalog.TypeID
}

func (b *builder) relEnds(n *plan.RelEnds, lanes []lane) (runner, error) {
	return b.build(n.Input, each(lanes, func(l lane) operator {
		return &relEnds{plan: n, pairs: newPairs(l, n.Live, n.From, n.To, n.FromBound, n.ToBound), check: b.newHopCheck(l.w, nil, n.Unique)}
	}))
}

func (e *relEnds) push(b *column.Batch) error {
	e.rel.read(b.Cols[e.plan.Rel], b, value.KindRelationship)
	rows := e.begin(b, e.rel.rows)
	if len(rows) == 0 {
		return nil
	}
	if err := e.read(rows, b.Len); err != nil {
		return err
	}
	if err := e.check.begin(b); err != nil {
		return err
	}
	for _, r := range rows {
		if len(e.plan.Types) > 0 && !slices.Contains(e.types, e.typ[r]) || e.used(r) {
			continue
		}
		s, t := e.starts[r], e.ends[r]
		if e.plan.Dir != plan.In {
			e.add(r, s, t)
		}
		if e.plan.Dir == plan.In || e.plan.Dir == plan.Both && s != t {
			e.add(r, t, s)
		}
	}
	return e.flush()
}

// read finds types and ends of the rows' relationships.
func (e *relEnds) read(rows []int32, n int) error {
	if len(e.typ) < n {
		m := max(n, column.BatchSize)
		e.typ, e.starts, e.ends = make([]catalog.TypeID, m), make([]uint32, m), make([]uint32, m)
	}
	rd, refs := e.w.reader(), e.rel.refs[:n]
	e.types = knownTypes(rd, e.plan.Types)
	if err := rd.RelType(refs, rows, e.typ[:n]); err != nil {
		return err
	}
	return rd.RelEnds(refs, rows, e.starts[:n], e.ends[:n])
}

func (e *relEnds) used(r int32) bool {
	for i := range e.check.cols {
		if e.check.cols[i].uses(r, e.rel.refs[r]) {
			return true
		}
	}
	return false
}
