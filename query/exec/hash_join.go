package exec

import (
	"slices"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/exec/join"
	"github.com/kadedb/kadedb/query/plan"
)

// hashJoin is plan.HashJoin: the right side is run first and built into a table, then
// the left side probes it.
type hashJoin struct {
	w    *worker
	out  operator
	spec join.Spec
	join *join.Join // nil before the first row of either side
	stop bool       // the consumer wants no more
}

func (b *builder) hashJoin(n *plan.HashJoin, lanes []lane) (runner, error) {
	j := &hashJoin{w: lanes[0].w, out: lanes[0].out, spec: join.Spec{
		Kind: joinKind(n.JoinKind), LeftKeys: n.LeftKeys, RightKeys: n.RightKeys, Width: b.width(),
	}}
	for _, s := range n.Live {
		if slices.Contains(n.Left.Base().Live, s) {
			j.spec.LeftSlots = append(j.spec.LeftSlots, s)
		}
		if slices.Contains(n.Right.Base().Live, s) {
			j.spec.RightSlots = append(j.spec.RightSlots, s)
		}
	}
	b.scope.onReset(j.drop)
	b.scope.onClose(j.drop)
	right, err := b.build(n.Right, []lane{{w: j.w, out: sinkFunc(j.build)}})
	if err != nil {
		return nil, err
	}
	left, err := b.build(n.Left, []lane{{w: j.w, out: j}})
	if err != nil {
		return nil, err
	}
	return func() error {
		if err := right(); err != nil {
			return err
		}
		if j.table().Rows() == 0 && (j.spec.Kind == join.Inner || j.spec.Kind == join.Semi) && !j.w.prog.writes {
			return j.finish()
		}
		return left()
	}, nil
}

func joinKind(k plan.JoinKind) join.Kind {
	switch k {
	case plan.LeftOuter:
		return join.LeftOuter
	case plan.Semi:
		return join.Semi
	case plan.Anti:
		return join.Anti
	}
	return join.Inner
}

func (j *hashJoin) drop() {
	j.stop = false
	if j.join != nil {
		closeQuietly(j.w.x, j.join)
		j.join = nil
	}
}

func (j *hashJoin) table() *join.Join {
	if j.join == nil {
		j.spec.MaxRows = j.w.x.batchSize()
		j.join = join.New(j.w.x.Space, j.w.x.Budget, j.spec)
	}
	return j.join
}

func (j *hashJoin) build(b *column.Batch) error {
	if err := j.w.x.check(); err != nil {
		return err
	}
	return j.table().Build(b)
}

func (j *hashJoin) push(b *column.Batch) error { return j.table().Probe(b, j.give) }

func (j *hashJoin) give(b *column.Batch) error {
	if err := j.w.x.check(); err != nil {
		return err
	}
	err := j.out.push(b)
	j.stop = err == errStop
	return err
}

func (j *hashJoin) finish() error {
	var err error
	if !j.stop {
		err = j.table().Finish(j.give)
	}
	j.drop()
	return ended(err, j.out)
}
