package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"sort"
	"strings"
	"syscall"

	"github.com/reeflective/readline"
	"github.com/reeflective/readline/inputrc"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/kadedb/kadedb/cmd/kadedb/render"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

func (a *app) shellCommand() *cobra.Command {
	var t target
	var format string
	cmd := &cobra.Command{
		Use:   "shell [DIR]",
		Short: "Run statements by hand",
		Long: `Reads statements, each up to its semicolon, and prints their rows; lines that start with a colon are
commands of the shell (:help). It asks a server, or a folder's store that no server holds.`,
		Args: exactly(0, 1),
	}
	t.flags(cmd)
	cmd.Flags().StringVar(&format, "format", "table", formatHelp())
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := render.Check(format); err != nil {
			return err
		}
		dir := ""
		if len(args) == 1 {
			dir = args[0]
		}
		if err := t.resolve(a, dir); err != nil {
			return err
		}
		s, err := t.open(a, cmd)
		if err != nil {
			return err
		}
		sh := &shell{a: a, s: s, format: format, params: map[string]value.Value{}}
		if f, ok := a.in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
			sh.interactive = true
			where := t.server
			if where == "" {
				where = t.data
			}
			a.say("KadeDB shell on %s. A statement ends with `;`. :help helps, :quit leaves.", where)
			err = sh.edit()
		} else {
			err = sh.read(cmd.Context(), a.in)
		}
		if cerr := s.Close(); err == nil {
			err = cerr
		}
		return err
	}
	return cmd
}

// shell is one run of the shell.
type shell struct {
	a           *app
	s           session
	format      string
	params      map[string]value.Value
	interactive bool
}

var errQuit = errors.New("quit")

// edit reads from a terminal, with history and keys.
func (sh *shell) edit() error {
	rl := readline.NewShell()
	rl.Prompt.Primary(func() string {
		if sh.s.InTransaction() {
			return "kadedb(tx)> "
		}
		return "kadedb> "
	})
	rl.Prompt.Secondary(func() string { return "      > " })
	rl.AcceptMultiline = func(line []rune) bool { return complete(string(line)) }
	if dir, err := os.UserConfigDir(); err == nil {
		if err := os.MkdirAll(filepath.Join(dir, "kadedb"), 0o700); err == nil {
			rl.History.AddFromFile("history", filepath.Join(dir, "kadedb", "history"))
		}
	}
	if err := setKeys(rl); err != nil {
		return err
	}
	for {
		line, err := rl.Readline()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, readline.ErrInterrupt):
			continue
		case err != nil:
			return err
		}
		// Ctrl-C ends the statement, not the shell.
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		err = sh.input(ctx, line)
		stop()
		if errors.Is(err, errQuit) {
			return nil
		}
	}
}

// setKeys repairs two habits of the editor. Its own Ctrl-C takes the key after it for
// a part of itself where that was typed already, and is lost with it. And it makes
// letters such as é into commands, after a custom of 8-bit terminals.
func setKeys(rl *readline.Shell) error {
	rl.Keymap.Register(map[string]func(){"kadedb-interrupt": func() {
		rl.Display.AcceptLine()
		rl.History.Accept(false, false, readline.ErrInterrupt)
	}})
	for _, name := range []string{"emacs", "emacs-standard", "vi", "vi-command", "vi-insert", "vi-move"} {
		if keys := rl.Config.Binds[name]; keys != nil {
			keys["\x03"] = inputrc.Bind{Action: "kadedb-interrupt"}
		}
	}
	return errors.Join(rl.Config.Set("convert-meta", false), rl.Config.Set("input-meta", true), rl.Config.Set("output-meta", true))
}

// complete reports whether a shell's input is whole: a command, or statements up to
// their semicolon.
func complete(text string) bool {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, ":") || blank(text) {
		return true
	}
	for text != "" {
		_, rest, found := cutStatement(text)
		if !found {
			return blank(text)
		}
		text = rest
	}
	return true
}

