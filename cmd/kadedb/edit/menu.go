package edit

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// menu are proposals that are shown below the text.
type menu struct {
	start    int    // what is replaced begins here
	typed    string // what stood there
	list     []Proposal
	selected int // -1 for none
}

// complete inserts what all proposals have in common, and shows them where there are
// several.
func (e *Editor) complete() {
	if e.o.Propose == nil {
		return
	}
	start, list := e.o.Propose(e.text[:e.cursor])
	if len(list) == 0 || start < 0 || start > e.cursor {
		return
	}
	typed := e.text[start:e.cursor]
	common := list[0].Text
	for _, p := range list[1:] {
		common = commonStart(common, p.Text)
	}
	switch {
	case len(list) == 1, len(common) >= len(typed): // also in the case of its letters
		e.replace(start, common)
		if len(list) == 1 {
			return
		}
		typed = common
	}
	e.menu = &menu{start: start, typed: typed, list: list, selected: -1}
}

func (e *Editor) replace(start int, text string) {
	e.text = e.text[:start] + text + e.text[e.cursor:]
	e.cursor = start + len(text)
}

func commonStart(a, b string) string {
	n := 0
	for n < len(a) && n < len(b) {
		_, size := utf8.DecodeRuneInString(a[n:])
		if !strings.HasPrefix(b[n:], a[n:n+size]) {
			break
		}
		n += size
	}
	return a[:n]
}

// menuKey gives a key to the menu. What it has no use for closes it.
func (e *Editor) menuKey(k key) (used bool) {
	m := e.menu
	step := 0
	switch k.name {
	case "tab", "down", "right", "ctrl-n":
		step = 1
	case "shift-tab", "up", "left", "ctrl-p":
		step = -1
	case "escape":
		e.replace(m.start, m.typed)
		e.menu = nil
		return true
	case "enter":
		e.menu = nil
		return m.selected >= 0 // else it is an ordinary one
	}
	if step == 0 || m.selected < 0 && k.name != "tab" && k.name != "shift-tab" && k.name != "down" {
		e.menu = nil
		return false
	}
	n := len(m.list) + 1 // one more for what was typed
	m.selected = (m.selected+1+step+n)%n - 1
	if m.selected < 0 {
		e.replace(m.start, m.typed)
	} else {
		e.replace(m.start, m.list[m.selected].Text)
	}
	return true
}

const (
	reverse = "\x1b[7m"
	dim     = "\x1b[2m"
	normal  = "\x1b[0m"
	// mostMenu is how many rows a menu takes.
	mostMenu = 10
)

// below returns the rows below the text: the menu, or what is searched for.
func (e *Editor) below(columns int) []string {
	switch {
	case e.search != nil:
		return []string{cut(e.search.line(), columns-1, e.o.Cut)}
	case e.menu != nil:
		return e.menu.rows(columns-1, e.o.Cut)
	}
	return nil
}

func (m *menu) rows(columns int, mark string) []string {
	widest, docs := 0, 0
	for _, p := range m.list {
		widest = max(widest, width(p.Text))
		if p.Doc != "" {
			docs++
		}
	}
	widest = min(widest, columns)
	perRow := max(1, (columns+2)/(widest+2))
	if docs > 0 && len(m.list) <= 2*mostMenu {
		perRow = 1
	}
	var rows []string
	total := (len(m.list) + perRow - 1) / perRow
	first := 0 // the rows that are shown hold what is selected
	if at := max(m.selected, 0) / perRow; at >= mostMenu {
		first = at - mostMenu + 1
	}
	for r := first; r < total && r < first+mostMenu; r++ {
		var b strings.Builder
		for i := r * perRow; i < min(len(m.list), (r+1)*perRow); i++ {
			p := m.list[i]
			text := cut(p.Text, widest, mark)
			text += strings.Repeat(" ", widest-width(text))
			if i == m.selected {
				text = reverse + text + normal
			}
			if perRow == 1 && p.Doc != "" {
				if room := columns - widest - 2; room > 8 {
					text += "  " + dim + cut(p.Doc, room, mark) + normal
				}
			}
			if i > r*perRow {
				b.WriteString("  ")
			}
			b.WriteString(text)
		}
		rows = append(rows, b.String())
	}
	if total > first+mostMenu {
		rows = append(rows, dim+cut(fmt.Sprintf("%s %d more", mark, len(m.list)-(first+mostMenu)*perRow), columns, mark)+normal)
	}
	return rows
}

// cut shortens text to so many columns, and shows that by a mark of one column.
func cut(s string, columns int, mark string) string {
	s = strings.NewReplacer("\n", " ", "\t", " ").Replace(s)
	if width(s) <= columns {
		return s
	}
	end, at := 0, 0
	for end < len(s) {
		c, w := cluster(s[end:])
		if at+w > columns-1 {
			break
		}
		end += len(c)
		at += w
	}
	return s[:end] + mark
}
