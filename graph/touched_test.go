package graph

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/value"
)

// TestCheckpointWritesWhatIsTouched: after changes a checkpoint writes no more blocks than hold
// the changed entries, also where the regions were full, and far less than the store.
func TestCheckpointWritesWhatIsTouched(t *testing.T) {
	const nodes, edges = 60_000, 600_000
	ctx := context.Background()
	s := open(t)
	r := rand.New(rand.NewPCG(8, 8))
	var typ catalog.TypeID
	all, err := s.Import(ctx, func(b *Bulk) error {
		label, err := b.Label("Person")
		must(t, err)
		typ, err = b.Type("FOLLOWS")
		must(t, err)
		first, err := b.Nodes([]catalog.LabelID{label}, nodes)
		must(t, err)
		src, dst := make([]uint32, edges), make([]uint32, edges)
		for i := range src {
			src[i], dst[i] = first+r.Uint32N(nodes), first+r.Uint32N(nodes)
		}
		_, _, err = b.AddRels(typ, src, dst)
		return err
	})
	must(t, err)
	_, err = s.CreateIndex(ctx, IndexSpec{Name: "since", Entity: catalog.Relationships, Token: "FOLLOWS", Keys: []string{"since"}}, nil)
	must(t, err)
	for round, changed := range []int{1, 20, 1000, 1000} {
		tx := begin(t, s)
		since, err := tx.Key("since")
		must(t, err)
		var refs []uint32
		for i := range changed {
			ref, err := tx.CreateRel(typ, r.Uint32N(nodes), r.Uint32N(nodes), []catalog.KeyID{since}, []value.Value{value.Int(int64(i))})
			must(t, err)
			refs = append(refs, ref)
		}
		commit(t, tx)
		rd, err := s.Snapshot()
		must(t, err)
		touched := rd.Touched()
		for _, ref := range refs {
			must(t, touched.Rel(ref))
		}
		rd.Close()
		info := checkpoint(t, s)
		t.Logf("round %d: %d edges touch %d blocks, %d written, %d KB", round, changed, touched.Blocks(), info.Blocks, info.Bytes>>10)
		if int(info.Blocks) > touched.Blocks() || info.Blocks == 0 {
			t.Errorf("round %d: %d blocks written, %d touched", round, info.Blocks, touched.Blocks())
		}
		if changed == 1 && info.Bytes > all.Bytes/4 {
			t.Errorf("one edge: %d bytes written, the whole store has %d", info.Bytes, all.Bytes)
		}
		checkStore(t, s)
	}
}

// TestCheckpointOfStringParts: a changed string rewrites its part of a column, not the group.
func TestCheckpointOfStringParts(t *testing.T) {
	s := open(t)
	tx := begin(t, s)
	n := tx.testNames(t)
	r := rand.New(rand.NewPCG(9, 9))
	long := func() value.Value {
		var b strings.Builder
		for range 60 {
			b.WriteByte(byte(33 + r.IntN(90)))
		}
		return value.String(b.String())
	}
	o := newOracle()
	set := func(ref uint32, v value.Value) {
		o.nodes[ref] = &oracleNode{map[catalog.LabelID]bool{n.labels[0]: true}, map[catalog.KeyID]value.Value{n.keys[0]: v}}
		if v.IsNull() {
			delete(o.nodes[ref].props, n.keys[0])
		}
	}
	var refs []uint32
	for range 30_000 {
		v := long()
		ref, err := tx.CreateNode(n.labels[:1], n.keys[:1], []value.Value{v})
		must(t, err)
		refs = append(refs, ref)
		set(ref, v)
	}
	commit(t, tx)
	whole := checkpoint(t, s)
	for _, change := range [][]value.Value{{long()}, {value.Null}, {value.Int(7), long()}, {value.String(strings.Repeat("x", 700_000))}} {
		tx := begin(t, s)
		for _, v := range change {
			ref := refs[r.IntN(len(refs))]
			must(t, tx.SetNodeProperty(ref, n.keys[0], v))
			set(ref, v)
		}
		commit(t, tx)
		info := checkpoint(t, s)
		if large := change[0].Kind() == value.KindString && len(change[0].AsString()) > 1000; !large && (info.Blocks > 3 || info.Bytes > whole.Bytes/2) {
			t.Errorf("%d changes of strings: %d blocks and %d bytes written of %d", len(change), info.Blocks, info.Bytes, whole.Bytes)
		}
		rd, err := s.Snapshot()
		must(t, err)
		o.compare(t, rd, n)
		rd.Close()
		checkStore(t, s)
	}
}
