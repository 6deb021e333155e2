// Package edit lets a person edit text of several lines in a terminal.
//
//	kadedb> MATCH (a:Airport {iata: 'SEA'})-[r]->(b)
//	     -> RETURN a, r.dis|
//	        distance
//
//	e := edit.New(os.Stdin, os.Stdout, edit.Options{…})
//	text, err := e.Read()
//
// Enter ends a text that Options.Complete calls whole, and begins a line elsewhere. The
// editor takes the keys of Emacs and of ordinary keyboards, asks the terminal nothing
// (what was typed ahead stays), and leaves it as it was when Read returns. It draws
// every line itself, so that it always knows where the cursor is.
//
// It does not know what it edits: colours, proposals and history come from the caller.
package edit

import (
	"bufio"
	"errors"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"
)

// Proposal is a way in which the text may go on.
type Proposal struct{ Text, Doc string }

// History is what was typed before, the oldest first.
type History interface {
	Len() int
	At(i int) string
	// Add takes what was typed now. What it does not keep cannot be found again.
	Add(text string)
}

// Options are what an editor needs to know of its texts. All but Prompt may be left out.
type Options struct {
	Prompt   func() string
	More     string                 // the prompt of further lines
	Complete func(text string) bool // Enter ends the text
	Paint    func(text string) string
	// Propose returns how the text, which ends at the cursor, may go on: each proposal
	// replaces the text from start.
	Propose func(text string) (start int, list []Proposal)
	History History
	// Cut is the mark of one column where something is cut off ("…").
	Cut string
}

// ErrInterrupted is Ctrl-C.
var ErrInterrupted = errors.New("interrupted")

// Editor edits texts one after the other. It is for one goroutine.
type Editor struct {
	o    Options
	keys keyReader
	out  io.Writer
	raw  func() (restore func() error, err error)
	size func() (columns, rows int)

	text   string
	cursor int // bytes
	prompt string
	killed string // for Ctrl-Y
	undo   []state
	typing bool // the last key inserted a character

	at     int    // in the history; its length for the text that is new
	newest string // the text that was left for the history

	menu   *menu
	search *search
	screen drawn
}

// state is a text to come back to.
type state struct {
	text   string
	cursor int
}

// mostText bounds a text, and mostUndo the states to come back to.
const (
	mostText = 4 << 20
	mostUndo = 200
)

// New returns an editor on a terminal.
func New(in, out *os.File, o Options) *Editor {
	if o.Cut == "" {
		o.Cut = "…"
	}
	e := newEditor(in, out, o)
	e.keys.waits = func() bool { return readable(in) }
	e.raw = func() (func() error, error) {
		s, err := term.MakeRaw(int(in.Fd()))
		if err != nil {
			return nil, err
		}
		return func() error { return term.Restore(int(in.Fd()), s) }, nil
	}
	e.size = func() (int, int) {
		w, h, err := term.GetSize(int(out.Fd()))
		if err != nil || w <= 0 || h <= 0 {
			return 80, 24
		}
		return w, h
	}
	return e
}

func newEditor(in io.Reader, out io.Writer, o Options) *Editor {
	if o.Complete == nil {
		o.Complete = func(string) bool { return true }
	}
	if o.Paint == nil {
		o.Paint = func(s string) string { return s }
	}
	if o.History == nil {
		o.History = noHistory{}
	}
	return &Editor{o: o, keys: keyReader{in: bufio.NewReader(in)}, out: out}
}

type noHistory struct{}

func (noHistory) Len() int      { return 0 }
func (noHistory) At(int) string { return "" }
func (noHistory) Add(string)    {}

const (
	pasteOn  = "\x1b[?2004h"
	pasteOff = "\x1b[?2004l"
)

// Read shows the prompt and returns the text that is typed: io.EOF after Ctrl-D in an
// empty one, ErrInterrupted after Ctrl-C.
func (e *Editor) Read() (text string, err error) {
	restore, err := e.raw()
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, e.write(pasteOff), restore()) }()
	e.text, e.cursor, e.undo, e.typing, e.newest = "", 0, nil, false, ""
	e.menu, e.search, e.screen = nil, nil, drawn{}
	e.at = e.o.History.Len()
	e.prompt = e.o.Prompt()
	if err := e.write(pasteOn); err != nil {
		return "", err
	}
	for {
		if !e.keys.ready() {
			if err := e.draw(); err != nil {
				return "", err
			}
		}
		k, err := e.keys.next()
		if err != nil {
			return "", errors.Join(err, e.leave(""))
		}
		done, err := e.press(k)
		switch {
		case err != nil:
			return "", err
		case done:
			if err := e.leave(""); err != nil {
				return "", err
			}
			e.o.History.Add(e.text)
			return e.text, nil
		}
	}
}

