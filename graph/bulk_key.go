package graph

import (
	"iter"
	"slices"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/storage/txn"
	"github.com/kadedb/kadedb/value"
)

// NodeKey makes a key constraint, and the index behind it, part of the import. All
// nodes with label have to be new ones; entries are their values of key, ascending as
// an index orders them and no two equal.
func (b *Bulk) NodeKey(label catalog.LabelID, key catalog.KeyID, entries iter.Seq2[value.Value, uint32]) error {
	token, name := b.s.tokens.Name(catalog.Label, uint32(label)), b.s.tokens.Name(catalog.Key, uint32(key))
	if b.before.CountNodes(label) > 0 {
		return status.Errorf(status.Internal, "a bulk key of label `%s`, which has nodes already", token)
	}
	con := catalog.Constraint{Name: madeUpName("constraint", catalog.NodeKey, catalog.Nodes, token, name, value.Kind(0)),
		Kind: catalog.NodeKey, Entity: catalog.Nodes, Token: uint32(label), Keys: []catalog.KeyID{key}}
	next := *b.schema
	con.ID, con.Index = next.NextConstr, next.NextIndex
	x := catalog.Index{ID: con.Index, Name: con.Name, Entity: con.Entity, Token: con.Token, Keys: con.Keys, Unique: true, Filled: true, Online: true}
	if old, taken := next.IndexOn(x.Entity, x.Token, x.Keys); taken {
		return status.Errorf(status.SchemaConflict, "index `%s` covers the same properties", old.Name)
	}
	next.NextIndex++
	next.NextConstr++
	next.Epoch++
	next.Indexes = append(slices.Clone(next.Indexes), x)
	next.Constraints = append(slices.Clone(next.Constraints), con)
	base, err := b.indexRun(x.ID, entries)
	if err != nil {
		return err
	}
	b.f.base.indexes[x.ID] = base
	b.schema = &next
	return b.f.err
}

// indexRun writes ascending entries as the blocks of an index.
func (b *Bulk) indexRun(id catalog.IndexID, entries iter.Seq2[value.Value, uint32]) (*indexBase, error) {
	w := keyWriter{put: b.f.put}
	last := ""
	for v, ref := range entries {
		buf, ok := appendKey(b.f.buf[:0], v)
		b.f.buf = buf
		if !ok {
			return nil, status.Errorf(status.Internal, "a bulk key of type %s", v.Kind())
		}
		if same := len(last) == len(buf)+4 && last[:len(buf)] == string(buf); same || last != "" && last > string(buf) {
			return nil, status.Errorf(status.Internal, "bulk keys are not ascending and distinct")
		}
		last = string(appendRef(buf, ref))
		w.add(last)
		if b.f.err != nil {
			return nil, b.f.err
		}
	}
	w.cut()
	for i := range w.blocks {
		b.f.m.putIndexBlock(id, &w.blocks[i])
	}
	return &indexBase{blocks: w.blocks}, b.f.err
}

// newSchema is the catalog's part of an import that makes definitions of its own.
type newSchema struct {
	txn.Folded
	schema *catalog.Schema
}

// Rebase returns the import's schema: the one it began with is still the newest,
// or the import fails.
func (n newSchema) Rebase(txn.State) txn.State { return n.schema }
