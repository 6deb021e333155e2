package packaging_test

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// environment returns what the image's ENV lines set.
func environment(t *testing.T, dockerfile string) map[string]string {
	t.Helper()
	env := map[string]string{}
	for _, line := range strings.Split(dockerfile, "\n") {
		if rest, ok := strings.CutPrefix(line, "ENV "); ok {
			for _, pair := range strings.Fields(rest) {
				k, v, ok := strings.Cut(pair, "=")
				if !ok {
					t.Fatalf("ENV %s", pair)
				}
				env[k] = v
			}
		}
	}
	return env
}

// TestScratchImage builds the program as the image does, and runs it with its settings as
// its user in a root that holds what the image holds: it must start, keep data, know
// time zones, and find itself healthy.
func TestScratchImage(t *testing.T) {
	switch {
	case runtime.GOOS != "linux" || os.Getuid() != 0:
		t.Skip("SKIPPED: a root of its own takes Linux and root")
	case testing.Short():
		t.Skip("builds the program without cgo")
	}
	page, err := os.ReadFile("Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "RUN CGO_ENABLED=0 go build ") {
		t.Fatal("the Dockerfile builds in another way")
	}
	root, err := os.MkdirTemp("", "kadedb-image-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(root)
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	// Without -trimpath, which would have all of it built a second time.
	cmd := exec.Command("go", "build", "-ldflags=-w", "-o", filepath.Join(root, "kadedb"), "../cmd/kadedb")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, dir := range []string{"data", "tmp"} {
		p := filepath.Join(root, dir)
		if err := os.Mkdir(p, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(p, 65532, 65532); err != nil {
			t.Fatal(err)
		}
	}
	port := freePort(t)
	var env []string
	for k, v := range environment(t, string(page)) {
		env = append(env, k+"="+strings.ReplaceAll(v, ":7480", ":"+port))
	}
	inside := func(args ...string) *exec.Cmd {
		c := exec.CommandContext(t.Context(), "/kadedb", args...)
		c.Path, c.Dir, c.Env, c.Err = "/kadedb", "/", env, nil
		c.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: 65532, Gid: 65532}}
		return c
	}
	var log bytes.Buffer
	server := inside("serve")
	server.Stderr = &log
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	ready := false
	for range 200 {
		if ready = inside("status").Run() == nil; ready {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err := server.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if err := server.Wait(); err != nil || !ready {
		t.Fatalf("ready: %v, ended: %v\n%s", ready, err, log.String())
	}
	out, err := inside("query", "/data", "CREATE (n:A {at: datetime('2026-07-01T12:00:00[Europe/Berlin]')}) RETURN n.at AS at", "--format", "csv").Output()
	if err != nil || !strings.Contains(string(out), "2026-07-01T12:00+02:00[Europe/Berlin]") {
		t.Errorf("%v: %s", err, out)
	}
	if inside("status", "--server", "http://127.0.0.1:"+port).Run() == nil {
		t.Error("a server that has stopped is healthy")
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	return port
}

// TestUnit has systemd read the unit, and its settings be settings.
func TestUnit(t *testing.T) {
	tool, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("SKIPPED: systemd-analyze is not here")
	}
	unit, err := os.ReadFile("kadedb.service")
	if err != nil {
		t.Fatal(err)
	}
	// A program that is there stands for ours.
	copied := filepath.Join(t.TempDir(), "kadedb.service")
	text := strings.ReplaceAll(string(unit), "/usr/local/bin/kadedb", "/bin/sh")
	if text == string(unit) {
		t.Fatal("the unit starts another program")
	}
	if err := os.WriteFile(copied, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, tool, "verify", "--man=no", copied).CombinedOutput()
	if err != nil || strings.Contains(string(out), "kadedb.service") {
		t.Errorf("%v: %s", err, out)
	}
}
