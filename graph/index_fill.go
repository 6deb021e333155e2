package graph

import (
	"bytes"
	"context"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/storage/txn"
)

// fillStep is how many entries a build adds in one turn of the commit queue: a
// millisecond's worth.
const fillStep = 1024

// fill puts every entity that the newest state holds into x, which is defined
// already: writers keep their own changes up to date meanwhile, so an entry is only
// added where the index says nothing of it yet. A checkpoint then makes it durable.
func (s *Store) fill(ctx context.Context, x catalog.Index, progress Progress) error {
	err := s.txn.WithoutCheckpoint(func() error {
		r, err := s.Snapshot()
		if err != nil {
			return err
		}
		defer r.Close()
		var blob []byte
		var ends []int
		add := func() {
			s.txn.Adjust(placeGraph, func(head *txn.Root) txn.State {
				st := *stateOf(head)
				o := newOwner()
				t := &st.indexes.edit(o, x.ID).overlay
				from := 0
				for _, end := range ends {
					if _, ok := t.find(blob[from:end]); !ok {
						t.put(o, blob[from:end], false)
					}
					from = end
				}
				st.size += o.kin.grew
				return &st
			})
			blob, ends = blob[:0], ends[:0]
		}
		err = r.eachIndexed(ctx, x, progress, func(key []byte) {
			blob = append(blob, key...)
			if ends = append(ends, len(blob)); len(ends) == fillStep {
				add()
			}
		})
		if err == nil && len(ends) > 0 {
			add()
		}
		return err
	})
	if err != nil {
		return err
	}
	_, err = s.Checkpoint(ctx)
	return err
}

// eachIndexed calls f with the key of every entity that belongs into x.
func (r *Reader) eachIndexed(ctx context.Context, x catalog.Index, progress Progress, f func(key []byte)) error {
	total, done := r.CountNodes(catalog.LabelID(x.Token)), int64(0)
	if x.Entity == catalog.Relationships {
		total = r.CountRels(catalog.TypeID(x.Token))
	}
	var key []byte
	return r.eachOf(ctx, x.Entity, x.Token, func(refs []uint32) error {
		cols := make([]*PropertyCursor, len(x.Keys))
		for i, k := range x.Keys {
			if x.Entity == catalog.Nodes {
				cols[i] = r.NodeColumn(k)
			} else {
				cols[i] = r.RelColumn(k)
			}
			defer cols[i].Close()
		}
	entities:
		for _, ref := range refs {
			key = key[:0]
			for _, c := range cols {
				v, err := c.Value(ref)
				if err != nil {
					return err
				}
				var ok bool
				if key, ok = appendKey(key, v); !ok {
					continue entities
				}
			}
			f(appendRef(key, ref))
		}
		done += int64(len(refs))
		if progress != nil {
			progress(done, total)
		}
		return nil
	})
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
	var before []byte
	duplicate := false
	err = s.eachKey(r, x, func(key []byte, _ uint32) {
		duplicate = duplicate || before != nil && bytes.Equal(key, before)
		before = append(before[:0], key...)
	})
	if err == nil && duplicate {
		err = status.Errorf(status.ConstraintViolation, "constraint `%s` cannot be created: several entities have the same values", con.Name)
	}
	return err
}

// checkAll checks every entity against a new constraint.
func (s *Store) checkAll(next *txn.Root, con catalog.Constraint) error {
	if con.Kind == catalog.Unique {
		return nil
	}
	r := s.reader(next)
	e := editor{s: r.s, tokens: s.tokens, schema: schemaOf(next)}
	return r.eachOf(context.Background(), con.Entity, con.Token, func(refs []uint32) error {
		for _, ref := range refs {
			if err := e.checkEntity(&con, entity{con.Entity, ref}, true); err != nil {
				return err
			}
		}
		return nil
	})
}

// finishIndexes drops indexes whose creation a crash has interrupted.
func (s *Store) finishIndexes() error {
	if s.opts.ReadOnly {
		return nil
	}
	root, release, err := s.txn.Acquire()
	if err != nil {
		return err
	}
	release()
	for _, x := range schemaOf(root).Indexes {
		if !x.Online {
			if err := s.change(func(c *schemaChange) error { c.drop(x.ID); return nil }, nil); err != nil {
				return err
			}
		}
	}
	return nil
}
