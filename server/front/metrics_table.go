package front

import (
	"time"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/auth"
)

// MetricKind is a metric's type in Prometheus' terms.
type MetricKind string

// The kinds.
const (
	Counter   MetricKind = "counter"
	Gauge     MetricKind = "gauge"
	Histogram MetricKind = "histogram"
)

// Metric declares one number of /metrics. Names and meanings are part of the interface:
// docs/metrics.md is written from here.
type Metric struct {
	Section string
	Name    string
	Kind    MetricKind
	Labels  []string
	Help    string
}

// Metrics returns every metric of ours, in the order of the documentation.
func Metrics() []Metric {
	out := make([]Metric, len(table))
	for i, d := range table {
		out[i] = d.Metric
	}
	return out
}

// reading is what one scrape reads.
type reading struct {
	kadedb.Stats
	server *Server
	tokens map[auth.Role]int
	now    time.Time
}

type sample func(v float64, labels ...string)

// row is a metric and where it is read; nil: events raise it.
type row struct {
	Metric
	read func(at *reading, out sample)
}

// number is a metric of one number.
func number(section, name string, kind MetricKind, help string, read func(at *reading) float64) row {
	return row{Metric{section, name, kind, nil, help}, func(at *reading, out sample) { out(read(at)) }}
}

func event(section, name string, kind MetricKind, help string, labels ...string) row {
	return row{Metric{section, name, kind, labels, help}, nil}
}

