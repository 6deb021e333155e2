package query

import (
	"context"
	"sort"
	"time"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/query/exec"
	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// Result gives a statement's rows on demand. It is for one goroutine at a time and
// must be closed: a writing statement outside a transaction commits in Close, and
// has happened only when Close returned nil.
type Result struct {
	engine   *Engine
	prepared *Prepared
	request  *Request
	columns  []string
	started  time.Time

	// Of a plan that runs.
	entry  *entry
	prog   *exec.Program
	x      exec.Context
	run    runContext
	stats  exec.Stats
	cursor *exec.Cursor
	reader *graph.Reader // to close; nil inside a transaction
	auto   *graph.Tx     // to commit
	tx     *Tx           // locked until the end
	save   graph.Savepoint
	batch  *column.Batch
	at     int // next row of the batch's selection
	given  int64

	rows    [][]value.Value // of a command, or EXPLAIN
	row     []value.Value
	opened  *Tx
	plan    string
	schema  SchemaEffects
	elapsed time.Duration
	err     error
	closed  bool
}

// SchemaEffects counts what a schema statement changed.
type SchemaEffects struct {
	IndexesAdded, IndexesRemoved         int64
	ConstraintsAdded, ConstraintsRemoved int64
}

// Summary is what a statement reports beside its rows, complete once the Result is closed.
type Summary struct {
	exec.Effects
	SchemaEffects
	Rows    int64
	Notices []string
	Plan    string // of EXPLAIN and PROFILE
	Spilled int64  // bytes
	Peak    int64  // bytes of memory held at once
	Elapsed time.Duration
	// Tx is the transaction that BEGIN opened.
	Tx *Tx
}

// Run prepares a request's text and starts it.
func (e *Engine) Run(ctx context.Context, req Request) (*Result, error) {
	p, err := e.Prepare(req.Text)
	if err != nil {
		return nil, err
	}
	return e.RunPrepared(ctx, p, req)
}

// RunPrepared starts a prepared statement; req.Text is not looked at.
func (e *Engine) RunPrepared(ctx context.Context, p *Prepared, req Request) (*Result, error) {
	if p.c.stamp != e.stamp() {
		fresh, err := e.Prepare(p.text)
		if err != nil {
			return nil, err
		}
		p = fresh
	}
	r := &Result{engine: e, prepared: p, request: &req, columns: p.c.columns, started: time.Now()}
	if req.ReadOnly && p.Writes() {
		return nil, status.Errorf(status.ReadOnlyTransaction, "a statement that writes, where only reading is allowed").
			WithHint("a token of role writer or admin may write")
	}
	switch {
	case p.c.plan == nil:
		return r, r.command(ctx)
	case p.c.explain:
		r.plan = p.c.plan.Explain(nil)
		r.planRows()
		return r, nil
	}
	if err := missing(p, req.Params); err != nil {
		return nil, err
	}
	if err := r.start(ctx); err != nil {
		r.release(err)
		return nil, err
	}
	return r, nil
}

// missing names the parameters that the text uses and the request lacks.
func missing(p *Prepared, params map[string]value.Value) error {
	var names []string
	for _, n := range p.c.plan.Params {
		if _, ok := params[n]; !ok {
			names = append(names, n)
		}
	}
	if len(names) == 0 {
		return nil
	}
	sort.Strings(names)
	return status.Errorf(status.MissingParameter, "parameter $%s was not given", names[0]).
		WithHint("give %d parameter(s): %q", len(names), names)
}

// start opens what the plan reads and begins its run.
func (r *Result) start(ctx context.Context) error {
	e, req := r.engine, r.request
	if err := r.enter(ctx); err != nil {
		return err
	}
	limits := e.opts.Limits.merged(req.Limits)
	r.run = runContext{Context: ctx, entry: r.entry, limit: limits.Time}
	if limits.Time > 0 {
		r.run.deadline = r.started.Add(limits.Time)
	}
	r.x.Ctx = &r.run
	r.x.Params = r.prepared.bindParams(req.Params)
	r.x.Functions = function.Context{Statement: r.started, Transaction: r.entry.started, Now: time.Now}
	r.x.Limits = exec.Limits{PathRows: limits.PathRows, PathLength: limits.PathLength}
	r.x.Budget = e.opts.Budget.Sub("query", limits.Memory)
	r.x.BatchSize = e.opts.BatchSize
	r.x.Profile = r.prepared.c.profile
	r.x.Call = r.call
	r.x.OpenCSV = e.opts.OpenCSV
	r.x.Stats = &r.stats
	if e.opts.Space != nil {
		r.x.Space = e.opts.Space()
	}
	var err error
	if r.prog, err = r.prepared.c.program(e); err != nil {
		return err
	}
	r.cursor = r.prog.Open(&r.x)
	if r.x.Tx == nil {
		return nil
	}
	// Writing statements run to their first row at once, so that their errors are here.
	r.batch, err = r.cursor.Next()
	return err
}

// enter registers the statement and opens its snapshot or transaction.
func (r *Result) enter(ctx context.Context) error {
	e, req := r.engine, r.request
	if t := req.Tx; t != nil {
		if err := t.lock(); err != nil {
			return err
		}
		r.tx, r.entry = t, t.entry
		t.entry.text.Store(&r.prepared.text)
		if r.prepared.Writes() && t.ReadOnly() {
			return status.Errorf(status.ReadOnlyTransaction, "a statement that writes, in a read-only transaction")
		}
		r.x.Tx, r.x.Reader = t.tx, t.tx.Reader
		r.save = t.tx.Savepoint()
		return nil
	}
	r.entry = &entry{owner: req.Owner, started: r.started, readOnly: !r.prepared.Writes()}
	r.entry.text.Store(&r.prepared.text)
	if err := e.registry.add(r.entry, 0); err != nil {
		return err
	}
	if !r.prepared.Writes() {
		snap, err := e.store.Snapshot()
		r.reader, r.x.Reader = snap, snap
		return err
	}
	tx, err := e.store.Begin(ctx, false)
	if err != nil {
		return err
	}
	r.auto, r.x.Tx, r.x.Reader = tx, tx, tx.Reader
	return nil
}

// Columns returns the names of the answer's columns.
func (r *Result) Columns() []string { return r.columns }

// Next moves to the next row, and reports whether there is one. After false, Close
// tells why.
func (r *Result) Next() bool {
	if r.err != nil || r.closed && r.cursor != nil {
		return false
	}
	if r.cursor == nil {
		if len(r.rows) == 0 {
			return false
		}
		r.row, r.rows = r.rows[0], r.rows[1:]
		r.given++
		return true
	}
	for r.batch == nil || r.at >= r.batch.Rows() {
		b, err := r.next()
		if err != nil || b == nil {
			r.err = err
			return false
		}
		r.batch, r.at = b, 0
	}
	if limit := r.engine.opts.Limits.merged(r.request.Limits).Rows; limit > 0 && !r.request.Streamed && r.given >= limit {
		r.err = status.Errorf(status.RowLimit, "the answer has more than %d rows", limit).
			WithHint("stream it (Accept: application/x-ndjson), add LIMIT, or raise `query-rows`")
		return false
	}
	i := r.at
	if r.batch.Sel != nil {
		i = int(r.batch.Sel[r.at])
	}
	r.at++
	r.given++
	r.row, r.err = r.prog.Row(&r.x, r.row[:0], r.batch, i)
	return r.err == nil
}

func (r *Result) next() (*column.Batch, error) {
	if r.cursor == nil {
		return nil, nil
	}
	return r.cursor.Next()
}

// Values returns the current row, valid until the next call.
func (r *Result) Values() []value.Value { return r.row }

// Close ends the statement: what is left of its rows is run through (a writing
// statement) or dropped (a reading one), and a statement outside a transaction commits.
// It returns the first error of all that.
func (r *Result) Close() error {
	if r.closed {
		return r.err
	}
	for r.err == nil && r.x.Tx != nil && r.cursor != nil {
		b, err := r.cursor.Next()
		if r.err = err; b == nil {
			break
		}
	}
	r.release(r.err)
	return r.err
}

// Err returns the error that ended the rows, if any.
func (r *Result) Err() error { return r.err }

// release lets go of everything and settles the transaction; err is what went wrong so far.
func (r *Result) release(err error) {
	if r.closed {
		return
	}
	r.closed = true
	if r.cursor != nil {
		r.cursor.Close()
	}
	if r.x.Space != nil {
		r.stats.Spilled = max(r.stats.Spilled, r.x.Space.Bytes())
		if cerr := r.x.Space.Close(); err == nil {
			err = cerr
		}
	}
	switch {
	case r.tx != nil:
		err = r.leaveTx(err)
	case r.auto != nil:
		err = r.commit(err)
	}
	if r.reader != nil {
		r.reader.Close()
	}
	if r.entry != nil && r.tx == nil {
		r.engine.registry.remove(r.entry)
	}
	if r.prepared.c.profile && r.prog != nil && err == nil {
		r.plan = r.prepared.c.plan.Explain(r.stats.Operators)
	}
	if r.prog != nil && err == nil {
		r.prepared.c.programs.Put(r.prog)
	}
	if r.x.Budget != nil {
		r.x.Budget.Close()
	}
	r.elapsed = time.Since(r.started)
	r.err = err
}

// leaveTx ends a statement inside a transaction: a failed one leaves no trace of its own.
func (r *Result) leaveTx(err error) error {
	t := r.tx
	if r.prepared.Writes() && r.cursor != nil {
		if err == nil {
			err = t.tx.EndStatement()
		}
		if err != nil {
			t.tx.RollbackTo(r.save)
		}
	}
	t.entry.text.Store(nil)
	t.touch()
	t.mu.Unlock()
	return err
}

func (r *Result) commit(err error) error {
	if err != nil {
		r.auto.Rollback()
		return err
	}
	_, err = r.auto.Commit(r.run.Context, r.engine.opts.Durability)
	return err
}

// Summary returns the statement's report.
func (r *Result) Summary() Summary {
	s := Summary{Effects: r.stats.Effects, SchemaEffects: r.schema, Rows: r.given, Notices: r.stats.Notices, Plan: r.plan,
		Spilled: r.stats.Spilled, Peak: peak(r.x.Budget), Elapsed: r.elapsed, Tx: r.opened}
	if !r.closed {
		s.Elapsed = time.Since(r.started)
	}
	return s
}

func peak(b *memory.Budget) int64 {
	if b == nil {
		return 0
	}
	return b.Peak()
}
