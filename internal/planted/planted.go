// Package planted holds the names of deliberate bugs, which exist only in test
// binaries built with the tag `planted` and are switched on by the environment:
//
//	KADEDB_PLANTED=wal-skip-fsync go test -tags planted ./storage/...
//
// A test suite that stays green with one of them on proves nothing; each is
// caught by a test named Planted. Without the tag, Is is constantly false and the
// compiler removes the branch.
package planted

// The bugs.
const (
	// SkipFsync acknowledges without the log's fdatasync.
	SkipFsync = "wal-skip-fsync"
	// EarlyAck acknowledges before the log's write.
	EarlyAck = "wal-early-ack"
	// NoCRC takes frames and blocks without looking at their checksum.
	NoCRC = "no-crc"
	// EarlyTruncate removes log segments before the checkpoint is synced.
	EarlyTruncate = "wal-early-truncate"
	// LostConflict lets the second of two writers of one entity commit.
	LostConflict = "txn-lost-conflict"
	// StaleIndex leaves an index as it was before a commit.
	StaleIndex = "graph-stale-index"
	// CountOverlap counts as if no two hops could use the same relationship.
	CountOverlap = "count-overlap"
	// CountStar takes all that two arms of a star have in common for what they have in
	// common where their directions differ: self-loops.
	CountStar = "count-star"
	// CountLoops counts a self-loop twice where the direction is open.
	CountLoops = "count-loops"
	// TrailReuse lets a pattern use a relationship again.
	TrailReuse = "trail-reuse"
	// StaleSet keeps what was worked out for the parameters of the run before.
	StaleSet = "expr-stale-set"
	// OneShortest ends allShortestPaths at the first path.
	OneShortest = "search-one-shortest"
	// IndexPrefix takes an index of several properties for a search by the first of them.
	IndexPrefix = "index-prefix"
)
