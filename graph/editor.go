package graph

import (
	"math"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/value"
)

// editor applies changes to a State that it owns: for a transaction's own view,
// for a commit on top of the newest state, and for replay. The three differ only
// in what is checked.
type editor struct {
	s      *State
	own    *owner
	ver    uint64 // the commit that the changes belong to
	snap   uint64 // commit ≥ check fails where an entity changed after it
	check  bool   // look for conflicts with commits after snap
	older  []*State
	rival  *spilled // a transaction that the changes must not meet; nil: none
	tokens *catalog.Tokens
	schema *catalog.Schema

	deletedNodes []uint32 // by this editor: must have lost their relationships
	free         int      // of them: known to have; they cannot get new ones
	unique       []uniqueKey
	touched      []entity // to check against constraints
	keyOld       []byte
	deletes      int
}

// entity names a node or a relationship.
type entity struct {
	kind catalog.Entity
	ref  uint32
}

// uniqueKey is a key put into a unique index.
type uniqueKey struct {
	index catalog.IndexID
	key   []byte // without the entity's number
	ref   uint32
}

func conflict(e catalog.Entity, ref uint32) error {
	what := "node"
	if e == catalog.Relationships {
		what = "relationship"
	}
	return status.Errorf(status.WriteConflict, "another transaction changed %s %d first", what, ref).
		WithHint("Run the transaction again.")
}

// changedSince reports whether a commit since the snapshot changed an entity, that of
// its page apart.
func (e *editor) changedSince(kind catalog.Entity, ref uint32) bool {
	for _, s := range e.older {
		if s.version(kind, ref) > e.snap || s.spill != nil && s.spill.seq > e.snap && s.spill.changed(kind).has(ref) {
			return true
		}
	}
	return e.rival != nil && e.rival.changed(kind).has(ref)
}

// version returns the commit that the overlay has an entity of, 0 if it has none.
func (s *State) version(kind catalog.Entity, ref uint32) uint64 {
	if kind == catalog.Nodes {
		if p := s.nodes.get(ref >> pageBits); p != nil {
			return p.ver[ref&pageMask]
		}
	} else if p := s.rels.get(ref >> pageBits); p != nil {
		return p.ver[ref&pageMask]
	}
	return 0
}

// nodePage makes node ref's page editable and stamps the node, after the check
// that no commit since the snapshot changed it.
func (e *editor) nodePage(ref uint32) (*nodePage, error) {
	i := ref & pageMask
	p := e.s.nodes.edit(e.own, ref>>pageBits)
	if e.check {
		if v := p.ver[i]; v > e.snap && v != e.ver || e.changedSince(catalog.Nodes, ref) {
			return nil, conflict(catalog.Nodes, ref)
		}
	}
	p.ver[i] = e.ver
	return p, nil
}

func (e *editor) relPage(ref uint32) (*relPage, error) {
	i := ref & pageMask
	p := e.s.rels.edit(e.own, ref>>pageBits)
	if e.check {
		if v := p.ver[i]; v > e.snap && v != e.ver || e.changedSince(catalog.Relationships, ref) {
			return nil, conflict(catalog.Relationships, ref)
		}
	}
	p.ver[i] = e.ver
	return p, nil
}

// ownNode copies a node's base entry into its page, so that it can be changed there.
func (e *editor) ownNode(ref uint32) (*nodePage, error) {
	p, err := e.nodePage(ref)
	if err != nil {
		return nil, err
	}
	i := ref & pageMask
	if p.own>>i&1 != 0 {
		return p, nil
	}
	var c groupCursor
	defer c.close()
	set, live, err := e.s.base.nodeSet(&c, ref)
	if err != nil {
		return nil, err
	}
	gen, err := e.s.base.nodeGen(ref)
	if err != nil {
		return nil, err
	}
	e.s.ownNodes = true
	p.own |= 1 << i
	p.set[i], p.gen[i] = set, gen
	if live {
		p.live |= 1 << i
	}
	return p, nil
}

