package parser

import (
	"strings"

	"github.com/antlr4-go/antlr/v4"

	"github.com/kadedb/kadedb/grammar/gen"
	"github.com/kadedb/kadedb/status"
)

// token is one token of a text. *token is an antlr.Token; a text's tokens
// live in one slab and point back at the text only.
type token struct {
	text         string // the whole text
	typ          int
	start, end   int32 // bytes
	line, column int32 // as in status.Pos; set by locate
	index        int32
}

func (t *token) lexeme() string { return t.text[t.start:t.end] }

func (t *token) pos() status.Pos {
	return status.Pos{Offset: t.start, Line: t.line, Column: t.column}
}

// The methods of antlr.Token. Those that ANTLR's own lexers need are dead ends.

func (t *token) GetTokenType() int                           { return t.typ }
func (t *token) GetChannel() int                             { return antlr.TokenDefaultChannel }
func (t *token) GetStart() int                               { return int(t.start) }
func (t *token) GetStop() int                                { return int(t.end) - 1 }
func (t *token) GetLine() int                                { return int(t.line) }
func (t *token) GetColumn() int                              { return int(t.column) - 1 }
func (t *token) GetText() string                             { return t.lexeme() }
func (t *token) SetText(string)                              {}
func (t *token) GetTokenIndex() int                          { return int(t.index) }
func (t *token) SetTokenIndex(v int)                         { t.index = int32(v) }
func (t *token) GetSource() *antlr.TokenSourceCharStreamPair { return nil }
func (t *token) GetTokenSource() antlr.TokenSource           { return nil }
func (t *token) GetInputStream() antlr.CharStream            { return nil }
func (t *token) String() string                              { return t.lexeme() }

// stream is an antlr.TokenStream over a slab whose last token is EOF.
type stream struct {
	tokens []token
	at     int
	far    int // the furthest token looked at: where prediction got stuck, if it did
}

func (s *stream) index(k int) int {
	i := s.at + k
	if k > 0 {
		i--
	}
	return min(i, len(s.tokens)-1)
}

func (s *stream) LT(k int) antlr.Token {
	i := s.index(k)
	if k == 0 || i < 0 {
		return nil
	}
	return &s.tokens[i]
}

func (s *stream) LA(k int) int {
	i := s.index(k)
	if k == 0 || i < 0 {
		return antlr.TokenInvalidType
	}
	s.far = max(s.far, i)
	return s.tokens[i].typ
}

func (s *stream) Consume() {
	if s.at < len(s.tokens)-1 {
		s.at++
	}
}

func (s *stream) Mark() int                                       { return 0 }
func (s *stream) Release(int)                                     {}
func (s *stream) Index() int                                      { return s.at }
func (s *stream) Seek(i int)                                      { s.at = min(max(i, 0), len(s.tokens)-1) }
func (s *stream) Size() int                                       { return len(s.tokens) }
func (s *stream) Reset()                                          { s.at = 0 }
func (s *stream) Get(i int) antlr.Token                           { return &s.tokens[i] }
func (s *stream) GetSourceName() string                           { return "query" }
func (s *stream) GetTokenSource() antlr.TokenSource               { return nil }
func (s *stream) SetTokenSource(antlr.TokenSource)                {}
func (s *stream) GetAllText() string                              { return s.tokens[0].text }
func (s *stream) GetTextFromRuleContext(antlr.RuleContext) string { return "" }

func (s *stream) GetTextFromInterval(i antlr.Interval) string {
	return s.span(i.Start, i.Stop)
}

func (s *stream) GetTextFromTokens(from, to antlr.Token) string {
	return s.span(from.GetTokenIndex(), to.GetTokenIndex())
}

func (s *stream) span(from, to int) string {
	if from < 0 || to < from || to >= len(s.tokens) {
		return ""
	}
	return s.tokens[from].text[s.tokens[from].start:s.tokens[to].end]
}

// words maps each word of the language, in upper case, to its token.
var words = func() map[string]int {
	gen.KadeQLParserInit()
	m := make(map[string]int)
	for typ, lit := range gen.KadeQLParserParserStaticData.LiteralNames {
		if w := strings.Trim(lit, "'"); w != "" && w[0] >= 'A' && w[0] <= 'Z' {
			m[w] = typ
		}
	}
	return m
}()

const longestWord = 16 // ALLSHORTESTPATHS

// wordType returns the token of the name w: a word's own, or IDENTIFIER.
func wordType(w string) int {
	if len(w) > longestWord {
		return gen.KadeQLParserIDENTIFIER
	}
	var upper [longestWord]byte
	for i := range len(w) {
		c := w[i]
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		upper[i] = c
	}
	if typ, ok := words[string(upper[:len(w)])]; ok {
		return typ
	}
	return gen.KadeQLParserIDENTIFIER
}

// isWord reports whether typ is a word of the language (not an identifier).
func isWord(typ int) bool {
	return typ >= gen.KadeQLParserACYCLIC && typ <= gen.KadeQLParserZONED
}

// isName reports whether typ can be a name.
func isName(typ int) bool {
	return isWord(typ) || typ == gen.KadeQLParserIDENTIFIER || typ == gen.KadeQLParserESCAPED
}
