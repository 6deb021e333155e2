package expr

import (
	"cmp"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// Filter returns the selected rows of b for which e is true, ascending. The list is
// valid until ctx.Reset. Conjuncts further right are evaluated only for the rows that
// those before let through.
func Filter(ctx *Context, e Expr, b *column.Batch) ([]int32, error) {
	return ctx.filter(e, b)
}

func (c *Context) filter(e Expr, b *column.Batch) ([]int32, error) {
	if b.Rows() == 0 {
		return c.pool.rows(0), nil
	}
	switch e := e.(type) {
	case *Logic:
		switch e.Op {
		case And:
			return c.filterAnd(e, b)
		case Or:
			return c.filterOr(e, b)
		}
	case *Compare:
		return c.filterCompare(e, b)
	}
	v, err := c.eval(e, b)
	if err != nil {
		return nil, err
	}
	return c.trueRows(v, b, posOf(e))
}

func (c *Context) filterAnd(e *Logic, b *column.Batch) ([]int32, error) {
	sub := *b
	for _, a := range e.Args {
		rows, err := c.filter(a, &sub)
		if err != nil || len(rows) == 0 {
			return rows, err
		}
		sub.Sel = rows
	}
	return sub.Sel, nil
}

func (c *Context) filterOr(e *Logic, b *column.Batch) ([]int32, error) {
	sub := with(b, b.Selection())
	var out []int32
	for _, a := range e.Args {
		rows, err := c.filter(a, &sub)
		if err != nil {
			return nil, err
		}
		if out == nil {
			out = rows
		} else {
			out = mergeRows(c.pool.rows(len(out)+len(rows)), out, rows)
		}
		if sub.Sel = without(c.pool.rows(len(sub.Sel)), sub.Sel, rows); len(sub.Sel) == 0 {
			break
		}
	}
	return out, nil
}

// mergeRows appends the union of two ascending lists without common rows.
func mergeRows(dst, a, b []int32) []int32 {
	for len(a) > 0 && len(b) > 0 {
		if a[0] < b[0] {
			dst, a = append(dst, a[0]), a[1:]
		} else {
			dst, b = append(dst, b[0]), b[1:]
		}
	}
	return append(append(dst, a...), b...)
}

// without appends the rows of a that are not in b, a sublist of it.
func without(dst, a, b []int32) []int32 {
	for _, r := range a {
		if len(b) > 0 && b[0] == r {
			b = b[1:]
			continue
		}
		dst = append(dst, r)
	}
	return dst
}

// trueRows returns the rows where v is true. Anything but a boolean or null is an error.
func (c *Context) trueRows(v *column.Vector, b *column.Batch, pos status.Pos) ([]int32, error) {
	rows := b.Selection()
	out := c.pool.rows(len(rows))
	switch {
	case v.Type == column.Null:
		return out, nil
	case v.Type == column.Bool && v.Const:
		if !v.IsNull(0) && v.Bools[0] {
			out = append(out, rows...)
		}
		return out, nil
	case v.Type == column.Bool:
		out = out[:len(rows)]
		k := 0
		for _, r := range rows {
			out[k] = r
			if v.Bools[r] {
				k++
			}
		}
		return dropNulls(out[:k], v.Nulls), nil
	}
	for _, r := range rows {
		switch val := v.Value(int(r)); val.Kind() {
		case value.KindNull:
		case value.KindBool:
			if val.AsBool() {
				out = append(out, r)
			}
		default:
			return nil, mismatch(pos, "a condition", val, "BOOLEAN")
		}
	}
	return out, nil
}

// dropNulls removes the rows that are null, in place.
func dropNulls(rows []int32, nulls column.Bitmap) []int32 {
	if nulls == nil {
		return rows
	}
	k := 0
	for _, r := range rows {
		rows[k] = r
		if !nulls.Get(int(r)) {
			k++
		}
	}
	return rows[:k]
}

// filterCompare writes the rows of a number column that pass straight into the
// selection, without a vector of booleans between.
func (c *Context) filterCompare(e *Compare, b *column.Batch) ([]int32, error) {
	l, err := c.eval(e.Left, b)
	if err != nil {
		return nil, err
	}
	r, err := c.eval(e.Right, b)
	if err != nil {
		return nil, err
	}
	op := e.Op
	if l.Const && !r.Const {
		l, r, op = r, l, op.swapped()
	}
	if r.Const && !l.Const && l.Type == r.Type && !r.IsNull(0) {
		out := c.pool.rows(b.Rows())[:b.Rows()]
		switch l.Type {
		case column.Int, column.Date:
			return dropNulls(filterConst(op, out, l.Ints[:b.Len], r.Ints[0], b.Sel), l.Nulls), nil
		case column.Float:
			return dropNulls(filterConst(op, out, l.Floats[:b.Len], r.Floats[0], b.Sel), l.Nulls), nil
		case column.Node, column.Rel:
			if op <= Ne {
				return dropNulls(filterConst(op, out, l.Refs[:b.Len], r.Refs[0], b.Sel), l.Nulls), nil
			}
		}
	}
	if l.Type == r.Type && b.Sel == nil && !l.Const && !r.Const && l.Nulls == nil && r.Nulls == nil {
		out := c.pool.rows(b.Len)[:b.Len]
		switch l.Type {
		case column.Int, column.Date:
			return filterPairs(op, out, l.Ints[:b.Len], r.Ints[:b.Len]), nil
		case column.Float:
			return filterPairs(op, out, l.Floats[:b.Len], r.Floats[:b.Len]), nil
		}
	}
	v, err := c.compareVectors(e, op, l, r, b)
	if err != nil {
		return nil, err
	}
	return c.trueRows(v, b, e.Pos)
}

// filterPairs is filterConst for two columns.
func filterPairs[T cmp.Ordered](op CompareOp, out []int32, a, b []T) []int32 {
	switch op {
	case Gt, Ge:
		a, b, op = b, a, op.swapped()
	}
	n := 0
	out, b = out[:len(a)], b[:len(a)]
	switch op {
	case Eq:
		for i, x := range a {
			out[n] = int32(i)
			if x == b[i] {
				n++
			}
		}
	case Ne:
		for i, x := range a {
			out[n] = int32(i)
			if x != b[i] {
				n++
			}
		}
	case Lt:
		for i, x := range a {
			out[n] = int32(i)
			if x < b[i] {
				n++
			}
		}
	case Le:
		for i, x := range a {
			out[n] = int32(i)
			if x <= b[i] {
				n++
			}
		}
	}
	return out[:n]
}

// filterConst writes the rows of a that compare with k as op says to out, which has
// room for all of them. Written without branches on the data: selectivity near a
// half would mispredict every other row.
func filterConst[T cmp.Ordered](op CompareOp, out []int32, a []T, k T, sel []int32) []int32 {
	if sel != nil {
		return filterConstSel(op, out, a, k, sel)
	}
	n := 0
	out = out[:len(a)]
	switch op {
	case Eq:
		for i, x := range a {
			out[n] = int32(i)
			if x == k {
				n++
			}
		}
	case Ne:
		for i, x := range a {
			out[n] = int32(i)
			if x != k {
				n++
			}
		}
	case Lt:
		for i, x := range a {
			out[n] = int32(i)
			if x < k {
				n++
			}
		}
	case Le:
		for i, x := range a {
			out[n] = int32(i)
			if x <= k {
				n++
			}
		}
	case Gt:
		for i, x := range a {
			out[n] = int32(i)
			if x > k {
				n++
			}
		}
	case Ge:
		for i, x := range a {
			out[n] = int32(i)
			if x >= k {
				n++
			}
		}
	}
	return out[:n]
}

func filterConstSel[T cmp.Ordered](op CompareOp, out []int32, a []T, k T, sel []int32) []int32 {
	n := 0
	out = out[:len(sel)]
	switch op {
	case Eq:
		for _, i := range sel {
			out[n] = i
			if a[i] == k {
				n++
			}
		}
	case Ne:
		for _, i := range sel {
			out[n] = i
			if a[i] != k {
				n++
			}
		}
	case Lt:
		for _, i := range sel {
			out[n] = i
			if a[i] < k {
				n++
			}
		}
	case Le:
		for _, i := range sel {
			out[n] = i
			if a[i] <= k {
				n++
			}
		}
	case Gt:
		for _, i := range sel {
			out[n] = i
			if a[i] > k {
				n++
			}
		}
	case Ge:
		for _, i := range sel {
			out[n] = i
			if a[i] >= k {
				n++
			}
		}
	}
	return out[:n]
}

// posOf returns the place of e in the text, where it keeps one.
func posOf(e Expr) status.Pos {
	switch e := e.(type) {
	case *Property:
		return e.Pos
	case *Call:
		return e.Pos
	case *Param:
		return e.Pos
	case *Index:
		return e.Pos
	case *Arith:
		return e.Pos
	case *Case:
		return e.Pos
	}
	return status.Pos{}
}
