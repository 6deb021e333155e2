package block

import (
	"encoding/binary"
	"math/bits"
	"unsafe"
)

// Bit packing: value i of width w lies at bits i·w … (i+1)·w-1 of the run, lowest
// bit first, little endian. A run is ⌈n·w/8⌉ bytes; readers load 8 bytes at a time,
// so that pad bytes must follow the last run of a block.
const pad = 8

func packedSize(n int, width uint) int { return (n*int(width) + 7) / 8 }

// pack appends vals - base at the given width.
func pack[T int64 | uint32 | uint64](dst []byte, vals []T, base T, width uint) []byte {
	if width == 0 {
		return dst
	}
	var acc uint64
	var have uint
	for _, v := range vals {
		x := uint64(v - base)
		acc |= x << have
		if have += width; have >= 64 {
			dst = binary.LittleEndian.AppendUint64(dst, acc)
			have -= 64
			acc = 0
			if have > 0 {
				acc = x >> (width - have)
			}
		}
	}
	for ; have > 0; have -= min(have, 8) {
		dst = append(dst, byte(acc))
		acc >>= 8
	}
	return dst
}

func load(p unsafe.Pointer, off uint) uint64 {
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(p, off))[:])
}

// unpack64 reads len(dst) values of width w from src and adds base. src must hold
// pad bytes beyond the run.
func unpack64(dst []int64, src []byte, w uint, base int64) {
	n := len(dst)
	if w == 0 {
		for i := range dst {
			dst[i] = base
		}
		return
	}
	_ = src[packedSize(n, w)+pad-1]
	if w > 57 {
		unpackWide(dst, src, w, base)
		return
	}
	p := unsafe.Pointer(&src[0])
	mask := uint64(1)<<w - 1
	b := uint64(base)
	o1, o2, o3, o4, o5, o6, o7 := w>>3, 2*w>>3, 3*w>>3, 4*w>>3, 5*w>>3, 6*w>>3, 7*w>>3
	s1, s2, s3, s4, s5, s6, s7 := w&7, 2*w&7, 3*w&7, 4*w&7, 5*w&7, 6*w&7, 7*w&7
	i := 0
	for ; i+8 <= n; i += 8 {
		d := (*[8]int64)(dst[i:])
		d[0] = int64(load(p, 0)&mask + b)
		d[1] = int64(load(p, o1)>>(s1&63)&mask + b)
		d[2] = int64(load(p, o2)>>(s2&63)&mask + b)
		d[3] = int64(load(p, o3)>>(s3&63)&mask + b)
		d[4] = int64(load(p, o4)>>(s4&63)&mask + b)
		d[5] = int64(load(p, o5)>>(s5&63)&mask + b)
		d[6] = int64(load(p, o6)>>(s6&63)&mask + b)
		d[7] = int64(load(p, o7)>>(s7&63)&mask + b)
		p = unsafe.Add(p, w)
	}
	for bit := uint(0); i < n; i++ {
		dst[i] = int64(load(p, bit>>3)>>(bit&7)&mask + b)
		bit += w
	}
}

// unpackWide is unpack64 for widths that may span nine bytes.
func unpackWide(dst []int64, src []byte, w uint, base int64) {
	if w == 64 {
		for i := range dst {
			dst[i] = int64(binary.LittleEndian.Uint64(src[8*i:])) + base
		}
		return
	}
	mask := uint64(1)<<w - 1
	for i := range dst {
		bit := uint(i) * w
		at, shift := bit>>3, bit&7
		x := binary.LittleEndian.Uint64(src[at:]) >> shift
		if shift+w > 64 {
			x |= uint64(src[at+8]) << (64 - shift)
		}
		dst[i] = int64(x&mask + uint64(base))
	}
}

// unpack32 is unpack64 for widths up to 32.
func unpack32(dst []uint32, src []byte, w uint, base uint32) {
	n := len(dst)
	if w == 0 {
		for i := range dst {
			dst[i] = base
		}
		return
	}
	_ = src[packedSize(n, w)+pad-1]
	p := unsafe.Pointer(&src[0])
	mask := uint32(uint64(1)<<w - 1)
	o1, o2, o3, o4, o5, o6, o7 := w>>3, 2*w>>3, 3*w>>3, 4*w>>3, 5*w>>3, 6*w>>3, 7*w>>3
	s1, s2, s3, s4, s5, s6, s7 := w&7, 2*w&7, 3*w&7, 4*w&7, 5*w&7, 6*w&7, 7*w&7
	i := 0
	for ; i+8 <= n; i += 8 {
		d := (*[8]uint32)(dst[i:])
		d[0] = uint32(load(p, 0))&mask + base
		d[1] = uint32(load(p, o1)>>(s1&63))&mask + base
		d[2] = uint32(load(p, o2)>>(s2&63))&mask + base
		d[3] = uint32(load(p, o3)>>(s3&63))&mask + base
		d[4] = uint32(load(p, o4)>>(s4&63))&mask + base
		d[5] = uint32(load(p, o5)>>(s5&63))&mask + base
		d[6] = uint32(load(p, o6)>>(s6&63))&mask + base
		d[7] = uint32(load(p, o7)>>(s7&63))&mask + base
		p = unsafe.Add(p, w)
	}
	for bit := uint(0); i < n; i++ {
		dst[i] = uint32(load(p, bit>>3)>>(bit&7))&mask + base
		bit += w
	}
}

func width64(span uint64) uint { return uint(bits.Len64(span)) }
