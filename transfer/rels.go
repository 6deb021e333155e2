package transfer

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/transfer/tabular"
)

// relSet is the relationships of one type: rows in memory, and sorted runs of them in
// the spill file.
type relSet struct {
	typ string
	schema
	buf  rows
	runs [][]frame
	n    int64
}

func (im *importer) relSet(typ string) *relSet {
	for _, s := range im.rels {
		if s.typ == typ {
			return s
		}
	}
	s := &relSet{typ: typ}
	im.rels = append(im.rels, s)
	return s
}

// readRels reads all files of relationships.
func (im *importer) readRels() error {
	bad, done := im.sum.Bad, im.doneBytes
	for i := 0; i < len(im.p.rels); i++ {
		r := relReader{im: im, src: im.p.rels[i], at: map[*relSet][]int{}, sel: map[*relSet][]int32{}}
		again, err := im.read(r.src, r.work, r.take)
		if err != nil {
			return err
		}
		if again {
			// A column is of another kind than it seemed; rows of several files may lie in
			// one run already.
			im.rels, im.sum.Bad, im.doneBytes = nil, bad, done
			im.enough.Store(false)
			i = -1
		}
	}
	return im.lookups()
}

// relEnds is what work finds out about the rows of a chunk.
type relEnds struct {
	keys []uint64
	sel  []int32
	bad  []tabular.Bad
	more int64
}

type relReader struct {
	im   *importer
	src  *source
	at   map[*relSet][]int
	sel  map[*relSet][]int32
	keys map[*relSet][]uint64
	cols []*column.Vector
}

// work looks up both ends of every row.
func (r *relReader) work(c *tabular.Chunk) error {
	s := r.src
	e := &relEnds{keys: make([]uint64, 0, c.Rows), sel: make([]int32, 0, c.Rows)}
	c.Data = e
	from, to := &c.Cols[s.wStart], &c.Cols[s.wEnd]
	starts, ends := s.from.finder(from, c.Rows), s.to.finder(to, c.Rows)
	for i := range c.Rows {
		start, ok := starts(i)
		end, ok2 := ends(i)
		if ok && ok2 {
			e.keys = append(e.keys, uint64(start)<<32|uint64(end))
			e.sel = append(e.sel, int32(i))
			continue
		}
		if r.im.spec.BadRow == nil && len(e.bad) >= maxBadShown || r.im.enough.Load() {
			e.more++
			continue
		}
		sp, v, what := s.from, from, "start"
		if ok {
			sp, v, what = s.to, to, "end"
		}
		b := r.im.badRow(c, i, status.DanglingRelationship,
			fmt.Sprintf("no node of %s has id %s, the relationship's %s", sp.describe(), v.Value(i), what))
		if v.IsNull(i) {
			b.Code, b.Reason = status.MalformedRow, fmt.Sprintf("no id of the relationship's %s", what)
		}
		e.bad = append(e.bad, b)
	}
	return nil
}

// finder returns what find does, of each row of a chunk. What has to be looked up in
// indexes is so at once, in their order: each block of them is read but once then.
func (s *space) finder(v *column.Vector, rows int) func(i int) (uint32, bool) {
	if s.old.reader == nil {
		return func(i int) (uint32, bool) { return s.find(v, i) }
	}
	found := make([]int64, rows) // number + 1
	var order []int32
	for i := range rows {
		if v.IsNull(i) {
			continue
		}
		if n, ok := s.ids.get(v, i); ok {
			found[i] = int64(n) + 1
		} else {
			order = append(order, int32(i))
		}
	}
	slices.SortFunc(order, func(a, b int32) int { return compareRows(v, int(a), int(b)) })
	for k, i := range order {
		if k > 0 && compareRows(v, int(order[k-1]), int(i)) == 0 {
			found[i] = found[order[k-1]]
		} else if n, ok := s.old.get(v, int(i)); ok {
			found[i] = int64(n) + 1
		}
	}
	return func(i int) (uint32, bool) { return uint32(found[i] - 1), found[i] > 0 }
}

