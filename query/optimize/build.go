package optimize

import (
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
)

// lower replaces every Match by operators.
func (z *optimizer) lower(root plan.Node) plan.Node {
	return plan.Rewrite(root, func(n plan.Node) plan.Node {
		if m, ok := n.(*plan.Match); ok {
			return z.match(m)
		}
		return n
	})
}

func (z *optimizer) match(m *plan.Match) plan.Node {
	if !m.Optional {
		z.stats.estimate(m.Input)
		return z.assemble(&m.Pattern, m.Input, m.Input.Base().Rows)
	}
	arg := &plan.Argument{RowID: z.newSlot()}
	arg.Slots = outerSlots(&m.Pattern)
	inner := z.assemble(&m.Pattern, arg, 1)
	return &plan.Apply{Outer: m.Input, Inner: inner, JoinKind: plan.LeftOuter, RowID: arg.RowID}
}

// outerSlots lists what a pattern reads of the rows it starts from.
func outerSlots(p *plan.Pattern) []plan.Slot {
	reads, own := newSet(), newSet()
	for _, n := range p.Nodes {
		if n.Bound {
			reads.add(n.Slot)
		} else {
			own.add(n.Slot)
		}
	}
	for _, r := range p.Rels {
		if r.Bound {
			reads.add(r.Slot)
		} else {
			own.add(r.Slot)
		}
		own.add(r.Hop.Rel)
		own.add(r.Hop.From)
		own.add(r.Hop.To)
		if r.Path != nil {
			for _, s := range r.Path.Inner() {
				own.add(s)
			}
		}
	}
	for _, it := range p.Paths {
		own.add(it.Slot)
	}
	m := &plan.Match{Pattern: *p}
	for _, e := range plan.Exprs(m) {
		for _, s := range expr.Slots(nil, e) {
			reads.add(s)
		}
	}
	for s := range own.all() {
		reads.remove(s)
	}
	return sorted(reads)
}

// assembly builds the operators of one pattern, bottom up.
type assembly struct {
	g       *queryGraph
	cur     plan.Node
	bound   slotSet
	rels    []int // matched so far, for uniqueness
	paths   map[plan.Slot]bool
	first   float64 // rows of the next operator, as estimated
	counted []bool  // by index into Pattern.Counted
}

// assemble builds the operators that match pat for each row of input.
func (z *optimizer) assemble(pat *plan.Pattern, input plan.Node, rows float64) plan.Node {
	g := z.graph(pat, rows)
	a := &assembly{g: g, cur: input, bound: newSet(), paths: map[plan.Slot]bool{}, counted: make([]bool, len(pat.Counted))}
	if _, ok := input.(*plan.SingleRow); ok {
		a.cur = nil
	}
	start := a.start()
	mask := start
	for _, s := range g.order(start) {
		_, a.first = g.price(mask, s)
		a.step(s)
		mask |= g.bits(s)
		z.stats.rows[a.cur] = g.card(mask)
	}
	if a.cur == nil {
		a.cur = input
	}
	a.filter()
	a.projectPaths(nil)
	return a.cur
}

// start handles what is bound before the first step: nodes and relationships of earlier
// clauses.
func (a *assembly) start() uint {
	g := a.g
	var mask uint
	attached := make([]bool, len(g.nodes))
	for _, r := range g.pat.Rels {
		attached[r.From], attached[r.To] = true, true
	}
	var present []expr.Expr
	for i, n := range g.nodes {
		if !n.Bound {
			continue
		}
		mask |= 1 << i
		a.bound.add(n.Slot)
		if !attached[i] {
			present = append(present, &expr.IsNull{X: &expr.Slot{Slot: n.Slot, Name: n.Name, T: expr.NodeType | expr.NullType}, Negated: true})
		}
	}
	if len(present) > 0 {
		f := &plan.Filter{Predicates: present}
		f.Input = a.input()
		a.cur = f
	}
	for i := range g.pat.Rels {
		if preMatched(&g.pat.Rels[i]) {
			mask |= a.boundRel(i, mask)
		}
	}
	a.filter()
	for i := range g.pat.Rels {
		r := &g.pat.Rels[i]
		if !preMatched(r) && g.eligible(r, mask, a.bound) {
			a.into(i)
		}
	}
	a.filter()
	return mask
}

