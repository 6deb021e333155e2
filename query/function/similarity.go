package function

import (
	"math"

	"github.com/kadedb/kadedb/value"
)

// similarityFunctions compare vectors, which are lists of numbers.
func similarityFunctions() []*Def {
	similarity := func(name, doc, example string, f func(a, b []float64) (float64, bool)) *Def {
		return &Def{Name: name, Doc: doc, Example: example, Signatures: []Signature{{Args: []Kinds{ListKind, ListKind}, Result: FloatKind | NullKind}},
			Call: func(_ *Context, args []value.Value) (value.Value, error) {
				a, err := numbersOf(name, args[0])
				if err != nil {
					return value.Null, err
				}
				b, err := numbersOf(name, args[1])
				if err != nil {
					return value.Null, err
				}
				if len(a) != len(b) {
					return value.Null, badArgument("%s(): vectors of %d and of %d dimensions", name, len(a), len(b))
				}
				s, ok := f(a, b)
				if !ok {
					return value.Null, badArgument("%s(): a vector without a length has no direction", name)
				}
				return value.Float(s), nil
			}}
	}
	return []*Def{
		similarity("vector.similarity.cosine", "How alike the directions of two vectors of one dimension are, from 0 (opposite) to 1 (the same).", "vector.similarity.cosine([1, 0], [0, 1]) = 0.5",
			func(a, b []float64) (float64, bool) {
				ab, norm := dot(a, b)
				if !(norm > 0) || math.IsInf(norm, 0) { // squares of very small or large numbers
					ab, norm = dot(shrunk(a), shrunk(b))
				}
				if norm == 0 {
					return 0, false
				}
				return (1 + max(-1, min(1, ab/norm))) / 2, true
			}),
		similarity("vector.similarity.euclidean", "How near two vectors of one dimension are: 1 / (1 + the square of their distance).", "vector.similarity.euclidean([0, 0], [1, 0]) = 0.5",
			func(a, b []float64) (float64, bool) {
				sum := 0.0
				for i := range a {
					sum += (a[i] - b[i]) * (a[i] - b[i])
				}
				return 1 / (1 + sum), true
			}),
	}
}

// dot returns the dot product of two vectors and the product of their lengths.
func dot(a, b []float64) (ab, norm float64) {
	var aa, bb float64
	for i := range a {
		ab, aa, bb = ab+a[i]*b[i], aa+a[i]*a[i], bb+b[i]*b[i]
	}
	return ab, math.Sqrt(aa * bb)
}

// shrunk returns a vector of the same direction whose greatest number is 1, or 0.
func shrunk(v []float64) []float64 {
	most := 0.0
	for _, x := range v {
		most = max(most, math.Abs(x))
	}
	out := make([]float64, len(v))
	for i := range v {
		if most > 0 {
			out[i] = v[i] / most
		}
	}
	return out
}

func numbersOf(fn string, v value.Value) ([]float64, error) {
	if v.Kind() != value.KindList {
		return nil, badValue(fn+"()", v, "LIST")
	}
	if len(v.Elems()) == 0 {
		return nil, badArgument("%s() does not take a list of nothing", fn)
	}
	out := make([]float64, len(v.Elems()))
	for i, e := range v.Elems() {
		if !isNumber(e) || math.IsNaN(toFloat(e)) || math.IsInf(toFloat(e), 0) {
			return nil, badArgument("%s() takes lists of finite numbers, and there is %s in one", fn, describe(e))
		}
		out[i] = toFloat(e)
	}
	return out, nil
}
