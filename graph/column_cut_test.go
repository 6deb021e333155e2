package graph

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/block"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/value"
)

const smallStore = 8 << 20

func openSmall(t *testing.T, dir string) *Store {
	t.Helper()
	o := testOptions(dir)
	o.Memory, o.TxLimit = memory.NewBudget("store", smallStore), smallStore/4
	s, err := Open(o)
	must(t, err)
	return s
}

// largeValues are what a column may hold; each function gives the value of entity i.
var largeValues = []struct {
	name string
	of   func(i int) value.Value
}{
	{"texts", func(i int) value.Value { return largeText(i) }},
	{"lists of a text", func(i int) value.Value { return value.List(largeText(i)) }},
	{"lists of lists", func(i int) value.Value { return value.List(value.List(largeText(i)), value.List(value.Int(1))) }},
	{"lists of numbers", func(i int) value.Value {
		elems := make([]value.Value, 20<<10)
		for k := range elems {
			elems[k] = value.Int(int64(i + k))
		}
		return value.List(elems...)
	}},
	{"texts and lists", func(i int) value.Value {
		if i%2 == 0 {
			return value.List(largeText(i))
		}
		return largeText(i)
	}},
	{"numbers and lists", func(i int) value.Value {
		if i%2 == 0 {
			return value.List(largeText(i))
		}
		return value.Int(int64(i))
	}},
	{"of many sizes", func(i int) value.Value {
		if i < 20 {
			return value.List(largeText(i), largeText(i), largeText(i), largeText(i))
		}
		return value.List(value.Int(int64(i)))
	}},
}

func largeText(i int) value.Value {
	return value.String(fmt.Sprint(i) + strings.Repeat(string(rune('a'+i%26)), 256<<10))
}

// several is more than a part holds beside a larger value.
func several(i int) value.Value {
	return value.List(largeText(i), largeText(i+1), largeText(i+2), largeText(i+3), largeText(i+4))
}

// TestLargeValues stores more than the store has memory in one column of nodes
// and one of relationships, in several folds, and reads it.
func TestLargeValues(t *testing.T) {
	const n = 48
	for _, c := range largeValues {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			s := openSmall(t, dir)
			tx := begin(t, s)
			names := tx.testNames(t)
			key, typ := names.keys[0], names.types[0]
			commit(t, tx)
			var nodes, rels []uint32
			for i := 0; i < n; i += 8 {
				tx := begin(t, s)
				for j := i; j < i+8; j++ {
					node, err := tx.CreateNode(names.labels[:1], []catalog.KeyID{key}, []value.Value{c.of(j)})
					must(t, err)
					nodes = append(nodes, node)
					if j%4 == 0 {
						rel, err := tx.CreateRel(typ, node, nodes[0], []catalog.KeyID{key}, []value.Value{c.of(j)})
						must(t, err)
						rels = append(rels, rel)
					}
				}
				commit(t, tx)
				_, err := s.Checkpoint(context.Background())
				must(t, err)
			}
			wantSmallBlocks(t, s)
			wantLarge(t, s, key, nodes, rels, c.of)

			// A change writes the part that it is in, not the column.
			tx = begin(t, s)
			must(t, tx.SetNodeProperty(nodes[3], key, c.of(4)))
			commit(t, tx)
			info, err := s.Checkpoint(context.Background())
			must(t, err)
			if info.Bytes > 4<<20 {
				t.Errorf("one changed value has %d bytes written", info.Bytes)
			}
			tx = begin(t, s)
			must(t, tx.SetNodeProperty(nodes[3], key, c.of(3)))
			commit(t, tx)
			must(t, s.Close())
			s = openSmall(t, dir)
			wantLarge(t, s, key, nodes, rels, c.of)
			_, err = s.Analyze(context.Background())
			must(t, err)
			checkStore(t, s)
			must(t, s.Close())
		})
	}
}

func wantSmallBlocks(t *testing.T, s *Store) {
	t.Helper()
	r, err := s.Snapshot()
	must(t, err)
	defer r.Close()
	r.s.base.eachBlock(func(number uint64, what func() string) {
		if number == 0 {
			return
		}
		data, err := s.txn.Raw(nil, number)
		must(t, err)
		b, err := block.Decode(data, nil)
		must(t, err)
		if b.Size() > 3<<20 {
			t.Errorf("a block of %d bytes, decoded %d: %s", len(data), b.Size(), what())
		}
	})
}