func flag(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// seconds since t; 0 where t is not known.
func (at *reading) since(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return at.now.Sub(t).Seconds()
}

// folded is when the last checkpoint was done. What was written before the store was
// opened is folded, or was when it was closed.
func (at *reading) folded() time.Time {
	if t := at.Store.LastCheckpoint.At; !t.IsZero() {
		return t
	}
	return at.Opened
}

func eachAccount(at *reading, out sample, of func(used, peak int64) int64) {
	for _, a := range at.Accounts {
		out(float64(of(a.Used, a.Peak)), a.Name)
	}
}

const (
	sectionQueries = "Statements"
	sectionDoors   = "Requests and connections"
	sectionTx      = "Transactions and the log"
	sectionCheck   = "Checkpoints and the file"
	sectionCache   = "Caches"
	sectionMemory  = "Memory"
	sectionStore   = "The store"
)

var table = []row{
	event(sectionQueries, "kadedb_queries_total", Counter, "Statements by kind (read, write, schema, transaction, admin; other: a text that was refused) and outcome: ok, or an error's name.", "kind", "outcome"),
	event(sectionQueries, "kadedb_query_seconds", Histogram, "Time of a statement, from its request to its last row.", "kind"),
	event(sectionQueries, "kadedb_rows_total", Counter, "Rows of answers."),
	event(sectionQueries, "kadedb_slow_queries_total", Counter, "Statements that took longer than `slow-query` and are in the log."),
	event(sectionQueries, "kadedb_spilled_bytes_total", Counter, "Bytes that statements wrote to temporary files because their memory was full."),
	number(sectionQueries, "kadedb_statements_running", Gauge, "Statements outside of explicit transactions that run or stand open.", func(at *reading) float64 { return float64(at.Open.Statements) }),
	number(sectionQueries, "kadedb_statement_retries_total", Counter, "Statements that ran again because another commit came first.", func(at *reading) float64 { return float64(at.Retries) }),

	event(sectionDoors, "kadedb_http_requests_total", Counter, "Requests by route and HTTP status.", "route", "status"),
	event(sectionDoors, "kadedb_errors_total", Counter, "Requests refused or failed, by the error's name (docs/errors.md).", "name"),
	number(sectionDoors, "kadedb_http_requests_running", Gauge, "Requests under way; `requests` is their limit.", func(at *reading) float64 { return float64(at.server.calls.running()) }),
	number(sectionDoors, "kadedb_connections", Gauge, "WebSocket connections that are open.", func(at *reading) float64 { return float64(at.server.sessions.count()) }),
	event(sectionDoors, "kadedb_connections_total", Counter, "WebSocket connections that were opened."),
	event(sectionDoors, "kadedb_connections_closed_total", Counter, "WebSocket connections that were closed, by close code: 1006 without one, other for those that are the client's own.", "code"),
	{Metric{sectionDoors, "kadedb_tokens", Gauge, []string{"role"}, "Tokens that are valid, by role."}, func(at *reading, out sample) {
		for r := auth.Reader; r <= auth.Admin; r++ {
			out(float64(at.tokens[r]), r.String())
		}
	}},
	event(sectionDoors, "kadedb_failed_tokens_total", Counter, "Requests with a token that is unknown or revoked."),

	number(sectionTx, "kadedb_transactions_open", Gauge, "Explicit transactions that are open.", func(at *reading) float64 { return float64(at.Open.Transactions) }),
	number(sectionTx, "kadedb_oldest_open_seconds", Gauge, "Age of the oldest statement or transaction under way; what it sees cannot be reclaimed.", func(at *reading) float64 { return at.since(at.Open.Oldest) }),
	number(sectionTx, "kadedb_commits_total", Counter, "Transactions committed.", func(at *reading) float64 { return float64(at.Store.Commits) }),
	number(sectionTx, "kadedb_commit_batches_total", Counter, "Batches in which they were written; commits that wait at the same time share one.", func(at *reading) float64 { return float64(at.Store.Batches) }),
	event(sectionTx, "kadedb_commit_seconds", Histogram, "Time of a statement's commit: the check for conflicts, the queue, the log."),
	number(sectionTx, "kadedb_log_bytes_total", Counter, "Bytes written to the log.", func(at *reading) float64 { return float64(at.Store.WAL.Bytes) }),
	number(sectionTx, "kadedb_log_syncs_total", Counter, "Syncs of the log.", func(at *reading) float64 { return float64(at.Store.WAL.Syncs) }),
	number(sectionTx, "kadedb_log_sync_seconds_total", Counter, "Time spent in them.", func(at *reading) float64 { return at.Store.WAL.SyncTime.Seconds() }),
	number(sectionTx, "kadedb_log_disk_bytes", Gauge, "Bytes of log on the disk.", func(at *reading) float64 { return float64(at.Store.WAL.DiskBytes) }),
	number(sectionTx, "kadedb_log_since_checkpoint_bytes", Gauge, "Bytes of log that a start would replay.", func(at *reading) float64 { return float64(at.Store.LogSinceCheckpoint) }),
	number(sectionTx, "kadedb_writable", Gauge, "1; 0 once the log could not be synced and the store takes no more writes.", func(at *reading) float64 { return flag(!at.Store.WAL.Poisoned) }),

	number(sectionCheck, "kadedb_checkpoints_total", Counter, "Checkpoints.", func(at *reading) float64 { return float64(at.Store.Checkpoints) }),
	number(sectionCheck, "kadedb_checkpoint_running", Gauge, "1 while a checkpoint, or an import, writes blocks.", func(at *reading) float64 { return flag(at.Store.CheckpointRunning) }),
	number(sectionCheck, "kadedb_checkpoint_seconds_total", Counter, "Time spent in checkpoints.", func(at *reading) float64 { return at.Store.CheckpointTime.Seconds() }),
	number(sectionCheck, "kadedb_checkpoint_last_seconds", Gauge, "Time that the last one took; 0 before the first.", func(at *reading) float64 { return at.Store.LastCheckpoint.Took.Seconds() }),
	number(sectionCheck, "kadedb_checkpoint_last_bytes", Gauge, "Bytes of blocks that the last one wrote.", func(at *reading) float64 { return float64(at.Store.LastCheckpoint.Bytes) }),
	number(sectionCheck, "kadedb_checkpoint_age_seconds", Gauge, "Time since the last one, or since the store was opened. One is due by size of the log, not by time: an idle store's is old.", func(at *reading) float64 { return at.since(at.folded()) }),
	number(sectionCheck, "kadedb_block_bytes_written_total", Counter, "Bytes of blocks written.", func(at *reading) float64 { return float64(at.Store.BytesWritten) }),
	number(sectionCheck, "kadedb_blocks_written_total", Counter, "Blocks written.", func(at *reading) float64 { return float64(at.Store.BlocksWritten) }),
	number(sectionCheck, "kadedb_store_file_bytes", Gauge, "Size of the file of blocks.", func(at *reading) float64 { return float64(at.Store.KV.FileSize) }),
	number(sectionCheck, "kadedb_store_free_bytes", Gauge, "Of it, what holds nothing: it is used before the file grows; `kadedb compact` gives it back.", func(at *reading) float64 { return float64(at.Store.KV.FreeBytes) }),

	number(sectionCache, "kadedb_plan_cache_hits_total", Counter, "Statements whose plan was kept.", func(at *reading) float64 { return float64(at.Plans.Hits + at.Plans.KeyHits) }),
	number(sectionCache, "kadedb_plan_cache_misses_total", Counter, "Statements that were compiled.", func(at *reading) float64 { return float64(at.Plans.Misses) }),
	number(sectionCache, "kadedb_plan_cache_plans", Gauge, "Plans kept.", func(at *reading) float64 { return float64(at.Plans.Plans) }),
	number(sectionCache, "kadedb_block_cache_hits_total", Counter, "Blocks found decoded.", func(at *reading) float64 { return float64(at.Store.Cache.Hits) }),
	number(sectionCache, "kadedb_block_cache_misses_total", Counter, "Blocks not found decoded.", func(at *reading) float64 { return float64(at.Store.Cache.Misses) }),
	number(sectionCache, "kadedb_block_cache_loads_total", Counter, "Blocks read from the file.", func(at *reading) float64 { return float64(at.Store.Cache.Loads) }),
	number(sectionCache, "kadedb_block_cache_load_bytes_total", Counter, "Bytes read for them.", func(at *reading) float64 { return float64(at.Store.Cache.LoadBytes) }),
	number(sectionCache, "kadedb_block_cache_load_seconds_total", Counter, "Time that those reads took.", func(at *reading) float64 { return at.Store.Cache.LoadTime.Seconds() }),
	number(sectionCache, "kadedb_block_cache_evictions_total", Counter, "Decoded blocks given up for others.", func(at *reading) float64 { return float64(at.Store.Cache.Evictions) }),
	number(sectionCache, "kadedb_block_cache_rereads_total", Counter, "Blocks needed again after they were given up: many of them mean that `memory` is small for the work.", func(at *reading) float64 { return float64(at.Store.Cache.Rereads) }),
	number(sectionCache, "kadedb_block_cache_bytes", Gauge, "Memory of the block cache.", func(at *reading) float64 { return float64(at.Store.Cache.Bytes) }),

	number(sectionMemory, "kadedb_memory_limit_bytes", Gauge, "The budget: `memory`.", func(at *reading) float64 { return float64(at.Memory.Limit) }),
	number(sectionMemory, "kadedb_memory_used_bytes", Gauge, "Memory in use of the budget.", func(at *reading) float64 { return float64(at.Memory.Used) }),
	number(sectionMemory, "kadedb_memory_peak_bytes", Gauge, "Most of it that was in use at once.", func(at *reading) float64 { return float64(at.Memory.Peak) }),
	{Metric{sectionMemory, "kadedb_memory_account_bytes", Gauge, []string{"account"}, "Memory in use of the budget, by who uses it: block cache, committed changes, transactions, query, request, answer, import and others."},
		func(at *reading, out sample) { eachAccount(at, out, func(used, _ int64) int64 { return used }) }},
	{Metric{sectionMemory, "kadedb_memory_account_peak_bytes", Gauge, []string{"account"}, "Most memory that each of them used at once."},
		func(at *reading, out sample) { eachAccount(at, out, func(_, peak int64) int64 { return peak }) }},

	number(sectionStore, "kadedb_nodes", Gauge, "Nodes.", func(at *reading) float64 { return float64(at.Nodes) }),
	number(sectionStore, "kadedb_relationships", Gauge, "Relationships.", func(at *reading) float64 { return float64(at.Rels) }),
	number(sectionStore, "kadedb_uptime_seconds", Gauge, "Time since the store was opened.", func(at *reading) float64 { return at.since(at.Opened) }),
	{Metric{sectionStore, "kadedb_build_info", Gauge, []string{"version"}, "1, with the version that runs."},
		func(_ *reading, out sample) { out(1, kadedb.Version) }},
}
