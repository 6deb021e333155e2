package graph

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/value"
)

func spilling(dir string, limit int) Options {
	o := testOptions(dir)
	o.TxLimit = limit
	return o
}

func (s *Store) compareNow(t testing.TB, o *oracle, n names) {
	t.Helper()
	r, err := s.Snapshot()
	must(t, err)
	defer r.Close()
	o.compare(t, r, n)
}

// TestSpillRandom: transactions of many times their limit, with savepoints and
// rollbacks, beside others whose commits come in between, equal plain maps.
func TestSpillRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	dir := t.TempDir()
	s, err := Open(spilling(dir, 48<<10))
	must(t, err)
	o := newOracle()
	var n names
	spilled := 0
	for round := range 10 {
		if round == 2 {
			_, err := s.CreateIndex(context.Background(), IndexSpec{Name: "x", Token: "L1", Keys: []string{"k0"}}, nil)
			must(t, err)
		}
		tx := begin(t, s)
		n = tx.testNames(t)
		next := o.clone()
		for range 100 + r.IntN(100) {
			next.step(t, tx, n, r)
		}
		sp, kept := tx.Savepoint(), next.clone()
		for range 60 {
			next.step(t, tx, n, r)
		}
		if round%3 == 0 {
			tx.RollbackTo(sp)
			next = kept
			for range 40 {
				next.step(t, tx, n, r)
			}
		}
		next.compare(t, tx.Reader, n)
		if tx.private != nil {
			spilled++
		}
		switch round % 4 {
		case 1: // another commit comes first: the operations are performed again
			other := begin(t, s)
			id, err := other.CreateNode(n.labels[:1], n.keys[:1], []value.Value{value.Int(int64(round))})
			must(t, err)
			commit(t, other)
			more := &oracleNode{map[catalog.LabelID]bool{n.labels[0]: true}, map[catalog.KeyID]value.Value{n.keys[0]: value.Int(int64(round))}}
			o.nodes[id], next.nodes[id] = more, more
		case 2:
			checkpoint(t, s)
		}
		if round%5 == 4 {
			tx.Rollback()
		} else {
			commit(t, tx)
			o = next
		}
		s.compareNow(t, o, n)
		checkStore(t, s)
		if round%3 == 2 {
			must(t, s.Abandon())
			s, err = Open(spilling(dir, 48<<10))
			must(t, err)
			s.compareNow(t, o, n)
		}
	}
	if spilled < 7 {
		t.Errorf("%d transactions spilled", spilled)
	}
	checkpoint(t, s)
	s.compareNow(t, o, n)
	checkStore(t, s)
	must(t, s.Close())
}

// bigger makes a transaction spill and returns one of its nodes.
func bigger(t testing.TB, tx *Tx, many int) (first uint32) {
	t.Helper()
	l, err := tx.Label("Big")
	must(t, err)
	k, err := tx.Key("k")
	must(t, err)
	typ, err := tx.Type("T")
	must(t, err)
	var last uint32
	for i := range many {
		ref, err := tx.CreateNode([]catalog.LabelID{l}, []catalog.KeyID{k}, []value.Value{value.Int(int64(i))})
		must(t, err)
		if i == 0 {
			first = ref
		} else {
			_, err := tx.CreateRel(typ, last, ref, nil, nil)
			must(t, err)
		}
		last = ref
	}
	if tx.private == nil {
		t.Fatal("the transaction did not spill")
	}
	return first
}

