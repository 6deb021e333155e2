package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/kadedb/kadedb/cmd/kadedb/render"
	"github.com/kadedb/kadedb/transfer"
)

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// progress returns a bar on standard error, which --json leaves to objects.
func (a *app) progress(silent bool) *progressBar {
	bar := &progressBar{to: a.err, quiet: silent || a.json, live: isTerminal(a.err) && !a.dumb(), ascii: a.ascii()}
	if f, ok := a.err.(*os.File); ok && bar.live {
		bar.columns = sizeOf(f).Columns
	}
	return bar
}

// progressBar shows how far an import is, in one line on a terminal.
type progressBar struct {
	to          io.Writer
	quiet, live bool
	ascii       bool
	columns     int // of the terminal; a longer line could not be drawn over
	shown       bool
	last        time.Duration
}

// show draws the line anew; not on a terminal it writes one every ten seconds.
func (b *progressBar) show(p transfer.Progress) {
	if b.quiet || !b.live && p.Elapsed-b.last < 10*time.Second {
		return
	}
	b.last = p.Elapsed
	line := p.Stage
	if p.Rows > 0 {
		line += fmt.Sprintf(": %s rows, %s rows/s", grouped(p.Rows), grouped(int64(p.Rate)))
	}
	if p.Total > 0 {
		done := min(float64(p.Done)/float64(p.Total), 1)
		const width = 24
		n := int(done * width)
		line = "[" + strings.Repeat("#", n) + strings.Repeat(".", width-n) + "] " + line
		if done > 0.02 && done < 1 {
			left := time.Duration(float64(p.Elapsed) * (1 - done) / done)
			line += fmt.Sprintf(", %s left", left.Round(time.Second))
		}
	}
	if b.live {
		if runes := []rune(line); len(runes) >= b.columns {
			if line = string(runes[:max(b.columns-2, 0)]) + "…"; b.ascii {
				line = render.ASCII(string(runes[:max(b.columns-4, 0)]) + "…")
			}
		}
		line = "\r\x1b[K" + line
	} else {
		line += "\n"
	}
	// A progress line that cannot be shown is no reason to stop.
	if _, err := io.WriteString(b.to, line); err != nil {
		b.quiet = true
	}
	b.shown = b.live
}

// clear removes the line.
func (b *progressBar) clear() {
	if !b.shown {
		return
	}
	b.shown = false
	if _, err := io.WriteString(b.to, "\r\x1b[K"); err != nil {
		b.quiet = true
	}
}
