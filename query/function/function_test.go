package function

import (
	"math"
	"math/rand/v2"
	"testing"
	"unicode/utf8"

	"github.com/kadedb/kadedb/status"
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

// A pattern of any characters gives text or an error, never a panic.
func TestFormatAnyPattern(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1))
	berlin, err := value.FindZone("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	vals := []value.Value{
		value.Date(value.MinDays), value.Date(value.MaxDays), value.Date(0), value.LocalTime(0), value.LocalTime(24*3600*second - 1), value.Time(0, -64800),
		value.LocalDateTime(value.MinSeconds, 0), value.DateTime(value.MaxSeconds, 999_999_999, value.UTC), value.DateTime(0, 1, berlin.AtInstant(0)),
		value.Duration(value.Span{Months: math.MinInt64, Days: math.MaxInt64, Seconds: math.MinInt64, Nanos: 1}), value.Duration(value.Span{}),
		value.Int(math.MinInt64), value.Int(0), value.Float(math.MaxFloat64), value.Float(math.SmallestNonzeroFloat64), value.Float(math.NaN()), value.Float(-0.5),
	}
	const letters = "GuyYQqMLwWdDFEecaBhHkKmsSAnNVvzOXxZp[]'{}#0,.;E%‰¤ é-"
	alphabet := []rune(letters)
	texts := 0
	for range 20_000 {
		pattern := make([]rune, r.IntN(12))
		for i := range pattern {
			if pattern[i] = alphabet[r.IntN(len(alphabet))]; i > 0 && r.IntN(2) == 0 {
				pattern[i] = pattern[i-1]
			}
		}
		v := vals[r.IntN(len(vals))]
		got, err := format(&Context{}, []value.Value{v, value.String(string(pattern))})
		switch {
		case err == nil && (got.Kind() != value.KindString || !utf8.ValidString(got.AsString())):
			t.Fatalf("seed %d: format(%s, %q) = %s", seed, v, string(pattern), got)
		case err == nil:
			texts++
		case status.From(err).Code == status.Internal:
			t.Fatalf("seed %d: format(%s, %q): %v", seed, v, string(pattern), err)
		}
	}
	if texts < 1000 {
		t.Errorf("only %d patterns gave a text", texts)
	}
}
