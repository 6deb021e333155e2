package function

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

var rewrite = flag.Bool("rewrite", false, "write the results found into testdata")

// TestGolden evaluates testdata/*.txt, lines of `expression => result`. Temporal results are
// shown as their text; errors as the code's name. The statement's clock is 2026-03-04T05:06:07.000000008Z.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no test data: %v", err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
		for i, line := range lines {
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			expr, want, _ := cutLast(line, " => ")
			got := shown(expr)
			if got != want {
				if *rewrite {
					lines[i] = expr + " => " + got
					continue
				}
				t.Errorf("%s:%d: %s\n got %s\nwant %s", f, i+1, expr, got, want)
			}
		}
		if *rewrite {
			if err := os.WriteFile(f, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func shown(expr string) string {
	v, err := evalText(expr, nil)
	switch {
	case err != nil && strings.HasPrefix(err.Error(), "mini:"):
		return err.Error()
	case err != nil:
		return status.From(err).Code.Info().Name
	case PartsKind.Has(v.Kind()):
		return string(value.AppendISO(nil, v))
	}
	return v.String()
}

// Examples in the documentation must be true. Those that are whole statements are run
// where docs/functions.md is made.
func TestExamples(t *testing.T) {
	for _, d := range All() {
		if d.Example == "" {
			t.Errorf("%s has no example", d.Name)
		}
		if strings.HasPrefix(d.Example, "MATCH ") || strings.HasPrefix(d.Example, "UNWIND ") {
			continue
		}
		if got := shown(d.Example); got != "true" {
			t.Errorf("%s: %s = %s", d.Name, d.Example, got)
		}
	}
}
