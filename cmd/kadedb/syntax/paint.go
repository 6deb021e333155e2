package syntax

import "strings"

// The colours of a text: eight that every terminal has, so that its own theme decides.
const (
	keywordStyle = "\x1b[1;34m"
	stringStyle  = "\x1b[32m"
	numberStyle  = "\x1b[36m"
	paramStyle   = "\x1b[35m"
	labelStyle   = "\x1b[33m"
	commentStyle = "\x1b[2m"
	unknownStyle = "\x1b[31m"
	plainStyle   = "\x1b[0m"
)

// mostPainted bounds the texts that are coloured at each key.
const mostPainted = 64 << 10

// Paint returns text with the colours of a terminal. Without them it is text.
func Paint(text string) string {
	if len(text) > mostPainted {
		return text
	}
	tokens := Scan(text)
	var b strings.Builder
	for i, t := range tokens {
		piece := t.Text(text)
		style := styleOf(text, tokens, i)
		if style == "" {
			b.WriteString(piece)
			continue
		}
		// A terminal's line ends with its colours.
		for n, line := range strings.Split(piece, "\n") {
			if n > 0 {
				b.WriteByte('\n')
			}
			if line != "" {
				b.WriteString(style + line + plainStyle)
			}
		}
	}
	return b.String()
}

func styleOf(text string, tokens []Token, i int) string {
	switch tokens[i].Kind {
	case Comment:
		return commentStyle
	case String:
		return stringStyle
	case Number:
		return numberStyle
	case Param:
		return paramStyle
	case Unknown:
		return unknownStyle
	case Word, Name:
		switch before := signBefore(text, tokens, i); {
		case before == '.':
			return ""
		case (before == ':' || before == '|' || before == '&' || before == '!') && !valueOfKey(text, tokens, i):
			return labelStyle
		}
		if word := tokens[i].Text(text); tokens[i].Kind == Word && signAfter(text, tokens, i) != ':' && (word == strings.ToUpper(word) || spoken[strings.ToUpper(word)]) {
			return keywordStyle
		}
	}
	return ""
}

// spoken are the words that hardly anybody takes for names, so that they are shown as
// words in small letters too.
var spoken = func() map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(`ALL AND ANY AS ASC ASCENDING BEGIN BY CALL CASE COMMIT CONTAINS CREATE DELETE DESC DESCENDING DETACH
		DISTINCT DROP ELSE END ENDS EXISTS EXPLAIN FALSE FILTER FOR FOREACH IF IN IS LET LIMIT LOAD MATCH MERGE NOT NULL OFFSET ON OPTIONAL OR
		ORDER PROFILE REMOVE REQUIRE RETURN ROLLBACK SET SHORTEST SHOW SKIP STARTS TERMINATE THEN TRUE UNION UNIQUE UNWIND WHEN WHERE WITH
		XOR YIELD`) {
		m[w] = true
	}
	return m
}()

// signBefore returns the sign right before a token but for spaces, 0 where there is none.
func signBefore(text string, tokens []Token, i int) byte {
	if j := before(tokens, i); j >= 0 && tokens[j].Kind == Sign {
		return text[tokens[j].Start]
	}
	return 0
}

// before returns the last token before the i-th that is neither space nor comment, or -1.
func before(tokens []Token, i int) int {
	for i--; i >= 0; i-- {
		if k := tokens[i].Kind; k != Space && k != Comment {
			return i
		}
	}
	return -1
}

func signAfter(text string, tokens []Token, i int) byte {
	for _, t := range tokens[i+1:] {
		switch t.Kind {
		case Space, Comment:
		case Sign:
			return text[t.Start]
		default:
			return 0
		}
	}
	return 0
}

// valueOfKey reports whether the colon before a token stands in braces, after a key.
func valueOfKey(text string, tokens []Token, i int) bool {
	bracket, _ := enclosing(text, tokens, i)
	return bracket == '{'
}

// enclosing returns the innermost bracket that is open before the i-th token, and its
// index; 0 and -1 where none is.
func enclosing(text string, tokens []Token, i int) (byte, int) {
	depth := 0
	for i--; i >= 0; i-- {
		if tokens[i].Kind != Sign {
			continue
		}
		switch c := text[tokens[i].Start]; c {
		case ')', ']', '}':
			depth++
		case '(', '[', '{':
			if depth == 0 {
				return c, i
			}
			depth--
		case ';':
			return 0, -1
		}
	}
	return 0, -1
}
