package catalog

import (
	"slices"

	"github.com/kadedb/kadedb/value"
)

// Index is the definition of a range index over one or more keys of the
// entities with one label or type. An entity is in it when it has a value for every key.
type Index struct {
	ID     IndexID
	Name   string
	Entity Entity
	Token  uint32 // LabelID or TypeID
	Keys   []KeyID
	Unique bool // belongs to a uniqueness or key constraint
	Filled bool // its blocks and its overlay hold every entry: see graph.Store.CreateIndex
	Online bool // filled, and what it is for holds: queries may use it
}

// ConstraintKind says what a constraint demands.
type ConstraintKind uint8

const (
	// Unique: no two entities share the values of Keys.
	Unique ConstraintKind = iota + 1
	// NodeKey: Unique, and every key exists.
	NodeKey
	// Exists: the key exists.
	Exists
	// ValueType: the key, where it exists, is of Type.
	ValueType
)

var constraintNames = [...]string{"?", "UNIQUENESS", "KEY", "EXISTENCE", "TYPE"}

func (k ConstraintKind) String() string { return constraintNames[k] }

// Constraint is a rule that every commit keeps.
type Constraint struct {
	ID     ConstraintID
	Name   string
	Kind   ConstraintKind
	Entity Entity
	Token  uint32
	Keys   []KeyID
	Type   value.Kind // ValueType only
	Index  IndexID    // Unique and NodeKey: the index that backs it
}

// Schema is every index and constraint at one moment. It is immutable.
type Schema struct {
	// Epoch rises with each change of the schema and each new token: plans made
	// at another epoch are bound anew.
	Epoch       uint64
	Indexes     []Index
	Constraints []Constraint
	// Pending are constraints that commits keep already, while data from before is
	// being checked against them: nothing else may rely on them.
	Pending    []Constraint
	NextIndex  IndexID
	NextConstr ConstraintID
}

// Index returns the index with an id.
func (s *Schema) Index(id IndexID) (Index, bool) {
	for _, x := range s.Indexes {
		if x.ID == id {
			return x, true
		}
	}
	return Index{}, false
}

// IndexNamed returns the index with a name.
func (s *Schema) IndexNamed(name string) (Index, bool) {
	for _, x := range s.Indexes {
		if x.Name == name {
			return x, true
		}
	}
	return Index{}, false
}

// EachConstraint calls f with the constraints that commits keep, until it returns false.
func (s *Schema) EachConstraint(f func(c *Constraint) bool) {
	for _, list := range [2][]Constraint{s.Constraints, s.Pending} {
		for i := range list {
			if !f(&list[i]) {
				return
			}
		}
	}
}

// ConstraintNamed returns the constraint with a name.
func (s *Schema) ConstraintNamed(name string) (Constraint, bool) {
	for _, c := range s.Constraints {
		if c.Name == name {
			return c, true
		}
	}
	return Constraint{}, false
}

// IndexOn returns the index over exactly these keys, in this order.
func (s *Schema) IndexOn(e Entity, token uint32, keys []KeyID) (Index, bool) {
	for _, x := range s.Indexes {
		if x.Entity == e && x.Token == token && slices.Equal(x.Keys, keys) {
			return x, true
		}
	}
	return Index{}, false
}

// Snapshot is the catalog as one reader or planner sees it.
type Snapshot struct {
	*Tokens
	*Schema
}

// Label returns the number of a label, and whether it has one.
func (s Snapshot) Label(name string) (LabelID, bool) {
	id, ok := s.Lookup(Label, name)
	return LabelID(id), ok
}

// Type returns the number of a relationship type, and whether it has one.
func (s Snapshot) Type(name string) (TypeID, bool) {
	id, ok := s.Lookup(Type, name)
	return TypeID(id), ok
}

// Key returns the number of a property key, and whether it has one.
func (s Snapshot) Key(name string) (KeyID, bool) {
	id, ok := s.Lookup(Key, name)
	return KeyID(id), ok
}

// LabelName returns the name of a label.
func (s Snapshot) LabelName(id LabelID) string { return s.Name(Label, uint32(id)) }

// TypeName returns the name of a relationship type.
func (s Snapshot) TypeName(id TypeID) string { return s.Name(Type, uint32(id)) }

// KeyName returns the name of a property key.
func (s Snapshot) KeyName(id KeyID) string { return s.Name(Key, uint32(id)) }
