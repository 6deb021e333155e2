package graph

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/value"
)

// TestImport imports twice, the second time with relationships between old and new
// nodes, under a key constraint, and compares with plain maps.
func TestImport(t *testing.T) {
	ctx := context.Background()
	r := rand.New(rand.NewPCG(5, 5))
	dir := t.TempDir()
	s, err := Open(testOptions(dir))
	must(t, err)
	tx := begin(t, s)
	n := tx.testNames(t)
	idKey, err := tx.Key("id")
	must(t, err)
	commit(t, tx)
	_, err = s.CreateConstraint(ctx, ConstraintSpec{Name: "key", Kind: catalog.Unique, Token: "L0", Keys: []string{"id"}}, nil)
	must(t, err)
	o := newOracle()
	next := int64(0)
	const none, first = -1, -2 // no duplicate; of the first new one
	load := func(nodes uint32, edges int, duplicate int64) error {
		after := newOracle() // of an import that fails nothing is compared
		if duplicate == none {
			after = o.clone()
		}
		_, err := s.Import(ctx, func(b *Bulk) error {
			start, err := b.Nodes(n.labels[:1], nodes)
			if err != nil {
				return err
			}
			ids := column.Vector{Type: column.Int, Ints: make([]int64, nodes)}
			names := column.Vector{Type: column.String, Strs: make([]string, nodes), Nulls: column.NewBitmap(int(nodes))}
			for i := range ids.Ints {
				ids.Ints[i] = next
				if next++; duplicate != none && i == int(nodes)/2 {
					ids.Ints[i] = duplicate
					if duplicate == first {
						ids.Ints[i] = ids.Ints[0]
					}
				}
				props := map[catalog.KeyID]value.Value{idKey: value.Int(ids.Ints[i])}
				if i%3 == 0 {
					names.Nulls.Set(i)
				} else {
					names.Strs[i] = string(rune('a' + i%26))
					props[n.keys[1]] = value.String(names.Strs[i])
				}
				after.nodes[start+uint32(i)] = &oracleNode{map[catalog.LabelID]bool{n.labels[0]: true}, props}
			}
			must(t, b.NodeColumn(idKey, start, &ids, int(nodes)))
			must(t, b.NodeColumn(n.keys[1], start, &names, int(nodes)))
			var src, dst []uint32
			all := make([]uint32, 0, len(after.nodes))
			for id := range after.nodes {
				all = append(all, id)
			}
			for range edges {
				src, dst = append(src, all[r.IntN(len(all))]), append(dst, all[r.IntN(len(all))])
			}
			weights := make([]float64, edges)
			for i := range weights {
				weights[i] = float64(i)
			}
			firstRel, order, err := b.AddRels(n.types[0], src, dst)
			if err != nil {
				return err
			}
			sorted := column.Vector{Type: column.Float, Floats: make([]float64, edges)}
			for i, was := range order {
				sorted.Floats[i] = weights[was]
				after.rels[firstRel+uint32(i)] = &oracleRel{n.types[0], src[i], dst[i], map[catalog.KeyID]value.Value{n.keys[2]: value.Float(weights[was])}}
			}
			return b.RelColumn(n.keys[2], firstRel, &sorted, edges)
		})
		if err == nil {
			o = after
		}
		return err
	}
	check := func() {
		t.Helper()
		rd, err := s.Snapshot()
		must(t, err)
		o.compare(t, rd, n)
		rd.Close()
		checkStore(t, s)
	}
	must(t, load(1000, 3000, none))
	check()
	s.sortLimit = 64 << 10 // the second import's keys are merged from many runs
	must(t, load(66_000, 5_000, none))
	check()
	// An id that is there, at any place of the index's blocks, or twice among the new ones.
	x := func() *indexBase {
		rd, err := s.Snapshot()
		must(t, err)
		defer rd.Close()
		return rd.s.base.indexes[rd.Catalog().Indexes[0].ID]
	}()
	ids := []int64{0, next - 1, first}
	for i, at := 0, int64(0); i < 2; i++ {
		at += int64(x.blocks[i].number)
		ids = append(ids, at-1, at)
	}
	for _, id := range ids {
		wantCode(t, load(10, 10, id), status.ConstraintViolation)
	}
	// Ordinary transactions go on over imported blocks, and checkpoints fold them.
	for range 2 {
		tx = begin(t, s)
		for range 100 {
			o.step(t, tx, n, r)
		}
		commit(t, tx)
		checkpoint(t, s)
	}
	must(t, s.Abandon())
	s, err = Open(testOptions(dir))
	must(t, err)
	check()
	must(t, s.Close())
}
