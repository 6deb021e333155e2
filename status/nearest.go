package status

import "strings"

// Nearest returns the candidate that name is most likely a slip of, whatever the
// case of letters, or "" where none is near: what hints propose.
func Nearest(name string, candidates ...string) string {
	lower := strings.ToLower(name)
	best, limit := "", 3 // that many edits make another name
	switch {
	case len(name) < 3:
		limit = 1
	case len(name) < 6:
		limit = 2
	}
	for _, c := range candidates {
		if c == name {
			continue
		}
		if d := edits(lower, strings.ToLower(c), limit); d < limit {
			best, limit = c, d
		}
	}
	return best
}

// longestName bounds the names that are compared: longer ones are no slips.
const longestName = 64

// edits counts insertions, deletions, replacements and swaps of neighbours between
// a and b, or returns limit when there are not fewer.
func edits(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit || len(a) > longestName || len(b) > longestName {
		return limit
	}
	var rows [3][longestName + 1]int
	before, prev, cur := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], before[j-2]+1)
			}
		}
		before, prev, cur = prev, cur, before
	}
	return min(prev[len(b)], limit)
}