// leave moves below the text, which ends with mark where there is room.
func (e *Editor) leave(mark string) error {
	e.menu, e.search, e.cursor = nil, nil, len(e.text)
	if err := e.draw(); err != nil {
		return err
	}
	if len(mark) > e.screen.room {
		mark = ""
	}
	return e.write(mark + "\r\n")
}

func (e *Editor) write(s string) error {
	_, err := io.WriteString(e.out, s)
	return err
}

// press does what a key says. done means that the text is whole.
func (e *Editor) press(k key) (done bool, err error) {
	if e.search != nil {
		if used := e.searchKey(k); used {
			return false, nil
		}
	}
	if e.menu != nil {
		if used := e.menuKey(k); used {
			return false, nil
		}
	}
	typed := k.name == "" && k.text != ""
	if edits[k.name] || typed && !e.typing || k.name == "paste" {
		e.undo = append(e.undo[max(0, len(e.undo)-mostUndo):], state{e.text, e.cursor})
	}
	e.typing = typed
	switch k.name {
	case "", "paste":
		e.insert(k.text)
	case "enter":
		if e.o.Complete(e.text) {
			return true, nil
		}
		e.insert("\n")
	case "alt-enter":
		e.insert("\n")
	case "ctrl-c":
		if err := e.leave("^C"); err != nil {
			return false, err
		}
		return false, ErrInterrupted
	case "ctrl-d":
		if e.text == "" {
			return false, errors.Join(e.leave(""), io.EOF)
		}
		e.remove(e.cursor, after(e.text, e.cursor))
	case "ctrl-l":
		e.screen = drawn{}
		return false, e.write("\x1b[H\x1b[2J")
	case "tab", "shift-tab":
		e.complete()
	case "ctrl-r":
		e.search = &search{before: state{e.text, e.cursor}, at: e.o.History.Len()}
	default:
		if f := editing[k.name]; f != nil {
			f(e)
		}
	}
	return false, nil
}

// edits are the keys after which the text can be brought back.
var edits = map[string]bool{"backspace": true, "delete": true, "ctrl-d": true, "ctrl-w": true, "alt-d": true, "alt-backspace": true,
	"ctrl-k": true, "ctrl-u": true, "ctrl-y": true, "up": true, "down": true, "ctrl-p": true, "ctrl-n": true, "tab": true}

// editing are the keys that move and edit.
var editing = map[string]func(*Editor){
	"left":          func(e *Editor) { e.cursor = before(e.text, e.cursor) },
	"right":         func(e *Editor) { e.cursor = after(e.text, e.cursor) },
	"ctrl-b":        func(e *Editor) { e.cursor = before(e.text, e.cursor) },
	"ctrl-f":        func(e *Editor) { e.cursor = after(e.text, e.cursor) },
	"word-left":     func(e *Editor) { e.cursor = wordBefore(e.text, e.cursor) },
	"word-right":    func(e *Editor) { e.cursor = wordAfter(e.text, e.cursor) },
	"home":          func(e *Editor) { e.cursor = lineStart(e.text, e.cursor) },
	"end":           func(e *Editor) { e.cursor = lineEnd(e.text, e.cursor) },
	"text-start":    func(e *Editor) { e.cursor = 0 },
	"text-end":      func(e *Editor) { e.cursor = len(e.text) },
	"backspace":     func(e *Editor) { e.remove(before(e.text, e.cursor), e.cursor) },
	"delete":        func(e *Editor) { e.remove(e.cursor, after(e.text, e.cursor)) },
	"ctrl-w":        func(e *Editor) { e.kill(spaceBefore(e.text, e.cursor), e.cursor) },
	"alt-backspace": func(e *Editor) { e.kill(wordBefore(e.text, e.cursor), e.cursor) },
	"alt-d":         func(e *Editor) { e.kill(e.cursor, wordAfter(e.text, e.cursor)) },
	"ctrl-u":        func(e *Editor) { e.kill(lineStart(e.text, e.cursor), e.cursor) },
	"ctrl-k": func(e *Editor) {
		end := lineEnd(e.text, e.cursor)
		if end == e.cursor {
			end = after(e.text, e.cursor) // the end of the line itself
		}
		e.kill(e.cursor, end)
	},
	"ctrl-y": func(e *Editor) { e.insert(e.killed) },
	"undo":   (*Editor).back,
	"up":     (*Editor).up,
	"down":   (*Editor).down,
	"ctrl-p": func(e *Editor) { e.recall(e.at - 1) },
	"ctrl-n": func(e *Editor) { e.recall(e.at + 1) },
}

