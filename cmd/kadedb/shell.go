package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/cmd/kadedb/render"
	"github.com/kadedb/kadedb/cmd/kadedb/syntax"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
	"github.com/kadedb/kadedb/wire"
)

func (a *app) shellCommand() *cobra.Command {
	var t target
	var format string
	cmd := &cobra.Command{
		Use:   "shell [DIR]",
		Short: "Run statements by hand",
		Long: `Reads statements, each up to its semicolon, and prints their rows; lines that start with a colon are
commands of the shell (:help). It asks a server, or a folder's store that no server holds. From a pipe it reads
a script, which the first error ends.`,
		Args: exactly(0, 1),
	}
	t.flags(cmd)
	formatFlag(cmd, &format)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := checkFormat(format); err != nil {
			return err
		}
		dir := ""
		if len(args) == 1 {
			dir = args[0]
		}
		if err := t.resolve(a, dir); err != nil {
			return err
		}
		f, ok := a.in.(*os.File)
		byHand := ok && term.IsTerminal(int(f.Fd()))
		if byHand { // Ctrl-C does not end it
			cmd.SetContext(context.WithoutCancel(cmd.Context()))
		}
		s, err := t.open(a, cmd)
		if err != nil {
			return err
		}
		sh := newShell(a, s, format)
		if byHand {
			where := t.server
			if where == "" {
				where = t.data
			}
			err = sh.interact(cmd.Context(), f, where)
		} else {
			err = sh.read(cmd.Context(), a.in, "")
		}
		sh.names.close()
		if cerr := s.Close(); err == nil {
			err = cerr
		}
		if errors.Is(err, errQuit) {
			err = nil
		}
		return err
	}
	return cmd
}

// shell is one run of the shell. One goroutine runs its statements; its catalogue may
// be read by others.
type shell struct {
	a           *app
	s           session
	format      string
	params      map[string]value.Value
	names       *catalogue
	timing      bool
	interactive bool
	pager       bool
	files       []string // that :source reads now, innermost last
}

func newShell(a *app, s session, format string) *shell {
	return &shell{a: a, s: s, format: format, params: map[string]value.Value{}, names: newCatalogue(s), timing: true}
}

var errQuit = errors.New("quit")

// interact reads from a terminal until its end.
func (sh *shell) interact(ctx context.Context, in *os.File, where string) error {
	sh.interactive, sh.pager = true, sh.a.screen().Rows > 0
	if err := sh.greet(ctx); err != nil {
		return err
	}
	sh.a.say("KadeDB %s on %s\nA statement ends with ; and :help helps.", kadedb.Version, printable(where))
	r, err := sh.newReader(in)
	if err != nil {
		return err
	}
	defer r.restore()
	// Ctrl-C ends a statement and not the shell; what else ends a process ends it in order.
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(ended)
	for {
		var got typed
		select {
		case got = <-r.next():
		case s := <-ended:
			return status.Errorf(status.Cancelled, "the shell was ended by a signal (%s)", s)
		}
		switch {
		case errors.Is(got.err, io.EOF):
			return nil
		case errors.Is(got.err, errDropped):
			continue
		case got.err != nil:
			return got.err
		}
		// Every error but errQuit is told already.
		ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
		text := got.text
		if word := habits[strings.TrimSpace(text)]; word != "" {
			text = word
		}
		err := sh.input(ctx, text, 1)
		stop()
		if errors.Is(err, errQuit) {
			return nil
		}
	}
}

// habits are lines by which other shells are left or asked for help. No statement begins
// with them.
var habits = map[string]string{"quit": ":quit", "exit": ":quit", "help": ":help", `\q`: ":quit", `\?`: ":help", ".exit": ":quit", ".quit": ":quit", ".help": ":help"}

// greetTime bounds the first question.
const greetTime = 10 * time.Second

// greet asks for an answer before the first statement does: a server that is not there, or
// a token that is wrong, is better told at once.
func (sh *shell) greet(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, greetTime)
	defer cancel()
	ans, err := sh.s.Lookup(ctx, "CALL db.ping()")
	if err == nil {
		for ans.Next() {
		}
		err = ans.Close()
	}
	if err == nil {
		sh.names.refresh()
	}
	return err
}

// complete reports whether a shell's input is whole: a command, or statements up to
// their semicolon.
func complete(text string) bool {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, ":") {
		return true
	}
	for !syntax.Blank(text) {
		_, rest, found := syntax.Cut(text)
		if !found {
			return false
		}
		text = rest
	}
	// A comment without its end goes on.
	tokens := syntax.Scan(text)
	return len(tokens) == 0 || !tokens[len(tokens)-1].Open
}

