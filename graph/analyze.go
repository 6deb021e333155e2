package graph

import (
	"context"
	"hash/fnv"
	"io"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/value"
)

// Analyze takes the optimizer's statistics anew: degrees and label pairs exactly, of
// properties a sample. They are kept with the next checkpoint.
func (s *Store) Analyze(ctx context.Context) (*catalog.Statistics, error) {
	r, err := s.Snapshot()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	a := &analyzer{ctx: ctx, r: r, out: &catalog.Statistics{
		Seq: r.seq, Nodes: uint64(r.s.nodeCount),
		Labels: map[catalog.LabelID]uint64{}, Types: map[catalog.TypeID]catalog.TypeStatistics{}, Triples: map[catalog.Triple]uint64{},
		NodeProps: map[catalog.Column]catalog.ColumnStatistics{}, RelProps: map[catalog.Column]catalog.ColumnStatistics{},
	}}
	if err := a.labelSets(); err != nil {
		return nil, err
	}
	for _, t := range r.Types() {
		if err := a.relType(t); err != nil {
			return nil, err
		}
		if err := a.columns(catalog.Relationships, uint32(t), r.CountRels(t), a.out.RelProps); err != nil {
			return nil, err
		}
	}
	for l := range catalog.LabelID(r.cat.Len(catalog.Label)) {
		n := r.CountNodes(l)
		if n == 0 {
			continue
		}
		a.out.Labels[l] = uint64(n)
		if err := a.columns(catalog.Nodes, uint32(l), n, a.out.NodeProps); err != nil {
			return nil, err
		}
	}
	s.stats.Store(a.out)
	return a.out, nil
}

type analyzer struct {
	ctx  context.Context
	r    *Reader
	out  *catalog.Statistics
	sets []uint16 // label set + 1 by node; nil where the graph is too large for it
}

// maxAnalyzed is how many nodes have their label sets held in memory.
const maxAnalyzed = 1 << 26

func (a *analyzer) labelSets() error {
	high := a.r.s.nodeHigh
	if high > maxAnalyzed || a.r.cat.Len(catalog.LabelSet) >= math.MaxUint16 {
		return nil
	}
	a.sets = make([]uint16, high)
	lk := a.r.s.labels()
	defer lk.close()
	return a.r.eachOf(a.ctx, catalog.Nodes, uint32(catalog.AnyLabel), func(refs []uint32) error {
		for _, ref := range refs {
			set, err := lk.of(ref)
			if err != nil {
				return err
			}
			a.sets[ref] = uint16(set) + 1
		}
		return nil
	})
}

// relType describes one type's degrees and label pairs.
func (a *analyzer) relType(t catalog.TypeID) error {
	st := catalog.TypeStatistics{Count: uint64(a.r.CountRels(t))}
	high := a.r.s.nodeHigh
	fwd := a.r.Adjacency(t, Out)
	defer fwd.Close()
	back := a.r.Adjacency(t, In)
	defer back.Close()
	out, in := make([]int64, groupSize), make([]int64, groupSize)
	for lo := uint64(0); lo < uint64(high); lo += groupSize {
		lo = min(uint64(fwd.After(uint32(lo))), uint64(back.After(uint32(lo)))) &^ (groupSize - 1)
		if lo >= uint64(high) {
			break
		}
		n := a.r.s.nodeRows(uint32(lo >> groupBits))
		out, in := out[:n], in[:n]
		clear(out)
		clear(in)
		if err := fwd.Degrees(uint32(lo), out); err != nil {
			return err
		}
		if err := back.Degrees(uint32(lo), in); err != nil {
			return err
		}
		degreeSums(out, &st.OutHist, &st.Sources, &st.MaxOut, &st.SumOut2)
		degreeSums(in, &st.InHist, &st.Targets, &st.MaxIn, &st.SumIn2)
		for i := range out {
			st.SumOutIn += float64(out[i]) * float64(in[i])
		}
	}
	pairs := map[[2]uint16]uint64{}
	for lo := fwd.After(0); lo < high; lo = fwd.After(lo) {
		if err := status.Ended(a.ctx, "the counting of statistics"); err != nil {
			return err
		}
		off, nbr, _, next, err := fwd.Range(lo, high)
		if err != nil {
			return err
		}
		for i := 0; i+1 < len(off) && len(nbr) > 0; i++ {
			node := lo + uint32(i)
			for _, n := range nbr[off[i]:off[i+1]] {
				if n == node {
					st.SelfLoops++
				}
			}
			if a.sets != nil {
				a.pairs(pairs, a.sets[node], nbr[off[i]:off[i+1]])
			}
		}
		lo = next
	}
	a.triples(t, pairs)
	a.out.Types[t] = st
	return nil
}

func (a *analyzer) pairs(pairs map[[2]uint16]uint64, from uint16, nbr []uint32) {
	// Neighbours mostly have one label set: count runs.
	run, n := uint16(0), uint64(0)
	for _, x := range nbr {
		if s := a.sets[x]; s == run {
			n++
		} else {
			if n > 0 {
				pairs[[2]uint16{from, run}] += n
			}
			run, n = s, 1
		}
	}
	if n > 0 {
		pairs[[2]uint16{from, run}] += n
	}
}

