// Package optimize turns a bound plan into the one that is run: it chooses the order
// in which each pattern is matched, moves predicates to where they first can be
// decided, replaces enumeration by counting where only numbers are asked for, and works out which
// columns each operator must carry.
//
//	err := optimize.Optimize(p, optimize.Options{Catalog: snap, Statistics: stats})
//
//	rule_*.go                  one rewrite a file: its effect, when it must not be made
//	graph.go order.go seek.go  the order in which a pattern is matched, by cost
//	build.go                   … as scans, seeks, expansions and joins
//	live.go slots.go           columns read above; multiplicities
//	estimate.go estimator.go   rows and costs, for ordering, EXPLAIN and parallelism
//
// Rules of patterns and of what stands above them come first, on the plan as bound;
// then each pattern is ordered; then come the rules on sorted rows.
//
// Statistics are estimates and may be old: no rule trusts them for an answer. Every rule
// can be switched off by name, and a plan gives the same rows with any of them off.
package optimize

import (
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/storage/catalog"
)

// Rule names a rewrite that can be switched off.
type Rule string

// The rules.
const (
	Reorder      Rule = "reorder"       // patterns are matched in the cheapest order, not as written
	UseIndex     Rule = "use_index"     // equality, ranges, IN and STARTS WITH by index
	PushFilter   Rule = "push_filter"   // filters move below what does not concern them
	MergeMatch   Rule = "merge_match"   // consecutive MATCHes are ordered together
	CountPresent Rule = "count_present" // count(x) of what is never null
	// OptionalCount: matches of an OPTIONAL MATCH that are only counted.
	OptionalCount Rule = "optional_count"
	// CallCount: CALL { } that only counts is an expression.
	CallCount    Rule = "call_count"
	GroupByKey   Rule = "group_by_key"  // grouping by a node's key is grouping by the node
	LateProject  Rule = "late_project"  // columns are computed after a top-k has cut the rows
	LoneGroups   Rule = "lone_groups"   // counting by a node that no two rows share
	TopK         Rule = "top_k"         // a sort of which only the first rows are read keeps only those
	Intersection Rule = "intersect"     // closing two or more relationships at once
	CountTrails  Rule = "count_trails"  // parts of a pattern that are only counted
	CountStore   Rule = "count_store"   // counts that the store keeps
	DistinctEnds Rule = "distinct_ends" // DISTINCT ends of a chain by a search by levels
	Hash         Rule = "hash_join"     // parts of a pattern joined by equal values
)

// Rules gives all of them.
func Rules() []Rule {
	return []Rule{Reorder, UseIndex, PushFilter, MergeMatch, CountPresent, OptionalCount, CallCount, GroupByKey, LateProject, LoneGroups, TopK,
		Intersection, CountTrails, CountStore, DistinctEnds, Hash}
}

// Without gives the options of a plan that is made without some rules.
func Without(rules ...Rule) Options {
	off := make(map[Rule]bool, len(rules))
	for _, r := range rules {
		off[r] = true
	}
	return Options{Off: off}
}

// Options are what Optimize may know.
type Options struct {
	Catalog    catalog.Snapshot    // zero: no names, no indexes
	Statistics *catalog.Statistics // nil: guesses
	Off        map[Rule]bool       // rules not to be used
}

// Optimize rewrites p in place: afterwards it holds only operators that can be executed.
func Optimize(p *plan.Plan, o Options) error {
	z := &optimizer{Options: o, stats: newEstimator(o)}
	z.slots, z.writes = p.NumSlots, p.Writes
	if err := z.plan(p, nil); err != nil {
		return err
	}
	z.setSlots(p)
	p.Number()
	return nil
}

type optimizer struct {
	Options
	stats *estimator
	slots int
	// writes: the statement does, perhaps not in the plan at hand.
	writes bool
	given  map[plan.Node]slotSet // memo of provides
}

func (z *optimizer) on(r Rule) bool { return !z.Off[r] }

func (z *optimizer) newSlot() plan.Slot {
	z.slots++
	return z.slots - 1
}

// plan optimizes one plan and those inside its expressions; sub is the expression that
// p is the plan of, nil for a statement.
func (z *optimizer) plan(p *plan.Plan, sub *expr.Subquery) error {
	z.fold(p.Root)
	p.Root = z.rules(p.Root)
	counted := sub != nil && !p.PerRow && sub.Kind != expr.Collect
	if counted && sub.Kind == expr.Count && z.on(CountTrails) {
		z.countInSubquery(p)
	}
	p.Root = z.lower(p.Root)
	if z.on(TopK) {
		p.Root = topK(p.Root)
	}
	if z.on(LateProject) {
		p.Root = lateProject(p.Root)
	}
	if err := z.subplans(p.Root); err != nil {
		return err
	}
	live := newSet()
	for _, c := range p.Columns {
		live.add(c.Slot)
	}
	if p.RowID != plan.NoSlot {
		live.add(p.RowID)
	}
	z.given = map[plan.Node]slotSet{}
	p.Root = z.prune(p.Root, live)
	markMult(p.Root, counted)
	if !z.writes && z.on(LoneGroups) {
		z.loneGroups(p.Root)
	}
	z.stats.estimate(p.Root)
	return nil
}

// rules runs the rewrites of patterns and what stands above them, each over the whole
// tree.
func (z *optimizer) rules(root plan.Node) plan.Node {
	steps := []struct {
		rule Rule
		run  func(plan.Node) plan.Node
	}{
		{PushFilter, z.pushFilters},
		{MergeMatch, z.mergeMatches},
		{CallCount, z.callCount},
		{OptionalCount, z.optionalCount},
		{CountPresent, z.countPresent},
		{GroupByKey, z.groupByKey},
		{PushFilter, z.pushFilters},
		{CountStore, z.countStore},
		{DistinctEnds, z.distinctEnds},
		{CountTrails, z.countTrails},
	}
	for _, s := range steps {
		if z.on(s.rule) {
			root = s.run(root)
		}
	}
	return root
}

// subplans optimizes the plans in the expressions of every operator.
func (z *optimizer) subplans(root plan.Node) error {
	var err error
	plan.Walk(root, func(n plan.Node) bool {
		for _, s := range plan.Subqueries(n) {
			if sub := plan.Subplan(s); sub != nil && err == nil {
				if len(sub.Columns) == 0 && s.Result != plan.NoSlot {
					sub.Columns = []plan.Column{{Slot: s.Result}}
				}
				err = z.plan(sub, s)
			}
		}
		return err == nil
	})
	return err
}

func (z *optimizer) setSlots(p *plan.Plan) {
	p.NumSlots = z.slots
	plan.Walk(p.Root, func(n plan.Node) bool {
		for _, s := range plan.Subqueries(n) {
			if sub := plan.Subplan(s); sub != nil {
				z.setSlots(sub)
			}
		}
		return true
	})
}

// fold computes the constant parts of all expressions below root.
func (z *optimizer) fold(root plan.Node) {
	plan.Walk(root, func(n plan.Node) bool {
		plan.MapExprs(n, expr.Fold)
		return true
	})
}
