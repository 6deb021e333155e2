package python_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/auth"
	"github.com/kadedb/kadedb/server/front"
	"github.com/kadedb/kadedb/server/rest"
	"github.com/kadedb/kadedb/transfer"
)

// interpreter returns a Python that has the packages: the one in KADEDB_TEST_PYTHON, or an
// environment in the user's cache, which is made once.
func interpreter(t *testing.T) string {
	t.Helper()
	const skipped = "SKIPPED, NOT PASSED: docs/python.md was not run: "
	if p := os.Getenv("KADEDB_TEST_PYTHON"); p != "" {
		return p
	}
	if testing.Short() {
		t.Skip(skipped + "it takes packages from the network")
	}
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip(skipped + "python3 is not installed")
	}
	wanted, err := os.ReadFile("requirements.txt")
	if err != nil {
		t.Fatal(err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Skip(skipped + err.Error())
	}
	sum := sha256.Sum256(wanted)
	dir := filepath.Join(cache, "kadedb-python-"+hex.EncodeToString(sum[:6]))
	ready, inside := filepath.Join(dir, "ready"), filepath.Join(dir, "bin", "python")
	if _, err := os.Stat(ready); err == nil {
		return inside
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	for _, args := range [][]string{{python, "-m", "venv", dir},
		{inside, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", "requirements.txt"}} {
		if out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Skipf(skipped+"%v: %s", err, out)
		}
	}
	if err := os.WriteFile(ready, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return inside
}

// serve starts a server with airports and routes, and returns its address and a token.
func serve(t *testing.T) (url, token string) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	f, err := front.New(front.Config{Listen: "127.0.0.1:0", Auth: true, BodySize: 16 << 20, Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	rest.Register(f)
	if err := f.Listen(); err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- f.Serve() }()
	db, err := kadedb.OpenTemporary(&kadedb.Options{Memory: 256 << 20, Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(f.Drain(5*time.Second), <-served, db.Close()); err != nil {
			t.Error(err)
		}
	})
	if _, err := db.Import(t.Context(), kadedb.ImportSpec{
		Nodes:         []transfer.File{{Name: "Airport", Path: "../flights/airports.csv"}},
		IDs:           []transfer.ID{{Label: "Airport", Column: "iata"}},
		Relationships: []transfer.File{{Name: "ROUTE", Path: "../flights/routes.csv"}},
		From:          []transfer.End{{Type: "ROUTE", Label: "Airport", Column: "origin"}},
		To:            []transfer.End{{Type: "ROUTE", Label: "Airport", Column: "destination"}},
	}); err != nil {
		t.Fatal(err)
	}
	_, token, err = db.Tokens().Create("python", auth.Writer)
	if err != nil {
		t.Fatal(err)
	}
	f.Ready(db)
	return f.URL(), token
}

// TestPage runs the blocks of docs/python.md one after the other, as one program, and
// compares what each prints with the block of text after it.
func TestPage(t *testing.T) {
	python := interpreter(t)
	page, err := os.ReadFile("../../docs/python.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```python\n(.*?)```(?:\n+```text\n(.*?)```)?").FindAllStringSubmatch(string(page), -1)
	if len(blocks) < 7 {
		t.Fatalf("the page has %d blocks", len(blocks))
	}
	const mark = "---- the end of a block"
	var program strings.Builder
	for _, b := range blocks {
		fmt.Fprintf(&program, "%s\nprint(%q)\n", b[1], mark)
	}
	url, token := serve(t)
	cmd := exec.CommandContext(t.Context(), python, "-W", "error", "-")
	cmd.Stdin = strings.NewReader(program.String())
	var errs strings.Builder
	cmd.Stderr = &errs
	cmd.Env = append(os.Environ(), "KADEDB_SERVER="+url, "KADEDB_TOKEN="+token, "NO_PROXY=127.0.0.1")
	out, err := cmd.Output()
	printed := strings.Split(string(out), mark+"\n")
	for i, b := range blocks {
		if i >= len(printed)-1 {
			break
		}
		if printed[i] != b[2] {
			t.Errorf("%s\nprints\n%s\nthe page has\n%s", b[1], printed[i], b[2])
		}
	}
	if err != nil {
		t.Errorf("%v: %s", err, errs.String())
	}
}
