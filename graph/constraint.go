package graph

import (
	"slices"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
)

// checkConstraints checks what the editor touched against existence, key and type
// constraints, and the unique keys that it stored. Existence holds at the end of
// a transaction, so that a statement may create first and set later: whole says
// that this is the end.
func (e *editor) checkConstraints(whole bool) error {
	if err := e.checkUnique(); err != nil {
		return err
	}
	for _, t := range e.touched {
		var err error
		e.schema.EachConstraint(func(c *catalog.Constraint) bool {
			if c.Entity != t.kind || c.Kind == catalog.Unique {
				return true
			}
			var in bool
			if in, err = e.s.hasToken(e.tokens, t, c.Token); in && err == nil {
				if err = e.checkEntity(c, t, whole); status.CodeOf(err) == status.ConstraintViolation && e.pending(c) {
					err = unsettled(c.Name)
				}
			}
			return err == nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// pending reports whether a constraint is being created.
func (e *editor) pending(c *catalog.Constraint) bool {
	return slices.ContainsFunc(e.schema.Pending, func(p catalog.Constraint) bool { return p.ID == c.ID })
}

// unsettled refuses what breaks a constraint that is being created: what there was before
// may break it too, and then it never exists and forbids nothing.
func unsettled(name string) error {
	return status.Errorf(status.WriteConflict, "constraint `%s` is being created, and this would break it", name).
		WithHint("Run the transaction again when the constraint exists, or could not be created.")
}

// hasToken reports whether an entity exists with a label or type.
func (s *State) hasToken(tokens *catalog.Tokens, t entity, token uint32) (bool, error) {
	if t.kind == catalog.Relationships {
		typ, live, err := s.relState(t.ref)
		return live && uint32(typ) == token, err
	}
	set, live, err := s.nodeState(t.ref)
	return live && slices.Contains(tokens.SetOf(set), catalog.LabelID(token)), err
}

func (e *editor) checkEntity(c *catalog.Constraint, t entity, whole bool) error {
	cols := &e.s.nodeCols
	if t.kind == catalog.Relationships {
		cols = &e.s.relCols
	}
	snap := catalog.Snapshot{Tokens: e.tokens, Schema: e.schema}
	for _, k := range c.Keys {
		v, err := e.s.property(cols, t.kind, k, t.ref)
		if err != nil {
			return err
		}
		switch {
		case v.IsNull() && c.Kind != catalog.ValueType && whole:
			return status.Errorf(status.ConstraintViolation, "a %s lacks the property `%s` (constraint `%s`)", holder(snap, c.Entity, c.Token), snap.KeyName(k), c.Name).
				WithHint("set the property before the transaction ends")
		case !v.IsNull() && c.Kind == catalog.ValueType && v.Kind() != c.Type:
			return status.Errorf(status.ConstraintViolation, "the property `%s` of a %s is %s, not %s (constraint `%s`)",
				snap.KeyName(k), holder(snap, c.Entity, c.Token), v.Kind(), c.Type, c.Name).
				WithHint("SHOW CONSTRAINTS lists what is demanded")
		}
	}
	return nil
}
