package kadedb_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/status"
)

func TestCallInTransactions(t *testing.T) {
	const make5 = "UNWIND range(1, 5) AS i CALL (i) { CREATE (n:N {i: i, inverse: 1 / (3 - i)}) RETURN n.i AS made } IN TRANSACTIONS OF 2 ROWS "
	for _, c := range []struct {
		name, text, want, after string
		code                    status.Code
	}{
		{name: "unit", text: "UNWIND range(1, 2500) AS i CALL (i) { CREATE (:N {i: i}) } IN TRANSACTIONS RETURN count(*), sum(i)",
			want: "2500 3126250", after: "2500 3126250"},
		{name: "no answer", text: "UNWIND range(1, 10) AS i CALL (i) { CREATE (:N {i: i}) } IN 4 CONCURRENT TRANSACTIONS OF 3 ROWS", after: "10 55"},
		{name: "rows", text: "UNWIND range(1, 3) AS i CALL (i) { UNWIND range(1, i) AS k CREATE (n:N {i: k}) RETURN n } IN TRANSACTIONS OF 2 ROWS RETURN i, n.i ORDER BY i, n.i",
			want: "1 1\n2 1\n2 2\n3 1\n3 2\n3 3", after: "6 10"},
		{name: "read after", text: "UNWIND [1, 2] AS i CALL (i) { CREATE (:N {i: i})-[:NEW]->(:Other) } IN TRANSACTIONS OF 1 ROW WITH count(*) AS c MATCH (n:N)-[:NEW]->(o:Other) RETURN c, count(o)",
			want: "2 2", after: "2 3"},
		{name: "write after", text: "UNWIND [1, 2] AS i CALL (i) { CREATE (n:N {i: i}) RETURN n } IN TRANSACTIONS OF 1 ROW SET n.i = n.i * 10", after: "2 30"},
		{name: "twice", text: "UNWIND [1, 2] AS i CALL (i) { CREATE (n:N {i: i}) RETURN n } IN TRANSACTIONS OF 1 ROW CALL (n) { SET n.i = n.i + 100 } IN TRANSACTIONS OF 1 ROW RETURN sum(n.i)",
			want: "203", after: "2 203"},
		{name: "fail", text: make5 + "RETURN i, made", code: status.DivisionByZero, after: "2 3"},
		{name: "continue", text: make5 + "ON ERROR CONTINUE REPORT STATUS AS s RETURN i, made, s.started, s.committed, s.transactionId IS NULL, s.errorMessage IS NULL ORDER BY i",
			want:  "1 1 true true false true\n2 2 true true false true\n3 null true false false false\n4 null true false false false\n5 5 true true false true",
			after: "3 8"},
		{name: "break", text: make5 + "ON ERROR BREAK REPORT STATUS AS s RETURN i, made, s.started, s.committed, s.transactionId IS NULL, s.errorMessage IS NULL ORDER BY i",
			want:  "1 1 true true false true\n2 2 true true false true\n3 null true false false false\n4 null true false false false\n5 null false false true true",
			after: "2 3"},
		{name: "optional", text: "UNWIND [1, 2] AS i OPTIONAL CALL (i) { WITH i WHERE i = 2 CREATE (n:N {i: i}) RETURN n.i AS made } IN TRANSACTIONS OF 1 ROW RETURN i, made ORDER BY i",
			want: "1 null\n2 2", after: "1 2"},
		{name: "no rows", text: "UNWIND [] AS i CALL (i) { CREATE (:N {i: i}) } IN TRANSACTIONS RETURN count(*)", want: "0", after: "0 0"},
		{name: "only reads", text: "CALL { RETURN 1 AS one } IN TRANSACTIONS RETURN one", want: "1", after: "0 0"},
		{name: "conflict of two rows", text: "UNWIND [1, 1, 1] AS i CALL (i) { MERGE (n:N {i: i}) SET n.c = coalesce(n.c, 0) + 1 RETURN n.c AS c } IN TRANSACTIONS OF 1 ROW RETURN c",
			want: "1\n2\n3", after: "1 1"},
		{name: "parameter", text: "UNWIND range(1, 4) AS i CALL (i) { CREATE (:N {i: i}) } IN TRANSACTIONS OF $n ROWS RETURN count(*)", want: "4", after: "4 10"},
		{name: "zero", text: "UNWIND [1] AS i CALL (i) { CREATE (:N {i: i}) } IN TRANSACTIONS OF 0 ROWS", code: status.InvalidArgumentValue, after: "0 0"},
		{name: "nested", text: "CALL { CALL { CREATE (:N) } IN TRANSACTIONS }", code: status.InvalidClauseComposition, after: "0 0"},
		{name: "union", text: "CALL { CREATE (:N) } IN TRANSACTIONS RETURN 1 AS a UNION RETURN 2 AS a", code: status.InvalidClauseComposition, after: "0 0"},
		{name: "after a write", text: "CREATE (n:N) WITH n CALL (n) { SET n.i = 1 } IN TRANSACTIONS", code: status.InvalidClauseComposition, after: "0 0"},
		{name: "report of fail", text: "CALL { CREATE (:N) } IN TRANSACTIONS REPORT STATUS AS s RETURN s", code: status.InvalidClauseComposition, after: "0 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			db, err := kadedb.OpenTemporary(&kadedb.Options{Memory: 64 << 20})
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			got, err := answer(db, c.text, kadedb.Params{"n": 3})
			if status.CodeOf(err) != c.code || err == nil && got != c.want {
				t.Errorf("%v\n%s\nwant %s\n%s", err, got, c.code, c.want)
			}
			if got, err := answer(db, "MATCH (n:N) RETURN count(n), sum(n.i)", nil); err != nil || got != c.after {
				t.Errorf("afterwards %s (%v), want %s", got, err, c.after)
			}
			if s := db.Stats(); s.Open.Statements+s.Open.Transactions != 0 {
				t.Errorf("still open: %+v", s.Open)
			}
			for _, a := range db.Stats().Accounts {
				if a.Name == "query" && a.Used != 0 || a.Name == "transactions" && a.Used != 0 {
					t.Errorf("%s holds %d bytes", a.Name, a.Used)
				}
			}
		})
	}
}

