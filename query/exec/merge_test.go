package exec_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/status"
)

// TestConcurrentMerge lets writers merge the same keys: a constraint leaves one node
// for each, and a writer that loses is told to run again.
func TestConcurrentMerge(t *testing.T) {
	db := openStore(t, kadedb.Engine{}, 0)
	ctx := context.Background()
	if _, err := db.Exec(ctx, "CREATE CONSTRAINT k FOR (n:K) REQUIRE n.id IS UNIQUE", nil); err != nil {
		t.Fatal(err)
	}
	const keys, writers = 40, 4
	var wg sync.WaitGroup
	errs := make(chan error, writers)
	for w := range writers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range keys {
				for {
					_, err := db.Exec(ctx, "MERGE (n:K {id: $id}) ON CREATE SET n.by = $w", kadedb.Params{"id": i, "w": w})
					code := status.CodeOf(err)
					if err == nil {
						break
					}
					if code != status.WriteConflict && code != status.ConstraintViolation {
						errs <- fmt.Errorf("writer %d, key %d: %w", w, i, err)
						return
					}
				}
			}
		}()
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		t.Error(err)
	}
	got := outcome(db, statement{text: "MATCH (n:K) RETURN count(n), count(DISTINCT n.id)"})
	if want := fmt.Sprint(keys, " | ", keys); got != want {
		t.Errorf("%s nodes and keys, want %s", got, want)
	}
}
