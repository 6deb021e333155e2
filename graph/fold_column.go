package graph

import (
	"cmp"
	"maps"
	"slices"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/storage/block"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/value"
)

func sortCounts(c []setCount) {
	slices.SortFunc(c, func(a, b setCount) int { return cmp.Compare(a.set, b.set) })
}

// columns folds every changed column of nodes or relationships.
func (f *fold) columns(e catalog.Entity, t *columns, dirs map[catalog.KeyID]*colDir) {
	t.each(0, 1<<26, func(i uint32, p *colPage) bool {
		for j := range p.cols {
			if p.cols[j].empty() {
				continue
			}
			key := catalog.KeyID(i<<3 | uint32(j))
			dir := &colDir{}
			if old := dirs[key]; old != nil {
				dir.groups = slices.Clone(old.groups)
			}
			dirs[key] = dir
			for _, group := range touchedGroups(&p.cols[j], func(*propPage) bool { return true }) {
				f.column(e, key, dir, group, &p.cols[j])
			}
		}
		return f.err == nil
	})
}

func (f *fold) column(e catalog.Entity, key catalog.KeyID, dir *colDir, group uint32, t *tree[propPage, *propPage]) {
	dir.groups = grown(dir.groups, group)
	old := dir.groups[group]
	if g, ok := f.columnParts(&old, group, t); ok {
		dir.groups[group] = g
		f.m.putColumn(e, key, group, &g)
		return
	}
	vals := f.columnValues(&old)
	pagesOf(t, group, func(at uint32, p *propPage) {
		for i := range uint32(pageSize) {
			if v, ok := p.get(i); ok {
				vals[at+i] = v
			}
		}
	})
	if f.err != nil {
		return
	}
	g := f.putColumn(vals)
	for _, list := range [2][]uint64{old.blocks, old.over} {
		for _, n := range list {
			f.retire(n)
		}
	}
	dir.groups[group] = g
	f.m.putColumn(e, key, group, &g)
}

// columnParts changes only the parts of a column group that are touched. ok is false
// for a group of one part, and where it has to be cut or typed anew.
func (f *fold) columnParts(old *colGroup, group uint32, t *tree[propPage, *propPage]) (g colGroup, ok bool) {
	if old.shift == groupBits || old.blocks == nil || f.err != nil {
		return g, false
	}
	changed := map[int][]value.Value{} // the rows of each part
	g = *old
	pagesOf(t, group, func(at uint32, p *propPage) {
		part := int(at >> g.shift)
		rows := changed[part]
		if rows == nil {
			rows = make([]value.Value, 1<<g.shift)
			f.partValues(old, part, rows)
			for _, v := range rows {
				g.count -= uint32(bit(!v.IsNull()))
			}
			changed[part] = rows
		}
		for i := range uint32(pageSize) {
			if v, ok := p.get(i); ok {
				rows[int(at+i)&(len(rows)-1)] = v
			}
		}
	})
	for _, rows := range changed {
		bytes, others, count := 0, 0, uint32(0)
		for _, v := range rows {
			if v.IsNull() {
				continue
			}
			count++
			bytes += encodedAbout(v)
			if typeOf(v.Kind()) != g.typ {
				others++
			}
		}
		if g.count += count; bytes > 2*partBytes || 2*others > int(count) {
			return g, false
		}
	}
	if g.count == 0 {
		return g, false
	}
	g.blocks, g.over = slices.Clone(g.blocks), slices.Clone(g.over)
	for _, part := range slices.Sorted(maps.Keys(changed)) {
		rows := changed[part]
		for len(rows) > 0 && rows[len(rows)-1].IsNull() {
			rows = rows[:len(rows)-1]
		}
		f.retire(g.blocks[part])
		g.blocks[part] = f.putPart(rows, g.typ, false)
		over := f.putPart(rows, g.typ, true)
		if g.over == nil && over != 0 {
			g.over = make([]uint64, len(g.blocks))
		}
		if g.over != nil {
			f.retire(g.over[part])
			g.over[part] = over
		}
	}
	return g, true
}

