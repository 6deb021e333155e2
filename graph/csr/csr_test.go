package csr_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/kadedb/kadedb/graph/csr"
)

type edge struct{ a, b, c uint32 }

func compare(x, y edge) int {
	for _, d := range [][2]uint32{{x.a, y.a}, {x.b, y.b}, {x.c, y.c}} {
		if d[0] != d[1] {
			if d[0] < d[1] {
				return -1
			}
			return 1
		}
	}
	return 0
}

func TestSortEdges(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{0, 1, 2, 3, 100, 5000} {
		for _, span := range []uint32{1, 3, 300, 1 << 13, 1 << 31} {
			for _, ascending := range []bool{false, true} {
				edges := make([]edge, n)
				for i := range edges {
					edges[i] = edge{r.Uint32N(span), r.Uint32N(span), r.Uint32N(span)}
					if ascending {
						edges[i].c = uint32(i)
					}
				}
				a, b, c := split(edges)
				csr.SortEdges(a, b, c)
				slices.SortFunc(edges, compare)
				wa, wb, wc := split(edges)
				if !slices.Equal(a, wa) || !slices.Equal(b, wb) || !slices.Equal(c, wc) {
					t.Fatalf("n=%d span=%d: not sorted", n, span)
				}
			}
		}
	}
}

func split(edges []edge) (a, b, c []uint32) {
	for _, e := range edges {
		a, b, c = append(a, e.a), append(b, e.b), append(c, e.c)
	}
	return a, b, c
}

// TestMerge compares Override, Put and Merge with a map of edges.
func TestMerge(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for range 2000 {
		base := map[[2]uint32]bool{}
		for range r.IntN(20) {
			base[[2]uint32{r.Uint32N(8), r.Uint32N(8)}] = true
		}
		older, newer := randomChanges(r), randomChanges(r)
		want := map[[2]uint32]bool{}
		for e := range base {
			want[e] = true
		}
		for _, c := range []csr.Changes{older, newer} {
			for i := range c.Nbr {
				if c.Deleted(i) {
					delete(want, [2]uint32{c.Nbr[i], c.Rel[i]})
				} else {
					want[[2]uint32{c.Nbr[i], c.Rel[i]}] = true
				}
			}
		}
		all := csr.Override(csr.Changes{Del: []bool{}}, older, newer)
		bn, br := list(base)
		nbr, rel := csr.Merge(nil, nil, bn, br, all)
		wn, wr := list(want)
		if !slices.Equal(nbr, wn) || !slices.Equal(rel, wr) {
			t.Fatalf("got %v %v, want %v %v", nbr, rel, wn, wr)
		}
	}
}

func randomChanges(r *rand.Rand) csr.Changes {
	c := csr.Changes{Del: []bool{}}
	for range r.IntN(10) {
		c = csr.Put(c, r.Uint32N(8), r.Uint32N(8), r.IntN(2) == 0)
	}
	return c
}

func list(edges map[[2]uint32]bool) (nbr, rel []uint32) {
	var all []edge
	for e := range edges {
		all = append(all, edge{e[0], e[1], 0})
	}
	slices.SortFunc(all, compare)
	for _, e := range all {
		nbr, rel = append(nbr, e.a), append(rel, e.b)
	}
	return nbr, rel
}

func TestIntersect(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for range 2000 {
		a, b := ascending(r, r.IntN(30)), ascending(r, r.IntN(1+r.IntN(800)))
		var want []uint32
		for _, x := range slices.Compact(slices.Clone(a)) {
			if slices.Contains(b, x) {
				want = append(want, x)
			}
		}
		if got := csr.Intersect(nil, a, b); !slices.Equal(got, want) {
			t.Fatalf("%v ∩ %v = %v, want %v", a, b, got, want)
		}
		for _, x := range []uint32{0, 5, 499, 1000} {
			lo, hi := csr.Find(b, x)
			if n := count(b, x); hi-lo != n || n > 0 && b[lo] != x {
				t.Fatalf("Find(%v, %d) = %d, %d", b, x, lo, hi)
			}
			if got, want := csr.Gallop(b, 0, x), csr.Search(b, x); got != want {
				t.Fatalf("Gallop(%v, %d) = %d, want %d", b, x, got, want)
			}
		}
	}
}

func count(list []uint32, x uint32) (n int) {
	for _, y := range list {
		if y == x {
			n++
		}
	}
	return n
}

func ascending(r *rand.Rand, n int) []uint32 {
	out := make([]uint32, n)
	for i := range out {
		out[i] = r.Uint32N(1000)
	}
	slices.Sort(out)
	return out
}

func TestBuild(t *testing.T) {
	src, dst, rel := []uint32{12, 10, 12, 10}, []uint32{1, 9, 1, 3}, []uint32{8, 1, 2, 3}
	off, nbr, out := csr.Build(10, 4, src, dst, rel)
	if !slices.Equal(off, []uint32{0, 2, 2, 4, 4}) || !slices.Equal(nbr, []uint32{3, 9, 1, 1}) || !slices.Equal(out, []uint32{3, 1, 2, 8}) {
		t.Errorf("got %v %v %v", off, nbr, out)
	}
}