// triples spreads counts by label set to labels.
func (a *analyzer) triples(t catalog.TypeID, pairs map[[2]uint16]uint64) {
	labels := func(set uint16) []catalog.LabelID {
		if set == 0 {
			return []catalog.LabelID{catalog.AnyLabel}
		}
		return append(slices.Clone(a.r.cat.SetOf(catalog.LabelSetID(set-1))), catalog.AnyLabel)
	}
	for p, n := range pairs {
		for _, f := range labels(p[0]) {
			for _, to := range labels(p[1]) {
				a.out.Triples[catalog.Triple{From: f, Type: t, To: to}] += n
			}
		}
	}
}

func degreeSums(degrees []int64, hist *catalog.DegreeHistogram, nodes *uint64, most *uint32, squares *float64) {
	for _, d := range degrees {
		if d <= 0 {
			continue
		}
		*nodes++
		*most = max(*most, uint32(d))
		*squares += float64(d) * float64(d)
		hist[bits.Len32(uint32(d))-1]++
	}
}

// samples is how many entities of a label or type a sample has.
const samples = 4096

// columns samples the properties of the entities with a label or type.
func (a *analyzer) columns(e catalog.Entity, token uint32, n int64, out map[catalog.Column]catalog.ColumnStatistics) error {
	// Whole batches, spread evenly.
	step := max(n/samples, 1)
	var refs []uint32
	seen := int64(0)
	err := a.r.eachOf(a.ctx, e, token, func(batch []uint32) error {
		for _, ref := range batch {
			if seen%step == 0 {
				refs = append(refs, ref)
			}
			seen++
		}
		return nil
	})
	if err != nil || len(refs) == 0 {
		return err
	}
	for k := range catalog.KeyID(a.r.cat.Len(catalog.Key)) {
		c := a.r.NodeColumn(k)
		if e == catalog.Relationships {
			c.Close()
			c = a.r.RelColumn(k)
		}
		if c.overlay == nil && c.base.dir == nil {
			continue
		}
		var vals []value.Value
		for _, ref := range refs {
			v, err := c.Value(ref)
			if err != nil {
				c.Close()
				return err
			}
			if !v.IsNull() {
				vals = append(vals, sampled(v))
			}
		}
		c.Close()
		if len(vals) > 0 {
			out[catalog.Column{Token: token, Key: k}] = describe(vals, float64(n)*float64(len(vals))/float64(len(refs)))
		}
	}
	return nil
}

// maxSampled is how long a text or list is that a sample holds as it is, in bytes.
const maxSampled = 512

// sampled returns what stands for v in a sample. What a sample holds and what the
// statistics keep must not grow with the values: of a long text the beginning and a hash
// of the whole stand in, of a long list a hash.
func sampled(v value.Value) value.Value {
	h := fnv.New64a()
	switch {
	case v.Kind() == value.KindString && len(v.AsString()) > maxSampled:
		s := v.AsString()
		io.WriteString(h, s)
		return value.String(strings.ToValidUTF8(s[:maxSampled], "") + strconv.FormatUint(h.Sum64(), 16))
	case v.Kind() == value.KindList && value.Size(v) > maxSampled:
		h.Write(value.Append(nil, v))
		return value.List(value.Int(int64(h.Sum64())))
	}
	return v
}

// describe estimates a column of total values from a sample of them.
func describe(vals []value.Value, total float64) catalog.ColumnStatistics {
	type keyed struct {
		key string
		v   value.Value
	}
	sorted := make([]keyed, 0, len(vals))
	comparable := true
	for _, v := range vals {
		key, ok := appendKey(nil, v)
		if !ok {
			continue
		}
		comparable = comparable && (len(sorted) == 0 || sorted[0].key[0] == key[0])
		sorted = append(sorted, keyed{string(key), v})
	}
	st := catalog.ColumnStatistics{Count: uint64(math.Round(total))}
	if len(sorted) == 0 {
		return st
	}
	slices.SortFunc(sorted, func(a, b keyed) int {
		switch {
		case a.key < b.key:
			return -1
		case a.key > b.key:
			return 1
		}
		return 0
	})
	st.Min, st.Max = sorted[0].v, sorted[len(sorted)-1].v
	distinct, once := 0, 0
	for i := 0; i < len(sorted); {
		j := i
		for j < len(sorted) && sorted[j].key == sorted[i].key {
			j++
		}
		distinct++
		if j-i == 1 {
			once++
		}
		if share := float64(j-i) / float64(len(sorted)); share >= 0.01 && j-i > 1 {
			st.Common = append(st.Common, catalog.CommonValue{Value: sorted[i].v, Share: share})
		}
		i = j
	}
	slices.SortStableFunc(st.Common, func(a, b catalog.CommonValue) int {
		switch {
		case a.Share > b.Share:
			return -1
		case a.Share < b.Share:
			return 1
		}
		return 0
	})
	st.Common = st.Common[:min(len(st.Common), 16)]
	// The guaranteed-error estimator (Charikar et al., PODS 2000): values seen once
	// stand for √(N/n) values.
	est := math.Sqrt(max(total/float64(len(sorted)), 1))*float64(once) + float64(distinct-once)
	if once == len(sorted) {
		est = total
	}
	st.Distinct = uint64(max(min(est, total), 1))
	if comparable {
		const buckets = 32
		for b := 0; b <= buckets; b++ {
			st.Bounds = append(st.Bounds, sorted[b*(len(sorted)-1)/buckets].v)
		}
	}
	return st
}
