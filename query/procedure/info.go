package procedure

import (
	"encoding/json"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// infoProcedures are behind the SHOW statements that tools of Memgraph send.
func infoProcedures() []*Def {
	return []*Def{
		{Name: "dbms.version", Mode: DBMS, Results: columns("version", "STRING"), Doc: "The version, as SHOW VERSION tells it.",
			Example: "CALL dbms.version() YIELD version RETURN version <> '' AS told",
			Run: func(ctx *Context, _ []value.Value, emit emitFunc) error {
				return emit([]value.Value{value.String(ctx.version())})
			}},
		{Name: "dbms.config", Mode: DBMS, Results: columns("name", "STRING", "default_value", "STRING?", "current_value", "STRING?", "description", "STRING?"),
			Doc: "The settings, as SHOW CONFIG lists them.", Example: "CALL dbms.config() YIELD name WHERE name = 'no-such' RETURN name",
			Run: func(ctx *Context, _ []value.Value, emit emitFunc) error {
				for _, s := range ctx.Settings {
					if err := emit([]value.Value{value.String(s.Name), orNull(s.Default), orNull(s.Value), orNull(s.Doc)}); err != nil {
						return err
					}
				}
				return nil
			}},
		{Name: "dbms.storageInfo", Results: columns("storage info", "STRING", "value", "ANY"), Doc: "Counts of what is stored, as SHOW STORAGE INFO lists them.",
			Example: "CALL dbms.storageInfo()", Run: runStorageInfo},
		{Name: "dbms.indexInfo", Results: columns("index type", "STRING", "label", "STRING", "property", "LIST OF STRING", "count", "INTEGER?"),
			Doc: "The indexes, as SHOW INDEX INFO lists them.", Example: "CALL dbms.indexInfo()", Run: runIndexInfo},
		{Name: "dbms.constraintInfo", Results: columns("constraint type", "STRING", "label", "STRING", "properties", "LIST OF STRING", "data_type", "STRING?"),
			Doc: "The constraints, as SHOW CONSTRAINT INFO lists them.", Example: "CALL dbms.constraintInfo()", Run: runConstraintInfo},
		{Name: "dbms.schemaInfo", Results: columns("schema", "STRING"),
			Doc:     "The graph's shape as one JSON text, as SHOW SCHEMA INFO gives it, from samples of nodes and relationships.",
			Example: "CALL dbms.schemaInfo() YIELD schema RETURN left(schema, 10) AS begin", Run: runSchemaInfo},
	}
}

func runStorageInfo(ctx *Context, _ []value.Value, emit emitFunc) error {
	if ctx.Catalog == nil {
		return nil
	}
	nodes, rels, err := ctx.Catalog.Counts()
	if err != nil {
		return err
	}
	degree := 0.0
	if nodes > 0 {
		degree = 2 * float64(rels) / float64(nodes)
	}
	for _, row := range [][]value.Value{
		{value.String("name"), value.String(ctx.database())},
		{value.String("vertex_count"), value.Int(nodes)},
		{value.String("edge_count"), value.Int(rels)},
		{value.String("average_degree"), value.Float(degree)},
		{value.String("storage_mode"), value.String("ON_DISK_TRANSACTIONAL")},
		{value.String("global_isolation_level"), value.String("SNAPSHOT_ISOLATION")},
	} {
		if err := emit(row); err != nil {
			return err
		}
	}
	return nil
}

func runIndexInfo(ctx *Context, _ []value.Value, emit emitFunc) error {
	list, err := ctx.indexes()
	if err != nil {
		return err
	}
	for _, x := range list {
		kind := "label+property"
		if x.Entity != "NODE" {
			kind = "edge-type+property"
		}
		if err := emit([]value.Value{value.String(kind), value.String(x.Label), stringsOf(x.Keys), value.Null}); err != nil {
			return err
		}
	}
	return nil
}

func runConstraintInfo(ctx *Context, _ []value.Value, emit emitFunc) error {
	list, err := ctx.constraints()
	if err != nil {
		return err
	}
	kinds := map[string]string{"UNIQUENESS": "unique", "KEY": "key", "EXISTENCE": "exists", "TYPE": "data_type"}
	for _, c := range list {
		if err := emit([]value.Value{value.String(kinds[c.Type]), value.String(c.Label), stringsOf(c.Keys), orNull(c.Of)}); err != nil {
			return err
		}
	}
	return nil
}

// schemaInfo is the JSON of SHOW SCHEMA INFO.
type schemaInfo struct {
	Nodes       []nodeInfo       `json:"nodes"`
	Edges       []edgeInfo       `json:"edges"`
	Indexes     []indexInfo      `json:"node_indexes"`
	Constraints []constraintInfo `json:"node_constraints"`
}

type nodeInfo struct {
	Labels     []string       `json:"labels"`
	Properties []propertyInfo `json:"properties"`
}

type edgeInfo struct {
	Type  string   `json:"type"`
	Start []string `json:"start_node_labels"`
	End   []string `json:"end_node_labels"`
}

type propertyInfo struct {
	Key   string   `json:"key"`
	Types []string `json:"types"`
	All   bool     `json:"mandatory"`
}

type indexInfo struct {
	Labels     []string `json:"labels"`
	Properties []string `json:"properties"`
}

type constraintInfo struct {
	Type       string   `json:"type"`
	Labels     []string `json:"labels"`
	Properties []string `json:"properties"`
}

func runSchemaInfo(ctx *Context, _ []value.Value, emit emitFunc) error {
	if ctx.Catalog == nil || ctx.Shapes == nil {
		return nil
	}
	info := schemaInfo{Nodes: []nodeInfo{}, Edges: []edgeInfo{}, Indexes: []indexInfo{}, Constraints: []constraintInfo{}}
	shapes, err := ctx.Shapes.NodeShapes(ctx.Context)
	if err != nil {
		return err
	}
	for _, s := range shapes {
		n := nodeInfo{Labels: s.Names, Properties: []propertyInfo{}}
		for _, p := range s.Properties {
			n.Properties = append(n.Properties, propertyInfo{p.Name, p.Types, p.All})
		}
		info.Nodes = append(info.Nodes, n)
	}
	links, err := ctx.Shapes.Connections(ctx.Context)
	if err != nil {
		return err
	}
	for _, l := range links {
		info.Edges = append(info.Edges, edgeInfo{l.Type, labelList(l.From), labelList(l.To)})
	}
	if err := info.declared(ctx.Catalog); err != nil {
		return err
	}
	text, err := json.Marshal(info)
	if err != nil {
		return status.Errorf(status.Internal, "the schema cannot be written: %w", err)
	}
	return emit([]value.Value{value.String(string(text))})
}

// declared adds the indexes and constraints of nodes.
func (info *schemaInfo) declared(c Catalog) error {
	indexes, err := c.Indexes()
	if err != nil {
		return err
	}
	for _, x := range indexes {
		if x.Entity == "NODE" {
			info.Indexes = append(info.Indexes, indexInfo{[]string{x.Label}, x.Keys})
		}
	}
	constraints, err := c.Constraints()
	if err != nil {
		return err
	}
	for _, k := range constraints {
		if k.Entity == "NODE" {
			info.Constraints = append(info.Constraints, constraintInfo{k.Type, []string{k.Label}, k.Keys})
		}
	}
	return nil
}

func labelList(label string) []string {
	if label == "" {
		return []string{}
	}
	return []string{label}
}
