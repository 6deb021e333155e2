package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/kadedb/kadedb/bench/gen"
)

// load fills the store with the graph and returns the time it took.
func (c *contest) load(ctx context.Context) (time.Duration, error) {
	start := time.Now()
	for _, l := range c.g.Labels {
		if _, err := c.db.Exec(ctx, fmt.Sprintf("CREATE CONSTRAINT FOR (n:%s) REQUIRE n.id IS UNIQUE", l.Name), nil); err != nil {
			return 0, err
		}
		if err := c.loadNodes(ctx, l); err != nil {
			return 0, err
		}
	}
	for _, t := range c.g.Types {
		if err := c.loadRelationships(ctx, t); err != nil {
			return 0, err
		}
	}
	if err := c.db.Checkpoint(ctx); err != nil {
		return 0, err
	}
	return time.Since(start), nil
}

const batch = 20_000

func (c *contest) loadNodes(ctx context.Context, l *gen.Label) error {
	var props []string
	for _, col := range l.Columns {
		props = append(props, col.Name+": row."+col.Name)
	}
	text := fmt.Sprintf("UNWIND $rows AS row CREATE (:%s {%s})", l.Name, strings.Join(props, ", "))
	for at := 0; at < l.N; at += batch {
		var rows []any
		for i := at; i < min(at+batch, l.N); i++ {
			m := map[string]any{}
			for _, col := range l.Columns {
				if col.Kind == gen.Int {
					m[col.Name] = col.Ints[i]
				} else {
					m[col.Name] = col.Strs[i]
				}
			}
			rows = append(rows, m)
		}
		if _, err := c.db.Exec(ctx, text, map[string]any{"rows": rows}); err != nil {
			return err
		}
	}
	return nil
}

func (c *contest) loadRelationships(ctx context.Context, t *gen.Type) error {
	text := fmt.Sprintf("UNWIND $rows AS row MATCH (a:%s {id: row[0]}), (b:%s {id: row[1]}) CREATE (a)-[:%s]->(b)", t.From.Name, t.To.Name, t.Name)
	from, to := t.From.Int("id"), t.To.Int("id")
	for at := 0; at < len(t.Src); at += batch {
		var rows []any
		for i := at; i < min(at+batch, len(t.Src)); i++ {
			rows = append(rows, []any{from[t.Src[i]], to[t.Dst[i]]})
		}
		if _, err := c.db.Exec(ctx, text, map[string]any{"rows": rows}); err != nil {
			return err
		}
	}
	return nil
}
