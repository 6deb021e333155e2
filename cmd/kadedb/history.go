package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/kadedb/kadedb/cmd/kadedb/syntax"
)

const (
	// mostHistory is how many inputs are kept, and mostHistoryLine their longest.
	mostHistory     = 2000
	mostHistoryLine = 64 << 10
)

// historyFile names the file of the shell's history, "" where the user has no home.
func (a *app) historyFile() string {
	dir := a.env("XDG_STATE_HOME")
	if !filepath.IsAbs(dir) { // the specification wants others to be ignored
		home := a.env("HOME")
		if home == "" {
			var err error
			if home, err = os.UserHomeDir(); err != nil {
				return ""
			}
		}
		dir = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(dir, "kadedb", "history")
}

// history keeps inputs for the editor, and in a file of JSON strings, one a line,
// that its user alone may read. Several shells may add to it at once.
type history struct {
	file   string // "" for none
	lines  []string
	failed func(error) // told once
}

// openHistory reads a history. It is of use, for this run alone, also with an error.
func openHistory(file string) (*history, error) {
	h := &history{}
	if file == "" {
		return h, nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return h, err
	}
	f, err := os.Open(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		h.file = file
		return h, nil
	case err != nil:
		return h, err
	}
	in := newScanner(f, 8*mostHistoryLine)
	for in.Scan() {
		var text string
		if json.Unmarshal(in.Bytes(), &text) == nil && text != "" && printable(strings.ReplaceAll(text, "\t", " ")) == strings.ReplaceAll(text, "\t", " ") {
			h.lines = append(h.lines, text)
		}
	}
	if err := errors.Join(in.Err(), f.Close()); err != nil {
		return h, err
	}
	if len(h.lines) > 2*mostHistory {
		if err := h.shorten(file); err != nil {
			return h, err
		}
	}
	h.lines = h.lines[max(0, len(h.lines)-mostHistory):]
	h.file = file
	return h, nil
}

// shorten writes the file anew, with the last lines alone.
func (h *history) shorten(file string) error {
	f, err := os.CreateTemp(filepath.Dir(file), "history-*")
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	for _, text := range h.lines[len(h.lines)-mostHistory:] {
		if _, err = w.Write(historyLine(text)); err != nil {
			break
		}
	}
	if err = errors.Join(err, w.Flush(), f.Close()); err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

func historyLine(text string) []byte {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string is always JSON
	}
	return append(b, '\n')
}

// Add adds an input, unless it repeats the last one, begins with a space, is very
// long, or may hold a secret.
func (h *history) Add(text string) {
	keep := strings.TrimSpace(text)
	if keep == "" || strings.HasPrefix(text, " ") || len(keep) > mostHistoryLine || secretive(keep) || len(h.lines) > 0 && h.lines[len(h.lines)-1] == keep {
		return
	}
	h.lines = append(h.lines, keep)
	if h.file == "" {
		return
	}
	f, err := os.OpenFile(h.file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = f.Write(historyLine(keep))
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		h.file = ""
		h.failed(err)
	}
}

func (h *history) Len() int { return len(h.lines) }

func (h *history) At(i int) string { return h.lines[i] }

var (
	secretWord  = regexp.MustCompile(`(?i)passw|passphrase|secret|token|credential|api_?key|bearer`)
	secretToken = regexp.MustCompile(`kdb_[A-Za-z0-9_-]{16}`)
)

// secretive reports whether an input may hold a password or a token: it has one of ours,
// or speaks of one and has a string beside it.
func secretive(text string) bool {
	if secretToken.MatchString(text) {
		return true
	}
	if !secretWord.MatchString(text) {
		return false
	}
	if strings.HasPrefix(text, ":param") {
		return true
	}
	for _, t := range syntax.Scan(text) {
		if t.Kind == syntax.String {
			return true
		}
	}
	return false
}
