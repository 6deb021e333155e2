package expr

import (
	"errors"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// Eval evaluates e for the selected rows of b. Entry r of the vector belongs to
// row r of b; entries of other rows are undefined. The vector is read-only — it may be a
// column of b — and valid until ctx.Reset.
func Eval(ctx *Context, e Expr, b *column.Batch) (*column.Vector, error) {
	return ctx.eval(e, b)
}

func (c *Context) eval(e Expr, b *column.Batch) (*column.Vector, error) {
	switch e := e.(type) {
	case *Const:
		return c.constant(e.Value), nil
	case *Slot:
		return c.slot(e, b)
	case *Param:
		v, err := c.param(e)
		return c.constant(v), err
	}
	if b.Rows() == 0 {
		return c.constant(value.Null), nil
	}
	switch e := e.(type) {
	case *Property:
		return c.property(e, b)
	case *Compare:
		return c.compare(e, b)
	case *Logic:
		return c.logic(e, b)
	case *Not:
		return c.not(e, b)
	case *Arith:
		return c.arith(e, b)
	case *Neg:
		return c.neg(e, b)
	case *IsNull:
		return c.isNull(e, b)
	case *In:
		return c.in(e, b)
	case *StringOp:
		return c.stringOp(e, b)
	case *LabelTest:
		return c.labelTest(e, b)
	case *TypeTest:
		return c.typeTest(e, b)
	case *Call:
		return c.call(e, b)
	case *Case:
		return c.caseOf(e, b)
	case *Chain:
		return c.chain(e, b)
	}
	return c.evalCompound(e, b)
}

func (c *Context) evalCompound(e Expr, b *column.Batch) (*column.Vector, error) {
	switch e := e.(type) {
	case *ListLit:
		return c.listLit(e, b)
	case *MapLit:
		return c.mapLit(e, b)
	case *MapProjection:
		return c.mapProjection(e, b)
	case *Index:
		return c.index(e, b)
	case *Slice:
		return c.slice(e, b)
	case *ListComprehension:
		return c.listComprehension(e, b)
	case *Quantifier:
		return c.quantifier(e, b)
	case *Reduce:
		return c.reduce(e, b)
	case *PathBuild:
		return c.pathBuild(e, b)
	case *Subquery:
		if c.Subquery == nil {
			return nil, status.Errorf(status.Internal, "a subquery where none can run").At(e.Pos)
		}
		return c.Subquery(e, b)
	}
	return nil, status.Errorf(status.Internal, "expression %T cannot be evaluated", e)
}

func (c *Context) constant(v value.Value) *column.Vector {
	out := c.pool.vector()
	out.SetConst(v)
	return out
}

func (c *Context) slot(e *Slot, b *column.Batch) (*column.Vector, error) {
	if e.Slot < 0 || e.Slot >= len(b.Cols) || b.Cols[e.Slot] == nil {
		return nil, status.Errorf(status.Internal, "slot %d (%s) is not in the batch", e.Slot, e.Name)
	}
	return b.Cols[e.Slot], nil
}

func (c *Context) param(e *Param) (value.Value, error) {
	v, ok := c.Params[e.Name]
	if !ok {
		return value.Null, status.Errorf(status.MissingParameter, "parameter $%s was not given", e.Name).At(e.Pos)
	}
	return v, nil
}

// with returns b with another selection.
func with(b *column.Batch, rows []int32) column.Batch {
	n := *b
	n.Sel = rows
	return n
}

// one is the selection of a computation over constants alone.
var one = []int32{0}

// rowsFor returns the rows to compute: those selected, or row 0 alone when all
// operands are constant, and whether that is so.
func rowsFor(b *column.Batch, operands ...*column.Vector) (rows []int32, constant bool) {
	for _, o := range operands {
		if !o.Const && o.Type != column.Null {
			return b.Selection(), false
		}
	}
	return one, true
}

// result shapes a vector for a computation over rowsFor's rows.
func (c *Context) result(t column.Type, b *column.Batch, constant bool) *column.Vector {
	out := c.pool.vector()
	if constant {
		out.Reset(t, 1)
		out.Const = true
	} else {
		out.Reset(t, b.Len)
	}
	return out
}

// lenOf is the number of entries of a vector that result made.
func lenOf(b *column.Batch, constant bool) int {
	if constant {
		return 1
	}
	return b.Len
}

// setTernary writes row i of a Bool vector of n entries.
func setTernary(out *column.Vector, i, n int, t value.Ternary) {
	out.Bools[i] = t == value.True
	if t == value.Unknown {
		out.SetNull(i, n)
	}
}

// boxed1 computes f row by row. f is called for null values too.
func (c *Context) boxed1(b *column.Batch, x *column.Vector, f func(value.Value) (value.Value, error)) (*column.Vector, error) {
	rows, constant := rowsFor(b, x)
	out := c.result(column.Any, b, constant)
	for _, r := range rows {
		v, err := f(x.Value(int(r)))
		if err != nil {
			return nil, err
		}
		out.Anys[r] = v
	}
	narrow(out, rows, lenOf(b, constant))
	return out, nil
}

// boxed2 computes f row by row. f is called for null values too.
func (c *Context) boxed2(b *column.Batch, x, y *column.Vector, f func(x, y value.Value) (value.Value, error)) (*column.Vector, error) {
	rows, constant := rowsFor(b, x, y)
	out := c.result(column.Any, b, constant)
	for _, r := range rows {
		v, err := f(x.Value(int(r)), y.Value(int(r)))
		if err != nil {
			return nil, err
		}
		out.Anys[r] = v
	}
	narrow(out, rows, lenOf(b, constant))
	return out, nil
}

// ternary2 computes a Bool vector row by row. f is called for null values too.
func (c *Context) ternary2(b *column.Batch, x, y *column.Vector, f func(x, y value.Value) (value.Ternary, error)) (*column.Vector, error) {
	rows, constant := rowsFor(b, x, y)
	out := c.result(column.Bool, b, constant)
	n := lenOf(b, constant)
	for _, r := range rows {
		t, err := f(x.Value(int(r)), y.Value(int(r)))
		if err != nil {
			return nil, err
		}
		setTernary(out, int(r), n, t)
	}
	return out, nil
}

// narrow turns an Any vector of n entries whose rows all hold one type into a
// vector of that type, so that what reads it finds a typed kernel.
func narrow(v *column.Vector, rows []int32, n int) {
	t := column.Null
	nulls := false
	for _, r := range rows {
		k := column.TypeOf(v.Anys[r])
		switch {
		case k == column.Null:
			nulls = true
		case t == column.Null:
			t = k
		case t != k:
			return
		}
	}
	if t == column.Any {
		return
	}
	anys, constant := v.Anys, v.Const
	v.Reset(t, n)
	v.Const = constant
	if t == column.Null {
		return
	}
	if nulls {
		v.Nulls = column.NewBitmap(n)
	}
	for _, r := range rows {
		val := anys[r]
		if val.IsNull() {
			v.Nulls.Set(int(r))
			continue
		}
		switch t {
		case column.Bool:
			v.Bools[r] = val.AsBool()
		case column.Int:
			v.Ints[r] = val.AsInt()
		case column.Date:
			v.Ints[r] = val.Days()
		case column.Float:
			v.Floats[r] = val.AsFloat()
		case column.String:
			v.Strs[r] = val.AsString()
		case column.Node, column.Rel:
			v.Refs[r] = val.Ref()
		}
	}
}

// at gives err the place of the expression that raised it, unless it has one.
func at(err error, pos status.Pos) error {
	if err == nil {
		return nil
	}
	var e *status.Error
	if errors.As(err, &e) {
		e.At(pos)
	}
	return err
}

// mismatch is the error of an operand that an operation does not take.
func mismatch(pos status.Pos, what string, got value.Value, want string) error {
	return status.Errorf(status.RuntimeTypeMismatch, "%s is a value of type %s, want %s", what, got.Kind(), want).At(pos)
}

// clearNull makes row i not null.
func clearNull(v *column.Vector, i int) {
	if v.Nulls != nil {
		v.Nulls.Clear(i)
	}
}
