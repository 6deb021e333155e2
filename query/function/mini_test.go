package function

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/kadedb/kadedb/value"
)

// mini evaluates the small part of KadeQL that tests of this package are written in:
// literals, lists, maps, calls, operators, properties and indexes. It stands
// apart from the real parser and evaluator, which are above this package.
type mini struct {
	src  string
	pos  int
	vars map[string]value.Value
	ctx  *Context
	err  error
}

func testContext() *Context {
	return &Context{Statement: time.Date(2026, 3, 4, 5, 6, 7, 8, time.UTC)}
}

func evalText(src string, vars map[string]value.Value) (value.Value, error) {
	m := &mini{src: src, vars: vars, ctx: testContext()}
	v := m.comparison()
	if m.space(); m.err == nil && m.pos < len(m.src) {
		m.fail("trailing %q", m.src[m.pos:])
	}
	return v, m.err
}

func (m *mini) fail(format string, args ...any) value.Value {
	if m.err == nil {
		m.err = fmt.Errorf("mini: "+format, args...)
	}
	m.pos = len(m.src)
	return value.Null
}

func (m *mini) space() {
	for m.pos < len(m.src) && strings.ContainsRune(" \n\t\r", rune(m.src[m.pos])) {
		m.pos++
	}
}

func (m *mini) take(tok string) bool {
	m.space()
	if !strings.HasPrefix(m.src[m.pos:], tok) {
		return false
	}
	if end := m.pos + len(tok); isWord(tok[0]) && end < len(m.src) && isWord(m.src[end]) {
		return false
	}
	m.pos += len(tok)
	return true
}

