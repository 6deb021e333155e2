package query_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/query"
)

// TestPopulationPercent: SHOW INDEXES tells how much of an index is there, while it is built
// and after; queries do without it meanwhile, and writes go on.
func TestPopulationPercent(t *testing.T) {
	reached, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	armed := false
	h := open(t, func(_ *query.Options, g *graph.Options) {
		g.Step = func(name string) error {
			if armed && name == "spill" { // the first sorted keys go to the file
				once.Do(func() {
					reached <- struct{}{}
					<-goOn
				})
			}
			return nil
		}
	})
	h.must(`UNWIND range(1, 3000) AS i CREATE (:N {i: i})`)
	const show = `SHOW INDEXES YIELD name, state, populationPercent, owningConstraint`
	armed = true
	done := make(chan error, 1)
	go func() {
		res, err := h.Run(context.Background(), query.Request{Text: `CREATE CONSTRAINT c FOR (n:N) REQUIRE n.i IS UNIQUE`})
		if err == nil {
			err = res.Close()
		}
		done <- err
	}()
	select {
	case <-reached:
	case <-time.After(30 * time.Second):
		t.Fatal("the index is not built")
	}
	equal(t, h.must(show), `'c', 'POPULATING', 100.0, 'c'`)
	equal(t, h.must(`SHOW CONSTRAINTS YIELD name`), "")
	h.must(`CREATE (:N {i: 4000})`)
	equal(t, h.must(`MATCH (n:N {i: 4000}) RETURN count(*)`), "1")
	goOn <- struct{}{}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	equal(t, h.must(show), `'c', 'ONLINE', 100.0, 'c'`)
	equal(t, h.must(`SHOW CONSTRAINTS YIELD name`), "'c'")
	equal(t, h.must(`MATCH (n:N {i: 4000}) RETURN count(*)`), "1")
	h.idle()
}
