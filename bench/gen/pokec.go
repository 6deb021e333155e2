package gen

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"
)

// Pokec returns users and their directed friendships, whose degrees follow a power law
// with exponent 3: 17.7 a user, so that 100,000 users have 1.8 M.
func Pokec(users int, seed uint64) *Graph {
	r := rand.New(rand.NewPCG(seed, 0x90cec))
	g := &Graph{Name: "pokec"}
	user := g.label("User", users)
	user.ints("id", func(i int) int64 { return int64(i) + 1 })
	user.ints("age", func(int) int64 { return 12 + int64(60*math.Pow(r.Float64(), 1.6)) })
	user.texts("gender", String, func(int) string { return [2]string{"woman", "man"}[r.IntN(2)] })
	user.ints("completion", func(int) int64 { return int64(r.IntN(101)) })

	// A user's weight is the chance to be either end of a friendship.
	sums := make([]float64, users+1)
	for i := range users {
		sums[i+1] = sums[i] + 1/math.Sqrt(max(r.Float64(), 1/float64(users)))
	}
	pick := func() int {
		x := r.Float64() * sums[users]
		return min(sort.SearchFloat64s(sums[1:], x), users-1)
	}
	pairs := make([]uint64, 0, users*18)
	for range users * 177 / 10 {
		if a, b := pick(), pick(); a != b {
			pairs = append(pairs, uint64(a)<<32|uint64(b))
		}
	}
	slices.Sort(pairs)
	g.fill(g.typ("FRIEND", user, user), slices.Compact(pairs), r)
	return g
}

// NearTwoHop returns n nodes whose number of distinct nodes at the end of two-step
// trails over t is nearest to want, the nearest first.
func (t *Type) NearTwoHop(want, n int) []uint32 {
	type near struct {
		node uint32
		off  int
	}
	all := make([]near, 0, t.From.N)
	seen := make([]uint32, t.To.N)
	for v := range t.Out {
		size := 0
		for _, a := range t.Out[v] {
			for _, b := range t.Out[a.Node] {
				if b.Rel != a.Rel && seen[b.Node] != uint32(v)+1 {
					seen[b.Node] = uint32(v) + 1
					size++
				}
			}
		}
		off := size - want
		if off < 0 {
			off = -off
		}
		all = append(all, near{uint32(v), off})
	}
	slices.SortStableFunc(all, func(a, b near) int { return a.off - b.off })
	out := make([]uint32, 0, n)
	for _, x := range all[:min(n, len(all))] {
		out = append(out, x.node)
	}
	return out
}
