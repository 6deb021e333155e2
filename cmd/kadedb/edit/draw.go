package edit

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// drawn is what the terminal shows of a text.
type drawn struct {
	cursor int // its row, from the first that is shown
	top    int // the first row of the text that is shown
	room   int // columns right of the cursor
}

// cluster returns the first character of s as a person counts them, and its columns.
func cluster(s string) (string, int) {
	if s[0] < utf8.RuneSelf && (len(s) == 1 || s[1] < utf8.RuneSelf) {
		return s[:1], 1 // also a tab, which is drawn as a space
	}
	c, _, w, _ := uniseg.FirstGraphemeClusterInString(s, -1)
	if r, _ := utf8.DecodeRuneInString(c); unicode.IsControl(r) {
		w = 1
	}
	return c, w
}

func width(s string) (n int) {
	for s != "" {
		c, w := cluster(s)
		n += w
		s = s[len(c):]
	}
	return n
}

// layout lays text out in rows of most columns. It passes colours through.
type layout struct {
	most int
	rows []string
	row  strings.Builder
	at   int // columns of row
}

func (l *layout) wrap() {
	l.rows = append(l.rows, l.row.String())
	l.row.Reset()
	l.at = 0
}

func (l *layout) add(s string) {
	for s != "" {
		if s[0] == 0x1b {
			n := strings.IndexByte(s, 'm') + 1
			if n == 0 {
				n = len(s)
			}
			l.row.WriteString(s[:n])
			s = s[n:]
			continue
		}
		c, w := cluster(s)
		s = s[len(c):]
		if l.at+w > l.most {
			l.wrap()
		}
		if c == "\t" {
			c = " "
		}
		l.row.WriteString(c)
		l.at += w
	}
}

// fill begins a row where the last one is full, so that the cursor has a place.
func (l *layout) fill() {
	if l.at >= l.most {
		l.wrap()
	}
}

// rows lays out the prompts and the text, and returns where the cursor is.
func (e *Editor) rows(columns int) (rows []string, row, column int) {
	l := layout{most: columns}
	painted := strings.Split(e.o.Paint(e.text), "\n")
	lines := strings.Split(e.text, "\n")
	if len(painted) != len(lines) {
		painted = lines
	}
	start := 0
	for i, line := range lines {
		prompt := e.prompt
		if i > 0 {
			l.fill()
			l.wrap()
			prompt = e.o.More
		}
		l.add(prompt)
		if e.cursor >= start && e.cursor <= start+len(line) {
			// The same layout, without colours and up to the cursor.
			upto := layout{most: columns}
			upto.add(prompt)
			upto.add(line[:e.cursor-start])
			upto.fill()
			row, column = len(l.rows)+len(upto.rows), upto.at
		}
		l.add(painted[i])
		start += len(line) + 1
	}
	l.fill()
	l.wrap()
	return l.rows, row, column
}

// draw shows the text anew, from the row on where it begins.
func (e *Editor) draw() error {
	columns, height := e.size()
	columns, height = max(columns, 2), max(height, 2)
	rows, row, column := e.rows(columns)
	below := e.below(columns)
	if room := max(height-1-min(len(rows), height/2), 1); len(below) > room {
		below = below[:room]
	}
	// What is taller than the screen shows the part around the cursor.
	visible := min(len(rows), height-len(below))
	top := min(max(e.screen.top, row-visible+1), row)
	top = max(0, min(top, len(rows)-visible))
	shown := append(rows[top:top+visible:top+visible], below...)

	var b strings.Builder
	b.WriteString("\x1b[?25l\r")
	if e.screen.cursor > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", e.screen.cursor)
	}
	b.WriteString("\x1b[J" + strings.Join(shown, "\r\n") + normal) // also where a coloured piece goes on below
	if up := len(shown) - 1 - (row - top); up > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", up)
	}
	b.WriteByte('\r')
	if column > 0 {
		fmt.Fprintf(&b, "\x1b[%dC", column)
	}
	b.WriteString("\x1b[?25h")
	e.screen = drawn{cursor: row - top, top: top, room: columns - column}
	return e.write(b.String())
}