func compareRows(v *column.Vector, a, b int) int {
	if v.Type == column.Int {
		return cmp.Compare(v.Ints[a], v.Ints[b])
	}
	return cmp.Compare(v.Str(a), v.Str(b))
}

// find returns the number of the node that row i names.
func (s *space) find(v *column.Vector, i int) (uint32, bool) {
	if v.IsNull(i) {
		return 0, false
	}
	if n, ok := s.ids.get(v, i); ok || s.old.n == 0 {
		return n, ok
	}
	return s.old.get(v, i)
}

func (r *relReader) take(c *tabular.Chunk) error {
	im, s, e := r.im, r.src, c.Data.(*relEnds)
	bad := newBadRows(im, s, c)
	bad.list = append(bad.list, e.bad...)
	im.sum.Bad.Count += e.more
	r.cols = r.cols[:0]
	for _, p := range s.props {
		r.cols = append(r.cols, &c.Cols[p.want])
	}
	if s.wLabel < 0 {
		if err := bad.done(); err != nil {
			return err
		}
		set := im.relSet(s.typ)
		if r.at[set] == nil {
			r.at[set] = set.columns(s)
		}
		set.buf.expect = im.expect(s, &set.buf, len(e.sel), c)
		set.add(e.keys, r.at[set], r.cols, e.sel, im.guess(s, c))
		return im.putRelsAway(false)
	}
	r.keys = map[*relSet][]uint64{}
	clear(r.sel)
	types := &c.Cols[s.wLabel]
	for k, i := range e.sel {
		if types.IsNull(int(i)) || types.Str(int(i)) == "" {
			bad.add(int(i), status.MalformedRow, "no type")
			continue
		}
		set := im.relSet(types.Str(int(i)))
		if len(im.rels) > maxLabelSets {
			return status.Errorf(status.MalformedFile, "%s: more than %d types; is the column of types the right one?", s.path, maxLabelSets)
		}
		r.sel[set], r.keys[set] = append(r.sel[set], i), append(r.keys[set], e.keys[k])
	}
	if err := bad.done(); err != nil {
		return err
	}
	for set, sel := range r.sel {
		if r.at[set] == nil {
			r.at[set] = set.columns(s)
		}
		set.add(r.keys[set], r.at[set], r.cols, sel, 0)
	}
	return im.putRelsAway(false)
}

// add appends relationships. guess is how many there may be in all.
func (s *relSet) add(keys []uint64, at []int, cols []*column.Vector, sel []int32, guess int) {
	if s.buf.keys == nil {
		s.buf.keys = make([]uint64, 0, guess)
	}
	s.buf.keys = append(s.buf.keys, keys...)
	s.buf.appendChunk(s.ids, at, cols, sel)
	s.n += int64(len(sel))
}

// guess estimates the rows of a file, of which c is the latest chunk, that will be in
// memory at once.
func (im *importer) guess(s *source, c *tabular.Chunk) int {
	rows := s.table.Rows()
	if rows < 0 {
		rows = int64(1.02 * float64(im.stageRows) / float64(max(c.Bytes, 1)) * float64(s.table.Size()))
	}
	return int(min(rows, im.memory/4/8))
}

// putRelsAway sorts buffered relationships and writes them to the spill file where
// they are too many; all: whatever there is.
func (im *importer) putRelsAway(all bool) error {
	for {
		sum, most := int64(0), (*relSet)(nil)
		for _, s := range im.rels {
			n := s.buf.used()
			sum += n
			if s.buf.n > 0 && (most == nil || n > most.buf.used() || s.buf.full()) {
				most = s
			}
		}
		if most == nil || !all && sum <= im.memory/4 && !most.buf.full() {
			return nil
		}
		if err := im.putRunAway(most); err != nil {
			return err
		}
	}
}

