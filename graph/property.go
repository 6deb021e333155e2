package graph

import (
	"math"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/value"
)

// PropertyCursor gathers one key of nodes or relationships. It keeps the blocks
// that it has read pinned until Close and belongs to one goroutine.
type PropertyCursor struct {
	r       *Reader
	rels    bool
	overlay *tree[propPage, *propPage] // nil: nothing of this key changed
	pages   []uint64                   // which pages overlay has, one bit each; nil: not looked up
	base    columnCursor
}

// NodeColumn returns a cursor over a key of nodes.
func (r *Reader) NodeColumn(key catalog.KeyID) *PropertyCursor {
	c := new(PropertyCursor)
	c.OpenNodes(r, key)
	return c
}

// RelColumn returns a cursor over a key of relationships.
func (r *Reader) RelColumn(key catalog.KeyID) *PropertyCursor {
	c := new(PropertyCursor)
	c.OpenRels(r, key)
	return c
}

// OpenNodes makes c, which is new or closed, what r.NodeColumn returns.
func (c *PropertyCursor) OpenNodes(r *Reader, key catalog.KeyID) {
	c.r, c.rels, c.pages = r, false, nil
	c.overlay, c.base = changed(&r.s.nodeCols, key), r.s.base.column(catalog.Nodes, key)
}

// OpenRels makes c, which is new or closed, what r.RelColumn returns.
func (c *PropertyCursor) OpenRels(r *Reader, key catalog.KeyID) {
	c.r, c.rels, c.pages = r, true, nil
	c.overlay, c.base = changed(&r.s.relCols, key), r.s.base.column(catalog.Relationships, key)
}

func changed(t *columns, key catalog.KeyID) *tree[propPage, *propPage] {
	if c := keyColumn(t, key); c != nil && !c.empty() {
		return c
	}
	return nil
}

// Close unpins what the cursor read.
func (c *PropertyCursor) Close() { c.base.close() }

// Gather sets out to the values of refs: typed where all that are not null have
// one of the types Bool, Int, Float, String and Date, boxed (column.Any) otherwise,
// and of type column.Null where every one is null. out's slices are reused; it is
// valid as long as the caller likes.
func (c *PropertyCursor) Gather(refs []uint32, sel []int32, out *column.Vector) error {
	refuse := c.r.refuseDeletedNodes
	if c.rels {
		refuse = c.r.refuseDeletedRels
	}
	if err := refuse(refs, sel); err != nil {
		return err
	}
	if done, err := c.base.gather(refs, sel, out); err != nil {
		return err
	} else if done && (c.overlay == nil || c.patch(refs, sel, out)) {
		return nil
	}
	b := gatherer{out: out, n: len(refs)}
	b.reset()
	err := forRows(len(refs), sel, func(i int) error {
		v, err := c.Value(refs[i])
		b.put(i, v)
		return err
	})
	b.finish()
	return err
}

// patch writes the changed values of refs over those of the base, and reports
// whether they are of out's type; a column without a base takes the first value's.
func (c *PropertyCursor) patch(refs []uint32, sel []int32, out *column.Vector) bool {
	n := len(refs)
	if sel != nil {
		n = len(sel)
	}
	if c.pages == nil && n >= mapAt {
		c.mapPages()
	}
	for k := range n {
		i := k
		if sel != nil {
			i = int(sel[k])
		}
		page := refs[i] >> pageBits
		if w := page >> 6; c.pages != nil && (w >= uint32(len(c.pages)) || c.pages[w]>>(page&63)&1 == 0) {
			continue
		}
		p := c.overlay.get(page)
		if p == nil || p.kind[refs[i]&pageMask] == 0 {
			continue
		}
		if out.Dict != nil {
			plain(out, len(refs), sel)
		}
		if !p.write(refs[i]&pageMask, i, len(refs), out) {
			return false
		}
	}
	return true
}

// mapAt is how many rows a batch has for which mapPages pays.
const mapAt = 512

// mapPages notes which pages the overlay has: most rows of a batch need no more
// than one look at it.
func (c *PropertyCursor) mapPages() {
	c.pages = make([]uint64, 1)
	c.overlay.each(0, 1<<26, func(page uint32, _ *propPage) bool {
		c.pages = grown(c.pages, page>>6)
		c.pages[page>>6] |= 1 << (page & 63)
		return true
	})
}

// plain turns codes into strings.
func plain(v *column.Vector, n int, sel []int32) {
	v.Strs = resize(v.Strs, n)
	clear(v.Strs)
	d := v.Dict
	v.Dict = nil
	if sel == nil {
		for i, c := range v.Codes[:n] {
			v.Strs[i] = d.Strings[c]
		}
		return
	}
	for _, i := range sel {
		v.Strs[i] = d.Strings[v.Codes[i]]
	}
}

