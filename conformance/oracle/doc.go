// Package oracle asks random questions of random graphs and compares the answers with
// what they must be:
//
//	search_test.go     shortestPath, allShortestPaths and ANY CHEAPEST, with plain enumeration
//	path_test.go       path patterns of several parts, groups, modes and selectors, with plain enumeration
//	heuristic_test.go  CHEAPEST with an estimate, with the same search without one
//	count_test.go      counts and other short answers over patterns, with plain enumeration,
//	                   with every rewrite off alone and together
//	partition_test.go  a query, or its aggregates, is put together from three parts: p, NOT p, p IS NULL
//	rewrite_test.go    two ways of writing one question give one answer: rules R1 to R10
//	statement_test.go  the same statement in every setting: row by row, spilling, without each
//	                   rewrite, after a checkpoint, after a restart …
//	effect_test.go     several ways of writing to a graph leave the same graph behind
//
// A graph (graph_test.go) is created in part, and the rest of it made by changes: created, deleted,
// updated, before and after checkpoints, committed or not. What must be true of it is a claim
// (claim_test.go). A failure prints its seed and a case made as small as it goes (reduce_test.go);
// with -keep it is written to testdata/regress, and TestRegress checks it in every setting for ever.
//
//	go test ./conformance/oracle -run TestPartitions -rounds 100 -seed 7    # 100,000 of them
//	go test ./conformance/oracle -run TestRewrites -seed 17 -rounds 1       # one graph again
//
// -rounds, or KADEDB_ROUNDS, runs more of everything; -v prints how much was asked.
package oracle
