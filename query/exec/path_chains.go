package exec

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/graph/search"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// pathChains finds the chains of a path pattern's pieces: relationship by relationship, all
// chains from one node at once, each predicate as soon as what it speaks of is there.
//
//	x ─┬─▶ y1 ─┬─▶ z1     nodes[0] x  x  x
//	   │       └─▶ z2     nodes[1] y1 y1 y2
//	   └─▶ y2 ───▶ z3     nodes[2] z1 z2 z3
type pathChains struct {
	w      *worker
	pat    *plan.PathPattern
	pieces []pieceChains
	back   []*legs   // of all pieces, from their ends; empty: not asked for
	check  *hopCheck // unique relationships of the row
	eval   *hopEval
	passed map[uint64]bool // by node between pieces, for one row
	at     int32           // the row

	nodes, rels         [][]uint32 // by place in the chain, one entry a chain
	nextNodes, nextRels [][]uint32
	parent              []int32
	keep                []int32
	cols                []column.Vector
}

// pieceChains is what a piece needs.
type pieceChains struct {
	plan   *plan.PathPiece
	legs   []*legs
	stages [][]expr.Expr // by place: predicates that can be decided there
	// split: every predicate speaks of one relationship and its ends, and stands under that.
	split bool
	hops  [][]expr.Expr
}

func (b *builder) newPathChains(w *worker, pat *plan.PathPattern, check *hopCheck) *pathChains {
	c := &pathChains{w: w, pat: pat, check: check, passed: map[uint64]bool{}}
	var all []expr.Expr
	width := 0
	for i := range pat.Pieces {
		pc := &pat.Pieces[i]
		p := pieceChains{plan: pc, stages: make([][]expr.Expr, len(pc.Nodes))}
		for _, r := range pc.Rels {
			p.legs = append(p.legs, b.newLegs(w, r.Types, r.Dir))
		}
		for _, e := range pc.Where {
			at := decidedAt(pc, expr.Slots(nil, e))
			p.stages[at] = append(p.stages[at], e)
		}
		p.splitUp(pat)
		all = append(all, pc.Where...)
		width = max(width, len(pc.Rels))
		c.pieces = append(c.pieces, p)
	}
	for _, n := range pat.Between {
		all = append(all, n.Filter...)
	}
	for _, e := range []expr.Expr{pat.Cost, pat.Left} {
		if e != nil {
			all = append(all, e)
		}
	}
	c.eval = newHopEval(w, plan.Hop{Rel: plan.NoSlot, From: plan.NoSlot, To: plan.NoSlot}, all...)
	c.nodes, c.nextNodes = make([][]uint32, width+1), make([][]uint32, width+1)
	c.rels, c.nextRels = make([][]uint32, width), make([][]uint32, width)
	c.cols = make([]column.Vector, 2*width+1)
	return c
}

// decidedAt returns the place in a piece at which all of slots are bound.
func decidedAt(pc *plan.PathPiece, slots []plan.Slot) int {
	at := 0
	for i, n := range pc.Nodes {
		if slices.Contains(slots, n) {
			at = max(at, i)
		}
	}
	for i, r := range pc.Rels {
		if slices.Contains(slots, r.Slot) {
			at = max(at, i+1)
		}
	}
	return at
}

// splitUp finds out whether the relationships of the piece can be followed one by one. A
// selection looks at far fewer chains then: those of each relationship, not all combinations.
func (p *pieceChains) splitUp(pat *plan.PathPattern) {
	if pat.K == nil || pat.Cost != nil || len(p.plan.Rels) < 2 {
		return
	}
	p.hops = make([][]expr.Expr, len(p.plan.Rels))
	for _, e := range p.plan.Where {
		slots := expr.Slots(nil, e)
		at := max(0, decidedAt(p.plan, slots)-1)
		for j := range p.plan.Nodes {
			if j != at && j != at+1 && slices.Contains(slots, p.plan.Nodes[j]) ||
				j < len(p.plan.Rels) && j != at && slices.Contains(slots, p.plan.Rels[j].Slot) {
				return
			}
		}
		p.hops[at] = append(p.hops[at], e)
	}
	p.split = true
}

func (c *pathChains) open() {
	for i := range c.pieces {
		for _, l := range c.pieces[i].legs {
			l.open()
		}
	}
	for _, l := range c.back {
		l.open()
	}
}

// mostBack is how many hops a pattern may have whose lists are read from the end too.
const mostBack = 4

// backward makes the lists for a search from the end, where paths are chosen by their length.
func (c *pathChains) backward(b *builder) {
	n := 0
	for i := range c.pat.Pieces {
		n += len(c.pat.Pieces[i].Rels)
	}
	if c.pat.K == nil || c.pat.Cost != nil || n > mostBack {
		return
	}
	for i := range c.pat.Pieces {
		for _, r := range c.pat.Pieces[i].Rels {
			c.back = append(c.back, b.newLegs(c.w, r.Types, r.Dir.Reverse()))
		}
	}
}

