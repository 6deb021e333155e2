package oracle

import (
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A file of testdata/regress is what a failure printed: blocks with a blank line between,
// each begun by a line that says what it is:
//
//	# a comment
//
//	do            a statement that makes the store, in order with
//	checkpoint
//	begin         nothing of what follows is committed, until
//	end           which rolls it back
//	restart
//
//	param k       a parameter and its value
//
//	same          (or another relation) the first text of the claim
//	and           another one
//	gives         the rows, where the relation is `rows` or `among`
//
// Every claim is checked in every setting, for ever.

func fileName(text string) string {
	h := fnv.New32a()
	fmt.Fprint(h, text)
	return fmt.Sprintf("%08x.txt", h.Sum32())
}

// readCase reads a file of testdata/regress.
func readCase(text string) (steps []step, c claim, err error) {
	for _, block := range strings.Split(text, "\n\n") {
		head, body, _ := strings.Cut(strings.Trim(block, "\n"), "\n")
		words := strings.Fields(head)
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		switch words[0] {
		case verbDo, verbBegin, verbEnd, verbCheckpoint, verbRestart:
			steps = append(steps, step{words[0], body})
		case "param":
			if c.params == nil {
				c.params = map[string]string{}
			}
			c.params[words[1]] = body
		case "and":
			c.texts = append(c.texts, body)
		case "gives":
			want := strings.FieldsFunc(body, func(r rune) bool { return r == '\n' })
			c.want = func(*model) []string { return want }
		case string(same), string(alike), string(order), string(parts), string(distinct), string(fold), string(most), string(rows), string(among), string(anywhere), string(effect):
			c.relation, c.folds, c.texts = relation(words[0]), words[1:], []string{body}
		default:
			return nil, c, fmt.Errorf("what is %q?", head)
		}
	}
	if c.relation == "" {
		return nil, c, fmt.Errorf("there is no claim")
	}
	return steps, c, nil
}

// TestRegress checks every case that once failed: in a store of its own, and in one for every
// setting.
func TestRegress(t *testing.T) {
	var worlds []*world
	for _, set := range manners() {
		w, err := newWorld(set)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := w.close(); err != nil {
				t.Error(err)
			}
		}()
		worlds = append(worlds, w)
	}
	files, err := filepath.Glob("testdata/regress/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			steps, c, err := readCase(string(raw))
			if err != nil {
				t.Fatal(err)
			}
			fail, err := once(func(stage) []step { return steps }, c, nil, []setting{plain})
			for _, w := range worlds {
				if err == nil {
					err = w.play(steps)
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			if fail == nil {
				fail = c.in(worlds, nil, &tally{})
			}
			if fail != nil {
				t.Errorf("%s: %s\n%s", fail.set.name, fail.kind, fail.text)
			}
		})
	}
}
