package parser

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/kadedb/kadedb/parser/ast"
	"github.com/kadedb/kadedb/status"
)

var rewrite = flag.Bool("rewrite", false, "write what the parser says into testdata")

// TestRejected: testdata/rejected.txt holds blocks of a statement and, after
// lines that begin with -- , the error it gets.
func TestRejected(t *testing.T) {
	const file = "testdata/rejected.txt"
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, block := range strings.Split(strings.TrimSpace(string(data)), "\n\n") {
		text, want, _ := strings.Cut(block, "\n-- ")
		_, err := Parse(text)
		got := "accepted"
		if err != nil {
			e := status.From(err)
			got = fmt.Sprintf("%s %d:%d %s", e.Code.Info().Name, e.Pos.Line, e.Pos.Column, e.Msg)
			if e.Hint != "" {
				got += "\n-- hint: " + e.Hint
			}
		}
		if got != want && !*rewrite {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
		fmt.Fprintf(&out, "%s\n-- %s\n\n", text, got)
	}
	if *rewrite {
		if err := os.WriteFile(file, []byte(strings.TrimSpace(out.String())+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func repeat(before, each, after string, n int) string {
	return before + strings.Repeat(each, n) + after
}

// TestDeep: texts that would recurse too deep, here or in whatever walks the
// tree, are refused; those at the limit are not.
func TestDeep(t *testing.T) {
	for name, c := range map[string]struct {
		text func(n int) string
		fine int
		over int
	}{
		"parentheses": {func(n int) string { return "RETURN " + strings.Repeat("(", n) + "1" + strings.Repeat(")", n) }, 200, 201},
		"lists":       {func(n int) string { return "RETURN " + strings.Repeat("[", n) + strings.Repeat("]", n) }, 200, 201},
		"case": {func(n int) string {
			return "RETURN " + strings.Repeat("CASE WHEN true THEN ", n) + "1" + strings.Repeat(" END", n)
		}, 200, 201},
		"case of end":    {func(n int) string { return "RETURN " + strings.Repeat("CASE end + ", n) }, 0, 201},
		"cases in a row": {func(n int) string { return repeat("RETURN [", "CASE x WHEN 1 THEN 2 END, ", "1]", n) }, 500, 0},
		"n.case":         {func(n int) string { return repeat("RETURN [", "n.case, ", "1]", n) }, 500, 0},
		"list types": {func(n int) string {
			return "RETURN 1 IS :: " + strings.Repeat("LIST<", n) + "INT" + strings.Repeat(">", n)
		}, 200, 201},
		"list < x":         {func(n int) string { return repeat("RETURN [", "list < 1, ", "1]", n) }, 500, 0},
		"signs":            {func(n int) string { return repeat("RETURN ", "- ", "x", n) }, 200, 201},
		"not":              {func(n int) string { return repeat("RETURN ", "NOT ", "x", n) }, 200, 201},
		"operators":        {func(n int) string { return repeat("RETURN 1", " + 1", "", n) }, 2000, 3000},
		"nested operators": {func(n int) string { return repeat("RETURN ((1", " + 1", ")", n) + repeat("", " + 1", ")", n) }, 1000, 1500},
		"accesses":         {func(n int) string { return repeat("RETURN x", ".a", "", n) }, 200, 201},
		"label negations":  {func(n int) string { return repeat("MATCH (x:", "!", "A) RETURN 1", n) }, 200, 201},
		"next":             {func(n int) string { return repeat("RETURN 1 AS x", " NEXT RETURN x", "", n) }, 199, 200},
		"clauses":          {func(n int) string { return repeat("WITH 1 AS x", " WITH x", " RETURN x", n) }, 2000, 0},
		"unions":           {func(n int) string { return repeat("RETURN 1 AS x", " UNION RETURN 1 AS x", "", n) }, 2000, 0},
		"list items":       {func(n int) string { return repeat("RETURN [1", ", 1", "]", n) }, 20000, 0},
	} {
		if c.fine > 0 {
			if _, err := Parse(c.text(c.fine)); err != nil {
				t.Errorf("%s: %d: %v", name, c.fine, err)
			}
		}
		if c.over > 0 {
			if _, err := Parse(c.text(c.over)); status.CodeOf(err) != status.TooDeep {
				t.Errorf("%s: %d: got %v", name, c.over, err)
			}
			if _, err := Parse(c.text(min(100*c.over, 40000))); status.CodeOf(err) != status.TooDeep {
				t.Errorf("%s: %d: got %v", name, 100*c.over, err)
			}
		}
	}
}

func TestTooLong(t *testing.T) {
	text := "RETURN '" + strings.Repeat("x", MaxText-9) + "'"
	if _, err := Parse(text); err != nil {
		t.Error(err)
	}
	if _, err := Parse(text + " "); status.CodeOf(err) != status.TooLong {
		t.Errorf("got %v", err)
	}
	// RETURN [1,1,…,1]: a word, two brackets, and a comma less than numbers.
	numbers := (MaxTokens - 2) / 2
	list := strings.Repeat(",1", numbers)[1:]
	if _, err := Parse("RETURN [" + list + "]"); err != nil {
		t.Error(err)
	}
	if _, err := Parse("RETURN [" + list + "];"); status.CodeOf(err) != status.TooLong {
		t.Errorf("got %v", err)
	}
}

func TestNotUTF8(t *testing.T) {
	for text, at := range map[string]int32{"RETURN '\uFFFDé\xff'": 11, "RETURN 1 AS `\xc3`": 14, "CREATE (:`\xed\xa0\x80`)": 11, "RETURN 1 // \x80": 13} {
		_, err := Parse(text)
		if status.CodeOf(err) != status.InvalidUnicodeCharacter || err.(*status.Error).Pos.Column != at {
			t.Errorf("%q gives %v", text, err)
		}
		if _, ok := Lift(text); ok {
			t.Errorf("%q has a key", text)
		}
	}
}

func TestNulInName(t *testing.T) {
	if _, err := Parse("RETURN $`\x000`"); status.CodeOf(err) != status.UnexpectedSyntax {
		t.Errorf("got %v", err)
	}
}

// TestConcurrent parses from several goroutines at once, good and bad texts,
// and compares with what one goroutine gets.
func TestConcurrent(t *testing.T) {
	texts := append(accepted(t), "RETURN", "MATCH (n", "RETURN 1 +")
	want := make([]string, len(texts))
	for i, s := range texts {
		want[i] = result(s)
	}
	var wg sync.WaitGroup
	for g := range max(8, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(g)))
			for range 200 {
				i := r.IntN(len(texts))
				if got := result(texts[i]); got != want[i] {
					t.Errorf("%s\n got %s\nwant %s", texts[i], got, want[i])
				}
			}
		})
	}
	wg.Wait()
}

func result(text string) string {
	st, err := Parse(text)
	if err != nil {
		return err.Error()
	}
	l, _ := Lift(text)
	return ast.Format(st) + l.Key
}

// FuzzParse: no text crashes the parser, and what parses can be written back.
func FuzzParse(f *testing.F) {
	for _, s := range everyText(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		roundTrip(t, text)
		if l, ok := Lift(text); ok {
			a, err := Parse(text)
			b, lerr := ParseLifted(text, l.Offsets)
			if (err == nil) != (lerr == nil) {
				t.Fatalf("%q: %v, lifted %v", text, err, lerr)
			}
			if err == nil && len(columns(a)) != len(columns(b)) {
				t.Fatalf("%q: other columns when lifted", text)
			}
		}
	})
}

const typical = "MATCH (p:Person {id: 42})-[:FOLLOWS]->(f:Person) WHERE f.age > 30 RETURN f.name AS name ORDER BY name LIMIT 10"

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(typical); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLift(b *testing.B) {
	b.ReportAllocs()
	var l Lifter
	for b.Loop() {
		if !l.Lift(typical) {
			b.Fatal("not lifted")
		}
	}
}
