package query_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/query"
	"github.com/kadedb/kadedb/status"
)

func (h *house) run(ctx context.Context, text string, t *query.Tx) *query.Result {
	h.t.Helper()
	res, err := h.Run(ctx, query.Request{Text: text, Tx: t})
	if err != nil {
		h.t.Fatalf("%s: %v", text, err)
	}
	return res
}

const (
	many   = `UNWIND range(1, 10000) AS i RETURN i`
	slowly = `UNWIND range(1, 10000) AS a UNWIND range(1, 10000) AS b UNWIND range(1, 10000) AS c WITH a, b, c WHERE a + b + c < 0 RETURN count(*)`
)

// A statement in the loop over another one's rows: the rows are those of before.
func TestStatementInsideRows(t *testing.T) {
	h := open(t, nil)
	h.must(`UNWIND range(1, 3000) AS i CREATE (:N {i: i})`)
	tx := h.begin()
	res := h.run(context.Background(), `MATCH (n:N) RETURN n.i ORDER BY n.i`, tx)
	var n int64
	for res.Next() {
		if n++; res.Values()[0].AsInt() != n {
			t.Fatalf("row %d is %v", n, res.Values())
		}
		if n == 1 || n == 200 {
			h.in(tx, `MATCH (n:N) WHERE n.i % 2 = 0 DELETE n`)
		}
	}
	if err := res.Close(); err != nil || n != 3000 {
		t.Fatalf("%d rows, %v", n, err)
	}
	equal(t, h.in(tx, `MATCH (n:N) RETURN count(n)`), "1500")
	if err := tx.Commit(context.Background()); err != nil {
		t.Fatal(err)
	}
	h.idle()
}

// Rows set aside count in the budget and end the statement where they do not fit.
func TestRowsAsideAreCounted(t *testing.T) {
	h := open(t, func(o *query.Options, _ *graph.Options) { o.Limits.Memory = 100 << 10 })
	tx := h.begin()
	res := h.run(context.Background(), many, tx)
	if !res.Next() {
		t.Fatal(res.Err())
	}
	equal(t, h.in(tx, `RETURN 1`), "1")
	n := 1
	for res.Next() {
		n++
	}
	want(t, res.Err(), status.QueryMemoryLimit)
	if n < 100 || n > 9000 {
		t.Errorf("%d rows came", n)
	}
	want(t, res.Close(), status.QueryMemoryLimit)
	equal(t, h.in(tx, `RETURN 1`), "1")
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
}

func TestCommitWithOpenRows(t *testing.T) {
	ctx := context.Background()
	h := open(t, nil)
	tx := h.begin()
	read := h.run(ctx, many, tx)
	write := h.run(ctx, `UNWIND range(1, 1000) AS i CREATE (n:N {i: i}) RETURN n.i`, tx)
	if !read.Next() || !write.Next() {
		t.Fatal(read.Err(), write.Err())
	}
	if err := tx.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	for _, r := range []*query.Result{read, write} {
		n := 1
		for r.Next() {
			n++
		}
		if err := r.Close(); err != nil || n < 1000 {
			t.Errorf("%d rows, %v", n, err)
		}
	}
	equal(t, h.must(`MATCH (n:N) RETURN count(n)`), "1000")
}

// A writing statement that fails only while Commit runs it to its end fails Commit.
func TestCommitOfAStatementThatFails(t *testing.T) {
	ctx := context.Background()
	h := open(t, nil)
	h.must(`CREATE CONSTRAINT FOR (n:U) REQUIRE n.k IS UNIQUE`)
	tx := h.begin()
	res := h.run(ctx, `UNWIND [1, 1] AS k CREATE (n:U {k: k}) RETURN n.k`, tx)
	want(t, tx.Commit(ctx), status.ConstraintViolation)
	want(t, res.Close(), status.ConstraintViolation)
	want(t, tx.Commit(ctx), status.TransactionClosed)
	equal(t, h.must(`MATCH (n:U) RETURN count(n)`), "0")
	h.idle()
}

// A write happens once, at Close, however many of its rows were taken.
func TestWriteHappensOnceAtClose(t *testing.T) {
	ctx := context.Background()
	for _, take := range []int{0, 1, 70, 5000} {
		for _, returns := range []string{"", " RETURN n.i"} {
			h := open(t, nil)
			res := h.run(ctx, `UNWIND range(1, 5000) AS i CREATE (n:N {i: i})`+returns, nil)
			for i := 0; i < take && res.Next(); i++ {
			}
			equal(t, h.must(`MATCH (n:N) RETURN count(n)`), "0")
			if err := res.Close(); err != nil {
				t.Fatal(err)
			}
			if err := res.Close(); err != nil {
				t.Fatal(err)
			}
			equal(t, h.must(`MATCH (n:N) RETURN count(n)`), "5000")
			if s := res.Summary(); s.NodesCreated != 5000 {
				t.Errorf("%+v", s)
			}
			h.close()
		}
	}
}

