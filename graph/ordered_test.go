package graph

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestOrdered compares versions of an ordered map with plain maps: a version stays
// as it was when later ones are edited.
func TestOrdered(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	type version struct {
		t    ordered
		want map[string]bool
	}
	now := version{want: map[string]bool{}}
	var old []version
	for round := range 40 {
		o := new(owner)
		next := version{now.t, maps.Clone(now.want)}
		for i := range 100 {
			key := fmt.Sprintf("%0*d", 1+r.IntN(6), r.IntN(3000))
			if round%3 == 0 {
				key = fmt.Sprintf("z%06d", round*100+i) // ascending
			}
			if r.IntN(20) == 0 {
				key += strings.Repeat("x", r.IntN(80<<10)) // few of them fill a leaf
			}
			del := r.IntN(3) == 0
			next.t.put(o, []byte(key), del)
			next.want[key] = del
		}
		old = append(old, now)
		now = next
	}
	now.t.leaves(func(n *onode) {
		if n.len() > 1 && len(n.blob) > 2*leafBytes {
			t.Errorf("a leaf has %d keys of %d bytes", n.len(), len(n.blob))
		}
	})
	for i, v := range append(old, now) {
		var c orderedCursor
		from := fmt.Sprint(r.IntN(1000))
		v.t.seek(&c, []byte(from))
		for _, k := range slices.Sorted(maps.Keys(v.want)) {
			if del, ok := v.t.find([]byte(k)); !ok || del != v.want[k] {
				t.Fatalf("version %d: find %q = %v, %v", i, k, del, ok)
			}
			if k < from {
				continue
			}
			if !c.valid() || string(c.key()) != k || c.removed() != v.want[k] {
				t.Fatalf("version %d: the cursor is not at %q", i, k)
			}
			c.next()
		}
		if c.valid() {
			t.Fatalf("version %d: the cursor goes on to %q", i, c.key())
		}
		if v.t.n != len(v.want) {
			t.Fatalf("version %d has %d entries, want %d", i, v.t.n, len(v.want))
		}
	}
}