// input returns the operator so far, a single row if there is none.
func (a *assembly) input() plan.Node {
	if a.cur == nil {
		return &plan.SingleRow{}
	}
	return a.cur
}

// boundRel starts from a relationship that an earlier clause bound.
func (a *assembly) boundRel(i int, mask uint) uint {
	r := &a.g.pat.Rels[i]
	from, to := a.g.nodes[r.From], a.g.nodes[r.To]
	fromBound, toBound := mask&(1<<r.From) != 0, mask&(1<<r.To) != 0
	if r.From == r.To && !fromBound {
		// One node at both ends: bind it as the left one, then compare.
		toBound = false
	}
	if r.Search == plan.OneHop {
		op := &plan.RelEnds{From: from.Slot, Rel: r.Slot, To: to.Slot, RelName: r.Name, FromBound: fromBound, ToBound: toBound,
			Types: r.Types, Dir: r.Dir, Unique: a.unique(r)}
		op.Input = a.input()
		a.cur = op
	} else {
		op := &plan.VarCheck{From: from.Slot, Rels: r.Slot, To: to.Slot, RelName: r.Name, FromBound: fromBound, ToBound: toBound,
			Types: r.Types, Dir: r.Dir, Min: r.Min, Max: r.Max, Unique: a.unique(r)}
		op.Input = a.input()
		a.cur = op
	}
	a.matched(i)
	return 1<<r.From | 1<<r.To
}

// unique lists the relationships matched so far that r must differ from.
func (a *assembly) unique(r *plan.PatternRel) []plan.Slot {
	if !a.g.pat.Unique {
		return nil
	}
	var out []plan.Slot
	for _, i := range a.rels {
		if q := &a.g.pat.Rels[i]; overlap(q.Types, r.Types) && q.Group == r.Group && q.Trails() && r.Trails() {
			out = append(out, q.Slot)
		}
	}
	return out
}

// overlap reports whether a relationship can be of both type sets.
func overlap(a, b []string) bool {
	if len(a) == 0 || len(b) == 0 {
		return true
	}
	for _, x := range a {
		for _, y := range b {
			if x == y {
				return true
			}
		}
	}
	return false
}

func (a *assembly) step(s step) {
	switch s.kind {
	case stepScan:
		a.scan(s)
	case stepRelScan:
		a.relScan(s.rel, s.seek)
	case stepExpand:
		a.expand(s.rel, s.node)
	case stepIntersect:
		a.intersect(s)
	case stepHash:
		a.hash(s)
	}
	a.g.z.stats.rows[a.cur] = a.first
	a.filter()
	for _, i := range s.close {
		a.into(i)
		a.filter()
	}
}

func (a *assembly) scan(s step) {
	n := a.g.nodes[s.node]
	a.bound.add(n.Slot)
	switch {
	case s.seek != nil && s.seek.id != nil:
		op := *s.seek.id
		op.Input = a.cur
		a.cur = &op
	case s.seek != nil:
		op := *s.seek.op
		op.Input = a.cur
		a.cur = &op
		a.takeLabel(n.Slot, op.Label)
	default:
		op := &plan.NodeScan{Node: n.Slot, Name: n.Name, Labels: a.takeLabels(n.Slot)}
		op.Input = a.cur
		op.Notes = a.g.whyNoIndex(s.node)
		a.cur = op
		return
	}
	for _, p := range s.seek.preds {
		p.done = true
	}
}

// takeLabels marks the label tests of a node as done, and returns the labels.
func (a *assembly) takeLabels(s plan.Slot) []string {
	var out []string
	for _, p := range a.g.preds {
		if p.label != "" && !p.done && p.e.(*expr.LabelTest).Base.(*expr.Slot).Slot == s {
			p.done = true
			if !containsString(out, p.label) {
				out = append(out, p.label)
			}
		}
	}
	return out
}

func containsString(xs []string, x string) bool {
	for _, y := range xs {
		if x == y {
			return true
		}
	}
	return false
}

func (a *assembly) takeLabel(s plan.Slot, label string) {
	for _, p := range a.g.preds {
		if p.label == label && p.e.(*expr.LabelTest).Base.(*expr.Slot).Slot == s {
			p.done = true
		}
	}
}

