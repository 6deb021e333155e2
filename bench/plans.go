package main

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// sameCosts plans each question with its relationships written in other orders, and
// returns how many texts were planned and which cost something else than the first.
func (c *contest) sameCosts(ctx context.Context, cases []*testCase) (texts int, differ []string, err error) {
	for _, k := range cases {
		n := len(k.ask.Patterns[0].Edges)
		if k.graph != c.g.Name || n < 2 || len(k.ask.Patterns) > 1 || k.answer != nil {
			continue
		}
		var first time.Duration
		for i, order := range orders(n) {
			text := render(k.ask, i%2 == 1, order)
			var params map[string]any
			if k.params != nil {
				params = k.params(c.g, 0)
			}
			cost, err := c.cost(ctx, text, params)
			if err != nil {
				return texts, differ, fmt.Errorf("%s: %w", text, err)
			}
			texts++
			if first == 0 {
				first = cost
			}
			// A hundredth is what rounding makes of sums in another order.
			if d := cost - first; max(d, -d) > first/100 {
				differ = append(differ, fmt.Sprintf("%s %s, %v: %v, not %v", k.name, k.variant, order, cost, first))
			}
		}
	}
	return texts, differ, nil
}

// orders returns some permutations of n: rotations, and their mirrors.
func orders(n int) [][]int {
	var out [][]int
	for shift := range n {
		a, b := make([]int, n), make([]int, n)
		for i := range n {
			a[i] = (i + shift) % n
			b[n-1-i] = a[i]
		}
		out = append(out, a, b)
	}
	return out
}

// cost is the last column of a plan's first row.
func (c *contest) cost(ctx context.Context, text string, params map[string]any) (time.Duration, error) {
	sum, err := c.db.Exec(ctx, "EXPLAIN "+text, params)
	if err != nil {
		return 0, err
	}
	lines := strings.Split(sum.Plan, "\n")
	if len(lines) < 2 || !strings.HasSuffix(strings.TrimSpace(lines[0]), "Cost") {
		return 0, fmt.Errorf("a plan without a cost:\n%s", sum.Plan)
	}
	words := strings.Fields(lines[1])
	return time.ParseDuration(words[len(words)-1])
}
