package expr

import (
	"regexp"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/value"
)

// Graph is what expressions read of a snapshot. refs are numbers of nodes or
// relationships by row, and rows the rows to look at (ascending; nil = all of refs);
// other rows of refs are undefined and must not be touched. A number that no longer
// exists gives a DeletedEntityAccess error. Names unknown to the catalog are not an
// error: they are null, or false.
type Graph interface {
	// Property reads a key of nodes or relationships (of is column.Node or
	// column.Rel) into dst, which the method shapes with dst.Reset(type, len(refs))
	// and whose Nulls it sets where the key is missing. A dictionary may be shared
	// (Codes and Dict), never the codes.
	Property(of column.Type, key string, refs []uint32, rows []int32, dst *column.Vector) error
	// HasLabel sets dst[i] to whether node refs[i] has label; label "" asks for any.
	HasLabel(label string, refs []uint32, rows []int32, dst []bool) error
	// HasType sets dst[i] to whether relationship refs[i] is of type typ.
	HasType(typ string, refs []uint32, rows []int32, dst []bool) error
	// Ends sets from and to (each may be nil) to the ends of the relationships refs.
	Ends(refs []uint32, rows []int32, from, to []uint32) error
	// Properties returns all properties of one node or relationship.
	Properties(entity value.Value) (*value.Map, error)
}

// Context is what evaluation needs beside the batch. Each worker of an execution
// has one: it holds scratch memory, and what it has worked out for constants and
// parameters, and is not safe for several goroutines. The zero Context evaluates expressions
// that need no graph, parameter or subquery.
type Context struct {
	Params map[string]value.Value
	Graph  Graph
	// Functions is handed to every function: clock, random numbers, the graph.
	Functions *function.Context
	// Check, where not nil, is called while lists are worked through, with the bytes of
	// values made since the last call, or about to be: an error (cancellation, memory) ends
	// the evaluation.
	Check func(bytes int64) error
	// Drop, where not nil, is called when so many of the bytes that Check was told of are
	// in use no more; after Reset all are, or are counted by whoever kept the values.
	Drop func(bytes int64)
	// MaxValue is the most that one list or map may weigh (value.Weight); 0: no limit.
	MaxValue int64
	// Subquery runs s for the selected rows of b. The vector has one entry for each
	// row of b, and may be kept by the evaluator until Reset.
	Subquery func(s *Subquery, b *column.Batch) (*column.Vector, error)

	pool     pool
	made     int64 // bytes of values made since Reset and in use
	due      int64 // of them, Check was not told of yet
	dicts    map[dictKey]*dictTable
	sets     map[Expr]*inSet
	patterns map[string]*regexp.Regexp
}
