package transfer

import (
	"encoding/binary"
	"errors"
	"math"
	"path"
	"slices"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/vfs"
	"github.com/kadedb/kadedb/value"
)

// columnID names a column of rows: a property key, and the physical type, so that files
// of which one has integers under a key and another has strings do not disturb each other.
type columnID struct {
	key string
	typ column.Type
}

// vector is one column of rows: eight bytes a row, or text behind ends. No pointers.
type vector struct {
	fixed []uint64
	ends  []uint32
	text  []byte
	nulls column.Bitmap // may be shorter than the rows: those are not null
	some  bool          // a row is not null
}

func isFixed(t column.Type) bool { return t != column.String && t != column.Any }

func (v *vector) setNull(i int) {
	for len(v.nulls)*64 <= i {
		v.nulls = append(v.nulls, 0)
	}
	v.nulls.Set(i)
}

func (v *vector) isNull(i int) bool { return i>>6 < len(v.nulls) && v.nulls.Get(i) }

// add appends row r of a typed vector as row n.
func (v *vector) add(src *column.Vector, r, n int) { v.addRows(src, []int32{int32(r)}, n) }

// addRows appends the rows sel of a typed vector as rows from n on.
func (v *vector) addRows(src *column.Vector, sel []int32, n int) {
	at := len(v.fixed)
	if isFixed(src.Type) {
		v.fixed = slices.Grow(v.fixed, len(sel))[:at+len(sel)]
	}
	fixed := v.fixed[at:]
	switch src.Type {
	case column.Int, column.Date:
		for i, r := range sel {
			fixed[i] = uint64(src.Ints[r])
		}
	case column.Float:
		for i, r := range sel {
			fixed[i] = math.Float64bits(src.Floats[r])
		}
	case column.Bool:
		for i, r := range sel {
			fixed[i] = 0
			if src.Bools[r] {
				fixed[i] = 1
			}
		}
	case column.String:
		v.addTexts(src, sel)
	case column.Any:
		for _, r := range sel {
			if !src.IsNull(int(r)) {
				v.text = value.Append(v.text, src.Anys[r])
			}
			v.ends = append(v.ends, uint32(len(v.text)))
		}
	}
	if src.Type != column.Any && src.Nulls == nil {
		v.some = v.some || len(sel) > 0
		return
	}
	for i, r := range sel {
		switch {
		case !src.IsNull(int(r)):
			v.some = true
		case isFixed(src.Type):
			fixed[i] = 0
			fallthrough
		default:
			v.setNull(n + i)
		}
	}
}

func (v *vector) addTexts(src *column.Vector, sel []int32) {
	size := 0
	for _, r := range sel {
		size += len(src.Str(int(r)))
	}
	v.text, v.ends = slices.Grow(v.text, size), slices.Grow(v.ends, len(sel))
	for _, r := range sel {
		if src.Nulls == nil || !src.IsNull(int(r)) {
			v.text = append(v.text, src.Str(int(r))...)
		}
		v.ends = append(v.ends, uint32(len(v.text)))
	}
}

func (v *vector) addNull(t column.Type, n int) {
	if isFixed(t) {
		v.fixed = append(v.fixed, 0)
	} else {
		v.ends = append(v.ends, uint32(len(v.text)))
	}
	v.setNull(n)
}

// reserve makes a vector of n rows that is nearly full large enough for expect of them.
// Growing in steps would copy everything several times.
func (v *vector) reserve(n, expect int) {
	if expect <= n+n/2 || n == 0 {
		return
	}
	if cap(v.fixed) > 0 && cap(v.fixed) < expect && 4*len(v.fixed) > 3*cap(v.fixed) {
		v.fixed = append(make([]uint64, 0, expect), v.fixed...)
	}
	if cap(v.ends) > 0 && cap(v.ends) < expect && 4*len(v.ends) > 3*cap(v.ends) {
		v.ends = append(make([]uint32, 0, expect), v.ends...)
	}
	// Texts are not all as long as those so far.
	if text := int(float64(len(v.text)) / float64(n) * float64(expect) * 1.02); cap(v.text) < text && 4*len(v.text) > 3*cap(v.text) {
		v.text = append(make([]byte, 0, text), v.text...)
	}
}

func (v *vector) cell(i int) []byte {
	from := uint32(0)
	if i > 0 {
		from = v.ends[i-1]
	}
	return v.text[from:v.ends[i]]
}

