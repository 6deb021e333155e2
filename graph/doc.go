// Package graph is the property graph: nodes with labels, typed relationships,
// properties of both, indexes, all of it versioned by snapshot.
//
//	Store ──Snapshot──▶ Reader                    one consistent state, never blocks
//	  │                  ├ Adjacency(type, dir)    sorted neighbour lists
//	  │                  ├ NodeProperty(…)         batch gather into a column.Vector
//	  │                  └ IndexEqual, ScanNodes, CountRels …
//	  └────Begin────▶ Tx = Reader + CreateNode, SetNodeProperty … Commit
//
// A State is immutable: blocks on disk (base), and over them an overlay of small
// pages in persistent trees, 64 entities a page. A transaction edits pages of its
// own over the state it began with, so that its Reader is an ordinary reader; its
// changes are at the same time written down as logical operations, which are what
// the log keeps. Commit replays them over the newest state unless nothing came
// between, and swaps one root pointer for all transactions of the batch.
//
//	r, err := store.Snapshot()
//	defer r.Close()
//	adj := r.Adjacency(follows, graph.Out)
//	defer adj.Close()
//	nbr, rel, err := adj.List(node)   // valid until the next call on adj
//
// Entities are dense 32-bit numbers here; NodeID and RelID give the id that
// leaves the engine (generation · 2³² + number).
//
// The package runs no queries and knows no expression: see query/exec.
package graph
