package cases

import (
	"flag"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write what statements gave into their files")

// onlyPlain matches texts whose answer depends on the setting.
var onlyPlain = regexp.MustCompile(`(?i)^\s*(EXPLAIN|PROFILE|SHOW TRANSACTION|TERMINATE)`)

// reading matches texts that can be asked twice.
var reading = regexp.MustCompile(`(?i)^\s*(MATCH|RETURN|UNWIND|WITH|OPTIONAL|SHOW)`)

// writing matches texts that hold a clause that writes.
var writing = regexp.MustCompile(`(?i)\b(CREATE|INSERT|MERGE|SET|REMOVE|DELETE|FOREACH)\b`)

// TestCases runs every file of testdata in every setting.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		for _, set := range settings {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".txt")+"/"+set.name, func(t *testing.T) { runFile(t, file, set) })
		}
	}
}

func runFile(t *testing.T, file string, set setting) {
	plain := set.name == "plain"
	if *rewrite && !plain {
		t.Skip("only the plain run is written down")
	}
	list := readBlocks(t, file)
	s := newSession(t, set)
	for i := range list {
		b := &list[i]
		switch {
		case b.text == "":
			continue
		case b.directive():
			s.configure(b.text)
			continue
		case onlyPlain.MatchString(b.text) && !plain:
			continue
		}
		got := s.run(b)
		if *rewrite {
			b.want = got
		} else if want := strings.Trim(b.want, "\n"); got != want {
			t.Errorf("%s\n---- got\n%s\n---- want\n%s\n", b.text, got, want)
		}
		if plain && reading.MatchString(b.text) && !writing.MatchString(b.text) {
			if again := s.run(b); again != got {
				t.Errorf("%s\n---- the second time\n%s\n---- the first time\n%s\n", b.text, again, got)
			}
		}
	}
	if *rewrite {
		writeBlocks(t, file, list)
	}
}
