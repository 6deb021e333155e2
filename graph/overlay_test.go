package graph

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/value"
)

// TestOverlayBounded: what was committed counts in the store's budget. A checkpoint
// comes early where it is much; where none can come, commits wait as long as they may
// and then fail, and go on after it.
func TestOverlayBounded(t *testing.T) {
	const limit = 16 << 20
	o := testOptions(t.TempDir())
	o.Memory = memory.NewBudget("store", limit)
	o.CheckpointBytes = 1 << 40
	var mu sync.Mutex // held: checkpoints stand still
	var most atomic.Int64
	o.Step = func(string) error { mu.Lock(); defer mu.Unlock(); return nil }
	s, err := Open(o)
	must(t, err)
	tx := begin(t, s)
	k, err := tx.Key("k")
	must(t, err)
	l, err := tx.Label("L")
	must(t, err)
	commit(t, tx)
	create := func(ctx context.Context) error {
		tx, err := s.Begin(context.Background(), false)
		must(t, err)
		for i := range 200 {
			_, err := tx.CreateNode([]catalog.LabelID{l}, []catalog.KeyID{k}, []value.Value{value.String(string(make([]byte, 200+i)))})
			must(t, err)
		}
		_, err = tx.Commit(ctx, None)
		most.Store(max(most.Load(), s.Stats().Overlay))
		return err
	}
	for range 500 {
		must(t, create(context.Background()))
	}
	if n := s.Stats().Checkpoints; n < 3 {
		t.Errorf("%d checkpoints", n)
	}
	if most.Load() > limit/4+1<<20 || most.Load() < limit/8 {
		t.Errorf("at most %d KiB were not in blocks", most.Load()>>10)
	}
	mu.Lock()
	made := 0
	var werr error
	for ; made < 200 && werr == nil; made++ {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		werr = create(ctx)
		cancel()
	}
	wantCode(t, werr, status.QueryTimeLimit)
	t.Logf("%d commits before one waited; at most %d KiB not in blocks", made-1, most.Load()>>10)
	mu.Unlock()
	must(t, create(context.Background()))
	checkStore(t, s)
	must(t, s.Close())
	if n := o.Memory.Used(); n != 0 {
		t.Errorf("%d bytes stay in the budget", n)
	}
}

// TestOverlaySize: what is counted follows the heap: it is no less than half of what is there, and
// nothing after a checkpoint.
func TestOverlaySize(t *testing.T) {
	s := open(t)
	tx := begin(t, s)
	first := bigNodes(t, tx, 3000)
	commit(t, tx)
	typ, err := func() (catalog.TypeID, error) { tx := begin(t, s); defer commit(t, tx); return tx.Type("T") }()
	must(t, err)
	before := heapNow()
	for i := range uint32(1000) {
		tx := begin(t, s)
		_, err := tx.CreateRel(typ, first+i, first+(i*7919)%3000, nil, nil)
		must(t, err)
		commit(t, tx)
	}
	grew, size := heapNow()-before, s.Stats().Overlay
	t.Logf("the heap grew by %d KiB, %d KiB are counted", grew>>10, size>>10)
	if size < grew/2 {
		t.Errorf("%d KiB are counted of %d KiB", size>>10, grew>>10)
	}
	checkpoint(t, s)
	if n := s.Stats().Overlay; n != 0 {
		t.Errorf("%d bytes are left after a checkpoint", n)
	}
}

// Keys that other entities have cost an entity nothing: its page knows its own, also of
// what was written during a checkpoint.
func TestKeysNear(t *testing.T) {
	s := open(t)
	tx := begin(t, s)
	n := tx.testNames(t)
	vals := make([]value.Value, len(n.keys))
	for i := range vals {
		vals[i] = value.Int(1)
	}
	for range pageSize {
		_, err := tx.CreateNode(n.labels[:1], n.keys, vals)
		must(t, err)
	}
	for range pageSize {
		_, err := tx.CreateNode(n.labels[:1], n.keys[1:2], []value.Value{value.Int(1)})
		must(t, err)
	}
	commit(t, tx)
	r, err := s.Snapshot()
	must(t, err)
	near := r.s.nodeCols.keysNear(1)
	if len(near) != 1 || near[0] != n.keys[1] {
		t.Errorf("got the keys %v, want %v", near, n.keys[1:2])
	}
	old := r.s
	r.Close()
	tx = begin(t, s)
	must(t, tx.SetNodeProperty(pageSize+3, n.keys[0], value.Int(5)))
	commit(t, tx)
	r, err = s.Snapshot()
	must(t, err)
	defer r.Close()
	rest := columnsSince(&r.s.nodeCols, &old.nodeCols, newOwner())
	if near := rest.keysNear(1); len(near) != 1 || near[0] != n.keys[0] || rest.keysNear(0) != nil {
		t.Errorf("of what came since: %v and %v", near, rest.keysNear(0))
	}
}
