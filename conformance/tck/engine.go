package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/query/procedure"
	"github.com/kadedb/kadedb/value"
)

// kadedbEngine runs scenarios in a temporary store.
type kadedbEngine struct{ db *kadedb.DB }

func openKadeDB(procedures []procedureTable, planCache bool) (engine, error) {
	o := &kadedb.Options{Durability: kadedb.DurableNone, CheckpointBytes: -1, Memory: 256 << 20,
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), Engine: kadedb.Engine{NoPlanCache: !planCache}}
	for _, p := range procedures {
		def, err := tableProcedure(p)
		if err != nil {
			return nil, err
		}
		o.Procedures = append(o.Procedures, def)
	}
	db, err := kadedb.OpenTemporary(o)
	if err != nil {
		return nil, err
	}
	return &kadedbEngine{db}, nil
}

// tableProcedure makes a procedure of a scenario's table: its first columns are the
// inputs, the others the outputs.
func tableProcedure(p procedureTable) (*procedure.Def, error) {
	if len(p.rows) == 0 {
		return procedure.FromRows(strings.TrimSpace(p.signature), nil)
	}
	var rows [][]value.Value
	for _, r := range p.rows[1:] {
		row := make([]value.Value, len(r))
		for i, cell := range r {
			v, err := parseExpected(cell)
			if err != nil {
				return nil, fmt.Errorf("procedure %s: %w", p.signature, err)
			}
			row[i] = v
		}
		rows = append(rows, row)
	}
	return procedure.FromRows(strings.TrimSpace(p.signature), rows)
}

func (e *kadedbEngine) Close() error { return e.db.Close() }

func (e *kadedbEngine) Execute(ctx context.Context, query string, params map[string]value.Value) (Table, error) {
	given := make(kadedb.Params, len(params))
	for k, v := range params {
		given[k] = v
	}
	rows, err := e.db.Query(ctx, query, given)
	if err != nil {
		return Table{}, err
	}
	t := Table{Columns: rows.Columns()}
	for rows.Next() {
		t.Rows = append(t.Rows, append([]value.Value(nil), rows.Values()...))
	}
	return t, rows.Close()
}

func (e *kadedbEngine) State(ctx context.Context) (graphState, error) {
	g := newGraphState()
	nodes, err := e.Execute(ctx, "MATCH (n) RETURN n", nil)
	if err != nil {
		return g, fmt.Errorf("reading the nodes: %w", err)
	}
	for _, r := range nodes.Rows {
		g.addNode(r[0].AsNode())
	}
	rels, err := e.Execute(ctx, "MATCH ()-[r]->() RETURN r", nil)
	if err != nil {
		return g, fmt.Errorf("reading the relationships: %w", err)
	}
	for _, r := range rels.Rows {
		g.addRelationship(r[0].AsRelationship())
	}
	return g, nil
}
