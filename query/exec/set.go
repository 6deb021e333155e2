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

func (b *builder) set(n *plan.Set, lanes []lane) (runner, error) {
	w := lanes[0].w
	st := newSetter(newWriter(b, w), n.Items)
	op := &barrier{w: w, out: lanes[0].out, live: n.Live}
	op.work = func(batch *column.Batch) (bool, error) {
		if err := st.evalAhead(batch); err != nil {
			return false, err
		}
		for r := range batch.Len {
			if err := st.apply(batch, r); err != nil {
				return false, err
			}
		}
		return true, nil
	}
	return op.build(b, n.Input)
}

// setter runs the items of SET and REMOVE for one row after the other.
type setter struct {
	*writer
	items []plan.SetItem
	ahead []bool // items[i] is a SetProperty whose value reads nothing that items write
	vecs  []*column.Vector
	fresh bool // vecs are of the current batch
}

func newSetter(w *writer, items []plan.SetItem) *setter {
	s := &setter{writer: w, items: items, ahead: make([]bool, len(items)), vecs: make([]*column.Vector, len(items))}
	written, labels, known := writtenBy(items)
	if !known {
		return s
	}
	for i, it := range items {
		if p, ok := it.(*plan.SetProperty); ok && !p.Remove {
			s.ahead[i] = !readsWritten(p.Value, written, labels)
		}
	}
	return s
}

// writtenBy returns the keys that items write, and whether they write labels; known is
// false where the keys depend on the rows.
func writtenBy(items []plan.SetItem) (keys []string, labels, known bool) {
	for _, it := range items {
		switch it := it.(type) {
		case *plan.SetProperty:
			if it.KeyOf != nil {
				return nil, false, false
			}
			keys = append(keys, it.Key)
		case *plan.SetLabels:
			labels = true
		default:
			return nil, false, false
		}
	}
	return keys, labels, true
}

// readsWritten reports whether e may read one of the keys, or labels, that the
// clause writes.
func readsWritten(e expr.Expr, keys []string, labels bool) bool {
	found := false
	expr.Walk(e, func(e expr.Expr) bool {
		switch e := e.(type) {
		case *expr.Property:
			found = found || slices.Contains(keys, e.Key)
		case *expr.Call:
			found = found || e.Def.NeedsGraph
		case *expr.LabelTest:
			found = found || labels
		case *expr.Subquery, *expr.MapProjection, *expr.Index:
			found = true
		}
		return !found
	})
	return found
}

func (s *setter) evalAhead(b *column.Batch) error {
	s.batch.Reset()
	for i, it := range s.items {
		if !s.ahead[i] {
			continue
		}
		var err error
		if s.vecs[i], err = expr.Eval(s.batch, it.(*plan.SetProperty).Value, b); err != nil {
			return err
		}
	}
	s.fresh = true
	return nil
}

