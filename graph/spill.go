package graph

import (
	"context"
	"encoding/binary"
	"slices"
	"sort"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/storage/txn"
)

// A transaction that outgrows its limit folds its whole overlay into blocks of its
// own, as a checkpoint does, and goes on over that private base:
//
//	snapshot's base ◀─ overlay ◀─ changes        before
//	private base ◀─ (nothing)  + spilled         after; the log so far is in blocks too
//
// What the blocks cannot tell stays in spilled, which is immutable and goes with the
// State, so that a savepoint from before a fold is as good as any.

// spilled is what a transaction has to know of the changes that are in its blocks.
type spilled struct {
	seq         uint64 // the commit, once it is one
	nodes, rels refSet // changed by it

	goneNodes, goneRels refSet    // deleted by it
	before              *State    // what it began with: has the ends of relationships deleted since; nil at commit
	born                []bornRun // of those that it created itself

	freedNodes, freedRels []freed
}

// changed returns which entities of a kind the transaction changed.
func (sp *spilled) changed(kind catalog.Entity) *refSet {
	if kind == catalog.Nodes {
		return &sp.nodes
	}
	return &sp.rels
}

// goneRel is a deleted relationship.
type goneRel struct {
	ref, src, dst uint32
	typ           catalog.TypeID
}

// bornRun is a private block of relationships [first, last] that the transaction created and
// deleted: number, start, end and type of each, ascending.
type bornRun struct {
	first, last uint32
	block       uint64
}

const (
	bornBytes = 16
	bornMax   = 4096 // in a block
)

// putBorn writes relationships as blocks.
func (sp *spilled) putBorn(w *txn.BlockWriter, list []goneRel) error {
	runs := slices.Clip(sp.born)
	for len(list) > 0 {
		n := min(len(list), bornMax)
		var b []byte
		for _, r := range list[:n] {
			for _, f := range [4]uint32{r.ref, r.src, r.dst, uint32(r.typ)} {
				b = binary.LittleEndian.AppendUint32(b, f)
			}
		}
		number, err := w.Put(b)
		if err != nil {
			return err
		}
		runs = append(runs, bornRun{list[0].ref, list[n-1].ref, number})
		list = list[n:]
	}
	sp.born = runs
	return w.Flush()
}

// find looks for a relationship in a run.
func (r bornRun) find(s *txn.Store, ref uint32) (g goneRel, ok bool, err error) {
	if ref < r.first || ref > r.last {
		return g, false, nil
	}
	b, err := s.Raw(nil, r.block)
	if err != nil {
		return g, false, err
	}
	i := sort.Search(len(b)/bornBytes, func(i int) bool { return binary.LittleEndian.Uint32(b[i*bornBytes:]) >= ref })
	if b = b[i*bornBytes:]; len(b) < bornBytes || binary.LittleEndian.Uint32(b) != ref {
		return g, false, nil
	}
	return goneRel{
		ref: ref, src: binary.LittleEndian.Uint32(b[4:]), dst: binary.LittleEndian.Uint32(b[8:]),
		typ: catalog.TypeID(binary.LittleEndian.Uint32(b[12:])),
	}, true, nil
}

// gone returns what a deleted relationship was.
func (sp *spilled) gone(ref uint32) (typ catalog.TypeID, src, dst uint32, err error) {
	if sp.before == nil {
		return 0, 0, 0, nil
	}
	for _, run := range sp.born {
		g, ok, err := run.find(sp.before.base.store, ref)
		if ok || err != nil {
			return g.typ, g.src, g.dst, err
		}
	}
	lk := sp.before.relTable()
	defer lk.close()
	if typ, _, err = lk.get(ref); err != nil {
		return 0, 0, 0, err
	}
	src, dst, err = lk.ends(ref)
	return typ, src, dst, err
}

// bytes is about the memory that it takes.
func (sp *spilled) bytes() int64 {
	n := sp.nodes.bytes() + sp.rels.bytes() + sp.goneNodes.bytes() + sp.goneRels.bytes()
	return n + 16*int64(cap(sp.born)) + 12*int64(cap(sp.freedNodes)+cap(sp.freedRels))
}

