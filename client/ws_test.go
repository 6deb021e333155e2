package client_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/kadedb/kadedb/client"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

func dial(t *testing.T, c *client.Client) *client.Conn {
	t.Helper()
	conn, err := c.Dial(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
	return conn
}

func ask(query string) client.StreamRequest {
	return client.StreamRequest{Request: client.Request{Query: query}}
}

func TestConn(t *testing.T) {
	c, _ := serve(t, true)
	conn, ctx := dial(t, c), context.Background()
	if conn.Role() != "admin" {
		t.Errorf("the role is %q", conn.Role())
	}
	r := ask("CREATE (:A {n: $n, d: date('2024-02-29')})-[:R]->(:B)")
	r.Params = map[string]value.Value{"n": value.Int(1 << 60)}
	if rep, err := conn.Exec(ctx, r); err != nil || len(rep.Counters) == 0 {
		t.Fatal(rep, err)
	}
	s, err := conn.Query(ctx, ask("MATCH p = (a)-[r]->() RETURN p, a.n AS n, a.d AS d, 0.0/0.0 AS f"))
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(s.Columns()) != "[p n d f]" || !s.Next() {
		t.Fatal(s.Columns(), s.Err())
	}
	v := s.Values()
	if v[0].Kind() != value.KindPath || v[1].AsInt() != 1<<60 || v[2].Kind() != value.KindDate || v[3].Kind() != value.KindFloat {
		t.Errorf("the row is %v", v)
	}
	if s.Next() || s.Close() != nil {
		t.Errorf("a second row, or %v", s.Err())
	}
	for _, q := range []struct {
		text string
		code status.Code
	}{{"RETRUN", status.UnexpectedSyntax}, {"UNWIND [2, 1, 0] AS x RETURN 2 / x AS y", status.DivisionByZero}} {
		if _, err := conn.Exec(ctx, ask(q.text)); status.CodeOf(err) != q.code {
			t.Errorf("%s gives %v", q.text, err)
		}
	}
	// Far more rows than credit.
	n, sum := 0, int64(0)
	r = ask("UNWIND range(1, 50000) AS x RETURN x")
	r.Credit = 7
	if s, err = conn.Query(ctx, r); err != nil {
		t.Fatal(err)
	}
	for s.Next() {
		n++
		sum += s.Values()[0].AsInt()
	}
	if err := s.Close(); err != nil || n != 50_000 || sum != 1_250_025_000 {
		t.Errorf("%d rows, sum %d, %v", n, sum, err)
	}
	for _, c := range s.Report().Counters {
		if c.Name == "rows" && c.N != 50_000 {
			t.Errorf("the report says %v", s.Report())
		}
	}
	// Left before its end.
	if s, err = conn.Query(ctx, ask("UNWIND range(1, 100000000) AS x RETURN x")); err != nil || !s.Next() || s.Close() != nil {
		t.Fatal(err)
	}
	stmt, err := conn.Prepare(ctx, "RETURN $a + 1 AS b")
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for k := range int64(8) {
		wait.Go(func() {
			for i := range int64(50) {
				r := client.StreamRequest{Statement: stmt, Request: client.Request{Params: map[string]value.Value{"a": value.Int(k*1000 + i)}}}
				s, err := conn.Query(ctx, r)
				if err != nil || !s.Next() || s.Values()[0].AsInt() != k*1000+i+1 || s.Close() != nil {
					t.Errorf("%d: %v", k, err)
					return
				}
			}
		})
	}
	wait.Wait()
	if err := conn.Forget(ctx, stmt); err != nil {
		t.Error(err)
	}
	if err := conn.Forget(ctx, stmt); status.CodeOf(err) != status.MalformedRequest {
		t.Errorf("forgetting twice: %v", err)
	}
}

func TestConnTransactions(t *testing.T) {
	c, _ := serve(t, true)
	conn, ctx := dial(t, c), context.Background()
	for _, commit := range []bool{true, false} {
		tx, err := conn.Begin(ctx, false)
		if err != nil {
			t.Fatal(err)
		}
		r := ask("CREATE (:N)")
		r.Tx = tx
		if _, err := conn.Exec(ctx, r); err != nil {
			t.Fatal(err)
		}
		if commit {
			err = conn.Commit(ctx, tx)
		} else {
			err = conn.Rollback(ctx, tx)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	s, err := conn.Query(ctx, ask("MATCH (n:N) RETURN count(*) AS c"))
	if err != nil || !s.Next() || s.Values()[0].AsInt() != 1 || s.Close() != nil {
		t.Errorf("%v %v", s.Values(), err)
	}
	if tx, err := conn.Begin(ctx, true); err != nil {
		t.Error(err)
	} else {
		r := ask("CREATE (:N)")
		r.Tx = tx
		if _, err := conn.Exec(ctx, r); status.CodeOf(err) != status.ReadOnlyTransaction {
			t.Errorf("a write gives %v", err)
		}
	}
}

func TestConnEnds(t *testing.T) {
	c, db := serve(t, true)
	conn := dial(t, c)
	const endless = "UNWIND range(1, 100000) AS x UNWIND range(1, 100000) AS y WITH x, y WHERE x + y < 0 RETURN count(*) AS c"
	ctx, cancel := context.WithCancel(context.Background())
	r := ask(endless)
	told := 0
	r.Progress = func(p client.Progress) {
		if told++; told == 1 && !p.Waiting && p.Elapsed > 500*time.Millisecond {
			cancel()
		}
	}
	if _, err := conn.Query(ctx, r); status.CodeOf(err) != status.Cancelled || told != 1 {
		t.Errorf("a cancelled statement gives %v after %d words of progress", err, told)
	}
	if _, err := conn.Exec(context.Background(), ask("RETURN 1 AS x")); err != nil {
		t.Errorf("then there is %v", err)
	}
	bad, err := client.New(c.URL(), "kdb_wrong")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bad.Dial(context.Background()); status.CodeOf(err) != status.InvalidToken {
		t.Errorf("a wrong token gives %v", err)
	}
	// A server without WebSocket, and one that refuses it.
	for _, c := range []struct {
		answer string
		code   status.Code
	}{{"hello", status.Unreachable}, {`{"code":"KDB-5008","name":"Draining","message":"stopping"}`, status.Draining}} {
		other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(503)
			io.WriteString(w, c.answer)
		}))
		oc, err := client.New(other.URL, "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := oc.Dial(context.Background()); status.CodeOf(err) != c.code {
			t.Errorf("%s gives %v", c.answer, err)
		}
		other.Close()
	}
	// The token goes while a statement runs.
	failed := make(chan error, 1)
	go func() {
		_, err := conn.Exec(context.Background(), ask(endless))
		failed <- err
	}()
	time.Sleep(50 * time.Millisecond)
	for _, tok := range db.Tokens().List() {
		if err := c.RevokeToken(context.Background(), tok.ID); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-failed; status.CodeOf(err) != status.InvalidToken && status.CodeOf(err) != status.TransactionTerminated {
		t.Errorf("the statement ends with %v", err)
	}
	if _, err := conn.Exec(context.Background(), ask("RETURN 1 AS x")); err == nil {
		t.Error("the connection lives on")
	}
}