func TestAbandonedRows(t *testing.T) {
	ctx := context.Background()
	h := open(t, nil)
	for _, text := range []string{many, `CREATE (n:N) RETURN n.i`, `CREATE (n:N)`} {
		res := h.run(ctx, text, nil)
		if !res.Held() {
			t.Errorf("%s holds nothing", text)
		}
		res.Abandon()
		h.idle()
		if err := res.Close(); status.CodeOf(err) != status.Cancelled {
			t.Errorf("%s: %v", text, err)
		}
	}
	equal(t, h.must(`MATCH (n:N) RETURN count(n)`), "0")
	tx := h.begin()
	h.run(ctx, `CREATE (n:N) RETURN n.i`, tx).Abandon()
	equal(t, h.in(tx, `MATCH (n:N) RETURN count(n)`), "1")
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if res := h.run(ctx, `RETURN 1`, nil); res.Held() {
		t.Error("a small answer holds something")
	}
	h.idle()
}

// A cancelled statement that wrote is undone, even where it was complete.
func TestCancelBeforeClose(t *testing.T) {
	h := open(t, nil)
	tx := h.begin()
	for _, in := range []*query.Tx{nil, tx} {
		for _, text := range []string{`CREATE (n:N)`, `CREATE (n:N) RETURN n.i`} {
			ctx, cancel := context.WithCancelCause(context.Background())
			res := h.run(ctx, text, in)
			cancel(status.Errorf(status.TransactionTerminated, "why"))
			want(t, res.Close(), status.TransactionTerminated)
		}
	}
	equal(t, h.in(tx, `MATCH (n:N) RETURN count(n)`), "0")
	if err := tx.Commit(context.Background()); err != nil {
		t.Fatal(err)
	}
	equal(t, h.must(`MATCH (n:N) RETURN count(n)`), "0")
	h.idle()
}

// Statements by themselves that meet at one node all count.
func TestRetriedStatements(t *testing.T) {
	h := open(t, nil)
	h.must(`CREATE CONSTRAINT FOR (n:C) REQUIRE n.k IS UNIQUE`)
	const workers, each = 6, 30
	var wg sync.WaitGroup
	var failed atomic.Int64
	for range workers {
		wg.Go(func() {
			for range each {
				switch _, s, err := h.ask(query.Request{Text: `MERGE (n:C {k: 1}) ON CREATE SET n.v = 1 ON MATCH SET n.v = n.v + 1`}); {
				case status.CodeOf(err) == status.WriteConflict:
					failed.Add(1)
				case err != nil:
					t.Error(err)
				case s.NodesCreated+s.PropertiesSet == 0:
					t.Errorf("nothing was done: %+v", s)
				}
			}
		})
	}
	wg.Wait()
	equal(t, h.must(`MATCH (n:C) RETURN n.v`), fmt.Sprint(workers*each-failed.Load()))
	if failed.Load() > 0 {
		t.Errorf("%d of %d gave up", failed.Load(), workers*each)
	}
	h.idle()
}

// An explicit transaction is not run again behind its owner's back.
func TestConflictOfTransactions(t *testing.T) {
	ctx := context.Background()
	h := open(t, nil)
	h.must(`CREATE (:N {v: 0})`)
	a, b := h.begin(), h.begin()
	h.in(a, `MATCH (n:N) SET n.v = 1`)
	h.in(b, `MATCH (n:N) SET n.v = 2`)
	if err := b.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	want(t, a.Commit(ctx), status.WriteConflict)
	want(t, a.Commit(ctx), status.TransactionClosed)
	if _, _, err := h.ask(query.Request{Text: `RETURN 1`, Tx: a}); status.CodeOf(err) != status.TransactionClosed {
		t.Error(err)
	}
	equal(t, h.must(`MATCH (n:N) RETURN n.v`), "2")
	h.idle()
}

