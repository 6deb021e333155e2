package kadedb_test

import (
	"bufio"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/kadedb/kadedb"

// layerRules is docs/layers.txt, read.
type layerRules struct {
	below  map[string]map[string]bool // folder or pattern → what it may import, transitively
	all    []string                   // importable by everybody
	owners map[string][]string        // library → folders that may import it
}

func readLayers(t *testing.T) layerRules {
	t.Helper()
	f, err := os.Open(filepath.FromSlash("docs/layers.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := layerRules{below: map[string]map[string]bool{}, owners: map[string][]string{}}
	direct := map[string]map[string]bool{}
	for s := bufio.NewScanner(f); s.Scan(); {
		line := strings.TrimSpace(s.Text())
		switch {
		case line == "" || line[0] == '#':
		case strings.HasPrefix(line, "ALL "):
			r.all = splitList(line[len("ALL "):])
		case strings.HasPrefix(line, "OWNER "):
			library, folders, _ := strings.Cut(line[len("OWNER "):], ": ")
			r.owners[library] = splitList(folders)
		default:
			chain := strings.Split(line, "<")
			for i := 1; i < len(chain); i++ {
				for _, upper := range splitList(chain[i]) {
					for _, lower := range splitList(chain[i-1]) {
						if direct[upper] == nil {
							direct[upper] = map[string]bool{}
						}
						direct[upper][lower] = true
					}
				}
			}
		}
	}
	var close func(set map[string]bool, from string)
	close = func(set map[string]bool, from string) {
		for lower := range direct[from] {
			if !set[lower] {
				set[lower] = true
				close(set, lower)
			}
		}
	}
	for upper := range direct {
		r.below[upper] = map[string]bool{}
		close(r.below[upper], upper)
	}
	if len(r.below) < 20 || len(r.owners) == 0 || len(r.all) == 0 {
		t.Fatalf("docs/layers.txt gave %d rules, %d owners", len(r.below), len(r.owners))
	}
	return r
}

func splitList(s string) []string {
	var out []string
	for _, p := range strings.Split(s, ",") {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return out
}

// line returns the name under which folder stands in the rules: its own, a
// pattern's, or its nearest named parent's. The module root stands as "kadedb".
func (r layerRules) line(folder string) string {
	if folder == "." {
		return "kadedb"
	}
	for f := folder; f != "."; f = path.Dir(f) {
		if _, ok := r.below[f]; ok {
			return f
		}
		if pattern := path.Dir(f) + "/*"; r.below[pattern] != nil {
			return pattern
		}
	}
	return ""
}

func (r layerRules) allows(from, to string) bool {
	if within(to, from) && from != "." {
		return true
	}
	for _, a := range r.all {
		if within(to, a) {
			return true
		}
	}
	fromLine, toLine := r.line(from), r.line(to)
	if fromLine == "" || toLine == "" {
		return false
	}
	return fromLine == toLine || r.below[fromLine][toLine]
}

func within(folder, parent string) bool {
	return folder == parent || strings.HasPrefix(folder, parent+"/")
}

// violations lists the imports of one file in folder that the rules forbid.
func (r layerRules) violations(folder string, imports []string) []string {
	var bad []string
	for _, imp := range imports {
		if imp == module || strings.HasPrefix(imp, module+"/") {
			to := strings.TrimPrefix(strings.TrimPrefix(imp, module), "/")
			if to == "" {
				to = "."
			}
			if !r.allows(folder, to) {
				bad = append(bad, folder+" imports "+to)
			}
			continue
		}
		for library, owners := range r.owners {
			if !within(imp, library) {
				continue
			}
			owned := false
			for _, o := range owners {
				owned = owned || within(folder, o)
			}
			if !owned {
				bad = append(bad, folder+" imports "+imp+", which belongs to "+strings.Join(owners, ", "))
			}
		}
	}
	return bad
}

func TestLayers(t *testing.T) {
	r := readLayers(t)
	var bad []string
	files := 0
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); p != "." && (name[0] == '.' || name == "testdata" || name == "node_modules") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		files++
		var imports []string
		for _, i := range f.Imports {
			s, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			imports = append(imports, s)
		}
		bad = append(bad, r.violations(path.Dir(filepath.ToSlash(p)), imports)...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files == 0 {
		t.Fatal("no Go file found")
	}
	sort.Strings(bad)
	for _, b := range bad {
		t.Errorf("%s: docs/layers.txt does not allow it", b)
	}
}

func TestLayersForbid(t *testing.T) {
	r := readLayers(t)
	for _, c := range []struct {
		from, imp string
		ok        bool
	}{
		{"query/exec", module + "/graph", true},
		{"query/exec", module + "/query/exec/spill", true},
		{"graph", module + "/query/exec", false},
		{"value", module + "/column", false},
		{"server/rest", module + "/server/front", true},
		{"server/front", module + "/server/rest", false},
		{"storage/wal", module + "/storage/kv", false},
		{"graph", "go.etcd.io/bbolt", false},
		{"storage/kv", "go.etcd.io/bbolt", true},
		{"query", "net/http", false},
		{"column", module + "/status", true},
		{"status", module + "/value", false},
	} {
		if got := len(r.violations(c.from, []string{c.imp})) == 0; got != c.ok {
			t.Errorf("%s imports %s: allowed = %v, want %v", c.from, c.imp, got, c.ok)
		}
	}
}
