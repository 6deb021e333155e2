package exec

import (
	"math"
	"slices"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/graph/csr"
	"github.com/kadedb/kadedb/query/exec/spill"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/value"
)

// regroup stands in front of an intersect whose lists do not fit in memory. Rows that come
// in the order of one node visit the lists of the other all over the store, and each
// visit decodes a block for a list of a few entries:
//
//	a: 1 1 1 2 2 …                        b: 3 4 8 9 12 …
//	b: 9 812 77 4 911 …   ──(by b)──▶     a: 7 2 6 1  3 …   and the lists of a held aside
//
// It collects rows, and gives them on in the order of the node that jumps about most;
// the other nodes' lists it reads before, in their order, and keeps. A block is then read
// about twice for all of the rows. Where the lists fit in memory it only passes rows on,
// and it does so with the first rows of each run, which may be all that is wanted.
type regroup struct {
	w     *worker
	out   *intersect
	slots []int // what is read of the input's rows

	state  regroupState
	passed int   // rows, before collecting begins
	most   int   // rows to be collected until the next flush
	room   int64 // for rows and lists
	asked  bool  // room is reserved
	buf    *column.Buffer
	boxed  int64       // what buf's rows hold outside of their columns
	from   []refReader // by list
	rows   []int32
	later  []int32 // rows whose lists there is no room for yet
	order  []uint64
	idx    []int32
	view   column.Batch
}

type regroupState uint8

const (
	regroupNew     regroupState = iota // nothing is known of this run
	regroupFits                        // rows pass through to the end of the run
	regroupCrowded                     // rows pass through, for the time being
	regroupTaking                      // rows are collected
)

const (
	regroupPass   = 256  // rows that pass before collecting begins
	regroupFirst  = 1024 // rows collected at first, then four times as many each time …
	regroupRows   = 1 << 19
	regroupMemory = 32 << 20 // of all lanes
	regroupLeast  = 32 << 10 // of a lane, without asking
)

// regroup returns what stands in front of e. Rows that were sorted keep their order.
func (b *builder) regroup(l lane, e *intersect) operator {
	if b.prog.writes || sortedBelow(e.plan.Input) {
		return e
	}
	g := &regroup{w: l.w, out: e, slots: slices.Clone(e.carry), from: make([]refReader, len(e.lists))}
	for _, s := range e.plan.Lists {
		g.slots = append(g.slots, s.From)
	}
	g.slots = append(g.slots, e.plan.Unique...)
	slices.Sort(g.slots)
	g.slots = slices.Compact(g.slots)
	for i := range e.lists {
		e.lists[i].held = &heldLists{}
	}
	b.scope.onReset(g.drop)
	b.scope.onClose(g.drop)
	return g
}

// sortedBelow reports whether n or an operator below it sorts.
func sortedBelow(n plan.Node) bool {
	found := false
	plan.Walk(n, func(n plan.Node) bool {
		switch n.(type) {
		case *plan.Sort, *plan.TopK:
			found = true
		}
		return !found
	})
	return found
}

// drop forgets rows and gives the memory back.
func (g *regroup) drop() {
	if g.asked {
		g.w.x.Budget.Release(g.room)
	}
	for i := range g.out.lists {
		g.out.lists[i].forget()
		g.out.lists[i].held.drop()
	}
	g.state, g.passed, g.room, g.asked, g.buf, g.boxed = regroupNew, 0, 0, false, nil, 0
	g.rows, g.later, g.order = nil, nil, nil
}

func (g *regroup) push(b *column.Batch) error {
	switch g.state {
	case regroupNew:
		g.state = regroupFits
		if g.crowded() {
			g.state = regroupCrowded
		}
	case regroupCrowded:
		if g.passed >= regroupPass {
			g.take()
		}
	}
	if test := g.w.x.gather; test.rows > 0 && g.state != regroupTaking {
		g.state, g.most, g.buf = regroupTaking, test.rows, column.NewBuffer(g.slots)
	}
	if g.state != regroupTaking {
		g.passed += b.Rows()
		return g.out.push(b)
	}
	g.buf.Append(b)
	g.boxed += spill.Boxed(b, g.slots)
	if g.buf.Len() >= g.most || g.room > 0 && g.held() >= g.room/2 {
		return g.flush()
	}
	return nil
}