// Two goroutines on one transaction, a third that ends it.
func TestTransactionOfSeveralGoroutines(t *testing.T) {
	h := open(t, nil)
	for round := range 12 {
		tx := h.begin()
		var wg sync.WaitGroup
		var made atomic.Int64
		open := make(chan *query.Result, 10000)
		for range 3 {
			wg.Go(func() {
				for {
					res, err := h.Run(context.Background(), query.Request{Tx: tx,
						Text: `UNWIND range(1, 300) AS i CREATE (n:N {i: i}) RETURN n.i`})
					if err == nil {
						open <- res
						res.Next()
						if rand.IntN(2) == 0 {
							err = res.Close()
						}
					}
					if err != nil {
						if c := status.CodeOf(err); c != status.TransactionClosed && c != status.TransactionTerminated {
							t.Error(err)
						}
						return
					}
					made.Add(1)
				}
			})
		}
		time.Sleep(time.Duration(rand.IntN(4)) * time.Millisecond)
		switch round % 4 {
		case 0:
			if err := tx.Rollback(); err != nil {
				t.Error(err)
			}
		case 1:
			if err := tx.Commit(context.Background()); err != nil {
				t.Error(err)
			}
			made.Store(0)
			h.must(`MATCH (n:N) DETACH DELETE n`)
		case 2:
			equal(t, h.must(fmt.Sprintf(`TERMINATE TRANSACTION '%s'`, tx.ID())), fmt.Sprintf(`'%s', null, 'Transaction terminated.'`, tx.ID()))
		case 3:
			h.EndOwner("")
		}
		wg.Wait()
		equal(t, h.must(`MATCH (n:N) RETURN count(n)`), "0")
		h.idle()
		for close(open); ; {
			res, ok := <-open
			if !ok {
				break
			}
			if err := res.Close(); err != nil && status.CodeOf(err).Info().Blame == status.Bug {
				t.Error(err)
			}
		}
	}
}

// A running statement ends when its transaction is rolled back by another goroutine.
func TestRollbackEndsTheRunningStatement(t *testing.T) {
	h := open(t, nil)
	tx := h.begin()
	done := make(chan error)
	go func() {
		_, _, err := h.ask(query.Request{Text: slowly, Tx: tx})
		done <- err
	}()
	running(t, h, "UNWIND")
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(10*time.Millisecond, cancel)
	_, err := h.Run(ctx, query.Request{Text: `RETURN 1`, Tx: tx})
	want(t, err, status.Cancelled) // waiting has an end of its own
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	want(t, <-done, status.TransactionClosed)
	h.idle()
}

// running waits until SHOW TRANSACTIONS has a statement, and returns its id.
func running(t *testing.T, h *house, text string) string {
	t.Helper()
	for range 2000 {
		for _, row := range strings.Split(h.must(`CALL dbms.transactions() YIELD transactionId, currentQuery RETURN transactionId, currentQuery`), "; ") {
			if id, q, _ := strings.Cut(row, ", "); strings.HasPrefix(q, "'"+text) {
				return strings.Trim(id, "'")
			}
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatalf("%q does not run", text)
	return ""
}

func TestTerminateStatement(t *testing.T) {
	h := open(t, nil)
	done := make(chan error)
	go func() {
		_, _, err := h.ask(query.Request{Text: slowly, Owner: "a"})
		done <- err
	}()
	id := running(t, h, "UNWIND")
	other := query.Request{Text: fmt.Sprintf(`TERMINATE TRANSACTION '%s'`, id), Owner: "b"}
	got, _, err := h.ask(other)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, got, fmt.Sprintf(`'%s', null, 'Transaction not found.'`, id)) // another owner's
	other.Everyone = true
	if got, _, err = h.ask(other); err != nil {
		t.Fatal(err)
	}
	equal(t, got, fmt.Sprintf(`'%s', null, 'Transaction terminated.'`, id))
	want(t, <-done, status.TransactionTerminated)
	// One that stands still is let go of at once.
	res := h.run(context.Background(), many, nil)
	if !res.Next() || h.store.InUse() != 1 {
		t.Fatal(res.Err(), h.store.InUse())
	}
	if n := h.EndOwner(""); n != 1 {
		t.Errorf("%d ended", n)
	}
	h.idle()
	for res.Next() {
	}
	want(t, res.Err(), status.TransactionTerminated)
	want(t, res.Close(), status.TransactionTerminated)
}

// Terminated at any moment, a statement is either done or undone, and lets go of everything.
func TestTerminateAtAnyMoment(t *testing.T) {
	h := open(t, nil)
	var created int64
	for range 60 {
		stop := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			for range rand.IntN(40) {
				time.Sleep(20 * time.Microsecond)
			}
			h.EndOwner("x")
			close(stop)
		})
		for ended := false; !ended; {
			_, s, err := h.ask(query.Request{Text: `UNWIND range(1, 50) AS i CREATE (n:N) RETURN i`, Owner: "x"})
			switch {
			case err == nil:
				created += s.NodesCreated
			case status.CodeOf(err) != status.TransactionTerminated:
				t.Fatal(err)
			}
			select {
			case <-stop:
				ended = true
			default:
			}
		}
		wg.Wait()
		h.idle()
	}
	equal(t, h.must(`MATCH (n:N) RETURN count(n)`), fmt.Sprint(created))
}

