package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/kadedb/kadedb/value"
)

// parseExpected reads a cell of a result table: the notation of values that the
// TCK uses, where (:A {x: 1}) is a node, [:T] a relationship and <(a)-[b]->(c)> a path.
func parseExpected(text string) (value.Value, error) {
	p := &expectParser{s: text}
	v, err := p.value()
	if err != nil {
		return value.Null, fmt.Errorf("expected value %q: %w", text, err)
	}
	p.space()
	if p.i != len(p.s) {
		return value.Null, fmt.Errorf("expected value %q: trailing %q", text, p.s[p.i:])
	}
	return v, nil
}

type expectParser struct {
	s string
	i int
}

func (p *expectParser) space() {
	for p.i < len(p.s) && strings.IndexByte(" \t\n\r", p.s[p.i]) >= 0 {
		p.i++
	}
}

func (p *expectParser) peek() byte {
	p.space()
	if p.i < len(p.s) {
		return p.s[p.i]
	}
	return 0
}

func (p *expectParser) take(tok string) bool {
	p.space()
	if strings.HasPrefix(p.s[p.i:], tok) {
		p.i += len(tok)
		return true
	}
	return false
}

func (p *expectParser) need(tok string) error {
	if !p.take(tok) {
		return fmt.Errorf("want %q at %q", tok, p.s[p.i:])
	}
	return nil
}

func (p *expectParser) value() (value.Value, error) {
	switch c := p.peek(); {
	case c == '\'':
		s, err := p.str()
		return value.String(s), err
	case c == '[':
		p.i++
		if p.peek() == ':' {
			return p.relationship()
		}
		return p.list()
	case c == '{':
		m, err := p.mapping()
		return value.FromMap(m), err
	case c == '(':
		return p.node()
	case c == '<':
		return p.path()
	}
	start := p.i
	for p.i < len(p.s) && !strings.ContainsRune(" ,]})>", rune(p.s[p.i])) {
		p.i++
	}
	return scalar(p.s[start:p.i])
}

func scalar(word string) (value.Value, error) {
	switch word {
	case "null":
		return value.Null, nil
	case "true":
		return value.Bool(true), nil
	case "false":
		return value.Bool(false), nil
	case "NaN":
		return value.Float(math.NaN()), nil
	case "Inf", "Infinity":
		return value.Float(math.Inf(1)), nil
	case "-Inf", "-Infinity":
		return value.Float(math.Inf(-1)), nil
	}
	if i, err := strconv.ParseInt(word, 10, 64); err == nil {
		return value.Int(i), nil
	}
	f, err := strconv.ParseFloat(word, 64)
	if err != nil {
		return value.Null, fmt.Errorf("%q is no value", word)
	}
	return value.Float(f), nil
}

func (p *expectParser) str() (string, error) {
	var b strings.Builder
	for p.i++; p.i < len(p.s); {
		r, n := utf8.DecodeRuneInString(p.s[p.i:])
		p.i += n
		switch {
		case r == '\'':
			return b.String(), nil
		case r == '\\' && p.i < len(p.s):
			e := p.s[p.i]
			p.i++
			switch e {
			case 'n':
				b.WriteByte('\n')
			case 't':
				b.WriteByte('\t')
			case 'r':
				b.WriteByte('\r')
			default:
				b.WriteByte(e)
			}
		default:
			b.WriteRune(r)
		}
	}
	return "", fmt.Errorf("string without end")
}

func (p *expectParser) list() (value.Value, error) {
	var elems []value.Value
	for !p.take("]") {
		if len(elems) > 0 {
			if err := p.need(","); err != nil {
				return value.Null, err
			}
		}
		v, err := p.value()
		if err != nil {
			return value.Null, err
		}
		elems = append(elems, v)
	}
	return value.List(elems...), nil
}

func (p *expectParser) mapping() (*value.Map, error) {
	m := &value.Map{}
	if err := p.need("{"); err != nil {
		return nil, err
	}
	for !p.take("}") {
		if m.Len() > 0 {
			if err := p.need(","); err != nil {
				return nil, err
			}
		}
		p.space()
		var key string
		if p.take("`") {
			end := strings.IndexByte(p.s[p.i:], '`')
			if end < 0 {
				return nil, fmt.Errorf("name without end")
			}
			key = p.s[p.i : p.i+end]
			p.i += end + 1
		} else {
			key = p.name()
		}
		if err := p.need(":"); err != nil {
			return nil, err
		}
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		m.Set(key, v)
	}
	return m, nil
}

func (p *expectParser) name() string {
	p.space()
	start := p.i
	for p.i < len(p.s) && !strings.ContainsRune(" :,{}[]()<>-|", rune(p.s[p.i])) {
		p.i++
	}
	return p.s[start:p.i]
}

func (p *expectParser) node() (value.Value, error) {
	if err := p.need("("); err != nil {
		return value.Null, err
	}
	n := &value.Node{}
	for p.take(":") {
		n.Labels = append(n.Labels, p.name())
	}
	if p.peek() == '{' {
		m, err := p.mapping()
		if err != nil {
			return value.Null, err
		}
		n.Props = m
	}
	return value.FromNode(n), p.need(")")
}

// relationship reads what follows the "[" of a relationship.
func (p *expectParser) relationship() (value.Value, error) {
	r := &value.Relationship{}
	if err := p.need(":"); err != nil {
		return value.Null, err
	}
	r.Type = p.name()
	if p.peek() == '{' {
		m, err := p.mapping()
		if err != nil {
			return value.Null, err
		}
		r.Props = m
	}
	return value.FromRelationship(r), p.need("]")
}

// path reads <(..)-[..]->(..)…>; a relationship's Start and End say its direction:
// 0 → 1 along the path, 1 → 0 against it.
func (p *expectParser) path() (value.Value, error) {
	if err := p.need("<"); err != nil {
		return value.Null, err
	}
	out := &value.Path{}
	for {
		n, err := p.node()
		if err != nil {
			return value.Null, err
		}
		out.Nodes = append(out.Nodes, n)
		if p.take(">") {
			return value.FromPath(out), nil
		}
		against := p.take("<-")
		if !against {
			if err := p.need("-"); err != nil {
				return value.Null, err
			}
		}
		if err := p.need("["); err != nil {
			return value.Null, err
		}
		r, err := p.relationship()
		if err != nil {
			return value.Null, err
		}
		arrow := "->"
		if against {
			arrow = "-"
		}
		if err := p.need(arrow); err != nil {
			return value.Null, err
		}
		rel := r.AsRelationship()
		rel.Start, rel.End = 0, 1
		if against {
			rel.Start, rel.End = 1, 0
		}
		out.Rels = append(out.Rels, r)
	}
}
