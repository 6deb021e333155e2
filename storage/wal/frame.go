package wal

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/kadedb/kadedb/internal/planted"
)

// A segment file, named by its number in 16 hexadecimal digits, little endian:
//
//	header  0   8  "KDBWAL", 0, version
//	        8  16  store id
//	       24   8  segment number
//	       32   8  size of the segment when it was made
//	       40  20  zero
//	       60   4  CRC-32C of the 60 bytes before
//	frames 64  …   one after the other, each at a multiple of 8; zeros behind the last
//
//	frame   0   4  length without padding: 24 + payload; never 0
//	        4   4  CRC-32C of store id, segment number, bytes 0–3 and 8–end
//	        8   8  LSN
//	       16   8  durable: every record up to this one was synced when this was written
//	       24   n  payload, then zeros to a multiple of 8
//
// Store id and segment number are in the checksum and not in the frame: a frame of
// another store, or of another segment, is a bad one.
//
// Why durable: frames of one write reach the disk in any order, so after a power
// cut a good frame may follow one that never arrived. Only a frame that was written
// when the bad one was already synced proves damage.
const (
	version       = 1
	segmentHeader = 64
	frameHeader   = 24
	align         = 8
)

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	magic      = [8]byte{'K', 'D', 'B', 'W', 'A', 'L', 0, version}
)

func padded(n int64) int64 { return (n + align - 1) &^ (align - 1) }

// appendFrame appends a frame without durable and CRC; seal fills those in.
func appendFrame(dst []byte, lsn LSN, payload []byte) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(frameHeader+len(payload)))
	dst = append(dst, 0, 0, 0, 0)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(lsn))
	dst = append(dst, 0, 0, 0, 0, 0, 0, 0, 0)
	dst = append(dst, payload...)
	for len(dst)%align != 0 {
		dst = append(dst, 0)
	}
	return dst
}

func frameLen(f []byte) int64   { return int64(binary.LittleEndian.Uint32(f)) }
func frameLSN(f []byte) LSN     { return LSN(binary.LittleEndian.Uint64(f[8:])) }
func frameDurable(f []byte) LSN { return LSN(binary.LittleEndian.Uint64(f[16:])) }

// seed is the checksum's state after store id and segment number.
func seed(store [16]byte, segment uint64) uint32 {
	b := binary.LittleEndian.AppendUint64(store[:], segment)
	return crc32.Update(0, castagnoli, b)
}

func frameCRC(seed uint32, f []byte) uint32 {
	c := crc32.Update(seed, castagnoli, f[:4])
	return crc32.Update(c, castagnoli, f[8:frameLen(f)])
}

func seal(seed uint32, f []byte, durable LSN) {
	binary.LittleEndian.PutUint64(f[16:], uint64(durable))
	binary.LittleEndian.PutUint32(f[4:], frameCRC(seed, f))
}

// plausible reports whether a frame header can be that of record lsn or one of the
// few that may follow it within room bytes.
func plausible(h []byte, room int64) bool {
	n := frameLen(h)
	return n >= frameHeader && n <= frameHeader+MaxPayload && n <= room
}

func sound(seed uint32, f []byte) bool {
	return planted.Is(planted.NoCRC) || binary.LittleEndian.Uint32(f[4:]) == frameCRC(seed, f)
}

func segmentHead(store [16]byte, number uint64, size int64) []byte {
	h := make([]byte, 0, segmentHeader)
	h = append(h, magic[:]...)
	h = append(h, store[:]...)
	h = binary.LittleEndian.AppendUint64(h, number)
	h = binary.LittleEndian.AppendUint64(h, uint64(size))
	h = append(h, make([]byte, segmentHeader-4-len(h))...)
	return binary.LittleEndian.AppendUint32(h, crc32.Checksum(h, castagnoli))
}
