package graph

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/value"
)

// TestIndexBesideWriters builds indexes while nodes are created, changed, relabelled
// and deleted; each is complete and right in the end.
func TestIndexBesideWriters(t *testing.T) {
	s := open(t)
	tx := begin(t, s)
	n := tx.testNames(t)
	var refs []uint32
	for i := range 6000 {
		ref, err := tx.CreateNode(n.labels[:1], n.keys[:1], []value.Value{value.Int(int64(i % 500))})
		must(t, err)
		refs = append(refs, ref)
	}
	commit(t, tx)
	var stop atomic.Bool
	var wg sync.WaitGroup
	var commits atomic.Int64
	for w := range 2 {
		r := rand.New(rand.NewPCG(12, uint64(w)))
		wg.Go(func() {
			for !stop.Load() {
				tx := begin(t, s)
				ref := refs[2*r.IntN(len(refs)/2)+w]
				var err error
				switch r.IntN(5) {
				case 0:
					_, err = tx.DeleteNode(ref)
				case 1:
					_, err = tx.RemoveLabel(ref, n.labels[0])
				case 2:
					_, err = tx.CreateNode(n.labels[:1], n.keys[:1], []value.Value{value.Int(r.Int64N(500))})
				default:
					err = tx.SetNodeProperty(ref, n.keys[0], value.Int(r.Int64N(500)))
				}
				if status.CodeOf(err) == status.DeletedEntityAccess {
					tx.Rollback()
					continue
				}
				if err == nil {
					err = tryCommit(tx)
				}
				if err != nil {
					t.Error(err)
					return
				}
				commits.Add(1)
			}
		})
	}
	for i := range 3 {
		name := fmt.Sprint("x", i)
		var last int64
		created, err := s.CreateIndex(context.Background(), IndexSpec{Name: name, Token: "L0", Keys: []string{"k0"}}, func(done, total int64) { last = done })
		must(t, err)
		if !created || last == 0 {
			t.Errorf("created %v, progress up to %d", created, last)
		}
		checkStore(t, s)
		if i < 2 {
			_, err := s.DropIndex(name, false)
			must(t, err)
		}
	}
	stop.Store(true)
	wg.Wait()
	checkpoint(t, s)
	checkStore(t, s)
	t.Logf("%d commits meanwhile", commits.Load())
}

// TestConstraints: what existing data breaks cannot be created, and what was created holds.
func TestConstraints(t *testing.T) {
	ctx := context.Background()
	s := open(t)
	create := func(props ...value.Value) error {
		tx := begin(t, s)
		n := tx.testNames(t)
		if _, err := tx.CreateNode(n.labels[:1], n.keys[:len(props)], props); err != nil {
			return err
		}
		if err := tx.EndStatement(); err != nil {
			tx.Rollback()
			return err
		}
		return tryCommit(tx)
	}
	must(t, create(value.Int(1)))
	must(t, create(value.Int(1)))
	must(t, create(value.Null, value.String("x")))
	spec := func(kind catalog.ConstraintKind, key string) ConstraintSpec {
		return ConstraintSpec{Name: fmt.Sprint(kind, key), Kind: kind, Token: "L0", Keys: []string{key}, Type: value.KindString}
	}
	for _, c := range []struct {
		spec ConstraintSpec
		want status.Code
	}{
		{spec(catalog.Unique, "k0"), status.ConstraintViolation},
		{spec(catalog.Exists, "k0"), status.ConstraintViolation},
		{spec(catalog.ValueType, "k0"), status.ConstraintViolation},
		{spec(catalog.NodeKey, "k1"), status.ConstraintViolation},
		{spec(catalog.Unique, "k1"), 0},
		{spec(catalog.Unique, "k1"), status.SchemaConflict},
		{spec(catalog.ValueType, "k1"), 0},
	} {
		_, err := s.CreateConstraint(ctx, c.spec, nil)
		if status.CodeOf(err) != c.want {
			t.Errorf("%s on %s: got %v, want %v", c.spec.Kind, c.spec.Keys, err, c.want.Info().Name)
		}
	}
	wantCode(t, create(value.Int(2), value.String("x")), status.ConstraintViolation)
	wantCode(t, create(value.Int(2), value.Int(7)), status.ConstraintViolation)
	must(t, create(value.Int(2), value.String("y")))
	_, err := s.DropIndex("UNIQUENESSk1", false)
	wantCode(t, err, status.SchemaConflict)
	_, err = s.DropConstraint("UNIQUENESSk1", false)
	must(t, err)
	must(t, create(value.Int(2), value.String("x")))
	checkStore(t, s)
	r, err := s.Snapshot()
	must(t, err)
	defer r.Close()
	if n := len(r.Catalog().Indexes); n != 0 {
		t.Errorf("%d indexes are left", n)
	}
}
