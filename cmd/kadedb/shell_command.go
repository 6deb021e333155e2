package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/kadedb/kadedb/cmd/kadedb/syntax"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
	"github.com/kadedb/kadedb/wire"
)

// shellWord is a command of the shell.
type shellWord struct {
	names []string // the first one is listed
	usage string   // what follows the name
	doc   string
	run   func(sh *shell, ctx context.Context, rest string, line int) error
	// values are what may follow, for completion; nil where that is anything.
	values func() []string
}

func onOff() []string { return []string{"on", "off"} }

// shellWords returns the commands of the shell, in the order in which :help lists them.
func shellWords() []shellWord {
	transaction := func(text string) func(*shell, context.Context, string, int) error {
		return func(sh *shell, ctx context.Context, rest string, line int) error {
			if rest != "" {
				return tooMuch(rest)
			}
			return sh.run(ctx, text, nil, line)
		}
	}
	before := func(word string) func(*shell, context.Context, string, int) error {
		return func(sh *shell, ctx context.Context, rest string, line int) error {
			if syntax.Blank(rest) {
				return status.Errorf(status.InvalidUsage, "the statement is missing").WithHint("for example %s MATCH (n) RETURN count(n)", ":"+strings.ToLower(word))
			}
			return sh.run(ctx, word+" "+rest, sh.params, line)
		}
	}
	return []shellWord{
		{names: []string{":help", ":h", ":?"}, usage: "[COMMAND]", doc: "print this, or what a command does", run: (*shell).help, values: shellNames},
		{names: []string{":schema"}, usage: "[NAME]", doc: "show labels, types, their properties, indexes and constraints", run: (*shell).schema},
		{names: []string{":param"}, usage: "NAME VALUE", doc: "set a parameter to JSON, or else text; NAME => EXPRESSION evaluates", run: (*shell).setParam},
		{names: []string{":params"}, doc: "list the parameters", run: (*shell).listParams},
		{names: []string{":clear"}, usage: "[NAME]", doc: "forget a parameter, or all", run: (*shell).clearParams},
		{names: []string{":begin"}, doc: "open a transaction", run: transaction("BEGIN")},
		{names: []string{":commit"}, doc: "keep what the transaction did", run: transaction("COMMIT")},
		{names: []string{":rollback"}, doc: "undo what the transaction did", run: transaction("ROLLBACK")},
		{names: []string{":use"}, usage: "DATABASE", doc: "there is one database; other shells' scripts name it", run: (*shell).use},
		{names: []string{":explain"}, usage: "STATEMENT", doc: "show the plan, without running it", run: before("EXPLAIN")},
		{names: []string{":profile"}, usage: "STATEMENT", doc: "run it, and show the plan with rows and times", run: before("PROFILE")},
		{names: []string{":source"}, usage: "FILE", doc: "run the statements and commands of a file", run: (*shell).source},
		{names: []string{":format"}, usage: "[FORMAT]", doc: "print rows as " + strings.Join(formats(), ", "), run: (*shell).setFormat, values: formats},
		{names: []string{":timing"}, usage: "[on|off]", doc: "show how long statements take", run: (*shell).setTiming, values: onOff},
		{names: []string{":pager"}, usage: "[on|off]", doc: "show long results by $PAGER", run: (*shell).setPager, values: onOff},
		{names: []string{":quit", ":exit", ":q"}, doc: "leave; an open transaction is rolled back", run: func(*shell, context.Context, string, int) error { return errQuit }},
	}
}

// use says whether a database is the one that there is.
func (sh *shell) use(ctx context.Context, rest string, _ int) error {
	if syntax.Blank(rest) {
		return status.Errorf(status.InvalidUsage, "the database's name is missing").WithHint("SHOW DATABASES tells it")
	}
	_, err := sh.s.Lookup(ctx, "USE "+syntax.Quote(strings.Trim(rest, "`"))+" FINISH")
	if e := status.From(err); e != nil {
		e.Pos = status.Pos{} // the user has not seen that text
		return e
	}
	return nil
}

func shellNames() []string {
	var list []string
	for _, w := range shellWords() {
		list = append(list, w.names[0])
	}
	return list
}

