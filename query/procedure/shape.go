package procedure

import (
	"context"
	"slices"
	"sort"
	"strings"

	"github.com/kadedb/kadedb/value"
)

// Shape is what a sample of alike entities has: nodes with one set of labels, or
// relationships of one type.
type Shape struct {
	Names      []string // the labels, sorted; or the type
	Properties []ShapeProperty
}

// ShapeProperty is a property that some entity of a Shape has.
type ShapeProperty struct {
	Name  string
	Types []string // as SHOW and drivers name them: String, Long, StringArray; sorted
	All   bool     // every entity looked at has it
}

// Connection says that a relationship of a type leads from a node with a label to one
// with another. A label is "" where the node has none.
type Connection struct{ From, Type, To string }

// Shapes is what the procedures about a graph's shape read of a snapshot. They look at
// samples, which the procedures' descriptions say.
type Shapes interface {
	NodeShapes(ctx context.Context) ([]Shape, error)
	RelationshipShapes(ctx context.Context) ([]Shape, error)
	Connections(ctx context.Context) ([]Connection, error)
}

func shapeProcedures() []*Def {
	return []*Def{
		{Name: "db.schema.nodeTypeProperties", Results: []Field{column("nodeType", "STRING"), column("nodeLabels", "LIST OF STRING"),
			column("propertyName", "STRING?"), column("propertyTypes", "LIST OF STRING?"), column("mandatory", "BOOLEAN")},
			Doc:     "The properties of nodes by their labels, from at most 10,000 nodes of each set of labels.",
			Example: "CALL db.schema.nodeTypeProperties()", Run: runNodeTypes},
		{Name: "db.schema.relTypeProperties", Results: []Field{column("relType", "STRING"),
			column("propertyName", "STRING?"), column("propertyTypes", "LIST OF STRING?"), column("mandatory", "BOOLEAN")},
			Doc:     "The properties of relationships by their type, from at most 10,000 of each.",
			Example: "CALL db.schema.relTypeProperties()", Run: runRelTypes},
		{Name: "db.schema.visualization", Results: []Field{column("nodes", "LIST OF NODE"), column("relationships", "LIST OF RELATIONSHIP")},
			Doc:     "A graph of the labels and of the types that lead from one to another, from at most 100,000 relationships of each type.",
			Example: "CALL db.schema.visualization()", Run: runVisualization},
	}
}

// quoted writes names as they follow a colon each: :`A`:`B`.
func quoted(names []string) string {
	var b strings.Builder
	for _, n := range names {
		b.WriteString(":`" + strings.ReplaceAll(n, "`", "``") + "`")
	}
	return b.String()
}

func runNodeTypes(ctx *Context, _ []value.Value, emit emitFunc) error {
	if ctx.Shapes == nil {
		return nil
	}
	list, err := ctx.Shapes.NodeShapes(ctx.Context)
	return emitShapes(list, err, func(s *Shape, rest []value.Value) error {
		return emit(append([]value.Value{value.String(quoted(s.Names)), stringsOf(s.Names)}, rest...))
	})
}

func runRelTypes(ctx *Context, _ []value.Value, emit emitFunc) error {
	if ctx.Shapes == nil {
		return nil
	}
	list, err := ctx.Shapes.RelationshipShapes(ctx.Context)
	return emitShapes(list, err, func(s *Shape, rest []value.Value) error {
		return emit(append([]value.Value{value.String(quoted(s.Names))}, rest...))
	})
}

// emitShapes gives a row for each property, and one for a shape without any.
func emitShapes(list []Shape, err error, row func(s *Shape, rest []value.Value) error) error {
	if err != nil {
		return err
	}
	sort.Slice(list, func(i, j int) bool { return slices.Compare(list[i].Names, list[j].Names) < 0 })
	for i := range list {
		s := &list[i]
		if len(s.Properties) == 0 {
			if err := row(s, []value.Value{value.Null, value.Null, value.Bool(false)}); err != nil {
				return err
			}
		}
		for _, p := range s.Properties {
			if err := row(s, []value.Value{value.String(p.Name), stringsOf(p.Types), value.Bool(p.All)}); err != nil {
				return err
			}
		}
	}
	return nil
}

// runVisualization draws labels as nodes, and types between them. They are not of the
// store: their ids are negative.
func runVisualization(ctx *Context, _ []value.Value, emit emitFunc) error {
	if ctx.Catalog == nil || ctx.Shapes == nil {
		return nil
	}
	labels, err := ctx.Catalog.Labels()
	if err != nil {
		return err
	}
	links, err := ctx.Shapes.Connections(ctx.Context)
	if err != nil {
		return err
	}
	indexes, err := ctx.Catalog.Indexes()
	if err != nil {
		return err
	}
	constraints, err := ctx.Catalog.Constraints()
	if err != nil {
		return err
	}
	sort.Strings(labels)
	of := func(label string) value.Value {
		var keys, names []string
		for _, x := range indexes {
			if x.Entity == "NODE" && x.Label == label {
				keys = append(keys, strings.Join(x.Keys, ","))
			}
		}
		for _, c := range constraints {
			if c.Entity == "NODE" && c.Label == label {
				names = append(names, c.Name)
			}
		}
		return value.FromMap(&value.Map{Keys: []string{"name", "indexes", "constraints"},
			Vals: []value.Value{value.String(label), stringsOf(keys), stringsOf(names)}})
	}
	next := int64(0)
	id := func() uint64 { next--; return uint64(next) }
	var nodes, rels []value.Value
	at := map[string]uint64{}
	node := func(label string) uint64 {
		if n, ok := at[label]; ok {
			return n
		}
		n := &value.Node{ID: id(), Props: of(label).AsMap()}
		if label != "" {
			n.Labels = []string{label}
		}
		at[label] = n.ID
		nodes = append(nodes, value.FromNode(n))
		return n.ID
	}
	for _, l := range labels {
		node(l)
	}
	for _, c := range links {
		from, to := node(c.From), node(c.To)
		rels = append(rels, value.FromRelationship(&value.Relationship{ID: id(), Type: c.Type, Start: from, End: to,
			Props: &value.Map{Keys: []string{"name"}, Vals: []value.Value{value.String(c.Type)}}}))
	}
	return emit([]value.Value{value.List(nodes...), value.List(rels...)})
}
