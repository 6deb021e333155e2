// Package oracle asks random questions of random graphs and compares the answers with
// what they must be:
//
//	search_test.go     shortestPath, allShortestPaths and ANY CHEAPEST, with plain enumeration
//	path_test.go       path patterns of several parts, groups, modes and selectors, with plain enumeration
//	heuristic_test.go  CHEAPEST with an estimate, with the same search without one
//	count_test.go      counts and other short answers over patterns, with plain enumeration,
//	                   with every rewrite off alone and together
//	partition_test.go  a query is the union of its three parts: p, NOT p, p IS NULL
//	rewrite_test.go    two ways of writing one question give one answer
//	setting_test.go    the same question in other settings: row by row, spilling, after a
//	                   checkpoint, after a restart …
//
// Every failure prints its seed; `go test -seed N -rounds 1` runs that one again and
// `-rounds` or KADEDB_ROUNDS runs more of everything. It is not a place for single cases: what is found here
// gets one in package cases.
package oracle
