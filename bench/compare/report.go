package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// samples are the measured numbers by "package.Benchmark unit".
type samples map[string][]float64

// units are what is compared, and by how much it may grow.
var units = map[string]float64{"ns/op": 1.10, "B/op": 1.05, "allocs/op": 1.05}

// add reads the output of a benchmark program.
func (s samples) add(pkg, text string) {
	for _, line := range strings.Split(text, "\n") {
		f := strings.Fields(line)
		if len(f) < 4 || !strings.HasPrefix(f[0], "Benchmark") {
			continue
		}
		for i := 2; i+1 < len(f); i += 2 {
			if n, err := strconv.ParseFloat(f[i], 64); err == nil && units[f[i+1]] > 0 {
				key := pkg + " " + strings.TrimPrefix(f[0], "Benchmark") + " " + f[i+1]
				s[key] = append(s[key], n)
			}
		}
	}
}

// median gives the middle of xs and an interval that holds the true one with about 95 %.
func median(xs []float64) (mid, low, high float64) {
	xs = slices.Sorted(slices.Values(xs))
	n := len(xs)
	mid = (xs[(n-1)/2] + xs[n/2]) / 2
	reach := int(math.Ceil(0.98 * math.Sqrt(float64(n)))) // 1.96 standard deviations of a binomial of n halves
	return mid, xs[max(0, n/2-reach)], xs[min(n-1, (n-1)/2+reach)]
}

// Growth that is none: a few bytes of what is shared by many runs.
const (
	fewBytes  = 64
	fewAllocs = 0.5
)

// worse reports whether new is worse than old by more than it may be.
func worse(unit string, old, new []float64) bool {
	a, _, high := median(old)
	b, low, _ := median(new)
	switch unit {
	case "ns/op":
		return b > a*units[unit] && low > high
	case "B/op":
		return b > a*units[unit]+fewBytes
	}
	return b > a*units[unit]+fewAllocs
}

// report prints what both have and counts what is worse.
func report(out io.Writer, old, new *side) (bad int) {
	keys := make([]string, 0, len(new.runs))
	for k := range new.runs {
		if len(old.runs[k]) > 0 {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "benchmark\told\tnew\tratio\t\t")
	logs := map[string][]float64{}
	for _, k := range keys {
		unit := k[strings.LastIndex(k, " ")+1:]
		a, _, _ := median(old.runs[k])
		b, _, _ := median(new.runs[k])
		mark := ""
		if worse(unit, old.runs[k], new.runs[k]) {
			mark = "worse"
			bad++
		}
		ratio := 1.0
		if a > 0 && b > 0 {
			ratio = b / a
			logs[unit] = append(logs[unit], math.Log(ratio))
		}
		fmt.Fprintf(w, "%s\t%.6g\t%.6g\t%.3f\t%s\t\n", k, a, b, ratio, mark)
	}
	for _, unit := range []string{"ns/op", "B/op", "allocs/op"} {
		sum := 0.0
		for _, l := range logs[unit] {
			sum += l
		}
		fmt.Fprintf(w, "geometric mean of %d, %s\t\t\t%.3f\t\t\n", len(logs[unit]), unit, math.Exp(sum/float64(max(1, len(logs[unit])))))
	}
	fmt.Fprintf(w, "CPU seconds of all programs\t%.1f\t%.1f\t%.3f\t\t\n", old.cpu.Seconds(), new.cpu.Seconds(), new.cpu.Seconds()/old.cpu.Seconds())
	w.Flush()
	return bad
}
