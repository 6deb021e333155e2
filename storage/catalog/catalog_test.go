package catalog_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
)

func TestTokens(t *testing.T) {
	tokens := catalog.NewTokens()
	a, define, err := tokens.Intern(catalog.Label, "A")
	if err != nil || !define {
		t.Fatalf("a new name: %v, %v", define, err)
	}
	if again, define, _ := tokens.Intern(catalog.Label, "A"); again != a || !define {
		t.Errorf("a name that is not logged: %d, %v", again, define)
	}
	tokens.MarkLogged(catalog.Label, a)
	if _, define, _ := tokens.Intern(catalog.Label, "A"); define {
		t.Error("a logged name is to be defined again")
	}
	if _, ok := tokens.Lookup(catalog.Type, "A"); ok {
		t.Error("a label's name is a type's")
	}
	// A replayed definition leaves holes for names that never were committed.
	if err := tokens.Define(catalog.Label, 5, "F"); err != nil {
		t.Fatal(err)
	}
	if id, ok := tokens.Lookup(catalog.Label, "F"); !ok || id != 5 || tokens.Name(catalog.Label, 3) != "" {
		t.Errorf("F has number %d, 3 is %q", id, tokens.Name(catalog.Label, 3))
	}
	for _, bad := range []func() error{
		func() error { return tokens.Define(catalog.Label, 6, "F") },
		func() error { return tokens.Define(catalog.Label, 1<<31, "G") },
		func() error { return tokens.Define(99, 1, "H") },
	} {
		if err := bad(); status.CodeOf(err) != status.Corruption {
			t.Errorf("got %v, want Corruption", err)
		}
	}
	if _, _, err := tokens.Intern(catalog.Key, ""); err == nil {
		t.Error("an empty name is accepted")
	}
	var logged []string
	tokens.Each(catalog.Label, func(_ uint32, name string) { logged = append(logged, name) })
	if !slices.Equal(logged, []string{"A", "F"}) {
		t.Errorf("logged are %q", logged)
	}
}

func TestLabelSets(t *testing.T) {
	tokens := catalog.NewTokens()
	ab, _, err := tokens.InternSet([]catalog.LabelID{2, 1, 2})
	if err != nil {
		t.Fatal(err)
	}
	if got := tokens.SetOf(ab); !slices.Equal(got, []catalog.LabelID{1, 2}) {
		t.Errorf("the set is %v", got)
	}
	b, _, _ := tokens.Without(ab, 1)
	back, _, _ := tokens.With(b, 1)
	none, _, _ := tokens.Without(b, 2)
	if back != ab || none != 0 {
		t.Errorf("with and without give %d and %d, want %d and 0", back, none, ab)
	}
	with := tokens.SetsWith(1)
	if !with[ab] || with[b] || with[0] {
		t.Errorf("sets with 1: %v", with)
	}
}

// TestTokensRace: goroutines that use new names at once agree on their numbers.
func TestTokensRace(t *testing.T) {
	tokens := catalog.NewTokens()
	var wg sync.WaitGroup
	got := make([][]uint32, 4)
	names := []string{"a", "b", "c", "d", "e", "f", "g"}
	for w := range got {
		wg.Go(func() {
			for _, n := range names {
				id, _, err := tokens.Intern(catalog.Key, n)
				if err != nil {
					t.Error(err)
				}
				got[w] = append(got[w], id)
			}
		})
	}
	wg.Wait()
	for w := range got {
		if !slices.Equal(got[w], got[0]) {
			t.Errorf("worker %d has %v, worker 0 %v", w, got[w], got[0])
		}
	}
}