// Close ends what runs and what stands still, waits for it, and lets nothing in.
func TestCloseInTheMiddle(t *testing.T) {
	ctx := context.Background()
	for range 5 {
		h := open(t, nil)
		h.must(`UNWIND range(1, 2000) AS i CREATE (:N {i: i, s: toString(i)})`)
		tx := h.begin()
		rows := []*query.Result{h.run(ctx, many, nil), h.run(ctx, `MATCH (n:N) RETURN n`, tx), h.run(ctx, `CREATE (m:M) RETURN m`, nil)}
		for _, r := range rows {
			r.Next()
		}
		var wg sync.WaitGroup
		for _, text := range []string{`MATCH (n:N) WHERE n.s CONTAINS '7' RETURN n.s`, `MATCH (n:N {i: 5}) SET n.i = 5`, `RETURN 1`} {
			wg.Go(func() {
				for {
					if _, _, err := h.ask(query.Request{Text: text}); err != nil {
						if c := status.CodeOf(err); c != status.Draining && c != status.StoreClosed {
							t.Error(err)
						}
						return
					}
				}
			})
		}
		time.Sleep(2 * time.Millisecond)
		h.close()
		wg.Wait()
		for _, r := range rows {
			for r.Next() {
			}
			want(t, r.Close(), status.Draining)
		}
		want(t, tx.Commit(ctx), status.StoreClosed)
		_, err := h.Begin(ctx, query.TxOptions{})
		want(t, err, status.StoreClosed)
	}
}

func TestTransactionLimits(t *testing.T) {
	ctx := context.Background()
	h := open(t, func(o *query.Options, _ *graph.Options) { o.Tx = query.TxLimits{Open: 2} })
	a, b := h.begin(), h.begin()
	_, err := h.Begin(ctx, query.TxOptions{})
	want(t, err, status.SessionLimit)
	if err := errors.Join(a.Rollback(), b.Rollback(), a.Rollback()); err != nil {
		t.Fatal(err)
	}
	c := h.begin()
	if _, err := h.Transaction(c.ID(), "somebody else"); status.CodeOf(err) != status.NoSuchTransaction {
		t.Error(err)
	}
	if got, err := h.Transaction(c.ID(), ""); err != nil || got != c {
		t.Error(got, err)
	}
	if err := c.Rollback(); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Transaction(c.ID(), ""); status.CodeOf(err) != status.NoSuchTransaction {
		t.Error(err)
	}
}

// Transactions that idle, and those that last, end by themselves; rows that stand open do not
// keep them, statements that run do.
func TestTransactionTimeouts(t *testing.T) {
	h := open(t, func(o *query.Options, _ *graph.Options) {
		o.Tx = query.TxLimits{Idle: 30 * time.Millisecond, Time: 10 * time.Second}
	})
	tx := h.begin()
	res := h.run(context.Background(), many, tx)
	res.Next()
	for i := 0; h.store.InUse() > 0; i++ {
		if i > 5000 {
			t.Fatal("an idle transaction stays")
		}
		time.Sleep(time.Millisecond)
	}
	for res.Next() {
	}
	want(t, res.Close(), status.TransactionTimeout)
	want(t, tx.Commit(context.Background()), status.TransactionTimeout)
	_, err := h.Transaction(tx.ID(), "")
	want(t, err, status.TransactionTimeout)
	_, err = h.Transaction(tx.ID(), "somebody else")
	want(t, err, status.NoSuchTransaction)
	h.close()
	h = open(t, func(o *query.Options, _ *graph.Options) { o.Tx = query.TxLimits{Time: 40 * time.Millisecond} })
	tx = h.begin()
	_, _, err = h.ask(query.Request{Text: slowly, Tx: tx})
	want(t, err, status.TransactionTimeout)
	h.idle()
}

// How transactions ended is known for the last of them only.
func TestEndingsAreBounded(t *testing.T) {
	h := open(t, nil)
	ids := make([]string, 1200)
	for i := range ids {
		tx := h.begin()
		ids[i] = tx.ID()
		if got := h.must(`TERMINATE TRANSACTION '` + tx.ID() + `'`); !strings.HasSuffix(got, "'Transaction terminated.'") {
			t.Fatal(got)
		}
	}
	known := 0
	for _, id := range ids {
		_, err := h.Transaction(id, "")
		if status.CodeOf(err) == status.TransactionTerminated {
			known++
		} else {
			want(t, err, status.NoSuchTransaction)
		}
	}
	if _, err := h.Transaction(ids[len(ids)-1], ""); known != 1024 || status.CodeOf(err) != status.TransactionTerminated {
		t.Errorf("%d endings are known, of the last %v", known, err)
	}
}

