package graph

import (
	"context"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/storage/txn"
	"github.com/kadedb/kadedb/value"
)

// Tx is a transaction: a Reader that sees its own changes, and the changes. It
// belongs to one goroutine while it writes; cursors made before a write are not
// used after it. It ends with Commit or Rollback, both of which may be called only once
// with an effect.
type Tx struct {
	*Reader
	store       *Store
	readOnly    bool
	done        bool
	begun       *txn.Root
	state       State
	ed          editor
	log         []byte // the graph's section, but for what is in private's parts
	cuts        []int  // places between operations of log, about logCut apart
	flushed     int    // bytes in private's parts
	private     *private
	mark        Savepoint // the newest
	counted     int64     // bytes of the changes in the store's budget
	defs        []byte    // the catalog's section
	defined     map[[2]uint32]struct{}
	releaseRoot func()
}

// ReadOnly reports whether the transaction refuses writes.
func (t *Tx) ReadOnly() bool { return t.readOnly }

// Changed reports whether the transaction has anything to commit.
func (t *Tx) Changed() bool { return t.Bytes() > 0 }

// Bytes is the size of the transaction's changes so far.
func (t *Tx) Bytes() int { return t.flushed + len(t.log) + len(t.defs) }

func (t *Tx) writable() error {
	switch {
	case t.done:
		return status.Errorf(status.TransactionClosed, "the transaction has ended")
	case t.readOnly:
		return status.Errorf(status.ReadOnlyTransaction, "a write in a read-only transaction").
			WithHint("begin a transaction that may write")
	}
	last := 0
	if n := len(t.cuts); n > 0 {
		last = t.cuts[n-1]
	}
	if len(t.log)-last >= logCut {
		t.cuts = append(t.cuts, len(t.log))
	}
	return t.makeRoom()
}

// logCut is about how many bytes of operations are performed at a time where that
// is done again.
const logCut = 256 << 10

// Commit makes the changes durable and visible, or none of them. Errors that ask
// for another try are status.WriteConflict. The transaction is over either way.
func (t *Tx) Commit(ctx context.Context, d Durability) (CommitInfo, error) {
	if t.done {
		return CommitInfo{}, status.Errorf(status.TransactionClosed, "the transaction has ended")
	}
	defer t.end()
	if !t.Changed() {
		return CommitInfo{Seq: t.seq}, nil
	}
	if err := status.Ended(ctx, "the commit"); err != nil {
		return CommitInfo{}, err
	}
	if err := t.ed.checkConstraints(true); err != nil {
		return CommitInfo{}, err
	}
	if err := t.CheckDeleted(); err != nil {
		return CommitInfo{}, err
	}
	if t.private != nil {
		return t.store.commitSpilled(ctx, t)
	}
	return t.store.commit(ctx, t, d)
}

// Rollback drops the changes. After Commit it does nothing.
func (t *Tx) Rollback() {
	if !t.done {
		t.end()
	}
}

func (t *Tx) end() {
	t.done = true
	t.count(0)
	if t.private != nil {
		t.private.w.Drop()
	}
	if t.store != nil {
		t.store.ended(t)
	}
}

// Savepoint is a moment within a transaction.
type Savepoint struct {
	state         State
	log, defs     int
	deletes       int
	deleted       int
	unique, touch int
	grew          int64
}

// Savepoint marks the present moment; a statement begins with one.
func (t *Tx) Savepoint() Savepoint {
	// Pages of the moment are no longer edited in place.
	t.ed.own = t.ed.own.heir()
	t.mark = Savepoint{
		state: t.state, log: t.flushed + len(t.log), defs: len(t.defs), deletes: t.ed.deletes, deleted: len(t.ed.deletedNodes),
		unique: len(t.ed.unique), touch: len(t.ed.touched), grew: t.ed.own.kin.grew,
	}
	if t.private != nil {
		t.private.saved = &t.mark.state
	}
	return t.mark
}

// RollbackTo undoes everything since sp, which stays usable.
func (t *Tx) RollbackTo(sp Savepoint) {
	t.state = sp.state
	made := t.ed.own.kin.made // what of it is still held is not known
	t.ed.own = newOwner()
	t.ed.own.kin.made, t.ed.own.kin.grew = made, sp.grew
	t.cutLog(sp.log)
	if sp.defs < len(t.defs) {
		t.defs = t.defs[:sp.defs]
		t.defined = nil // to be logged again where used again
	}
	t.ed.deletes, t.deletes = sp.deletes, sp.deletes
	t.ed.deletedNodes = t.ed.deletedNodes[:sp.deleted]
	t.ed.free = min(t.ed.free, sp.deleted)
	t.ed.unique = t.ed.unique[:min(sp.unique, len(t.ed.unique))]
	t.ed.touched = t.ed.touched[:min(sp.touch, len(t.ed.touched))]
}

