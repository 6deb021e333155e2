package kadedb

import (
	"context"

	"github.com/kadedb/kadedb/graph"
)

// Problem is something that Check found wrong.
type Problem = graph.Problem

// Check reads the whole store: every record of the log and every block's checksum, and every index, degree and
// count against the base data. It calls report for each problem, and returns an
// error only where it cannot go on.
func (db *DB) Check(ctx context.Context, report func(Problem)) error {
	done, err := db.use()
	if err != nil {
		return err
	}
	defer done()
	return db.store.Check(ctx, report)
}

// Snapshot returns a reader of the newest state, for tools that look at the store
// below the language. Close it before the DB.
func (db *DB) Snapshot() (*graph.Reader, error) {
	done, err := db.use()
	if err != nil {
		return nil, err
	}
	defer done()
	return db.store.Snapshot()
}
