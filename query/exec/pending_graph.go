package exec

import "github.com/kadedb/kadedb/query/plan"

func (b *builder) nodeCount(n *plan.NodeCount, _ []lane) (runner, error)           { return notYet(n) }
func (b *builder) relCount(n *plan.RelCount, _ []lane) (runner, error)             { return notYet(n) }
func (b *builder) expand(n *plan.Expand, _ []lane) (runner, error)                 { return notYet(n) }
func (b *builder) expandInto(n *plan.ExpandInto, _ []lane) (runner, error)         { return notYet(n) }
func (b *builder) relEnds(n *plan.RelEnds, _ []lane) (runner, error)               { return notYet(n) }
func (b *builder) varExpand(n *plan.VarExpand, _ []lane) (runner, error)           { return notYet(n) }
func (b *builder) varCheck(n *plan.VarCheck, _ []lane) (runner, error)             { return notYet(n) }
func (b *builder) shortestPath(n *plan.ShortestPath, _ []lane) (runner, error)     { return notYet(n) }
func (b *builder) cheapestPath(n *plan.CheapestPath, _ []lane) (runner, error)     { return notYet(n) }
func (b *builder) intersect(n *plan.Intersect, _ []lane) (runner, error)           { return notYet(n) }
func (b *builder) countTrails(n *plan.CountTrails, _ []lane) (runner, error)       { return notYet(n) }
func (b *builder) distinctExpand(n *plan.DistinctExpand, _ []lane) (runner, error) { return notYet(n) }