// EndStatement checks what holds at the end of each statement: uniqueness and
// types. Existence is checked at commit.
func (t *Tx) EndStatement() error {
	if err := t.ed.checkConstraints(false); err != nil {
		return err
	}
	// Whoever takes one of these keys later checks it.
	t.ed.unique = t.ed.unique[:0]
	return nil
}

// Label returns the number of a label for writing, giving it one.
func (t *Tx) Label(name string) (catalog.LabelID, error) {
	id, err := t.intern(catalog.Label, name)
	return catalog.LabelID(id), err
}

// Type returns the number of a relationship type for writing, giving it one.
func (t *Tx) Type(name string) (catalog.TypeID, error) {
	id, err := t.intern(catalog.Type, name)
	return catalog.TypeID(id), err
}

// Key returns the number of a property key for writing, giving it one.
func (t *Tx) Key(name string) (catalog.KeyID, error) {
	id, err := t.intern(catalog.Key, name)
	return catalog.KeyID(id), err
}

func (t *Tx) intern(k catalog.Kind, name string) (uint32, error) {
	if err := t.writable(); err != nil {
		return 0, err
	}
	id, define, err := t.cat.Intern(k, name)
	if err == nil && define {
		t.define(k, id)
	}
	return id, err
}

// define logs a token's definition once in the transaction.
func (t *Tx) define(k catalog.Kind, id uint32) {
	if _, ok := t.defined[[2]uint32{uint32(k), id}]; ok {
		return
	}
	if t.defined == nil {
		t.defined = map[[2]uint32]struct{}{}
	}
	t.defined[[2]uint32{uint32(k), id}] = struct{}{}
	t.defs = catalog.AppendToken(t.defs, k, id, t.cat.Name(k, id))
}

// CreateNode creates a node. vals belong to keys one by one; nulls are left out,
// a key that comes twice keeps its last value.
func (t *Tx) CreateNode(labels []catalog.LabelID, keys []catalog.KeyID, vals []value.Value) (ref uint32, err error) {
	if err := t.writable(); err != nil {
		return 0, err
	}
	if err := t.storableAll(vals); err != nil {
		return 0, err
	}
	set, define, err := t.cat.InternSet(labels)
	if err != nil {
		return 0, err
	}
	if define {
		t.define(catalog.LabelSet, uint32(set))
	}
	id, err := t.store.nodeIDs.take(uint32(set))
	if err != nil {
		return 0, err
	}
	if err := t.ed.createNode(id, set, keys, vals); err != nil {
		return 0, err
	}
	t.log = appendProps(appendOp(t.log, opCreateNode, id, uint64(set)), keys, vals)
	return uint32(id), nil
}

// CreateRel creates a relationship from start to end.
func (t *Tx) CreateRel(typ catalog.TypeID, start, end uint32, keys []catalog.KeyID, vals []value.Value) (ref uint32, err error) {
	if err := t.writable(); err != nil {
		return 0, err
	}
	if err := t.storableAll(vals); err != nil {
		return 0, err
	}
	id, err := t.store.relIDs.take(uint32(typ))
	if err != nil {
		return 0, err
	}
	if err := t.ed.createRel(id, typ, start, end, keys, vals); err != nil {
		return 0, err
	}
	t.log = appendOp(t.log, opCreateRel, id, uint64(typ), t.NodeID(start), t.NodeID(end))
	t.log = appendProps(t.log, keys, vals)
	return uint32(id), nil
}

