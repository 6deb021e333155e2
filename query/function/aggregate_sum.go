package function

import (
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/value"
)

// int128 is a signed sum of 64-bit integers that cannot overflow: whether the result
// fits does not depend on the order of the rows.
type int128 struct {
	hi int64
	lo uint64
}

func (a *int128) add(b int128) {
	lo, carry := bits.Add64(a.lo, b.lo, 0)
	hi, _ := bits.Add64(uint64(a.hi), uint64(b.hi), carry)
	a.hi, a.lo = int64(hi), lo
}

func (a *int128) addInt(x int64) { a.add(int128{x >> 63, uint64(x)}) }

// product returns x·m for m ≥ 0.
func product(x, m int64) int128 {
	hi, lo := bits.Mul64(uint64(x), uint64(m))
	if x < 0 {
		hi -= uint64(m)
	}
	return int128{int64(hi), lo}
}

func (a int128) float() float64 { return float64(a.hi)*(1<<64) + float64(a.lo) }

func (a int128) int() (int64, bool) { return int64(a.lo), a.hi == int64(a.lo)>>63 }

const (
	sawFloat uint8 = 1 << iota
	sawDuration
	sawInt
)

// sumState sums integers exactly, floats, and durations.
type sumState struct {
	fn     string
	saw    []uint8
	ints   []int128
	floats []float64
	spans  map[uint32]value.Span // few groups sum durations
}

func (s *sumState) Grow(n int) {
	s.saw, s.ints, s.floats = grown(s.saw, n), grown(s.ints, n), grown(s.floats, n)
}

func (s *sumState) Update(r *Rows) (int, error) {
	v := r.Args[0]
	switch {
	case v.Type == column.Int && !v.Const:
		s.intRows(r, v)
		return 0, nil
	case v.Type == column.Float && !v.Const:
		s.floatRows(r, v)
		return 0, nil
	}
	before := len(s.spans)
	err := r.each(v, func(row int, g uint32, mult int64) error { return s.offer(g, v.Value(row), mult) })
	return (len(s.spans) - before) * 64, err
}

func (s *sumState) intRows(r *Rows, v *column.Vector) {
	if r.Groups == nil && r.Mult == nil && v.Nulls == nil && r.Len > 0 {
		var total int128
		if r.Sel == nil {
			for _, x := range v.Ints[:r.Len] {
				total.addInt(x)
			}
		} else {
			for _, i := range r.Sel {
				total.addInt(v.Ints[i])
			}
		}
		s.ints[0].add(total)
		if r.count() > 0 {
			s.saw[0] |= sawInt
		}
		return
	}
	for k := range r.count() {
		row, g, mult := r.at(k)
		if mult == 0 || v.Nulls.Get(row) {
			continue
		}
		s.saw[g] |= sawInt
		if mult == 1 {
			s.ints[g].addInt(v.Ints[row])
		} else {
			s.ints[g].add(product(v.Ints[row], mult))
		}
	}
}

func (s *sumState) floatRows(r *Rows, v *column.Vector) {
	for k := range r.count() {
		row, g, mult := r.at(k)
		if mult == 0 || v.Nulls.Get(row) {
			continue
		}
		s.saw[g] |= sawFloat
		s.floats[g] += v.Floats[row] * float64(mult)
	}
}

func (s *sumState) offer(g uint32, v value.Value, mult int64) error {
	switch v.Kind() {
	case value.KindInt:
		s.saw[g] |= sawInt
		s.ints[g].add(product(v.AsInt(), mult))
	case value.KindFloat:
		s.saw[g] |= sawFloat
		s.floats[g] += v.AsFloat() * float64(mult)
	case value.KindDuration:
		span, ok := v.Span(), true
		if mult > 1 {
			span, ok = span.Scale(float64(mult))
		}
		if !ok {
			return overflow(s.fn)
		}
		return s.addSpan(g, span)
	default:
		return badNumber(s.fn, v, "numbers or durations")
	}
	if s.saw[g]&sawDuration != 0 {
		return badArgument("%s over numbers and durations", s.fn)
	}
	return nil
}

func (s *sumState) addSpan(g uint32, span value.Span) error {
	if s.spans == nil {
		s.spans = make(map[uint32]value.Span)
	}
	sum, ok := s.spans[g].Add(span)
	if !ok {
		return overflow(s.fn)
	}
	s.spans[g] = sum
	if s.saw[g] |= sawDuration; s.saw[g] != sawDuration {
		return badArgument("%s over numbers and durations", s.fn)
	}
	return nil
}

func (s *sumState) Merge(other State, to []uint32) error {
	return s.merge(other.(*sumState), to)
}

func (s *sumState) merge(o *sumState, to []uint32) error {
	for i, g := range to {
		if err := s.join(g, o.saw[i], o.ints[i], o.floats[i], o.spans[uint32(i)]); err != nil {
			return err
		}
	}
	return nil
}

func (s *sumState) join(g uint32, saw uint8, ints int128, floats float64, span value.Span) error {
	if saw&sawDuration != 0 {
		return s.addSpan(g, span)
	}
	s.saw[g] |= saw
	s.ints[g].add(ints)
	s.floats[g] += floats
	if s.saw[g]&sawDuration != 0 && saw != 0 {
		return badArgument("%s over numbers and durations", s.fn)
	}
	return nil
}

