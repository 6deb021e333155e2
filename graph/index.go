package graph

import (
	"bytes"
	"slices"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/value"
)

// indexState is what changed of one index since its blocks were written.
type indexState struct {
	id      catalog.IndexID
	overlay ordered
}

// indexes is every index's changes, copied as a whole under a new owner.
type indexes struct {
	own  *owner
	list []indexState
}

func (x *indexes) get(id catalog.IndexID) *indexState {
	for i := range x.list {
		if x.list[i].id == id {
			return &x.list[i]
		}
	}
	return nil
}

// edit returns an index for editing, making it where there is none.
func (x *indexes) edit(o *owner, id catalog.IndexID) *indexState {
	if x.own != o {
		x.list, x.own = bytesClone(x.list), o
	}
	if s := x.get(id); s != nil {
		return s
	}
	x.list = append(x.list, indexState{id: id})
	return &x.list[len(x.list)-1]
}

func (x *indexes) drop(o *owner, id catalog.IndexID) {
	var kept []indexState
	for _, s := range x.list {
		if s.id != id {
			kept = append(kept, s)
		}
	}
	x.list, x.own = kept, o
}

// Bound is one end of a range.
type Bound struct {
	Value     value.Value // Null: the end of the other bound's type group
	Inclusive bool
}

// IndexCursor gives the entities of a range of an index in the order of their
// keys, equal keys by number. Close it.
type IndexCursor struct {
	over  orderedCursor
	base  indexBaseCursor
	to    []byte // keys below it; nil: no end
	empty bool
}

// Close unpins what the cursor read.
func (c *IndexCursor) Close() { c.base.close() }

// Next writes up to len(buf) entities to buf and returns how many; 0 is the end.
func (c *IndexCursor) Next(buf []uint32) (n int, err error) {
	if c.empty {
		return 0, nil
	}
	for n < len(buf) {
		overOK := c.over.valid() && c.before(c.over.key())
		baseKey, err := c.base.key()
		if err != nil {
			return n, err
		}
		baseOK := baseKey != nil && c.before(baseKey)
		switch {
		case !overOK && !baseOK:
			return n, nil
		case overOK && baseOK:
			cmp := bytes.Compare(c.over.key(), baseKey)
			if cmp > 0 {
				buf[n] = refOf(baseKey)
				n++
				c.base.next()
				continue
			}
			if cmp == 0 {
				c.base.next()
			}
			fallthrough
		case overOK:
			if !c.over.removed() {
				buf[n] = refOf(c.over.key())
				n++
			}
			c.over.next()
		default:
			buf[n] = refOf(baseKey)
			n++
			c.base.next()
		}
	}
	return n, nil
}

func (c *IndexCursor) before(key []byte) bool {
	return c.to == nil || bytes.Compare(key, c.to) < 0
}

