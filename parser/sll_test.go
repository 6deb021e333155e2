package parser

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/antlr4-go/antlr/v4"

	"github.com/kadedb/kadedb/grammar/gen"
)

// ambiguity collects the rules in which full-context prediction found more
// than one reading.
type ambiguity struct {
	*antlr.DefaultErrorListener
	rules  map[string]string
	text   string
	errors int
}

func (a *ambiguity) SyntaxError(antlr.Recognizer, any, int, int, string, antlr.RecognitionException) {
	a.errors++
}

func (a *ambiguity) ReportAmbiguity(p antlr.Parser, dfa *antlr.DFA, start, stop int, exact bool, alts *antlr.BitSet, _ *antlr.ATNConfigSet) {
	rule := p.GetRuleNames()[p.GetParserRuleContext().GetRuleIndex()]
	a.rules[rule] = a.text
}

func parseWith(t *testing.T, text string, mode int, l antlr.ErrorListener) string {
	t.Helper()
	tokens, err := scan(nil, text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	locate(tokens)
	p := gen.NewKadeQLParser(&stream{tokens: tokens})
	p.RemoveErrorListeners()
	p.AddErrorListener(l)
	p.GetInterpreter().SetPredictionMode(mode)
	return antlr.TreesStringTree(p.Statement(), p.GetRuleNames(), p)
}

// TestSLLIsEnough: SLL gives the tree that full-context prediction gives, for
// every statement of the corpus, and there is one reading but where a pattern
// such as `(a)<-[b]-(c)` would also do as arithmetic, A|b as a label and the
// body of a comprehension, TIME WITH TIMEZONE as TIME and a clause, WHEN IS :: INT as a test
// of a variable named is, or f(from[0]) as trim's FROM and a list; the grammar takes the first.
func TestSLLIsEnough(t *testing.T) {
	texts := corpus(t)
	if testing.Short() {
		texts = texts[:len(texts)/8]
	}
	a := &ambiguity{DefaultErrorListener: antlr.NewDefaultErrorListener(), rules: map[string]string{}}
	for _, text := range texts {
		a.text = text
		full := parseWith(t, text, antlr.PredictionModeLLExactAmbigDetection, a)
		if sll := parseWith(t, text, antlr.PredictionModeSLL, a); sll != full {
			t.Errorf("%s\nSLL %s\nLL  %s", text, sll, full)
		}
	}
	if a.errors > 0 {
		t.Errorf("%d syntax errors", a.errors)
	}
	t.Logf("%d texts have one tree with SLL and with LL; several readings in %v", len(texts), slices.Sorted(maps.Keys(a.rules)))
	for rule, text := range a.rules {
		if !slices.Contains([]string{"postfix", "patternValue", "labelOr", "typeWord", "caseTest", "call"}, rule) {
			t.Errorf("%s is ambiguous in %s", rule, text)
		}
	}
}

// TestScannerAgreesWithGrammar compares the hand-written scanner with the lexer
// that the grammar describes.
func TestScannerAgreesWithGrammar(t *testing.T) {
	texts := append(corpus(t), "a<-b", "1..2", "1.5.6", "0x", "0xZ", "0o9", "1e", "1e+", "1.e5", ".5e1x", "12ab", "+=+==~", "::|||", "a/b/**/c//d", "`a``b`.c",
		"'\\'' \"\\\"\"", "_x é１ x́", "$a$1", "1_000", "ⅷ ‿x")
	for _, text := range texts {
		lexer := gen.NewKadeQLLexer(antlr.NewInputStream(text))
		lexer.RemoveErrorListeners()
		var want []string
		for _, tok := range lexer.GetAllTokens() {
			want = append(want, lexer.GetSymbolicNames()[tok.GetTokenType()]+" "+tok.GetText())
		}
		tokens, err := scan(nil, text)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		var got []string
		for i := range tokens[:len(tokens)-1] {
			got = append(got, lexer.GetSymbolicNames()[tokens[i].typ]+" "+tokens[i].lexeme())
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q\nscanner %q\ngrammar %q", text, got, want)
		}
	}
}

// softPlaces take a word as every kind of name; ~ is the word.
var softPlaces = []string{
	"MATCH (n:~) RETURN n", "MATCH (n:A|~&B:~) RETURN n", "MATCH ()-[r:~|~]->() RETURN r", "MATCH (n {~: 1}) RETURN n.~",
	"RETURN {~: 1}.~ AS ~", "RETURN $~", "MATCH (n) SET n.~ = 1, n:~ REMOVE n.~, n:~", "MATCH (n) RETURN n {.~, ~: 1}",
	"CALL a.~() YIELD ~ AS ~ RETURN 1", "CREATE INDEX ~ FOR (~:~) ON (~.~)", "CREATE CONSTRAINT ~ FOR ()-[~:~]-() REQUIRE ~.~ IS UNIQUE",
	"DROP INDEX ~ IF EXISTS", "RETURN a.~(1)", "MATCH (n) WHERE n:~ RETURN 1", "UNWIND [1] AS ~ RETURN 1", "CALL ~.b(1)",
}

// variablePlaces take a word as a variable.
var variablePlaces = []string{
	"MATCH (~) RETURN ~", "MATCH (~:~ {~: ~.~})-[~]->(~) WHERE ~ = 1 RETURN ~, ~.~ AS ~", "MATCH ~ = (a)-->(b) RETURN ~ ORDER BY ~ DESC SKIP 1",
	"UNWIND [~, 1] AS ~ WITH ~ AS ~ WHERE ~ RETURN ~ LIMIT 1", "RETURN [~ IN [1] WHERE ~ > 1 | ~ + 1], any(~ IN ~ WHERE ~), reduce(~ = 1, ~ IN ~ | ~ + ~)",
	"FOREACH (~ IN ~ | SET ~.x = ~)", "RETURN CASE ~ WHEN ~ THEN ~ ELSE ~ END", "RETURN ~[~], ~[~..~], -~, NOT ~, ~ IN ~, ~ IS NULL, ~ {.~}",
	"MATCH (n) CALL (~) { RETURN ~ AS ~ } RETURN ~", "LET ~ = ~ FILTER ~ RETURN 1", "FOR ~ IN ~ RETURN ~", "RETURN ~ UNION RETURN ~", "CREATE (~)-[~:~]->(~)",
	"MATCH (a) DELETE ~ RETURN ~", "RETURN (~), (~.x), (~) + 1", "CREATE ~ = (a)", "LOAD CSV FROM ~ AS ~ RETURN ~",
}

// notVariables are the words that a variable cannot be without backticks.
var notVariables = []string{"NOT", "CASE", "WHEN", "TRUE", "FALSE", "NULL", "DISTINCT", "WHERE"}

func TestEveryWordIsSoft(t *testing.T) {
	if len(words) < 150 {
		t.Fatalf("%d words", len(words))
	}
	for w := range words {
		places := softPlaces
		if !slices.Contains(notVariables, w) {
			places = append(slices.Clip(places), variablePlaces...)
		}
		for _, form := range []string{w, strings.ToLower(w)} {
			for _, place := range places {
				text := strings.ReplaceAll(place, "~", form)
				if _, err := Parse(text); err != nil {
					t.Errorf("%s: %v", text, err)
				}
			}
		}
	}
	for _, w := range notVariables {
		if _, err := Parse("MATCH (" + w + ") RETURN 1"); err == nil {
			t.Errorf("%s is a variable: take it off the list", w)
		}
	}
}
