package graph

import (
	"bytes"
	"sort"
)

// ordered is a persistent ordered map from byte keys to "is there" or "is
// removed", a B+tree of flat leaves. Like tree it is copied by copying the struct and
// edited under an owner. It is an index's overlay: a key is the index key and
// the entity's number (see indexKey).
type ordered struct {
	root *onode
	n    int // entries
}

const (
	leafMax   = 64
	leafBytes = 64 << 10 // of keys, where there are several: a commit copies a leaf that it touches
	innerMax  = 64
)

// orderedEntry is about what an entry takes beside its key.
const orderedEntry = 16

// onode is a leaf (kids nil) or an inner node.
type onode struct {
	own *owner

	// Leaf: key i is blob[off[i]:off[i+1]]; bit i of del says "removed".
	off  []uint32
	blob []byte
	del  uint64

	// Inner: kids[i] holds the keys ≥ seps[i] and < seps[i+1]; seps[0] counts as -∞.
	seps []string
	kids []*onode
}

func (n *onode) key(i int) []byte { return n.blob[n.off[i]:n.off[i+1]] }

func (n *onode) len() int { return len(n.off) - 1 }

// search returns the first entry of a leaf whose key is ≥ key.
func (n *onode) search(key []byte) int {
	return sort.Search(n.len(), func(i int) bool { return bytes.Compare(n.key(i), key) >= 0 })
}

func (n *onode) child(key []byte) int {
	return max(sort.Search(len(n.seps), func(i int) bool { return n.seps[i] > string(key) })-1, 0)
}

func (n *onode) editable(o *owner) *onode {
	if n.own == o {
		return n
	}
	o.copied(n.own, len(n.blob)+4*len(n.off)+24*len(n.kids)+64)
	return &onode{own: o, off: bytesClone(n.off), blob: bytesClone(n.blob), del: n.del, seps: bytesClone(n.seps), kids: bytesClone(n.kids)}
}

func bytesClone[T any](s []T) []T { return append([]T(nil), s...) }

// put sets key to there or removed.
func (t *ordered) put(o *owner, key []byte, del bool) {
	if t.root == nil {
		t.root = &onode{own: o, off: []uint32{0}}
	}
	left, right, sep := t.insert(t.root, o, key, del)
	t.root = left
	if right != nil {
		t.root = &onode{own: o, seps: []string{"", sep}, kids: []*onode{left, right}}
	}
}

// insert depth is the height of the tree: under ten for any number of entries.
func (t *ordered) insert(n *onode, o *owner, key []byte, del bool) (left, right *onode, sep string) {
	n = n.editable(o)
	if n.kids == nil {
		return t.insertLeaf(n, o, key, del)
	}
	i := n.child(key)
	kid, split, at := t.insert(n.kids[i], o, key, del)
	n.kids[i] = kid
	if split == nil {
		return n, nil, ""
	}
	n.kids = append(n.kids, nil)
	copy(n.kids[i+2:], n.kids[i+1:])
	n.kids[i+1] = split
	n.seps = append(n.seps, "")
	copy(n.seps[i+2:], n.seps[i+1:])
	n.seps[i+1] = at
	if len(n.kids) <= innerMax {
		return n, nil, ""
	}
	h := splitAt(len(n.kids), i+1)
	right = &onode{own: o, kids: bytesClone(n.kids[h:]), seps: bytesClone(n.seps[h:])}
	sep = right.seps[0]
	n.kids, n.seps = n.kids[:h:h], n.seps[:h:h]
	return n, right, sep
}

// splitAt halves, but leaves ascending inserts full nodes behind them.
func splitAt(n, inserted int) int {
	if inserted == n-1 {
		return n - 1
	}
	return n / 2
}

func (t *ordered) insertLeaf(n *onode, o *owner, key []byte, del bool) (left, right *onode, sep string) {
	i := n.search(key)
	if i < n.len() && bytes.Equal(n.key(i), key) {
		n.del = n.del&^(1<<i) | bit(del)<<i
		return n, nil, ""
	}
	o.added(len(key) + orderedEntry)
	if n.len() == leafMax || n.len() > 0 && len(n.blob)+len(key) > leafBytes {
		h := splitAt(n.len()+1, i)
		if n.len() == 1 {
			h = i
		}
		right = n.cut(o, h)
		if i > 0 && i >= h {
			right.insertAt(i-h, key, del)
		} else {
			n.insertAt(i, key, del)
		}
		t.n++
		return n, right, string(right.key(0))
	}
	n.insertAt(i, key, del)
	t.n++
	return n, nil, ""
}

// cut moves the entries from h on into a new leaf.
func (n *onode) cut(o *owner, h int) *onode {
	r := &onode{own: o, blob: bytesClone(n.blob[n.off[h]:])}
	for _, off := range n.off[h:] {
		r.off = append(r.off, off-n.off[h])
	}
	if h < 64 {
		r.del = n.del >> h
		n.del &= 1<<h - 1
	}
	n.blob, n.off = n.blob[:n.off[h]], n.off[:h+1]
	return r
}

func (n *onode) insertAt(i int, key []byte, del bool) {
	at, by := n.off[i], uint32(len(key))
	n.blob = append(n.blob, key...)
	copy(n.blob[at+by:], n.blob[at:])
	copy(n.blob[at:], key)
	n.off = append(n.off, 0)
	copy(n.off[i+1:], n.off[i:])
	for j := i + 1; j < len(n.off); j++ {
		n.off[j] += by
	}
	low := uint64(1)<<i - 1
	n.del = n.del&low | n.del&^low<<1 | bit(del)<<i
}

func bit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// orderedCursor walks the entries of an ordered map from a key on.
type orderedCursor struct {
	stack []onodeAt
}

type onodeAt struct {
	n *onode
	i int
}

// seek places the cursor on the first key ≥ key.
func (t *ordered) seek(c *orderedCursor, key []byte) {
	c.stack = c.stack[:0]
	n := t.root
	for n != nil {
		if n.kids == nil {
			c.stack = append(c.stack, onodeAt{n, n.search(key)})
			c.settle()
			return
		}
		i := n.child(key)
		c.stack = append(c.stack, onodeAt{n, i})
		n = n.kids[i]
	}
}

// settle moves up and to the right while the cursor stands past a node's end.
func (c *orderedCursor) settle() {
	for len(c.stack) > 0 {
		top := &c.stack[len(c.stack)-1]
		if top.n.kids == nil {
			if top.i < top.n.len() {
				return
			}
			c.stack = c.stack[:len(c.stack)-1]
			if len(c.stack) > 0 {
				c.stack[len(c.stack)-1].i++
			}
			continue
		}
		if top.i < len(top.n.kids) {
			c.stack = append(c.stack, onodeAt{n: top.n.kids[top.i]})
			continue
		}
		c.stack = c.stack[:len(c.stack)-1]
		if len(c.stack) > 0 {
			c.stack[len(c.stack)-1].i++
		}
	}
}

// valid reports whether the cursor stands on an entry.
func (c *orderedCursor) valid() bool { return len(c.stack) > 0 }

func (c *orderedCursor) key() []byte {
	top := c.stack[len(c.stack)-1]
	return top.n.key(top.i)
}

func (c *orderedCursor) removed() bool {
	top := c.stack[len(c.stack)-1]
	return top.n.del>>top.i&1 != 0
}

func (c *orderedCursor) next() {
	c.stack[len(c.stack)-1].i++
	c.settle()
}