func (a *assembly) relScan(i int, sk *seek) {
	r := &a.g.pat.Rels[i]
	if sk != nil {
		op := *sk.op
		op.Input = a.cur
		a.cur = &op
		for _, p := range sk.preds {
			p.done = true
		}
		a.unlike(a.unique(r), r)
		a.matched(i)
		return
	}
	from, to := a.g.nodes[r.From].Slot, a.g.nodes[r.To].Slot
	if r.Dir == plan.In {
		from, to = to, from
	}
	op := &plan.RelScan{Rel: r.Slot, Name: r.Name, From: from, To: to, Types: r.Types, Both: r.Dir == plan.Both}
	op.Input = a.cur
	a.cur = op
	a.unlike(a.unique(r), r)
	a.matched(i)
}

// unlike filters by uniqueness where the operator itself cannot.
func (a *assembly) unlike(slots []plan.Slot, r *plan.PatternRel) {
	var ps []expr.Expr
	for _, s := range slots {
		var p expr.Expr = &expr.Compare{Op: expr.Ne, Left: &expr.Slot{Slot: r.Slot, Name: r.Name, T: expr.RelType}, Right: &expr.Slot{Slot: s, T: expr.RelType}}
		if a.isList(s) {
			p = &expr.Not{X: &expr.In{X: &expr.Slot{Slot: r.Slot, Name: r.Name, T: expr.RelType}, List: &expr.Slot{Slot: s, T: expr.ListType}}}
		}
		ps = append(ps, p)
	}
	if len(ps) > 0 {
		f := &plan.Filter{Predicates: ps}
		f.Input = a.cur
		a.cur = f
	}
}

func (a *assembly) isList(s plan.Slot) bool {
	for _, r := range a.g.pat.Rels {
		if r.Slot == s {
			return r.Search != plan.OneHop
		}
	}
	return false
}

func (a *assembly) matched(i int) {
	r := &a.g.pat.Rels[i]
	a.rels = append(a.rels, i)
	for _, s := range r.Binds() {
		a.bound.add(s)
	}
	a.bound.add(a.g.nodes[r.From].Slot)
	a.bound.add(a.g.nodes[r.To].Slot)
}

// expand follows relationship i to node k, which is not bound yet.
func (a *assembly) expand(i, k int) {
	r := &a.g.pat.Rels[i]
	if r.Bound {
		mask := uint(1<<r.From | 1<<r.To)
		a.boundRel(i, mask&^(1<<k))
		return
	}
	from, to, dir, reversed := a.g.nodes[r.From], a.g.nodes[r.To], r.Dir, false
	if r.From == k {
		from, to, dir, reversed = to, from, dir.Reverse(), true
	}
	labels := a.takeLabels(to.Slot)
	switch r.Search {
	case plan.OneHop:
		op := &plan.Expand{From: from.Slot, Rel: r.Slot, To: to.Slot, FromName: from.Name, RelName: r.Name, ToName: to.Name,
			Types: r.Types, Dir: dir, ToLabels: labels, Unique: a.unique(r)}
		op.Input = a.input()
		a.cur = op
	case plan.Trails:
		op := &plan.VarExpand{From: from.Slot, Rels: r.Slot, To: to.Slot, FromName: from.Name, RelName: r.Name, ToName: to.Name,
			Types: r.Types, Dir: dir, Min: r.Min, Max: r.Max, Reversed: reversed, Hop: turned(r.Hop, reversed), ToLabels: labels, Unique: a.unique(r), Mode: r.Mode}
		op.Input = a.input()
		a.cur = op
	default:
		a.search(r, from, to, dir, reversed, false, labels)
	}
	a.matched(i)
}

// turned is a hop seen from its other end.
func turned(h plan.Hop, reversed bool) plan.Hop {
	if reversed {
		h.From, h.To = h.To, h.From
	}
	return h
}

