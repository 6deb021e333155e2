package expr

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// truth returns v as a Bool (or Null) vector; a value that is neither boolean nor
// null is an error.
func (c *Context) truth(v *column.Vector, b *column.Batch, op string, pos status.Pos) (*column.Vector, error) {
	if v.Type == column.Bool || v.Type == column.Null {
		return v, nil
	}
	rows, constant := rowsFor(b, v)
	out := c.result(column.Bool, b, constant)
	n := lenOf(b, constant)
	for _, r := range rows {
		switch val := v.Value(int(r)); val.Kind() {
		case value.KindNull:
			setTernary(out, int(r), n, value.Unknown)
		case value.KindBool:
			out.Bools[r] = val.AsBool()
		default:
			return nil, mismatch(pos, "an operand of "+op, val, "BOOLEAN")
		}
	}
	return out, nil
}

func (c *Context) logic(e *Logic, b *column.Batch) (*column.Vector, error) {
	if e.Op == Xor {
		return c.xor(e, b)
	}
	decides := e.Op == Or // the truth value that needs no further operand
	out := c.result(column.Bool, b, false)
	open := with(b, b.Selection())
	for _, r := range open.Sel {
		out.Bools[r] = !decides
	}
	for _, a := range e.Args {
		v, err := c.eval(a, &open)
		if err != nil {
			return nil, err
		}
		if v, err = c.truth(v, &open, e.Op.String(), e.Pos); err != nil {
			return nil, err
		}
		if open.Sel = c.decide(out, v, open.Sel, b.Len, decides); len(open.Sel) == 0 {
			break
		}
	}
	return out, nil
}

// decide folds the operand t into out and returns the rows that are still open:
// those where it is not the deciding truth value.
func (c *Context) decide(out, t *column.Vector, rows []int32, n int, decides bool) []int32 {
	open := c.pool.rows(len(rows))
	if t.Type == column.Bool && t.Nulls == nil {
		open = open[:len(rows)]
		k, m := 0, mask(t)
		for _, r := range rows {
			open[k] = r
			if t.Bools[int(r)&m] != decides {
				k++
				continue
			}
			out.Bools[r] = decides
			clearNull(out, int(r))
		}
		return open[:k]
	}
	for _, r := range rows {
		switch {
		case t.IsNull(int(r)):
			out.SetNull(int(r), n)
			open = append(open, r)
		case t.Bools[int(r)&mask(t)] != decides:
			open = append(open, r)
		default:
			out.Bools[r] = decides
			clearNull(out, int(r))
		}
	}
	return open
}

func (c *Context) xor(e *Logic, b *column.Batch) (*column.Vector, error) {
	out := c.result(column.Bool, b, false)
	rows := b.Selection()
	clear(out.Bools)
	for _, a := range e.Args {
		v, err := c.eval(a, b)
		if err != nil {
			return nil, err
		}
		if v, err = c.truth(v, b, "XOR", e.Pos); err != nil {
			return nil, err
		}
		for _, r := range rows {
			if v.IsNull(int(r)) {
				out.SetNull(int(r), b.Len)
				continue
			}
			out.Bools[r] = out.Bools[r] != v.Bools[int(r)&mask(v)]
		}
	}
	return out, nil
}

func (c *Context) not(e *Not, b *column.Batch) (*column.Vector, error) {
	v, err := c.eval(e.X, b)
	if err != nil {
		return nil, err
	}
	if v, err = c.truth(v, b, "NOT", e.Pos); err != nil || v.Type == column.Null {
		return v, err
	}
	rows, constant := rowsFor(b, v)
	out := c.result(column.Bool, b, constant)
	out.Nulls = v.Nulls
	for _, r := range rows {
		out.Bools[r] = !v.Bools[r]
	}
	return out, nil
}

func (c *Context) isNull(e *IsNull, b *column.Batch) (*column.Vector, error) {
	v, err := c.eval(e.X, b)
	if err != nil {
		return nil, err
	}
	switch {
	case v.Const || v.Type == column.Null:
		return c.constant(value.Bool(v.IsNull(0) != e.Negated)), nil
	case v.Type != column.Any && v.Nulls == nil:
		return c.constant(value.Bool(e.Negated)), nil
	}
	out := c.result(column.Bool, b, false)
	for _, r := range b.Selection() {
		out.Bools[r] = v.IsNull(int(r)) != e.Negated
	}
	return out, nil
}

