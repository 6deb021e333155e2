package exec

import (
	"math"
	"slices"

	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
)

// trailEnds counts, for one start, the trails of Min to Max relationships by the node
// that they end at. Trails are searched two hops short of the longest only; each that
// is found stands at its end v with its relationships U, and the two hops from there are
//
//	the walks v → x → w     together for all trails that end at v: by vectors of counts
//	less those that clash   the first or second hop is in U, or the two are the same
//
// Where v was not met before on the trail, clashes are few and known: a hop to the
// start of a relationship of U and then over it again, and self-loops at v; in patterns
// without direction also the way back over the last relationship, and over the first of the two
// hops. Where v was met before, its hops are looked at one by one.
// docs/adr/0701 has the derivation.
type trailEnds struct {
	e     *varExpand
	back  *legs
	after countVector // trails by end, two hops before the longest
	next  countVector // the same one hop before the longest
	ends  countVector // of Min … Max relationships
	total int64       // their sum, where ends are not asked for
	marks []backMarks // by position on the trail
	both  bool
	byEnd bool

	room  int64 // relationships that a probe may still look at; 0 until the first
	begun bool  // for this batch
	// refused: there is no memory for the vectors in this run.
	refused bool
	dirty   bool  // a start was not counted to its end: the vectors are not zero
	held    int64 // bytes reserved for the vectors
}

// groupsEnds reports whether of the trails that a VarExpand finds only their number by
// end is read.
func groupsEnds(n *plan.VarExpand) bool {
	return n.Mult && n.Max >= 3 && n.Min <= n.Max && n.Mode == plan.Trail && !n.Into && len(n.Hop.Filter) == 0 &&
		len(n.Unique) == 0 && (n.Rels == plan.NoSlot || !n.IsLive(n.Rels))
}

// countVector is a number by node, and which nodes may have one, as long as they are few.
type countVector struct {
	of      []int64
	touched []uint32
}

// listed is how many of so many nodes are listed: where there are more, all are looked at.
func listed(nodes int) int { return nodes / 16 }

func (v *countVector) add(node uint32, n int64) error {
	old := v.of[node]
	if old == 0 && len(v.touched) <= listed(len(v.of)) {
		v.touched = append(v.touched, node)
	}
	sum := old + n
	if (old^sum)&(n^sum) < 0 {
		return overflowed()
	}
	v.of[node] = sum
	return nil
}

// drain calls f with what is not zero, and leaves all zero. A node whose number was
// zero in between is in touched twice; the second time there is nothing left of it.
func (v *countVector) drain(f func(node uint32, n int64) error) error {
	if len(v.touched) > listed(len(v.of)) {
		v.touched = v.touched[:0]
		for i, n := range v.of { // ascending: as the lists lie
			if n == 0 {
				continue
			}
			v.of[i] = 0
			if err := f(uint32(i), n); err != nil {
				return err
			}
		}
		return nil
	}
	for _, node := range v.touched {
		n := v.of[node]
		if n == 0 {
			continue
		}
		v.of[node] = 0
		if err := f(node, n); err != nil {
			return err
		}
	}
	v.touched = v.touched[:0]
	return nil
}

// backMarks is the number of hops from each node to one node of the trail.
type backMarks struct {
	of     []int32
	marked []uint32
	node   uint32
	state  markState
}

type markState uint8

const (
	markNone markState = iota
	markDense
	markLookup // too many lead there: looked up one by one
)

func (m *backMarks) clear() {
	if len(m.marked) > listed(len(m.of)) {
		clear(m.of)
	} else {
		for _, n := range m.marked {
			m.of[n] = 0
		}
	}
	m.marked, m.state = m.marked[:0], markNone
}

// maxTrailVectors bounds the memory of the vectors.
const maxTrailVectors = 256 << 20

// probe enumerates the trails from a node where they are few: making vectors as long
// as there are nodes takes longer than a search that ends soon. All probes of a run
// together cost about what the vectors do. few is false where the vectors are to
// be used, because they are there or the trails are many.
func (t *trailEnds) probe(r int32, start uint32) (n int64, few bool, err error) {
	e := t.e
	if t.room == 0 {
		if t.room = int64(e.w.x.trailProbe); t.room == 0 {
			t.room = int64(e.w.reader().NodeHigh())/16 + 64
		}
	}
	if t.room < 0 || t.held > 0 {
		return 0, false, nil
	}
	n, few, err = e.countFrom(r, start, &t.room)
	if t.byEnd && few {
		if t.room -= n; t.room < 0 {
			few = false
		}
	}
	if t.room <= 0 {
		t.room = -1
	}
	return n, few, err
}