// rows are rows of some columns: those of nodes in the order in which they came, those
// of relationships with their ends in keys. New columns may come with any file; the
// rows before have nulls there.
type rows struct {
	n      int
	keys   []uint64 // start · 2³² + end; nil for nodes
	cols   []vector // by the rowSet's columns; may be fewer than those
	expect int      // about how many there will be at once: what grows, grows to that
}

// maxRowsText keeps a vector's ends within 32 bits, with room for a chunk.
const maxRowsText = 1 << 31

// full reports whether the rows should be put away, whatever the memory.
func (b *rows) full() bool {
	for i := range b.cols {
		if len(b.cols[i].text) > maxRowsText {
			return true
		}
	}
	return b.n >= 1<<28
}

// appendChunk adds the rows sel of columns: cols[i] belongs to column at[i].
func (b *rows) appendChunk(ids []columnID, at []int, cols []*column.Vector, sel []int32) {
	for len(b.cols) < len(ids) {
		var v vector
		for i := range b.n {
			v.addNull(ids[len(b.cols)].typ, i)
		}
		b.cols = append(b.cols, v)
	}
	given, also := make([]*column.Vector, len(ids)), make([][]*column.Vector, len(ids))
	for i, c := range at {
		if given[c] != nil {
			also[c] = append(also[c], cols[i])
			continue
		}
		given[c] = cols[i]
	}
	for c := range ids {
		v, src := &b.cols[c], given[c]
		if also[c] != nil {
			b.addEither(c, append([]*column.Vector{src}, also[c]...), sel)
			continue
		}
		if src == nil {
			for i := range sel {
				v.addNull(ids[c].typ, b.n+i)
			}
			continue
		}
		v.reserve(b.n, b.expect)
		v.addRows(src, sel, b.n)
	}
	b.n += len(sel)
}

// addEither adds the rows sel of several columns with one name: the first that is not null.
func (b *rows) addEither(c int, srcs []*column.Vector, sel []int32) {
	for i, r := range sel {
		src := srcs[0]
		for _, s := range srcs {
			if !s.IsNull(int(r)) {
				src = s
				break
			}
		}
		b.cols[c].add(src, int(r), b.n+i)
	}
}

// spill is one temporary file that rows are put away in.
type spill struct {
	fs   vfs.FS
	name string
	f    vfs.File
	size int64
}

func (s *spill) write(b []byte) (at int64, err error) {
	if s.f == nil {
		if err := s.fs.MkdirAll(path.Dir(s.name)); err != nil {
			return 0, s.error(err)
		}
		if s.f, err = s.fs.Create(s.name); err != nil {
			return 0, s.error(err)
		}
	}
	at = s.size
	if _, err := s.f.WriteAt(b, at); err != nil {
		return 0, s.error(err)
	}
	s.size += int64(len(b))
	return at, nil
}

func (s *spill) error(err error) error {
	code := status.DiskError
	if vfs.IsFull(err) {
		code = status.DiskFull
	}
	return status.Errorf(code, "the temporary file %s: %w", s.name, err)
}

func (s *spill) read(dst []byte, at int64) error {
	if _, err := s.f.ReadAt(dst, at); err != nil {
		return s.error(err)
	}
	return nil
}

// close removes the file.
func (s *spill) close() error {
	if s.f == nil {
		return nil
	}
	err := errors.Join(s.f.Close(), s.fs.Remove(s.name))
	s.f = nil
	if err != nil {
		return s.error(err)
	}
	return nil
}

// frame is some rows in a spill file: each part can be read by itself.
type frame struct {
	n    int
	keys segment
	cols []struct{ fixed, ends, text, nulls segment }
	some []bool
}

type segment struct{ at, n int64 }

// frameRows is how many rows a frame has at most: what a cursor holds in memory.
const frameRows = 4096

