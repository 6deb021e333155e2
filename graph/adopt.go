package graph

import (
	"context"
	"math"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/storage/kv"
	"github.com/kadedb/kadedb/storage/txn"
)

// adopter commits a transaction whose changes are in blocks: see txn.Adopter. Where
// nothing was committed since it began, its private base is the new base;
// otherwise its operations are performed again over the newest state, folding as before.
type adopter struct {
	ctx     context.Context
	t       *Tx
	p       *private
	root    *txn.Root
	schema  *catalog.Schema
	st      State
	ver     uint64 // of the transaction's changes
	own     *owner
	at      State // st as it was folded last
	m       manifest
	retired []uint64
}

// commitSpilled commits a transaction that has spilled.
func (s *Store) commitSpilled(ctx context.Context, t *Tx) (CommitInfo, error) {
	if err := t.flushLog(); err != nil {
		return CommitInfo{}, err
	}
	a := &adopter{ctx: ctx, t: t, p: t.private}
	a.p.saved = nil
	var sections []txn.Section
	if len(t.defs) > 0 {
		sections = append(sections, txn.Section{Model: catalog.ModelID, Bytes: t.defs})
	}
	return s.txn.Adopt(ctx, t.begun, a.p.w, sections, a)
}

// Build makes the state after the transaction.
func (a *adopter) Build(root *txn.Root, older []*txn.Root) error {
	t := a.t
	a.root, a.schema, a.own = root, schemaOf(root), newOwner()
	if stateOf(root) == stateOf(t.begun) && a.schema == schemaOf(t.begun) {
		a.st, a.ver = t.state, t.first
		return a.Fold(root.Seq)
	}
	a.st, a.ver = *stateOf(root), math.MaxUint64
	// Nothing of the first attempt but its operations counts any more.
	t.state, t.ed = State{}, editor{}
	e := editor{
		s: &a.st, own: a.own, ver: a.ver, snap: t.begun.Seq, check: true, older: []*State{stateOf(root)},
		tokens: t.store.tokens, schema: a.schema,
	}
	for _, r := range older {
		e.older = append(e.older, stateOf(r))
	}
	limit := int64(t.store.opts.TxLimit)
	err := a.p.eachPart(func(ops []byte) error {
		if err := a.cancelled(); err != nil {
			return err
		}
		if err := e.apply(ops); err != nil {
			return err
		}
		if e.own.kin.made+e.resident() < limit {
			return nil
		}
		if err := a.p.fold(a.ctx, &a.st, a.ver, root.Seq, a.schema, nil); err != nil {
			return err
		}
		e.own = newOwner()
		return e.trim(0, 0)
	})
	if err != nil {
		return err
	}
	if err := e.whole(); err != nil {
		return err
	}
	return a.Fold(root.Seq)
}

// whole checks what holds at the end of a transaction.
func (e *editor) whole() error {
	ref, found, err := e.connected()
	if err != nil {
		return err
	}
	if found {
		// The transaction itself saw to it that there were none.
		return conflict(catalog.Nodes, ref)
	}
	return e.checkConstraints(true)
}

func (a *adopter) cancelled() error { return status.Ended(a.ctx, "the commit") }

// Parts gives the operations, whose blocks are not needed afterwards.
func (a *adopter) Parts(put func(model byte, part []byte) error) error {
	if err := a.p.eachPart(func(ops []byte) error { return put(modelID, ops) }); err != nil {
		return err
	}
	a.p.parts = nil
	return a.p.sweep(&a.at)
}

// Follow applies a commit that came meanwhile.
func (a *adopter) Follow(c *txn.Committed) error {
	for _, sec := range c.Sections {
		if sec.Model != modelID {
			continue // of names; a change of the schema is noticed at the end
		}
		e := editor{
			s: &a.st, own: a.own.heir(), ver: c.Seq, snap: math.MaxUint64, check: true, rival: a.at.spill,
			tokens: a.t.store.tokens, schema: a.schema,
		}
		if err := e.apply(sec.Bytes); err != nil {
			return err
		}
		if err := e.whole(); err != nil {
			return err
		}
	}
	return nil
}

