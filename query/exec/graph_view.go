package exec

import (
	"slices"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/value"
)

// graphView is what a worker's expressions see of the run's reader (expr.Graph).
// Where the statement does not write it keeps cursors, with their pinned blocks, to
// the end of the run.
type graphView struct {
	w     *worker
	cols  []*viewColumn // the first open ones are of this run, the others' memory waits
	open  int
	types []catalog.TypeID
}

// viewColumn is a key of nodes or relationships: few in a statement, so that looking
// through them costs less than a map.
type viewColumn struct {
	of    column.Type
	key   string
	known bool // false: the graph has no such key
	graph.PropertyCursor
}

func (g *graphView) close() {
	for _, c := range g.cols[:g.open] {
		if c.known {
			c.Close()
		}
		c.PropertyCursor = graph.PropertyCursor{} // an old state is not kept alive
	}
	g.open = 0
}

// Property gathers a key.
func (g *graphView) Property(of column.Type, key string, refs []uint32, rows []int32, dst *column.Vector) error {
	r := g.w.reader()
	if g.w.prog.writes {
		id, ok := r.Catalog().Key(key)
		switch {
		case !ok:
			dst.Reset(column.Null, len(refs))
			return g.checkDeleted(of, refs, rows)
		case of == column.Node:
			return r.NodeProperty(id, refs, rows, dst)
		default:
			return r.RelProperty(id, refs, rows, dst)
		}
	}
	c := g.cursor(of, key)
	if !c.known {
		dst.Reset(column.Null, len(refs))
		return g.checkDeleted(of, refs, rows)
	}
	return c.Gather(refs, rows, dst)
}

// checkDeleted refuses entities that the transaction deleted, where no column does.
func (g *graphView) checkDeleted(of column.Type, refs []uint32, rows []int32) error {
	r := g.w.reader()
	if !r.HasDeletes() {
		return nil
	}
	if rows == nil {
		for _, ref := range refs {
			if err := deletedError(r, of, ref); err != nil {
				return err
			}
		}
	}
	for _, i := range rows {
		if err := deletedError(r, of, refs[i]); err != nil {
			return err
		}
	}
	return nil
}

func deletedError(r *graph.Reader, of column.Type, ref uint32) error {
	if of == column.Node && r.NodeDeleted(ref) || of == column.Rel && r.RelDeleted(ref) {
		return status.Errorf(status.DeletedEntityAccess, "the %s was deleted in this transaction", of).
			WithHint("read what is needed of it in a WITH before DELETE")
	}
	return nil
}

func (g *graphView) cursor(of column.Type, key string) *viewColumn {
	for _, c := range g.cols[:g.open] {
		if c.of == of && c.key == key {
			return c
		}
	}
	if g.open == len(g.cols) {
		g.cols = append(g.cols, &viewColumn{})
	}
	c := g.cols[g.open]
	g.open++
	c.of, c.key = of, key
	r := g.w.reader()
	id, ok := r.Catalog().Key(key)
	switch c.known = ok; {
	case !ok:
	case of == column.Node:
		c.OpenNodes(r, id)
	default:
		c.OpenRels(r, id)
	}
	return c
}

// HasLabel tests nodes for a label; "" asks for any.
func (g *graphView) HasLabel(label string, refs []uint32, rows []int32, dst []bool) error {
	r := g.w.reader()
	if label == "" {
		return g.hasSomeLabel(refs, rows, dst)
	}
	id, ok := r.Catalog().Label(label)
	if !ok {
		setFalse(rows, dst)
		return g.checkDeleted(column.Node, refs, rows)
	}
	return r.HasLabel(refs, rows, id, dst)
}

func setFalse(rows []int32, dst []bool) {
	if rows == nil {
		clear(dst)
		return
	}
	for _, i := range rows {
		dst[i] = false
	}
}

func (g *graphView) hasSomeLabel(refs []uint32, rows []int32, dst []bool) error {
	r := g.w.reader()
	if rows == nil {
		rows = (&column.Batch{Len: len(refs)}).Selection()
	}
	for _, i := range rows {
		set, err := r.LabelSet(refs[i])
		if err != nil {
			return err
		}
		dst[i] = set != 0
	}
	return nil
}

// HasType tests relationships for a type.
func (g *graphView) HasType(typ string, refs []uint32, rows []int32, dst []bool) error {
	r := g.w.reader()
	id, ok := r.Catalog().Type(typ)
	if !ok {
		setFalse(rows, dst)
		return nil
	}
	if cap(g.types) < len(refs) {
		g.types = make([]catalog.TypeID, max(len(refs), column.BatchSize))
	}
	types := g.types[:len(refs)]
	if err := r.RelType(refs, rows, types); err != nil {
		return err
	}
	if rows == nil {
		for i, t := range types {
			dst[i] = t == id
		}
		return nil
	}
	for _, i := range rows {
		dst[i] = types[i] == id
	}
	return nil
}

