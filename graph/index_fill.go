package graph

import (
	"context"
	"slices"
	"sync/atomic"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/storage/txn"
)

// An index is built beside writers and checkpoints:
//
//	define    commits note what they change of it, in its overlay
//	scan      the keys of a snapshot, sorted in blocks that nothing names yet
//	fill      a checkpoint lays what was noted over those blocks: it is filled from now on,
//	          and commits hold to its uniqueness
//	check     a constraint's, of what is there
//	online    a commit; queries use it
//
// Checkpoints before it is filled keep what was noted, removals too, in blocks of
// changes: see indexChanges. Whatever ends a build before it is online, a crash too, leaves
// no index: private blocks go, and so does the definition.

// build is an index that is being built.
type build struct {
	id          catalog.IndexID
	done, total atomic.Int64
}

// IndexProgress returns which part of the entities that an index is about were read for
// it: 1 of one that is filled.
func (r *Reader) IndexProgress(x catalog.Index) float64 {
	if x.Filled {
		return 1
	}
	if r.of == nil {
		return 0
	}
	b := r.of.building.Load()
	if b == nil || b.id != x.ID {
		return 0
	}
	done, total := b.done.Load(), b.total.Load()
	if total <= 0 {
		return 0
	}
	return min(float64(done)/float64(total), 1)
}

// fill puts every entity into x, which is defined already.
func (s *Store) fill(ctx context.Context, x catalog.Index, progress Progress) error {
	b := &build{id: x.ID}
	s.building.Store(b)
	defer s.building.Store(nil)
	w := s.txn.NewPrivate()
	defer w.Drop()
	run, err := s.sortedKeys(ctx, w, x, func(done, total int64) {
		b.done.Store(done)
		b.total.Store(total)
		if progress != nil {
			progress(done, total)
		}
	})
	if err != nil {
		return err
	}
	_, err = s.txn.Extend(ctx, w, func(root *txn.Root, w *txn.BlockWriter) ([]txn.Folded, error) {
		schema := *schemaOf(root)
		schema.Epoch++
		schema.Indexes = slices.Clone(schema.Indexes)
		i := slices.IndexFunc(schema.Indexes, func(y catalog.Index) bool { return y.ID == x.ID })
		if i < 0 {
			return nil, status.Errorf(status.NoSuchIndex, "the index does not exist any more")
		}
		schema.Indexes[i].Filled = true
		g, err := s.model.fold(ctx, root, &schema, w, &filling{x.ID, run})
		if err != nil {
			return nil, err
		}
		c := (&catalog.Model{Tokens: s.tokens}).FoldWith(root.WithStates(&schema, stateOf(root)), nil)
		out := make([]txn.Folded, 2)
		out[placeCatalog], out[placeGraph] = newSchema{c, &schema}, g
		return out, nil
	})
	return err
}

// sortedKeys writes the keys that the newest state has in x as blocks.
func (s *Store) sortedKeys(ctx context.Context, w *txn.BlockWriter, x catalog.Index, progress Progress) (*indexBase, error) {
	r, err := s.Snapshot()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	sorter := s.newKeySorter(ctx, w)
	defer sorter.close()
	if err := r.eachIndexed(ctx, x, progress, sorter.add); err != nil {
		return nil, err
	}
	return sorter.finish()
}

// eachIndexed calls f with the key of every entity that belongs into x.
func (r *Reader) eachIndexed(ctx context.Context, x catalog.Index, progress Progress, f func(key []byte) error) error {
	total, done := r.CountNodes(catalog.LabelID(x.Token)), int64(0)
	if x.Entity == catalog.Relationships {
		total = r.CountRels(catalog.TypeID(x.Token))
	}
	keys := r.keysOf(&x)
	defer keys.close()
	return r.eachOf(ctx, x.Entity, x.Token, func(refs []uint32) error {
		for _, ref := range refs {
			key, ok, err := keys.get(ref)
			if ok && err == nil {
				err = f(key)
			}
			if err != nil {
				return err
			}
		}
		done += int64(len(refs))
		if progress != nil {
			progress(done, total)
		}
		return nil
	})
}

