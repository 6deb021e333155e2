package function

import (
	"maps"
	"slices"
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

// forms are what looks like a call without being one of a function, and how it is written.
var forms = map[string]string{
	"shortestPath": "shortestPath((a)-[*]->(b))", "allShortestPaths": "allShortestPaths((a)-[*]->(b))",
	"all": "all(x IN list WHERE …)", "any": "any(x IN list WHERE …)", "none": "none(x IN list WHERE …)", "single": "single(x IN list WHERE …)",
	"reduce": "reduce(sum = 0, x IN list | sum + x)",
	"CASE":   "CASE WHEN … THEN … ELSE … END",
}

// Forms returns how those are written, in their order.
func Forms() []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(forms)) {
		out = append(out, forms[name])
	}
	return out
}

// others are the names that other languages have for functions.
var others = map[string]string{
	"len": "size", "strlen": "size", "array_length": "size", "substr": "substring", "mid": "substring", "lcase": "toLower", "ucase": "toUpper", "toint": "toInteger", "int": "toInteger",
	"tofloating": "toFloat", "todouble": "toFloat", "double": "toFloat", "float": "toFloat", "str": "toString", "string": "toString", "tobool": "toBoolean",
	"ifnull": "coalesce", "nvl": "coalesce", "now": "datetime", "current_date": "date", "current_timestamp": "datetime", "today": "date", "mean": "avg", "average": "avg", "array_agg": "collect",
	"group_concat": "collect", "uuid": "randomUUID", "random": "rand", "power": "^", "pow": "^", "mod": "%", "concat": "+", "typeof": "valueType", "first": "head",
	"stddev": "stDev", "st_distance": "point.distance", "st_point": "point", "rels": "relationships", "regex": "=~",
	"contains": "CONTAINS", "startswith": "STARTS WITH", "endswith": "ENDS WITH",
}

// Suggest returns what is nearest to the unknown name of a function, and how that is
// written; "" when nothing is near. Besides functions it may be a form such as shortestPath
// or an operator.
func Suggest(name string) (near, usage string) {
	if f, ok := forms[name]; ok {
		return "", f
	}
	near = others[strings.ToLower(name)]
	for rest := name; near == "" && strings.Contains(rest, "."); { // apoc.coll.max
		_, rest, _ = strings.Cut(rest, ".")
		if d, ok := Lookup(rest); ok {
			near = d.Name
		}
	}
	if near == "" {
		var names []string
		for _, d := range table {
			names = append(append(names, d.Name), d.Aliases...)
		}
		names = append(names, slices.Sorted(maps.Keys(forms))...)
		near = status.Nearest(name, names...)
	}
	if d, ok := Lookup(near); ok {
		return near, d.Usage()
	}
	if f, ok := forms[near]; ok {
		return near, f
	}
	if near != "" {
		usage = "x " + near + " y"
	}
	return near, usage
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