func (e *Editor) insert(s string) {
	if len(e.text)+len(s) > mostText {
		return
	}
	e.text = e.text[:e.cursor] + s + e.text[e.cursor:]
	e.cursor += len(s)
}

func (e *Editor) remove(from, to int) {
	e.text = e.text[:from] + e.text[to:]
	e.cursor = from
}

func (e *Editor) kill(from, to int) {
	if from < to {
		e.killed = e.text[from:to]
		e.remove(from, to)
	}
}

func (e *Editor) back() {
	if n := len(e.undo); n > 0 {
		e.text, e.cursor = e.undo[n-1].text, e.undo[n-1].cursor
		e.undo = e.undo[:n-1]
	}
}

// up moves to the line above, or into the history from the first line.
func (e *Editor) up() {
	start := lineStart(e.text, e.cursor)
	if start == 0 {
		e.recall(e.at - 1)
		return
	}
	e.cursor = across(e.text, lineStart(e.text, start-1), width(e.text[start:e.cursor]))
}

// down moves to the line below, or out of the history from the last line.
func (e *Editor) down() {
	end := lineEnd(e.text, e.cursor)
	if end == len(e.text) {
		e.recall(e.at + 1)
		return
	}
	e.cursor = across(e.text, end+1, width(e.text[lineStart(e.text, e.cursor):e.cursor]))
}

// recall shows a text of the history.
func (e *Editor) recall(i int) {
	n := e.o.History.Len()
	if i < 0 || i > n || i == e.at {
		return
	}
	if e.at == n {
		e.newest = e.text
	}
	e.at = i
	if i == n {
		e.text = e.newest
	} else {
		e.text = e.o.History.At(i)
	}
	e.cursor = len(e.text)
}

func lineStart(s string, i int) int { return strings.LastIndexByte(s[:i], '\n') + 1 }

func lineEnd(s string, i int) int {
	if n := strings.IndexByte(s[i:], '\n'); n >= 0 {
		return i + n
	}
	return len(s)
}

// across returns the place in the line from start on that columns reach.
func across(s string, start, columns int) int {
	end := lineEnd(s, start)
	i := start
	for i < end {
		j := after(s, i)
		if width(s[start:j]) > columns {
			break
		}
		i = j
	}
	return i
}

// after returns the end of the character at i, as a person counts them.
func after(s string, i int) int {
	if i >= len(s) {
		return len(s)
	}
	c, _ := cluster(s[i:])
	return i + len(c)
}

// before returns the start of the character before i.
func before(s string, i int) int {
	if i <= 0 {
		return 0
	}
	at := lineStart(s, i)
	if at == i {
		return i - 1 // the end of a line
	}
	for {
		next := after(s, at)
		if next >= i {
			return at
		}
		at = next
	}
}

func wordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' }

func wordBefore(s string, i int) int {
	i = len(strings.TrimRightFunc(s[:i], func(r rune) bool { return !wordRune(r) }))
	return len(strings.TrimRightFunc(s[:i], wordRune))
}

func spaceBefore(s string, i int) int {
	i = len(strings.TrimRightFunc(s[:i], unicode.IsSpace))
	return len(strings.TrimRightFunc(s[:i], func(r rune) bool { return !unicode.IsSpace(r) }))
}

func wordAfter(s string, i int) int {
	rest := strings.TrimLeftFunc(s[i:], func(r rune) bool { return !wordRune(r) })
	return len(s) - len(strings.TrimLeftFunc(rest, wordRune))
}

// clean makes text of what was pasted: lines end as ours do, and nothing steers.
func clean(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "�")
	}
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && unicode.IsControl(r) {
			return -1
		}
		return r
	}, s)
}
