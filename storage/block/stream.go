package block

import (
	"encoding/binary"
	"math/bits"
)

// A stream of 32-bit numbers, most of them small: runs of up to 128, each
//
//	u8 width   u8 exceptions   u8 bytes of an exception's high part, 1 – 4
//	the low width bits of all, packed
//	u8 place × exceptions
//	the bits above width × exceptions
//
// The width is the one that makes the run shortest (patched frame of reference,
// after M. Zukowski et al., ICDE 2006). A stream does not say how long it is.
const streamRun = 128

func appendStream(dst []byte, vals []uint32) []byte {
	for len(vals) > 0 {
		n := min(len(vals), streamRun)
		dst = appendRun(dst, vals[:n])
		vals = vals[n:]
	}
	return dst
}

// runWidth returns the best width, and how many bytes exceptions then need each.
func runWidth(vals []uint32) (width uint, exceptions int, high uint, size int) {
	var lengths [33]int
	longest := uint(0)
	for _, v := range vals {
		l := uint(bits.Len32(v))
		lengths[l]++
		longest = max(longest, l)
	}
	width, size = longest, 3+packedSize(len(vals), longest)
	over := 0
	for w := int(longest) - 1; w >= 0; w-- {
		over += lengths[w+1]
		h := (longest - uint(w) + 7) / 8
		if s := 3 + packedSize(len(vals), uint(w)) + over*int(1+h); s < size {
			width, exceptions, high, size = uint(w), over, h, s
		}
	}
	return width, exceptions, high, size
}

func streamSize(vals []uint32) (size int) {
	for len(vals) > 0 {
		n := min(len(vals), streamRun)
		_, _, _, s := runWidth(vals[:n])
		size += s
		vals = vals[n:]
	}
	return size
}

func appendRun(dst []byte, vals []uint32) []byte {
	width, exceptions, high, _ := runWidth(vals)
	dst = append(dst, byte(width), byte(exceptions), byte(high))
	var low [streamRun]uint32
	mask := uint32(uint64(1)<<width - 1)
	for i, v := range vals {
		low[i] = v & mask
	}
	dst = pack(dst, low[:len(vals)], 0, width)
	for i, v := range vals {
		if v > mask {
			dst = append(dst, byte(i))
		}
	}
	for _, v := range vals {
		if v > mask {
			var h [4]byte
			binary.LittleEndian.PutUint32(h[:], v>>width)
			dst = append(dst, h[:high]...)
		}
	}
	return dst
}

// readStream fills dst from src and returns what follows. src must have pad bytes
// beyond its length.
func readStream(dst []uint32, src []byte) (rest []byte, err error) {
	for len(dst) > 0 {
		n := min(len(dst), streamRun)
		if len(src) < 3 {
			return nil, damage("a stream is cut")
		}
		width, exceptions, high := uint(src[0]), int(src[1]), int(src[2])
		size := packedSize(n, width)
		if width > 32 || exceptions > n || high > 4 || len(src) < 3+size+exceptions*(1+high) {
			return nil, damage("a stream is cut, or has a run of width %d with %d exceptions", width, exceptions)
		}
		unpack32(dst[:n], src[3:3+size+pad], width, 0)
		src = src[3+size:]
		if exceptions > 0 {
			places, highs := src[:exceptions], src[exceptions:exceptions*(1+high)]
			for k, at := range places {
				if int(at) >= n {
					return nil, damage("an exception at %d of %d", at, n)
				}
				var h uint32
				for j := high - 1; j >= 0; j-- {
					h = h<<8 | uint32(highs[k*high+j])
				}
				dst[at] |= h << width
			}
			src = src[exceptions*(1+high):]
		}
		dst = dst[n:]
	}
	return src, nil
}
