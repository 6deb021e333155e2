package expr

import (
	"cmp"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/value"
)

func (c *Context) compare(e *Compare, b *column.Batch) (*column.Vector, error) {
	l, err := c.eval(e.Left, b)
	if err != nil {
		return nil, err
	}
	r, err := c.eval(e.Right, b)
	if err != nil {
		return nil, err
	}
	return c.compareVectors(e, e.Op, l, r, b)
}

// compareVectors compares row by row; e is the key of what is remembered about
// dictionaries.
func (c *Context) compareVectors(e Expr, op CompareOp, l, r *column.Vector, b *column.Batch) (*column.Vector, error) {
	if l.Type == column.Null || r.Type == column.Null {
		return c.constant(value.Null), nil
	}
	if l.Const && !r.Const { // constants stand on the right
		l, r, op = r, l, op.swapped()
	}
	if l.Type == column.String && r.Type == column.String && r.Const && l.Dict != nil {
		if out := c.dictTest(e, l, b, r.Str(0), func(s string) bool { return op.holds(cmp.Compare(s, r.Str(0))) }); out != nil {
			return out, nil
		}
	}
	rows, constant := rowsFor(b, l, r)
	if !comparable2(op, l.Type, r.Type) {
		return c.ternary2(b, l, r, func(x, y value.Value) (value.Ternary, error) { return op.boxed(x, y), nil })
	}
	out := c.result(column.Bool, b, constant)
	if !constant {
		out.Nulls = c.nullsOf(b, l, r)
	} else if l.IsNull(0) || r.IsNull(0) {
		return c.constant(value.Null), nil
	}
	dense := b.Sel == nil && !constant && r.Const && !l.Const
	switch l.Type {
	case column.Int, column.Date:
		if r.Type == column.Float {
			compareMixed(op, out.Bools, l, r, rows)
		} else if dense {
			denseConst(op, out.Bools, l.Ints[:b.Len], r.Ints[0])
		} else {
			compareLoop(op, out.Bools, l.Ints, r.Ints, mask(l), mask(r), rows)
		}
	case column.Float:
		if r.Type == column.Int {
			compareMixed(op, out.Bools, l, r, rows)
		} else if dense {
			denseConst(op, out.Bools, l.Floats[:b.Len], r.Floats[0])
		} else {
			compareLoop(op, out.Bools, l.Floats, r.Floats, mask(l), mask(r), rows)
		}
	case column.String:
		compareStrings(op, out.Bools, out.Nulls, l, r, rows)
	case column.Node, column.Rel:
		compareLoop(op, out.Bools, l.Refs, r.Refs, mask(l), mask(r), rows)
	case column.Bool:
		for _, i := range rows {
			out.Bools[i] = op.holds(boolOrder(l.Bools[int(i)&mask(l)]) - boolOrder(r.Bools[int(i)&mask(r)]))
		}
	}
	return out, nil
}

func boolOrder(b bool) int {
	if b {
		return 1
	}
	return 0
}

// comparable2 reports whether there is a kernel for these types.
func comparable2(op CompareOp, l, r column.Type) bool {
	switch {
	case l == column.Any:
		return false
	case l == r:
		return op <= Ne || (l != column.Node && l != column.Rel)
	}
	return l == column.Int && r == column.Float || l == column.Float && r == column.Int
}

// mask makes index i&mask of a constant vector 0.
func mask(v *column.Vector) int {
	if v.Const {
		return 0
	}
	return -1
}

// nullsOf returns the rows of b where an operand is null, constants being known not to be.
func (c *Context) nullsOf(b *column.Batch, l, r *column.Vector) column.Bitmap {
	var ln, rn column.Bitmap
	if l.Const {
		ln = constNulls(l, b.Len)
	} else {
		ln = l.Nulls
	}
	if r.Const {
		rn = constNulls(r, b.Len)
	} else {
		rn = r.Nulls
	}
	return column.Union(nil, ln, rn, b.Len)
}

// constNulls widens the null bit of a constant to n rows.
func constNulls(v *column.Vector, n int) column.Bitmap {
	if !v.IsNull(0) {
		return nil
	}
	all := column.NewBitmap(n)
	for i := range all {
		all[i] = ^uint64(0)
	}
	return all
}

// swapped returns the operator for exchanged operands.
func (op CompareOp) swapped() CompareOp {
	switch op {
	case Lt:
		return Gt
	case Le:
		return Ge
	case Gt:
		return Lt
	case Ge:
		return Le
	}
	return op
}

// holds applies the operator to a comparison's sign.
func (op CompareOp) holds(sign int) bool {
	switch op {
	case Eq:
		return sign == 0
	case Ne:
		return sign != 0
	case Lt:
		return sign < 0
	case Le:
		return sign <= 0
	case Gt:
		return sign > 0
	}
	return sign >= 0
}