// TestSpillConflicts: the first committer wins, whichever of the two has spilled and
// whether its changes are folded or not.
func TestSpillConflicts(t *testing.T) {
	s, err := Open(spilling(t.TempDir(), 32<<10))
	must(t, err)
	defer func() { must(t, s.Abandon()) }()
	_, err = s.CreateConstraint(context.Background(), ConstraintSpec{Kind: catalog.Unique, Token: "L", Keys: []string{"v"}}, nil)
	must(t, err)
	label, key, typ := tokensOf(t, s)
	type change func(tx *Tx, a, b uint32)
	set := func(v int64, onB bool) change {
		return func(tx *Tx, a, b uint32) {
			if onB {
				a = b
			}
			must(t, tx.SetNodeProperty(a, key, value.Int(v)))
		}
	}
	del := func(tx *Tx, a, _ uint32) { _, err := tx.DeleteNode(a); must(t, err) }
	link := func(tx *Tx, a, b uint32) { _, err := tx.CreateRel(typ, a, b, nil, nil); must(t, err) }
	for i, c := range []struct {
		big, small change
		conflict   bool
	}{
		{set(1, false), set(2, false), true},
		{set(3, false), set(4, true), false},
		{set(5, false), set(5, true), true}, // one unique value
		{link, link, false},
		{set(6, false), link, false},
		{link, del, true},
		{del, link, true},
		{del, set(7, false), true},
	} {
		for variant := range 4 {
			bigFirst, fold := variant&1 != 0, variant&2 != 0
			name := fmt.Sprint(i, " big first ", bigFirst, " checkpoint ", fold)
			a, b := pair(t, s, label)
			big, small := begin(t, s), begin(t, s)
			c.big(big, a, b)
			bigger(t, big, 300)
			c.small(small, a, b)
			x, y := big, small
			if !bigFirst {
				x, y = small, big
			}
			if _, err := x.Commit(context.Background(), Group); err != nil {
				t.Errorf("%s: the first commit gives %v", name, err)
			}
			if fold {
				checkpoint(t, s)
			}
			_, err := y.Commit(context.Background(), Group)
			if c.conflict != errors.Is(err, status.New(status.WriteConflict)) || !c.conflict && err != nil {
				t.Errorf("%s: the second commit gives %v", name, err)
			}
			checkStore(t, s)
			// Unique values are free for the next variant.
			clear := begin(t, s)
			for _, ref := range []uint32{a, b} {
				if ok, err := clear.NodeExists(ref); err == nil && ok {
					must(t, clear.SetNodeProperty(ref, key, value.Null))
				}
			}
			commit(t, clear)
		}
	}
}

func tokensOf(t testing.TB, s *Store) (catalog.LabelID, catalog.KeyID, catalog.TypeID) {
	tx := begin(t, s)
	l, err := tx.Label("L")
	must(t, err)
	k, err := tx.Key("v")
	must(t, err)
	typ, err := tx.Type("R")
	must(t, err)
	commit(t, tx)
	return l, k, typ
}

// pair makes two nodes.
func pair(t testing.TB, s *Store, l catalog.LabelID) (a, b uint32) {
	tx := begin(t, s)
	a, err := tx.CreateNode([]catalog.LabelID{l}, nil, nil)
	must(t, err)
	b, err = tx.CreateNode([]catalog.LabelID{l}, nil, nil)
	must(t, err)
	commit(t, tx)
	return a, b
}

// TestSpillDeletes: what a transaction deleted before it spilled is deleted to it
// afterwards, and relationships keep their ends and types.
func TestSpillDeletes(t *testing.T) {
	s, err := Open(spilling(t.TempDir(), 32<<10))
	must(t, err)
	defer func() { must(t, s.Abandon()) }()
	tx := begin(t, s)
	typ, err := tx.Type("R")
	must(t, err)
	a, err := tx.CreateNode(nil, nil, nil)
	must(t, err)
	old, err := tx.CreateRel(typ, a, a, nil, nil)
	must(t, err)
	commit(t, tx)

	tx = begin(t, s)
	b, err := tx.CreateNode(nil, nil, nil)
	must(t, err)
	born, err := tx.CreateRel(typ, b, a, nil, nil)
	must(t, err)
	for _, rel := range []uint32{old, born} {
		_, err := tx.DeleteRel(rel)
		must(t, err)
	}
	_, err = tx.DeleteNode(b)
	must(t, err)
	bigger(t, tx, 500)
	if !tx.NodeDeleted(b) || tx.NodeDeleted(a) || !tx.RelDeleted(old) || !tx.RelDeleted(born) {
		t.Error("what was deleted is forgotten")
	}
	var src, dst [2]uint32
	var types [2]catalog.TypeID
	must(t, tx.RelEnds([]uint32{old, born}, nil, src[:], dst[:]))
	must(t, tx.RelType([]uint32{old, born}, nil, types[:]))
	if src != [2]uint32{a, b} || dst != [2]uint32{a, a} || types != [2]catalog.TypeID{typ, typ} {
		t.Errorf("deleted relationships are (%d)-[%d]->(%d)", src, types, dst)
	}
	if was, err := tx.DeleteNode(b); was || err != nil {
		t.Errorf("deleting again gives %v, %v", was, err)
	}
	commit(t, tx)
	checkStore(t, s)
}

