package exec

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/graph/search"
	"github.com/kadedb/kadedb/internal/planted"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// pathSearch is what ShortestPath and CheapestPath share: both run searches of graph/search, one
// a row.
type pathSearch struct {
	spread
	from, rels, to plan.Slot
	toBound        bool
	reversed       bool
	dir            plan.Direction
	cost           expr.Expr // nil: fewest relationships
	costPos        status.Pos
	opts           search.Options

	legs, back *legs
	check      hopCheck // of ends that are not bound
	hop        *hopEval
	search     *search.Search
	fromCol    refReader
	toCol      refReader
	wantRels   bool

	row     int32
	ends    []uint32
	lists   []value.Value
	endsVec column.Vector
	relsVec column.Vector
	err     error
}

func (b *builder) shortestPath(n *plan.ShortestPath, lanes []lane) (runner, error) {
	return b.build(n.Input, each(lanes, func(l lane) operator {
		return b.newPathSearch(l, &pathSearch{
			from: n.From, rels: n.Rels, to: n.To, toBound: n.ToBound, reversed: n.Reversed, dir: n.Dir,
			opts: search.Options{Min: n.Min, Max: n.Max, All: n.All && !planted.Is(planted.OneShortest)},
		}, n.Live, n.Types, n.ToLabels, n.Hop)
	}))
}

func (b *builder) cheapestPath(n *plan.CheapestPath, lanes []lane) (runner, error) {
	return b.build(n.Input, each(lanes, func(l lane) operator {
		return b.newPathSearch(l, &pathSearch{
			from: n.From, rels: n.Rels, to: n.To, toBound: n.ToBound, reversed: n.Reversed, dir: n.Dir,
			opts: search.Options{Min: n.Min, Max: n.Max}, cost: n.Cost, costPos: n.CostPos,
		}, n.Live, n.Types, n.ToLabels, n.Hop)
	}))
}

func (b *builder) newPathSearch(l lane, s *pathSearch, live []plan.Slot, types, labels []string, hop plan.Hop) *pathSearch {
	own := []plan.Slot{s.rels}
	if !s.toBound {
		own = append(own, s.to)
	}
	s.spread = newSpread(l, live, own...)
	s.legs, s.back = b.newLegs(l.w, types, s.dir), b.newLegs(l.w, types, s.dir)
	s.check = b.newHopCheck(l.w, labels, nil)
	if s.opts.Min > 0 {
		s.check.along = s.legs
	}
	s.wantRels = s.rels != plan.NoSlot && slices.Contains(live, s.rels)
	if len(hop.Filter) > 0 || s.cost != nil {
		s.hop = newHopEval(l.w, hop, s.costs()...)
	}
	if len(hop.Filter) > 0 {
		s.opts.Hop = s.hop.filter
	}
	if s.cost != nil {
		s.opts.Cost, s.opts.BadCost = s.costOf, s.badCost
	}
	if !s.toBound && len(labels) > 0 {
		s.opts.Ends = s.labelled
	}
	s.opts.Reserve, s.opts.Rows = s.w.reserveSearch, s.w.holdRows
	b.scope.onReset(s.check.forget)
	b.scope.onClose(s.close)
	return s
}

func (s *pathSearch) costs() []expr.Expr {
	if s.cost == nil {
		return nil
	}
	return []expr.Expr{s.cost}
}

// reserveSearch takes memory for a search, or gives back where n is negative.
func (w *worker) reserveSearch(n int64) error {
	if n < 0 {
		w.x.Budget.Release(-n)
		return nil
	}
	return w.x.Budget.Reserve(n)
}

// holdRows bounds the trails that a search holds at once.
func (w *worker) holdRows(n int) error {
	if int64(n) > w.x.Limits.pathRows() {
		return pathRowsExceeded(w.x)
	}
	return nil
}

func (s *pathSearch) close() {
	if s.search != nil {
		s.search.Close()
		s.search = nil
	}
}

// prepare makes the search ready; where the statement writes, anew for each batch.
func (s *pathSearch) prepare() {
	s.legs.open()
	s.legs.opposite(s.back)
	if s.search != nil && !s.w.prog.writes {
		return
	}
	s.close()
	steps := func(l *legs) []search.Step {
		out := make([]search.Step, len(l.list))
		for i, g := range l.list {
			out[i] = search.Step{Lists: g.adj, SkipLoops: g.skipLoops}
		}
		return out
	}
	s.search = search.New(search.Graph{
		Forward: steps(s.legs), Backward: steps(s.back), Nodes: s.w.reader().NodeHigh(), Undirected: s.dir == plan.Both,
	}, s.opts)
}