func (a *assembly) search(r *plan.PatternRel, from, to queryNode, dir plan.Direction, reversed, bound bool, labels []string) {
	if r.Search == plan.Whole {
		op := &plan.PathMatch{From: from.Slot, Rels: r.Slot, To: to.Slot, FromName: from.Name, ToName: to.Name, Path: r.Path,
			ToBound: bound, Reversed: reversed, ToLabels: labels, Unique: a.unique(r)}
		op.Input = a.input()
		a.cur = op
		return
	}
	if r.Search == plan.Cheapest {
		op := &plan.CheapestPath{From: from.Slot, Rels: r.Slot, To: to.Slot, FromName: from.Name, RelName: r.Name, ToName: to.Name,
			Types: r.Types, Dir: dir, Min: r.Min, Max: r.Max, ToBound: bound, Reversed: reversed,
			Hop: turned(r.Hop, reversed), Cost: r.Cost, CostPos: r.CostPos, ToLabels: labels}
		op.Input = a.input()
		a.cur = op
		return
	}
	op := &plan.ShortestPath{From: from.Slot, Rels: r.Slot, To: to.Slot, FromName: from.Name, RelName: r.Name, ToName: to.Name,
		Types: r.Types, Dir: dir, Min: r.Min, Max: r.Max, All: r.Search == plan.AllShortest, ToBound: bound, Reversed: reversed,
		Hop: turned(r.Hop, reversed), ToLabels: labels}
	op.Input = a.input()
	a.cur = op
}

// into matches relationship i between two bound nodes.
func (a *assembly) into(i int) {
	r := &a.g.pat.Rels[i]
	from, to := a.g.nodes[r.From], a.g.nodes[r.To]
	switch r.Search {
	case plan.OneHop:
		op := &plan.ExpandInto{From: from.Slot, Rel: r.Slot, To: to.Slot, FromName: from.Name, RelName: r.Name, ToName: to.Name,
			Types: r.Types, Dir: r.Dir, Unique: a.unique(r)}
		op.Input = a.input()
		a.cur = op
	case plan.Trails:
		if r.Bound {
			a.boundRel(i, ^uint(0))
			return
		}
		op := &plan.VarExpand{From: from.Slot, Rels: r.Slot, To: to.Slot, FromName: from.Name, RelName: r.Name, ToName: to.Name,
			Types: r.Types, Dir: r.Dir, Min: r.Min, Max: r.Max, Into: true, Hop: r.Hop, Unique: a.unique(r), Mode: r.Mode}
		op.Input = a.input()
		a.cur = op
	default:
		a.search(r, from, to, r.Dir, false, true, nil)
	}
	a.matched(i)
}

func (a *assembly) intersect(s step) {
	k := a.g.nodes[s.node]
	op := &plan.Intersect{To: k.Slot, ToName: k.Name, ToLabels: a.takeLabels(k.Slot)}
	for x, i := range s.rels {
		r := &a.g.pat.Rels[i]
		from, dir := a.g.nodes[r.From], r.Dir
		if r.From == s.node {
			from, dir = a.g.nodes[r.To], dir.Reverse()
		}
		op.Lists = append(op.Lists, plan.IntersectList{From: from.Slot, FromName: from.Name, Rel: r.Slot, Types: r.Types, Dir: dir})
		if !a.g.pat.Unique {
			continue
		}
		for _, j := range s.rels[:x] {
			op.Distinct = op.Distinct || overlap(r.Types, a.g.pat.Rels[j].Types)
		}
		for _, u := range a.unique(r) {
			if !hasSlot(op.Unique, u) {
				op.Unique = append(op.Unique, u)
			}
		}
	}
	op.Input = a.input()
	a.cur = op
	for _, i := range s.rels {
		a.matched(i)
	}
}

func hasSlot(xs []plan.Slot, x plan.Slot) bool {
	for _, y := range xs {
		if x == y {
			return true
		}
	}
	return false
}

// hash joins a scan of a node on an equality with what is bound.
func (a *assembly) hash(s step) {
	n := a.g.nodes[s.node]
	right := &assembly{g: a.g, bound: newSet(), paths: a.paths, counted: a.counted}
	right.bound.add(n.Slot)
	right.cur = &plan.NodeScan{Node: n.Slot, Name: n.Name, Labels: a.takeLabels(n.Slot)}
	right.filterOn(n.Slot)
	c := s.join.e.(*expr.Compare)
	mine, theirs := c.Left, c.Right
	if sl := expr.Slots(nil, c.Left); len(sl) == 1 && sl[0] != n.Slot {
		mine, theirs = theirs, mine
	}
	lk, left := a.column(a.input(), theirs)
	rk, rn := a.column(right.cur, mine)
	a.cur = &plan.HashJoin{Left: left, Right: rn, LeftKeys: []plan.Slot{lk}, RightKeys: []plan.Slot{rk}}
	a.bound.add(n.Slot)
	s.join.done = true
}