// TestSpillCrash cuts the power at every step of a transaction that spills, commits
// over others and is adopted: all of it is there or nothing.
func TestSpillCrash(t *testing.T) {
	w := newSweeper(t, 3)
	w.txLimit = 24 << 10
	w.runSpill()
	step := max(len(w.cuts)/300, 1)
	points := 0
	for i := 0; i < len(w.cuts); i += step {
		points++
		for _, f := range w.recovered(w.cuts[i], i%5 == 0) {
			t.Errorf("cut %d of %d (%s): %s", i, len(w.cuts), w.cuts[i].where, f)
		}
		if t.Failed() {
			return
		}
	}
	t.Logf("%d crash points", points)
}

// TestSpillWriters: writers go on while a transaction that has spilled commits, and
// nothing of either is lost.
func TestSpillWriters(t *testing.T) {
	o := spilling(t.TempDir(), 64<<10)
	o.CheckpointBytes = 256 << 10
	s, err := Open(o)
	must(t, err)
	tx := begin(t, s)
	_, err = tx.Label("Small")
	must(t, err)
	_, err = tx.Key("k")
	must(t, err)
	commit(t, tx)
	var stop atomic.Bool
	var small atomic.Int64
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for !stop.Load() {
				tx := begin(t, s)
				l, err := tx.Label("Small")
				must(t, err)
				_, err = tx.CreateNode([]catalog.LabelID{l}, nil, nil)
				must(t, err)
				commit(t, tx)
				small.Add(1)
			}
		})
	}
	const many, rounds = 3000, 3
	for range rounds {
		tx := begin(t, s)
		bigger(t, tx, many)
		before := small.Load()
		commit(t, tx)
		t.Logf("%d commits during the commit of a large transaction", small.Load()-before)
	}
	stop.Store(true)
	wg.Wait()
	r, err := s.Snapshot()
	must(t, err)
	big, _ := r.Catalog().Label("Big")
	little, _ := r.Catalog().Label("Small")
	if r.CountNodes(big) != many*rounds || r.CountNodes(little) != small.Load() {
		t.Errorf("%d and %d nodes, want %d and %d", r.CountNodes(big), r.CountNodes(little), many*rounds, small.Load())
	}
	r.Close()
	checkStore(t, s)
	must(t, s.Abandon())
	s, err = Open(o)
	must(t, err)
	checkStore(t, s)
	must(t, s.Close())
}

// TestSpillMemory: the heap of a transaction does not grow with its size.
func TestSpillMemory(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(spilling(dir, 1<<20))
	must(t, err)
	defer func() { must(t, s.Close()) }()
	tx := begin(t, s)
	at := heapNow()
	var after [2]int64
	for i := range after {
		bigger(t, tx, 100_000)
		after[i] = heapNow() - at
	}
	t.Logf("heap after 100 K nodes and relationships %d KiB, after 200 K %d KiB; %d operations' bytes", after[0]>>10, after[1]>>10, tx.Bytes())
	if grew := after[1] - after[0]; grew > 4<<20 {
		t.Errorf("the second half of the transaction takes %d KiB", grew>>10)
	}
	commit(t, tx)
	if info, err := os.Stat(dir + "/blocks.db"); err == nil {
		t.Logf("%d MiB on disk", info.Size()>>20)
	}
	checkStore(t, s)
}

func heapNow() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// bigNodes creates nodes that follow each other.
func bigNodes(t testing.TB, tx *Tx, many int) (first uint32) {
	l, err := tx.Label("Big")
	must(t, err)
	for i := range many {
		ref, err := tx.CreateNode([]catalog.LabelID{l}, nil, nil)
		must(t, err)
		if i == 0 {
			first = ref
		}
	}
	return first
}
