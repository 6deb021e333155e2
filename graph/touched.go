package graph

import (
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/value"
)

// Touched counts the blocks that changes since the last checkpoint touch: those
// that hold the places of what was changed, by the directory alone, so that what
// a checkpoint writes can be held against it: bench does so, and nothing else needs it.
// Changes are added one by one.
//
//	r, err := store.Snapshot() // after the changes, before the checkpoint
//	t := r.Touched()
//	err = t.Rel(ref)           // created
//	most := t.Blocks()
type Touched struct {
	r      *Reader
	places map[place]struct{}
}

// place is what one block holds, or will hold where there is none yet.
type place struct {
	kind  byte   // r: relationship group, l: list, p and o: values of a property, i: index
	what  uint64 // of a group: the column; of a list: type and direction; of an index: its id
	block uint64 // where there is one
	group uint32 // where there is none
}

// Touched begins a count.
func (r *Reader) Touched() *Touched { return &Touched{r: r, places: map[place]struct{}{}} }

// Blocks returns how many different blocks hold what was added.
func (t *Touched) Blocks() int { return len(t.places) }

// Rel adds a relationship that was created, with its properties: one row of the
// relationship table, one entry of a list in each direction, a value of each property, an
// entry of each index.
func (t *Touched) Rel(ref uint32) error {
	s := t.r.s
	lk := s.relTable()
	defer lk.close()
	typ, err := lk.typeOf(ref)
	if err != nil {
		return err
	}
	src, dst, err := lk.ends(ref)
	if err != nil {
		return err
	}
	gen, err := s.relGen(ref)
	if err != nil {
		return err
	}
	t.row(ref, typ, gen)
	t.entry(adjKey{typ, Out}, src, edgeAt(dst, ref))
	t.entry(adjKey{typ, In}, dst, edgeAt(src, ref))
	err = s.eachProperty(&s.relCols, catalog.Relationships, ref, t.value(s.base.relCols, ref))
	if err != nil {
		return err
	}
	return t.indexes(catalog.Relationships, uint32(typ), ref)
}

// row adds a row of the relationship table: its ends, and its type and generation where
// the group does not say them of all its rows.
func (t *Touched) row(ref uint32, typ catalog.TypeID, gen uint32) {
	group := ref >> groupBits
	var g relGroup
	if b := t.r.s.base; int(group) < len(b.rels) {
		g = b.rels[group]
	}
	add := func(column uint64) { t.places[place{kind: 'r', what: column, group: group}] = struct{}{} }
	add(0)
	add(1)
	if !g.uniform() || len(g.types) > 0 && catalog.TypeID(g.types[0].set) != typ {
		add(2)
	}
	if gen != 0 || g.gen != 0 {
		add(3)
	}
}

// entry adds an entry of a node's list. Nodes that no region holds share new ones, or the
// one before them, within their group.
func (t *Touched) entry(k adjKey, node uint32, edge uint64) {
	p := place{kind: 'l', what: uint64(k.typ)<<1 | uint64(k.dir), group: node >> groupBits}
	if d := t.r.s.base.adj[k]; d != nil {
		for i := range d.regions {
			r := &d.regions[i]
			if r.first > node || r.part && r.first == node && p.block != 0 && r.least > edge {
				break
			}
			if r.end > node {
				p.block, p.group = r.block, 0
			}
		}
	}
	t.places[p] = struct{}{}
}

// value returns a function that adds the places of an entity's properties.
func (t *Touched) value(dirs map[catalog.KeyID]*colDir, ref uint32) func(catalog.KeyID, value.Value) {
	return func(key catalog.KeyID, v value.Value) {
		p := place{kind: 'p', what: uint64(key), group: ref >> groupBits << groupBits}
		if d := dirs[key]; d != nil && int(ref>>groupBits) < len(d.groups) {
			if g := &d.groups[ref>>groupBits]; !g.empty() {
				p.group = ref >> g.shift << g.shift
				if typeOf(v.Kind()) != g.typ {
					p.kind = 'o'
				}
			}
		}
		t.places[p] = struct{}{}
	}
}

// indexes adds an entity's entries in indexes.
func (t *Touched) indexes(kind catalog.Entity, token, ref uint32) error {
	for i := range t.r.cat.Indexes {
		x := &t.r.cat.Indexes[i]
		if x.Entity != kind || x.Token != token {
			continue
		}
		key, ok, err := t.r.s.indexKey(nil, x, ref)
		if err != nil || !ok {
			return err
		}
		p := place{kind: 'i', what: uint64(x.ID)}
		if b := t.r.s.base.indexes[x.ID]; b != nil && len(b.blocks) > 0 {
			p.block = b.blocks[b.place(appendRef(key, ref))].block
		}
		t.places[p] = struct{}{}
	}
	return nil
}
