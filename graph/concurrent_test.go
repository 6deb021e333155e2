package graph

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/storage/vfs"
	"github.com/kadedb/kadedb/value"
)

// TestNobodyWaitsForCheckpoint holds a snapshot, halts each of ten checkpoints at
// each of its steps, and reads and commits meanwhile.
func TestNobodyWaitsForCheckpoint(t *testing.T) {
	reached, goOn := make(chan string), make(chan struct{})
	o := testOptions(t.TempDir())
	halt := atomic.Bool{}
	o.Step = func(name string) error {
		if halt.Load() {
			reached <- name
			<-goOn
		}
		return nil
	}
	s, err := Open(o)
	must(t, err)
	r := rand.New(rand.NewPCG(9, 9))
	var n names
	state := newOracle()
	work := func(steps int) {
		tx := begin(t, s)
		n = tx.testNames(t)
		for range steps {
			state.step(t, tx, n, r)
		}
		commit(t, tx)
	}
	work(200)
	held, err := s.Snapshot()
	must(t, err)
	before := state.clone()
	halt.Store(true)
	seen := map[string]bool{}
	for range 10 {
		done := make(chan error, 1)
		go func() {
			_, err := s.Checkpoint(context.Background())
			done <- err
		}()
		for running := true; running; {
			select {
			case name := <-reached:
				seen[name] = true
				work(5)
				now, err := s.Snapshot()
				must(t, err)
				state.compare(t, now, n)
				now.Close()
				goOn <- struct{}{}
			case err := <-done:
				must(t, err)
				running = false
			case <-time.After(20 * time.Second):
				t.Fatal("the checkpoint hangs")
			}
		}
	}
	halt.Store(false)
	for _, name := range []string{"blocks", "sync-log", "manifest", "truncate"} {
		if !seen[name] {
			t.Errorf("no checkpoint reached the step %q", name)
		}
	}
	before.compare(t, held, n)
	held.Close()
	checkStore(t, s)
	must(t, s.Close())
}

