//go:build unix

package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A store that this user may not write is read all the same, and one that it may not
// read is no fault of ours.
func TestFolderOfAnotherUser(t *testing.T) {
	made := store(t)
	home, err := os.MkdirTemp("", "kadedb-test-")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(home, "store")
	if err := errors.Join(os.Chmod(home, 0o755), os.Rename(made, dir), os.Link(binary, filepath.Join(home, "kadedb"))); err != nil {
		t.Fatal(err)
	}
	rights := func(folder, file fs.FileMode) {
		t.Helper()
		var files []string
		err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
			files = append(files, name)
			return err
		})
		for _, name := range files {
			mode := file
			if info, serr := os.Stat(name); serr == nil && info.IsDir() {
				mode = folder
			}
			err = errors.Join(err, os.Chmod(name, mode))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		rights(0o755, 0o644)
		if err := os.RemoveAll(home); err != nil {
			t.Error(err)
		}
	})
	do := func(args ...string) (out, errs string, code int) {
		t.Helper()
		c := run{args: args}.command()
		c.Path = filepath.Join(home, "kadedb")
		if os.Getuid() == 0 {
			c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		}
		var o, e bytes.Buffer
		c.Stdout, c.Stderr, c.Dir = &o, &e, home
		err := c.Run()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		return o.String(), e.String(), c.ProcessState.ExitCode()
	}

	rights(0o555, 0o444)
	if out, errs, code := do("query", dir, "MATCH (a:A) RETURN count(a) AS n", "--format", "csv"); code != 0 || out != "n\n2\n" || !strings.Contains(errs, "for reading alone") {
		t.Errorf("reading gives %d %q %s", code, out, errs)
	}
	if _, errs, code := do("query", dir, "CREATE (:A)"); code != exitInvalid || !strings.Contains(errs, "KDB-7007") {
		t.Errorf("writing gives %d %s", code, errs)
	}
	if _, errs, code := do("serve", "--data", dir, "--listen", "127.0.0.1:0"); code != exitDisk || !strings.Contains(errs, "KDB-7009") ||
		!strings.Contains(errs, "LOCK") || !strings.Contains(errs, "hint: give this user") {
		t.Errorf("serving gives %d %s", code, errs)
	}
	rights(0o555, 0o400)
	if os.Getuid() != 0 {
		rights(0o555, 0)
	}
	if _, errs, code := do("query", dir, "RETURN 1"); code != exitDisk || !strings.Contains(errs, "KDB-7009") || !strings.Contains(errs, "hint: give this user") {
		t.Errorf("an unreadable file gives %d %s", code, errs)
	}
	rights(0, 0o400)
	if os.Getuid() == 0 {
		rights(0o700, 0o400)
	}
	if _, errs, code := do("query", "--data", dir, "RETURN 1"); code != exitDisk || !strings.Contains(errs, "KDB-7009") {
		t.Errorf("an unreadable folder gives %d %s", code, errs)
	}
}
