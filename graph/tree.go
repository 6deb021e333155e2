package graph

import "unsafe"

// owner is the right to edit: pages and inner nodes made under an owner are
// changed in place by whoever holds that same owner, and copied by everyone else.
// An owner is dropped when the tree is handed to readers.
type owner struct{ kin *kin }

// kin counts what owners that follow one another have allocated, in bytes: those of
// one transaction, or of one commit. Owners without kin count nothing.
type kin struct {
	made int64 // copies of what others own, and new
	grew int64 // new: what the state is larger by
}

func newOwner() *owner { return &owner{kin: &kin{}} }

// heir is an owner for which what o made is somebody else's, of the same kin.
func (o *owner) heir() *owner { return &owner{kin: o.kin} }

func (o *owner) added(bytes int) {
	if k := o.kin; k != nil {
		k.made += int64(bytes)
		k.grew += int64(bytes)
	}
}

func (o *owner) copied(from *owner, bytes int) {
	if k := o.kin; k != nil && from.kin != k {
		k.made += int64(bytes)
	}
}

const (
	pageBits  = 6 // entities a page
	pageSize  = 1 << pageBits
	pageMask  = pageSize - 1
	lowBits   = 6 // pages a low node
	midBits   = 7 // low nodes a mid node
	lowSize   = 1 << lowBits
	midSize   = 1 << midBits
	topShift  = lowBits + midBits
	groupBits = 16 // entities a group, the unit of blocks
	groupSize = 1 << groupBits
)

// page is what a tree holds: P's fork makes a copy safe to edit although the
// original lives on, by cutting slices to their length.
type page[P any] interface {
	*P
	fork()
}

// tree is a persistent sparse array of pages. Copying the struct is taking a
// snapshot. The zero tree is empty.
//
//	top []*mid ─▶ mid [128]*low ─▶ low [64]*cell{owner, page}
type tree[P any, PP page[P]] struct {
	own *owner
	top []*mid[P]
}

type mid[P any] struct {
	own *owner
	low [midSize]*low[P]
}

type low[P any] struct {
	own  *owner
	cell [lowSize]*cell[P]
}

type cell[P any] struct {
	own  *owner
	page P
}

// get returns page i, nil where there is none.
func (t *tree[P, PP]) get(i uint32) *P {
	hi := i >> topShift
	if hi >= uint32(len(t.top)) {
		return nil
	}
	m := t.top[hi]
	if m == nil {
		return nil
	}
	l := m.low[i>>lowBits&(midSize-1)]
	if l == nil {
		return nil
	}
	c := l.cell[i&(lowSize-1)]
	if c == nil {
		return nil
	}
	return &c.page
}

// edit returns page i for editing under o, making it where there is none.
func (t *tree[P, PP]) edit(o *owner, i uint32) *P {
	c := t.slot(o, i)
	switch {
	case *c == nil:
		*c = &cell[P]{own: o}
		o.added(int(unsafe.Sizeof(**c)))
	case (*c).own != o:
		next := &cell[P]{own: o, page: (*c).page}
		PP(&next.page).fork()
		o.copied((*c).own, int(unsafe.Sizeof(*next)))
		*c = next
	}
	return &(*c).page
}

func (t *tree[P, PP]) slot(o *owner, i uint32) **cell[P] {
	hi := i >> topShift
	if t.own != o || hi >= uint32(len(t.top)) {
		n := max(len(t.top), int(hi)+1)
		if t.own != o || n > cap(t.top) {
			grown := make([]*mid[P], n, n+n/4)
			copy(grown, t.top)
			t.top, t.own = grown, o
		} else {
			t.top = t.top[:n]
		}
	}
	m := t.top[hi]
	if m == nil {
		m = &mid[P]{own: o}
		t.top[hi] = m
		o.added(int(unsafe.Sizeof(*m)))
	} else if m.own != o {
		o.copied(m.own, int(unsafe.Sizeof(*m)))
		m = &mid[P]{own: o, low: m.low}
		t.top[hi] = m
	}
	ml := &m.low[i>>lowBits&(midSize-1)]
	l := *ml
	if l == nil {
		l = &low[P]{own: o}
		*ml = l
		o.added(int(unsafe.Sizeof(*l)))
	} else if l.own != o {
		o.copied(l.own, int(unsafe.Sizeof(*l)))
		l = &low[P]{own: o, cell: l.cell}
		*ml = l
	}
	return &l.cell[i&(lowSize-1)]
}

// each calls f for the pages in [from, to) in order until it returns false.
func (t *tree[P, PP]) each(from, to uint32, f func(i uint32, p *P) bool) {
	for hi := from >> topShift; hi < uint32(len(t.top)); hi++ {
		m := t.top[hi]
		if m == nil {
			continue
		}
		for j, l := range m.low {
			first := hi<<topShift | uint32(j)<<lowBits
			if l == nil || first+lowSize <= from {
				continue
			}
			if first >= to {
				return
			}
			for k, c := range l.cell {
				i := first | uint32(k)
				if c != nil && i >= from && i < to && !f(i, &c.page) {
					return
				}
			}
		}
	}
}

// any reports whether some page in [from, to) exists.
func (t *tree[P, PP]) any(from, to uint32) bool {
	found := false
	t.each(from, to, func(uint32, *P) bool { found = true; return false })
	return found
}

func (t *tree[P, PP]) empty() bool { return len(t.top) == 0 }

// since returns what t holds beyond old, an earlier version of it: pages that
// are the same in both are dropped, others are kept as keep returns them (nil
// drops). Shared parts are recognised by pointer, so the cost is that of the difference.
func (t *tree[P, PP]) since(old *tree[P, PP], o *owner, keep func(i uint32, was, is *P) *P) tree[P, PP] {
	var out tree[P, PP]
	for hi, m := range t.top {
		var om *mid[P]
		if hi < len(old.top) {
			om = old.top[hi]
		}
		if m == nil || m == om {
			continue
		}
		for j, l := range m.low {
			var ol *low[P]
			if om != nil {
				ol = om.low[j]
			}
			if l == nil || l == ol {
				continue
			}
			for k, c := range l.cell {
				var oc *cell[P]
				if ol != nil {
					oc = ol.cell[k]
				}
				if c == nil || c == oc {
					continue
				}
				i := uint32(hi)<<topShift | uint32(j)<<lowBits | uint32(k)
				var was *P
				if oc != nil {
					was = &oc.page
				}
				if p := keep(i, was, &c.page); p != nil {
					c := &cell[P]{own: o, page: *p}
					*out.slot(o, i) = c
					o.added(int(unsafe.Sizeof(*c)))
				}
			}
		}
	}
	return out
}
