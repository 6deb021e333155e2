package graph

import (
	"slices"
	"sort"
	"sync"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/storage/txn"
)

// base is the directory of the blocks that the last checkpoint wrote: immutable,
// resident, small. The data itself comes through the block cache.
type base struct {
	store    *txn.Store
	seq      uint64      // the commit as of which it was written; 0 if that was before the store was opened
	nodes    []nodeGroup // by number >> groupBits
	rels     []relGroup
	runs     []relRun // ascending: where groups without ends of their own find them
	nodeCols map[catalog.KeyID]*colDir
	relCols  map[catalog.KeyID]*colDir
	keyLists *[2][]catalog.KeyID // of nodeCols and relCols, ascending
	adj      map[adjKey]*adjDir
	indexes  map[catalog.IndexID]*indexBase

	// Whether numbers have been used again: else every generation is 0.
	nodeGens, relGens bool

	ends *sync.Map // endsKey → bool, of what was asked for: see Reader.EndsHave
}

var emptyBase = &base{ends: &sync.Map{}}

type adjKey struct {
	typ catalog.TypeID
	dir Direction
}

// nodeGroup describes the nodes of one group.
type nodeGroup struct {
	set  uint64     // block of label set + 1 by offset, 0 = no node; 0 where uniform
	gen  uint64     // block of generations; 0: all are 0
	rows uint32     // offsets from here on hold no node
	sets []setCount // which label sets there are; a uniform group has one, of rows nodes
}

type setCount struct {
	set catalog.LabelSetID
	n   uint32
}

func (g *nodeGroup) uniform() bool { return g.set == 0 }

// relGroup describes the relationships of one group.
type relGroup struct {
	typ      uint64 // block of type + 1 by offset, 0 = none; 0 where uniform
	src, dst uint64 // blocks of ends; 0: they stand in runs
	gen      uint64
	rows     uint32
	types    []setCount // set is the type here
}

func (g *relGroup) uniform() bool { return g.typ == 0 }

// derived reports whether the ends of the group's relationships are not stored on
// their own: an import hands out numbers in forward order, so that the blocks of
// the forward lists say them.
func (g *relGroup) derived() bool { return g.src == 0 && g.rows > 0 }

// relRun is an adjacency block whose edges are relationships first, first+1 …: of
// a forward region, or of one that has been rewritten since and lives on here.
type relRun struct {
	first, n uint32
	block    uint64
}

// runOf returns the run that holds a relationship.
func (b *base) runOf(ref uint32) (relRun, bool) {
	i := sort.Search(len(b.runs), func(i int) bool { return b.runs[i].first > ref }) - 1
	if i < 0 || ref-b.runs[i].first >= b.runs[i].n {
		return relRun{}, false
	}
	return b.runs[i], true
}

// groupCursor reads Uint32s blocks and keeps them pinned.
type groupCursor struct {
	pins pinSet
}

func (c *groupCursor) close() { c.pins.close() }

// refs returns the values of a block.
func (c *groupCursor) refs(s *txn.Store, number uint64) ([]uint32, error) {
	b, err := c.pins.get(s, number)
	if err != nil {
		return nil, err
	}
	return b.Refs, nil
}

// at returns value i of a block; 0 beyond its end.
func (c *groupCursor) at(s *txn.Store, number uint64, i uint32) (uint32, error) {
	refs, err := c.refs(s, number)
	if err != nil || i >= uint32(len(refs)) {
		return 0, err
	}
	return refs[i], nil
}

// relCursor keeps blocks of the relationship table pinned.
type relCursor struct {
	typ, src, dst groupCursor
	run           relRun
	list          int // of run's block, that the last relationship was in
}

func (c *relCursor) close() {
	c.typ.close()
	c.src.close()
	c.dst.close()
}

func (b *base) groupHas(group uint32, sets []bool) bool {
	if group >= uint32(len(b.nodes)) {
		return false
	}
	for _, s := range b.nodes[group].sets {
		if int(s.set) < len(sets) && sets[s.set] {
			return true
		}
	}
	return false
}

func (b *base) relGroupHas(group uint32, typ catalog.TypeID) bool {
	if group >= uint32(len(b.rels)) {
		return false
	}
	for _, s := range b.rels[group].types {
		if typ == catalog.AnyType || uint32(s.set) == uint32(typ) {
			return true
		}
	}
	return false
}

func (b *base) nodeGen(ref uint32) (uint32, error) {
	if g := ref >> groupBits; g < uint32(len(b.nodes)) && b.nodes[g].gen != 0 {
		return b.once(b.nodes[g].gen, ref)
	}
	return 0, nil
}

