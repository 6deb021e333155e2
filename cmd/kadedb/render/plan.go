package render

import (
	"bufio"
	"strings"
	"unicode/utf8"

	"github.com/kadedb/kadedb/value"
)

// planPrinter prints the lines of EXPLAIN on a terminal, whose layout a table would break.
// What only is called a plan is left to the table.
type planPrinter struct {
	w     *bufio.Writer
	o     Options
	lines []string
	other *tablePrinter // for rows that are no plan
}

const planHead = "Operator  "

func (p *planPrinter) row(vals []value.Value) error {
	text := ""
	if vals[0].Kind() == value.KindString {
		text = vals[0].AsString()
	}
	if p.lines == nil && !strings.HasPrefix(text, planHead) || p.other.held != nil || p.other.widths != nil || p.other.lines != nil {
		return p.other.row(vals)
	}
	p.lines = append(p.lines, Printable(strings.Clone(text)))
	return nil
}

func (p *planPrinter) end() error {
	if p.lines == nil {
		return p.other.end()
	}
	lines := FitPlan(p.lines, p.o.Width)
	if p.o.ASCII {
		for i, l := range lines {
			lines[i] = ASCII(l)
		}
	}
	lines[0] = paint(p.o.Color, bold, lines[0])
	_, err := p.w.WriteString(strings.Join(lines, "\n") + "\n")
	return err
}

// FitPlan returns the lines of a plan so that they fit so many columns: what an operator
// does is folded, and its numbers keep theirs. Without that (0), or where there is too
// little room, they stay as they are.
//
//	Operator                  Estimated rows   Cost
//	└ Filter  a.x = 1 AND                1.0  100ns
//	    a.y = 2
func FitPlan(lines []string, columns int) []string {
	const leastRoom = 24
	if len(lines) == 0 || columns == 0 {
		return lines
	}
	head, _, found := strings.Cut(lines[0], "Estimated rows")
	at := utf8.RuneCountInString(head) // where the numbers begin
	numbers := utf8.RuneCountInString(lines[0]) - at
	room := columns - numbers
	if !found || room < leastRoom || at+numbers <= columns {
		return lines
	}
	var out []string
	for _, line := range lines {
		text := strings.TrimLeft(line, " │├└")
		lead := line[:len(line)-len(text)]
		follow := strings.NewReplacer("├", "│", "└", " ").Replace(lead) + "  "
		indent := utf8.RuneCountInString(follow)
		if strings.HasPrefix(text, "·") { // a note, without numbers
			for i, part := range fold(text, max(columns-indent, leastWidth), true) {
				out = append(out, map[bool]string{true: lead, false: follow}[i == 0]+part)
			}
			continue
		}
		left, right := line, ""
		if runes := []rune(line); len(runes) > at {
			left, right = string(runes[:at]), string(runes[at:])
		}
		parts := fold(strings.TrimRight(left[len(lead):], " "), max(room-indent-1, leastWidth), true)
		out = append(out, pad(lead+parts[0], room, false)+right)
		for _, part := range parts[1:] {
			out = append(out, follow+part)
		}
	}
	return out
}
