// Package ordering sorts rows: in memory by normalised keys, beyond the budget by
// runs on disk that are merged.
//
//	s := ordering.NewSorter(space, budget, slots, keys)
//	s.Append(batch) …
//	s.Each(func(b *column.Batch) error { … })   // all rows in order; equal rows keep theirs
//	s.Close()
//
//	rows → buffer ─┬─ fits: sort an index of (key, row), gather
//	               └─ over budget: sort, write as a run ─┐
//	                                     runs ─ merge ─── rows in order
//
// One key column of plain numbers sorts by radix on 64-bit words. All others sort on
// byte strings whose order is that of ORDER BY (column.AppendSortKey), compared by
// their first eight bytes first.
package ordering
