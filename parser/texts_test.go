package parser

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// sources are where texts of the language stand, beside this package's testdata and the TCK.
var sources = []struct {
	name, files string
	read        func(string) []string
	least       int // so many there are
}{
	{"examples in docs", "../docs/*.md", docTexts, 30},
	{"cases", "../conformance/cases/testdata/*.txt", caseTexts, 1000},
	{"cases of the oracle", "../conformance/oracle/testdata/regress/*.txt", regressTexts, 10},
	{"queries of the benchmarks", "../bench/queries/*.cypher", func(s string) []string { return []string{s} }, 10},
}

var (
	fenced = regexp.MustCompile("(?s)\n```(?:kadeql|cypher)\n(.*?)\n```\n")
	verb   = regexp.MustCompile(`^(do|and|same|alike|order|parts|distinct|fold.*|most|rows|among|anywhere|effect)\n`)
)

func docTexts(page string) []string {
	var out []string
	for _, m := range fenced.FindAllStringSubmatch(page, -1) {
		out = append(out, caseTexts(m[1])...)
	}
	return out
}

// caseTexts reads the blocks of package cases.
func caseTexts(file string) []string {
	var out []string
	for _, block := range strings.Split(file, "\n\n") {
		text, _, _ := strings.Cut(block+"\n", "\n----")
		lines := strings.Split(strings.Trim(text, "\n"), "\n")
		for len(lines) > 0 && (strings.HasPrefix(lines[0], "#") || strings.HasPrefix(lines[0], "$") || strings.HasPrefix(lines[0], "!")) {
			lines = lines[1:]
		}
		if len(lines) > 0 {
			out = append(out, strings.Join(lines, "\n"))
		}
	}
	return out
}

func regressTexts(file string) []string {
	var out []string
	for _, block := range strings.Split(file, "\n\n") {
		if m := verb.FindString(block); m != "" {
			out = append(out, strings.TrimSpace(block[len(m):]))
		}
	}
	return out
}

// everyText gives all texts that there are, good and bad ones, each once.
func everyText(t testing.TB) []string {
	t.Helper()
	texts := accepted(t)
	raw, err := os.ReadFile("testdata/rejected.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range strings.Split(string(raw), "\n\n") {
		text, _, _ := strings.Cut(block, "\n-- ")
		texts = append(texts, text)
	}
	for _, s := range sources {
		files, err := filepath.Glob(s.files)
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		for _, f := range files {
			raw, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, s.read(string(raw))...)
		}
		if len(found) < s.least {
			t.Errorf("%d %s, there were %d", len(found), s.name, s.least)
		}
		texts = append(texts, found...)
	}
	if _, err := os.Stat(tckDir); err != nil {
		t.Logf("the TCK is not beside the repository: without its queries: %v", err)
	} else {
		for _, q := range tck(t) {
			texts = append(texts, q.text)
		}
	}
	slices.Sort(texts)
	return slices.Compact(texts)
}

// corpus gives the texts that parse.
func corpus(t testing.TB) []string {
	t.Helper()
	all := everyText(t)
	good := slices.DeleteFunc(slices.Clone(all), func(s string) bool { _, err := Parse(s); return err != nil })
	t.Logf("%d texts, %d of them parse", len(all), len(good))
	return good
}

// TestFormatRoundTrip: every text of the corpus, printed from its tree, parses to the same tree.
func TestFormatRoundTrip(t *testing.T) {
	for _, text := range corpus(t) {
		roundTrip(t, text)
	}
}
