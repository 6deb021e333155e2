package catalog

import (
	"context"
	"encoding/binary"
	"slices"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/kv"
	"github.com/kadedb/kadedb/storage/txn"
	"github.com/kadedb/kadedb/value"
)

// The catalog's section of a log record is a sequence of definitions: one byte, then
//
//	defToken           kind id name
//	defIndex           id entity token flags name n key×n      in place of one with the id
//	defDropIndex       id
//	defConstraint      id kind entity token type index name n key×n
//	defDropConstraint  id
//	defPending         as defConstraint, which follows for the same id, or else its end
//
// Numbers are uvarints, names a uvarint length and bytes. The manifest (bucket
// "catalog") holds the same bytes, for everything that is defined, under "all",
// closed by a defNext.
const (
	defToken = iota + 1
	defIndex
	defDropIndex
	defConstraint
	defDropConstraint
	defNext // next index id, next constraint id, epoch
	defPending
)

const (
	flagUnique = 1 << iota
	flagOnline
	flagFilled
)

// AppendToken appends a token's definition to a section.
func AppendToken(dst []byte, k Kind, id uint32, name string) []byte {
	dst = append(dst, defToken)
	return appendString(appendNumbers(dst, uint64(k), uint64(id)), name)
}

// AppendIndex appends an index's definition, which replaces one with its id.
func AppendIndex(dst []byte, x Index) []byte {
	flags := uint64(0)
	if x.Unique {
		flags |= flagUnique
	}
	if x.Online {
		flags |= flagOnline
	}
	if x.Filled {
		flags |= flagFilled
	}
	dst = appendNumbers(append(dst, defIndex), uint64(x.ID), uint64(x.Entity), uint64(x.Token), flags)
	return appendKeys(appendString(dst, x.Name), x.Keys)
}

// AppendDropIndex appends the end of an index.
func AppendDropIndex(dst []byte, id IndexID) []byte {
	return appendNumbers(append(dst, defDropIndex), uint64(id))
}

// AppendConstraint appends a constraint's definition.
func AppendConstraint(dst []byte, c Constraint) []byte {
	return appendConstraint(dst, defConstraint, c)
}

// AppendPending appends the definition of a constraint that data is yet to be checked against.
func AppendPending(dst []byte, c Constraint) []byte { return appendConstraint(dst, defPending, c) }

func appendConstraint(dst []byte, op byte, c Constraint) []byte {
	dst = appendNumbers(append(dst, op), uint64(c.ID), uint64(c.Kind), uint64(c.Entity), uint64(c.Token),
		uint64(c.Type), uint64(c.Index))
	return appendKeys(appendString(dst, c.Name), c.Keys)
}

// AppendDropConstraint appends the end of a constraint.
func AppendDropConstraint(dst []byte, id ConstraintID) []byte {
	return appendNumbers(append(dst, defDropConstraint), uint64(id))
}

func appendNumbers(dst []byte, v ...uint64) []byte {
	for _, x := range v {
		dst = binary.AppendUvarint(dst, x)
	}
	return dst
}

func appendString(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

func appendKeys(dst []byte, keys []KeyID) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(keys)))
	for _, k := range keys {
		dst = binary.AppendUvarint(dst, uint64(k))
	}
	return dst
}

// Model is the catalog's part in transactions; its state is a *Schema.
type Model struct {
	Tokens *Tokens
}

// ModelID marks the catalog's sections in the log.
const ModelID = 1

var _ txn.Model = (*Model)(nil)

// ID is ModelID.
func (m *Model) ID() byte { return ModelID }