func (e *editor) createNode(id uint64, set catalog.LabelSetID, keys []catalog.KeyID, vals []value.Value) error {
	ref := uint32(id)
	if ref == math.MaxUint32 {
		return corrupt("a node has the number %d", ref)
	}
	p, err := e.nodePage(ref)
	if err != nil {
		return err
	}
	i := ref & pageMask
	p.own |= 1 << i
	p.live |= 1 << i
	p.set[i], p.gen[i] = set, uint32(id>>32)
	e.s.ownNodes = true
	e.s.nodesAgain = e.s.nodesAgain || id>>32 != 0
	e.s.nodeHigh = max(e.s.nodeHigh, ref+1)
	e.s.nodeCount++
	addCount(&e.s.setCounts, e.own, uint32(set), 1)
	for j, k := range keys {
		if !vals[j].IsNull() {
			e.set(&e.s.nodeCols, k, ref, vals[j])
		}
	}
	return e.reindex(catalog.Nodes, ref, e.tokens.SetOf(set), 0, true)
}

func (e *editor) createRel(id uint64, typ catalog.TypeID, src, dst uint32, keys []catalog.KeyID, vals []value.Value) error {
	ref := uint32(id)
	if ref == math.MaxUint32 {
		return corrupt("a relationship has the number %d", ref)
	}
	for _, end := range [2]uint32{src, dst} {
		live, err := e.s.nodeLive(end)
		if err != nil {
			return err
		}
		if !live {
			if e.check {
				return conflict(catalog.Nodes, end)
			}
			return status.Errorf(status.DeletedEntityAccess, "node %d of a new relationship does not exist", end)
		}
	}
	p, err := e.relPage(ref)
	if err != nil {
		return err
	}
	i := ref & pageMask
	p.own |= 1 << i
	p.live |= 1 << i
	p.typ[i], p.src[i], p.dst[i], p.gen[i] = typ, src, dst, uint32(id>>32)
	e.s.relsAgain = e.s.relsAgain || id>>32 != 0
	e.s.relHigh = max(e.s.relHigh, ref+1)
	e.countRel(typ, 1)
	e.link(typ, src, dst, ref, false)
	for j, k := range keys {
		if !vals[j].IsNull() {
			e.set(&e.s.relCols, k, ref, vals[j])
		}
	}
	return e.reindexRel(ref, typ, 0, true)
}

// set stores a value of an entity in the overlay.
func (e *editor) set(t *columns, key catalog.KeyID, ref uint32, v value.Value) {
	p := t.edit(e.own, key, ref>>pageBits)
	before := cap(p.blob)
	p.set(ref&pageMask, v)
	e.own.added(max(cap(p.blob)-before, 0))
}

func (e *editor) countRel(typ catalog.TypeID, by int64) {
	e.s.relCount += by
	addCount(&e.s.typeCounts, e.own, uint32(typ), by)
}

// link adds or removes the two adjacency entries of a relationship.
func (e *editor) link(typ catalog.TypeID, src, dst, ref uint32, del bool) {
	e.own.added(2 * changeBytes)
	editAdj(&e.s.adj, e.own, typ, Out).edit(e.own, src>>pageBits).
		add(change{nbr: dst, rel: ref, node: uint8(src & pageMask), del: del})
	editAdj(&e.s.adj, e.own, typ, In).edit(e.own, dst>>pageBits).
		add(change{nbr: src, rel: ref, node: uint8(dst & pageMask), del: del})
}

// setNodeProperty sets or, with null, removes a property of a node that exists.
func (e *editor) setNodeProperty(ref uint32, key catalog.KeyID, v value.Value) error {
	set, live, err := e.s.nodeState(ref)
	if err != nil {
		return err
	}
	if !live {
		return e.gone(catalog.Nodes, ref)
	}
	if _, err := e.nodePage(ref); err != nil {
		return err
	}
	labels := e.tokens.SetOf(set)
	if err := e.unindex(catalog.Nodes, ref, labels, key); err != nil {
		return err
	}
	e.set(&e.s.nodeCols, key, ref, v)
	return e.reindex(catalog.Nodes, ref, labels, key, false)
}

// setRelProperty sets or, with null, removes a property of a relationship that exists.
func (e *editor) setRelProperty(ref uint32, key catalog.KeyID, v value.Value) error {
	typ, live, err := e.s.relState(ref)
	if err != nil {
		return err
	}
	if !live {
		return e.gone(catalog.Relationships, ref)
	}
	if _, err := e.relPage(ref); err != nil {
		return err
	}
	if err := e.unindexRel(ref, typ, key); err != nil {
		return err
	}
	e.set(&e.s.relCols, key, ref, v)
	return e.reindexRel(ref, typ, key, false)
}

func (e *editor) gone(kind catalog.Entity, ref uint32) error {
	if e.check {
		return conflict(kind, ref)
	}
	if kind == catalog.Nodes {
		return status.Errorf(status.DeletedEntityAccess, "node %d does not exist", ref)
	}
	return status.Errorf(status.DeletedEntityAccess, "relationship %d does not exist", ref)
}

