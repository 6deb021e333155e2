package exec

import (
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
)

// builder makes the operators of one scope.
type builder struct {
	prog  *Program
	scope *scope
	depth int
	above int // id of the operator above the one being built; -1 at the root
	// exchange of the pipeline being built; nil: it has one lane.
	exchange *exchange
}

// maxDepth bounds plans: they come from texts that are bounded too.
const maxDepth = 2000

// build makes the operators of n and of all below it, which push into lanes: one
// lane, unless the caller asked with fork for more. The runner does the work, and ends
// with the lanes' finish.
func (b *builder) build(n plan.Node, lanes []lane) (runner, error) {
	if b.depth++; b.depth > maxDepth {
		return nil, status.Errorf(status.TooDeep, "the plan has more than %d operators in a row", maxDepth)
	}
	defer func() { b.depth-- }()
	op := n.Base()
	if emitsMult(n) && !op.Mult {
		lanes = each(lanes, func(l lane) operator { return newUnmult(l.w, l.out) })
	}
	id, above := op.ID, b.above
	lanes = each(lanes, func(l lane) operator { return &meter{w: l.w, id: id, next: above, out: l.out} })
	b.above = id
	defer func() { b.above = above }()
	return b.operator(n, lanes)
}

func (b *builder) operator(n plan.Node, lanes []lane) (runner, error) {
	switch n := n.(type) {
	case *plan.SingleRow:
		return b.singleRow(n, lanes)
	case *plan.Argument:
		return b.argument(n, lanes)
	case *plan.NodeScan:
		return b.nodeScan(n, lanes)
	case *plan.NodeByID:
		return b.nodeByID(n, lanes)
	case *plan.IndexSeek:
		return b.indexSeek(n, lanes)
	case *plan.RelScan:
		return b.relScan(n, lanes)
	case *plan.NodeCount:
		return b.nodeCount(n, lanes)
	case *plan.RelCount:
		return b.relCount(n, lanes)
	case *plan.Expand:
		return b.expand(n, lanes)
	case *plan.ExpandInto:
		return b.expandInto(n, lanes)
	case *plan.RelEnds:
		return b.relEnds(n, lanes)
	case *plan.VarExpand:
		return b.varExpand(n, lanes)
	case *plan.VarCheck:
		return b.varCheck(n, lanes)
	case *plan.ShortestPath:
		return b.shortestPath(n, lanes)
	case *plan.CheapestPath:
		return b.cheapestPath(n, lanes)
	case *plan.PathMatch:
		return b.pathMatch(n, lanes)
	case *plan.Intersect:
		return b.intersect(n, lanes)
	case *plan.CountTrails:
		return b.countTrails(n, lanes)
	case *plan.DistinctExpand:
		return b.distinctExpand(n, lanes)
	case *plan.Filter:
		return b.filter(n, lanes)
	case *plan.Project:
		return b.project(n, lanes)
	case *plan.Unwind:
		return b.unwind(n, lanes)
	case *plan.Apply:
		return b.apply(n, lanes)
	case *plan.Skip:
		return b.skip(n, lanes)
	case *plan.Limit:
		return b.limit(n, lanes)
	case *plan.Produce:
		return b.produce(n, lanes)
	case *plan.CallProcedure:
		return b.callProcedure(n, lanes)
	case *plan.LoadCSV:
		return b.loadCSV(n, lanes)
	case *plan.LoadRows:
		return b.loadRows(n, lanes)
	}
	return b.relational(n, lanes)
}

// relational are the operators that hold rows, and those that write.
func (b *builder) relational(n plan.Node, lanes []lane) (runner, error) {
	switch n := n.(type) {
	case *plan.Aggregate:
		return b.aggregate(n, lanes)
	case *plan.Distinct:
		return b.distinct(n, lanes)
	case *plan.Sort:
		return b.sort(n, lanes)
	case *plan.TopK:
		return b.topK(n, lanes)
	case *plan.HashJoin:
		return b.hashJoin(n, lanes)
	case *plan.Union:
		return b.union(n, lanes)
	case *plan.Eager:
		return b.eager(n, lanes)
	case *plan.Create:
		return b.create(n, lanes)
	case *plan.Merge:
		return b.merge(n, lanes)
	case *plan.Set:
		return b.set(n, lanes)
	case *plan.Delete:
		return b.delete(n, lanes)
	case *plan.Foreach:
		return b.foreach(n, lanes)
	}
	return nil, status.Errorf(status.Internal, "operator %s cannot be executed", n.Kind())
}

// sub builds a plan that runs inside another one, for batches of outer rows that
// its Arguments give.
func (b *builder) sub(n plan.Node, w *worker, out operator) (*sub, error) {
	s := &sub{scope: &scope{}}
	w.subs = append(w.subs, s.scope)
	inner := &builder{prog: b.prog, scope: s.scope, depth: b.depth, above: b.above}
	var err error
	s.exec, err = inner.build(n, []lane{{w: w, out: out}})
	return s, err
}

// parallelCost is the estimated cost in nanoseconds below which one goroutine
// is faster than two.
const parallelCost = 50_000

// maxLanes bounds the operators that a program makes in advance.
const maxLanes = 64

// fork returns the workers for the pipeline below a breaker that pushes in any
// order: w alone, unless the pipeline is long enough and can be split. Which of them
// work is decided in each run by Context.Workers.
func (b *builder) fork(n plan.Node, w *worker) []*worker {
	ws := []*worker{w}
	if b.scope != b.prog.main || b.prog.writes || !splits(n) || n.Base().Cost < parallelCost {
		return ws
	}
	for len(ws) < min(maxLanes, b.prog.lanes()) {
		ws = append(ws, b.prog.newWorker())
	}
	return ws
}

// splits reports whether n and the operators below it can run in several lanes.
func splits(n plan.Node) bool {
	offers := false // something that a seek leads to can be shared
	for {
		switch t := n.(type) {
		case *plan.NodeScan:
			return t.Input == nil
		case *plan.RelScan:
			return t.Input == nil
		case *plan.IndexSeek:
			return t.Input == nil && offers
		case *plan.NodeByID:
			return t.Input == nil && offers
		case *plan.Expand, *plan.VarExpand:
			offers = true
			n = n.Inputs()[0]
		case *plan.Filter, *plan.Project, *plan.Unwind, *plan.ExpandInto, *plan.RelEnds, *plan.VarCheck,
			*plan.Intersect, *plan.CountTrails, *plan.ShortestPath, *plan.CheapestPath,
			*plan.PathMatch:
			n = n.Inputs()[0]
		case *plan.Aggregate:
			if !t.Lone {
				return false
			}
			n = t.Input
		case *plan.Apply:
			n = t.Outer
		default:
			return false
		}
	}
}

// emitsMult reports whether n may give batches with multiplicities.
func emitsMult(n plan.Node) bool {
	switch t := n.(type) {
	case *plan.CountTrails:
		return true
	case *plan.NodeScan:
		return t.Input != nil && (countsNodes(t) || emitsMult(t.Input))
	case *plan.Expand:
		return t.Mult || emitsMult(t.Input)
	case *plan.VarExpand:
		return countsOnly(t) || groupsEnds(t)
	case *plan.Intersect:
		return t.Mult || emitsMult(t.Input)
	case *plan.Filter, *plan.Project, *plan.ExpandInto:
		return emitsMult(n.Inputs()[0])
	}
	return false
}
