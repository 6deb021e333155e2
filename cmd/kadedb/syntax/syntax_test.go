package syntax_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/antlr4-go/antlr/v4"

	"github.com/kadedb/kadedb/cmd/kadedb/syntax"
	"github.com/kadedb/kadedb/grammar/gen"
)

// corpus returns texts of the language: those that the parser is tested with.
func corpus(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../../../parser/testdata/*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no corpus: %v", err)
	}
	var texts []string
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			continue // a folder
		}
		texts = append(texts, strings.Split(string(b), "\n\n")...)
	}
	return texts
}

// The tokens of any text make up the text, and none is empty.
func TestScanLeavesNothingOut(t *testing.T) {
	texts := corpus(t)
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		text := texts[r.IntN(len(texts))]
		at := r.IntN(len(text) + 1)
		cut := text[:at] + []string{"", "'", "`", "/*", "\xff", "é", "..", "$", "1e", ";"}[r.IntN(10)]
		end := 0
		for _, tok := range syntax.Scan(cut) {
			if tok.Start != end || tok.End <= tok.Start {
				t.Fatalf("%q: token %v after %d", cut, tok, end)
			}
			end = tok.End
		}
		if end != len(cut) {
			t.Fatalf("%q: tokens end at %d", cut, end)
		}
		if got := plain.ReplaceAllString(syntax.Paint(cut), ""); got != cut {
			t.Fatalf("%q is painted as %q", cut, got)
		}
		if p := syntax.At(cut); p.Start < 0 || p.Start > len(cut) {
			t.Fatalf("%q: %v", cut, p)
		}
	}
}

var plain = regexp.MustCompile(`\x1b\[[0-9;]*m`)

// Words, strings and numbers are those of the grammar's lexer, where that finds no error.
func TestScanAgreesWithTheGrammar(t *testing.T) {
	compared := 0
	for _, text := range corpus(t) {
		lexer := gen.NewKadeQLLexer(antlr.NewInputStream(text))
		lexer.RemoveErrorListeners()
		bad := &failing{}
		lexer.AddErrorListener(bad)
		var want []string
		for {
			tok := lexer.NextToken()
			if tok.GetTokenType() == antlr.TokenEOF {
				break
			}
			switch tok.GetTokenType() {
			case gen.KadeQLLexerSTRING_LITERAL:
				want = append(want, "string "+tok.GetText())
			case gen.KadeQLLexerIDENTIFIER, gen.KadeQLLexerESCAPED:
				want = append(want, "name "+tok.GetText())
			case gen.KadeQLLexerFLOAT_LITERAL, gen.KadeQLLexerINTEGER_LITERAL, gen.KadeQLLexerBAD_NUMBER:
				want = append(want, "number "+tok.GetText())
			default:
				if tok.GetTokenType() <= gen.KadeQLLexerZONED {
					want = append(want, "word "+tok.GetText())
				}
			}
		}
		if bad.failed || strings.Contains(text, "$") || strings.Contains(text, "/* never closed") { // a parameter, and an open comment, are one token here
			continue
		}
		var got []string
		for _, tok := range syntax.Scan(text) {
			if kind := map[syntax.Kind]string{syntax.String: "string", syntax.Name: "name", syntax.Word: "word", syntax.Number: "number"}[tok.Kind]; kind != "" {
				got = append(got, kind+" "+tok.Text(text))
			}
		}
		compared++
		if !slices.Equal(got, want) {
			t.Errorf("%s\nhas %q\nnot %q", text, got, want)
		}
	}
	if compared < 20 {
		t.Errorf("only %d texts were compared", compared)
	}
}

type failing struct {
	*antlr.DefaultErrorListener
	failed bool
}

func (f *failing) SyntaxError(antlr.Recognizer, any, int, int, string, antlr.RecognitionException) {
	f.failed = true
}

func TestCut(t *testing.T) {
	for _, c := range []struct{ text, first, rest string }{
		{"a;b", "a", "b"}, {"a", "a", ""}, {`'it\';s';b`, `'it\';s'`, "b"}, {"`a;b`;c", "`a;b`", "c"}, {`"a;";c`, `"a;"`, "c"},
		{"// a;b\nc;d", "// a;b\nc", "d"}, {"/* ; */ a;b", "/* ; */ a", "b"}, {"/* a;b", "/* a;b", ""}, {"'a;b", "'a;b", ""}, {"1/2;3", "1/2", "3"},
	} {
		if first, rest, _ := syntax.Cut(c.text); first != c.first || rest != c.rest {
			t.Errorf("%q is cut into %q and %q", c.text, first, rest)
		}
	}
	for text, want := range map[string]string{"commit": "COMMIT", " // x\n/* y */ Rollback;": "ROLLBACK", "": "", "1": "", "; x": "X", "retrun": "RETRUN"} {
		if got := syntax.FirstWord(text); got != want {
			t.Errorf("the first word of %q is %q", text, got)
		}
	}
	for text, want := range map[string]bool{"": true, " \n// x": true, "/* x */ \t": true, "/* x": true, "x": false, "// x\ny": false, ";": false} {
		if syntax.Blank(text) != want {
			t.Errorf("Blank(%q) is %v", text, !want)
		}
	}
	for _, name := range []string{"a", "a b", "a`b", "`", ""} {
		if got := syntax.Unquote(syntax.Quote(name)); got != name {
			t.Errorf("%q comes back as %q", name, got)
		}
	}
	for name, want := range map[string]string{"Airport": "Airport", "a b": "`a b`", "a`b": "`a``b`", "": "``", "1a": "`1a`", "été": "été", "match": "match"} {
		if got := syntax.Quote(name); got != want {
			t.Errorf("Quote(%q) is %s", name, got)
		}
	}
}

