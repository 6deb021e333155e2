package graph

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/storage/kv"
	"github.com/kadedb/kadedb/value"
)

// noLeaks waits until the file holds no blocks but those that the newest base names.
func noLeaks(t testing.TB, s *Store) {
	t.Helper()
	stored := map[string]int{}
	for range 200 {
		named := map[uint64]struct{}{}
		r, err := s.Snapshot()
		must(t, err)
		r.s.base.eachBlock(func(n uint64, _ func() string) {
			if n != 0 {
				named[n] = struct{}{}
			}
		})
		r.Close()
		must(t, s.KV().View(func(tx *kv.Tx) error {
			for _, bucket := range []string{"blocks", "pending", "private", "retired"} {
				stored[bucket] = 0
				err := tx.Bucket(bucket).Scan(nil, nil, func(_, _ []byte) error { stored[bucket]++; return nil })
				if err != nil {
					return err
				}
			}
			return nil
		}))
		stored["blocks"] -= len(named)
		if stored["blocks"]+stored["pending"]+stored["private"]+stored["retired"] == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("blocks that nothing names, and lists of blocks to delete: %v", stored)
}

// runBuilds makes indexes and constraints, some of which fail, with commits and
// checkpoints within.
func (w *sweeper) runBuilds() {
	t, s := w.t, w.start()
	s.sortLimit = 1 << 10
	ctx := context.Background()
	now := newOracle()
	w.note(s, now)
	beat := func() {
		w.note(s, now)
		tx := begin(t, s)
		w.names = tx.testNames(t)
		next := now.clone()
		for range 1 + w.r.IntN(6) {
			next.step(t, tx, w.names, w.r)
		}
		w.mu.Lock()
		w.states[w.last+1] = next
		w.mu.Unlock()
		switch err := tryCommit(tx); status.CodeOf(err) {
		case 0:
			now = next
		case status.ConstraintViolation, status.WriteConflict: // the latter while the constraint is made
			w.mu.Lock()
			delete(w.states, w.last+1)
			w.mu.Unlock()
		default:
			t.Fatal(err)
		}
		w.note(s, now)
	}
	for range 30 {
		beat()
	}
	checkpoint(t, s)
	left := 0
	w.atStep = func(string) {
		if left > 0 {
			left--
			beat()
		}
	}
	during := func(done, total int64) {
		for range 3 {
			beat()
			checkpoint(t, s)
		}
	}
	made := 0
	for i, label := range []string{"L0", "L1", "L2"} {
		left = 8
		_, err := s.CreateIndex(ctx, IndexSpec{Token: label, Keys: []string{"k0"}}, during)
		must(t, err)
		left = 8
		kind := []catalog.ConstraintKind{catalog.Unique, catalog.NodeKey, catalog.Exists}[i]
		created, err := s.CreateConstraint(ctx, ConstraintSpec{Kind: kind, Token: label, Keys: []string{"k0", "k1", "k2"}[:3-2*(i/2)]}, during)
		if err != nil {
			wantCode(t, err, status.ConstraintViolation)
		} else if created {
			made++
		}
		left = 0
		beat()
	}
	t.Logf("%d of 3 constraints were made", made)
	w.atStep = nil
	must(t, s.Close())
	w.cut("closed")
}

// TestCrashInBuild cuts the power everywhere while indexes and constraints are made
// beside commits and checkpoints: they are whole or not there, and leave no blocks.
func TestCrashInBuild(t *testing.T) {
	w := newSweeper(t, 21)
	w.runBuilds()
	step, failed := max(len(w.cuts)/160, 1), 0
	for i := 0; i < len(w.cuts) && failed < 10; i += step {
		c := w.cuts[i]
		for _, f := range w.recovered(c, i%5 == 0) {
			failed++
			t.Errorf("cut %d (%s): %s", i, c.where, f)
		}
	}
	t.Logf("%d crash points", len(w.cuts)/step)
}

// steps opens a store that calls at when the nth step of some checkpoint comes, once armed.
type steps struct {
	armed atomic.Bool
	n     atomic.Int64
	at    func(n int64)
}

func (p *steps) open(t testing.TB) *Store {
	o := testOptions(t.TempDir())
	o.Step = func(string) error {
		if p.armed.Load() {
			p.at(p.n.Add(1))
		}
		return nil
	}
	s, err := Open(o)
	must(t, err)
	t.Cleanup(func() { must(t, s.Abandon()) })
	return s
}

// TestConstraintBesideViolation: a commit at any step of the making of a constraint that
// breaks it fails, or the constraint is not made; with no such commit it is.
func TestConstraintBesideViolation(t *testing.T) {
	for _, kind := range []catalog.ConstraintKind{catalog.Unique, catalog.NodeKey, catalog.Exists, catalog.ValueType} {
		for at, more := int64(0), true; more; at++ {
			var p steps
			s := p.open(t)
			tx := begin(t, s)
			n := tx.testNames(t)
			for i := range 100 {
				_, err := tx.CreateNode(n.labels[:1], n.keys[:1], []value.Value{value.Int(int64(i))})
				must(t, err)
			}
			commit(t, tx)
			checkpoint(t, s)
			var late error
			tried := false
			breakIt := func() {
				tried = true
				tx := begin(t, s)
				v := value.Int(7)
				switch kind {
				case catalog.ValueType:
					v = value.String("seven")
				case catalog.Exists:
					v = value.Null
				}
				if _, late = tx.CreateNode(n.labels[:1], n.keys[:1], []value.Value{v}); late == nil {
					late = tryCommit(tx)
				} else {
					tx.Rollback()
				}
			}
			p.at = func(n int64) {
				if n == at {
					breakIt()
				}
			}
			p.armed.Store(true)
			created, err := s.CreateConstraint(context.Background(), ConstraintSpec{Name: "c", Kind: kind, Token: "L0", Keys: []string{"k0"}, Type: value.KindInt},
				func(int64, int64) {
					if at == 0 {
						breakIt()
					}
				})
			p.armed.Store(false)
			more = tried || at == 0
			switch {
			case !tried && (!created || err != nil):
				t.Errorf("%s: not made: %v", kind, err)
			case tried && created && late == nil, tried && err != nil && late != nil:
				t.Errorf("%s, broken at step %d: made %v (%v), the commit said %v", kind, at, created, err, late)
			case err != nil:
				wantCode(t, err, status.ConstraintViolation)
			}
			if late != nil {
				// Not that it violates what may never exist.
				wantCode(t, late, status.WriteConflict)
			}
			checkStore(t, s)
			checkpoint(t, s)
			noLeaks(t, s)
			if !more {
				t.Logf("%s: %d steps", kind, at)
			}
		}
	}
}

// TestUniqueBesideWriters: writers that now and then store a value twice, and the
// constraint against it made again and again: where it was, no value is there twice.
func TestUniqueBesideWriters(t *testing.T) {
	s := open(t)
	s.sortLimit = 4 << 10
	tx := begin(t, s)
	n := tx.testNames(t)
	var next atomic.Int64
	for range 3000 {
		_, err := tx.CreateNode(n.labels[:1], n.keys[:1], []value.Value{value.Int(next.Add(1))})
		must(t, err)
	}
	commit(t, tx)
	var stop atomic.Bool
	var wg sync.WaitGroup
	for w := range 2 {
		r := rand.New(rand.NewPCG(31, uint64(w)))
		wg.Go(func() {
			for !stop.Load() {
				tx := begin(t, s)
				v := next.Add(1)
				if r.IntN(300) == 0 {
					v -= 50
				}
				_, err := tx.CreateNode(n.labels[:1], n.keys[:1], []value.Value{value.Int(v)})
				must(t, err)
				switch err := tryCommit(tx); status.CodeOf(err) {
				case 0, status.ConstraintViolation, status.WriteConflict:
				default:
					t.Error(err)
				}
			}
		})
	}
	wg.Go(func() {
		for !stop.Load() {
			checkpoint(t, s)
		}
	})
	made := 0
	for range 30 {
		created, err := s.CreateConstraint(context.Background(), ConstraintSpec{Name: "c", Kind: catalog.Unique, Token: "L0", Keys: []string{"k0"}}, nil)
		if err != nil {
			wantCode(t, err, status.ConstraintViolation)
			dedupe(t, s, n)
			continue
		}
		if created {
			made++
		}
		checkStore(t, s)
		_, err = s.DropConstraint("c", false)
		must(t, err)
	}
	stop.Store(true)
	wg.Wait()
	t.Logf("made %d times of 30", made)
	if made == 0 {
		t.Error("it was never made")
	}
}

// dedupe deletes nodes of L0 whose k0 others have too.
func dedupe(t testing.TB, s *Store, n names) {
	t.Helper()
	tx := begin(t, s)
	seen := map[int64]bool{}
	must(t, tx.eachOf(context.Background(), catalog.Nodes, uint32(n.labels[0]), func(refs []uint32) error {
		for _, ref := range refs {
			c := tx.NodeColumn(n.keys[0])
			v, err := c.Value(ref)
			c.Close()
			must(t, err)
			if k := v.AsInt(); seen[k] {
				_, err := tx.DeleteNode(ref)
				must(t, err)
			} else {
				seen[k] = true
			}
		}
		return nil
	}))
	commit(t, tx)
}

// TestIndexMemory: the building of an index keeps to the budget, with commits and
// checkpoints beside it.
func TestIndexMemory(t *testing.T) {
	const n, budget = 300_000, 24 << 20
	o := testOptions(t.TempDir())
	o.Memory = memory.NewBudget("store", budget)
	o.CheckpointBytes = 0
	s, err := Open(o)
	must(t, err)
	defer func() { must(t, s.Close()) }()
	first := importNodes(t, s, n, func(i int) int64 { return int64(i) * 7919 % n })
	ops := 0
	var parts []float64
	commitSome := func(int64, int64) {
		r, err := s.Snapshot()
		must(t, err)
		x, _ := r.Catalog().IndexNamed("x")
		parts = append(parts, r.IndexProgress(x))
		r.Close()
		tx := begin(t, s)
		k, err := tx.Key("k")
		must(t, err)
		for range 20 {
			must(t, tx.SetNodeProperty(first+uint32(ops*31%n), k, value.Int(int64(n+ops))))
			ops++
		}
		commit(t, tx)
	}
	done := overlayPeak(s)
	_, err = s.CreateConstraint(context.Background(), ConstraintSpec{Name: "x", Kind: catalog.Unique, Token: "N", Keys: []string{"k"}}, commitSome)
	must(t, err)
	peak := done()
	t.Logf("%d KiB were not in blocks at most, %d KiB counted in the budget", peak>>10, o.Memory.Peak()>>10)
	if !slices.IsSorted(parts) || parts[0] <= 0 || parts[0] > 0.1 || parts[len(parts)-1] != 1 {
		t.Errorf("progress: %v", parts)
	}
	if peak > budget/6 {
		t.Errorf("%d KiB were not in blocks", peak>>10)
	}
	if p := o.Memory.Peak(); p > budget+1<<20 {
		t.Errorf("%d KiB were counted in a budget of %d KiB", p>>10, budget>>10)
	}
	r, err := s.Snapshot()
	must(t, err)
	defer r.Close()
	x, _ := r.Catalog().IndexNamed("x")
	for i := range 1000 {
		ref := first + uint32(i*299)
		key, ok, err := r.s.indexKey(nil, &x, ref)
		must(t, err)
		got, err := r.s.indexPrefix(x.ID, key, nil)
		must(t, err)
		if !ok || len(got) != 1 || got[0] != ref {
			t.Fatalf("node %d: the index has %v", ref, got)
		}
	}
	c := checker{ctx: context.Background(), r: r, s: s}
	if got, err := c.entries(x); err != nil || got != n {
		t.Errorf("the index has %d entries (%v), want %d", got, err, n)
	}
}

// TestSchemaChangeWaits: a change of the schema waits for a build, as long as it may.
func TestSchemaChangeWaits(t *testing.T) {
	s := open(t)
	tx := begin(t, s)
	n := tx.testNames(t)
	_, err := tx.CreateNode(n.labels[:1], n.keys[:1], []value.Value{value.Int(1)})
	must(t, err)
	commit(t, tx)
	var second, third error
	var wg sync.WaitGroup
	_, err = s.CreateIndex(context.Background(), IndexSpec{Name: "a", Token: "L0", Keys: []string{"k0"}}, func(int64, int64) {
		wg.Go(func() {
			_, third = s.CreateIndex(context.Background(), IndexSpec{Name: "c", Token: "L0", Keys: []string{"k2"}}, nil)
		})
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		defer cancel()
		_, second = s.CreateIndex(ctx, IndexSpec{Name: "b", Token: "L0", Keys: []string{"k1"}}, nil)
	})
	must(t, err)
	wg.Wait()
	must(t, third)
	wantCode(t, second, status.QueryTimeLimit)
	r, err := s.Snapshot()
	must(t, err)
	defer r.Close()
	if x := r.Catalog().Indexes; len(x) != 2 || !x[0].Online || !x[1].Online {
		t.Errorf("indexes: %+v", x)
	}
}

// TestKeySorter: keys of any lengths and orders, in one run and in many.
func TestKeySorter(t *testing.T) {
	s, err := Open(testOptions(filepath.Join(t.TempDir(), "s")))
	must(t, err)
	defer func() { must(t, s.Abandon()) }()
	for _, limit := range []int64{1, 100, 4 << 10, 1 << 20} {
		for _, order := range []string{"up", "down", "any", "none"} {
			t.Run(fmt.Sprint(limit, order), func(t *testing.T) {
				r := rand.New(rand.NewPCG(5, uint64(limit)))
				s.sortLimit = limit
				w := s.txn.NewPrivate()
				defer w.Drop()
				k := s.newKeySorter(context.Background(), w)
				defer k.close()
				want := map[string]bool{}
				n := min(500, 100+10*int(limit))
				if order == "none" {
					n = 0
				}
				for i := range n {
					at := i
					switch order {
					case "down":
						at = n - i
					case "any":
						at = r.IntN(1 << 30)
					}
					key := fmt.Appendf(nil, "%0*d", 4+at%3, at)
					if len(key) > 4 && at%7 == 0 {
						key = append(key, make([]byte, r.IntN(3000))...)
					}
					want[string(key)] = true
					must(t, k.add(key))
				}
				run, err := k.finish()
				must(t, err)
				c := indexBaseCursor{}
				must(t, c.open(&base{store: s.txn}, run, nil))
				defer c.close()
				last := ""
				for {
					key, err := c.key()
					must(t, err)
					if key == nil {
						break
					}
					if string(key) <= last || !want[string(key)] {
						t.Fatalf("%q comes after %q", key, last)
					}
					last = string(key)
					delete(want, last)
					c.next()
				}
				if len(want) > 0 {
					t.Errorf("%d keys are missing", len(want))
				}
			})
		}
	}
}