// maxScriptStatement bounds a statement read from a pipe; the engine takes 1 MiB.
const maxScriptStatement = 4 << 20

// read runs a script: the first error ends it.
func (sh *shell) read(ctx context.Context, in io.Reader) error {
	signal.Ignore(syscall.SIGPIPE)
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxScriptStatement)
	var text strings.Builder
	for lines.Scan() {
		if text.Len()+len(lines.Text()) > maxScriptStatement {
			return status.Errorf(status.TooLong, "a statement of more than %d bytes", maxScriptStatement)
		}
		text.WriteString(lines.Text() + "\n")
		if !complete(text.String()) {
			continue
		}
		err := sh.input(ctx, text.String())
		text.Reset()
		switch {
		case errors.Is(err, errQuit):
			return nil
		case err != nil:
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return status.Errorf(status.LineTooLong, "reading the script: %w", err)
	}
	if !blank(text.String()) {
		return sh.input(ctx, text.String()+";")
	}
	return nil
}

// input runs one complete input. An error is told already, unless it is errQuit.
func (sh *shell) input(ctx context.Context, text string) error {
	if trimmed := strings.TrimSpace(text); strings.HasPrefix(trimmed, ":") {
		err := sh.command(ctx, trimmed)
		if err != nil && !errors.Is(err, errQuit) {
			var shown *shownError
			if !errors.As(err, &shown) {
				sh.a.report(err, "")
			}
			return &shownError{err}
		}
		return err
	}
	for !blank(text) {
		var one string
		one, text, _ = cutStatement(text)
		if blank(one) {
			continue
		}
		if err := sh.run(ctx, one, sh.params); err != nil {
			return err
		}
	}
	return nil
}

// run runs one statement. Its rows are a document of their own in every format.
func (sh *shell) run(ctx context.Context, text string, params map[string]value.Value) error {
	w, err := render.New(sh.a.out, sh.a.renderOptions(sh.format))
	if err != nil {
		return err
	}
	if err := sh.a.runOne(ctx, sh.s, text, params, w); err != nil {
		return err
	}
	return w.Close()
}

const shellHelp = `A statement ends with ";" and may span lines. Commands of the shell:
  :param NAME VALUE   set a parameter; the value is JSON, or else text
  :params             list the parameters
  :begin              open a transaction; :commit and :rollback end it
  :format FORMAT      print rows as table, box, line, markdown, csv, tsv, json or ndjson
  :help               print this
  :quit               leave; an open transaction is rolled back`

func (sh *shell) command(ctx context.Context, line string) error {
	word, rest, _ := strings.Cut(strings.TrimSuffix(line, ";"), " ")
	rest = strings.TrimSpace(rest)
	switch word {
	case ":quit", ":exit", ":q":
		return errQuit
	case ":help", ":h", ":?":
		sh.a.say("%s", shellHelp)
	case ":begin", ":commit", ":rollback":
		return sh.run(ctx, strings.ToUpper(word[1:]), nil)
	case ":format":
		if err := render.Check(rest); err != nil {
			return err
		}
		sh.format = rest
	case ":param":
		name, text, ok := strings.Cut(rest, " ")
		if eq, val, found := strings.Cut(rest, "="); found && !strings.Contains(eq, " ") {
			name, text, ok = eq, val, true
		}
		if !ok || name == "" {
			return status.Errorf(status.InvalidUsage, ":param takes a name and a value").WithHint("for example :param code \"SEA\"")
		}
		v, err := paramValue(strings.TrimSpace(text))
		if err != nil {
			return err
		}
		sh.params[strings.TrimPrefix(name, "$")] = v
	case ":params":
		names := make([]string, 0, len(sh.params))
		for n := range sh.params {
			names = append(names, n)
		}
		sort.Strings(names)
		for _, n := range names {
			sh.a.say("$%s = %s", n, printable(sh.params[n].String()))
		}
	default:
		return status.Errorf(status.InvalidUsage, "there is no command %s", word).WithHint(":help lists the commands")
	}
	return nil
}
