package query

import (
	"time"

	"github.com/kadedb/kadedb/parser/ast"
	"github.com/kadedb/kadedb/query/plan"
)

// Kind says what a statement is for.
type Kind uint8

// The kinds of statements.
const (
	// KindOther is a text of which nothing was made, because it is wrong.
	KindOther Kind = iota
	KindRead
	KindWrite
	// KindSchema creates or drops an index or a constraint.
	KindSchema
	// KindTransaction begins, commits or rolls back.
	KindTransaction
	// KindAdmin ends what others do.
	KindAdmin
)

// Kinds are all kinds, by their names.
var Kinds = [...]string{KindOther: "other", KindRead: "read", KindWrite: "write", KindSchema: "schema",
	KindTransaction: "transaction", KindAdmin: "admin"}

func (k Kind) String() string { return Kinds[k] }

// Trace is what a statement took, for logs and metrics: Request.Trace is filled in
// when the statement has let go of the store, however it ended.
type Trace struct {
	Kind    Kind
	Spilled int64         // bytes written to temporary files
	Peak    int64         // bytes of memory held at once
	Lock    time.Duration // waiting for the call before it in the same transaction
	Disk    time.Duration // reading blocks, by all statements that ran meanwhile, and temporary files, by this one
	Commit  time.Duration // checking for conflicts, the queue of commits, the log

	plan *plan.Plan
	load time.Duration // the store's time for blocks when the statement began
	temp time.Duration // the statement's space's for temporary files
}

// Plan returns the operators of the statement's plan in one line, or "".
func (t *Trace) Plan() string {
	if t.plan == nil {
		return ""
	}
	return t.plan.Line()
}

// kind classifies what was compiled.
func (c *compiled) kind() Kind {
	switch c.command.(type) {
	case nil:
		if c.admin {
			return KindAdmin
		}
		if c.writes && !c.explain {
			return KindWrite
		}
		return KindRead
	case *ast.Transaction:
		return KindTransaction
	}
	return KindSchema
}

// trace fills the request's Trace in.
func (r *Result) trace(run *running) {
	t := run.req.Trace
	if t == nil {
		return
	}
	t.Spilled, t.Peak = r.spilled, r.peak
	t.Disk = r.engine.store.LoadTime() - t.load
	if run.space != nil {
		t.Disk += run.space.Time() - t.temp
	}
	if r.c != nil {
		t.Kind, t.plan = r.c.kind(), r.c.plan
	}
}

// begin notes what the statement finds.
func (t *Trace) begin(e *Engine, run *running) {
	*t = Trace{Lock: t.Lock, load: e.store.LoadTime()}
	if run.space != nil {
		t.temp = run.space.Time()
	}
}

// committed adds the time since began to the time of the commit.
func (t *Trace) committed(began time.Time) {
	if t != nil {
		t.Commit += time.Since(began)
	}
}
