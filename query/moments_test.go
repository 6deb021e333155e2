package query

import (
	"context"
	"testing"

	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/txn"
)

// Moments that a test from outside seldom meets.
func openInside(t *testing.T) *Engine {
	t.Helper()
	store, err := graph.Open(graph.Options{Options: txn.Options{Dir: t.TempDir(), Create: true, CheckpointBytes: -1}})
	if err != nil {
		t.Fatal(err)
	}
	e, err := New(Options{Store: store, Budget: memory.NewBudget("store", 0), PlanCache: 8, Durability: graph.None})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		e.Close()
		if n := store.InUse(); n != 0 {
			t.Errorf("%d snapshots are open", n)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func do(t *testing.T, e *Engine, text string) {
	t.Helper()
	res, err := e.Run(context.Background(), Request{Text: text})
	if err == nil {
		err = res.Close()
	}
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// A statement that is ended while a call works on it is let go of when the call is over.
func TestEndedDuringACall(t *testing.T) {
	e := openInside(t)
	res, err := e.Run(context.Background(), Request{Text: `UNWIND range(1, 5000) AS i RETURN i`})
	if err != nil {
		t.Fatal(err)
	}
	res.lock()
	if n := e.EndOwner(""); n != 1 || res.run == nil {
		t.Fatalf("%d ended, and at once: %v", n, res.run == nil)
	}
	res.unlock()
	if res.run != nil {
		t.Error("the statement still holds its snapshot")
	}
	if err := res.Close(); status.CodeOf(err) != status.TransactionTerminated {
		t.Error(err)
	}
	tx, err := e.Begin(context.Background(), TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	tx.gate.lock()
	tx.stop(errClosing())
	if tx.ended != nil {
		t.Error("ended under a call")
	}
	tx.unlock()
	if tx.ended == nil {
		t.Error("the transaction stays open")
	}
}

// Between the look-up of its plan and its transaction a statement may lose an index.
func TestIndexGoesBeforeTheTransaction(t *testing.T) {
	ctx := context.Background()
	e := openInside(t)
	do(t, e, `CREATE INDEX nk FOR (n:N) ON (n.k)`)
	do(t, e, `UNWIND range(1, 500) AS i CREATE (:N {k: i})`)
	r := &Result{engine: e, text: `MATCH (n:N {k: 7}) SET n.v = 1`}
	r.mu.Lock()
	r.run = e.take()
	r.run.res, r.run.x.Reader = r, &r.run.reader
	if err := r.list(); err != nil {
		t.Fatal(err)
	}
	if err := e.store.Read(&r.run.reader); err != nil {
		t.Fatal(err)
	}
	if err := r.resolve(); err != nil {
		t.Fatal(err)
	}
	r.setUp(ctx)
	do(t, e, `DROP INDEX nk`)
	if err := r.enter(ctx); err != nil {
		t.Fatal(err)
	}
	if err := r.begin(); err != nil {
		t.Error(err)
	}
	r.unlock()
	if err := r.Close(); err != nil || r.Summary().PropertiesSet != 1 {
		t.Errorf("%+v, %v", r.Summary(), err)
	}
}
