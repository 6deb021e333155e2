package graph

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/storage/kv"
	"github.com/kadedb/kadedb/storage/txn"
	"github.com/kadedb/kadedb/value"
)

// base is the directory of the blocks that the last checkpoint wrote: immutable,
// resident, small. The data itself comes through the cache.
type base struct {
}

var emptyBase = &base{}

// groupCursor keeps the node group last read pinned.
type groupCursor struct{}

func (c *groupCursor) close() {}

// relCursor keeps the group of the relationship table last read pinned.
type relCursor struct{}

func (c *relCursor) close() {}

func (b *base) groupHas(group uint32, sets []bool) bool { return false }

func (b *base) relGroupHas(group uint32, typ catalog.TypeID) bool { return false }

func (b *base) nodeGen(ref uint32) (uint32, error) { return 0, nil }

func (b *base) relGen(ref uint32) (uint32, error) { return 0, nil }

func (b *base) nodeSet(c *groupCursor, ref uint32) (catalog.LabelSetID, bool, error) {
	return 0, false, nil
}

func (b *base) relType(c *relCursor, ref uint32) (catalog.TypeID, bool, error) {
	return 0, false, nil
}

func (b *base) relEnds(c *relCursor, ref uint32) (src, dst uint32, err error) { return 0, 0, nil }

// columnCursor reads one column of the base.
type columnCursor struct{}

func (c *columnCursor) close() {}

func (b *base) column(e catalog.Entity, key catalog.KeyID) columnCursor { return columnCursor{} }

func (b *base) keys(e catalog.Entity, ref uint32) []catalog.KeyID { return nil }

func (c *columnCursor) value(ref uint32) (value.Value, error) { return value.Null, nil }

func (c *columnCursor) gather(refs []uint32, sel []int32, out *column.Vector) (bool, error) {
	return false, nil
}

// adjCursor reads the adjacency of the base, of one type and direction.
type adjCursor struct{}

func (b *base) adjacency(typ catalog.TypeID, d Direction) adjCursor { return adjCursor{} }

func (c *adjCursor) close() {}

func (c *adjCursor) list(node uint32) (nbr, rel []uint32, err error) { return nil, nil, nil }

func (c *adjCursor) degree(node uint32) (int, error) { return 0, nil }

func (c *adjCursor) degrees(first uint32, out []int64) error { return nil }

func (c *adjCursor) edges() int64 { return 0 }

func (c *adjCursor) rng(lo, hi uint32) (off, nbr, rel []uint32, next uint32, err error) {
	n := min(hi-lo, groupSize)
	return make([]uint32, n+1), nil, nil, lo + n, nil
}

// indexBase is the directory of one index's blocks.
type indexBase struct{}

// indexBaseCursor walks the keys of an index's blocks. The zero cursor has none.
type indexBaseCursor struct{}

func (c *indexBaseCursor) open(b *base, x *indexBase, from []byte) error { return nil }

func (c *indexBaseCursor) key() ([]byte, error) { return nil, nil }

func (c *indexBaseCursor) next() {}

func (c *indexBaseCursor) close() {}

// source is where a base's blocks come from.
type source struct{ store *txn.Store }

func (m *model) load(tx *kv.Tx) (*State, error) { return newState(), nil }