// Load reads the checkpoint's catalog.
func (m *Model) Load(_ *txn.Store, tx *kv.Tx) (txn.State, error) {
	var raw []byte
	err := txn.ReadManifest(tx, "catalog", func(_, v []byte) error {
		raw = append(raw, v...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return m.read(&Schema{NextIndex: 1, NextConstr: 1}, raw, true)
}

// Apply applies a section.
func (m *Model) Apply(next *txn.Root, c *txn.Change) (txn.State, error) {
	return m.read(next.State(0).(*Schema), c.Section, c.Replay)
}

// Logged notes which tokens the log defines.
func (m *Model) Logged(section []byte) {
	d := decoder{b: section}
	for len(d.b) > 0 && !d.bad {
		if def := d.next(); def.op == defToken && !d.bad {
			m.Tokens.MarkLogged(Kind(def.n[0]), uint32(def.n[1]))
		}
	}
}

// definition is any of the above, decoded.
type definition struct {
	op   byte
	n    [6]uint64
	name string
	keys []KeyID
}

type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) number() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.b, d.bad = nil, true
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) next() (def definition) {
	def.op = d.b[0]
	d.b = d.b[1:]
	numbers := [...]int{defToken: 2, defIndex: 4, defDropIndex: 1, defConstraint: 6, defDropConstraint: 1, defNext: 3, defPending: 6}
	if def.op == 0 || int(def.op) >= len(numbers) {
		d.bad = true
		return def
	}
	for i := range numbers[def.op] {
		def.n[i] = d.number()
	}
	if def.op == defDropIndex || def.op == defDropConstraint || def.op == defNext {
		return def
	}
	n := d.number()
	if n > uint64(len(d.b)) {
		d.b, d.bad = nil, true
		return def
	}
	def.name, d.b = string(d.b[:n]), d.b[n:]
	if def.op == defToken {
		return def
	}
	for n := d.number(); n > 0 && !d.bad; n-- {
		def.keys = append(def.keys, KeyID(d.number()))
	}
	return def
}

// read returns the schema after the definitions of b. Tokens are defined at once
// when trusted: they come from the log or the checkpoint.
func (m *Model) read(s *Schema, b []byte, trusted bool) (*Schema, error) {
	d := decoder{b: b}
	for len(d.b) > 0 && !d.bad {
		def := d.next()
		if d.bad {
			break
		}
		if def.op == defToken {
			if trusted {
				if err := m.Tokens.Define(Kind(def.n[0]), uint32(def.n[1]), def.name); err != nil {
					return nil, err
				}
			}
			continue
		}
		var err error
		if s, err = s.define(def); err != nil {
			return nil, err
		}
	}
	if d.bad {
		return nil, status.Errorf(status.Corruption, "the catalog's definitions are malformed")
	}
	return s, nil
}

// define returns the schema after one definition.
func (s *Schema) define(def definition) (*Schema, error) {
	next := *s
	next.Epoch++
	switch def.op {
	case defIndex:
		return &next, next.defineIndex(def)
	case defDropIndex:
		next.Indexes = slices.DeleteFunc(slices.Clone(s.Indexes), func(x Index) bool { return x.ID == IndexID(def.n[0]) })
		if len(next.Indexes) == len(s.Indexes) {
			return nil, status.Errorf(status.NoSuchIndex, "the index does not exist any more")
		}
	case defConstraint, defPending:
		return &next, next.defineConstraint(def)
	case defDropConstraint:
		next.Constraints, next.Pending = without(s.Constraints, ConstraintID(def.n[0])), without(s.Pending, ConstraintID(def.n[0]))
		if len(next.Constraints)+len(next.Pending) == len(s.Constraints)+len(s.Pending) {
			return nil, status.Errorf(status.NoSuchConstraint, "the constraint does not exist any more")
		}
	case defNext:
		next.NextIndex = max(next.NextIndex, IndexID(def.n[0]))
		next.NextConstr = max(next.NextConstr, ConstraintID(def.n[1]))
		next.Epoch = max(next.Epoch, def.n[2])
	}
	return &next, nil
}

const ifNotExists = "with IF NOT EXISTS it stays as it is, and that is no error"

// defineIndex adds an index to a copy of a schema, or puts it in place of the one with its id.
func (s *Schema) defineIndex(def definition) error {
	x := Index{ID: IndexID(def.n[0]), Entity: Entity(def.n[1]), Token: uint32(def.n[2]), Name: def.name, Keys: def.keys,
		Unique: def.n[3]&flagUnique != 0, Online: def.n[3]&flagOnline != 0}
	x.Filled = x.Online || def.n[3]&flagFilled != 0
	s.NextIndex = max(s.NextIndex, x.ID+1)
	if i := slices.IndexFunc(s.Indexes, func(y Index) bool { return y.ID == x.ID }); i >= 0 {
		s.Indexes = slices.Clone(s.Indexes)
		s.Indexes[i] = x
		return nil
	}
	if _, taken := s.IndexNamed(x.Name); taken {
		return status.Errorf(status.SchemaConflict, "an index named `%s` exists", x.Name).WithHint("%s", ifNotExists)
	}
	if same, taken := s.IndexOn(x.Entity, x.Token, x.Keys); taken {
		return status.Errorf(status.SchemaConflict, "index `%s` covers the same properties", same.Name).WithHint("%s", ifNotExists)
	}
	s.Indexes = append(slices.Clip(s.Indexes), x)
	return nil
}

// defineConstraint adds a constraint to a copy of a schema, pending or not.
func (s *Schema) defineConstraint(def definition) error {
	c := Constraint{ID: ConstraintID(def.n[0]), Kind: ConstraintKind(def.n[1]), Entity: Entity(def.n[2]), Token: uint32(def.n[3]),
		Type: value.Kind(def.n[4]), Index: IndexID(def.n[5]), Name: def.name, Keys: def.keys}
	if c.Kind == 0 || c.Kind > ValueType {
		return status.Errorf(status.Corruption, "constraint `%s` is of unknown kind %d", c.Name, c.Kind)
	}
	s.NextConstr = max(s.NextConstr, c.ID+1)
	s.Pending = without(s.Pending, c.ID)
	var err error
	s.EachConstraint(func(o *Constraint) bool {
		switch {
		case o.Name == c.Name:
			err = status.Errorf(status.SchemaConflict, "a constraint named `%s` exists", c.Name).WithHint("%s", ifNotExists)
		case o.Kind == c.Kind && o.Entity == c.Entity && o.Token == c.Token && slices.Equal(o.Keys, c.Keys):
			err = status.Errorf(status.SchemaConflict, "constraint `%s` demands the same", o.Name).WithHint("%s", ifNotExists)
		}
		return err == nil
	})
	if err != nil {
		return err
	}
	if def.op == defPending {
		s.Pending = append(slices.Clip(s.Pending), c)
	} else {
		s.Constraints = append(slices.Clip(s.Constraints), c)
	}
	return nil
}

func without(list []Constraint, id ConstraintID) []Constraint {
	return slices.DeleteFunc(slices.Clone(list), func(c Constraint) bool { return c.ID == id })
}

// Fold writes no blocks: the catalog's manifest is all of it.
func (m *Model) Fold(_ context.Context, root *txn.Root, _ *txn.BlockWriter) (txn.Folded, error) {
	return m.FoldWith(root, nil), nil
}

// FoldWith is Fold with definitions of tokens that the log does not have yet.
func (m *Model) FoldWith(root *txn.Root, tokens []byte) txn.Folded {
	s := root.State(0).(*Schema)
	var all []byte
	for k := range kinds {
		m.Tokens.Each(k, func(id uint32, name string) { all = AppendToken(all, k, id, name) })
	}
	all = append(all, tokens...)
	for _, x := range s.Indexes {
		all = AppendIndex(all, x)
	}
	for _, c := range s.Constraints {
		all = AppendConstraint(all, c)
	}
	for _, c := range s.Pending {
		all = AppendPending(all, c)
	}
	all = appendNumbers(append(all, defNext), uint64(s.NextIndex), uint64(s.NextConstr), s.Epoch)
	return folded{all}
}

type folded struct{ all []byte }

func (f folded) Manifest(tx *kv.Tx) error {
	return txn.WriteManifest(tx, "catalog", map[string][]byte{"all": f.all})
}

func (f folded) Rebase(head txn.State) txn.State { return head }

func (f folded) Released() {}
