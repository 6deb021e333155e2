package query_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/query"
	"github.com/kadedb/kadedb/status"
)

func (h *house) prepared(p *query.Prepared, kv ...any) (string, query.Summary) {
	h.t.Helper()
	res, err := h.RunPrepared(context.Background(), p, query.Request{Params: params(kv...)})
	if err != nil {
		h.t.Fatal(err)
	}
	got, s, err := drain(res)
	if err != nil {
		h.t.Fatal(err)
	}
	return got, s
}

// A prepared statement uses an index made since, and does without one that is gone;
// with the cache and without.
func TestPreparedFollowsTheSchema(t *testing.T) {
	for _, plans := range []int{64, 0} {
		h := open(t, func(o *query.Options, _ *graph.Options) { o.PlanCache = plans })
		h.must(`UNWIND range(1, 5000) AS i CREATE (:N {k: i, v: i * 2})`)
		p, err := h.Prepare(`PROFILE MATCH (n:N {k: $k}) RETURN n.v`)
		if err != nil {
			t.Fatal(err)
		}
		for i, index := range []bool{false, true, false, true} {
			switch {
			case i > 0 && index:
				h.must(`CREATE INDEX nk FOR (n:N) ON (n.k)`)
			case i > 0:
				h.must(`DROP INDEX nk`)
			}
			for k := range 3 {
				got, s := h.prepared(p, "k", k+1)
				equal(t, got, fmt.Sprint(2*(k+1)))
				if strings.Contains(s.Plan, "IndexSeek") != index {
					t.Errorf("index %v, plan\n%s", index, s.Plan)
				}
			}
		}
		h.idle()
	}
}

