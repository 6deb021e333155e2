package front

import (
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/query"
	"github.com/kadedb/kadedb/value"
)

// TestSlowQueryFields holds the slow-query log and its table in docs/operations.md together.
func TestSlowQueryFields(t *testing.T) {
	db, err := kadedb.OpenTemporary(&kadedb.Options{Memory: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	tx, err := db.EngineOf().Begin(t.Context(), query.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	s, err := New(Config{Listen: "127.0.0.1:0", SlowQuery: time.Nanosecond, Logger: slog.New(slog.NewJSONHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	params := map[string]value.Value{}
	for i := range 1000 {
		params[strings.Repeat("p", 200)+strings.Repeat("x", i)] = value.String("a secret")
	}
	req := &query.Request{Text: strings.Repeat("é", 4000) + "!", Params: params, Tx: tx}
	c := &Call{Server: s, DB: db, ctx: t.Context()}
	c.Finished(req, time.Second, 1, nil)
	if n := log.Len(); n > 20_000 || strings.Contains(log.String(), "secret") || strings.Contains(log.String(), "\\ufffd") ||
		strings.Contains(log.String(), tx.ID()) {
		t.Errorf("%d bytes: %.1000s", n, log.String())
	}

	var fields []string
	for _, a := range slowAttrs(c, req, time.Second, 1, "ok") {
		if a.Value.Kind() != slog.KindGroup {
			fields = append(fields, a.Key)
			continue
		}
		for _, g := range a.Value.Group() {
			fields = append(fields, a.Key+"."+g.Key)
		}
	}
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "| Field | Meaning |")
	table, _, _ = strings.Cut(table, "\n\n")
	var documented []string
	for _, row := range strings.Split(table, "\n") {
		name, _, _ := strings.Cut(strings.TrimPrefix(row, "|"), "|")
		for _, f := range regexp.MustCompile("`([a-z_.]+)`").FindAllStringSubmatch(name, -1) {
			documented = append(documented, f[1])
		}
	}
	slices.Sort(fields)
	slices.Sort(documented)
	if !slices.Equal(fields, documented) {
		t.Errorf("the log has\n%v\nthe page has\n%v", fields, documented)
	}
}