func (t *Tx) storableAll(vals []value.Value) error {
	for _, v := range vals {
		if err := t.storable(v); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tx) storable(v value.Value) error {
	if err := Storable(v); err != nil {
		return err
	}
	return fits(v, t.store.valueLimit())
}

// SetNodeProperty sets a property of a node; null removes it.
func (t *Tx) SetNodeProperty(ref uint32, key catalog.KeyID, v value.Value) error {
	if err := t.writable(); err != nil {
		return err
	}
	if err := t.storable(v); err != nil {
		return err
	}
	if err := t.ed.setNodeProperty(ref, key, v); err != nil {
		return err
	}
	t.log = appendValue(appendOp(t.log, opSetNode, t.NodeID(ref), uint64(key)), v)
	return nil
}

// SetRelProperty sets a property of a relationship; null removes it.
func (t *Tx) SetRelProperty(ref uint32, key catalog.KeyID, v value.Value) error {
	if err := t.writable(); err != nil {
		return err
	}
	if err := t.storable(v); err != nil {
		return err
	}
	if err := t.ed.setRelProperty(ref, key, v); err != nil {
		return err
	}
	t.log = appendValue(appendOp(t.log, opSetRel, t.RelID(ref), uint64(key)), v)
	return nil
}

// ReplaceNodeProperties makes keys and vals the node's only properties.
func (t *Tx) ReplaceNodeProperties(ref uint32, keys []catalog.KeyID, vals []value.Value) error {
	return t.replace(&t.state.nodeCols, catalog.Nodes, ref, keys, vals, t.SetNodeProperty)
}

// ReplaceRelProperties makes keys and vals the relationship's only properties.
func (t *Tx) ReplaceRelProperties(ref uint32, keys []catalog.KeyID, vals []value.Value) error {
	return t.replace(&t.state.relCols, catalog.Relationships, ref, keys, vals, t.SetRelProperty)
}

func (t *Tx) replace(cols *columns, kind catalog.Entity, ref uint32, keys []catalog.KeyID, vals []value.Value,
	set func(uint32, catalog.KeyID, value.Value) error) error {
	if err := t.storableAll(vals); err != nil {
		return err
	}
	var gone []catalog.KeyID
	err := t.state.eachProperty(cols, kind, ref, func(k catalog.KeyID, _ value.Value) {
		for i := range keys {
			if keys[i] == k && !vals[i].IsNull() {
				return
			}
		}
		gone = append(gone, k)
	})
	for _, k := range gone {
		if err == nil {
			err = set(ref, k, value.Null)
		}
	}
	for i, k := range keys {
		if err == nil && !vals[i].IsNull() {
			err = set(ref, k, vals[i])
		}
	}
	return err
}

// AddLabel adds a label to a node and reports whether it was new.
func (t *Tx) AddLabel(ref uint32, label catalog.LabelID) (bool, error) {
	return t.changeLabels(ref, func(set catalog.LabelSetID) (catalog.LabelSetID, bool, error) { return t.cat.With(set, label) })
}

// RemoveLabel takes a label from a node and reports whether it had it.
func (t *Tx) RemoveLabel(ref uint32, label catalog.LabelID) (bool, error) {
	return t.changeLabels(ref, func(set catalog.LabelSetID) (catalog.LabelSetID, bool, error) { return t.cat.Without(set, label) })
}

func (t *Tx) changeLabels(ref uint32, to func(catalog.LabelSetID) (catalog.LabelSetID, bool, error)) (bool, error) {
	if err := t.writable(); err != nil {
		return false, err
	}
	set, live, err := t.state.nodeState(ref)
	if err != nil {
		return false, err
	}
	if !live {
		return false, t.ed.gone(catalog.Nodes, ref)
	}
	next, define, err := to(set)
	if err != nil || next == set {
		return false, err
	}
	if define {
		t.define(catalog.LabelSet, uint32(next))
	}
	if err := t.ed.setLabels(ref, next); err != nil {
		return false, err
	}
	t.log = appendOp(t.log, opSetLabels, t.NodeID(ref), uint64(next))
	return true, nil
}

// DeleteRel deletes a relationship; false if it was deleted before.
func (t *Tx) DeleteRel(ref uint32) (bool, error) {
	if err := t.writable(); err != nil || t.RelDeleted(ref) {
		return false, err
	}
	id := t.RelID(ref)
	if err := t.ed.deleteRel(ref); err != nil {
		return false, err
	}
	t.deletes = t.ed.deletes
	t.log = appendOp(t.log, opDeleteRel, id)
	return true, nil
}

// DeleteNode deletes a node; false if it was deleted before. Its relationships
// have to be deleted by the time CheckDeleted is called.
func (t *Tx) DeleteNode(ref uint32) (bool, error) {
	if err := t.writable(); err != nil || t.NodeDeleted(ref) {
		return false, err
	}
	id := t.NodeID(ref)
	if err := t.ed.deleteNode(ref); err != nil {
		return false, err
	}
	t.deletes = t.ed.deletes
	t.log = appendOp(t.log, opDeleteNode, id)
	return true, nil
}

// CheckDeleted returns DeleteConnectedNode if a deleted node still has
// relationships: the end of a DELETE clause calls it.
func (t *Tx) CheckDeleted() error {
	ref, found, err := t.ed.connected()
	if err != nil || !found {
		return err
	}
	return status.Errorf(status.DeleteConnectedNode, "node %d still has relationships", t.NodeID(ref)).
		WithHint("Delete its relationships too, or use DETACH DELETE.")
}
