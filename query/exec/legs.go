package exec

import (
	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/graph/csr"
	"github.com/kadedb/kadedb/internal/planted"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/storage/catalog"
)

// leg is one of the neighbour lists that a hop follows: one type seen from one end.
type leg struct {
	adj *graph.Adjacency
	typ catalog.TypeID
	in  bool // from the relationships' ends to their starts
	// skipLoops: self-loops are in the other direction's list already.
	skipLoops bool
}

// legs is the neighbour lists of a hop. It belongs to one operator and keeps its
// cursors to the end of the run where the statement does not write.
type legs struct {
	w     *worker
	types []string
	dir   plan.Direction
	list  []leg
	ready bool
}

// newLegs makes the lists of a hop for an operator in b's scope.
func (b *builder) newLegs(w *worker, types []string, dir plan.Direction) *legs {
	l := &legs{w: w, types: types, dir: dir}
	b.scope.onClose(l.close)
	return l
}

// open makes the lists readable. Operators call it at the start of each push, since
// a write may have happened since the last.
func (l *legs) open() {
	if l.ready && !l.w.prog.writes {
		return
	}
	l.close()
	r := l.w.reader()
	types := knownTypes(r, l.types)
	if len(l.types) == 0 {
		types = r.Types()
	}
	if l.dir != plan.In {
		for _, t := range types {
			l.list = append(l.list, leg{adj: r.Adjacency(t, graph.Out), typ: t})
		}
	}
	if l.dir != plan.Out {
		for _, t := range types {
			l.list = append(l.list, leg{adj: r.Adjacency(t, graph.In), typ: t, in: true, skipLoops: l.dir == plan.Both})
		}
	}
	l.ready = true
}

func (l *legs) close() {
	for _, g := range l.list {
		g.adj.Close()
	}
	l.list, l.ready = l.list[:0], false
}

// alwaysTo reports that every hop leads to a node with a label, whatever it starts from.
func (l *legs) alwaysTo(label catalog.LabelID) (bool, error) {
	if l == nil || l.w.prog.writes {
		return false, nil
	}
	for i := range l.list {
		d := graph.Out
		if l.list[i].in {
			d = graph.In
		}
		if ok, err := l.w.reader().EndsHave(l.list[i].typ, d, label); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

// degree returns how many relationships the hop finds at a node.
func (l *legs) degree(node uint32) (int64, error) {
	sum := int64(0)
	for i := range l.list {
		g := &l.list[i]
		d, err := g.adj.Degree(node)
		if err != nil {
			return 0, err
		}
		if g.skipLoops && d > 0 && !planted.Is(planted.CountLoops) {
			loops, err := g.loops(node)
			if err != nil {
				return 0, err
			}
			d -= loops
		}
		sum += int64(d)
	}
	return sum, nil
}

// degrees sets out[i] to the degree of from's i-th row, in their order: of nodes that lie side
// by side at once.
func (l *legs) degrees(from *refReader, out []int64) error {
	if from.seq && l.dir != plan.Both {
		clear(out)
		for i := range l.list {
			if err := l.list[i].adj.Degrees(from.refs[0], out); err != nil {
				return err
			}
		}
		return nil
	}
	for i, r := range from.rows {
		d, err := l.degree(from.refs[r])
		if err != nil {
			return err
		}
		out[i] = d
	}
	return nil
}

// loops returns how many self-loops of the leg's type a node has.
func (g *leg) loops(node uint32) (int, error) {
	nbr, _, err := g.adj.List(node)
	if err != nil {
		return 0, err
	}
	lo, hi := csr.Find(nbr, node)
	return hi - lo, nil
}

// between calls f with the relationships that the hop finds from one node to
// another, list by list; it reads the shorter of each pair of lists.
func (l *legs) between(back *legs, from, to uint32, f func(rels []uint32) error) error {
	for i := range l.list {
		g := &l.list[i]
		if g.skipLoops && from == to {
			continue
		}
		adj, x, y := g.adj, from, to
		if back != nil {
			d, err := adj.Degree(from)
			if err != nil {
				return err
			}
			if d > 64 {
				e, err := back.list[i].adj.Degree(to)
				if err != nil {
					return err
				}
				if e < d {
					adj, x, y = back.list[i].adj, to, from
				}
			}
		}
		rels, err := adj.Between(x, y)
		if err != nil {
			return err
		}
		if len(rels) > 0 {
			if err := f(rels); err != nil {
				return err
			}
		}
	}
	return nil
}

// opposite makes back the same lists seen from the other end, in the same order.
func (l *legs) opposite(back *legs) {
	if back.ready && !l.w.prog.writes {
		return
	}
	back.close()
	r := l.w.reader()
	for _, g := range l.list {
		d := graph.In
		if g.in {
			d = graph.Out
		}
		back.list = append(back.list, leg{adj: r.Adjacency(g.typ, d), typ: g.typ, in: !g.in, skipLoops: g.skipLoops})
	}
	back.ready = true
}
