package graph

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/storage/txn"
	"github.com/kadedb/kadedb/value"
)

// oracle is a graph in plain maps, to compare a store with.
type oracle struct {
	nodes map[uint32]*oracleNode
	rels  map[uint32]*oracleRel
}

type oracleNode struct {
	labels map[catalog.LabelID]bool
	props  map[catalog.KeyID]value.Value
}

type oracleRel struct {
	typ        catalog.TypeID
	start, end uint32
	props      map[catalog.KeyID]value.Value
}

func newOracle() *oracle {
	return &oracle{nodes: map[uint32]*oracleNode{}, rels: map[uint32]*oracleRel{}}
}

func (o *oracle) clone() *oracle {
	c := newOracle()
	for k, n := range o.nodes {
		c.nodes[k] = &oracleNode{maps.Clone(n.labels), maps.Clone(n.props)}
	}
	for k, r := range o.rels {
		c.rels[k] = &oracleRel{r.typ, r.start, r.end, maps.Clone(r.props)}
	}
	return c
}

// names are tokens that a random workload uses.
type names struct {
	labels []catalog.LabelID
	types  []catalog.TypeID
	keys   []catalog.KeyID
}

func (tx *Tx) testNames(t testing.TB) names {
	t.Helper()
	var n names
	for i := range 3 {
		l, err := tx.Label(fmt.Sprint("L", i))
		must(t, err)
		ty, err := tx.Type(fmt.Sprint("T", i))
		must(t, err)
		k, err := tx.Key(fmt.Sprint("k", i))
		must(t, err)
		n.labels, n.types, n.keys = append(n.labels, l), append(n.types, ty), append(n.keys, k)
	}
	return n
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func randomValue(r *rand.Rand) value.Value {
	switch r.IntN(9) {
	case 0:
		return value.String(fmt.Sprint("s", r.IntN(20)))
	case 1:
		return value.Float(float64(r.IntN(10)) / 2)
	case 2:
		return value.Bool(r.IntN(2) == 0)
	case 3:
		return value.List(value.Int(1), value.String("x"))
	case 4:
		return value.Date(int64(r.IntN(1000)))
	case 5:
		return value.Point(value.Place{CRS: value.Cartesian, X: float64(r.IntN(5)), Y: 1})
	}
	return value.Int(int64(r.IntN(50)))
}

// step makes one random change to both.
func (o *oracle) step(t testing.TB, tx *Tx, n names, r *rand.Rand) {
	t.Helper()
	nodes, rels := slices.Sorted(maps.Keys(o.nodes)), slices.Sorted(maps.Keys(o.rels))
	label, typ, key := n.labels[r.IntN(3)], n.types[r.IntN(3)], n.keys[r.IntN(3)]
	switch k := r.IntN(20); {
	case k < 5 || len(nodes) == 0:
		v := randomValue(r)
		ref, err := tx.CreateNode([]catalog.LabelID{label}, []catalog.KeyID{key}, []value.Value{v})
		must(t, err)
		o.nodes[ref] = &oracleNode{map[catalog.LabelID]bool{label: true}, map[catalog.KeyID]value.Value{key: v}}
	case k < 11:
		a, b := nodes[r.IntN(len(nodes))], nodes[r.IntN(len(nodes))]
		if r.IntN(4) == 0 {
			a = nodes[0]
		}
		v := randomValue(r)
		ref, err := tx.CreateRel(typ, a, b, []catalog.KeyID{key}, []value.Value{v})
		must(t, err)
		o.rels[ref] = &oracleRel{typ, a, b, map[catalog.KeyID]value.Value{key: v}}
	case k < 14:
		a, v := nodes[r.IntN(len(nodes))], randomValue(r)
		if r.IntN(4) == 0 {
			v = value.Null
		}
		must(t, tx.SetNodeProperty(a, key, v))
		setOrDelete(o.nodes[a].props, key, v)
	case k < 15 && len(rels) > 0:
		a, v := rels[r.IntN(len(rels))], randomValue(r)
		must(t, tx.SetRelProperty(a, key, v))
		o.rels[a].props[key] = v
	case k < 16:
		a := nodes[r.IntN(len(nodes))]
		if r.IntN(2) == 0 {
			_, err := tx.AddLabel(a, label)
			must(t, err)
			o.nodes[a].labels[label] = true
		} else {
			_, err := tx.RemoveLabel(a, label)
			must(t, err)
			delete(o.nodes[a].labels, label)
		}
	case k < 18 && len(rels) > 0:
		a := rels[r.IntN(len(rels))]
		_, err := tx.DeleteRel(a)
		must(t, err)
		delete(o.rels, a)
	case k < 19 && len(nodes) > 5:
		a := nodes[r.IntN(len(nodes))]
		for id, rel := range o.rels {
			if rel.start == a || rel.end == a {
				_, err := tx.DeleteRel(id)
				must(t, err)
				delete(o.rels, id)
			}
		}
		_, err := tx.DeleteNode(a)
		must(t, err)
		delete(o.nodes, a)
		must(t, tx.CheckDeleted())
	}
}

func setOrDelete(m map[catalog.KeyID]value.Value, k catalog.KeyID, v value.Value) {
	if v.IsNull() {
		delete(m, k)
		return
	}
	m[k] = v
}

func same(a, b value.Value) bool {
	return string(appendValue(nil, a)) == string(appendValue(nil, b))
}

// compare checks every reading method against the oracle.
func (o *oracle) compare(t testing.TB, r *Reader, n names) {
	t.Helper()
	o.compareNodes(t, r, n)
	o.compareRels(t, r, n)
	o.compareAdjacency(t, r, n)
	for _, x := range r.cat.Indexes {
		if x.Online {
			o.compareIndex(t, r, x)
		}
	}
}

func (o *oracle) compareNodes(t testing.TB, r *Reader, n names) {
	t.Helper()
	for _, label := range append(slices.Clone(n.labels), catalog.AnyLabel) {
		var want, got []uint32
		for _, id := range slices.Sorted(maps.Keys(o.nodes)) {
			if label == catalog.AnyLabel || o.nodes[id].labels[label] {
				want = append(want, id)
			}
		}
		var buf [7]uint32
		for _, m := range r.NodeMorsels(label) {
			for from := m.From; from < m.To; {
				k, next, err := r.ScanNodes(m, label, from, buf[:])
				must(t, err)
				got = append(got, buf[:k]...)
				from = next
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("scan of label %d: got %v, want %v", label, got, want)
		}
		if c := r.CountNodes(label); c != int64(len(want)) {
			t.Fatalf("count of label %d: got %d, want %d", label, c, len(want))
		}
	}
	refs := slices.Sorted(maps.Keys(o.nodes))
	for _, k := range n.keys {
		c := r.NodeColumn(k)
		compareColumn(t, c, refs, func(ref uint32) value.Value { return o.nodes[ref].props[k] })
		c.Close()
	}
	compareIDs(t, refs, r.NodeIDs, r.NodeID)
	// Boxed reads are slow: a sample will do where there are many.
	for i := 0; i < len(refs); i += 1 + len(refs)/2000 {
		ref := refs[i]
		m, err := r.NodeProperties(ref)
		must(t, err)
		if m.Len() != len(o.nodes[ref].props) {
			t.Fatalf("node %d has %d properties, want %d", ref, m.Len(), len(o.nodes[ref].props))
		}
		ref2, ok, err := r.NodeByID(r.NodeID(ref))
		must(t, err)
		if !ok || ref2 != ref {
			t.Fatalf("node %d is not found by its id", ref)
		}
	}
}

// compareIDs compares a column of ids, and some rows of it, with single ones.
func compareIDs(t testing.TB, refs []uint32, column func(refs []uint32, sel []int32, out []int64) error, one func(uint32) uint64) {
	t.Helper()
	all, some := make([]int64, len(refs)), make([]int64, len(refs))
	var sel []int32
	for i := 0; i < len(refs); i += 3 {
		sel = append(sel, int32(i))
	}
	must(t, column(refs, nil, all))
	must(t, column(refs, sel, some))
	for i, ref := range refs {
		if want := int64(one(ref)); all[i] != want || i%3 == 0 && some[i] != want || i%3 != 0 && some[i] != 0 {
			t.Fatalf("ids of %d are %d and %d, want %d", ref, all[i], some[i], want)
		}
	}
}

func (o *oracle) compareRels(t testing.TB, r *Reader, n names) {
	t.Helper()
	refs := slices.Sorted(maps.Keys(o.rels))
	for _, typ := range append(slices.Clone(n.types), catalog.AnyType) {
		var want, got []uint32
		for _, id := range refs {
			if typ == catalog.AnyType || o.rels[id].typ == typ {
				want = append(want, id)
			}
		}
		var buf [7]uint32
		for _, m := range r.RelMorsels(typ) {
			for from := m.From; from < m.To; {
				k, next, err := r.ScanRels(m, typ, from, buf[:])
				must(t, err)
				got = append(got, buf[:k]...)
				from = next
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("scan of type %d: got %v, want %v", typ, got, want)
		}
		if c := r.CountRels(typ); c != int64(len(want)) {
			t.Fatalf("count of type %d: got %d, want %d", typ, c, len(want))
		}
	}
	start, end, types := make([]uint32, len(refs)), make([]uint32, len(refs)), make([]catalog.TypeID, len(refs))
	must(t, r.RelEnds(refs, nil, start, end))
	must(t, r.RelType(refs, nil, types))
	for i, ref := range refs {
		w := o.rels[ref]
		if start[i] != w.start || end[i] != w.end || types[i] != w.typ {
			t.Fatalf("relationship %d: got (%d)-[%d]->(%d), want (%d)-[%d]->(%d)", ref, start[i], types[i], end[i], w.start, w.typ, w.end)
		}
	}
	back := slices.Clone(refs)
	slices.Reverse(back)
	must(t, r.RelEnds(back, nil, nil, end))
	slices.Reverse(end)
	for i, ref := range refs {
		if end[i] != o.rels[ref].end {
			t.Fatalf("relationship %d, read backwards, ends in %d, want %d", ref, end[i], o.rels[ref].end)
		}
	}
	compareIDs(t, refs, r.RelIDs, r.RelID)
	for _, k := range n.keys {
		c := r.RelColumn(k)
		compareColumn(t, c, refs, func(ref uint32) value.Value { return o.rels[ref].props[k] })
		c.Close()
	}
}

func (o *oracle) compareAdjacency(t testing.TB, r *Reader, n names) {
	t.Helper()
	type edge struct{ nbr, rel uint32 }
	for _, typ := range n.types {
		for d := Out; d <= In; d++ {
			want := map[uint32][]edge{}
			for id, rel := range o.rels {
				if rel.typ != typ {
					continue
				}
				if d == Out {
					want[rel.start] = append(want[rel.start], edge{rel.end, id})
				} else {
					want[rel.end] = append(want[rel.end], edge{rel.start, id})
				}
			}
			a := r.Adjacency(typ, d)
			degrees := make([]int64, r.NodeHigh())
			must(t, a.Degrees(0, degrees))
			for node := range r.NodeHigh() {
				w := want[node]
				slices.SortFunc(w, func(x, y edge) int {
					if x.nbr != y.nbr {
						return int(x.nbr) - int(y.nbr)
					}
					return int(x.rel) - int(y.rel)
				})
				if len(w) == 0 && degrees[node] == 0 {
					continue
				}
				nbr, rel, err := a.List(node)
				must(t, err)
				var got []edge
				for i := range nbr {
					got = append(got, edge{nbr[i], rel[i]})
				}
				if !slices.Equal(got, w) {
					t.Fatalf("type %d direction %d node %d: got %v, want %v", typ, d, node, got, w)
				}
				if deg, err := a.Degree(node); err != nil || deg != len(w) || degrees[node] != int64(len(w)) {
					t.Fatalf("type %d direction %d node %d: degree %d and %d, want %d (%v)", typ, d, node, deg, degrees[node], len(w), err)
				}
			}
			sum := 0
			for lo := uint32(0); lo < r.NodeHigh(); {
				off, nbr, _, next, err := a.Range(lo, r.NodeHigh())
				must(t, err)
				for i := range next - lo {
					w := want[lo+i]
					if got := nbr[off[i]:off[i+1]]; len(got) != len(w) || len(w) > 0 && got[0] != w[0].nbr {
						t.Fatalf("range of type %d direction %d node %d: got %v, want %v", typ, d, lo+i, got, w)
					}
					sum += len(w)
				}
				lo = next
			}
			if int64(sum) != r.CountRels(typ) {
				t.Fatalf("ranges of type %d hold %d edges, want %d", typ, sum, r.CountRels(typ))
			}
			a.Close()
		}
	}
}

func (o *oracle) compareIndex(t testing.TB, r *Reader, x catalog.Index) {
	t.Helper()
	byKey := map[string][]uint32{}
	vals := map[string][]value.Value{}
	for _, id := range slices.Sorted(maps.Keys(o.nodes)) {
		var all []value.Value
		var k []byte
		for _, key := range x.Keys {
			if v := o.nodes[id].props[key]; !v.IsNull() {
				all = append(all, v)
				k, _ = appendKey(k, v)
			}
		}
		if len(all) < len(x.Keys) || !o.nodes[id].labels[catalog.LabelID(x.Token)] {
			continue
		}
		byKey[string(k)] = append(byKey[string(k)], id)
		vals[string(k)] = all
	}
	var all []uint32
	for _, k := range slices.Sorted(maps.Keys(byKey)) {
		got, err := r.IndexEqual(x.ID, vals[k], nil)
		must(t, err)
		if !slices.Equal(got, byKey[k]) {
			t.Fatalf("index %s at %x: got %v, want %v", x.Name, k, got, byKey[k])
		}
		all = append(all, byKey[k]...)
	}
	c, err := r.IndexRange(x.ID, nil, Bound{}, Bound{})
	must(t, err)
	defer c.Close()
	var got []uint32
	var buf [5]uint32
	for {
		n, err := c.Next(buf[:])
		must(t, err)
		if n == 0 {
			break
		}
		got = append(got, buf[:n]...)
	}
	if !slices.Equal(got, all) {
		t.Fatalf("index %s in order: got %v, want %v", x.Name, got, all)
	}
}

func testOptions(dir string) Options {
	return Options{Options: txn.Options{Dir: dir, Create: true, CheckpointBytes: -1}}
}

func commit(t testing.TB, tx *Tx) {
	t.Helper()
	_, err := tx.Commit(context.Background(), Group)
	must(t, err)
}

func compareColumn(t testing.TB, c *PropertyCursor, refs []uint32, want func(uint32) value.Value) {
	t.Helper()
	var v column.Vector
	for lo := 0; lo < len(refs); lo += 100 {
		part := refs[lo:min(lo+100, len(refs))]
		must(t, c.Gather(part, nil, &v))
		for i, ref := range part {
			if got := v.Value(i); !same(got, want(ref)) {
				t.Fatalf("property of %d: got %v, want %v", ref, appendValue(nil, got), appendValue(nil, want(ref)))
			}
		}
	}
}
