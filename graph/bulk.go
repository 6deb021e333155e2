package graph

import (
	"cmp"
	"context"
	"slices"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/block"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/storage/txn"
)

// Bulk adds nodes and relationships as whole blocks, past log and overlay. What
// it writes counts once Import's swap is durable, and not at all if anything fails.
//
//	info, err := store.Import(ctx, func(b *graph.Bulk) error {
//		first, err := b.Nodes([]catalog.LabelID{person}, 100_000)
//		err = b.NodeColumn(name, first, names)              // by groups of 65,536
//		rels, err := b.Rels(follows, 2_300_000)
//		err = rels.Forward(src, dst)                        // ascending; numbers in this order
//		err = rels.Backward(dst2, src2, rel2)               // ascending by (dst, src, rel)
//		return rels.Close()
//	})
//
// It belongs to one goroutine.
type Bulk struct {
	s      *Store
	f      *fold
	after  *State // counts and numbers as they will be
	own    *owner
	open   int // relationship writers
	nodes  []bulkRange
	rels   []bulkRange
	before *Reader
	schema *catalog.Schema // as it will be
}

// bulkRange is the new entities [first, first+n) of one label set or type.
type bulkRange struct {
	first, n uint32
	set      catalog.LabelSetID
	typ      catalog.TypeID
}

// Import folds what is in the overlay, calls write, and makes what it wrote count.
// Tokens may be interned in write through Bulk. Other commits that touch the graph meanwhile
// make Import fail with WriteConflict; reads go on.
func (s *Store) Import(ctx context.Context, write func(b *Bulk) error) (txn.CheckpointInfo, error) {
	if _, err := s.Checkpoint(ctx); err != nil {
		return txn.CheckpointInfo{}, err
	}
	if err := s.lockSchema(ctx); err != nil {
		return txn.CheckpointInfo{}, err
	}
	defer s.schemaMu.Unlock()
	info, err := s.txn.Replace(ctx, func(root *txn.Root, w *txn.BlockWriter) ([]txn.Folded, error) {
		st := stateOf(root)
		if !st.clean() {
			return nil, status.Errorf(status.WriteConflict, "the store was written to while the import began").WithHint("Run it again.")
		}
		after := *st
		b := &Bulk{
			s: s, after: &after, own: newOwner(), before: s.reader(root), schema: schemaOf(root),
			f: &fold{ctx: ctx, st: st, base: st.base.clone(), w: w, m: manifest{}},
		}
		if err := write(b); err != nil {
			return nil, err
		}
		return b.finish(root)
	})
	if err != nil {
		return info, err
	}
	if _, err := s.Analyze(ctx); err != nil {
		return info, err
	}
	// The statistics go with a checkpoint, which has nothing else to write.
	_, err = s.Checkpoint(ctx)
	return info, err
}

// Reader reads the store as it was before the import.
func (b *Bulk) Reader() *Reader { return b.before }

// Label returns the number of a label, which stays whatever becomes of the import.
func (b *Bulk) Label(name string) (catalog.LabelID, error) {
	id, err := b.intern(catalog.Label, name)
	return catalog.LabelID(id), err
}

// Type returns the number of a relationship type.
func (b *Bulk) Type(name string) (catalog.TypeID, error) {
	id, err := b.intern(catalog.Type, name)
	return catalog.TypeID(id), err
}

// Key returns the number of a property key.
func (b *Bulk) Key(name string) (catalog.KeyID, error) {
	id, err := b.intern(catalog.Key, name)
	return catalog.KeyID(id), err
}

func (b *Bulk) intern(k catalog.Kind, name string) (uint32, error) {
	var id uint32
	err := b.s.change(func(c *schemaChange) (err error) {
		id, err = c.intern(k, name)
		return err
	})
	return id, err
}

