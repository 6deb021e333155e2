package query

import (
	"sync"
	"time"

	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/query/exec"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// Result gives a statement's rows on demand. It is for one goroutine at a time and
// must be closed: a writing statement outside a transaction commits in Close, and
// has happened only when Close returned nil. What it holds goes as soon as its rows
// have been taken; a small answer holds nothing from the start.
//
// Others meet it too: TERMINATE, a revoked token and Engine.Close let go of a Result
// that stands still between two calls, and a next statement of its transaction takes its
// remaining rows aside. Hence the lock.
type Result struct {
	engine  *Engine
	c       *compiled
	text    string
	columns []string
	width   int
	started time.Time
	tx      *Tx  // whose gate is the lock; nil: mu is
	whole   bool // made at once
	light   bool // holds nothing since it was begun

	// Rows that were made and not yet given; the goroutine that calls Next alone
	// touches these.
	vals  []value.Value
	taken int // of vals
	ahead int // rows
	given int64
	row   []value.Value

	mu sync.Mutex
	// All below is under the lock.
	run     *running // nil once everything was let go of
	effects exec.Effects
	spilled int64
	peak    int64
	elapsed time.Duration
	err     error
	rare    *rare // nil: nothing of that
}

// rare is what few Results have.
type rare struct {
	opened  *Tx
	plan    string
	schema  SchemaEffects
	notices []string

	aside     []value.Value // rows made when a later statement began
	asideRows int
	held      *memory.Budget // of aside
}

func (r *Result) rarely() *rare {
	if r.rare == nil {
		r.rare = &rare{}
	}
	return r.rare
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
	Returns bool // the statement has columns
	Notices []string
	Plan    string // of EXPLAIN and PROFILE
	Spilled int64  // bytes
	Peak    int64  // bytes of memory held at once
	Elapsed time.Duration
	// Tx is the transaction that BEGIN opened.
	Tx *Tx
}

// Status is the outcome of a statement that succeeded, in GQL's terms.
func (s *Summary) Status() status.GQL {
	switch {
	case !s.Returns:
		return status.GQLOmitted
	case s.Rows == 0:
		return status.GQLNoData
	}
	return status.GQLSuccess
}

func (r *Result) lock() {
	if r.tx != nil {
		r.tx.gate.lock()
	} else {
		r.mu.Lock()
	}
}

func (r *Result) unlock() {
	if r.tx != nil {
		r.tx.unlock()
		return
	}
	r.mu.Unlock()
	if !r.light {
		r.notice()
	}
}

// notice lets go of a statement by itself that was ended by others while it stood
// still. Where it does not, whoever works on it is about to find the cause, or calls notice.
func (r *Result) notice() {
	if !r.mu.TryLock() {
		return
	}
	defer r.mu.Unlock()
	if run := r.run; run != nil {
		if cause := run.entry.cause.Load(); cause != nil {
			r.release(copyOf(cause))
		}
	}
}

// Columns returns the names of the answer's columns.
func (r *Result) Columns() []string { return r.columns }

// Held reports whether the Result still held something of the store when it was
// begun: one that does must be closed, or taken to its end, before it is forgotten.
func (r *Result) Held() bool { return !r.light }

// Next moves to the next row, and reports whether there is one. After false, Err
// and Close tell why.
func (r *Result) Next() bool {
	if r.ahead == 0 && !r.fill() {
		return false
	}
	r.row = r.vals[r.taken : r.taken+r.width : r.taken+r.width]
	r.taken += r.width
	r.ahead--
	r.given++
	return true
}

// Values returns the current row, valid until the next call.
func (r *Result) Values() []value.Value { return r.row }

// fill makes the next rows.
func (r *Result) fill() bool {
	if r.light {
		return false
	}
	r.lock()
	defer r.unlock()
	r.taken = 0
	if x := r.rare; x != nil && x.asideRows > 0 {
		r.vals, r.ahead = x.aside, x.asideRows
		x.aside, x.asideRows = nil, 0
		return true
	}
	run := r.run
	if run == nil || run.cursor == nil {
		return false
	}
	run.vals, run.made = r.vals[:0], 0
	more, err := r.make(chunkRows)
	r.vals, r.ahead = run.vals, run.made
	switch {
	case err != nil:
		r.release(err)
	case !more && !r.c.writes:
		r.release(nil)
	}
	return r.ahead > 0
}

// make boxes up to n rows, and reports whether there may be more.
func (r *Result) make(n int) (more bool, err error) {
	defer r.recovered(&err)
	run := r.run
	for end := run.made + n; run.made < end; {
		if run.batch == nil || run.at >= run.batch.Rows() {
			if err = run.next(); err != nil || run.batch == nil {
				return false, err
			}
		}
		for ; run.made < end && run.at < run.batch.Rows(); run.at++ {
			if err := run.box(run.batch, run.at); err != nil {
				return false, err
			}
		}
	}
	return true, nil
}

func (run *running) next() (err error) {
	run.at = 0
	run.batch, err = run.cursor.Next()
	return err
}

// drain runs a statement to its end without its rows.
func (run *running) drain() error {
	for run.cursor != nil {
		if b, err := run.cursor.Next(); b == nil || err != nil {
			return err
		}
	}
	return nil
}

// setAside ends a statement of a transaction that another one follows: its rows are
// kept for whoever takes them. They see nothing of the other statement.
func (r *Result) setAside() {
	run := r.run
	if run == nil {
		return
	}
	if run.cursor == nil {
		r.release(nil)
		return
	}
	x := r.rarely()
	x.held = r.engine.opts.Budget.Sub("rows set aside", run.budget.Limit())
	run.vals, run.made = nil, 0
	more, err := true, error(nil)
	for done := 0; more && err == nil; {
		more, err = r.make(chunkRows)
		size := 0
		for _, v := range run.vals[done:] {
			size += value.Size(v)
		}
		done = len(run.vals)
		if err == nil {
			err = x.held.Reserve(int64(size))
		}
	}
	x.aside, x.asideRows = run.vals, run.made
	r.release(err)
}

// Close ends the statement: what is left of its rows is run through (a writing
// statement) or dropped (a reading one), and a statement outside a transaction commits.
// It returns the first error of all that.
func (r *Result) Close() error {
	r.vals, r.row, r.ahead = nil, nil, 0
	if r.light {
		return r.err
	}
	r.lock()
	defer r.unlock()
	if r.run != nil {
		var err error
		if r.c.writes {
			err = r.run.drain()
		}
		r.release(err)
	}
	r.dropAside()
	return r.err
}

func (r *Result) dropAside() {
	x := r.rare
	if x == nil {
		return
	}
	x.aside, x.asideRows = nil, 0
	if x.held != nil {
		x.held.Close()
		x.held = nil
	}
}

// Abandon lets go of a Result that nobody will close: a statement by itself is
// undone, one inside a transaction ends as Close would end it.
func (r *Result) Abandon() {
	if r.tx == nil {
		r.lock()
		defer r.unlock()
		r.release(errAbandoned())
		return
	}
	if err := r.Close(); err != nil {
		r.engine.log.Debug("the rows of a statement were never closed", "error", err)
	}
}

// Err returns the error that ended the rows, if any.
func (r *Result) Err() error {
	if r.light {
		return r.err
	}
	r.lock()
	defer r.unlock()
	return r.err
}

// Summary returns the statement's report.
func (r *Result) Summary() Summary {
	r.lock()
	defer r.unlock()
	s := Summary{Effects: r.effects, Rows: r.given, Returns: r.width > 0, Spilled: r.spilled, Peak: r.peak, Elapsed: r.elapsed}
	if x := r.rare; x != nil {
		s.SchemaEffects, s.Notices, s.Plan, s.Tx = x.schema, x.notices, x.plan, x.opened
	}
	if run := r.run; run != nil {
		s.Effects, s.Peak, s.Elapsed = run.stats.Effects, run.budget.Peak(), time.Since(r.started)
	}
	return s
}