// putAway writes rows from … to-1 of b, in the order of idx (nil: as they are), as one
// frame. ids are b's columns.
func (b *rows) putAway(s *spill, ids []columnID, idx []uint32, from, to int, buf []byte) (frame, []byte, error) {
	f := frame{n: to - from, cols: make([]struct{ fixed, ends, text, nulls segment }, len(b.cols)), some: make([]bool, len(b.cols))}
	buf = buf[:0]
	mark := func(g *segment, start int) { *g = segment{int64(start), int64(len(buf) - start)} }
	row := func(i int) int {
		if idx == nil {
			return i
		}
		return int(idx[i])
	}
	if b.keys != nil {
		for i := from; i < to; i++ {
			buf = binary.LittleEndian.AppendUint64(buf, b.keys[i])
		}
		mark(&f.keys, 0)
	}
	for c := range b.cols {
		v, fc := &b.cols[c], &f.cols[c]
		f.some[c] = v.some
		start := len(buf)
		if isFixed(ids[c].typ) {
			for i := from; i < to; i++ {
				buf = binary.LittleEndian.AppendUint64(buf, v.fixed[row(i)])
			}
			mark(&fc.fixed, start)
		} else {
			for i := from; i < to; i++ {
				buf = append(buf, v.cell(row(i))...)
			}
			mark(&fc.text, start)
			start = len(buf)
			end := uint32(0)
			for i := from; i < to; i++ {
				end += uint32(len(v.cell(row(i))))
				buf = binary.LittleEndian.AppendUint32(buf, end)
			}
			mark(&fc.ends, start)
		}
		if len(v.nulls) == 0 {
			continue
		}
		start = len(buf)
		for i := from; i < to; i += 64 {
			var w uint64
			for k := i; k < min(i+64, to); k++ {
				if v.isNull(row(k)) {
					w |= 1 << (k - i)
				}
			}
			buf = binary.LittleEndian.AppendUint64(buf, w)
		}
		mark(&fc.nulls, start)
	}
	at, err := s.write(buf)
	f.shift(at)
	return f, buf, err
}

func (f *frame) shift(at int64) {
	f.keys.at += at
	for i := range f.cols {
		c := &f.cols[i]
		for _, g := range []*segment{&c.fixed, &c.ends, &c.text, &c.nulls} {
			g.at += at
		}
	}
}

// loader reads parts of frames into memory that it uses again.
type loader struct{ buf []byte }

func (l *loader) segment(s *spill, g segment) ([]byte, error) {
	if int64(cap(l.buf)) < g.n {
		l.buf = make([]byte, g.n)
	}
	l.buf = l.buf[:g.n]
	return l.buf, s.read(l.buf, g.at)
}

func (l *loader) words(s *spill, g segment, dst []uint64) ([]uint64, error) {
	dst = dst[:0]
	if g.n == 0 {
		return dst, nil
	}
	b, err := l.segment(s, g)
	for i := 0; i < len(b); i += 8 {
		dst = append(dst, binary.LittleEndian.Uint64(b[i:]))
	}
	return dst, err
}

// column reads column c of a frame into v.
func (l *loader) column(s *spill, f *frame, c int, v *vector) (err error) {
	if c >= len(f.cols) {
		v.some = false
		return nil
	}
	fc := &f.cols[c]
	v.some = f.some[c]
	if v.fixed, err = l.words(s, fc.fixed, v.fixed); err != nil {
		return err
	}
	if v.nulls, err = l.words(s, fc.nulls, v.nulls); err != nil {
		return err
	}
	v.text, v.ends = append(v.text[:0], make([]byte, fc.text.n)...), v.ends[:0]
	if fc.text.n > 0 {
		if err := s.read(v.text, fc.text.at); err != nil {
			return err
		}
	}
	if fc.ends.n > 0 {
		b, err := l.segment(s, fc.ends)
		if err != nil {
			return err
		}
		for i := 0; i < len(b); i += 4 {
			v.ends = append(v.ends, binary.LittleEndian.Uint32(b[i:]))
		}
	}
	return nil
}

// cut drops the rows from n on.
func (b *rows) cut(n int) {
	if n >= b.n {
		return
	}
	b.keys = b.keys[:min(n, len(b.keys))]
	for i := range b.cols {
		v := &b.cols[i]
		v.fixed = v.fixed[:min(n, len(v.fixed))]
		v.ends = v.ends[:min(n, len(v.ends))]
		end := uint32(0)
		if len(v.ends) > 0 {
			end = v.ends[len(v.ends)-1]
		}
		v.text = v.text[:min(int(end), len(v.text))]
		for k := n; k < b.n && k>>6 < len(v.nulls); k++ {
			v.nulls.Clear(k)
		}
	}
	b.n = n
}

// empty drops all rows and keeps the memory.
func (b *rows) empty() {
	b.cut(0)
	for i := range b.cols {
		b.cols[i].nulls, b.cols[i].some = b.cols[i].nulls[:0], false
	}
}

// used returns the bytes that the rows fill, unlike those that are held for more.
func (b *rows) used() int64 {
	sum := int64(8 * len(b.keys))
	for i := range b.cols {
		v := &b.cols[i]
		sum += int64(8*len(v.fixed) + 4*len(v.ends) + len(v.text) + 8*len(v.nulls))
	}
	return sum
}
