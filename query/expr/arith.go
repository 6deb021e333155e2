package expr

import (
	"math"
	"math/bits"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

func (c *Context) arith(e *Arith, b *column.Batch) (*column.Vector, error) {
	l, err := c.eval(e.Left, b)
	if err != nil {
		return nil, err
	}
	r, err := c.eval(e.Right, b)
	if err != nil {
		return nil, err
	}
	if !(l.Const && r.Const) && !l.IsConstNull() && !r.IsConstNull() {
		switch {
		case l.Type == column.Int && r.Type == column.Int && e.Op < Pow:
			return c.arithInts(e, l, r, b)
		case isNumber(l) && isNumber(r) && e.Op <= Pow:
			return c.arithFloats(e, l, r, b)
		}
	}
	out, err := c.boxed2(b, l, r, func(x, y value.Value) (value.Value, error) {
		if e.Op != Add && e.Op < Concat {
			return e.Op.boxed(x, y)
		}
		if err := c.joining(x, y); err != nil {
			return value.Null, err
		}
		v, err := e.Op.boxed(x, y)
		if err == nil && v.Depth() > 1 {
			err = c.put(v)
		}
		return v, err
	})
	return out, at(err, e.Pos)
}

func isNumber(v *column.Vector) bool { return v.Type == column.Int || v.Type == column.Float }

// boxed is the operator's meaning for any two values.
func (op ArithOp) boxed(x, y value.Value) (value.Value, error) {
	switch op {
	case Add:
		return function.Add(x, y)
	case Sub:
		return function.Sub(x, y)
	case Mul:
		return function.Mul(x, y)
	case Div:
		return function.Div(x, y)
	case Mod:
		return function.Mod(x, y)
	case Pow:
		return function.Pow(x, y)
	}
	return function.Concat(x, y)
}

// arithInts computes on integers. Entries of null rows are computed like others, and
// an error in one of them is none.
func (c *Context) arithInts(e *Arith, l, r *column.Vector, b *column.Batch) (*column.Vector, error) {
	out := c.result(column.Int, b, false)
	out.Nulls = c.nullsOf(b, l, r)
	x, y, xm, ym := l.Ints, r.Ints, mask(l), mask(r)
	bad := int32(-1)
	fail := func(i int32) {
		if bad < 0 && !out.Nulls.Get(int(i)) {
			bad = i
		}
	}
	rows := b.Selection()
	switch e.Op {
	case Add:
		for _, i := range rows {
			p, q := x[int(i)&xm], y[int(i)&ym]
			s := p + q
			out.Ints[i] = s
			if (s^p)&(s^q) < 0 {
				fail(i)
			}
		}
	case Sub:
		for _, i := range rows {
			p, q := x[int(i)&xm], y[int(i)&ym]
			s := p - q
			out.Ints[i] = s
			if (p^q)&(p^s) < 0 {
				fail(i)
			}
		}
	case Mul:
		for _, i := range rows {
			p, q := x[int(i)&xm], y[int(i)&ym]
			out.Ints[i] = p * q
			if mulOverflows(p, q) {
				fail(i)
			}
		}
	case Div, Mod:
		for _, i := range rows {
			p, q := x[int(i)&xm], y[int(i)&ym]
			switch {
			case q == 0 || (e.Op == Div && p == math.MinInt64 && q == -1):
				fail(i)
			case e.Op == Div:
				out.Ints[i] = p / q
			default:
				out.Ints[i] = p % q
			}
		}
	}
	if bad >= 0 { // the boxed operator words the error
		_, err := e.Op.boxed(l.Value(int(bad)), r.Value(int(bad)))
		if err == nil {
			err = status.Errorf(status.Internal, "%s disagrees with its kernel", e.Op)
		}
		return nil, at(err, e.Pos)
	}
	return out, nil
}

func mulOverflows(p, q int64) bool {
	hi, lo := bits.Mul64(uint64(p), uint64(q))
	if p < 0 {
		hi -= uint64(q)
	}
	if q < 0 {
		hi -= uint64(p)
	}
	return int64(hi) != int64(lo)>>63
}

func (c *Context) arithFloats(e *Arith, l, r *column.Vector, b *column.Batch) (*column.Vector, error) {
	out := c.result(column.Float, b, false)
	out.Nulls = c.nullsOf(b, l, r)
	x, y := c.floats(l, b), c.floats(r, b)
	xm, ym := mask(l), mask(r)
	rows := b.Selection()
	switch e.Op {
	case Add:
		for _, i := range rows {
			out.Floats[i] = x[int(i)&xm] + y[int(i)&ym]
		}
	case Sub:
		for _, i := range rows {
			out.Floats[i] = x[int(i)&xm] - y[int(i)&ym]
		}
	case Mul:
		for _, i := range rows {
			out.Floats[i] = x[int(i)&xm] * y[int(i)&ym]
		}
	case Div:
		for _, i := range rows {
			out.Floats[i] = x[int(i)&xm] / y[int(i)&ym]
		}
	case Mod:
		for _, i := range rows {
			out.Floats[i] = math.Mod(x[int(i)&xm], y[int(i)&ym])
		}
	case Pow:
		for _, i := range rows {
			out.Floats[i] = math.Pow(x[int(i)&xm], y[int(i)&ym])
		}
	}
	return out, nil
}

// floats returns the entries of a number vector as floats.
func (c *Context) floats(v *column.Vector, b *column.Batch) []float64 {
	if v.Type == column.Float {
		return v.Floats
	}
	out := c.pool.vector()
	out.Reset(column.Float, len(v.Ints))
	if v.Const {
		out.Floats[0] = float64(v.Ints[0])
		return out.Floats
	}
	for _, i := range b.Selection() {
		out.Floats[i] = float64(v.Ints[i])
	}
	return out.Floats
}

func (c *Context) neg(e *Neg, b *column.Batch) (*column.Vector, error) {
	v, err := c.eval(e.X, b)
	if err != nil {
		return nil, err
	}
	if v.Type == column.Float && !v.Const {
		out := c.result(column.Float, b, false)
		out.Nulls = v.Nulls
		for _, r := range b.Selection() {
			out.Floats[r] = -v.Floats[r]
		}
		return out, nil
	}
	out, err := c.boxed1(b, v, function.Neg)
	return out, at(err, e.Pos)
}