// write puts the value of entity e into row i of n of a vector, unless it is of
// another type.
func (p *propPage) write(e uint32, i, n int, out *column.Vector) bool {
	t := typeOf(value.Kind(p.kind[e] - 1))
	if t == column.Null {
		if out.Type != column.Null {
			setNull(out, i, n)
		}
		return true
	}
	if out.Type == column.Null && t != column.Any {
		// Every row before is null.
		g := gatherer{out: out, n: n}
		out.Type = t
		g.grow(t)
		for w := range out.Nulls {
			out.Nulls[w] = ^uint64(0)
		}
	}
	if t != out.Type || t == column.Any {
		return false
	}
	switch t {
	case column.Bool:
		out.Bools[i] = p.num[e] != 0
	case column.Int, column.Date:
		out.Ints[i] = int64(p.num[e])
	case column.Float:
		out.Floats[i] = math.Float64frombits(p.num[e])
	case column.String:
		out.Strs[i] = p.str(e)
	}
	if out.Nulls != nil {
		out.Nulls.Clear(i)
	}
	return true
}

func setNull(v *column.Vector, i, n int) {
	if v.Nulls == nil {
		v.Nulls = column.NewBitmap(n)
	}
	v.Nulls.Set(i)
}

// Value returns the value of one entity, boxed.
func (c *PropertyCursor) Value(ref uint32) (value.Value, error) {
	if c.overlay != nil {
		if p := c.overlay.get(ref >> pageBits); p != nil {
			if v, ok := p.get(ref & pageMask); ok {
				return v, nil
			}
		}
	}
	return c.base.value(ref)
}

// NodeProperty is NodeColumn(key).Gather for a single batch.
func (r *Reader) NodeProperty(key catalog.KeyID, refs []uint32, sel []int32, out *column.Vector) error {
	c := r.NodeColumn(key)
	defer c.Close()
	return c.Gather(refs, sel, out)
}

// RelProperty is RelColumn(key).Gather for a single batch.
func (r *Reader) RelProperty(key catalog.KeyID, refs []uint32, sel []int32, out *column.Vector) error {
	c := r.RelColumn(key)
	defer c.Close()
	return c.Gather(refs, sel, out)
}

// NodeProperties returns all properties of a node, by key number; nil for none.
func (r *Reader) NodeProperties(ref uint32) (*value.Map, error) {
	if err := r.refuseDeletedNodes([]uint32{ref}, nil); err != nil {
		return nil, err
	}
	return r.properties(&r.s.nodeCols, catalog.Nodes, ref)
}

// RelProperties returns all properties of a relationship, by key number; nil for none.
func (r *Reader) RelProperties(ref uint32) (*value.Map, error) {
	if err := r.refuseDeletedRels([]uint32{ref}, nil); err != nil {
		return nil, err
	}
	return r.properties(&r.s.relCols, catalog.Relationships, ref)
}

func (r *Reader) properties(t *columns, e catalog.Entity, ref uint32) (*value.Map, error) {
	var m *value.Map
	err := r.s.eachProperty(t, e, ref, func(k catalog.KeyID, v value.Value) {
		if m == nil {
			m = &value.Map{}
		}
		m.Keys = append(m.Keys, r.cat.KeyName(k))
		m.Vals = append(m.Vals, v)
	})
	return m, err
}

// eachProperty calls f for each property of an entity, by ascending key.
func (s *State) eachProperty(t *columns, e catalog.Entity, ref uint32, f func(catalog.KeyID, value.Value)) error {
	keys := s.base.keys(e, ref)
	var err error
	base := func(k catalog.KeyID) {
		c := s.base.column(e, k)
		defer c.close()
		v, verr := c.value(ref)
		if verr != nil {
			err = verr
		} else if !v.IsNull() {
			f(k, v)
		}
	}
	page := ref >> pageBits
	for _, key := range t.keysNear(page) {
		for len(keys) > 0 && keys[0] < key {
			base(keys[0])
			keys = keys[1:]
		}
		v, ok := keyColumn(t, key).get(page).get(ref & pageMask)
		if !ok {
			continue
		}
		if len(keys) > 0 && keys[0] == key {
			keys = keys[1:]
		}
		if !v.IsNull() {
			f(key, v)
		}
	}
	for _, k := range keys {
		base(k)
	}
	return err
}

// property returns one property of an entity.
func (s *State) property(t *columns, e catalog.Entity, key catalog.KeyID, ref uint32) (value.Value, error) {
	if c := keyColumn(t, key); c != nil {
		if p := c.get(ref >> pageBits); p != nil {
			if v, ok := p.get(ref & pageMask); ok {
				return v, nil
			}
		}
	}
	c := s.base.column(e, key)
	defer c.close()
	return c.value(ref)
}
