package graph

import (
	"cmp"

	"github.com/kadedb/kadedb/storage/catalog"
)

// indexes folds every index's overlay into the blocks whose keys it touches, and
// drops the blocks of indexes that are gone.
func (f *fold) indexes(schema *catalog.Schema) {
	for id, x := range f.st.base.indexes {
		if _, ok := schema.Index(id); !ok {
			f.dropIndexBlocks(id, x)
			delete(f.base.indexes, id)
		}
	}
	for i := range f.st.indexes.list {
		st := &f.st.indexes.list[i]
		x, ok := schema.Index(st.id)
		if !ok || st.overlay.n == 0 || f.err != nil || f.filling.is(st.id) {
			continue
		}
		var c indexChanges
		c.open(&st.overlay, nil, nil)
		f.mergeIndex(x.ID, f.base.indexes[x.ID], &c, merging{marked: !x.Filled})
	}
	if f.filling != nil && f.err == nil {
		f.fill(f.filling)
	}
}

// filling is an index to fill, and the entries of an older state, as blocks.
type filling struct {
	id  catalog.IndexID
	run *indexBase
}

func (f *filling) is(id catalog.IndexID) bool { return f != nil && f.id == id }

// fill makes the entries of an older state the blocks of an index, with what was
// changed since laid over them.
func (f *fold) fill(x *filling) {
	var c indexChanges
	defer c.close()
	var over *ordered
	if st := f.st.indexes.get(x.id); st != nil {
		over = &st.overlay
	}
	changes := f.st.base.indexes[x.id]
	c.open(over, f.st.base, changes)
	c.marked = true
	f.mergeIndex(x.id, x.run, &c, merging{})
	if changes != nil {
		f.dropIndexBlocks(x.id, changes)
	}
	now := f.base.indexes[x.id]
	for i := range now.blocks {
		f.m.putIndexBlock(x.id, &now.blocks[i])
	}
}

func (f *fold) dropIndexBlocks(id catalog.IndexID, x *indexBase) {
	for i := range x.blocks {
		f.dropIndexBlock(id, &x.blocks[i])
	}
}

func (f *fold) dropIndexBlock(id catalog.IndexID, b *indexBlock) {
	f.retire(b.block)
	f.m[indexBlockKey(id, b.block)] = nil
}

// merging says how changes go into the blocks of an index.
type merging struct {
	marked bool                   // the blocks keep what was removed too, see indexChanges
	same   func(key string) error // told of a key that two entities have; nil: need not be known
}

// mergeIndex lays changes over blocks of an index, and writes those anew that are touched.
func (f *fold) mergeIndex(id catalog.IndexID, old *indexBase, c *indexChanges, how merging) {
	if old == nil {
		old = &indexBase{}
	}
	w := keyWriter{put: f.put, same: how.same}
	for i := 0; i < max(len(old.blocks), 1); i++ {
		// Block i takes the changes below the next fence.
		inBlock := func() bool {
			return c.valid() && (i+1 >= len(old.blocks) || string(c.key) < old.blocks[i+1].fence)
		}
		if !inBlock() {
			if i < len(old.blocks) {
				w.keep(old.blocks[i])
			}
			continue
		}
		var keys []string
		if i < len(old.blocks) {
			keys = f.indexKeys(&old.blocks[i])
			f.dropIndexBlock(id, &old.blocks[i])
		}
		from := len(w.blocks)
		for k := 0; f.err == nil && w.err == nil && (k < len(keys) || inBlock()); {
			if !inBlock() || k < len(keys) && changedKey(keys[k], how.marked) < string(c.key) {
				w.add(keys[k])
				k++
				continue
			}
			if k < len(keys) && changedKey(keys[k], how.marked) == string(c.key) {
				k++
			}
			if how.marked {
				w.add(string(append(c.key, byte(bit(c.removed)))))
			} else if !c.removed {
				w.add(string(c.key))
			}
			c.next()
		}
		w.cut()
		for ; from < len(w.blocks); from++ {
			f.m.putIndexBlock(id, &w.blocks[from])
		}
		if f.err = cmp.Or(f.err, w.err, c.err); f.err != nil {
			return
		}
	}
	f.base.indexes[id] = &indexBase{blocks: w.blocks}
}

func (f *fold) indexKeys(b *indexBlock) []string {
	h, err := f.st.base.store.Block(b.block)
	if err != nil {
		f.err = err
		return nil
	}
	defer h.Release()
	keys := make([]string, h.Block.Header.Count)
	for i := range keys {
		keys[i] = h.Block.Str(i)
	}
	return keys
}

// leavesOf returns the leaves of each index's overlay: those that a later state
// still has hold nothing new.
func leavesOf(s *State) map[catalog.IndexID]map[*onode]struct{} {
	out := map[catalog.IndexID]map[*onode]struct{}{}
	for i := range s.indexes.list {
		x := &s.indexes.list[i]
		set := map[*onode]struct{}{}
		x.overlay.leaves(func(n *onode) { set[n] = struct{}{} })
		out[x.id] = set
	}
	return out
}

func (t *ordered) leaves(f func(*onode)) {
	if t.root != nil {
		t.root.leaves(f)
	}
}

func (n *onode) leaves(f func(*onode)) {
	if n.kids == nil {
		f(n)
		return
	}
	for _, k := range n.kids {
		k.leaves(f)
	}
}

// find reports whether key has an entry, and whether that says "removed".
func (t *ordered) find(key []byte) (del, ok bool) {
	n := t.root
	if n == nil {
		return false, false
	}
	for n.kids != nil {
		n = n.kids[n.child(key)]
	}
	if i := n.search(key); i < n.len() && string(n.key(i)) == string(key) {
		return n.del>>i&1 != 0, true
	}
	return false, false
}

// indexesSince returns what head's overlays hold beyond those that were folded.
func (f *folded) indexesSince(head *State, o *owner) indexes {
	out := indexes{own: o}
	for i := range head.indexes.list {
		x := head.indexes.list[i]
		was := f.from.indexes.get(x.id)
		if was == nil {
			out.list = append(out.list, x)
			continue
		}
		folded := f.leaves[x.id]
		var rest ordered
		x.overlay.leaves(func(n *onode) {
			if _, ok := folded[n]; ok {
				return
			}
			for i := range n.len() {
				del := n.del>>i&1 != 0
				if was, ok := was.overlay.find(n.key(i)); !ok || was != del {
					rest.put(o, n.key(i), del)
				}
			}
		})
		out.list = append(out.list, indexState{id: x.id, overlay: rest})
	}
	return out
}
