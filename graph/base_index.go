package graph

import (
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

// place returns the last block whose first key is ≤ from, the first for none.
func (x *indexBase) place(from []byte) int {
	lo, hi := 0, len(x.blocks)
	for lo < hi {
		m := int(uint(lo+hi) >> 1)
		if x.blocks[m].fence <= string(from) {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return max(lo-1, 0)
}

// keyAt returns the first row of an index block whose key is ≥ from.
func keyAt(b *block.Block, from []byte) int {
	lo, hi := 0, b.Header.Count
	for lo < hi {
		m := int(uint(lo+hi) >> 1)
		if b.Str(m) < string(from) {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return lo
}

// prefix appends the entities of all keys that begin with key.
func (x *indexBase) prefix(s *txn.Store, key []byte, buf []uint32) ([]uint32, error) {
	for i := x.place(key); i < len(x.blocks); i++ {
		h, err := s.Block(x.blocks[i].block)
		if err != nil {
			return buf, err
		}
		n := h.Block.Header.Count
		for row := keyAt(h.Block, key); row < n; row++ {
			k := h.Block.Str(row)
			if len(k) < max(len(key), 4) || k[:len(key)] != string(key) {
				h.Release()
				return buf, nil
			}
			end := k[len(k)-4:]
			buf = append(buf, uint32(end[0])<<24|uint32(end[1])<<16|uint32(end[2])<<8|uint32(end[3]))
		}
		h.Release()
	}
	return buf, nil
}

// open places the cursor on the first key ≥ from.
func (c *indexBaseCursor) open(b *base, x *indexBase, from []byte) error {
	c.store, c.x = b.store, x
	c.i = x.place(from)
	if c.i >= len(x.blocks) {
		return nil
	}
	if err := c.load(); err != nil {
		return err
	}
	c.row = keyAt(c.h.Block, from)
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
