package function

import (
	"strconv"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// graph returns the snapshot; evaluating without one is a fault of the caller.
func (ctx *Context) graph() (Graph, error) {
	if ctx == nil || ctx.Graph == nil {
		return nil, status.Errorf(status.Internal, "a graph function is evaluated without a graph")
	}
	return ctx.Graph, nil
}

// labelsOf, typeOf, propsOf and idOf take filled-in entities as they are and ask the
// snapshot for references.
func labelsOf(ctx *Context, v value.Value) ([]string, error) {
	if n := v.AsNode(); n != nil {
		return n.Labels, nil
	}
	g, err := ctx.graph()
	if err != nil {
		return nil, err
	}
	return g.Labels(v)
}

func typeOf(ctx *Context, v value.Value) (string, error) {
	if r := v.AsRelationship(); r != nil {
		return r.Type, nil
	}
	g, err := ctx.graph()
	if err != nil {
		return "", err
	}
	return g.TypeName(v)
}

func propsOf(ctx *Context, v value.Value) (*value.Map, error) {
	switch {
	case v.Kind() == value.KindMap:
		return v.AsMap(), nil
	case v.Kind() == value.KindNode && v.AsNode() != nil:
		return v.AsNode().Props, nil
	case v.Kind() == value.KindRelationship && v.AsRelationship() != nil:
		return v.AsRelationship().Props, nil
	}
	g, err := ctx.graph()
	if err != nil {
		return nil, err
	}
	return g.Properties(v)
}

func idOf(ctx *Context, v value.Value) (uint64, error) {
	switch {
	case v.Kind() == value.KindNode && v.AsNode() != nil:
		return v.AsNode().ID, nil
	case v.Kind() == value.KindRelationship && v.AsRelationship() != nil:
		return v.AsRelationship().ID, nil
	}
	g, err := ctx.graph()
	if err != nil {
		return 0, err
	}
	return g.WireID(v)
}

func stringList(names []string) value.Value {
	elems := make([]value.Value, len(names))
	for i, n := range names {
		elems[i] = value.String(n)
	}
	return value.List(elems...)
}

func graphFunctions() []*Def {
	entity := []Signature{{Args: []Kinds{EntityKind}, Result: IntKind}}
	end := func(first bool) func(*Context, []value.Value) (value.Value, error) {
		return func(ctx *Context, args []value.Value) (value.Value, error) {
			if args[0].Kind() != value.KindRelationship {
				return value.Null, badValue("startNode() and endNode()", args[0], "RELATIONSHIP")
			}
			g, err := ctx.graph()
			if err != nil {
				return value.Null, err
			}
			start, stop, err := g.Ends(args[0])
			if first {
				return start, err
			}
			return stop, err
		}
	}
	return []*Def{
		{Name: "id", Signatures: entity, NeedsGraph: true, Doc: "The number of a node or relationship.",
			Call: func(ctx *Context, args []value.Value) (value.Value, error) {
				if !EntityKind.Has(args[0].Kind()) {
					return value.Null, badValue("id()", args[0], "NODE or RELATIONSHIP")
				}
				id, err := idOf(ctx, args[0])
				return value.Int(int64(id)), err
			}},
		{Name: "elementId", Signatures: []Signature{{Args: []Kinds{EntityKind}, Result: StringKind}}, NeedsGraph: true, Doc: "The number of a node or relationship, as text.",
			Call: func(ctx *Context, args []value.Value) (value.Value, error) {
				if !EntityKind.Has(args[0].Kind()) {
					return value.Null, badValue("elementId()", args[0], "NODE or RELATIONSHIP")
				}
				id, err := idOf(ctx, args[0])
				return value.String(strconv.FormatUint(id, 10)), err
			}},
		{Name: "labels", Signatures: []Signature{{Args: []Kinds{NodeKind}, Result: ListKind}}, NeedsGraph: true, Doc: "The labels of a node.",
			Call: func(ctx *Context, args []value.Value) (value.Value, error) {
				if args[0].Kind() != value.KindNode {
					return value.Null, badValue("labels()", args[0], "NODE")
				}
				names, err := labelsOf(ctx, args[0])
				return stringList(names), err
			}},
		{Name: "type", Signatures: []Signature{{Args: []Kinds{RelKind}, Result: StringKind}}, NeedsGraph: true, Doc: "The type of a relationship.",
			Call: func(ctx *Context, args []value.Value) (value.Value, error) {
				if args[0].Kind() != value.KindRelationship {
					return value.Null, badValue("type()", args[0], "RELATIONSHIP")
				}
				name, err := typeOf(ctx, args[0])
				return value.String(name), err
			}},
		{Name: "keys", Signatures: []Signature{{Args: []Kinds{EntityKind | MapKind}, Result: ListKind}}, NeedsGraph: true,
			Doc: "The keys of a map, or the property keys of a node or relationship.", Example: "keys({a: 1, b: null}) = ['a', 'b']",
			Call: func(ctx *Context, args []value.Value) (value.Value, error) {
				if !(EntityKind | MapKind).Has(args[0].Kind()) {
					return value.Null, badValue("keys()", args[0], "MAP, NODE or RELATIONSHIP")
				}
				m, err := propsOf(ctx, args[0])
				if err != nil || m == nil {
					return value.List(), err
				}
				return stringList(m.Keys), nil
			}},
		{Name: "properties", Signatures: []Signature{{Args: []Kinds{EntityKind | MapKind}, Result: MapKind}}, NeedsGraph: true,
			Doc: "The properties of a node or relationship as a map; a map is returned as it is.", Example: "properties({a: 1}) = {a: 1}",
			Call: func(ctx *Context, args []value.Value) (value.Value, error) {
				if !(EntityKind | MapKind).Has(args[0].Kind()) {
					return value.Null, badValue("properties()", args[0], "MAP, NODE or RELATIONSHIP")
				}
				m, err := propsOf(ctx, args[0])
				if err != nil {
					return value.Null, err
				}
				return value.FromMap(m), nil
			}},
		{Name: "startNode", Signatures: []Signature{{Args: []Kinds{RelKind}, Result: NodeKind}}, NeedsGraph: true, Doc: "The node that a relationship leaves.", Call: end(true)},
		{Name: "endNode", Signatures: []Signature{{Args: []Kinds{RelKind}, Result: NodeKind}}, NeedsGraph: true, Doc: "The node that a relationship reaches.", Call: end(false)},
		pathFunction("length", IntKind, "The number of relationships of a path.", func(p *value.Path) value.Value { return value.Int(int64(len(p.Rels))) }),
		pathFunction("nodes", ListKind, "The nodes of a path in order.", func(p *value.Path) value.Value { return value.List(p.Nodes...) }),
		pathFunction("relationships", ListKind, "The relationships of a path in order.", func(p *value.Path) value.Value { return value.List(p.Rels...) }, "rels"),
	}
}

func pathFunction(name string, result Kinds, doc string, of func(*value.Path) value.Value, aliases ...string) *Def {
	return &Def{Name: name, Aliases: aliases, Signatures: []Signature{{Args: []Kinds{PathKind}, Result: result}}, Doc: doc,
		Call: func(_ *Context, args []value.Value) (value.Value, error) {
			if args[0].Kind() != value.KindPath {
				return value.Null, badValue(name+"()", args[0], "PATH")
			}
			return of(args[0].AsPath()), nil
		}}
}
