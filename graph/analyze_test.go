package graph

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/value"
)

// TestAnalyze compares degrees and label pairs with a plain count, and estimates
// with what they estimate; and encodes and decodes it all.
func TestAnalyze(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 13))
	s := open(t)
	o := newOracle()
	tx := begin(t, s)
	n := tx.testNames(t)
	for range 600 {
		o.step(t, tx, n, r)
	}
	wide, err := tx.Label("Wide")
	must(t, err)
	for i := range 5000 {
		_, err := tx.CreateNode([]catalog.LabelID{wide}, n.keys[:2], []value.Value{value.Int(int64(i)), value.Int(int64(i % 10))})
		must(t, err)
	}
	commit(t, tx)
	st, err := s.Analyze(context.Background())
	must(t, err)
	back := decodeStatistics(encodeStatistics(st))
	for _, typ := range n.types {
		out, in := map[uint32]int{}, map[uint32]int{}
		var want catalog.TypeStatistics
		triples := map[catalog.Triple]uint64{}
		for _, rel := range o.rels {
			if rel.typ != typ {
				continue
			}
			want.Count++
			out[rel.start]++
			in[rel.end]++
			if rel.start == rel.end {
				want.SelfLoops++
			}
			for f := range withAny(o.nodes[rel.start].labels) {
				for to := range withAny(o.nodes[rel.end].labels) {
					triples[catalog.Triple{From: f, Type: typ, To: to}]++
				}
			}
		}
		for node, d := range out {
			want.MaxOut = max(want.MaxOut, uint32(d))
			want.SumOutIn += float64(d * in[node])
		}
		for _, got := range []catalog.TypeStatistics{st.Types[typ], back.Types[typ]} {
			if got.Count != want.Count || got.SelfLoops != want.SelfLoops || got.MaxOut != want.MaxOut ||
				got.SumOutIn != want.SumOutIn || got.Sources != uint64(len(out)) || got.Targets != uint64(len(in)) {
				t.Errorf("type %d: got %+v, want %+v", typ, got, want)
			}
		}
		for k, c := range triples {
			if st.Triples[k] != c || back.Triples[k] != c {
				t.Errorf("%v: got %d and %d, want %d", k, st.Triples[k], back.Triples[k], c)
			}
		}
	}
	for i, want := range []float64{5000, 10} {
		for _, s := range []*catalog.Statistics{st, back} {
			c := s.NodeProps[catalog.Column{Token: uint32(wide), Key: n.keys[i]}]
			if math.Abs(float64(c.Distinct)-want) > want/10 || c.Count != 5000 {
				t.Errorf("key %d: %d distinct of %d, want %.0f of 5000", i, c.Distinct, c.Count, want)
			}
			if len(c.Bounds) < 2 || c.Min.AsInt() > 10 {
				t.Errorf("key %d: %d bounds", i, len(c.Bounds))
			}
		}
	}
	if got := decodeStatistics([]byte{1, 2, 3}); got.Nodes != 0 || got.Types != nil {
		t.Errorf("damaged statistics give %+v", got)
	}
}

func withAny(labels map[catalog.LabelID]bool) map[catalog.LabelID]bool {
	out := map[catalog.LabelID]bool{catalog.AnyLabel: true}
	for l := range labels {
		out[l] = true
	}
	return out
}