// Nodes adds n nodes with labels; their numbers are first, first+1 … and first is
// the start of a group.
func (b *Bulk) Nodes(labels []catalog.LabelID, n uint32) (first uint32, err error) {
	set := catalog.LabelSetID(0)
	err = b.s.change(func(c *schemaChange) error {
		id, define, err := b.s.tokens.InternSet(labels)
		if define {
			c.defs = catalog.AppendToken(c.defs, catalog.LabelSet, uint32(id), b.s.tokens.Name(catalog.LabelSet, uint32(id)))
		}
		set = id
		return err
	})
	if err != nil || n == 0 {
		return 0, err
	}
	if first, err = b.s.nodeIDs.reserve(uint32(set), n); err != nil {
		return 0, err
	}
	eachGroup(first, n, func(group, rows uint32) {
		b.f.base.nodes = grown(b.f.base.nodes, group)
		g := nodeGroup{rows: rows, sets: []setCount{{set, rows}}}
		b.f.base.nodes[group] = g
		b.f.m.putNodes(group, &g)
	})
	b.after.nodeHigh = max(b.after.nodeHigh, first+n)
	b.after.nodeCount += int64(n)
	addCount(&b.after.setCounts, b.own, uint32(set), int64(n))
	b.nodes = append(b.nodes, bulkRange{first: first, n: n, set: set})
	return first, nil
}

func eachGroup(first, n uint32, f func(group, rows uint32)) {
	for done := uint32(0); done < n; done += groupSize {
		f((first+done)>>groupBits, min(n-done, groupSize))
	}
}

// NodeColumn sets a key of the nodes first, first+1 … to the rows of v, of which
// there are n. first is the start of a group and the rows are whole groups, or
// reach the last node added.
func (b *Bulk) NodeColumn(key catalog.KeyID, first uint32, v *column.Vector, n int) error {
	return b.column(catalog.Nodes, b.f.base.nodeCols, key, first, v, n)
}

// RelColumn is NodeColumn for relationships, by the order of their numbers.
func (b *Bulk) RelColumn(key catalog.KeyID, first uint32, v *column.Vector, n int) error {
	return b.column(catalog.Relationships, b.f.base.relCols, key, first, v, n)
}

func (b *Bulk) column(e catalog.Entity, dirs map[catalog.KeyID]*colDir, key catalog.KeyID, first uint32, v *column.Vector, n int) error {
	if first&(groupSize-1) != 0 {
		return status.Errorf(status.Internal, "a bulk column starts at %d, within a group", first)
	}
	dir := &colDir{}
	if old := dirs[key]; old != nil {
		dir.groups = slices.Clone(old.groups)
	}
	dirs[key] = dir
	for at := 0; at < n && b.f.err == nil; at += groupSize {
		group := first>>groupBits + uint32(at/groupSize)
		dir.groups = grown(dir.groups, group)
		if !dir.groups[group].empty() {
			return status.Errorf(status.Internal, "property %d of group %d is written twice", key, group)
		}
		rows := min(n-at, groupSize)
		g, ok := b.f.putVector(v, at, rows)
		if !ok {
			g = b.f.putColumn(b.rows(v, at, rows))
		}
		dir.groups[group] = g
		b.f.m.putColumn(e, key, group, &g)
	}
	return b.f.err
}

// putVector writes rows of a typed vector as one block each group; ok is false
// for what needs parts or boxing.
func (f *fold) putVector(v *column.Vector, at, rows int) (g colGroup, ok bool) {
	if v.Const || v.Type == column.Null || v.Type == column.Any || v.Type == column.String || v.Type == column.Node || v.Type == column.Rel {
		return g, false
	}
	var nulls column.Bitmap
	g = colGroup{typ: v.Type, shift: groupBits, count: uint32(rows)}
	if v.Nulls != nil {
		nulls = column.NewBitmap(rows)
		for i := range rows {
			if v.Nulls.Get(at + i) {
				nulls.Set(i)
				g.count--
			}
		}
	}
	if g.count == 0 {
		return colGroup{}, true
	}
	var data []byte
	switch v.Type {
	case column.Bool:
		data = block.EncodeBools(nil, v.Bools[at:at+rows], nulls)
	case column.Int, column.Date:
		data = block.EncodeInts(nil, v.Ints[at:at+rows], nulls)
	case column.Float:
		data = block.EncodeFloats(nil, v.Floats[at:at+rows], nulls)
	}
	g.blocks = []uint64{f.put(data)}
	return g, true
}

