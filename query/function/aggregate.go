package function

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

func aggregateFunctions() []*Def {
	one := func(args, result Kinds) []Signature { return []Signature{{Args: []Kinds{args}, Result: result}} }
	const summable = NumberKind | DurationKind
	percentile := []Signature{{Args: []Kinds{NumberKind, NumberKind}, Result: NumberKind | NullKind}}
	return []*Def{
		{Name: "count", Class: Aggregate, DistinctChanges: true, Doc: "The number of rows, or of values that are not null.",
			Example:    "UNWIND [1, null, 3] AS x RETURN count(*), count(x)",
			Signatures: []Signature{{Args: []Kinds{AnyKind}, Optional: 1, Result: IntKind}}, newState: func() State { return &countState{} }},
		{Name: "sum", Class: Aggregate, DistinctChanges: true, Doc: "The sum of numbers or durations; 0 of none.",
			Example:    "UNWIND [1, 2.5, null] AS x RETURN sum(x)",
			Signatures: one(summable, summable), newState: func() State { return &sumState{fn: "sum()"} }},
		{Name: "avg", Class: Aggregate, DistinctChanges: true, Doc: "The mean of numbers or durations; null of none.",
			Example:    "UNWIND [1, 2, 6] AS x RETURN avg(x)",
			Signatures: one(summable, FloatKind|DurationKind|NullKind), newState: func() State { return &avgState{sum: sumState{fn: "avg()"}} }},
		{Name: "min", Class: Aggregate, Doc: "The first value in the order of ORDER BY; null of none.",
			Example:    "UNWIND [3, 1, 2] AS x RETURN min(x)",
			Signatures: one(AnyKind, AnyKind), newState: func() State { return &extremeState{sign: 1} }},
		{Name: "max", Class: Aggregate, Doc: "The last value in the order of ORDER BY; null of none.",
			Example:    "UNWIND [3, 1, 'a'] AS x RETURN max(x)",
			Signatures: one(AnyKind, AnyKind), newState: func() State { return &extremeState{sign: -1} }},
		{Name: "collect", Class: Aggregate, DistinctChanges: true, Doc: "A list of the values that are not null.",
			Example:    "UNWIND [3, null, 1] AS x RETURN collect(x)",
			Signatures: one(AnyKind, ListKind), newState: func() State { return &collectState{} }},
		{Name: "stDev", Class: Aggregate, DistinctChanges: true, Doc: "The standard deviation of a sample.",
			Example:    "UNWIND [1, 3] AS x RETURN stDev(x)",
			Signatures: one(NumberKind, FloatKind), newState: func() State { return &deviationState{fn: "stDev()", less: 1} }},
		{Name: "stDevP", Class: Aggregate, DistinctChanges: true, Doc: "The standard deviation of a whole population.",
			Example:    "UNWIND [1, 3] AS x RETURN stDevP(x)",
			Signatures: one(NumberKind, FloatKind), newState: func() State { return &deviationState{fn: "stDevP()"} }},
		{Name: "percentileCont", Class: Aggregate, DistinctChanges: true, Doc: "The percentile (0.0 … 1.0) of numbers, interpolated between two.",
			Example:    "UNWIND [1, 2, 4] AS x RETURN percentileCont(x, 0.75)",
			Signatures: percentile, newState: func() State { return &percentileState{fn: "percentileCont()", interpolate: true} }},
		{Name: "percentileDisc", Class: Aggregate, DistinctChanges: true, Doc: "The number nearest to the percentile (0.0 … 1.0).",
			Example:    "UNWIND [1, 2, 4] AS x RETURN percentileDisc(x, 0.75)",
			Signatures: percentile, newState: func() State { return &percentileState{fn: "percentileDisc()"} }},
	}
}

// count returns how many rows count.
func (r *Rows) count() int {
	if r.Sel != nil {
		return len(r.Sel)
	}
	return r.Len
}

// at returns the physical row, group and multiplicity of the k-th row that counts.
func (r *Rows) at(k int) (row int, group uint32, mult int64) {
	row, mult = k, 1
	if r.Sel != nil {
		row = int(r.Sel[k])
	}
	if r.Groups != nil {
		group = r.Groups[k]
	}
	if r.Mult != nil {
		mult = r.Mult[row]
	}
	return row, group, mult
}

// each calls f for the rows where v is not null and which stand for at least one row.
func (r *Rows) each(v *column.Vector, f func(row int, group uint32, mult int64) error) error {
	for k := range r.count() {
		row, group, mult := r.at(k)
		if mult == 0 || v.IsNull(row) {
			continue
		}
		if err := f(row, group, mult); err != nil {
			return err
		}
	}
	return nil
}

