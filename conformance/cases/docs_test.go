package cases

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var examples = regexp.MustCompile("(?s)\n```kadeql\n(.*?)\n```\n")

// TestLanguagePages runs the examples of docs/language*.md and docs/neo4j.md, each page on a
// store of its own.
func TestLanguagePages(t *testing.T) {
	pages, err := filepath.Glob("../../docs/language*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	for _, page := range append(pages, "../../docs/neo4j.md") {
		t.Run(strings.TrimSuffix(filepath.Base(page), ".md"), func(t *testing.T) { runPage(t, page) })
	}
}

func runPage(t *testing.T, page string) {
	raw, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	s, n, text := newSession(t, settings[0]), 0, string(raw)
	var out strings.Builder
	end := 0
	for _, at := range examples.FindAllStringSubmatchIndex(text, -1) {
		list := parseBlocks(text[at[2]:at[3]])
		for i := range list {
			b := &list[i]
			n++
			got := s.run(b)
			if want := strings.Trim(b.want, "\n"); got != want && !*rewrite {
				t.Errorf("%s\n---- got\n%s\n---- want\n%s\n", b.text, got, want)
			}
			b.want = got
		}
		out.WriteString(text[end:at[2]] + strings.TrimSuffix(formatBlocks(list), "\n"))
		end = at[3]
	}
	if n < 3 {
		t.Fatalf("only %d examples", n)
	}
	if *rewrite {
		if err := os.WriteFile(page, []byte(out.String()+text[end:]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
