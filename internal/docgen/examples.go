package main

import (
	"context"
	"io"
	"log/slog"
	"strings"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/query/function"
)

// sample is the graph that examples of the pages are run on.
var sample = []string{
	"CREATE (:Person {name: 'Ann'})-[:KNOWS {since: 2020}]->(:Person:Admin {name: 'Bo'})",
	"CREATE INDEX person_name FOR (p:Person) ON (p.name)",
}

// examples runs the examples of the tables, so that the pages show what they give.
type examples struct{ db *kadedb.DB }

func newExamples() (*examples, error) {
	db, err := kadedb.OpenTemporary(&kadedb.Options{Memory: 64 << 20, Durability: kadedb.DurableNone, CheckpointBytes: -1,
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		return nil, err
	}
	e := &examples{db}
	for _, text := range sample {
		if _, err := db.Exec(context.Background(), text, nil); err != nil {
			e.close(&err)
			return nil, err
		}
	}
	return e, nil
}

// close closes the store; the first error is kept.
func (e *examples) close(err *error) {
	if cerr := e.db.Close(); *err == nil {
		*err = cerr
	}
}

// rows runs a statement and returns its rows as texts.
func (e *examples) rows(text string) (columns []string, rows [][]string, err error) {
	r, err := e.db.Query(context.Background(), text, nil)
	if err != nil {
		return nil, nil, err
	}
	columns = append(columns, r.Columns()...)
	for r.Next() {
		var row []string
		for _, v := range r.Values() {
			row = append(row, v.String())
		}
		rows = append(rows, row)
	}
	return columns, rows, r.Close()
}

// ofFunction returns what a function's example calls, and what that gives. An example of
// the form call = result has the call alone; one whose results change is shown as it is.
func (e *examples) ofFunction(d *function.Def) (call, result string, err error) {
	call = d.Example
	statement := strings.HasPrefix(call, "MATCH ") || strings.HasPrefix(call, "UNWIND ")
	if i := strings.LastIndex(call, " = "); i > 0 && !statement && d.Stability == function.Immutable {
		call = call[:i]
	}
	text := call
	if !statement {
		text = "RETURN " + call
	}
	_, rows, err := e.rows(text)
	if err != nil {
		return "", "", err
	}
	var out []string
	for _, row := range rows {
		out = append(out, strings.Join(row, ", "))
	}
	return call, strings.Join(out, "; "), nil
}