func (s *sumState) Value(g uint32) (value.Value, error) {
	switch saw := s.saw[g]; {
	case saw&sawDuration != 0:
		return value.Duration(s.spans[g]), nil
	case saw&sawFloat != 0:
		return value.Float(s.total(g)), nil
	}
	n, ok := s.ints[g].int()
	if !ok {
		return value.Null, hinted(overflow(s.fn), "toFloat() makes numbers of a wider range, which are rounded")
	}
	return value.Int(n), nil
}

func (s *sumState) total(g uint32) float64 { return s.ints[g].float() + s.floats[g] }

func (s *sumState) Append(dst []byte, g uint32) []byte {
	dst = append(dst, s.saw[g])
	dst = binary.LittleEndian.AppendUint64(dst, uint64(s.ints[g].hi))
	dst = binary.LittleEndian.AppendUint64(dst, s.ints[g].lo)
	dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(s.floats[g]))
	if s.saw[g]&sawDuration != 0 {
		dst = value.Append(dst, value.Duration(s.spans[g]))
	}
	return dst
}

func (s *sumState) Add(src []byte, g uint32) ([]byte, error) {
	const size = 25
	if len(src) < size {
		return src, damagedState()
	}
	saw := src[0]
	ints := int128{int64(binary.LittleEndian.Uint64(src[1:])), binary.LittleEndian.Uint64(src[9:])}
	floats := math.Float64frombits(binary.LittleEndian.Uint64(src[17:]))
	src = src[size:]
	var span value.Span
	if saw&sawDuration != 0 {
		v, rest, err := decodeKind(src, value.KindDuration)
		if err != nil {
			return src, err
		}
		span, src = v.Span(), rest
	}
	return src, s.join(g, saw, ints, floats, span)
}

// avgState is a sum and a count.
type avgState struct {
	sum   sumState
	count countState
}

func (s *avgState) Grow(n int) {
	s.sum.Grow(n)
	s.count.Grow(n)
}

func (s *avgState) Update(r *Rows) (int, error) {
	grew, err := s.sum.Update(r)
	if err != nil {
		return grew, err
	}
	_, err = s.count.Update(r)
	return grew, err
}

func (s *avgState) Merge(other State, to []uint32) error {
	o := other.(*avgState)
	if err := s.sum.merge(&o.sum, to); err != nil {
		return err
	}
	return s.count.Merge(&o.count, to)
}

func (s *avgState) Value(g uint32) (value.Value, error) {
	n := s.count.n[g]
	switch {
	case n == 0:
		return value.Null, nil
	case s.sum.saw[g]&sawDuration != 0:
		span, ok := s.sum.spans[g].Divide(float64(n))
		if !ok {
			return value.Null, overflow("avg()")
		}
		return value.Duration(span), nil
	}
	return value.Float(s.sum.total(g) / float64(n)), nil
}

func (s *avgState) Append(dst []byte, g uint32) []byte {
	return s.count.Append(s.sum.Append(dst, g), g)
}

func (s *avgState) Add(src []byte, g uint32) ([]byte, error) {
	rest, err := s.sum.Add(src, g)
	if err != nil {
		return src, err
	}
	return s.count.Add(rest, g)
}

// deviationState keeps count, mean and sum of squared distances (Welford), which
// stays exact where sums of squares would cancel.
type deviationState struct {
	fn   string
	less float64 // 1 for a sample
	n    []float64
	mean []float64
	m2   []float64
}

func (s *deviationState) Grow(n int) {
	s.n, s.mean, s.m2 = grown(s.n, n), grown(s.mean, n), grown(s.m2, n)
}

func (s *deviationState) Update(r *Rows) (int, error) {
	v := r.Args[0]
	return 0, r.each(v, func(row int, g uint32, mult int64) error {
		x := v.Value(row)
		if !isNumber(x) {
			return badNumber(s.fn, x, "numbers")
		}
		s.join(g, float64(mult), toFloat(x), 0)
		return nil
	})
}

// join adds a set of n numbers by its mean and squared distances (Chan et al. 1979).
func (s *deviationState) join(g uint32, n, mean, m2 float64) {
	if n == 0 {
		return
	}
	total := s.n[g] + n
	delta := mean - s.mean[g]
	s.m2[g] += m2 + delta*delta*s.n[g]*n/total
	s.mean[g] += delta * n / total
	s.n[g] = total
}

func (s *deviationState) Merge(other State, to []uint32) error {
	o := other.(*deviationState)
	for i, g := range to {
		s.join(g, o.n[i], o.mean[i], o.m2[i])
	}
	return nil
}

func (s *deviationState) Value(g uint32) (value.Value, error) {
	if s.n[g] < 2 {
		return value.Float(0), nil
	}
	return value.Float(math.Sqrt(s.m2[g] / (s.n[g] - s.less))), nil
}

func (s *deviationState) Append(dst []byte, g uint32) []byte {
	for _, f := range [...]float64{s.n[g], s.mean[g], s.m2[g]} {
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(f))
	}
	return dst
}

func (s *deviationState) Add(src []byte, g uint32) ([]byte, error) {
	if len(src) < 24 {
		return src, damagedState()
	}
	var f [3]float64
	for i := range f {
		f[i] = math.Float64frombits(binary.LittleEndian.Uint64(src[8*i:]))
	}
	s.join(g, f[0], f[1], f[2])
	return src[24:], nil
}
