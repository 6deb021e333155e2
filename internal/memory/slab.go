package memory

import (
	"math/bits"
	"os"
	"sync"
	"unsafe"
)

// Slab hands out pointer-free buffers outside of the garbage collected heap, in
// sizes of four steps a doubling:
//
//	class      16K  20K  24K  28K  32K  40K … 4M     larger: a mapping of its own
//	region     64 MiB of address space for buffers of one class
//	freed      kept for reuse while few, else given back to the system
//
// A buffer counts with its class's size. Reading a buffer after Free is a bug that
// shows as wrong data, so that only block.Handle and its like call it. Small
// buffers, and all on systems without anonymous mappings, come from the Go heap. A
// nil *Slab always uses the Go heap.
type Slab struct {
	mu      sync.Mutex
	classes [maxClass]class
	live    int64
	idle    int64
	keep    int64
	mapped  int64
	root    *Budget // told what the slab holds outside the heap; may be nil
}

type class struct {
	free   [][]byte // resident
	blank  [][]byte // given back, address space only
	region []byte   // not yet handed out
}

// Buffer is memory from a Slab. Its content is undefined at first.
type Buffer struct {
	Bytes []byte // as long as was asked for, 8-aligned
	full  []byte
	class int8
}

const (
	minShift   = 14
	maxShift   = 22
	maxClass   = (maxShift-minShift)*4 + 1
	regionSize = 64 << 20

	onHeap    = -1 // collected by Go
	ownRegion = -2
)

var pageSize = os.Getpagesize()

// NewSlab returns a slab that keeps up to keep bytes of freed buffers for reuse.
func NewSlab(keep int64) *Slab { return &Slab{keep: keep} }

// CountIn makes what the slab holds appear in the Outside of b's root. It is not
// reserved there: who takes buffers does that. To be called before the first Alloc.
func (s *Slab) CountIn(b *Budget) {
	if b != nil {
		s.root = b.root()
	}
}

// resident notes that n more bytes are held outside the heap.
func (s *Slab) resident(n int) {
	if s.root != nil {
		s.root.outside.Add(int64(n))
	}
}

// classOf returns the smallest class that holds n bytes, and its size.
func classOf(n int) (c int, size int) {
	if n <= 1<<minShift {
		return 0, 1 << minShift
	}
	top := bits.Len(uint(n-1)) - 1 // 2^top ≤ n-1 < 2^(top+1)
	quarter := 1 << (top - 2)
	steps := (n - 1 - 1<<top) / quarter // 0 … 3
	return (top-minShift)*4 + steps + 1, 1<<top + (steps+1)*quarter
}

// SizeOf returns how much a buffer of n bytes counts for.
func SizeOf(n int) int64 {
	switch {
	case n <= 1<<minShift:
		return int64(n)
	case n > 1<<maxShift:
		return int64(n+rounding) &^ rounding
	}
	_, size := classOf(n)
	return int64(size)
}

// rounding is that of mappings of their own; no system has larger pages.
const rounding = 64<<10 - 1

// Alloc returns a buffer of n bytes.
func (s *Slab) Alloc(n int) Buffer {
	if s == nil || n <= 1<<minShift || !canMap {
		return heapBuffer(n)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if n > 1<<maxShift {
		full, err := mapAnonymous((n + rounding) &^ rounding)
		if err != nil {
			return heapBuffer(n)
		}
		s.live += int64(len(full))
		s.resident(len(full))
		s.mapped += int64(len(full))
		return Buffer{Bytes: full[:n:n], full: full, class: ownRegion}
	}
	c, size := classOf(n)
	k := &s.classes[c]
	var full []byte
	switch {
	case len(k.free) > 0:
		full = pop(&k.free)
		s.idle -= int64(size)
	case len(k.blank) > 0:
		full = pop(&k.blank)
		s.resident(size)
	default:
		if len(k.region) < size {
			region, err := mapAnonymous(regionSize / size * size)
			if err != nil {
				return heapBuffer(n)
			}
			k.region = region
			s.mapped += int64(len(region))
		}
		full, k.region = k.region[:size:size], k.region[size:]
		s.resident(size)
	}
	s.live += int64(size)
	return Buffer{Bytes: full[:n:n], full: full, class: int8(c)}
}

func pop(list *[][]byte) []byte {
	last := len(*list) - 1
	b := (*list)[last]
	*list = (*list)[:last]
	return b
}

// heapBuffer takes words, so that every element type is aligned.
func heapBuffer(n int) Buffer {
	if n == 0 {
		return Buffer{class: onHeap}
	}
	words := make([]uint64, (n+7)/8)
	return Buffer{Bytes: unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), n), class: onHeap}
}

// Free takes a buffer back. Nobody may read it any more.
func (s *Slab) Free(b Buffer) {
	if s == nil || b.class == onHeap {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live -= int64(len(b.full))
	if b.class == ownRegion {
		s.mapped -= int64(len(b.full))
		unmap(b.full)
		s.resident(-len(b.full))
		return
	}
	k := &s.classes[b.class]
	if s.idle+int64(len(b.full)) <= s.keep || len(b.full)%pageSize != 0 {
		s.idle += int64(len(b.full))
		k.free = append(k.free, b.full)
		return
	}
	giveBack(b.full)
	s.resident(-len(b.full))
	k.blank = append(k.blank, b.full)
}

// SlabStats are bytes.
type SlabStats struct {
	Live   int64 // handed out, by class size
	Idle   int64 // freed and kept
	Mapped int64 // address space
}

// Stats returns what the slab holds outside the Go heap.
func (s *Slab) Stats() SlabStats {
	if s == nil {
		return SlabStats{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return SlabStats{Live: s.live, Idle: s.idle, Mapped: s.mapped}
}

// Element is what typed buffers hold: nothing with a pointer in it.
type Element interface {
	~bool | ~uint8 | ~uint16 | ~uint32 | ~int32 | ~uint64 | ~int64 | ~float64
}

// Slice returns the buffer as a slice of n elements, which must fit.
func Slice[T Element](b Buffer, n int) []T {
	if n == 0 {
		return nil
	}
	var t T
	if n*int(unsafe.Sizeof(t)) > len(b.Bytes) {
		panic("memory: a slice larger than its buffer")
	}
	return unsafe.Slice((*T)(unsafe.Pointer(&b.Bytes[0])), n)
}
