// Package exec runs plans: it turns a tree of query/plan into operators that push
// column batches from the leaves to the root.
//
//	prog, err := exec.Build(p, exec.Options{})
//	err = prog.Run(&exec.Context{Ctx: ctx, Reader: r, Params: params}, func(b *column.Batch) error { … })
//
//	NodeScan ──batch──▶ Filter ──▶ Expand ──▶ Aggregate ═╗      a breaker keeps what it is
//	                                                     ║      given and gives it on at the end
//	                                      Produce ◀── TopK
//
// A source runs until its input ends; everything above it works inside its push,
// so that back-pressure is the call stack and a batch never outlives the push that
// brought it. Below a breaker a pipeline may have several lanes, one a worker, each
// with operators of its own: the source deals morsels out, the breaker merges.
//
// A Program is built once and run often, by one goroutine at a time; names are looked
// up at the start of each run. Sub-plans (Apply, subqueries in expressions) are
// programs within the program: an Argument gives them a whole batch of outer rows.
//
// One file an operator, named as in query/plan. The package neither parses nor
// chooses plans; what it computes on single values is in query/expr and query/function.
package exec
