package procedure

import (
	"strings"
	"unicode/utf8"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

const (
	numberKinds = 1<<value.KindInt | 1<<value.KindFloat
	anyKinds    = 1<<(value.LastKind+1) - 1
)

// typeKinds maps the names that signatures use to the kinds that they take.
func typeKinds(name string) (uint32, bool) {
	switch name {
	case "ANY":
		return anyKinds, true
	case "NUMBER":
		return numberKinds, true
	case "BOOL":
		return 1 << value.KindBool, true
	case "INT":
		return 1 << value.KindInt, true
	case "LOCALTIME":
		return 1 << value.KindLocalTime, true
	case "LOCALDATETIME":
		return 1 << value.KindLocalDateTime, true
	case "TIME":
		return 1 << value.KindTime, true
	case "DATETIME":
		return 1 << value.KindDateTime, true
	}
	for k := value.KindBool; k <= value.LastKind; k++ {
		if name == k.String() {
			return 1 << k, true
		}
	}
	return 0, false
}

// TypeOf returns the type that a signature writes as text, "INTEGER?" or
// "LIST OF STRING".
func TypeOf(text string) (Type, error) {
	name, nullable := strings.CutSuffix(strings.TrimSpace(text), "?")
	name = strings.ToUpper(strings.Join(strings.Fields(name), " "))
	base := name
	if strings.HasPrefix(name, "LIST OF ") || strings.HasPrefix(name, "LIST<") || strings.HasPrefix(name, "LIST?") {
		base = "LIST"
	}
	kinds, ok := typeKinds(base)
	if !ok {
		return Type{}, status.Errorf(status.InvalidSetting, "a procedure's signature names the unknown type %q", text)
	}
	return Type{Name: name, Kinds: kinds, Nullable: nullable || base == "ANY"}, nil
}

// ParseSignature reads "name.space.proc(in :: INTEGER?, …) :: (out :: STRING?, …)"
// into a Def without code. Results "VOID" and "()" both mean none.
func ParseSignature(text string) (*Def, error) {
	s := scanner{text: text}
	d := &Def{Name: s.until("(")}
	if d.Name == "" || strings.ContainsAny(d.Name, " \t") {
		return nil, s.fail("a name and `(`")
	}
	var err error
	if d.Args, err = s.fields(); err != nil {
		return nil, err
	}
	if !s.take("::") {
		return nil, s.fail("`::`")
	}
	if s.take("VOID") {
		return d, s.end()
	}
	if !s.take("(") {
		return nil, s.fail("`(`")
	}
	if d.Results, err = s.fields(); err != nil {
		return nil, err
	}
	return d, s.end()
}

// scanner walks through a signature.
type scanner struct {
	text string
	at   int
}

func (s *scanner) fail(want string) error {
	column := utf8.RuneCountInString(s.text[:s.at]) + 1
	return status.Errorf(status.InvalidSetting, "procedure signature %q: column %d: expected %s", s.text, column, want)
}

func (s *scanner) space() {
	for s.at < len(s.text) && strings.ContainsRune(" \t\r\n", rune(s.text[s.at])) {
		s.at++
	}
}

// take skips token where it stands next.
func (s *scanner) take(token string) bool {
	s.space()
	if !strings.HasPrefix(s.text[s.at:], token) {
		return false
	}
	s.at += len(token)
	return true
}

// until returns the trimmed text before the next token and skips both; "" where
// there is none.
func (s *scanner) until(token string) string {
	i := strings.Index(s.text[s.at:], token)
	if i < 0 {
		return ""
	}
	t := strings.TrimSpace(s.text[s.at : s.at+i])
	s.at += i + len(token)
	return t
}

func (s *scanner) end() error {
	if s.space(); s.at != len(s.text) {
		return s.fail("the end")
	}
	return nil
}

// fields reads "name :: TYPE, …)", the opening parenthesis being behind.
func (s *scanner) fields() ([]Field, error) {
	if s.take(")") {
		return nil, nil
	}
	var out []Field
	for {
		name := s.until("::")
		if name == "" || strings.ContainsAny(name, " ,()") {
			return nil, s.fail("name :: TYPE")
		}
		n := strings.IndexAny(s.text[s.at:], ",)")
		if n < 0 {
			return nil, s.fail("`,` or `)`")
		}
		t, err := TypeOf(s.text[s.at : s.at+n])
		if err != nil {
			return nil, err
		}
		for _, f := range out {
			if f.Name == name {
				return nil, s.fail("another name than " + name)
			}
		}
		out = append(out, Field{Name: name, Type: t})
		s.at += n + 1
		if s.text[s.at-1] == ')' {
			return out, nil
		}
	}
}
