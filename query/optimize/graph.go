package optimize

import (
	"slices"

	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/query/plan"
)

// queryGraph is one MATCH prepared for ordering.
type queryGraph struct {
	z     *optimizer
	pat   *plan.Pattern
	nodes []queryNode
	preds []*predicate
	local slotSet // slots that this pattern binds
	base  float64 // rows that it starts from
}

type queryNode struct {
	plan.PatternNode
	labels []string
	likely []string // labels; without any, one that all ends of its relationships have now: for estimates
	count  float64  // nodes with the labels
	card   float64  // those that pass the predicates on this node alone; 1 for a bound one
	arms   float64  // rows that the counted chains make of one
	walk   float64  // cost of counting them, a node
}

// predicate is one conjunct, and what must be bound before it is decided.
type predicate struct {
	e     expr.Expr
	need  []plan.Slot // of this pattern
	share float64
	label string // for `node:label`
	done  bool
}

func (z *optimizer) graph(pat *plan.Pattern, base float64) *queryGraph {
	g := &queryGraph{z: z, pat: pat, local: newSet(), base: max(base, 1)}
	for _, n := range pat.Nodes {
		if !n.Bound {
			g.local.add(n.Slot)
		}
	}
	for _, r := range pat.Rels {
		if !r.Bound {
			for _, s := range r.Binds() {
				g.local.add(s)
			}
		}
	}
	for _, p := range pat.Paths {
		g.local.add(p.Slot)
	}
	g.predicates()
	for i, n := range pat.Nodes {
		q := queryNode{PatternNode: n, labels: g.labelsOf(n.Slot)}
		q.likely = q.labels
		if len(q.likely) == 0 {
			q.likely = g.implied(i)
		}
		q.count = z.stats.nodes(q.labels)
		q.card = z.stats.nodes(q.likely)
		if n.Bound {
			q.card = 1
		}
		g.nodes = append(g.nodes, q)
		g.nodes[i].card *= g.shareOf(n.Slot)
		g.nodes[i].arms = 1
	}
	g.countArms()
	return g
}

// maxGuards bounds how many predicates are looked at for each other one; more than so
// many are all decided at the end, in order, and so are those that vary from row to row.
const maxGuards = 300

// implied returns the rarest label that all ends of one of node i's relationships have, by
// statistics.
func (g *queryGraph) implied(i int) []string {
	best := ""
	for _, r := range g.pat.Rels {
		if len(r.Types) != 1 || r.Dir == plan.Both || r.From != i && r.To != i {
			continue
		}
		start := (r.From == i) == (r.Dir == plan.Out)
		l := g.z.stats.endLabel(r.Types[0], start)
		if n, at := g.z.stats.labelCount(l), g.z.stats.labelCount(best); l != "" && (best == "" || n < at || n == at && l < best) {
			best = l
		}
	}
	return labelList(best)
}

// predicates prepares the conjuncts. One that may raise an error waits for all that
// stand before it and speak of the same variables: they may be its guards.
func (g *queryGraph) predicates() {
	for _, e := range g.pat.Where {
		p := &predicate{e: e, label: labelTest(e)}
		for _, s := range expr.Slots(nil, e) {
			if g.local.has(s) {
				p.need = append(p.need, s)
			}
		}
		switch {
		case len(g.preds) > maxGuards, volatile(e):
			p.need = sorted(g.local)
		case mayRaise(e):
			p.guard(g.preds)
		}
		g.preds = append(g.preds, p)
		if p.label != "" {
			s := e.(*expr.LabelTest).Base.(*expr.Slot).Slot
			if !slices.Contains(g.z.stats.known[s], p.label) {
				g.z.stats.known[s] = append(g.z.stats.known[s], p.label)
			}
		}
	}
	for _, p := range g.preds {
		p.share = g.z.stats.selectivity(p.e, g.labelsOf)
	}
}

// guard adds what the predicates before p need, where they share a variable with it;
// all of them, if p fails for ordinary values.
func (p *predicate) guard(before []*predicate) {
	strict := failsOften(p.e)
	for _, q := range before {
		shared := strict
		for _, s := range q.need {
			shared = shared || slices.Contains(p.need, s)
		}
		if !shared {
			continue
		}
		for _, s := range q.need {
			if !slices.Contains(p.need, s) {
				p.need = append(p.need, s)
			}
		}
	}
}

func labelTest(e expr.Expr) string {
	t, ok := e.(*expr.LabelTest)
	if !ok || t.Labels.Op != expr.LabelName {
		return ""
	}
	if s, ok := t.Base.(*expr.Slot); !ok || s.T&expr.NodeType == 0 {
		return ""
	}
	return t.Labels.Name
}

// mayRaise reports whether evaluating e can be an error.
func mayRaise(e expr.Expr) bool {
	found := false
	expr.Walk(e, func(e expr.Expr) bool {
		switch e.(type) {
		case *expr.Arith, *expr.Neg, *expr.Call, *expr.Index, *expr.Slice, *expr.Subquery, *expr.Reduce, *expr.StringOp, *expr.In:
			found = true
		}
		return !found
	})
	return found
}

