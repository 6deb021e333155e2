package query_test

import (
	"bufio"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kadedb/kadedb/query"
	"github.com/kadedb/kadedb/status"
)

// TestIsolation plays scripts of several transactions. A line is
//
//	WHO statement => rows, or the name of an error, or nothing in particular
//
// with BEGIN, COMMIT and ROLLBACK among the statements; WHO "-" is a statement by
// itself. A script begins with "== name". After its last line what is still open is rolled
// back.
func TestIsolation(t *testing.T) {
	files, err := filepath.Glob("testdata/isolation/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		var name string
		var lines []string
		n := 0
		flush := func() {
			if name != "" {
				n++
				t.Run(name, func(t *testing.T) { play(t, lines) })
			}
			lines = nil
		}
		for s := bufio.NewScanner(f); s.Scan(); {
			line := strings.TrimSpace(s.Text())
			switch {
			case strings.HasPrefix(line, "== "):
				flush()
				name = line[3:]
			case line != "" && line[0] != '#':
				lines = append(lines, line)
			}
		}
		flush()
		if n == 0 {
			t.Errorf("%s holds no script", file)
		}
	}
}

func play(t *testing.T, lines []string) {
	h := open(t, nil)
	open := map[string]*query.Tx{}
	for _, line := range lines {
		who, rest, _ := strings.Cut(line, " ")
		text, wanted, checked := strings.Cut(rest, "=>")
		text, wanted = strings.TrimSpace(text), strings.TrimSpace(wanted)
		got, err := step(h, open, who, text)
		if err != nil {
			got = status.From(err).Code.Info().Name
		}
		if checked && got != wanted || !checked && err != nil {
			t.Fatalf("%s\ngot %s (%v)", line, got, err)
		}
	}
	for _, tx := range open {
		if err := tx.Rollback(); err != nil {
			t.Error(err)
		}
	}
	h.idle()
}

func step(h *house, open map[string]*query.Tx, who, text string) (string, error) {
	switch text {
	case "COMMIT":
		return "", open[who].Commit(context.Background())
	case "ROLLBACK":
		return "", open[who].Rollback()
	case "BEGIN":
		open[who] = h.begin()
		return "", nil
	case "BEGIN SERIALIZABLE":
		_, err := h.Begin(context.Background(), query.TxOptions{Isolation: "serializable"})
		return "", err
	}
	got, _, err := h.ask(query.Request{Text: text, Tx: open[who]})
	return got, err
}
