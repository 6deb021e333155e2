package front

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/kadedb/kadedb/auth"
	"github.com/kadedb/kadedb/query"
)

// metrics are the numbers that events raise; the others are read when somebody asks.
// Names are declared in metrics_table.go alone.
type metrics struct {
	handler      http.Handler
	registry     *prometheus.Registry
	requests     *prometheus.CounterVec
	queries      *prometheus.CounterVec
	errors       *prometheus.CounterVec
	queryTime    *prometheus.HistogramVec
	fine         [len(query.Kinds)]prometheus.Counter  // of queries, outcome ok, by kind
	time         [len(query.Kinds)]prometheus.Observer // of queryTime, by kind
	commitTime   prometheus.Observer
	rows         prometheus.Counter
	spilled      prometheus.Counter
	slow         prometheus.Counter
	failedTokens prometheus.Counter
	connections  prometheus.Counter
	closed       *prometheus.CounterVec
}

// made gives the collectors of the declared metrics that events raise.
type made struct{ registry *prometheus.Registry }

func (m made) counters(name string) *prometheus.CounterVec {
	d := declaredAs(name, Counter)
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: d.Name, Help: d.Help}, d.Labels)
	m.registry.MustRegister(c)
	return c
}

func (m made) histograms(name string) *prometheus.HistogramVec {
	d := declaredAs(name, Histogram)
	c := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: d.Name, Help: d.Help, Buckets: buckets}, d.Labels)
	m.registry.MustRegister(c)
	return c
}

// declaredAs finds a metric of the table that has no reader.
func declaredAs(name string, kind MetricKind) Metric {
	for _, d := range table {
		if d.Name == name && d.Kind == kind && d.read == nil {
			return d.Metric
		}
	}
	panic("front: no metric " + name)
}

// buckets of times, in seconds: three a decade, from what a point read takes to the
// default limit of a query.
var buckets = []float64{50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60}

func newMetrics(s *Server) *metrics {
	mk := made{prometheus.NewRegistry()}
	m := &metrics{
		registry: mk.registry,
		requests: mk.counters("kadedb_http_requests_total"),
		queries:  mk.counters("kadedb_queries_total"),
		errors:   mk.counters("kadedb_errors_total"),
		closed:   mk.counters("kadedb_connections_closed_total"),

		queryTime:    mk.histograms("kadedb_query_seconds"),
		commitTime:   mk.histograms("kadedb_commit_seconds").WithLabelValues(),
		rows:         mk.counters("kadedb_rows_total").WithLabelValues(),
		spilled:      mk.counters("kadedb_spilled_bytes_total").WithLabelValues(),
		slow:         mk.counters("kadedb_slow_queries_total").WithLabelValues(),
		failedTokens: mk.counters("kadedb_failed_tokens_total").WithLabelValues(),
		connections:  mk.counters("kadedb_connections_total").WithLabelValues(),
	}
	// A rate of errors needs the series before the first of them.
	for kind, name := range query.Kinds {
		m.fine[kind], m.time[kind] = m.queries.WithLabelValues(name, "ok"), m.queryTime.WithLabelValues(name)
	}
	mk.registry.MustRegister(newReadings(s), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.handler = promhttp.HandlerFor(mk.registry, promhttp.HandlerOpts{})
	return m
}

// readings collects the metrics that are read from the server and its store.
type readings struct {
	s     *Server
	descs []*prometheus.Desc // by place in table; nil where events raise it
}

func newReadings(s *Server) *readings {
	m := &readings{s: s, descs: make([]*prometheus.Desc, len(table))}
	for i, d := range table {
		if d.read != nil {
			m.descs[i] = prometheus.NewDesc(d.Name, d.Help, d.Labels, nil)
		}
	}
	return m
}

func (m *readings) Describe(out chan<- *prometheus.Desc) {
	for _, d := range m.descs {
		if d != nil {
			out <- d
		}
	}
}

func (m *readings) Collect(out chan<- prometheus.Metric) {
	db := m.s.db.Load()
	if db == nil {
		return
	}
	at := &reading{server: m.s, Stats: db.Stats(), tokens: map[auth.Role]int{}, now: time.Now()}
	for _, t := range db.Tokens().List() {
		at.tokens[t.Role]++
	}
	for i, d := range table {
		if d.read == nil {
			continue
		}
		kind := prometheus.CounterValue
		if d.Kind == Gauge {
			kind = prometheus.GaugeValue
		}
		d.read(at, func(v float64, labels ...string) {
			out <- prometheus.MustNewConstMetric(m.descs[i], kind, v, labels...)
		})
	}
}