// and returns what is known after st, whose changes with version ver are the
// transaction's, is folded. No more than maxFreed numbers of deleted entities are given
// back, so that they take little: the others stay unused.
func (sp *spilled) and(st *State, ver uint64, f *fold, maxFreed int) (*spilled, error) {
	next := *sp
	var nodes, rels, goneNodes, goneRels spans
	st.nodes.each(0, 1<<26, func(page uint32, p *nodePage) bool {
		for i, v := range p.ver {
			if ref := page<<pageBits | uint32(i); v == ver {
				nodes = nodes.extend(span{ref, ref})
				if p.own&^p.live>>i&1 != 0 {
					goneNodes = goneNodes.extend(span{ref, ref})
				}
			}
		}
		return true
	})
	var born []goneRel
	var err error
	st.rels.each(0, 1<<26, func(page uint32, p *relPage) bool {
		for i, v := range p.ver {
			ref := page<<pageBits | uint32(i)
			if v != ver {
				continue
			}
			rels = rels.extend(span{ref, ref})
			if p.own&^p.live>>i&1 == 0 {
				continue
			}
			goneRels = goneRels.extend(span{ref, ref})
			if sp.before == nil {
				continue
			}
			var old bool
			if old, err = sp.before.relLive(ref); err != nil {
				return false
			}
			if !old {
				born = append(born, goneRel{ref, p.src[i], p.dst[i], p.typ[i]})
			}
		}
		return true
	})
	next.nodes, next.rels = sp.nodes.with(nodes), sp.rels.with(rels)
	next.goneNodes, next.goneRels = sp.goneNodes.with(goneNodes), sp.goneRels.with(goneRels)
	if err == nil && len(born) > 0 {
		err = next.putBorn(f.w, born)
	}
	next.freedNodes = appendFreed(sp.freedNodes, f.freedNodes, maxFreed)
	next.freedRels = appendFreed(sp.freedRels, f.freedRels, maxFreed)
	return &next, err
}

func appendFreed(list, more []freed, most int) []freed {
	n := min(len(more), max(most-len(list), 0))
	return append(slices.Clip(list), more[:n]...)
}

// private is the blocks of one transaction.
type private struct {
	s     *Store
	w     *txn.BlockWriter
	parts []logPart
	saved *State // of the newest savepoint
}

// logPart is a block that holds operations of the transaction: its first n bytes.
type logPart struct {
	number uint64
	n      int
}

// fold turns st, whose changes of version ver are the transaction's, into a state with nothing
// over its base. seq is the last commit in it.
func (p *private) fold(ctx context.Context, st *State, ver, seq uint64, schema *catalog.Schema, before *State) error {
	f := &fold{ctx: ctx, st: st, base: st.base.clone(), w: p.w, m: manifest{}}
	if err := f.all(schema); err != nil {
		return err
	}
	if err := p.w.Flush(); err != nil {
		return err
	}
	f.base.seq = seq
	f.base.seal()
	sp := st.spill
	if sp == nil {
		sp = &spilled{before: before}
	}
	sp, err := sp.and(st, ver, f, p.s.opts.TxLimit/256)
	if err != nil {
		return err
	}
	*st = State{
		base: f.base, spill: sp, setCounts: st.setCounts, typeCounts: st.typeCounts, nodeCount: st.nodeCount, relCount: st.relCount,
		nodeHigh: st.nodeHigh, relHigh: st.relHigh,
	}
	return p.sweep(st)
}

// sweep deletes blocks that are no part of the state, the newest savepoint or the log.
func (p *private) sweep(now *State) error {
	keep := map[uint64]struct{}{}
	for _, st := range [2]*State{now, p.saved} {
		if st == nil {
			continue
		}
		st.base.eachBlock(func(n uint64, _ func() string) { keep[n] = struct{}{} })
		if st.spill != nil {
			for _, run := range st.spill.born {
				keep[run.block] = struct{}{}
			}
		}
	}
	for _, l := range p.parts {
		keep[l.number] = struct{}{}
	}
	return p.w.Sweep(keep)
}

// eachPart calls f for the operations of the transaction, in order.
func (p *private) eachPart(f func(ops []byte) error) error {
	var buf []byte
	for _, l := range p.parts {
		var err error
		if buf, err = p.s.txn.Raw(buf[:0], l.number); err != nil {
			return err
		}
		if len(buf) < l.n {
			return corrupt("block %d of a transaction's log is too short", l.number)
		}
		if err := f(buf[:l.n]); err != nil {
			return err
		}
	}
	return nil
}

// trim forgets what need not be checked again: keys that nobody else has and
// entities that keep all constraints, from those places on. A later change that breaks one is
// noted itself.
func (e *editor) trim(unique, touched int) error {
	var few [8]uint32
	kept := e.unique[:unique]
	for _, u := range e.unique[unique:] {
		refs, err := e.s.indexPrefix(u.index, u.key, few[:0])
		if err != nil {
			return err
		}
		if len(refs) > 1 && slices.Contains(refs, u.ref) {
			kept = append(kept, u)
		}
	}
	e.unique = slices.Clip(kept)
	left := e.touched[:touched]
	for _, t := range e.touched[touched:] {
		ok, err := e.keeps(t)
		if err != nil {
			return err
		}
		if !ok {
			left = append(left, t)
		}
	}
	e.touched = slices.Clip(left)
	return nil
}

