// Package invariants holds assertions that are compiled in under the build tag
// `invariants` and cost nothing without it.
//
//	if invariants.Enabled {
//		invariants.Assert(slices.IsSorted(list), "list of node %d is not sorted", node)
//	}
//
// It is for what only a bug can break. Damage on disk and bad input are errors
// with a code, tag or no tag.
package invariants

import "fmt"

// Assert panics when cond is false and assertions are compiled in. Expensive
// conditions and arguments belong behind `if invariants.Enabled`.
func Assert(cond bool, format string, args ...any) {
	if Enabled && !cond {
		panic("invariant broken: " + fmt.Sprintf(format, args...))
	}
}
