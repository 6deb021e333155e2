package exec

import (
	"math/bits"
	"slices"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/graph/csr"
	"github.com/kadedb/kadedb/internal/planted"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/value"
)

// countTrails multiplies rows by the number of ways to match chains of hops from
// their node. Arms that can use no common relationship are independent: their counts
// multiply. What is left are parts of three kinds:
//
//	walk    one arm whose hops have disjoint types: c[v] = Σ c[w] over the hop's ends w
//	star    arms of one hop each that may use the same relationships: the product of
//	        degrees, corrected by inclusion and exclusion over coinciding hops
//	search  anything else: depth-first to the hop before the last, which is counted
//	        as the degree minus the relationships used that it could use again
type countTrails struct {
	plan *plan.CountTrails
	w    *worker
	out  operator

	arms   [][]*countedHop
	parts  []trailPart
	from   refReader
	unique hopCheck
	used   []usedRel
	center uint32
	view   column.Batch
	counts []int64 // by from's rows
	part   []int64 // of one part
	mult   []int64
	sel    []int32
	steps  int
}

// countedHop is one hop of an arm, made ready.
type countedHop struct {
	hop    *plan.CountedHop
	legs   *legs
	filter *nodeFilter
	first  bool    // of its arm: starts from the center
	clash  bool    // shares types with another hop of its part
	memo   []int64 // walk: the count by node plus one; 0: not known
	visits int
	all    []int32 // 0, 1, 2 …
}

// usedRel is a relationship on the path at hand, with its ends.
type usedRel struct {
	rel, start, end uint32
	typ             catalog.TypeID
}

// trailPart is arms that must be counted together.
type trailPart struct {
	kind partKind
	hops []*countedHop
	star []starTerm
}

type partKind uint8

const (
	walkPart partKind = iota
	starPart
	searchPart
)

func (b *builder) countTrails(n *plan.CountTrails, lanes []lane) (runner, error) {
	return b.build(n.Input, each(lanes, func(l lane) operator {
		c := &countTrails{plan: n, w: l.w, out: l.out, unique: b.newHopCheck(l.w, nil, n.Unique)}
		for i := range n.Arms {
			var arm []*countedHop
			for j := range n.Arms[i] {
				h := &n.Arms[i][j]
				legs := b.newLegs(l.w, h.Types, h.Dir)
				arm = append(arm, &countedHop{hop: h, legs: legs, filter: b.newNodeFilter(l.w, h, legs), first: j == 0})
			}
			c.arms = append(c.arms, arm)
		}
		b.scope.onReset(c.forget)
		b.scope.onClose(c.forget)
		return c
	}))
}

// forget drops what was learnt of the graph.
func (c *countTrails) forget() {
	c.parts = nil
	for _, arm := range c.arms {
		for _, h := range arm {
			c.w.x.Budget.Release(int64(8 * len(h.memo)))
			h.memo, h.visits = nil, 0
		}
	}
}

func (c *countTrails) finish() error { return c.out.finish() }

func (c *countTrails) push(b *column.Batch) error {
	c.from.read(b.Cols[c.plan.Center], b, value.KindNode)
	if len(c.from.rows) == 0 {
		return nil
	}
	for _, arm := range c.arms {
		for _, h := range arm {
			h.legs.open()
			if err := h.filter.open(); err != nil {
				return err
			}
		}
	}
	if c.w.prog.writes {
		c.forget()
	}
	if err := c.unique.begin(b); err != nil {
		return err
	}
	if c.parts == nil {
		c.divide(len(c.unique.unique) > 0)
	}
	if err := c.count(); err != nil {
		return err
	}
	share(&c.view, b)
	c.mult = slices.Grow(c.mult[:0], b.Len)[:b.Len]
	c.sel = c.sel[:0]
	for i, r := range c.from.rows {
		n := c.counts[i]
		if n == 0 {
			continue
		}
		if b.Mult != nil {
			var err error
			if n, err = mulCount(n, b.Mult[r]); err != nil {
				return err
			}
		}
		c.mult[r] = n
		c.sel = append(c.sel, r)
	}
	if len(c.sel) == 0 {
		return nil
	}
	c.view.Sel, c.view.Mult = c.sel, c.mult
	return c.out.push(&c.view)
}

// overlap reports whether two hops may use the same relationship.
func (h *countedHop) overlap(o *countedHop) bool {
	if planted.Is(planted.CountOverlap) {
		return false
	}
	for i := range h.legs.list {
		for j := range o.legs.list {
			if h.legs.list[i].typ == o.legs.list[j].typ {
				return true
			}
		}
	}
	return false
}

