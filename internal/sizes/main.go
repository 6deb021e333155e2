// Command sizes prints Go files past 1,000 lines and functions past 120, tests
// and generated code aside, and fails when there are any. It prints the ones past
// 600 and 70 too, for the reader, without failing.
package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const (
	fileGoal, fileLimit = 600, 1000
	funcGoal, funcLimit = 70, 120
)

func main() {
	failed, err := scan(".")
	if err != nil {
		fmt.Fprintln(os.Stderr, "sizes:", err)
		os.Exit(2)
	}
	if failed {
		os.Exit(1)
	}
}

func scan(root string) (failed bool, err error) {
	err = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if n := d.Name(); p != root && (n[0] == '.' || n == "testdata" || n == "node_modules") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(p, ".go") {
			return nil
		}
		bad, err := scanFile(p)
		failed = failed || bad
		return err
	})
	return failed, err
}

func scanFile(p string) (bad bool, err error) {
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, p, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return false, err
	}
	if ast.IsGenerated(f) {
		return false, nil
	}
	lines := set.File(f.Pos()).LineCount()
	bad = report(p, "", lines, fileGoal, fileLimit)
	if strings.HasSuffix(p, "_test.go") {
		return bad, nil
	}
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil {
			continue
		}
		n := set.Position(fn.End()).Line - set.Position(fn.Pos()).Line + 1
		bad = report(p, fn.Name.Name, n, funcGoal, funcLimit) || bad
	}
	return bad, nil
}

func report(file, fn string, n, goal, limit int) bool {
	if n <= goal {
		return false
	}
	word := "long"
	if n > limit {
		word = "TOO LONG"
	}
	if fn != "" {
		fn = " " + fn
	}
	fmt.Printf("%s: %s%s: %d lines\n", word, file, fn, n)
	return n > limit
}
