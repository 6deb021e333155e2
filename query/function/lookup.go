package function

import (
	"strconv"
	"strings"
)

func itoa(i int) string { return strconv.Itoa(i) }

// All returns every function in the table, in the order of the documentation.
func All() []*Def { return table }

// Lookup finds a function by name or alias, whatever the case of its letters.
// Namespaces are part of the name: "duration.between".
func Lookup(name string) (*Def, bool) {
	d, ok := byName[strings.ToLower(name)]
	return d, ok
}

// Suggest returns the name that is nearest to an unknown one, or "" when none is near.
func Suggest(name string) string {
	name = strings.ToLower(name)
	best, bestAt := "", 3
	if len(name) < 5 {
		bestAt = 2
	}
	for _, d := range table {
		for _, n := range append([]string{d.Name}, d.Aliases...) {
			if at := distance(name, strings.ToLower(n), bestAt); at < bestAt {
				best, bestAt = n, at
			}
		}
	}
	return best
}

// distance is the Levenshtein distance, or limit when it is not below it.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return min(row[len(b)], limit)
}

var byName = func() map[string]*Def {
	m := make(map[string]*Def, 2*len(table))
	for _, d := range table {
		m[strings.ToLower(d.Name)] = d
		for _, a := range d.Aliases {
			m[strings.ToLower(a)] = d
		}
	}
	return m
}()
