package optimize

import (
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
)

func sorted(s slotSet) []plan.Slot {
	out := []plan.Slot{}
	for x := range s.all() {
		out = append(out, x)
	}
	return out
}

// produced returns the slots that n itself writes.
func produced(n plan.Node) slotSet {
	s := newSet()
	add := func(xs ...plan.Slot) {
		for _, x := range xs {
			s.add(x)
		}
	}
	items := func(its []plan.Item) {
		for _, it := range its {
			s.add(it.Slot)
		}
	}
	switch n := n.(type) {
	case *plan.Argument:
		add(n.Slots...)
		add(n.RowID)
	case *plan.NodeScan:
		add(n.Node)
	case *plan.NodeByID:
		add(n.Node)
	case *plan.IndexSeek:
		add(n.Node, n.Rel, n.From, n.To)
	case *plan.RelScan:
		add(n.Rel, n.From, n.To)
	case *plan.Expand:
		add(n.Rel, n.To)
	case *plan.ExpandInto:
		add(n.Rel)
	case *plan.RelEnds:
		if !n.FromBound {
			add(n.From)
		}
		if !n.ToBound {
			add(n.To)
		}
	case *plan.DistinctExpand:
		add(n.To)
	case *plan.NodeCount:
		add(n.Slot)
	case *plan.RelCount:
		add(n.Slot)
	case *plan.Project:
		items(n.Items)
	case *plan.Unwind:
		add(n.Slot, n.Index)
	case *plan.Aggregate:
		items(n.Keys)
		for _, a := range n.Aggs {
			add(a.Slot)
		}
	case *plan.Union:
		add(n.Out...)
	case *plan.CallProcedure:
		for _, y := range n.Yields {
			add(y.Slot)
		}
	case *plan.Apply:
		if n.Batches != nil {
			add(n.Batches.Report)
		}
	case *plan.LoadCSV:
		add(n.Slot, n.Line, n.File)
	case *plan.LoadRows:
		add(n.Slot)
	case *plan.Create:
		created(s, &n.Creation)
	case *plan.Merge:
		created(s, &n.Creation)
	default:
		searched(s, n)
	}
	return s
}

// searched adds what the operators that search for paths write.
func searched(s slotSet, n plan.Node) {
	switch n := n.(type) {
	case *plan.VarExpand:
		s.add(n.Rels)
		if !n.Into {
			s.add(n.To)
		}
	case *plan.VarCheck:
		if !n.FromBound {
			s.add(n.From)
		}
		if !n.ToBound {
			s.add(n.To)
		}
	case *plan.ShortestPath:
		s.add(n.Rels)
		if !n.ToBound {
			s.add(n.To)
		}
	case *plan.CheapestPath:
		s.add(n.Rels)
		if !n.ToBound {
			s.add(n.To)
		}
	case *plan.PathMatch:
		s.add(n.Rels)
		if !n.ToBound {
			s.add(n.To)
		}
		for _, c := range n.Path.Columns() {
			s.add(c)
		}
	case *plan.Intersect:
		s.add(n.To)
		for _, l := range n.Lists {
			s.add(l.Rel)
		}
	}
}

func created(s slotSet, c *plan.Creation) {
	for _, n := range c.Nodes {
		s.add(n.Slot)
	}
	for _, r := range c.Rels {
		s.add(r.Slot)
	}
	for _, p := range c.Paths {
		s.add(p.Slot)
	}
}

// provides returns every slot that rows of n can carry. The set must not be changed.
func (z *optimizer) provides(n plan.Node) slotSet {
	if s, ok := z.given[n]; ok {
		return s
	}
	s := z.provided(n)
	z.given[n] = s
	return s
}

func (z *optimizer) provided(n plan.Node) slotSet {
	switch n := n.(type) {
	case *plan.Aggregate:
		s := produced(n)
		for _, d := range n.Dependent {
			s.add(d)
		}
		return s
	case *plan.Distinct:
		s := newSet()
		for _, k := range n.Keys {
			s.add(k)
		}
		return s
	case *plan.Union:
		return produced(n)
	case *plan.Apply:
		s := z.both(n.Outer, n.Inner, n.JoinKind)
		if n.Batches != nil {
			s = s.clone()
			s.add(n.Batches.Report)
		}
		return s
	case *plan.HashJoin:
		return z.both(n.Left, n.Right, n.JoinKind)
	case *plan.Merge:
		s := produced(n)
		s.addAll(z.provides(n.Input))
		return s
	case *plan.Foreach:
		return z.provides(n.Input)
	}
	s := produced(n)
	for _, in := range n.Inputs() {
		s.addAll(z.provides(in))
	}
	return s
}