// Ends gives the ends of relationships.
func (g *graphView) Ends(refs []uint32, rows []int32, from, to []uint32) error {
	return g.w.reader().RelEnds(refs, rows, from, to)
}

// Properties gives all of an entity's properties.
func (g *graphView) Properties(entity value.Value) (*value.Map, error) {
	return properties(g.w.reader(), entity)
}

func properties(r *graph.Reader, entity value.Value) (*value.Map, error) {
	if entity.Kind() == value.KindNode {
		if n := entity.AsNode(); n != nil {
			return n.Props, nil
		}
		return r.NodeProperties(entity.Ref())
	}
	if rel := entity.AsRelationship(); rel != nil {
		return rel.Props, nil
	}
	return r.RelProperties(entity.Ref())
}

// graphFuncs is what functions see of the run's reader (function.Graph).
//
// Numbers of types and label sets mean the same for as long as the store is open, so that
// what is known of them outlives the run.
type graphFuncs struct {
	w     *worker
	sets  []value.Value    // lists of labels, by label set; null: not made yet
	names *column.Dict     // of types, by number
	types []catalog.TypeID // scratch
	ref   [1]uint32
}

// typeNames is a dictionary of the names of all types, last among them.
func typeNames(cat catalog.Snapshot, last catalog.TypeID) *column.Dict {
	names := make([]string, max(cat.Len(catalog.Type), int(last)+1))
	for t := range names {
		names[t] = cat.TypeName(catalog.TypeID(t))
	}
	return &column.Dict{Strings: names}
}

// IDs gives the ids that users see.
func (g *graphFuncs) IDs(of column.Type, refs []uint32, rows []int32, dst []int64) error {
	if of == column.Node {
		return g.w.reader().NodeIDs(refs, rows, dst)
	}
	return g.w.reader().RelIDs(refs, rows, dst)
}

// Labels gives nodes' labels, sorted; nodes of one label set share a list.
func (g *graphFuncs) Labels(refs []uint32, rows []int32, dst []value.Value) error {
	r := g.w.reader()
	return r.LabelSets(refs, rows, func(i int, set catalog.LabelSetID) {
		for int(set) >= len(g.sets) {
			g.sets = append(g.sets, value.Null)
		}
		if g.sets[set].IsNull() {
			g.sets[set] = labelList(r.Catalog(), set)
		}
		dst[i] = g.sets[set]
	})
}

func labelList(cat catalog.Snapshot, set catalog.LabelSetID) value.Value {
	ids := cat.SetOf(set)
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = cat.LabelName(id)
	}
	slices.Sort(names)
	elems := make([]value.Value, len(names))
	for i, n := range names {
		elems[i] = value.String(n)
	}
	return value.List(elems...)
}

// Types gives the names of relationships' types, by a dictionary of all of them.
func (g *graphFuncs) Types(refs []uint32, rows []int32, dst *column.Vector) error {
	r := g.w.reader()
	if cap(g.types) < len(refs) {
		g.types = make([]catalog.TypeID, max(len(refs), column.BatchSize))
	}
	types := g.types[:len(refs)]
	if err := r.RelType(refs, rows, types); err != nil {
		return err
	}
	dst.Reset(column.String, 0)
	dst.Codes = slices.Grow(dst.Codes[:0], len(refs))[:len(refs)]
	if rows == nil {
		rows = column.Identity(len(refs))
	}
	for _, i := range rows {
		t := types[i]
		if g.names == nil || int(t) >= len(g.names.Strings) {
			g.names = typeNames(r.Catalog(), t)
		}
		dst.Codes[i] = uint32(t)
	}
	dst.Dict = g.names
	return nil
}

// Properties gives all of an entity's properties.
func (g *graphFuncs) Properties(entity value.Value) (*value.Map, error) {
	return properties(g.w.reader(), entity)
}

// Property gives one property.
func (g *graphFuncs) Property(entity value.Value, key string) (value.Value, error) {
	of := column.Node
	if entity.Kind() == value.KindRelationship {
		of = column.Rel
	}
	g.ref[0] = entity.Ref()
	var v column.Vector
	if err := g.w.graph.Property(of, key, g.ref[:], nil, &v); err != nil {
		return value.Null, err
	}
	return v.Value(0), nil
}

// Ends gives relationships' starts and ends.
func (g *graphFuncs) Ends(refs []uint32, rows []int32, start, end []uint32) error {
	return g.w.reader().RelEnds(refs, rows, start, end)
}