// failsOften reports whether e can fail for values that are not wrong in themselves.
func failsOften(e expr.Expr) bool {
	found := false
	expr.Walk(e, func(e expr.Expr) bool {
		switch e := e.(type) {
		case *expr.Arith:
			found = found || e.Op == expr.Div || e.Op == expr.Mod
		case *expr.Index, *expr.Subquery, *expr.Reduce:
			found = true
		case *expr.Call:
			found = found || !harmless[e.Def.Name]
		}
		return !found
	})
	return found
}

// harmless functions fail only for values of a wrong type.
var harmless = map[string]bool{"toLower": true, "toUpper": true, "trim": true, "ltrim": true, "rtrim": true, "size": true,
	"coalesce": true, "id": true, "elementId": true, "type": true, "labels": true, "abs": true, "toString": true, "keys": true,
	"length": true, "nodes": true, "relationships": true, "startNode": true, "endNode": true, "exists": true, "isEmpty": true}

// volatile reports whether e gives another value each time.
func volatile(e expr.Expr) bool {
	found := false
	expr.Walk(e, func(e expr.Expr) bool {
		if c, ok := e.(*expr.Call); ok && c.Def.Stability == function.Volatile {
			found = true
		}
		return !found
	})
	return found
}

func (g *queryGraph) labelsOf(s plan.Slot) []string { return g.z.stats.known[s] }

// shareOf returns the share of nodes that pass the predicates on slot s alone, labels
// aside.
func (g *queryGraph) shareOf(s plan.Slot) float64 {
	share := 1.0
	for _, p := range g.preds {
		if p.label == "" && len(p.need) == 1 && p.need[0] == s {
			share *= p.share
		}
	}
	return share
}

// degree returns how many relationships of r a node at its end From (or To) has.
func (g *queryGraph) degree(r *plan.PatternRel, fromLeft bool) float64 {
	end, dir := g.nodes[r.From], r.Dir
	if !fromLeft {
		end, dir = g.nodes[r.To], dir.Reverse()
	}
	count := func(d plan.Direction, to string) float64 {
		if d == plan.Out {
			return g.z.stats.rels(firstLabel(end.likely), r.Types, to)
		}
		return g.z.stats.rels(to, r.Types, firstLabel(end.likely))
	}
	n := g.z.stats.nodes(end.likely[:min(1, len(end.likely))])
	if dir == plan.Both {
		return (count(plan.Out, "") + count(plan.In, "")) / max(n, 1)
	}
	return count(dir, "") / max(n, 1)
}

func firstLabel(ls []string) string {
	if len(ls) == 0 {
		return ""
	}
	return ls[0]
}

// relShare returns the share of pairs of nodes that r connects: rows of r over
// the product of the ends.
func (g *queryGraph) relShare(r *plan.PatternRel) float64 {
	a, b := g.nodes[r.From], g.nodes[r.To]
	na := max(g.z.stats.nodes(a.likely[:min(1, len(a.likely))]), 1)
	nb := max(g.z.stats.nodes(b.likely[:min(1, len(b.likely))]), 1)
	var rows float64
	la, lb := firstLabel(a.likely), firstLabel(b.likely)
	switch r.Dir {
	case plan.Out:
		rows = g.z.stats.rels(la, r.Types, lb)
	case plan.In:
		rows = g.z.stats.rels(lb, r.Types, la)
	default:
		rows = g.z.stats.rels(la, r.Types, lb) + g.z.stats.rels(lb, r.Types, la)
	}
	switch r.Search {
	case plan.OneHop:
		return rows / (na * nb)
	case plan.Trails:
		return trailRows(rows/na, r.Min, r.Max) / nb
	}
	return 0.8
}

// trailRows sums the walks of Min to Max hops of a given degree.
func trailRows(degree float64, lo, hi int) float64 {
	const deep = 5
	if hi < 0 || hi > lo+deep {
		hi = lo + deep
	}
	sum, pow := 0.0, 1.0
	for k := 0; k <= hi && k < 30; k++ {
		if k >= lo {
			sum += pow
		}
		pow *= degree
	}
	return min(sum, 1e15)
}

// countArms estimates the chains that are only counted.
func (g *queryGraph) countArms() {
	for _, c := range g.pat.Counted {
		n := &g.nodes[c.Center]
		for _, arm := range c.Arms {
			label, rows := firstLabel(n.likely), 1.0
			for i, h := range arm {
				d := g.z.stats.rels(label, h.Types, firstLabel(h.Labels))
				if h.Dir == plan.In {
					d = g.z.stats.rels(firstLabel(h.Labels), h.Types, label)
				}
				d /= max(g.z.stats.nodes(labelList(label)), 1)
				n.walk += rows * pick(i == 0, costDegree, costWalk)
				if i < len(arm)-1 || len(h.Filter) > 0 {
					n.walk += rows * d * costWalkEdge
				}
				rows *= d
				for _, e := range h.Filter {
					rows *= g.z.stats.selectivity(e, func(plan.Slot) []string { return h.Labels })
				}
				label = firstLabel(h.Labels)
			}
			n.arms *= rows
		}
		// Rows are kept; only their weights change. A row without any match goes.
		n.card *= min(1, n.arms)
	}
}

func labelList(l string) []string {
	if l == "" {
		return nil
	}
	return []string{l}
}
