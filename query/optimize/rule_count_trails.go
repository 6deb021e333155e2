package optimize

import (
	"slices"

	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
)

// countTrails takes out of a pattern the chains that nothing above reads, where an
// aggregation or DISTINCT follows: they only multiply rows, and are counted instead of
// enumerated.
//
//	MATCH (a)-[:F]->(b)-[:F]->(c) RETURN count(*)   →   per b: in-degree · out-degree − self-loops
//	MATCH (p)<-[:F]-(f) RETURN p, count(*)          →   per p: in-degree
//
// A node is taken with its relationship when it has no other left, no predicate but such
// on itself that cannot fail, and its chain does not fork. Relationships of overlapping types
// must differ, so chains at different nodes whose types overlap are not both taken;
// chains at one node are, and the operator corrects for what they share; those that
// stay in the pattern are told to it (Unique). From the book of degree products: DESIGN,
// "Exact counts, fast".
func (z *optimizer) countTrails(root plan.Node) plan.Node {
	return plan.Rewrite(root, func(n plan.Node) plan.Node {
		switch n.(type) {
		case *plan.Aggregate, *plan.Distinct:
		default:
			return n
		}
		m := matchBelow(n.Inputs()[0])
		if m == nil || !m.Pattern.Unique || len(m.Pattern.Rels) == 0 {
			return n
		}
		needed := reads(n)
		for in := n.Inputs()[0]; in != plan.Node(m); in = in.Inputs()[0] {
			needed.addAll(reads(in))
		}
		z.peelIfCheaper(m, needed)
		return n
	})
}

// countInSubquery does the same for COUNT { pattern }, which reads of its plan only how many
// rows there are for each outer one.
func (z *optimizer) countInSubquery(p *plan.Plan) {
	m := matchBelow(p.Root)
	if m == nil || !m.Pattern.Unique || len(m.Pattern.Rels) == 0 {
		return
	}
	needed := newSet()
	needed.add(p.RowID)
	for in := p.Root; in != plan.Node(m); in = in.Inputs()[0] {
		needed.addAll(reads(in))
	}
	z.peelIfCheaper(m, needed)
}

// peelIfCheaper takes chains out where counting them costs less than matching them: a
// chain may also be the best way into the pattern.
func (z *optimizer) peelIfCheaper(m *plan.Match, needed slotSet) {
	counted := &plan.Match{Pattern: m.Pattern}
	z.peel(counted, needed)
	if len(counted.Pattern.Counted) == 0 {
		return
	}
	z.stats.estimate(m.Input)
	rows := m.Input.Base().Rows
	if z.graph(&counted.Pattern, rows).total() <= z.graph(&m.Pattern, rows).total() {
		m.Pattern = counted.Pattern
	}
}

// peeler takes chains out of one pattern.
type peeler struct {
	z      *optimizer
	pat    *plan.Pattern
	needed slotSet // by operators above, or by predicates that join
	gone   []bool  // nodes taken
	relOf  []int   // of a taken node: its relationship towards the center; -1
	keep   []bool  // nodes that must stay
	filter [][]expr.Expr
	labels [][]string
}

func (z *optimizer) peel(m *plan.Match, needed slotSet) {
	pat := &m.Pattern
	if len(pat.Nodes) > 60 {
		return
	}
	kept := pat.Paths[:0:0]
	for _, it := range pat.Paths {
		if needed.has(it.Slot) || pathInWhere(pat, it.Slot) {
			kept = append(kept, it)
			for _, s := range expr.Slots(nil, it.Expr) {
				needed.add(s)
			}
		}
	}
	pat.Paths = kept
	p := &peeler{z: z, pat: pat, needed: needed, keep: make([]bool, len(pat.Nodes)),
		filter: make([][]expr.Expr, len(pat.Nodes)), labels: make([][]string, len(pat.Nodes))}
	p.own()
	p.anchor()
	p.center()
	for {
		p.take()
		arms := p.arms()
		if clash := p.clash(arms); clash >= 0 {
			p.keep[clash] = true
			continue
		}
		if len(arms) > 0 {
			p.cut(arms)
		}
		return
	}
}

func pathInWhere(pat *plan.Pattern, s plan.Slot) bool {
	for _, e := range pat.Where {
		if hasSlot(expr.Slots(nil, e), s) {
			return true
		}
	}
	return false
}

