package graph

import (
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/storage/txn"
	"github.com/kadedb/kadedb/value"
)

// IndexSpec describes an index to create.
type IndexSpec struct {
	Name        string // "" = made up from the rest
	Entity      catalog.Entity
	Token       string // label or type
	Keys        []string
	IfNotExists bool
}

// ConstraintSpec describes a constraint to create.
type ConstraintSpec struct {
	Name        string
	Kind        catalog.ConstraintKind
	Entity      catalog.Entity
	Token       string
	Keys        []string
	Type        value.Kind // ValueType only
	IfNotExists bool
}

// Progress is told how many entities of how many an index build has read.
type Progress func(done, total int64)

// schemaChange collects definitions of one change of the schema.
type schemaChange struct {
	s    *Store
	root *txn.Root
	now  *catalog.Schema
	defs []byte
	log  []byte
}

// change runs f with the newest schema, one change at a time, and commits what f
// defines.
func (s *Store) change(f func(c *schemaChange) error) error {
	root, release, err := s.txn.Acquire()
	if err != nil {
		return err
	}
	defer release()
	c := &schemaChange{s: s, root: root, now: schemaOf(root)}
	if err := f(c); err != nil || len(c.defs)+len(c.log) == 0 {
		return err
	}
	r := txn.Request{Snapshot: root, Durability: Group}
	if len(c.defs) > 0 {
		r.Sections = append(r.Sections, txn.Section{Model: catalog.ModelID, Bytes: c.defs})
	}
	if len(c.log) > 0 {
		r.Sections = append(r.Sections, txn.Section{Model: modelID, Bytes: c.log})
	}
	_, err = s.txn.Commit(r)
	return err
}

func (c *schemaChange) intern(k catalog.Kind, name string) (uint32, error) {
	id, define, err := c.s.tokens.Intern(k, name)
	if err == nil && define {
		c.defs = catalog.AppendToken(c.defs, k, id, name)
	}
	return id, err
}

// names interns a label or type and keys.
func (c *schemaChange) names(e catalog.Entity, token string, keys []string) (uint32, []catalog.KeyID, error) {
	kind := catalog.Label
	if e == catalog.Relationships {
		kind = catalog.Type
	}
	id, err := c.intern(kind, token)
	if err != nil {
		return 0, nil, err
	}
	var out []catalog.KeyID
	for _, k := range keys {
		key, err := c.intern(catalog.Key, k)
		if err != nil {
			return 0, nil, err
		}
		for _, o := range out {
			if o == catalog.KeyID(key) {
				return 0, nil, status.Errorf(status.SchemaConflict, "property `%s` is named twice", k)
			}
		}
		out = append(out, catalog.KeyID(key))
	}
	return id, out, nil
}

func madeUpName(prefix string, parts ...any) string {
	h := fnv.New32a()
	fmt.Fprint(h, parts...)
	return fmt.Sprintf("%s_%08x", prefix, h.Sum32())
}

// lockSchema waits for other changes of the schema, which may be long builds, as long as ctx
// allows. A statement's own limit has no channel: its context must be asked.
func (s *Store) lockSchema(ctx context.Context) error {
	if s.schemaMu.TryLock() {
		return nil
	}
	ask := time.NewTicker(10 * time.Millisecond)
	defer ask.Stop()
	for !s.schemaMu.TryLock() {
		select {
		case <-ask.C:
		case <-ctx.Done():
		}
		if err := status.Ended(ctx, "the wait for another change of the schema"); err != nil {
			return err
		}
	}
	return nil
}

