package kadedb

import (
	"context"

	"github.com/kadedb/kadedb/query/exec"
	"github.com/kadedb/kadedb/status"
)

// openCSV opens a file for LOAD CSV.
func (db *DB) openCSV(_ context.Context, from string, terminator rune) (exec.CSV, error) {
	if db.opts.ImportDir == "" {
		return nil, status.Errorf(status.ImportDirRefused, "LOAD CSV may read no file: no import folder is set").
			WithHint("start with --import-dir FOLDER to allow files below it")
	}
	return nil, status.Errorf(status.NotYet, "LOAD CSV is not offered yet: %s with %q", from, terminator)
}