func (s *State) openIndex(id catalog.IndexID, from, to []byte) (*IndexCursor, error) {
	c := &IndexCursor{to: to}
	if x := s.indexes.get(id); x != nil {
		x.overlay.seek(&c.over, from)
	}
	if x := s.base.indexes[id]; x != nil {
		if err := c.base.open(s.base, x, from); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// IndexEqual appends to buf the entities whose first len(vals) keys of the index
// equal vals, ascending where all keys are given. A null or NaN equals nothing.
func (r *Reader) IndexEqual(id catalog.IndexID, vals []value.Value, buf []uint32) ([]uint32, error) {
	var scratch [128]byte
	key, ok := prefixKey(scratch[:0], vals)
	if !ok {
		return buf, nil
	}
	return r.s.indexPrefix(id, key, buf)
}

// hasNaN reports whether v equals nothing, not even itself, although it has a sort key.
func hasNaN(v value.Value) bool {
	if v.Kind() == value.KindList {
		return slices.ContainsFunc(v.Elems(), hasNaN)
	}
	return v.Kind() == value.KindFloat && v.AsFloat() != v.AsFloat()
}

func prefixKey(key []byte, vals []value.Value) ([]byte, bool) {
	for _, v := range vals {
		if hasNaN(v) {
			return nil, false
		}
		var ok bool
		if key, ok = appendKey(key, v); !ok {
			return nil, false
		}
	}
	return key, true
}

// indexPrefix appends the entities of all entries that begin with key.
func (s *State) indexPrefix(id catalog.IndexID, key []byte, buf []uint32) ([]uint32, error) {
	if x := s.indexes.get(id); x == nil || x.overlay.n == 0 {
		if base := s.base.indexes[id]; base != nil {
			return base.prefix(s.base.store, key, buf)
		}
		return buf, nil
	}
	c, err := s.openIndex(id, key, after(key))
	if err != nil {
		return buf, err
	}
	defer c.Close()
	var few [64]uint32
	for {
		n, err := c.Next(few[:])
		buf = append(buf, few[:n]...)
		if n == 0 || err != nil {
			return buf, err
		}
	}
}

// after returns the least key above all that begin with prefix; nil if there is none.
func after(prefix []byte) []byte {
	out := bytesClone(prefix)
	for len(out) > 0 {
		if out[len(out)-1]++; out[len(out)-1] != 0 {
			return out
		}
		out = out[:len(out)-1]
	}
	return nil
}

// IndexRange returns a cursor over the entities whose first keys equal prefix and
// whose next key lies between lo and hi. Bounds of two type groups, or a bound
// that is NaN or cannot be compared, give nothing. Lists are compared by what is in
// them, which their order in the index does not tell: a bound that is one gives every
// list, of which the caller keeps those between. With both bounds null it gives every
// entity of prefix.
func (r *Reader) IndexRange(id catalog.IndexID, prefix []value.Value, lo, hi Bound) (*IndexCursor, error) {
	key, ok := prefixKey(nil, prefix)
	if !ok {
		return &IndexCursor{empty: true}, nil
	}
	from, to := key, after(key)
	if !lo.Value.IsNull() || !hi.Value.IsNull() {
		if from, to, ok = rangeKeys(key, lo, hi); !ok {
			return &IndexCursor{empty: true}, nil
		}
	}
	return r.s.openIndex(id, from, to)
}

// rangeKeys returns the half-open range of keys of two bounds below prefix.
func rangeKeys(prefix []byte, lo, hi Bound) (from, to []byte, ok bool) {
	var tag [2]byte
	for i, b := range []Bound{lo, hi} {
		if b.Value.IsNull() {
			continue
		}
		kind := b.Value.Kind()
		if kind == value.KindDuration || kind == value.KindPoint { // have an order, but are neither less nor greater
			return nil, nil, false
		}
		if kind == value.KindList {
			b.Value, b.Inclusive = value.List(), true
		}
		form, ok := prefixKey(nil, []value.Value{b.Value})
		if !ok {
			return nil, nil, false
		}
		tag[i] = form[0]
		if kind == value.KindList {
			form = form[:1]
		}
		full := append(bytesClone(prefix), form...)
		switch {
		case i == 0 && b.Inclusive:
			from = full
		case i == 0:
			from = after(full)
		case b.Inclusive:
			to = after(full)
		default:
			to = full
		}
	}
	switch {
	case from == nil:
		from = append(bytesClone(prefix), tag[1])
	case to == nil:
		// NaN has a rank of its own above the numbers: it is greater than none.
		to = append(bytesClone(prefix), tag[0]+1)
	case tag[0] != tag[1]:
		return nil, nil, false
	}
	return from, to, true
}

// IndexStartsWith returns a cursor over the entities whose first keys equal prefix
// and whose next key is a string that begins with start.
func (r *Reader) IndexStartsWith(id catalog.IndexID, prefix []value.Value, start string) (*IndexCursor, error) {
	key, ok := prefixKey(nil, prefix)
	if !ok {
		return &IndexCursor{empty: true}, nil
	}
	key = appendStringStart(key, start)
	return r.s.openIndex(id, key, after(key))
}

// IndexOnline returns the definition of an index that queries may use.
func (r *Reader) IndexOnline(id catalog.IndexID) (catalog.Index, error) {
	x, ok := r.cat.Index(id)
	if !ok || !x.Online {
		return x, status.Errorf(status.NoSuchIndex, "index %d does not exist or is still being built", id)
	}
	return x, nil
}
