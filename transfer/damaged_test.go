package transfer_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/transfer"
)

// What is no property may hold elements in elements, but not so many that remembering
// those that are open takes the memory.
func TestGraphMLDepth(t *testing.T) {
	for _, c := range []struct {
		depth int
		code  status.Code
	}{{900, 0}, {100_000, status.MalformedFile}} {
		text := `<graphml><graph><node id="a"><x>` + strings.Repeat("<y>", c.depth) + strings.Repeat("</y>", c.depth) + `</x></node></graph></graphml>`
		sum, err := importBytes(t, "deep.graphml", []byte(text))
		if c.code == 0 && (err != nil || sum.Nodes != 1) || c.code != 0 && status.CodeOf(err) != c.code {
			t.Errorf("depth %d: %d nodes, %v", c.depth, sum.Nodes, err)
		}
	}
}

// What is wrong with a compressed file is told as that, and not as a file that is missing.
func TestImportCutGzip(t *testing.T) {
	_, err := importBytes(t, "cut.csv.gz", []byte("\x1f\x8b\x08garbagegarbage"))
	if status.CodeOf(err) != status.MalformedFile {
		t.Errorf("got %v", err)
	}
}

func importBytes(t *testing.T, name string, content []byte) (kadedb.ImportSummary, error) {
	t.Helper()
	db, err := kadedb.OpenTemporary(&kadedb.Options{Memory: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return db.Import(context.Background(), kadedb.ImportSpec{Nodes: []transfer.File{{Path: path, Name: "N"}}})
}