// apply runs all items for row r. Without evalAhead every value is computed here.
func (s *setter) apply(b *column.Batch, r int) error {
	tx, err := s.tx()
	if err != nil {
		return err
	}
	for i, it := range s.items {
		switch it := it.(type) {
		case *plan.SetProperty:
			err = s.setProperty(tx, it, i, b, r)
		case *plan.SetAll:
			err = s.setAll(tx, it, b, r)
		case *plan.SetLabels:
			err = s.setLabels(tx, it, b, r)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// entity evaluates the target of an item; ok is false for null.
func (s *setter) entity(tx *graph.Tx, e expr.Expr, b *column.Batch, r int, pos status.Pos) (t column.Type, ref uint32, ok bool, err error) {
	v, err := s.value(e, b, r)
	if err != nil {
		return 0, 0, false, err
	}
	switch v.Kind() {
	case value.KindNull:
		return 0, 0, false, nil
	case value.KindNode:
		return column.Node, v.Ref(), true, deletedError(tx.Reader, column.Node, v.Ref())
	case value.KindRelationship:
		return column.Rel, v.Ref(), true, deletedError(tx.Reader, column.Rel, v.Ref())
	}
	return 0, 0, false, status.Errorf(status.RuntimeTypeMismatch, "SET and REMOVE take a NODE or RELATIONSHIP, not %s", v.Kind()).At(pos)
}

func (s *setter) setProperty(tx *graph.Tx, it *plan.SetProperty, i int, b *column.Batch, r int) error {
	t, ref, ok, err := s.entity(tx, it.Entity, b, r, it.Pos)
	if err != nil {
		return at(err, it.Pos)
	}
	if !ok {
		return nil
	}
	name := it.Key
	if it.KeyOf != nil {
		k, err := s.value(it.KeyOf, b, r)
		if err != nil {
			return err
		}
		if k.Kind() != value.KindString {
			return status.Errorf(status.RuntimeTypeMismatch, "a property's name is a STRING, not %s", k.Kind()).At(it.Pos)
		}
		name = k.AsString()
	}
	v := value.Null
	switch {
	case it.Remove:
	case s.ahead[i] && s.fresh:
		v = s.vecs[i].Value(r)
	default:
		if v, err = s.value(it.Value, b, r); err != nil {
			return err
		}
	}
	return at(s.put(tx, t, ref, name, v), it.Pos)
}

// put sets one property, or removes it where v is null.
func (s *setter) put(tx *graph.Tx, t column.Type, ref uint32, name string, v value.Value) error {
	if v.IsNull() {
		id, known := tx.Catalog().Key(name)
		if !known {
			return nil
		}
		has, err := s.has(tx, t, ref, id)
		if err != nil || !has {
			return err
		}
		s.effects().PropertiesSet++
		return setOne(tx, t, ref, id, value.Null)
	}
	id, err := s.key(tx, name)
	if err != nil {
		return err
	}
	s.effects().PropertiesSet++
	return setOne(tx, t, ref, id, v)
}

func setOne(tx *graph.Tx, t column.Type, ref uint32, id catalog.KeyID, v value.Value) error {
	if t == column.Node {
		return tx.SetNodeProperty(ref, id, v)
	}
	return tx.SetRelProperty(ref, id, v)
}

// has reports whether an entity has a property.
func (w *writer) has(tx *graph.Tx, t column.Type, ref uint32, id catalog.KeyID) (bool, error) {
	w.ref[0] = ref
	var err error
	if t == column.Node {
		err = tx.NodeProperty(id, w.ref[:], nil, &w.old)
	} else {
		err = tx.RelProperty(id, w.ref[:], nil, &w.old)
	}
	return err == nil && !w.old.IsNull(0), err
}

func (s *setter) setAll(tx *graph.Tx, it *plan.SetAll, b *column.Batch, r int) error {
	t, ref, ok, err := s.entity(tx, it.Entity, b, r, it.Pos)
	if err != nil || !ok {
		return at(err, it.Pos)
	}
	v, err := s.value(it.Value, b, r)
	if err != nil {
		return err
	}
	props, err := s.propertiesOf(tx, v, it.Pos)
	if err != nil {
		return err
	}
	if !it.Add {
		if err := s.removeOthers(tx, t, ref, props); err != nil {
			return at(err, it.Pos)
		}
	}
	for i := range props.Len() {
		if err := s.put(tx, t, ref, props.Keys[i], props.Vals[i]); err != nil {
			return at(err, it.Pos)
		}
	}
	return nil
}

// removeOthers removes the properties that are not among props.
func (s *setter) removeOthers(tx *graph.Tx, t column.Type, ref uint32, props *value.Map) error {
	read := tx.NodeProperties
	if t == column.Rel {
		read = tx.RelProperties
	}
	old, err := read(ref)
	if err != nil {
		return err
	}
	for i := range old.Len() {
		if _, stays := props.Get(old.Keys[i]); stays {
			continue
		}
		if err := s.put(tx, t, ref, old.Keys[i], value.Null); err != nil {
			return err
		}
	}
	return nil
}

func (s *setter) setLabels(tx *graph.Tx, it *plan.SetLabels, b *column.Batch, r int) error {
	t, ref, ok, err := s.entity(tx, it.Entity, b, r, it.Pos)
	if err != nil || !ok {
		return at(err, it.Pos)
	}
	if t != column.Node {
		return status.Errorf(status.RuntimeTypeMismatch, "labels belong to a NODE, not a RELATIONSHIP").At(it.Pos)
	}
	names := it.Labels
	for _, e := range it.Dynamic {
		v, err := s.value(e, b, r)
		if err != nil {
			return err
		}
		more, err := labelNames(v, it.Pos)
		if err != nil {
			return err
		}
		names = append(names[:len(names):len(names)], more...)
	}
	for _, name := range names {
		if err := s.setLabel(tx, ref, name, it.Remove); err != nil {
			return at(err, it.Pos)
		}
	}
	return nil
}

func (s *setter) setLabel(tx *graph.Tx, ref uint32, name string, remove bool) error {
	if remove {
		id, known := tx.Catalog().Label(name)
		if !known {
			return nil
		}
		had, err := tx.RemoveLabel(ref, id)
		if had {
			s.effects().LabelsRemoved++
		}
		return err
	}
	id, err := s.label(tx, name)
	if err != nil {
		return err
	}
	added, err := tx.AddLabel(ref, id)
	if added {
		s.effects().LabelsAdded++
	}
	return err
}

// labelNames reads a computed label: a string, or a list of strings.
func labelNames(v value.Value, pos status.Pos) ([]string, error) {
	switch v.Kind() {
	case value.KindString:
		return []string{v.AsString()}, nil
	case value.KindList:
		var out []string
		for _, e := range v.Elems() {
			if e.Kind() != value.KindString {
				return nil, status.Errorf(status.RuntimeTypeMismatch, "a label is a STRING, not %s", e.Kind()).At(pos)
			}
			out = append(out, e.AsString())
		}
		return out, nil
	}
	return nil, status.Errorf(status.RuntimeTypeMismatch, "labels are a STRING or a LIST of them, not %s", v.Kind()).At(pos)
}
