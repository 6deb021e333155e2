package kadedb

import (
	"context"

	"github.com/kadedb/kadedb/transfer"
)

// ImportSpec says what files to import: see package transfer. Memory, Budget and
// TempDir are the DB's where they are not set.
type ImportSpec = transfer.Spec

// ImportSummary says what an import did.
type ImportSummary = transfer.Summary

// Import reads CSV and Parquet files into the store, past its log: everything counts
// at once when it is done, or, after an error or once ctx is cancelled, nothing does.
// Commits of others meanwhile make it fail with WriteConflict; reads go on. A process that is
// killed leaves the store as it was: the next Open warns of it.
//
// The summary is valid after an error too: it names the rows that cannot be imported.
func (db *DB) Import(ctx context.Context, spec ImportSpec) (ImportSummary, error) {
	if spec.Memory <= 0 {
		// The other half is for the blocks that the store reads and writes meanwhile, and
		// for what is not counted.
		spec.Memory = db.opts.Memory / 2
	}
	if spec.Budget == nil {
		spec.Budget = db.budget
	}
	if spec.TempDir == "" {
		spec.TempDir = db.opts.Engine.TempDir
	}
	if spec.FS == nil {
		spec.FS = db.opts.FS
	}
	if spec.Workers <= 0 {
		spec.Workers = db.opts.Engine.Workers
	}
	done, err := db.use()
	if err != nil {
		return ImportSummary{}, err
	}
	defer done()
	end, err := db.beginImport()
	if err != nil {
		return ImportSummary{}, err
	}
	defer end()
	return transfer.Import(ctx, db.store, spec)
}