// CreateIndex makes a range index and fills it beside writers. created is false
// where spec.IfNotExists found one with the name or on the same properties.
func (s *Store) CreateIndex(ctx context.Context, spec IndexSpec, progress Progress) (created bool, err error) {
	if err := s.lockSchema(ctx); err != nil {
		return false, err
	}
	defer s.schemaMu.Unlock()
	if spec.Name == "" {
		spec.Name = madeUpName("index", spec.Entity, spec.Token, strings.Join(spec.Keys, ","))
	}
	var x catalog.Index
	err = s.change(func(c *schemaChange) error {
		token, keys, err := c.names(spec.Entity, spec.Token, spec.Keys)
		if err != nil {
			return err
		}
		_, named := c.now.IndexNamed(spec.Name)
		_, same := c.now.IndexOn(spec.Entity, token, keys)
		if spec.IfNotExists && (named || same) {
			c.defs = nil
			return nil
		}
		created = true
		x = catalog.Index{ID: c.now.NextIndex, Name: spec.Name, Entity: spec.Entity, Token: token, Keys: keys}
		c.defs = catalog.AppendIndex(c.defs, x)
		return nil
	})
	if err != nil || !created {
		return false, err
	}
	if err = s.fill(ctx, x, progress); err == nil {
		err = s.change(func(c *schemaChange) error { c.online(x); return nil })
	}
	if err != nil {
		return false, s.giveUp(err, func(c *schemaChange) { c.drop(x.ID) })
	}
	return true, nil
}

func (c *schemaChange) online(x catalog.Index) {
	x.Filled, x.Online = true, true
	c.defs = catalog.AppendIndex(c.defs, x)
}

// giveUp takes back what could not be completed, because of err.
func (s *Store) giveUp(err error, drop func(c *schemaChange)) error {
	if derr := s.change(func(c *schemaChange) error { drop(c); return nil }); derr != nil {
		return fmt.Errorf("%w (and taking it back failed: %w)", err, derr)
	}
	return err
}

func (c *schemaChange) drop(id catalog.IndexID) {
	c.defs = catalog.AppendDropIndex(c.defs, id)
	c.log = appendOp(c.log, opDropIndex, uint64(id))
}

// DropIndex drops an index by name.
func (s *Store) DropIndex(name string, ifExists bool) (dropped bool, err error) {
	s.schemaMu.Lock()
	defer s.schemaMu.Unlock()
	err = s.change(func(c *schemaChange) error {
		x, ok := c.now.IndexNamed(name)
		if !ok {
			if ifExists {
				return nil
			}
			names := make([]string, len(c.now.Indexes))
			for i := range c.now.Indexes {
				names[i] = c.now.Indexes[i].Name
			}
			return meant(status.Errorf(status.NoSuchIndex, "no index is named `%s`", name), name, names, "SHOW INDEXES")
		}
		for _, o := range c.now.Constraints {
			if o.Index == x.ID && (o.Kind == catalog.Unique || o.Kind == catalog.NodeKey) {
				return status.Errorf(status.SchemaConflict, "index `%s` belongs to constraint `%s`", name, o.Name).
					WithHint("Drop the constraint instead.")
			}
		}
		c.drop(x.ID)
		dropped = true
		return nil
	})
	return dropped && err == nil, err
}