// wantLarge reads every value alone, and all of them by batches.
func wantLarge(t *testing.T, s *Store, key catalog.KeyID, nodes, rels []uint32, of func(int) value.Value) {
	t.Helper()
	r, err := s.Snapshot()
	must(t, err)
	defer r.Close()
	for _, c := range []struct {
		cur  *PropertyCursor
		refs []uint32
		step int
	}{{r.NodeColumn(key), nodes, 1}, {r.RelColumn(key), rels, 4}} {
		for i, ref := range c.refs {
			v, err := c.cur.Value(ref)
			must(t, err)
			if !value.Equivalent(v, of(i*c.step)) {
				t.Fatalf("value %d is another", i)
			}
		}
		var v column.Vector
		for lo := 0; lo < len(c.refs); lo += 10 {
			must(t, c.cur.Gather(c.refs[lo:min(lo+10, len(c.refs))], nil, &v))
			for k := range min(10, len(c.refs)-lo) {
				if !value.Equivalent(v.Value(k), of((lo+k)*c.step)) {
					t.Fatalf("value %d of a batch is another", lo+k)
				}
			}
		}
		c.cur.Close()
	}
}

// TestImportLargeValues imports a column larger than the memory.
func TestImportLargeValues(t *testing.T) {
	const n = 48
	for _, c := range largeValues {
		t.Run(c.name, func(t *testing.T) {
			s := openSmall(t, t.TempDir())
			defer s.Close()
			var key catalog.KeyID
			nodes := make([]uint32, n)
			_, err := s.Import(context.Background(), func(b *Bulk) error {
				label, err := b.Label("L")
				must(t, err)
				key, err = b.Key("k")
				must(t, err)
				first, err := b.Nodes([]catalog.LabelID{label}, n)
				must(t, err)
				v := column.Vector{Type: column.Any, Anys: make([]value.Value, n)}
				for i := range nodes {
					nodes[i], v.Anys[i] = first+uint32(i), c.of(i)
				}
				return b.NodeColumn(key, first, &v, n)
			})
			must(t, err)
			wantSmallBlocks(t, s)
			wantLarge(t, s, key, nodes, nil, c.of)
		})
	}
}

// TestTooLargeValue: a value that a store's memory cannot take is refused, and one that an
// earlier process with more memory stored is in nobody's way.
func TestTooLargeValue(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	huge := value.String(strings.Repeat("x", 26<<20))
	s, err := Open(testOptions(dir))
	must(t, err)
	tx := begin(t, s)
	names := tx.testNames(t)
	key := names.keys[:1]
	var nodes []uint32
	for i := range 4 {
		v := several(i)
		if i == 2 {
			v = huge
		}
		node, err := tx.CreateNode(names.labels[:1], key, []value.Value{v})
		must(t, err)
		nodes = append(nodes, node)
	}
	commit(t, tx)
	_, err = s.Checkpoint(ctx)
	must(t, err)
	must(t, s.Close())

	s = openSmall(t, dir)
	defer func() { must(t, s.Close()) }()
	tx = begin(t, s)
	for _, v := range []value.Value{huge, value.List(huge), value.List(value.List(value.Int(1)), value.List(huge))} {
		_, err = tx.CreateNode(names.labels[:1], key, []value.Value{v})
		wantCode(t, err, status.ValueTooLarge)
		wantCode(t, tx.SetNodeProperty(nodes[0], key[0], v), status.ValueTooLarge)
	}
	must(t, tx.SetNodeProperty(nodes[0], key[0], value.Int(7)))
	commit(t, tx)
	_, err = s.Checkpoint(ctx)
	must(t, err)
	_, err = s.Import(ctx, func(b *Bulk) error {
		first, err := b.Nodes(names.labels[:1], 1)
		must(t, err)
		return b.NodeColumn(key[0], first, &column.Vector{Type: column.String, Strs: []string{huge.AsString()}}, 1)
	})
	wantCode(t, err, status.ValueTooLarge)

	r, err := s.Snapshot()
	must(t, err)
	c := r.NodeColumn(key[0])
	for i, node := range nodes {
		v, err := c.Value(node)
		if i == 2 {
			wantCode(t, err, status.QueryMemoryLimit)
			continue
		}
		must(t, err)
		if i == 0 && v.Kind() != value.KindInt || i > 0 && !value.Equivalent(v, several(i)) {
			t.Errorf("the value of node %d is %s", i, v.Kind())
		}
	}
	c.Close()
	r.Close()

	// The huge one can be replaced, and then all is as it was.
	tx = begin(t, s)
	must(t, tx.SetNodeProperty(nodes[2], key[0], several(2)))
	commit(t, tx)
	_, err = s.Checkpoint(ctx)
	must(t, err)
	wantSmallBlocks(t, s)
	checkStore(t, s)
}
