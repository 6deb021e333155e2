package query

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/query/exec"
	"github.com/kadedb/kadedb/query/exec/spill"
	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/query/optimize"
	"github.com/kadedb/kadedb/query/procedure"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// Options configure an Engine.
type Options struct {
	Store      *graph.Store
	Procedures []*procedure.Def    // beside the built-in ones
	Budget     *memory.Budget      // of the store; each query gets a child
	Space      func() *spill.Space // room on disk for one query; nil: nothing spills
	Limits     Limits              // defaults of each query
	Tx         TxLimits
	PlanCache  int // plans kept; 0: no cache
	Workers    int // lanes of a long pipeline
	BatchSize  int // 0: column.BatchSize
	Rules      optimize.Options
	Durability graph.Durability
	// OpenCSV and OpenRows open a file for LOAD; nil: LOAD is refused.
	OpenCSV  func(ctx context.Context, from string, terminator rune) (exec.CSV, error)
	OpenRows func(ctx context.Context, from string, jsonLines bool) (exec.Rows, error)
	// Settings lists what SHOW SETTINGS shows, Server what SHOW DATABASES and others tell.
	Settings []procedure.Setting
	Server   procedure.Server
	Users    func() []procedure.User // SHOW USERS; nil: there are none
	Version  string
	Logger   *slog.Logger // nil: slog.Default()
}

// Limits bound one query. A zero field is no limit, or exec's default.
type Limits struct {
	Memory     int64
	Time       time.Duration
	Rows       int64 // rows of an answer that is not streamed
	PathRows   int64
	PathLength int
}

// merged returns l with the non-zero fields of over.
func (l Limits) merged(over *Limits) Limits {
	if over == nil {
		return l
	}
	if over.Memory > 0 {
		l.Memory = over.Memory
	}
	if over.Time > 0 {
		l.Time = over.Time
	}
	if over.Rows > 0 {
		l.Rows = over.Rows
	}
	if over.PathRows > 0 {
		l.PathRows = over.PathRows
	}
	if over.PathLength > 0 {
		l.PathLength = over.PathLength
	}
	return l
}

// TxLimits bound explicit transactions. A zero field is no limit.
type TxLimits struct {
	Idle time.Duration // without a statement
	Time time.Duration // altogether
	Open int           // at once
}

// Engine runs statements over one store. It is safe for any number of goroutines.
type Engine struct {
	opts      Options
	store     *graph.Store
	procs     *procedure.Table
	functions []procedure.Function
	databases []string // that USE may name
	cache     *planCache
	registry  registry
	runs      sync.Pool    // of *running
	retries   atomic.Int64 // of statements whose commit another one had foiled
	log       *slog.Logger
}

// New returns an engine over an open store, which the caller closes after it.
func New(o Options) (*Engine, error) {
	procs, err := procedure.NewTable(o.Procedures...)
	if err != nil {
		return nil, err
	}
	e := &Engine{opts: o, store: o.Store, procs: procs, cache: newPlanCache(o.PlanCache), log: o.Logger}
	if e.log == nil {
		e.log = slog.Default()
	}
	e.registry.init()
	if e.opts.Server.Database == "" {
		e.opts.Server.Database, e.opts.Server.Aliases = Database, []string{DatabaseAlias}
	}
	e.databases = append([]string{e.opts.Server.Database, systemAlias}, e.opts.Server.Aliases...)
	for _, d := range function.All() {
		e.functions = append(e.functions, shownFunction(d))
	}
	return e, nil
}

// A store is one database. Programs that were written for others ask for theirs by name.
const (
	Database      = "kadedb"
	DatabaseAlias = "neo4j"
	systemAlias   = "system" // in USE alone: where tools send what administers
)

func shownFunction(d *function.Def) procedure.Function {
	f := procedure.Function{Name: d.Name, Signature: d.Usage(), Category: d.Category, Doc: d.Doc, Example: d.Example,
		Aggregating: d.Class == function.Aggregate}
	for _, s := range d.Signatures {
		if f.Args != nil && len(s.Args) <= len(f.Args) {
			continue
		}
		f.Args, f.Result = make([]string, len(s.Args)), s.Result.String()
		for i, a := range s.Args {
			f.Args[i] = a.String()
		}
	}
	return f
}

// Close ends every statement and transaction, and returns when nothing uses the
// store any more. What begins later fails: with Draining until then, and StoreClosed after.
func (e *Engine) Close() { e.registry.close() }

// Retries counts the statements that ran again because another's commit came first.
func (e *Engine) Retries() int64 { return e.retries.Load() }

// CacheStats returns the plan cache's counters.
func (e *Engine) CacheStats() CacheStats { return e.cache.stats() }

// Request is one statement to run.
type Request struct {
	Text   string
	Params map[string]value.Value
	Limits *Limits // over the engine's; nil: those
	// ReadOnly refuses statements that write.
	ReadOnly bool
	// NotWriter says that ReadOnly is so because of who asks, not of what was asked.
	NotWriter bool
	// Streamed answers have no limit on their rows.
	Streamed bool
	// Tx runs the statement in an open transaction; nil: in one of its own.
	Tx *Tx
	// Owner is who asks: a token's id, "" without tokens. It owns what BEGIN opens, and
	// SHOW and TERMINATE TRANSACTIONS know only what is its own.
	Owner string
	// User names who asks, as SHOW TRANSACTIONS shows it: the token's name, "" without tokens.
	User string
	// Role is the token's, "" without tokens.
	Role string
	// Everyone lets them know what every owner has, and who there is.
	Everyone bool
	// Trace, if not nil, is told what the statement took.
	Trace *Trace
}

// readOnly is the error for what may not be done where only reading is allowed.
func (r *Request) readOnly(what string) error {
	hint := "leave `read_only` out of the request to write"
	if r.NotWriter {
		hint = "a token of role writer or admin may write"
	}
	return status.Errorf(status.ReadOnlyTransaction, "%s, where only reading is allowed", what).WithHint("%s", hint)
}
