// Package syntax reads KadeQL as it is being typed: unfinished, wrong, or several
// statements at once.
//
//	MATCH (n:Air|        Scan cuts it into tokens, of which the last may be open;
//	                     Cut and Blank find where statements end;
//	                     Paint colours it; At says what may stand at the cursor
//
// It never fails, and leaves nothing out: the tokens of a text make up the text. What
// is right is for the parser to say, whose grammar the words are taken from.
package syntax

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kadedb/kadedb/grammar/gen"
)

// Kind tells what a token is.
type Kind uint8

// The kinds of tokens.
const (
	Space Kind = iota
	Comment
	Word    // of the language; every one may be a name too
	Name    // another one, also in backticks
	Param   // $name, or $ alone
	String  // with its quotes
	Number  // or what begins like one
	Sign    // punctuation, one character each but for the two points of a range
	Unknown // a character that the language does not have
)

// Token is a piece of a text.
type Token struct {
	Kind       Kind
	Start, End int  // bytes
	Open       bool // a string, comment or name in backticks that the text does not end
}

// Text returns the token's part of the text that it is of.
func (t Token) Text(text string) string { return text[t.Start:t.End] }

// words are the words of the language, in capitals.
var words = func() map[string]bool {
	gen.KadeQLParserInit()
	m := map[string]bool{}
	for _, lit := range gen.KadeQLParserParserStaticData.LiteralNames {
		if w := strings.Trim(lit, "'"); w != "" && w[0] >= 'A' && w[0] <= 'Z' {
			m[w] = true
		}
	}
	return m
}()

// Words returns the words of the language, in capitals and in order.
func Words() []string {
	list := []string{"JSONL", "PARQUET"} // LOAD's, which are no tokens of their own
	for w := range words {
		list = append(list, w)
	}
	slices.Sort(list)
	return list
}

// Scan cuts text into tokens.
func Scan(text string) []Token {
	var list []Token
	for i := 0; i < len(text); {
		t := next(text, i)
		list = append(list, t)
		i = t.End
	}
	return list
}

// next returns the token that begins at i.
func next(text string, i int) Token {
	c := text[i]
	switch {
	case strings.HasPrefix(text[i:], "//"):
		if n := strings.IndexAny(text[i:], "\r\n"); n >= 0 {
			return Token{Comment, i, i + n, false}
		}
		return Token{Comment, i, len(text), false}
	case strings.HasPrefix(text[i:], "/*"):
		if n := strings.Index(text[i+2:], "*/"); n >= 0 {
			return Token{Comment, i, i + n + 4, false}
		}
		return Token{Comment, i, len(text), true}
	case c == '\'' || c == '"':
		return quoted(text, i)
	case c == '`':
		return ticked(text, i)
	case c == '$':
		return Token{Param, i, nameEnd(text, i+1), false}
	case isDigit(c), c == '.' && i+1 < len(text) && isDigit(text[i+1]):
		return Token{Number, i, numberEnd(text, i), false}
	}
	r, size := utf8.DecodeRuneInString(text[i:])
	switch {
	case isNameStart(r):
		end := nameEnd(text, i)
		if words[strings.ToUpper(text[i:end])] {
			return Token{Word, i, end, false}
		}
		return Token{Name, i, end, false}
	case isSpace(r):
		end := i + size
		for end < len(text) {
			if r, size = utf8.DecodeRuneInString(text[end:]); !isSpace(r) {
				break
			}
			end += size
		}
		return Token{Space, i, end, false}
	case strings.HasPrefix(text[i:], ".."):
		return Token{Sign, i, i + 2, false}
	case strings.IndexByte("()[]{},.:;|&!=<>~+-*/%^", c) >= 0:
		return Token{Sign, i, i + 1, false}
	}
	return Token{Unknown, i, i + size, false}
}

func quoted(text string, i int) Token {
	for j := i + 1; j < len(text); j++ {
		switch text[j] {
		case '\\':
			j++
		case text[i]:
			return Token{String, i, j + 1, false}
		}
	}
	return Token{String, i, len(text), true}
}

func ticked(text string, i int) Token {
	end := i
	for end < len(text) && text[end] == '`' {
		n := strings.IndexByte(text[end+1:], '`')
		if n < 0 {
			return Token{Name, i, len(text), true}
		}
		end += n + 2
	}
	return Token{Name, i, end, false}
}

// numberEnd returns the end of what begins like a number, with the letters that stick
// to it. The two points of a range are none of it.
func numberEnd(text string, i int) int {
	for i < len(text) {
		c := text[i]
		switch {
		case isDigit(c), c == '_', 'a' <= c|0x20 && c|0x20 <= 'z':
		case c == '.' && i+1 < len(text) && isDigit(text[i+1]):
		case (c == '+' || c == '-') && text[i-1]|0x20 == 'e' && i+1 < len(text) && isDigit(text[i+1]):
		default:
			return i
		}
		i++
	}
	return i
}

func nameEnd(text string, i int) int {
	for i < len(text) {
		r, size := utf8.DecodeRuneInString(text[i:])
		if !isNameStart(r) && !unicode.In(r, unicode.Nd, unicode.Mn, unicode.Mc) {
			break
		}
		i += size
	}
	return i
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isNameStart(r rune) bool { return unicode.In(r, unicode.L, unicode.Nl, unicode.Pc) }

func isSpace(r rune) bool {
	return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f || r == '\u180e' || r == '\ufeff'
}

// Cut splits text after its first semicolon outside quotes and comments, and reports
// whether there is one.
func Cut(text string) (first, rest string, found bool) {
	for i := 0; i < len(text); {
		t := next(text, i)
		if t.Kind == Sign && text[i] == ';' {
			return text[:i], text[i+1:], true
		}
		i = t.End
	}
	return text, "", false
}

// Blank reports whether text holds nothing but white space and comments, the last of
// which may lack its end.
func Blank(text string) bool { return Lead(text) == len(text) }

// Lead returns the length of the white space and comments that text begins with.
func Lead(text string) int {
	for i := 0; i < len(text); {
		t := next(text, i)
		if t.Kind != Space && t.Kind != Comment {
			return i
		}
		i = t.End
	}
	return len(text)
}

// FirstWord returns a statement's first word in capitals, "" where it begins otherwise.
func FirstWord(text string) string {
	for i := 0; i < len(text); {
		t := next(text, i)
		switch {
		case t.Kind == Word, t.Kind == Name && text[i] != '`':
			return strings.ToUpper(t.Text(text))
		case t.Kind != Space && t.Kind != Comment && text[i] != ';':
			return ""
		}
		i = t.End
	}
	return ""
}

// Quote returns a name as a text may hold it: in backticks where it must be.
func Quote(name string) string {
	if r, _ := utf8.DecodeRuneInString(name); isNameStart(r) && nameEnd(name, 0) == len(name) {
		return name
	}
	return "`" + strings.ReplaceAll(name, "`", "``") + "`"
}

// Unquote returns the name that a text holds, without backticks.
func Unquote(name string) string {
	if len(name) < 2 || name[0] != '`' || name[len(name)-1] != '`' {
		return name
	}
	return strings.ReplaceAll(name[1:len(name)-1], "``", "`")
}

// Clauses returns the words that a statement or a part of one begins with, in capitals
// and in the order in which they mostly come.
func Clauses() []string {
	return strings.Fields("MATCH OPTIONAL WHERE WITH RETURN ORDER SKIP LIMIT UNWIND CREATE MERGE SET REMOVE DETACH DELETE CALL UNION LOAD SHOW EXPLAIN PROFILE DROP")
}
