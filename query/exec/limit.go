package exec

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// countOf evaluates the count of SKIP or LIMIT, which reads no row.
func countOf(w *worker, c *expr.Context, e expr.Expr, what string, pos status.Pos) (int64, error) {
	if e == nil {
		return 0, nil
	}
	c.Reset()
	row := column.Batch{Len: 1, Cols: make([]*column.Vector, w.prog.plan.NumSlots)}
	vec, err := expr.Eval(c, e, &row)
	if err != nil {
		return 0, err
	}
	v := vec.Value(0)
	if v.Kind() != value.KindInt {
		return 0, status.Errorf(status.InvalidArgumentType, "%s takes an integer, not a value of type %s", what, v.Kind()).
			In(status.Runtime).At(pos).WithHint("give a whole number of 0 or more")
	}
	if v.AsInt() < 0 {
		counted := "a count of rows"
		switch what {
		case "RETRY FOR":
			counted = "a number of seconds"
		case "CONCURRENT":
			counted = "a number of transactions"
		}
		return 0, status.Errorf(status.NegativeIntegerArgument, "%s %d: %s cannot be negative", what, v.AsInt(), counted).
			In(status.Runtime).At(pos).WithHint("give a whole number of 0 or more")
	}
	return v.AsInt(), nil
}

// skip drops the first rows.
type skip struct {
	plan  *plan.Skip
	w     *worker
	expr  *expr.Context
	out   operator
	ready bool
	left  int64
	view  column.Batch
}

func (s *skip) prepare() (err error) {
	if !s.ready {
		s.left, err = countOf(s.w, s.expr, s.plan.Count, "SKIP", s.plan.Pos)
		s.ready = err == nil
	}
	return err
}

func (s *skip) push(b *column.Batch) error {
	if err := s.prepare(); err != nil {
		return err
	}
	n := int64(b.Rows())
	if s.left >= n {
		s.left -= n
		return nil
	}
	if s.left == 0 {
		return s.out.push(b)
	}
	share(&s.view, b)
	s.view.Sel = b.Selection()[s.left:]
	s.left = 0
	return s.out.push(&s.view)
}

func (s *skip) finish() error { return ended(s.prepare(), s.out) }

// limit passes the first rows.
type limit struct {
	plan  *plan.Limit
	w     *worker
	expr  *expr.Context
	out   operator
	ready bool
	left  int64
	view  column.Batch
}

func (l *limit) prepare() (err error) {
	if !l.ready {
		l.left, err = countOf(l.w, l.expr, l.plan.Count, "LIMIT", l.plan.Pos)
		l.ready = err == nil
	}
	return err
}

func (l *limit) push(b *column.Batch) error {
	if err := l.prepare(); err != nil {
		return err
	}
	n := int64(b.Rows())
	if n < l.left {
		l.left -= n
		return l.stop(l.out.push(b))
	}
	if l.left > 0 {
		share(&l.view, b)
		l.view.Sel = b.Selection()[:l.left]
		l.left = 0
		if err := l.out.push(&l.view); err != nil && err != errStop {
			return err
		}
	}
	return l.stop(errStop)
}

// stop lets a writing input run to its end.
func (l *limit) stop(err error) error {
	if err == errStop && l.plan.Exhaust {
		l.left = 0
		return nil
	}
	return err
}

func (l *limit) finish() error { return ended(l.prepare(), l.out) }

func (b *builder) skip(n *plan.Skip, lanes []lane) (runner, error) {
	return b.build(n.Input, each(lanes, func(l lane) operator {
		s := &skip{plan: n, w: l.w, expr: l.w.newExpr(), out: l.out}
		b.scope.onReset(func() { s.ready = false })
		return s
	}))
}

func (b *builder) limit(n *plan.Limit, lanes []lane) (runner, error) {
	return b.build(n.Input, each(lanes, func(l lane) operator {
		s := &limit{plan: n, w: l.w, expr: l.w.newExpr(), out: l.out}
		b.scope.onReset(func() { s.ready = false })
		return s
	}))
}
