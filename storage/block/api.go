package block

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

type buffer struct{}

// Sketch estimates how many distinct values there are; sketches of several blocks
// can be merged.
type Sketch [128]uint8

// Merge makes s the sketch of both.
func (s *Sketch) Merge(o *Sketch) {}

// Estimate returns about how many distinct values were added.
func (s *Sketch) Estimate() float64 { return 0 }

// EncodeBools, like the other Encode functions, appends a block to dst. nulls has a
// bit for each row, or is nil; the values of null rows do not matter.
func EncodeBools(dst []byte, vals []bool, nulls column.Bitmap) []byte       { return nil }
func EncodeInts(dst []byte, vals []int64, nulls column.Bitmap) []byte       { return nil }
func EncodeFloats(dst []byte, vals []float64, nulls column.Bitmap) []byte   { return nil }
func EncodeStrings(dst []byte, vals []string, nulls column.Bitmap) []byte   { return nil }
func EncodeUint32s(dst []byte, vals []uint32, nulls column.Bitmap) []byte   { return nil }
func EncodeAnys(dst []byte, vals []value.Value, nulls column.Bitmap) []byte { return nil }

// EncodeCSR appends an adjacency block. Lists must be sorted by neighbour.
func EncodeCSR(dst []byte, c CSR) []byte { return nil }

// ReadHeader checks the checksum and returns the header.
func ReadHeader(src []byte) (Header, error) { return Header{}, nil }

// Decode checks and decodes a whole block into memory of slab (nil: the Go heap).
// It keeps nothing of src.
func Decode(src []byte, slab *memory.Slab) (*Block, error) { return nil, status.New(status.NotYet) }

// Vector returns rows i·VectorSize … of a column block as a vector that points into
// the block.
func (b *Block) Vector(i int) column.Vector { return column.Vector{} }

// Ends returns the nodes that relationship rel joins, if this is a Consecutive
// adjacency block that holds it: list's node and neighbour.
func (b *Block) Ends(rel uint32) (node, nbr uint32, ok bool) { return 0, 0, false }

// Size returns the bytes that the decoded block holds.
func (b *Block) Size() int64 { return b.size }

// Free gives the memory back. Only for blocks that no cache owns.
func (b *Block) Free() {}

// Key names a block version in the cache. Versions are never reused.
type Key struct {
	ID      uint64
	Version uint64
}

// Cache keeps decoded blocks, and encoded ones longer, within a budget.
type Cache struct{}

// Handle pins a block: it is valid until Release.
type Handle struct {
	Block *Block
}

// Release unpins the block. The handle must not be used again.
func (h *Handle) Release() {}

// Loader appends the encoded bytes of key's block to dst.
type Loader func(dst []byte, key Key) ([]byte, error)

// NewCache returns a cache that takes its memory from budget and gives it back
// under pressure. load is called for blocks that are not there, by one goroutine
// for each key at a time.
func NewCache(budget *memory.Budget, load Loader) *Cache { return nil }

// Get returns the block of key, pinned.
func (c *Cache) Get(key Key) (*Handle, error) { return nil, status.New(status.NotYet) }

// Drop forgets key, whose version no root names any more. Pins stay valid.
func (c *Cache) Drop(key Key) {}

// CacheStats counts since NewCache.
type CacheStats struct {
	Hits, Misses     int64 // of decoded blocks
	EncodedHits      int64 // misses that found the encoded bytes
	Loads            int64 // calls of the Loader
	Evictions        int64 // of decoded blocks
	Rereads          int64 // loads of a key that had been evicted
	AdjacencyRereads int64 // of those, adjacency blocks
	Blocks           int64 // decoded now
	Bytes            int64 // decoded and encoded, now
	EncodedBytes     int64
	PinnedBytes      int64
}

// Stats returns counts.
func (c *Cache) Stats() CacheStats { return CacheStats{} }

// Close frees all blocks and returns how many were still pinned.
func (c *Cache) Close() int { return 0 }