// divide groups the arms into parts. With unique relationships everything is searched.
func (c *countTrails) divide(unique bool) {
	c.parts = []trailPart{}
	group := make([]int, len(c.arms))
	for i := range c.arms {
		group[i] = i
		for j := range i {
			if unique || c.armsOverlap(i, j) {
				old := group[j]
				for k := range i + 1 {
					if group[k] == old {
						group[k] = group[i]
					}
				}
			}
		}
	}
	for g := range c.arms {
		var arms [][]*countedHop
		for i := range c.arms {
			if group[i] == g {
				arms = append(arms, c.arms[i])
			}
		}
		if len(arms) > 0 {
			c.parts = append(c.parts, c.partOf(arms, unique))
		}
	}
}

func (c *countTrails) armsOverlap(i, j int) bool {
	for _, h := range c.arms[i] {
		for _, o := range c.arms[j] {
			if h.overlap(o) {
				return true
			}
		}
	}
	return false
}

// maxStar bounds the arms of a star: it has a term for each partition of them.
const maxStar = 6

func (c *countTrails) partOf(arms [][]*countedHop, unique bool) trailPart {
	p := trailPart{kind: searchPart}
	single := true
	for _, arm := range arms {
		single = single && len(arm) == 1
		p.hops = append(p.hops, arm...)
	}
	for i, h := range p.hops {
		h.clash = unique
		for j, o := range p.hops {
			h.clash = h.clash || i != j && h.overlap(o)
		}
	}
	clash := slices.ContainsFunc(p.hops, func(h *countedHop) bool { return h.clash })
	switch {
	case unique:
	case len(arms) == 1 && !clash:
		p.kind = walkPart
	case single && len(arms) <= maxStar:
		p.kind, p.star = starPart, c.starTerms(p.hops)
	}
	return p
}

// count sets counts to the number of matches for each of from's rows.
func (c *countTrails) count() error {
	n := len(c.from.rows)
	c.counts = slices.Grow(c.counts[:0], n)[:n]
	for i := range c.counts {
		c.counts[i] = 1
	}
	for i := range c.parts {
		if i == 0 && c.parts[i].degree() {
			if err := c.parts[i].hops[0].legs.degrees(&c.from, c.counts); err != nil {
				return err
			}
			continue
		}
		if err := c.times(&c.parts[i]); err != nil {
			return err
		}
	}
	return nil
}

// degree reports whether a part's count is a degree.
func (p *trailPart) degree() bool {
	return p.kind == walkPart && len(p.hops) == 1 && p.hops[0].filter.passive()
}

// times multiplies counts by those of one part.
func (c *countTrails) times(p *trailPart) error {
	switch {
	case p.kind == starPart:
		return c.stars(p, c.counts)
	case p.degree():
		c.part = slices.Grow(c.part[:0], len(c.counts))[:len(c.counts)]
		if err := p.hops[0].legs.degrees(&c.from, c.part); err != nil {
			return err
		}
		return mulCounts(c.counts, c.part)
	}
	for k, r := range c.from.rows {
		if c.counts[k] == 0 {
			continue
		}
		n, err := c.countPart(p, c.from.refs[r], r)
		if err != nil {
			return err
		}
		if c.counts[k], err = mulCount(c.counts[k], n); err != nil {
			return err
		}
	}
	return nil
}

// mulCounts multiplies counts ≥ 0, one by one.
func mulCounts(a, b []int64) error {
	over := uint64(0)
	for i, y := range b {
		hi, lo := bits.Mul64(uint64(a[i]), uint64(y))
		a[i] = int64(lo)
		over |= hi | lo>>63
	}
	if over != 0 {
		return overflowed()
	}
	return nil
}

func (c *countTrails) countPart(p *trailPart, node uint32, r int32) (int64, error) {
	if p.kind == walkPart {
		return c.walks(p.hops, 0, node)
	}
	c.center, c.used = node, c.used[:0]
	return c.search(p.hops, 0, node, r)
}

func (c *countTrails) step() error {
	if c.steps++; c.steps&4095 == 0 {
		return c.w.x.check()
	}
	return nil
}

