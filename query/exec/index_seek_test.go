package exec_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/query"
	"github.com/kadedb/kadedb/query/optimize"
	"github.com/kadedb/kadedb/storage/txn"
	"github.com/kadedb/kadedb/value"
)

// TestSeeksAreFilters asks for values of every type in every way that an index
// answers, and compares with a filter over all nodes; half of the nodes are in blocks, the
// others in what was committed since.
func TestSeeksAreFilters(t *testing.T) {
	s, err := graph.Open(graph.Options{Options: txn.Options{Dir: t.TempDir(), Create: true, CheckpointBytes: -1}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Abandon(); err != nil {
			t.Error(err)
		}
	})
	with, err := query.New(query.Options{Store: s})
	if err != nil {
		t.Fatal(err)
	}
	without, err := query.New(query.Options{Store: s, Rules: optimize.Options{Off: map[optimize.Rule]bool{optimize.UseIndex: true}}})
	if err != nil {
		t.Fatal(err)
	}
	literals := []string{"0", "1", "2", "-3", "1.0", "1.5", "2.5", "'a'", "'ab'", "'b'", "''", "true", "false", "null", "0.0/0.0",
		"date('2020-01-01')", "date('2021-05-05')", "[1, 2]", "9007199254740993", "9007199254740992.0"}
	r := rand.New(rand.NewPCG(4, 4))
	pick := func() string { return literals[r.IntN(len(literals))] }
	seekRows(t, with, "CREATE INDEX seek FOR (n:N) ON (n.v, n.w)", nil)
	for i := range 120 {
		seekRows(t, with, fmt.Sprintf("CREATE (:N {i: %d, v: %s, w: %s})", i, pick(), pick()), nil)
		if i == 60 {
			if _, err := s.Checkpoint(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
	}
	used := 0
	for range 300 {
		op := []string{"=", "<", "<=", ">", ">=", "STARTS WITH"}[r.IntN(6)]
		where := "n.v " + op + " " + pick()
		switch r.IntN(5) {
		case 0:
			where = fmt.Sprintf("n.v IN [%s, %s, %s]", pick(), pick(), pick())
		case 1:
			where = fmt.Sprintf("n.v > %s AND n.v <= %s", pick(), pick())
		case 2:
			where = fmt.Sprintf("n.v = %s AND n.w %s %s", pick(), op, pick())
		case 3:
			where = "n.v " + op + " $p"
		}
		params := map[string]value.Value{"p": []value.Value{value.Int(1), value.Float(1), value.String("a"), value.Null, value.List()}[r.IntN(5)]}
		text := "MATCH (n:N) WHERE " + where + " RETURN n.i"
		if slices.ContainsFunc(seekRows(t, with, "EXPLAIN "+text, params), func(s string) bool { return strings.Contains(s, "IndexSeek") }) {
			used++
		}
		got, want := seekRows(t, with, text, params), seekRows(t, without, text, params)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s\n by index %v\nby filter %v", text, got, want)
		}
	}
	if used < 50 {
		t.Errorf("the index was used %d times", used)
	}
}

// seekRows runs a statement and returns its rows as texts, or its error.
func seekRows(t *testing.T, e *query.Engine, text string, params map[string]value.Value) []string {
	t.Helper()
	res, err := e.Run(context.Background(), query.Request{Text: text, Params: params})
	if err != nil {
		return []string{err.Error()}
	}
	var out []string
	for res.Next() {
		for _, v := range res.Values() {
			if v.Kind() == value.KindInt {
				out = append(out, fmt.Sprint(v.AsInt()))
			} else if v.Kind() == value.KindString {
				out = append(out, v.AsString())
			}
		}
	}
	if err := res.Close(); err != nil {
		out = append(out, err.Error())
	}
	return out
}