// Schema changes meet statements at every moment: none may find a plan for another schema.
func TestStatementsWhileTheSchemaChanges(t *testing.T) {
	h := open(t, nil)
	h.must(`UNWIND range(1, 500) AS i CREATE (:N {k: i})`)
	p, err := h.Prepare(`MATCH (n:N {k: $k}) RETURN n.k`)
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(stop)
		for range 15 {
			h.must(`CREATE INDEX nk FOR (n:N) ON (n.k)`)
			h.must(`DROP INDEX nk`)
		}
	})
	for g := range 2 {
		wg.Go(func() {
			for k := g + 1; ; k = k%500 + 1 {
				select {
				case <-stop:
					return
				default:
				}
				got, _ := h.prepared(p, "k", k)
				equal(t, got, fmt.Sprint(k))
				if _, _, err := h.ask(query.Request{Text: fmt.Sprintf(`MATCH (n:N {k: %d}) SET n.k = %d`, k, k)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	h.idle()
}

func TestCacheOfTexts(t *testing.T) {
	h := open(t, nil)
	h.must(`CREATE INDEX FOR (n:N) ON (n.k)`)
	h.must(`UNWIND range(0, 99) AS i CREATE (:N {k: i, s: 'v' + toString(i)})`)
	before := h.CacheStats()
	for round := range 3 {
		for i := range 20 {
			equal(t, h.must(fmt.Sprintf(`MATCH (n:N {k: %d}) WHERE n.s = 'v%d' RETURN n.k + 1 AS k`, i, i)), fmt.Sprint(i+1))
		}
		now := h.CacheStats()
		if misses := now.Misses - before.Misses; misses != 1 {
			t.Errorf("round %d: one shape of text was compiled %d times", round, misses)
		}
	}
	now := h.CacheStats()
	// The first text in rounds 2 and 3, the others in round 3, but for a few whose hashes meet.
	if hits := now.Hits - before.Hits; hits < 12 || hits > 21 {
		t.Errorf("%d hits: texts are kept from their second time on", hits)
	}
	// Kinds of literals are part of the shape, values that name columns too.
	equal(t, h.must(`MATCH (n:N {k: 5.0}) WHERE n.s = 'v5' RETURN n.k + 1 AS k`), "6")
	equal(t, h.must(`MATCH (n:N {k: '5'}) WHERE n.s = 'v5' RETURN n.k + 1 AS k`), "")
	for _, text := range []string{`RETURN 1`, `RETURN 2`} {
		res, err := h.Run(context.Background(), query.Request{Text: text})
		if err != nil || res.Columns()[0] != text[len("RETURN "):] {
			t.Errorf("%s: %v, %v", text, res.Columns(), err)
		}
	}
}

func TestCacheMakesRoom(t *testing.T) {
	h := open(t, func(o *query.Options, _ *graph.Options) { o.PlanCache = 4 })
	for round := range 2 {
		for i := range 30 {
			equal(t, h.must(fmt.Sprintf(`WITH %d AS c%d RETURN c%d + %d AS x`, round, i, i, round)), fmt.Sprint(2*round))
			if n := h.CacheStats().Plans; n > 4 {
				t.Fatalf("%d plans are kept", n)
			}
		}
	}
	long := `RETURN '` + strings.Repeat("x", 1<<20-100) + `' AS x`
	if got := h.must(long); len(got) != 1<<20-100+2 {
		t.Errorf("%d bytes came back", len(got))
	}
}

// An error points into the text that was asked, not into the one that its plan was made from.
func TestPlacesOfErrors(t *testing.T) {
	h := open(t, nil)
	for _, text := range []string{
		`WITH 1 AS a MATCH (n) WHERE n.x = 7 RETURN n`,
		`UNWIND [1] AS a WITH a WHERE 10 / (a - 1) > 1 RETURN a`,
		`UNWIND [100000] AS a WITH a
		 WHERE 10 / (a - 100000) > 1 RETURN a`,
		"UNWIND [1] AS a WITH a\n/* now */ WHERE 10 / (a - 1) > 100 RETURN a",
	} {
		for range 2 {
			_, _, err := h.ask(query.Request{Text: text})
			if !strings.Contains(text, "10 /") {
				continue
			}
			want(t, err, status.DivisionByZero)
			pos := status.From(err).Pos
			if at := strings.Index(text, "/ ("); !pos.IsValid() || int(pos.Offset) != at && !strings.HasPrefix(text[pos.Offset:], "10 /") {
				t.Errorf("%s\nthe error is at %+v", text, pos)
			}
		}
	}
}

func TestLimits(t *testing.T) {
	h := open(t, nil)
	h.must(`CREATE (a:P), (b:P), (a)-[:R]->(b), (b)-[:R]->(a), (a)-[:R]->(a), (b)-[:R]->(b)`)
	h.must(`UNWIND range(1, 40) AS i CREATE (:Q {i: i})`)
	h.must(`MATCH (x:Q), (y:Q {i: x.i + 1}) CREATE (x)-[:S]->(y)`)
	for _, c := range []struct {
		text   string
		limits query.Limits
		stream bool
		code   status.Code
	}{
		{text: slowly, limits: query.Limits{Time: 1}, code: status.QueryTimeLimit},
		{text: many, limits: query.Limits{Rows: 9999}, code: status.RowLimit},
		{text: many, limits: query.Limits{Rows: 10000}},
		{text: many, limits: query.Limits{Rows: 9999}, stream: true},
		{text: `UNWIND range(1, 100) AS i RETURN i LIMIT 11`, limits: query.Limits{Rows: 10}, code: status.RowLimit},
		{text: `UNWIND range(1, 100) AS i RETURN i LIMIT 10`, limits: query.Limits{Rows: 10}},
		{text: `UNWIND range(1, 100000) AS i RETURN size(collect(i)) AS n`, limits: query.Limits{Memory: 100 << 10}, code: status.QueryMemoryLimit},
		{text: `MATCH (:Q {i: 1})-[r:S*]->(y) RETURN count(y)`, code: status.PathLengthLimit},
		{text: `MATCH (:Q {i: 1})-[r:S*]->(y) RETURN count(y)`, limits: query.Limits{PathLength: 39}},
		{text: `MATCH (:Q {i: 1})-[r:S*..39]->(y) RETURN count(y)`},
	} {
		got, _, err := h.ask(query.Request{Text: c.text, Limits: &c.limits, Streamed: c.stream})
		if status.CodeOf(err) != c.code {
			t.Errorf("%s, %+v: %.40s, %v", c.text, c.limits, got, err)
		}
		if err != nil && status.From(err).Hint == "" {
			t.Errorf("%v does not say how to raise it", err)
		}
		h.idle()
	}
}

func TestReadOnly(t *testing.T) {
	ctx := context.Background()
	h := open(t, nil)
	for _, text := range []string{`CREATE (:N)`, `CREATE INDEX FOR (n:N) ON (n.k)`, `BEGIN READ WRITE`, `FOREACH (i IN [] | CREATE (:N))`} {
		_, _, err := h.ask(query.Request{Text: text, ReadOnly: true})
		want(t, err, status.ReadOnlyTransaction)
	}
	tx, err := h.Begin(ctx, query.TxOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = h.ask(query.Request{Text: `CREATE (:N)`, Tx: tx})
	want(t, err, status.ReadOnlyTransaction)
	equal(t, h.in(tx, `MATCH (n) RETURN count(n)`), "0")
	if err := tx.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	_, s, err := h.ask(query.Request{Text: `BEGIN`, ReadOnly: true})
	if err != nil || !s.Tx.ReadOnly() {
		t.Fatal(err)
	}
	_, _, err = h.ask(query.Request{Text: `ROLLBACK`, Tx: s.Tx})
	if err != nil {
		t.Fatal(err)
	}
	h.idle()
}

func TestTransactionStatements(t *testing.T) {
	h := open(t, nil)
	for _, text := range []string{`COMMIT`, `ROLLBACK`} {
		_, _, err := h.ask(query.Request{Text: text})
		want(t, err, status.TransactionStatement)
	}
	_, s, err := h.ask(query.Request{Text: `BEGIN`})
	if err != nil {
		t.Fatal(err)
	}
	tx := s.Tx
	_, _, err = h.ask(query.Request{Text: `BEGIN`, Tx: tx})
	want(t, err, status.TransactionStatement)
	_, _, err = h.ask(query.Request{Text: `CREATE INDEX FOR (n:N) ON (n.k)`, Tx: tx})
	want(t, err, status.NotYet)
	_, _, err = h.ask(query.Request{Text: `RETURN`, Tx: tx})
	want(t, err, status.UnexpectedSyntax)
	_, _, err = h.ask(query.Request{Text: `RETURN $a + $b`, Tx: tx, Params: params("a", 1)})
	want(t, err, status.MissingParameter)
	h.in(tx, `CREATE (:N)`)
	if _, _, err = h.ask(query.Request{Text: `COMMIT`, Tx: tx}); err != nil {
		t.Fatal(err)
	}
	_, _, err = h.ask(query.Request{Text: `COMMIT`, Tx: tx})
	want(t, err, status.TransactionClosed)
	equal(t, h.must(`MATCH (n:N) RETURN count(n)`), "1")
	h.idle()
}