// boxed is the operator's meaning for any two values.
func (op CompareOp) boxed(x, y value.Value) value.Ternary {
	switch op {
	case Eq:
		return value.Equal(x, y)
	case Ne:
		return value.Equal(x, y).Not()
	}
	switch rel := value.Compare(x, y); rel {
	case value.Incomparable:
		return value.Unknown
	case value.Unordered:
		return value.False
	default:
		return value.Truth(op.holds(int(rel)))
	}
}

// denseConst compares every entry of a with k.
func denseConst[T cmp.Ordered](op CompareOp, dst []bool, a []T, k T) {
	dst = dst[:len(a)]
	switch op {
	case Eq:
		for i, x := range a {
			dst[i] = x == k
		}
	case Ne:
		for i, x := range a {
			dst[i] = x != k
		}
	case Lt:
		for i, x := range a {
			dst[i] = x < k
		}
	case Le:
		for i, x := range a {
			dst[i] = x <= k
		}
	case Gt:
		for i, x := range a {
			dst[i] = x > k
		}
	case Ge:
		for i, x := range a {
			dst[i] = x >= k
		}
	}
}

// compareLoop compares the rows of a and b, whose masks are 0 where one is constant.
func compareLoop[T cmp.Ordered](op CompareOp, dst []bool, a, b []T, am, bm int, rows []int32) {
	switch op {
	case Eq:
		for _, r := range rows {
			dst[r] = a[int(r)&am] == b[int(r)&bm]
		}
	case Ne:
		for _, r := range rows {
			dst[r] = a[int(r)&am] != b[int(r)&bm]
		}
	case Lt:
		for _, r := range rows {
			dst[r] = a[int(r)&am] < b[int(r)&bm]
		}
	case Le:
		for _, r := range rows {
			dst[r] = a[int(r)&am] <= b[int(r)&bm]
		}
	case Gt:
		for _, r := range rows {
			dst[r] = a[int(r)&am] > b[int(r)&bm]
		}
	case Ge:
		for _, r := range rows {
			dst[r] = a[int(r)&am] >= b[int(r)&bm]
		}
	}
}

// compareMixed compares an integer with a float vector, exactly.
func compareMixed(op CompareOp, dst []bool, l, r *column.Vector, rows []int32) {
	lm, rm := mask(l), mask(r)
	for _, i := range rows {
		var rel value.Relation
		if l.Type == column.Int {
			rel = value.CompareFloatInt(r.Floats[int(i)&rm], l.Ints[int(i)&lm])
			if rel != value.Unordered {
				rel = -rel
			}
		} else {
			rel = value.CompareFloatInt(l.Floats[int(i)&lm], r.Ints[int(i)&rm])
		}
		if rel == value.Unordered {
			dst[i] = op == Ne
			continue
		}
		dst[i] = op.holds(int(rel))
	}
}

// compareStrings skips null rows, whose codes are undefined.
func compareStrings(op CompareOp, dst []bool, nulls column.Bitmap, l, r *column.Vector, rows []int32) {
	if l.Dict != nil && l.Dict == r.Dict && op <= Ne {
		compareLoop(op, dst, l.Codes, r.Codes, mask(l), mask(r), rows)
		return
	}
	for _, i := range rows {
		if nulls.Get(int(i)) {
			continue
		}
		x, y := l.Str(int(i)), r.Str(int(i))
		switch op {
		case Eq:
			dst[i] = x == y
		case Ne:
			dst[i] = x != y
		default:
			dst[i] = op.holds(cmp.Compare(x, y))
		}
	}
}

// chain compares neighbours from left to right; an operand further right is only
// evaluated for rows that no pair before made false.
func (c *Context) chain(e *Chain, b *column.Batch) (*column.Vector, error) {
	left, err := c.eval(e.Args[0], b)
	if err != nil {
		return nil, err
	}
	out := c.result(column.Bool, b, false)
	open := with(b, b.Selection())
	for _, r := range open.Sel {
		out.Bools[r] = true
	}
	for i, op := range e.Ops {
		right, err := c.eval(e.Args[i+1], &open)
		if err != nil {
			return nil, err
		}
		pair, err := c.compareVectors(e.Args[i+1], op, left, right, &open)
		if err != nil {
			return nil, err
		}
		left, open.Sel = right, c.narrowAnd(out, pair, open.Sel, b.Len)
		if len(open.Sel) == 0 {
			break
		}
	}
	return out, nil
}

// narrowAnd ands t into out for rows and returns the rows that are not false yet.
func (c *Context) narrowAnd(out, t *column.Vector, rows []int32, n int) []int32 {
	open := c.pool.rows(len(rows))
	for _, r := range rows {
		switch {
		case t.IsNull(int(r)):
			out.SetNull(int(r), n)
			open = append(open, r)
		case t.Bools[int(r)&mask(t)]:
			open = append(open, r)
		default:
			out.Bools[r] = false
			clearNull(out, int(r))
		}
	}
	return open
}