// begin makes t ready for a row; false: there is no memory for it.
func (t *trailEnds) begin() bool {
	if t.begun {
		return true
	}
	e := t.e
	high := int(e.w.reader().NodeHigh())
	levels := e.plan.Max - 2
	if levels > maxTrailHops {
		return false
	}
	if len(t.after.of) != high || t.dirty {
		t.close()
		size := int64(high) * int64(3*8+4*levels)
		if t.refused || size > maxTrailVectors || e.w.x.Budget.Reserve(size) != nil {
			t.refused = true
			return false
		}
		t.held = size
		for _, v := range []*countVector{&t.after, &t.next, &t.ends} {
			v.of, v.touched = make([]int64, high), v.touched[:0]
		}
		t.marks = make([]backMarks, levels)
		for i := range t.marks {
			t.marks[i].of = make([]int32, high)
		}
	}
	e.legs.opposite(t.back)
	for i := range t.marks {
		t.marks[i].clear()
	}
	t.begun = true
	return true
}

// reset makes t ready for another run; the vectors stay.
func (t *trailEnds) reset() { t.room, t.begun, t.refused = 0, false, false }

// close gives the vectors back.
func (t *trailEnds) close() {
	if t.held > 0 {
		t.e.w.x.Budget.Release(t.held)
	}
	t.after, t.next, t.ends, t.marks = countVector{}, countVector{}, countVector{}, nil
	t.held, t.dirty, t.begun = 0, false, false
}

// from counts the trails from one node, into ends or total.
func (t *trailEnds) from(r int32, start uint32) error {
	e := t.e
	e.nbr, e.rel = e.nbr[:0], e.rel[:0]
	e.frames, e.path = e.frames[:0], e.path[:0]
	e.nodes = append(e.nodes[:0], start)
	t.total, t.dirty = 0, true
	for {
		depth := len(e.path)
		if depth >= e.plan.Min {
			if err := t.give(e.nodes[depth], 1); err != nil {
				return err
			}
		}
		var err error
		if depth == e.plan.Max-2 {
			err = t.stand(r)
		} else {
			err = e.openCounted(r)
		}
		if err != nil {
			return err
		}
		if !e.follow() {
			break
		}
	}
	if err := t.walk(); err != nil {
		return err
	}
	t.dirty = t.byEnd // until the ends are drained
	return nil
}

// give adds trails that end at a node.
func (t *trailEnds) give(node uint32, n int64) error {
	if t.byEnd {
		return t.ends.add(node, n)
	}
	sum := t.total + n
	if (t.total^sum)&(n^sum) < 0 {
		return overflowed()
	}
	t.total = sum
	return nil
}

// stand notes the trail at hand, which two hops are to follow.
func (t *trailEnds) stand(r int32) error {
	last := len(t.e.path)
	node := t.e.nodes[last]
	if slices.Contains(t.e.nodes[:last], node) {
		return t.again(r, node)
	}
	if err := t.after.add(node, 1); err != nil {
		return err
	}
	if t.both {
		return t.clashBoth(node)
	}
	for i, v := range t.e.nodes[:last] {
		n, err := t.hopsTo(i, v, node)
		if err != nil {
			return err
		}
		if n > 0 {
			if err := t.give(t.e.nodes[i+1], -n); err != nil {
				return err
			}
		}
	}
	loops, err := t.loops(node)
	if err != nil || loops == 0 {
		return err
	}
	return t.give(node, -loops)
}

// clashBoth takes off what clashes at a node not met before, in patterns without
// direction.
func (t *trailEnds) clashBoth(node uint32) error {
	nodes := t.e.nodes
	last := len(nodes) - 1
	d, err := t.e.degrees.of(node)
	if err != nil {
		return err
	}
	// The last relationship leads back; what follows on it is not taken off a second time.
	if last > 0 {
		if err := t.next.add(nodes[last-1], -1); err != nil {
			return err
		}
		d--
	}
	if err := t.give(node, -d); err != nil {
		return err
	}
	loops, err := t.loops(node)
	if err != nil {
		return err
	}
	hops := func(i int) (int64, error) {
		if i == last {
			return loops, nil
		}
		n, err := t.hopsTo(i, nodes[i], node)
		if nodes[i] == nodes[last-1] {
			n--
		}
		return n, err
	}
	for i := range last {
		n, err := hops(i)
		if err != nil {
			return err
		}
		if err := t.give(nodes[i+1], -n); err != nil {
			return err
		}
		if nodes[i] == nodes[i+1] {
			continue
		}
		if n, err = hops(i + 1); err != nil {
			return err
		}
		if err := t.give(nodes[i], -n); err != nil {
			return err
		}
	}
	return nil
}

// again looks at the hops from a node that the trail has passed before.
func (t *trailEnds) again(r int32, node uint32) error {
	e := t.e
	at, last := len(e.nbr), len(e.path)
	if err := e.collect(r, false); err != nil {
		return err
	}
	for _, x := range e.nbr[at:] {
		if err := t.next.add(x, 1); err != nil {
			return err
		}
		e.nodes = append(e.nodes[:last+1], x)
		for i, v := range e.nodes[:last+1] {
			to := e.nodes[i+1]
			switch {
			case v == x:
			case t.both && to == x:
				to = v
			default:
				continue
			}
			if err := t.give(to, -1); err != nil {
				return err
			}
		}
	}
	e.nodes = e.nodes[:last+1]
	e.nbr, e.rel = e.nbr[:at], e.rel[:at]
	return nil
}