// Where only reading is allowed the hint says why, and EXPLAIN reads.
func TestReadOnlyRequests(t *testing.T) {
	h := open(t, nil)
	for _, c := range []struct {
		text string
		ok   bool
	}{
		{`CREATE (:A)`, false}, {`EXPLAIN CREATE (:A)`, true}, {`PROFILE CREATE (:A)`, false}, {`BEGIN READ WRITE`, false},
		{`CREATE INDEX FOR (a:A) ON (a.x)`, false}, {`RETURN 1`, true},
	} {
		for _, role := range []bool{false, true} {
			_, _, err := h.ask(query.Request{Text: c.text, ReadOnly: true, NotWriter: role})
			if c.ok {
				if err != nil {
					t.Errorf("%s: %v", c.text, err)
				}
				continue
			}
			want(t, err, status.ReadOnlyTransaction)
			var e *status.Error
			if errors.As(err, &e); strings.Contains(e.Hint, "role") != role || strings.Contains(e.Hint, "read_only") == role {
				t.Errorf("%s, role too low %v: hint %q", c.text, role, e.Hint)
			}
		}
	}
	equal(t, h.must(`MATCH (n) RETURN count(n)`), "0")
	tx, err := h.Begin(context.Background(), query.TxOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := h.in(tx, `EXPLAIN CREATE (:A)`); !strings.Contains(got, "Create") {
		t.Errorf("the plan is %s", got)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
}

// A path search that holds too many trails at once says so.
func TestPathRowsOfSearches(t *testing.T) {
	h := open(t, nil)
	h.must(`UNWIND range(1, 9) AS i CREATE (:N {i: i})`)
	h.must(`MATCH (a:N), (b:N) WHERE a.i <> b.i CREATE (a)-[:R {w: 1}]->(b)`)
	for _, text := range []string{
		`MATCH p = shortestPath((a:N {i: 1})-[:R*4..4]->(b:N {i: 1})) RETURN length(p)`,
		`MATCH p = ANY CHEAPEST (a:N {i: 1})-[r:R*3..3]->(b:N {i: 2}) COST r.w RETURN length(p)`,
	} {
		_, _, err := h.ask(query.Request{Text: text, Limits: &query.Limits{PathRows: 20}})
		want(t, err, status.PathRowLimit)
		if got := h.must(text); got == "" {
			t.Errorf("%s finds nothing", text)
		}
	}
	h.idle()
}

// Lists inside lists are made for few rows at once.
func TestNestedComprehensionMemory(t *testing.T) {
	h := open(t, nil)
	for _, text := range []string{
		`WITH range(1, 3000) AS l RETURN size([a IN l | size([b IN l WHERE a < b | 1])]) AS s`,
		`WITH range(1, 3000) AS l RETURN size([a IN l WHERE any(x IN [b IN l | b * a] WHERE x < 0) OR true]) AS s`,
	} {
		got, sum, err := h.ask(query.Request{Text: text, Limits: &query.Limits{Memory: 24 << 20}})
		if err != nil || got != "3000" {
			t.Fatalf("%s: %s, %v", text, got, err)
		}
		if sum.Peak > 12<<20 {
			t.Errorf("%s held %d bytes", text, sum.Peak)
		}
	}
}

func TestSchema(t *testing.T) {
	h := open(t, nil)
	h.must(`CREATE (:A {x: 1})-[:R {y: 2}]->(:B)`)
	h.must(`CREATE INDEX ax FOR (a:A) ON (a.x)`)
	h.must(`CREATE CONSTRAINT bk FOR (b:B) REQUIRE b.k IS UNIQUE`)
	s, err := h.Schema(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	equal(t, fmt.Sprint(s.Labels, s.RelationshipTypes, s.PropertyKeys), "[A B] [R] [x y k]")
	if len(s.Indexes) != 2 || s.Indexes[0].Name != "ax" || len(s.Constraints) != 1 || s.Constraints[0].Name != "bk" {
		t.Errorf("indexes %v, constraints %v", s.Indexes, s.Constraints)
	}
	h.idle()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := h.Schema(ctx); err == nil {
		t.Error("a cancelled context reads")
	}
	h.close()
	_, err = h.Schema(context.Background())
	want(t, err, status.StoreClosed)
}