// maxScriptStatement bounds a statement read from a pipe or a file; the engine takes 1 MiB.
const maxScriptStatement = 4 << 20

// read runs a script, of which the first error is the end. Its errors name file, if it
// has a name.
func (sh *shell) read(ctx context.Context, in io.Reader, file string) error {
	lines := newScanner(in, maxScriptStatement)
	var text strings.Builder
	line, first := 0, 1 // of the text
	run := func(end string) error {
		err := sh.input(ctx, text.String()+end, first)
		text.Reset()
		return err
	}
	for lines.Scan() {
		line++
		if text.Len() == 0 {
			first = line
		}
		if text.Len()+len(lines.Text()) > maxScriptStatement {
			return sh.scriptError(file, first, status.Errorf(status.TooLong, "a statement of more than %d bytes", maxScriptStatement))
		}
		text.WriteString(lines.Text() + "\n")
		if complete(text.String()) {
			if err := run(""); err != nil {
				return err
			}
		}
	}
	if err := lines.Err(); err != nil {
		return sh.scriptError(file, line+1, status.Errorf(status.LineTooLong, "reading the script: %w", err))
	}
	if !syntax.Blank(text.String()) {
		return run("\n;")
	}
	return nil
}

func (sh *shell) scriptError(file string, line int, err *status.Error) error {
	if file != "" {
		err.Msg = fmt.Sprintf("%s:%d: %s", file, line, err.Msg)
	}
	return err
}

// input runs one complete input, whose first line is that one of its file. An error is
// told already, unless it is errQuit.
func (sh *shell) input(ctx context.Context, text string, line int) error {
	if trimmed := strings.TrimSpace(text); strings.HasPrefix(trimmed, ":") {
		line += strings.Count(text[:strings.Index(text, ":")], "\n")
		err := sh.command(ctx, strings.TrimSpace(trimmed), line)
		return sh.told(err, "", line)
	}
	for !syntax.Blank(text) {
		one, rest, _ := syntax.Cut(text)
		if !syntax.Blank(one) {
			if err := sh.run(ctx, one, sh.params, line); err != nil {
				return err
			}
		}
		line += strings.Count(one, "\n")
		text = rest
	}
	return nil
}

// told reports an error of text, once.
func (sh *shell) told(err error, text string, line int) error {
	var shown *shownError
	switch {
	case err == nil, errors.Is(err, errQuit), errors.Is(err, syscall.EPIPE), errors.As(err, &shown):
		return err
	}
	from := origin{line: line}
	if n := len(sh.files); n > 0 {
		from.file = sh.files[n-1]
	}
	sh.a.reportAt(from, err, text)
	return &shownError{err}
}

// run runs one statement, whose first line is that one of its file. Its rows are a
// document of their own in every format.
func (sh *shell) run(ctx context.Context, text string, params map[string]value.Value, line int) error {
	rows, report, err := sh.show(ctx, text, params)
	if err != nil {
		if errors.Is(err, syscall.EPIPE) && !sh.interactive {
			return err
		}
		if !errors.Is(err, syscall.EPIPE) {
			return sh.told(err, text, line)
		}
		sh.a.say("the rest was not asked for")
		return nil
	}
	if changesNames(text, report) {
		sh.names.spoil()
	}
	if syntax.FirstWord(text) == "EXPLAIN" {
		report.Plan = "" // its rows are the plan
	}
	sh.a.sayReport(rows, report, sh.timing)
	return nil
}

// show writes a statement's rows, by way of the pager where they are many.
func (sh *shell) show(ctx context.Context, text string, params map[string]value.Value) (rows int64, report wire.Report, err error) {
	ans, err := sh.a.runWatched(ctx, sh.s, text, params)
	if err != nil {
		return 0, report, err
	}
	out := sh.output(sh.format)
	o, to, graph := sh.a.renderOptions(sh.format), io.Writer(out), bytes.Buffer{}
	if sh.format == "svg" {
		o.Format, to = "dot", &graph
	}
	w, err := render.New(to, o)
	if err == nil {
		rows, err = w.Write(ans)
	}
	if err == nil {
		err = w.Close()
	}
	if err == nil && sh.format == "svg" {
		err = drawSVG(ctx, graph.Bytes(), out)
	}
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	if len(ans.Columns()) == 0 {
		rows = -1
	}
	return rows, ans.Report(), err
}

// changesNames reports whether names may have been added or dropped.
func changesNames(text string, r wire.Report) bool {
	for _, c := range r.Counters {
		if c.N != 0 && c.Name != "rows" && c.Name != "peak_memory_bytes" && c.Name != "spilled_bytes" {
			return true
		}
	}
	return syntax.FirstWord(text) == "COMMIT"
}
