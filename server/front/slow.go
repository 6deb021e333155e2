package front

import (
	"context"
	"log/slog"
	"sort"
	"strings"
	"time"

	"github.com/kadedb/kadedb/query"
	"github.com/kadedb/kadedb/value"
)

// Finished records the call's statement, whose rows are closed: its time, and where it
// was slow what it took. Values of parameters are never logged.
func (c *Call) Finished(req *query.Request, elapsed time.Duration, rows int64, err error) {
	s := c.Server
	outcome := "ok"
	if err != nil {
		outcome = explain(c.Context(), err).Code.Info().Name
	}
	m, t := s.metrics, &c.trace
	if err == nil {
		m.fine[t.Kind].Inc()
	} else {
		m.queries.WithLabelValues(t.Kind.String(), outcome).Inc()
	}
	m.time[t.Kind].Observe(elapsed.Seconds())
	m.rows.Add(float64(rows))
	m.spilled.Add(float64(t.Spilled))
	if t.Commit > 0 {
		m.commitTime.Observe(t.Commit.Seconds())
	}
	if s.cfg.SlowQuery <= 0 || elapsed < s.cfg.SlowQuery {
		return
	}
	m.slow.Inc()
	s.log.LogAttrs(context.Background(), slog.LevelWarn, "slow query", slowAttrs(c, req, elapsed, rows, outcome)...)
}

// slowAttrs are the fields of the slow-query log; docs/operations.md describes them.
func slowAttrs(c *Call, req *query.Request, elapsed time.Duration, rows int64, outcome string) []slog.Attr {
	t := &c.trace
	attrs := []slog.Attr{
		slog.Float64("ms", millis(elapsed)), slog.String("kind", t.Kind.String()), slog.String("outcome", outcome),
		slog.Int64("rows", rows), slog.String("token", c.Owner()),
		slog.String("query", clip(req.Text, 4096)), slog.Any("params", typesOf(req.Params)),
		slog.String("plan", t.Plan()),
		slog.Group("wait_ms", slog.Float64("queue", millis(c.waited)), slog.Float64("lock", millis(t.Lock)),
			slog.Float64("disk", millis(t.Disk)), slog.Float64("commit", millis(t.Commit))),
		slog.Int64("memory_bytes", t.Peak), slog.Int64("spilled_bytes", t.Spilled),
	}
	if req.Tx != nil {
		attrs = append(attrs, slog.String("tx", txMark(req.Tx.ID())))
	}
	return attrs
}

// txMark sets a transaction apart in the log without being the key to it.
func txMark(id string) string { return id[:min(len(id), 8)] }

// PathMark is a path for the log, which may name a transaction.
func PathMark(path string) string {
	if rest, ok := strings.CutPrefix(path, "/v1/tx/"); ok {
		return "/v1/tx/" + txMark(rest) + "…"
	}
	return clip(path, 200)
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}

// maxTypes bounds the parameters that the log names, which a client may send by the thousand.
const maxTypes = 64

// typesOf lists parameters as name: TYPE.
func typesOf(params map[string]value.Value) []string {
	types := make([]string, 0, len(params))
	for name, v := range params {
		types = append(types, clip(name, 100)+": "+v.Kind().String())
	}
	sort.Strings(types)
	if len(types) > maxTypes {
		types = append(types[:maxTypes], "…")
	}
	return types
}
