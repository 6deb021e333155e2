package graph

import (
	"math"
	"sync/atomic"

	"github.com/kadedb/kadedb/storage/block"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/storage/txn"
)

// adjDir is the directory of one type's lists in one direction: regions of
// consecutive nodes, ascending. Nodes between regions have no lists.
type adjDir struct {
	regions []region
	jump    []uint32                         // by node >> jumpBits: the first region that ends after that node
	total   int64                            // edges
	loops   atomic.Pointer[map[uint32]int64] // of outgoing lists, once asked for: see Reader.Loops
}

const jumpBits = 10

// region is one block of lists. A list too long for one block is cut into
// several regions of that one node, each with the neighbours from least on.
type region struct {
	first, end uint32 // nodes [first, end)
	block      uint64
	edges      uint32
	part       bool   // holds a part of node first's list and nothing else
	least      uint64 // part: its first neighbour and relationship
}

func newAdjDir(regions []region) *adjDir {
	d := &adjDir{regions: regions}
	for i, r := range regions {
		d.total += int64(r.edges)
		for uint32(len(d.jump)) <= (r.end-1)>>jumpBits {
			d.jump = append(d.jump, uint32(i))
		}
	}
	return d
}

// find returns the first region that ends after node.
func (d *adjDir) find(node uint32) int {
	j := node >> jumpBits
	if j >= uint32(len(d.jump)) {
		return len(d.regions)
	}
	i := int(d.jump[j])
	for i < len(d.regions) && d.regions[i].end <= node {
		i++
	}
	return i
}

// parts returns the end of the regions from i on that hold parts of one list.
func (d *adjDir) parts(i int) int {
	first := d.regions[i].first
	for i < len(d.regions) && d.regions[i].part && d.regions[i].first == first {
		i++
	}
	return i
}

// adjCursor reads the lists of one type and direction of the base.
type adjCursor struct {
	store *txn.Store
	dir   *adjDir // nil: no relationships of the type
	pins  []*block.Handle
	held  int

	// The region last read: nodes [lo, lo+n).
	lo, n    uint32
	off      []uint32
	nbr, rel []uint32

	joinNbr, joinRel []uint32 // a list of several parts
}

func (b *base) adjacency(typ catalog.TypeID, d Direction) adjCursor {
	return adjCursor{store: b.store, dir: b.adj[adjKey{typ, d}]}
}

func (c *adjCursor) close() {
	for i, h := range c.pins {
		if h != nil {
			h.Release()
			c.pins[i] = nil
		}
	}
	c.held, c.n = 0, 0
}

// region returns a region's block, pinned.
func (c *adjCursor) region(i int) (*block.Block, error) {
	if c.pins == nil {
		c.pins = make([]*block.Handle, len(c.dir.regions))
	}
	if h := c.pins[i]; h != nil {
		return h.Block, nil
	}
	if c.held >= c.store.PinLimit() {
		c.close()
	}
	h, err := c.store.Block(c.dir.regions[i].block)
	if err != nil && c.held > 0 {
		c.close()
		h, err = c.store.Block(c.dir.regions[i].block)
	}
	if err != nil {
		return nil, err
	}
	c.pins[i] = h
	c.held++
	return h.Block, nil
}

// enter makes the region of node the current one; false if it has none, or is cut
// into parts.
func (c *adjCursor) enter(node uint32) (i int, ok bool, err error) {
	if c.dir == nil {
		return 0, false, nil
	}
	i = c.dir.find(node)
	if i == len(c.dir.regions) || c.dir.regions[i].first > node || c.dir.regions[i].part {
		return i, false, nil
	}
	b, err := c.region(i)
	if err != nil {
		return i, false, err
	}
	r := &c.dir.regions[i]
	if len(b.CSR.Off) != int(r.end-r.first)+1 {
		return i, false, corrupt("block %d of %d lists holds %d", r.block, r.end-r.first, len(b.CSR.Off)-1)
	}
	c.lo, c.n = r.first, r.end-r.first
	c.off, c.nbr, c.rel = b.CSR.Off, b.CSR.Nbr, b.CSR.Rel
	return i, true, nil
}

