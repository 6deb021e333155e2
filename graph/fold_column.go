package graph

import (
	"cmp"
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
	rows := f.rowsOf(&old, group, t)
	defer rows.close()
	g, ok := f.columnParts(&rows)
	if !ok {
		g = f.putColumn(rows.fill)
		for _, list := range [2][]uint64{old.blocks, old.over} {
			for _, n := range list {
				f.retire(n)
			}
		}
	}
	if f.err != nil {
		return
	}
	dir.groups[group] = g
	f.m.putColumn(e, key, group, &g)
}

// columnParts changes only the parts of a column group that are touched, one after the
// other. ok is false for a group of one part, and where it has to be cut or typed anew.
func (f *fold) columnParts(r *columnRows) (g colGroup, ok bool) {
	if r.old.shift == groupBits || r.old.empty() || f.err != nil {
		return g, false
	}
	g = *r.old
	g.blocks, g.over = slices.Clone(g.blocks), slices.Clone(g.over)
	var before, after []uint64
	rows := make([]value.Value, 1<<g.shift)
	for _, part := range r.touched() {
		r.fill(part<<g.shift, rows)
		g.count -= uint32(r.held())
		var size partSize
		var byType [column.Any + 1]int
		for _, v := range rows {
			size.add(v)
			byType[typeOf(v.Kind())]++
		}
		count := len(rows) - byType[column.Null]
		typed := count - byType[column.Any]
		retype := typed > 0 && (g.typ == column.Null || 2*byType[g.typ] < typed)
		g.count += uint32(count)
		large := size.bytes > 2*partBytes && g.shift > leastEven || size.over(2*mostBytes) && g.shift > 0
		if f.err != nil || large || retype {
			ok = false
			break
		}
		ok = true
		live := rows
		for len(live) > 0 && live[len(live)-1].IsNull() {
			live = live[:len(live)-1]
		}
		if g.blocks != nil {
			before = append(before, g.blocks[part])
			g.blocks[part] = f.putPart(live, g.typ, false)
			after = append(after, g.blocks[part])
		}
		over := f.putPart(live, g.typ, true)
		if g.over == nil && over != 0 {
			g.over = make([]uint64, 1<<(groupBits-g.shift))
		}
		if g.over != nil {
			before, after = append(before, g.over[part]), append(after, over)
			g.over[part] = over
		}
	}
	if ok = ok && g.count > 0; !ok {
		before = after // nobody will name what was written
	}
	for _, n := range before {
		f.retire(n)
	}
	return g, ok
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
