package graph

import (
	"slices"

	"github.com/kadedb/kadedb/internal/planted"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
)

// An entity's index entries follow its labels and properties: unindex takes those
// that a change of key will touch out, by the state before it, and reindex puts
// the new ones in, by the state after.

// touches reports whether a change of key can move an entity within x.
func touches(x *catalog.Index, key catalog.KeyID) bool {
	return key == allKeys || slices.Contains(x.Keys, key)
}

func (e *editor) unindex(kind catalog.Entity, ref uint32, labels []catalog.LabelID, key catalog.KeyID) error {
	if planted.Is(planted.StaleIndex) {
		return nil
	}
	for i := range e.schema.Indexes {
		x := &e.schema.Indexes[i]
		if x.Entity != kind || !touches(x, key) || !slices.Contains(labels, catalog.LabelID(x.Token)) {
			continue
		}
		if err := e.entry(x, ref, true); err != nil {
			return err
		}
	}
	return nil
}

func (e *editor) reindex(kind catalog.Entity, ref uint32, labels []catalog.LabelID, key catalog.KeyID, created bool) error {
	if created {
		key = allKeys
	}
	for i := range e.schema.Indexes {
		x := &e.schema.Indexes[i]
		if x.Entity != kind || !touches(x, key) || !slices.Contains(labels, catalog.LabelID(x.Token)) {
			continue
		}
		if err := e.entry(x, ref, false); err != nil {
			return err
		}
	}
	e.touch(kind, ref)
	return nil
}

// touch notes an entity that some constraint other than uniqueness may concern.
func (e *editor) touch(kind catalog.Entity, ref uint32) {
	t := entity{kind, ref}
	if n := len(e.touched); n > 0 && e.touched[n-1] == t {
		return
	}
	e.schema.EachConstraint(func(c *catalog.Constraint) bool {
		if c.Entity != kind || c.Kind == catalog.Unique {
			return true
		}
		e.touched = append(e.touched, t)
		return false
	})
}

// Relationships have one type where nodes have labels.

func (e *editor) unindexRel(ref uint32, typ catalog.TypeID, key catalog.KeyID) error {
	return e.unindex(catalog.Relationships, ref, []catalog.LabelID{catalog.LabelID(typ)}, key)
}

func (e *editor) reindexRel(ref uint32, typ catalog.TypeID, key catalog.KeyID, created bool) error {
	return e.reindex(catalog.Relationships, ref, []catalog.LabelID{catalog.LabelID(typ)}, key, created)
}

// entry puts the entity's present key into x, or takes it out.
func (e *editor) entry(x *catalog.Index, ref uint32, del bool) error {
	key, ok, err := e.s.indexKey(e.keyOld[:0], x, ref)
	e.keyOld = key
	if err != nil || !ok {
		return err
	}
	n := len(key)
	key = appendRef(key, ref)
	e.keyOld = key
	e.s.indexes.edit(e.own, x.ID).overlay.put(e.own, key, del)
	if x.Unique && x.Filled && !del {
		e.unique = append(e.unique, uniqueKey{x.ID, bytesClone(key[:n]), ref})
	}
	return nil
}

// indexKey appends the key of an entity in x, without its number; ok is false
// where it lacks a property and so is not in x.
func (s *State) indexKey(dst []byte, x *catalog.Index, ref uint32) (key []byte, ok bool, err error) {
	cols := &s.nodeCols
	if x.Entity == catalog.Relationships {
		cols = &s.relCols
	}
	for _, k := range x.Keys {
		v, err := s.property(cols, x.Entity, k, ref)
		if err != nil {
			return dst, false, err
		}
		if dst, ok = appendKey(dst, v); !ok {
			return dst, false, nil
		}
	}
	return dst, true, nil
}

// checkUnique looks for another entity under the keys that were put into unique indexes.
func (e *editor) checkUnique() error {
	var few [8]uint32
	for _, u := range e.unique {
		refs, err := e.s.indexPrefix(u.index, u.key, few[:0])
		if err != nil {
			return err
		}
		if len(refs) < 2 || !slices.Contains(refs, u.ref) {
			continue
		}
		// In a transaction's own view the other one was there to be seen; at
		// commit it came meanwhile, and running again will see it.
		x, _ := e.schema.Index(u.index)
		if e.check && x.Online {
			return status.Errorf(status.WriteConflict, "another transaction stored the same unique values first").
				WithHint("Run the transaction again.")
		}
		return e.violation(x)
	}
	return nil
}

func (e *editor) violation(x catalog.Index) error {
	if !x.Online {
		return unsettled(x.Name)
	}
	name := x.Name
	e.schema.EachConstraint(func(c *catalog.Constraint) bool {
		if c.Index == x.ID && (c.Kind == catalog.Unique || c.Kind == catalog.NodeKey) {
			name = c.Name
		}
		return true
	})
	snap := catalog.Snapshot{Tokens: e.tokens, Schema: e.schema}
	keys := ""
	for i, k := range x.Keys {
		if i > 0 {
			keys += ", "
		}
		keys += "`" + snap.KeyName(k) + "`"
	}
	return status.Errorf(status.ConstraintViolation, "a %s with the same %s exists (constraint `%s`)", holder(snap, x.Entity, x.Token), keys, name).
		WithHint("MERGE finds the one that exists, or creates it")
}

// holder names what a constraint or an index is about.
func holder(snap catalog.Snapshot, e catalog.Entity, token uint32) string {
	if e == catalog.Relationships {
		return "relationship of type `" + snap.TypeName(catalog.TypeID(token)) + "`"
	}
	return "node with label `" + snap.LabelName(catalog.LabelID(token)) + "`"
}
