package graph

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/storage/block"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/storage/txn"
	"github.com/kadedb/kadedb/value"
)

// colDir is one key's column: its blocks by group.
type colDir struct {
	groups []colGroup // by number >> groupBits

	typ    column.Type // see commonType
	single bool
	dicts  dictCache
}

// colGroup describes one column of one group: a typed column, and beside it an
// overflow column of the values that are of another type.
type colGroup struct {
	typ    column.Type // of blocks; Null: there are none
	shift  uint8       // a block has 1<<shift rows
	blocks []uint64    // 0: that part is all null
	over   []uint64    // of boxed values, cut likewise; nil: none
	count  uint32      // values that are not null
}

func (g *colGroup) empty() bool { return g.count == 0 }

// column returns a cursor over a key's column.
func (b *base) column(e catalog.Entity, key catalog.KeyID) columnCursor {
	dirs := b.nodeCols
	if e == catalog.Relationships {
		dirs = b.relCols
	}
	return columnCursor{store: b.store, dir: dirs[key]}
}

// keys returns the keys that an entity may have, ascending.
func (b *base) keys(e catalog.Entity, ref uint32) []catalog.KeyID {
	dirs := b.nodeCols
	if e == catalog.Relationships {
		dirs = b.relCols
	}
	if b.keyLists == nil {
		return nil
	}
	var out []catalog.KeyID
	for _, k := range b.keyLists[e] {
		d := dirs[k]
		if g := ref >> groupBits; g < uint32(len(d.groups)) && !d.groups[g].empty() {
			out = append(out, k)
		}
	}
	return out
}

// columnCursor reads one column of the base, keeping blocks pinned.
type columnCursor struct {
	store *txn.Store
	dir   *colDir
	pins  pinSet

	// The values and nulls of every group, where a large batch made it worth to pin
	// all blocks of the column at once: see dense.
	bools  [][]bool
	ints   [][]int64
	floats [][]float64
	codes  [][]uint32 // of strings, in each group's dictionary
	dict   *oneDict
	nulls  []column.Bitmap
	null   bool // some group has nulls
}

func (c *columnCursor) close() {
	c.pins.close()
	c.bools, c.ints, c.floats, c.codes, c.nulls = nil, nil, nil, nil, nil
}

func (c *columnCursor) block(number uint64) (*block.Block, error) { return c.pins.get(c.store, number) }

// value returns one entity's value, boxed.
func (c *columnCursor) value(ref uint32) (value.Value, error) {
	if c.dir == nil || ref>>groupBits >= uint32(len(c.dir.groups)) {
		return value.Null, nil
	}
	g := &c.dir.groups[ref>>groupBits]
	if g.empty() {
		return value.Null, nil
	}
	i := ref & (groupSize - 1)
	part, row := i>>g.shift, int(i&(1<<g.shift-1))
	if g.blocks != nil && g.blocks[part] != 0 {
		b, err := c.block(g.blocks[part])
		if err != nil {
			return value.Null, err
		}
		if row < b.Header.Count && !b.Nulls.Get(row) {
			return boxed(b, g.typ, row), nil
		}
	}
	if g.over != nil && g.over[part] != 0 {
		b, err := c.block(g.over[part])
		if err != nil {
			return value.Null, err
		}
		if row < b.Header.Count && !b.Nulls.Get(row) {
			return b.Anys[row], nil
		}
	}
	return value.Null, nil
}

// boxed returns row i of a block that holds a column of type t.
func boxed(b *block.Block, t column.Type, i int) value.Value {
	switch t {
	case column.Bool:
		return value.Bool(b.Bools[i])
	case column.Int:
		return value.Int(b.Ints[i])
	case column.Date:
		return value.Date(b.Ints[i])
	case column.Float:
		return value.Float(b.Floats[i])
	case column.String:
		return value.String(b.Str(i))
	}
	return value.Null
}

// commonType returns the type that every group of the column has, and whether
// there is one and no overflow.
func (d *colDir) commonType() (column.Type, bool) {
	t := column.Null
	for i := range d.groups {
		g := &d.groups[i]
		if g.empty() {
			continue
		}
		if g.over != nil || t != column.Null && g.typ != t {
			return t, false
		}
		t = g.typ
	}
	return t, true
}

// gather fills out for a column of one type, and reports false, having done
// nothing, for one of several.
func (c *columnCursor) gather(refs []uint32, sel []int32, out *column.Vector) (bool, error) {
	t := column.Null
	if c.dir != nil {
		if t = c.dir.typ; !c.dir.single {
			return false, nil
		}
	}
	g := gatherer{out: out, n: len(refs)}
	g.reset()
	out.Type = t
	if t == column.Null {
		return true, nil
	}
	g.grow(t)
	var err error
	switch t {
	case column.Bool:
		err = gatherTyped(c, &c.bools, refs, sel, g.nul, out.Bools, func(b *block.Block) []bool { return b.Bools })
	case column.Int, column.Date:
		err = gatherTyped(c, &c.ints, refs, sel, g.nul, out.Ints, func(b *block.Block) []int64 { return b.Ints })
	case column.Float:
		err = gatherTyped(c, &c.floats, refs, sel, g.nul, out.Floats, func(b *block.Block) []float64 { return b.Floats })
	case column.String:
		if large(refs, sel) && c.denseStrings() || c.codes != nil {
			c.gatherCodes(refs, sel, &g)
			break
		}
		err = c.gatherStrings(refs, sel, &g)
	}
	g.finish()
	return true, err
}