func grown[T any](s []T, n int) []T {
	if n <= len(s) {
		return s
	}
	if n <= cap(s) {
		return s[:n]
	}
	t := make([]T, n, max(n, 2*cap(s)))
	copy(t, s)
	return t
}

func damagedState() error {
	return status.Errorf(status.Corruption, "spill file: a damaged accumulator")
}

// countState counts rows, or rows with a value.
type countState struct {
	n []int64
}

func (s *countState) Grow(n int) { s.n = grown(s.n, n) }

func (s *countState) Update(r *Rows) (int, error) {
	if len(r.Args) == 0 || !r.Args[0].Const && r.Args[0].Type != column.Any && r.Args[0].Type != column.Null && r.Args[0].Nulls == nil ||
		r.Args[0].Const && !r.Args[0].IsNull(0) {
		return 0, s.all(r)
	}
	return 0, r.each(r.Args[0], func(_ int, g uint32, mult int64) error { return s.add(g, mult) })
}

func (s *countState) all(r *Rows) error {
	if r.Mult == nil {
		if r.Groups == nil {
			return s.add(0, int64(r.count()))
		}
		for _, g := range r.Groups[:r.count()] {
			s.n[g]++ // 2⁶³ single rows cannot be counted in a lifetime
		}
		return nil
	}
	for k := range r.count() {
		_, g, mult := r.at(k)
		if err := s.add(g, mult); err != nil {
			return err
		}
	}
	return nil
}

func (s *countState) add(g uint32, n int64) error {
	sum, ok := value.AddInt(s.n[g], n)
	if !ok {
		return status.Errorf(status.CountOverflow, "a count does not fit 64 bits")
	}
	s.n[g] = sum
	return nil
}

func (s *countState) Merge(other State, to []uint32) error {
	for i, g := range to {
		if err := s.add(g, other.(*countState).n[i]); err != nil {
			return err
		}
	}
	return nil
}

func (s *countState) Value(g uint32) (value.Value, error) { return value.Int(s.n[g]), nil }

func (s *countState) Append(dst []byte, g uint32) []byte {
	return value.Append(dst, value.Int(s.n[g]))
}

func (s *countState) Add(src []byte, g uint32) ([]byte, error) {
	v, rest, err := decodeKind(src, value.KindInt)
	if err != nil {
		return src, err
	}
	return rest, s.add(g, v.AsInt())
}

func decodeKind(src []byte, kind value.Kind) (value.Value, []byte, error) {
	v, rest, err := value.Decode(src)
	if err == nil && v.Kind() != kind {
		err = damagedState()
	}
	return v, rest, err
}

// extremeState keeps the first (sign 1) or last (sign -1) value by value.Order.
type extremeState struct {
	sign int
	best []value.Value
}

func (s *extremeState) Grow(n int) { s.best = grown(s.best, n) }

func (s *extremeState) Update(r *Rows) (grew int, err error) {
	v := r.Args[0]
	if v.Type == column.Int && !v.Const {
		return 0, s.ints(r, v)
	}
	err = r.each(v, func(row int, g uint32, _ int64) error {
		grew += s.offer(g, v.Value(row))
		return nil
	})
	return grew, err
}

func (s *extremeState) ints(r *Rows, v *column.Vector) error {
	for k := range r.count() {
		row, g, mult := r.at(k)
		if mult == 0 || v.Nulls.Get(row) {
			continue
		}
		x := v.Ints[row]
		if b := s.best[g]; b.Kind() == value.KindInt && (x >= b.AsInt()) == (s.sign > 0) {
			continue
		}
		s.offer(g, value.Int(x))
	}
	return nil
}

func (s *extremeState) offer(g uint32, v value.Value) (grew int) {
	old := s.best[g]
	if !old.IsNull() && value.Order(v, old)*s.sign >= 0 {
		return 0
	}
	s.best[g] = v
	return value.Size(v) - value.Size(old)
}

func (s *extremeState) Merge(other State, to []uint32) error {
	for i, g := range to {
		if v := other.(*extremeState).best[i]; !v.IsNull() {
			s.offer(g, v)
		}
	}
	return nil
}

func (s *extremeState) Value(g uint32) (value.Value, error) { return s.best[g], nil }

func (s *extremeState) Append(dst []byte, g uint32) []byte { return value.Append(dst, s.best[g]) }

func (s *extremeState) Add(src []byte, g uint32) ([]byte, error) {
	v, rest, err := value.Decode(src)
	if err == nil && !v.IsNull() {
		s.offer(g, v)
	}
	return rest, err
}
