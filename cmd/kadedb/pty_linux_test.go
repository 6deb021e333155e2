package main

import (
	"bytes"
	"errors"
	"os"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// terminal is the other side of a pseudo-terminal in which the command runs.
type terminal struct {
	t     *testing.T
	f     *os.File
	mu    sync.Mutex
	text  bytes.Buffer
	seen  int // how far until has looked
	ended int // how far interrupt has looked
	done  chan struct{}
	wait  func() int

	process *os.Process
}

// inTerminal runs the command in a terminal of that many columns.
func inTerminal(t *testing.T, columns uint16, r run) *terminal {
	t.Helper()
	f, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(f.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(f.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(int(f.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 40, Col: columns})
	}
	if err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile("/dev/pts/"+itoa(n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	c := r.command()
	c.Stdin, c.Stdout, c.Stderr = slave, slave, slave
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	home := t.TempDir()
	c.Env = append(c.Env, "TERM=xterm-256color", "HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_STATE_HOME="+home, "PAGER=")
	c.Env = append(c.Env, r.env...)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if err := slave.Close(); err != nil {
		t.Fatal(err)
	}
	tm := &terminal{t: t, f: f, done: make(chan struct{}), process: c.Process}
	tm.wait = sync.OnceValue(func() int {
		var exit interface{ ExitCode() int }
		if err := c.Wait(); err != nil && !errors.As(err, &exit) {
			t.Error(err)
		}
		return c.ProcessState.ExitCode()
	})
	go tm.read()
	t.Cleanup(func() {
		if c.ProcessState == nil {
			if err := c.Process.Kill(); err != nil {
				t.Error(err)
			}
			tm.wait()
		}
		<-tm.done
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return tm
}

func itoa(n int) string {
	b := []byte{byte('0' + n%10)}
	for n /= 10; n > 0; n /= 10 {
		b = append([]byte{byte('0' + n%10)}, b...)
	}
	return string(b)
}

// read keeps what the command writes.
func (tm *terminal) read() {
	defer close(tm.done)
	buf := make([]byte, 4096)
	for {
		n, err := tm.f.Read(buf)
		tm.mu.Lock()
		tm.text.Write(buf[:n])
		tm.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (tm *terminal) keys(s string) {
	tm.t.Helper()
	if _, err := tm.f.WriteString(s); err != nil {
		tm.t.Fatal(err)
	}
}

// interrupt ends the statement that runs by Ctrl-C. One that comes before it runs drops a
// line that is empty, and is pressed again.
func (tm *terminal) interrupt() {
	tm.t.Helper()
	for tries := 0; ; tries++ {
		time.Sleep(250 * time.Millisecond)
		tm.keys("\x03")
		for end := time.Now().Add(3 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
			tm.mu.Lock()
			ended := bytes.Contains(tm.text.Bytes()[tm.ended:], []byte("Cancelled"))
			if ended {
				tm.ended = tm.text.Len()
			}
			tm.mu.Unlock()
			if ended {
				tm.until("Cancelled")
				return
			}
		}
		if tries == 5 {
			tm.t.Fatal("Ctrl-C ends nothing")
		}
	}
}

var steering = regexp.MustCompile(`\x1b\[[0-9;?]*[a-zA-Z ]q?`)

// until waits for text on the screen, past what the last call found.
func (tm *terminal) until(want string) string {
	tm.t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		tm.mu.Lock()
		plain := strings.ReplaceAll(steering.ReplaceAllString(tm.text.String(), ""), "\r", "")
		tm.mu.Unlock()
		if tm.seen <= len(plain) {
			if at := strings.Index(plain[tm.seen:], want); at >= 0 {
				from := tm.seen
				tm.seen += at + len(want)
				return plain[from:tm.seen]
			}
		}
		if time.Now().After(end) {
			tm.t.Fatalf("%q did not come; there is\n%s", want, plain)
		}
	}
}

func TestShellInTerminal(t *testing.T) {
	tm := inTerminal(t, 80, run{args: []string{"shell", store(t)}})
	tm.until("kadedb> ")
	tm.keys("RETURN 'caf\u00e9' AS a;\r")
	tm.until("caf\u00e9\n1 row")
	// Ctrl-C drops the line and nothing of what is typed right after it.
	tm.keys("RETURN 2\x03RETURN 20 + 3 AS b;\r")
	tm.until("23\n1 row")
	// It ends a statement that runs, and again the next line is whole.
	tm.keys("UNWIND range(1, 1000000) AS x UNWIND range(1, 1000000) AS y RETURN count(*);\r")
	tm.interrupt()
	tm.keys("RETURN 30 + 4 AS c;\r")
	tm.until("34\n1 row")
	// Wide rows are folded into the terminal.
	tm.keys("UNWIND [1] AS x RETURN range(1, 60) AS l, range(1, 60) AS m;\r")
	shown := tm.until("1 row")
	_, table, _ := strings.Cut(shown, "l ")
	for line := range strings.SplitSeq(table, "\n") {
		if n := len([]rune(line)); n > 80 {
			t.Errorf("a line of %d: %q", n, line)
		}
	}
	if !strings.Contains(table, "60]") || strings.Contains(table, "…") {
		t.Errorf("the table is cut: %s", table)
	}
	tm.keys("\x04")
	if code := tm.wait(); code != exitOK {
		t.Errorf("Ctrl-D ends it with %d", code)
	}
}
