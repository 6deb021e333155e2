package parser

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/antlr4-go/antlr/v4"

	"github.com/kadedb/kadedb/grammar/gen"
	"github.com/kadedb/kadedb/status"
)

// scan appends the tokens of text to dst, the last of them EOF. Lines and
// columns are not set (see locate). It must agree with KadeQLLexer.g4.
func scan(dst []token, text string) ([]token, *status.Error) {
	if most := len(text)/4 + 16; cap(dst) < most {
		dst = append(make([]token, 0, most), dst...)
	}
	if !utf8.ValidString(text) {
		return dst, scanError(text, invalidAt(text), status.InvalidUnicodeCharacter, "the query is not UTF-8 from here on")
	}
	for i := 0; ; {
		i = skipSpace(text, i)
		if i < 0 {
			return dst, scanError(text, strings.LastIndex(text, "/*"), status.UnexpectedSyntax, "the comment that begins here is not closed")
		}
		if i == len(text) {
			break
		}
		typ, end, err := scanToken(text, i)
		if err != nil {
			return dst, err
		}
		if len(dst) == MaxTokens {
			return dst, scanError(text, i, status.TooLong, "the query has more than %d words and signs", MaxTokens).WithHint(dataHint)
		}
		dst = append(dst, token{text: text, typ: typ, start: int32(i), end: int32(end), index: int32(len(dst))})
		i = end
	}
	n := int32(len(text))
	return append(dst, token{text: text, typ: antlr.TokenEOF, start: n, end: n, index: int32(len(dst))}), nil
}

// invalidAt returns where text stops being UTF-8.
func invalidAt(text string) int {
	for i, r := range text {
		if r == utf8.RuneError && !strings.HasPrefix(text[i:], "\uFFFD") {
			return i
		}
	}
	return len(text)
}

// scanToken returns the type and end of the token that begins at i.
func scanToken(text string, i int) (typ, end int, err *status.Error) {
	c := text[i]
	switch {
	case isLetter(c):
		end = nameEnd(text, i+1)
		return wordType(text[i:end]), end, nil
	case isDigit(c), c == '.' && i+1 < len(text) && isDigit(text[i+1]):
		typ, end = scanNumber(text, i)
		return typ, end, nil
	case c == '\'' || c == '"':
		return scanString(text, i)
	case c == '`':
		return scanEscaped(text, i)
	case c >= utf8.RuneSelf:
		r, size := utf8.DecodeRuneInString(text[i:])
		if isNameStart(r) {
			end = nameEnd(text, i+size)
			return wordType(text[i:end]), end, nil
		}
		return 0, 0, scanError(text, i, status.InvalidUnicodeCharacter, "the character %q is not part of the language", r)
	}
	typ, size := punctuation(text, i)
	if size == 0 {
		return 0, 0, scanError(text, i, status.UnexpectedSyntax, "the character %q is not part of the language", c)
	}
	return typ, i + size, nil
}

func punctuation(text string, i int) (typ, size int) {
	if i+1 < len(text) {
		switch text[i : i+2] {
		case "..":
			return gen.KadeQLParserDOTDOT, 2
		case "::":
			return gen.KadeQLParserCOLONCOLON, 2
		case "||":
			return gen.KadeQLParserBARBAR, 2
		case "<>":
			return gen.KadeQLParserNE, 2
		case "<=":
			return gen.KadeQLParserLE, 2
		case ">=":
			return gen.KadeQLParserGE, 2
		case "=~":
			return gen.KadeQLParserREGEX, 2
		case "+=":
			return gen.KadeQLParserPLUSEQ, 2
		}
	}
	switch text[i] {
	case '(':
		return gen.KadeQLParserLPAREN, 1
	case ')':
		return gen.KadeQLParserRPAREN, 1
	case '[':
		return gen.KadeQLParserLBRACKET, 1
	case ']':
		return gen.KadeQLParserRBRACKET, 1
	case '{':
		return gen.KadeQLParserLBRACE, 1
	case '}':
		return gen.KadeQLParserRBRACE, 1
	case ',':
		return gen.KadeQLParserCOMMA, 1
	case '.':
		return gen.KadeQLParserDOT, 1
	case ':':
		return gen.KadeQLParserCOLON, 1
	case ';':
		return gen.KadeQLParserSEMICOLON, 1
	case '$':
		return gen.KadeQLParserDOLLAR, 1
	}
	return operatorSign(text[i])
}