func TestPaint(t *testing.T) {
	shown := strings.NewReplacer("\x1b[1;34m", "<k>", "\x1b[32m", "<s>", "\x1b[36m", "<n>", "\x1b[35m", "<p>", "\x1b[33m", "<l>", "\x1b[2m", "<c>", "\x1b[31m", "<u>", "\x1b[0m", "</>")
	for text, want := range map[string]string{
		"MATCH (n:Airport {iata: 'SEA'})":    "<k>MATCH</> (n:<l>Airport</> {iata: <s>'SEA'</>})",
		"match (date)-[:ROUTE|X]->() return": "<k>match</> (date)-[:<l>ROUTE</>|<l>X</>]->() <k>return</>",
		"RETURN n.count, $p + 1.5 // c":      "<k>RETURN</> n.count, <p>$p</> + <n>1.5</> <c>// c</>",
		"RETURN {match: true, b: false} ?":   "<k>RETURN</> {match: <k>true</>, b: <k>false</>} <u>?</>",
		"/* a\nb */":                         "<c>/* a</>\n<c>b */</>",
		"RETURN 'a\n\nb":                     "<k>RETURN</> <s>'a</>\n\n<s>b</>",
	} {
		if got := shown.Replace(syntax.Paint(text)); got != want {
			t.Errorf("%q is painted\n%s, not\n%s", text, got, want)
		}
	}
}

func TestAt(t *testing.T) {
	names := []string{"words", "functions", "variables", "labels", "types", "keys", "params", "procedures"}
	for text, want := range map[string]string{
		"":                                  "words @",
		"MAT":                               "words @MAT",
		"MATCH (n:":                         "labels @",
		"MATCH (n:Air":                      "labels @Air",
		"MATCH (n:A|B&!Air":                 "labels @Air",
		"MATCH (n)-[r:RO":                   "types @RO",
		"MATCH (n)<-[:A|RO":                 "types @RO",
		"MATCH (n {na":                      "keys @na",
		"MATCH (n {name: 'x', ci":           "keys @ci",
		"MATCH (n {name: to":                "words functions variables [n] @to",
		"MATCH (n) WHERE n.na":              "functions keys @na",
		"MATCH (n) WHERE n:La":              "labels @La",
		"MATCH (n) RETURN coun":             "words functions variables [n] @coun",
		"MATCH (n:A)-[r]->(m) RETURN ":      "words functions variables [n r m] @",
		"RETURN $co":                        "params @$co",
		"RETURN $":                          "params @$",
		"MATCH (n:A&B {na":                  "keys of [B A] @na",
		"MATCH (n:A)-[r:T {x: 1, ":          "keys of [T] @",
		"MATCH (n:A|`b c`)-->() SET n.":     "functions keys of [A b c] @",
		"MATCH ()-[r:T*]->() RETURN r.x":    "functions keys of [T] @x",
		"MATCH (n) RETURN {n: n.":           "functions keys @",
		"CALL ":                             "procedures @",
		"CALL db.la":                        "procedures @db.la",
		"CALL db.":                          "procedures @db.",
		"RETURN 'MAT":                       " @",
		"// MAT":                            " @",
		"RETURN 1; MATCH (n:":               "labels @",
		"RETURN 1;":                         "words @",
		"RETURN 12":                         " @",
		"MATCH (n) RETURN n.":               "functions keys @",
		"MATCH (n) SET n:":                  "labels @",
		"RETURN [x IN n.l WHERE x:":         "labels types @",
		"MATCH (n:`odd na":                  "labels @`odd na",
		"MATCH (a) RETURN a AS b ORDER BY ": "words functions variables [a b] @",
	} {
		p := syntax.At(text)
		var wanted []string
		for i, n := range names {
			if p.Wanted&(1<<i) != 0 {
				wanted = append(wanted, n)
			}
		}
		got := strings.Join(wanted, " ")
		if len(p.Variables) > 0 {
			got += " " + fmt.Sprint(p.Variables)
		}
		if len(p.Of) > 0 {
			got += " of " + fmt.Sprint(p.Of)
		}
		if got += " @" + text[p.Start:]; got != want {
			t.Errorf("after %q may stand %q, not %q", text, got, want)
		}
	}
}

func FuzzScan(f *testing.F) {
	for _, seed := range []string{"MATCH (n:A {a: 'x'}) RETURN n.a; // c", "'", "`a``b", "/*", "$", "1e+", "..", "\xff", "CALL db.", "MATCH (n:`a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		end := 0
		for _, tok := range syntax.Scan(text) {
			if tok.Start != end || tok.End <= tok.Start {
				t.Fatalf("%q: token %v after %d", text, tok, end)
			}
			end = tok.End
		}
		if p := syntax.At(text); end != len(text) || p.Start < 0 || p.Start > len(text) {
			t.Fatalf("%q: tokens end at %d, %v", text, end, p)
		}
		if first, rest, found := syntax.Cut(text); found && first+";"+rest != text || !found && first != text {
			t.Fatalf("%q is cut into %q and %q", text, first, rest)
		}
	})
}

func BenchmarkPaint(b *testing.B) {
	text := strings.Repeat("MATCH (n:Airport {iata: 'SEA'})-[r:ROUTE]->(m) WHERE r.distance > 100 RETURN m.city // note\n", 20)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if syntax.Paint(text) == "" {
			b.Fatal("nothing")
		}
	}
}
