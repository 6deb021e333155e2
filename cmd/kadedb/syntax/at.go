package syntax

import "strings"

// Wanted is a set of what may stand somewhere in a text.
type Wanted uint8

// What may stand at a place.
const (
	Keywords   Wanted = 1 << iota // words of the language
	Functions                     // with their parenthesis
	Variables                     // that the statement names
	Labels                        // of nodes
	Types                         // of relationships
	Keys                          // of properties
	Params                        // after a $
	Procedures                    // after CALL
)

// Place is what a text may go on with at a cursor.
type Place struct {
	Wanted Wanted
	// Start is where the piece begins that is to be completed; it ends at the cursor.
	Start int
	// Variables are the names before the cursor that Wanted includes.
	Variables []string
	// Of are the labels or types of what Keys are wanted of, where the text says them.
	Of []string
}

// At returns what may stand at the end of text, which is cut off at the cursor. It is
// for proposals alone: wrong texts get any answer.
func At(text string) Place {
	if at := lastStatement(text); at > 0 {
		p := At(text[at:])
		p.Start += at
		return p
	}
	tokens := Scan(text)
	p := Place{Start: len(text)}
	i := len(tokens) // of the piece that is being typed
	if i > 0 {
		switch last := tokens[i-1]; last.Kind {
		case String, Comment:
			if last.Open || last.Kind == Comment && !strings.HasSuffix(last.Text(text), "*/") {
				return p
			}
		case Number:
			return p
		case Param:
			return Place{Wanted: Params, Start: last.Start}
		case Word, Name:
			if last.Open || text[last.Start] != '`' {
				p.Start, i = last.Start, i-1
			}
		}
	}
	if p.dotted(text, tokens, i) {
		return p
	}
	p.Wanted = wantedAfter(text, tokens, i)
	if bracket, at := enclosing(text, tokens, i); p.Wanted == Keys && bracket == '{' {
		p.Of = labelsBefore(text, tokens, at)
	}
	if p.Wanted&Variables != 0 {
		p.Variables = variables(text, tokens[:i])
	}
	return p
}

// lastStatement returns where the last statement of text begins.
func lastStatement(text string) int {
	at := 0
	for {
		first, rest, found := Cut(text[at:])
		if !found {
			return at
		}
		if rest == "" {
			return len(text)
		}
		at += len(first) + 1
	}
}

// dotted handles what follows a dot: a property, or a part of a dotted name, which
// then is completed from its beginning.
func (p *Place) dotted(text string, tokens []Token, i int) bool {
	if i == 0 || tokens[i-1].Kind != Sign || text[tokens[i-1].Start] != '.' {
		if b := before(tokens, i); b >= 0 && strings.EqualFold(tokens[b].Text(text), "CALL") {
			p.Wanted = Procedures
			return true
		}
		return false
	}
	p.Wanted = Keys
	start := i - 1
	for start > 0 {
		t := tokens[start-1]
		if name := t.Kind == Word || t.Kind == Name; !name && !(t.Kind == Sign && text[t.Start] == '.') {
			break
		}
		start--
	}
	b := before(tokens, start)
	switch {
	case b >= 0 && strings.EqualFold(tokens[b].Text(text), "CALL"):
		p.Wanted, p.Start = Procedures, tokens[start].Start
	case start < i-1:
		p.Wanted |= Functions
		if start == i-2 {
			p.Of = labelsOf(text, tokens, tokens[start].Text(text))
		}
	}
	return true
}

// labelsBefore returns the labels or types of the pattern whose properties begin with the
// brace at i, as in (n:Label {.
func labelsBefore(text string, tokens []Token, i int) (list []string) {
	for i--; i >= 0; i-- {
		switch t := tokens[i]; t.Kind {
		case Space, Comment:
		case Name, Word:
			if strings.IndexByte(":|&!", signBefore(text, tokens, i)) >= 0 {
				list = append(list, Unquote(t.Text(text)))
			}
		case Sign:
			if strings.IndexByte(":|&!", text[t.Start]) < 0 {
				return list
			}
		default:
			return list
		}
	}
	return list
}

// labelsOf returns the labels or types that the patterns of a text give a variable.
func labelsOf(text string, tokens []Token, variable string) (list []string) {
	for i, t := range tokens {
		if t.Kind != Name && t.Kind != Word || t.Text(text) != variable || signAfter(text, tokens, i) != ':' {
			continue
		}
		if b := signBefore(text, tokens, i); b != '(' && b != '[' {
			continue
		}
	names:
		for j := i + 1; j < len(tokens); j++ {
			switch t := tokens[j]; t.Kind {
			case Space, Comment:
			case Name, Word:
				list = append(list, Unquote(t.Text(text)))
			case Sign:
				if strings.IndexByte(":|&!", text[t.Start]) < 0 {
					break names
				}
			default:
				break names
			}
		}
	}
	return list
}

// wantedAfter looks at what stands before the i-th token.
func wantedAfter(text string, tokens []Token, i int) Wanted {
	const expression = Keywords | Functions | Variables
	b := before(tokens, i)
	if b < 0 {
		return Keywords
	}
	t := tokens[b]
	if t.Kind != Sign {
		return expression
	}
	bracket, at := enclosing(text, tokens, i)
	switch text[t.Start] {
	case ':', '|', '&', '!':
		switch {
		case text[t.Start] != ':' && !afterColon(text, tokens, b):
			return expression
		case bracket == '{':
			return expression
		case bracket == '[' && afterArrow(text, tokens, at):
			return Types
		case bracket == '(' || bracket == 0:
			return Labels
		}
		return Labels | Types
	case '{':
		return Keys
	case ',':
		if bracket == '{' {
			return Keys
		}
	}
	return expression
}

// afterColon reports whether a colon stands before the sign at i, with nothing but names,
// signs of label expressions and parentheses between them.
func afterColon(text string, tokens []Token, i int) bool {
	for i--; i >= 0; i-- {
		switch t := tokens[i]; t.Kind {
		case Space, Comment, Name, Word:
		case Sign:
			switch text[t.Start] {
			case ':':
				return true
			case '|', '&', '!', '(':
			default:
				return false
			}
		default:
			return false
		}
	}
	return false
}

// afterArrow reports whether the bracket at i belongs to a relationship.
func afterArrow(text string, tokens []Token, i int) bool { return signBefore(text, tokens, i) == '-' }

// variables returns the names that tokens use as variables, most likely.
func variables(text string, tokens []Token) []string {
	var list []string
	seen := map[string]bool{}
	for i, t := range tokens {
		if t.Kind != Name || t.Open {
			continue
		}
		switch signBefore(text, tokens, i) {
		case '.', ':', '|', '&', '!':
			continue
		}
		after := signAfter(text, tokens, i)
		if bracket, _ := enclosing(text, tokens, i); after == '(' || after == ':' && bracket == '{' {
			continue
		}
		if name := t.Text(text); !seen[name] {
			seen[name] = true
			list = append(list, name)
		}
	}
	return list
}
