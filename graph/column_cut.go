package graph

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/block"
	"github.com/kadedb/kadedb/value"
)

const (
	// partBytes is about how large an encoded block may get on average before a column
	// group is cut into more parts, down to 1<<leastEven rows each.
	partBytes = 256 << 10
	leastEven = 6
	// mostBytes is what a part may hold beside its largest value: blocks are read whole,
	// so that the memory of a store must have room for several of the largest. A part
	// that holds more is cut even into single rows.
	mostBytes = 1 << 20
	// heldBytes is how much of a column group a fold holds at once.
	heldBytes = 4 << 20
)

// columnRows gives the values of one column group as they will be: those of changed
// pages, and of the old blocks otherwise. It holds the blocks of one part at a time.
type columnRows struct {
	f       *fold
	old     *colGroup
	group   uint32
	changed *tree[propPage, *propPage]

	part    int // whose blocks are at hand, -1: none
	blocks  [2]*block.Block
	handles [2]*block.Handle
}

func (f *fold) rowsOf(old *colGroup, group uint32, changed *tree[propPage, *propPage]) columnRows {
	return columnRows{f: f, old: old, group: group, changed: changed, part: -1}
}

func (r *columnRows) close() {
	for i, h := range r.handles {
		if h != nil {
			h.Release()
		}
		r.handles[i], r.blocks[i] = nil, nil
	}
	r.part = -1
}

// open makes the blocks of a part those at hand.
func (r *columnRows) open(part int) {
	if part == r.part {
		return
	}
	r.close()
	r.part = part
	for k, list := range [2][]uint64{r.old.blocks, r.old.over} {
		if part < len(list) && list[part] != 0 && r.f.err == nil {
			r.blocks[k], r.handles[k], r.f.err = r.f.wholeBlock(list[part])
		}
	}
}

// wholeBlock reads a block. One that the cache has no room for is read past it: a store
// that was written with more memory, or before parts were cut by their largest values,
// is folded all the same, and then cut.
func (f *fold) wholeBlock(number uint64) (*block.Block, *block.Handle, error) {
	h, err := f.st.base.store.Block(number)
	if err == nil {
		return h.Block, h, nil
	}
	if status.CodeOf(err) != status.QueryMemoryLimit {
		return nil, nil, err
	}
	data, err := f.st.base.store.Raw(nil, number)
	if err != nil {
		return nil, nil, err
	}
	b, err := block.Decode(data, nil)
	return b, nil, err
}

// held returns how many values that are not null the blocks at hand have.
func (r *columnRows) held() (n int) {
	for _, b := range r.blocks {
		if b != nil {
			n += b.Header.Count - b.Header.Nulls
		}
	}
	return n
}

// fill sets rows to the values from offset at of the group on.
func (r *columnRows) fill(at int, rows []value.Value) {
	clear(rows)
	shift := r.old.shift
	if r.old.empty() {
		shift = groupBits
	}
	end := at + len(rows)
	for from := at; from < end && r.f.err == nil; {
		part := from >> shift
		to := min((part+1)<<shift, end)
		r.open(part)
		r.read(from-part<<shift, rows[from-at:to-at])
		from = to
	}
	for page := at >> pageBits; page<<pageBits < end; page++ {
		p := r.changed.get(r.group<<(groupBits-pageBits) | uint32(page))
		if p == nil {
			continue
		}
		for i := max(at, page<<pageBits); i < min(end, (page+1)<<pageBits); i++ {
			if v, ok := p.get(uint32(i) & pageMask); ok {
				rows[i-at] = v
			}
		}
	}
}

// read boxes rows of the blocks at hand, from row at on.
func (r *columnRows) read(at int, rows []value.Value) {
	for k, b := range r.blocks {
		if b == nil || b.Header.Nulls == b.Header.Count {
			continue
		}
		for i := range min(len(rows), b.Header.Count-at) {
			if b.Nulls.Get(at + i) {
				continue
			}
			if k == 0 {
				rows[i] = boxed(b, r.old.typ, at+i)
			} else {
				rows[i] = b.Anys[at+i]
			}
		}
	}
}

// touched returns the parts with changes, ascending.
func (r *columnRows) touched() (parts []int) {
	pagesOf(r.changed, r.group, func(at uint32, p *propPage) {
		for i, kind := range p.kind {
			part := int(at+uint32(i)) >> r.old.shift
			if kind != 0 && (len(parts) == 0 || parts[len(parts)-1] != part) {
				parts = append(parts, part)
			}
		}
	})
	return parts
}

