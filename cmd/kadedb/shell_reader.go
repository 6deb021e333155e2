package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"golang.org/x/term"

	"github.com/kadedb/kadedb/cmd/kadedb/edit"
	"github.com/kadedb/kadedb/cmd/kadedb/syntax"
	"github.com/kadedb/kadedb/status"
)

// typed is what was typed at a prompt.
type typed struct {
	text string
	err  error // io.EOF at the end, errDropped after Ctrl-C
}

var errDropped = errors.New("the line was dropped")

// reader reads inputs of a terminal. A read cannot be broken off, so each runs in a
// goroutine of its own, and at most one does: the last may outlive the shell.
type reader struct {
	read    func() (string, error)
	got     chan typed
	restore func() // the terminal as it was
}

func (r *reader) next() <-chan typed {
	go func() {
		text, err := r.read()
		r.got <- typed{text, err}
	}()
	return r.got
}

// newReader returns a reader with keys and history where the terminal can show them, and
// a plain one elsewhere.
func (sh *shell) newReader(in *os.File) (*reader, error) {
	r := &reader{got: make(chan typed, 1), restore: func() {}}
	out, ok := sh.a.out.(*os.File)
	if !ok || !sh.a.canEdit() {
		r.read = newPlainReader(sh, in).read
		return r, nil
	}
	state, err := term.GetState(int(in.Fd()))
	if err != nil {
		return nil, status.Errorf(status.Internal, "the terminal cannot be read: %w", err)
	}
	r.restore = func() {
		if err := term.Restore(int(in.Fd()), state); err != nil {
			sh.a.say("the terminal could not be set back: %v", err)
		}
	}
	r.read = sh.newEditor(in, out)
	return r, nil
}

// canEdit reports whether lines can be edited: the editor draws on standard output and
// needs a terminal there that it can steer.
func (a *app) canEdit() bool { return !a.dumb() && isTerminal(a.out) }

func (sh *shell) prompt() string {
	if sh.s.InTransaction() {
		return "kadedb(tx)> "
	}
	return "kadedb> "
}

// completeByHand is complete for a person, who may have habits.
func completeByHand(text string) bool { return habits[strings.TrimSpace(text)] != "" || complete(text) }

const morePrompt = "     -> "

// newEditor returns a reader with keys, colours, completion and history.
func (sh *shell) newEditor(in, out *os.File) func() (string, error) {
	h, err := openHistory(sh.a.historyFile())
	h.failed = func(err error) { sh.a.say("note: lines are not kept for the next time: %v", err) }
	if err != nil {
		h.failed(err)
	}
	o := edit.Options{Prompt: sh.prompt, More: morePrompt, Complete: completeByHand, History: h,
		Propose: func(text string) (int, []edit.Proposal) { return sh.proposals(text) }}
	if sh.a.ascii() {
		o.Cut = ">"
	}
	if sh.a.env("NO_COLOR") == "" {
		o.Paint = paintInput
	}
	e := edit.New(in, out, o)
	return func() (string, error) {
		line, err := e.Read()
		if errors.Is(err, edit.ErrInterrupted) {
			return "", errDropped
		}
		return line, err
	}
}

// paintInput colours an input; commands of the shell have only their name coloured.
func paintInput(text string) string {
	if !strings.HasPrefix(strings.TrimSpace(text), ":") {
		return syntax.Paint(text)
	}
	start := strings.Index(text, ":")
	end := start + len(text[start:])
	if i := strings.IndexAny(text[start:], " \t\n"); i >= 0 {
		end = start + i
	}
	rest := text[end:]
	switch strings.ToLower(text[start:end]) {
	case ":explain", ":profile", ":param":
		rest = syntax.Paint(rest)
	}
	return text[:start] + "\x1b[1;35m" + text[start:end] + "\x1b[0m" + rest
}

// plainReader reads whole lines, for terminals that cannot be steered.
type plainReader struct {
	sh         *shell
	in         *bufio.Reader
	lines      chan typed
	asked      bool // a line is being read
	interrupts chan os.Signal
}

func newPlainReader(sh *shell, in io.Reader) *plainReader {
	p := &plainReader{sh: sh, in: bufio.NewReader(in), lines: make(chan typed, 1), interrupts: make(chan os.Signal, 1)}
	return p
}

// line returns where the next line comes.
func (p *plainReader) line() <-chan typed {
	if !p.asked {
		p.asked = true
		go func() {
			text, err := p.in.ReadString('\n')
			p.lines <- typed{text, err}
		}()
	}
	return p.lines
}

func (p *plainReader) read() (string, error) {
	signal.Notify(p.interrupts, os.Interrupt)
	defer signal.Stop(p.interrupts)
	prompt := p.sh.prompt()
	text := ""
	for {
		if _, err := fmt.Fprint(p.sh.a.err, prompt); err != nil {
			return "", err
		}
		select {
		case <-p.interrupts:
			p.sh.a.say("")
			return "", errDropped
		case got := <-p.line():
			p.asked = false
			text += got.text
			switch {
			case got.err != nil && syntax.Blank(text):
				p.sh.a.say("")
				return "", got.err
			case got.err != nil, completeByHand(text):
				return text, nil
			}
		}
		prompt = morePrompt
	}
}

func newScanner(in io.Reader, most int) *bufio.Scanner {
	s := bufio.NewScanner(in)
	s.Buffer(nil, most)
	return s
}
