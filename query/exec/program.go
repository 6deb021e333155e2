package exec

import (
	"errors"
	"log/slog"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/value"
)

// Options are switches of Build.
type Options struct {
	// Workers is how many lanes a long pipeline gets; 0 and 1: one.
	Workers int
	// Logger takes panics, with the plan; nil: slog.Default().
	Logger *slog.Logger
}

// Program is a plan made runnable. Runs reuse its operators and their memory: it
// is for one goroutine at a time.
type Program struct {
	plan    *plan.Plan
	opts    Options
	main    *scope
	run     runner
	workers []*worker
	sink    func(*column.Batch) error
	labels  labelSets
	passing passingSets
	loops   loopSets
	writes  bool
	early   early
}

// Build makes a program of a plan, which must not be changed afterwards.
func Build(p *plan.Plan, opts Options) (*Program, error) {
	prog := &Program{plan: p, opts: opts, main: &scope{}, writes: p.Writes}
	w := prog.newWorker()
	b := &builder{prog: prog, scope: prog.main}
	run, err := b.build(p.Root, []lane{{w: w, out: sinkFunc(prog.give)}})
	if err != nil {
		return nil, err
	}
	prog.run = run
	return prog, nil
}

func (p *Program) newWorker() *worker {
	w := newWorker(p)
	p.workers = append(p.workers, w)
	return w
}

func (p *Program) give(b *column.Batch) error {
	if b.Rows() == 0 || p.sink == nil {
		return nil
	}
	return p.sink(b)
}

// Plan returns the plan that the program was built from.
func (p *Program) Plan() *plan.Plan { return p.plan }

// Run executes the program and gives its rows to sink, in batches over the plan's
// slots that are valid until sink returns. An error of sink ends the run and comes
// back. A panic is recovered, logged and returned as an Internal error.
func (p *Program) Run(x *Context, sink func(*column.Batch) error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = panicked(v)
		}
		if err == nil {
			return
		}
		var pe *panicError
		if errors.As(err, &pe) {
			p.logPanic(pe)
			err = pe.fault
		}
	}()
	p.sink = sink
	for _, w := range p.workers {
		w.bind(x)
	}
	defer p.end()
	if err := x.check(); err != nil {
		return err
	}
	p.main.reset()
	return p.run()
}

// end lets go of everything that belongs to the run.
func (p *Program) end() {
	p.main.close()
	p.labels.forget()
	p.passing.forget()
	p.loops.forget(p.writes)
	for _, w := range p.workers {
		if w.x != nil {
			w.release()
		}
	}
	p.sink = nil
}

func (p *Program) logPanic(e *panicError) {
	log := p.opts.Logger
	if log == nil {
		log = slog.Default()
	}
	log.Error("query panicked", "error", e.fault.Msg, "plan", p.plan.Explain(nil), "stack", string(e.stack))
}

// Row boxes row i of a batch that Run gave, with nodes, relationships and paths
// filled in, appending to dst one value for each of the plan's columns.
func (p *Program) Row(x *Context, dst []value.Value, b *column.Batch, i int) ([]value.Value, error) {
	for _, c := range p.plan.Columns {
		v := value.Null
		if col := b.Cols[c.Slot]; col != nil {
			v = col.Value(i)
		}
		v, err := Fill(x.Reader, v)
		if err != nil {
			return dst, err
		}
		dst = append(dst, v)
	}
	return dst, nil
}

// lanes returns how many lanes a pipeline that splits gets.
func (p *Program) lanes() int { return max(1, p.opts.Workers) }
