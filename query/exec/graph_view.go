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
		return status.Errorf(status.DeletedEntityAccess, "the %s was deleted in this transaction", of)
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
type graphFuncs struct {
	w    *worker
	buf  []catalog.LabelID
	ref  [1]uint32
	ends [2][1]uint32
	typ  [1]catalog.TypeID
}

// Labels gives a node's labels, sorted.
func (g *graphFuncs) Labels(node value.Value) ([]string, error) {
	if n := node.AsNode(); n != nil {
		return n.Labels, nil
	}
	r := g.w.reader()
	var err error
	if g.buf, err = r.Labels(node.Ref(), g.buf[:0]); err != nil {
		return nil, err
	}
	cat := r.Catalog()
	names := make([]string, len(g.buf))
	for i, id := range g.buf {
		names[i] = cat.LabelName(id)
	}
	slices.Sort(names)
	return names, nil
}

// TypeName gives a relationship's type.
func (g *graphFuncs) TypeName(rel value.Value) (string, error) {
	if r := rel.AsRelationship(); r != nil {
		return r.Type, nil
	}
	r := g.w.reader()
	g.ref[0] = rel.Ref()
	if err := r.RelType(g.ref[:], nil, g.typ[:]); err != nil {
		return "", err
	}
	return r.Catalog().TypeName(g.typ[0]), nil
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

// Ends gives a relationship's start and end.
func (g *graphFuncs) Ends(rel value.Value) (start, end value.Value, err error) {
	g.ref[0] = rel.Ref()
	if err := g.w.reader().RelEnds(g.ref[:], nil, g.ends[0][:], g.ends[1][:]); err != nil {
		return value.Null, value.Null, err
	}
	return value.NodeRef(g.ends[0][0]), value.NodeRef(g.ends[1][0]), nil
}

// WireID gives the id that users see.
func (g *graphFuncs) WireID(entity value.Value) (uint64, error) {
	if entity.Kind() == value.KindNode {
		if n := entity.AsNode(); n != nil {
			return n.ID, nil
		}
		return g.w.reader().NodeID(entity.Ref()), nil
	}
	if r := entity.AsRelationship(); r != nil {
		return r.ID, nil
	}
	return g.w.reader().RelID(entity.Ref()), nil
}
