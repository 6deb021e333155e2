package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// Help fits a terminal of 80 columns, but for examples, and the manual and docs/cli.md
// know every command.
func TestHelp(t *testing.T) {
	docs, err := os.ReadFile("../../docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	page, errs, code := run{args: []string{"man"}}.do(t)
	if code != 0 {
		t.Fatal(errs)
	}
	root := (&app{}).rootCommand()
	for _, cmd := range allCommands(root) {
		if cmd == root || cmd.Name() == "help" {
			continue
		}
		words := strings.Fields(cmd.CommandPath())[1:]
		out, errs, code := run{args: append(words, "--help")}.do(t)
		if code != 0 || errs != "" || !strings.Contains(out, "\nUsage:\n  "+cmd.CommandPath()) {
			t.Errorf("%s --help ends with %d: %s%s", cmd.CommandPath(), code, out, errs)
		}
		free := false // of the limit: examples and indented text
		for line := range strings.SplitSeq(out, "\n") {
			switch {
			case line == "Examples:":
				free = true
			case line == "":
				free = false
			}
			if n := utf8.RuneCountInString(line); n > 80 && !free && !strings.HasPrefix(line, "  ") {
				t.Errorf("%s --help has a line of %d: %s", cmd.CommandPath(), n, line)
			}
		}
		if again, _, _ := (run{args: append([]string{"help"}, words...)}).do(t); again != out {
			t.Errorf("help %s says something else", strings.Join(words, " "))
		}
		if !strings.Contains(page, "\n.SS "+roff(cmd.CommandPath())) {
			t.Errorf("the manual lacks %s", cmd.CommandPath())
		}
		if !strings.Contains(string(docs), "| `"+words[0]) {
			t.Errorf("docs/cli.md lacks %s", words[0])
		}
	}
	for _, f := range formats() {
		if !strings.Contains(string(docs), "`"+f+"`") {
			t.Errorf("docs/cli.md lacks the format %s", f)
		}
	}
	for args, want := range map[string]string{"help nosuch": "`kadedb nosuch`", "help token lst": "did you mean `kadedb token list`?", "token lst": "did you mean `kadedb token list`?",
		"shel": "did you mean `kadedb shell`?", "token list a b": "takes at most one argument, not 2", "check": "takes one argument, not 0"} {
		if out, errs, code := (run{args: strings.Fields(args)}).do(t); code != exitUsage || !strings.Contains(errs, want) || out != "" {
			t.Errorf("%s ends with %d: %s%s", args, code, out, errs)
		}
	}
}

// A manual's line that begins with a point or a quote is a request, and every one of ours
// is known.
func TestManual(t *testing.T) {
	page, _, _ := run{args: []string{"man"}}.do(t)
	requests := []string{".TH", ".SH", ".SS", ".TP", ".B", ".I", ".PP", ".EX", ".EE"}
	for line := range strings.SplitSeq(page, "\n") {
		name, _, _ := strings.Cut(line, " ")
		if strings.HasPrefix(line, "'") || strings.HasPrefix(line, ".") && !slices.Contains(requests, name) {
			t.Errorf("the manual has a line %q", line)
		}
	}
	for _, want := range []string{"\\fB\\-\\-query\\-time\\fR, \\fBKADEDB_QUERY_TIME\\fR (60s)", ".B 130\n", "\\fB\\-f\\fR, \\-\\-file"} {
		if !strings.Contains(page, want) && !strings.Contains(page, strings.ReplaceAll(want, `\fR, \-\-file`, `\fR, \fB\-\-file`)) {
			t.Errorf("the manual lacks %s", want)
		}
	}
}

func TestCompletion(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"query", "--format", ""}, "table box line markdown csv tsv json ndjson dot svg :4"},
		{[]string{"export", "--format", ""}, "csv jsonl parquet arrow graphml :4"},
		{[]string{"token", "create", "--role", ""}, "reader writer admin :4"},
		{[]string{"serve", "--log-format", ""}, "text json :4"},
		{[]string{"completion", ""}, "bash zsh fish :4"},
		{[]string{"check", ""}, ":16"},
		{[]string{"import", "--data", ""}, ":16"},
		{[]string{"import", "--nodes", ""}, ":0"},
		{[]string{"help", "token", ""}, "create list revoke :4"},
		{[]string{"qu"}, "query :4"},
	} {
		out, _, code := run{args: append([]string{"__complete"}, c.args...)}.do(t)
		var got []string
		for line := range strings.Lines(out) {
			word, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
			got = append(got, word)
		}
		if text := strings.Join(got, " "); code != 0 || text != c.want {
			t.Errorf("%q is completed by %q, not %q", c.args, text, c.want)
		}
	}
	for _, shell := range []string{"bash", "zsh", "fish"} {
		out, errs, code := run{args: []string{"completion", shell}}.do(t)
		if code != 0 || !strings.Contains(out, "__complete") {
			t.Errorf("%s: %d %s", shell, code, errs)
		}
		path, err := exec.LookPath(shell)
		if err != nil {
			continue
		}
		c := exec.Command(path, "-n")
		c.Stdin = strings.NewReader(out)
		if text, err := c.CombinedOutput(); err != nil {
			t.Errorf("%s does not take the script: %v %s", shell, err, text)
		}
	}
}

// The format svg is what Graphviz makes of dot.
func TestPictures(t *testing.T) {
	dir := store(t)
	const text = "MATCH (a:A) RETURN a ORDER BY a.n"
	graph, errs, code := run{args: []string{"query", dir, "--format", "dot", text}}.do(t)
	if code != 0 || !strings.HasPrefix(graph, "digraph kadedb {\n") || strings.Count(graph, `[label="A\n`) != 2 {
		t.Fatalf("dot gives %s%s", graph, errs)
	}
	bin := t.TempDir()
	if _, errs, code := (run{args: []string{"query", dir, "--format", "svg", text}, env: []string{"PATH=" + bin}}).do(t); code != exitUsage || !strings.Contains(errs, "--format dot") {
		t.Errorf("without Graphviz it ends with %d: %s", code, errs)
	}
	for script, want := range map[string]string{"echo \"<svg $1>\"; cat": "<svg -Tsvg>\n" + graph, "cat >/dev/null; echo syntax error >&2; exit 1": ""} {
		if err := os.WriteFile(filepath.Join(bin, "dot"), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		out, errs, code := run{args: []string{"query", dir, "--format", "svg", text}, env: []string{"PATH=" + bin + ":/usr/bin:/bin"}}.do(t)
		if out != want || (code == 0) != (want != "") || want == "" && !strings.Contains(errs, "syntax error") {
			t.Errorf("svg gives %d %s%s", code, out, errs)
		}
	}
}
