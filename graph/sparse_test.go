package graph

import (
	"context"
	"fmt"
	"testing"

	"github.com/kadedb/kadedb/storage/catalog"
)

// TestManyTypesAndSets imports few nodes of many label sets, each of which begins a group
// of numbers of its own, and few relationships of each of many types. What the store
// checks and counts is what there is, not numbers that nobody has.
func TestManyTypesAndSets(t *testing.T) {
	const sets, types = 150, 75
	ctx := context.Background()
	s := open(t)
	_, err := s.Import(ctx, func(b *Bulk) error {
		var nodes []uint32
		for i := range sets {
			label, err := b.Label(fmt.Sprintf("L%d", i))
			must(t, err)
			first, err := b.Nodes([]catalog.LabelID{label}, 2)
			must(t, err)
			nodes = append(nodes, first, first+1)
		}
		for i := range types {
			typ, err := b.Type(fmt.Sprintf("T%d", i))
			must(t, err)
			_, _, err = b.AddRels(typ, []uint32{nodes[i], nodes[i+50], nodes[i]}, []uint32{nodes[2*i], nodes[i+51], nodes[i]})
			must(t, err)
		}
		return nil
	})
	must(t, err)
	tx := begin(t, s)
	_, err = tx.CreateRel(0, 40<<groupBits, 41<<groupBits, nil, nil)
	must(t, err)
	commit(t, tx)
	r, err := s.Snapshot()
	must(t, err)
	defer r.Close()

	visited := 0
	for typ := range catalog.TypeID(types) {
		for d := Out; d <= In; d++ {
			a := r.Adjacency(typ, d)
			for lo := a.After(0); lo < r.NodeHigh(); {
				_, nbr, _, next, err := a.Range(lo, r.NodeHigh())
				must(t, err)
				if len(nbr) == 0 {
					t.Errorf("type %d has no lists from %d on", typ, lo)
				}
				visited += int(next - lo)
				lo = a.After(next)
			}
			a.Close()
		}
	}
	if most := 2*3*2*types + 2*pageSize; visited > most {
		t.Errorf("%d nodes were visited for the lists of %d relationships", visited, 3*types+1)
	}
	st, err := s.Analyze(ctx)
	must(t, err)
	if x := st.Types[0]; x.Count != 4 || x.Sources != 3 || x.SelfLoops != 2 {
		t.Errorf("the statistics of a type are %+v", x)
	}
	checkStore(t, s)
}
