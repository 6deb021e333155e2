package parser

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// tckQuery is one query of the TCK, its outline's examples filled in.
type tckQuery struct {
	name string
	text string
	err  string // the error's detail that the scenario demands of its last query, "" if none
	last bool   // the query that err speaks of
}

var raised = regexp.MustCompile(`should be raised at (.*): (.*)$`)

// tckDir is the TCK beside the repository.
const tckDir = "../../shared/opencypher-tck/features"

var loadTCK = sync.OnceValues(func() ([]tckQuery, error) {
	var out []tckQuery
	err := filepath.WalkDir(tckDir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".feature") {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		out = append(out, readFeature(filepath.Base(path), string(data))...)
		return nil
	})
	return out, err
})

func tck(t testing.TB) []tckQuery {
	t.Helper()
	if _, err := os.Stat(tckDir); err != nil {
		t.Skipf("the TCK is not beside the repository, nothing tested: %v", err)
	}
	qs, err := loadTCK()
	if err != nil {
		t.Fatal(err)
	}
	if len(qs) < 3000 {
		t.Fatalf("only %d queries found under %s", len(qs), tckDir)
	}
	return qs
}

// readFeature knows as much of Gherkin as the TCK's queries need.
func readFeature(file, data string) []tckQuery {
	var out []tckQuery
	for _, sc := range regexp.MustCompile(`(?m)^  Scenario`).Split(data, -1)[1:] {
		title, _, _ := strings.Cut(sc, "\n")
		var queries []tckQuery
		var table [][]string
		examples := false
		lines := strings.Split(sc, "\n")
		for i := 0; i < len(lines); i++ {
			line := strings.TrimSpace(lines[i])
			switch {
			case line == `"""`:
				var body []string
				for i++; strings.TrimSpace(lines[i]) != `"""`; i++ {
					body = append(body, lines[i])
				}
				queries = append(queries, tckQuery{name: file + ":" + title, text: strings.Join(body, "\n")})
			case raised.MatchString(line):
				if m := raised.FindStringSubmatch(line); len(queries) > 0 {
					q := &queries[len(queries)-1]
					q.last, q.err = true, m[2]
				}
			case strings.HasPrefix(line, "Examples:"):
				examples = true
				table = append(table, nil)
			case examples && strings.HasPrefix(line, "|"):
				cells := strings.Split(strings.ReplaceAll(line, `\|`, "\x00"), "|")
				for k := range cells {
					cells[k] = strings.ReplaceAll(strings.TrimSpace(cells[k]), "\x00", "|")
				}
				table = append(table, cells[1:len(cells)-1])
			}
		}
		out = append(out, fillIn(queries, table)...)
	}
	return out
}

func fillIn(queries []tckQuery, table [][]string) []tckQuery {
	if len(table) == 0 {
		return queries
	}
	var out []tckQuery
	var head []string
	for i, row := range table {
		switch {
		case row == nil:
			head = nil
		case head == nil:
			head = row
		default:
			var pairs []string
			for k, h := range head {
				pairs = append(pairs, "<"+h+">", row[k])
			}
			r := strings.NewReplacer(pairs...)
			for _, q := range queries {
				q.text, q.err = r.Replace(q.text), r.Replace(q.err)
				q.name += "#" + string(rune('0'+i%10))
				out = append(out, q)
			}
		}
	}
	return out
}
