// Package group numbers the distinct keys of rows: what aggregation, DISTINCT and
// hash joins are built on.
//
//	t := group.New(2)
//	t.Assign(keyColumns, rows, numbers, true)   // numbers[i]: group of rows[i]
//	t.Gather(1, dst, groups)                    // the second key of some groups
//
// Each key column has a table of its own that numbers its distinct values, in the
// cheapest way that its type allows:
//
//	Node, Rel           an array by reference while references are dense, else
//	Int, Date, Bool, …  open addressing on 64-bit words
//	String by dictionary  a memo of codes over
//	everything else     open addressing on hashes, values compared by equivalence
//
// and pairs of numbers are numbered in turn by a table of words:
//
//	(country, year) → (3, 7) → 3<<32|7 → group 12
//
// so that keys of mixed types cost no more than their parts. Values are equal as
// DISTINCT has it: null is null, 1 is 1.0, NaN is NaN.
//
// It is not for joins on equality with null, which is never true: callers drop
// null keys before they ask.
package group
