package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Who runs check is not told to run it.
func TestCheckOfDamage(t *testing.T) {
	for name, damage := range map[string]func(dir string) error{
		"no blocks":  func(dir string) error { return os.Remove(filepath.Join(dir, "blocks.db")) },
		"cut blocks": func(dir string) error { return os.Truncate(filepath.Join(dir, "blocks.db"), 8<<10) },
		"one page":   func(dir string) error { return os.Truncate(filepath.Join(dir, "blocks.db"), 4<<10) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "store")
			if err := os.CopyFS(dir, os.DirFS(store(t))); err != nil {
				t.Fatal(err)
			}
			if err := damage(dir); err != nil {
				t.Fatal(err)
			}
			_, errs, code := run{args: []string{"check", dir}}.do(t)
			if code != exitDamage || strings.Contains(errs, "kadedb check") || !strings.Contains(errs, "restore a backup") {
				t.Errorf("exit code %d: %s", code, errs)
			}
		})
	}
}
