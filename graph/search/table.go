package search

// table maps node numbers to places: open addressing, linear probing, at most half full.
type table struct {
	keys []uint32
	vals []int32 // -1: free
	n    int
}

func (t *table) bytes() int64 { return int64(cap(t.keys)) * 8 }

func slotOf(node uint32, mask int) int {
	x := uint64(node) * 0x9e3779b97f4a7c15
	return int(x>>32) & mask
}

// reset empties t. A table that has grown far beyond its use is dropped, since
// emptying it costs its size.
func (t *table) reset() {
	if t.n*64 < len(t.vals) && len(t.vals) > 1024 {
		*t = table{}
		return
	}
	if t.n > 0 {
		for i := range t.vals {
			t.vals[i] = -1
		}
	}
	t.n = 0
}

func (t *table) get(node uint32) (int32, bool) {
	if t.n == 0 {
		return -1, false
	}
	mask := len(t.keys) - 1
	for i := slotOf(node, mask); ; i = (i + 1) & mask {
		switch {
		case t.vals[i] < 0:
			return -1, false
		case t.keys[i] == node:
			return t.vals[i], true
		}
	}
}

// put sets node's place.
func (t *table) put(node uint32, val int32) {
	if 2*(t.n+1) > len(t.keys) {
		t.rehash(max(16, 2*len(t.keys)))
	}
	mask := len(t.keys) - 1
	for i := slotOf(node, mask); ; i = (i + 1) & mask {
		if t.vals[i] < 0 {
			t.keys[i], t.vals[i] = node, val
			t.n++
			return
		}
		if t.keys[i] == node {
			t.vals[i] = val
			return
		}
	}
}

func (t *table) rehash(size int) {
	old := *t
	*t = table{keys: make([]uint32, size), vals: make([]int32, size)}
	for i := range t.vals {
		t.vals[i] = -1
	}
	for i, v := range old.vals {
		if v >= 0 {
			t.put(old.keys[i], v)
		}
	}
}
