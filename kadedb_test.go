package kadedb_test

import (
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/status"
)

func quiet() *kadedb.Options {
	return &kadedb.Options{Memory: 128 << 20, Durability: kadedb.DurableNone, CheckpointBytes: -1,
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil))}
}

func exec(t *testing.T, db *kadedb.DB, text string) {
	t.Helper()
	if _, err := db.Exec(context.Background(), text, nil); err != nil {
		t.Fatal(text, err)
	}
}

func one(t *testing.T, db *kadedb.DB, text string) string {
	t.Helper()
	rows, err := db.Query(context.Background(), text, nil)
	if err != nil {
		t.Fatal(text, err)
	}
	got := ""
	if rows.Next() {
		got = rows.Values()[0].String()
	}
	if err := rows.Close(); err != nil {
		t.Fatal(text, err)
	}
	return got
}

// Rows that are forgotten hold nothing for ever: what they wrote is undone.
func TestForgottenRows(t *testing.T) {
	db, err := kadedb.OpenTemporary(quiet())
	if err != nil {
		t.Fatal(err)
	}
	exec(t, db, `UNWIND range(1, 20000) AS i CREATE (:N {i: i})`)
	used := db.Stats().Memory.Used
	for _, text := range []string{`MATCH (n:N) RETURN n.i`, `CREATE (m:M) RETURN m`, `CREATE (m:M)`, `MATCH (n:N) RETURN n.i ORDER BY n.i`} {
		rows, err := db.Query(context.Background(), text, nil)
		if err != nil {
			t.Fatal(err)
		}
		rows.Next()
	}
	for i := 0; one(t, db, `CALL dbms.transactions() YIELD transactionId RETURN count(*)`) != "1"; i++ {
		if i == 500 {
			t.Fatal("forgotten statements are still listed")
		}
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	if got := one(t, db, `MATCH (m:M) RETURN count(m)`); got != "0" {
		t.Errorf("%s nodes were written by statements that never ended", got)
	}
	if now := db.Stats().Memory.Used; now > used {
		t.Errorf("%d bytes are still held", now-used)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// Whoever opens a store twice hears that it was this process.
func TestOpenTwice(t *testing.T) {
	dir := t.TempDir()
	db, err := kadedb.Open(dir, quiet())
	if err != nil {
		t.Fatal(err)
	}
	for _, open := range []func(string, *kadedb.Options) (*kadedb.DB, error){kadedb.Open, kadedb.OpenReadOnly} {
		if _, err := open(dir, quiet()); status.CodeOf(err) != status.StoreLocked || !strings.Contains(err.Error(), "is open in this process already") {
			t.Errorf("a second time: %v", err)
		}
	}
	// What another one left in the file says who that is.
	other := strings.Repeat("X", 26)
	if err := os.WriteFile(filepath.Join(dir, "LOCK"), []byte("other (process 1)\n"+other), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, open := range []func(string, *kadedb.Options) (*kadedb.DB, error){kadedb.Open, kadedb.OpenReadOnly} {
		if _, err := open(dir, quiet()); !strings.HasSuffix(status.From(err).Msg, "is held by other (process 1)") {
			t.Errorf("held by another: %v", err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if db, err = kadedb.Open(dir, quiet()); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestCloseTwice(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "db")
	db, err := kadedb.Open(dir, quiet())
	if err != nil {
		t.Fatal(err)
	}
	exec(t, db, `CREATE (:N)`)
	st, err := db.Prepare(`MATCH (n:N) RETURN count(n)`)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	ctx := context.Background()
	_, err = st.Query(ctx, nil)
	if c := status.CodeOf(err); c != status.StoreClosed {
		t.Error(err)
	}
	for _, err := range []error{db.Checkpoint(ctx), db.Check(ctx, func(p kadedb.Problem) { t.Error(p) })} {
		if status.CodeOf(err) != status.StoreClosed {
			t.Error(err)
		}
	}
	if _, err := db.Begin(ctx, kadedb.TxOptions{}); status.CodeOf(err) != status.StoreClosed {
		t.Error(err)
	}
	for _, open := range []func(string, *kadedb.Options) (*kadedb.DB, error){kadedb.Open, kadedb.OpenReadOnly} {
		if _, err := open("", quiet()); status.CodeOf(err) != status.InvalidSetting {
			t.Errorf("a store without a name: %v", err)
		}
	}
	db, err = kadedb.Open(dir, quiet())
	if err != nil {
		t.Fatal(err)
	}
	if got := one(t, db, `MATCH (n:N) RETURN count(n)`); got != "1" {
		t.Errorf("%s nodes after the second open", got)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestOpenRefuses(t *testing.T) {
	parent := t.TempDir()
	if _, err := kadedb.OpenReadOnly(filepath.Join(parent, "none"), quiet()); status.CodeOf(err) != status.NotAStore {
		t.Error(err)
	}
	o := quiet()
	o.Holder = "here"
	db, err := kadedb.Open(filepath.Join(parent, "db"), o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kadedb.Open(filepath.Join(parent, "db"), quiet()); status.CodeOf(err) != status.StoreLocked {
		t.Error(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// Queries that spill side by side share no file, leave none, and a file that an
// earlier process left is removed.
func TestSpillFiles(t *testing.T) {
	dir := t.TempDir()
	left := filepath.Join(dir, "tmp", "spill-old-1-1.spill")
	if err := os.MkdirAll(filepath.Dir(left), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(left, []byte("x"), 0o666); err != nil {
		t.Fatal(err)
	}
	o := quiet()
	o.Limits.Memory = 64 << 10
	db, err := kadedb.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			rows, err := db.Query(context.Background(), `UNWIND range(1, 20000) AS i RETURN i ORDER BY -i`, nil)
			if err != nil {
				t.Error(err)
				return
			}
			for n := int64(20000); rows.Next(); n-- {
				if got := rows.Values()[0].AsInt(); got != n {
					t.Errorf("got %d, want %d", got, n)
					break
				}
			}
			if err := rows.Close(); err != nil {
				t.Error(err)
			}
			if rows.Summary().Spilled == 0 {
				t.Error("nothing was spilled")
			}
		})
	}
	wg.Wait()
	names, err := os.ReadDir(filepath.Join(dir, "tmp"))
	if err != nil || len(names) > 0 {
		t.Errorf("left: %v, %v", names, err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestViewAndUpdate(t *testing.T) {
	ctx := context.Background()
	db, err := kadedb.OpenTemporary(quiet())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.View(ctx, func(tx *kadedb.Tx) error { _, err := tx.Exec(ctx, `CREATE (:N)`, nil); return err })
	if status.CodeOf(err) != status.ReadOnlyTransaction {
		t.Error(err)
	}
	var kept *kadedb.Tx
	err = db.Update(ctx, func(tx *kadedb.Tx) error {
		kept = tx
		_, err := tx.Exec(ctx, `CREATE (:N {i: $i})`, kadedb.Params{"i": 1})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kept.Exec(ctx, `CREATE (:N)`, nil); status.CodeOf(err) != status.TransactionClosed {
		t.Error(err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		err := db.Update(ctx, func(tx *kadedb.Tx) error {
			if _, err := tx.Exec(ctx, `CREATE (:N)`, nil); err != nil {
				t.Error(err)
			}
			panic("in the middle")
		})
		t.Error("Update returned", err)
	}()
	if got := one(t, db, `MATCH (n:N) RETURN count(n)`); got != "1" {
		t.Errorf("%s nodes", got)
	}
	if got := one(t, db, `CALL dbms.transactions() YIELD transactionId RETURN count(*)`); got != "1" {
		t.Errorf("%s transactions are open", got)
	}
}

// Every example of docs/embedded.md stands, line by line, in one that runs.
func TestDocumentedExamples(t *testing.T) {
	doc, err := os.ReadFile("docs/embedded.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(doc), "```go\n")[1:]
	if len(blocks) < 5 {
		t.Fatalf("%d examples", len(blocks))
	}
	for _, b := range blocks {
		code, _, ok := strings.Cut(b, "```")
		if !ok || !strings.Contains(string(source), "\n"+code) {
			t.Errorf("not in example_test.go:\n%s", code)
		}
	}
}

// TestStatusOfGQL: what succeeds and what fails has a status in the terms of GQL.
func TestStatusOfGQL(t *testing.T) {
	db, err := kadedb.OpenTemporary(quiet())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, c := range []struct{ text, want string }{
		{"RETURN 1 AS x", "00000"},
		{"UNWIND [] AS x RETURN x", "02000"},
		{"CREATE (:A)", "00001"},
		{"CREATE INDEX a FOR (n:A) ON (n.x)", "00001"},
		{"RETRUN 1", "42001"},
		{"RETURN 1 / 0", "22012"},
		{"RETURN x", "42N62"},
		{"RETURN 9223372036854775807 + 1", "22003"},
		{"COMMIT", "25000"},
	} {
		sum, err := db.Exec(context.Background(), c.text, nil)
		got := sum.Status().Code
		if err != nil {
			got = status.From(err).GQL().Code
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s (%v)", c.text, got, c.want, err)
		}
	}
}
