package block

import (
	"encoding/binary"
	"hash/crc32"
	"math"

	"github.com/kadedb/kadedb/internal/planted"
	"github.com/kadedb/kadedb/status"
)

// A block, little endian:
//
//	 0   4  "KDBk"
//	 4   1  version, 1
//	 5   1  kind
//	 6   1  encoding
//	 7   1  flags: 1 nulls follow, 2 least and greatest are set, 4 sorted, 8 MaxStr is
//	        cut, 16 there is a NaN, 32 a sketch follows
//	 8   4  count
//	12   4  nulls
//	16   4  bytes of the whole block
//	20   4  CRC-32C of all of it but these four
//	24   8  least: an integer, or a float's bits
//	32   8  greatest
//	40   1  length of MinStr, ≤ 32
//	41   1  length of MaxStr, ≤ 32
//	42   6  zero
//	48   …  MinStr, MaxStr
//	        [sketch, 128]
//	        [nulls: ⌈count/64⌉ words of 8, set bit = null]
//	        payload (see each encoding)
//	        8 zeros
//
// If every row is null there are neither nulls nor payload.
const (
	formatVersion = 1
	fixedHeader   = 48
	maxStat       = 32 // bytes kept of MinStr and MaxStr

	flagNulls  = 1
	flagRange  = 2
	flagSorted = 4
	flagCut    = 8
	flagNaN    = 16
	flagSketch = 32
)

var (
	magic      = [4]byte{'K', 'D', 'B', 'k'}
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

// Range64 is MinInt and MaxInt without a call to HasRange: the widest range where
// there is none.
func (h *Header) Range64() (lo, hi int64) {
	if !h.HasRange {
		return math.MinInt64, math.MaxInt64
	}
	return h.MinInt, h.MaxInt
}

// appendHeader appends the header without length and checksum; finish sets them.
func appendHeader(dst []byte, h *Header, sketch *Sketch) []byte {
	var flags byte
	for _, f := range []struct {
		on  bool
		bit byte
	}{
		{h.Nulls > 0 && h.Nulls < h.Count, flagNulls}, {h.HasRange, flagRange}, {h.Sorted, flagSorted},
		{h.MaxCut, flagCut}, {h.HasNaN, flagNaN}, {sketch != nil, flagSketch},
	} {
		if f.on {
			flags |= f.bit
		}
	}
	dst = append(dst, magic[:]...)
	dst = append(dst, formatVersion, byte(h.Kind), byte(h.Encoding), flags)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(h.Count))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(h.Nulls))
	dst = append(dst, 0, 0, 0, 0, 0, 0, 0, 0)
	lo, hi := uint64(h.MinInt), uint64(h.MaxInt)
	if h.Kind == Floats {
		lo, hi = math.Float64bits(h.MinFloat), math.Float64bits(h.MaxFloat)
	}
	dst = binary.LittleEndian.AppendUint64(dst, lo)
	dst = binary.LittleEndian.AppendUint64(dst, hi)
	dst = append(dst, byte(len(h.MinStr)), byte(len(h.MaxStr)), 0, 0, 0, 0, 0, 0)
	dst = append(dst, h.MinStr...)
	dst = append(dst, h.MaxStr...)
	if sketch != nil {
		dst = append(dst, sketch[:]...)
	}
	return dst
}

// finish pads the block that begins at start and sets its length and checksum.
func finish(dst []byte, start int) []byte {
	dst = append(dst, 0, 0, 0, 0, 0, 0, 0, 0)
	b := dst[start:]
	binary.LittleEndian.PutUint32(b[16:], uint32(len(b)))
	binary.LittleEndian.PutUint32(b[20:], checksum(b))
	return dst
}

func checksum(b []byte) uint32 {
	return crc32.Update(crc32.Update(0, castagnoli, b[:20]), castagnoli, b[24:])
}

// damage is what decoders find. Whoever reads blocks adds file and key.
func damage(format string, args ...any) error {
	return status.Errorf(status.Corruption, "block: "+format, args...).
		WithHint("run `kadedb check` on the store, and restore it from a backup")
}

// ReadHeader checks the checksum and returns the header.
func ReadHeader(src []byte) (Header, error) {
	h, _, _, err := parse(src)
	return h, err
}

// parse checks the block and returns its header, its words of nulls (nil: none) and
// its payload, which pad bytes follow in memory.
func parse(src []byte) (h Header, nulls, payload []byte, err error) {
	switch {
	case len(src) < fixedHeader+pad || [4]byte(src[:4]) != magic:
		return h, nil, nil, damage("%d bytes that are not a block", len(src))
	case binary.LittleEndian.Uint32(src[16:]) != uint32(len(src)):
		return h, nil, nil, damage("%d bytes, %d when it was written", len(src), binary.LittleEndian.Uint32(src[16:]))
	case binary.LittleEndian.Uint32(src[20:]) != checksum(src) && !planted.Is(planted.NoCRC):
		return h, nil, nil, damage("the content does not match its checksum")
	case src[4] != formatVersion:
		return h, nil, nil, status.Errorf(status.NewerFormat, "block of format %d; this program knows %d", src[4], formatVersion)
	}
	flags := src[7]
	h = Header{
		Kind: Kind(src[5]), Encoding: Encoding(src[6]),
		Count: int(binary.LittleEndian.Uint32(src[8:])), Nulls: int(binary.LittleEndian.Uint32(src[12:])),
		Sorted: flags&flagSorted != 0, HasRange: flags&flagRange != 0, MaxCut: flags&flagCut != 0, HasNaN: flags&flagNaN != 0,
		Size: len(src),
	}
	if h.Count > MaxRows || h.Nulls > h.Count {
		return h, nil, nil, damage("%d rows, %d of them null", h.Count, h.Nulls)
	}
	lo, hi := binary.LittleEndian.Uint64(src[24:]), binary.LittleEndian.Uint64(src[32:])
	if h.Kind == Floats {
		h.MinFloat, h.MaxFloat = math.Float64frombits(lo), math.Float64frombits(hi)
	} else {
		h.MinInt, h.MaxInt = int64(lo), int64(hi)
	}
	rest := src[fixedHeader : len(src)-pad]
	take := func(n int) []byte {
		if n > len(rest) {
			rest, err = nil, damage("its header is longer than the block")
			return make([]byte, n)
		}
		b := rest[:n]
		rest = rest[n:]
		return b
	}
	if src[40] > maxStat || src[41] > maxStat {
		return h, nil, nil, damage("bounds of %d and %d bytes", src[40], src[41])
	}
	h.MinStr, h.MaxStr = string(take(int(src[40]))), string(take(int(src[41])))
	if flags&flagSketch != 0 {
		h.Sketch = Sketch(take(len(h.Sketch)))
	}
	if flags&flagNulls != 0 {
		nulls = take((h.Count + 63) / 64 * 8)
	}
	return h, nulls, rest, err
}