// column computes e over n, unless it is a column already.
func (a *assembly) column(n plan.Node, e expr.Expr) (plan.Slot, plan.Node) {
	if s, ok := e.(*expr.Slot); ok {
		return s.Slot, n
	}
	slot := a.g.z.newSlot()
	p := &plan.Project{Items: []plan.Item{{Slot: slot, Expr: e}}}
	p.Input = n
	return slot, p
}

// filterOn applies the predicates that speak of slot alone and cannot fail.
func (a *assembly) filterOn(slot plan.Slot) {
	var ps []expr.Expr
	for _, p := range a.g.preds {
		if !p.done && len(p.need) == 1 && p.need[0] == slot && len(expr.Slots(nil, p.e)) == 1 {
			p.done = true
			ps = append(ps, p.e)
		}
	}
	if len(ps) > 0 {
		f := &plan.Filter{Predicates: ps}
		f.Input = a.cur
		a.cur = f
	}
}

// filter applies all predicates that can be decided now, in the order of the text.
func (a *assembly) filter() {
	var ps []expr.Expr
	for _, p := range a.g.preds {
		if p.done || !a.reachable(p.need) {
			continue
		}
		if len(p.need) > 0 {
			a.projectPaths(p.need)
		}
		p.done = true
		ps = append(ps, p.e)
	}
	if len(ps) > 0 {
		f := &plan.Filter{Predicates: ps}
		f.Input = a.input()
		a.cur = f
	}
	a.count()
}

// count adds the chains that are only counted, as soon as their center and all
// relationships that they must differ from are bound.
func (a *assembly) count() {
	pat := a.g.pat
	for i, c := range pat.Counted {
		if a.counted[i] || !a.bound.has(pat.Nodes[c.Center].Slot) {
			continue
		}
		unique, ready := a.unlikeArms(c)
		if !ready {
			continue
		}
		a.counted[i] = true
		n := pat.Nodes[c.Center]
		op := &plan.CountTrails{Center: n.Slot, Name: n.Name, Arms: c.Arms, Unique: unique}
		op.Input = a.input()
		a.cur = op
	}
}

// unlikeArms lists the relationships of the pattern that counted ones must differ from,
// and reports whether all are bound.
func (a *assembly) unlikeArms(c plan.CountedArms) ([]plan.Slot, bool) {
	var out []plan.Slot
	for i := range a.g.pat.Rels {
		r := &a.g.pat.Rels[i]
		if r.Group != c.Group || !r.Trails() {
			continue
		}
		for _, arm := range c.Arms {
			for _, h := range arm {
				if overlap(h.Types, r.Types) && !hasSlot(out, r.Slot) {
					out = append(out, r.Slot)
				}
			}
		}
	}
	return out, a.bound.hasAll(out)
}

// reachable reports whether need is bound, or is a path whose parts are.
func (a *assembly) reachable(need []plan.Slot) bool {
	for _, s := range need {
		if a.bound.has(s) {
			continue
		}
		p := a.path(s)
		if p == nil || !a.bound.hasAll(expr.Slots(nil, p.Expr)) {
			return false
		}
	}
	return true
}

func (a *assembly) path(s plan.Slot) *plan.Item {
	for i := range a.g.pat.Paths {
		if a.g.pat.Paths[i].Slot == s {
			return &a.g.pat.Paths[i]
		}
	}
	return nil
}

// projectPaths computes named paths: those in need, or all where need is nil.
func (a *assembly) projectPaths(need []plan.Slot) {
	pr := &plan.Project{}
	for _, it := range a.g.pat.Paths {
		if !a.paths[it.Slot] && (need == nil || hasSlot(need, it.Slot)) {
			a.paths[it.Slot] = true
			a.bound.add(it.Slot)
			pr.Items = append(pr.Items, it)
		}
	}
	if len(pr.Items) > 0 {
		pr.Input = a.input()
		a.cur = pr
	}
}
