package exec

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// subqueries runs the subqueries in the expressions of one operator. Each is built
// when it is first met.
type subqueries struct {
	w     *worker
	built map[*expr.Subquery]*subquery
}

// subquery is one EXISTS, COUNT or COLLECT made runnable: the end of its own plan.
type subquery struct {
	w     *worker
	s     *expr.Subquery
	plan  *plan.Plan
	inner *sub

	row    int // PerRow: the outer row at hand
	open   int // Exists: outer rows that have not been answered yet
	seen   []bool
	counts []int64
	lists  [][]value.Value
	held   int64 // reserved for lists
	due    int64 // of lists, to be reserved
	one    column.Batch
	sel    [1]int32
}

func (q *subqueries) run(s *expr.Subquery, b *column.Batch) (*column.Vector, error) {
	sq := q.built[s]
	if sq == nil {
		p := plan.Subplan(s)
		if p == nil {
			return nil, status.Errorf(status.Internal, "a subquery without a plan: %s", s.Text)
		}
		sq = &subquery{w: q.w, s: s, plan: p}
		bl := &builder{prog: q.w.prog, above: max(q.w.prof.at, -1)}
		var err error
		if sq.inner, err = bl.sub(p.Root, q.w, sq); err != nil {
			return nil, err
		}
		sq.inner.scope.onClose(sq.release)
		if q.built == nil {
			q.built = map[*expr.Subquery]*subquery{}
		}
		q.built[s] = sq
	}
	return sq.answer(b)
}

// answer runs the subquery for the selected rows of b.
func (q *subquery) answer(b *column.Batch) (*column.Vector, error) {
	q.begin(b)
	if q.plan.PerRow || q.plan.RowID == plan.NoSlot {
		share(&q.one, b)
		q.one.Sel, q.one.Mult = q.sel[:], nil
		for _, r := range b.Selection() {
			q.row, q.open = int(r), 1
			q.sel[0] = r
			if err := q.inner.run(&q.one); err != nil {
				return nil, err
			}
		}
	} else if b.Rows() > 0 {
		q.row, q.open = -1, b.Rows()
		if err := q.inner.run(b); err != nil {
			return nil, err
		}
	}
	return q.result(b), nil
}

// perListed is what a value of a list takes: lists grow by doubling.
const perListed = 2 * 32

// listStep is how many bytes of lists are reserved at a time.
const listStep = 64 << 10

// reserve counts what lists are about to hold.
func (q *subquery) reserve(bytes int64) error {
	if q.due += bytes; q.due < listStep {
		return nil
	}
	if err := q.w.x.Budget.Reserve(q.due); err != nil {
		return err
	}
	q.held, q.due = q.held+q.due, 0
	return nil
}

// weights returns what the values of rows hold, themselves aside.
func weights(v *column.Vector, rows []int32) int64 {
	if v == nil || v.Type != column.Any && v.Type != column.String {
		return 0
	}
	n := int64(0)
	for _, r := range rows {
		if x := v.Value(int(r)); x.Kind() != value.KindNull {
			n += x.Weight() - value.Null.Weight()
		}
	}
	return n
}

// release gives back what the lists of the last answer were reserved.
func (q *subquery) release() {
	if q.held > 0 {
		q.w.x.Budget.Release(q.held)
		q.held = 0
	}
	q.due = 0
}

func (q *subquery) begin(b *column.Batch) {
	q.release()
	switch q.s.Kind {
	case expr.Exists:
		q.seen = make([]bool, b.Len)
	case expr.Count:
		q.counts = make([]int64, b.Len)
	case expr.Collect:
		q.lists = make([][]value.Value, b.Len)
	}
}

// push takes rows of the inner plan, which say in RowID whose they are.
func (q *subquery) push(b *column.Batch) error {
	var ids []int64
	if q.row < 0 {
		col := b.Cols[q.plan.RowID]
		if col == nil || col.Type != column.Int {
			return status.Errorf(status.Internal, "a subquery's rows have lost their number: %s", q.s.Text)
		}
		ids = col.Ints
		if col.Const {
			ids = nil
			q.row = int(col.Ints[0])
			defer func() { q.row = -1 }()
		}
	}
	var result *column.Vector
	if q.s.Kind == expr.Collect {
		result = b.Cols[q.s.Result]
		if err := q.reserve(int64(b.Rows())*perListed + weights(result, b.Selection())); err != nil {
			return err
		}
	}
	for _, r := range b.Selection() {
		row := q.row
		if ids != nil {
			row = int(ids[r])
		}
		switch q.s.Kind {
		case expr.Exists:
			if !q.seen[row] {
				q.seen[row] = true
				q.open--
			}
		case expr.Count:
			times := int64(1)
			if b.Mult != nil {
				times = b.Mult[r]
			}
			var err error
			if q.counts[row], err = addCount(q.counts[row], times); err != nil {
				return err
			}
		case expr.Collect:
			v := value.Null
			if result != nil {
				v = result.Value(int(r))
			}
			q.lists[row] = append(q.lists[row], v)
		}
	}
	if q.s.Kind == expr.Exists && q.open == 0 {
		return errStop
	}
	return nil
}

func (q *subquery) finish() error { return nil }

func (q *subquery) result(b *column.Batch) *column.Vector {
	switch q.s.Kind {
	case expr.Exists:
		return &column.Vector{Type: column.Bool, Bools: q.seen}
	case expr.Count:
		return &column.Vector{Type: column.Int, Ints: q.counts}
	}
	out := &column.Vector{Type: column.Any, Anys: make([]value.Value, b.Len)}
	for _, r := range b.Selection() {
		out.Anys[r] = value.List(q.lists[r]...)
	}
	q.lists = nil
	return out
}