func isWord(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func (m *mini) word() string {
	m.space()
	from := m.pos
	for m.pos < len(m.src) && isWord(m.src[m.pos]) {
		m.pos++
	}
	return m.src[from:m.pos]
}

func (m *mini) binary(f func(a, b value.Value) (value.Value, error), a, b value.Value) value.Value {
	v, err := f(a, b)
	if err != nil && m.err == nil {
		m.err = err
	}
	return v
}

func (m *mini) comparison() value.Value {
	a := m.sum()
	relations := []struct {
		op string
		ok func(r value.Relation) bool
	}{
		{"<=", func(r value.Relation) bool { return r == value.Less || r == value.Same }},
		{">=", func(r value.Relation) bool { return r == value.Greater || r == value.Same }},
		{"<", func(r value.Relation) bool { return r == value.Less }},
		{">", func(r value.Relation) bool { return r == value.Greater }},
	}
	switch {
	case m.take("IS NOT NULL"):
		return value.Bool(!a.IsNull())
	case m.take("IS NULL"):
		return value.Bool(a.IsNull())
	case m.take("IN"):
		return m.binary(In, a, m.sum())
	case m.take("=~"):
		return m.binary(func(a, b value.Value) (value.Value, error) { return Matches(m.ctx, a, b) }, a, m.sum())
	case m.take("<>"):
		return value.Equal(a, m.sum()).Not().Value()
	case m.take("="):
		return value.Equal(a, m.sum()).Value()
	}
	for _, r := range relations {
		if m.take(r.op) {
			rel := value.Compare(a, m.sum())
			if rel == value.Incomparable {
				return value.Null
			}
			return value.Bool(r.ok(rel))
		}
	}
	return a
}

func (m *mini) sum() value.Value {
	a := m.term()
	for m.err == nil {
		switch {
		case m.take("+"):
			a = m.binary(Add, a, m.term())
		case m.take("||"):
			a = m.binary(Concat, a, m.term())
		case m.take("-"):
			a = m.binary(Sub, a, m.term())
		default:
			return a
		}
	}
	return a
}

func (m *mini) term() value.Value {
	a := m.postfix()
	for m.err == nil {
		switch {
		case m.take("*"):
			a = m.binary(Mul, a, m.postfix())
		case m.take("/"):
			a = m.binary(Div, a, m.postfix())
		case m.take("%"):
			a = m.binary(Mod, a, m.postfix())
		case m.take("^"):
			a = m.binary(Pow, a, m.postfix())
		default:
			return a
		}
	}
	return a
}

func (m *mini) postfix() value.Value {
	a := m.atom()
	for m.err == nil {
		switch {
		case m.take("[.."):
			a = m.slice(a, value.Null, true)
		case m.take("["):
			i := m.comparison()
			if m.take("..") {
				a = m.slice(a, i, false)
				continue
			}
			m.expect("]")
			a = m.binary(func(a, b value.Value) (value.Value, error) { return Index(m.ctx, a, b) }, a, i)
		case m.pos+1 < len(m.src) && m.src[m.pos] == '.' && m.src[m.pos+1] != '.' && m.take("."):
			key := m.word()
			a = m.binary(func(a, _ value.Value) (value.Value, error) { return Property(m.ctx, a, key) }, a, a)
		default:
			return a
		}
	}
	return a
}

func (m *mini) slice(list, from value.Value, noFrom bool) value.Value {
	to, noTo := value.Null, m.take("]")
	if !noTo {
		to = m.comparison()
		m.expect("]")
	}
	return m.binary(func(_, _ value.Value) (value.Value, error) { return Slice(list, from, to, noFrom, noTo) }, list, from)
}

func (m *mini) expect(tok string) {
	if !m.take(tok) {
		m.fail("want %q at %q", tok, m.src[m.pos:])
	}
}

func (m *mini) atom() value.Value {
	m.space()
	if m.pos == len(m.src) {
		return m.fail("end of text")
	}
	switch c := m.src[m.pos]; {
	case c == '\'':
		return m.quoted()
	case '0' <= c && c <= '9':
		return m.number()
	case m.take("-"):
		return m.binary(func(a, _ value.Value) (value.Value, error) { return Neg(a) }, m.postfix(), value.Null)
	case m.take("("):
		v := m.comparison()
		m.expect(")")
		return v
	case m.take("["):
		return value.List(m.list("]")...)
	case m.take("{"):
		return m.mapping()
	}
	name := m.word()
	switch name {
	case "null":
		return value.Null
	case "true", "false":
		return value.Bool(name == "true")
	case "":
		return m.fail("unexpected %q", m.src[m.pos:])
	}
	if v, ok := m.vars[name]; ok {
		return v
	}
	for m.take(".") {
		name += "." + m.word()
	}
	m.expect("(")
	return m.call(name, m.list(")"))
}

func (m *mini) call(name string, args []value.Value) value.Value {
	if m.err != nil {
		return value.Null
	}
	d, ok := Lookup(name)
	if !ok {
		return m.fail("no function %s", name)
	}
	kinds := make([]Kinds, len(args))
	for i, a := range args {
		kinds[i] = KindsOf(a)
	}
	result, err := d.Check(kinds)
	if err == nil {
		var v value.Value
		if v, err = d.Apply(m.ctx, args); err == nil {
			if !v.IsNull() && !result.Has(v.Kind()) {
				return m.fail("%s() gave %s, declared %s", name, v.Kind(), result)
			}
			return v
		}
	}
	m.err = err
	return value.Null
}

func (m *mini) list(end string) []value.Value {
	var out []value.Value
	if m.take(end) {
		return out
	}
	for m.err == nil {
		out = append(out, m.comparison())
		if m.take(end) {
			return out
		}
		m.expect(",")
	}
	return out
}

func (m *mini) mapping() value.Value {
	res := &value.Map{}
	if m.take("}") {
		return value.FromMap(res)
	}
	for m.err == nil {
		key := m.word()
		m.expect(":")
		res.Set(key, m.comparison())
		if m.take("}") {
			break
		}
		m.expect(",")
	}
	return value.FromMap(res)
}

func (m *mini) quoted() value.Value {
	var b strings.Builder
	for m.pos++; m.pos < len(m.src) && m.src[m.pos] != '\''; m.pos++ {
		c := m.src[m.pos]
		if c == '\\' {
			m.pos++
			switch c = m.src[m.pos]; c {
			case 'n':
				c = '\n'
			case 't':
				c = '\t'
			case 'u':
				code, err := strconv.ParseUint(m.src[m.pos+1:m.pos+5], 16, 32)
				if err != nil {
					return m.fail("bad escape")
				}
				b.WriteRune(rune(code))
				m.pos += 4
				continue
			}
		}
		b.WriteByte(c)
	}
	m.pos++
	return value.String(b.String())
}

func (m *mini) number() value.Value {
	from := m.pos
	for m.pos < len(m.src) && (strings.IndexByte("0123456789eE", m.src[m.pos]) >= 0 ||
		m.src[m.pos] == '.' && m.pos+1 < len(m.src) && m.src[m.pos+1] != '.' ||
		m.src[m.pos] == '-' && strings.ContainsRune("eE", rune(m.src[m.pos-1]))) {
		m.pos++
	}
	text := m.src[from:m.pos]
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return value.Int(i)
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return m.fail("number %s", text)
	}
	return value.Float(f)
}