// finish checks and builds what follows from the new entities.
func (b *Bulk) finish(root *txn.Root) ([]txn.Folded, error) {
	if b.open != 0 {
		return nil, status.Errorf(status.Internal, "a writer of relationships was not closed")
	}
	b.after.base = b.f.base
	b.f.base.seal()
	slices.SortFunc(b.f.base.runs, func(x, y relRun) int { return cmp.Compare(x.first, y.first) })
	if err := b.indexes(schemaOf(root)); err != nil {
		return nil, err
	}
	if b.f.err != nil {
		return nil, b.f.err
	}
	b.f.m.putCounts(b.after)
	out := make([]txn.Folded, 2)
	f, err := (&catalog.Model{Tokens: b.s.tokens}).Fold(b.f.ctx, root.WithStates(b.schema, b.after), b.f.w)
	if err != nil {
		return nil, err
	}
	out[placeCatalog] = newSchema{f, b.schema}
	out[placeGraph] = &folded{from: b.f.st, base: b.f.base, m: b.f.m, after: b.after}
	return out, nil
}

// indexes puts the new entities into every index that they belong to, and checks
// them against constraints.
func (b *Bulk) indexes(schema *catalog.Schema) error {
	if len(schema.Indexes)+len(schema.Constraints) == 0 {
		return nil
	}
	if err := b.f.w.Flush(); err != nil {
		return err
	}
	for i := range schema.Indexes {
		if err := b.index(schema, &schema.Indexes[i]); err != nil {
			return err
		}
	}
	e := editor{s: b.after, tokens: b.s.tokens, schema: schema}
	for i := range schema.Constraints {
		c := &schema.Constraints[i]
		if c.Kind == catalog.Unique {
			continue
		}
		err := b.eachNew(c.Entity, c.Token, func(ref uint32) error { return e.checkEntity(c, entity{c.Entity, ref}, true) })
		if err != nil {
			return err
		}
	}
	return nil
}

// index puts the new entities into x: their keys, sorted, are merged into its blocks.
func (b *Bulk) index(schema *catalog.Schema, x *catalog.Index) error {
	sorter := b.s.newKeySorter(b.f.ctx, b.f.w)
	defer sorter.close()
	keys := (&Reader{s: b.after}).keysOf(x)
	defer keys.close()
	err := b.eachNew(x.Entity, x.Token, func(ref uint32) error {
		key, ok, err := keys.get(ref)
		if err != nil || !ok {
			return err
		}
		return sorter.add(key)
	})
	if err != nil {
		return err
	}
	run, err := sorter.finish()
	if err != nil {
		return err
	}
	var how merging
	if x.Unique {
		e := editor{s: b.after, tokens: b.s.tokens, schema: schema}
		how.same = func(key string) error {
			return e.violation(*x)
		}
	}
	var c indexChanges
	defer c.close()
	c.open(nil, b.f.base, run)
	b.f.mergeIndex(x.ID, b.f.base.indexes[x.ID], &c, how)
	for i := range run.blocks {
		b.f.retire(run.blocks[i].block)
	}
	return b.f.err
}

// eachNew calls f for the new entities with a label or type.
func (b *Bulk) eachNew(kind catalog.Entity, token uint32, f func(ref uint32) error) error {
	ranges := b.nodes
	if kind == catalog.Relationships {
		ranges = b.rels
	}
	for _, r := range ranges {
		if kind == catalog.Nodes && !slices.Contains(b.s.tokens.SetOf(r.set), catalog.LabelID(token)) ||
			kind == catalog.Relationships && uint32(r.typ) != token {
			continue
		}
		for i := range r.n {
			if err := f(r.first + i); err != nil {
				return err
			}
		}
	}
	return nil
}
