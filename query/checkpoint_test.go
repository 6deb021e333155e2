package query_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/query"
)

// TestStatementsWhileACheckpointIsHalted holds a snapshot and an explicit transaction
// through ten checkpoints of a growing file. Each checkpoint is halted at each of its
// steps until statements that read and that write have completed.
func TestStatementsWhileACheckpointIsHalted(t *testing.T) {
	ctx := context.Background()
	reached, goOn := make(chan string), make(chan struct{})
	var halt atomic.Bool
	h := open(t, func(_ *query.Options, g *graph.Options) {
		g.Step = func(name string) error {
			if halt.Load() {
				reached <- name
				<-goOn
			}
			return nil
		}
	})
	h.must(`CREATE INDEX FOR (n:N) ON (n.i)`)
	h.must(`UNWIND range(1, 3000) AS i CREATE (:N {i: i, s: 'the text of ' + toString(i)})`)
	held, err := h.Run(ctx, query.Request{Text: `MATCH (n:N) RETURN n.i, n.s ORDER BY n.i`})
	if err != nil || !held.Next() {
		t.Fatal(err)
	}
	tx := h.begin()
	equal(t, h.in(tx, `MATCH (n:N) RETURN count(n)`), "3000")
	h.in(tx, `CREATE (:Mine)`)
	nodes := 3000
	work := func() {
		h.must(fmt.Sprintf(`UNWIND range(%d, %d) AS i CREATE (:N {i: i, s: 'the text of ' + toString(i)})`, nodes+1, nodes+100))
		nodes += 100
		h.must(fmt.Sprintf(`MATCH (n:N {i: %d}), (m:N {i: %d}) CREATE (n)-[:R {at: %d}]->(m)`, nodes, nodes/2, nodes))
		equal(t, h.must(`MATCH (n:N) RETURN count(n)`), fmt.Sprint(nodes))
		equal(t, h.must(fmt.Sprintf(`MATCH (n:N {i: %d})-[r:R]->(m) RETURN r.at, m.s`, nodes)),
			fmt.Sprintf(`%d, 'the text of %d'`, nodes, nodes/2))
		equal(t, h.in(tx, `MATCH (n:N) RETURN count(n)`), "3000")
	}
	halt.Store(true)
	steps := map[string]int{}
	var size int64
	for range 10 {
		done := make(chan error, 1)
		go func() {
			_, err := h.store.Checkpoint(ctx)
			done <- err
		}()
		for running := true; running; {
			select {
			case name := <-reached:
				steps[name]++
				work()
				goOn <- struct{}{}
			case err := <-done:
				if err != nil {
					t.Fatal(err)
				}
				running = false
			case <-time.After(30 * time.Second):
				t.Fatal("the checkpoint hangs")
			}
		}
		size = h.store.Stats().BytesWritten
	}
	halt.Store(false)
	if len(steps) < 4 || size < 1<<20/8 {
		t.Errorf("steps %v, %d bytes", steps, size)
	}
	n := 1
	for ; ; n++ {
		v := held.Values()
		if v[0].AsInt() != int64(n) || v[1].AsString() != fmt.Sprintf("the text of %d", n) {
			t.Fatalf("row %d of the held snapshot: %v", n, v)
		}
		if !held.Next() {
			break
		}
	}
	if err := held.Close(); err != nil || n != 3000 {
		t.Fatalf("%d rows, %v", n, err)
	}
	if err := tx.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	equal(t, h.must(`MATCH (n:Mine) RETURN count(n)`), "1")
	h.idle()
}