// columnValues returns a column group, boxed.
func (f *fold) columnValues(g *colGroup) []value.Value {
	vals := make([]value.Value, groupSize)
	for part := range 1 << (groupBits - g.shift) {
		f.partValues(g, part, vals[part<<g.shift:])
	}
	return vals
}

// partValues writes one part of a column group, boxed, to vals.
func (f *fold) partValues(g *colGroup, part int, vals []value.Value) {
	for k, list := range [2][]uint64{g.blocks, g.over} {
		if part >= len(list) || list[part] == 0 || f.err != nil {
			continue
		}
		h, err := f.st.base.store.Block(list[part])
		if err != nil {
			f.err = err
			return
		}
		b := h.Block
		for i := range b.Header.Count {
			if b.Nulls.Get(i) {
				continue
			}
			if k == 0 {
				vals[i] = boxed(b, g.typ, i)
			} else {
				vals[i] = b.Anys[i]
			}
		}
		h.Release()
	}
}

// encodedAbout is about how many bytes a value takes where that depends on it.
func encodedAbout(v value.Value) int {
	switch {
	case v.Kind() == value.KindString:
		return len(v.AsString())
	case typeOf(v.Kind()) == column.Any:
		return 64
	}
	return 0
}

// partBytes is about how large an encoded block may get before a column group is
// cut into more parts.
const partBytes = 256 << 10

// putColumn writes a column group: typed by the most frequent type, the other
// values beside it.
func (f *fold) putColumn(vals []value.Value) colGroup {
	var byType [column.Any + 1]int
	bytes := 0
	g := colGroup{shift: groupBits}
	last := -1
	for i, v := range vals {
		if v.IsNull() {
			continue
		}
		g.count++
		last = i
		byType[typeOf(v.Kind())]++
		bytes += encodedAbout(v)
	}
	for t := column.Bool; t < column.Any; t++ {
		if byType[t] > byType[g.typ] || g.typ == column.Null && byType[t] > 0 {
			g.typ = t
		}
	}
	for ; bytes > partBytes && g.shift > 6; bytes /= 2 {
		g.shift--
	}
	parts := 1 << (groupBits - g.shift)
	for part := 0; part < parts && part<<g.shift <= last; part++ {
		rows := vals[part<<g.shift : min((part+1)<<g.shift, last+1)]
		if n := f.putPart(rows, g.typ, false); n != 0 {
			if g.blocks == nil {
				g.blocks = make([]uint64, parts)
			}
			g.blocks[part] = n
		}
		if n := f.putPart(rows, g.typ, true); n != 0 {
			if g.over == nil {
				g.over = make([]uint64, parts)
			}
			g.over[part] = n
		}
	}
	return g
}

// putPart writes the values of rows that are of type t, or those that are not; 0
// if there are none.
func (f *fold) putPart(rows []value.Value, t column.Type, others bool) uint64 {
	nulls := column.NewBitmap(len(rows))
	found, null := false, false
	for i, v := range rows {
		if v.IsNull() || (typeOf(v.Kind()) == t) == others {
			nulls.Set(i)
			null = true
		} else {
			found = true
		}
	}
	if !found {
		return 0
	}
	if !null {
		nulls = nil
	}
	if others {
		return f.put(block.EncodeAnys(nil, rows, nulls))
	}
	return f.put(encodeColumn(rows, t, nulls))
}

func encodeColumn(rows []value.Value, t column.Type, nulls column.Bitmap) []byte {
	switch t {
	case column.Bool:
		return block.EncodeBools(nil, unbox(rows, nulls, value.Value.AsBool), nulls)
	case column.Int:
		return block.EncodeInts(nil, unbox(rows, nulls, value.Value.AsInt), nulls)
	case column.Date:
		return block.EncodeInts(nil, unbox(rows, nulls, value.Value.Days), nulls)
	case column.Float:
		return block.EncodeFloats(nil, unbox(rows, nulls, value.Value.AsFloat), nulls)
	default:
		return block.EncodeStrings(nil, unbox(rows, nulls, value.Value.AsString), nulls)
	}
}

func unbox[T any](rows []value.Value, nulls column.Bitmap, get func(value.Value) T) []T {
	out := make([]T, len(rows))
	for i, v := range rows {
		if !nulls.Get(i) {
			out[i] = get(v)
		}
	}
	return out
}
