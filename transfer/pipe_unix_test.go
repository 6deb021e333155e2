//go:build unix

package transfer_test

import (
	"context"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/transfer"
)

// TestPipe: a named pipe is refused, rather than waited for.
func TestPipe(t *testing.T) {
	name := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := kadedb.OpenTemporary(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	_, err = db.Import(context.Background(), kadedb.ImportSpec{Nodes: []transfer.File{{Name: "P", Path: name}}})
	if status.CodeOf(err) != status.FileNotFound || status.From(err).Hint == "" {
		t.Errorf("a named pipe: %v", err)
	}
}
