// Package aggregation groups rows by keys and keeps an accumulator of each
// aggregate function for each group.
//
//	a := aggregation.New(space, budget, spec)
//	a.Add(rows) …
//	a.Merge(other)                                  // what another worker collected
//	a.Each(func(keys …, values …) error { … })
//
// Over the budget, all groups go to disk and the table starts again empty; they come
// back part by part, by the hash of the key:
//
//	groups   keys, dependents, accumulators: equal keys are added up
//	pairs    keys and a value, for each function with DISTINCT: it sees a pair once
//
// Where one group alone is too large, the set of its values is frozen: values that
// are in it are dropped, others wait on disk by their own hash. An accumulator that is
// too large by itself, a list of collect(), is an error.
package aggregation
