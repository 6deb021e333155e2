package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/auth"
	"github.com/kadedb/kadedb/client"
	"github.com/kadedb/kadedb/server/front"
	"github.com/kadedb/kadedb/server/rest"
	"github.com/kadedb/kadedb/server/ws"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

func serve(tb testing.TB, authOn bool) (*client.Client, *kadedb.DB) {
	tb.Helper()
	log := slog.New(slog.DiscardHandler)
	f, err := front.New(front.Config{Listen: "127.0.0.1:0", Auth: authOn, BodySize: 1 << 20, Logger: log})
	if err != nil {
		tb.Fatal(err)
	}
	rest.Register(f)
	ws.Register(f, ws.Options{})
	if err := f.Listen(); err != nil {
		tb.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- f.Serve() }()
	db, err := kadedb.OpenTemporary(&kadedb.Options{Memory: 128 << 20, Logger: log})
	if err != nil {
		tb.Fatal(err)
	}
	token := ""
	if authOn {
		if _, token, err = db.Tokens().Create("", auth.Admin); err != nil {
			tb.Fatal(err)
		}
	}
	f.Ready(db)
	c, err := client.New(f.URL()+"/", token)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		c.Close()
		if err := errors.Join(f.Drain(time.Second), <-served, db.Close()); err != nil {
			tb.Error(err)
		}
	})
	return c, db
}

func TestClient(t *testing.T) {
	c, _ := serve(t, true)
	ctx := context.Background()
	rep, err := c.Exec(ctx, client.Request{Query: "CREATE (:A {n: $n})-[:R]->(:B)", Params: map[string]value.Value{"n": value.Int(1 << 60)}})
	if err != nil || len(rep.Counters) == 0 {
		t.Fatal(rep, err)
	}
	rows, err := c.Query(ctx, client.Request{Query: "MATCH p = (a)-[r]->() RETURN a, p, a.n AS n, 0.0/0.0 AS f"})
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(rows.Columns()) != "[a p n f]" || !rows.Next() {
		t.Fatal(rows.Columns(), rows.Err())
	}
	if got := fmt.Sprint(rows.Values()); got != "[(:A {n: 1152921504606846976}) <(:A {n: 1152921504606846976})-[:R]->(:B)> 1152921504606846976 NaN]" {
		t.Errorf("the row is %s", got)
	}
	if rows.Next() || rows.Close() != nil {
		t.Errorf("a second row, or %v", rows.Err())
	}
	tx, err := c.Begin(ctx, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Exec(ctx, client.Request{Query: "CREATE (:T)", Tx: tx}); err != nil {
		t.Fatal(err)
	}
	if err := c.Commit(ctx, tx); err != nil {
		t.Fatal(err)
	}
	if err := c.Rollback(ctx, tx); status.CodeOf(err) != status.NoSuchTransaction {
		t.Errorf("rolling back after the commit gives %v", err)
	}
	_, err = c.Query(ctx, client.Request{Query: "RETURN\n nme"})
	var e *status.Error
	if !errors.As(err, &e) || e.Code != status.UndefinedVariable || e.Pos.Line != 2 || e.Pos.Column != 2 {
		t.Errorf("an error comes as %v", err)
	}
	tok, err := c.CreateToken(ctx, "x", "reader")
	if err != nil || tok.Secret == "" {
		t.Fatal(tok, err)
	}
	list, err := c.Tokens(ctx)
	if err != nil || len(list) != 2 {
		t.Errorf("tokens are %v, %v", list, err)
	}
	if err := c.RevokeToken(ctx, tok.ID); err != nil {
		t.Error(err)
	}
	old, err := client.New(c.URL(), tok.Secret)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := old.Query(ctx, client.Request{Query: "RETURN 1"}); status.CodeOf(err) != status.InvalidToken {
		t.Errorf("a revoked token gives %v", err)
	}
	if s, err := c.Schema(ctx); err != nil || !strings.Contains(s.String(), "labels: ['A', 'B', 'T']") {
		t.Errorf("the schema is %v, %v", s, err)
	}
}

// Close before the end gives the statement up.
func TestCloseCancels(t *testing.T) {
	c, _ := serve(t, false)
	rows, err := c.Query(context.Background(), client.Request{Query: "UNWIND range(1, 10000) AS x UNWIND range(1, 10000) AS y RETURN x, y, 'some text to fill buffers with' AS t"})
	if err != nil {
		t.Fatal(err)
	}
	if !rows.Next() {
		t.Fatal(rows.Err())
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		rows, err := c.Query(context.Background(), client.Request{Query: "SHOW TRANSACTIONS"})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for rows.Next() {
			n++
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
		if n == 1 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d statements still run", n)
		}
	}
}

// Answers that no server of ours gives.
func TestStrangeServers(t *testing.T) {
	for name, c := range map[string]struct {
		code int
		body string
		want status.Code
	}{
		"no JSON":       {500, "<html>", status.Unreachable},
		"another JSON":  {200, "{\"a\":1}\n", status.Unreachable},
		"nothing":       {200, "", status.Unreachable},
		"cut":           {200, "{\"columns\":[\"a\"]}\n[1]\n", status.Unreachable},
		"cut in a line": {200, "{\"columns\":[\"a\"]}\n[1", status.Unreachable},
		"error at end":  {200, "{\"columns\":[\"a\"]}\n[1]\n{\"error\":{\"code\":\"KDB-2010\",\"message\":\"m\"}}\n", status.DivisionByZero},
		"unknown code":  {400, "{\"code\":\"KDB-9999\",\"message\":\"m\"}", 9999},
		"redirect":      {302, "", status.Unreachable},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(c.code)
			if _, err := io.WriteString(w, c.body); err != nil {
				t.Error(err)
			}
		}))
		cl, err := client.New(s.URL, "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err = cl.Exec(context.Background(), client.Request{Query: "RETURN 1"}); status.CodeOf(err) != c.want || err == nil {
			t.Errorf("%s gives %v", name, err)
		}
		s.Close()
	}
}

func TestUnreachable(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	c, err := client.New("http://"+addr, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Exec(context.Background(), client.Request{Query: "RETURN 1"}); status.CodeOf(err) != status.Unreachable {
		t.Errorf("nobody listening gives %v", err)
	}
	for _, bad := range []string{"", "127.0.0.1:7480", "ftp://x", "http://", "http://x?y"} {
		if _, err := client.New(bad, ""); status.CodeOf(err) != status.InvalidUsage {
			t.Errorf("%q gives %v", bad, err)
		}
	}
}

func BenchmarkQuery(b *testing.B) {
	c, db := serve(b, false)
	if _, err := db.Exec(context.Background(), "UNWIND range(1, 10000) AS x CREATE (:A {id: x})", nil); err != nil {
		b.Fatal(err)
	}
	if _, err := db.Exec(context.Background(), "CREATE INDEX FOR (a:A) ON (a.id)", nil); err != nil {
		b.Fatal(err)
	}
	r := client.Request{Query: "MATCH (a:A {id: $id}) RETURN a.id AS id", Params: map[string]value.Value{"id": value.Int(5000)}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Exec(context.Background(), r); err != nil {
			b.Fatal(err)
		}
	}
}
