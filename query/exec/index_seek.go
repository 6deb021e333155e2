package exec

import (
	"slices"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/value"
)

// indexSeek finds entities by an index.
type indexSeek struct {
	plan *plan.IndexSeek
	spread
	expr          *expr.Context
	id            catalog.IndexID
	known         bool
	vals          []*column.Vector // of Equal
	in, low, high *column.Vector
	prefix        *column.Vector
	keys          []value.Value
	refs          []uint32
	col, from, to column.Vector
}

func (s *indexSeek) lookUp() error {
	if s.known && !s.w.prog.writes {
		return nil
	}
	idx, ok := s.w.reader().Catalog().IndexNamed(s.plan.Index)
	if !ok {
		return status.Errorf(status.NoSuchIndex, "no index is named `%s`", s.plan.Index)
	}
	s.id, s.known = idx.ID, true
	return nil
}

func (s *indexSeek) push(b *column.Batch) error {
	if err := s.lookUp(); err != nil {
		return err
	}
	if err := s.operands(b); err != nil {
		return err
	}
	s.begin(b)
	for _, r := range b.Selection() {
		if err := s.seek(int(r)); err != nil {
			return err
		}
		if err := pushRefs(&s.spread, r, s.refs, s.bind); err != nil {
			return err
		}
	}
	return nil
}

// operands evaluates what is sought for, for all rows.
func (s *indexSeek) operands(b *column.Batch) (err error) {
	s.expr.Reset()
	eval := func(e expr.Expr) *column.Vector {
		if e == nil || err != nil {
			return nil
		}
		var v *column.Vector
		v, err = expr.Eval(s.expr, e, b)
		return v
	}
	s.vals = s.vals[:0]
	for _, e := range s.plan.Equal {
		s.vals = append(s.vals, eval(e))
	}
	s.in, s.prefix = eval(s.plan.In), eval(s.plan.Prefix)
	s.low, s.high = eval(s.plan.Low.Value), eval(s.plan.High.Value)
	return err
}

// seek sets refs to what row r asks for, ascending.
func (s *indexSeek) seek(r int) (err error) {
	s.refs, s.keys = s.refs[:0], s.keys[:0]
	for _, v := range s.vals {
		k := v.Value(r)
		if k.IsNull() {
			return nil
		}
		s.keys = append(s.keys, k)
	}
	rd := s.w.reader()
	switch {
	case s.in != nil:
		return s.seekIn(s.in.Value(r))
	case s.prefix != nil:
		p := s.prefix.Value(r)
		if p.Kind() != value.KindString {
			return nil
		}
		c, err := rd.IndexStartsWith(s.id, s.keys, p.AsString())
		if err != nil {
			return err
		}
		return s.drain(c)
	case s.low != nil || s.high != nil:
		return s.seekRange(r)
	}
	if s.refs, err = rd.IndexEqual(s.id, s.keys, s.refs); err != nil {
		return err
	}
	s.order()
	return nil
}

func (s *indexSeek) seekIn(list value.Value) (err error) {
	switch list.Kind() {
	case value.KindList:
	case value.KindNull:
		return nil
	default:
		return noList(list, s.plan.InPos)
	}
	n := len(s.keys)
	for _, k := range list.Elems() {
		if k.IsNull() {
			continue
		}
		s.keys = append(s.keys[:n], k)
		if s.refs, err = s.w.reader().IndexEqual(s.id, s.keys, s.refs); err != nil {
			return err
		}
	}
	s.order()
	return nil
}

// noList is the error of IN without a list, as a filter says it.
func noList(v value.Value, pos status.Pos) error {
	_, err := function.In(value.Null, v)
	return at(err, pos)
}

func (s *indexSeek) seekRange(r int) error {
	var lo, hi graph.Bound
	if s.low != nil {
		if lo = (graph.Bound{Value: s.low.Value(r), Inclusive: s.plan.Low.Inclusive}); lo.Value.IsNull() {
			return nil
		}
	}
	if s.high != nil {
		if hi = (graph.Bound{Value: s.high.Value(r), Inclusive: s.plan.High.Inclusive}); hi.Value.IsNull() {
			return nil
		}
	}
	c, err := s.w.reader().IndexRange(s.id, s.keys, lo, hi)
	if err != nil {
		return err
	}
	if err := s.drain(c); err != nil {
		return err
	}
	if lo.Value.Kind() == value.KindList || hi.Value.Kind() == value.KindList {
		return s.compare(lo, hi)
	}
	return nil
}

// compare keeps the refs between lo and hi. Lists need it: all of them have a place in
// the index, and not all of them can be compared.
func (s *indexSeek) compare(lo, hi graph.Bound) error {
	rd := s.w.reader()
	key, ok := rd.Catalog().Key(s.plan.Properties[len(s.keys)])
	if !ok {
		s.refs = s.refs[:0]
		return nil
	}
	property := rd.NodeProperty
	if s.plan.Node == plan.NoSlot {
		property = rd.RelProperty
	}
	var vals column.Vector
	kept := s.refs[:0]
	for from := 0; from < len(s.refs); from += column.BatchSize {
		some := s.refs[from:min(from+column.BatchSize, len(s.refs))]
		if err := property(key, some, nil, &vals); err != nil {
			return err
		}
		for i, ref := range some {
			v := vals.Value(i)
			if within(v, lo, value.Greater) && within(v, hi, value.Less) {
				kept = append(kept, ref)
			}
		}
	}
	s.refs = kept
	return nil
}

// within reports whether v lies on the given side of b, or is b where that is included.
func within(v value.Value, b graph.Bound, side value.Relation) bool {
	if b.Value.IsNull() {
		return true
	}
	rel := value.Compare(v, b.Value)
	return rel == side || rel == value.Same && b.Inclusive
}

func (s *indexSeek) drain(c *graph.IndexCursor) error {
	defer c.Close()
	for {
		if err := s.w.x.check(); err != nil {
			return err
		}
		s.refs = slices.Grow(s.refs, column.BatchSize)
		n, err := c.Next(s.refs[len(s.refs) : len(s.refs)+column.BatchSize])
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		s.refs = s.refs[:len(s.refs)+n]
	}
	s.order()
	return nil
}

func (s *indexSeek) order() {
	if len(s.refs) > 1 {
		slices.Sort(s.refs)
		s.refs = slices.Compact(s.refs)
	}
}

func (s *indexSeek) bind(part []uint32) error {
	if s.plan.Node != plan.NoSlot {
		s.col = column.Vector{Type: column.Node, Refs: part}
		s.setOwn(s.plan.Node, &s.col)
		return nil
	}
	s.col = column.Vector{Type: column.Rel, Refs: part}
	s.setOwn(s.plan.Rel, &s.col)
	s.from.Reset(column.Node, len(part))
	s.to.Reset(column.Node, len(part))
	if err := s.w.reader().RelEnds(part, nil, s.from.Refs, s.to.Refs); err != nil {
		return err
	}
	s.setOwn(s.plan.From, &s.from)
	s.setOwn(s.plan.To, &s.to)
	return nil
}

func (b *builder) indexSeek(n *plan.IndexSeek, lanes []lane) (runner, error) {
	return b.input(n.Input, each(lanes, func(l lane) operator {
		s := &indexSeek{plan: n, expr: l.w.newExpr()}
		if n.Node != plan.NoSlot {
			s.spread = newSpread(l, n.Live, n.Node)
		} else {
			s.spread = newSpread(l, n.Live, n.Rel, n.From, n.To)
		}
		b.scope.onReset(func() { s.known = false })
		return s
	}))
}
