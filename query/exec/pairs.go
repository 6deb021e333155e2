package exec

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/value"
)

// pairs continues rows with pairs of nodes, for operators that find both ends of something
// bound. An end that is bound itself has to be the row's.
type pairs struct {
	spread
	fromSlot, toSlot   plan.Slot
	fromBound, toBound bool

	from, to       refReader // of bound ends
	fromCol, toCol column.Vector
	fromBuf, toBuf []uint32
}

func newPairs(l lane, live []plan.Slot, from, to plan.Slot, fromBound, toBound bool) pairs {
	var own []plan.Slot
	if !fromBound {
		own = append(own, from)
	}
	if !toBound {
		own = append(own, to)
	}
	return pairs{spread: newSpread(l, live, own...), fromSlot: from, toSlot: to, fromBound: fromBound, toBound: toBound}
}

// begin starts on a batch; it returns those of rows whose bound ends are nodes.
func (p *pairs) begin(b *column.Batch, rows []int32) []int32 {
	p.spread.begin(b)
	p.fromBuf, p.toBuf = p.fromBuf[:0], p.toBuf[:0]
	if p.fromBound {
		p.from.read(b.Cols[p.fromSlot], b, value.KindNode)
		rows = bothRows(rows, p.from.rows)
	}
	if p.toBound {
		p.to.read(b.Cols[p.toSlot], b, value.KindNode)
		rows = bothRows(rows, p.to.rows)
	}
	return rows
}

// add continues row r, unless its bound ends differ.
func (p *pairs) add(r int32, from, to uint32) {
	if p.fromBound && p.from.refs[r] != from || p.toBound && p.to.refs[r] != to || p.fromSlot == p.toSlot && from != to {
		return
	}
	p.fromBuf, p.toBuf = append(p.fromBuf, from), append(p.toBuf, to)
	p.idx = append(p.idx, r)
}

// flush pushes what was added.
func (p *pairs) flush() error {
	size := p.w.x.batchSize()
	for at := 0; at < len(p.idx); at += size {
		end := min(at+size, len(p.idx))
		if !p.fromBound {
			p.fromCol = column.Vector{Type: column.Node, Refs: p.fromBuf[at:end]}
			p.setOwn(p.fromSlot, &p.fromCol)
		}
		if !p.toBound {
			p.toCol = column.Vector{Type: column.Node, Refs: p.toBuf[at:end]}
			p.setOwn(p.toSlot, &p.toCol)
		}
		if err := p.push(end-at, p.idx[at:end], nil); err != nil {
			return err
		}
	}
	return nil
}
