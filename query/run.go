package query

import (
	"context"
	"errors"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/parser"
	"github.com/kadedb/kadedb/query/exec"
	"github.com/kadedb/kadedb/query/exec/spill"
	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// running is what a statement needs while it runs. It goes back to a pool, so that
// a short statement allocates little more than its answer.
type running struct {
	res     *Result
	entry   entry
	ctx     runContext
	x       exec.Context
	stats   exec.Stats
	reader  graph.Reader // a snapshot; closed inside a transaction
	budget  *memory.Budget
	space   *spill.Space
	spilled int64 // bytes that the space had written before

	prepared *Prepared
	req      Request
	before   error // of the statement that this one settled
	prog     *exec.Program
	cursor   *exec.Cursor
	auto     *graph.Tx // to commit
	save     graph.Savepoint
	saved    bool
	batch    *column.Batch
	at       int           // next row of the batch
	vals     []value.Value // rows made for the Result to take over
	made     int           // of them
	boxed    int64         // rows made altogether
	limit    int64         // of boxed; 0: none

	// Methods of running itself, bound once.
	callFn func(context.Context, string, []value.Value, func([]value.Value) error) error
	sinkFn func(*column.Batch) error
}

func (e *Engine) take() *running {
	if run, ok := e.runs.Get().(*running); ok {
		run.budget.Renew(0)
		if run.space != nil {
			run.spilled = run.space.Bytes()
		}
		return run
	}
	run := &running{budget: e.opts.Budget.Sub("query", 0)}
	run.callFn, run.sinkFn = run.call, run.collect
	if e.opts.Space != nil {
		run.space = e.opts.Space()
	}
	return run
}

// give takes a run back whose statement has let go of everything.
func (e *Engine) give(run *running) {
	run.res, run.x, run.ctx = nil, exec.Context{}, runContext{}
	run.stats = exec.Stats{}
	run.prepared, run.req, run.before = nil, Request{}, nil
	run.prog, run.cursor, run.auto, run.batch = nil, nil, nil, nil
	run.vals, run.made, run.at, run.boxed, run.limit = nil, 0, 0, 0, 0
	n := &run.entry
	n.owner, n.user, n.res, n.readOnly = "", "", nil, false
	n.text.Store(nil)
	n.cause.Store(nil)
	n.progress.reset()
	e.runs.Put(run)
}

const (
	// wholeRows is how large an answer may be to be made at once, before the
	// caller asks for its rows.
	wholeRows = 256
	// wholeCost, in estimated nanoseconds, is what may be lost where a run is begun
	// again because its answer is larger.
	wholeCost = 50_000
	// chunkRows is how many rows of a larger answer are made at a time.
	chunkRows = 64
	// commitTries is how often a statement by itself runs when others commit first.
	commitTries = 32
)

// errLarge ends a run whose answer is too large to be made at once.
var errLarge = errors.New("query: the answer is larger than foreseen")

// Run prepares a request's text and starts it.
func (e *Engine) Run(ctx context.Context, req Request) (*Result, error) {
	return e.RunPrepared(ctx, nil, req)
}

// RunPrepared is Run of a text that was prepared; req.Text is not looked at. Where p is
// nil it is Run.
func (e *Engine) RunPrepared(ctx context.Context, p *Prepared, req Request) (*Result, error) {
	r := &Result{engine: e, text: req.Text, started: time.Now(), tx: req.Tx}
	if p != nil {
		r.text = p.text
	}
	var before error
	if t := r.tx; t != nil {
		began := time.Now()
		if err := t.lock(ctx); err != nil {
			return nil, err
		}
		if req.Trace != nil {
			req.Trace.Lock = time.Since(began)
		}
		before = t.settle()
	} else {
		r.mu.Lock()
	}
	defer r.unlock()
	run := e.take()
	run.res, run.prepared, run.req, run.before = r, p, req, before
	r.run = run
	if req.Trace != nil {
		req.Trace.begin(e, run)
	}
	err := r.list()
	if err == nil {
		err = r.start(ctx)
	}
	if err != nil {
		r.release(err)
		return nil, r.err
	}
	return r, nil
}

// list lets a statement by itself be seen and ended by others, and Close wait for it.
func (r *Result) list() error {
	if r.tx != nil {
		return nil
	}
	run := r.run
	n := &run.entry
	n.owner, n.user, n.started, n.readOnly, n.res = run.req.Owner, run.req.User, r.started, true, r
	n.text.Store(&r.text)
	return r.engine.registry.add(n)
}

// start resolves the statement against what it will see, and begins its run.
func (r *Result) start(ctx context.Context) error {
	e, run := r.engine, r.run
	req := &run.req
	run.x.Reader = &run.reader
	if r.tx != nil {
		run.x.Reader = r.tx.tx.Reader
	} else if err := e.store.Read(&run.reader); err != nil {
		return err
	}
	if err := r.resolve(); err != nil {
		return err
	}
	c := r.c
	if req.ReadOnly && c.writes && !c.explain {
		return req.readOnly("a statement that writes")
	}
	switch {
	case c.plan != nil && c.plan.Batched && !c.explain && r.tx != nil:
		return refuseBatches(c.plan)
	case c.plan == nil:
		run.reader.Close()
		return r.command(ctx)
	case c.explain:
		r.planRows(c.plan.Explain(nil))
		r.release(nil)
		r.light = true
		return nil
	}
	if err := missing(c, req.Params); err != nil {
		return r.located(err)
	}
	r.setUp(ctx)
	if err := r.enter(ctx); err != nil {
		return err
	}
	return r.begin()
}

// resolve finds the plan for what the run's reader sees.
func (r *Result) resolve() (err error) {
	run := r.run
	if run.prepared == nil {
		run.prepared, r.c, err = r.engine.prepare(r.text, run.x.Reader)
	} else {
		r.c, err = r.engine.current(run.prepared, run.x.Reader)
	}
	if err == nil {
		r.columns, r.width = r.c.columns, len(r.c.columns)
	}
	return err
}

// missing names the parameters that the text uses and the request lacks.
func missing(c *compiled, params map[string]value.Value) error {
	var names []string
	var at status.Pos
	for i, n := range c.plan.Params {
		if _, ok := params[n]; ok {
			continue
		}
		if names == nil {
			at = c.plan.ParamPos[i]
		}
		names = append(names, n)
	}
	if len(names) == 0 {
		return nil
	}
	err := status.Errorf(status.MissingParameter, "parameter $%s was not given", names[0]).At(at)
	var others []string
	for n := range params {
		if !slices.Contains(c.plan.Params, n) {
			others = append(others, n)
		}
	}
	slices.Sort(others)
	if near := status.Nearest(names[0], others...); near != "" {
		return err.WithHint("$%s was given and is not used: did you mean that?", near)
	}
	return err.WithHint("the statement needs %s", "$"+strings.Join(names, ", $"))
}

// setUp fills the run's context in.
func (r *Result) setUp(ctx context.Context) {
	e, run := r.engine, r.run
	req := &run.req
	limits := e.opts.Limits.merged(req.Limits)
	if r.c.lasting() && (req.Limits == nil || req.Limits.Time <= 0) {
		limits.Time = 0
	}
	run.ctx = runContext{Context: ctx, entry: &run.entry, started: r.started, limit: limits.Time}
	transaction := r.started
	if r.tx != nil {
		run.ctx.entry, transaction = &r.tx.entry, r.tx.entry.started
	}
	if !req.Streamed {
		run.limit = limits.Rows
	}
	run.budget.Renew(limits.Memory)
	x := &run.x
	x.Ctx, x.Params = &run.ctx, run.prepared.params(req.Params)
	x.Functions = function.Context{Statement: r.started, Transaction: transaction, Now: time.Now}
	x.Limits = exec.Limits{PathRows: limits.PathRows, PathLength: limits.PathLength}
	x.Budget, x.BatchSize, x.Profile = run.budget, e.opts.BatchSize, r.c.profile
	x.Call, x.OpenCSV, x.OpenRows, x.Stats = run.callFn, e.opts.OpenCSV, e.opts.OpenRows, &run.stats
	x.Space = run.space
	if r.c.plan.Batched {
		x.Transactions = &batches{run: run}
	}
}

// enter makes the statement the transaction's present one, or gives one that writes
// by itself a transaction.
func (r *Result) enter(ctx context.Context) error {
	run, c := r.run, r.c
	t := r.tx
	switch {
	case t == nil && !c.writes:
		return nil
	case t == nil:
		run.entry.writes()
		return r.openAuto(ctx)
	case c.writes && t.ReadOnly():
		return status.Errorf(status.ReadOnlyTransaction, "a statement that writes, in a read-only transaction").
			WithHint("START TRANSACTION READ WRITE begins one that may write")
	}
	t.current = r
	t.entry.text.Store(&r.text)
	run.x.Tx = t.tx
	if c.writes {
		run.save, run.saved = t.tx.Savepoint(), true
	}
	return nil
}

// openAuto opens the transaction of a statement by itself. What the transaction
// sees may be newer than what the plan was found for.
func (r *Result) openAuto(ctx context.Context) error {
	run := r.run
	run.reader.Close()
	tx, err := r.engine.store.Begin(ctx, false)
	if err != nil {
		return err
	}
	run.auto, run.x.Tx, run.x.Reader = tx, tx, tx.Reader
	return r.resolve()
}

// begin makes the answer where that is best done at once, or opens it.
func (r *Result) begin() (err error) {
	run := r.run
	if run.prog, err = r.c.program(r.engine); err != nil {
		return err
	}
	if !r.c.whole() {
		return r.open()
	}
	r.whole = true
	switch err = run.prog.Run(&run.x, run.sinkFn); {
	case err == errLarge:
		// Nobody has seen a row: the run is begun again, to be taken bit by bit.
		r.c.large.Store(true)
		r.whole = false
		run.stats, run.vals, run.made, run.boxed = exec.Stats{}, nil, 0, 0
		return r.open()
	case err == nil && !r.c.writes:
		r.vals, r.ahead = run.vals, run.made
		r.release(nil)
		r.light, err = true, r.err
	}
	return err
}

func (r *Result) open() error {
	run := r.run
	run.cursor = run.prog.Open(&run.x)
	if !r.c.writes {
		return nil
	}
	// Writing statements run to their first row at once, so that their errors are here.
	return run.next()
}

// collect takes the batches of an answer that is made at once.
func (run *running) collect(b *column.Batch) error {
	n := b.Rows()
	if run.made+n > wholeRows {
		return errLarge
	}
	for i := range n {
		if err := run.box(b, i); err != nil {
			return err
		}
	}
	return nil
}

// box makes values of the i-th row of a batch that counts.
func (run *running) box(b *column.Batch, i int) (err error) {
	if run.limit > 0 && run.boxed >= run.limit {
		return status.Errorf(status.RowLimit, "the answer has more than %d rows", run.limit).
			WithHint("stream it (Accept: application/x-ndjson), add LIMIT, or raise `query-rows` (in a request `max_rows`)")
	}
	if b.Sel != nil {
		i = int(b.Sel[i])
	}
	was := len(run.vals)
	if run.vals, err = run.prog.Row(&run.x, run.vals, b, i); err != nil {
		run.vals = run.vals[:was]
		return err
	}
	run.boxed++
	run.made++
	return nil
}

// release lets go of everything and settles the transaction; err is what went
// wrong so far. The caller holds the lock.
func (r *Result) release(err error) {
	run := r.run
	if run == nil {
		return
	}
	if err == nil && (run.auto != nil || run.saved) {
		err = status.Ended(&run.ctx, "the query")
	}
	if run.auto != nil && err == nil {
		err = r.commitAuto()
	}
	run.closeCursor(&err)
	r.run = nil
	switch {
	case r.tx != nil:
		err = r.leaveTx(run, err)
	case run.auto != nil:
		run.auto.Rollback() // does nothing after a commit
	}
	run.reader.Close()
	r.engine.registry.remove(&run.entry)
	r.report(run, err)
	r.trace(run)
	run.budget.Close()
	if err != nil {
		r.err = r.located(err)
	} else if run.prog != nil {
		r.c.programs.Put(run.prog)
	}
	r.elapsed = time.Since(r.started)
	if r.c == nil || !r.c.outside {
		r.engine.give(run)
	}
}

func (run *running) closeCursor(err *error) {
	if run.cursor != nil {
		run.cursor.Close()
		run.cursor = nil
	}
	if run.space != nil {
		run.stats.Spilled = max(run.stats.Spilled, run.space.Bytes()-run.spilled)
		if cerr := run.space.Close(); *err == nil {
			*err = cerr
		}
	}
}

// report keeps what Summary tells.
func (r *Result) report(run *running, err error) {
	r.effects, r.spilled, r.peak = run.stats.Effects, run.stats.Spilled, run.budget.Peak()
	if len(run.stats.Notices) > 0 {
		r.rarely().notices = run.stats.Notices
	}
	if r.c != nil && r.c.plan != nil && len(r.c.plan.Notices) > 0 {
		r.rarely().notices = slices.Concat(r.c.plan.Notices, run.stats.Notices)
	}
	if err == nil && r.c != nil && r.c.profile && r.c.plan != nil && !r.c.explain {
		r.rarely().plan = r.c.plan.Explain(run.stats.Operators)
	}
}

// leaveTx ends a statement inside a transaction: a failed one leaves no trace of its own.
func (r *Result) leaveTx(run *running, err error) error {
	t := r.tx
	if run.saved {
		if err == nil {
			err = t.tx.EndStatement()
		}
		if err != nil {
			t.tx.RollbackTo(run.save)
		}
		run.saved, run.save = false, graph.Savepoint{}
	}
	if t.current == r {
		t.current = nil
		t.entry.text.Store(nil)
	}
	t.touch()
	return err
}

// commitAuto commits a statement by itself. Where another transaction was first and
// nobody has seen a row yet, it runs again, on the state that the other one left.
func (r *Result) commitAuto() error {
	run := r.run
	for try := 1; ; try++ {
		began := time.Now()
		_, err := run.auto.Commit(&run.ctx, r.engine.opts.Durability)
		run.req.Trace.committed(began)
		if status.CodeOf(err) != status.WriteConflict || !r.whole || try == commitTries {
			return err
		}
		if werr := status.Ended(&run.ctx, "the query"); werr != nil {
			return werr
		}
		r.engine.retries.Add(1)
		if err := r.again(); err != nil {
			return err
		}
	}
}

func (r *Result) again() error {
	run, before := r.run, r.c
	run.stats = exec.Stats{}
	if err := r.openAuto(run.ctx.Context); err != nil {
		return err
	}
	if r.c != before {
		var err error
		if run.prog, err = r.c.program(r.engine); err != nil {
			return err
		}
	}
	return run.prog.Run(&run.x, run.sinkFn)
}

// located makes an error's place point into the text that was asked.
func (r *Result) located(err error) error {
	var e *status.Error
	if r.c == nil || r.c.source == r.text || !errors.As(err, &e) || !e.Pos.IsValid() {
		return err
	}
	e = copyOf(e)
	e.Pos, _ = parser.Relocate(e.Pos, r.c.source, r.text)
	return e
}

// recovered turns a panic of this package's own code into an error.
func (r *Result) recovered(err *error) {
	if v := recover(); v != nil {
		*err = status.Errorf(status.Internal, "panic: %v", v)
		r.engine.log.Error("query panicked", "error", *err, "plan", r.c.plan.Explain(nil), "stack", string(debug.Stack()))
	}
}