// Fold writes the state as blocks, and finds out in what they differ from the store's.
func (a *adopter) Fold(at uint64) error {
	if a.st.clean() && a.m != nil {
		return nil
	}
	if !a.st.clean() || a.st.spill == nil {
		if err := a.p.fold(a.ctx, &a.st, a.ver, at, a.schema, nil); err != nil {
			return err
		}
	}
	if sp := *a.st.spill; sp.born != nil {
		sp.born, sp.before = nil, nil // nobody reads what is deleted any more
		a.st.spill = &sp
	}
	a.at, a.own = a.st, newOwner()
	old, now := stateOf(a.root).base, a.at.base
	was, is := old.manifest(), now.manifest()
	a.m = manifest{}
	for k, v := range is {
		if b, ok := was[k]; !ok || string(b) != string(v) {
			a.m[k] = v
		}
	}
	for k := range was {
		if _, ok := is[k]; !ok {
			a.m[k] = nil
		}
	}
	named := map[uint64]struct{}{0: {}}
	now.eachBlock(func(n uint64, _ func() string) { named[n] = struct{}{} })
	a.retired = a.retired[:0]
	old.eachBlock(func(n uint64, _ func() string) {
		if _, ok := named[n]; !ok {
			named[n] = struct{}{} // a run's block may be a region's too
			a.retired = append(a.retired, n)
		}
	})
	a.m.putCounts(&a.at)
	return a.p.sweep(&a.at)
}

// Settle returns the state to publish.
func (a *adopter) Settle(head *txn.Root, seq uint64) (txn.Settled, error) {
	if schemaOf(head) != a.schema {
		return txn.Settled{}, status.Errorf(status.WriteConflict, "an index or a constraint was made or dropped during the commit").
			WithHint("Run the transaction again.")
	}
	st := a.st
	st.spill, st.size = nil, a.own.kin.grew
	f := (&catalog.Model{Tokens: a.t.store.tokens}).FoldWith(head, a.t.defs)
	final := *stateOf(head)
	final.spill = &spilled{seq: seq, nodes: a.at.spill.nodes, rels: a.at.spill.rels}
	states, folded := make([]txn.State, 2), make([]txn.Folded, 2)
	states[placeCatalog], states[placeGraph] = a.schema, &st
	folded[placeCatalog], folded[placeGraph] = f, &adopted{s: a.t.store, m: a.m, spill: a.at.spill}
	return txn.Settled{
		States: states, Folded: folded, Retired: a.retired, Final: head.WithStates(a.schema, &final),
	}, nil
}

// adopted is the manifest of a transaction.
type adopted struct {
	s     *Store
	m     manifest
	spill *spilled
}

func (f *adopted) Manifest(tx *kv.Tx) error { return txn.WriteManifest(tx, bucketGraph, f.m) }

func (f *adopted) Rebase(head txn.State) txn.State { return head }

// Released gives the numbers of deleted entities back.
func (f *adopted) Released() {
	f.s.nodeIDs.recycle(f.spill.freedNodes)
	f.s.relIDs.recycle(f.spill.freedRels)
}

// manifest returns the whole directory.
func (b *base) manifest() manifest {
	m := manifest{}
	for i := range b.nodes {
		if g := &b.nodes[i]; g.rows > 0 || g.gen != 0 {
			m.putNodes(uint32(i), g)
		}
	}
	for i := range b.rels {
		if g := &b.rels[i]; g.rows > 0 || g.gen != 0 {
			m.putRels(uint32(i), g)
		}
	}
	for _, r := range b.runs {
		m.putRun(r)
	}
	for e, dirs := range [2]map[catalog.KeyID]*colDir{b.nodeCols, b.relCols} {
		for k, d := range dirs {
			for i := range d.groups {
				if !d.groups[i].empty() {
					m.putColumn(catalog.Entity(e), k, uint32(i), &d.groups[i])
				}
			}
		}
	}
	for k, d := range b.adj {
		for i := range d.regions {
			m.putRegion(k, &d.regions[i])
		}
	}
	for id, x := range b.indexes {
		for i := range x.blocks {
			m.putIndexBlock(id, &x.blocks[i])
		}
	}
	return m
}
