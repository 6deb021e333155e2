package optimize

import "github.com/kadedb/kadedb/query/plan"

func (z *optimizer) pushFilters(n plan.Node) plan.Node  { return n }
func (z *optimizer) semiJoins(n plan.Node) plan.Node    { return n }
func (z *optimizer) countStore(n plan.Node) plan.Node   { return n }
func (z *optimizer) distinctEnds(n plan.Node) plan.Node { return n }
func (z *optimizer) countTrails(n plan.Node) plan.Node  { return n }