// CreateConstraint makes a constraint that all data keeps already. Commits keep it
// from the beginning on, so that only what was there before is to be checked, beside them.
func (s *Store) CreateConstraint(ctx context.Context, spec ConstraintSpec, progress Progress) (created bool, err error) {
	if err := s.lockSchema(ctx); err != nil {
		return false, err
	}
	defer s.schemaMu.Unlock()
	if spec.Name == "" {
		spec.Name = madeUpName("constraint", spec.Kind, spec.Entity, spec.Token, strings.Join(spec.Keys, ","), spec.Type)
	}
	con := catalog.Constraint{Name: spec.Name, Kind: spec.Kind, Entity: spec.Entity, Type: spec.Type}
	var x *catalog.Index
	exists := false
	err = s.change(func(c *schemaChange) error {
		if con.Token, con.Keys, err = c.names(spec.Entity, spec.Token, spec.Keys); err != nil {
			return err
		}
		if exists, err = c.conflicts(con, spec.IfNotExists); err != nil || exists {
			c.defs = nil
			return err
		}
		con.ID = c.now.NextConstr
		if spec.Kind == catalog.Unique || spec.Kind == catalog.NodeKey {
			x = &catalog.Index{ID: c.now.NextIndex, Name: spec.Name, Entity: spec.Entity, Token: con.Token, Keys: con.Keys, Unique: true}
			con.Index = x.ID
			c.defs = catalog.AppendIndex(c.defs, *x)
		}
		c.defs = catalog.AppendPending(c.defs, con)
		return nil
	})
	if err != nil || exists {
		return false, err
	}
	if err = s.validate(ctx, con, x, progress); err == nil {
		err = s.change(func(c *schemaChange) error {
			if x != nil {
				c.online(*x)
			}
			c.defs = catalog.AppendConstraint(c.defs, con)
			return nil
		})
	}
	if err != nil {
		return false, s.giveUp(err, func(c *schemaChange) {
			c.defs = catalog.AppendDropConstraint(c.defs, con.ID)
			if x != nil {
				c.drop(x.ID)
			}
		})
	}
	return true, nil
}

// validate fills the index behind a constraint, if it has one, and checks what is there.
func (s *Store) validate(ctx context.Context, con catalog.Constraint, x *catalog.Index, progress Progress) error {
	if x != nil {
		if err := s.fill(ctx, *x, progress); err != nil {
			return err
		}
		if err := s.checkFilled(*x, con); err != nil {
			return err
		}
	}
	if err := s.checkAll(ctx, con); err != nil || s.opts.Step == nil {
		return err
	}
	return s.opts.Step("constraint")
}

// conflicts reports whether a constraint exists that makes con needless.
func (c *schemaChange) conflicts(con catalog.Constraint, ifNotExists bool) (bool, error) {
	for _, o := range slices.Concat(c.now.Constraints, c.now.Pending) {
		same := o.Kind == con.Kind && o.Entity == con.Entity && o.Token == con.Token && fmt.Sprint(o.Keys) == fmt.Sprint(con.Keys)
		if o.Name != con.Name && !same {
			continue
		}
		if ifNotExists {
			return true, nil
		}
		return false, status.Errorf(status.SchemaConflict, "constraint `%s` exists", o.Name).
			WithHint("with IF NOT EXISTS it stays as it is, and that is no error")
	}
	if con.Kind == catalog.Unique || con.Kind == catalog.NodeKey {
		if x, ok := c.now.IndexOn(con.Entity, con.Token, con.Keys); ok {
			return false, status.Errorf(status.SchemaConflict, "index `%s` covers the same properties", x.Name).WithHint("Drop it first.")
		}
	}
	return false, nil
}

// meant adds to an error about a name the nearest that exists, or who lists them all.
func meant(err *status.Error, name string, names []string, list string) error {
	if near := status.Nearest(name, names...); near != "" {
		return err.WithHint("did you mean `%s`?", near)
	}
	return err.WithHint("%s lists them", list)
}

// DropConstraint drops a constraint, and the index behind it.
func (s *Store) DropConstraint(name string, ifExists bool) (dropped bool, err error) {
	s.schemaMu.Lock()
	defer s.schemaMu.Unlock()
	err = s.change(func(c *schemaChange) error {
		con, ok := c.now.ConstraintNamed(name)
		if !ok {
			if ifExists {
				return nil
			}
			names := make([]string, len(c.now.Constraints))
			for i := range c.now.Constraints {
				names[i] = c.now.Constraints[i].Name
			}
			return meant(status.Errorf(status.NoSuchConstraint, "no constraint is named `%s`", name), name, names, "SHOW CONSTRAINTS")
		}
		c.defs = catalog.AppendDropConstraint(c.defs, con.ID)
		if con.Kind == catalog.Unique || con.Kind == catalog.NodeKey {
			c.drop(con.Index)
		}
		dropped = true
		return nil
	})
	return dropped && err == nil, err
}
