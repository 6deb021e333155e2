package graph

import (
	"slices"
	"sync/atomic"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/storage/block"
)

// oneDict is one dictionary for a column of strings whose groups have one each, so
// that batches over several groups carry codes and not strings, and operators
// compare codes of the whole column.
type oneDict struct {
	dict  *column.Dict
	remap [][]uint32 // by group: code of the group's dictionary ─▶ code of dict
}

// maxDict bounds the strings of all groups' dictionaries together.
const maxDict = 1 << 16

// dictCache keeps a column's oneDict as long as its directory lives. noDict says
// that there is none.
type dictCache struct{ p atomic.Pointer[oneDict] }

var noDict = &oneDict{}

// oneDict returns the column's dictionary, nil where it has none.
func (c *columnCursor) oneDict(blocks []*block.Block) *oneDict {
	if d := c.dir.dicts.p.Load(); d != nil {
		if d == noDict {
			return nil
		}
		return d
	}
	total := 0
	for _, b := range blocks {
		if b != nil {
			total += len(b.Dict.Strings)
		}
	}
	if total > maxDict {
		c.dir.dicts.p.Store(noDict)
		return nil
	}
	d := &oneDict{dict: &column.Dict{}, remap: make([][]uint32, len(blocks))}
	for _, b := range blocks {
		if b != nil {
			d.dict.Strings = append(d.dict.Strings, b.Dict.Strings...)
		}
	}
	// Like the groups' dictionaries it ascends.
	slices.Sort(d.dict.Strings)
	d.dict.Strings = slices.Compact(d.dict.Strings)
	for g, b := range blocks {
		if b == nil {
			continue
		}
		d.remap[g] = make([]uint32, len(b.Dict.Strings))
		at := 0
		for i, s := range b.Dict.Strings {
			for at < len(d.dict.Strings) && d.dict.Strings[at] != s {
				at++
			}
			if at == len(d.dict.Strings) {
				// The group's dictionary does not ascend: nothing to build on.
				c.dir.dicts.p.Store(noDict)
				return nil
			}
			d.remap[g][i] = uint32(at)
		}
	}
	c.dir.dicts.p.Store(d)
	return d
}

// denseStrings pins all blocks of a column of strings and makes c.codes and c.dict;
// it reports whether that was possible: see dense.
func (c *columnCursor) denseStrings() bool {
	if c.codes != nil {
		return true
	}
	if c.dir.dicts.p.Load() == noDict {
		return false
	}
	groups := c.dir.groups
	if len(groups) > c.store.PinLimit() {
		return false
	}
	codes, nulls, blocks := make([][]uint32, len(groups)), make([]column.Bitmap, len(groups)), make([]*block.Block, len(groups))
	pinned, null := 0, false
	for i := range groups {
		if groups[i].empty() {
			continue
		}
		if groups[i].shift != groupBits {
			c.dir.dicts.p.Store(noDict)
			return false
		}
		b, err := c.block(groups[i].blocks[0])
		if err != nil {
			return false
		}
		if b.Dict == nil {
			c.dir.dicts.p.Store(noDict)
			return false
		}
		codes[i], nulls[i], blocks[i] = b.Codes, b.Nulls, b
		null = null || b.Nulls != nil
		pinned++
	}
	if c.pins.n != pinned {
		return false
	}
	if c.dict = c.oneDict(blocks); c.dict == nil {
		return false
	}
	c.codes, c.nulls, c.null = codes, nulls, null
	return true
}

// gatherCodes gathers strings as codes of the column's one dictionary.
func (c *columnCursor) gatherCodes(refs []uint32, sel []int32, g *gatherer) {
	out := g.out
	out.Dict, out.Codes = c.dict.dict, resize(out.Codes, g.n)
	if sel != nil {
		clear(out.Codes)
	}
	n := len(refs)
	if sel != nil {
		n = len(sel)
	}
	for k := range n {
		i := k
		if sel != nil {
			i = int(sel[k])
		}
		group, off := refs[i]>>groupBits, refs[i]&(groupSize-1)
		if group >= uint32(len(c.codes)) || off >= uint32(len(c.codes[group])) || c.null && c.nulls[group].Get(int(off)) {
			g.nul.Set(i)
			out.Codes[i] = 0
			continue
		}
		out.Codes[i] = c.dict.remap[group][c.codes[group][off]]
	}
}