func (c *adjCursor) list(node uint32) (nbr, rel []uint32, err error) {
	if i := node - c.lo; i < c.n {
		lo, hi := c.off[i], c.off[i+1]
		return c.nbr[lo:hi:hi], c.rel[lo:hi:hi], nil
	}
	return c.listElsewhere(node)
}

func (c *adjCursor) listElsewhere(node uint32) (nbr, rel []uint32, err error) {
	i, ok, err := c.enter(node)
	if err != nil {
		return nil, nil, err
	}
	if ok {
		k := node - c.lo
		lo, hi := c.off[k], c.off[k+1]
		return c.nbr[lo:hi:hi], c.rel[lo:hi:hi], nil
	}
	if c.dir == nil || i == len(c.dir.regions) || c.dir.regions[i].first > node {
		return nil, nil, nil
	}
	c.joinNbr, c.joinRel = c.joinNbr[:0], c.joinRel[:0]
	for end := c.dir.parts(i); i < end; i++ {
		b, err := c.region(i)
		if err != nil {
			return nil, nil, err
		}
		c.joinNbr, c.joinRel = append(c.joinNbr, b.CSR.Nbr...), append(c.joinRel, b.CSR.Rel...)
	}
	return c.joinNbr, c.joinRel, nil
}

func (c *adjCursor) degree(node uint32) (int, error) {
	if i := node - c.lo; i < c.n {
		return int(c.off[i+1] - c.off[i]), nil
	}
	i, ok, err := c.enter(node)
	if err != nil {
		return 0, err
	}
	if ok {
		return c.degree(node)
	}
	if c.dir == nil || i == len(c.dir.regions) || c.dir.regions[i].first > node {
		return 0, nil
	}
	sum := 0
	for end := c.dir.parts(i); i < end; i++ {
		sum += int(c.dir.regions[i].edges)
	}
	return sum, nil
}

// after returns the first node from node on that a region covers.
func (c *adjCursor) after(node uint32) uint32 {
	if c.dir == nil {
		return math.MaxUint32
	}
	i := c.dir.find(node)
	if i == len(c.dir.regions) {
		return math.MaxUint32
	}
	return max(node, c.dir.regions[i].first)
}

// degrees adds the degrees of nodes first … to out.
func (c *adjCursor) degrees(first uint32, out []int64) error {
	if c.dir == nil || len(out) == 0 {
		return nil
	}
	end := uint64(first) + uint64(len(out))
	for i := c.dir.find(first); i < len(c.dir.regions) && uint64(c.dir.regions[i].first) < end; i++ {
		r := &c.dir.regions[i]
		if r.part {
			out[r.first-first] += int64(r.edges)
			continue
		}
		b, err := c.region(i)
		if err != nil {
			return err
		}
		off := b.CSR.Off
		lo, hi := max(r.first, first), uint32(min(uint64(r.end), end))
		part := out[lo-first : hi-first]
		off = off[lo-r.first : hi-r.first+1]
		for k := range part {
			part[k] += int64(off[k+1] - off[k])
		}
	}
	return nil
}

func (c *adjCursor) edges() int64 {
	if c.dir == nil {
		return 0
	}
	return c.dir.total
}

// noLists are offsets of lists that are all empty.
var noLists = make([]uint32, groupSize+1)

// rng returns the lists of [lo, next), next ≤ hi, that lie in one region, or in
// none and are empty.
func (c *adjCursor) rng(lo, hi uint32) (off, nbr, rel []uint32, next uint32, err error) {
	i, ok, err := c.enter(lo)
	if err != nil {
		return nil, nil, nil, lo, err
	}
	if ok {
		next = min(hi, c.lo+c.n)
		return c.off[lo-c.lo : next-c.lo+1], c.nbr, c.rel, next, nil
	}
	if c.dir != nil && i < len(c.dir.regions) {
		if r := &c.dir.regions[i]; r.first <= lo {
			nbr, rel, err = c.listElsewhere(lo)
			return []uint32{0, uint32(len(nbr))}, nbr, rel, lo + 1, err
		}
		hi = min(hi, c.dir.regions[i].first)
	}
	n := min(hi-lo, groupSize)
	return noLists[:n+1], nil, nil, lo + n, nil
}
