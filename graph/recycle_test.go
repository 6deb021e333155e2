package graph

import (
	"testing"
	"time"

	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/value"
)

// TestRecycle: a number is used again with the next generation, once nobody can see
// its first owner any more, and the old id is not found.
func TestRecycle(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(testOptions(dir))
	must(t, err)
	tx := begin(t, s)
	l, err := tx.Label("L")
	must(t, err)
	k, err := tx.Key("k")
	must(t, err)
	create := func(tx *Tx) uint32 {
		t.Helper()
		ref, err := tx.CreateNode([]catalog.LabelID{l}, nil, nil)
		must(t, err)
		return ref
	}
	first := create(tx)
	must(t, tx.SetNodeProperty(first, k, value.Int(1)))
	commit(t, tx)
	checkpoint(t, s)
	held, err := s.Snapshot()
	must(t, err)
	old := held.NodeID(first)

	tx = begin(t, s)
	_, err = tx.DeleteNode(first)
	must(t, err)
	commit(t, tx)
	checkpoint(t, s)
	checkpoint(t, s)
	tx = begin(t, s)
	if create(tx) == first {
		t.Fatal("the number is used again although a snapshot holds its node")
	}
	tx.Rollback()
	if _, ok, err := held.NodeByID(old); err != nil || !ok {
		t.Fatalf("the held snapshot lost its node (%v)", err)
	}
	held.Close()

	var again uint32
	for range 100 {
		tx = begin(t, s)
		if again = create(tx); again == first {
			break
		}
		tx.Rollback()
		time.Sleep(5 * time.Millisecond)
	}
	if again != first {
		t.Fatal("the number is not used again")
	}
	commit(t, tx)
	for _, reopened := range []bool{false, true} {
		if reopened {
			must(t, s.Close())
			s, err = Open(testOptions(dir))
			must(t, err)
		}
		r, err := s.Snapshot()
		must(t, err)
		if id := r.NodeID(first); id != old+1<<32 {
			t.Errorf("the new node has id %d, want %d", id, old+1<<32)
		}
		if _, ok, err := r.NodeByID(old); ok || err != nil {
			t.Errorf("the old id is found (%v)", err)
		}
		if m, err := r.NodeProperties(first); err != nil || m.Len() != 0 {
			t.Errorf("the new node has %d properties of the old one (%v)", m.Len(), err)
		}
		r.Close()
		checkStore(t, s)
	}
	must(t, s.Close())
}

// TestNumbersAfterOpen: a reopened store gives out no number twice, and goes on
// filling the groups that belong to one label set.
func TestNumbersAfterOpen(t *testing.T) {
	dir := t.TempDir()
	seen := map[uint32]bool{}
	for round := range 4 {
		s, err := Open(testOptions(dir))
		must(t, err)
		tx := begin(t, s)
		var sets [2][]catalog.LabelID
		for i := range sets {
			l, err := tx.Label([]string{"Big", "Small"}[i])
			must(t, err)
			sets[i] = []catalog.LabelID{l}
		}
		for i := range 5000 {
			set := sets[0]
			if i%50 == 0 {
				set = sets[1]
			}
			ref, err := tx.CreateNode(set, nil, nil)
			must(t, err)
			if seen[ref] {
				t.Fatalf("round %d: number %d is given twice", round, ref)
			}
			seen[ref] = true
		}
		commit(t, tx)
		r, err := s.Snapshot()
		must(t, err)
		if r.NodeHigh() > 2*groupSize {
			t.Errorf("round %d: %d nodes reach up to %d", round, len(seen), r.NodeHigh())
		}
		if n := r.CountNodes(catalog.AnyLabel); n != int64(len(seen)) {
			t.Errorf("round %d: %d nodes, want %d", round, n, len(seen))
		}
		r.Close()
		checkStore(t, s)
		if round%2 == 0 {
			must(t, s.Close())
		} else {
			must(t, s.Abandon())
		}
	}
}