func operatorSign(c byte) (typ, size int) {
	switch c {
	case '|':
		return gen.KadeQLParserBAR, 1
	case '&':
		return gen.KadeQLParserAMPERSAND, 1
	case '!':
		return gen.KadeQLParserEXCLAMATION, 1
	case '=':
		return gen.KadeQLParserEQ, 1
	case '<':
		return gen.KadeQLParserLT, 1
	case '>':
		return gen.KadeQLParserGT, 1
	case '+':
		return gen.KadeQLParserPLUS, 1
	case '-':
		return gen.KadeQLParserMINUS, 1
	case '*':
		return gen.KadeQLParserSTAR, 1
	case '/':
		return gen.KadeQLParserSLASH, 1
	case '%':
		return gen.KadeQLParserPERCENT, 1
	case '^':
		return gen.KadeQLParserCARET, 1
	}
	return 0, 0
}

// skipSpace returns the start of the next token, -1 in a comment without end.
func skipSpace(text string, i int) int {
	for i < len(text) {
		switch c := text[i]; {
		case c == ' ' || c >= '\t' && c <= '\r' || c >= 0x1c && c <= 0x1f:
			i++
		case c == '/' && strings.HasPrefix(text[i:], "//"):
			n := strings.IndexAny(text[i:], "\r\n")
			if n < 0 {
				return len(text)
			}
			i += n
		case c == '/' && strings.HasPrefix(text[i:], "/*"):
			n := strings.Index(text[i+2:], "*/")
			if n < 0 {
				return -1
			}
			i += n + 4
		case c >= utf8.RuneSelf:
			r, size := utf8.DecodeRuneInString(text[i:])
			if !unicode.IsSpace(r) && r != '\u180e' && r != '\ufeff' {
				return i
			}
			i += size
		default:
			return i
		}
	}
	return i
}

// scanNumber reads the longest thing that begins like a number. Letters that
// stick to it make it a BAD_NUMBER; whether a number was wanted here at all is
// for the parser to know.
func scanNumber(text string, i int) (typ, end int) {
	start := i
	if text[i] == '0' && i+1 < len(text) {
		switch text[i+1] {
		case 'x', 'X':
			return scanRadix(text, i, isHex)
		case 'o', 'O':
			return scanRadix(text, i, isOctal)
		}
	}
	typ = gen.KadeQLParserINTEGER_LITERAL
	i = digits(text, i)
	if i+1 < len(text) && text[i] == '.' && isDigit(text[i+1]) {
		typ = gen.KadeQLParserFLOAT_LITERAL
		i = digits(text, i+1)
	}
	if i < len(text) && (text[i] == 'e' || text[i] == 'E') {
		j := i + 1
		if j < len(text) && (text[j] == '+' || text[j] == '-') {
			j++
		}
		if k := digits(text, j); k > j {
			typ, i = gen.KadeQLParserFLOAT_LITERAL, k
		}
	}
	if end = nameEnd(text, i); end > i && end > start {
		return gen.KadeQLParserBAD_NUMBER, end
	}
	return typ, i
}

func scanRadix(text string, i int, is func(byte) bool) (typ, end int) {
	j := grouped(text, i+2, is)
	end = nameEnd(text, j)
	if end > j || j == i+2 {
		return gen.KadeQLParserBAD_NUMBER, end
	}
	return gen.KadeQLParserINTEGER_LITERAL, end
}

func scanString(text string, i int) (typ, end int, err *status.Error) {
	quote := text[i]
	for j := i + 1; j < len(text); j++ {
		switch text[j] {
		case '\\':
			j++
		case quote:
			return gen.KadeQLParserSTRING_LITERAL, j + 1, nil
		}
	}
	return 0, 0, scanError(text, i, status.UnexpectedSyntax, "the string that begins here is not closed")
}

