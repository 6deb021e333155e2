package exec

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/storage/catalog"
)

// relScan reads the relationships of some types, morsel by morsel.
type relScan struct {
	plan *plan.RelScan
	spread
	refs, from, to column.Vector
	sel            []int32
	cut            []graph.Morsel
	morsels        []relMorsel
}

type relMorsel struct {
	graph.Morsel
	typ catalog.TypeID
}

func newRelScan(n *plan.RelScan, l lane) *relScan {
	s := &relScan{plan: n, spread: newSpread(l, n.Live, n.Rel, n.From, n.To)}
	return s
}

func (s *relScan) open(lanes int) int {
	r := s.w.reader()
	s.morsels = s.morsels[:0]
	types := []catalog.TypeID{catalog.AnyType}
	if len(s.plan.Types) > 0 {
		types = knownTypes(r, s.plan.Types)
	}
	for _, t := range types {
		s.cut = cut(s.cut[:0], r.RelMorsels(t), lanes)
		for _, m := range s.cut {
			s.morsels = append(s.morsels, relMorsel{m, t})
		}
	}
	return len(s.morsels)
}

func (s *relScan) read(k int) error { return s.scan(s.morsels[k], 0) }

func (s *relScan) scan(m relMorsel, r int32) error {
	size := s.w.x.batchSize()
	rd := s.w.reader()
	for from := m.From; from < m.To; {
		s.refs.Reset(column.Rel, size)
		n, next, err := rd.ScanRels(m.Morsel, m.typ, from, s.refs.Refs)
		if err != nil {
			return err
		}
		if from = next; n == 0 {
			continue
		}
		s.refs.Refs = s.refs.Refs[:n]
		if err := s.ends(r, n); err != nil {
			return err
		}
	}
	return nil
}

// ends pushes n relationships with their ends, and then the same from the other end.
func (s *relScan) ends(r int32, n int) error {
	s.from.Reset(column.Node, n)
	s.to.Reset(column.Node, n)
	if err := s.w.reader().RelEnds(s.refs.Refs, nil, s.from.Refs, s.to.Refs); err != nil {
		return err
	}
	s.setOwn(s.plan.Rel, &s.refs)
	s.setOwn(s.plan.From, &s.from)
	s.setOwn(s.plan.To, &s.to)
	if err := s.pushFrom(r, n, nil); err != nil || !s.plan.Both {
		return err
	}
	s.sel = s.sel[:0]
	for i, f := range s.from.Refs {
		if f != s.to.Refs[i] {
			s.sel = append(s.sel, int32(i))
		}
	}
	s.setOwn(s.plan.From, &s.to)
	s.setOwn(s.plan.To, &s.from)
	return s.pushFrom(r, n, s.sel)
}

func (s *relScan) push(b *column.Batch) error {
	s.open(1)
	s.begin(b)
	for _, r := range b.Selection() {
		for _, m := range s.morsels {
			if err := s.scan(m, r); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *builder) relScan(n *plan.RelScan, lanes []lane) (runner, error) {
	if n.Input != nil {
		return b.build(n.Input, each(lanes, func(l lane) operator { return newRelScan(n, l) }))
	}
	sources := make([]source, len(lanes))
	row := &column.Batch{Len: 1, Cols: make([]*column.Vector, b.prog.plan.NumSlots)}
	for i, l := range lanes {
		s := newRelScan(n, l)
		s.begin(row)
		sources[i] = s
	}
	return b.deal(n.ID, lanes, sources), nil
}

// knownTypes returns the numbers of those of the names that the catalog knows.
func knownTypes(r *graph.Reader, names []string) []catalog.TypeID {
	var out []catalog.TypeID
	cat := r.Catalog()
	for _, name := range names {
		if id, ok := cat.Type(name); ok {
			out = append(out, id)
		}
	}
	return out
}