// hopsTo is the number of hops from node to v, which is the trail's i-th node.
func (t *trailEnds) hopsTo(i int, v, node uint32) (int64, error) {
	m := &t.marks[i]
	if m.state == markNone || m.node != v {
		if err := t.mark(m, v); err != nil {
			return 0, err
		}
	}
	if m.state == markDense {
		return int64(m.of[node]), nil
	}
	n := int64(0)
	err := t.e.legs.between(t.back, node, v, func(rels []uint32) error {
		n += int64(len(rels))
		return nil
	})
	return n, err
}

// mark notes from where hops lead to a node, unless they are many and few trails go on
// from it.
func (t *trailEnds) mark(m *backMarks, v uint32) error {
	m.clear()
	m.node, m.state = v, markLookup
	in, err := t.back.degree(v)
	if err != nil {
		return err
	}
	out, err := t.e.degrees.of(v)
	if err != nil || in > 8*out+1024 {
		return err
	}
	m.state = markDense
	return eachHop(t.back, v, func(to uint32) error {
		if m.of[to] == 0 && len(m.marked) <= listed(len(m.of)) {
			m.marked = append(m.marked, to)
		}
		m.of[to]++
		return nil
	})
}

// loops is the number of self-loops that a hop from a node can take.
func (t *trailEnds) loops(node uint32) (int64, error) {
	sum := int64(0)
	for i := range t.e.legs.list {
		g := &t.e.legs.list[i]
		if g.skipLoops {
			continue
		}
		if t.e.w.prog.writes {
			n, err := g.loops(node)
			if err != nil {
				return 0, err
			}
			sum += int64(n)
			continue
		}
		set, err := t.e.w.loopsOf(g.typ)
		if err != nil {
			return 0, err
		}
		if len(set) > 0 {
			sum += set[node]
		}
	}
	return sum, nil
}

// eachHop calls f with where the hops from a node lead.
func eachHop(l *legs, node uint32, f func(to uint32) error) error {
	for i := range l.list {
		g := &l.list[i]
		nbr, _, err := g.adj.List(node)
		if err != nil {
			return err
		}
		for _, to := range nbr {
			if g.skipLoops && to == node {
				continue
			}
			if err := f(to); err != nil {
				return err
			}
		}
	}
	return nil
}

// walk goes the last two hops, for all trails that were noted at once.
func (t *trailEnds) walk() error {
	e := t.e
	if err := t.after.drain(func(node uint32, n int64) error { return t.step(&t.next, node, n) }); err != nil {
		return err
	}
	shorter := e.plan.Max-1 >= e.plan.Min
	return t.next.drain(func(node uint32, n int64) error {
		if shorter {
			if err := t.give(node, n); err != nil {
				return err
			}
		}
		if t.byEnd {
			return t.step(&t.ends, node, n)
		}
		d, err := e.degrees.of(node)
		if err != nil || d == 0 {
			return err
		}
		if n > math.MaxInt64/d || n < math.MinInt64/d {
			return overflowed()
		}
		return t.give(node, n*d)
	})
}

// step adds a node's number to those that its hops lead to.
func (t *trailEnds) step(to *countVector, node uint32, n int64) error {
	e := t.e
	if e.steps++; e.steps&1023 == 0 {
		if err := e.w.x.check(); err != nil {
			return err
		}
	}
	for i := range e.legs.list {
		g := &e.legs.list[i]
		nbr, _, err := g.adj.List(node)
		if err != nil {
			return err
		}
		for _, x := range nbr {
			if g.skipLoops && x == node {
				continue
			}
			if err := to.add(x, n); err != nil {
				return err
			}
		}
	}
	return nil
}

// group gives, for each row, the ends of its trails, with their number: once each, but
// for rows with few trails.
func (e *varExpand) group(rows []int32) error {
	for _, r := range rows {
		if err := e.groupRow(r, e.from.refs[r]); err != nil {
			return err
		}
	}
	return e.flush()
}

func (e *varExpand) groupRow(r int32, start uint32) error {
	t := e.grouped
	_, few, err := t.probe(r, start)
	if err != nil {
		return err
	}
	if few || !t.begin() {
		return e.search(r, start)
	}
	if err := t.from(r, start); err != nil {
		return err
	}
	err = t.ends.drain(func(node uint32, n int64) error {
		if n < 0 {
			return negativeTrails(n)
		}
		e.ends, e.idx, e.times = append(e.ends, node), append(e.idx, r), append(e.times, n)
		if len(e.idx) == e.w.x.batchSize() {
			return e.flush()
		}
		return nil
	})
	t.dirty = err != nil
	return err
}

// negativeTrails is what keeps a wrong correction from becoming an answer.
func negativeTrails(n int64) error {
	return status.Errorf(status.Internal, "counting trails gave %d", n)
}
