package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kadedb/kadedb/status"
)

// Every code of the table has an exit code, and each exit code stands in the manual and
// in docs/cli.md with the same words.
func TestExitCodesAreDocumented(t *testing.T) {
	b, err := os.ReadFile("../../docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	known := map[int]bool{}
	for _, e := range exitMeanings {
		known[e.code] = true
		if line := fmt.Sprintf("| %d | %s |", e.code, e.meaning); !strings.Contains(string(b), line) {
			t.Errorf("docs/cli.md lacks %s", line)
		}
	}
	if n := strings.Count(string(b[strings.Index(string(b), "## Exit codes"):]), "\n| ") - 2; n != len(exitMeanings) {
		t.Errorf("docs/cli.md lists %d exit codes, not %d", n, len(exitMeanings))
	}
	used := map[int]bool{exitOK: true}
	for _, info := range status.Table() {
		code := exitCode(status.New(info.Code))
		if !known[code] {
			t.Errorf("%s ends with %d", info.Name, code)
		}
		used[code] = true
	}
	for code := range known {
		if !used[code] {
			t.Errorf("nothing ends with %d", code)
		}
	}
}

// Each exit code is reached, and with --json standard error says the same.
func TestExitCodes(t *testing.T) {
	dir := store(t)
	damaged := filepath.Join(t.TempDir(), "damaged")
	if err := os.CopyFS(damaged, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(damaged, "blocks.db")); err != nil {
		t.Fatal(err)
	}
	d := serve(t, "--data", filepath.Join(t.TempDir(), "served"))
	admin := secret.FindString(d.errs.String())
	at := func(token string, args ...string) run {
		return run{args: append(args, "--server", d.url, "--token", token)}
	}
	out, errs, code := at(admin, "token", "create", "--role", "reader").do(t)
	reader := strings.TrimSpace(out)
	if code != 0 {
		t.Fatal(errs)
	}
	for _, c := range []struct {
		name string
		run  run
		code int
	}{
		{"ok", run{args: []string{"query", dir, "RETURN 1"}}, exitOK},
		{"command", run{args: []string{"qurey"}}, exitUsage},
		{"flag", run{args: []string{"query", dir, "RETURN 1", "--formt", "csv"}}, exitUsage},
		{"setting", run{args: []string{"query", dir, "RETURN 1", "--memory", "much"}}, exitUsage},
		{"format", run{args: []string{"query", dir, "RETURN 1", "--format", "xml"}}, exitUsage},
		{"completion", run{args: []string{"completion", "tcsh"}}, exitUsage},
		{"token", at("kdb_wrong", "query", "RETURN 1"), exitToken},
		{"role", at(reader, "query", "CREATE (:A)"), exitForbidden},
		{"no such token", at(admin, "token", "revoke", "nosuch"), exitNotFound},
		{"statement", run{args: []string{"query", dir, "RETURN nme"}}, exitInvalid},
		{"statement of a server", at(admin, "query", "RETURN 1/0"), exitInvalid},
		{"import", run{args: []string{"import", "--data", filepath.Join(t.TempDir(), "new"), "--nodes", "A=nosuch.csv"}}, exitNotFound},
		{"export", run{args: []string{"export", "--data", dir, "--query", "RETURN x"}}, exitInvalid},
		{"no store", run{args: []string{"check", dir + "-not"}}, exitInvalid},
		{"limit", run{args: []string{"query", dir, "--query-time", "50ms", "UNWIND range(1, 1000000) AS x UNWIND range(1, 1000000) AS y RETURN count(*)"}}, exitLimit},
		{"no server", run{args: []string{"query", "RETURN 1", "--server", "http://127.0.0.1:1"}}, exitUnavailable},
		{"damage", run{args: []string{"check", damaged}}, exitDamage},
	} {
		c.run.args = append(c.run.args, "--json")
		out, errs, code := c.run.do(t)
		if code != c.code {
			t.Errorf("%s: code %d, want %d: %s%s", c.name, code, c.code, out, errs)
		}
		checkJSON(t, c.name, errs, c.code)
	}
	d.signal(os.Interrupt)
	d.wait()
}

// checkJSON checks that standard error is an object a line, the last of them an error
// where the exit code is one.
func checkJSON(t *testing.T, name, errs string, code int) {
	t.Helper()
	last := ""
	for line := range strings.SplitSeq(strings.TrimSuffix(errs, "\n"), "\n") {
		if line != "" && !json.Valid([]byte(line)) {
			t.Errorf("%s: %q is no JSON", name, line)
		}
		last = line
	}
	if code == exitOK {
		return
	}
	var e struct {
		Error struct {
			Code, Name, Message string
			Exit                int `json:"exit_code"`
		}
	}
	if err := json.Unmarshal([]byte(last), &e); err != nil || e.Error.Exit != code || !strings.HasPrefix(e.Error.Code, "KDB-") || e.Error.Message == "" {
		t.Errorf("%s: %q says %+v, %v", name, last, e, err)
	}
}

func TestExitOfAConflict(t *testing.T) {
	d := serve(t, "--data", filepath.Join(t.TempDir(), "served"), "--auth", "off")
	if out, errs, code := (run{args: []string{"query", "--server", d.url, "CREATE (:A {n: 1})"}}).do(t); code != 0 {
		t.Fatal(out, errs)
	}
	c := run{args: []string{"shell", "--json", "--server", d.url}}.command()
	c.Stdin = nil
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	errs, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	say := func(s string) {
		if _, err := io.WriteString(in, s); err != nil {
			t.Fatal(err)
		}
	}
	say(":begin\nMATCH (a:A) SET a.n = 2;\n")
	lines := bufio.NewScanner(errs)
	for lines.Scan() && !strings.Contains(lines.Text(), "properties set 1") {
	}
	if out, errs, code := (run{args: []string{"query", "--server", d.url, "MATCH (a:A) SET a.n = 3"}}).do(t); code != 0 {
		t.Fatal(out, errs)
	}
	say(":commit\n")
	all := ""
	for lines.Scan() {
		all += lines.Text() + "\n"
	}
	if err := c.Wait(); err == nil || c.ProcessState.ExitCode() != exitConflict {
		t.Errorf("a conflict ends with %v: %s", err, all)
	}
	checkJSON(t, "conflict", all, exitConflict)
}

func TestExitOfAnInterrupt(t *testing.T) {
	dir := store(t)
	for wait := 300 * time.Millisecond; ; wait *= 2 {
		c := run{args: []string{"query", dir, "--json", "UNWIND range(1, 1000000) AS x UNWIND range(1, 1000000) AS y RETURN count(*)"}}.command()
		var errs strings.Builder
		c.Stderr = &errs
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(wait)
		if err := c.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		err := c.Wait()
		if c.ProcessState.ExitCode() == -1 && wait < 5*time.Second {
			continue // it had not begun
		}
		if err == nil || c.ProcessState.ExitCode() != exitInterrupted {
			t.Errorf("an interrupt ends with %v: %s", err, &errs)
		}
		checkJSON(t, "interrupt", errs.String(), exitInterrupted)
		return
	}
}