// setLabels replaces a node's set of labels.
func (e *editor) setLabels(ref uint32, set catalog.LabelSetID) error {
	was, live, err := e.s.nodeState(ref)
	if err != nil {
		return err
	}
	if !live {
		return e.gone(catalog.Nodes, ref)
	}
	p, err := e.ownNode(ref)
	if err != nil {
		return err
	}
	if err := e.unindex(catalog.Nodes, ref, e.tokens.SetOf(was), allKeys); err != nil {
		return err
	}
	p.set[ref&pageMask] = set
	addCount(&e.s.setCounts, e.own, uint32(was), -1)
	addCount(&e.s.setCounts, e.own, uint32(set), 1)
	return e.reindex(catalog.Nodes, ref, e.tokens.SetOf(set), allKeys, false)
}

// deleteRel removes a relationship; its ends and type stay readable in the page.
func (e *editor) deleteRel(ref uint32) error {
	lk := e.s.relTable()
	defer lk.close()
	typ, live, err := lk.get(ref)
	if err != nil {
		return err
	}
	if !live {
		return e.gone(catalog.Relationships, ref)
	}
	src, dst, err := lk.ends(ref)
	if err != nil {
		return err
	}
	if err := e.unindexRel(ref, typ, allKeys); err != nil {
		return err
	}
	p, err := e.relPage(ref)
	if err != nil {
		return err
	}
	i := ref & pageMask
	if p.own>>i&1 == 0 {
		gen, err := e.s.base.relGen(ref)
		if err != nil {
			return err
		}
		p.own |= 1 << i
		p.typ[i], p.src[i], p.dst[i], p.gen[i] = typ, src, dst, gen
	}
	p.live &^= 1 << i
	e.countRel(typ, -1)
	e.link(typ, src, dst, ref, true)
	e.deletes++
	return e.clearProperties(&e.s.relCols, catalog.Relationships, ref)
}

// deleteNode removes a node. That it has no relationships left is checked at the end.
func (e *editor) deleteNode(ref uint32) error {
	set, live, err := e.s.nodeState(ref)
	if err != nil {
		return err
	}
	if !live {
		return e.gone(catalog.Nodes, ref)
	}
	p, err := e.ownNode(ref)
	if err != nil {
		return err
	}
	if err := e.unindex(catalog.Nodes, ref, e.tokens.SetOf(set), allKeys); err != nil {
		return err
	}
	p.live &^= 1 << (ref & pageMask)
	e.s.nodeCount--
	addCount(&e.s.setCounts, e.own, uint32(set), -1)
	e.deletes++
	e.deletedNodes = append(e.deletedNodes, ref)
	return e.clearProperties(&e.s.nodeCols, catalog.Nodes, ref)
}

// clearProperties removes every property, so that a later entity with the number
// does not inherit them.
func (e *editor) clearProperties(t *columns, kind catalog.Entity, ref uint32) error {
	var keys []catalog.KeyID
	err := e.s.eachProperty(t, kind, ref, func(k catalog.KeyID, _ value.Value) { keys = append(keys, k) })
	for _, k := range keys {
		e.set(t, k, ref, value.Null)
	}
	return err
}

// connected returns a deleted node that still has relationships.
func (e *editor) connected() (ref uint32, found bool, err error) {
	for _, ref := range e.deletedNodes[e.free:] {
		n, err := e.s.degree(ref)
		if err != nil || n > 0 {
			return ref, n > 0, err
		}
		e.free++
	}
	return 0, false, nil
}

// degree returns how many relationship ends a node has, of all types.
func (s *State) degree(ref uint32) (int, error) {
	sum := 0
	r := Reader{s: s}
	for _, t := range r.Types() {
		for d := Out; d <= In; d++ {
			a := r.Adjacency(t, d)
			n, err := a.Degree(ref)
			a.Close()
			if err != nil {
				return 0, err
			}
			sum += n
		}
	}
	return sum, nil
}

func (s *State) nodeState(ref uint32) (catalog.LabelSetID, bool, error) {
	lk := s.labels()
	defer lk.close()
	return lk.get(ref)
}

func (s *State) relState(ref uint32) (catalog.TypeID, bool, error) {
	lk := s.relTable()
	defer lk.close()
	return lk.get(ref)
}

// allKeys stands for every key where one may be named.
const allKeys catalog.KeyID = math.MaxUint32
