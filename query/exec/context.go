package exec

import (
	"context"
	"io"
	"sync"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/query/exec/spill"
	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// Context is one run of a statement: what it reads, what it may use, and what it
// leaves behind. It must not be changed by others while the run lasts.
type Context struct {
	Ctx    context.Context
	Reader *graph.Reader
	Tx     *graph.Tx // nil in a query that cannot write; else Reader is its own
	Params map[string]value.Value
	// Functions gives clocks, zone and random numbers; its Graph is set by exec.
	Functions function.Context

	Limits Limits
	Budget *memory.Budget // nil: unlimited
	Space  *spill.Space   // nil: nothing spills

	// Workers bounds how many of the lanes that were built (Options.Workers) are used; 0: all.
	Workers int
	// BatchSize is the most rows in a batch; 0: column.BatchSize, which is also the most.
	BatchSize int
	// Profile makes operators count rows, batches and time into Stats.Operators.
	Profile bool

	// Call runs a procedure; nil: there are none.
	Call func(ctx context.Context, name string, args []value.Value, emit func(row []value.Value) error) error
	// OpenCSV opens a file for LOAD CSV, OpenRows for the other formats; nil: LOAD is refused.
	OpenCSV  func(ctx context.Context, from string, terminator rune) (CSV, error)
	OpenRows func(ctx context.Context, from string, jsonLines bool) (Rows, error)

	// Transactions are those of CALL … IN TRANSACTIONS, which a run also exchanges Tx and
	// Reader for.
	Transactions Transactions

	Stats *Stats // nil: not wanted

	// trailProbe is how many relationships trails are enumerated over before they are
	// counted by end; 0: as many as making the vectors costs, -1: none.
	trailProbe int
	// gather, in tests, makes each intersect collect so many rows at a time and hold so
	// many bytes of lists, whatever fits in memory; zero: as memory says.
	gather struct {
		rows  int
		bytes int64
	}
}

// CSV reads records; Next returns io.EOF after the last.
type CSV interface {
	Next() ([]string, error)
	// Line is where the record given last begins in the file.
	Line() int64
	io.Closer
}

// Rows gives a file's rows in order, until f fails.
type Rows interface {
	Each(ctx context.Context, f func(value.Value) error) error
	io.Closer
}

// Limits bound one run. A zero field is the default.
type Limits struct {
	PathRows   int64 // rows held at once by one path search
	PathLength int   // relationships of a trail whose pattern has no upper bound
}

// The defaults of Limits.
const (
	DefaultPathRows   = 1_000_000
	DefaultPathLength = 30
)

func (l Limits) pathRows() int64 {
	if l.PathRows <= 0 {
		return DefaultPathRows
	}
	return l.PathRows
}

func (l Limits) pathLength() int {
	if l.PathLength <= 0 {
		return DefaultPathLength
	}
	return l.PathLength
}

// Stats is what a run reports beside its rows.
type Stats struct {
	Effects
	// Operators is indexed by plan.Op.ID; filled where Context.Profile is set.
	Operators []plan.Actual
	Spilled   int64 // bytes written to spill files
	Notices   []string

	mu sync.Mutex
}

// Effects counts what a statement changed.
type Effects struct {
	NodesCreated, NodesDeleted                 int64
	RelationshipsCreated, RelationshipsDeleted int64
	PropertiesSet                              int64
	LabelsAdded, LabelsRemoved                 int64
}

// Changed reports whether anything was.
func (e Effects) Changed() bool { return e != Effects{} }

// Notice adds a remark to the answer, once. Safe for several goroutines.
func (x *Context) Notice(text string) {
	if x.Stats == nil {
		return
	}
	x.Stats.mu.Lock()
	defer x.Stats.mu.Unlock()
	for _, n := range x.Stats.Notices {
		if n == text {
			return
		}
	}
	x.Stats.Notices = append(x.Stats.Notices, text)
}

func (x *Context) batchSize() int {
	if x.BatchSize <= 0 || x.BatchSize > column.BatchSize {
		return column.BatchSize
	}
	return x.BatchSize
}

// check returns an error when the run has been cancelled or its time is over.
func (x *Context) check() error {
	if x.Ctx == nil {
		return nil
	}
	return status.Ended(x.Ctx, "the query")
}

func (x *Context) context() context.Context {
	if x.Ctx == nil {
		return context.Background()
	}
	return x.Ctx
}
