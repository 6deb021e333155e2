package kadedb

import (
	"context"

	"github.com/kadedb/kadedb/transfer"
)

// ExportSpec says how to write the graph: see package transfer.
type ExportSpec = transfer.ExportSpec

// ExportSummary says what an export wrote.
type ExportSummary = transfer.ExportSummary

// Export writes the whole graph as of now to files that Import reads. Commits
// meanwhile neither wait nor count.
func (db *DB) Export(ctx context.Context, spec ExportSpec) (ExportSummary, error) {
	done, err := db.use()
	if err != nil {
		return ExportSummary{}, err
	}
	defer done()
	return transfer.Export(ctx, db.store, spec)
}

// StateHash returns a hash of the graph as of now that does not depend on how it came
// to be: two stores with the same nodes, relationships, indexes and constraints have
// the same.
func (db *DB) StateHash(ctx context.Context) (string, error) {
	done, err := db.use()
	if err != nil {
		return "", err
	}
	defer done()
	r, err := db.store.Snapshot()
	if err != nil {
		return "", err
	}
	defer r.Close()
	return transfer.Hash(ctx, r)
}