func (c *Context) typeTest(e *TypeTest, b *column.Batch) (*column.Vector, error) {
	v, err := c.eval(e.Base, b)
	if err != nil {
		return nil, err
	}
	rows, constant := rowsFor(b, v)
	out := c.result(column.Bool, b, constant)
	for _, r := range rows {
		out.Bools[r] = e.passes(v.Value(int(r))) != e.Negated
	}
	return out, nil
}

func (e *TypeTest) passes(v value.Value) bool {
	if !e.Kinds.Has(v.Kind()) {
		return false
	}
	if v.Kind() == value.KindList && e.Elem != 0 {
		for _, x := range v.Elems() {
			if !e.Elem.Has(x.Kind()) {
				return false
			}
		}
	}
	return true
}

// caseOf evaluates each branch for the rows that reach it.
func (c *Context) caseOf(e *Case, b *column.Batch) (*column.Vector, error) {
	var operand *column.Vector
	var err error
	if e.Operand != nil {
		if operand, err = c.eval(e.Operand, b); err != nil {
			return nil, err
		}
	}
	var parts scatter
	open := with(b, b.Selection())
	for i := range e.Whens {
		w := &e.Whens[i]
		rows, err := c.whenRows(e, w, operand, &open)
		if err != nil {
			return nil, err
		}
		if len(rows) > 0 {
			sub := with(b, rows)
			v, err := c.eval(w.Then, &sub)
			if err != nil {
				return nil, err
			}
			parts.add(v, rows)
			open.Sel = without(c.pool.rows(len(open.Sel)), open.Sel, rows)
		}
		if len(open.Sel) == 0 {
			break
		}
	}
	if e.Else != nil && len(open.Sel) > 0 {
		v, err := c.eval(e.Else, &open)
		if err != nil {
			return nil, err
		}
		parts.add(v, open.Sel)
	} else {
		parts.add(c.constant(value.Null), open.Sel)
	}
	return parts.join(c, b), nil
}

// whenRows returns the open rows that take branch w.
func (c *Context) whenRows(e *Case, w *When, operand *column.Vector, open *column.Batch) ([]int32, error) {
	if operand == nil {
		return c.filter(w.Cond, open)
	}
	v, err := c.eval(w.Cond, open)
	if err != nil {
		return nil, err
	}
	eq, err := c.compareVectors(w.Cond, Eq, operand, v, open)
	if err != nil {
		return nil, err
	}
	return c.trueRows(eq, open, e.Pos)
}

// scatter puts a vector together from vectors for some of its rows each.
type scatter struct {
	vecs []*column.Vector
	rows [][]int32
}

func (s *scatter) add(v *column.Vector, rows []int32) {
	if len(rows) > 0 {
		s.vecs, s.rows = append(s.vecs, v), append(s.rows, rows)
	}
}

func (s *scatter) join(c *Context, b *column.Batch) *column.Vector {
	t := column.Null
	for _, v := range s.vecs {
		switch {
		case v.Type == column.Null || v.Type == t:
		case t == column.Null:
			t = v.Type
		default:
			t = column.Any
		}
	}
	if t == column.Null {
		return c.constant(value.Null)
	}
	if len(s.vecs) == 1 {
		return s.vecs[0]
	}
	out := c.result(t, b, false)
	for i, v := range s.vecs {
		for _, r := range s.rows[i] {
			if v.IsNull(int(r)) {
				out.SetNull(int(r), b.Len)
				continue
			}
			at := int(r) & mask(v)
			switch t {
			case column.Bool:
				out.Bools[r] = v.Bools[at]
			case column.Int, column.Date:
				out.Ints[r] = v.Ints[at]
			case column.Float:
				out.Floats[r] = v.Floats[at]
			case column.String:
				out.Strs[r] = v.Str(at)
			case column.Node, column.Rel:
				out.Refs[r] = v.Refs[at]
			case column.Any:
				out.Anys[r] = v.Value(at)
			}
		}
	}
	return out
}
