package cases

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var examples = regexp.MustCompile("(?s)\n```kadeql\n(.*?)\n```\n")

// TestLanguagePages runs the examples of docs/language-*.md, each page on a store of its own.
func TestLanguagePages(t *testing.T) {
	pages, err := filepath.Glob("../../docs/language-*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	for _, page := range pages {
		t.Run(strings.TrimSuffix(filepath.Base(page), ".md"), func(t *testing.T) {
			raw, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			var text []string
			for _, m := range examples.FindAllStringSubmatch(string(raw), -1) {
				text = append(text, m[1])
			}
			if len(text) < 3 {
				t.Fatalf("only %d examples", len(text))
			}
			s := newSession(t, settings[0])
			for _, b := range parseBlocks(strings.Join(text, "\n\n")) {
				if got, want := s.run(&b), strings.Trim(b.want, "\n"); got != want {
					t.Errorf("%s\n---- got\n%s\n---- want\n%s\n", b.text, got, want)
				}
			}
		})
	}
}
