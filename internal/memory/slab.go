package memory

// Slab hands out pointer-free buffers outside of the garbage collected heap.
type Slab struct{}
