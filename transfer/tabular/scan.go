package tabular

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/kadedb/kadedb/value"
)

// scanner reads JSON out of a text, which it checks as it goes.
type scanner struct {
	text string
	at   int
	err  string // what is wrong at at
}

// maxNesting bounds arrays and objects within each other.
const maxNesting = 64

func (s *scanner) fail(what string) bool {
	if s.err == "" {
		s.err = what
	}
	return false
}

func (s *scanner) what() string {
	if s.err == "" {
		return "it ends early"
	}
	return s.err
}

// peek returns the next byte that is no white space; 0 at the end.
func (s *scanner) peek() byte {
	for s.at < len(s.text) {
		switch c := s.text[s.at]; c {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return c
		}
	}
	return 0
}

// object reads the one object that the text is. each is called with a key and has to
// read its value.
func (s *scanner) object(each func(key string) bool) bool {
	if s.peek() != '{' {
		return s.fail("`{` was expected")
	}
	if !s.members(each) {
		return false
	}
	if s.peek() != 0 || s.at < len(s.text) {
		return s.fail("something follows the object")
	}
	return true
}

func (s *scanner) members(each func(key string) bool) bool {
	s.at++
	if s.peek() == '}' {
		s.at++
		return true
	}
	for {
		if s.peek() != '"' {
			return s.fail("a key in quotes was expected")
		}
		key, ok := s.string()
		if !ok {
			return false
		}
		if s.peek() != ':' {
			return s.fail("`:` was expected")
		}
		s.at++
		if !each(key) {
			return s.fail("a value was expected")
		}
		switch s.peek() {
		case ',':
			s.at++
		case '}':
			s.at++
			return true
		default:
			return s.fail("`,` or `}` was expected")
		}
	}
}

// string reads a string; without escapes it is a piece of the text.
func (s *scanner) string() (string, bool) {
	from := s.at + 1
	i := plainEnd(s.text, from)
	if i == len(s.text) {
		s.at = i
		return "", s.fail("a string has no end")
	}
	switch s.text[i] {
	case '"':
		s.at = i + 1
		return s.text[from:i], true
	case '\\':
		return s.escaped(from)
	}
	s.at = i
	return "", s.fail("a control character in a string")
}

// plainEnd returns the place of the first quote, backslash or control character from i
// on, or the text's length.
func plainEnd(text string, i int) int {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(text); i += 8 {
		t := text[i : i+8]
		w := uint64(t[0]) | uint64(t[1])<<8 | uint64(t[2])<<16 | uint64(t[3])<<24 | uint64(t[4])<<32 | uint64(t[5])<<40 | uint64(t[6])<<48 | uint64(t[7])<<56
		// Of each byte the high bit says whether it is one: of the lowest such byte
		// surely, of those above it perhaps wrongly.
		quote, back := w^'"'*ones, w^'\\'*ones
		if found := ((quote-ones)&^quote | (back-ones)&^back | (w-' '*ones)&^w) & high; found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for ; i < len(text); i++ {
		if c := text[i]; c == '"' || c == '\\' || c < ' ' {
			return i
		}
	}
	return i
}

var escapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

func (s *scanner) escaped(from int) (string, bool) {
	var b []byte
	for i := from; i < len(s.text); i++ {
		c := s.text[i]
		switch {
		case c == '"':
			s.at = i + 1
			return string(b), true
		case c < ' ':
			s.at = i
			return "", s.fail("a control character in a string")
		case c != '\\':
			b = append(b, c)
			continue
		}
		i++
		if i == len(s.text) {
			break
		}
		if e := escapes[s.text[i]]; e != 0 {
			b = append(b, e)
			continue
		}
		r, ok := hex4(s.text, i)
		if !ok {
			s.at = i
			return "", s.fail("an unknown escape")
		}
		i += 4
		if utf16.IsSurrogate(r) {
			low, ok := rune(0), false
			if i+2 < len(s.text) && s.text[i+1] == '\\' {
				low, ok = hex4(s.text, i+2)
			}
			if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
				s.at = i - 5
				return "", s.fail("half of a surrogate pair")
			}
			i += 6
		}
		b = utf8.AppendRune(b, r)
	}
	s.at = len(s.text)
	return "", s.fail("a string has no end")
}

