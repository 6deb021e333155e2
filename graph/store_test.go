package graph

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/value"
)

// TestRandomTransactions runs random transactions, some rolled back whole or to a
// savepoint, and compares the store with plain maps all along, through reopening.
func TestRandomTransactions(t *testing.T) {
	const seed = 7
	r := rand.New(rand.NewPCG(seed, 1))
	dir := t.TempDir()
	s, err := Open(testOptions(dir))
	must(t, err)
	o := newOracle()
	var n names
	for round := range 80 {
		if round == 10 || round == 50 {
			_, err := s.CreateIndex(context.Background(), IndexSpec{Name: fmt.Sprint("x", round), Token: "L1", Keys: []string{fmt.Sprint("k", round/50)}}, nil)
			must(t, err)
		}
		tx, err := s.Begin(context.Background(), false)
		must(t, err)
		n = tx.testNames(t)
		next := o.clone()
		for range r.IntN(30) {
			next.step(t, tx, n, r)
		}
		sp, kept := tx.Savepoint(), next.clone()
		for range r.IntN(10) {
			next.step(t, tx, n, r)
		}
		if r.IntN(3) == 0 {
			tx.RollbackTo(sp)
			next = kept
		}
		if round%5 == 0 {
			next.compare(t, tx.Reader, n)
		}
		if r.IntN(5) == 0 {
			tx.Rollback()
		} else {
			commit(t, tx)
			o = next
		}
		if round%7 == 6 {
			_, err := s.Checkpoint(context.Background())
			must(t, err)
			checkStore(t, s)
		}
		if round%10 == 9 {
			must(t, s.Abandon())
			s, err = Open(testOptions(dir))
			must(t, err)
		}
		rd, err := s.Snapshot()
		must(t, err)
		o.compare(t, rd, n)
		rd.Close()
	}
	if s.InUse() != 0 {
		t.Errorf("%d snapshots are still open", s.InUse())
	}
	must(t, s.Close())
}

func checkStore(t testing.TB, s *Store) {
	t.Helper()
	must(t, s.Check(context.Background(), func(p Problem) { t.Error(p) }))
}

func open(t testing.TB) *Store {
	t.Helper()
	s, err := Open(testOptions(t.TempDir()))
	must(t, err)
	t.Cleanup(func() { must(t, s.Abandon()) })
	return s
}

func begin(t testing.TB, s *Store) *Tx {
	t.Helper()
	tx, err := s.Begin(context.Background(), false)
	must(t, err)
	return tx
}

func wantCode(t testing.TB, err error, c status.Code) {
	t.Helper()
	if !errors.Is(err, status.New(c)) {
		t.Fatalf("got %v, want %s", err, c.Info().Name)
	}
}

// two returns a store with two nodes and two transactions that see them.
func two(t *testing.T) (s *Store, a, b uint32, x, y *Tx) {
	s = open(t)
	tx := begin(t, s)
	l, err := tx.Label("L")
	must(t, err)
	a, err = tx.CreateNode([]catalog.LabelID{l}, nil, nil)
	must(t, err)
	b, err = tx.CreateNode([]catalog.LabelID{l}, nil, nil)
	must(t, err)
	commit(t, tx)
	return s, a, b, begin(t, s), begin(t, s)
}

func tryCommit(tx *Tx) error {
	_, err := tx.Commit(context.Background(), Group)
	return err
}

func TestFirstCommitterWins(t *testing.T) {
	_, a, _, x, y := two(t)
	k, err := x.Key("k")
	must(t, err)
	_, err = y.Key("k")
	must(t, err)
	must(t, x.SetNodeProperty(a, k, value.Int(1)))
	must(t, y.SetNodeProperty(a, k, value.Int(2)))
	commit(t, x)
	wantCode(t, tryCommit(y), status.WriteConflict)

	_, a, b, x, y := two(t)
	k, err = x.Key("k")
	must(t, err)
	_, err = y.Key("k")
	must(t, err)
	must(t, x.SetNodeProperty(a, k, value.Int(1)))
	must(t, y.SetNodeProperty(b, k, value.Int(2)))
	commit(t, x)
	commit(t, y)
}

func TestNoEdgeToDeletedNode(t *testing.T) {
	_, a, b, x, y := two(t)
	typ, err := x.Type("T")
	must(t, err)
	_, err = x.CreateRel(typ, a, b, nil, nil)
	must(t, err)
	_, err = y.DeleteNode(b)
	must(t, err)
	commit(t, x)
	wantCode(t, tryCommit(y), status.WriteConflict)

	_, a, b, x, y = two(t)
	typ, err = x.Type("T")
	must(t, err)
	_, err = x.CreateRel(typ, a, b, nil, nil)
	must(t, err)
	_, err = y.DeleteNode(b)
	must(t, err)
	commit(t, y)
	wantCode(t, tryCommit(x), status.WriteConflict)
}

// TestSharedClaim: edges at one node do not conflict with each other, nor with a
// property of the node.
func TestSharedClaim(t *testing.T) {
	s, a, b, x, y := two(t)
	typ, err := x.Type("T")
	must(t, err)
	_, err = y.Type("T")
	must(t, err)
	_, err = x.CreateRel(typ, a, b, nil, nil)
	must(t, err)
	_, err = y.CreateRel(typ, a, b, nil, nil)
	must(t, err)
	k, err := y.Key("k")
	must(t, err)
	must(t, y.SetNodeProperty(b, k, value.Int(1)))
	commit(t, x)
	commit(t, y)
	r, err := s.Snapshot()
	must(t, err)
	defer r.Close()
	if n := r.CountRels(typ); n != 2 {
		t.Errorf("got %d relationships, want 2", n)
	}
}

func TestDeleteConnectedNode(t *testing.T) {
	_, a, b, x, _ := two(t)
	typ, err := x.Type("T")
	must(t, err)
	_, err = x.CreateRel(typ, a, b, nil, nil)
	must(t, err)
	_, err = x.DeleteNode(a)
	must(t, err)
	wantCode(t, x.CheckDeleted(), status.DeleteConnectedNode)
	_, err = x.NodeProperties(a)
	wantCode(t, err, status.DeletedEntityAccess)
	x.Rollback()
}
