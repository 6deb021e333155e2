package function

import (
	"testing"

	"github.com/kadedb/kadedb/value"
)

func TestTableIsSound(t *testing.T) {
	seen := map[string]bool{}
	for _, d := range All() {
		for _, n := range append([]string{d.Name}, d.Aliases...) {
			if seen[n] {
				t.Errorf("%s is declared twice", n)
			}
			seen[n] = true
			if got, ok := Lookup(n); !ok || got != d {
				t.Errorf("Lookup(%s) does not find it", n)
			}
		}
		if d.Doc == "" || len(d.Signatures) == 0 {
			t.Errorf("%s lacks documentation or signatures", d.Name)
		}
		if (d.Class == Scalar) != (d.Call != nil) || (d.Class == Aggregate) != (d.newState != nil) {
			t.Errorf("%s lacks code", d.Name)
		}
	}
}

func TestNullArguments(t *testing.T) {
	for _, d := range All() {
		if d.Class != Scalar || d.SeesNull {
			continue
		}
		for _, s := range d.Signatures {
			if len(s.Args) == 0 {
				continue
			}
			v, err := d.Apply(&Context{}, make([]value.Value, len(s.Args)))
			if err != nil || !v.IsNull() {
				t.Errorf("%s(null …) = %s, %v", d.Name, v, err)
			}
		}
	}
}
