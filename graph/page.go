package graph

import (
	"math"
	"math/bits"
	"slices"
	"unsafe"

	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/value"
)

// nodePage is what changed of 64 nodes since the base was written.
type nodePage struct {
	set  [pageSize]catalog.LabelSetID // of nodes in own
	gen  [pageSize]uint32             // of nodes in own
	ver  [pageSize]uint64             // commit that last changed the node; 0 = none since the base
	own  uint64                       // nodes whose set, gen and liveness stand here, not in the base
	live uint64                       // of own: those that exist
}

func (p *nodePage) fork() {}

// relPage is what changed of 64 relationships since the base was written.
type relPage struct {
	src, dst [pageSize]uint32
	typ      [pageSize]catalog.TypeID
	gen      [pageSize]uint32
	ver      [pageSize]uint64
	own      uint64 // as in nodePage; a relationship in own that is dead keeps its ends
	live     uint64
}

func (p *relPage) fork() {}

// propPage holds the changed values of one key of 64 entities.
//
//	kind[i] = 0            not changed here: the base has it, or it is null
//	kind[i] = 1+KindNull   removed
//	kind[i] = 1+kind       num[i] holds the value, or offset<<32|length in blob
type propPage struct {
	kind [pageSize]uint8
	num  [pageSize]uint64
	blob []byte
	dead uint32 // bytes of blob that nothing refers to
}

func (p *propPage) fork() { p.blob = p.blob[:len(p.blob):len(p.blob)] }

func inBlob(k value.Kind) bool {
	switch k {
	case value.KindNull, value.KindBool, value.KindInt, value.KindFloat, value.KindDate:
		return false
	}
	return true
}

// set stores v as the value of entity i.
func (p *propPage) set(i uint32, v value.Value) {
	if k := p.kind[i]; k != 0 && inBlob(value.Kind(k-1)) {
		p.dead += uint32(p.num[i])
	}
	k := v.Kind()
	p.kind[i] = uint8(k) + 1
	switch k {
	case value.KindNull:
		p.num[i] = 0
	case value.KindBool:
		p.num[i] = 0
		if v.AsBool() {
			p.num[i] = 1
		}
	case value.KindInt:
		p.num[i] = uint64(v.AsInt())
	case value.KindFloat:
		p.num[i] = math.Float64bits(v.AsFloat())
	case value.KindDate:
		p.num[i] = uint64(v.Days())
	default:
		if p.dead > 4096 && int(p.dead) > len(p.blob)/2 {
			p.compact(i)
		}
		from := len(p.blob)
		if k == value.KindString {
			p.blob = append(p.blob, v.AsString()...)
		} else {
			p.blob = appendValue(p.blob, v)
		}
		p.num[i] = uint64(from)<<32 | uint64(len(p.blob)-from)
	}
}

// compact rewrites blob without dead bytes and without entity skip's.
func (p *propPage) compact(skip uint32) {
	var blob []byte
	for i := range p.kind {
		if k := p.kind[i]; k == 0 || !inBlob(value.Kind(k-1)) || uint32(i) == skip {
			continue
		}
		b := p.bytes(uint32(i))
		p.num[i] = uint64(len(blob))<<32 | uint64(len(b))
		blob = append(blob, b...)
	}
	p.blob, p.dead = blob, 0
}

func (p *propPage) bytes(i uint32) []byte {
	from, n := p.num[i]>>32, p.num[i]&math.MaxUint32
	return p.blob[from : from+n]
}

// str returns a string of the blob without a copy: bytes of a blob are never
// changed once they are written, only left behind.
func (p *propPage) str(i uint32) string {
	b := p.bytes(i)
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// get returns the value of entity i, and whether the page has one (null = removed).
func (p *propPage) get(i uint32) (value.Value, bool) {
	if p.kind[i] == 0 {
		return value.Null, false
	}
	switch k := value.Kind(p.kind[i] - 1); k {
	case value.KindNull:
		return value.Null, true
	case value.KindBool:
		return value.Bool(p.num[i] != 0), true
	case value.KindInt:
		return value.Int(int64(p.num[i])), true
	case value.KindFloat:
		return value.Float(math.Float64frombits(p.num[i])), true
	case value.KindDate:
		return value.Date(int64(p.num[i])), true
	case value.KindString:
		return value.String(p.str(i)), true
	}
	// The page holds only what appendValue wrote.
	v, _, err := value.Decode(p.bytes(i))
	if err != nil {
		panic("graph: a property page does not decode: " + err.Error())
	}
	return v, true
}

// colPage holds the changed columns of 8 keys.
type colPage struct {
	cols [8]tree[propPage, *propPage]
}

func (p *colPage) fork() {}

// columns is one property tree a key, and for each page of entities the keys whose
// trees have it: what a store has of other keys is no matter of theirs.
type columns struct {
	tree[colPage, *colPage]
	near tree[keyPage, *keyPage]
}

// keyPage holds the keys of a page of entities, ascending.
type keyPage struct {
	keys []catalog.KeyID
}

func (p *keyPage) fork() { p.keys = slices.Clip(p.keys) }

// edit returns a page of a key's values for editing.
func (t *columns) edit(o *owner, k catalog.KeyID, page uint32) *propPage {
	t.noteKey(o, k, page)
	return t.tree.edit(o, uint32(k)>>3).cols[k&7].edit(o, page)
}

func (t *columns) noteKey(o *owner, k catalog.KeyID, page uint32) {
	i, has := slices.BinarySearch(t.keysNear(page), k)
	if has {
		return
	}
	near := t.near.edit(o, page)
	before := cap(near.keys)
	near.keys = slices.Insert(near.keys, i, k)
	o.added(keyBytes * max(cap(near.keys)-before, 0))
}

const keyBytes = int(unsafe.Sizeof(catalog.KeyID(0)))

// keysNear returns the keys of a page of entities.
func (t *columns) keysNear(page uint32) []catalog.KeyID {
	if p := t.near.get(page); p != nil {
		return p.keys
	}
	return nil
}

func keyColumn(t *columns, k catalog.KeyID) *tree[propPage, *propPage] {
	p := t.get(uint32(k) >> 3)
	if p == nil {
		return nil
	}
	return &p.cols[k&7]
}

// countPage holds 64 counters.
type countPage struct {
	n [pageSize]int64
}

func (p *countPage) fork() {}

type counters = tree[countPage, *countPage]

func count(t *counters, i uint32) int64 {
	if p := t.get(i >> pageBits); p != nil {
		return p.n[i&pageMask]
	}
	return 0
}

func addCount(t *counters, o *owner, i uint32, by int64) {
	t.edit(o, i>>pageBits).n[i&pageMask] += by
}

// eachBit calls f with the number of each set bit, ascending.
func eachBit(w uint64, f func(i uint32)) {
	for ; w != 0; w &= w - 1 {
		f(uint32(bits.TrailingZeros64(w)))
	}
}
