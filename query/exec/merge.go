package exec

import (
	"slices"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// merger is plan.Merge: for each row it looks for matches in the state that the rows
// before left, and creates the pattern where there are none.
type merger struct {
	*maker
	n        *plan.Merge
	op       *barrier
	match    *sub
	onCreate *setter
	onMatch  *setter

	found *column.Buffer
	made  column.Batch // the batch at work with columns for what is created
	one   column.Batch
	sel   [1]int32
}

func (b *builder) merge(n *plan.Merge, lanes []lane) (runner, error) {
	w := lanes[0].w
	wr := newWriter(b, w)
	m := &merger{maker: newMaker(wr, &n.Creation), n: n, onCreate: newSetter(wr, n.OnCreate), onMatch: newSetter(wr, n.OnMatch)}
	m.op = &barrier{w: w, out: lanes[0].out, live: n.Live}
	m.op.work = m.work
	m.found = column.NewBuffer(n.Columns)
	for _, list := range [][]entityMaker{m.nodes, m.rels} {
		for i := range list {
			list[i].dependOn(append(slices.Clone(n.OnCreate), n.OnMatch...))
		}
	}
	var err error
	if m.match, err = b.sub(n.Match, w, sinkFunc(m.collect)); err != nil {
		return nil, err
	}
	return m.op.build(b, n.Input)
}

func (m *merger) collect(b *column.Batch) error {
	m.found.Append(b)
	return nil
}

func (m *merger) work(b *column.Batch) (bool, error) {
	m.made = column.Batch{Len: b.Len, Cols: slices.Clone(b.Cols)}
	m.begin(&m.made)
	if err := m.evalAhead(b); err != nil {
		return false, err
	}
	for r := range b.Len {
		if err := m.mergeRow(b, r); err != nil {
			return false, err
		}
	}
	return false, nil
}

func (m *merger) mergeRow(b *column.Batch, r int) error {
	tx, err := m.tx()
	if err != nil {
		return err
	}
	if err := m.w.x.check(); err != nil {
		return err
	}
	if err := m.refuseNulls(tx, b, r); err != nil {
		return err
	}
	m.sel[0] = int32(r)
	m.one = *b
	m.one.Sel = m.sel[:]
	m.found.Reset()
	if err := m.match.run(&m.one); err != nil {
		return err
	}
	if m.found.Len() == 0 {
		return m.create(r)
	}
	// The row once for each match, with what was found.
	rows := make([]int32, m.found.Len())
	for i := range rows {
		rows[i] = int32(r)
	}
	out := column.Batch{Cols: make([]*column.Vector, len(b.Cols))}
	out.Gather(b, rows, m.op.in)
	for i, s := range m.n.Columns {
		out.Cols[s] = m.found.Column(i)
	}
	for i := range rows {
		if err := m.onMatch.apply(&out, i); err != nil {
			return err
		}
	}
	return m.op.keep(&out)
}

// create makes the pattern for row r and gives the row.
func (m *merger) create(r int) error {
	row := m.made
	row.Sel = m.sel[:]
	if err := m.make(&row, r); err != nil {
		return err
	}
	for _, p := range m.c.Paths {
		v, err := m.value(p.Expr, &row, r)
		if err != nil {
			return err
		}
		row.Cols[p.Slot] = column.Const(v)
	}
	if err := m.onCreate.apply(&row, r); err != nil {
		return err
	}
	return m.op.keep(&row)
}

// refuseNulls returns an error where a property of the pattern is null or NaN, which
// would never be found again.
func (m *merger) refuseNulls(tx *graph.Tx, b *column.Batch, r int) error {
	check := func(name string, v value.Value, pos status.Pos) error {
		if v.IsNull() || v.Kind() == value.KindFloat && v.AsFloat() != v.AsFloat() {
			return status.Errorf(status.MergeReadOwnWrites, "MERGE cannot use `%s`: it is %s", name, nullOrNaN(v)).At(pos)
		}
		return nil
	}
	one := func(e *entityMaker, pos status.Pos) error {
		for j, p := range e.props {
			if e.late[j] {
				continue
			}
			v, err := m.prop(e, j, b, r)
			if err == nil {
				err = check(p.Key, v, pos)
			}
			if err != nil {
				return err
			}
		}
		if e.all == nil {
			return nil
		}
		v, err := m.value(e.all, b, r)
		if err != nil {
			return err
		}
		props, err := m.propertiesOf(tx, v, pos)
		if err != nil {
			return err
		}
		for i := range props.Len() {
			if err := check(props.Keys[i], props.Vals[i], pos); err != nil {
				return err
			}
		}
		return nil
	}
	for i := range m.nodes {
		if err := one(&m.nodes[i], m.c.Nodes[i].Pos); err != nil {
			return err
		}
	}
	for i := range m.rels {
		if err := one(&m.rels[i], m.c.Rels[i].Pos); err != nil {
			return err
		}
	}
	return nil
}

func nullOrNaN(v value.Value) string {
	if v.IsNull() {
		return "null"
	}
	return "NaN"
}