func scanEscaped(text string, i int) (typ, end int, err *status.Error) {
	j := i
	for j < len(text) && text[j] == '`' {
		n := strings.IndexByte(text[j+1:], '`')
		if n < 0 {
			return 0, 0, scanError(text, i, status.UnexpectedSyntax, "the name that begins here is not closed by a backtick")
		}
		j += n + 2
	}
	if k := strings.IndexByte(text[i:j], 0); k >= 0 {
		// Names that begin with NUL are the engine's own.
		return 0, 0, scanError(text, i+k, status.UnexpectedSyntax, "a name cannot contain the character NUL")
	}
	return gen.KadeQLParserESCAPED, j, nil
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isOctal(c byte) bool  { return '0' <= c && c <= '7' }
func isHex(c byte) bool    { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }
func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_' }

func digits(text string, i int) int { return grouped(text, i, isDigit) }

// grouped returns the end of the digits at i, between any two of which an underscore may stand.
func grouped(text string, i int, is func(byte) bool) int {
	for start := i; i < len(text); i++ {
		if is(text[i]) || text[i] == '_' && i > start && text[i-1] != '_' && i+1 < len(text) && is(text[i+1]) {
			continue
		}
		break
	}
	return i
}

func nameEnd(text string, i int) int {
	for i < len(text) {
		c := text[i]
		if isLetter(c) || isDigit(c) {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			break
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		if !isNamePart(r) {
			break
		}
		i += size
	}
	return i
}

func isNameStart(r rune) bool {
	return unicode.In(r, unicode.L, unicode.Nl, unicode.Pc)
}

func isNamePart(r rune) bool {
	return unicode.In(r, unicode.L, unicode.Nl, unicode.Pc, unicode.Nd, unicode.Mn, unicode.Mc)
}

// locate sets the lines and columns of tokens.
func locate(tokens []token) {
	text := tokens[0].text
	at, line, column := 0, int32(1), int32(1)
	for k := range tokens {
		t := &tokens[k]
		for ; at < int(t.start); at++ {
			switch c := text[at]; {
			case c == '\n':
				line++
				column = 1
			case utf8.RuneStart(c):
				column++
			}
		}
		t.line, t.column = line, column
	}
}

func posAt(text string, offset int) status.Pos {
	before := text[:offset]
	nl := strings.LastIndexByte(before, '\n')
	return status.Pos{
		Offset: int32(offset),
		Line:   int32(strings.Count(before, "\n")) + 1,
		Column: int32(utf8.RuneCountInString(before[nl+1:])) + 1,
	}
}

func scanError(text string, offset int, code status.Code, format string, args ...any) *status.Error {
	return status.Errorf(code, format, args...).At(posAt(text, offset))
}

// maxDepth bounds how deep brackets, CASE and LIST<…> may nest.
const maxDepth = 200

// checkDepth refuses texts that would take the recursive parser, or anything
// that walks the tree later, too deep.
func checkDepth(tokens []token) *status.Error {
	brackets, cases, lists := 0, 0, 0
	prev := antlr.TokenInvalidType
	for k := range tokens {
		t := &tokens[k]
		switch t.typ {
		case gen.KadeQLParserLPAREN, gen.KadeQLParserLBRACKET, gen.KadeQLParserLBRACE:
			brackets++
		case gen.KadeQLParserRPAREN, gen.KadeQLParserRBRACKET, gen.KadeQLParserRBRACE:
			brackets = max(brackets-1, 0)
		case gen.KadeQLParserCASE:
			if prev != gen.KadeQLParserDOT && prev != gen.KadeQLParserDOLLAR {
				cases++
			}
		case gen.KadeQLParserEND:
			if endsOperand(prev) {
				cases = max(cases-1, 0)
			}
		case gen.KadeQLParserLT:
			if prev == gen.KadeQLParserLIST || prev == gen.KadeQLParserARRAY {
				lists++
			}
		case gen.KadeQLParserLIST, gen.KadeQLParserARRAY:
			if prev != gen.KadeQLParserLT {
				lists = 0
			}
		}
		if brackets+cases+lists > maxDepth {
			return status.Errorf(status.TooDeep, "the query nests deeper than %d", maxDepth).At(t.pos()).
				WithHint("split it with WITH, or pass nested values as a parameter")
		}
		prev = t.typ
	}
	return nil
}

// endsOperand reports whether a token of type prev surely ends an operand, so
// that an END after it closes a CASE and is no name.
func endsOperand(prev int) bool {
	switch prev {
	case gen.KadeQLParserIDENTIFIER, gen.KadeQLParserESCAPED, gen.KadeQLParserEND,
		gen.KadeQLParserRPAREN, gen.KadeQLParserRBRACKET, gen.KadeQLParserRBRACE,
		gen.KadeQLParserINTEGER_LITERAL, gen.KadeQLParserFLOAT_LITERAL, gen.KadeQLParserSTRING_LITERAL,
		gen.KadeQLParserTRUE, gen.KadeQLParserFALSE, gen.KadeQLParserNULL:
		return true
	}
	return false
}
