package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/kadedb/kadedb/cmd/kadedb/render"
	"github.com/kadedb/kadedb/cmd/kadedb/syntax"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
	"github.com/kadedb/kadedb/wire"
)

func (a *app) queryCommand() *cobra.Command {
	var t target
	var file, format string
	var params []string
	cmd := &cobra.Command{
		Use:   "query [DIR] [TEXT]",
		Short: "Run statements and print their rows",
		Long: `Runs statements, several ones parted by semicolons, and prints their rows. The text is the
argument, a file (--file), or standard input. It asks a server, or a folder's store that no server holds.`,
		Example: `  kadedb query 'MATCH (a:Airport {iata: $code}) RETURN a.city AS city' --param code=SEA
  kadedb query --data DIR --format csv --file report.cypher`,
		Args: exactly(0, 2),
	}
	t.flags(cmd)
	cmd.Flags().StringVarP(&file, "file", "f", "", "file with the text")
	formatFlag(cmd, &format)
	cmd.Flags().StringArrayVarP(&params, "param", "p", nil, "a parameter, name=value; the value is JSON, or else text")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := checkFormat(format); err != nil {
			return err
		}
		vals, err := readParams(params)
		if err != nil {
			return err
		}
		dir, text, err := t.arguments(args, file)
		if err != nil {
			return err
		}
		if err := t.resolve(a, dir); err != nil {
			return err
		}
		if text == "" {
			if text, err = a.readText(file); err != nil {
				return err
			}
		}
		s, err := t.open(a, cmd)
		if err != nil {
			return err
		}
		err = a.runAll(cmd.Context(), s, text, file, vals, format)
		if cerr := s.Close(); err == nil {
			err = cerr
		}
		return err
	}
	return cmd
}

// arguments tells a folder from a text: a lone argument that names a folder is one.
func (t *target) arguments(args []string, file string) (dir, text string, err error) {
	given := t.data != "" || t.server != ""
	switch {
	case len(args) == 2 && (given || file != ""), len(args) == 1 && file != "" && (given || !isFolder(args[0])):
		return "", "", status.Errorf(status.InvalidUsage, "the text was given twice, or a folder too many")
	case len(args) == 2:
		return args[0], args[1], nil
	case len(args) == 1 && !given && isFolder(args[0]):
		return args[0], "", nil
	case len(args) == 1:
		return "", args[0], nil
	}
	return "", "", nil
}

func (a *app) readText(file string) (string, error) {
	var b []byte
	var err error
	if file != "" {
		b, err = os.ReadFile(file)
	} else {
		b, err = io.ReadAll(a.in)
	}
	if err != nil {
		return "", status.Errorf(status.FileNotFound, "the text cannot be read: %w", err)
	}
	if !utf8.Valid(b) {
		return "", status.Errorf(status.InvalidUTF8, "the text is not UTF-8")
	}
	return string(b), nil
}

// readParams reads name=value pairs.
func readParams(list []string) (map[string]value.Value, error) {
	out := map[string]value.Value{}
	for _, p := range list {
		name, text, ok := strings.Cut(p, "=")
		if !ok || name == "" {
			return nil, status.Errorf(status.InvalidUsage, "%q is not name=value", p)
		}
		v, err := paramValue(text)
		if err != nil {
			return nil, err
		}
		out[strings.TrimPrefix(name, "$")] = v
	}
	return out, nil
}

// paramValue reads a value as JSON, or takes it as text, unless it begins as only JSON does.
func paramValue(text string) (value.Value, error) {
	v, err := wire.Decode([]byte(text))
	if err == nil {
		return v, nil
	}
	if status.CodeOf(err) == status.NumberOutOfRange {
		return value.Null, err
	}
	if !utf8.ValidString(text) {
		return value.Null, status.Errorf(status.InvalidUTF8, "a parameter that is not UTF-8")
	}
	if t := strings.TrimSpace(text); t != "" && strings.ContainsRune(`{["`, rune(t[0])) {
		return value.Null, status.Errorf(status.InvalidUsage, "a parameter begins like JSON and is none: %s", status.From(err).Msg).
			WithHint(`mend it, or write text as a JSON string, such as "[1"`)
	}
	return value.String(text), nil
}

// statement is one of a text, which may come from a file.
type statement struct {
	text string
	from origin
}

// statements cuts a text into those that are not blank.
func statements(text, file string) []statement {
	var out []statement
	for line := 1; text != ""; {
		var one string
		if one, text, _ = syntax.Cut(text); !syntax.Blank(one) {
			out = append(out, statement{one, origin{file, line}})
		}
		line += strings.Count(one, "\n")
	}
	return out
}

// runAll runs the statements of text, which a file may hold, one after the other until
// one fails.
func (a *app) runAll(ctx context.Context, s session, text, file string, params map[string]value.Value, format string) error {
	list := statements(text, file)
	if len(list) == 0 {
		return status.Errorf(status.InvalidUsage, "there is no statement to run")
	}
	out, graph := a.out, bytes.Buffer{}
	o := a.renderOptions(format)
	if format == "svg" {
		o.Format, out = "dot", &graph
	}
	o.Results = len(list)
	w, err := render.New(out, o)
	if err != nil {
		return err
	}
	for _, one := range list {
		if err := a.runOne(ctx, s, one, params, w); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	if format == "svg" {
		if err := drawSVG(ctx, graph.Bytes(), a.out); err != nil {
			return err
		}
	}
	if s.InTransaction() {
		return status.Errorf(status.TransactionStatement, "the text ended inside a transaction, which was rolled back").WithHint("end it with COMMIT")
	}
	return nil
}

// runOne runs a statement, prints its rows, and tells of an error with its place.
func (a *app) runOne(ctx context.Context, s session, one statement, params map[string]value.Value, w *render.Writer) error {
	ans, err := a.runWatched(ctx, s, one.text, params)
	var rows int64
	if err == nil {
		rows, err = w.Write(ans)
	}
	switch {
	case errors.Is(err, syscall.EPIPE):
		return err
	case err != nil:
		a.reportAt(one.from, err, one.text)
		return &shownError{err}
	}
	report := ans.Report()
	if len(ans.Columns()) == 0 {
		rows = -1
	}
	if syntax.FirstWord(one.text) == "EXPLAIN" {
		report.Plan = "" // its rows are the plan
	}
	a.sayReport(rows, report, true)
	return nil
}
