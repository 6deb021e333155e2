package function

import (
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

// propsOf takes filled-in entities as they are and asks the snapshot for references.
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

func stringList(names []string) value.Value {
	elems := make([]value.Value, len(names))
	for i, n := range names {
		elems[i] = value.String(n)
	}
	return value.List(elems...)
}

func graphFunctions() []*Def {
	return append([]*Def{
		entityFunction("id", "The number of a node or relationship, which no other one ever has.", "MATCH (n:Person {name: 'Bo'}) RETURN id(n)", EntityKind, IntKind, idOf, idVector),
		entityFunction("elementId", "The number of a node or relationship, as text.", "MATCH (n:Person {name: 'Bo'}) RETURN elementId(n)", EntityKind, StringKind, elementIDOf, elementIDVector),
		entityFunction("labels", "The labels of a node.", "MATCH (n:Person {name: 'Bo'}) RETURN labels(n)", NodeKind, ListKind, labelsOf, labelsVector),
		entityFunction("type", "The type of a relationship.", "MATCH (:Person {name: 'Ann'})-[r:KNOWS]->() RETURN type(r)", RelKind, StringKind, typeOf, typeVector),
		entityFunction("startNode", "The node that a relationship leaves.", "MATCH (:Person {name: 'Ann'})-[r:KNOWS]->() RETURN startNode(r).name", RelKind, NodeKind, startOf, endVector(true)),
		entityFunction("endNode", "The node that a relationship reaches.", "MATCH (:Person {name: 'Ann'})-[r:KNOWS]->() RETURN endNode(r).name", RelKind, NodeKind, endOf, endVector(false)),
		pathFunction("length", IntKind, "The number of relationships of a path.", "MATCH p = (:Person {name: 'Ann'})-[:KNOWS]->() RETURN length(p)", func(p *value.Path) value.Value { return value.Int(int64(len(p.Rels))) }),
		pathFunction("nodes", ListKind, "The nodes of a path in order.", "MATCH p = (:Person {name: 'Ann'})-[:KNOWS]->() RETURN [n IN nodes(p) | n.name]", func(p *value.Path) value.Value { return value.List(p.Nodes...) }),
		pathFunction("relationships", ListKind, "The relationships of a path in order.", "MATCH p = (:Person {name: 'Ann'})-[:KNOWS]->() RETURN [r IN relationships(p) | type(r)]", func(p *value.Path) value.Value { return value.List(p.Rels...) }, "rels"),
	}, mapFunctions()...)
}

// mapFunctions read maps, and entities as if they were maps.
func mapFunctions() []*Def {
	return []*Def{
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
	}
}

func pathFunction(name string, result Kinds, doc, example string, of func(*value.Path) value.Value, aliases ...string) *Def {
	return &Def{Name: name, Aliases: aliases, Signatures: []Signature{{Args: []Kinds{PathKind}, Result: result}}, Doc: doc, Example: example,
		Call: func(_ *Context, args []value.Value) (value.Value, error) {
			if args[0].Kind() != value.KindPath {
				return value.Null, badValue(name+"()", args[0], "PATH")
			}
			return of(args[0].AsPath()), nil
		}}
}
