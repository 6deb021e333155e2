package plan

import "github.com/kadedb/kadedb/query/expr"

// MapExprs replaces each expression of n itself (not of its inputs) by what f makes
// of it. Predicates and items keep their places; f must not return nil.
func MapExprs(n Node, f func(expr.Expr) expr.Expr) {
	opt := func(e *expr.Expr) {
		if *e != nil {
			*e = f(*e)
		}
	}
	list := func(es []expr.Expr) {
		for i := range es {
			es[i] = f(es[i])
		}
	}
	items := func(its []Item) {
		for i := range its {
			its[i].Expr = f(its[i].Expr)
		}
	}
	switch n := n.(type) {
	case *NodeByID:
		opt(&n.ID)
	case *IndexSeek:
		list(n.Equal)
		opt(&n.In)
		opt(&n.Low.Value)
		opt(&n.High.Value)
		opt(&n.Prefix)
	case *VarExpand:
		list(n.Hop.Filter)
	case *ShortestPath:
		list(n.Hop.Filter)
	case *CheapestPath:
		list(n.Hop.Filter)
		opt(&n.Cost)
	case *PathMatch:
		n.Path.mapExprs(f)
	case *Intersect:
		list(n.Filter)
	case *Filter:
		list(n.Predicates)
	case *Project:
		items(n.Items)
	case *Unwind:
		opt(&n.List)
	case *Aggregate:
		items(n.Keys)
		for i := range n.Aggs {
			list(n.Aggs[i].Args)
		}
	case *TopK:
		opt(&n.Skip)
		opt(&n.Count)
	case *Skip:
		opt(&n.Count)
	case *Limit:
		opt(&n.Count)
	case *CountTrails:
		for _, a := range n.Arms {
			for i := range a {
				list(a[i].Filter)
			}
		}
	case *DistinctExpand:
		for i := range n.Hops {
			list(n.Hops[i].Filter)
		}
	case *CallProcedure:
		list(n.Args)
	case *Apply:
		if n.Batches != nil {
			opt(&n.Batches.Rows)
			opt(&n.Batches.RetryFor)
			opt(&n.Batches.Concurrency)
		}
	case *LoadCSV:
		opt(&n.From)
	case *LoadRows:
		opt(&n.From)
	default:
		mapWriteExprs(n, f, opt, list, items)
	}
}

func mapWriteExprs(n Node, f func(expr.Expr) expr.Expr, opt func(*expr.Expr), list func([]expr.Expr), items func([]Item)) {
	creation := func(c *Creation) {
		props := func(ps []Prop) {
			for i := range ps {
				ps[i].Expr = f(ps[i].Expr)
			}
		}
		for i := range c.Nodes {
			list(c.Nodes[i].Dynamic)
			props(c.Nodes[i].Props)
			opt(&c.Nodes[i].All)
		}
		for i := range c.Rels {
			opt(&c.Rels[i].Dynamic)
			props(c.Rels[i].Props)
			opt(&c.Rels[i].All)
		}
		items(c.Paths)
	}
	sets := func(its []SetItem) {
		for _, it := range its {
			switch it := it.(type) {
			case *SetProperty:
				opt(&it.Entity)
				opt(&it.KeyOf)
				opt(&it.Value)
			case *SetAll:
				opt(&it.Entity)
				opt(&it.Value)
			case *SetLabels:
				opt(&it.Entity)
				list(it.Dynamic)
			}
		}
	}
	switch n := n.(type) {
	case *Create:
		creation(&n.Creation)
	case *Merge:
		creation(&n.Creation)
		sets(n.OnCreate)
		sets(n.OnMatch)
	case *Set:
		sets(n.Items)
	case *Delete:
		list(n.Exprs)
	case *Foreach:
		opt(&n.List)
	case *Match:
		list(n.Pattern.Where)
		items(n.Pattern.Paths)
		for i := range n.Pattern.Rels {
			list(n.Pattern.Rels[i].Hop.Filter)
			opt(&n.Pattern.Rels[i].Cost)
			if p := n.Pattern.Rels[i].Path; p != nil {
				p.mapExprs(f)
			}
		}
		for _, c := range n.Pattern.Counted {
			for _, a := range c.Arms {
				for i := range a {
					list(a[i].Filter)
				}
			}
		}
	}
}

// Exprs returns the expressions of n itself.
func Exprs(n Node) []expr.Expr {
	var out []expr.Expr
	MapExprs(n, func(e expr.Expr) expr.Expr {
		out = append(out, e)
		return e
	})
	return out
}
