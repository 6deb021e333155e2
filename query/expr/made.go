package expr

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// What evaluation makes beside typed columns — strings, lists, maps — is counted, before it
// is there wherever its size can be known, so that no expression takes more memory than
// its query has. Reset forgets it; reduce() forgets what its steps threw away.

const (
	// valueBytes is the size of a boxed value, its content aside.
	valueBytes = 32
	// entryBytes is the size of an entry of a map.
	entryBytes = valueBytes + 16
	// madeStep is how many bytes are made between calls of Check.
	madeStep = 64 << 10
	// mostMade keeps sums of sizes from overflowing.
	mostMade = int64(1) << 56
)

// check asks whether to go on.
func (c *Context) check() error {
	if c.Check == nil {
		return nil
	}
	return c.Check(0)
}

// making counts bytes that were made, or are about to be.
func (c *Context) making(bytes int64) error {
	bytes = min(bytes, mostMade)
	c.made += bytes
	if c.due += bytes; c.due < madeStep || c.Check == nil {
		return nil
	}
	n := c.due
	c.due = 0
	err := c.Check(n)
	if err != nil {
		c.due = n
	}
	return err
}

// keep says that of what was made no more than bytes are in use.
func (c *Context) keep(bytes int64) {
	gone := c.made - bytes
	if gone < madeStep {
		return
	}
	c.made = bytes
	untold := min(gone, c.due)
	c.due -= untold
	if gone > untold && c.Drop != nil {
		c.Drop(gone - untold)
	}
}

func (c *Context) forgetMade() {
	if told := c.made - c.due; told > 0 && c.Drop != nil {
		c.Drop(told)
	}
	c.made, c.due = 0, 0
}

// count counts what is behind v, its elements' content aside.
func (c *Context) count(v value.Value) error {
	switch v.Kind() {
	case value.KindString:
		return c.making(int64(len(v.AsString())))
	case value.KindList:
		return c.making(int64(len(v.Elems())) * valueBytes)
	case value.KindMap:
		return c.making(int64(v.AsMap().Len()) * entryBytes)
	}
	return nil
}

// put counts a list or map that was put together, and refuses one too large to be
// walked through: its parts may be the same ones many times over.
func (c *Context) put(v value.Value) error {
	if c.MaxValue > 0 && v.Weight() > c.MaxValue {
		return status.Errorf(status.QueryMemoryLimit, "a %s of %d bytes, written out, is more than the %d bytes that the query may hold",
			v.Kind(), v.Weight(), c.MaxValue).WithHint("raise --memory or --query-memory, or build smaller values")
	}
	return c.count(v)
}

// joining counts what x + y makes of strings and lists.
func (c *Context) joining(x, y value.Value) error {
	kx, ky := x.Kind(), y.Kind()
	switch {
	case kx == value.KindNull || ky == value.KindNull:
		return nil
	case kx == value.KindList || ky == value.KindList:
		n := int64(2)
		for _, v := range [2]value.Value{x, y} {
			if v.Kind() == value.KindList {
				n += int64(len(v.Elems()))
			}
		}
		return c.making(n * valueBytes)
	case kx == value.KindString || ky == value.KindString:
		return c.making(x.Weight() + y.Weight() - 2*value.Null.Weight())
	}
	return nil
}

// calling counts what a call is going to make where the function can say.
func (c *Context) calling(def *function.Def, args []value.Value) (counted bool, err error) {
	if def.Makes == nil {
		return false, nil
	}
	for _, a := range args {
		if a.IsNull() {
			return true, nil
		}
	}
	return true, c.making(def.Makes(args))
}

// rewriting counts a column of strings that a function makes of another one.
func (c *Context) rewriting(def *function.Def, in *column.Vector, rows []int32) error {
	if in.Type != column.String || in.Const || def.Signatures[0].Result != function.StringKind ||
		in.Dict != nil && len(in.Dict.Strings) <= len(rows) {
		return nil
	}
	n := int64(0)
	for _, r := range rows {
		if !in.Nulls.Get(int(r)) {
			n += int64(len(in.Str(int(r))))
		}
	}
	return c.making(n)
}
