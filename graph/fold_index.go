package graph

import (
	"github.com/kadedb/kadedb/storage/block"
	"github.com/kadedb/kadedb/storage/catalog"
)

// indexBlockKeys is how many keys a block of an index gets.
const indexBlockKeys = 4096

// indexes folds every index's overlay into the blocks whose keys it touches, and
// drops the blocks of indexes that are gone.
func (f *fold) indexes(schema *catalog.Schema) {
	for id, x := range f.st.base.indexes {
		if _, ok := schema.Index(id); !ok {
			for i := range x.blocks {
				f.dropIndexBlock(id, &x.blocks[i])
			}
			delete(f.base.indexes, id)
		}
	}
	for i := range f.st.indexes.list {
		x := &f.st.indexes.list[i]
		if _, ok := schema.Index(x.id); ok && x.overlay.n > 0 && f.err == nil {
			f.index(x)
		}
	}
}

func (f *fold) dropIndexBlock(id catalog.IndexID, b *indexBlock) {
	f.retire(b.block)
	f.m[indexBlockKey(id, b.block)] = nil
}

func (f *fold) index(x *indexState) {
	old := f.base.indexes[x.id]
	if old == nil {
		old = &indexBase{}
	}
	out := &indexBase{}
	var c orderedCursor
	x.overlay.seek(&c, nil)
	for i := 0; f.err == nil && (i < len(old.blocks) || c.valid()); i++ {
		// Block i takes the overlay's keys below the next fence.
		inBlock := func() bool {
			return c.valid() && (i+1 >= len(old.blocks) || string(c.key()) < old.blocks[i+1].fence)
		}
		if !inBlock() {
			out.blocks = append(out.blocks, old.blocks[i])
			continue
		}
		var keys []string
		if i < len(old.blocks) {
			keys = f.indexKeys(&old.blocks[i])
			f.dropIndexBlock(x.id, &old.blocks[i])
		}
		var merged []string
		for k := 0; k < len(keys) || inBlock(); {
			switch {
			case !inBlock() || k < len(keys) && keys[k] < string(c.key()):
				merged = append(merged, keys[k])
				k++
			default:
				if k < len(keys) && keys[k] == string(c.key()) {
					k++
				}
				if !c.removed() {
					merged = append(merged, string(c.key()))
				}
				c.next()
			}
		}
		out.blocks = append(out.blocks, f.putIndexKeys(x.id, merged)...)
	}
	f.base.indexes[x.id] = out
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

// putIndexKeys writes ascending keys as blocks of like size.
func (f *fold) putIndexKeys(id catalog.IndexID, keys []string) []indexBlock {
	var out []indexBlock
	for blocks := (len(keys) + indexBlockKeys - 1) / indexBlockKeys; blocks > 0; blocks-- {
		n := (len(keys) + blocks - 1) / blocks
		b := indexBlock{fence: keys[0], number: uint32(n), block: f.put(block.EncodeStrings(nil, keys[:n], nil))}
		f.m.putIndexBlock(id, &b)
		out = append(out, b)
		keys = keys[n:]
	}
	return out
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
