package transfer

import (
	"container/heap"
	"encoding/binary"
	"math/bits"
)

// sortKeys sorts keys, and idx along with them where it is not nil, stably: by digits
// of up to eleven bits, from the least significant on, over the bits that differ. The
// result lies in one pair of slices or the other; the second is scratch from then on.
func sortKeys(keys []uint64, idx []uint32, tmp []uint64, tmpIdx []uint32) ([]uint64, []uint32, []uint64, []uint32) {
	or, and, sorted := uint64(0), ^uint64(0), true
	for i, k := range keys {
		or |= k
		and &= k
		sorted = sorted && (i == 0 || keys[i-1] <= k)
	}
	differ := or &^ and
	if sorted {
		differ = 0
	}
	for differ != 0 {
		shift := uint(bits.TrailingZeros64(differ))
		mask := uint64(1<<11 - 1)
		var at [1 << 11]uint32
		for _, k := range keys {
			at[k>>shift&mask]++
		}
		sum := uint32(0)
		for i, n := range at {
			at[i] = sum
			sum += n
		}
		if idx == nil {
			for _, k := range keys {
				d := k >> shift & mask
				tmp[at[d]] = k
				at[d]++
			}
		} else {
			for i, k := range keys {
				d := k >> shift & mask
				p := at[d]
				at[d] = p + 1
				tmp[p], tmpIdx[p] = k, idx[i]
			}
		}
		keys, tmp = tmp, keys
		idx, tmpIdx = tmpIdx, idx
		differ &^= mask << shift
	}
	return keys, idx, tmp, tmpIdx
}

// sorted holds sorted keys in memory and in files, and merges them. Beside each key
// is a number: the row that it came with.
type sorted struct {
	s    *spill
	keys []uint64
	base uint32 // number of keys[0]
	runs [][]keyFrame
	n    uint32
	cap  int // keys held in memory

	idx, tmpIdx []uint32
	tmp         []uint64
	buf         []byte
}

// keyFrame is some keys and their numbers in a file.
type keyFrame struct {
	n  int
	at int64
}

// add appends a key, whose number is how many there were before.
func (s *sorted) add(key uint64) error {
	s.keys = append(s.keys, key)
	s.n++
	if len(s.keys) < s.cap {
		return nil
	}
	return s.putAway()
}

func (s *sorted) sort() {
	n := len(s.keys)
	if cap(s.tmp) < n {
		s.tmp, s.idx, s.tmpIdx = make([]uint64, n), make([]uint32, n), make([]uint32, n)
	}
	s.idx = s.idx[:n]
	for i := range s.idx {
		s.idx[i] = uint32(i)
	}
	s.keys, s.idx, s.tmp, s.tmpIdx = sortKeys(s.keys, s.idx, s.tmp[:n], s.tmpIdx[:n])
}

func (s *sorted) putAway() error {
	if len(s.keys) == 0 {
		return nil
	}
	s.sort()
	var run []keyFrame
	for from := 0; from < len(s.keys); from += frameRows {
		to := min(from+frameRows, len(s.keys))
		s.buf = s.buf[:0]
		for _, k := range s.keys[from:to] {
			s.buf = binary.LittleEndian.AppendUint64(s.buf, k)
		}
		for _, i := range s.idx[from:to] {
			s.buf = binary.LittleEndian.AppendUint32(s.buf, s.base+i)
		}
		at, err := s.s.write(s.buf)
		if err != nil {
			return err
		}
		run = append(run, keyFrame{to - from, at})
	}
	s.runs = append(s.runs, run)
	s.base += uint32(len(s.keys))
	s.keys = s.keys[:0]
	return nil
}

// each calls f with all keys and their numbers, ascending, in batches.
func (s *sorted) each(f func(keys []uint64, nums []uint32) error) error {
	if len(s.runs) == 0 {
		s.sort()
		for from := 0; from < len(s.keys); from += 1 << 16 {
			to := min(from+1<<16, len(s.keys))
			if err := f(s.keys[from:to], s.idx[from:to]); err != nil {
				return err
			}
		}
		return nil
	}
	if err := s.putAway(); err != nil {
		return err
	}
	s.keys, s.tmp, s.idx, s.tmpIdx = nil, nil, nil, nil
	h := make(mergeHeap, 0, len(s.runs))
	curs := make([]keyCursor, len(s.runs))
	for i := range curs {
		curs[i] = keyCursor{s: s.s, frames: s.runs[i]}
		if err := curs[i].load(); err != nil {
			return err
		}
		h = append(h, head{curs[i].keys[0], i})
	}
	heap.Init(&h)
	outKeys, outNums := make([]uint64, 0, 1<<16), make([]uint32, 0, 1<<16)
	for len(h) > 0 {
		c := &curs[h[0].run]
		outKeys, outNums = append(outKeys, c.keys[c.pos]), append(outNums, c.nums[c.pos])
		if len(outKeys) == cap(outKeys) {
			if err := f(outKeys, outNums); err != nil {
				return err
			}
			outKeys, outNums = outKeys[:0], outNums[:0]
		}
		if c.pos++; c.pos == len(c.keys) {
			if err := c.load(); err != nil {
				return err
			}
		}
		h.step(c.pos < len(c.keys), func() uint64 { return c.keys[c.pos] })
	}
	return f(outKeys, outNums)
}

// keyCursor goes through one run.
type keyCursor struct {
	s      *spill
	frames []keyFrame
	keys   []uint64
	nums   []uint32
	pos    int
	buf    []byte
}

// load reads the next frame; keys is empty at the end.
func (c *keyCursor) load() error {
	c.keys, c.nums, c.pos = c.keys[:0], c.nums[:0], 0
	if len(c.frames) == 0 {
		return nil
	}
	f := c.frames[0]
	c.frames = c.frames[1:]
	if c.buf == nil {
		c.buf = make([]byte, 12*frameRows)
	}
	b := c.buf[:12*f.n]
	if err := c.s.read(b, f.at); err != nil {
		return err
	}
	for i := range f.n {
		c.keys = append(c.keys, binary.LittleEndian.Uint64(b[8*i:]))
		c.nums = append(c.nums, binary.LittleEndian.Uint32(b[8*f.n+4*i:]))
	}
	return nil
}

// mergeHeap has the least key of each run on top; of equal keys that of the earlier run.
type mergeHeap []head

type head struct {
	key uint64
	run int
}

func (h mergeHeap) Len() int { return len(h) }
func (h mergeHeap) Less(i, j int) bool {
	return h[i].key < h[j].key || h[i].key == h[j].key && h[i].run < h[j].run
}
func (h mergeHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push is part of heap.Interface; nothing is pushed after Init.
func (h *mergeHeap) Push(x any) { *h = append(*h, x.(head)) }

// Pop is part of heap.Interface.
func (h *mergeHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// step puts the next key of the top's run in its place, or drops the run.
func (h *mergeHeap) step(more bool, key func() uint64) {
	if !more {
		heap.Pop(h)
		return
	}
	list := *h
	list[0].key = key()
	for i := 0; ; {
		least := i
		for k := 2*i + 1; k <= 2*i+2 && k < len(list); k++ {
			if list.Less(k, least) {
				least = k
			}
		}
		if least == i {
			return
		}
		list.Swap(i, least)
		i = least
	}
}

func (h *mergeHeap) init() { heap.Init(h) }
