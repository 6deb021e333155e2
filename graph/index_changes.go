package graph

import (
	"bytes"

	"github.com/kadedb/kadedb/storage/catalog"
)

// indexChanges walks what becomes of entries of an index: those of an overlay, over
// those of blocks. In blocks of changes, which an index has while it is built, a key ends
// in a byte more: 0 for an entry that is there, 1 for one that is not any more.
type indexChanges struct {
	over   orderedCursor
	base   indexBaseCursor
	marked bool // the blocks are such

	key     []byte // until next
	removed bool
	ready   bool // key is what the cursors stand on
	both    bool // … both of them
	inBase  bool // … or this one
	err     error
}

// open places c on the first change. Either of overlay and blocks may be nil.
func (c *indexChanges) open(over *ordered, b *base, blocks *indexBase) {
	if over != nil {
		over.seek(&c.over, nil)
	}
	if blocks != nil {
		c.err = c.base.open(b, blocks, nil)
	}
}

func (c *indexChanges) close() { c.base.close() }

// valid reports whether there is a change, and makes it key and removed.
func (c *indexChanges) valid() bool {
	if c.ready || c.err != nil {
		return c.ready && c.err == nil
	}
	key, err := c.base.key()
	if err != nil {
		c.err = err
		return false
	}
	removed := false
	if c.marked && key != nil {
		removed = key[len(key)-1] == 1
		key = key[:len(key)-1]
	}
	c.inBase, c.both = key != nil, false
	if c.over.valid() {
		order := -1
		if c.inBase {
			order = bytes.Compare(c.over.key(), key)
		}
		if order <= 0 {
			key, removed = c.over.key(), c.over.removed()
			c.inBase, c.both = false, order == 0
		}
	}
	if key == nil {
		return false
	}
	c.key, c.removed, c.ready = append(c.key[:0], key...), removed, true
	return true
}

func (c *indexChanges) next() {
	if c.inBase || c.both {
		c.base.next()
	}
	if !c.inBase {
		c.over.next()
	}
	c.ready = false
}

// changedKey returns the key of an entry of a block.
func changedKey(key string, marked bool) string {
	if marked {
		return key[:len(key)-1]
	}
	return key
}

// sameKeys calls f with each key that several entities have in an index, until it fails.
func (s *State) sameKeys(id catalog.IndexID, f func(key []byte) error) error {
	var c indexChanges
	defer c.close()
	var over *ordered
	if st := s.indexes.get(id); st != nil {
		over = &st.overlay
	}
	c.open(over, s.base, s.base.indexes[id])
	var before []byte
	for ; c.valid(); c.next() {
		if c.removed {
			continue
		}
		key := c.key[:len(c.key)-4]
		if before != nil && bytes.Equal(key, before) {
			if err := f(key); err != nil {
				return err
			}
		}
		before = append(before[:0], key...)
	}
	return c.err
}
