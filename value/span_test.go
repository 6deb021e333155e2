package value_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/kadedb/kadedb/value"
)

// TestDurationText reads what is written of durations at the ends of their parts.
func TestDurationText(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	part := func() int64 {
		switch n := r.Int64N(100); r.IntN(6) {
		case 0:
			return math.MinInt64 + n
		case 1:
			return math.MaxInt64 - n
		case 2:
			return n - 50
		case 3:
			return 0
		case 4:
			return math.MinInt64
		}
		return int64(r.Uint64())
	}
	for range 20_000 {
		d := value.Span{Months: part(), Days: part(), Seconds: part()}
		switch r.IntN(4) {
		case 0:
			d.Nanos = int32(r.IntN(1_000_000_000))
		case 1:
			d.Nanos = 999_999_999
		case 2:
			d.Nanos = 1
		}
		text := string(value.AppendISO(nil, value.Duration(d)))
		back, err := value.ParseDuration(text)
		if err != nil || back.Span() != d {
			t.Fatalf("%+v is written %s, and read as %+v, %v", d, text, back, err)
		}
	}
}

// TestDurationBeyond reads texts at the ends, which must not become others.
func TestDurationBeyond(t *testing.T) {
	for text, want := range map[string]value.Span{
		"P-9223372036854775808D":                 {Days: math.MinInt64},
		"P9223372036854775807D":                  {Days: math.MaxInt64},
		"P-9223372036854775808M":                 {Months: math.MinInt64},
		"PT-9223372036854775808S":                {Seconds: math.MinInt64},
		"-P9223372036854775807D":                 {Days: -math.MaxInt64},
		"P-9223372036854775808.5D":               {Days: math.MinInt64, Seconds: -43200},
		"PT9223372036854775807.999999999S":       {Seconds: math.MaxInt64, Nanos: 999_999_999},
		"PT-9223372036854775807.5S":              {Seconds: math.MinInt64, Nanos: 500_000_000},
		"P000000000000000000000000000000000001D": {Days: 1},
	} {
		if v, err := value.ParseDuration(text); err != nil || v.Span() != want {
			t.Errorf("%s: %v, %v", text, v, err)
		}
	}
	for _, text := range []string{
		"P9223372036854775808D", "P-9223372036854775809D", "P18446744073709551619D", "P-18446744073709551619D",
		"-P-9223372036854775808D", "-P-9223372036854775808M", "-PT-9223372036854775808S", "P9223372036854775807.9999999999999999999D",
		"PT-9223372036854775808.5S", "PT9223372036854775807.9999999999S", "P-1317624576693539402W", "PT-2562047788015216H", "P768614336404564651Y",
		"P768614336404564650Y8M", "P99999999999999999999999999999999D", "P-9223372036854775808.9999999999999999999D", "P9223372036854775807.5W",
	} {
		if v, err := value.ParseDuration(text); err == nil {
			t.Errorf("%s is read as %+v", text, v.Span())
		}
	}
}