func (s *pathSearch) push(b *column.Batch) error {
	s.prepare()
	s.fromCol.read(b.Cols[s.from], b, value.KindNode)
	rows := s.fromCol.rows
	if s.toBound {
		s.toCol.read(b.Cols[s.to], b, value.KindNode)
		rows = bothRows(rows, s.toCol.rows)
	}
	s.begin(b)
	if err := s.check.begin(b); err != nil {
		return err
	}
	s.ends, s.lists = s.ends[:0], s.lists[:0]
	for _, r := range rows {
		s.row = r
		if s.hop != nil {
			s.hop.row(b, r)
		}
		if err := s.find(s.fromCol.refs[r], r); err != nil {
			return err
		}
	}
	return s.flush()
}

func (s *pathSearch) find(from uint32, r int32) error {
	s.err = nil
	ctx := s.w.x.context()
	var err error
	switch {
	case s.toBound && s.cost == nil:
		err = s.search.Between(ctx, from, s.toCol.refs[r], s.found)
	case s.toBound:
		err = s.search.Cheapest(ctx, from, s.toCol.refs[r], s.found)
	case s.cost == nil:
		err = s.search.From(ctx, from, s.found)
	default:
		err = s.search.CheapestFrom(ctx, from, s.found)
	}
	if s.err != nil {
		return s.err
	}
	if err != nil && ctx.Err() != nil {
		return s.w.x.check()
	}
	return err
}

func (s *pathSearch) found(p search.Path) bool {
	s.ends = append(s.ends, p.Nodes[len(p.Nodes)-1])
	if s.wantRels {
		s.lists = append(s.lists, relList(p.Rels, s.reversed))
	}
	if s.idx = append(s.idx, s.row); len(s.idx) == s.w.x.batchSize() {
		s.err = s.flush()
	}
	return s.err == nil
}

func (s *pathSearch) flush() error {
	n := len(s.idx)
	if n == 0 {
		return nil
	}
	if !s.toBound {
		s.endsVec = column.Vector{Type: column.Node, Refs: s.ends}
		s.setOwn(s.to, &s.endsVec)
	}
	if s.wantRels {
		s.relsVec = column.Vector{Type: column.Any, Anys: s.lists}
		s.setOwn(s.rels, &s.relsVec)
	}
	err := s.spread.push(n, s.idx, nil)
	s.idx, s.ends, s.lists = s.idx[:0], s.ends[:0], s.lists[:0]
	return err
}

// labelled keeps ends that have the labels wanted.
func (s *pathSearch) labelled(nodes []uint32, keep []int32) ([]int32, error) {
	for at := 0; at < len(nodes); at += column.BatchSize {
		part := nodes[at:min(at+column.BatchSize, len(nodes))]
		sel, err := s.check.filter(len(part), nil, 0, part, nil)
		if err != nil {
			return nil, err
		}
		if sel == nil {
			sel = column.Identity(len(part))
		}
		for _, i := range sel {
			keep = append(keep, int32(at)+i)
		}
	}
	return keep, nil
}

// costOf evaluates the cost of hops.
func (s *pathSearch) costOf(from, rel, to []uint32, out []float64) error {
	for at := 0; at < len(rel); at += column.BatchSize {
		end := min(at+column.BatchSize, len(rel))
		b := s.hop.set(from[at:end], rel[at:end], to[at:end])
		s.hop.expr.Reset()
		v, err := expr.Eval(s.hop.expr, s.cost, b)
		if err != nil {
			return err
		}
		if err := s.floats(v, rel[at:end], out[at:end]); err != nil {
			return err
		}
	}
	return nil
}

func (s *pathSearch) floats(v *column.Vector, rel []uint32, out []float64) error {
	for i := range out {
		switch val := v.Value(i); val.Kind() {
		case value.KindNull:
			out[i] = search.NullCost()
		case value.KindInt:
			out[i] = float64(val.AsInt())
		case value.KindFloat:
			out[i] = val.AsFloat()
			if math.IsNaN(out[i]) {
				return s.costError(rel[i], "is NaN") // a NaN that search sees is a null
			}
		default:
			return s.costError(rel[i], fmt.Sprintf("is of type %s, not a number", val.Kind()))
		}
	}
	return nil
}

func (s *pathSearch) costError(rel uint32, what string) error {
	return status.Errorf(status.InvalidCost, "the cost of relationship %d %s", s.w.reader().RelID(rel), what).At(s.costPos).
		WithHint("costs must be numbers from 0 on; give a default with coalesce()")
}

func (s *pathSearch) badCost(rel uint32, cost float64) error {
	if math.IsNaN(cost) {
		return s.costError(rel, "is null")
	}
	return s.costError(rel, "is negative: "+strconv.FormatFloat(cost, 'g', -1, 64))
}
