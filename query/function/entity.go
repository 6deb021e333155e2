package function

import (
	"strconv"
	"strings"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/value"
)

// entityFunction is a function of one node or relationship that has code for a boxed
// entity and for a column of them.
func entityFunction(name, doc, example string, of, result Kinds, boxed func(*Context, value.Value) (value.Value, error), vector entityKernel) *Def {
	return &Def{
		Name: name, Signatures: []Signature{{Args: []Kinds{of}, Result: result}}, NeedsGraph: true, Doc: doc, Example: example,
		Call: func(ctx *Context, args []value.Value) (value.Value, error) {
			if !of.Has(args[0].Kind()) {
				return value.Null, badValue(name+"()", args[0], of.String())
			}
			return boxed(ctx, args[0])
		},
		Vector: func(ctx *Context, args []*column.Vector, sel []int32, n int, out *column.Vector) (bool, error) {
			in := args[0]
			if in.Const || !(in.Type == column.Node && of.Has(value.KindNode) || in.Type == column.Rel && of.Has(value.KindRelationship)) {
				return false, nil
			}
			g, err := ctx.graph()
			if err != nil {
				return false, err
			}
			return true, vector(g, in, ctx.present(in, sel, n), n, out)
		},
	}
}

// entityKernel makes out a column of n rows, null where in is, from the rows of in (nil:
// all) that are nodes or relationships.
type entityKernel func(g Graph, in *column.Vector, rows []int32, n int, out *column.Vector) error

// present returns the rows of sel, nil: of all n, where in is not null; nil: all n.
func (ctx *Context) present(in *column.Vector, sel []int32, n int) []int32 {
	if in.Nulls == nil {
		return sel
	}
	if cap(ctx.rows) < n {
		ctx.rows = make([]int32, 0, max(n, column.BatchSize))
	}
	ctx.rows = ctx.rows[:0]
	eachRow(in, sel, n, func(i int) { ctx.rows = append(ctx.rows, int32(i)) })
	return ctx.rows
}

func idVector(g Graph, in *column.Vector, rows []int32, n int, out *column.Vector) error {
	start(out, in, column.Int, n)
	return g.IDs(in.Type, in.Refs[:n], rows, out.Ints)
}

func elementIDVector(g Graph, in *column.Vector, rows []int32, n int, out *column.Vector) error {
	ids := make([]int64, n)
	if err := g.IDs(in.Type, in.Refs[:n], rows, ids); err != nil {
		return err
	}
	start(out, in, column.String, n)
	// One piece of memory for all of them.
	const most = 20 // digits
	var text strings.Builder
	if rows == nil {
		rows = column.Identity(n)
	}
	text.Grow(most * len(rows))
	var digits [most]byte
	for _, r := range rows {
		from := text.Len()
		text.Write(strconv.AppendUint(digits[:0], uint64(ids[r]), 10))
		out.Strs[r] = text.String()[from:]
	}
	return nil
}

func labelsVector(g Graph, in *column.Vector, rows []int32, n int, out *column.Vector) error {
	out.Reset(column.Any, n)
	if in.Nulls != nil {
		clear(out.Anys) // null
	}
	return g.Labels(in.Refs[:n], rows, out.Anys)
}

func typeVector(g Graph, in *column.Vector, rows []int32, n int, out *column.Vector) error {
	err := g.Types(in.Refs[:n], rows, out)
	out.Nulls = in.Nulls
	return err
}

// endVector is startNode() and endNode().
func endVector(first bool) entityKernel {
	return func(g Graph, in *column.Vector, rows []int32, n int, out *column.Vector) error {
		start(out, in, column.Node, n)
		if first {
			return g.Ends(in.Refs[:n], rows, out.Refs, nil)
		}
		return g.Ends(in.Refs[:n], rows, nil, out.Refs)
	}
}

// oneEntity is memory for asking Graph about one entity.
type oneEntity struct {
	ref        [1]uint32
	start, end [1]uint32
	id         [1]int64
	list       [1]value.Value
	typ        column.Vector
}

// about returns the snapshot and memory in which to ask it about v, a reference.
func (ctx *Context) about(v value.Value) (Graph, *oneEntity, error) {
	g, err := ctx.graph()
	if err != nil {
		return nil, nil, err
	}
	ctx.one.ref[0] = v.Ref()
	return g, &ctx.one, nil
}

// wireID takes filled-in entities as they are and asks the snapshot for references, as
// labelsOf and typeOf do.
func wireID(ctx *Context, v value.Value) (int64, error) {
	of := column.Node
	if v.Kind() == value.KindNode {
		if n := v.AsNode(); n != nil {
			return int64(n.ID), nil
		}
	} else {
		of = column.Rel
		if r := v.AsRelationship(); r != nil {
			return int64(r.ID), nil
		}
	}
	g, one, err := ctx.about(v)
	if err != nil {
		return 0, err
	}
	err = g.IDs(of, one.ref[:], nil, one.id[:])
	return one.id[0], err
}

func idOf(ctx *Context, v value.Value) (value.Value, error) {
	id, err := wireID(ctx, v)
	return value.Int(id), err
}

func elementIDOf(ctx *Context, v value.Value) (value.Value, error) {
	id, err := wireID(ctx, v)
	return value.String(strconv.FormatUint(uint64(id), 10)), err
}

func labelsOf(ctx *Context, v value.Value) (value.Value, error) {
	if n := v.AsNode(); n != nil {
		return stringList(n.Labels), nil
	}
	g, one, err := ctx.about(v)
	if err != nil {
		return value.Null, err
	}
	err = g.Labels(one.ref[:], nil, one.list[:])
	return one.list[0], err
}

func typeOf(ctx *Context, v value.Value) (value.Value, error) {
	if r := v.AsRelationship(); r != nil {
		return value.String(r.Type), nil
	}
	g, one, err := ctx.about(v)
	if err != nil {
		return value.Null, err
	}
	if err := g.Types(one.ref[:], nil, &one.typ); err != nil {
		return value.Null, err
	}
	return one.typ.Value(0), nil
}

// The ends of a relationship that no store has are not known.
func startOf(ctx *Context, v value.Value) (value.Value, error) {
	if v.IsVirtual() {
		return value.Null, nil
	}
	g, one, err := ctx.about(v)
	if err != nil {
		return value.Null, err
	}
	err = g.Ends(one.ref[:], nil, one.start[:], nil)
	return value.NodeRef(one.start[0]), err
}

func endOf(ctx *Context, v value.Value) (value.Value, error) {
	if v.IsVirtual() {
		return value.Null, nil
	}
	g, one, err := ctx.about(v)
	if err != nil {
		return value.Null, err
	}
	err = g.Ends(one.ref[:], nil, nil, one.end[:])
	return value.NodeRef(one.end[0]), err
}