// edgeBytes is what an edge takes in a decoded list.
const edgeBytes = 8

// crowded reports whether the lists, decoded, are too many to stay in memory beside all
// else. Reading them in any order then means reading most of them again and again.
func (g *regroup) crowded() bool {
	limit := int64(0)
	for b := g.w.x.Budget; b != nil; b = b.Parent() {
		limit = b.Limit() // the store's in the end
	}
	if limit == 0 {
		return false
	}
	type end struct {
		typ catalog.TypeID
		in  bool
	}
	seen := map[end]bool{}
	size := int64(0)
	for i := range g.out.lists {
		legs := g.out.lists[i].legs
		legs.open()
		for _, l := range legs.list {
			if k := (end{l.typ, l.in}); !seen[k] {
				seen[k] = true
				size += edgeBytes * l.adj.Edges()
			}
		}
	}
	return size > limit/3
}

// take begins to collect, with a quarter of a query's memory at most, since other operators
// may need theirs more; with very little where others have taken all of it.
func (g *regroup) take() {
	room := int64(regroupMemory)
	if limit := g.w.x.Budget.Limit(); limit > 0 {
		room = min(room, limit/4)
	}
	lanes := g.w.prog.lanes()
	if n := g.w.x.Workers; n > 0 {
		lanes = min(lanes, n)
	}
	for room /= int64(lanes); room > regroupLeast && !g.asked; room /= 2 {
		if g.w.x.Budget.Reserve(room) == nil {
			g.room, g.asked = room, true
		}
	}
	if !g.asked {
		g.room = regroupLeast
	}
	g.state, g.most, g.buf = regroupTaking, regroupFirst, column.NewBuffer(g.slots)
}

// held is what the rows collected take, in buf and in what they are sorted in.
func (g *regroup) held() int64 {
	row := 8 + 4 + 4 + 4*len(g.from) // order, rows, later, nodes
	if g.buf.Mult() != nil {
		row += 8
	}
	for i := range g.slots {
		switch g.buf.Column(i).Type {
		case column.Any:
			row += 32
		case column.String:
			row += 16
		case column.Node, column.Rel:
			row += 4
		default:
			row += 8
		}
	}
	return int64(g.buf.Len()*row) + g.boxed
}

func (g *regroup) finish() error {
	err := g.flush()
	g.drop()
	return ended(err, g.out)
}

// flush gives on what was collected.
func (g *regroup) flush() error {
	if g.buf == nil || g.buf.Len() == 0 {
		return nil
	}
	all := column.Batch{Len: g.buf.Len(), Cols: make([]*column.Vector, g.w.prog.plan.NumSlots)}
	for i, s := range g.slots {
		all.Cols[s] = g.buf.Column(i)
	}
	g.rows = g.rows[:0]
	for i := range all.Len {
		g.rows = append(g.rows, int32(i))
	}
	all.Sel = g.rows
	rows := g.rows
	for i := range g.from {
		g.from[i].read(all.Cols[g.out.plan.Lists[i].From], &all, value.KindNode)
		rows = bothRows(rows, g.from[i].rows)
	}
	g.rows = append(g.rows[:0], rows...)
	err := g.rounds()
	g.buf.Reset() // also where no more are wanted
	g.boxed, g.most = 0, min(4*g.most, regroupRows)
	for i := range g.out.lists {
		// What the operator has at hand may lie in the memory that is filled anew.
		g.out.lists[i].forget()
		g.out.lists[i].held.reset()
	}
	return err
}

// rounds gives the rows on, as many at a time as there is room for the lists of.
func (g *regroup) rounds() error {
	lead := g.lead()
	for len(g.rows) > 0 {
		g.later = g.later[:0]
		for i := range g.from {
			if g.out.plan.Lists[i].From == g.out.plan.Lists[lead].From {
				continue // its nodes are the lead's
			}
			bound, err := g.hold(i)
			if err != nil {
				return err
			}
			now := g.rows[:0]
			for _, r := range g.rows {
				if g.from[i].refs[r] <= bound {
					now = append(now, r)
				} else {
					g.later = append(g.later, r)
				}
			}
			g.rows = now
		}
		g.order = g.order[:0]
		for _, r := range g.rows {
			g.order = append(g.order, uint64(g.from[lead].refs[r])<<32|uint64(r))
		}
		slices.Sort(g.order)
		if err := g.give(); err != nil {
			return err
		}
		g.rows, g.later = g.later, g.rows
	}
	return nil
}

