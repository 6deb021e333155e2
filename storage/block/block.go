// Package block holds the columnar blocks that all models store, and the cache of
// decoded ones.
//
//	values ─Encode─▶ bytes (header, nulls, payload, CRC-32C) ─Decode─▶ *Block
//	                   one value of a bucket                    pinned by a Handle
//
//	enc := block.EncodeInts(nil, ages, nulls)
//	h, err := cache.Get(block.Key{ID: 7, Version: 3}, load)
//	defer h.Release()
//	h.Block.Vector(0, &v) // rows 0 … 2047 as a column.Vector, valid while h is held
//
// Blocks are immutable. A block is a run of one column of one group, or a region
// of adjacency. Encoders choose the smallest encoding; decoders trust nothing: a
// wrong checksum, length or width is Corruption, and what a decoder allocates is
// bounded by the length of its input.
//
// It is not a file format: storage/kv keeps the bytes.
package block

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/value"
)

// Kind says what a block holds. The numbers are part of the format.
type Kind uint8

const (
	Bools Kind = iota + 1
	Ints
	Floats
	Strings
	Uint32s
	Anys // values of any kind, boxed: the overflow of a typed column
	Adjacency
)

// Encoding says how. The numbers are part of the format.
type Encoding uint8

const (
	Plain      Encoding = iota + 1
	Constant            // one value for all rows
	Packed              // bit-packed differences from a least value
	Delta               // bit-packed differences from the row before
	Dictionary          // sorted distinct strings, bit-packed codes
	Decimal             // floats that are short decimals: bit-packed integers, and exceptions (ALP)
)

const (
	// MaxRows bounds the rows of a column block.
	MaxRows = 1 << 17
	// MaxNodes and MaxEdges bound an adjacency block. Cut at TargetEdges.
	MaxNodes    = 1 << 16
	MaxEdges    = 96 << 10
	TargetEdges = 64 << 10
	// VectorSize is how many values are decoded at a time.
	VectorSize = column.BatchSize
)

// Header is what a block says of itself.
type Header struct {
	Kind     Kind
	Encoding Encoding
	Count    int // rows; of adjacency: edges
	Nulls    int
	Sorted   bool // values ascend (nulls aside)

	// Least and greatest value that is not null, where HasRange is set; floats leave
	// NaN aside. Strings are cut to 32 bytes: Min is a lower bound, and Max, where
	// it was cut, is MaxCut and only a prefix.
	HasRange bool
	MinInt   int64 // Ints, Uint32s, Bools (0, 1)
	MaxInt   int64
	MinFloat float64
	MaxFloat float64
	MinStr   string
	MaxStr   string
	MaxCut   bool
	HasNaN   bool

	Sketch Sketch // of distinct values
	Size   int    // bytes of the whole block
}

// CSR is a run of adjacency lists: node First+i has neighbours
// Nbr[Off[i]:Off[i+1]] by relationships Rel[…], sorted by neighbour, then relationship.
type CSR struct {
	First uint32
	Off   []uint32 // len = nodes + 1, Off[0] = 0
	Nbr   []uint32
	Rel   []uint32
}

// Block is a decoded block. Exactly the fields of its kind are set; values of null
// rows are undefined. Slices are valid until Free, or while the Handle that gave
// the block is held; strings are ordinary strings and outlive both.
type Block struct {
	Header Header
	Nulls  column.Bitmap // nil: none

	Bools  []bool
	Ints   []int64
	Floats []float64
	Refs   []uint32 // Uint32s

	// Strings of encoding Dictionary or Constant: row i is Dict.Strings[Codes[i]], and
	// the dictionary ascends. Of encoding Plain: StrData up to StrEnds[i], from
	// where the row before ends. Str reads both.
	Codes   []uint32
	Dict    *column.Dict
	StrEnds []uint32
	StrData string

	Anys []value.Value // nil if all rows are null
	CSR  CSR

	// RelBase and Consecutive: Rel[i] = RelBase + i for all edges of an adjacency
	// block, as in forward order after an import. Then Ends works.
	RelBase     uint32
	Consecutive bool

	slab *memory.Slab
	mem  []memory.Buffer
	size int64
}