// before appends the nodes from which a hop of the pattern may lead to node.
func (c *pathChains) before(node uint32, to []uint32) ([]uint32, error) {
	for _, l := range c.back {
		for k := range l.list {
			nodes, _, err := l.list[k].adj.List(node)
			if err != nil {
				return to, err
			}
			to = append(to, nodes...)
		}
	}
	return to, nil
}

func (c *pathChains) close() { clear(c.passed) }

// row makes what follows a search from row r of b.
func (c *pathChains) row(b *column.Batch, r int32) {
	c.at = r
	c.eval.row(b, r)
	clear(c.passed)
}

// pass decides the conditions on the node between two pieces, once for each node.
func (c *pathChains) pass(piece int, node uint32) (bool, error) {
	between := &c.pat.Between[piece]
	if len(between.Filter) == 0 {
		return true, nil
	}
	key := uint64(piece)<<32 | uint64(node)
	if ok, known := c.passed[key]; known {
		return ok, nil
	}
	c.nodes[0] = append(c.nodes[0][:0], node)
	c.cols[0] = column.Vector{Type: column.Node, Refs: c.nodes[0]}
	b := &c.eval.batch
	b.Cols[between.Slot], b.Len, b.Sel = &c.cols[0], 1, nil
	c.eval.expr.Reset()
	ok := true
	for _, e := range between.Filter {
		sel, err := expr.Filter(c.eval.expr, e, b)
		if err != nil {
			return false, err
		}
		if len(sel) == 0 {
			ok = false
			break
		}
	}
	c.passed[key] = ok
	return ok, nil
}

// one finds the ways over one relationship of a split piece.
func (c *pathChains) one(p *pieceChains, j int, node uint32, out *search.Chains) error {
	out.Reset(1)
	c.nodes[0] = append(c.nodes[0][:0], node)
	from, to, rel := c.nextNodes[0][:0], out.Nodes, out.Rels
	for k := range p.legs[j].list {
		g := &p.legs[j].list[k]
		nbr, rels, err := g.adj.List(node)
		if err != nil {
			return err
		}
		for x, n := range nbr {
			if g.skipLoops && n == node || !c.allowed(0, 0, rels[x], n) {
				continue
			}
			to, rel = append(to, n), append(rel, rels[x])
		}
	}
	out.Nodes, out.Rels = to, rel
	if len(p.hops[j]) == 0 {
		return nil
	}
	for range to {
		from = append(from, node)
	}
	c.nextNodes[0], c.keep = from, c.keep[:0]
	for at := 0; at < len(to); at += column.BatchSize {
		end := min(at+column.BatchSize, len(to))
		b := &c.eval.batch
		b.Len, b.Sel = end-at, nil
		c.cols[0] = column.Vector{Type: column.Node, Refs: from[at:end]}
		c.cols[1] = column.Vector{Type: column.Rel, Refs: rel[at:end]}
		c.cols[2] = column.Vector{Type: column.Node, Refs: to[at:end]}
		b.Cols[p.plan.Nodes[j]], b.Cols[p.plan.Rels[j].Slot], b.Cols[p.plan.Nodes[j+1]] = &c.cols[0], &c.cols[1], &c.cols[2]
		c.eval.expr.Reset()
		if err := c.keepWhere(p.hops[j], b, at); err != nil {
			return err
		}
	}
	out.Nodes, out.Rels = gather(to, to, c.keep), gather(rel, rel, c.keep)
	return nil
}

// keepWhere adds the places of the rows of b for which all predicates are true.
func (c *pathChains) keepWhere(preds []expr.Expr, b *column.Batch, at int) error {
	for _, e := range preds {
		sel, err := expr.Filter(c.eval.expr, e, b)
		if err != nil {
			return err
		}
		if b.Sel = sel; len(sel) == 0 {
			break
		}
	}
	for _, i := range b.Selection() {
		c.keep = append(c.keep, int32(at)+i)
	}
	return nil
}

// expand finds the ways to take a piece once from a node, or relationship hop of it alone.
func (c *pathChains) expand(piece, hop int, node uint32, out *search.Chains) error {
	p := &c.pieces[piece]
	if p.split {
		return c.one(p, hop, node, out)
	}
	width := len(p.plan.Rels)
	out.Reset(width)
	c.nodes[0] = append(c.nodes[0][:0], node)
	if err := c.filter(p, 0); err != nil {
		return err
	}
	for j := range width {
		if len(c.nodes[0]) == 0 {
			return nil
		}
		if err := c.hop(p, j); err != nil {
			return err
		}
		if err := c.filter(p, j+1); err != nil {
			return err
		}
	}
	n := len(c.nodes[0])
	for i := range n {
		for j := range width {
			out.Nodes, out.Rels = append(out.Nodes, c.nodes[j+1][i]), append(out.Rels, c.rels[j][i])
		}
	}
	if c.pat.Cost == nil || n == 0 {
		return nil
	}
	var err error
	if out.Cost, err = c.numbers(p, c.pat.Cost, "cost", c.pat.CostPos, out.Cost); err == nil && c.pat.Left != nil {
		out.Left, err = c.numbers(p, c.pat.Left, "estimate", c.pat.LeftPos, out.Left)
	}
	return err
}

