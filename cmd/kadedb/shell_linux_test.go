package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A terminal that cannot be steered gets no sequences, and the same shell.
func TestShellInDumbTerminal(t *testing.T) {
	dir := store(t)
	if _, errs, code := (run{args: []string{"query", dir, "CREATE CONSTRAINT unique_A_n FOR (a:A) REQUIRE a.n IS UNIQUE"}}).do(t); code != 0 {
		t.Fatal(errs)
	}
	for _, kind := range []string{"TERM=dumb", "TERM="} {
		tm := inTerminal(t, 80, run{args: []string{"shell", dir}, env: []string{kind}})
		tm.until("kadedb> ")
		tm.keys("MATCH (a:A)\n")
		tm.until("     -> ")
		tm.keys("RETURN a.n AS n ORDER BY n;\n")
		tm.until("2\n2 rows")
		tm.keys("RETURN 'dropped\n")
		tm.until("     -> ")
		tm.keys("\x03")
		tm.until("kadedb> ")
		tm.keys("UNWIND range(1, 1000000) AS x UNWIND range(1, 1000000) AS y RETURN count(*);\n")
		tm.interrupt()
		tm.keys(":begin\n")
		tm.until("kadedb(tx)> ")
		tm.keys("help\n")
		tm.until(":rollback")
		for _, text := range drawn {
			tm.keys(text + "\n")
			tm.until("ms)")
		}
		tm.keys(":schema\n")
		tm.until("unique_A_n")
		tm.keys("\x04")
		if code := tm.wait(); code != exitOK {
			t.Errorf("%s: Ctrl-D ends it with %d", kind, code)
		}
		tm.mu.Lock()
		if all := tm.text.String(); strings.Contains(all, "\x1b") {
			t.Errorf("%s: it sends %q", kind, all)
		} else if at := strings.IndexFunc(all, beyondASCII); at >= 0 {
			t.Errorf("%s: it draws %q", kind, all[max(0, at-40):min(len(all), at+40)])
		}
		tm.mu.Unlock()
	}
}

func beyondASCII(r rune) bool { return r > 127 }

// drawn are statements whose answers are drawn.
var drawn = []string{
	"UNWIND range(1, 3) AS x RETURN range(1, 900) AS l, x;", // folded, and cut after twenty lines
	"MATCH p = (:A)-->(:A) RETURN p;",
	"EXPLAIN MATCH (a:A)-[:T]->(b:A) WHERE a.n = 1 AND b.n > 2 AND a.name STARTS WITH 'a very long text that a plan does not show to its end' RETURN a, b;",
	"PROFILE MATCH (a:A)-[:T]->(b:A) RETURN a.n, count(b);",
}

// What is written for people is of ASCII also in a pipe, where the terminal or the locale
// has nothing else, and what is stored stays as it is.
func TestASCIIAlone(t *testing.T) {
	dir := store(t)
	if _, errs, code := (run{args: []string{"query", dir, "MATCH (a:A {n: 1}), (b:A {n: 2}) CREATE (a)-[:T]->(b)"}}).do(t); code != 0 {
		t.Fatal(errs)
	}
	script := strings.Join(drawn, "\n") + "\n:schema\n:help\n:format box\nMATCH (a:A) RETURN a;\n:format line\nMATCH (a:A) RETURN a;\n"
	var args [][]string
	for _, c := range []string{"serve", "query", "shell", "import", "export", "check", "status", "compact", "token", "config", "man", "completion"} {
		args = append(args, []string{"help", c})
	}
	args = append(args, []string{"shell", dir}, []string{"status", dir}, []string{"query", dir, "RETURN LIST<INTEGER> IS TYPED FOO"}, []string{"query", dir, "UNWIND range(1, 2) AS x RETURN '\u2028' AS c"})
	for _, env := range [][]string{{"TERM=dumb"}, {"LC_ALL=C"}, {"LC_ALL=", "LC_CTYPE=", "LANG=de_DE.ISO-8859-1"}} {
		for _, a := range args {
			out, errs, _ := run{args: a, env: env, stdin: script}.do(t)
			if all := out + errs; all == "" || strings.ContainsFunc(strings.ReplaceAll(all, "\ufffd", "?"), beyondASCII) {
				t.Errorf("%v %q prints %s", env, a, all)
			}
		}
		if out, _, _ := (run{args: []string{"query", dir, "RETURN 'é → …' AS é"}, env: env}).do(t); !strings.Contains(out, "é → …") {
			t.Errorf("%v: what is stored comes as %s", env, out)
		}
	}
	for _, env := range [][]string{nil, {"LC_ALL=", "LC_CTYPE=", "LANG=en_GB.utf8"}, {"LC_ALL=", "LC_CTYPE=", "LANG="}} {
		if out, errs, _ := (run{args: []string{"shell", dir}, env: env, stdin: script}).do(t); !strings.Contains(out, "│") || !strings.Contains(out, "→") {
			t.Errorf("%v prints %s%s", env, out, errs)
		}
	}
}

