package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/cmd/kadedb/render"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/wire"
)

// printable replaces what could steer a terminal.
func printable(s string) string { return render.Printable(s) }

// formats returns what --format takes.
func formats() []string { return append(render.Formats(), "svg") }

func checkFormat(format string) error {
	if format == "svg" {
		return haveGraphviz()
	}
	if slices.Contains(render.Formats(), format) {
		return nil
	}
	err := status.Errorf(status.InvalidUsage, "there is no format %q", format)
	return err.WithHint("formats are %s", strings.Join(formats(), ", "))
}

// formatFlag gives a command the flag --format.
func formatFlag(cmd *cobra.Command, to *string) {
	cmd.Flags().StringVar(to, "format", "table", "one of "+strings.Join(formats(), ", "))
	complete := func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return formats(), cobra.ShellCompDirectiveNoFileComp
	}
	if err := cmd.RegisterFlagCompletionFunc("format", complete); err != nil {
		panic(err) // the flag is there
	}
}

// screen is the size of a terminal, 0 where there is none.
type screen struct{ Rows, Columns int }

// screen returns the size of the terminal on standard output.
func (a *app) screen() screen {
	f, ok := a.out.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return screen{}
	}
	return sizeOf(f)
}

func sizeOf(terminal *os.File) screen {
	if w, h, err := term.GetSize(int(terminal.Fd())); err == nil && w > 0 && h > 0 {
		return screen{h, w}
	}
	return screen{24, 80}
}

// dumb reports whether the terminal understands nothing but text.
func (a *app) dumb() bool {
	kind := a.env("TERM")
	return kind == "dumb" || kind == ""
}

// ascii reports whether marks of ours are drawn with the letters of ASCII: on a terminal
// that understands nothing but text, and where the locale has another encoding than
// UTF-8. Without any locale UTF-8 is taken for granted.
func (a *app) ascii() bool {
	kind := a.env("TERM")
	if kind == "dumb" || kind == "" && (isTerminal(a.out) || isTerminal(a.err)) {
		return true
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale := a.env(name); locale != "" {
			locale = strings.ToLower(strings.ReplaceAll(locale, "-", ""))
			return !strings.Contains(locale, "utf8")
		}
	}
	return false
}

// marks writes text of ours with the marks that can be drawn. JSON has them all.
func (a *app) marks(text string) string {
	if a.json || !a.ascii() {
		return text
	}
	return render.ASCII(text)
}

// renderOptions fits a format to where our output goes.
func (a *app) renderOptions(format string) render.Options {
	o := render.Options{Format: format, Width: a.screen().Columns, ASCII: a.ascii()}
	o.Color = o.Width > 0 && !a.dumb() && a.env("NO_COLOR") == ""
	return o
}

func effects(s *kadedb.Summary) []wire.Counter {
	return []wire.Counter{
		{Name: "nodes_created", N: s.NodesCreated}, {Name: "nodes_deleted", N: s.NodesDeleted},
		{Name: "relationships_created", N: s.RelationshipsCreated}, {Name: "relationships_deleted", N: s.RelationshipsDeleted},
		{Name: "properties_set", N: s.PropertiesSet}, {Name: "labels_added", N: s.LabelsAdded}, {Name: "labels_removed", N: s.LabelsRemoved},
		{Name: "indexes_added", N: s.IndexesAdded}, {Name: "indexes_removed", N: s.IndexesRemoved},
		{Name: "constraints_added", N: s.ConstraintsAdded}, {Name: "constraints_removed", N: s.ConstraintsRemoved},
		{Name: "spilled_bytes", N: s.Spilled},
	}
}

// sayReport tells what a statement did, and in which time where timing is set. rows is
// negative for a statement that has none.
func (a *app) sayReport(rows int64, r wire.Report, timing bool) {
	if r.Plan != "" {
		lines := strings.Split(strings.TrimRight(printable(r.Plan), "\n"), "\n")
		a.sayAsIs(a.marks(strings.Join(render.FitPlan(lines, a.talkWidth()), "\n")))
	}
	for _, n := range r.Notices {
		a.say("note: %s", printable(n))
	}
	var parts []string
	switch {
	case rows >= 0:
		parts = append(parts, plural(rows, "row"))
	}
	for _, c := range r.Counters {
		if c.N != 0 && c.Name != "rows" && c.Name != "peak_memory_bytes" {
			parts = append(parts, fmt.Sprintf("%s %d", strings.ReplaceAll(c.Name, "_", " "), c.N))
		}
	}
	if len(parts) == 0 {
		parts = []string{"done"}
	}
	text := strings.Join(parts, ", ")
	if timing {
		text += fmt.Sprintf(" (%.1f ms)", float64(r.Elapsed.Microseconds())/1000)
	}
	a.say("%s", text)
}
