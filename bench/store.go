package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/bench/gen"
	"github.com/kadedb/kadedb/bench/peer"
	"github.com/kadedb/kadedb/value"
)

// contest is one graph in three shapes: arrays, a store of ours, and the peer's.
type contest struct {
	g      *gen.Graph
	db     *kadedb.DB
	peer   *peer.Peer // nil: not compared
	dir    string     // of our store
	loaded string     // a store as it was loaded
	files  string     // the folder of the CSV and Parquet files
	added  int64      // relationships of KNOWS that are in our store alone
	r      *rand.Rand // what writes write
	byText float64    // µs of a point read by its text, in this process; 0: not measured
}

// answer is what a statement gave: int64, float64, string or nil.
type answer struct {
	columns []string
	rows    [][]any
	elapsed time.Duration
}

func (c *contest) ask(ctx context.Context, text string, params map[string]any) (answer, error) {
	var a answer
	start := time.Now()
	rows, err := c.db.Query(ctx, text, params)
	if err != nil {
		return a, err
	}
	a.columns = rows.Columns()
	for rows.Next() {
		row := make([]any, len(a.columns))
		for i, v := range rows.Values() {
			row[i] = native(v)
		}
		a.rows = append(a.rows, row)
	}
	err = rows.Close()
	a.elapsed = time.Since(start)
	return a, err
}

func native(v value.Value) any {
	switch v.Kind() {
	case value.KindInt:
		return v.AsInt()
	case value.KindFloat:
		return v.AsFloat()
	case value.KindString:
		return v.AsString()
	}
	if v.IsNull() {
		return nil
	}
	return v.String()
}

// difference says how rows differ from want; "": they do not.
func difference(got, want [][]any) string {
	if len(got) != len(want) {
		return fmt.Sprintf("%d rows instead of %d", len(got), len(want))
	}
	for i := range got {
		if len(got[i]) != len(want[i]) {
			return fmt.Sprintf("row %d has %d columns instead of %d", i, len(got[i]), len(want[i]))
		}
		for j := range got[i] {
			if !same(got[i][j], want[i][j]) {
				return fmt.Sprintf("row %d, column %d: %v (%T) instead of %v", i, j, got[i][j], got[i][j], want[i][j])
			}
		}
	}
	return ""
}

// same compares exactly, but for averages, whose sums may be added in any order.
func same(got, want any) bool {
	if w, ok := want.(float64); ok {
		g, ok := got.(float64)
		return ok && math.Abs(g-w) <= 1e-9*max(1, math.Abs(w))
	}
	return got == want
}

// samePeer is same for one to whom all numbers are floats.
func samePeer(got, want [][]any) bool {
	if len(got) != len(want) {
		return false
	}
	for i := range got {
		for j := range got[i] {
			w := want[i][j]
			if n, ok := w.(int64); ok {
				w = float64(n)
			}
			if !same(got[i][j], w) {
				return false
			}
		}
	}
	return true
}

// write commits one change of the kind in all three shapes.
func (c *contest) write(ctx context.Context, w write) error {
	var text string
	if w.typ != "" {
		t := c.g.Type(w.typ)
		src, dst := uint32(c.r.IntN(t.From.N)), uint32(c.r.IntN(t.To.N))
		t.Add(src, dst)
		text = fmt.Sprintf("MATCH (a:%s {id: %d}), (b:%s {id: %d}) CREATE (a)-[:%s]->(b)", t.From.Name, t.From.Int("id")[src],
			t.To.Name, t.To.Int("id")[dst], w.typ)
	} else {
		l := c.g.Label(w.label)
		at, val := c.r.IntN(l.N), int64(13+c.r.IntN(58))
		l.Int(w.prop)[at] = val
		text = fmt.Sprintf("MATCH (a:%s {id: %d}) SET a.%s = %d", l.Name, l.Int("id")[at], w.prop, val)
	}
	sum, err := c.db.Exec(ctx, text, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", text, err)
	}
	if sum.RelationshipsCreated+sum.PropertiesSet != 1 {
		return fmt.Errorf("%s changed nothing", text)
	}
	if c.peer != nil {
		if _, err := c.peer.Exec(c.g.Name, text); err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
	}
	return nil
}
