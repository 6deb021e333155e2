package optimize

import (
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
)

// prune notes for each operator which slots are read above it, and drops projected
// columns and aggregates that nobody reads. live is what is read above n.
func (z *optimizer) prune(n plan.Node, live slotSet) plan.Node {
	if a, ok := n.(*plan.Apply); ok && z.givesInner(a, live) {
		return z.prune(a.Inner, live)
	}
	n = dropDead(n, live)
	if p, ok := n.(*plan.Project); ok && len(p.Items) == 0 {
		return z.prune(p.Input, live)
	}
	need := live.clone()
	own := produced(n)
	for s := range own.all() {
		need.remove(s)
	}
	need.addAll(reads(n))
	has := z.provides(n)
	here := newSet()
	for s := range live.all() {
		if has.has(s) {
			here.add(s)
		}
	}
	n.Base().Live = sorted(here)
	switch n := n.(type) {
	case *plan.Apply:
		z.pruneApply(n, need)
	case *plan.HashJoin:
		z.pruneJoin(n, need)
	case *plan.Merge:
		z.pruneMerge(n, need)
	case *plan.Foreach:
		z.pruneForeach(n, need)
	case *plan.Union:
		for i, in := range n.Parts {
			l := newSet()
			for _, s := range n.Columns[i] {
				l.add(s)
			}
			n.Parts[i] = z.prune(in, l)
		}
	case *plan.Aggregate, *plan.Distinct:
		z.pruneInput(n, reads(n))
	default:
		z.pruneInput(n, need)
	}
	return n
}

// givesInner reports whether a joins one row, that of the sub-plan which it is part of,
// with an inner plan of which alone something is read: a is that inner plan then.
func (z *optimizer) givesInner(a *plan.Apply, live slotSet) bool {
	arg, ok := a.Outer.(*plan.Argument)
	if !ok || arg.RowID != plan.NoSlot || !a.PerRow || a.JoinKind != plan.Inner || a.Batches != nil {
		return false
	}
	given := z.provides(a.Inner)
	for s := range live.all() {
		if !given.has(s) {
			return false
		}
	}
	return true
}

func (z *optimizer) pruneInput(n plan.Node, need slotSet) {
	for i, in := range n.Inputs() {
		n.SetInput(i, z.prune(in, need))
	}
}

// dropDead removes columns that nobody reads.
func dropDead(n plan.Node, live slotSet) plan.Node {
	switch n := n.(type) {
	case *plan.Project:
		kept := n.Items[:0:0]
		for _, it := range n.Items {
			if live.has(it.Slot) {
				kept = append(kept, it)
			}
		}
		n.Items = kept
	case *plan.Aggregate:
		kept := n.Aggs[:0:0]
		for _, a := range n.Aggs {
			if live.has(a.Slot) {
				kept = append(kept, a)
			}
		}
		n.Aggs = kept
	}
	return n
}

// pruneApply works out which columns the inner plan gives, and which outer ones it
// takes.
func (z *optimizer) pruneApply(a *plan.Apply, need slotSet) {
	outer := z.provides(a.Outer)
	inner := newSet()
	a.Columns = nil
	if a.JoinKind == plan.Inner || a.JoinKind == plan.LeftOuter {
		given := z.provides(a.Inner)
		for s := range need.all() {
			if given.has(s) && !outer.has(s) {
				inner.add(s)
			}
		}
		a.Columns = sorted(inner)
	}
	inner.add(a.RowID)
	a.Inner = z.prune(a.Inner, inner)
	outerNeed := newSet()
	for s := range need.all() {
		if outer.has(s) {
			outerNeed.add(s)
		}
	}
	outerNeed.addAll(trimArguments(a.Inner))
	a.Outer = z.prune(a.Outer, outerNeed)
}

// trimArguments cuts the Arguments of a sub-plan to the slots that it reads, and
// returns those.
func trimArguments(root plan.Node) slotSet {
	out := newSet()
	for _, a := range arguments(nil, root) {
		kept := []plan.Slot{}
		for _, s := range a.Slots {
			if a.IsLive(s) {
				kept = append(kept, s)
				out.add(s)
			}
		}
		a.Slots = kept
	}
	return out
}

// arguments lists the Arguments that belong to the operator above root: those of
// nested sub-plans belong to these.
func arguments(dst []*plan.Argument, n plan.Node) []*plan.Argument {
	switch n := n.(type) {
	case *plan.Argument:
		return append(dst, n)
	case *plan.Apply:
		return arguments(dst, n.Outer)
	case *plan.Merge:
		return arguments(dst, n.Input)
	case *plan.Foreach:
		return arguments(dst, n.Input)
	}
	for _, in := range n.Inputs() {
		dst = arguments(dst, in)
	}
	return dst
}

func (z *optimizer) pruneJoin(j *plan.HashJoin, need slotSet) {
	left, right := newSet(), newSet()
	hasLeft, hasRight := z.provides(j.Left), z.provides(j.Right)
	j.RightColumns = nil
	for s := range need.all() {
		switch {
		case hasLeft.has(s):
			left.add(s)
		case hasRight.has(s):
			right.add(s)
		}
	}
	if j.JoinKind == plan.LeftOuter {
		j.RightColumns = sorted(right)
	}
	for _, k := range j.LeftKeys {
		left.add(k)
	}
	for _, k := range j.RightKeys {
		right.add(k)
	}
	j.Left, j.Right = z.prune(j.Left, left), z.prune(j.Right, right)
}

func (z *optimizer) pruneMerge(m *plan.Merge, need slotSet) {
	own := newSet()
	created(own, &m.Creation)
	// What Match binds is read by the operator itself: by actions, and above.
	inner := own.clone()
	m.Match = z.prune(m.Match, inner)
	need.addAll(trimArguments(m.Match))
	for s := range own.all() {
		need.remove(s)
	}
	m.Input = z.prune(m.Input, need)
}

func (z *optimizer) pruneForeach(f *plan.Foreach, need slotSet) {
	f.Body = z.prune(f.Body, newSet())
	used := trimArguments(f.Body)
	used.remove(f.Slot)
	need.addAll(used)
	for _, s := range expr.Slots(nil, f.List) {
		need.add(s)
	}
	f.Input = z.prune(f.Input, need)
}

// markMult notes which operators may give multiplicities. A value that varies must be
// computed for each row by itself.
func markMult(n plan.Node, above bool) {
	n.Base().Mult = above
	for i, in := range n.Inputs() {
		markMult(in, plan.AcceptsMult(n, i) && !anyVolatile(plan.Exprs(n)))
	}
}
