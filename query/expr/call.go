package expr

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/value"
)

func (c *Context) call(e *Call, b *column.Batch) (*column.Vector, error) {
	if e.Def.Name == "coalesce" {
		return c.coalesce(e, b)
	}
	args := make([]*column.Vector, len(e.Args))
	constant := e.Def.Stability != function.Volatile
	for i, a := range e.Args {
		v, err := c.eval(a, b)
		if err != nil {
			return nil, err
		}
		args[i] = v
		constant = constant && (v.Const || v.Type == column.Null)
	}
	if e.Def.Vector != nil && !constant {
		if err := c.rewriting(e.Def, args[0], b.Selection()); err != nil {
			return nil, at(err, e.Pos)
		}
		out := c.pool.vector()
		done, err := e.Def.Vector(c.functions(), args, b.Sel, b.Len, out)
		if err != nil {
			return nil, at(err, e.Pos)
		}
		if done {
			return out, nil
		}
	}
	rows := b.Selection()
	if constant {
		rows = one
	}
	out := c.result(column.Any, b, constant)
	boxed := make([]value.Value, len(args))
	for _, r := range rows {
		for i, a := range args {
			boxed[i] = a.Value(int(r))
		}
		counted, err := c.calling(e.Def, boxed)
		if err != nil {
			return nil, at(err, e.Pos)
		}
		v, err := e.Def.Apply(c.functions(), boxed)
		if err == nil && !counted {
			err = c.put(v)
		}
		if err != nil {
			return nil, at(err, e.Pos)
		}
		out.Anys[r] = v
	}
	narrow(out, rows, len(out.Anys))
	return out, nil
}

// coalesce evaluates each argument for the rows that are still null.
func (c *Context) coalesce(e *Call, b *column.Batch) (*column.Vector, error) {
	var parts scatter
	open := with(b, b.Selection())
	for _, a := range e.Args {
		v, err := c.eval(a, &open)
		if err != nil {
			return nil, err
		}
		if v.Type == column.Null {
			continue
		}
		have, null := c.pool.rows(len(open.Sel)), c.pool.rows(len(open.Sel))
		for _, r := range open.Sel {
			if v.IsNull(int(r)) {
				null = append(null, r)
			} else {
				have = append(have, r)
			}
		}
		parts.add(v, have)
		if open.Sel = null; len(null) == 0 {
			break
		}
	}
	parts.add(c.constant(value.Null), open.Sel)
	return parts.join(c, b), nil
}
