package query_test

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/query"
	"github.com/kadedb/kadedb/query/exec/spill"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/txn"
	"github.com/kadedb/kadedb/storage/vfs"
	"github.com/kadedb/kadedb/value"
)

// house is a store, its engine, and what must be back where it was at the end.
type house struct {
	*query.Engine
	t      testing.TB
	store  *graph.Store
	budget *memory.Budget
	closed bool
}

func open(t testing.TB, change func(*query.Options, *graph.Options)) *house {
	t.Helper()
	h := &house{t: t, budget: memory.NewBudget("store", 256<<20)}
	dir := t.TempDir()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	g := graph.Options{Options: txn.Options{Dir: dir, Create: true, Memory: h.budget, CheckpointBytes: -1}}
	o := query.Options{Budget: h.budget, PlanCache: 64, Workers: 2, Durability: graph.None, Logger: log,
		Limits: query.Limits{Memory: 64 << 20}, Space: func() *spill.Space { return spill.NewSpace(vfs.OS, dir+"/tmp", "s") }}
	if change != nil {
		change(&o, &g)
	}
	var err error
	if h.store, err = graph.Open(g); err != nil {
		t.Fatal(err)
	}
	o.Store = h.store
	if h.Engine, err = query.New(o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.close)
	return h
}

// close closes the engine; nothing may then be left of any statement.
func (h *house) close() {
	if h.closed {
		return
	}
	h.closed = true
	h.Engine.Close()
	if n := h.store.InUse(); n != 0 {
		h.t.Errorf("%d snapshots or transactions were never ended", n)
	}
	if err := h.store.Close(); err != nil {
		h.t.Error(err)
	}
	if n := h.budget.Used(); n != 0 {
		h.t.Errorf("%d bytes were never given back", n)
	}
}

// idle fails where a statement that is over still holds something.
func (h *house) idle() {
	h.t.Helper()
	if n := h.store.InUse(); n != 0 {
		h.t.Errorf("%d snapshots or transactions are open", n)
	}
}

func params(kv ...any) map[string]value.Value {
	m := map[string]value.Value{}
	for i := 0; i < len(kv); i += 2 {
		m[kv[i].(string)] = value.Int(int64(kv[i+1].(int)))
	}
	return m
}

// ask runs a statement to its end and returns its rows as text.
func (h *house) ask(req query.Request) (string, query.Summary, error) {
	res, err := h.Run(context.Background(), req)
	if err != nil {
		return "", query.Summary{}, err
	}
	return drain(res)
}

func drain(res *query.Result) (string, query.Summary, error) {
	var b strings.Builder
	for res.Next() {
		if b.Len() > 0 {
			b.WriteString("; ")
		}
		for i, v := range res.Values() {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(v.String())
		}
	}
	err := res.Close()
	return b.String(), res.Summary(), err
}

func (h *house) must(text string) string {
	h.t.Helper()
	got, _, err := h.ask(query.Request{Text: text})
	if err != nil {
		h.t.Fatalf("%s: %v", text, err)
	}
	return got
}

func (h *house) in(t *query.Tx, text string) string {
	h.t.Helper()
	got, _, err := h.ask(query.Request{Text: text, Tx: t})
	if err != nil {
		h.t.Fatalf("%s: %v", text, err)
	}
	return got
}

func (h *house) begin() *query.Tx {
	h.t.Helper()
	t, err := h.Begin(context.Background(), query.TxOptions{})
	if err != nil {
		h.t.Fatal(err)
	}
	return t
}

func want(t testing.TB, err error, code status.Code) {
	t.Helper()
	if status.CodeOf(err) != code {
		t.Fatalf("got %v, want %s", err, code.Info().Name)
	}
}

func equal(t testing.TB, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