func answer(db *kadedb.DB, text string, params kadedb.Params) (string, error) {
	rows, err := db.Query(context.Background(), text, params)
	if err != nil {
		return "", err
	}
	var out []string
	for rows.Next() {
		var cells []string
		for _, v := range rows.Values() {
			cells = append(cells, v.String())
		}
		out = append(out, strings.Join(cells, " "))
	}
	return strings.Join(out, "\n"), rows.Close()
}

// Transactions of a statement see what others commit between them, and run again where
// another came first.
// Where nobody asks for their status, transactions that failed are told of.
func TestCallInTransactionsNotices(t *testing.T) {
	const make5 = "UNWIND range(1, 9) AS i CALL (i) { CREATE (n:N {i: i, inverse: 1 / (i % 3 - 1)}) RETURN n.i AS made } IN TRANSACTIONS OF 2 ROWS "
	for _, c := range []struct{ text, want string }{
		{make5 + "ON ERROR CONTINUE RETURN count(made)", "transactions that failed, and whose changes are undone: 3 of 5; the first: DivisionByZero at line 1, column "},
		{make5 + "ON ERROR CONTINUE", "transactions that failed, and whose changes are undone: 3 of 5;"},
		{make5 + "ON ERROR BREAK FINISH", "transactions that failed, and whose changes are undone: 1 of 1; the first: DivisionByZero at line 1, column 66: an integer is divided by zero; rows after it that no transaction took: 7"},
		{make5 + "ON ERROR CONTINUE REPORT STATUS AS s RETURN count(s)", ""},
		{"UNWIND [1, 2] AS i CALL (i) { CREATE (:M) } IN TRANSACTIONS OF 1 ROW ON ERROR CONTINUE", ""},
	} {
		db, err := kadedb.OpenTemporary(quiet())
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // a plan of the cache begins anew
			rows, err := db.Query(context.Background(), c.text, nil)
			if err != nil {
				t.Fatal(err)
			}
			for rows.Next() {
			}
			if err := rows.Close(); err != nil {
				t.Fatal(err)
			}
			got := strings.Join(rows.Summary().Notices, "|")
			if c.want == "" && got != "" || !strings.HasPrefix(got, c.want) {
				t.Errorf("%s gives notice of %q", c.text, got)
			}
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCallInTransactionsBesideOthers(t *testing.T) {
	db, err := kadedb.OpenTemporary(&kadedb.Options{Memory: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(t.Context(), "CREATE (:C {n: 0})", nil); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if _, err := db.Exec(context.Background(), "UNWIND range(1, 50) AS i CALL (i) { MATCH (c:C) SET c.n = c.n + 1 } IN TRANSACTIONS OF 5 ROWS", nil); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got, err := answer(db, "MATCH (c:C) RETURN c.n", nil); err != nil || got != "200" {
		t.Errorf("the counter is %s (%v)", got, err)
	}
	if got, err := answer(db, "EXPLAIN MATCH (c:C) CALL (c) { DETACH DELETE c } IN TRANSACTIONS OF 7 ROWS", nil); err != nil || !strings.Contains(got, "in transactions of 7 rows, on error fail") {
		t.Errorf("%s (%v)", got, err)
	}
	if got, err := answer(db, "PROFILE MATCH (c:C) CALL (c) { DETACH DELETE c } IN TRANSACTIONS OF 7 ROWS RETURN count(*)", nil); err != nil || got != "1" {
		t.Errorf("%s (%v)", got, err)
	}
	if got, err := answer(db, "MATCH (c:C) RETURN count(*)", nil); err != nil || got != "0" {
		t.Errorf("%s nodes are left (%v)", got, err)
	}
	err = db.Update(t.Context(), func(tx *kadedb.Tx) error {
		rows, err := tx.Query(t.Context(), "CALL { CREATE (:N) } IN TRANSACTIONS", nil)
		if err == nil {
			err = rows.Close()
		}
		return err
	})
	if status.CodeOf(err) != status.TransactionStatement {
		t.Errorf("inside a transaction: %v", err)
	}
}

// A statement of many small transactions holds none of them: its memory stays flat, and
// what does not fit goes to the disk.
func TestCallInTransactionsMemory(t *testing.T) {
	db, err := kadedb.OpenTemporary(&kadedb.Options{Memory: 64 << 20, Limits: kadedb.Limits{Memory: 2 << 20}})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	text := fmt.Sprintf("UNWIND range(1, 30000) AS i WITH i, toString(i) + '%s' AS s CALL (i, s) { CREATE (:N {i: i, s: s}) } IN TRANSACTIONS OF 5000 ROWS RETURN count(s)",
		strings.Repeat("x", 100))
	if got, err := answer(db, text, nil); err != nil || got != "30000" {
		t.Fatalf("%s, %v", got, err)
	}
	if c := db.Stats().Store.Commits; c != 6 {
		t.Errorf("%d commits, want 6", c)
	}
}

func TestCallInTransactionsProgress(t *testing.T) {
	db, err := kadedb.OpenTemporary(&kadedb.Options{Memory: 64 << 20, Durability: kadedb.DurableNone})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := db.Exec(ctx, "UNWIND range(1, 10000000) AS i CALL (i) { MERGE (n:N {i: i % 10}) } IN TRANSACTIONS OF 2 ROWS", nil)
		done <- err
	}()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		got, err := answer(db, "SHOW TRANSACTIONS YIELD currentQuery, statusDetails WHERE currentQuery STARTS WITH 'UNWIND' RETURN statusDetails", nil)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(got, " committed, of ") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("no progress is shown: %s", got)
		}
	}
	cancel()
	if err := <-done; status.CodeOf(err) != status.Cancelled {
		t.Errorf("cancelled: %v", err)
	}
	if got, err := answer(db, "MATCH (n:N) RETURN count(*) > 0", nil); err != nil || got != "true" {
		t.Errorf("what was committed is gone: %s, %v", got, err)
	}
}
