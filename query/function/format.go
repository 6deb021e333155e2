package function

import (
	"strings"
	"unicode/utf8"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

const (
	maxPattern     = 1000 // characters of a pattern
	maxSections    = 8    // that deep optional sections nest
	maxFieldLength = 19   // letters that a field has
)

func formatFunctions() []*Def {
	return []*Def{{Name: "format", Doc: "A temporal value, duration or number as text by a pattern: letters as Java's DateTimeFormatter has them (`dd.MM.uuuu HH:mm`), or digits as DecimalFormat has them (`#,##0.00`). Without a pattern as toString() gives it.",
		Example:    "format(date('2024-03-01'), 'd MMMM uuuu') = '1 March 2024'",
		Signatures: []Signature{{Args: []Kinds{InstantKind | DurationKind | NumberKind, StringKind}, Optional: 1, Result: StringKind}},
		Call:       format}}
}

func format(_ *Context, args []value.Value) (value.Value, error) {
	v := args[0]
	if !(InstantKind | DurationKind | NumberKind).Has(v.Kind()) {
		return value.Null, badValue("format()", v, "a temporal value, DURATION or number")
	}
	if len(args) == 1 {
		text, _ := toString(v)
		return text, nil
	}
	if args[1].Kind() != value.KindString {
		return value.Null, badValue("format()", args[1], "STRING")
	}
	pattern := args[1].AsString()
	if utf8.RuneCountInString(pattern) > maxPattern {
		return value.Null, badArgument("format(): a pattern of more than %d characters", maxPattern)
	}
	var out []byte
	var err error
	if isNumber(v) {
		out, err = appendNumber(nil, v, pattern)
	} else {
		var pieces []piece
		if pieces, err = parsePattern(pattern); err != nil {
			return value.Null, err
		}
		if v.Kind() == value.KindDuration {
			out, err = appendDuration(nil, pieces, v.Span())
		} else {
			out, err = (&clockFace{moment: momentOf(v), kind: v.Kind(), of: v}).append(nil, pieces)
		}
	}
	if err != nil {
		return value.Null, err
	}
	return value.String(string(out)), nil
}

// piece is one part of a pattern: a field, literal text, or an optional section.
type piece struct {
	letter byte // 0: text or section
	n      int  // how many letters
	width  int  // of p…: filled up with spaces to that
	text   string
	inner  []piece // of [ … ]
}

func badPattern(format string, args ...any) *status.Error {
	return badArgument("format(): "+format, args...).(*status.Error).
		WithHint("letters are fields, as in 'dd.MM.uuuu HH:mm:ss'; text stands in quotes")
}

// parsePattern reads a pattern of fields.
func parsePattern(pattern string) ([]piece, error) {
	open := [][]piece{nil}
	add := func(p piece) {
		last := &open[len(open)-1]
		*last = append(*last, p)
	}
	width := 0
	for i := 0; i < len(pattern); {
		c := pattern[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			n := 1
			for i+n < len(pattern) && pattern[i+n] == c {
				n++
			}
			i += n
			if n > maxFieldLength {
				return nil, badPattern("%d times the letter %c", n, c)
			}
			if c == 'p' {
				if width > 0 || i == len(pattern) || !isLetter(pattern[i]) {
					return nil, badPattern("the letter p stands before the field that it fills up")
				}
				width = n
				continue
			}
			add(piece{letter: c, n: n, width: width})
			width = 0
			continue
		}
		i++
		switch c {
		case '\'':
			text, rest, ok := quotedText(pattern[i:])
			if !ok {
				return nil, badPattern("a quote that is not closed in %s", describe(value.String(pattern)))
			}
			add(piece{text: text})
			i = len(pattern) - len(rest)
		case '[':
			if open = append(open, nil); len(open) > maxSections {
				return nil, badPattern("sections nested deeper than %d", maxSections)
			}
		case ']':
			if len(open) == 1 {
				return nil, badPattern("`]` without `[`")
			}
			inner := open[len(open)-1]
			open = open[:len(open)-1]
			add(piece{inner: inner})
		case '{', '}', '#':
			return nil, badPattern("`%c` has no meaning; as text it stands in quotes", c)
		default:
			_, size := utf8.DecodeRuneInString(pattern[i-1:])
			add(piece{text: pattern[i-1 : i-1+size]})
			i += size - 1
		}
	}
	for len(open) > 1 { // a section may end with the pattern
		inner := open[len(open)-1]
		open = open[:len(open)-1]
		add(piece{inner: inner})
	}
	return open[0], nil
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// quotedText reads text up to a quote that is not doubled; two quotes alone are one.
func quotedText(s string) (text, rest string, ok bool) {
	if strings.HasPrefix(s, "'") {
		return "'", s[1:], true
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\'' {
			b.WriteByte(s[i])
			continue
		}
		if i+1 == len(s) || s[i+1] != '\'' {
			return b.String(), s[i+1:], true
		}
		b.WriteByte('\'')
		i++
	}
	return "", "", false
}

// padField fills what was appended from a place on up to a width.
func padField(dst []byte, from, width int) ([]byte, error) {
	if width == 0 {
		return dst, nil
	}
	have := utf8.RuneCount(dst[from:])
	if have > width {
		return dst, badPattern("%s is wider than the %d places of p", dst[from:], width)
	}
	field := string(dst[from:])
	return append(append(dst[:from], strings.Repeat(" ", width-have)...), field...), nil
}

// appendPadded appends i with at least width digits. exceeds: a number of more than
// width digits gets a plus, as years do.
func appendPadded(dst []byte, i int64, width int, exceeds bool) []byte {
	u := uint64(i)
	if i < 0 {
		dst, u = append(dst, '-'), -u
	}
	digits := itoa64(u)
	if exceeds && i > 0 && len(digits) > width {
		dst = append(dst, '+')
	}
	for n := len(digits); n < width; n++ {
		dst = append(dst, '0')
	}
	return append(dst, digits...)
}
