package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The folder of a stopped server is its backup, without tmp and LOCK, as docs/operations.md
// says: what it is unpacked to is whole, holds the same graph, and has the same tokens.
func TestBackupOfTheFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	d := serve(t, "--data", dir)
	token := secret.FindString(d.errs.String())
	ask := func(url string) run {
		return run{args: []string{"query", "--server", url, "--token", token, "--format", "csv", "MATCH (a:A)-[:R]->(b) RETURN count(*) AS n"}}
	}
	made := run{args: []string{"query", "--server", d.url, "--token", token,
		"CREATE CONSTRAINT FOR (a:A) REQUIRE a.n IS UNIQUE; UNWIND range(1, 5000) AS i CREATE (:A {n: i})-[:R]->(:B {text: 'é' + i})"}}
	if _, errs, code := made.do(t); code != 0 {
		t.Fatal(errs)
	}
	d.signal(os.Interrupt)
	if code := d.wait(); code != 0 {
		t.Fatal(d.errs)
	}
	restored := filepath.Join(t.TempDir(), "restored")
	if err := os.CopyFS(restored, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"tmp", "LOCK"} {
		if err := os.RemoveAll(filepath.Join(restored, name)); err != nil {
			t.Fatal(err)
		}
	}
	var hashes []string
	for _, folder := range []string{dir, restored} {
		out, errs, code := run{args: []string{"check", "--hash", folder}}.do(t)
		if code != 0 || out == "" {
			t.Fatalf("check: %d %s%s", code, out, errs)
		}
		hashes = append(hashes, strings.ReplaceAll(out, folder, ""))
	}
	if hashes[0] != hashes[1] {
		t.Errorf("the graphs differ: %q", hashes)
	}
	again := serve(t, "--data", restored)
	if out, errs, code := ask(again.url).do(t); code != 0 || out != "n\n5000\n" {
		t.Errorf("what was restored answers %d %s%s", code, out, errs)
	}
	if _, errs, code := (run{args: []string{"query", "--server", again.url, "--token", token, "CREATE (:A {n: 7})"}}).do(t); code == 0 || !strings.Contains(errs, "ConstraintViolation") {
		t.Errorf("its constraint is gone: %d %s", code, errs)
	}
}
