package function

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/kadedb/kadedb/value"
)

// TestTemporalScenarios evaluates those openCypher TCK scenarios on temporal values
// that need no more than expressions: RETURN, WITH … RETURN, and nodes that only carry values.
func TestTemporalScenarios(t *testing.T) {
	files, err := filepath.Glob("../../../shared/opencypher-tck/features/expressions/temporal/*.feature")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("the openCypher TCK is not at ../shared/opencypher-tck: nothing is checked here")
	}
	ran := 0
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, sc := range scenarios(string(text)) {
			if sc.run(t, filepath.Base(f)) {
				ran++
			}
		}
	}
	if ran < 750 {
		t.Errorf("only %d scenarios were understood", ran)
	}
}

type scenario struct {
	name, setup, query string
	columns, cells     []string
}

func (sc scenario) run(t *testing.T, file string) bool {
	vars := map[string]value.Value{}
	labels := map[string]value.Value{}
	for _, m := range regexp.MustCompile(`(?m)CREATE \(:(\w+) (\{.*\})\)\s*$`).FindAllStringSubmatch(sc.setup, -1) {
		v, err := evalText(m[2], nil)
		if err != nil {
			t.Errorf("%s %s: %v", file, sc.name, err)
			return true
		}
		labels[m[1]] = v
	}
	q := strings.TrimSpace(sc.query)
	if m := regexp.MustCompile(`MATCH (.*)\n`).FindStringSubmatch(q); m != nil {
		for _, n := range regexp.MustCompile(`\((\w+): ?(\w+)\)`).FindAllStringSubmatch(m[1], -1) {
			vars[n[1]] = labels[n[2]]
		}
		q = strings.TrimSpace(strings.Replace(q, m[0], "", 1))
	}
	before, returned, ok := strings.Cut(q, "RETURN ")
	if !ok || strings.Contains(q, "UNWIND") || strings.Contains(q, "CREATE") || strings.Contains(sc.setup, "CREATE") && len(labels) == 0 || strings.Contains(sc.query, "MATCH (n)") {
		return false
	}
	if with, ok := strings.CutPrefix(strings.TrimSpace(before), "WITH "); ok {
		next := map[string]value.Value{}
		for k, v := range vars {
			next[k] = v
		}
		for _, item := range splitTop(with) {
			expr, name, _ := cutLast(item, " AS ")
			v, err := evalText(expr, vars)
			if err != nil {
				t.Errorf("%s %s: %s: %v", file, sc.name, expr, err)
				return true
			}
			next[strings.TrimSpace(name)] = v
		}
		vars = next
	}
	for i, item := range splitTop(returned) {
		expr, _, _ := cutLast(item, " AS ")
		v, err := evalText(expr, vars)
		if err != nil {
			t.Errorf("%s %s: %s: %v", file, sc.name, expr, err)
			continue
		}
		if InstantKind.Has(v.Kind()) || v.Kind() == value.KindDuration {
			v, _ = toString(v)
		}
		want, err := evalText(sc.cells[i], nil)
		if err != nil {
			t.Errorf("%s %s: cell %s: %v", file, sc.name, sc.cells[i], err)
		} else if !value.Equivalent(v, want) {
			t.Errorf("%s %s: %s = %s, want %s", file, sc.name, expr, v, want)
		}
	}
	return true
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// splitTop splits at commas outside brackets and strings.
func splitTop(s string) []string {
	var parts []string
	depth, from, quoted := 0, 0, false
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\'':
			quoted = !quoted
		case quoted:
		case strings.IndexByte("([{", c) >= 0:
			depth++
		case strings.IndexByte(")]}", c) >= 0:
			depth--
		case c == ',' && depth == 0:
			parts = append(parts, s[from:i])
			from = i + 1
		}
	}
	return append(parts, s[from:])
}

func cells(line string) []string {
	parts := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}

// scenarios reads a feature file, with outlines filled in.
func scenarios(text string) []scenario {
	var all []scenario
	blocks := regexp.MustCompile(`(?m)^\s*Scenario(?: Outline)?: `).Split(text, -1)[1:]
	doc := regexp.MustCompile(`(?s)"""(.*?)"""`)
	for _, b := range blocks {
		name, _, _ := strings.Cut(b, "\n")
		b, examples, _ := strings.Cut(b, "Examples:")
		docs := doc.FindAllStringSubmatch(b, -1)
		if len(docs) == 0 {
			continue
		}
		sc := scenario{name: name, query: docs[len(docs)-1][1]}
		if len(docs) > 1 {
			sc.setup = docs[0][1]
		}
		var table [][]string
		for _, l := range strings.Split(b[strings.LastIndex(b, `"""`):], "\n") {
			if strings.HasPrefix(strings.TrimSpace(l), "|") {
				table = append(table, cells(l))
			}
		}
		if len(table) != 2 {
			continue
		}
		sc.columns, sc.cells = table[0], table[1]
		var rows [][]string
		for _, l := range strings.Split(examples, "\n") {
			if strings.HasPrefix(strings.TrimSpace(l), "|") {
				rows = append(rows, cells(l))
			}
		}
		if len(rows) == 0 {
			all = append(all, sc)
			continue
		}
		for _, row := range rows[1:] {
			filled := sc
			var pairs []string
			for i, key := range rows[0] {
				pairs = append(pairs, "<"+key+">", row[i])
			}
			r := strings.NewReplacer(pairs...)
			filled.setup, filled.query = r.Replace(sc.setup), r.Replace(sc.query)
			filled.cells = strings.Split(r.Replace(strings.Join(sc.cells, "\x00")), "\x00")
			all = append(all, filled)
		}
	}
	return all
}
