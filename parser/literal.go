package parser

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/antlr4-go/antlr/v4"

	"github.com/kadedb/kadedb/grammar/gen"
	"github.com/kadedb/kadedb/parser/ast"
	"github.com/kadedb/kadedb/status"
)

// parseInt reads an integer literal: decimal, 0x… or 0o…. The code is zero
// if all is well.
func parseInt(s string, negative bool) (int64, status.Code) {
	base := 10
	s = withoutGroups(s)
	digits := s
	if len(s) > 1 && s[0] == '0' {
		switch s[1] {
		case 'x', 'X':
			base, digits = 16, s[2:]
		case 'o', 'O':
			base, digits = 8, s[2:]
		default:
			// 017 is 15 to some and 17 to others.
			return 0, status.InvalidNumberLiteral
		}
	}
	u, err := strconv.ParseUint(digits, base, 64)
	switch {
	case err != nil && !errors.Is(err, strconv.ErrRange):
		return 0, status.InvalidNumberLiteral
	case err != nil, !negative && u > math.MaxInt64, negative && u > 1<<63:
		return 0, status.IntegerOverflow
	case negative:
		return -int64(u), 0
	}
	return int64(u), 0
}

// withoutGroups takes the underscores out of a number.
func withoutGroups(s string) string {
	if strings.IndexByte(s, '_') < 0 {
		return s
	}
	return strings.ReplaceAll(s, "_", "")
}

// number builds a number literal; minus is the token of a minus directly
// before it, nil if there is none.
func (b *builder) number(t, minus antlr.Token) ast.Expr {
	s, place := t.GetText(), at(t)
	if minus != nil {
		place = at(minus)
	}
	switch t.GetTokenType() {
	case gen.KadeQLParserINTEGER_LITERAL:
		n, code := parseInt(s, minus != nil)
		switch code {
		case status.IntegerOverflow:
			b.fail(t, code, "integers have 64 bits; a float has a point or an exponent", "the integer `%s` is too large", shorten(s))
		case status.InvalidNumberLiteral:
			b.fail(t, code, "octal numbers begin with 0o", "the number `%s` has a leading zero", shorten(s))
		}
		return &ast.IntLit{Loc: place, Value: n}
	case gen.KadeQLParserFLOAT_LITERAL:
		f, err := strconv.ParseFloat(withoutGroups(s), 64)
		if err != nil {
			b.fail(t, status.FloatingPointOverflow, "", "the float `%s` is out of range", shorten(s))
		}
		if minus != nil {
			f = -f
		}
		return &ast.FloatLit{Loc: place, Value: f}
	}
	b.fail(t, status.InvalidNumberLiteral, "", "`%s` is not a number", shorten(s))
	return nil
}

func (b *builder) literalInt(t antlr.Token) ast.Expr { return b.number(t, nil) }

func (b *builder) str(t antlr.Token) *ast.StringLit {
	raw := t.GetText()
	s, bad, code := unquote(raw)
	if code != 0 {
		place := posAt(b.text, t.GetStart()+bad)
		hint := `the escapes are \\ \' \" \b \f \n \r \t \uXXXX and \UXXXXXXXX`
		msg := "`" + shorten(raw[bad:min(bad+2, len(raw))]) + "` is not an escape"
		if code == status.InvalidUnicodeLiteral {
			msg = "a Unicode escape needs four hexadecimal digits after \\u, or eight after \\U"
			if loneSurrogate(raw[bad:]) {
				msg = "`" + raw[bad:bad+6] + "` is half of a pair of escapes, and no character by itself"
			}
		}
		panic(bail{status.Errorf(code, "%s", msg).At(place).WithHint("%s", hint)})
	}
	return &ast.StringLit{Loc: at(t), Value: s}
}

var escapes = [256]byte{'\\': '\\', '\'': '\'', '"': '"', '`': '`', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// unquote resolves a string literal with its quotes. If code is not zero, bad
// is the place of the escape at fault.
func unquote(raw string) (s string, bad int, code status.Code) {
	body := raw[1 : len(raw)-1]
	i := strings.IndexByte(body, '\\')
	if i < 0 {
		return body, 0, 0
	}
	out := make([]byte, 0, len(body))
	out = append(out, body[:i]...)
	for i < len(body) {
		c := body[i]
		if c != '\\' {
			out = append(out, c)
			i++
			continue
		}
		e := body[i+1]
		if e == 'u' || e == 'U' {
			r, n := unicodeEscape(body[i:])
			if n == 0 {
				return "", i + 1, status.InvalidUnicodeLiteral
			}
			out = utf8.AppendRune(out, r)
			i += n
			continue
		}
		if escapes[e] == 0 {
			return "", i + 1, status.InvalidStringEscape
		}
		out = append(out, escapes[e])
		i += 2
	}
	return string(out), 0, 0
}

// unicodeEscape reads \uXXXX, a surrogate pair of them, or \UXXXXXXXX; n is
// its length, 0 if malformed, or half of a pair.
func unicodeEscape(s string) (r rune, n int) {
	width := 6
	if s[1] == 'U' {
		width = 10
	}
	r, ok := hexRune(s, width)
	if !ok {
		return 0, 0
	}
	if 0xd800 <= r && r < 0xdc00 && strings.HasPrefix(s[width:], `\u`) {
		if low, ok := hexRune(s[width:], 6); ok && 0xdc00 <= low && low < 0xe000 {
			return (r-0xd800)<<10 + (low - 0xdc00) + 0x10000, width + 6
		}
	}
	if !utf8.ValidRune(r) {
		return 0, 0 // half of a pair is no character
	}
	return r, width
}

// loneSurrogate reports whether s begins with a \u of half a pair.
func loneSurrogate(s string) bool {
	r, ok := hexRune(s, 6)
	return ok && s[1] == 'u' && utf16.IsSurrogate(r)
}

func hexRune(s string, width int) (rune, bool) {
	if len(s) < width {
		return 0, false
	}
	u, err := strconv.ParseUint(s[2:width], 16, 32)
	if err != nil || u > utf8.MaxRune {
		return 0, false
	}
	return rune(u), true
}