// TestConcurrentWriters: counters that many goroutines add to with retries end at
// the number of commits, while others create edges at one node and read.
func TestConcurrentWriters(t *testing.T) {
	s := open(t)
	tx := begin(t, s)
	k, err := tx.Key("n")
	must(t, err)
	typ, err := tx.Type("T")
	must(t, err)
	hub, err := tx.CreateNode(nil, []catalog.KeyID{k}, []value.Value{value.Int(0)})
	must(t, err)
	commit(t, tx)
	const workers, each = 6, 40
	var wg sync.WaitGroup
	var conflicts atomic.Int64
	for w := range workers {
		wg.Go(func() {
			for done := 0; done < each; {
				tx := begin(t, s)
				if w%2 == 0 {
					c := tx.NodeColumn(k)
					v, err := c.Value(hub)
					c.Close()
					must(t, err)
					must(t, tx.SetNodeProperty(hub, k, value.Int(v.AsInt()+1)))
				} else {
					leaf, err := tx.CreateNode(nil, nil, nil)
					must(t, err)
					_, err = tx.CreateRel(typ, hub, leaf, nil, nil)
					must(t, err)
				}
				switch err := tryCommit(tx); status.CodeOf(err) {
				case 0:
					done++
				case status.WriteConflict:
					if w%2 == 1 {
						t.Error("an edge conflicts")
					}
					conflicts.Add(1)
				default:
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Go(func() {
		for range 5 {
			if _, err := s.Checkpoint(context.Background()); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
	r, err := s.Snapshot()
	must(t, err)
	c := r.NodeColumn(k)
	v, err := c.Value(hub)
	must(t, err)
	c.Close()
	if v.AsInt() != workers/2*each {
		t.Errorf("the counter is %d after %d commits", v.AsInt(), workers/2*each)
	}
	a := r.Adjacency(typ, Out)
	if d, err := a.Degree(hub); err != nil || d != workers/2*each {
		t.Errorf("degree %d, want %d (%v)", d, workers/2*each, err)
	}
	a.Close()
	r.Close()
	checkStore(t, s)
	st := s.Stats()
	t.Logf("%d commits in %d batches, %d conflicts", st.Commits, st.Batches, conflicts.Load())
}

// TestUniqueRace: of many transactions that create one key, one commits.
func TestUniqueRace(t *testing.T) {
	s := open(t)
	_, err := s.CreateConstraint(context.Background(), ConstraintSpec{Kind: catalog.Unique, Token: "L", Keys: []string{"k"}}, nil)
	must(t, err)
	for round := range 10 {
		var won atomic.Int64
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				tx := begin(t, s)
				l, err := tx.Label("L")
				must(t, err)
				k, err := tx.Key("k")
				must(t, err)
				_, err = tx.CreateNode([]catalog.LabelID{l}, []catalog.KeyID{k}, []value.Value{value.Int(int64(round))})
				must(t, err)
				err = tryCommit(tx)
				switch status.CodeOf(err) {
				case 0:
					won.Add(1)
				case status.WriteConflict, status.ConstraintViolation:
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Fatalf("round %d: %d transactions stored one key", round, won.Load())
		}
	}
	checkStore(t, s)
}

// TestDiskErrors injects an error at every operation in turn: what was
// acknowledged stays, what failed is not there, and a full disk is survived.
func TestDiskErrors(t *testing.T) {
	for _, kind := range []struct {
		name   string
		err    error
		sticky bool
	}{{"full disk", syscall.ENOSPC, false}, {"broken disk", syscall.EIO, true}} {
		t.Run(kind.name, func(t *testing.T) {
			for at := int64(0); ; at += 2 {
				if !diskError(t, at, kind.err, kind.sticky) {
					if at < 20 {
						t.Errorf("only %d operations", at)
					}
					return
				}
			}
		})
	}
}

// diskError runs a workload with an error at one operation, and reports whether
// the workload came that far.
func diskError(t *testing.T, at int64, inject error, sticky bool) (fired bool) {
	t.Helper()
	mem := vfs.NewMem()
	dir := t.TempDir()
	w := newSweeper(t, 1)
	fs := vfs.NewFaulty(mem, nil)
	o := w.options(fs, dir+"/blocks.db")
	s, err := Open(o)
	must(t, err)
	base := fs.Ops()
	fs.SetHook(func(op vfs.Op) error {
		// A failed sync is never survived, whatever the error.
		full := inject == syscall.ENOSPC && op.Name != "write" && op.Name != "preallocate" && op.Name != "create"
		if !op.Writes() || full || op.Index < base+at || fired && !sticky {
			return nil
		}
		fired = true
		return inject
	})
	acked := 0
	for i := range 12 {
		tx := begin(t, s)
		l, err := tx.Label("L")
		must(t, err)
		_, err = tx.CreateNode([]catalog.LabelID{l}, nil, nil)
		must(t, err)
		if err := tryCommit(tx); err == nil {
			acked++
		}
		r, err := s.Snapshot()
		must(t, err)
		if n := r.CountNodes(l); n != int64(acked) {
			t.Fatalf("at %d, after commit %d: %d nodes, %d acknowledged", at, i, n, acked)
		}
		r.Close()
		if i == 6 {
			if _, err := s.Checkpoint(context.Background()); err != nil && !fired {
				t.Fatal(err)
			}
		}
	}
	if fired && inject == syscall.ENOSPC && acked < 10 {
		t.Fatalf("at %d: after one failed write on a full disk only %d of 12 commits went on", at, acked)
	}
	fs.SetHook(nil)
	if err := s.Abandon(); err != nil && !fired {
		t.Fatal(err)
	}
	s, err = Open(w.options(mem.CrashClone(1, rand.New(rand.NewPCG(1, 1))), dir+"/blocks.db"))
	must(t, err)
	r, err := s.Snapshot()
	must(t, err)
	l, _ := r.Catalog().Label("L")
	if n := int(r.CountNodes(l)); n < acked || n > 12 {
		t.Fatalf("at %d: %d nodes after reopening, %d acknowledged", at, n, acked)
	}
	r.Close()
	checkStore(t, s)
	must(t, s.Abandon())
	return fired
}