func (im *importer) putRunAway(s *relSet) error {
	idx := im.sortRun(s)
	var run []frame
	for from := 0; from < s.buf.n; from += frameRows {
		f, buf, err := s.buf.putAway(im.spill, s.ids, idx, from, min(from+frameRows, s.buf.n), im.scratch)
		im.scratch = buf
		if err != nil {
			return err
		}
		run = append(run, f)
	}
	s.runs = append(s.runs, run)
	s.buf.empty()
	return nil
}

// sortRun sorts the keys of the rows in memory; it returns the rows that they belong
// to, nil where there are no columns to look at.
func (im *importer) sortRun(s *relSet) (idx []uint32) {
	n := s.buf.n
	if cap(im.tmp) < n {
		im.tmp = make([]uint64, n)
	}
	var tmpIdx []uint32
	if len(s.ids) > 0 {
		idx, tmpIdx = make([]uint32, n), make([]uint32, n)
		for i := range idx {
			idx[i] = uint32(i)
		}
	}
	s.buf.keys, idx, im.tmp, _ = sortKeys(s.buf.keys, idx, im.tmp[:n], tmpIdx)
	return idx
}

// relCursor goes through one sorted run in a file.
type relCursor struct {
	keys   []uint64
	pos    int
	parts  [][]*vector
	s      *spill
	frames []frame
	loaded []vector
	l      loader
}

// load reads the next frame; keys is empty at the end.
func (c *relCursor) load(set *relSet, groups [][]int) (err error) {
	c.keys, c.pos = c.keys[:0], 0
	if len(c.frames) == 0 {
		return nil
	}
	f := &c.frames[0]
	c.frames = c.frames[1:]
	if c.keys, err = c.l.words(c.s, f.keys, c.keys); err != nil {
		return err
	}
	for g, cols := range groups {
		for k, col := range cols {
			v := &c.loaded[col]
			if err := c.l.column(c.s, f, col, v); err != nil {
				return err
			}
			c.parts[g][k] = nil
			if v.some {
				c.parts[g][k] = v
			}
		}
	}
	return nil
}

// writeRels writes the relationships of one type.
func (im *importer) writeRels(s *relSet) error {
	typ, err := im.b.Type(s.typ)
	if err != nil {
		return err
	}
	if s.n >= 1<<32-1 {
		return status.Errorf(status.StoreFull, "%d relationships of type `%s`; a store holds 4,294,967,295", s.n, s.typ)
	}
	w, err := im.b.Rels(typ, uint32(s.n))
	if err != nil {
		return err
	}
	if s.n == 0 {
		return w.Close()
	}
	if len(s.runs) > 0 {
		if err := im.putRunAway(s); err != nil {
			return err
		}
		s.buf, im.tmp = rows{}, nil
	}
	back := &sorted{s: im.spill, cap: int(max(im.memory/3/24, 1<<16))}
	if s.n <= int64(back.cap) {
		back.keys = make([]uint64, 0, s.n)
	}
	if err := im.forward(s, w, back); err != nil {
		return err
	}
	s.buf, s.runs, im.tmp = rows{}, nil, nil
	if err := im.backward(s, w, back); err != nil {
		return err
	}
	im.sum.Relationships += s.n
	return w.Close()
}