// hex4 reads the u at i and the four hexadecimal digits after it.
func hex4(text string, i int) (rune, bool) {
	if i+5 > len(text) || text[i] != 'u' {
		return 0, false
	}
	r := rune(0)
	for _, c := range []byte(text[i+1 : i+5]) {
		switch {
		case isDigit(c):
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func (s *scanner) digits() int {
	from := s.at
	for s.at < len(s.text) && isDigit(s.text[s.at]) {
		s.at++
	}
	return s.at - from
}

// number reads a number; whole: it has no point and no exponent.
func (s *scanner) number() (text string, whole, ok bool) {
	from := s.at
	if s.text[s.at] == '-' {
		s.at++
	}
	first := s.at
	if n := s.digits(); n == 0 || n > 1 && s.text[first] == '0' {
		return "", false, s.fail("a malformed number")
	}
	whole = true
	if s.at < len(s.text) && s.text[s.at] == '.' {
		whole = false
		s.at++
		if s.digits() == 0 {
			return "", false, s.fail("a digit was expected after the point")
		}
	}
	if s.at < len(s.text) && s.text[s.at]|0x20 == 'e' {
		whole = false
		s.at++
		if s.at < len(s.text) && (s.text[s.at] == '+' || s.text[s.at] == '-') {
			s.at++
		}
		if s.digits() == 0 {
			return "", false, s.fail("a digit was expected in the exponent")
		}
	}
	return s.text[from:s.at], whole, true
}

// integer and float read the text of a number. What does not fit is an error of the
// text: nothing is rounded that was written as an integer, or becomes infinite.
func (s *scanner) integer(text string) (int64, bool) {
	i, ok := parseInt(text)
	return i, ok || s.fail("an integer beyond 64 bits")
}

func (s *scanner) float(text string, whole bool) (float64, bool) {
	if whole && len(text) > 18 {
		if _, ok := s.integer(text); !ok {
			return 0, false
		}
	}
	f, ok := parseFloat(text)
	if !ok || math.IsInf(f, 0) {
		return 0, s.fail("a number beyond what a float holds")
	}
	return f, true
}

func (s *scanner) word(w string) bool {
	if !strings.HasPrefix(s.text[s.at:], w) {
		return s.fail("a value was expected")
	}
	s.at += len(w)
	return true
}

// literal reads true or false.
func (s *scanner) literal() bool {
	if s.text[s.at] == 't' {
		return s.word("true")
	}
	return s.word("false")
}

// skip reads a value and forgets it.
func (s *scanner) skip(depth int) bool {
	switch c := s.peek(); {
	case c == '"':
		_, ok := s.string()
		return ok
	case c == '{', c == '[':
		if depth == maxNesting {
			return s.fail("nested too deep")
		}
		if c == '{' {
			return s.members(func(string) bool { return s.skip(depth + 1) })
		}
		return s.elements(func() bool { return s.skip(depth + 1) })
	case c == '-' || isDigit(c):
		text, whole, ok := s.number()
		switch {
		case !ok:
		case whole:
			_, ok = s.integer(text)
		default:
			_, ok = s.float(text, false)
		}
		return ok
	case c == 'n':
		return s.word("null")
	case c == 't' || c == 'f':
		return s.literal()
	}
	return s.fail("a value was expected")
}

func (s *scanner) elements(each func() bool) bool {
	s.at++
	if s.peek() == ']' {
		s.at++
		return true
	}
	for {
		if !each() {
			return s.fail("a value was expected")
		}
		switch s.peek() {
		case ',':
			s.at++
		case ']':
			s.at++
			return true
		default:
			return s.fail("`,` or `]` was expected")
		}
	}
}

// kind reads a value and returns its kind.
func (s *scanner) kind() (Kind, bool) {
	switch c := s.peek(); {
	case c == '"':
		_, ok := s.string()
		return String, ok
	case c == '-' || isDigit(c):
		text, whole, ok := s.number()
		switch {
		case !ok:
		case whole:
			_, ok = s.integer(text)
			return Int, ok
		default:
			_, ok = s.float(text, false)
		}
		return Float, ok
	case c == 't' || c == 'f':
		return Bool, s.literal()
	case c == 'n':
		return Null, s.word("null")
	}
	return Any, s.skip(0)
}

// value reads a value. An object {"$type", "value"} or {"$float"} is what it stands
// for, any other a map.
func (s *scanner) value(depth int) (value.Value, bool) {
	switch c := s.peek(); {
	case c == '"':
		text, ok := s.string()
		return value.String(text), ok
	case c == '-' || isDigit(c):
		text, whole, ok := s.number()
		if !ok {
			return value.Null, false
		}
		if whole {
			i, ok := s.integer(text)
			return value.Int(i), ok
		}
		f, ok := s.float(text, false)
		return value.Float(f), ok
	case c == 't' || c == 'f':
		return value.Bool(c == 't'), s.literal()
	case c == 'n':
		return value.Null, s.word("null")
	case c == '[':
		if depth == maxNesting {
			return value.Null, s.fail("nested too deep")
		}
		var elems []value.Value
		ok := s.elements(func() bool {
			v, ok := s.value(depth + 1)
			elems = append(elems, v)
			return ok
		})
		return value.List(elems...), ok
	case c == '{':
		if depth == maxNesting {
			return value.Null, s.fail("nested too deep")
		}
		return s.mapValue(depth)
	}
	return value.Null, s.fail("a value was expected")
}

// twice fails because an object has a key already: readers of JSON do not agree on
// which of both values holds.
func (s *scanner) twice(key string) bool {
	return s.fail(fmt.Sprintf("the key %q stands twice", cut(key)))
}

func (s *scanner) mapValue(depth int) (value.Value, bool) {
	m := &value.Map{}
	var at map[string]int // a long object takes linear time
	ok := s.members(func(key string) bool {
		v, ok := s.value(depth + 1)
		if len(m.Keys) < 16 {
			if slices.Contains(m.Keys, key) {
				return s.twice(key)
			}
			m.Keys, m.Vals = append(m.Keys, key), append(m.Vals, v)
			return ok
		}
		if at == nil {
			at = map[string]int{}
			for i, k := range m.Keys {
				at[k] = i
			}
		}
		if _, there := at[key]; there {
			return s.twice(key)
		}
		at[key] = len(m.Keys)
		m.Keys, m.Vals = append(m.Keys, key), append(m.Vals, v)
		return ok
	})
	if !ok {
		return value.Null, false
	}
	return s.typed(m)
}

// typed turns {"$type": "date", "value": "2026-01-31"} and {"$float": "NaN"} into what
// they stand for.
func (s *scanner) typed(m *value.Map) (value.Value, bool) {
	if len(m.Keys) == 1 && m.Keys[0] == "$float" && m.Vals[0].Kind() == value.KindString {
		switch m.Vals[0].AsString() {
		case "NaN":
			return value.Float(math.NaN()), true
		case "Infinity":
			return value.Float(math.Inf(1)), true
		case "-Infinity":
			return value.Float(math.Inf(-1)), true
		}
		return value.Null, s.fail(`"$float" is "NaN", "Infinity" or "-Infinity"`)
	}
	if len(m.Keys) != 2 || m.Keys[0] != "$type" || m.Keys[1] != "value" || m.Vals[0].Kind() != value.KindString {
		return value.FromMap(m), true
	}
	for k, name := range kindNames {
		if name != m.Vals[0].AsString() || Kind(k) == Null || Kind(k) == Any {
			continue
		}
		if v, ok := as(m.Vals[1], Kind(k)); ok {
			return v, true
		}
		return value.Null, s.fail("a value that is not of its $type")
	}
	return value.Null, s.fail("an unknown $type")
}

// parseTyped reads a cell that holds a value as JSON.
func parseTyped(text string) (value.Value, bool) {
	s := scanner{text: text}
	v, ok := s.value(0)
	return v, ok && s.peek() == 0 && s.at == len(s.text) && storable(v, 0)
}
