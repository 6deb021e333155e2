package expr

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/value"
)

// inSet is a list prepared for IN.
type inSet struct {
	ints    map[int64]struct{} // integers, and floats that equal one
	floats  map[float64]struct{}
	strs    map[string]struct{}
	nodes   map[uint32]struct{}
	rels    map[uint32]struct{}
	size    int
	hasNull bool
	plain   bool // of these kinds and nulls only: the maps say it all
}

func newInSet(list []value.Value) *inSet {
	s := &inSet{plain: true, size: len(list)}
	for _, v := range list {
		switch v.Kind() {
		case value.KindNull:
			s.hasNull = true
		case value.KindInt:
			s.addInt(v.AsInt())
		case value.KindFloat:
			if i, ok := wholeFloat(v.AsFloat()); ok {
				s.addInt(i)
			} else if s.floats == nil {
				s.floats = map[float64]struct{}{v.AsFloat(): {}}
			} else {
				s.floats[v.AsFloat()] = struct{}{}
			}
		case value.KindString:
			if s.strs == nil {
				s.strs = make(map[string]struct{})
			}
			s.strs[v.AsString()] = struct{}{}
		case value.KindNode:
			s.nodes = addRef(s.nodes, v.Ref())
		case value.KindRelationship:
			s.rels = addRef(s.rels, v.Ref())
		default:
			s.plain = false
			return s
		}
	}
	return s
}

// wholeFloat returns the integer that f equals, if any.
func wholeFloat(f float64) (int64, bool) {
	if f >= -1<<63 && f < 1<<63 && float64(int64(f)) == f {
		return int64(f), true
	}
	return 0, false
}

func addRef(m map[uint32]struct{}, ref uint32) map[uint32]struct{} {
	if m == nil {
		m = make(map[uint32]struct{})
	}
	m[ref] = struct{}{}
	return m
}

// test is `v IN list` for a plain set.
func (s *inSet) test(v value.Value) value.Ternary {
	found := false
	switch v.Kind() {
	case value.KindNull:
		if s.size == 0 {
			return value.False
		}
		return value.Unknown
	case value.KindInt:
		_, found = s.ints[v.AsInt()]
	case value.KindFloat:
		if i, ok := wholeFloat(v.AsFloat()); ok {
			_, found = s.ints[i]
		} else {
			_, found = s.floats[v.AsFloat()]
		}
	case value.KindString:
		_, found = s.strs[v.AsString()]
	case value.KindNode:
		_, found = s.nodes[v.Ref()]
	case value.KindRelationship:
		_, found = s.rels[v.Ref()]
	}
	switch {
	case found:
		return value.True
	case s.hasNull:
		return value.Unknown
	}
	return value.False
}

func (s *inSet) addInt(i int64) {
	if s.ints == nil {
		s.ints = make(map[int64]struct{})
	}
	s.ints[i] = struct{}{}
}

func (c *Context) in(e *In, b *column.Batch) (*column.Vector, error) {
	x, err := c.eval(e.X, b)
	if err != nil {
		return nil, err
	}
	list, err := c.eval(e.List, b)
	if err != nil {
		return nil, err
	}
	if list.Const && !x.Const && (x.Type == column.Int || x.Type == column.String) {
		if v := list.Value(0); v.Kind() == value.KindList {
			if set := c.inSetOf(e, v); set.plain {
				return c.inPlain(e, set, x, b), nil
			}
		}
	}
	var lists listCache
	out, err := c.ternary2(b, x, list, func(x, list value.Value) (value.Ternary, error) {
		if set := lists.set(list); set != nil {
			return set.test(x), nil
		}
		v, err := function.In(x, list)
		return ternary(v), err
	})
	return out, at(err, e.Pos)
}

// listCache prepares a list that several rows in a row share, as they do after
// WITH collect(…) AS list.
type listCache struct {
	elems []value.Value
	asked int
	made  *inSet
}

// minSetList is the length from which preparing a list can pay.
const minSetList = 8

// set returns the set of list, or nil where comparing its elements is the way.
func (l *listCache) set(list value.Value) *inSet {
	if list.Kind() != value.KindList {
		return nil
	}
	elems := list.Elems()
	if len(elems) < minSetList {
		return nil
	}
	if len(elems) != len(l.elems) || &elems[0] != &l.elems[0] {
		*l = listCache{elems: elems, asked: 1}
		return nil
	}
	if l.asked++; l.asked == 3 { // the third row makes it likely that more follow
		l.made = newInSet(elems)
	}
	if l.made != nil && l.made.plain {
		return l.made
	}
	return nil
}

// inSetOf prepares the list once where it is the same for the whole execution.
func (c *Context) inSetOf(e *In, list value.Value) *inSet {
	switch e.List.(type) {
	case *Const, *Param:
	default:
		return newInSet(list.Elems())
	}
	if s, ok := c.sets[e]; ok {
		return s
	}
	if c.sets == nil {
		c.sets = make(map[Expr]*inSet)
	}
	s := newInSet(list.Elems())
	c.sets[e] = s
	return s
}

func (c *Context) inPlain(e *In, set *inSet, x *column.Vector, b *column.Batch) *column.Vector {
	var out *column.Vector
	if x.Type == column.String {
		test := func(s string) bool { _, ok := set.strs[s]; return ok }
		if x.Dict != nil && isFixed(e.List) {
			out = c.dictTest(e, x, b, "", test)
		}
		if out == nil {
			out = c.result(column.Bool, b, false)
			for _, r := range b.Selection() {
				if !x.Nulls.Get(int(r)) {
					out.Bools[r] = test(x.Str(int(r)))
				}
			}
		}
	} else {
		out = c.result(column.Bool, b, false)
		for _, r := range b.Selection() {
			_, out.Bools[r] = set.ints[x.Ints[r]]
		}
	}
	switch {
	case set.hasNull: // what is not found may be the null
		out.Nulls = nil
		for _, r := range b.Selection() {
			if x.Nulls.Get(int(r)) || !out.Bools[r] {
				out.SetNull(int(r), b.Len)
			}
		}
	case set.size > 0:
		out.Nulls = x.Nulls
	default: // nothing is in the empty list, null neither
		out.Nulls = nil
		clear(out.Bools)
	}
	return out
}

// isFixed reports whether e keeps its value for a whole execution.
func isFixed(e Expr) bool {
	switch e.(type) {
	case *Const, *Param:
		return true
	}
	return false
}
