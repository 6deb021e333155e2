package exec_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/query"
	"github.com/kadedb/kadedb/storage/txn"
)

// A label that all ends of a type have is not tested, until one end has it no more.
func TestLabelsOfEnds(t *testing.T) {
	s, err := graph.Open(graph.Options{Options: txn.Options{Dir: t.TempDir(), Create: true, CheckpointBytes: -1}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Abandon(); err != nil {
			t.Error(err)
		}
	})
	e, err := query.New(query.Options{Store: s, PlanCache: 100})
	if err != nil {
		t.Fatal(err)
	}
	seekRows(t, e, "UNWIND range(0, 9) AS i CREATE (:P {i: i}), (:Q {i: i})", nil)
	seekRows(t, e, "MATCH (a:P), (b:P) WHERE b.i = (a.i + 1) % 10 OR b.i = (a.i + 3) % 10 CREATE (a)-[:K]->(b)", nil)
	compare := func(after string) {
		t.Helper()
		r, err := s.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		typ, _ := r.Catalog().Type("K")
		label, _ := r.Catalog().Label("P")
		always, err := r.EndsHave(typ, graph.Out, label)
		if err != nil {
			t.Fatal(err)
		}
		count := func(text string) []string { return seekRows(t, e, text, nil) }
		all := count("MATCH (a)-[:K]->(b) RETURN count(*)")
		tested := count("MATCH (a)-[:K]->(b) WITH a, b WHERE 'P' IN labels(b) RETURN count(*)")
		if always && !slices.Equal(all, tested) {
			t.Errorf("%s: all %v ends are said to have the label, but %v have", after, all, tested)
		}
		for _, text := range []string{"MATCH (a)-[:K]->(b:P) RETURN count(*)", "MATCH (b:P)<-[:K]-(a) WITH a, b.i AS i RETURN count(i)"} {
			if got := count(text); !slices.Equal(got, tested) {
				t.Errorf("%s: %s gives %v, want %v", after, text, got, tested)
			}
		}
	}
	compare("before blocks")
	for round := range 2 {
		for i, change := range []string{
			"MATCH (a:P {i: 1}), (b:Q {i: 1}) CREATE (a)-[:K]->(b)",
			"MATCH (:P)-[r:K]->(:Q) DELETE r",
			"MATCH (b:P {i: 4}) REMOVE b:P",
			"MATCH (b {i: 4}) WHERE NOT b:Q SET b:P",
			"MATCH (a:P {i: 2}) CREATE (a)-[:K]->(:P:Q {i: 77})",
			"MATCH (b:P {i: 5}) DETACH DELETE b",
			"MATCH (a:P {i: 6})-[r:K]->() DELETE r",
		} {
			if _, err := s.Checkpoint(context.Background()); err != nil {
				t.Fatal(err)
			}
			compare("checkpoint")
			seekRows(t, e, change, nil)
			compare(fmt.Sprintf("round %d, change %d", round, i))
		}
	}
}