// partSize counts what the values of a part take where that depends on them. A text
// that equals the one before it counts once: encoding sees to that.
type partSize struct {
	bytes, largest int
	before         value.Value
}

func (s *partSize) add(v value.Value) int {
	n := 0
	switch {
	case v.Kind() == value.KindString:
		if s.before.Kind() == value.KindString && s.before.AsString() == v.AsString() {
			return 0
		}
		n, s.before = len(v.AsString()), v
	case typeOf(v.Kind()) == column.Any:
		n = encodedAbout(v)
	}
	s.bytes += n
	s.largest = max(s.largest, n)
	return n
}

// over reports whether the part holds more than most bytes beside its largest value.
func (s *partSize) over(most int) bool { return s.bytes > s.largest+most }

// encodedAbout is about how many bytes a value takes as a block's value.
func encodedAbout(v value.Value) int {
	switch v.Kind() {
	case value.KindString:
		return 8 + len(v.AsString())
	case value.KindList:
		n := 8
		for _, e := range v.Elems() {
			n += encodedAbout(e)
		}
		return n
	case value.KindDateTime, value.KindLocalDateTime, value.KindDuration, value.KindPoint:
		return 24
	}
	return 8
}

// columnSurvey is what one needs to know of a column group to cut it.
type columnSurvey struct {
	byType [column.Any + 1]int
	sizes  []uint32      // of each row up to the last that is not null
	vals   []value.Value // of all rows; nil: too large to hold
	count  uint32
	bytes  int
}

func surveyColumn(fill func(at int, rows []value.Value)) columnSurvey {
	s := columnSurvey{vals: make([]value.Value, groupSize), sizes: make([]uint32, groupSize)}
	var size partSize
	var page [pageSize]value.Value
	last := -1
	for at := 0; at < groupSize; at += pageSize {
		rows := page[:]
		if s.vals != nil {
			rows = s.vals[at : at+pageSize]
		}
		fill(at, rows)
		for i, v := range rows {
			if v.IsNull() {
				continue
			}
			s.count++
			last = at + i
			s.byType[typeOf(v.Kind())]++
			s.sizes[last] = uint32(size.add(v))
		}
		if size.bytes > heldBytes {
			s.vals = nil
		}
	}
	s.sizes, s.bytes = s.sizes[:last+1], size.bytes
	return s
}

// typ returns the most frequent type.
func (s *columnSurvey) typ() (most column.Type) {
	for t := column.Bool; t < column.Any; t++ {
		if s.byType[t] > s.byType[most] || most == column.Null && s.byType[t] > 0 {
			most = t
		}
	}
	return most
}

// shift returns how the group is cut: into parts of 1<<shift rows.
func (s *columnSurvey) shift() uint8 {
	shift := uint8(groupBits)
	for bytes := s.bytes; bytes > partBytes && shift > leastEven; bytes /= 2 {
		shift--
	}
	for shift > 0 && s.over(1<<shift) {
		shift--
	}
	return shift
}

// over reports whether a part of so many rows is over.
func (s *columnSurvey) over(rows int) bool {
	for at := 0; at < len(s.sizes); at += rows {
		var p partSize
		for _, n := range s.sizes[at:min(at+rows, len(s.sizes))] {
			p.bytes += int(n)
			p.largest = max(p.largest, int(n))
		}
		if p.over(mostBytes) {
			return true
		}
	}
	return false
}

// putColumn writes a column group, which fill gives rows of: typed by the most frequent
// type, the other values beside it.
func (f *fold) putColumn(fill func(at int, rows []value.Value)) colGroup {
	s := surveyColumn(fill)
	g := colGroup{typ: s.typ(), count: s.count, shift: s.shift()}
	parts := 1 << (groupBits - g.shift)
	var buf []value.Value
	for part := 0; part < parts && part<<g.shift < len(s.sizes) && f.err == nil; part++ {
		from, end := part<<g.shift, min((part+1)<<g.shift, len(s.sizes))
		var rows []value.Value
		if s.vals != nil {
			rows = s.vals[from:end]
		} else {
			buf = resize(buf, end-from)
			rows = buf
			fill(from, rows)
		}
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
