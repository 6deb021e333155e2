//go:build unix

package transfer_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/status"
)

// TestFolderLinks: no link in a folder of an export is followed, wherever it leads.
func TestFolderLinks(t *testing.T) {
	outside := t.TempDir()
	for _, name := range []string{"nodes-A.csv", "relationships-R.jsonl", "graph.graphml", "schema.kadeql", "nodes.parquet"} {
		target := filepath.Join(outside, name)
		if err := os.WriteFile(target, []byte("id:ID\n1\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, to := range []string{target, "x.csv", filepath.Join(outside, "nothing")} {
			dir := t.TempDir()
			for _, plain := range []string{"x.csv", "nodes-B.csv"} {
				if err := os.WriteFile(filepath.Join(dir, plain), []byte("id:ID\n2\n"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
			var spec kadedb.ImportSpec
			if _, err := spec.Folder(dir); status.CodeOf(err) != status.ImportDirRefused || !strings.Contains(err.Error(), name) {
				t.Errorf("%s, a link to %s: %v", name, to, err)
			}
		}
	}
}

// TestFolderLinkLater: a file that became a link after the folder was looked at is refused, too.
func TestFolderLinkLater(t *testing.T) {
	dir, outside := t.TempDir(), filepath.Join(t.TempDir(), "secret.csv")
	name := filepath.Join(dir, "nodes-A.csv")
	for _, file := range []string{name, outside} {
		if err := os.WriteFile(file, []byte("id:ID\n2\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var spec kadedb.ImportSpec
	if _, err := spec.Folder(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, name); err != nil {
		t.Fatal(err)
	}
	db, err := kadedb.OpenTemporary(&kadedb.Options{Memory: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Import(t.Context(), spec); status.CodeOf(err) != status.ImportDirRefused {
		t.Errorf("%v", err)
	}
}
