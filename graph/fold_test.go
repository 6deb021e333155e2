package graph

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/storage/txn"
	"github.com/kadedb/kadedb/value"
)

// TestSupernode: a list that fills several blocks is cut into parts, which later
// checkpoints change one by one.
func TestSupernode(t *testing.T) {
	s := open(t)
	tx := begin(t, s)
	typ, err := tx.Type("T")
	must(t, err)
	const n = 150_000
	hub, err := tx.CreateNode(nil, nil, nil)
	must(t, err)
	leaf := make([]uint32, 1000)
	for i := range leaf {
		leaf[i], err = tx.CreateNode(nil, nil, nil)
		must(t, err)
	}
	rels := make([]uint32, n)
	for i := range rels {
		rels[i], err = tx.CreateRel(typ, hub, leaf[i*7919%len(leaf)], nil, nil)
		must(t, err)
	}
	commit(t, tx)
	checkpoint(t, s)
	degree := func(want int) {
		t.Helper()
		r, err := s.Snapshot()
		must(t, err)
		defer r.Close()
		a := r.Adjacency(typ, Out)
		defer a.Close()
		nbr, rel, err := a.List(hub)
		must(t, err)
		d, err := a.Degree(hub)
		must(t, err)
		if len(nbr) != want || len(rel) != want || d != want {
			t.Fatalf("list of %d, %d, degree %d, want %d", len(nbr), len(rel), d, want)
		}
		checkStore(t, s)
	}
	degree(n)
	tx = begin(t, s)
	for i := range 10 {
		_, err := tx.DeleteRel(rels[i*1000])
		must(t, err)
	}
	_, err = tx.CreateRel(typ, hub, leaf[0], nil, nil)
	must(t, err)
	commit(t, tx)
	degree(n - 9)
	checkpoint(t, s)
	degree(n - 9)
	tx = begin(t, s)
	_, err = tx.CreateRel(typ, hub, leaf[999], nil, nil)
	must(t, err)
	commit(t, tx)
	if info := checkpoint(t, s); info.Blocks > 8 {
		t.Errorf("one edge made a checkpoint write %d blocks", info.Blocks)
	}
	degree(n - 8)
}

func checkpoint(t testing.TB, s *Store) txn.CheckpointInfo {
	t.Helper()
	info, err := s.Checkpoint(context.Background())
	must(t, err)
	return info
}

// TestManyGroups: columns of several groups and types, sparse and dense, strings
// that need parts, and regions that grow and shrink, through checkpoints and reopening.
func TestManyGroups(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	dir := t.TempDir()
	s, err := Open(testOptions(dir))
	must(t, err)
	o := newOracle()
	tx := begin(t, s)
	n := tx.testNames(t)
	long := make([]byte, 40)
	var refs []uint32
	for i := range 80_000 {
		v := value.Int(int64(i))
		if i%3 == 0 {
			for j := range long {
				long[j] = byte('a' + r.IntN(26))
			}
			v = value.String(string(long))
		}
		ref, err := tx.CreateNode(n.labels[:1], n.keys[:1], []value.Value{v})
		must(t, err)
		refs = append(refs, ref)
		o.nodes[ref] = &oracleNode{map[catalog.LabelID]bool{n.labels[0]: true}, map[catalog.KeyID]value.Value{n.keys[0]: v}}
	}
	for range 10_000 {
		a, b := refs[r.IntN(len(refs))], refs[r.IntN(len(refs))]
		ref, err := tx.CreateRel(n.types[0], a, b, n.keys[1:2], []value.Value{value.Float(0.5)})
		must(t, err)
		o.rels[ref] = &oracleRel{n.types[0], a, b, map[catalog.KeyID]value.Value{n.keys[1]: value.Float(0.5)}}
	}
	commit(t, tx)
	for round := range 2 {
		checkpoint(t, s)
		rd, err := s.Snapshot()
		must(t, err)
		o.compare(t, rd, n)
		rd.Close()
		checkStore(t, s)
		if round == 0 {
			must(t, s.Close())
			s, err = Open(testOptions(dir))
			must(t, err)
		}
		tx := begin(t, s)
		for range 300 {
			a := refs[r.IntN(len(refs))]
			if _, ok := o.nodes[a]; !ok {
				continue
			}
			must(t, tx.SetNodeProperty(a, n.keys[2], value.Bool(true)))
			o.nodes[a].props[n.keys[2]] = value.Bool(true)
			ref, err := tx.CreateRel(n.types[1], a, refs[0], nil, nil)
			must(t, err)
			o.rels[ref] = &oracleRel{n.types[1], a, refs[0], nil}
		}
		commit(t, tx)
	}
	rd, err := s.Snapshot()
	must(t, err)
	o.compare(t, rd, n)
	rd.Close()
	must(t, s.Close())
}
