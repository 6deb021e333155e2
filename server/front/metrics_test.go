package front

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kadedb/kadedb"
)

// TestMetricsAreDeclared holds the table, the exposition and docs/metrics.md together.
func TestMetricsAreDeclared(t *testing.T) {
	s, err := New(Config{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	db, err := kadedb.OpenTemporary(&kadedb.Options{Memory: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	if _, err := db.Exec(t.Context(), "CREATE (:A)-[:B]->(:C)", nil); err != nil {
		t.Fatal(err)
	}
	s.Ready(db)
	m := s.metrics
	m.requests.WithLabelValues("/", "200")
	m.errors.WithLabelValues("ParseError")
	m.closed.WithLabelValues("1000")

	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	exposed := map[string]string{}
	values := map[string]float64{}
	for _, f := range families {
		if name := f.GetName(); strings.HasPrefix(name, "kadedb_") {
			exposed[name] = strings.ToLower(f.GetType().String()) + " " + f.GetHelp()
			values[name] = f.GetMetric()[0].GetGauge().GetValue() + f.GetMetric()[0].GetCounter().GetValue()
		}
	}
	declared := map[string]string{}
	for _, d := range Metrics() {
		if _, twice := declared[d.Name]; twice {
			t.Errorf("%s is declared twice", d.Name)
		}
		declared[d.Name] = string(d.Kind) + " " + d.Help
		if (d.Kind == Counter) != strings.HasSuffix(d.Name, "_total") {
			t.Errorf("%s is a %s", d.Name, d.Kind)
		}
	}
	if !maps.Equal(exposed, declared) {
		t.Errorf("exposed\n%v\ndeclared\n%v", slices.Sorted(maps.Keys(exposed)), slices.Sorted(maps.Keys(declared)))
	}
	for name, want := range map[string]float64{"kadedb_nodes": 2, "kadedb_relationships": 1, "kadedb_commits_total": 1,
		"kadedb_writable": 1, "kadedb_memory_limit_bytes": 64 << 20} {
		if values[name] != want {
			t.Errorf("%s is %v, want %v", name, values[name], want)
		}
	}
	page, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	for _, name := range regexp.MustCompile(`(?m)^\| .(kadedb_\w+)`).FindAllStringSubmatch(string(page), -1) {
		documented[name[1]] = true
	}
	if got, want := slices.Sorted(maps.Keys(documented)), slices.Sorted(maps.Keys(exposed)); !slices.Equal(got, want) {
		t.Errorf("docs/metrics.md has\n%v\nexposed are\n%v", got, want)
	}
}