// lead returns the list whose node goes back most often from a row to the next.
func (g *regroup) lead() int {
	lead, most := 0, -1
	for i := range g.from {
		back, last := 0, uint32(0)
		for _, r := range g.rows {
			n := g.from[i].refs[r]
			if n < last {
				back++
			}
			last = n
		}
		if back > most {
			lead, most = i, back
		}
	}
	return lead
}

// hold reads the i-th lists of g.rows' nodes, ascending, as many as there is room for. It
// returns the last node of this round: one whose list alone is too long is read as it
// comes, in a round of its own.
func (g *regroup) hold(i int) (bound uint32, err error) {
	h, l := g.out.lists[i].held, &g.out.lists[i]
	nodes := h.nodes[:0]
	for _, r := range g.rows {
		if n := g.from[i].refs[r]; len(nodes) == 0 || nodes[len(nodes)-1] != n {
			nodes = append(nodes, n)
		}
	}
	slices.Sort(nodes)
	nodes = slices.Compact(nodes)
	share := g.room / 3 / int64(max(len(g.from)-1, 1))
	if g.room == 0 {
		share = g.w.x.gather.bytes
	}
	n, err := h.fill(g.w, l, nodes, share)
	switch {
	case err != nil:
		return 0, err
	case n == len(nodes):
		return math.MaxUint32, nil
	}
	return nodes[max(n, 1)-1], nil
}

func (g *regroup) give() error {
	widen(&g.view, g.w.prog.plan.NumSlots)
	size := g.w.x.batchSize()
	for at := 0; at < len(g.order); at += size {
		if err := g.w.x.check(); err != nil {
			return err
		}
		g.idx = g.idx[:0]
		for _, o := range g.order[at:min(at+size, len(g.order))] {
			g.idx = append(g.idx, int32(uint32(o)))
		}
		g.buf.Gather(&g.view, g.idx)
		if err := g.out.push(&g.view); err != nil {
			return err
		}
	}
	return nil
}

// heldLists are lists of some nodes, ascending, in memory of their own.
type heldLists struct {
	nodes    []uint32
	off      []uint32
	nbr, rel []uint32
	at       int // where the last one was found
}

// get returns the list of a node, if it is held. A nil *heldLists holds none.
func (h *heldLists) get(node uint32) (nbr, rel []uint32, ok bool) {
	if h == nil || len(h.nodes) == 0 {
		return nil, nil, false
	}
	if h.nodes[h.at] > node {
		h.at = 0
	}
	i := csr.Gallop(h.nodes, h.at, node)
	if i == len(h.nodes) {
		return nil, nil, false
	}
	h.at = i
	if h.nodes[i] != node {
		return nil, nil, false
	}
	lo, hi := h.off[i], h.off[i+1]
	return h.nbr[lo:hi:hi], h.rel[lo:hi:hi], true
}

// fill reads the lists of nodes the way that l does, until they take limit bytes, and
// returns how many it holds. It keeps nodes.
func (h *heldLists) fill(w *worker, l *interList, nodes []uint32, limit int64) (n int, err error) {
	h.nodes, h.at, h.off, h.nbr, h.rel = nil, 0, append(h.off[:0], 0), h.nbr[:0], h.rel[:0]
	l.legs.open()
	l.forget()
	defer l.forget()
	for ; n < len(nodes); n++ {
		if n%column.BatchSize == 0 {
			if err := w.x.check(); err != nil {
				return n, err
			}
		}
		l.node = nodes[n]
		if err := l.read(); err != nil {
			return n, err
		}
		if int64(len(h.nbr)+len(l.nbr)+n)*edgeBytes > limit {
			break
		}
		h.nbr, h.rel = append(h.nbr, l.nbr...), append(h.rel, l.rel...)
		h.off = append(h.off, uint32(len(h.nbr)))
	}
	h.nodes = nodes[:n]
	return n, nil
}

func (h *heldLists) reset() {
	if h != nil {
		h.nodes = h.nodes[:0]
	}
}

func (h *heldLists) drop() {
	if h != nil {
		*h = heldLists{}
	}
}
