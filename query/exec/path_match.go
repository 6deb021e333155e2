package exec

import (
	"slices"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/graph/search"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// pathMatch matches a path pattern as a whole. graph/search knows how its pieces follow
// each other and which paths are kept; here chains are found and predicates evaluated
// (pathChains), and paths become rows.
type pathMatch struct {
	plan *plan.PathMatch
	spread
	pat     *plan.PathPattern // as it is searched: turned round where Reversed is set
	chains  *pathChains
	check   hopCheck // of ends, and of unique relationships
	matcher *search.Matcher
	from    refReader
	toCol   refReader

	row   int32
	err   error
	ends  []uint32
	all   []value.Value // the list of all relationships
	outs  []pathColumn
	ready []takenChain
	own   []column.Vector

	whole     *hopEval // conditions on whole paths
	wholeCols []column.Vector
}

// takenChain is a chain of a path in the order of the pattern as written: Nodes has one more than
// Rels.
type takenChain struct {
	piece       int
	nodes, rels []uint32
}

// pathColumn is one column that a match binds.
type pathColumn struct {
	slot  plan.Slot
	piece int // whose repetitions it is taken from
	at    int // place in Nodes or Rels
	rel   bool
	list  bool
	refs  []uint32      // of single ones
	lists []value.Value // of lists
}

func (b *builder) pathMatch(n *plan.PathMatch, lanes []lane) (runner, error) {
	return b.build(n.Input, each(lanes, func(l lane) operator { return b.newPathMatch(l, n) }))
}

func (b *builder) newPathMatch(l lane, n *plan.PathMatch) *pathMatch {
	own := append(n.Path.Columns(), n.Rels)
	if !n.ToBound {
		own = append(own, n.To)
	}
	p := &pathMatch{plan: n, spread: newSpread(l, n.Live, own...), pat: n.Path, check: b.newHopCheck(l.w, n.ToLabels, n.Unique)}
	if n.Reversed {
		p.pat = n.Path.Reverse()
	}
	p.chains = b.newPathChains(l.w, p.pat, &p.check)
	if n.ToBound {
		p.chains.backward(b)
	}
	p.columns()
	p.own = make([]column.Vector, len(p.outs)+2)
	if len(n.Path.Filter) > 0 {
		p.whole = newHopEval(l.w, plan.Hop{Rel: plan.NoSlot, From: plan.NoSlot, To: plan.NoSlot, Filter: n.Path.Filter})
		p.wholeCols = make([]column.Vector, len(p.outs)+3)
	}
	b.scope.onReset(p.check.forget)
	b.scope.onClose(p.close)
	return p
}

// columns works out where in a path each column that is read comes from.
func (p *pathMatch) columns() {
	read := func(s plan.Slot) bool {
		if p.plan.IsLive(s) {
			return true
		}
		for _, e := range p.plan.Path.Filter {
			if slices.Contains(expr.Slots(nil, e), s) {
				return true
			}
		}
		return false
	}
	for i := range p.plan.Path.Pieces {
		pc := &p.plan.Path.Pieces[i]
		place := func(of plan.Slot) (at int, rel bool) {
			if at = slices.Index(pc.Nodes, of); at >= 0 {
				return at, false
			}
			return slices.IndexFunc(pc.Rels, func(r plan.PathRel) bool { return r.Slot == of }), true
		}
		for _, l := range pc.Lists {
			if at, rel := place(l.Of); read(l.Slot) {
				p.outs = append(p.outs, pathColumn{slot: l.Slot, piece: i, at: at, rel: rel, list: true})
			}
		}
		if pc.Single {
			for j, r := range pc.Rels {
				if read(r.Slot) {
					p.outs = append(p.outs, pathColumn{slot: r.Slot, piece: i, at: j, rel: true})
				}
			}
		}
	}
	for i, n := range p.plan.Path.Between {
		if read(n.Slot) {
			p.outs = append(p.outs, pathColumn{slot: n.Slot, piece: i, at: -1})
		}
	}
}

func (p *pathMatch) close() {
	if p.matcher != nil {
		p.matcher.Close()
		p.matcher = nil
	}
	p.chains.close()
}

// prepare makes the matcher, once a run.
func (p *pathMatch) prepare() {
	p.chains.open()
	if p.matcher != nil {
		return
	}
	pat := search.Pattern{
		Mode:   [...]search.Mode{plan.Trail: search.Trail, plan.Walks: search.Walk, plan.Acyclic: search.Acyclic, plan.Simple: search.Simple}[p.pat.Mode],
		Expand: p.chains.expand, Reserve: p.w.reserveSearch, Rows: p.w.holdRows,
		Weighted: p.pat.Cost != nil, Estimated: p.pat.Left != nil && p.plan.ToBound && !p.plan.Reversed,
		MaxLength: p.w.x.Limits.pathLength(), TooLong: tooLongPath,
	}
	for i := range p.pat.Pieces {
		pc := &p.pat.Pieces[i]
		pat.Pieces = append(pat.Pieces, search.Piece{Width: len(pc.Rels), Min: pc.Min, Max: pc.Max, Split: p.chains.pieces[i].split})
	}
	if slices.ContainsFunc(p.pat.Between, func(n plan.PathNode) bool { return len(n.Filter) > 0 }) {
		pat.Pass = p.chains.pass
	}
	if len(p.chains.back) > 0 {
		pat.Back = p.chains.before
	}
	if p.whole != nil {
		pat.Accept = p.accept
	}
	if !p.plan.ToBound && len(p.plan.ToLabels) > 0 {
		pat.Ends = p.labelled
	}
	p.matcher = search.NewMatcher(pat)
}

func tooLongPath(length int) error {
	return status.Errorf(status.PathLengthLimit, "a path longer than %d relationships exists, and the pattern has no upper bound", length).
		WithHint("write an upper bound, as in `{1,%d}`, or raise `path-length`", length+10)
}

// labelled keeps ends that have the labels wanted.
func (p *pathMatch) labelled(nodes []uint32, keep []int32) ([]int32, error) {
	for at := 0; at < len(nodes); at += column.BatchSize {
		part := nodes[at:min(at+column.BatchSize, len(nodes))]
		sel, err := p.check.labelsOnly(len(part), part)
		if err != nil {
			return nil, err
		}
		if sel == nil {
			sel = column.Identity(len(part))
		}
		for _, i := range sel {
			keep = append(keep, int32(at)+i)
		}
	}
	return keep, nil
}

func (p *pathMatch) push(b *column.Batch) error {
	p.prepare()
	p.from.read(b.Cols[p.plan.From], b, value.KindNode)
	rows := p.from.rows
	if p.plan.ToBound {
		p.toCol.read(b.Cols[p.plan.To], b, value.KindNode)
		rows = bothRows(rows, p.toCol.rows)
	}
	p.begin(b)
	if err := p.check.begin(b); err != nil {
		return err
	}
	sel, err := p.selection(b)
	if err != nil {
		return err
	}
	p.forget()
	for _, r := range rows {
		p.row = r
		p.chains.row(b, r)
		if p.whole != nil {
			p.whole.row(b, r)
		}
		if err := p.find(r, sel); err != nil {
			return err
		}
	}
	return p.flush()
}

// selection evaluates how many paths are kept.
func (p *pathMatch) selection(b *column.Batch) (search.Select, error) {
	if p.pat.K == nil || b.Rows() == 0 {
		return search.Select{}, nil
	}
	v, err := expr.Eval(p.chains.eval.expr, p.pat.K, b)
	if err != nil {
		return search.Select{}, err
	}
	k := v.Value(int(b.Selection()[0]))
	if k.Kind() != value.KindInt || k.AsInt() < 1 {
		return search.Select{}, status.Errorf(status.InvalidArgumentType, "the number of paths is an INTEGER of 1 or more").In(status.Runtime).At(p.pat.KPos)
	}
	return search.Select{K: int(min(k.AsInt(), 1<<31)), Groups: p.pat.Groups}, nil
}

func (p *pathMatch) find(r int32, sel search.Select) error {
	p.err = nil
	ctx := p.w.x.context()
	var to uint32
	if p.plan.ToBound {
		to = p.toCol.refs[r]
	}
	var err error
	if sel.K == 0 {
		err = p.matcher.Each(ctx, p.from.refs[r], to, p.plan.ToBound, p.found)
	} else {
		err = p.matcher.Best(ctx, p.from.refs[r], to, p.plan.ToBound, sel, p.found)
	}
	if p.err != nil {
		return p.err
	}
	if err != nil && ctx.Err() != nil {
		return p.w.x.check()
	}
	return err
}

// turn brings the chains of a path into the order of the pattern as written.
func (p *pathMatch) turn(m *search.Match) {
	p.ready = p.ready[:0]
	at := m.Start
	for _, s := range m.Steps {
		if s.Hop > 0 {
			t := &p.ready[len(p.ready)-1]
			t.nodes, t.rels = append(t.nodes, s.Nodes...), append(t.rels, s.Rels...)
		} else {
			p.ready = append(p.ready, takenChain{piece: s.Piece, nodes: append([]uint32{at}, s.Nodes...), rels: slices.Clone(s.Rels)})
		}
		at = s.Nodes[len(s.Nodes)-1]
	}
	if !p.plan.Reversed {
		return
	}
	slices.Reverse(p.ready)
	for i := range p.ready {
		t := &p.ready[i]
		t.piece = len(p.pat.Pieces) - 1 - t.piece
		slices.Reverse(t.nodes)
		slices.Reverse(t.rels)
	}
}

// first returns the node that the path as written starts from.
func (p *pathMatch) first(m *search.Match) uint32 {
	if p.plan.Reversed {
		return m.End()
	}
	return m.Start
}

// take reads column c of the path at hand. first is the path's first node.
func (p *pathMatch) take(c *pathColumn, first uint32) value.Value {
	var list []value.Value
	if !c.list && !c.rel {
		// The node behind a piece: where it was never taken, the one before it.
		at := first
		for _, t := range p.ready {
			if t.piece <= c.piece {
				at = t.nodes[len(t.nodes)-1]
			}
		}
		return value.NodeRef(at)
	}
	for _, t := range p.ready {
		if t.piece != c.piece {
			continue
		}
		var v value.Value
		if c.rel {
			v = value.RelRef(t.rels[c.at])
		} else {
			v = value.NodeRef(t.nodes[c.at])
		}
		if !c.list {
			return v
		}
		list = append(list, v)
	}
	return value.List(list...)
}

func (p *pathMatch) relations() value.Value {
	var list []value.Value
	for _, t := range p.ready {
		for _, r := range t.rels {
			list = append(list, value.RelRef(r))
		}
	}
	return value.List(list...)
}

// accept decides the conditions on a whole path.
func (p *pathMatch) accept(m *search.Match) (bool, error) {
	p.turn(m)
	h := p.whole
	set := func(i int, slot plan.Slot, v value.Value) {
		if slot != plan.NoSlot {
			p.wholeCols[i] = column.Vector{}
			p.wholeCols[i].SetConst(v)
			h.batch.Cols[slot] = &p.wholeCols[i]
		}
	}
	for i := range p.outs {
		set(i, p.outs[i].slot, p.take(&p.outs[i], p.first(m)))
	}
	n := len(p.outs)
	set(n, p.plan.From, value.NodeRef(m.Start))
	set(n+1, p.plan.To, value.NodeRef(m.End()))
	set(n+2, p.plan.Rels, p.relations())
	h.batch.Len, h.batch.Sel = 1, nil
	h.expr.Reset()
	for _, e := range h.hop.Filter {
		sel, err := expr.Filter(h.expr, e, &h.batch)
		if err != nil || len(sel) == 0 {
			return false, err
		}
	}
	return true, nil
}

func (p *pathMatch) found(m *search.Match) bool {
	p.turn(m)
	p.ends = append(p.ends, m.End())
	if p.plan.IsLive(p.plan.Rels) {
		p.all = append(p.all, p.relations())
	}
	for i := range p.outs {
		c := &p.outs[i]
		if v := p.take(c, p.first(m)); c.list {
			c.lists = append(c.lists, v)
		} else {
			c.refs = append(c.refs, v.Ref())
		}
	}
	if p.idx = append(p.idx, p.row); len(p.idx) == p.w.x.batchSize() {
		p.err = p.flush()
	}
	return p.err == nil
}

func (p *pathMatch) forget() {
	p.idx, p.ends, p.all = p.idx[:0], p.ends[:0], p.all[:0]
	for i := range p.outs {
		p.outs[i].refs, p.outs[i].lists = p.outs[i].refs[:0], p.outs[i].lists[:0]
	}
}

func (p *pathMatch) flush() error {
	n := len(p.idx)
	if n == 0 {
		return nil
	}
	sel, err := p.check.labelsOnly(n, p.ends)
	if err != nil {
		return err
	}
	defer p.forget()
	if sel != nil && len(sel) == 0 {
		return p.w.x.check()
	}
	for i := range p.outs {
		c := &p.outs[i]
		switch {
		case c.list:
			p.own[i] = column.Vector{Type: column.Any, Anys: c.lists}
		case c.rel:
			p.own[i] = column.Vector{Type: column.Rel, Refs: c.refs}
		default:
			p.own[i] = column.Vector{Type: column.Node, Refs: c.refs}
		}
		p.setOwn(c.slot, &p.own[i])
	}
	if !p.plan.ToBound {
		p.own[len(p.outs)] = column.Vector{Type: column.Node, Refs: p.ends}
		p.setOwn(p.plan.To, &p.own[len(p.outs)])
	}
	if p.plan.IsLive(p.plan.Rels) {
		p.own[len(p.outs)+1] = column.Vector{Type: column.Any, Anys: p.all}
		p.setOwn(p.plan.Rels, &p.own[len(p.outs)+1])
	}
	return p.spread.push(n, p.idx, sel)
}