// keyReader reads the keys that entities have in an index.
type keyReader struct {
	cols []*PropertyCursor
	key  []byte
}

func (r *Reader) keysOf(x *catalog.Index) *keyReader {
	k := &keyReader{}
	for _, key := range x.Keys {
		if x.Entity == catalog.Nodes {
			k.cols = append(k.cols, r.NodeColumn(key))
		} else {
			k.cols = append(k.cols, r.RelColumn(key))
		}
	}
	return k
}

func (k *keyReader) close() {
	for _, c := range k.cols {
		c.Close()
	}
}

// get returns the key of an entity, with its number, until the next call; ok is false where it
// lacks a property.
func (k *keyReader) get(ref uint32) (key []byte, ok bool, err error) {
	key = k.key[:0]
	for _, c := range k.cols {
		v, err := c.Value(ref)
		if err != nil {
			return nil, false, err
		}
		if key, ok = appendKey(key, v); !ok {
			k.key = key
			return nil, false, nil
		}
	}
	k.key = appendRef(key, ref)
	return k.key, true, nil
}

// eachOf calls f with the entities of a label or type, a batch at a time.
func (r *Reader) eachOf(ctx context.Context, e catalog.Entity, token uint32, f func(refs []uint32) error) error {
	buf := make([]uint32, 2048)
	morsels := r.RelMorsels
	scan := func(m Morsel, from uint32) (int, uint32, error) {
		return r.ScanRels(m, catalog.TypeID(token), from, buf)
	}
	if e == catalog.Nodes {
		scan = func(m Morsel, from uint32) (int, uint32, error) {
			return r.ScanNodes(m, catalog.LabelID(token), from, buf)
		}
		morsels = func(catalog.TypeID) []Morsel { return r.NodeMorsels(catalog.LabelID(token)) }
	}
	for _, m := range morsels(catalog.TypeID(token)) {
		for from := m.From; from < m.To; {
			if err := status.Ended(ctx, "the filling of an index"); err != nil {
				return err
			}
			n, next, err := scan(m, from)
			if err != nil {
				return err
			}
			from = next
			if err := f(buf[:n]); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkFilled looks for two entities with one key.
func (s *Store) checkFilled(x catalog.Index, con catalog.Constraint) error {
	r, err := s.Snapshot()
	if err != nil {
		return err
	}
	defer r.Close()
	return r.s.sameKeys(x.ID, func([]byte) error {
		return status.Errorf(status.ConstraintViolation, "constraint `%s` cannot be created: several entities have the same values", con.Name).
			WithHint("group by them and count to find those, and change or delete them first")
	})
}

// checkAll checks every entity against a new constraint, which commits keep already.
func (s *Store) checkAll(ctx context.Context, con catalog.Constraint) error {
	if con.Kind == catalog.Unique {
		return nil
	}
	r, err := s.Snapshot()
	if err != nil {
		return err
	}
	defer r.Close()
	e := editor{s: r.s, tokens: s.tokens, schema: r.cat.Schema}
	return r.eachOf(ctx, con.Entity, con.Token, func(refs []uint32) error {
		for _, ref := range refs {
			if err := e.checkEntity(&con, entity{con.Entity, ref}, true); err != nil {
				if status.CodeOf(err) == status.ConstraintViolation {
					err = status.From(err).WithHint("change or delete what breaks it first")
				}
				return err
			}
		}
		return nil
	})
}

// finishSchema drops indexes and constraints whose creation a crash has interrupted.
func (s *Store) finishSchema() error {
	if s.opts.ReadOnly {
		return nil
	}
	return s.change(func(c *schemaChange) error {
		for _, x := range c.now.Indexes {
			if !x.Online {
				c.drop(x.ID)
			}
		}
		for _, con := range c.now.Pending {
			c.defs = catalog.AppendDropConstraint(c.defs, con.ID)
		}
		return nil
	})
}
