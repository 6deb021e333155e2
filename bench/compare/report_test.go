package main

import (
	"strings"
	"testing"
)

func bench(ns ...string) string {
	var b strings.Builder
	for _, n := range ns {
		b.WriteString("BenchmarkX/a-2  100  " + n + " ns/op  3 ns/rel  1000 B/op  10 allocs/op\n")
	}
	return b.String()
}

func sides(old, new string) (*side, *side) {
	a, b := &side{runs: samples{}}, &side{runs: samples{}}
	a.runs.add("./p", old)
	b.runs.add("./p", new)
	return a, b
}

func TestReport(t *testing.T) {
	even := bench("100", "101", "102", "99", "98", "100", "103", "97", "100", "101")
	for _, c := range []struct {
		name, new string
		bad       int
	}{
		{"the same", even, 0},
		{"slower", bench("120", "121", "122", "119", "118", "120", "123", "117", "120", "121"), 1},
		{"slower, but who knows", bench("90", "131", "142", "89", "95", "120", "123", "97", "120", "121"), 0},
		{"faster", bench("20"), 0},
		{"more bytes", strings.ReplaceAll(even, "1000 B/op", "1200 B/op"), 1},
		{"a few more bytes", strings.ReplaceAll(even, "1000 B/op", "1060 B/op"), 0},
		{"an allocation more", strings.ReplaceAll(even, "10 allocs/op", "11 allocs/op"), 0},
		{"two more", strings.ReplaceAll(even, "10 allocs/op", "12 allocs/op"), 1},
	} {
		var out strings.Builder
		old, new := sides(even, c.new)
		if got := report(&out, old, new); got != c.bad {
			t.Errorf("%s: %d figures are worse, want %d\n%s", c.name, got, c.bad, out.String())
		}
		if !strings.Contains(out.String(), "./p X/a-2 ns/op") {
			t.Errorf("%s: %s", c.name, out.String())
		}
	}
}
