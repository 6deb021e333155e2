package edit

import (
	"strings"
	"unicode/utf8"
)

// search looks for a text of the history, from the newest on.
type search struct {
	before state
	wanted string
	at     int // where it was found
	failed bool
}

func (s *search) line() string {
	if s.failed {
		return "nothing older has: " + s.wanted
	}
	return "search: " + s.wanted
}

// searchKey gives a key to the search. What it has no use for ends it, with the text
// that was found.
func (e *Editor) searchKey(k key) (used bool) {
	s := e.search
	switch {
	case k.name == "ctrl-r":
		e.find(s.at - 1)
	case k.name == "escape", k.name == "ctrl-c":
		e.text, e.cursor = s.before.text, s.before.cursor
		e.search = nil
	case k.name == "backspace":
		s.wanted = s.wanted[:before(s.wanted, len(s.wanted))]
		e.find(e.o.History.Len() - 1)
	case k.name == "" && k.text != "":
		s.wanted += k.text
		e.find(min(s.at, e.o.History.Len()-1))
	default:
		e.at = s.at
		e.search = nil
		return false
	}
	return true
}

// find shows the newest text, from the i-th on, that has what is wanted, whatever the
// case of letters.
func (e *Editor) find(i int) {
	s := e.search
	wanted := strings.ToLower(s.wanted)
	if wanted == "" {
		e.text, e.cursor, s.failed = s.before.text, s.before.cursor, false
		return
	}
	for ; i >= 0; i-- {
		text := e.o.History.At(i)
		if at := strings.Index(strings.ToLower(text), wanted); at >= 0 {
			s.at, s.failed = i, false
			e.text, e.cursor = text, 0
			if at < len(text) && utf8.RuneStart(text[at]) { // small letters may be longer or shorter
				e.cursor = at
			}
			return
		}
	}
	s.failed = true
}
