package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestPagesAreFresh(t *testing.T) {
	for name, want := range pages() {
		got, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("docs/%s is stale: run `go generate ./internal/docgen`", name)
		}
	}
}
