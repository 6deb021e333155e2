// Package aggregation groups rows by keys and keeps an accumulator of each
// aggregate function for each group.
//
//	a := aggregation.New(space, budget, spec)
//	a.Add(rows) …
//	a.Merge(other)                                  // what another worker collected
//	a.Each(func(keys …, values …) error { … })
//
// Over the budget, groups go to disk and come back in parts, by the hash of the key:
//
//	no DISTINCT   the accumulators themselves: the table starts again empty, and equal
//	              keys are added up when their part is read
//	DISTINCT      rows: the table is frozen, rows of groups that are in it go on
//	              counting, the others wait in their part
//
// A DISTINCT aggregate sees each (group, value) once; the set of pairs is frozen in the
// same way.
package aggregation
