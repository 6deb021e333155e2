package expr

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/value"
)

// inSet is a constant list prepared for IN.
type inSet struct {
	ints    map[int64]struct{} // integers, and floats that equal one
	strs    map[string]struct{}
	size    int
	hasNull bool
	plain   bool // only strings, numbers and nulls: the maps say it all
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
			// A float between two integers equals no integer; float vectors take the boxed path.
			if f := v.AsFloat(); f >= -1<<63 && f < 1<<63 && float64(int64(f)) == f {
				s.addInt(int64(f))
			}
		case value.KindString:
			if s.strs == nil {
				s.strs = make(map[string]struct{})
			}
			s.strs[v.AsString()] = struct{}{}
		default:
			s.plain = false
		}
	}
	return s
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
	out, err := c.ternary2(b, x, list, func(x, list value.Value) (value.Ternary, error) {
		v, err := function.In(x, list)
		return ternary(v), err
	})
	return out, at(err, e.Pos)
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