// own sorts the predicates: those on one node alone go with it, all others keep what
// they read.
func (p *peeler) own() {
	at := map[plan.Slot]int{}
	for i, n := range p.pat.Nodes {
		at[n.Slot] = i
		p.keep[i] = n.Bound || p.needed.has(n.Slot)
	}
	for _, e := range p.pat.Where {
		slots := expr.Slots(nil, e)
		if len(slots) == 1 && !mayRaise(e) && !volatile(e) && !hasParamOnly(e) {
			if i, ok := at[slots[0]]; ok {
				if l := labelTest(e); l != "" {
					p.labels[i] = append(p.labels[i], l)
				} else {
					p.filter[i] = append(p.filter[i], e)
				}
				continue
			}
		}
		for _, s := range slots {
			p.needed.add(s)
			if i, ok := at[s]; ok {
				p.keep[i] = true
			}
		}
	}
	for _, r := range p.pat.Rels {
		for _, e := range append(slices.Clone(r.Hop.Filter), costOf(&r)...) {
			for _, s := range expr.Slots(nil, e) {
				if i, ok := at[s]; ok {
					p.keep[i] = true
				}
			}
		}
	}
	for _, it := range p.pat.Paths {
		for _, s := range expr.Slots(nil, it.Expr) {
			if i, ok := at[s]; ok {
				p.keep[i] = true
			}
		}
	}
}

// hasParamOnly is for predicates without a column: they belong to no node.
func hasParamOnly(e expr.Expr) bool { return len(expr.Slots(nil, e)) == 0 }

// anchor keeps the node that the fewest candidates are for, where its predicates leave
// few of its label: the pattern is best matched from there.
func (p *peeler) anchor() {
	const few = 0.1
	best, at := -1, 0.0
	for i := range p.pat.Nodes {
		if rows := p.startRows(i); best < 0 || rows < at {
			best, at = i, rows
		}
	}
	if best >= 0 && at < few*p.z.stats.nodes(p.labels[best]) {
		p.keep[best] = true
	}
}

// startRows estimates how many nodes i can be, looked at alone.
func (p *peeler) startRows(i int) float64 {
	if p.pat.Nodes[i].Bound {
		return 1
	}
	rows := p.z.stats.nodes(p.labels[i])
	for _, e := range p.filter[i] {
		rows *= p.z.stats.selectivity(e, func(plan.Slot) []string { return p.labels[i] })
	}
	g := p.z.graph(&plan.Pattern{Nodes: []plan.PatternNode{p.pat.Nodes[i]}, Where: p.pat.Where}, 1)
	if s := g.seek(0, newSet()); s != nil {
		rows = min(rows, s.rows)
	}
	return rows
}

// center chooses, in each part of the pattern where none has to stay, the node that
// does: where the fewest nodes have to be walked through.
func (p *peeler) center() {
	part := p.parts()
	kept := map[int]bool{}
	for i, k := range p.keep {
		kept[part[i]] = kept[part[i]] || k
	}
	best, at := map[int]int{}, map[int]float64{}
	for i := range p.pat.Nodes {
		if kept[part[i]] {
			continue
		}
		c := p.centerCost(i)
		if _, ok := best[part[i]]; !ok || c < at[part[i]] {
			best[part[i]], at[part[i]] = i, c
		}
	}
	for _, i := range best {
		p.keep[i] = true
	}
}

// parts numbers the connected parts of the pattern, by node.
func (p *peeler) parts() []int {
	part := make([]int, len(p.pat.Nodes))
	for i := range part {
		part[i] = i
	}
	for changed := true; changed; {
		changed = false
		for _, r := range p.pat.Rels {
			if lo := min(part[r.From], part[r.To]); part[r.From] != lo || part[r.To] != lo {
				part[r.From], part[r.To], changed = lo, lo, true
			}
		}
	}
	return part
}

func (p *peeler) centerCost(i int) float64 {
	z, start := p.z, p.startRows(i)
	cost := start
	seen := make([]bool, len(p.pat.Nodes))
	var walk func(node, via int, rows float64)
	walk = func(node, via int, rows float64) {
		seen[node] = true
		for j, r := range p.pat.Rels {
			if j == via || r.From != node && r.To != node {
				continue
			}
			next, dir := r.To, r.Dir
			if r.To == node {
				next, dir = r.From, r.Dir.Reverse()
			}
			if seen[next] {
				continue
			}
			d := z.stats.degree(r.Types, dir)
			more := false
			for k, q := range p.pat.Rels {
				more = more || k != j && (q.From == next || q.To == next)
			}
			// The last hop of a chain is a degree, unless its end is looked at.
			if more || len(p.filter[next]) > 0 {
				cost += rows * d
			} else {
				cost += rows
			}
			walk(next, j, rows*d)
		}
	}
	walk(i, -1, start)
	return cost
}

// take marks the nodes that can go.
func (p *peeler) take() {
	n := len(p.pat.Nodes)
	p.gone, p.relOf = make([]bool, n), make([]int, n)
	for i := range p.relOf {
		p.relOf[i] = -1
	}
	for changed := true; changed; {
		changed = false
		for i := range n {
			if p.gone[i] || p.keep[i] {
				continue
			}
			if r, ok := p.lastRel(i); ok {
				p.gone[i], p.relOf[i], changed = true, r, true
			}
		}
	}
}

