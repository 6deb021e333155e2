package exec

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/storage/catalog"
)

// nodeScan reads the nodes with some labels, morsel by morsel.
type nodeScan struct {
	plan *plan.NodeScan
	spread
	refs    column.Vector
	has     []bool
	sel     []int32
	first   catalog.LabelID
	rest    []catalog.LabelID
	nothing bool // a label is unknown
	morsels []graph.Morsel
	opened  bool // for the rows of an input
}

func newNodeScan(n *plan.NodeScan, l lane) *nodeScan {
	s := &nodeScan{plan: n, spread: newSpread(l, n.Live, n.Node)}
	s.refs.Type = column.Node
	return s
}

// open finds the labels' numbers, and what to scan.
func (s *nodeScan) open(lanes int) int {
	r := s.w.reader()
	s.first, s.rest, s.nothing = catalog.AnyLabel, s.rest[:0], false
	for i, name := range s.plan.Labels {
		id, ok := r.Catalog().Label(name)
		switch {
		case !ok:
			s.nothing = true
		case i == 0:
			s.first = id
		case r.CountNodes(id) < r.CountNodes(s.first): // the rarest label leads
			s.rest = append(s.rest, s.first)
			s.first = id
		default:
			s.rest = append(s.rest, id)
		}
	}
	s.morsels = s.morsels[:0]
	if !s.nothing {
		s.morsels = cut(s.morsels, r.NodeMorsels(s.first), lanes)
	}
	s.opened = true
	return len(s.morsels)
}

func (s *nodeScan) read(k int) error { return s.scan(s.morsels[k], 0) }

// scan gives the nodes of one morsel, each as a continuation of input row r.
func (s *nodeScan) scan(m graph.Morsel, r int32) error {
	size := s.w.x.batchSize()
	rd := s.w.reader()
	for from := m.From; from < m.To; {
		s.refs.Reset(column.Node, size)
		n, next, err := rd.ScanNodes(m, s.first, from, s.refs.Refs)
		if err != nil {
			return err
		}
		from = next
		if n == 0 {
			continue
		}
		s.refs.Refs = s.refs.Refs[:n]
		sel, err := s.checkLabels(n)
		if err != nil {
			return err
		}
		s.setOwn(s.plan.Node, &s.refs)
		if err := s.pushFrom(r, n, sel); err != nil {
			return err
		}
	}
	return nil
}

func (s *nodeScan) checkLabels(n int) ([]int32, error) {
	if len(s.rest) == 0 {
		return nil, nil
	}
	sel := append(s.sel[:0], column.Identity(n)...)
	if cap(s.has) < n {
		s.has = make([]bool, column.BatchSize)
	}
	for _, l := range s.rest {
		if err := s.w.reader().HasLabel(s.refs.Refs, sel, l, s.has[:n]); err != nil {
			return nil, err
		}
		sel = keep(sel, s.has)
	}
	s.sel = sel
	return sel, nil
}

// keep drops the rows that are not ok, in place.
func keep(sel []int32, ok []bool) []int32 {
	k := 0
	for _, r := range sel {
		sel[k] = r
		if ok[r] {
			k++
		}
	}
	return sel[:k]
}

// push scans all nodes for each row of the input.
func (s *nodeScan) push(b *column.Batch) error {
	if !s.opened || s.w.prog.writes {
		s.open(1)
	}
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

func (b *builder) nodeScan(n *plan.NodeScan, lanes []lane) (runner, error) {
	if countsNodes(n) {
		return b.build(n.Input, each(lanes, func(l lane) operator {
			c := newNodeTimes(n, l)
			b.scope.onReset(func() { c.known = false })
			return c
		}))
	}
	if n.Input != nil {
		scans := each(lanes, func(l lane) operator {
			s := newNodeScan(n, l)
			b.scope.onReset(func() { s.opened = false })
			return s
		})
		return b.build(n.Input, scans)
	}
	sources := make([]source, len(lanes))
	row := &column.Batch{Len: 1, Cols: make([]*column.Vector, b.prog.plan.NumSlots)}
	for i, l := range lanes {
		s := newNodeScan(n, l)
		s.begin(row)
		sources[i] = s
	}
	return b.deal(n.ID, lanes, sources), nil
}
