package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"github.com/kadedb/kadedb/cmd/kadedb/syntax"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/wire"
)

// origin is where a text comes from: a file, "" for none, and the line there that is the
// text's first.
type origin struct {
	file string
	line int
}

// place names a place of text in its file, such as "queries:3:8: ". Without one it names
// the line where the text begins.
func (o origin) place(text string, pos status.Pos) string {
	switch {
	case o.file == "":
		return ""
	case pos.IsValid():
		return fmt.Sprintf("%s:%d:%d: ", o.file, o.line+int(pos.Line)-1, pos.Column)
	}
	return fmt.Sprintf("%s:%d: ", o.file, o.line+strings.Count(text[:syntax.Lead(text)], "\n"))
}

// report tells the user of an error, with its place in text where it has one.
func (a *app) report(err error, text string) { a.reportAt(origin{}, err, text) }

// reportAt does so for a text that comes from somewhere.
func (a *app) reportAt(from origin, err error, text string) {
	e := asError(err)
	place, hint := from.place(text, e.Pos), hintOf(e)
	if a.json {
		shown := *e
		shown.Msg, shown.Hint = place+e.Msg, hint
		b := wire.AppendError([]byte(`{"error":`), &shown)
		b = append(strconv.AppendInt(append(b[:len(b)-1], `,"exit_code":`...), int64(exitCode(err)), 10), "}}"...)
		a.sayRaw(b)
		return
	}
	what := e.Error()
	if place != "" {
		what = e.Code.Info().Name + ": " + e.Msg // its place is told already
	}
	var b bytes.Buffer
	b.WriteString(a.folded(a.marks(fmt.Sprintf("%s%s %s", place, e.Code, what))))
	if line := caret(text, e.Pos, a.talkWidth()-2); line != "" {
		b.WriteString("\n  " + strings.ReplaceAll(line, "\n", "\n  "))
	}
	if hint != "" {
		b.WriteString("\n" + a.folded(a.marks("hint: "+hint)))
	}
	a.sayAsIs(printable(b.String()))
}

// talkWidth is the width of what is told to a person.
func (a *app) talkWidth() int {
	if f, ok := a.err.(*os.File); ok && isTerminal(f) {
		return sizeOf(f).Columns
	}
	return 0
}

// folded breaks lines that a terminal would break, between words. Elsewhere text stays as
// it is.
func (a *app) folded(text string) string {
	most := a.talkWidth()
	if most == 0 {
		return text
	}
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		if utf8.RuneCountInString(l) > most && !strings.HasPrefix(l, " ") {
			lines[i] = fold(l, most, "\n")
		}
	}
	return strings.Join(lines, "\n")
}

// caret draws the line that pos names, with a caret below its column. Of a long line it
// draws the part around that: most columns, 100 where most is not positive.
func caret(text string, pos status.Pos, most int) string {
	lines := strings.Split(text, "\n")
	if !pos.IsValid() || int(pos.Line) > len(lines) {
		return ""
	}
	if most <= 0 {
		most = 100
	}
	line := []rune(strings.ReplaceAll(strings.TrimRight(lines[pos.Line-1], "\r"), "\t", " "))
	at := min(max(int(pos.Column)-1, 0), len(line))
	from := 0
	if at > most*3/4 {
		from = at - most*3/4
	}
	to := min(from+most, len(line))
	return string(line[from:to]) + "\n" + strings.Repeat(" ", uniseg.StringWidth(string(line[from:at]))) + "^"
}

// hintOf says what a user of the command can do about an error.
func hintOf(e *status.Error) string {
	switch {
	case e.Code == status.InvalidToken: // the server's hint is for those who speak HTTP
		return "give a token with --token or KADEDB_TOKEN; `kadedb token create DIR` makes one while no server holds the folder"
	case e.Hint != "":
		return e.Hint
	case e.Code == status.Corruption:
		return "`kadedb check DIR` says what is damaged; restore a backup"
	case e.Code == status.NewerFormat:
		return "run the version of kadedb that wrote it, or a later one; `kadedb version` tells this one"
	case e.Code == status.Internal:
		return "this is a fault of kadedb; please report it with what you did"
	}
	return ""
}

// say writes a line to standard error, folded on a terminal; with --json, an object with
// a message. There is nobody to tell when that fails.
func (a *app) say(format string, args ...any) {
	a.sayAsIs(a.folded(a.marks(fmt.Sprintf(format, args...))))
}

// sayAsIs does so for what is laid out already.
func (a *app) sayAsIs(text string) {
	if a.json {
		a.sayRaw(append(wire.AppendString([]byte(`{"message":`), text), '}'))
		return
	}
	fmt.Fprintf(a.err, "%s\n", text)
}

func (a *app) sayRaw(line []byte) { fmt.Fprintf(a.err, "%s\n", line) }
