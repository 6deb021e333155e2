package graph

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/value"
)

// gatherer fills a vector from boxed values whose common type is not known before.
type gatherer struct {
	out *column.Vector
	n   int
	nul column.Bitmap
}

func (g *gatherer) reset() {
	v := g.out
	v.Const, v.Dict, v.Type = false, nil, column.Null
	// Not the memory of the vector's nulls so far: an expression may have shared them with
	// another vector (column.Vector.Reset leaves them behind as well).
	v.Nulls = column.NewBitmap(g.n)
	g.nul = v.Nulls
}

func typeOf(k value.Kind) column.Type {
	switch k {
	case value.KindNull:
		return column.Null
	case value.KindBool:
		return column.Bool
	case value.KindInt:
		return column.Int
	case value.KindFloat:
		return column.Float
	case value.KindString:
		return column.String
	case value.KindDate:
		return column.Date
	}
	return column.Any
}

// put sets row i. Rows come in ascending order.
func (g *gatherer) put(i int, v value.Value) {
	t := typeOf(v.Kind())
	o := g.out
	if t == column.Null {
		g.nul.Set(i)
		if o.Type == column.Any {
			o.Anys[i] = value.Null
		}
		return
	}
	if o.Type == column.Null {
		o.Type = t
		g.grow(t)
	} else if o.Type != t && o.Type != column.Any {
		g.box(i)
	}
	switch o.Type {
	case column.Bool:
		o.Bools[i] = v.AsBool()
	case column.Int:
		o.Ints[i] = v.AsInt()
	case column.Date:
		o.Ints[i] = v.Days()
	case column.Float:
		o.Floats[i] = v.AsFloat()
	case column.String:
		o.Strs[i] = v.AsString()
	case column.Any:
		o.Anys[i] = v
	}
}

// box turns the rows before i into boxed ones.
func (g *gatherer) box(i int) {
	o := g.out
	anys := resize(o.Anys, g.n)
	for j := range i {
		anys[j] = o.Value(j)
	}
	o.Type, o.Anys = column.Any, anys
	clear(o.Anys[i:])
}

func (g *gatherer) grow(t column.Type) {
	o := g.out
	switch t {
	case column.Bool:
		o.Bools = resize(o.Bools, g.n)
	case column.Int, column.Date:
		o.Ints = resize(o.Ints, g.n)
	case column.Float:
		o.Floats = resize(o.Floats, g.n)
	case column.String:
		o.Strs = resize(o.Strs, g.n)
		clear(o.Strs)
	case column.Any:
		o.Anys = resize(o.Anys, g.n)
		clear(o.Anys)
	}
}

// finish drops an empty null bitmap.
func (g *gatherer) finish() {
	for _, w := range g.nul {
		if w != 0 {
			return
		}
	}
	if g.out.Type != column.Null {
		g.out.Nulls = nil
	}
}

func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