func TestShellEdits(t *testing.T) {
	home := t.TempDir()
	shell := run{args: []string{"shell", store(t)}, env: []string{"XDG_STATE_HOME=" + home, "PAGER="}}
	tm := inTerminal(t, 80, shell)
	tm.until("kadedb> ")
	// A statement of several lines, of which an earlier one is mended.
	tm.keys("MATCH (a:A)\rRETURN a.n AS n\x1b[A ORDER BY n")
	tm.keys("\x15MATCH (a:A {n: 2})\x1b[B\x05;\r")
	tm.until("─\n2\n1 row")
	// Completion knows what the store holds, also what has come just now.
	tm.keys("CREATE (:Fresh {colour: 'red'});\r")
	tm.until("nodes created 1")
	tm.keys("MATCH (f:Fre\t) RETURN f.\t;\r") // its only property
	tm.until("red\n1 row")
	tm.keys("retu\t toUpp\t'x') AS up;\r")
	tm.until("X\n1 row")
	tm.keys(":para\t q 41\r")
	tm.keys("RETURN $\t + 1 AS b;\r")
	tm.until("42\n1 row")
	// Secrets are not kept, nor what begins with a space.
	tm.keys("RETURN 'geheim' AS password;\r")
	tm.until("geheim\n1 row")
	tm.keys(" RETURN 5 AS private;\r")
	tm.until("5\n1 row")
	tm.keys(":begin\r")
	tm.until("done")
	tm.until("kadedb(tx)> ")
	tm.keys("CREATE (:Gone);\r")
	tm.until("nodes created 1")
	tm.keys(":quit\r")
	if code := tm.wait(); code != exitOK {
		t.Errorf(":quit ends it with %d", code)
	}
	file := filepath.Join(home, "kadedb", "history")
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the history is %v, %v", info, err)
	}
	b, err := os.ReadFile(file)
	if err != nil || strings.Contains(string(b), "geheim") || strings.Contains(string(b), "private") || !strings.Contains(string(b), `MATCH (f:Fresh) RETURN f.colour;`) {
		t.Errorf("the history holds %s, %v", b, err)
	}
	// The next shell finds it, and not what the transaction had done.
	tm = inTerminal(t, 80, shell)
	tm.until("kadedb> ")
	tm.keys("\x12fresh) return\r")
	tm.until("red\n1 row")
	tm.keys("MATCH (g:Gone) RETURN count(g) AS c;\r")
	tm.until("─\n0\n1 row")
	tm.keys("exit\r") // a habit
	if code := tm.wait(); code != exitOK {
		t.Errorf("exit ends it with %d", code)
	}
}

func TestShellPager(t *testing.T) {
	dir := store(t)
	tm := inTerminal(t, 80, run{args: []string{"shell", dir}, env: []string{"PAGER=sed s/^9/nine/; echo end of the pager"}})
	tm.until("kadedb> ")
	tm.keys("UNWIND range(1, 9) AS x RETURN x;\r")
	if shown := tm.until("9 rows"); strings.Contains(shown, "pager") || !strings.Contains(shown, "\n9\n") {
		t.Errorf("few rows go to the pager: %s", shown)
	}
	tm.keys("UNWIND range(9, 99) AS x RETURN x % 10 AS y;\r")
	if shown := tm.until("91 rows"); !strings.Contains(shown, "nine\n") || !strings.Contains(shown, "end of the pager") {
		t.Errorf("many rows do not go to the pager: %s", shown)
	}
	tm.keys(":pager off\r")
	tm.keys("UNWIND range(1, 99) AS x RETURN x;\r")
	if shown := tm.until("99 rows"); strings.Contains(shown, "end of the pager") {
		t.Errorf("the pager is not off: %s", shown)
	}
	tm.keys("\x04")
	tm.wait()
	// A pager that is left early ends the statement and not the shell.
	tm = inTerminal(t, 80, run{args: []string{"shell", dir}, env: []string{"PAGER=head -3 | sed 's/^/> /'"}})
	tm.until("kadedb> ")
	tm.keys("UNWIND range(1, 1000) AS x UNWIND range(1, 1000) AS y RETURN x;\r")
	tm.until("the rest was not asked for")
	tm.keys("RETURN 7 AS seven;\r")
	tm.until("7\n1 row")
	tm.keys("\x04")
	tm.wait()
}

// Whom nobody answers is told before the first prompt, folded into the terminal.
func TestShellGreets(t *testing.T) {
	tm := inTerminal(t, 40, run{args: []string{"shell", "--server", "http://127.0.0.1:1"}})
	if code := tm.wait(); code != exitUnavailable {
		t.Errorf("it ends with %d", code)
	}
	for line := range strings.SplitSeq(tm.until("hint:"), "\n") {
		if len([]rune(line)) > 40 {
			t.Errorf("a line of %d: %s", len(line), line)
		}
	}
}

func TestShellEndedBySignal(t *testing.T) {
	tm := inTerminal(t, 80, run{args: []string{"shell", store(t)}})
	tm.until("kadedb> ")
	tm.keys("RETURN 1")
	tm.until("RETURN 1")
	if err := tm.process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	tm.until("ended by a signal")
	if code := tm.wait(); code != exitInterrupted {
		t.Errorf("SIGTERM ends it with %d", code)
	}
}
