package graph

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/value"
)

// TestGather: typed columns with changes over them, of the same and of other types,
// with selections, agree with values read one by one.
func TestGather(t *testing.T) {
	r := rand.New(rand.NewPCG(10, 10))
	s := open(t)
	const n = 70_000
	kinds := []struct {
		typ   column.Type
		value func(i int) value.Value
	}{
		{column.Int, func(i int) value.Value { return value.Int(int64(i)) }},
		{column.Float, func(i int) value.Value { return value.Float(float64(i) / 4) }},
		{column.Bool, func(i int) value.Value { return value.Bool(i%3 == 0) }},
		{column.Date, func(i int) value.Value { return value.Date(int64(i)) }},
		{column.String, func(i int) value.Value { return value.String(fmt.Sprint("s", i%50)) }},
		{column.String, func(i int) value.Value { return value.String(fmt.Sprint("unique ", i)) }},
	}
	keys := make([]catalog.KeyID, len(kinds)+1)
	var first uint32
	_, err := s.Import(context.Background(), func(b *Bulk) error {
		var err error
		if first, err = b.Nodes(nil, n); err != nil {
			return err
		}
		for k, kind := range kinds {
			keys[k], err = b.Key(fmt.Sprint("k", k))
			must(t, err)
			var build column.Vector
			build.Type, build.Nulls = column.Any, nil
			for i := range n {
				v := kind.value(i)
				if k%2 == 0 && i%7 == 0 {
					v = value.Null
				}
				build.Anys = append(build.Anys, v)
			}
			must(t, b.NodeColumn(keys[k], first, &build, n))
		}
		return nil
	})
	must(t, err)
	compare := func(rd *Reader) {
		t.Helper()
		for k, key := range keys {
			c := rd.NodeColumn(key)
			var v column.Vector
			for round := range 8 {
				refs := make([]uint32, 1+r.IntN(2048))
				for i := range refs {
					refs[i] = first + r.Uint32N(n)
					if round < 4 {
						refs[i] = first + r.Uint32N(300)
					}
				}
				var sel []int32
				if round%2 == 1 {
					sel = []int32{}
					for i := range refs {
						if r.IntN(2) == 0 {
							sel = append(sel, int32(i))
						}
					}
				}
				must(t, c.Gather(refs, sel, &v))
				must(t, forRows(len(refs), sel, func(i int) error {
					want, err := c.Value(refs[i])
					if got := v.Value(i); err == nil && !same(got, want) {
						t.Fatalf("key %d, node %d: got %v, want %v", k, refs[i], appendValue(nil, got), appendValue(nil, want))
					}
					return err
				}))
			}
			c.Close()
		}
	}
	rd, err := s.Snapshot()
	must(t, err)
	compare(rd)
	var v column.Vector
	for k, kind := range kinds {
		must(t, rd.NodeProperty(keys[k], []uint32{first + 1, first + 2}, nil, &v))
		if v.Type != kind.typ {
			t.Errorf("column %d is gathered as %v, want %v", k, v.Type, kind.typ)
		}
	}
	rd.Close()
	// Changes: of the same type, nulls, then of another type; and a key without a base.
	for round := range 3 {
		tx := begin(t, s)
		keys[len(kinds)], err = tx.Key("new")
		must(t, err)
		for range 60 {
			k := r.IntN(len(keys))
			val := kinds[k%len(kinds)].value(r.IntN(1000))
			if round == 1 && r.IntN(2) == 0 {
				val = value.Null
			}
			if round == 2 && r.IntN(4) == 0 {
				val = value.List(value.Int(1))
			}
			must(t, tx.SetNodeProperty(first+r.Uint32N(300), keys[k], val))
		}
		compare(tx.Reader)
		commit(t, tx)
	}
	rd, err = s.Snapshot()
	must(t, err)
	compare(rd)
	rd.Close()
}
