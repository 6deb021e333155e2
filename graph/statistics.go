package graph

import (
	"encoding/binary"
	"math"

	"github.com/kadedb/kadedb/storage/catalog"
)

// Statistics are kept in the manifest under "s". They are estimates: bytes that do
// not decode are as good as none.

func encodeStatistics(s *catalog.Statistics) []byte {
	b := numbers(s.Seq, s.Nodes, uint64(len(s.Labels)))
	for l, n := range s.Labels {
		b = appendNumbers(b, uint64(l), n)
	}
	b = binary.AppendUvarint(b, uint64(len(s.Types)))
	for t, st := range s.Types {
		b = appendNumbers(b, uint64(t), st.Count, st.Sources, st.Targets, uint64(st.MaxOut), uint64(st.MaxIn), st.SelfLoops)
		for _, f := range [3]float64{st.SumOutIn, st.SumOut2, st.SumIn2} {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(f))
		}
		for _, h := range [2]*catalog.DegreeHistogram{&st.OutHist, &st.InHist} {
			b = appendNumbers(b, h[:]...)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(s.Triples)))
	for t, n := range s.Triples {
		b = appendNumbers(b, uint64(t.From), uint64(t.Type), uint64(t.To), n)
	}
	for _, cols := range [2]map[catalog.Column]catalog.ColumnStatistics{s.NodeProps, s.RelProps} {
		b = binary.AppendUvarint(b, uint64(len(cols)))
		for c, st := range cols {
			b = appendNumbers(b, uint64(c.Token), uint64(c.Key), st.Count, st.Distinct)
			b = appendValue(appendValue(b, st.Min), st.Max)
			b = binary.AppendUvarint(b, uint64(len(st.Bounds)))
			for _, v := range st.Bounds {
				b = appendValue(b, v)
			}
			b = binary.AppendUvarint(b, uint64(len(st.Common)))
			for _, v := range st.Common {
				b = binary.LittleEndian.AppendUint64(appendValue(b, v.Value), math.Float64bits(v.Share))
			}
		}
	}
	return b
}

func decodeStatistics(b []byte) *catalog.Statistics {
	d := reader{b: b}
	s := &catalog.Statistics{
		Seq: d.uvarint(), Nodes: d.uvarint(),
		Labels: map[catalog.LabelID]uint64{}, Types: map[catalog.TypeID]catalog.TypeStatistics{}, Triples: map[catalog.Triple]uint64{},
		NodeProps: map[catalog.Column]catalog.ColumnStatistics{}, RelProps: map[catalog.Column]catalog.ColumnStatistics{},
	}
	for n := d.uvarint(); n > 0 && d.err == nil; n-- {
		l := catalog.LabelID(d.u32())
		s.Labels[l] = d.uvarint()
	}
	for n := d.uvarint(); n > 0 && d.err == nil; n-- {
		t := catalog.TypeID(d.u32())
		st := catalog.TypeStatistics{Count: d.uvarint(), Sources: d.uvarint(), Targets: d.uvarint(), MaxOut: d.u32(), MaxIn: d.u32(), SelfLoops: d.uvarint()}
		for _, f := range [3]*float64{&st.SumOutIn, &st.SumOut2, &st.SumIn2} {
			*f = math.Float64frombits(d.fixed64())
		}
		for _, h := range [2]*catalog.DegreeHistogram{&st.OutHist, &st.InHist} {
			for i := range h {
				h[i] = d.uvarint()
			}
		}
		s.Types[t] = st
	}
	for n := d.uvarint(); n > 0 && d.err == nil; n-- {
		t := catalog.Triple{From: catalog.LabelID(d.u32()), Type: catalog.TypeID(d.u32()), To: catalog.LabelID(d.u32())}
		s.Triples[t] = d.uvarint()
	}
	for _, cols := range [2]map[catalog.Column]catalog.ColumnStatistics{s.NodeProps, s.RelProps} {
		for n := d.uvarint(); n > 0 && d.err == nil; n-- {
			c, st := d.columnStatistics()
			cols[c] = st
		}
	}
	if d.err != nil {
		return &catalog.Statistics{}
	}
	return s
}

func (r *reader) columnStatistics() (catalog.Column, catalog.ColumnStatistics) {
	c := catalog.Column{Token: r.u32(), Key: catalog.KeyID(r.u32())}
	st := catalog.ColumnStatistics{Count: r.uvarint(), Distinct: r.uvarint(), Min: r.value(), Max: r.value()}
	for n := r.uvarint(); n > 0 && r.err == nil; n-- {
		st.Bounds = append(st.Bounds, r.value())
	}
	for n := r.uvarint(); n > 0 && r.err == nil; n-- {
		v := catalog.CommonValue{Value: r.value()}
		v.Share = math.Float64frombits(r.fixed64())
		st.Common = append(st.Common, v)
	}
	return c, st
}
