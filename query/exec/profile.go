package exec

import (
	"time"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/plan"
)

// profile is one worker's clock: at each moment one operator is at work, and a
// batch that passes from one to the next moves the clock's hand.
type profile struct {
	on   bool
	at   int // the operator at work; -1: none
	last time.Time
	ops  []plan.Actual
}

func (p *profile) begin(x *Context, pl *plan.Plan) {
	p.on = x.Profile && x.Stats != nil
	if p.on {
		p.ops = make([]plan.Actual, pl.NumOps)
		p.at, p.last = -1, time.Now()
	}
}

// enter makes id the operator at work and returns the one before.
func (p *profile) enter(id int) int {
	now := time.Now()
	if p.at >= 0 {
		p.ops[p.at].Time += now.Sub(p.last)
	}
	was := p.at
	p.at, p.last = id, now
	return was
}

// end adds what was counted to the run's statistics.
func (p *profile) end(x *Context) {
	if !p.on {
		return
	}
	x.Stats.mu.Lock()
	defer x.Stats.mu.Unlock()
	for len(x.Stats.Operators) < len(p.ops) {
		x.Stats.Operators = append(x.Stats.Operators, plan.Actual{})
	}
	for i, o := range p.ops {
		s := &x.Stats.Operators[i]
		s.Rows += o.Rows
		s.Time += o.Time
		s.Calls += o.Calls
	}
	p.on, p.ops = false, nil
}

// meter stands between an operator and the one above it.
type meter struct {
	w        *worker
	id, next int // of the operator below and of the one above; next -1: the client
	out      operator
}

func (m *meter) push(b *column.Batch) error {
	p := &m.w.prof
	if !p.on {
		return m.out.push(b)
	}
	p.ops[m.id].Calls++
	p.ops[m.id].Rows += countRows(b)
	was := p.enter(m.next)
	err := m.out.push(b)
	p.enter(was)
	return err
}

func (m *meter) finish() error {
	p := &m.w.prof
	if !p.on {
		return m.out.finish()
	}
	was := p.enter(m.next)
	err := m.out.finish()
	p.enter(was)
	return err
}

// countRows returns how many rows b stands for.
func countRows(b *column.Batch) int64 {
	if b.Mult == nil {
		return int64(b.Rows())
	}
	n := int64(0)
	for _, r := range b.Selection() {
		n += b.Mult[r]
	}
	return n
}

// timed lets a source's own time count for its operator.
func (w *worker) timed(id int, f func() error) error {
	if !w.prof.on {
		return f()
	}
	was := w.prof.enter(id)
	err := f()
	w.prof.enter(was)
	return err
}
