package expr

import (
	"slices"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

func (c *Context) property(e *Property, b *column.Batch) (*column.Vector, error) {
	base, err := c.eval(e.Base, b)
	if err != nil {
		return nil, err
	}
	out, err := c.propertyOf(base, e.Key, b)
	return out, at(err, e.Pos)
}

func (c *Context) propertyOf(base *column.Vector, key string, b *column.Batch) (*column.Vector, error) {
	switch base.Type {
	case column.Null:
		return c.constant(value.Null), nil
	case column.Node, column.Rel:
		return c.entityProperty(base, key, b)
	case column.Any:
		return c.anyProperty(base, key, b)
	}
	return c.boxed1(b, base, func(v value.Value) (value.Value, error) { return propertyOfValue(c.functions(), v, key) })
}

// entityProperty gathers a property of nodes or relationships.
func (c *Context) entityProperty(base *column.Vector, key string, b *column.Batch) (*column.Vector, error) {
	g, err := c.graph()
	if err != nil {
		return nil, err
	}
	out := c.pool.vector()
	if base.Const {
		if base.IsNull(0) {
			return c.constant(value.Null), nil
		}
		if err := g.Property(base.Type, key, base.Refs[:1], nil, out); err != nil {
			return nil, err
		}
		return c.constant(out.Value(0)), nil
	}
	rows := b.Sel
	if base.Nulls != nil {
		rows = notNullRows(c.pool.rows(b.Rows()), b.Selection(), base.Nulls)
	}
	if err := g.Property(base.Type, key, base.Refs[:b.Len], rows, out); err != nil {
		return nil, err
	}
	if base.Nulls == nil || out.Type == column.Null {
		return out, nil
	}
	if out.Const {
		v := c.pool.vector()
		v.Flatten(out, b.Len)
		out = v
	}
	if out.Type == column.Any {
		for _, r := range b.Selection() {
			if base.Nulls.Get(int(r)) {
				out.Anys[r] = value.Null
			}
		}
		return out, nil
	}
	out.Nulls = column.Union(nil, out.Nulls, base.Nulls, b.Len)
	return out, nil
}

// notNullRows appends the rows that are not null.
func notNullRows(dst, rows []int32, nulls column.Bitmap) []int32 {
	for _, r := range rows {
		if !nulls.Get(int(r)) {
			dst = append(dst, r)
		}
	}
	return dst
}

// anyProperty sorts the rows by what they hold, and gathers nodes and
// relationships together.
func (c *Context) anyProperty(base *column.Vector, key string, b *column.Batch) (*column.Vector, error) {
	if base.Const {
		v, err := c.propertyOfAny(base.Anys[0], key)
		return c.constant(v), err
	}
	nodes, rels, rest := c.splitEntities(base, b)
	var parts scatter
	for _, part := range []struct {
		t    column.Type
		rows []int32
	}{{column.Node, nodes}, {column.Rel, rels}} {
		if len(part.rows) == 0 {
			continue
		}
		sub := with(b, part.rows)
		v, err := c.entityProperty(c.refsOf(base, part.t, &sub), key, &sub)
		if err != nil {
			return nil, err
		}
		parts.add(v, part.rows)
	}
	if len(rest) > 0 {
		sub := with(b, rest)
		v, err := c.boxed1(&sub, base, func(v value.Value) (value.Value, error) { return propertyOfValue(c.functions(), v, key) })
		if err != nil {
			return nil, err
		}
		parts.add(v, rest)
	}
	return parts.join(c, b), nil
}

// splitEntities tells nodes and relationships of an Any vector from all else, to which those belong
// that no store has.
func (c *Context) splitEntities(v *column.Vector, b *column.Batch) (nodes, rels, rest []int32) {
	n := b.Rows()
	nodes, rels, rest = c.pool.rows(n), c.pool.rows(n), c.pool.rows(n)
	for _, r := range b.Selection() {
		switch x := v.Anys[r]; {
		case x.IsVirtual():
			rest = append(rest, r)
		case x.Kind() == value.KindNode:
			nodes = append(nodes, r)
		case x.Kind() == value.KindRelationship:
			rels = append(rels, r)
		default:
			rest = append(rest, r)
		}
	}
	return nodes, rels, rest
}

// refsOf unboxes the selected entities of an Any vector.
func (c *Context) refsOf(v *column.Vector, t column.Type, b *column.Batch) *column.Vector {
	out := c.result(t, b, false)
	for _, r := range b.Selection() {
		out.Refs[r] = v.Anys[r].Ref()
	}
	return out
}

// propertyOfAny reads a key of one value of any kind.
func (c *Context) propertyOfAny(v value.Value, key string) (value.Value, error) {
	t := column.Node
	switch {
	case v.IsVirtual():
		return propertyOfValue(c.functions(), v, key)
	case v.Kind() == value.KindNode:
	case v.Kind() == value.KindRelationship:
		t = column.Rel
	default:
		return propertyOfValue(c.functions(), v, key)
	}
	g, err := c.graph()
	if err != nil {
		return value.Null, err
	}
	out := c.pool.vector()
	if err := g.Property(t, key, []uint32{v.Ref()}, nil, out); err != nil {
		return value.Null, err
	}
	return out.Value(0), nil
}

// propertyOfValue reads a key of a map, temporal value or point, or of a virtual entity.
func propertyOfValue(ctx *function.Context, v value.Value, key string) (value.Value, error) {
	switch v.Kind() {
	case value.KindNull:
		return value.Null, nil
	case value.KindMap:
		got, _ := v.AsMap().Get(key)
		return got, nil
	case value.KindNode:
		got, _ := v.AsNode().Props.Get(key)
		return got, nil
	case value.KindRelationship:
		got, _ := v.AsRelationship().Props.Get(key)
		return got, nil
	}
	return function.Property(ctx, v, key)
}

func (c *Context) graph() (Graph, error) {
	if c.Graph == nil {
		return nil, status.Errorf(status.Internal, "an entity is read where there is no graph")
	}
	return c.Graph, nil
}

func (c *Context) labelTest(e *LabelTest, b *column.Batch) (*column.Vector, error) {
	base, err := c.eval(e.Base, b)
	if err != nil {
		return nil, err
	}
	switch base.Type {
	case column.Null:
		return c.constant(value.Null), nil
	case column.Node, column.Rel:
		out, err := c.entityLabels(e, base, b)
		return out, at(err, e.Pos)
	case column.Any:
		if !base.Const {
			return c.anyLabels(e, base, b)
		}
		flat := c.pool.vector()
		flat.Flatten(base, b.Len)
		if flat.Type == column.Any {
			return c.anyLabels(e, flat, b)
		}
		out, err := c.entityLabels(e, flat, b)
		return out, at(err, e.Pos)
	}
	for _, r := range b.Selection() {
		if !base.IsNull(int(r)) {
			return nil, mismatch(e.Pos, "a value tested for labels", base.Value(int(r)), "NODE or RELATIONSHIP")
		}
	}
	return c.constant(value.Null), nil
}

func (c *Context) anyLabels(e *LabelTest, base *column.Vector, b *column.Batch) (*column.Vector, error) {
	nodes, rels, rest := c.splitEntities(base, b)
	made := c.result(column.Bool, b, false)
	virtual := c.pool.rows(len(rest))
	none := c.pool.rows(len(rest))
	for _, r := range rest {
		v := base.Anys[r]
		if v.IsVirtual() {
			virtual = append(virtual, r)
			made.Bools[r] = virtualLabels(e.Labels, v)
			continue
		}
		if none = append(none, r); !v.IsNull() {
			return nil, mismatch(e.Pos, "a value tested for labels", v, "NODE or RELATIONSHIP")
		}
	}
	var parts scatter
	for _, part := range []struct {
		t    column.Type
		rows []int32
	}{{column.Node, nodes}, {column.Rel, rels}} {
		if len(part.rows) == 0 {
			continue
		}
		sub := with(b, part.rows)
		v, err := c.entityLabels(e, c.refsOf(base, part.t, &sub), &sub)
		if err != nil {
			return nil, at(err, e.Pos)
		}
		parts.add(v, part.rows)
	}
	if len(virtual) > 0 {
		parts.add(made, virtual)
	}
	parts.add(c.constant(value.Null), none)
	return parts.join(c, b), nil
}

// virtualLabels evaluates a label expression for an entity that no store has.
func virtualLabels(l Label, v value.Value) bool {
	var has []string
	if n := v.AsNode(); v.Kind() == value.KindNode {
		has = n.Labels
	} else {
		has = []string{v.AsRelationship().Type}
	}
	switch l.Op {
	case LabelName:
		return slices.Contains(has, l.Name)
	case LabelAny:
		return len(has) > 0
	case LabelNot:
		return !virtualLabels(l.Args[0], v)
	case LabelAnd:
		return !slices.ContainsFunc(l.Args, func(a Label) bool { return !virtualLabels(a, v) })
	}
	return slices.ContainsFunc(l.Args, func(a Label) bool { return virtualLabels(a, v) })
}

func (c *Context) entityLabels(e *LabelTest, base *column.Vector, b *column.Batch) (*column.Vector, error) {
	rows, constant := rowsFor(b, base)
	if constant && base.IsNull(0) {
		return c.constant(value.Null), nil
	}
	out := c.result(column.Bool, b, constant)
	if base.Nulls != nil && !constant {
		out.Nulls = base.Nulls
		rows = notNullRows(c.pool.rows(len(rows)), rows, base.Nulls)
	}
	err := c.labels(e.Labels, base.Type, base.Refs[:len(out.Bools)], rows, out.Bools)
	return out, err
}

// labels evaluates a label expression for rows into dst.
func (c *Context) labels(l Label, of column.Type, refs []uint32, rows []int32, dst []bool) error {
	g, err := c.graph()
	if err != nil {
		return err
	}
	switch l.Op {
	case LabelName:
		if of == column.Rel {
			return g.HasType(l.Name, refs, rows, dst)
		}
		return g.HasLabel(l.Name, refs, rows, dst)
	case LabelAny:
		if of == column.Node {
			return g.HasLabel("", refs, rows, dst)
		}
		for _, r := range rows {
			dst[r] = true
		}
		return nil
	case LabelNot:
		err := c.labels(l.Args[0], of, refs, rows, dst)
		for _, r := range rows {
			dst[r] = !dst[r]
		}
		return err
	}
	for i, a := range l.Args {
		if i == 0 {
			if err := c.labels(a, of, refs, rows, dst); err != nil {
				return err
			}
			continue
		}
		m := c.pool.mark()
		tmp := c.pool.vector()
		tmp.Reset(column.Bool, len(dst))
		if err := c.labels(a, of, refs, rows, tmp.Bools); err != nil {
			return err
		}
		for _, r := range rows {
			if l.Op == LabelAnd {
				dst[r] = dst[r] && tmp.Bools[r]
			} else {
				dst[r] = dst[r] || tmp.Bools[r]
			}
		}
		c.pool.release(m)
	}
	return nil
}
