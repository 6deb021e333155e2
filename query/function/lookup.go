package function

import (
	"strconv"
	"strings"

	"github.com/kadedb/kadedb/status"
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
	var names []string
	for _, d := range table {
		names = append(append(names, d.Name), d.Aliases...)
	}
	return status.Nearest(name, names...)
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
