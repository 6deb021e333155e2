package exec

import (
	"slices"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/value"
)

func (b *builder) create(n *plan.Create, lanes []lane) (runner, error) {
	w := lanes[0].w
	mk := newMaker(newWriter(b, w), &n.Creation)
	op := &barrier{w: w, out: lanes[0].out, live: n.Live}
	op.work = func(batch *column.Batch) (bool, error) {
		mk.begin(batch)
		if err := mk.evalAhead(batch); err != nil {
			return false, err
		}
		for r := range batch.Len {
			if err := mk.make(batch, r); err != nil {
				return false, err
			}
		}
		return true, mk.paths(batch)
	}
	return op.build(b, n.Input)
}

// maker creates the entities of a plan.Creation, row by row.
type maker struct {
	*writer
	c     *plan.Creation
	nodes []entityMaker
	rels  []entityMaker
}

// entityMaker creates one entity of a pattern.
type entityMaker struct {
	props []plan.Prop
	all   expr.Expr
	// ahead[i]: props[i] can be computed for a whole batch, as creations change
	// nothing that it reads.
	ahead []bool
	late  []bool           // props[i] reads what is created with it
	vecs  []*column.Vector // of the current batch, for those ahead
	keys  []catalog.KeyID
	vals  []value.Value
	names []string
}

func newMaker(w *writer, c *plan.Creation) *maker {
	m := &maker{writer: w, c: c}
	var made []plan.Slot
	for _, n := range c.Nodes {
		made = append(made, n.Slot)
	}
	for _, r := range c.Rels {
		made = append(made, r.Slot)
	}
	for _, n := range c.Nodes {
		m.nodes = append(m.nodes, newEntityMaker(n.Props, n.All, made))
	}
	for _, r := range c.Rels {
		m.rels = append(m.rels, newEntityMaker(r.Props, r.All, made))
	}
	return m
}

func newEntityMaker(props []plan.Prop, all expr.Expr, made []plan.Slot) entityMaker {
	e := entityMaker{props: props, all: all, ahead: make([]bool, len(props)), late: make([]bool, len(props)), vecs: make([]*column.Vector, len(props))}
	for i, p := range props {
		e.late[i] = readsAny(p.Expr, made)
		e.ahead[i] = !e.late[i] && !hasSubquery(p.Expr)
	}
	return e
}

// dependOn says that items run between the rows of a batch: properties that read what
// they write cannot be computed ahead.
func (e *entityMaker) dependOn(items []plan.SetItem) {
	if len(items) == 0 {
		return
	}
	keys, labels, known := writtenBy(items)
	for i, p := range e.props {
		e.ahead[i] = e.ahead[i] && known && !readsWritten(p.Expr, keys, labels)
	}
}

func readsAny(e expr.Expr, slots []plan.Slot) bool {
	for _, s := range expr.Slots(nil, e) {
		if slices.Contains(slots, s) {
			return true
		}
	}
	return false
}

func hasSubquery(e expr.Expr) bool {
	found := false
	expr.Walk(e, func(e expr.Expr) bool {
		_, sub := e.(*expr.Subquery)
		found = found || sub
		return !found
	})
	return found
}

// begin gives b columns for what will be created.
func (m *maker) begin(b *column.Batch) {
	for _, n := range m.c.Nodes {
		if n.Slot >= 0 {
			b.Cols[n.Slot] = refsOf(column.Node, b.Len)
		}
	}
	for _, r := range m.c.Rels {
		if r.Slot >= 0 {
			b.Cols[r.Slot] = refsOf(column.Rel, b.Len)
		}
	}
}

func refsOf(t column.Type, n int) *column.Vector {
	v := &column.Vector{}
	v.Reset(t, n)
	return v
}

