package exec

import (
	"slices"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/value"
)

// nodeByID finds nodes by the ids that users see.
type nodeByID struct {
	plan *plan.NodeByID
	spread
	expr *expr.Context
	refs column.Vector
}

func (s *nodeByID) push(b *column.Batch) error {
	s.expr.Reset()
	ids, err := expr.Eval(s.expr, s.plan.ID, b)
	if err != nil {
		return err
	}
	s.begin(b)
	for _, r := range b.Selection() {
		if err := s.row(r, ids.Value(int(r))); err != nil {
			return err
		}
	}
	return nil
}

func (s *nodeByID) row(r int32, id value.Value) error {
	list := []value.Value{id}
	if s.plan.List {
		switch id.Kind() {
		case value.KindList:
		case value.KindNull:
			return nil
		default:
			return noList(id, s.plan.Pos)
		}
		list = id.Elems()
	}
	var refs []uint32
	for _, v := range list {
		n, ok := wireID(v)
		if !ok {
			continue
		}
		ref, ok, err := s.w.reader().NodeByID(n)
		if err != nil {
			return err
		}
		if ok {
			refs = append(refs, ref)
		}
	}
	slices.Sort(refs)
	refs = slices.Compact(refs)
	return pushRefs(&s.spread, r, refs, func(part []uint32) error {
		s.refs = column.Vector{Type: column.Node, Refs: part}
		s.setOwn(s.plan.Node, &s.refs)
		return nil
	})
}

// wireID reads an id as a query gives it; whole floats equal integers.
func wireID(v value.Value) (uint64, bool) {
	switch v.Kind() {
	case value.KindInt:
		return uint64(v.AsInt()), v.AsInt() >= 0
	case value.KindFloat:
		f := v.AsFloat()
		n := int64(f)
		return uint64(n), f >= 0 && f < 1<<62 && float64(n) == f
	}
	return 0, false
}

// pushRefs gives refs as continuations of input row r, a batch at a time; bind sets
// the operator's columns.
func pushRefs(s *spread, r int32, refs []uint32, bind func(part []uint32) error) error {
	size := s.w.x.batchSize()
	for len(refs) > 0 {
		part := refs[:min(size, len(refs))]
		refs = refs[len(part):]
		if err := bind(part); err != nil {
			return err
		}
		if err := s.pushFrom(r, len(part), nil); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) nodeByID(n *plan.NodeByID, lanes []lane) (runner, error) {
	return b.input(n.Input, each(lanes, func(l lane) operator {
		return &nodeByID{plan: n, spread: newSpread(l, n.Live, n.Node), expr: l.w.newExpr()}
	}))
}
