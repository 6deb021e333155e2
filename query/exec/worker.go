package exec

import (
	"runtime/debug"

	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/internal/planted"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/status"
)

// worker is one goroutine's share of a program: what operators of its lanes use and
// must not share with those of others.
type worker struct {
	prog  *Program
	x     *Context // of the run
	fn    function.Context
	graph graphView
	funcs graphFuncs
	exprs []*expr.Context
	prof  profile
	subs  []*scope // of sub-plans that this worker runs
}

func newWorker(p *Program) *worker {
	w := &worker{prog: p}
	w.graph.w, w.funcs.w = w, w
	return w
}

// bind prepares w for a run.
func (w *worker) bind(x *Context) {
	w.x = x
	w.fn = x.Functions
	w.fn.Graph = &w.funcs
	for _, c := range w.exprs {
		c.Params, c.MaxValue = x.Params, x.maxValue()
		if planted.Is(planted.StaleSet) {
			c.Reset()
			continue
		}
		c.Forget()
	}
	w.prof.begin(x, w.prog.plan)
}

// release ends a run.
func (w *worker) release() {
	for _, s := range w.subs {
		s.close()
	}
	for _, c := range w.exprs {
		c.Reset()
	}
	w.graph.close()
	w.prof.end(w.x)
	w.x, w.fn = nil, function.Context{}
}

func (w *worker) reader() *graph.Reader { return w.x.Reader }

// newExpr returns a context for one operator's expressions. The operator resets it
// at the start of each push, when nothing of its last batch is in use any more.
func (w *worker) newExpr() *expr.Context {
	c := &expr.Context{Graph: &w.graph, Functions: &w.fn}
	m := &valueMeter{w: w}
	c.Check, c.Drop = m.add, m.drop
	subs := &subqueries{w: w}
	c.Subquery = subs.run
	if w.x != nil {
		c.Params, c.MaxValue = w.x.Params, w.x.maxValue()
	}
	w.exprs = append(w.exprs, c)
	return c
}

// valueMeter counts the strings, lists and maps that an operator's expressions make in the
// query's memory, until the operator's next batch.
type valueMeter struct {
	w     *worker
	total int64
	held  int64 // reserved
}

const (
	// valueFloor is what the expressions of an operator may make without asking.
	valueFloor = 1 << 20
	// valueStep is by how much they reserve.
	valueStep = 256 << 10
	// valueShare is the part of a query's memory that they get even where operators that
	// could spill have taken all of it: a batch has to be made before it can be spilled.
	valueShare = 8
)

func (m *valueMeter) add(bytes int64) error {
	if err := m.w.x.check(); err != nil {
		return err
	}
	want := m.total + bytes - valueFloor
	if want > m.held {
		budget := m.w.x.Budget
		if need := want - m.held; budget.TryReserve(need + valueStep) {
			m.held += need + valueStep
		} else if err := budget.Reserve(need); err == nil {
			m.held += need
		} else if want <= budget.Limit()/valueShare {
			budget.Force(need)
			m.held += need
		} else {
			return err
		}
	}
	m.total += bytes
	return nil
}

// maxValue is what one value may weigh; 0: without limit.
func (x *Context) maxValue() int64 {
	if limit := x.Budget.Limit(); limit > 0 {
		return max(limit, valueFloor)
	}
	return 0
}

func (m *valueMeter) drop(bytes int64) {
	m.total = max(m.total-bytes, 0)
	if want := max(m.total-valueFloor, 0); m.held > want+valueStep || want == 0 && m.held > 0 {
		m.w.x.Budget.Release(m.held - want)
		m.held = want
	}
}

// working returns how many of the lanes work in this run.
func working(lanes []lane) int {
	if n := lanes[0].w.x.Workers; n > 0 && n < len(lanes) {
		return n
	}
	return len(lanes)
}

func panicked(p any) error {
	if e, ok := p.(*panicError); ok {
		return e
	}
	return &panicError{status.Errorf(status.Internal, "panic: %v", p), debug.Stack()}
}

// panicError is an Internal error with the stack of the panic, for the log.
type panicError struct {
	fault *status.Error
	stack []byte
}

func (e *panicError) Error() string { return e.fault.Error() }
func (e *panicError) Unwrap() error { return e.fault }