// evalAhead computes what can be computed for the whole batch.
func (m *maker) evalAhead(b *column.Batch) error {
	m.batch.Reset()
	for _, list := range [][]entityMaker{m.nodes, m.rels} {
		for i := range list {
			e := &list[i]
			for j, p := range e.props {
				if !e.ahead[j] {
					continue
				}
				var err error
				if e.vecs[j], err = expr.Eval(m.batch, p.Expr, b); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// values computes one entity's properties for row r, nulls left out.
func (m *maker) values(tx *graph.Tx, e *entityMaker, b *column.Batch, r int, pos status.Pos) error {
	e.keys, e.vals, e.names = e.keys[:0], e.vals[:0], e.names[:0]
	add := func(name string, v value.Value) error {
		if v.IsNull() {
			return nil
		}
		id, err := m.key(tx, name)
		if err != nil {
			return err
		}
		e.keys, e.vals, e.names = append(e.keys, id), append(e.vals, v), append(e.names, name)
		return nil
	}
	if e.all != nil {
		v, err := m.value(e.all, b, r)
		if err != nil {
			return err
		}
		props, err := m.propertiesOf(tx, v, pos)
		if err != nil {
			return err
		}
		for i := range props.Len() {
			if err := add(props.Keys[i], props.Vals[i]); err != nil {
				return err
			}
		}
	}
	for j, p := range e.props {
		v, err := m.prop(e, j, b, r)
		if err != nil {
			return err
		}
		if err := add(p.Key, v); err != nil {
			return err
		}
	}
	return nil
}

func (m *maker) prop(e *entityMaker, j int, b *column.Batch, r int) (value.Value, error) {
	if e.vecs[j] != nil && e.ahead[j] {
		return e.vecs[j].Value(r), nil
	}
	return m.value(e.props[j].Expr, b, r)
}

// propertiesOf returns the content of a map, node or relationship, nil for null.
func (w *writer) propertiesOf(tx *graph.Tx, v value.Value, pos status.Pos) (*value.Map, error) {
	switch v.Kind() {
	case value.KindNull:
		return nil, nil
	case value.KindMap:
		return v.AsMap(), nil
	case value.KindNode:
		if err := deletedError(tx.Reader, column.Node, v.Ref()); err != nil {
			return nil, err
		}
		return tx.NodeProperties(v.Ref())
	case value.KindRelationship:
		if err := deletedError(tx.Reader, column.Rel, v.Ref()); err != nil {
			return nil, err
		}
		return tx.RelProperties(v.Ref())
	}
	return nil, status.Errorf(status.RuntimeTypeMismatch, "properties come from a MAP, NODE or RELATIONSHIP, not %s", v.Kind()).At(pos)
}

// make creates the entities of row r.
func (m *maker) make(b *column.Batch, r int) error {
	tx, err := m.tx()
	if err != nil {
		return err
	}
	for i := range m.c.Nodes {
		if err := m.makeNode(tx, i, b, r); err != nil {
			return at(err, m.c.Nodes[i].Pos)
		}
	}
	for i := range m.c.Rels {
		if err := m.makeRel(tx, i, b, r); err != nil {
			return at(err, m.c.Rels[i].Pos)
		}
	}
	return nil
}

func (m *maker) makeNode(tx *graph.Tx, i int, b *column.Batch, r int) error {
	spec, e := &m.c.Nodes[i], &m.nodes[i]
	if err := m.values(tx, e, b, r, spec.Pos); err != nil {
		return err
	}
	var buf [8]catalog.LabelID
	labels := buf[:0]
	names := spec.Labels
	for _, d := range spec.Dynamic {
		v, err := m.value(d, b, r)
		if err != nil {
			return err
		}
		more, err := labelNames(v, spec.Pos)
		if err != nil {
			return err
		}
		names = append(names[:len(names):len(names)], more...)
	}
	for _, name := range names {
		id, err := m.label(tx, name)
		if err != nil {
			return err
		}
		if !slices.Contains(labels, id) {
			labels = append(labels, id)
		}
	}
	ref, err := tx.CreateNode(labels, e.keys, e.vals)
	if err != nil {
		return err
	}
	if spec.Slot >= 0 {
		b.Cols[spec.Slot].Refs[r] = ref
	}
	fx := m.effects()
	fx.NodesCreated++
	fx.LabelsAdded += int64(len(labels))
	fx.PropertiesSet += int64(len(e.keys))
	return nil
}

func (m *maker) makeRel(tx *graph.Tx, i int, b *column.Batch, r int) error {
	spec, e := &m.c.Rels[i], &m.rels[i]
	if err := m.values(tx, e, b, r, spec.Pos); err != nil {
		return err
	}
	name, err := m.typeName(spec, b, r)
	if err != nil {
		return err
	}
	typ, err := m.relType(tx, name)
	if err != nil {
		return err
	}
	var ends [2]uint32
	for k, slot := range [2]plan.Slot{spec.From, spec.To} {
		if ends[k], err = endOf(tx, columnOf(b, slot).Value(r), spec); err != nil {
			return err
		}
	}
	ref, err := tx.CreateRel(typ, ends[0], ends[1], e.keys, e.vals)
	if err != nil {
		return err
	}
	if spec.Slot >= 0 {
		b.Cols[spec.Slot].Refs[r] = ref
	}
	fx := m.effects()
	fx.RelationshipsCreated++
	fx.PropertiesSet += int64(len(e.keys))
	return nil
}

// typeName returns the type of a new relationship, computed where need be.
func (m *maker) typeName(spec *plan.RelSpec, b *column.Batch, r int) (string, error) {
	if spec.Dynamic == nil {
		return spec.Type, nil
	}
	v, err := m.value(spec.Dynamic, b, r)
	if err != nil {
		return "", err
	}
	names, err := labelNames(v, spec.Pos)
	if err == nil && len(names) != 1 {
		err = status.Errorf(status.RuntimeTypeMismatch, "a relationship has one type, not %d", len(names)).At(spec.Pos)
	}
	if err != nil {
		return "", err
	}
	return names[0], nil
}

// endOf returns the node that a new relationship starts from or leads to.
func endOf(tx *graph.Tx, v value.Value, spec *plan.RelSpec) (uint32, error) {
	switch v.Kind() {
	case value.KindNode:
		return v.Ref(), deletedError(tx.Reader, column.Node, v.Ref())
	case value.KindNull:
		return 0, status.Errorf(status.NodeNotFound, "an end of the new relationship of type %s is null", spec.Type).At(spec.Pos).
			WithHint("Filter the rows where the node is null before CREATE or MERGE.")
	}
	return 0, status.Errorf(status.RuntimeTypeMismatch, "an end of the new relationship of type %s is %s, not a NODE", spec.Type, v.Kind()).At(spec.Pos)
}

// paths computes the named paths of a batch whose entities exist.
func (m *maker) paths(b *column.Batch) error {
	for _, p := range m.c.Paths {
		v, err := expr.Eval(m.batch, p.Expr, b)
		if err != nil {
			return err
		}
		own := &column.Vector{}
		own.Flatten(v, b.Len)
		b.Cols[p.Slot] = own
	}
	return nil
}

// at gives an error of the store a place in the text.
func at(err error, pos status.Pos) error {
	if e, ok := err.(*status.Error); ok {
		return e.At(pos)
	}
	return err
}
