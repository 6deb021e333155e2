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
	spread
	check          hopCheck
	rel, from, to  refReader
	types          []catalog.TypeID
	starts, ends   []uint32
	typ            []catalog.TypeID
	fromCol, toCol column.Vector
	fromBuf, toBuf []uint32
}

func (b *builder) relEnds(n *plan.RelEnds, lanes []lane) (runner, error) {
	var own []plan.Slot
	if !n.FromBound {
		own = append(own, n.From)
	}
	if !n.ToBound {
		own = append(own, n.To)
	}
	return b.build(n.Input, each(lanes, func(l lane) operator {
		return &relEnds{plan: n, spread: newSpread(l, n.Live, own...), check: b.newHopCheck(l.w, nil, n.Unique)}
	}))
}

func (e *relEnds) push(b *column.Batch) error {
	e.rel.read(b.Cols[e.plan.Rel], b, value.KindRelationship)
	rows := e.rel.rows
	if e.plan.FromBound {
		e.from.read(b.Cols[e.plan.From], b, value.KindNode)
		rows = bothRows(rows, e.from.rows)
	}
	if e.plan.ToBound {
		e.to.read(b.Cols[e.plan.To], b, value.KindNode)
		rows = bothRows(rows, e.to.rows)
	}
	if len(rows) == 0 {
		return nil
	}
	if err := e.read(rows, b.Len); err != nil {
		return err
	}
	e.begin(b)
	if err := e.check.begin(b); err != nil {
		return err
	}
	e.fromBuf, e.toBuf = e.fromBuf[:0], e.toBuf[:0]
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

func (e *relEnds) add(r int32, from, to uint32) {
	if e.plan.FromBound && e.from.refs[r] != from || e.plan.ToBound && e.to.refs[r] != to || e.plan.From == e.plan.To && from != to {
		return
	}
	e.fromBuf, e.toBuf = append(e.fromBuf, from), append(e.toBuf, to)
	e.idx = append(e.idx, r)
}

func (e *relEnds) flush() error {
	size := e.w.x.batchSize()
	for at := 0; at < len(e.idx); at += size {
		end := min(at+size, len(e.idx))
		if !e.plan.FromBound {
			e.fromCol = column.Vector{Type: column.Node, Refs: e.fromBuf[at:end]}
			e.setOwn(e.plan.From, &e.fromCol)
		}
		if !e.plan.ToBound {
			e.toCol = column.Vector{Type: column.Node, Refs: e.toBuf[at:end]}
			e.setOwn(e.plan.To, &e.toCol)
		}
		if err := e.spread.push(end-at, e.idx[at:end], nil); err != nil {
			return err
		}
	}
	return nil
}
