//go:build !race

package main

import (
	"io"
	"strings"
	"testing"
)

// The budget run in small: it fails by itself where an answer differs, where a process
// holds more than it may, or where nothing was read again or spilled. Not under the race
// detector, whose own memory would be measured.
func TestBudget(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), []string{"--budget", "--small"}, &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	if !strings.Contains(out.String(), "q10 triangles") {
		t.Errorf("not everything was asked:\n%s", out.String())
	}
}

func TestCompareBudgets(t *testing.T) {
	const budget = 1 << 20
	row := [][]any{{1.0}}
	room := []budgetAnswer{{Name: "a", Rows: row}, {Name: "b", Rows: row}}
	for what, c := range map[string]struct {
		change func(a []budgetAnswer)
		want   string
	}{
		"well":       {func([]budgetAnswer) {}, ""},
		"row":        {func(a []budgetAnswer) { a[1].Rows = [][]any{{2.0}} }, "b: [[2]] with the budget, [[1]] with room"},
		"no row":     {func(a []budgetAnswer) { a[0].Rows = nil }, "a: [] with the budget"},
		"memory":     {func(a []budgetAnswer) { a[1].Peak = budget + slack + 1 }, "b held"},
		"time":       {func(a []budgetAnswer) { a[0].MS = 60_001 }, "a took"},
		"long":       {func(a []budgetAnswer) { a[1].MS = 60_001 }, ""},
		"no reread":  {func(a []budgetAnswer) { a[0].Rereads = 0 }, "the budget is not felt"},
		"no spilled": {func(a []budgetAnswer) { a[1].Spilled = 0 }, "the budget is not felt"},
	} {
		small := []budgetAnswer{
			{Name: "a", Rows: row, Rereads: 7, Peak: budget},
			{Name: "b", Rows: row, Spilled: 9, Peak: budget + slack, Long: true},
		}
		c.change(small)
		wrong := compareBudgets(io.Discard, small, room, budget, true)
		switch {
		case c.want == "" && len(wrong) > 0, c.want != "" && len(wrong) != 1,
			c.want != "" && !strings.Contains(wrong[0].Error(), c.want):
			t.Errorf("%s: %v, want %q", what, wrong, c.want)
		}
	}
}
