package query

import (
	"context"
	"strconv"
	"sync/atomic"

	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
)

// batches opens the transactions of CALL … IN TRANSACTIONS for a statement by itself.
type batches struct {
	run  *running
	next int
}

// progress is how far a statement's own transactions are, for SHOW TRANSACTIONS.
type progress struct {
	committed, rows, failed atomic.Int64
}

func (p *progress) String() string {
	n, failed := p.committed.Load(), p.failed.Load()
	if n+failed == 0 {
		return ""
	}
	text := counted(n, "transaction") + " committed, of " + counted(p.rows.Load(), "row")
	if failed > 0 {
		text += "; " + strconv.FormatInt(failed, 10) + " failed"
	}
	return text
}

func counted(n int64, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return strconv.FormatInt(n, 10) + " " + noun
}

func (p *progress) reset() {
	p.committed.Store(0)
	p.rows.Store(0)
	p.failed.Store(0)
}

// Begin opens one.
func (b *batches) Begin(ctx context.Context) (*graph.Tx, string, error) {
	b.next++
	tx, err := b.run.res.engine.store.Begin(ctx, false)
	return tx, statementID(b.run.entry.number) + "-" + strconv.Itoa(b.next), err
}

// Commit makes one durable.
func (b *batches) Commit(tx *graph.Tx, rows int64) error {
	_, err := tx.Commit(&b.run.ctx, b.run.res.engine.opts.Durability)
	if err == nil {
		b.run.entry.progress.committed.Add(1)
		b.run.entry.progress.rows.Add(rows)
	}
	return err
}

// Failed counts one that was given up.
func (b *batches) Failed(int64) { b.run.entry.progress.failed.Add(1) }

// Renew opens the statement's own transaction anew.
func (b *batches) Renew(ctx context.Context) (*graph.Tx, error) {
	tx, err := b.run.res.engine.store.Begin(ctx, false)
	if err != nil {
		return nil, err
	}
	b.run.auto.Rollback()
	b.run.auto = tx
	return tx, nil
}

// refuseBatches is the error of CALL … IN TRANSACTIONS inside a transaction.
func refuseBatches(p *plan.Plan) error {
	var at status.Pos
	plan.Walk(p.Root, func(n plan.Node) bool {
		if a, ok := n.(*plan.Apply); ok && a.Batches != nil {
			at = a.Batches.Pos
		}
		return !at.IsValid()
	})
	return status.Errorf(status.TransactionStatement, "CALL … IN TRANSACTIONS inside a transaction").At(at).
		WithHint("send it by itself, outside of the transaction")
}
