package transfer_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/transfer"
)

// TestExportUnderWrites exports while two writers go on. Each of their transactions makes a pair
// with a relationship under a number, and deletes that of 50 before: in what is exported the
// numbers of a writer are 50 that follow each other, in nodes and in relationships.
func TestExportUnderWrites(t *testing.T) {
	const writers, alive = 2, 50
	ctx := context.Background()
	for _, f := range importable {
		db, err := kadedb.OpenTemporary(&kadedb.Options{Memory: 64 << 20})
		if err != nil {
			t.Fatal(err)
		}
		var commits atomic.Int64
		step := func(w, i int) error {
			_, err := db.Exec(ctx, `CREATE (:P {w: $w, i: $i, text: 'p'})-[:R {w: $w, i: $i}]->(:Q {w: $w, i: $i}) WITH 1 AS x
				OPTIONAL MATCH (p:P {w: $w, i: $i - $n})-[:R]->(q) DETACH DELETE p, q`, kadedb.Params{"w": w, "i": i, "n": alive})
			commits.Add(1)
			return err
		}
		for w := range writers {
			for i := range alive {
				if err := step(w, i); err != nil {
					t.Fatal(err)
				}
			}
		}
		var wg sync.WaitGroup
		var stop atomic.Bool
		for w := range writers {
			wg.Go(func() {
				for i := alive; !stop.Load(); i++ {
					if err := step(w, i); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		dir := filepath.Join(t.TempDir(), "out")
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		began := commits.Load()
		sum, err := db.Export(ctx, kadedb.ExportSpec{Format: f, Create: func(name string) (io.WriteCloser, error) {
			// Commits come between the files.
			for before := commits.Load(); commits.Load() < before+10 && !t.Failed(); {
				time.Sleep(time.Millisecond)
			}
			return os.Create(filepath.Join(dir, name))
		}})
		during := commits.Load() - began
		stop.Store(true)
		wg.Wait()
		if err != nil || sum.Nodes != 2*writers*alive || sum.Relationships != writers*alive || during < 10 {
			t.Fatalf("%s: %+v with %d commits meanwhile: %v", f, sum, during, err)
		}
		if f != transfer.ExportGraphML {
			back := again(t, dir)
			for _, pattern := range []string{"(x:P)", "(x:Q)", "()-[x:R]->()", "(x:P)-->({w: x.w, i: x.i})"} {
				got := query(t, back, "MATCH "+pattern+" WITH x.w AS w, count(DISTINCT x.i) AS n, max(x.i) - min(x.i) AS span RETURN n, span")
				if want := fmt.Sprintf("%d | %d\n%d | %d\n", alive, alive-1, alive, alive-1); got != want {
					t.Errorf("%s: %s gives %s, want %s", f, pattern, got, want)
				}
			}
			if got := query(t, back, "MATCH (p:P)-->(q) WITH p.w AS w, min(p.i) AS i MATCH (q:Q {w: w}) WITH w, i, min(q.i) AS j WHERE i <> j RETURN w, i, j"); got != "" {
				t.Errorf("%s: files are of different moments: %s", f, got)
			}
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// heldBy returns the most memory that is live while db is exported, above what was before.
func heldBy(t *testing.T, db *kadedb.DB, f transfer.ExportFormat) (most int64, written int64) {
	t.Helper()
	live := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	base := live()
	w := &weighed{every: 1 << 20, look: func() { most = max(most, live()-base) }}
	_, err := db.Export(context.Background(), kadedb.ExportSpec{Format: f, Create: func(string) (io.WriteCloser, error) { return w, nil }})
	if err != nil {
		t.Fatal(err)
	}
	return most, w.n
}

// weighed counts what is written, and looks now and then.
type weighed struct {
	n, last, every int64
	look           func()
}

func (w *weighed) Write(p []byte) (int, error) {
	if w.n += int64(len(p)); w.n-w.last >= w.every {
		w.last = w.n
		w.look()
	}
	return len(p), nil
}

func (w *weighed) Close() error {
	w.look()
	return nil
}

// TestExportMemory: the export of a graph ten times as large does not hold ten times as much.
func TestExportMemory(t *testing.T) {
	grow := func(n int) *kadedb.DB {
		db, err := kadedb.OpenTemporary(&kadedb.Options{Memory: 32 << 20})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		_, err = db.Exec(context.Background(), `UNWIND range(1, $n) AS i CREATE (:P {i: i, s: 'a text of the node ' + toString(i * 7919), f: i / 7.0})-[:R {w: i}]->(:Q {d: date('2026-01-31')})`,
			kadedb.Params{"n": n})
		if err != nil {
			t.Fatal(err)
		}
		return db
	}
	small, large := grow(10_000), grow(100_000)
	for _, f := range importable {
		heldBy(t, large, f) // what caches keep, they have after this
		few, bytes := heldBy(t, small, f)
		many, all := heldBy(t, large, f)
		slack := int64(1 << 20)
		if f == transfer.ExportParquet {
			slack = 6 << 20 // a row group, which is more than the small graph has
		}
		t.Logf("%s: %d KiB written hold %d KiB, %d KiB hold %d KiB", f, bytes>>10, few>>10, all>>10, many>>10)
		if all < 8*bytes || many > few+slack {
			t.Errorf("%s: the export of %d bytes holds %d, that of %d holds %d", f, bytes, few, all, many)
		}
	}
}