// hop makes the chains longer by relationship j of the piece.
func (c *pathChains) hop(p *pieceChains, j int) error {
	c.parent = c.parent[:0]
	nbrs, rels := c.nextNodes[j+1][:0], c.nextRels[j][:0]
	for i, node := range c.nodes[j] {
		for k := range p.legs[j].list {
			g := &p.legs[j].list[k]
			nbr, rel, err := g.adj.List(node)
			if err != nil {
				return err
			}
			for x, to := range nbr {
				if g.skipLoops && to == node || !c.allowed(i, j, rel[x], to) {
					continue
				}
				c.parent = append(c.parent, int32(i))
				nbrs, rels = append(nbrs, to), append(rels, rel[x])
			}
		}
		if int64(len(nbrs)) > c.w.x.Limits.pathRows() {
			return pathRowsExceeded(c.w.x)
		}
		if i&1023 == 1023 {
			if err := c.w.x.check(); err != nil {
				return err
			}
		}
	}
	c.nextNodes[j+1], c.nextRels[j] = nbrs, rels
	for k := range j + 1 {
		c.nextNodes[k] = gather(c.nextNodes[k], c.nodes[k], c.parent)
		if k < j {
			c.nextRels[k] = gather(c.nextRels[k], c.rels[k], c.parent)
		}
	}
	c.nodes, c.nextNodes = c.nextNodes, c.nodes
	c.rels, c.nextRels = c.nextRels, c.rels
	return nil
}

func gather(dst, src []uint32, at []int32) []uint32 {
	dst = dst[:0]
	for _, i := range at {
		dst = append(dst, src[i])
	}
	return dst
}

// allowed reports whether chain i may go on over rel to a node.
func (c *pathChains) allowed(i, j int, rel, to uint32) bool {
	for k := range c.check.cols {
		if c.check.cols[k].uses(c.at, rel) {
			return false
		}
	}
	switch c.pat.Mode {
	case plan.Trail:
		for k := range j {
			if c.rels[k][i] == rel {
				return false
			}
		}
	case plan.Acyclic:
		for k := range j + 1 {
			if c.nodes[k][i] == to {
				return false
			}
		}
	}
	return true
}

// set makes the chains from at to end the batch of the predicates; with so many places.
func (c *pathChains) set(p *pieceChains, places, at, end int) *column.Batch {
	b := &c.eval.batch
	b.Len, b.Sel = end-at, nil
	for j := range places + 1 {
		c.cols[2*j] = column.Vector{Type: column.Node, Refs: c.nodes[j][at:end]}
		b.Cols[p.plan.Nodes[j]] = &c.cols[2*j]
		if j < places {
			c.cols[2*j+1] = column.Vector{Type: column.Rel, Refs: c.rels[j][at:end]}
			b.Cols[p.plan.Rels[j].Slot] = &c.cols[2*j+1]
		}
	}
	c.eval.expr.Reset()
	return b
}

// filter keeps the chains for which the predicates of a place are true.
func (c *pathChains) filter(p *pieceChains, place int) error {
	if len(p.stages[place]) == 0 {
		return nil
	}
	n := len(c.nodes[0])
	c.keep = c.keep[:0]
	for at := 0; at < n; at += column.BatchSize {
		if err := c.keepWhere(p.stages[place], c.set(p, place, at, min(at+column.BatchSize, n)), at); err != nil {
			return err
		}
	}
	if len(c.keep) == n {
		return nil
	}
	for j := range place + 1 {
		c.nodes[j] = gather(c.nodes[j], c.nodes[j], c.keep)
		if j < place {
			c.rels[j] = gather(c.rels[j], c.rels[j], c.keep)
		}
	}
	return nil
}

// numbers evaluates the cost, or the estimate, of every chain.
func (c *pathChains) numbers(p *pieceChains, e expr.Expr, what string, pos status.Pos, out []float64) ([]float64, error) {
	n, width := len(c.nodes[0]), len(p.plan.Rels)
	for at := 0; at < n; at += column.BatchSize {
		end := min(at+column.BatchSize, n)
		b := c.set(p, width, at, end)
		v, err := expr.Eval(c.eval.expr, e, b)
		if err != nil {
			return nil, err
		}
		for i := range end - at {
			x, why := costNumber(v.Value(i))
			if why != "" {
				return nil, status.Errorf(status.InvalidCost, "the %s of relationship %d %s", what, c.w.reader().RelID(c.rels[width-1][at+i]), why).At(pos).
					WithHint("it must be a number from 0 on; give a default with coalesce()")
			}
			out = append(out, x)
		}
	}
	return out, nil
}

// costNumber reads a cost; why says what is wrong with it.
func costNumber(v value.Value) (x float64, why string) {
	switch v.Kind() {
	case value.KindNull:
		return 0, "is null"
	case value.KindInt:
		x = float64(v.AsInt())
	case value.KindFloat:
		x = v.AsFloat()
	default:
		return 0, fmt.Sprintf("is of type %s, not a number", v.Kind())
	}
	switch {
	case math.IsNaN(x):
		return 0, "is NaN"
	case x < 0:
		return 0, "is negative: " + strconv.FormatFloat(x, 'g', -1, 64)
	}
	return x, ""
}