// run is the longest stretch of rows from at on whose values lie in one block.
type blockRun struct {
	b    *block.Block // nil: all null
	base uint32       // number of the block's row 0
	rows uint32       // numbers from base+rows on are in another block
}

func (c *columnCursor) runOf(ref uint32) (blockRun, error) {
	group := ref >> groupBits
	none := blockRun{base: group << groupBits, rows: groupSize}
	if group >= uint32(len(c.dir.groups)) || c.dir.groups[group].empty() {
		return none, nil
	}
	g := &c.dir.groups[group]
	part := ref & (groupSize - 1) >> g.shift
	r := blockRun{base: group<<groupBits | part<<g.shift, rows: 1 << g.shift}
	if g.blocks[part] == 0 {
		return r, nil
	}
	b, err := c.block(g.blocks[part])
	r.b = b
	return r, err
}

// denseAt is how many rows a batch has for which dense pays.
const denseAt = 512

func large(refs []uint32, sel []int32) bool {
	return len(refs) >= denseAt && (sel == nil || len(sel) >= denseAt)
}

// dense pins all blocks of the column and reports whether views are their values by
// group: with several groups, jumping between runs costs more than the reads.
func dense[T any](c *columnCursor, views *[][]T, data func(*block.Block) []T) bool {
	if *views != nil {
		return true
	}
	groups := c.dir.groups
	if len(groups) > c.store.PinLimit() {
		return false
	}
	vals, nulls, pinned := make([][]T, len(groups)), make([]column.Bitmap, len(groups)), 0
	null := false
	for i := range groups {
		if groups[i].empty() {
			continue
		}
		if groups[i].shift != groupBits {
			return false
		}
		b, err := c.block(groups[i].blocks[0])
		if err != nil {
			return false
		}
		vals[i], nulls[i] = data(b), b.Nulls
		null = null || b.Nulls != nil
		pinned++
	}
	if c.pins.n != pinned {
		// The budget was full and the set of pins started over.
		return false
	}
	*views, c.nulls, c.null = vals, nulls, null
	return true
}

func gatherDense[T any](c *columnCursor, views [][]T, refs []uint32, sel []int32, nulls column.Bitmap, out []T) {
	if sel == nil {
		out = out[:len(refs)]
		for i, ref := range refs {
			g, off := ref>>groupBits, ref&(groupSize-1)
			if g >= uint32(len(views)) || off >= uint32(len(views[g])) || c.null && c.nulls[g].Get(int(off)) {
				nulls.Set(i)
				continue
			}
			out[i] = views[g][off]
		}
		return
	}
	for _, i := range sel {
		g, off := refs[i]>>groupBits, refs[i]&(groupSize-1)
		if g >= uint32(len(views)) || off >= uint32(len(views[g])) || c.null && c.nulls[g].Get(int(off)) {
			nulls.Set(int(i))
			continue
		}
		out[i] = views[g][off]
	}
}

func gatherTyped[T any](c *columnCursor, views *[][]T, refs []uint32, sel []int32, nulls column.Bitmap, out []T, data func(*block.Block) []T) error {
	if (large(refs, sel) || *views != nil) && dense(c, views, data) {
		gatherDense(c, *views, refs, sel, nulls, out)
		return nil
	}
	run := blockRun{}
	var vals []T
	var nul column.Bitmap
	n := len(refs)
	if sel != nil {
		n = len(sel)
	}
	for k := range n {
		i := k
		if sel != nil {
			i = int(sel[k])
		}
		off := refs[i] - run.base
		if off >= run.rows {
			var err error
			if run, err = c.runOf(refs[i]); err != nil {
				return err
			}
			vals, nul = nil, nil
			if run.b != nil {
				vals, nul = data(run.b), run.b.Nulls
			}
			off = refs[i] - run.base
		}
		if off >= uint32(len(vals)) || nul.Get(int(off)) {
			nulls.Set(i)
			continue
		}
		out[i] = vals[off]
	}
	return nil
}

// gatherStrings gives codes where all rows lie in one dictionary block.
func (c *columnCursor) gatherStrings(refs []uint32, sel []int32, g *gatherer) error {
	run := blockRun{}
	dict, plain := (*column.Dict)(nil), false
	out := g.out
	return forRows(len(refs), sel, func(i int) error {
		off := refs[i] - run.base
		if off >= run.rows {
			var err error
			if run, err = c.runOf(refs[i]); err != nil {
				return err
			}
			off = refs[i] - run.base
		}
		b := run.b
		if b == nil || off >= uint32(b.Header.Count) || b.Nulls.Get(int(off)) {
			g.nul.Set(i)
			return nil
		}
		if !plain && b.Dict != nil && (dict == nil || dict == b.Dict) {
			if dict == nil {
				dict = b.Dict
				out.Dict, out.Codes = dict, resize(out.Codes, g.n)
				clear(out.Codes)
			}
			out.Codes[i] = b.Codes[off]
			return nil
		}
		if dict != nil && !plain {
			// A second dictionary: what was gathered so far becomes plain.
			for j := range i {
				if !g.nul.Get(j) {
					out.Strs[j] = dict.Strings[out.Codes[j]]
				}
			}
			out.Dict = nil
		}
		plain = true
		out.Strs[i] = b.Str(int(off))
		return nil
	})
}
