package front

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/kadedb/kadedb"
)

// metrics are every number of /metrics; names are declared here alone.
type metrics struct {
	handler      http.Handler
	requests     *prometheus.CounterVec
	queries      *prometheus.CounterVec
	errors       *prometheus.CounterVec
	queryTime    prometheus.Histogram
	failedTokens prometheus.Counter
	connections  prometheus.Counter
	closed       *prometheus.CounterVec
}

func newMetrics(s *Server) *metrics {
	reg := prometheus.NewRegistry()
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "kadedb_http_requests_total",
			Help: "Requests by route and HTTP status."}, []string{"route", "status"}),
		queries: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "kadedb_queries_total",
			Help: "Statements by outcome: ok, or an error's name."}, []string{"outcome"}),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "kadedb_errors_total",
			Help: "Requests refused or failed, by the error's name."}, []string{"name"}),
		queryTime: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "kadedb_query_seconds",
			Help: "Time of a statement, from its text to its last row.", Buckets: prometheus.ExponentialBuckets(0.0001, 4, 10)}),
		failedTokens: prometheus.NewCounter(prometheus.CounterOpts{Name: "kadedb_failed_tokens_total",
			Help: "Requests with a token that is unknown or revoked."}),
		connections: prometheus.NewCounter(prometheus.CounterOpts{Name: "kadedb_connections_total",
			Help: "WebSocket connections that were opened."}),
		closed: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "kadedb_connections_closed_total",
			Help: "WebSocket connections that were closed, by close code; 1006 without one."}, []string{"code"}),
	}
	reg.MustRegister(m.requests, m.queries, m.errors, m.queryTime, m.failedTokens, m.connections, m.closed, newStoreMetrics(s),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.handler = promhttp.HandlerFor(reg, promhttp.HandlerOpts{})
	return m
}

// storeMetrics reads the store's counters when somebody asks.
type storeMetrics struct {
	s     *Server
	descs []*prometheus.Desc
}

// storeNumbers declares what is read from a DB's Stats.
var storeNumbers = []struct {
	name, help string
	gauge      bool
	read       func(*Server, *kadedb.Stats) float64
}{
	{"kadedb_http_requests_running", "Requests under way.", true, func(s *Server, _ *kadedb.Stats) float64 { return float64(s.calls.running()) }},
	{"kadedb_connections", "WebSocket connections that are open.", true, func(s *Server, _ *kadedb.Stats) float64 { return float64(s.sessions.count()) }},
	{"kadedb_commits_total", "Transactions committed.", false, func(_ *Server, t *kadedb.Stats) float64 { return float64(t.Store.Commits) }},
	{"kadedb_checkpoints_total", "Checkpoints.", false, func(_ *Server, t *kadedb.Stats) float64 { return float64(t.Store.Checkpoints) }},
	{"kadedb_block_bytes_written_total", "Bytes of blocks written.", false, func(_ *Server, t *kadedb.Stats) float64 { return float64(t.Store.BytesWritten) }},
	{"kadedb_log_syncs_total", "Syncs of the write-ahead log.", false, func(_ *Server, t *kadedb.Stats) float64 { return float64(t.Store.WAL.Syncs) }},
	{"kadedb_log_sync_seconds_total", "Time spent in them.", false, func(_ *Server, t *kadedb.Stats) float64 { return t.Store.WAL.SyncTime.Seconds() }},
	{"kadedb_log_bytes_total", "Bytes written to the log.", false, func(_ *Server, t *kadedb.Stats) float64 { return float64(t.Store.WAL.Bytes) }},
	{"kadedb_log_disk_bytes", "Bytes of log on the disk.", true, func(_ *Server, t *kadedb.Stats) float64 { return float64(t.Store.WAL.DiskBytes) }},
	{"kadedb_log_since_checkpoint_bytes", "Bytes of log that a start would replay.", true, func(_ *Server, t *kadedb.Stats) float64 { return float64(t.Store.LogSinceCheckpoint) }},
	{"kadedb_store_file_bytes", "Size of the file of blocks.", true, func(_ *Server, t *kadedb.Stats) float64 { return float64(t.Store.KV.FileSize) }},
	{"kadedb_block_cache_hits_total", "Blocks found decoded.", false, func(_ *Server, t *kadedb.Stats) float64 { return float64(t.Store.Cache.Hits) }},
	{"kadedb_block_cache_misses_total", "Blocks not found decoded.", false, func(_ *Server, t *kadedb.Stats) float64 { return float64(t.Store.Cache.Misses) }},
	{"kadedb_block_cache_loads_total", "Blocks read from the disk.", false, func(_ *Server, t *kadedb.Stats) float64 { return float64(t.Store.Cache.Loads) }},
	{"kadedb_block_cache_evictions_total", "Decoded blocks given up for others.", false, func(_ *Server, t *kadedb.Stats) float64 { return float64(t.Store.Cache.Evictions) }},
	{"kadedb_block_cache_rereads_total", "Blocks needed again after they were given up.", false, func(_ *Server, t *kadedb.Stats) float64 { return float64(t.Store.Cache.Rereads) }},
	{"kadedb_block_cache_bytes", "Memory of the block cache.", true, func(_ *Server, t *kadedb.Stats) float64 { return float64(t.Store.Cache.Bytes) }},
	{"kadedb_plan_cache_hits_total", "Statements whose plan was kept.", false, func(_ *Server, t *kadedb.Stats) float64 { return float64(t.Plans.Hits + t.Plans.KeyHits) }},
	{"kadedb_plan_cache_misses_total", "Statements that were compiled.", false, func(_ *Server, t *kadedb.Stats) float64 { return float64(t.Plans.Misses) }},
	{"kadedb_plan_cache_plans", "Plans kept.", true, func(_ *Server, t *kadedb.Stats) float64 { return float64(t.Plans.Plans) }},
	{"kadedb_memory_used_bytes", "Memory in use of the budget.", true, func(_ *Server, t *kadedb.Stats) float64 { return float64(t.Memory.Used) }},
	{"kadedb_memory_limit_bytes", "The budget.", true, func(_ *Server, t *kadedb.Stats) float64 { return float64(t.Memory.Limit) }},
}

func newStoreMetrics(s *Server) *storeMetrics {
	m := &storeMetrics{s: s}
	for _, n := range storeNumbers {
		m.descs = append(m.descs, prometheus.NewDesc(n.name, n.help, nil, nil))
	}
	return m
}

func (m *storeMetrics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range m.descs {
		out <- d
	}
}

func (m *storeMetrics) Collect(out chan<- prometheus.Metric) {
	db := m.s.db.Load()
	if db == nil {
		return
	}
	stats := db.Stats()
	for i, n := range storeNumbers {
		kind := prometheus.CounterValue
		if n.gauge {
			kind = prometheus.GaugeValue
		}
		out <- prometheus.MustNewConstMetric(m.descs[i], kind, n.read(m.s, &stats))
	}
}