// walks counts the walks over hops[i:] from a node.
func (c *countTrails) walks(hops []*countedHop, i int, node uint32) (int64, error) {
	h := hops[i]
	if i == len(hops)-1 && h.filter.passive() {
		return h.legs.degree(node)
	}
	if h.memo != nil && h.memo[node] > 0 {
		return h.memo[node] - 1, nil
	}
	if err := c.step(); err != nil {
		return 0, err
	}
	sum := int64(0)
	err := h.each(node, func(nbr, _ []uint32, _ *leg, keep []int32) error {
		if i == len(hops)-1 {
			sum += int64(len(keep))
			return nil
		}
		for _, k := range keep {
			n, err := c.walks(hops, i+1, nbr[k])
			if err != nil {
				return err
			}
			if sum, err = addCount(sum, n); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	h.remember(c.w, i, node, sum)
	return sum, nil
}

// remember keeps a count by node, once so many were counted that most come again.
func (h *countedHop) remember(w *worker, i int, node uint32, n int64) {
	if i == 0 {
		return // centers seldom repeat
	}
	if h.memo == nil {
		high := int(w.reader().NodeHigh())
		if h.visits++; h.visits < high/64 {
			return
		}
		if w.x.Budget.Reserve(int64(8*high)) != nil {
			h.visits = 0
			return
		}
		h.memo = make([]int64, high)
	}
	h.memo[node] = n + 1
}

// each calls f with the neighbour lists of a node and the places of those neighbours
// that the hop may go to. Calls of one hop must not nest.
func (h *countedHop) each(node uint32, f func(nbr, rel []uint32, g *leg, keep []int32) error) error {
	for j := range h.legs.list {
		g := &h.legs.list[j]
		nbr, rel, err := g.adj.List(node)
		if err != nil {
			return err
		}
		if g.skipLoops {
			lo, hi := csr.Find(nbr, node)
			if hi > lo {
				if err := h.eachOf(nbr[:lo], rel[:lo], g, f); err != nil {
					return err
				}
				nbr, rel = nbr[hi:], rel[hi:]
			}
		}
		if err := h.eachOf(nbr, rel, g, f); err != nil {
			return err
		}
	}
	return nil
}

func (h *countedHop) eachOf(nbr, rel []uint32, g *leg, f func(nbr, rel []uint32, g *leg, keep []int32) error) error {
	if len(nbr) == 0 {
		return nil
	}
	keep, all, err := h.filter.pass(nbr)
	if err != nil {
		return err
	}
	if all {
		for len(h.all) < len(nbr) {
			h.all = append(h.all, int32(len(h.all)))
		}
		keep = h.all[:len(nbr)]
	}
	return f(nbr, rel, g, keep)
}

// maxTrailHops bounds the depth of a search.
const maxTrailHops = 1000

// search counts the ways to go over hops[i:], none over a used relationship.
func (c *countTrails) search(hops []*countedHop, i int, node uint32, r int32) (int64, error) {
	h := hops[i]
	if h.first {
		node = c.center
	}
	if i == len(hops)-1 {
		return c.lastHop(h, node, r)
	}
	if i > maxTrailHops {
		return 0, status.Errorf(status.TooDeep, "a pattern of more than %d relationships", maxTrailHops)
	}
	if err := c.step(); err != nil {
		return 0, err
	}
	sum := int64(0)
	err := h.each(node, func(nbr, rel []uint32, g *leg, keep []int32) error {
		for _, k := range keep {
			if h.clash && c.isUsed(rel[k], r) {
				continue
			}
			u := usedRel{rel[k], node, nbr[k], g.typ}
			if g.in {
				u.start, u.end = u.end, u.start
			}
			c.used = append(c.used, u)
			n, err := c.search(hops, i+1, nbr[k], r)
			c.used = c.used[:len(c.used)-1]
			if err != nil {
				return err
			}
			if sum, err = addCount(sum, n); err != nil {
				return err
			}
		}
		return nil
	})
	return sum, err
}

func (c *countTrails) isUsed(rel uint32, r int32) bool {
	for i := range c.used {
		if c.used[i].rel == rel {
			return true
		}
	}
	for i := range c.unique.cols {
		if c.unique.cols[i].uses(r, rel) {
			return true
		}
	}
	return false
}

// lastHop counts the last hop: as many as the degree, less those used.
func (c *countTrails) lastHop(h *countedHop, node uint32, r int32) (int64, error) {
	if len(c.unique.cols) > 0 {
		n := int64(0)
		err := h.each(node, func(_, rel []uint32, _ *leg, keep []int32) error {
			for _, k := range keep {
				if !c.isUsed(rel[k], r) {
					n++
				}
			}
			return nil
		})
		return n, err
	}
	n, err := h.degree(c.w, node)
	if err != nil || !h.clash {
		return n, err
	}
	for i := range c.used {
		again, err := h.couldUse(&c.used[i], node)
		if err != nil {
			return 0, err
		}
		if again {
			n--
		}
	}
	return n, nil
}

// degree returns how many relationships the hop finds at a node, remembered by node
// where many are asked for.
func (h *countedHop) degree(w *worker, node uint32) (int64, error) {
	if h.memo != nil && h.memo[node] > 0 {
		return h.memo[node] - 1, nil
	}
	var n int64
	var err error
	if h.filter.passive() {
		n, err = h.legs.degree(node)
	} else {
		err = h.each(node, func(_, _ []uint32, _ *leg, keep []int32) error {
			n += int64(len(keep))
			return nil
		})
	}
	if err == nil {
		h.remember(w, 1, node, n)
	}
	return n, err
}

// couldUse reports whether the hop could go over a used relationship from node.
func (h *countedHop) couldUse(u *usedRel, node uint32) (bool, error) {
	for i := range h.legs.list {
		g := &h.legs.list[i]
		if g.typ != u.typ {
			continue
		}
		from, to := u.start, u.end
		if g.in {
			from, to = to, from
		}
		if from != node || g.skipLoops && from == to {
			continue
		}
		ok, err := h.filter.one(to)
		if ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}