func (b *base) relGen(ref uint32) (uint32, error) {
	if g := ref >> groupBits; g < uint32(len(b.rels)) && b.rels[g].gen != 0 {
		return b.once(b.rels[g].gen, ref)
	}
	return 0, nil
}

func (b *base) once(number uint64, ref uint32) (uint32, error) {
	var c groupCursor
	defer c.close()
	return c.at(b.store, number, ref&(groupSize-1))
}

// nodeSet returns the label set of a node, and whether it exists.
func (b *base) nodeSet(c *groupCursor, ref uint32) (catalog.LabelSetID, bool, error) {
	group, i := ref>>groupBits, ref&(groupSize-1)
	if group >= uint32(len(b.nodes)) || i >= b.nodes[group].rows {
		return 0, false, nil
	}
	g := &b.nodes[group]
	if g.uniform() {
		return g.sets[0].set, true, nil
	}
	v, err := c.at(b.store, g.set, i)
	return catalog.LabelSetID(v - 1), v != 0, err
}

// relType returns the type of a relationship, and whether it exists.
func (b *base) relType(c *relCursor, ref uint32) (catalog.TypeID, bool, error) {
	group, i := ref>>groupBits, ref&(groupSize-1)
	if group >= uint32(len(b.rels)) || i >= b.rels[group].rows {
		return 0, false, nil
	}
	g := &b.rels[group]
	if g.uniform() {
		return catalog.TypeID(g.types[0].set), true, nil
	}
	v, err := c.typ.at(b.store, g.typ, i)
	return catalog.TypeID(v - 1), v != 0, err
}

// relEnds returns the nodes of a relationship that exists.
func (b *base) relEnds(c *relCursor, ref uint32) (src, dst uint32, err error) {
	group, i := ref>>groupBits, ref&(groupSize-1)
	if group >= uint32(len(b.rels)) || i >= b.rels[group].rows {
		return 0, 0, nil
	}
	g := &b.rels[group]
	if g.derived() {
		return b.runEnds(c, ref)
	}
	if src, err = c.src.at(b.store, g.src, i); err != nil {
		return 0, 0, err
	}
	dst, err = c.dst.at(b.store, g.dst, i)
	return src, dst, err
}

// runEnds reads ends from a run.
func (b *base) runEnds(c *relCursor, ref uint32) (src, dst uint32, err error) {
	if ref-c.run.first >= c.run.n {
		run, ok := b.runOf(ref)
		if !ok {
			return 0, 0, corrupt("no block of lists holds relationship %d", ref)
		}
		c.run, c.list = run, 0
	}
	blk, err := c.src.pins.get(b.store, c.run.block)
	if err != nil {
		return 0, 0, err
	}
	list, dst, ok := blk.Ends(ref, c.list)
	if !ok {
		return 0, 0, corrupt("block %d does not hold relationship %d", c.run.block, ref)
	}
	c.list = list
	return blk.CSR.First + uint32(list), dst, nil
}

// clone copies the directory, so that parts of it can be exchanged.
func (b *base) clone() *base {
	out := *b
	out.nodes, out.rels, out.runs = slices.Clone(b.nodes), slices.Clone(b.rels), slices.Clone(b.runs)
	out.nodeCols, out.relCols = cloneMap(b.nodeCols), cloneMap(b.relCols)
	out.adj, out.indexes = cloneMap(b.adj), cloneMap(b.indexes)
	out.ends = &sync.Map{}
	return &out
}

func cloneMap[K comparable, V any](m map[K]V) map[K]V {
	out := make(map[K]V, len(m)+1)
	for k, v := range m {
		out[k] = v
	}
	return out
}

// seal makes what is derived from the directory, once it is complete.
func (b *base) seal() {
	b.keyLists = new([2][]catalog.KeyID)
	for e, dirs := range [2]map[catalog.KeyID]*colDir{b.nodeCols, b.relCols} {
		for k, d := range dirs {
			b.keyLists[e] = append(b.keyLists[e], k)
			d.typ, d.single = d.commonType()
		}
		slices.Sort(b.keyLists[e])
	}
	b.nodeGens = slices.ContainsFunc(b.nodes, func(g nodeGroup) bool { return g.gen != 0 })
	b.relGens = slices.ContainsFunc(b.rels, func(g relGroup) bool { return g.gen != 0 })
}

func corrupt(format string, args ...any) error {
	return status.Errorf(status.Corruption, format, args...)
}
