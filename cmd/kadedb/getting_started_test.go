package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// step is a block of commands of docs/getting-started.md and what they print.
type step struct{ commands, want string }

// steps reads the page's blocks.
func steps(t *testing.T, page string) []step {
	t.Helper()
	var out []step
	for _, b := range regexp.MustCompile("(?s)```sh\n(.*?)```(?:\n+```text\n(.*?)```)?").FindAllStringSubmatch(page, -1) {
		out = append(out, step{b[1], b[2]})
	}
	if len(out) < 10 {
		t.Fatalf("the page has %d blocks of commands", len(out))
	}
	return out
}

// printed reports whether a terminal that shows got is one that the page shows: … is
// anything within a line, and as a line by itself any lines.
func printed(got, want string) bool {
	pattern := regexp.QuoteMeta(want)
	pattern = regexp.MustCompile(`(?m)^…\n`).ReplaceAllString(pattern, "(?:.*\n)*?")
	pattern = strings.ReplaceAll(pattern, "…", ".*")
	return regexp.MustCompile("^" + pattern + "$").MatchString(got)
}

// walk is a shell in which commands run one after the other.
type walk struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
	n   int
}

func openWalk(t *testing.T, dir string, env []string) *walk {
	t.Helper()
	c := exec.CommandContext(t.Context(), "bash", "--noprofile", "--norc", "-eo", "pipefail")
	c.Dir, c.Env = dir, env
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c.Stdout, c.Stderr = w, w
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &walk{t: t, cmd: c, in: in, out: bufio.NewReader(r)}
}

// run runs commands and returns what the terminal shows of them.
func (w *walk) run(commands string) (string, error) {
	w.n++
	mark := fmt.Sprintf("---- the end of block %d", w.n)
	if _, err := io.WriteString(w.in, commands+"\necho '"+mark+"'\n"); err != nil {
		return "", err
	}
	var shown strings.Builder
	for {
		line, err := w.out.ReadString('\n')
		if line == mark+"\n" {
			return shown.String(), nil
		}
		shown.WriteString(line)
		if err != nil {
			return shown.String(), fmt.Errorf("the commands failed: %w", err)
		}
	}
}

// foreground is the server of the first terminal.
type foreground struct {
	cmd *exec.Cmd
	mu  sync.Mutex
	out bytes.Buffer
}

// Write takes what the server prints.
func (f *foreground) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.out.Write(p)
}

func (f *foreground) shown() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.out.String()
}

func (f *foreground) stop(t *testing.T) {
	t.Helper()
	if err := f.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := f.cmd.Wait(); err != nil {
		t.Fatalf("the server ends with %v:\n%s", err, f.shown())
	}
}

func serveInForeground(t *testing.T, commands, dir string, env []string) *foreground {
	t.Helper()
	f := &foreground{cmd: exec.CommandContext(t.Context(), "bash", "-c", "exec "+commands)}
	f.cmd.Dir, f.cmd.Env, f.cmd.Stdout, f.cmd.Stderr = dir, env, f, f
	f.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := f.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for range 600 {
		if strings.Contains(f.shown(), "msg=serving") {
			return f
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("the server does not start:\n%s", f.shown())
	return nil
}

// missing names what a block needs that is not here, or "".
func missing(t *testing.T, commands string) string {
	t.Helper()
	switch {
	case strings.Contains(commands, "node "):
		if _, err := exec.LookPath("node"); err != nil {
			return "node"
		}
	case strings.Contains(commands, "pip install"):
		if testing.Short() {
			return "time for Python's packages"
		}
		// Whether the network is there is told by what the page does itself.
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
		defer cancel()
		try := filepath.Join(t.TempDir(), "py")
		for _, args := range [][]string{{"python3", "-m", "venv", try},
			{filepath.Join(try, "bin", "pip"), "download", "--quiet", "--no-deps", "--dest", try, "requests"}} {
			if err := exec.CommandContext(ctx, args[0], args[1:]...).Run(); err != nil {
				return "Python with packages from the network"
			}
		}
	}
	return ""
}

// TestGettingStarted walks the page: its commands run as they stand, but for the port.
// What `git clone` and `go build` would give is there already.
func TestGettingStarted(t *testing.T) {
	raw, err := os.ReadFile("../../docs/getting-started.md")
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := ln.Addr().String()
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "examples"), os.DirFS("../../examples")); err != nil {
		t.Fatal(err)
	}
	env := []string{"PATH=" + filepath.Dir(binary) + ":" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TERM=xterm", "LC_ALL=C.UTF-8", "NO_PROXY=127.0.0.1",
		"KADEDB_LISTEN=" + at, "KADEDB_SERVER=http://" + at, "KADEDB_MEMORY=200MiB"}
	second := openWalk(t, dir, env)
	var first *foreground
	token := ""
	for i, s := range steps(t, strings.ReplaceAll(string(raw), "127.0.0.1:7480", at)) {
		switch {
		case strings.HasPrefix(s.commands, "git clone "):
			if _, err := os.Stat("../../cmd/kadedb/main.go"); err != nil || i != 0 || !strings.Contains(s.commands, "go build -o kadedb ./cmd/kadedb\n") {
				t.Errorf("the page builds something else: %s", s.commands)
			}
		case strings.HasPrefix(s.commands, "kadedb serve"):
			if first != nil {
				first.stop(t)
			}
			first = serveInForeground(t, strings.TrimSpace(s.commands), dir, env)
			if s.want != "" && !printed(first.shown(), s.want) {
				t.Errorf("the server prints\n%s\nthe page has\n%s", first.shown(), s.want)
			}
			if token == "" {
				token = secret.FindString(first.shown())
			}
		default:
			if what := missing(t, s.commands); what != "" {
				t.Logf("SKIPPED, NOT PASSED: without %s these commands were not run:\n%s", what, s.commands)
				continue
			}
			shown, err := second.run(strings.ReplaceAll(s.commands, "kdb_…", token))
			t.Logf("%s%s", s.commands, shown)
			if err != nil || !printed(shown, s.want) {
				t.Errorf("%s\nprints (%v)\n%s\nthe page has\n%s", s.commands, err, shown, s.want)
			}
			if err != nil {
				t.FailNow()
			}
		}
	}
	if err := second.in.Close(); err != nil {
		t.Error(err)
	}
	if err := second.cmd.Wait(); err != nil {
		t.Error(err)
	}
	first.stop(t)
}
