package render

import (
	"bufio"
	"fmt"
	"slices"
	"strings"

	"github.com/kadedb/kadedb/value"
)

const (
	// heldRows is how many rows decide the widths of a table's columns at first.
	heldRows = 1000
	// mostPad bounds what short cells are filled up to where no terminal does.
	mostPad = 80
	// leastWidth is what a folded column keeps.
	leastWidth = 8
	// mostNumber is the widest column of numbers, dates and the like that is not folded
	// before others are.
	mostNumber = 24
	// mostLines bounds a folded cell.
	mostLines = 20
)

// tablePrinter prints rows under a header. The first rows decide the widths. A later
// cell that is wider widens its column from there on where there is room; else it is
// folded on a terminal, and sticks out elsewhere. No cell is cut but on a terminal,
// past mostLines, and that shows.
type tablePrinter struct {
	w       *bufio.Writer
	columns []string
	o       Options
	box     bool
	between string
	held    []record
	number  []bool       // columns of numbers only are put right
	whole   []bool       // columns of numbers, dates and the like alone: others are folded first
	widths  []int        // nil until they are decided
	lines   *linePrinter // takes over where the columns do not fit
	written int
	tall    bool // the last row took several lines
}

// record is a row as text.
type record struct {
	cells []string
	null  []bool
	built []bool // of parts: nodes, paths, lists and the like
}

func newRecord(n int) record { return record{make([]string, n), make([]bool, n), make([]bool, n)} }

func textOf(vals []value.Value) record {
	rec := newRecord(len(vals))
	for i, v := range vals {
		rec.cells[i], rec.null[i] = oneLine(Cell(v)), v.IsNull()
		switch v.Kind() {
		case value.KindNode, value.KindRelationship, value.KindPath, value.KindList, value.KindMap:
			rec.built[i] = true
		}
	}
	return rec
}

func (p *tablePrinter) row(vals []value.Value) error {
	switch {
	case p.lines != nil:
		return p.lines.row(vals)
	case p.widths != nil:
		return p.record(textOf(vals))
	case p.number == nil:
		p.number = slices.Repeat([]bool{true}, len(p.columns))
		p.whole = slices.Clone(p.number)
	}
	for i, v := range vals {
		if k := v.Kind(); k != value.KindInt && k != value.KindFloat && k != value.KindNull {
			p.number[i] = false
			p.whole[i] = p.whole[i] && (k == value.KindBool || k >= value.KindDate && k <= value.KindDuration)
		}
	}
	if p.held = append(p.held, textOf(vals)); len(p.held) < heldRows {
		return nil
	}
	return p.flush()
}

func (p *tablePrinter) end() error {
	if p.lines == nil && p.widths == nil {
		if err := p.flush(); err != nil {
			return err
		}
	}
	if p.lines != nil || !p.box {
		return nil
	}
	return p.rule("└", "┴", "┘")
}

// flush decides the widths and writes what was held.
func (p *tablePrinter) flush() error {
	if _, err := p.w.WriteString(p.between); err != nil {
		return err
	}
	if p.number == nil {
		p.number = make([]bool, len(p.columns))
		p.whole = p.number
	}
	header := newRecord(len(p.columns))
	natural := make([]int, len(p.columns))
	for i, c := range p.columns {
		header.cells[i] = oneLine(c)
		natural[i] = max(width(header.cells[i]), 1)
	}
	for _, rec := range p.held {
		for i, s := range rec.cells {
			natural[i] = max(natural[i], width(s))
		}
	}
	held := p.held
	p.held = nil
	if p.widths = p.fit(natural); p.widths == nil {
		p.lines = &linePrinter{w: p.w, columns: p.columns, o: p.o}
		for _, rec := range held {
			if err := p.lines.record(rec); err != nil {
				return err
			}
		}
		return nil
	}
	if p.box {
		if err := p.rule("┌", "┬", "┐"); err != nil {
			return err
		}
	}
	if err := p.write(header, bold); err != nil {
		return err
	}
	if err := p.rule("├", "┼", "┤"); err != nil {
		return err
	}
	for _, rec := range held {
		if err := p.record(rec); err != nil {
			return err
		}
	}
	return nil
}

// frame is what a table's lines take beside its cells.
func (p *tablePrinter) frame() int {
	n := 3 * (len(p.columns) - 1)
	if p.box {
		n += 4
	}
	return n
}

