package render

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/kadedb/kadedb/value"
)

// linePrinter writes a value a line, under a rule for each row.
type linePrinter struct {
	w       *bufio.Writer
	columns []string
	o       Options
	between string
	names   []string // of the columns, filled up to one width
	rows    int64
}

func (p *linePrinter) row(vals []value.Value) error { return p.record(textOf(vals)) }

func (p *linePrinter) end() error { return nil }

// begin writes what comes before the first row.
func (p *linePrinter) begin() error {
	if p.names != nil {
		return nil
	}
	p.names = make([]string, len(p.columns))
	widest := 0
	for i, c := range p.columns {
		p.names[i] = oneLine(c)
		widest = max(widest, width(p.names[i]))
	}
	if p.o.Width > 0 {
		widest = min(widest, p.o.Width/3)
	}
	for i, c := range p.names {
		p.names[i] = pad(c, widest, true)
	}
	_, err := p.w.WriteString(p.between)
	return err
}

func (p *linePrinter) record(rec record) error {
	if err := p.begin(); err != nil {
		return err
	}
	p.rows++
	dash, bar := p.o.mark("─"), p.o.mark("│")
	rule := fmt.Sprintf("%s row %d ", strings.Repeat(dash, 2), p.rows)
	var b strings.Builder
	b.WriteString(paint(p.o.Color, dim, rule+strings.Repeat(dash, max(0, p.ruleWidth()-width(rule)))) + "\n")
	for i, name := range p.names {
		lines := []string{rec.cells[i]}
		indent := width(name)
		if p.o.Width > 0 {
			room := max(p.o.Width-indent-3, leastWidth)
			lines = elide(fold(rec.cells[i], room, rec.built[i]), room, p.o.mark("…"))
		}
		head := paint(p.o.Color, bold, name)
		for _, text := range lines {
			if rec.null[i] {
				text = paint(p.o.Color, dim, text)
			}
			b.WriteString(head + " " + bar + " " + text + "\n")
			head = strings.Repeat(" ", indent)
		}
	}
	_, err := p.w.WriteString(b.String())
	return err
}

func (p *linePrinter) ruleWidth() int {
	if p.o.Width == 0 {
		return 40
	}
	return min(p.o.Width, 40)
}

// markdownPrinter writes a table of GitHub's Markdown; null is an empty cell.
type markdownPrinter struct {
	w       *bufio.Writer
	columns []string
	between string
	begun   bool
}

var markdownEscapes = strings.NewReplacer(`\`, `\\`, "|", `\|`, "<", "&lt;", ">", "&gt;", "&", "&amp;", "*", `\*`, "_", `\_`, "`", "\\`",
	"[", `\[`, "]", `\]`, "\r\n", "<br>", "\n", "<br>", "\r", "<br>")

// begin writes the header. The first row says which columns are put right.
func (p *markdownPrinter) begin(first []value.Value) error {
	if p.begun {
		return nil
	}
	p.begun = true
	var b strings.Builder
	b.WriteString(p.between + "|")
	for _, c := range p.columns {
		b.WriteString(" " + Printable(markdownEscapes.Replace(c)) + " |")
	}
	b.WriteString("\n|")
	for i := range p.columns {
		mark := " --- |"
		if first != nil {
			if k := first[i].Kind(); k == value.KindInt || k == value.KindFloat {
				mark = " ---: |"
			}
		}
		b.WriteString(mark)
	}
	_, err := p.w.WriteString(b.String() + "\n")
	return err
}

func (p *markdownPrinter) row(vals []value.Value) error {
	if err := p.begin(vals); err != nil {
		return err
	}
	var b strings.Builder
	b.WriteByte('|')
	for _, v := range vals {
		text := ""
		if !v.IsNull() {
			text = Printable(markdownEscapes.Replace(Cell(v)))
		}
		b.WriteString(" " + text + " |")
	}
	_, err := p.w.WriteString(b.String() + "\n")
	return err
}

func (p *markdownPrinter) end() error { return p.begin(nil) }