// command runs a line that starts with a colon.
func (sh *shell) command(ctx context.Context, line string, at int) error {
	name, rest := line, ""
	if i := strings.IndexAny(line, " \t\r\n"); i >= 0 {
		name, rest = line[:i], strings.TrimSpace(line[i:])
	}
	if one, after, found := syntax.Cut(rest); found && syntax.Blank(after) {
		rest = strings.TrimSpace(one)
	}
	name = strings.ToLower(strings.TrimSuffix(name, ";"))
	for _, w := range shellWords() {
		if slices.Contains(w.names, name) {
			return w.run(sh, ctx, rest, at)
		}
	}
	return unknownWord(name)
}

func unknownWord(name string) error {
	var all []string
	for _, w := range shellWords() {
		all = append(all, w.names...)
	}
	err := status.Errorf(status.InvalidUsage, "there is no command %s", name)
	if near := status.Nearest(name, all...); near != "" {
		return err.WithHint("did you mean %s? :help lists the commands", near)
	}
	return err.WithHint(":help lists the commands")
}

func tooMuch(rest string) error {
	return status.Errorf(status.InvalidUsage, "there is more on the line than the command takes: %q", rest)
}

func (sh *shell) help(_ context.Context, rest string, _ int) error {
	if rest != "" {
		name := ":" + strings.TrimPrefix(strings.ToLower(rest), ":")
		for _, w := range shellWords() {
			if slices.Contains(w.names, name) {
				sh.a.say("%s", strings.TrimSpace(w.names[0]+" "+w.usage)+"\n  "+w.doc)
				if len(w.names) > 1 {
					sh.a.say("  also %s", strings.Join(w.names[1:], ", "))
				}
				return nil
			}
		}
		return unknownWord(name)
	}
	sh.a.say("A statement ends with ; and may span lines. Tab completes, Ctrl-R searches what\nwas typed before, Ctrl-C drops the line or ends a statement that runs. Commands:")
	for _, w := range shellWords() {
		sh.a.say("  %-20s %s", strings.TrimSpace(w.names[0]+" "+w.usage), fold(w.doc, 56, "\n"+strings.Repeat(" ", 23)))
	}
	return nil
}

