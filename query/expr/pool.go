package expr

import "github.com/kadedb/kadedb/column"

// pool is scratch memory handed out in a row and taken back all at once, or down
// to a mark, so that evaluating the next batch allocates nothing.
type pool struct {
	vecs  []*column.Vector
	lists [][]int32
	v, l  int
}

type mark struct{ v, l int }

func (p *pool) mark() mark     { return mark{p.v, p.l} }
func (p *pool) release(m mark) { p.v, p.l = m.v, m.l }

// vector returns a vector of undefined content; its user calls Reset on it.
func (p *pool) vector() *column.Vector {
	if p.v == len(p.vecs) {
		p.vecs = append(p.vecs, &column.Vector{})
	}
	p.v++
	return p.vecs[p.v-1]
}

// rows returns an empty list with room for n row numbers. It is never nil, which as
// a selection would mean all rows.
func (p *pool) rows(n int) []int32 {
	if p.l == len(p.lists) {
		p.lists = append(p.lists, nil)
	}
	if p.lists[p.l] == nil || cap(p.lists[p.l]) < n {
		p.lists[p.l] = make([]int32, 0, max(n, min(2*cap(p.lists[p.l]), column.BatchSize), 8))
	}
	p.l++
	return p.lists[p.l-1][:0]
}

// Reset takes back all vectors and lists that Eval and Filter returned.
func (c *Context) Reset() {
	c.pool.release(mark{})
	c.forgetMade()
}

// Forget readies c for another execution: what it worked out for constants and
// parameters is dropped, its memory kept.
func (c *Context) Forget() {
	c.Reset()
	clear(c.dicts)
	clear(c.sets)
}
