package graph

import (
	"sort"

	"github.com/kadedb/kadedb/storage/block"
	"github.com/kadedb/kadedb/storage/txn"
)

// indexBase is the directory of one index's blocks: keys, ascending, cut into
// blocks of strings with the first key of each resident.
type indexBase struct {
	blocks []indexBlock
}

type indexBlock struct {
	fence  string // its first key
	block  uint64
	number uint32 // of keys
}

// indexBaseCursor walks the keys of an index's blocks. The zero cursor has none.
type indexBaseCursor struct {
	store *txn.Store
	x     *indexBase
	i     int // block
	h     *block.Handle
	row   int
	buf   []byte
}

// open places the cursor on the first key ≥ from.
func (c *indexBaseCursor) open(b *base, x *indexBase, from []byte) error {
	c.store, c.x = b.store, x
	// The last block whose first key is ≤ from.
	c.i = max(sort.Search(len(x.blocks), func(i int) bool { return x.blocks[i].fence > string(from) })-1, 0)
	if c.i >= len(x.blocks) {
		return nil
	}
	if err := c.load(); err != nil {
		return err
	}
	c.row = sort.Search(c.h.Block.Header.Count, func(i int) bool { return c.h.Block.Str(i) >= string(from) })
	return nil
}

func (c *indexBaseCursor) load() error {
	c.close()
	h, err := c.store.Block(c.x.blocks[c.i].block)
	c.h, c.row = h, 0
	if err != nil {
		c.h = nil
	}
	return err
}

// key returns the key under the cursor, nil at the end. It is valid until next.
func (c *indexBaseCursor) key() ([]byte, error) {
	if c.x == nil || c.i >= len(c.x.blocks) {
		return nil, nil
	}
	for c.h == nil || c.row >= c.h.Block.Header.Count {
		if c.i++; c.i >= len(c.x.blocks) {
			return nil, nil
		}
		if err := c.load(); err != nil {
			return nil, err
		}
	}
	c.buf = append(c.buf[:0], c.h.Block.Str(c.row)...)
	if len(c.buf) < 4 {
		return nil, corrupt("an index key of %d bytes in block %d", len(c.buf), c.x.blocks[c.i].block)
	}
	return c.buf, nil
}

func (c *indexBaseCursor) next() { c.row++ }

func (c *indexBaseCursor) close() {
	if c.h != nil {
		c.h.Release()
		c.h = nil
	}
}