// fit returns the widths that the columns get, nil where they do not fit even folded.
// The widest give first, and narrow columns of numbers not before the others.
func (p *tablePrinter) fit(natural []int) []int {
	if p.o.Width == 0 {
		return capped(natural, mostPad, nil)
	}
	room := p.o.Width - p.frame()
	if sum(natural) <= room {
		return natural
	}
	keep := make([]bool, len(natural))
	for i, w := range natural {
		keep[i] = p.whole[i] && w <= mostNumber
	}
	for range 2 {
		for level := slices.Max(natural); level >= leastWidth; level-- {
			out := capped(natural, level, keep)
			left := room - sum(out)
			if left < 0 {
				continue
			}
			for i := range out { // what rounding left over
				more := min(left, natural[i]-out[i])
				out[i] += more
				left -= more
			}
			return out
		}
		clear(keep)
	}
	return nil
}

// capped returns widths of at most most, but for those to keep.
func capped(widths []int, most int, keep []bool) []int {
	out := slices.Clone(widths)
	for i, w := range out {
		if keep == nil || !keep[i] {
			out[i] = min(w, most)
		}
	}
	return out
}

func sum(list []int) (n int) {
	for _, w := range list {
		n += w
	}
	return n
}

// record writes a row, after widening the columns that have room for it.
func (p *tablePrinter) record(rec record) error {
	for i, s := range rec.cells {
		w := width(s)
		switch {
		case w <= p.widths[i]:
		case p.o.Width == 0:
			p.widths[i] = max(p.widths[i], min(w, mostPad))
		case sum(p.widths)-p.widths[i]+w <= p.o.Width-p.frame():
			p.widths[i] = w
		}
	}
	return p.write(rec, "")
}

// write writes a row, in several lines where a cell is folded.
func (p *tablePrinter) write(rec record, style string) error {
	cells := make([][]string, len(rec.cells))
	height := 1
	for i, s := range rec.cells {
		cells[i] = []string{s}
		if p.o.Width > 0 {
			cells[i] = elide(fold(s, p.widths[i], rec.built[i]), p.widths[i], p.piece("…"))
		}
		height = max(height, len(cells[i]))
	}
	// What takes several lines is set apart from its neighbours.
	if p.written > 1 && (p.tall || height > 1) {
		if err := p.drawRule("┄", "├", "┼", "┤", dim); err != nil {
			return err
		}
	}
	p.written++
	p.tall = height > 1
	bar := p.piece("│")
	for l := range height {
		var b strings.Builder
		if p.box {
			b.WriteString(bar + " ")
		}
		for i, lines := range cells {
			if i > 0 {
				b.WriteString(" " + bar + " ")
			}
			text := ""
			if l < len(lines) {
				text = lines[l]
			}
			if p.box || p.number[i] || i < len(cells)-1 {
				text = pad(text, p.widths[i], p.number[i])
			}
			if rec.null[i] {
				text = paint(p.o.Color, dim, text)
			} else {
				text = paint(p.o.Color, style, text)
			}
			b.WriteString(text)
		}
		if p.box {
			b.WriteString(" " + bar)
		}
		if _, err := p.w.WriteString(b.String() + "\n"); err != nil {
			return err
		}
	}
	return nil
}

// elide shortens a folded cell that would fill screens, and says by how much.
func elide(lines []string, most int, mark string) []string {
	if len(lines) <= mostLines {
		return lines
	}
	n := 0
	for _, l := range lines[mostLines-1:] {
		n += len([]rune(l))
	}
	note := fmt.Sprintf("%s %d more", mark, n)
	if width(note) > most {
		note = mark
	}
	return append(lines[:mostLines-1:mostLines-1], note)
}

func (p *tablePrinter) rule(left, cross, right string) error {
	return p.drawRule("─", left, cross, right, "")
}

func (p *tablePrinter) drawRule(line, left, cross, right, style string) error {
	var b strings.Builder
	dash := p.piece(line)
	if p.box {
		b.WriteString(p.piece(left) + dash)
	}
	for i, w := range p.widths {
		if i > 0 {
			b.WriteString(dash + p.piece(cross) + dash)
		}
		b.WriteString(strings.Repeat(dash, w))
	}
	if p.box {
		b.WriteString(dash + p.piece(right))
	}
	_, err := p.w.WriteString(paint(p.o.Color, style, b.String()) + "\n")
	return err
}

// piece returns a mark as this terminal can draw it.
func (p *tablePrinter) piece(s string) string { return p.o.mark(s) }
