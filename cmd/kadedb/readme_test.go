package main

import (
	"context"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/kadedb/kadedb"
)

// The queries of the README give rows on the demo's data.
func TestReadmeQueries(t *testing.T) {
	page, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	db, err := kadedb.OpenTemporary(&kadedb.Options{Memory: 200 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	ctx := context.Background()
	if err := loadDemo(ctx, db); err != nil {
		t.Fatal(err)
	}
	queries := regexp.MustCompile("(?s)kadedb query '([^']+)'|\"query\": \"([^\"]+)\"|db.Query\\(ctx, `([^`]+)`").FindAllStringSubmatch(string(page), -1)
	if len(queries) != 3 {
		t.Fatalf("the README has %d queries", len(queries))
	}
	for _, q := range queries {
		text := strings.Join(q[1:], "")
		sum, err := db.Exec(ctx, text, kadedb.Params{"code": "SEA"})
		if err != nil || sum.Rows == 0 {
			t.Errorf("%s\ngives %d rows, %v", text, sum.Rows, err)
		}
	}
}