func (z *optimizer) both(left, right plan.Node, kind plan.JoinKind) slotSet {
	if kind == plan.Semi || kind == plan.Anti {
		return z.provides(left)
	}
	s := z.provides(left).clone()
	s.addAll(z.provides(right))
	return s
}

// reads returns the slots of its input that n itself reads.
func reads(n plan.Node) slotSet {
	s := newSet()
	add := func(xs ...plan.Slot) {
		for _, x := range xs {
			s.add(x)
		}
	}
	for _, e := range plan.Exprs(n) {
		add(expr.Slots(nil, e)...)
	}
	keys := func(ks []plan.SortKey) {
		for _, k := range ks {
			s.add(k.Slot)
		}
	}
	switch n := n.(type) {
	case *plan.Expand:
		add(n.From)
		add(n.Unique...)
	case *plan.ExpandInto:
		add(n.From, n.To)
		add(n.Unique...)
	case *plan.Intersect:
		for _, l := range n.Lists {
			add(l.From)
		}
		add(n.Unique...)
		s.remove(n.To)
	case *plan.CountTrails:
		add(n.Center)
		add(n.Unique...)
		for _, a := range n.Arms {
			for _, h := range a {
				s.remove(h.Node)
			}
		}
	case *plan.DistinctExpand:
		add(n.From)
		for _, h := range n.Hops {
			s.remove(h.Node)
		}
	case *plan.Distinct:
		add(n.Keys...)
	case *plan.Aggregate:
		add(n.Dependent...)
	case *plan.Sort:
		keys(n.Keys)
	case *plan.TopK:
		keys(n.Keys)
	case *plan.Create:
		s.writes(&n.Creation)
	case *plan.Merge:
		s.writes(&n.Creation)
	case *plan.Produce:
		for _, c := range n.Columns {
			add(c.Slot)
		}
	default:
		readsEnds(s, n)
	}
	return s
}

// readsEnds adds what the operators that search for paths read; what stands for the
// relationship being crossed is theirs.
func readsEnds(s slotSet, n plan.Node) {
	add := func(xs ...plan.Slot) {
		for _, x := range xs {
			s.add(x)
		}
	}
	switch n := n.(type) {
	case *plan.RelEnds:
		add(n.Rel)
		add(n.Unique...)
		addIf(s, n.FromBound, n.From)
		addIf(s, n.ToBound, n.To)
	case *plan.VarExpand:
		add(n.From)
		add(n.Unique...)
		addIf(s, n.Into, n.To)
		s.hop(n.Hop)
	case *plan.VarCheck:
		add(n.Rels)
		add(n.Unique...)
		addIf(s, n.FromBound, n.From)
		addIf(s, n.ToBound, n.To)
	case *plan.ShortestPath:
		add(n.From)
		addIf(s, n.ToBound, n.To)
		s.hop(n.Hop)
	case *plan.CheapestPath:
		add(n.From)
		addIf(s, n.ToBound, n.To)
		s.hop(n.Hop)
	case *plan.PathMatch:
		for _, c := range n.Path.Inner() {
			s.remove(c)
		}
		s.remove(n.Rels)
		add(n.From)
		add(n.Unique...)
		if s.remove(n.To); n.ToBound {
			s.add(n.To)
		}
	}
}

func addIf(s slotSet, b bool, x plan.Slot) {
	if b {
		s.add(x)
	}
}

// hop takes away what stands for the relationship being crossed.
func (s slotSet) hop(h plan.Hop) {
	s.remove(h.Rel)
	s.remove(h.From)
	s.remove(h.To)
}

// writes adds the ends of what is created and takes away what is created itself.
func (s slotSet) writes(c *plan.Creation) {
	for _, r := range c.Rels {
		s.add(r.From)
		s.add(r.To)
	}
	for _, p := range c.Paths {
		for _, x := range expr.Slots(nil, p.Expr) {
			s.add(x)
		}
	}
	own := newSet()
	created(own, c)
	for x := range own.all() {
		s.remove(x)
	}
}