// keeps reports whether an entity keeps all constraints but uniqueness, as at the end of a
// transaction.
func (e *editor) keeps(t entity) (bool, error) {
	one := editor{s: e.s, tokens: e.tokens, schema: e.schema, touched: []entity{t}}
	err := one.checkConstraints(true)
	switch status.CodeOf(err) {
	case status.ConstraintViolation, status.WriteConflict: // the latter: of one that is being created
		return false, nil
	}
	return err == nil, err
}

// resident is about the memory of what an editor notes beside the state.
func (e *editor) resident() int64 {
	n := 4*int64(len(e.deletedNodes)) + 16*int64(len(e.touched))
	return n + 72*int64(len(e.unique))
}

// held is about the memory of the transaction's changes.
func (t *Tx) held() int64 {
	return int64(len(t.log)+len(t.defs)) + t.ed.own.kin.made + t.ed.resident()
}

// countStep is in what steps a transaction's memory counts in the store's budget.
const countStep = 256 << 10

// makeRoom spills where the transaction has reached its limit, or where the store's memory is
// full and there is something to gain.
func (t *Tx) makeRoom() error {
	held := t.held()
	if held > int64(t.store.opts.TxLimit) {
		return t.spill()
	}
	if held < t.counted+countStep {
		return nil
	}
	if t.store.changes.Reserve(held-t.counted) == nil {
		t.counted = held
		return nil
	}
	if held > 4*countStep {
		return t.spill()
	}
	t.count(held)
	return nil
}

// count makes the transaction count with so many bytes, whether there is room or not.
func (t *Tx) count(bytes int64) {
	if m := t.store.changes; bytes > t.counted {
		m.Force(bytes - t.counted)
	} else {
		m.Release(t.counted - bytes)
	}
	t.counted = bytes
}

// spill moves the transaction's changes into blocks.
func (t *Tx) spill() error {
	if t.private == nil {
		t.private = &private{s: t.store, w: t.store.txn.NewPrivate()}
	}
	// A transaction outlives the context it began with.
	ctx := context.Background()
	if err := t.flushLog(); err != nil {
		return err
	}
	if err := t.private.fold(ctx, &t.state, t.first, t.begun.Seq, t.cat.Schema, stateOf(t.begun)); err != nil {
		return err
	}
	t.ed.own = newOwner()
	if err := t.ed.trim(min(t.mark.unique, len(t.ed.unique)), min(t.mark.touch, len(t.ed.touched))); err != nil {
		return err
	}
	n := t.held() + t.state.spill.bytes()
	t.count(n)
	if n > int64(t.store.opts.TxLimit)/2 {
		return status.Errorf(status.TransactionLimit, "what has to be known of the transaction's changes takes %d MiB, the limit is %d MiB",
			n>>20, t.store.opts.TxLimit>>20).WithHint("Commit in smaller transactions, or raise the limit.")
	}
	return nil
}

// flushLog moves the operations so far into blocks.
func (t *Tx) flushLog() error {
	p := t.private
	from := 0
	for _, to := range append(t.cuts, len(t.log)) {
		if to == from {
			continue
		}
		// The writer keeps what it is given.
		n, err := p.w.Put(bytesClone(t.log[from:to]))
		if err != nil {
			return err
		}
		p.parts = append(p.parts, logPart{n, to - from})
		from = to
	}
	t.flushed += len(t.log)
	t.log, t.cuts = t.log[:0], t.cuts[:0]
	return p.w.Flush()
}

// cutLog makes the log as short as it was.
func (t *Tx) cutLog(to int) {
	if to >= t.flushed {
		t.log = t.log[:to-t.flushed]
		for len(t.cuts) > 0 && t.cuts[len(t.cuts)-1] > len(t.log) {
			t.cuts = t.cuts[:len(t.cuts)-1]
		}
		return
	}
	t.log, t.cuts = t.log[:0], t.cuts[:0]
	for p := t.private; t.flushed > to; {
		last := &p.parts[len(p.parts)-1]
		if start := t.flushed - last.n; start < to {
			last.n, t.flushed = to-start, to
		} else {
			p.parts, t.flushed = p.parts[:len(p.parts)-1], start
		}
	}
}
