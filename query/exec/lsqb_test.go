package exec_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/query"
	"github.com/kadedb/kadedb/query/optimize"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/storage/txn"
	"github.com/kadedb/kadedb/value"
)

// lsqb loads a folder of the Labelled Subgraph Query Benchmark's data.
func lsqb(t *testing.T, folder string) *graph.Store {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	dir := filepath.Join("../../../shared/data", folder)
	files, err := filepath.Glob(filepath.Join(dir, "*.csv"))
	must(err)
	if len(files) == 0 {
		t.Skipf("SKIPPED: the benchmark's data is not at %s", dir)
	}
	s, err := graph.Open(graph.Options{Options: txn.Options{Dir: t.TempDir(), Create: true, CheckpointBytes: -1}})
	must(err)
	t.Cleanup(func() { must(s.Abandon()) })
	ctx := context.Background()
	refs := map[string]uint32{}
	tx, err := s.Begin(ctx, false)
	must(err)
	key, err := tx.Key("id")
	must(err)
	for _, ends := range []int{1, 2} {
		for _, f := range files {
			parts := strings.Split(strings.TrimSuffix(filepath.Base(f), ".csv"), "_")
			if (len(parts) == 1) != (ends == 1) {
				continue
			}
			for _, rec := range records(t, f) {
				if ends == 1 {
					l, err := tx.Label(parts[0])
					must(err)
					labels := []catalog.LabelID{l}
					if parts[0] == "Post" || parts[0] == "Comment" {
						l, err = tx.Label("Message")
						must(err)
						labels = append(labels, l)
					}
					refs[parts[0]+rec[0]], err = tx.CreateNode(labels, []catalog.KeyID{key}, []value.Value{value.String(rec[0])})
					must(err)
					continue
				}
				typ, err := tx.Type(snake(parts[1]))
				must(err)
				_, err = tx.CreateRel(typ, refs[parts[0]+rec[0]], refs[parts[2]+rec[1]], nil, nil)
				must(err)
			}
		}
	}
	_, err = tx.Commit(ctx, graph.None)
	must(err)
	_, err = s.Checkpoint(ctx)
	must(err)
	_, err = s.Analyze(ctx)
	must(err)
	return s
}

func records(t *testing.T, file string) [][]string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes = '|', true
	recs, err := r.ReadAll()
	if err != nil {
		t.Fatal(file, err)
	}
	return recs[1:]
}

// snake is `hasInterest` as the queries write it, `HAS_INTEREST`.
func snake(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsUpper(r) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToUpper(r))
	}
	return b.String()
}

func lsqbCount(t *testing.T, s *graph.Store, n int, rules optimize.Options) (int64, time.Duration) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("../../../shared/data/lsqb-sf0.1/queries/q%d.cypher", n))
	if err != nil {
		t.Fatal(err)
	}
	e, err := query.New(query.Options{Store: s, Rules: rules})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	start := time.Now()
	res, err := e.Run(context.Background(), query.Request{Text: string(text)})
	if err != nil {
		t.Fatalf("q%d: %v", n, err)
	}
	var count int64
	for res.Next() {
		count = res.Values()[0].AsInt()
	}
	if err := res.Close(); err != nil {
		t.Fatalf("q%d: %v", n, err)
	}
	return count, time.Since(start)
}

// The official counts, of those queries whose files the folder has.
func TestLSQB(t *testing.T) {
	s := lsqb(t, "lsqb-sf0.1")
	for n, want := range map[int]int64{3: 30_456, 6: 55_607_896, 9: 51_009_398} {
		got, took := lsqbCount(t, s, n, optimize.Options{})
		if got != want {
			t.Errorf("q%d = %d, want %d", n, got, want)
		}
		t.Logf("q%d in %v", n, took)
	}
}

// Each rewriting of the optimizer, and none of them, gives the same counts.
func TestLSQBRules(t *testing.T) {
	s := lsqb(t, "lsqb-sf0.003")
	rules := []optimize.Rule{optimize.MergeMatch, optimize.Intersection, optimize.CountTrails, optimize.PushFilter, optimize.Hash}
	for n := 1; n <= 9; n++ {
		want, took := lsqbCount(t, s, n, optimize.Options{})
		t.Logf("q%d = %d in %v", n, want, took)
		off := map[optimize.Rule]bool{}
		for _, r := range rules {
			if got, _ := lsqbCount(t, s, n, optimize.Options{Off: map[optimize.Rule]bool{r: true}}); got != want {
				t.Errorf("q%d without %s = %d, with all rules %d", n, r, got, want)
			}
			off[r] = true
		}
		if got, _ := lsqbCount(t, s, n, optimize.Options{Off: off}); got != want {
			t.Errorf("q%d without rules = %d, with all rules %d", n, got, want)
		}
	}
}