// forward writes lists by start, the columns in that order, and fills back.
func (im *importer) forward(s *relSet, w *graph.BulkRels, back *sorted) error {
	names, byKey := s.keys()
	groups := make([][]int, len(names))
	outs := make([]*output, len(names))
	for i, name := range names {
		key, err := im.b.Key(name)
		if err != nil {
			return err
		}
		groups[i] = byKey[name]
		outs[i] = newOutput(s.types(byKey[name]), w.First, func(first uint32, v *column.Vector, n int) error {
			return im.b.RelColumn(key, first, v, n)
		})
	}
	src, dst := make([]uint32, 0, groupRows), make([]uint32, 0, groupRows)
	start := im.wrote
	flush := func() error {
		im.wrote += int64(len(src))
		im.tick("writing "+s.typ, im.wrote-start)
		if err := im.ctx.Err(); err != nil {
			return err
		}
		err := w.Forward(src, dst)
		src, dst = src[:0], dst[:0]
		return err
	}
	add := func(key uint64) error {
		from, to := uint32(key>>32), uint32(key)
		src, dst = append(src, from), append(dst, to)
		return back.add(uint64(to)<<32 | uint64(from))
	}
	var err error
	if len(s.runs) == 0 {
		err = im.inMemory(s, groups, outs, add, flush)
	} else {
		err = im.merge(s, groups, func(c *relCursor, key uint64, row int) error {
			for g, out := range outs {
				if err := out.add(c.parts[g], row); err != nil {
					return err
				}
			}
			if err := add(key); err != nil || len(src) < groupRows {
				return err
			}
			return flush()
		})
	}
	if err != nil {
		return err
	}
	for _, out := range outs {
		if err := out.flush(); err != nil {
			return err
		}
	}
	return flush()
}

// parts returns room for the columns of each key.
func parts(groups [][]int) [][]*vector {
	out := make([][]*vector, len(groups))
	for g := range groups {
		out[g] = make([]*vector, len(groups[g]))
	}
	return out
}

// inMemory gives relationships that are all in memory to add and outs, in order of start
// and end, and calls flush after each group.
func (im *importer) inMemory(s *relSet, groups [][]int, outs []*output, add func(key uint64) error, flush func() error) error {
	idx, cols := im.sortRun(s), parts(groups)
	for g, group := range groups {
		for k, col := range group {
			if col < len(s.buf.cols) && s.buf.cols[col].some {
				cols[g][k] = &s.buf.cols[col]
			}
		}
	}
	for from := 0; from < len(s.buf.keys); from += groupRows {
		to := min(from+groupRows, len(s.buf.keys))
		for g, out := range outs {
			if err := out.gather(cols[g], idx[from:to]); err != nil {
				return err
			}
		}
		for _, key := range s.buf.keys[from:to] {
			if err := add(key); err != nil {
				return err
			}
		}
		if to-from == groupRows {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// merge calls f with every relationship of sorted runs in order of start and end, and the
// row of the cursor's parts that it is.
func (im *importer) merge(s *relSet, groups [][]int, f func(c *relCursor, key uint64, row int) error) error {
	curs := make([]*relCursor, len(s.runs))
	var h mergeHeap
	for i, run := range s.runs {
		c := &relCursor{parts: parts(groups), s: im.spill, frames: run, loaded: make([]vector, len(s.ids))}
		curs[i] = c
		if err := c.load(s, groups); err != nil {
			return err
		}
		if len(c.keys) > 0 {
			h = append(h, head{c.keys[0], i})
		}
	}
	h.init()
	for len(h) > 0 {
		c := curs[h[0].run]
		if err := f(c, c.keys[c.pos], c.pos); err != nil {
			return err
		}
		if c.pos++; c.pos == len(c.keys) {
			if err := c.load(s, groups); err != nil {
				return err
			}
		}
		h.step(c.pos < len(c.keys), func() uint64 { return c.keys[c.pos] })
	}
	return nil
}

// backward writes lists by end.
func (im *importer) backward(s *relSet, w *graph.BulkRels, back *sorted) error {
	dst, src, rel := make([]uint32, groupRows), make([]uint32, groupRows), make([]uint32, groupRows)
	start := im.wrote
	return back.each(func(keys []uint64, nums []uint32) error {
		im.wrote += int64(len(keys))
		im.tick("writing "+s.typ+" backward", im.wrote-start)
		if err := im.ctx.Err(); err != nil {
			return err
		}
		for i, k := range keys {
			dst[i], src[i], rel[i] = uint32(k>>32), uint32(k), w.First+nums[i]
		}
		return w.Backward(dst[:len(keys)], src[:len(keys)], rel[:len(keys)])
	})
}
