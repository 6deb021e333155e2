package kadedb

import (
	"context"

	"github.com/kadedb/kadedb/query"
)

// Schema is what a graph is made of: labels, relationship types and property keys in
// use, indexes and constraints.
type Schema = query.Schema

// Schema returns the schema as of the last commit.
func (db *DB) Schema(ctx context.Context) (*Schema, error) { return db.engine.Schema(ctx) }
