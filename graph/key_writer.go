package graph

import (
	"github.com/kadedb/kadedb/storage/block"
)

// A block of an index gets at most so many keys, and about so many bytes of them.
const (
	indexBlockKeys  = 4096
	indexBlockBytes = 256 << 10
)

// keyWriter cuts ascending keys into blocks.
type keyWriter struct {
	put    func(data []byte) uint64
	same   func(key string) error // see merging
	blocks []indexBlock
	err    error

	keys  []string
	bytes int
	last  string
}

// add writes a key.
func (w *keyWriter) add(key string) {
	w.compare(key)
	w.keys = append(w.keys, key)
	w.bytes += len(key)
	if len(w.keys) >= 2*indexBlockKeys || w.bytes >= 2*indexBlockBytes {
		w.write(w.share(2))
	}
}

// keep takes a block over as it is, after cut.
func (w *keyWriter) keep(b indexBlock) {
	w.compare(b.fence)
	w.last = "" // what the block ends with is not known, and was there before
	w.blocks = append(w.blocks, b)
}

func (w *keyWriter) compare(key string) {
	if w.same == nil {
		return
	}
	if n := len(key) - 4; len(w.last) == len(key) && w.last[:n] == key[:n] && w.err == nil {
		w.err = w.same(key)
	}
	w.last = key
}

// cut writes what is left, as blocks of like size.
func (w *keyWriter) cut() {
	for len(w.keys) > 0 {
		w.write(w.share(max((len(w.keys)+indexBlockKeys-1)/indexBlockKeys, (w.bytes+indexBlockBytes-1)/indexBlockBytes)))
	}
}

// share returns how many of the keys are the first of n like parts, at least one.
func (w *keyWriter) share(n int) int {
	most, bytes := (len(w.keys)+n-1)/n, 0
	for i, k := range w.keys[:most] {
		if bytes += len(k); i > 0 && bytes > w.bytes/n && n > 1 && w.bytes > indexBlockBytes {
			return i
		}
	}
	return most
}

func (w *keyWriter) write(n int) {
	keys := w.keys[:n]
	w.blocks = append(w.blocks, indexBlock{fence: keys[0], number: uint32(n), block: w.put(block.EncodeStrings(nil, keys, nil))})
	for _, k := range keys {
		w.bytes -= len(k)
	}
	rest := copy(w.keys, w.keys[n:])
	clear(w.keys[rest:])
	w.keys = w.keys[:rest]
}