// fold breaks text at spaces into lines of at most most bytes.
func fold(text string, most int, between string) string {
	var b strings.Builder
	at := 0
	for w := range strings.FieldsSeq(text) {
		switch {
		case b.Len() == 0:
		case at+1+len(w) > most:
			b.WriteString(between)
			at = 0
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(w)
		at += len(w)
	}
	return b.String()
}

func (sh *shell) setParam(ctx context.Context, rest string, line int) error {
	name, text, ok := strings.Cut(rest, " ")
	if eq, val, found := strings.Cut(rest, "="); found && !strings.Contains(strings.TrimSpace(eq), " ") {
		name, text, ok = strings.TrimSpace(eq), val, true
	}
	name = strings.TrimPrefix(name, "$")
	if !ok || name == "" {
		return status.Errorf(status.InvalidUsage, ":param takes a name and a value").WithHint("for example :param code \"SEA\"")
	}
	if t := syntax.Scan("$" + name); len(t) != 1 || t[0].Open || t[0].Kind != syntax.Param {
		return status.Errorf(status.InvalidUsage, "%s cannot name a parameter", name).WithHint("for example :param code \"SEA\"")
	}
	var v value.Value
	var err error
	if expr, is := strings.CutPrefix(text, ">"); is { // NAME => EXPRESSION
		v, err = sh.evaluate(ctx, expr, line)
	} else {
		v, err = paramValue(strings.TrimSpace(text))
	}
	if err != nil {
		return err
	}
	sh.params[name] = v
	sh.names.setParams(sh.paramNames())
	return nil
}

// evaluate returns the value of an expression, which may use the parameters.
func (sh *shell) evaluate(ctx context.Context, expr string, line int) (v value.Value, err error) {
	const before = "RETURN "
	expr = strings.TrimSpace(expr)
	failed := func(err error) error {
		e := *asError(err)
		if e.Pos.Line == 1 && int(e.Pos.Column) > len(before) { // the user has not written that
			e.Pos.Column -= int32(len(before))
		}
		return sh.told(&e, expr, line)
	}
	ans, err := sh.s.Run(ctx, before+expr+" AS value", sh.params)
	if err != nil {
		return v, failed(err)
	}
	var b []byte
	if ans.Next() && len(ans.Values()) == 1 {
		b = wire.AppendCBOR(nil, ans.Values()[0]) // the row is not ours to keep
	}
	if err := ans.Close(); err != nil {
		return v, failed(err)
	}
	if v, err = wire.DecodeCBOR(b, nil); err != nil {
		return v, status.Errorf(status.InvalidUsage, "this cannot be a parameter: %s", expr).
			WithHint("parameters hold no nodes, relationships and paths")
	}
	return v, nil
}

func (sh *shell) paramNames() []string {
	names := make([]string, 0, len(sh.params))
	for n := range sh.params {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

func (sh *shell) listParams(_ context.Context, rest string, _ int) error {
	if rest != "" {
		return tooMuch(rest)
	}
	if len(sh.params) == 0 {
		sh.a.say("there are no parameters; :param sets one")
	}
	for _, n := range sh.paramNames() {
		sh.a.say("$%s = %s", n, printable(sh.params[n].String()))
	}
	return nil
}

func (sh *shell) clearParams(_ context.Context, rest string, _ int) error {
	name := strings.TrimPrefix(rest, "$")
	if _, ok := sh.params[name]; name != "" && !ok {
		err := status.Errorf(status.InvalidUsage, "there is no parameter $%s", name)
		if near := status.Nearest(name, sh.paramNames()...); near != "" {
			return err.WithHint("did you mean $%s?", near)
		}
		return err.WithHint(":params lists them")
	}
	if name == "" {
		sh.params = map[string]value.Value{}
	} else {
		delete(sh.params, name)
	}
	sh.names.setParams(sh.paramNames())
	return nil
}

func (sh *shell) setFormat(_ context.Context, rest string, _ int) error {
	if rest == "" {
		sh.a.say("rows are printed as %s", sh.format)
		return nil
	}
	if err := checkFormat(rest); err != nil {
		return err
	}
	sh.format = rest
	return nil
}

// toggle sets what is on or off; without a word it tells.
func (sh *shell) toggle(to *bool, what, rest string) error {
	switch strings.ToLower(rest) {
	case "on":
		*to = true
	case "off":
		*to = false
	case "":
		sh.a.say("%s is %s", what, map[bool]string{true: "on", false: "off"}[*to])
	default:
		return status.Errorf(status.InvalidUsage, ":%s takes on or off, not %q", what, rest)
	}
	return nil
}

func (sh *shell) setTiming(_ context.Context, rest string, _ int) error {
	return sh.toggle(&sh.timing, "timing", rest)
}

func (sh *shell) setPager(_ context.Context, rest string, _ int) error {
	return sh.toggle(&sh.pager, "pager", rest)
}

// mostSources bounds how deep files may name files.
const mostSources = 10

// source runs a file. It is an error of the line with :source that the file fails.
func (sh *shell) source(ctx context.Context, rest string, _ int) (err error) {
	name := rest
	if n := len(name); n > 1 && (name[0] == '\'' || name[0] == '"') && name[n-1] == name[0] {
		name = name[1 : n-1]
	}
	if home := sh.a.env("HOME"); home != "" && strings.HasPrefix(name, "~/") {
		name = filepath.Join(home, name[2:])
	}
	switch {
	case name == "":
		return status.Errorf(status.InvalidUsage, ":source takes the name of a file")
	case len(sh.files) == mostSources:
		return status.Errorf(status.InvalidUsage, "files name each other %d deep", mostSources).WithHint("does %s name itself?", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return status.Errorf(status.FileNotFound, "the file cannot be read: %w", err)
	}
	sh.files = append(sh.files, name)
	err = sh.read(ctx, f, name)
	sh.files = sh.files[:len(sh.files)-1]
	if cerr := f.Close(); err == nil && cerr != nil {
		err = status.Errorf(status.FileNotFound, "the file cannot be read: %w", cerr)
	}
	if errors.Is(err, errQuit) {
		return nil // it ends the file
	}
	return err
}
