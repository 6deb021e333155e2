package value

import "math/bits"

// A list or map knows its depth and its weight from the day it is made, in aux:
//
//	0 dddd dddd ddd  ssss ss mm mmmm mmmm mmmm
//	  depth          weight = m << s, rounded up
const (
	weightBits   = 20
	mantissaBits = 14
	maxDepthBits = 1<<(31-weightBits) - 1
	maxWeight    = int64(1) << 60
)

// Weight returns about how many bytes v takes where it is written out, its own size
// included: a part that is there ten times counts ten times, though it is in memory once.
// Few steps make a value that no disk could hold, as in reduce(l = [1], i IN
// range(1, 99) | [l, l]), so whoever puts values together has to ask; it costs nothing.
func (v Value) Weight() int64 {
	w := int64(valueBytes)
	switch v.kind {
	case KindString:
		w += int64(v.n)
	case KindList, KindMap:
		w += unpackWeight(v.aux)
	}
	return w
}

// shapeOf returns aux of a list or map of vals.
func shapeOf(vals []Value) int32 {
	depth, weight := int32(0), int64(0)
	for i := range vals {
		v := &vals[i]
		weight += int64(valueBytes)
		switch v.kind {
		case KindString:
			weight += int64(v.n)
		case KindList, KindMap:
			depth = max(depth, v.aux>>weightBits)
			weight = min(weight+unpackWeight(v.aux), maxWeight)
		}
	}
	return min(depth+1, maxDepthBits)<<weightBits | packWeight(weight)
}

func packWeight(w int64) int32 {
	w = min(w, maxWeight)
	s := max(bits.Len64(uint64(w))-mantissaBits, 0)
	m := (w + int64(1)<<s - 1) >> s
	if m == 1<<mantissaBits {
		m, s = m>>1, s+1
	}
	return int32(s)<<mantissaBits | int32(m)
}

func unpackWeight(aux int32) int64 {
	w := aux & (1<<weightBits - 1)
	return int64(w&(1<<mantissaBits-1)) << (w >> mantissaBits)
}