// lastRel returns the only relationship of node i that is left, if the node can go with it.
func (p *peeler) lastRel(i int) (int, bool) {
	left, children := -1, 0
	for j, r := range p.pat.Rels {
		if r.From != i && r.To != i {
			continue
		}
		if r.From == r.To {
			return 0, false
		}
		other := r.From + r.To - i
		if p.gone[other] && p.relOf[other] == j {
			children++
			if child := p.pat.Rels[p.relOf[other]]; left >= 0 && child.Group != p.pat.Rels[left].Group {
				return 0, false
			}
			continue
		}
		if left >= 0 {
			return 0, false
		}
		left = j
	}
	if left < 0 || children > 1 {
		return 0, false
	}
	r := &p.pat.Rels[left]
	if r.Search != plan.OneHop || r.Bound || p.needed.has(r.Slot) {
		return 0, false
	}
	for j, q := range p.pat.Rels {
		if j != left && (q.From == i || q.To == i) && q.Group != r.Group {
			return 0, false
		}
	}
	return left, true
}

// arm is a chain that is taken, from its center outwards.
type arm struct {
	center, group int
	nodes, rels   []int
}

func (p *peeler) arms() []arm {
	var out []arm
	for i := range p.pat.Nodes {
		if p.gone[i] {
			continue
		}
		for j := range p.pat.Nodes {
			if p.gone[j] && p.towards(j) == i {
				a := arm{center: i, group: p.pat.Rels[p.relOf[j]].Group}
				for at := j; at >= 0; at = p.child(at) {
					a.nodes = append(a.nodes, at)
					a.rels = append(a.rels, p.relOf[at])
				}
				out = append(out, a)
			}
		}
	}
	return out
}

// towards returns the neighbour of a taken node on the side of the center.
func (p *peeler) towards(i int) int {
	r := p.pat.Rels[p.relOf[i]]
	return r.From + r.To - i
}

func (p *peeler) child(i int) int {
	for j := range p.pat.Nodes {
		if p.gone[j] && j != i && p.towards(j) == i {
			return j
		}
	}
	return -1
}

// clash returns a node that must stay, because its chain could share a relationship with
// a chain at another node; -1 if there is none. The shorter chain stays.
func (p *peeler) clash(arms []arm) int {
	for x, a := range arms {
		for _, b := range arms[x+1:] {
			if a.center == b.center || a.group != b.group || !p.share(a, b) {
				continue
			}
			if len(a.rels) < len(b.rels) {
				a, b = b, a
			}
			return b.nodes[0]
		}
	}
	return -1
}

func (p *peeler) share(a, b arm) bool {
	for _, i := range a.rels {
		for _, j := range b.rels {
			if overlap(p.pat.Rels[i].Types, p.pat.Rels[j].Types) {
				return true
			}
		}
	}
	return false
}

// cut moves the chains from the pattern to Counted.
func (p *peeler) cut(arms []arm) {
	index := make([]int, len(p.pat.Nodes))
	out := plan.Pattern{Unique: true, Paths: p.pat.Paths, Counted: p.pat.Counted}
	for i, n := range p.pat.Nodes {
		if !p.gone[i] {
			index[i] = len(out.Nodes)
			out.Nodes = append(out.Nodes, n)
		}
	}
	taken := make([]bool, len(p.pat.Rels))
	for _, a := range arms {
		var hops []plan.CountedHop
		at := a.center
		for k, n := range a.nodes {
			r := &p.pat.Rels[a.rels[k]]
			taken[a.rels[k]] = true
			dir := r.Dir
			if r.To == at {
				dir = dir.Reverse()
			}
			hops = append(hops, plan.CountedHop{Types: r.Types, Dir: dir, Labels: p.labels[n], Filter: p.filter[n], Node: p.pat.Nodes[n].Slot})
			at = n
		}
		out.Counted = addArm(out.Counted, index[a.center], a.group, hops)
	}
	for i, r := range p.pat.Rels {
		if !taken[i] {
			r.From, r.To = index[r.From], index[r.To]
			out.Rels = append(out.Rels, r)
		}
	}
	gone := newSet()
	for i, n := range p.pat.Nodes {
		if p.gone[i] {
			gone.add(n.Slot)
		}
	}
	for _, e := range p.pat.Where {
		if s := expr.Slots(nil, e); len(s) == 1 && gone.has(s[0]) {
			continue
		}
		out.Where = append(out.Where, e)
	}
	*p.pat = out
}

func addArm(cs []plan.CountedArms, center, group int, hops []plan.CountedHop) []plan.CountedArms {
	for i := range cs {
		if cs[i].Center == center && cs[i].Group == group {
			cs[i].Arms = append(cs[i].Arms, hops)
			return cs
		}
	}
	return append(cs, plan.CountedArms{Center: center, Group: group, Arms: [][]plan.CountedHop{hops}})
}
