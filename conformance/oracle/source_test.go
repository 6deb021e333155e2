package oracle

import (
	"math/rand/v2"
	"slices"
)

// source gives the choices of which a graph or a question is made, and keeps them. Given
// other choices instead of a seed it makes what those say: fewer and smaller ones make
// something simpler, because the first of several possibilities is the simplest.
type source struct {
	rng   *rand.Rand // nil: choices are given
	given []int
	taken []int
}

// newSource gives the choices of a seed; part sets those of one seed apart.
func newSource(seed, part uint64) *source {
	return &source{rng: rand.New(rand.NewPCG(seed, 0x6b616465+part))}
}

// replay gives choices that were taken before; when they are used up, always the first.
func replay(choices []int) *source { return &source{given: choices} }

// IntN chooses one of n.
func (s *source) IntN(n int) int {
	k := 0
	switch {
	case s.rng != nil:
		k = s.rng.IntN(n)
	case len(s.given) > 0:
		k = s.given[0] % n
		s.given = s.given[1:]
	}
	s.taken = append(s.taken, k)
	return k
}

// once reports whether a thing happens that does so once in n times.
func (s *source) once(n int) bool { return s.IntN(n) == n-1 }

func (s *source) float() float64 { return float64(s.IntN(1<<20)) / (1 << 20) }

func (s *source) shuffle(list []string) {
	for i := len(list) - 1; i > 0; i-- {
		k := i - s.IntN(i+1)
		list[i], list[k] = list[k], list[i]
	}
}

func pick[T any](s *source, list ...T) T { return list[s.IntN(len(list))] }

// smaller gives choices that may make something simpler than the given ones do, those
// that save most first.
func smaller(choices []int) func(func([]int) bool) {
	return func(yield func([]int) bool) {
		for size := len(choices); size > 0; size /= 2 {
			for at := 0; at+size <= len(choices); at += max(size/2, 1) {
				if !yield(slices.Delete(slices.Clone(choices), at, at+size)) {
					return
				}
			}
		}
		for i, k := range choices {
			for _, less := range []int{0, k / 2, k - 1} {
				if less < k && less >= 0 {
					c := slices.Clone(choices)
					c[i] = less
					if !yield(c) {
						return
					}
				}
			}
		}
	}
}
